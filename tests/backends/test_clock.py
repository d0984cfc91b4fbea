"""The machine's clock, and ids that grow with time."""

import os
import re
import threading
from datetime import UTC, timedelta

import pytest

from tianfu_sdk.backends.clock import SystemClock, TimeOrderedIds
from tianfu_sdk.testing import FrozenClock


def test_the_clock_tells_utc():
    one, two = SystemClock().now(), SystemClock().now()
    assert one.tzinfo is UTC
    assert one <= two


def test_ids_have_prefix_and_26_letters():
    id_ = TimeOrderedIds(SystemClock()).new("res")
    assert re.fullmatch(r"res_[0-9a-hjkmnp-tv-z]{26}", id_)


def test_ids_grow_within_a_millisecond_and_with_time():
    clock = FrozenClock()
    ids = TimeOrderedIds(clock)
    made = [ids.new("x") for _ in range(500)]
    clock.tick(timedelta(milliseconds=1))
    made += [ids.new("x") for _ in range(500)]
    assert made == sorted(set(made))


def test_ids_do_not_go_back_when_the_clock_does():
    clock = FrozenClock()
    ids = TimeOrderedIds(clock)
    before = ids.new("x")
    clock.tick(-timedelta(hours=1))
    assert ids.new("x") > before


def test_threads_never_make_one_id_twice():
    ids = TimeOrderedIds(FrozenClock())
    made = []

    def make():
        made.extend([ids.new("x") for _ in range(500)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_does_not_count_where_its_parent_does():
    ids = TimeOrderedIds(FrozenClock())
    ids.new("x")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, "".join(ids.new("x") for _ in range(50)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    text = os.read(reader, 10_000).decode()
    os.close(reader)
    os.close(writer)
    theirs = {f"x_{part}" for part in text.split("x_")[1:]}
    assert len(theirs) == 50
    assert not theirs & {ids.new("x") for _ in range(50)}


def test_tokens_are_not_alike():
    ids = TimeOrderedIds(SystemClock())
    assert len({ids.token() for _ in range(100)}) == 100
    assert len(ids.token()) == 32
