"""Nouns to documents and back, and input errors that name the field."""

import functools
import json
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk import codec
from tianfu_sdk.core.rows.kinds import BY_PREFIX
from tianfu_sdk.errors import Invalid, SchemaTooNew, StorageCorrupt
from tianfu_sdk.model.account import Grant
from tianfu_sdk.model.base import SHANGHAI, Quantity, When
from tianfu_sdk.model.content import Activity, Base, Resource, Role
from tianfu_sdk.model.event import AuditLine, Event, Seal
from tianfu_sdk.model.media import Media
from tianfu_sdk.model.rubric import Band
from tianfu_sdk.model.workstation import Target

NOUNS = [*(shelf.noun for shelf in BY_PREFIX.values()), Event, AuditLine, Seal]
LEAVES = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    int: st.integers(-(2**62), 2**62),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
    date: st.dates(),
    datetime: st.datetimes(
        min_value=datetime(1900, 1, 2),
        timezones=st.sampled_from([UTC, SHANGHAI]),
    ),
}


def any_of(kind):
    """Give a strategy for values of an annotation."""
    if kind in LEAVES:
        return LEAVES[kind]
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(any_of, args))
    if origin is tuple:
        return st.lists(any_of(args[0]), max_size=3).map(tuple)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(any_of(args[0]), any_of(args[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    hints = typing.get_type_hints(kind)
    fields = {f.name: any_of(hints[f.name]) for f in attrs.fields(kind)}
    optional = {f.name for f in attrs.fields(kind) if f.default is not attrs.NOTHING}
    return st.fixed_dictionaries(
        {name: s for name, s in fields.items() if name not in optional},
        optional={name: s for name, s in fields.items() if name in optional},
    ).map(lambda given: kind(**given))


@pytest.fixture
def without_msgspec(monkeypatch):
    monkeypatch.setattr(codec, "_native", lambda: None)


def slowly(call, *args):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "_native", lambda: None)
        return call(*args)


@pytest.mark.parametrize("noun", NOUNS, ids=lambda n: n.__name__)
def test_both_ways_write_and_read_equal_nouns(noun):
    pytest.importorskip("msgspec")

    @given(any_of(noun))
    def check(value):
        quick, slow = codec.dumps(value), slowly(codec.dumps, value)
        assert json.loads(quick) == json.loads(slow)
        for document in (quick, slow):
            assert codec.loads(noun, document) == value
            assert slowly(codec.loads, noun, document) == value

    check()


@pytest.mark.parametrize("noun", NOUNS, ids=lambda n: n.__name__)
def test_nouns_have_nothing_that_reading_natively_would_pass_by(noun):
    def hold(cls):
        for field in attrs.fields(cls):
            assert field.converter is None, field.name
            assert field.validator is None, field.name
            assert field.init, field.name
            assert field.alias == field.name, field.name
        assert not hasattr(cls, "__attrs_post_init__")

    hold(noun)
    for hint in typing.get_type_hints(noun).values():
        for inner in (hint, *typing.get_args(hint)):
            if isinstance(inner, type) and attrs.has(inner):
                hold(inner)


def test_a_zone_with_seconds_is_read_again_as_the_same_moment():
    local = timezone(timedelta(hours=8, minutes=5, seconds=43))
    value = Activity(
        id="act_1", title="x", organization="o", region="510000",
        when=When(datetime(1900, 1, 1, tzinfo=local)),
    )  # fmt: skip
    assert codec.loads(Activity, codec.dumps(value)) == value
    assert slowly(codec.loads, Activity, codec.dumps(value)) == value


def test_defaults_are_left_out_and_the_schema_stands_first():
    document = codec.dumps(Resource(id="res_1", title="x", organization="o", region="510000"))
    assert document.startswith(b'{"$":1,')
    assert set(json.loads(document)) == {"$", "id", "title", "organization", "region"}


# Schemas.


@attrs.frozen
class Note:
    text: str
    size: int = 0


@pytest.fixture(params=["native", "plain"])
def both_ways(request):
    if request.param == "plain":
        request.getfixturevalue("without_msgspec")
    else:
        pytest.importorskip("msgspec")


@pytest.mark.usefixtures("both_ways")
def test_an_older_document_is_lifted_step_by_step(monkeypatch):
    monkeypatch.setitem(codec.SCHEMAS, "Note", 3)
    monkeypatch.setitem(
        codec.UPCASTERS, ("Note", 1), lambda d: {"$": 2, "text": d["words"], "size": 0}
    )
    monkeypatch.setitem(codec.UPCASTERS, ("Note", 2), lambda d: d | {"$": 3, "size": 7})
    codec._reader.cache_clear()
    assert codec.loads(Note, b'{"$":1,"words":"a"}') == Note("a", 7)
    assert codec.loads(Note, b'{"$":2,"text":"a","size":1}') == Note("a", 7)
    assert codec.loads(Note, codec.dumps(Note("a", 1))) == Note("a", 1)
    codec._reader.cache_clear()


@pytest.mark.usefixtures("both_ways")
def test_a_newer_document_is_refused_rather_than_robbed():
    with pytest.raises(SchemaTooNew) as caught:
        codec.loads(Note, b'{"$":2,"text":"a","more":1}')
    assert caught.value.code == "codec.schema_too_new"
    assert "update tianfu-sdk" in str(caught.value)


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"[]", b"null", b'{"text":"a"}', b'{"$":1}', b'{"$":1,"text":5,"size":"x"}',
     b'{"$":1,"text":"a"', b'{"$":"1","text":"a"}', b"\xff\xfe", b'{"$":0,"text":"a"}'],
)  # fmt: skip
def test_what_is_no_document_is_corrupt(document):
    with pytest.raises(StorageCorrupt) as caught:
        codec.loads(Note, document)
    assert caught.value.code == "codec.corrupt"
    assert "Note" in str(caught.value)


# Input.

GIVEN = {"id": "act_1", "title": "x", "organization": "o", "region": "510000"}


def problems(cls, value):
    with pytest.raises(Invalid) as caught:
        codec.structure(cls, value)
    found = caught.value.values["problems"]
    assert (caught.value.code, caught.value.path or "") == (found[0].code, found[0].path)
    assert all(p.message and p.message_zh and "?" not in p.message for p in found)
    return {p.path: p.code for p in found}


def test_all_problems_are_told_with_their_paths():
    value = {
        "id": "act_1", "region": 510000, "topics": ["a", 5], "capacity": "10",
        "when": {"start": "soon"}, "roles": [{"role": "host"}, {"rolle": "x", "organization": "o"}],
        "review_date": "2026-13-01", "state": "open", "attendance": {"value": 1.5},
    }  # fmt: skip
    assert problems(Activity, value) == {
        "title": "field.missing",
        "organization": "field.missing",
        "region": "field.type",
        "topics[1]": "field.type",
        "capacity": "field.type",
        "when.start": "field.time",
        "roles[0].organization": "field.missing",
        "roles[1].role": "field.missing",
        "roles[1].rolle": "field.unknown",
        "review_date": "field.date",
        "state": "field.choice",
        "attendance.value": "field.type",
    }


def test_rules_of_fields_are_told_all_at_a_time_too():
    value = GIVEN | {
        "title": " ", "region": "51", "language": "zh_CN", "topics": ["a", "a"],
        "regions": ["510000", "x"], "publish_at": "2026-01-01T00:00:00", "capacity": -1,
        "when": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
        "media": [{"sha256": "a" * 64, "form": "image", "media_type": "png"}],
    }  # fmt: skip
    assert problems(Activity, value) == {
        "title": "field.too_short",
        "region": "region.bad_code",
        "language": "text.bad_language",
        "topics": "field.twice",
        "regions[1]": "region.bad_code",
        "publish_at": "field.naive_time",
        "capacity": "field.too_small",
        "when.end": "when.backwards",
        "media[0].media_type": "media.bad_type",
    }


def test_an_unknown_field_names_the_nearest_one_of_its_own_noun():
    with pytest.raises(Invalid) as caught:
        codec.structure(Resource, GIVEN | {"keyword": ["x"]})
    assert caught.value.hint == "it may be: keywords"
    with pytest.raises(Invalid) as caught:
        codec.structure(Activity, GIVEN | {"roles": [{"role": "a", "organization": "o", "zz": 1}]})
    assert caught.value.hint == "it may be: role, organization, printed"


def test_a_choice_lists_what_there_is():
    with pytest.raises(Invalid) as caught:
        codec.structure(
            Grant, {"id": "grt_1", "account": "a", "actions": ["red"], "region": "510000"}
        )
    assert caught.value.path == "actions[0]"
    assert str(caught.value).startswith("red is not one of: *, read, create, ")


@pytest.mark.parametrize("wrong", ["flood", b"x", {"a": 1}, 5, None])
def test_a_list_is_not_taken_from_what_is_none(wrong):
    assert problems(Resource, GIVEN | {"topics": wrong}) == {"topics": "field.type"}


@pytest.mark.parametrize("right", [["a", "b"], ("a", "b"), iter(["a", "b"])])
def test_a_list_may_come_in_any_form(right):
    assert codec.structure(Resource, GIVEN | {"topics": right}).topics == ("a", "b")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("floor_area", float("inf")), ("floor_area", float("nan")), ("floor_area", 10**400),
     ("open_days", 2**63), ("floor_area", 2**63)],
)  # fmt: skip
def test_numbers_that_json_cannot_hold_are_refused(field, wrong):
    assert problems(Base, GIVEN | {field: wrong}) == {field: "field.too_large"}


@pytest.mark.parametrize("wrong", [True, "1", None])
def test_nothing_is_coerced_to_a_number(wrong):
    assert problems(Activity, GIVEN | {"attendance": {"value": wrong}}) == {
        "attendance.value": "field.type"
    }
    assert codec.structure(Base, GIVEN | {"floor_area": 5}).floor_area == 5.0


def test_half_a_surrogate_is_refused_in_every_text():
    assert problems(Resource, GIVEN | {"organization": "\ud800"}) == {
        "organization": "field.characters"
    }
    assert codec.structure(Resource, GIVEN | {"title": "😀\n防震"}).title == "😀\n防震"


def test_what_is_no_object_at_all_is_told():
    for wrong in (5, "x", None, ["id"]):
        assert problems(Resource, wrong) == {"": "field.type"}


def test_nouns_may_be_given_as_themselves():
    role = Role(role="host", organization="o")
    made = codec.structure(
        Activity,
        GIVEN | {"roles": [role], "attendance": Quantity(5), "when": When.day(date(2026, 1, 1))},
    )
    assert made.roles == (role,)
    assert made.attendance == Quantity(5)


def test_a_noun_given_as_itself_is_held_to_its_rules_as_well():
    picture = Media(sha256="x", form="image", media_type="image/png")
    assert problems(Resource, GIVEN | {"media": [picture]}) == {
        "media[0].sha256": "media.bad_digest"
    }


@pytest.mark.parametrize(
    ("field", "wrong", "path", "code"),
    [
        ("attendance", Quantity("400"), "attendance.value", "field.type"),
        ("attendance", Quantity(4, "roughly"), "attendance.precision", "field.choice"),
        ("when", When("2026-02-01"), "when.start", "field.naive_time"),
        ("when", When(date(2026, 2, 1)), "when.start", "field.time"),
        ("roles", [Role(role=5, organization="o")], "roles[0].role", "field.type"),
    ],
)
def test_the_fields_of_a_noun_given_as_itself_are_of_their_types(field, wrong, path, code):
    # It would be stored otherwise, and every list that it stands in could not be read again.
    assert problems(Activity, GIVEN | {field: wrong}) == {path: code}


def test_what_is_no_noun_is_told_which_one_is_wanted():
    with pytest.raises(Invalid) as raised:
        codec.structure(Activity, GIVEN | {"when": "2026-02-01"})
    assert "wanted tianfu_sdk.model.base.When, found str" in str(raised.value)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"named_from": "2026-02-01", "named_to": "2026-01-31"}, "named_to"),
        ({"open_days": 367}, "open_days"),
    ],
)
def test_a_base_is_named_forwards_and_open_within_the_year(fields, path):
    assert list(problems(Base, GIVEN | fields)) == [path]
    day = {"named_from": "2026-02-01", "named_to": "2026-02-01", "open_days": 366}
    assert codec.structure(Base, GIVEN | day).open_days == 366


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "title", "region", "topics", "when", "start", "roles", "media", "x"]),
        inner, max_size=5,
    ),
    max_leaves=12,
))  # fmt: skip
def test_whatever_is_given_the_answer_is_a_noun_or_an_invalid_with_text(value):
    try:
        codec.structure(Activity, value)
    except Invalid as error:
        assert error.values["problems"]
        assert str(error)
        assert error.text("zh")


@pytest.mark.parametrize("way", [codec.dumps, functools.partial(slowly, codec.dumps)])
def test_texts_and_numbers_of_classes_of_their_own_are_written_as_plain_ones(way):
    class Safe(str):  # as of a template engine
        __slots__ = ()

        def __str__(self):
            return "<b>" + self + "</b>"

    class Float(float):  # as of numpy
        __slots__ = ()

    class Int(int):
        __slots__ = ()

    target = Target(code="a", title=Safe("培训"), amount=Int(5))
    assert codec.loads(Target, way(target)) == Target(code="a", title="培训", amount=5)
    band = Band(at_least=Float(1.5), points=Float(2.0))
    assert codec.loads(Band, way(band)) == Band(at_least=1.5, points=2.0)


def test_what_cannot_be_written_is_told_as_before():
    with pytest.raises(TypeError):
        codec.dumps(Target(code="a", title=object(), amount=1))
