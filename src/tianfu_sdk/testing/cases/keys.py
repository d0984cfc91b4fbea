"""Cases of holders of master keys: each opens its own and says so when it cannot."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tianfu_sdk.errors import CryptoError
from tianfu_sdk.model.keys import Suite
from tianfu_sdk.ports.keys import Keys

__all__ = ["KeysCases"]

_LENGTHS = (16, 17, 32, 33, 64)
"""Bytes of subjects' keys that a holder must take."""
_SUBJECT = "sub_01h0000000000000000000000a"


class KeysCases:
    """Fixtures and cases. An author overrides `keys`, `again` and `elsewhere`."""

    @pytest.fixture
    def keys(self) -> Keys:
        """Give the holder. Override this."""
        raise NotImplementedError("override the fixture `keys`: return MyKeys(…)")

    @pytest.fixture
    def again(self) -> Callable[[], Keys]:
        """Give a maker of further holders of the same keys. Override this."""
        raise NotImplementedError("override the fixture `again`: return lambda: MyKeys(…)")

    @pytest.fixture
    def elsewhere(self) -> Keys:
        """Give a holder of other keys. Override this."""
        raise NotImplementedError("override the fixture `elsewhere`: return MyKeys(other=…)")

    @pytest.fixture
    def rotated(self) -> Keys | None:
        """Give a holder of the same keys and a newer one, or None where none can be added."""
        return None

    # Names.

    def test_the_current_key_is_one_that_is_known(self, keys: Keys) -> None:
        known = keys.known()
        assert keys.current() in [key.id for key in known if key.seals]
        assert len({key.id for key in known}) == len(known)
        assert {type(key.suite) for key in known} == {Suite}

    def test_an_id_fits_a_column_and_is_no_key(self, keys: Keys) -> None:
        for key in keys.known():
            assert 0 < len(key.id) <= 64
            assert key.id.isascii()
            assert key.id.isalnum()

    def test_the_same_key_has_the_same_id_everywhere(
        self, keys: Keys, again: Callable[[], Keys], elsewhere: Keys
    ) -> None:
        assert keys.current() == again().current() != elsewhere.current()

    # Wrapping.

    @pytest.mark.parametrize("length", _LENGTHS)
    def test_what_is_wrapped_is_unwrapped_again(
        self, keys: Keys, again: Callable[[], Keys], length: int
    ) -> None:
        for key in (secrets.token_bytes(length), bytes(length)):
            wrapped = keys.wrap(key, _SUBJECT)
            assert keys.unwrap(wrapped, _SUBJECT) == key
            assert again().unwrap(wrapped, _SUBJECT) == key

    def test_a_wrapped_key_does_not_show_itself_and_is_another_one_each_time(
        self, keys: Keys
    ) -> None:
        key = secrets.token_bytes(32)
        one, two = keys.wrap(key, _SUBJECT), keys.wrap(key, _SUBJECT)
        assert one != two
        for part in range(0, 32, 8):
            assert key[part : part + 8] not in one

    def test_a_wrapped_key_is_of_one_subject_only(self, keys: Keys) -> None:
        wrapped = keys.wrap(secrets.token_bytes(32), _SUBJECT)
        for other in ("", _SUBJECT[:-1], _SUBJECT[:-1] + "b", "exp" + _SUBJECT[3:]):
            with pytest.raises(CryptoError) as caught:
                keys.unwrap(wrapped, other)
            assert caught.value.code == "keys.wrong"

    def test_every_changed_byte_is_noticed(self, keys: Keys) -> None:
        wrapped = keys.wrap(secrets.token_bytes(32), _SUBJECT)
        torn = [wrapped[:end] for end in (0, 1, len(wrapped) // 2, len(wrapped) - 1)]
        flipped = [
            wrapped[:place] + bytes([wrapped[place] ^ 1]) + wrapped[place + 1 :]
            for place in range(len(wrapped))
        ]
        for odd in (*torn, *flipped, wrapped + b"\0"):
            with pytest.raises(CryptoError) as caught:
                keys.unwrap(odd, _SUBJECT)
            # A changed byte may name another key: then nobody has that.
            assert caught.value.code in ("keys.wrong", "keys.unknown")

    def test_a_key_that_is_not_here_is_told_apart(self, keys: Keys, elsewhere: Keys) -> None:
        for holder, other in ((keys, elsewhere), (elsewhere, keys)):
            with pytest.raises(CryptoError) as caught:
                holder.unwrap(other.wrap(secrets.token_bytes(32), _SUBJECT), _SUBJECT)
            assert caught.value.code == "keys.unknown"

    # Blind index.

    def test_an_index_is_16_bytes_and_the_same_everywhere(
        self, keys: Keys, again: Callable[[], Keys]
    ) -> None:
        for value in (b"", b"phone:+8613800000000", b"\0" * 300, "ཟླ་བ་".encode()):
            index = keys.index(value)
            assert len(index) == 16
            assert index == again().index(value) == keys.index(value, keys.current())

    def test_an_index_tells_values_and_keys_apart(self, keys: Keys, elsewhere: Keys) -> None:
        values = [f"phone:+86138{number:08d}".encode() for number in range(500)]
        indexes = {keys.index(value) for value in values}
        assert len(indexes) == len(values)
        assert indexes.isdisjoint({elsewhere.index(value) for value in values})
        # Nothing of a value stands in its index, however short it is.
        assert keys.index(b"1")[:8] != keys.index(b"2")[:8]
        assert keys.index(b"\0") != keys.index(b"") != keys.index(b"\0\0")

    def test_an_index_under_a_key_that_is_not_here_is_refused(
        self, keys: Keys, elsewhere: Keys
    ) -> None:
        for id_ in (elsewhere.current(), "0000000000000000"):
            with pytest.raises(CryptoError) as caught:
                keys.index(b"phone:+8613800000000", id_)
            assert caught.value.code == "keys.unknown"

    # More than one key.

    def test_a_newer_key_takes_over_and_the_older_one_stays(
        self, keys: Keys, rotated: Keys | None
    ) -> None:
        if rotated is None:
            pytest.skip("the fixture `rotated` gives none")
        before, value = keys.current(), b"phone:+8613800000000"
        assert rotated.current() != before
        assert [key.id for key in rotated.known()][-2:] == [before, rotated.current()]
        key = secrets.token_bytes(32)
        assert rotated.unwrap(keys.wrap(key, _SUBJECT), _SUBJECT) == key
        assert rotated.index(value, before) == keys.index(value)
        assert rotated.index(value) == rotated.index(value, rotated.current())
        assert rotated.index(value) != keys.index(value)
        with pytest.raises(CryptoError) as caught:
            keys.unwrap(rotated.wrap(key, _SUBJECT), _SUBJECT)
        assert caught.value.code == "keys.unknown"

    # Threads, and silence.

    def test_eight_threads_share_a_holder(self, again: Callable[[], Keys]) -> None:
        fresh = again()

        def work(number: int) -> bytes:
            key = number.to_bytes(32, "big")
            assert fresh.unwrap(fresh.wrap(key, f"sub_{number}"), f"sub_{number}") == key
            return fresh.index(b"same")

        with ThreadPoolExecutor(8) as executor:
            assert len(set(executor.map(work, range(400)))) == 1

    def test_neither_keys_nor_values_are_said_aloud(
        self, keys: Keys, caplog: pytest.LogCaptureFixture
    ) -> None:
        key, phone = secrets.token_hex(16), "+8613800138000"
        with caplog.at_level(logging.DEBUG):
            wrapped = keys.wrap(key.encode(), _SUBJECT)
            keys.index(phone.encode())
            keys.unwrap(wrapped, _SUBJECT)
            with pytest.raises(CryptoError) as caught:
                keys.unwrap(wrapped[:-1], _SUBJECT)
        said = " ".join(
            [repr(keys), str(keys), caplog.text, repr(caught.value), str(caught.value.values)]
            + [repr(vars(record)) for record in caplog.records]
        )
        assert key not in said
        assert phone[3:] not in said
