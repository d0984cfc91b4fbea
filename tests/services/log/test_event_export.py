"""Exported events: monthly files, each event in one of them, and nobody's data."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from tianfu_sdk.backends import event_files
from tianfu_sdk.errors import Conflict, Denied, Invalid, PluginError
from tianfu_sdk.formats.event_rows import COLUMNS
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds, FrozenClock

PHONE = "13800138000"


@pytest.fixture
def full(world, clock):
    """Events of two months in China, the second late in the first's evening by UTC."""
    clock.set(datetime(2026, 1, 31, 15, 59, tzinfo=UTC))
    world.published()
    clock.set(datetime(2026, 1, 31, 16, 0, tzinfo=UTC))
    made = world.published(title="水稻")
    world.nobody.resources.view(made.id, client=PHONE, region="510104", seconds=4.5)
    return world


def lines(folder):
    found = []
    for path in sorted(folder.glob("events-*.jsonl")):
        found += [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return found


def system(world):
    return world.hub.as_system(reason="export")


def test_lines_hold_every_event_once_in_the_month_of_china(full, tmp_path):
    done = system(full).events.export(tmp_path / "new", format="jsonl")
    assert done.files == ("events-2026-01-0001.jsonl", "events-2026-02-0001.jsonl")
    found = lines(tmp_path / "new")
    every = list(system(full).events)
    assert [row["id"] for row in found] == [event.id for event in every]
    assert done.events == len(every)
    (view,) = (row for row in found if row["type"] == "resource.viewed")
    assert list(view) == list(COLUMNS)
    assert (view["happened_at"], view["day"]) == ("2026-01-31T16:00:00+00:00", "2026-02-01")
    assert view["data"] == {"channel": "", "from": "510104", "language": "", "seconds": 4.5}
    assert view["actor"] is None


def test_parquet_is_read_back_by_another_program(full, tmp_path, extra):
    extra("arro3.io")
    duckdb = extra("duckdb")
    done = system(full).events.export(tmp_path)
    assert done.files == ("events-2026-01-0001.parquet", "events-2026-02-0001.parquet")
    glob = f"{tmp_path}/events-*.parquet"
    every = list(system(full).events)
    found = duckdb.sql(
        "SELECT id, type, epoch_us(happened_at), day, kind, subject, actor, organization, region,"
        f" data FROM '{glob}' ORDER BY id"
    ).fetchall()
    assert found == [
        (
            event.id,
            event.type,
            round(event.at.timestamp() * 1e6),
            (event.at + timedelta(hours=8)).date(),
            event.kind or None,
            event.subject or None,
            event.actor or None,
            event.organization or None,
            event.region or None,
            json.dumps(
                {k: v for k, v in event.data.items() if k != "client"},
                ensure_ascii=False,
                separators=(",", ":"),
            ),
        )
        for event in sorted(every, key=lambda event: event.id)
    ]
    described = duckdb.sql(f"DESCRIBE SELECT * FROM '{glob}'").fetchall()
    assert [(row[0], row[1]) for row in described] == [
        (name, {"moment": "TIMESTAMP WITH TIME ZONE", "day": "DATE"}.get(type_, "VARCHAR"))
        for name, type_ in COLUMNS.items()
    ]
    kept = duckdb.sql(
        f"SELECT DISTINCT decode(value) FROM parquet_kv_metadata('{glob}')"
        " WHERE decode(key) = 'tianfu_schema'"
    ).fetchall()
    assert kept == [("1",)]
    codecs = duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{glob}')").fetchall()
    assert codecs == [("ZSTD",)]
    days = duckdb.sql(
        f"SELECT day, count(*) FROM '{glob}' WHERE type = 'resource.viewed' GROUP BY day"
    ).fetchall()
    assert days == [(date(2026, 2, 1), 1)]


def test_each_call_writes_what_is_new_and_late_events_into_their_month(full, clock, tmp_path):
    events = system(full).events
    first = events.export(tmp_path, format="jsonl")
    again = events.export(tmp_path, format="jsonl")
    assert (again.files, again.events, again.cursor) == ((), 0, first.cursor)
    clock.set(datetime(2026, 1, 5, tzinfo=UTC))
    full.published(title="晚到")
    told = []
    third = events.export(tmp_path, format="jsonl", progress=told.append)
    assert third.files == ("events-2026-01-0002.jsonl",)
    assert told == [third.events]
    ids = [row["id"] for row in lines(tmp_path)]
    assert sorted(ids) == sorted(event.id for event in events)
    assert len(set(ids)) == len(ids)


def test_a_caller_may_keep_the_cursor_and_begin_a_new_folder_after_it(full, tmp_path):
    events = system(full).events
    cursor = events.read(limit=5)[-1][0]
    done = events.export(tmp_path / "a", format="jsonl", after=cursor)
    assert done.events == len(list(events)) - 5
    with pytest.raises(Conflict) as caught:
        events.export(tmp_path / "a", format="jsonl", after=cursor)
    assert caught.value.code == "export.begun"
    with pytest.raises(Conflict):
        events.export(tmp_path / "a", format="parquet") if _has_arrow() else events.export(
            tmp_path / "a", format="jsonl", after=""
        )
    with pytest.raises(Invalid) as caught:
        events.export(tmp_path / "b", format="jsonl", after="x")
    assert caught.value.code == "storage.cursor"
    with pytest.raises(Invalid) as caught:
        events.export(tmp_path / "b", format="csv")
    assert caught.value.code == "field.choice"


def _has_arrow():
    import importlib.util

    return importlib.util.find_spec("arro3") is not None


@pytest.mark.parametrize("at", range(4))
def test_what_died_on_the_way_is_written_again_and_nothing_twice(full, tmp_path, monkeypatch, at):
    events = system(full).events
    events.export(tmp_path, format="jsonl")
    full.published(title="新")

    class Died(BaseException):
        pass

    synced = []
    sync = event_files.sync

    def dies(path):
        synced.append(path)
        if len(synced) == at + 1:
            raise Died
        sync(path)

    # The file, the manifest, the file's name, the manifest's name.
    monkeypatch.setattr(event_files, "sync", dies)
    with pytest.raises(Died):
        events.export(tmp_path, format="jsonl")
    assert [path == tmp_path for path in synced] == [False, False, True, True][: at + 1]
    monkeypatch.undo()
    full.published(title="更新")
    events.export(tmp_path, format="jsonl")
    ids = [row["id"] for row in lines(tmp_path)]
    assert sorted(ids) == sorted(event.id for event in events)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    kept = json.loads((tmp_path / event_files.MANIFEST).read_text("utf-8"))
    assert sorted(kept["files"]) == sorted(path.name for path in tmp_path.glob("events-*"))


def test_two_exports_at_once_do_not_both_count(full, tmp_path, monkeypatch):
    events = system(full).events

    def meanwhile(work, found):
        monkeypatch.undo()
        events.export(tmp_path, format="jsonl")
        event_files._gather(work, found)

    monkeypatch.setattr(event_files, "_gather", meanwhile)
    with pytest.raises(Conflict) as caught:
        events.export(tmp_path, format="jsonl")
    assert caught.value.code == "export.busy"
    assert len(lines(tmp_path)) == len(list(events))


def test_a_folder_belongs_to_one_store_and_one_reader(full, tmp_path):
    system(full).events.export(tmp_path, format="jsonl")
    with pytest.raises(Conflict) as caught:
        full.me.events.export(tmp_path, format="jsonl")
    assert caught.value.code == "export.not_yours"
    with Hub.open("memory:", clock=FrozenClock(), ids=CountingIds(), discover=False) as other:
        for _ in range(3):
            other._tools.ids.new("evt")
        other.bootstrap(organization="省科协", region="510000")
        with pytest.raises(Conflict) as caught:
            other.as_system(reason="export").events.export(tmp_path, format="jsonl")
        assert caught.value.code == "export.not_yours"
    (tmp_path / event_files.MANIFEST).write_text("[]")
    with pytest.raises(Conflict):
        system(full).events.export(tmp_path, format="jsonl")


def test_an_account_takes_away_what_it_may_read(full, tmp_path):
    with pytest.raises(Denied):
        full.nobody.events.export(tmp_path, format="jsonl")
    with pytest.raises(Denied):
        full.as_(full.person(["create"])).events.export(tmp_path, format="jsonl")
    inside = full.me.resources.create(title="x", organization=full.org, region="510104")
    reader = full.as_(full.person(["read"], region="510104"))
    done = reader.events.export(tmp_path, format="jsonl")
    found = lines(tmp_path)
    assert inside.id in {row["subject"] for row in found}
    assert [row["id"] for row in found] == [event.id for event in reader.events]
    assert 0 < done.events < len(list(system(full).events))


def test_no_person_is_in_a_file(full, tmp_path, extra):
    extra("arro3.io")
    me = full.me
    person = me.subscribers.create(phone=PHONE, region="510104", organization=full.org)
    me.subscribers.opt_out(person.id)
    me.subscribers.opt_out("13900139000")
    full.nobody.ask(f"我叫张三丰，电话{PHONE}，火星上有没有水", region="510104")
    me.experts.create(name="李时珍", organization=full.org, region="510104")
    for form in ("jsonl", "parquet"):
        folder = tmp_path / form
        system(full).events.export(folder, format=form)
        for path in folder.iterdir():
            body = path.read_bytes()
            for secret in (PHONE, PHONE[-8:], "13900139000", "张三丰", "李时珍", "火星"):
                assert secret.encode() not in body
    found = lines(tmp_path / "jsonl")
    assert person.id in {row["subject"] for row in found}
    ids = re.compile(r"[a-z]{3}_[0-9a-z]{26}|system")
    for row in found:
        assert set(row["data"]) & {"client", "phone", "name", "text"} == set()
        for name in ("subject", "actor", "organization"):
            assert row[name] is None or ids.fullmatch(row[name])


def test_what_parquet_needs_is_named_before_anything_is_written(full, tmp_path, monkeypatch):
    import sys

    for name in ("arro3", "arro3.core", "arro3.io"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PluginError) as caught:
        system(full).events.export(tmp_path / "new")
    assert (caught.value.code, caught.value.path) == ("extra.missing", "format")
    assert 'pip install "tianfu-sdk[parquet]"' in caught.value.hint
    assert not (tmp_path / "new").exists()


def test_an_empty_store_gives_no_files_and_goes_on_later(hub, tmp_path):
    export = hub.as_system(reason="export").events.export
    assert export(tmp_path, format="jsonl").files == ()
    hub.bootstrap(organization="省科协", region="510000")
    done = export(tmp_path, format="jsonl")
    assert done.events == len(lines(tmp_path)) == len(list(hub.as_system(reason="x").events))
