"""What is remembered of a file's keys: exact, small, and gone afterwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.backends.sqlite.first_seen import SqliteFirstSeen
from tianfu_sdk.errors import StorageFull


@pytest.fixture
def seen():
    found = SqliteFirstSeen()
    yield found
    found.close()
    found.close()


def test_a_key_is_known_by_the_number_it_first_came_with(seen):
    assert seen.firsts([(b"a", 2), (b"b", 3), (b"a", 4)]) == [2, 3, 2]
    assert seen.firsts([(b"b", 5), (b"c", 6)]) == [3, 6]
    assert seen.firsts([]) == []


def test_the_same_row_read_again_is_the_first_still(seen):
    rows = [(b"a", 2), (b"b", 3)]
    assert seen.firsts(rows) == seen.firsts(rows) == [2, 3]


@given(st.lists(st.lists(st.binary(max_size=3), max_size=5), max_size=8))
def test_it_is_a_dictionary(batches):
    known, number = {}, 0
    found = SqliteFirstSeen()
    for batch in batches:
        pairs = [(key, number + place) for place, key in enumerate(batch)]
        number += len(batch)
        assert found.firsts(pairs) == [known.setdefault(key, n) for key, n in pairs]
    found.close()


def test_two_memories_know_nothing_of_each_other(seen):
    other = SqliteFirstSeen()
    seen.firsts([(b"a", 1)])
    assert other.firsts([(b"a", 2)]) == [2]
    other.close()


def test_what_is_too_much_for_its_cache_goes_to_disk(seen):
    """30,000 keys of 16 bytes fill more than the whole cache."""
    seen._connection.execute("PRAGMA cache_size = 10")
    for start in range(0, 30_000, 500):
        pairs = [(n.to_bytes(16, "little"), n) for n in range(start, start + 500)]
        assert seen.firsts(pairs) == list(range(start, start + 500))
    assert seen.firsts([((7).to_bytes(16, "little"), 99), (b"new", 100)]) == [7, 100]


def test_a_full_disk_is_told(seen):
    seen._connection.execute("PRAGMA max_page_count = 4")
    with pytest.raises(StorageFull) as caught:
        seen.firsts([(n.to_bytes(64, "little"), n) for n in range(1000)])
    assert caught.value.code == "storage.full"
