"""What a link hears of a protocol, what it asks of it, and its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol

import attrs

__all__ = [
    "Answer",
    "Arrival",
    "Dead",
    "Farewell",
    "Frame",
    "Heard",
    "Late",
    "Outcome",
    "Reply",
    "Times",
    "Wire",
]

Frame = Callable[[int], bytes]
"""Gives the bytes of a request of a sequence number."""
Late = Callable[[int, Any], None]
"""Told of the place of a request and of its answer, which came when nobody waited any more; it
must be quick, ask nothing of the link, and raise nothing."""
Outcome = Literal["said", "lost", "unsent"]


class Dead(Exception):
    """The connection is of no use any more; the name says why, and nothing private."""


@attrs.frozen
class Answer:
    """The peer answered a request."""

    sequence: int
    value: Any
    """As the wire reads it; None: it cannot be read, so nobody knows."""
    throttled: bool = False


@attrs.frozen
class Reply:
    """The peer asked what is answered at once, such as whether we are there."""

    data: bytes = attrs.field(repr=False)


@attrs.frozen
class Arrival:
    """The peer delivered something."""

    item: Any = attrs.field(repr=False)
    """As the wire reads it."""
    accept: bytes = attrs.field(repr=False)
    """What tells the peer that it is stored."""
    refuse: bytes = attrs.field(repr=False)
    """What tells the peer to try again later."""


@attrs.frozen
class Farewell:
    """The peer ends the session; `data` is what is answered."""

    data: bytes = attrs.field(repr=False)


Heard = Answer | Reply | Arrival | Farewell


class Wire(Protocol):
    """A protocol over bytes; it does no I/O and is used by one thread."""

    def heard(self, data: bytes) -> Iterable[Heard]:
        """Take what came and give what it says.

        Raises:
            Dead: What came is no such protocol.
        """
        ...

    def probe(self, sequence: int) -> bytes:
        """Ask whether the peer is there."""
        ...

    def goodbye(self, sequence: int) -> bytes:
        """End the session."""
        ...


@attrs.frozen(kw_only=True)
class Times:
    """Seconds."""

    answer: float = 30.0
    """In which a request is answered, or nobody knows."""
    idle: float = 30.0
    """Without a word before the peer is asked whether it is there."""
    probe: float = 10.0
    """In which it says so."""
    probes: int = 3
    """Times that it is asked."""
    write: float = 15.0
    """In which the peer reads something, while something is to be written."""
    goodbye: float = 2.0
    """That the end of a session may take."""
