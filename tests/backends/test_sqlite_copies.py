"""Backups of a file while others write, and their way back."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from tianfu_sdk.backends.sqlite import SqliteStore, schema
from tianfu_sdk.errors import (
    Conflict,
    SchemaTooNew,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageUnavailable,
)
from tianfu_sdk.model.storage import Key, Kind, NewJob, Query, Row
from tianfu_sdk.testing import CountingIds, FrozenClock

NOTE = Kind("note", (Key("pair", "int"),))


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def store_at(file, **more):
    return SqliteStore(file, clock=FrozenClock(), ids=CountingIds(), **more)


@pytest.fixture
def store(folder):
    store = store_at(folder / "kepu.db")
    store.open([NOTE])
    rows = [Row(f"n{n}", 0, os.urandom(3000), {"pair": 0}) for n in range(3000)]
    store.run(lambda tx: tx.put("note", rows), write=True)
    yield store
    store.close()


def names(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("kepu.db"))


def rows_of(store):
    after, found = None, []
    while True:
        part = store.run(
            lambda tx, a=after: tx.find("note", Query(after=a, limit=1000)), write=False
        )
        found += part
        if len(part) < 1000:
            return {(r.id, r.version, r.doc, r.keys["pair"]) for r in found}
        after = (part[-1].id, part[-1].id)


def restored(folder, name="back.db"):
    made = store_at(folder / name)
    made.restore(folder / "copy")
    made.open([NOTE])
    return made


def test_what_was_committed_is_in_the_copy(store, folder):
    told = []
    store.backup(folder / "copy", lambda done, total: told.append((done, total)))
    assert names(folder) == ["copy"]
    assert told[-1][0] == told[-1][1] > 2000
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    back = restored(folder)
    assert rows_of(back) == rows_of(store)
    assert back.check() == []
    back.run(lambda tx: tx.enqueue("q", [NewJob("k")]), write=True)
    back.close()


def test_files_are_for_their_owner_only(folder):
    before = os.umask(0)
    try:
        store = store_at(folder / "kepu.db")
        store.open([NOTE])
        store.run(lambda tx: tx.put("note", [Row("a", 0, b"", {"pair": 0})]), write=True)
        store.backup(folder / "copy")
        back = restored(folder)
        back.run(lambda tx: tx.put("note", [Row("b", 0, b"", {"pair": 0})]), write=True)
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
        store.close()
        back.close()
    finally:
        os.umask(before)
    assert {"kepu.db", "kepu.db-wal", "copy", "back.db", "back.db-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_writers_go_on_and_the_copy_is_of_one_moment(store, folder):
    ids = [f"n{n}" for n in range(0, 3000, 7)]
    stop, wrote = threading.Event(), []

    def write():
        other = store_at(folder / "kepu.db", timeout=20)
        other.open([NOTE])
        while not stop.is_set():

            def body(tx):
                rows = tx.get("note", ids)
                tx.put(
                    "note",
                    [Row(r.id, r.version, r.doc, {"pair": r.keys["pair"] + 1}) for r in rows],
                )

            other.run(body, write=True)
            wrote.append(1)
        other.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while not wrote:
            pass
        begun = len(wrote)
        met = []

        def wait(*_):
            # Until somebody wrote between two steps, however busy the machine is.
            deadline = time.monotonic() + 20
            while not met and len(wrote) == begun and time.monotonic() < deadline:
                time.sleep(0.01)
            met.append(len(wrote))

        store.backup(folder / "copy", wait)
    finally:
        stop.set()
        thread.join(20)
    assert met[0] > begun, "nobody wrote meanwhile"
    back = restored(folder)
    pairs = {pair for id_, _, _, pair in rows_of(back) if id_ in set(ids)}
    assert len(pairs) == 1
    assert back.check() == []
    back.close()


def test_nothing_is_overwritten(store, folder):
    (folder / "copy").write_bytes(b"mine")
    with pytest.raises(Conflict) as caught:
        store.backup(folder / "copy")
    assert caught.value.code == "storage.target_there"
    assert (folder / "copy").read_bytes() == b"mine"
    (folder / "copy").unlink()
    store.backup(folder / "copy")
    for name, beside in (("kepu.db", ""), ("other.db", "-wal"), ("other.db", "-journal")):
        if beside:
            (folder / f"{name}{beside}").write_bytes(b"left behind")
        with pytest.raises(Conflict) as caught:
            store_at(folder / name).restore(folder / "copy")
        assert caught.value.values["place"].endswith(name + beside)
        if beside:
            (folder / f"{name}{beside}").unlink()
    assert names(folder) == ["copy"]


def test_an_empty_file_may_be_filled(store, folder):
    store.backup(folder / "copy")
    (folder / "back.db").touch()
    back = restored(folder)
    assert rows_of(back) == rows_of(store)
    back.close()


def test_a_backup_inside_a_transaction_is_refused(store, folder):
    with pytest.raises(StorageError) as caught:
        store.run(lambda _: store.backup(folder / "copy"), write=False)
    assert caught.value.code == "storage.nested"
    assert names(folder) == []


@pytest.mark.parametrize("body", [b"", b"no database", b"PK\x03\x04" + bytes(5000)])
def test_what_is_no_backup_is_not_restored(folder, body):
    (folder / "copy").write_bytes(body)
    with pytest.raises(StorageCorrupt) as caught:
        store_at(folder / "back.db").restore(folder / "copy")
    assert caught.value.code in {"storage.not_ours", "storage.not_a_database"}
    assert names(folder) == ["copy"]


def test_a_backup_that_is_not_there_is_told(folder):
    with pytest.raises(StorageUnavailable):
        store_at(folder / "back.db").restore(folder / "copy")


def test_a_damaged_backup_is_not_restored(store, folder):
    store.backup(folder / "copy")
    whole = (folder / "copy").read_bytes()
    damaged = bytearray(whole)
    for place in range(100 * 4096, len(whole), 4096 * 50):
        damaged[place : place + 64] = b"\xff" * 64
    for body in (bytes(damaged), whole[: len(whole) // 2]):
        (folder / "copy").write_bytes(body)
        with pytest.raises(StorageCorrupt) as caught:
            store_at(folder / "back.db").restore(folder / "copy")
        assert caught.value.code == "storage.corrupt"
        assert "copy" in str(caught.value)
        assert names(folder) == ["copy"]


def test_a_backup_of_another_program_or_a_newer_one_is_not_restored(store, folder):
    with closing(sqlite3.connect(folder / "copy")) as connection, connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StorageCorrupt):
        store_at(folder / "back.db").restore(folder / "copy")
    (folder / "copy").unlink()
    store.backup(folder / "copy")
    with closing(sqlite3.connect(folder / "copy")) as connection, connection:
        connection.execute(f"PRAGMA user_version = {schema.SCHEMA + 1}")
    with pytest.raises(SchemaTooNew):
        store_at(folder / "back.db").restore(folder / "copy")
    assert names(folder) == ["copy"]


@pytest.mark.skipif(
    not (sys.platform == "linux" and os.geteuid() == 0), reason="only root can mount a small disk"
)
def test_a_full_disk_leaves_nothing_behind(store, folder):
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        with pytest.raises(StorageFull) as caught:
            store.backup(disk / "copy")
        assert caught.value.code == "storage.full"
        assert list(disk.iterdir()) == []
        store.backup(folder / "copy")
        with pytest.raises(StorageFull):
            store_at(disk / "back.db").restore(folder / "copy")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_that_is_not_there_is_told(store, folder):
    with pytest.raises(StorageUnavailable) as caught:
        store.backup(folder / "none" / "copy")
    assert caught.value.code == "storage.cannot_open"
