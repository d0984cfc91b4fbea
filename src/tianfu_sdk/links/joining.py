"""Inbound messages of several parts, put together again. Pure but for the clock it is given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, TypeVar

import attrs

__all__ = ["Concat", "Joined", "Joiner", "split_header"]

T = TypeVar("T")

_LENGTHS = {0x00: 3, 0x08: 4}
"""Of the information elements that say which part this is, with 8 and 16 bits of reference."""


@attrs.frozen
class Concat:
    """Which part of which message a text is."""

    reference: int
    total: int
    number: int
    """From 1."""


def split_header(data: bytes) -> tuple[Concat | None, bytes]:
    """Take the user data header off a text that has one.

    Args:
        data: Header and text.

    Returns:
        Which part it is, where the header says that and says it well; and the text. A header
        that does not fit is text.

    Source: 3GPP TS 23.040, 9.2.3.24.1 and 9.2.3.24.8.
    """
    length = data[0] + 1 if data else 0
    if not data or length > len(data):
        return None, data
    at, concat = 1, None
    while at + 2 <= length:
        kind, size = data[at], data[at + 1]
        value = data[at + 2 : at + 2 + size]
        if at + 2 + size > length:
            return None, data
        if _LENGTHS.get(kind) == size:
            total, number = value[-2], value[-1]
            if 1 <= number <= total:
                concat = Concat(int.from_bytes(value[:-2], "big"), total, number)
        at += 2 + size
    return (concat if concat is None or concat.total > 1 else None), data[length:]


@attrs.frozen
class Joined(Generic[T]):
    """A message, whole or as far as it came."""

    data: bytes = attrs.field(repr=False)
    held: Sequence[T]
    """What came with its parts."""


@attrs.define
class _Message(Generic[T]):
    at: float
    total: int
    parts: dict[int, tuple[bytes, list[T]]] = attrs.field(factory=dict)

    def joined(self) -> Joined[T]:
        parts = [self.parts[number] for number in sorted(self.parts)]
        data = b"".join(data for data, _ in parts)
        return Joined(data, [one for _, held in parts for one in held])


class Joiner(Generic[T]):
    """Collects parts until a message is whole. One thread at a time may use it.

    Args:
        most: Messages at most that wait for parts.
        patience: Seconds after which one is handed on as far as it came.
    """

    def __init__(self, most: int = 1000, patience: float = 600.0) -> None:
        self._most = most
        self._patience = patience
        self._messages: OrderedDict[tuple[object, int, int], _Message[T]] = OrderedDict()

    def add(
        self, sender: object, concat: Concat, data: bytes, held: T, now: float
    ) -> Joined[T] | None:
        """Take a part; gives the message once it is whole.

        Args:
            sender: Whose message it is, and all else that parts of one have in common.
            concat: Which part it is.
            data: Its bytes; joined before they are read, as a character may be cut.
            held: What came with it.
            now: Seconds, of any clock that only goes on.
        """
        key = (sender, concat.reference, concat.total)
        message = self._messages.get(key)
        if message is None:
            message = self._messages[key] = _Message(now, concat.total)
        before = message.parts.get(concat.number)
        # Said twice: both are to be told that it is stored.
        message.parts[concat.number] = (data, [*(before[1] if before else ()), held][-8:])
        if len(message.parts) < message.total:
            return None
        del self._messages[key]
        return message.joined()

    def late(self, now: float) -> list[Joined[T]]:
        """Give what waited too long, and the oldest of too many, as far as they came."""
        found = []
        while self._messages:
            key, message = next(iter(self._messages.items()))
            if len(self._messages) <= self._most and message.at > now - self._patience:
                break
            del self._messages[key]
            found.append(message.joined())
        return found
