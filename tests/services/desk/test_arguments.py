"""A wrong type is named: whatever is given to whatever desk, nobody sees a bare error."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest

from tianfu_sdk.errors import Invalid, PluginError, TianfuError
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import Quantity
from tianfu_sdk.services.desk.arguments import Typed, misfit
from tianfu_sdk.testing import hub as ready

if TYPE_CHECKING:
    from nowhere import Unknown

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JUNK = [
    None,
    10**12,
    float("nan"),
    "\ud800",
    b"x",
    ["x", None],
    {"x": 5},
    NOON.replace(tzinfo=None),
]
NO_DESKS = {
    *("aio", "as_", "as_system", "bootstrap", "changes", "close", "load", "migrate", "open"),
    *("plugins", "restore", "settings", "unit"),
}
SYSTEM = {"audit", "events", "jobs", "keeping", "keys", "marks", "people"}


def one(
    name: str,
    *,
    limit: int = 5,
    least: float = 0.5,
    day: date | None = None,
    names: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    pairs: Sequence[tuple[str, int]] = (),
    call: Callable[[], None] | None = None,
    action: Action | str = "read",
    money: Quantity | None = None,
    later: Unknown | None = None,
    anything: Any = None,
    **more: str,
) -> None:
    """Take one of each."""


@pytest.mark.parametrize(
    ("given", "path", "wanted"),
    [
        ({"name": 5}, "name", "str"),
        ({"name": None}, "name", "str"),
        ({"limit": True}, "limit", "int"),
        ({"limit": 1.0}, "limit", "int"),
        ({"least": "half"}, "least", "float"),
        ({"day": NOON}, "day", "date"),
        ({"names": "ab"}, "names", "list"),
        ({"names": {"a": 1}}, "names", "list"),
        ({"names": ["a", 5]}, "names[1]", "str"),
        ({"labels": ["a"]}, "labels", "mapping"),
        ({"labels": {"zh": 5}}, "labels.zh", "str"),
        ({"pairs": [("a", "b")]}, "pairs[0][1]", "int"),
        ({"pairs": [("a",)]}, "pairs[0]", "2 members"),
        ({"call": "x"}, "call", "Callable"),
        ({"action": 5}, "action", "Action | str"),
        ({"money": 400}, "money", "Quantity"),
        ({"title": 5}, "title", "str"),
    ],
)
def test_what_is_of_a_wrong_type_is_named(given, path, wanted):
    slip = misfit(one, (), {"name": "x"} | given)
    assert (slip.code, slip.path, slip.values["wanted"]) == ("field.type", path, wanted)


@pytest.mark.parametrize("given", [{"name": "\ud800"}, {"name": "x", "names": ["\udfff"]}])
def test_half_a_pair_is_no_text(given):
    assert misfit(one, (), given).code == "field.characters"


@pytest.mark.parametrize(
    "given",
    [
        {"limit": 3, "least": 1, "day": date(2026, 1, 1), "names": ("a",), "labels": {"zh": "x"}},
        {"day": None, "names": ["a"], "pairs": [("a", 1)], "call": print, "action": Action.READ},
        {"action": "read", "money": Quantity(4), "later": 5, "anything": object(), "title": "x"},
    ],
)
def test_what_fits_is_let_through(given):
    assert misfit(one, ("x",), given) is None


def test_how_a_function_is_called_is_for_python_to_say():
    assert misfit(one, (), {}) is None
    assert misfit(one, ("x", "y"), {}) is None


class Taker(Typed):
    def take(self, names: Sequence[str], then: Callable[[], None] | None = None) -> int:
        """Take names."""
        if then is not None:
            then()
        return len(",".join(names))


def test_a_call_that_fell_over_an_argument_names_it_and_keeps_the_cause():
    assert Taker().take(["a"]) == 1
    with pytest.raises(Invalid) as raised:
        Taker().take(names=[5])
    assert (raised.value.code, raised.value.path) == ("field.type", "names[0]")
    assert isinstance(raised.value.__cause__, TypeError)


def test_an_error_of_somebody_else_stays_as_it_is():
    def broken():
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as raised:
        Taker().take([], broken)
    assert not isinstance(raised.value, Invalid)
    with pytest.raises(TypeError, match="unexpected keyword"):
        Taker().take([], nobody=5)


def plausible(parameter, ids):
    """Give what lets a call come as far as the argument that is tried."""
    told, name = str(parameter.annotation), parameter.name
    if name in ids:
        return ids[name]
    for part, value in (
        ("datetime", NOON),
        ("date", NOON.date()),
        ("Sequence[str]", ["x"]),
        ("int", 3),
        ("float", 0.5),
        ("bool", True),
    ):
        if part in told:
            return value
    return "x"


@pytest.fixture
def stage(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hub = ready()
    chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    me = hub.as_(chief.id)
    other = me.accounts.create(organization=chief.organization, label="审核")
    me.accounts.grant(other.id, ["*"], region="510000")
    text = me.resources.create(
        title="防震避险", body="地震时伏地、遮挡、手抓牢。", organization=chief.organization
    )
    me.resources.submit(text.id)
    hub.as_(other.id).resources.approve(text.id)
    me.resources.publish(text.id)
    expert = me.experts.create(name="演示者", title="教授", organization=chief.organization)
    need = me.listings.create(kind="need", title="求", organization=chief.organization)
    ids = {
        "organization": chief.organization,
        "region": "510300",
        "id": text.id,
        "account": other.id,
        "expert": expert.id,
        "listing": need.id,
    }
    yield me, ids, {"experts": expert.id, "listings": need.id}
    hub.close()


def methods(hub, desks=None):
    for name in dir(hub):
        if name.startswith("_") or name in NO_DESKS or (desks and name not in desks):
            continue
        desk = getattr(hub, name)
        if inspect.ismethod(desk):
            yield "hub", name, desk
            continue
        for verb in dir(desk):
            method = None if verb.startswith("_") else getattr(desk, verb)
            if inspect.ismethod(method):
                yield name, verb, method


def tried(method, ids):
    """Call a method with junk in the place of each of its arguments; give what went wrong."""
    parameters = [
        p
        for p in inspect.signature(method).parameters.values()
        if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    for target in parameters:
        needed = {
            p.name: plausible(p, ids)
            for p in parameters
            if p.default is p.empty and p is not target
        }
        for junk in JUNK:
            try:
                found = method(**needed, **{target.name: junk})
                if inspect.isgenerator(found):
                    next(found, None)
            except (TianfuError, PluginError) as error:
                assert error.text("zh")
                json.dumps([error.code, error.path, error.hint])
            except Exception as error:  # noqa: BLE001 - it is what is looked for
                yield target.name, repr(junk), f"{type(error).__name__}: {error}"


def test_no_desk_shows_a_bare_error_whatever_it_is_given(stage):
    me, ids, own = stage
    system = methods(me.as_system(reason="sweep"), SYSTEM)
    bare, count = [], 0
    for desk, verb, method in (*methods(me), *system):
        count += 1
        told = tried(method, ids | {"id": own.get(desk, ids["id"])})
        bare += [(desk, verb, *one) for one in told]
    assert bare == []
    assert count > 300


@pytest.mark.parametrize(
    ("desk", "field", "near"),
    [
        ("glossary", "term", "terms"),
        ("subscriptions", "texts", "text"),
        ("subscribers", "colour", "language, phone, region, settings, topics"),
        ("word_lists", "word", "words"),
        ("templates", "variable", "variables"),
        ("segments", "langauges", "languages"),
        ("sms", "titel", "title"),
        ("organizations", "nmae", "name"),
        ("experts", "titel", "title"),
    ],
)
def test_a_field_that_is_none_is_told_with_what_is_near(world, desk, field, near):
    ids = {"organizations": world.org}
    if desk == "experts":
        made = world.me.experts.create(name="王建国", title="农艺师", organization=world.org)
        ids["experts"] = made.id
    edit = attrgetter(f"{desk}.edit")(world.me)
    with pytest.raises(Invalid) as caught:
        edit(ids.get(desk, "none"), **{field: "x"})
    assert (caught.value.code, caught.value.path) == ("field.unknown", field)
    assert caught.value.hint == f"it may be: {near}"
    assert caught.value.text("zh").endswith(f"可能是：{near}")
