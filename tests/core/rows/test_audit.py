"""Digests and chains of the audit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.rows.audit import GENESIS, chain, entry, line_digest, read_entry

digests = st.lists(st.binary(max_size=8).map(line_digest), max_size=6)


@given(digests, digests)
def test_two_batches_have_one_digest_only_if_they_are_equal(one, other):
    assert (chain(GENESIS, one) == chain(GENESIS, other)) is (one == other)


@given(digests, st.data())
def test_a_chain_tells_what_came_before(batch, data):
    before = data.draw(st.binary(min_size=1).map(line_digest))
    assert chain(before, batch) != chain(GENESIS, batch)


def test_digests_are_sha_256_of_the_document():
    assert line_digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert chain(GENESIS, []) == line_digest(GENESIS.encode())


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("0123456789abcdef", max_size=64))
def test_an_entry_is_read_as_it_was_written(line, digest):
    assert read_entry(entry(line, digest)) == (line, digest)


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"[1,2,3]", b"\xff", b"null"])
def test_an_entry_that_was_tampered_with_is_not_read(body):
    with pytest.raises((ValueError, TypeError)):
        read_entry(body)
