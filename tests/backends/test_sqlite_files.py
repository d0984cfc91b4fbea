"""Who may read the files of a store, and what is left in them."""

import os
import stat

import pytest

from tianfu_sdk.backends.sqlite import SqliteStore
from tianfu_sdk.model.storage import Kind, Row
from tianfu_sdk.testing import CountingIds, FrozenClock

NOTE = Kind("note")


@pytest.fixture(params=[0o000, 0o022, 0o077])
def _umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def opened(path):
    store = SqliteStore(path, clock=FrozenClock(), ids=CountingIds())
    store.open([NOTE])
    return store


def put(store, id_, doc, version=0):
    store.run(lambda tx: tx.put("note", [Row(id_, version, doc)]), write=True)


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.usefixtures("_umask")
def test_a_new_file_and_its_logs_are_for_their_owner_only(tmp_path):
    store = opened(tmp_path / "kepu.db")
    put(store, "a", b"x")
    assert modes(tmp_path) == {"kepu.db": 0o600, "kepu.db-wal": 0o600, "kepu.db-shm": 0o600}
    store.close()
    assert modes(tmp_path) == {"kepu.db": 0o600}


def test_a_file_that_is_there_keeps_the_mode_that_somebody_gave_it(tmp_path):
    opened(tmp_path / "kepu.db").close()
    (tmp_path / "kepu.db").chmod(0o640)
    store = opened(tmp_path / "kepu.db")
    put(store, "a", b"x")
    assert set(modes(tmp_path).values()) == {0o640}
    store.close()


def test_an_empty_file_is_taken_as_it_is(tmp_path):
    (tmp_path / "kepu.db").touch(mode=0o660)
    (tmp_path / "kepu.db").chmod(0o660)
    opened(tmp_path / "kepu.db").close()
    assert modes(tmp_path) == {"kepu.db": 0o660}


@pytest.mark.parametrize("how", ["delete", "replace"])
def test_after_scrubbing_no_file_holds_what_was_there(tmp_path, how):
    store = opened(tmp_path / "kepu.db")
    secret = os.urandom(40)
    for n in range(50):
        put(store, f"n{n}", b"filler" * 50)
    put(store, "a", secret)
    held = lambda: [p.name for p in tmp_path.iterdir() if secret in p.read_bytes()]  # noqa: E731
    assert held()
    if how == "delete":
        store.run(lambda tx: tx.delete("note", [("a", 1)]), write=True)
    else:
        put(store, "a", b"short", version=1)
    assert held() == ["kepu.db-wal"]
    assert store.scrub()
    assert held() == []
    store.close()
    assert held() == []


def test_a_store_for_reading_scrubs_nothing(tmp_path):
    opened(tmp_path / "kepu.db").close()
    store = SqliteStore(
        tmp_path / "kepu.db", clock=FrozenClock(), ids=CountingIds(), read_only=True
    )
    store.open([NOTE])
    assert not store.scrub()
    store.close()
