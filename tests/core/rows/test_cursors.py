"""Which rows hold cursors, and how they get others."""

import json

import pytest

from tianfu_sdk import codec
from tianfu_sdk.core.rows.cursors import cursors_of, with_cursors, without_cursors
from tianfu_sdk.model.event import Seal
from tianfu_sdk.model.storage import Row
from tianfu_sdk.testing import FrozenClock

SEAL = Seal(number=2, after="17", last="23", lines=6, digest="0" * 64, at=FrozenClock().now())


def row(seal):
    return Row("seal_2", 1, codec.dumps(seal), {"number": seal.number})


def test_a_seal_holds_two_and_the_first_one():
    assert cursors_of("seal", row(SEAL)) == {"after": ("audit", "17"), "last": ("audit", "23")}
    first = Seal(number=1, after=None, last="5", lines=5, digest="", at=SEAL.at)
    assert cursors_of("seal", row(first)) == {"last": ("audit", "5")}


def test_a_seal_with_other_cursors_is_the_same_seal():
    other = with_cursors(row(SEAL), {"after": "170", "last": "230"})
    read = codec.loads(Seal, other.doc)
    assert (read.after, read.last, read.digest, read.lines) == ("170", "230", SEAL.digest, 6)
    assert without_cursors("seal", other) == without_cursors("seal", row(SEAL))
    assert json.loads(other.doc)["$"] == json.loads(codec.dumps(SEAL))["$"]


def test_marks_of_consumers_hold_one_and_other_marks_none():
    mark = Row("consumer:kpi", 4, '{"name":"统计","cursor":"99","handled":3}'.encode())
    assert cursors_of("mark", mark) == {"cursor": ("events", "99")}
    moved = with_cursors(mark, {"cursor": "7"})
    assert moved == Row("consumer:kpi", 4, '{"name":"统计","cursor":"7","handled":3}'.encode())
    assert without_cursors("mark", moved) == without_cursors("mark", mark)
    begins = Row("consumer:new", 1, b'{"cursor":""}')
    for other in (Row("mark:demo", 1, b'{"cursor":"99"}'), Row("x", 1, b"99"), begins):
        assert cursors_of("mark", other) == {}
        assert without_cursors("mark", other) == other


@pytest.mark.parametrize("doc", [None, b"", b"{", b"[1]", b"\xff"])
def test_what_cannot_be_read_holds_none(doc):
    broken = Row("seal_2", 1, doc, {"number": 2})
    assert cursors_of("seal", broken) == {}
    assert without_cursors("seal", broken) == broken
    assert cursors_of("resource", broken) == {}
