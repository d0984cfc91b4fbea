"""A store that moves to another kind of store, and back, and loses nothing."""

import errno
import json
import tracemalloc

import attrs
import pytest

from tianfu_sdk import codec
from tianfu_sdk.backends.keyring import new_master_key
from tianfu_sdk.core.rows.kinds import KEPT, MARK
from tianfu_sdk.errors import (
    Conflict,
    Denied,
    Invalid,
    SchemaTooNew,
    StorageCorrupt,
    StorageFull,
    StorageUnavailable,
)
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.storage import JobState, NewJob, Query, Row
from tianfu_sdk.testing import CountingIds, FrozenClock, MovingSuite
from tianfu_sdk.testing.cases.moving import fill

PHONES = ("13800138000", "13900139000")


@pytest.fixture
def opened(tmp_path):
    """Open hubs that share a key and a clock, and close them at the end."""
    clock, ids = FrozenClock(), CountingIds()
    settings = {"key": new_master_key()}
    hubs = []

    def open_(url):
        hubs.append(Hub.open(url, **open_.more))
        return hubs[-1]

    open_.more = {"settings": settings, "clock": clock, "ids": ids, "discover": False}
    yield open_
    for hub in hubs:
        hub.close()


def moved(opened, source_hub, to, tmp_path, name):
    """Dump a hub and load it elsewhere; gives the new hub, the dump and what loading told."""
    made = source_hub.as_system(reason="test").keeping.dump(tmp_path / name)
    loaded = Hub.load(tmp_path / name, to, **opened.more)
    return opened(to), made, loaded


class TestMoving(MovingSuite):
    @pytest.fixture(params=["memory and back", "sqlite and back", "memory between"])
    def urls(self, request, tmp_path):
        first, second, third = (f"sqlite:///{tmp_path}/{n}.db" for n in "abc")
        return {
            "memory and back": ("memory:", first, "memory:"),
            "sqlite and back": (first, second, third),
            "memory between": (first, "memory:", second),
        }[request.param]


def test_no_phone_stands_in_a_dump_and_sealed_values_open_with_the_same_key(opened, tmp_path):
    hub = opened(f"sqlite:///{tmp_path}/a.db")
    chief = fill(hub)
    hub2, _, loaded = moved(opened, hub, f"sqlite:///{tmp_path}/b.db", tmp_path, "dump")
    body = (tmp_path / "dump").read_bytes()
    assert not any(phone.encode() in body for phone in PHONES)
    assert (tmp_path / "dump").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "dump.media").is_dir()
    assert loaded.media.copied == 1
    me = hub2.as_(chief)
    for phone in PHONES:
        (found,) = me.subscribers.by_phone(phone)
        assert phone in me.subscribers.reveal(found.id)


def test_one_that_failed_after_its_lines_is_ended_by_the_next(opened, tmp_path, monkeypatch):
    hub = opened("memory:")
    fill(hub)
    hub.as_system(reason="test").keeping.dump(tmp_path / "dump")
    to = f"sqlite:///{tmp_path}/b.db"
    with monkeypatch.context() as patch:
        patch.setattr("tianfu_sdk.services.people.erasures.Erasures.replay", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            Hub.load(tmp_path / "dump", to, **opened.more)
    Hub.load(tmp_path / "dump", to, **opened.more)
    assert all(f.severity != "error" for f in opened(to).as_system(reason="t").doctor())


def test_another_dump_does_not_go_on_where_one_was_interrupted(opened, tmp_path):
    hub = opened("memory:")
    fill(hub)
    for name in ("one", "two"):
        hub.as_system(reason="test").keeping.dump(tmp_path / name)
    to = f"sqlite:///{tmp_path}/b.db"
    with pytest.raises(ZeroDivisionError):
        Hub.load(tmp_path / "one", to, progress=lambda *_: 1 // 0, **opened.more)
    with pytest.raises(Conflict) as caught:
        Hub.load(tmp_path / "two", to, **opened.more)
    assert caught.value.code == "dump.other_begun"
    Hub.load(tmp_path / "one", to, **opened.more)


# Dumps that are not what they should be.


@pytest.fixture
def dumped(opened, tmp_path):
    hub = opened("memory:")
    fill(hub)
    hub.as_system(reason="test").keeping.dump(tmp_path / "dump")
    return tmp_path / "dump"


def refused(path, error, code, opened):
    to = path.with_name("refused.db")
    with pytest.raises(error) as caught:
        Hub.load(path, f"sqlite:///{to}", **opened.more)
    assert caught.value.code == code
    assert caught.value.hint
    assert not to.exists()
    return caught.value


def test_a_dump_that_was_cut_off_is_refused_wherever_it_was(dumped, opened):
    lines = dumped.read_bytes().splitlines(keepends=True)
    for body in (
        b"".join(lines[:-1]),
        b"".join(lines[:5]),
        lines[0],
        b"".join(lines)[:-1],
        b"".join(lines[:-1]) + lines[-1][:40],
    ):
        dumped.write_bytes(body)
        refused(dumped, StorageCorrupt, "dump.truncated", opened)


def test_a_dump_that_was_changed_is_refused(dumped, opened):
    whole = dumped.read_bytes()
    lines = whole.splitlines(keepends=True)
    for body in (
        whole.replace("桌下".encode(), "床下".encode(), 1),
        b"".join(lines[:3] + lines[4:]),
    ):
        assert body != whole
        dumped.write_bytes(body)
        refused(dumped, StorageCorrupt, "dump.damaged", opened)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}\n",
        b"name,region\n" * 9,
        b"[1]\n",
        b"\xff\n",
        b'{"tianfu-dump":"1"}\n',
        b'{"tianfu-dump":1}\n',
    ],
)
def test_what_is_no_dump_is_refused(body, opened, tmp_path):
    (tmp_path / "dump").write_bytes(body)
    refused(tmp_path / "dump", Invalid, "dump.not_a_dump", opened)


def rewritten(path, change):
    """Change the first line of a dump and make the last one fit again."""
    import hashlib

    lines = path.read_bytes().splitlines(keepends=True)
    header = json.loads(lines[0])
    change(header)
    lines[0] = json.dumps(header).encode() + b"\n"
    trailer = json.loads(lines[-1])
    trailer["sha256"] = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    lines[-1] = json.dumps(trailer).encode() + b"\n"
    path.write_bytes(b"".join(lines))


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        (lambda h: h.update({"tianfu-dump": 2}), SchemaTooNew, "dump.format_too_new"),
        (lambda h: h["kinds"]["resource"].update(schema=99), SchemaTooNew, "storage.kind_too_new"),
        (lambda h: h["documents"].update(Resource=99), SchemaTooNew, "codec.schema_too_new"),
        (lambda h: h["kinds"].update(future=h["kinds"]["mark"]), Invalid, "dump.unknown_kind"),
    ],
    ids=["format", "kind", "document", "unknown"],
)
def test_a_dump_of_a_newer_program_is_refused(change, error, code, dumped, opened):
    rewritten(dumped, change)
    refused(dumped, error, code, opened)


def test_a_dump_that_is_not_there_is_told(opened, tmp_path):
    refused(tmp_path / "none", StorageUnavailable, "storage.cannot_open", opened)


def test_a_dump_of_an_older_program_gets_the_keys_of_this_one(dumped, opened, tmp_path):
    import hashlib

    lines = [json.loads(line) for line in dumped.read_bytes().splitlines()]
    shape = lines[0]["kinds"]["resource"]
    shape["keys"] = [key for key in shape["keys"] if key[0] != "folded_title"]
    shape["indexes"] = [index for index in shape["indexes"] if "folded_title" not in index]
    shape["schema"] = 0
    for line in lines:
        if line.get("row") == "resource":
            del line["keys"]["folded_title"]
    body = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines[:-1])
    lines[-1]["sha256"] = hashlib.sha256(body).hexdigest()
    dumped.write_bytes(body + json.dumps(lines[-1]).encode() + b"\n")
    to = f"sqlite:///{tmp_path}/b.db"
    assert Hub.load(dumped, to, **opened.more).rekeyed == ("resource",)
    rows = opened(to)._tools.store.run(lambda tx: tx.find("resource", Query()), write=False)
    assert all(row.keys["folded_title"].startswith("防震避险") for row in rows)
    assert len(rows) == 12


def test_a_store_that_has_anything_is_not_loaded_into(dumped, opened, tmp_path):
    stores = {
        "row": lambda tx: tx.put(MARK.name, [Row("x", 0, b"")]),
        "event": lambda tx: tx.append("s", [b"x"]),
        "job": lambda tx: tx.enqueue("q", [NewJob("k")]),
    }
    for name, write in stores.items():
        to = f"sqlite:///{tmp_path}/{name}.db"
        opened(to)._tools.store.run(write, write=True)
        with pytest.raises(Conflict) as caught:
            Hub.load(dumped, to, **opened.more)
        assert caught.value.code == "dump.not_empty"


def test_nothing_is_overwritten_and_only_the_system_may(opened, tmp_path):
    hub = opened("memory:")
    chief = fill(hub)
    (tmp_path / "there").write_bytes(b"mine")
    with pytest.raises(Conflict) as caught:
        hub.as_system(reason="t").keeping.dump(tmp_path / "there")
    assert caught.value.code == "storage.target_there"
    assert (tmp_path / "there").read_bytes() == b"mine"
    with pytest.raises(StorageUnavailable):
        hub.as_system(reason="t").keeping.dump(tmp_path / "none" / "dump")
    for who in (hub, hub.as_(chief)):
        for call in (
            lambda k: k.dump(tmp_path / "new"),
            lambda k: k.load(tmp_path / "new"),
            lambda k: k.content_hash(),
        ):
            with pytest.raises(Denied):
                call(who.keeping)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]


# What the digest sees.


@pytest.mark.parametrize(
    "change",
    [
        lambda tx: tx.put(MARK.name, [Row("x", 0, b"")]),
        lambda tx: tx.put(
            MARK.name, [attrs.evolve(tx.get(MARK.name, ["mark:note"])[0], doc=b"kept")]
        ),
        lambda tx: tx.append("events", [b"{}"]),
        lambda tx: tx.append("other", [b""]),
        lambda tx: tx.enqueue("sms", [NewJob("new")]),
        lambda tx: tx.release("sms", [job.id for job in tx.jobs("sms", JobState.PARKED, None, 9)]),
        lambda tx: tx.hold("sms", "g0"),
        lambda tx: tx.unhold("empty", "g"),
    ],
    ids=["row", "version", "event", "stream", "job", "state", "hold", "unhold"],
)
def test_any_change_changes_the_digest_of_its_part(change, opened):
    hub = opened("memory:")
    fill(hub)
    keeping = hub.as_system(reason="t").keeping
    before = keeping.content_hash()
    assert keeping.content_hash() == before
    hub._tools.store.run(change, write=True)
    after = keeping.content_hash()
    odd = {part for part in {*before, *after} if before.get(part) != after.get(part)}
    assert len(odd) == 1


def test_a_consumer_that_moved_on_is_another_content(opened):
    hub = opened("memory:")
    fill(hub)
    system = hub.as_system(reason="t")
    before = system.keeping.content_hash()
    system.events.consume("half", lambda _: None, limit=1)
    after = system.keeping.content_hash()
    assert {p for p in before if before[p] != after[p]} == {"kind:mark"}


def test_a_tampered_seal_is_still_found_after_it_moved(opened, tmp_path):
    hub = opened(f"sqlite:///{tmp_path}/a.db")
    fill(hub)

    def tamper(tx):
        (row,) = tx.get("seal", ["seal_000000000003"])
        plain = json.loads(row.doc)
        plain["last"] = "999999"
        tx.put("seal", [attrs.evolve(row, doc=json.dumps(plain, separators=(",", ":")).encode())])

    hub._tools.store.run(tamper, write=True)
    was = [f.subject for f in hub.as_system(reason="t").audit.verify() if f.severity == "error"]
    hub2, _, _ = moved(opened, hub, f"sqlite:///{tmp_path}/b.db", tmp_path, "dump")
    found = [f.subject for f in hub2.as_system(reason="t").audit.verify() if f.severity == "error"]
    assert "seal_000000000003" in was
    assert "seal_000000000003" in found


def test_memory_stays_small_however_large_the_store_is(opened, tmp_path):
    store = (hub := opened(f"sqlite:///{tmp_path}/a.db"))._tools.store
    for start in range(0, 2000, 1000):
        rows = [Row(f"key_{start + n:06d}", 1, b"x" * 4000, {"master": "m"}) for n in range(1000)]
        store.run(lambda tx, r=rows: tx.load("subject_key", r), write=True)
    store.run(lambda tx: tx.append("events", [b"x" * 4000] * 2000), write=True)
    del rows
    # Once before it is measured: what is loaded lazily is not the dump's.
    hub.as_system(reason="t").keeping.dump(tmp_path / "first")
    tracemalloc.start()
    try:
        made = hub.as_system(reason="t").keeping.dump(tmp_path / "dump")
        dumping = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        Hub.load(made.file, f"sqlite:///{tmp_path}/b.db", **opened.more)
        loading = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made.size > 16_000_000
    assert dumping < 8_000_000
    assert loading < 8_000_000


def test_documents_that_are_no_text_come_back_as_they_were(opened, tmp_path):
    hub = opened("memory:")
    bodies = [b"", b"\0", bytes(range(256)), "བོད\u2028\u0085\ufeff".encode(), b"\xed\xa0\x80"]
    rows = [Row(f"mark:{n}", n + 1, body) for n, body in enumerate(bodies)]
    hub._tools.store.run(lambda tx: tx.load(MARK.name, rows), write=True)
    hub._tools.store.run(lambda tx: tx.append("s", bodies), write=True)
    hub2, made, loaded = moved(opened, hub, f"sqlite:///{tmp_path}/b.db", tmp_path, "dump")
    assert loaded.content == made.content
    read = hub2._tools.store.run(
        lambda tx: (tx.get(MARK.name, [row.id for row in rows]), tx.read("s", None, 9)), write=False
    )
    assert sorted(read[0], key=lambda row: row.id) == rows
    assert [event.body for event in read[1]] == bodies


def test_every_kind_stands_in_the_header(dumped):
    header = json.loads(dumped.read_bytes().split(b"\n")[0])
    assert list(header["kinds"]) == [kind.name for kind in KEPT]
    assert header["rows"]["resource"] == 12
    assert set(header["documents"]) >= {"Resource", "Event", "AuditLine", "Seal"}
    assert codec.SCHEMAS.get("Resource", 1) == header["documents"]["Resource"]


def test_a_full_disk_leaves_no_half_dump(opened, tmp_path, monkeypatch):
    hub = opened("memory:")
    fill(hub)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tianfu_sdk.files.os.fsync", full)
    with pytest.raises(StorageFull) as caught:
        hub.as_system(reason="t").keeping.dump(tmp_path / "dump", media=False)
    assert caught.value.code == "storage.full"
    assert list(tmp_path.iterdir()) == []
