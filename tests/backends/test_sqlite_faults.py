"""What a file can do to us, and what a user is told then."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing

import attrs
import pytest

from tianfu_sdk.backends.sqlite import SqliteStore, schema
from tianfu_sdk.backends.sqlite.faults import translated
from tianfu_sdk.errors import (
    Invalid,
    SchemaTooNew,
    SchemaTooOld,
    StorageBusy,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageReadOnly,
    StorageUnavailable,
)
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.storage import Key, Kind, Query, Row
from tianfu_sdk.testing import CountingIds, FrozenClock

NOTE = Kind("note", (Key("text"),))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kepu.db"


def store_at(file, **more):
    return SqliteStore(file, clock=FrozenClock(), ids=CountingIds(), **more)


@pytest.fixture
def store(file):
    store = store_at(file, timeout=0.3)
    store.open([NOTE])
    yield store
    store.close()


def put(store, id_="note_1", body=b"{}"):
    row = Row(id_, 0, body, {"text": "x"})
    store.run(lambda tx: tx.put("note", [row]), write=True)


def count(store):
    return store.run(lambda tx: tx.count("note", Query()), write=False)


def refused(file, error, code, **more):
    """Open a file that is not to be opened; what it holds must stay as it was."""
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(error) as caught:
        store_at(file, **more).open([NOTE])
    assert caught.value.code == code
    assert file.name in str(caught.value)
    assert caught.value.hint
    assert caught.value.text("zh") != str(caught.value)
    if before is not None:
        assert file.read_bytes() == before
        assert sorted(p.name for p in file.parent.iterdir()) == [file.name]


# Another file than one meant.


def test_a_database_of_another_program_is_left_as_it_was(file):
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE theirs (x)")
    refused(file, StorageCorrupt, "storage.not_ours")


def test_a_store_of_a_newer_program_is_left_as_it_was(file):
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION}")
        connection.execute(f"PRAGMA user_version = {schema.SCHEMA + 1}")
        connection.execute("CREATE TABLE d_future (x)")
    refused(file, SchemaTooNew, "storage.schema_too_new")


@pytest.mark.parametrize("body", [b"xx", b"name,region\n" * 200, b"PK\x03\x04" + bytes(2000)])
def test_a_file_that_is_no_database_is_left_as_it_was(file, body):
    file.write_bytes(body)
    refused(file, StorageCorrupt, "storage.not_a_database")


def test_a_folder_is_no_database(file):
    file.mkdir()
    refused(file, StorageUnavailable, "storage.cannot_open")


def test_a_folder_that_is_not_there_is_told(tmp_path):
    refused(tmp_path / "none" / "kepu.db", StorageUnavailable, "storage.cannot_open")


def test_a_file_that_is_to_be_read_only_must_be_there(file):
    refused(file, StorageUnavailable, "storage.cannot_open", read_only=True)
    assert not file.exists()


def test_an_empty_file_becomes_a_store(file):
    file.touch()
    store = store_at(file)
    store.open([NOTE])
    put(store)
    assert count(store) == 1
    store.close()


def test_a_kind_that_has_changed_is_told(store, file):
    other = store_at(file)
    with pytest.raises(SchemaTooOld) as caught:
        other.open([Kind("note", (Key("text"), Key("more")))])
    assert (caught.value.code, caught.value.path) == ("storage.kind_changed", "note")
    assert "tianfu migrate" in caught.value.hint
    other.close()


@pytest.mark.parametrize("url", ["", "kepu.db", "sqlite://kepu.db", "sqlite://", "sqlite:///"])
def test_an_address_that_names_no_file_is_told(url, monkeypatch):
    monkeypatch.delenv("TIANFU_DB", raising=False)
    with pytest.raises(Invalid) as caught:
        Hub.open(url, discover=False)
    assert caught.value.path == "url"
    assert "sqlite:///kepu.db" in caught.value.hint


def test_a_scheme_that_nobody_offers_says_what_to_install():
    from tianfu_sdk.errors import PluginError

    with pytest.raises(PluginError) as caught:
        Hub.open("postgresql://h/db", discover=False)
    assert caught.value.code == "plugin.unknown"
    assert caught.value.hint == 'pip install "tianfu-storage-sql[postgresql]"'
    assert "sqlite" in str(caught.value)


# Damage.


def test_a_damaged_page_is_told_when_it_is_read(store, file):
    for n in range(200):
        put(store, f"note_{n}", bytes(2000))
    store.close()
    body = bytearray(file.read_bytes())
    assert len(body) > 200_000
    # The store's own tables stand before the notes, and are looked at when it is opened.
    for place in range(len(body) // 8192 * 4096, len(body), 4096):
        body[place : place + 64] = b"\xff" * 64
    file.write_bytes(body)
    store = store_at(file)
    store.open([NOTE])
    with pytest.raises(StorageCorrupt) as caught:
        store.run(lambda tx: tx.find("note", Query(limit=1000)), write=False)
    assert caught.value.code == "storage.corrupt"
    assert "restore from a backup" in caught.value.hint
    store.close()


def test_a_file_that_was_cut_off_is_told(store, file):
    for n in range(100):
        put(store, f"note_{n}", bytes(2000))
    store.close()
    file.write_bytes(file.read_bytes()[: 30 * 4096])
    cut = store_at(file)
    with pytest.raises(StorageCorrupt):
        cut.open([NOTE])
        cut.run(lambda tx: tx.find("note", Query(limit=1000)), write=False)
    cut.close()


# No room.


def test_a_full_disk_is_told_and_nothing_is_stored(store):
    put(store)
    pages = store._connection().execute("PRAGMA page_count").fetchone()[0]
    store._connection().execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull) as caught:
        put(store, "note_2", bytes(100_000))
    assert caught.value.code == "storage.full"
    assert "nothing was stored" in str(caught.value)
    assert "kepu.db" in str(caught.value)
    assert count(store) == 1
    store._connection().execute("PRAGMA max_page_count = 1000000")
    put(store, "note_2", bytes(100_000))
    assert count(store) == 2


@pytest.mark.skipif(
    not (sys.platform == "linux" and hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="only root can mount a small disk",
)
def test_a_disk_that_is_really_full_is_told(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        store = store_at(disk / "kepu.db")
        store.open([NOTE])
        put(store)
        with pytest.raises(StorageError) as caught:
            for n in range(2, 500):
                put(store, f"note_{n}", bytes(20_000))
        assert caught.value.code == "storage.full"
        assert count(store) >= 1
        assert store.check() == []
        store.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# Somebody else writes.

HOLDER = textwrap.dedent("""
    import sqlite3, sys
    connection = sqlite3.connect(sys.argv[1], isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    sys.stdin.read()
""")


@pytest.fixture
def holder(store, file):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    yield process
    process.communicate(timeout=20)


def test_a_writer_in_another_process_is_waited_for_and_then_told(store, holder):
    with pytest.raises(StorageBusy) as caught:
        put(store)
    error = caught.value
    assert (error.code, error.retryable) == ("storage.busy", True)
    assert str(error).startswith("another writer held the lock for more than 0.3 s")
    assert "smaller batches" in error.hint
    assert count(store) == 0
    holder.communicate(timeout=20)
    put(store)
    assert count(store) == 1


def test_a_writer_of_this_process_is_waited_for_and_then_told(store):
    inside, leave = threading.Event(), threading.Event()

    def hold(_):
        inside.set()
        leave.wait(20)

    thread = threading.Thread(target=lambda: store.run(hold, write=True))
    thread.start()
    inside.wait(20)
    with pytest.raises(StorageBusy) as caught:
        put(store)
    assert caught.value.values["seconds"] == 0.3
    assert count(store) == 0
    leave.set()
    thread.join()
    put(store)


def test_a_writer_that_was_killed_leaves_nothing_behind(store, file):
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent("""
            import sys, time
            from tianfu_sdk.backends.sqlite import SqliteStore
            from tianfu_sdk.model.storage import Key, Kind, Row
            from tianfu_sdk.testing import CountingIds, FrozenClock
            store = SqliteStore(sys.argv[1], clock=FrozenClock(), ids=CountingIds())
            store.open([Kind("note", (Key("text"),))])
            def fn(tx):
                tx.put("note", [Row(f"note_{n}", 0, bytes(5000), {"text": "x"}) for n in range(400)])
                print("written", flush=True)
                time.sleep(60)
            store.run(fn, write=True)
        """), str(file)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout.readline() == "written\n"
    child.send_signal(signal.SIGKILL)
    child.wait(20)
    child.stdout.close()
    assert count(store) == 0
    put(store)
    assert store.check() == []


# Reading only.


def test_what_is_opened_for_reading_is_read_and_never_written(store, file):
    put(store)
    reader = store_at(file, read_only=True)
    reader.open([NOTE])
    assert count(reader) == 1
    with pytest.raises(StorageReadOnly) as caught:
        put(reader, "note_2")
    assert caught.value.code == "storage.read_only"
    assert "mode=ro" in caught.value.hint
    put(store, "note_2")
    assert count(reader) == 2
    reader.close()


@pytest.fixture
def medium(tmp_path):
    """Give a folder on a small disk of its own, and what makes that disk read-only."""
    if not (sys.platform == "linux" and os.geteuid() == 0):
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    yield disk, lambda: subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    subprocess.run(["umount", str(disk)], check=True)


def test_a_file_that_cannot_be_written_says_how_to_read_it_and_is_read_so(medium):
    disk, seal = medium
    store = store_at(disk / "kepu.db")
    store.open([NOTE])
    put(store)
    store.close()
    seal()
    with pytest.raises(StorageReadOnly) as caught:
        store_at(disk / "kepu.db").open([NOTE])
    assert caught.value.code == "storage.read_only"
    assert "mode=ro" in caught.value.hint
    assert "kepu.db" in str(caught.value)
    reader = store_at(disk / "kepu.db", read_only=True)
    reader.open([NOTE])
    assert count(reader) == 1
    with pytest.raises(StorageReadOnly):
        put(reader, "note_2")
    reader.close()


def test_a_new_file_where_nothing_can_be_written_is_told(medium):
    disk, seal = medium
    seal()
    with pytest.raises(StorageUnavailable) as caught:
        store_at(disk / "kepu.db").open([NOTE])
    assert caught.value.code == "storage.cannot_open"
    assert caught.value.hint


def test_a_document_of_a_newer_program_is_told_and_not_cut_down(file):
    with Hub.open(f"sqlite:///{file}", clock=FrozenClock(), discover=False) as hub:
        chief = hub.bootstrap(organization="省科协", region="510000")
        me = hub.as_(chief.id)
        made = me.resources.create(title="新", organization=chief.organization)

        def newer(tx):
            (row,) = tx.get("resource", [made.id])
            tx.put("resource", [attrs.evolve(row, doc=row.doc.replace(b'"$":1', b'"$":99'))])

        hub._tools.store.run(newer, write=True)
        for call in (
            lambda: me.resources.get(made.id),
            lambda: me.resources.find().items,
            lambda: me.resources.edit(made.id, title="旧"),
        ):
            with pytest.raises(SchemaTooNew) as caught:
                call()
            assert caught.value.code == "codec.schema_too_new"
            assert "update tianfu-sdk" in caught.value.hint
        (row,) = hub._tools.store.run(lambda tx: tx.get("resource", [made.id]), write=False)
        assert b'"$":99' in row.doc


def test_an_empty_file_is_not_made_a_store_by_a_reader(file):
    file.touch()
    with pytest.raises(StorageReadOnly):
        store_at(file, read_only=True).open([NOTE])
    assert file.read_bytes() == b""


# Forks and ends.


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_parent_and_forked_child_write_at_once_and_lose_nothing(store):
    store._timeout = 20
    put(store, "note_0")
    child = os.fork()
    if child == 0:
        try:
            for n in range(40):
                put(store, f"child_{n}")
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a child that goes on would run the suite twice
            os._exit(1)
    for n in range(40):
        put(store, f"parent_{n}")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert count(store) == 81
    assert store.check() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_hub_works_in_a_forked_child_through_both_doors(file):
    import asyncio

    with Hub.open(f"sqlite:///{file}", clock=FrozenClock(), discover=False) as hub:
        account = hub.bootstrap(organization="省科协", region="510000")
        me = hub.as_(account.id)
        asyncio.run(me.aio.resources.find())
        child = os.fork()
        if child == 0:
            try:
                signal.alarm(20)
                made = asyncio.run(
                    me.aio.resources.create(title="子", organization=account.organization)
                )
                os._exit(0 if me.resources.get(made.id).title == "子" else 2)
            except BaseException:  # noqa: BLE001 - as above
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert [r.title for r in me.resources.find()] == ["子"]


def test_a_closed_store_says_so(store):
    store.close()
    store.close()
    for write in (True, False):
        with pytest.raises(StorageUnavailable) as caught:
            store.run(lambda tx: None, write=write)
        assert caught.value.code == "storage.closed"
    store.open([NOTE])
    put(store)


def test_a_transaction_inside_another_says_what_to_use(store):
    with pytest.raises(StorageError) as caught:
        store.run(lambda _: put(store), write=True)
    assert caught.value.code == "storage.nested"
    assert "hub.unit" in caught.value.hint


@pytest.mark.parametrize(
    ("number", "error", "code"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StorageBusy, "storage.busy"),
        (sqlite3.SQLITE_LOCKED, StorageBusy, "storage.busy"),
        (sqlite3.SQLITE_READONLY_DBMOVED, StorageReadOnly, "storage.read_only"),
        (sqlite3.SQLITE_IOERR_FSYNC, StorageError, "storage.io"),
        (sqlite3.SQLITE_CORRUPT_VTAB, StorageCorrupt, "storage.corrupt"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, StorageUnavailable, "storage.cannot_open"),
        (sqlite3.SQLITE_INTERNAL, StorageError, "storage.failed"),
        (None, StorageError, "storage.failed"),
    ],
)
def test_every_result_code_becomes_an_error_of_ours(number, error, code):
    fault = sqlite3.OperationalError("secret text of the driver")
    if number is not None:
        fault.sqlite_errorcode = number
    with pytest.raises(StorageError) as caught, translated("kepu.db", 5):
        raise fault
    assert type(caught.value) is error
    assert caught.value.code == code
    assert "?" not in str(caught.value)
    assert "secret" not in str(caught.value)
