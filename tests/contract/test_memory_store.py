"""The memory store under the suites, and what only it promises."""

import os
import subprocess
import sys
import threading
from datetime import timedelta

import attrs
import pytest

from tianfu_sdk.backends.memory import MemoryStore
from tianfu_sdk.errors import Invalid, SchemaTooNew, StorageBusy, StorageError, StorageUnavailable
from tianfu_sdk.model.storage import Cursor, Key, Kind, NewJob
from tianfu_sdk.testing.cases.base import KINDS, note
from tianfu_sdk.testing.clock import CountingIds, FrozenClock
from tianfu_sdk.testing.search import SearchSuite
from tianfu_sdk.testing.storage import StorageSuite


class TestMemoryStore(StorageSuite):
    @pytest.fixture
    def store(self, clock):
        return MemoryStore(clock=clock)


class TestMemorySearch(SearchSuite):
    @pytest.fixture
    def store(self, clock):
        return MemoryStore(clock=clock)


class Window:
    """A store that outlives its `close`, so that the cases of several stores run here too."""

    def __init__(self, behind):
        self.behind = behind
        self.closed = False
        self.kinds = ()
        self.check = behind.check
        self.changes = behind.changes

    @property
    def capabilities(self):
        return attrs.evolve(self.behind.capabilities, persistent=True)

    def run(self, fn, *, write, max_lag=None):
        if self.closed:
            raise StorageUnavailable("storage.closed")
        if any(self.behind._root.kinds[kind.name] != kind for kind in self.kinds):
            raise SchemaTooNew("storage.schema_changed", place="memory:")
        return self.behind.run(fn, write=write, max_lag=max_lag)

    def open(self, kinds):
        self.behind.open(kinds)
        self.kinds = [self.behind._root.kinds[kind.name] for kind in kinds]

    def migrate(self, kinds, rekey, progress=None):
        self.behind.migrate(kinds, rekey, progress)
        self.open(kinds)

    def close(self):
        self.closed = True


class TestSeveralStores(StorageSuite):
    @pytest.fixture
    def behind(self, clock):
        return MemoryStore(clock=clock)

    @pytest.fixture
    def store(self, behind):
        return Window(behind)

    @pytest.fixture
    def reopen(self, behind):
        return lambda: Window(behind)

    # In memory a kind is migrated whole or not at all, and while it is nobody else gets in.
    test_another_process_goes_on_where_one_ended = None
    test_who_has_it_open_writes_nothing_once_it_began = None


@pytest.fixture
def store():
    store = MemoryStore(clock=FrozenClock(), timeout=0.05)
    store.open(KINDS)
    return store


def test_a_writer_waits_for_its_turn_only_so_long(store):
    inside, go = threading.Event(), threading.Event()

    def hold(tx):
        inside.set()
        assert go.wait(10)

    thread = threading.Thread(target=store.run, args=(hold,), kwargs={"write": True})
    thread.start()
    try:
        assert inside.wait(10)
        with pytest.raises(StorageBusy) as caught:
            store.run(lambda _: None, write=True)
    finally:
        go.set()
        thread.join()
    assert caught.value.code == "storage.busy"
    assert caught.value.retryable
    store.run(lambda tx: tx.put("note", [note("a")]), write=True)


def test_writers_come_in_the_order_in_which_they_asked():
    store = MemoryStore(clock=FrozenClock())
    store.open(KINDS)
    order = []
    asked = [threading.Event() for _ in range(5)]

    def write(number):
        asked[number].set()
        store.run(lambda _: order.append(number), write=True)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]

    def first(_):
        for number, thread in enumerate(threads):
            thread.start()
            assert asked[number].wait(10)
            while len(store._turns._waiting) <= number:
                pass

    store.run(first, write=True)
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]


def test_what_is_read_cannot_be_changed(store):
    store.run(lambda tx: tx.put("note", [note("a")]), write=True)
    (row,) = store.run(lambda tx: tx.get("note", ["a"]), write=False)
    with pytest.raises(TypeError):
        row.keys["name"] = "changed"


def test_a_kind_may_change_while_it_is_empty(store):
    other = Kind("note", keys=(Key("name"),))
    store.open([other])
    store.run(lambda tx: tx.put("note", [attrs.evolve(note("a"), keys={"name": "x"})]), write=True)
    with pytest.raises(StorageError) as caught:
        store.open(KINDS)
    assert (caught.value.code, caught.value.path) == ("storage.kind_changed", "note")


def test_opening_inside_run_is_refused(store):
    with pytest.raises(StorageError) as caught:
        store.run(lambda _: store.open(KINDS), write=False)
    assert caught.value.code == "storage.nested"


def test_before_open_and_after_close_there_is_nothing(store):
    fresh = MemoryStore(clock=FrozenClock())
    with pytest.raises(StorageUnavailable):
        fresh.run(lambda _: None, write=False)
    store.run(lambda tx: tx.put("note", [note("a")]), write=True)
    store.close()
    store.open(KINDS)
    assert store.run(lambda tx: tx.get("note", ["a"]), write=False) == []


def test_closing_under_a_writer_loses_its_write(store):
    def body(tx):
        tx.put("note", [note("a")])
        store.close()

    with pytest.raises(StorageUnavailable):
        store.run(body, write=True)


def test_a_conflict_says_which_and_later_verbs_say_it_again(store):
    def body(tx):
        for _ in range(2):
            with pytest.raises(Exception, match=r"storage\.version") as caught:
                tx.put("note", [note("a", 3), note("b"), note("c", 1)])
            assert caught.value.values == {"ids": ("a", "c"), "kind": "note"}
        with pytest.raises(Exception, match=r"storage\.version"):
            tx.get("note", ["a"])

    with pytest.raises(Exception, match=r"storage\.version"):
        store.run(body, write=True)


@pytest.mark.parametrize("cursor", ["", "x", "-1", "１", "1 "])
def test_a_cursor_that_is_none_is_refused(store, cursor):
    with pytest.raises(Invalid) as caught:
        store.run(lambda tx: tx.read("s", Cursor(cursor), 1), write=False)
    assert caught.value.code == "storage.cursor"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_goes_on_without_the_parents_threads():
    # In a process of its own: forking one that has threads warns on newer Pythons.
    code = """
import os, threading, warnings
from tianfu_sdk.backends.memory import MemoryStore
from tianfu_sdk.testing.clock import FrozenClock
from tianfu_sdk.testing.cases.base import KINDS, note
warnings.simplefilter("ignore")
store = MemoryStore(clock=FrozenClock(), timeout=5)
store.open(KINDS)
store.run(lambda tx: tx.append("s", [b"1"]), write=True)
inside, go = threading.Event(), threading.Event()
thread = threading.Thread(target=lambda: store.run(lambda _: (inside.set(), go.wait(20)), write=True))
thread.start()
inside.wait(20)
child = os.fork()
if child == 0:
    store.run(lambda tx: tx.append("s", [b"2"]), write=True)
    bodies = [e.body for e in store.run(lambda tx: tx.read("s", None, 9), write=False)]
    os._exit(0 if bodies == [b"1", b"2"] else 3)
status = os.waitpid(child, 0)[1]
go.set()
thread.join()
assert [e.body for e in store.run(lambda tx: tx.read("s", None, 9), write=False)] == [b"1"]
raise SystemExit(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run([sys.executable, "-c", code], timeout=50, check=False)
    assert done.returncode == 0


def test_the_frozen_clock_moves_when_told():
    clock = FrozenClock()
    first = clock.now()
    assert clock.now() == first
    assert clock.tick(timedelta(minutes=1)) == first + timedelta(minutes=1) == clock.now()
    clock.set(first)
    assert clock.now() == first


def test_counting_ids_grow_and_have_their_form():
    ids = CountingIds()
    made = [ids.new("res") for _ in range(1100)]
    assert made == sorted(set(made))
    assert {len(i) for i in made} == {len("res_") + 26}
    tokens = {ids.token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {32}


def test_the_kit_is_asked_for_without_pytest():
    code = (
        "import sys, tianfu_sdk.testing as t; t.FrozenClock; t.CountingIds; dir(t);"
        "assert 'pytest' not in sys.modules; t.StorageSuite; assert 'pytest' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=50, check=False)
    assert done.returncode == 0


def test_a_job_with_a_due_moment_waits(store):
    clock = store._clock
    store.run(lambda tx: tx.enqueue("q", [NewJob("k", due=clock.now())]), write=True)
    jobs = store.run(lambda tx: tx.claim("q", 1, timedelta(minutes=1), "w"), write=True)
    assert [job.token for job in jobs] == [f"{1:032x}"]


def test_the_test_hub_is_a_function_however_often_it_is_asked_for():
    code = (
        "import tianfu_sdk as tf; tf.testing.hub().close(); tf.testing.hub().close();"
        "from tianfu_sdk.testing import hub; hub().close()"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=50, check=False)
    assert done.returncode == 0
