"""Lines of a dump: what is written is read, and what is wrong is told by its line."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.errors import Invalid, SchemaTooNew, StorageCorrupt
from tianfu_sdk.formats import dump
from tianfu_sdk.model.dump import DumpEvent, DumpHeader, DumpHold, DumpJob, DumpRow, DumpTrailer
from tianfu_sdk.model.storage import JobInfo, JobState, Key, Kind, Row

KIND = Kind(
    "note",
    (Key("s"), Key("i", "int"), Key("f", "float"), Key("b", "bytes"), Key("m", many=True), Key("h", "bytes", many=True)),
    (("s", "i"),),
    schema=3,
)  # fmt: skip
BARE = Kind("mark", (Key("owner"),), document=False)
KINDS = {"note": KIND, "mark": BARE}
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ROWS = st.builds(
    lambda id_, v, doc, s, i, f, b, m, h: Row(id_, v, doc, {"s": s, "i": i, "f": f, "b": b, "m": m, "h": h}),
    TEXT.filter(bool), st.integers(1, 2**31 - 1), st.binary(max_size=60), TEXT,
    st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False),
    st.binary(max_size=20), st.frozensets(TEXT, max_size=4), st.frozensets(st.binary(max_size=9), max_size=4),
)  # fmt: skip
AT = datetime(2026, 11, 23, 8, 30, 0, 123456, tzinfo=UTC)


def back(item):
    line = dump.write(item)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return dump.read_item(line, 7, KINDS)


@given(ROWS)
@settings(max_examples=60)
def test_rows_come_back_as_they_were(row):
    assert back(DumpRow("note", row)) == DumpRow("note", row)


@given(st.binary(max_size=80), TEXT)
def test_events_and_jobs_come_back_as_they_were(body, text):
    assert back(DumpEvent("s", body)) == DumpEvent("s", body)
    job = JobInfo(0, "q", "k", JobState.PARKED, AT, 3, 9, "g", text, body)
    assert back(DumpJob(job)) == DumpJob(job)


def test_what_else_a_line_may_say_comes_back():
    places = {"after": 0, "last": -1}
    row = Row("m", 2, None, {"owner": "o"})
    assert back(DumpRow("mark", row, places)) == DumpRow("mark", row, places)
    assert back(DumpHold("q", "g")) == DumpHold("q", "g")
    leased = JobInfo(5, "q", "k", JobState.LEASED, AT, 1, 5, "", "")
    assert back(DumpJob(leased)).job.state is JobState.QUEUED
    header = DumpHeader(
        id="dmp_1", made_at=AT.isoformat(), program="1", store="sqlite", kinds=(KIND, BARE),
        documents={"Resource": 1}, regions="abc", rows={"note": 3, "mark": 0},
    )  # fmt: skip
    assert dump.read_header(dump.write(header)) == header
    trailer = DumpTrailer(lines=9, sha256="0" * 64, content={"kind:note": "1"})
    assert dump.read_trailer(dump.write(trailer)) == trailer


@pytest.mark.parametrize(
    "line",
    [
        b"", b"x", b"[]", b"5", b"{}", b'{"row":"other"}', b'{"row":"note","id":"a","v":1,"keys":{}}',
        b'{"row":"mark","id":"a","v":1,"keys":{"owner":5}}', b'{"row":"mark","id":"","v":1,"keys":{"owner":""}}',
        b'{"event":"s","body64":"***"}', b'{"hold":"q"}', b'{"job":"q","key":"k"}',
        b'{"job":"q","key":"k","state":"lost","due":"2026-01-01T00:00:00+00:00","attempts":0,"priority":5,"group":"","reason":"","body":""}',
        b'{"job":"q","key":"k","state":"done","due":"2026-01-01T00:00:00","attempts":0,"priority":5,"group":"","reason":"","body":""}',
    ],
)  # fmt: skip
def test_a_line_that_says_nothing_is_told_by_its_number(line):
    with pytest.raises(StorageCorrupt) as caught:
        dump.read_item(line, 7, KINDS)
    assert (caught.value.code, caught.value.values["line"]) == ("dump.bad_line", 7)


def test_a_first_line_of_another_format_is_told():
    with pytest.raises(SchemaTooNew):
        dump.read_header(b'{"tianfu-dump":2}')
    for line in (b"", b"{}", b'{"tianfu-dump":1}', b'{"tianfu-dump":null}'):
        with pytest.raises(Invalid):
            dump.read_header(line)
    assert dump.read_trailer(b'{"row":"mark"}') is None
