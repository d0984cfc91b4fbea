"""The link by itself: limits, and what is known when it ends."""

from __future__ import annotations

import socket
import struct
import threading
import time

import pytest

from tianfu_sdk.links.link import Link
from tianfu_sdk.links.wire import Answer, Arrival, Dead, Farewell, Reply, Times

QUICK = Times(answer=1.0, idle=5.0, probe=0.1, probes=2, write=0.3, goodbye=0.2)


class Wire:
    """Four bytes of kind, four of number: a answers, r asks, d delivers, e ends, x is wrong."""

    def __init__(self):
        self._rest = b""

    def heard(self, data):
        self._rest += data
        found = []
        while len(self._rest) >= 8:
            kind, number = struct.unpack_from(">4sI", self._rest)
            self._rest = self._rest[8:]
            if kind == b"xxxx":
                raise Dead("no such thing")
            if kind == b"boom":
                raise RuntimeError("a wire with a mistake")
            found.append(
                {
                    b"aaaa": Answer(number, number),
                    b"thro": Answer(number, number, throttled=True),
                    b"none": Answer(number, None),
                    b"rrrr": Reply(b"RRRRRRRR" * 2),
                    b"dddd": Arrival(number, b"yes-yes-", b"no--no--"),
                    b"eeee": Farewell(b"bye-bye-"),
                }[kind]
            )
        return found

    def probe(self, sequence):
        return struct.pack(">4sI", b"prob", sequence)

    def goodbye(self, sequence):
        return struct.pack(">4sI", b"good", sequence)


def asked(sequence):
    return struct.pack(">4sI", b"ask?", sequence)


@pytest.fixture
def made():
    links = []

    def make(times=QUICK, *, window=4, room=True):
        ours, theirs = socket.socketpair()
        theirs.settimeout(5.0)
        link = Link(ours, Wire(), window=window, times=times, arrived=lambda *_: room)
        links.append((link, theirs))
        return link, theirs

    yield make
    for link, theirs in links:
        theirs.close()
        link.close()
        assert not link._thread.is_alive()


def answering(theirs, kind=b"aaaa"):
    def serve():
        try:
            while data := theirs.recv(8):
                theirs.sendall(struct.pack(">4s4s", kind, data[4:]))
        except OSError:
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def ended(link, seconds=5.0):
    end = time.monotonic() + seconds
    while not link.why and time.monotonic() < end:
        time.sleep(0.005)
    return link.why


def test_answers_find_their_requests_in_any_order(made):
    link, theirs = made()

    def serve():
        numbers = [theirs.recv(8)[4:] for _ in range(4)]
        for number in reversed(numbers):
            theirs.sendall(b"aaaa" + number)

    thread = threading.Thread(target=serve)
    thread.start()
    said = link.exchange([asked] * 4, 5.0)
    thread.join()
    assert said == [("said", number) for number in (1, 2, 3, 4)]


def test_the_window_lets_so_many_out_and_no_more(made):
    link, theirs = made(window=2)
    worker = threading.Thread(target=link.exchange, args=([asked] * 5, 0.3))
    worker.start()
    worker.join()
    assert len(theirs.recv(1000)) == 2 * 8


def test_what_is_not_answered_is_lost_and_what_waits_was_not_sent(made):
    link, _ = made(window=2)
    assert [o for o, _ in link.exchange([asked] * 4, 0.2)] == ["lost"] * 2 + ["unsent"] * 2


def test_an_answer_that_cannot_be_read_is_lost(made):
    link, theirs = made()
    answering(theirs, b"none")
    assert link.exchange([asked], 5.0) == [("lost", None)]


@pytest.mark.parametrize("times", [QUICK, Times(answer=0.05)], ids=["given up", "expired"])
def test_an_answer_that_comes_late_is_told_and_frees_its_place(made, times):
    link, theirs = made(times, window=1)
    told = []
    frames = [asked]
    assert link.exchange(frames, 0.15, lambda *late: told.append(late)) == [("lost", None)]
    theirs.sendall(b"aaaa" + theirs.recv(8)[4:])
    answering(theirs)
    assert link.exchange([asked], 5.0) == [("said", 2)]
    assert told == [(0, 1)]


def test_an_answer_that_nobody_asked_for_is_nothing(made):
    link, theirs = made()
    theirs.sendall(struct.pack(">4sI", b"aaaa", 77))
    answering(theirs)
    assert link.exchange([asked], 5.0) == [("said", 1)]


def test_a_peer_that_does_not_read_is_left_in_time(made):
    link, _ = made(window=64)
    big = [lambda _: b"B" * 65536] * 64
    start = time.monotonic()
    outcomes = {o for o, _ in link.exchange(big, 5.0)}
    assert time.monotonic() - start < 3
    assert link.why == "not_read"
    assert outcomes == {"lost", "unsent"}


def test_a_peer_that_asks_and_does_not_read_fills_no_memory(made):
    link, theirs = made()
    most = 0

    def ask():
        nonlocal most
        for _ in range(100_000):
            theirs.sendall(struct.pack(">4sI", b"rrrr", 1) * 1000)
            most = max(most, len(link._out))

    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        ask()
    assert ended(link) == "not_read"
    # What is full, and the answers to what was read before that was seen.
    assert 0 < most <= 262_144 + 2 * 65_536


def test_a_silent_peer_is_asked_twice_and_left(made):
    link, theirs = made(Times(idle=0.05, probe=0.1, probes=2))
    assert ended(link) == "silent"
    assert theirs.recv(1000)[:4] == b"prob"


def test_what_is_delivered_without_room_is_refused(made):
    _, theirs = made(room=False)
    theirs.sendall(struct.pack(">4sI", b"dddd", 1))
    assert theirs.recv(8) == b"no--no--"


def test_a_peer_that_ends_it_is_answered(made):
    link, theirs = made()
    theirs.sendall(struct.pack(">4sI", b"eeee", 1))
    assert theirs.recv(8) == b"bye-bye-"
    assert ended(link) == "closed"
    assert link.exchange([asked], 1.0) == [("unsent", None)]


@pytest.mark.parametrize(("kind", "why"), [(b"xxxx", "no such thing"), (b"boom", "RuntimeError")])
def test_who_waits_is_told_whatever_ends_it(made, kind, why):
    link, theirs = made()

    def serve():
        theirs.recv(8)
        theirs.sendall(kind + bytes(4))

    thread = threading.Thread(target=serve)
    thread.start()
    assert link.exchange([asked], 5.0) == [("lost", None)]
    thread.join()
    assert ended(link) == why


def test_nothing_is_unsent_of_which_a_byte_left(made):
    link, theirs = made(window=64)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    said = []
    worker = threading.Thread(
        target=lambda: said.extend(link.exchange([lambda _: b"B" * 50_000] * 64, 5.0))
    )
    worker.start()
    got = theirs.recv(200_000)
    time.sleep(0.05)
    theirs.close()
    worker.join()
    outcomes = [outcome for outcome, _ in said]
    assert outcomes == sorted(outcomes)
    assert outcomes.count("lost") >= -(-len(got) // 50_000)
    assert outcomes.count("unsent") > 0


def test_closing_waits_for_answers_that_are_coming(made):
    link, theirs = made(Times(goodbye=2.0))

    def serve():
        number = theirs.recv(8)[4:]
        time.sleep(0.2)
        theirs.sendall(b"aaaa" + number)
        assert theirs.recv(8)[:4] == b"good"
        theirs.sendall(struct.pack(">4sI", b"aaaa", 2))

    thread = threading.Thread(target=serve)
    thread.start()
    said = []
    worker = threading.Thread(target=lambda: said.extend(link.exchange([asked], 5.0)))
    worker.start()
    time.sleep(0.05)
    link.close()
    worker.join()
    thread.join()
    assert said == [("said", 1)]
    assert link.why == "closed"
