"""Connections that are lost: between transactions, in them, and during COMMIT."""

import contextlib
import os
import re
import select
import socket
import threading
import time

import pytest

from tianfu_sdk.errors import CommitUnknown, StorageUnavailable
from tianfu_sdk.model.storage import Key, Kind, Query, Row
from tianfu_sdk.ports.storage import Store

pytestmark = [pytest.mark.server, pytest.mark.ci]

THING = Kind("thing", (Key("number", "int"),))
PATIENCE = 10


def thing(row_id, version=0, number=0):
    return Row(row_id, version, b"{}", {"number": number})


class Wire:
    """Stands between store and server, and cuts where it is told to.

    `cut`: "before", a COMMIT is not handed on; "after", its answer is not; "dead", its answer
    is not, and nobody is let in any more.
    """

    def __init__(self, port):
        self.cut = None
        self.cuts = 0
        self.open = True
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self.open:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client, server):
        with client, server, contextlib.suppress(OSError):
            dropping = False
            while True:
                for ready in select.select([client, server], [], [], 30)[0]:
                    data = ready.recv(65536)
                    if not data or (dropping and ready is server):
                        return
                    if ready is client and self.cut and re.search(rb"COMMIT(?!TED)", data):
                        cut, self.cut = self.cut, None
                        self.cuts += 1
                        self.open = cut != "dead"
                        if cut == "before":
                            return
                        dropping = True
                    (server if ready is client else client).sendall(data)

    def close(self):
        self._listener.close()


@pytest.fixture(params=["postgresql", "mariadb"])
def where(request):
    """The server's port and a URL of an empty place, by TCP."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
        server = request.getfixturevalue("postgresql_server")
        return server, server.tcp_url("postgres") + "?options=-c%20search_path%3Dquick"
    url = request.getfixturevalue("mariadb_url")
    server = request.getfixturevalue("mariadb_server")
    return server, server.tcp_url(url.partition("@localhost/")[2].partition("?")[0])


@pytest.fixture
def wire(where):
    wire = Wire(where[0].port)
    yield wire
    wire.close()


@pytest.fixture
def make(where, wire, opened):
    """Makes opened stores whose connections go over the wire."""
    made = []

    def make(*, timeout=3.0):
        url = where[1].replace(f":{where[0].port}", f":{wire.port}")
        store = opened(url, timeout=timeout)
        made.append(store)
        store.open([THING])
        return store

    yield make
    for store in made:
        store.close()


def kill_connection(store: Store):
    """Cut the connection of this thread under the store's feet."""
    session = store._connections.take()
    descriptor = (
        session._pgconn.socket
        if hasattr(session, "_pgconn")
        else session._connection._sock.fileno()
    )
    with socket.socket(fileno=os.dup(descriptor)) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def numbers(store):
    rows = store.run(lambda tx: tx.find("thing", Query()), write=False)
    return {row.id: row.keys["number"] for row in rows}


@pytest.mark.parametrize("write", [True, False])
def test_a_connection_lost_between_transactions_is_made_anew(make, write):
    store = make()
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    kill_connection(store)
    found = store.run(lambda tx: tx.get("thing", ["a"]), write=write)
    assert [row.id for row in found] == ["a"]


@pytest.mark.parametrize("write", [True, False])
def test_a_connection_lost_in_a_transaction_runs_the_body_again(make, write):
    store = make()
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    runs = []

    def body(tx):
        runs.append(tx)
        row = tx.get("thing", ["a"])[0]
        if write:
            tx.put("thing", [thing("a", row.version, row.keys["number"] + 1)])
        if len(runs) == 1:
            kill_connection(store)
        return len(tx.find("thing", Query()))

    assert store.run(body, write=write) == 1
    assert len(runs) == 2
    assert numbers(store) == {"a": int(write)}


def add(runs):
    def body(tx):
        runs.append(tx)
        (row,) = tx.get("thing", ["a"])
        number = row.keys["number"] + 1
        tx.put("thing", [thing("a", row.version, number)])
        return number

    return body


def test_a_commit_that_never_arrived_is_run_again_once(make, wire):
    store = make()
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    runs = []
    wire.cut = "before"
    assert store.run(add(runs), write=True) == 1
    assert (wire.cuts, len(runs)) == (1, 2)
    assert numbers(store) == {"a": 1}


def test_a_commit_whose_answer_was_lost_is_looked_up_and_not_run_again(make, wire):
    store = make()
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    runs = []
    wire.cut = "after"
    assert store.run(add(runs), write=True) == 1
    assert (wire.cuts, len(runs)) == (1, 1)
    assert numbers(store) == {"a": 1}


def test_what_nobody_can_tell_is_said_to_be_unknown(make, wire):
    store = make(timeout=0.3)
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    runs = []
    wire.cut = "dead"
    with pytest.raises(CommitUnknown) as caught:
        store.run(add(runs), write=True)
    assert caught.value.code == "storage.commit_unknown"
    assert len(runs) == 1
    with pytest.raises(StorageUnavailable) as refused:
        numbers(store)
    assert refused.value.code == "storage.refused"
    wire.open = True
    assert numbers(store) == {"a": 1}


def test_twenty_commits_cut_at_random_add_up(make, wire):
    store = make()
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    for turn in range(20):
        wire.cut = ("before", "after", None)[turn % 3]
        store.run(add([]), write=True)
    assert wire.cuts == 14
    assert numbers(store) == {"a": 20}


def test_a_marker_once_void_can_not_be_committed_any_more(make, where, opened):
    # The old transaction is still open when its fate is looked up: the look-up waits for it.
    store, other = make(), opened(where[1], timeout=3.0)
    other.open([THING])
    marker = store._parts.markers.new()
    session = store._connections.take()
    session.begin(write=True)
    session.do(f"INSERT INTO tf_commit (id, void) VALUES ('{marker}', 0)")
    answers = []
    looking = threading.Thread(
        target=lambda: answers.append(other._parts.markers.done(other._connections.take(), marker))
    )
    looking.start()
    time.sleep(0.3)
    assert answers == []
    session.rollback()
    looking.join(PATIENCE)
    assert answers == [False]
    # Whoever looks again gets the same answer, and the marker is taken.
    assert not store._parts.markers.done(store._connections.take(), marker)
    session = store._connections.take()
    session.begin(write=True)
    with pytest.raises(store._driver.errors):
        session.do(f"INSERT INTO tf_commit (id, void) VALUES ('{marker}', 0)")
    session.rollback()
    other.close()


def test_old_markers_are_purged(make):
    store = make()
    old = f"{1000:012x}" + "0" * 20
    session = store._connections.take()
    session.do(f"INSERT INTO tf_commit (id, void) VALUES ('{old}', 0)")
    store.run(lambda tx: tx.put("thing", [thing("a")]), write=True)
    store._parts.markers.purge(session)
    session.begin(write=False)
    left = session.rows(store._parts.markers._look, (old,))
    session.commit(None)
    assert left == []
    assert numbers(store) == {"a": 0}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_a_connection_of_its_own(make):
    store = make()
    store.run(lambda tx: tx.put("thing", [thing("parent")]), write=True)
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            store.run(lambda tx: tx.put("thing", [thing("child")]), write=True)
            code = 0
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    store.run(lambda tx: tx.put("thing", [thing("after")]), write=True)
    assert set(numbers(store)) == {"parent", "child", "after"}


def test_connections_of_threads_that_ended_are_closed(make):
    store = make()
    for _ in range(3):
        thread = threading.Thread(target=numbers, args=(store,))
        thread.start()
        thread.join()
    assert len(store._connections._all) == 1
