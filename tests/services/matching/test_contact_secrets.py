"""Whom to speak to is told to the two sides alone, once both want to talk, and by one door.

Whoever may not know calls all that a hub has: every method of every desk that can be called with
nothing or with one id, through both doors, and the command line. All that comes back is searched,
results, what they show in a notebook, and errors.
"""

import asyncio
import inspect
import json
import types
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from tianfu_sdk import codec
from tianfu_sdk.aio import AioPage
from tianfu_sdk.cli.app import app
from tianfu_sdk.desks import Desks
from tianfu_sdk.errors import PluginError, TianfuError
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds, FrozenClock

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
OURS = {"name": "欧阳桂芳", "phone": "13812345678", "email": "gui@example.cn", "note": "午后致电"}
THEIRS = {
    "name": "司马溃疡",
    "phone": "028-5555321",
    "email": "sima@example.cn",
    "note": "晚间致电",
}
DOORS = {
    ("contacts", "reveal"),
    ("interests", "contact"),
    ("contacts", "export"),
    ("people", "export"),
}
"""By which who may know is told, each look written to the audit."""
ERRORS = (TianfuError, PluginError, TypeError, ValueError, AttributeError, OSError)
_MOST = 50


class Town:
    """Growers who need somebody, a station that offers itself, and a stranger."""

    def __init__(self, url, clock=None):
        self.hub = Hub.open(
            url, ids=CountingIds(), clock=clock or FrozenClock(NOON), discover=False
        )
        chief = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.root = chief.organization
        self.admin = self.hub.as_(chief.id)
        self.second = self.account(self.root, "510000")
        self.growers, self.grower = self.side("眉山市柑橘合作社", "511400")
        self.station, self.seller = self.side("成都市农技服务站", "510100")
        _, self.stranger = self.side("宜宾市茶叶合作社", "511500")
        self.people = {
            org: self.admin.contacts.create(organization=org, **who).id
            for org, who in ((self.growers, OURS), (self.station, THEIRS))
        }
        self.need = self.listing("need", self.growers, "柑橘溃疡病怎么治")
        self.service = self.listing("service", self.station, "柑橘溃疡病防控")
        self.interest = self.seller.listings.interest(self.need, from_=self.service).id

    def account(self, organization, region):
        made = self.admin.accounts.create(organization=organization)
        self.admin.accounts.grant(made.id, ["*"], region=region)
        return self.hub.as_(made.id)

    def side(self, name, region):
        made = self.admin.organizations.create(name=name, region=region, parent=self.root)
        return made.id, self.account(made.id, region)

    def listing(self, kind, organization, title):
        made = self.admin.listings.create(
            title=title, kind=kind, organization=organization, contact=self.people[organization]
        )
        self.admin.listings.submit(made.id)
        self.second.listings.approve(made.id)
        return self.admin.listings.publish(made.id).id

    @property
    def ids(self):
        return (self.interest, self.need, self.service, *self.people.values())


def desks():
    return sorted(name for name, one in vars(Desks).items() if isinstance(one, property))


def methods(target):
    for name in dir(type(target)):
        found = getattr(type(target), name)
        if not name.startswith("_") and isinstance(found, types.FunctionType):
            yield name


def callable_with(method, arguments):
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError:
        return False
    return True


def told(value):
    """Give all that a result shows of itself."""
    seen = [repr(value), str(value)]
    if hasattr(value, "_repr_html_"):
        seen.append(str(value._repr_html_()))
    if attrs.has(type(value)):
        seen.append(json.dumps(codec.to_plain(value), default=str, ensure_ascii=False))
    if isinstance(value, bytes):
        seen.append(value.decode("utf-8", "replace"))
    if isinstance(value, dict):
        seen.append(json.dumps(value, default=str, ensure_ascii=False))
    if hasattr(value, "to_dicts"):
        seen.append(json.dumps(value.to_dicts(), default=str, ensure_ascii=False))
    if hasattr(value, "__iter__") and not isinstance(value, (str, bytes, dict)):
        for number, one in enumerate(value):
            if number == _MOST:
                break
            seen += told(one)
    return seen


def heard(call):
    try:
        return told(call())
    except ERRORS as error:
        return [repr(error), str(error), repr(vars(error))]


def everything_said(hub, ids, but):
    """Call all that a hub has, and give by call what it said."""
    said = {}
    targets = [("", hub), *((name, getattr(hub, name)) for name in desks())]
    for desk, target in targets:
        for name in methods(target):
            if (desk, name) in but or (desk, name) == ("", "close"):
                continue
            method = getattr(target, name)
            for arguments in ((), *((id_,) for id_ in ids)):
                if callable_with(method, arguments):
                    call = lambda m=method, a=arguments: m(*a)  # noqa: E731
                    said[desk, name, arguments] = heard(call)
    for file in Path().rglob("*"):
        if file.is_file():
            said["file", file.name, ()] = [file.read_bytes().decode("utf-8", "replace")]
    return said


def leaks(said, *people):
    secrets = [value for who in people for value in who.values()]
    return sorted(
        {
            (*where[:2], secret)
            for where, texts in said.items()
            for secret in secrets
            for text in texts
            if secret in text
        }
    )


@pytest.fixture
def town(tmp_path, monkeypatch):
    # Some calls take a folder, and write what they are asked for into one named as an id.
    (tmp_path / "written").mkdir()
    monkeypatch.chdir(tmp_path / "written")
    made = Town(f"sqlite:///{tmp_path}/kepu.db")
    with made.hub:
        yield made


def test_the_search_finds_what_is_told(town):
    """A test that could not fail would be none: the doors open for whom they are for."""
    said = {
        ("contacts", "reveal", ()): heard(
            lambda: town.grower.contacts.export(town.people[town.growers])
        )
    }
    found = {secret for *_, secret in leaks(said, OURS)}
    assert found == set(OURS.values())


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("who", ["nobody", "stranger"])
def test_who_is_no_side_learns_nothing_by_any_call(town, who, agreed):
    if agreed:
        town.grower.interests.accept(town.interest)
    hub = town.hub if who == "nobody" else town.stranger
    said = everything_said(hub, town.ids, but=())
    assert len(said) > 300
    assert leaks(said, OURS, THEIRS) == []


ENDS = {("contacts", "erase"), ("people", "erase"), ("interests", "accept")}


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("who", ["grower", "seller"])
def test_a_side_learns_nothing_of_the_other_before_both_want_to_talk_nor_after_it_failed(
    town, who, over
):
    if over:
        town.grower.interests.accept(town.interest)
        town.grower.interests.fail(town.interest, "价格谈不拢")
    hub, other = (town.grower, THEIRS) if who == "grower" else (town.seller, OURS)
    said = everything_said(hub, town.ids, but=ENDS)
    assert leaks(said, other) == []
    # What is its own it may see, by the doors alone.
    own = OURS if who == "grower" else THEIRS
    assert {where[:2] for where in leaks(said, own)} <= DOORS


@pytest.mark.parametrize("who", ["grower", "seller", "admin", "system"])
def test_there_is_no_other_door_for_those_who_may_know_either(town, who):
    town.grower.interests.accept(town.interest)
    town.grower.interests.contact(town.interest, reason="电话约谈")
    hub = town.hub.as_system(reason="test") if who == "system" else getattr(town, who)
    said = everything_said(hub, town.ids, but=DOORS | ENDS)
    said |= {
        ("", call.__name__, ()): heard(lambda c=call, a=arguments: c(*a))
        for call, arguments in (
            (hub.ask, ("柑橘溃疡病怎么治",)),
            (hub.ask, (OURS["note"],)),
            (hub.suggest, ("柑橘",)),
            (hub.match, (town.need,)),
            (hub.match_round, ([town.need],)),
            (town.admin.audit.find, ()),
            (town.admin.events.read, (None, 1000)),
        )
    }
    # A question is shown as it was asked.
    assert {where[:2] for where in leaks(said, OURS, THEIRS)} <= {("", "ask")}


def test_asynchronous_doors_say_no_more(town):
    async def listen():
        said = {}
        hub = town.seller.aio
        for desk in ("contacts", "interests", "listings", "people", "audit", "events"):
            for name in methods(getattr(town.seller, desk)):
                method = getattr(getattr(hub, desk), name)
                if (desk, name) in ENDS or not inspect.iscoroutinefunction(method):
                    continue
                for arguments in ((), (town.interest,), (town.need,), (town.people[town.growers],)):
                    try:
                        found = await method(*arguments)
                    except ERRORS as error:
                        said[desk, name, arguments] = [repr(error), str(error), repr(vars(error))]
                    else:
                        page = [found.page] if isinstance(found, AioPage) else [found]
                        said[desk, name, arguments] = [repr(found), *told(page)]
        return said

    said = asyncio.run(listen())
    assert len(said) > 100
    assert leaks(said, OURS) == []


def test_commands_files_and_what_plugins_hear_say_no_more(town, tmp_path, monkeypatch, caplog):
    town.grower.interests.accept(town.interest)
    town.grower.interests.agree(town.interest)
    system = town.hub.as_system(reason="test")
    system.keeping.dump(tmp_path / "kepu.dump")
    monkeypatch.setenv("TIANFU_DB", str(tmp_path / "kepu.db"))
    monkeypatch.setenv("TIANFU_KEY_FILE", str(tmp_path / "kepu.db.key"))
    said = {}
    for account in (town.seller, town.stranger, town.admin):
        monkeypatch.setenv("TIANFU_ACCOUNT", account._actor.account)
        for line in COMMANDS:
            arguments = [getattr(town, word, word) for word in line.split()]
            for more in ((), ("--json",)):
                done = CliRunner().invoke(app, [*arguments, *more])
                said[("tianfu", line, account._actor.account)] = [done.output, repr(done.exception)]
                assert done.output or done.exception
    said["file", "dump", ()] = [(tmp_path / "kepu.dump").read_text("utf-8")]
    said["file", "store", ()] = [(tmp_path / "kepu.db").read_bytes().decode("utf-8", "replace")]
    said["log", "", ()] = [caplog.text]
    assert leaks(said, OURS, THEIRS) == []


COMMANDS = (
    "find listing",
    "match need",
    "match service",
    "events types",
    "listings list",
    "listings show need",
    "listings show service",
    "interests list",
    "interests show interest",
    "people find",
)
