"""A batch in the outbox: whom its job carries, and where all of them stand together.

What is still to be sent has no row a message: the job's body names the recipients, by random
id and never by phone, and the batch's own narrow row says how many there are and where they
stand. A message gets its row when something became of it.
"""

from __future__ import annotations

import json
from typing import Any

import attrs

from tianfu_sdk.model.storage import Row

__all__ = [
    "DONE",
    "DROPPED",
    "MOVED",
    "OPEN",
    "QUEUED",
    "SENDING",
    "Packed",
    "TurnedAway",
    "batch_row",
    "pack",
    "unpack",
]

QUEUED = "queued"
"""Nothing of it left, for certain."""
SENDING = "sending"
"""It is being handed over, or whoever did so died: nobody knows what left."""
DONE = "done"
"""Each of its messages has a row that says what became of it."""
DROPPED = "dropped"
"""Cancelled before anything of it left."""
MOVED = "moved"
"""Nothing of it left; who was in it stands in batches of another gateway, `count` of them."""
OPEN = (QUEUED, SENDING)


@attrs.frozen
class TurnedAway:
    """That a gateway certainly sent nothing of a batch, which went on to another."""

    gateway: str
    reference: str
    """Of the batch there."""
    tries: int
    """Attempts there."""
    reason: str
    """A code."""


@attrs.frozen(kw_only=True)
class Packed:
    """What the job of a batch carries."""

    campaign: str
    language: str
    refs: tuple[str, ...] | None = None
    """Ids of the subscribers; None: from before they were packed, each has a row."""
    tries: int = 0
    """Attempts at its gateway under earlier references."""
    before: tuple[TurnedAway, ...] = ()
    """Gateways that it was at, oldest first; it comes back to none of them."""

    @property
    def been(self) -> tuple[str, ...]:
        """Names of the gateways that it was at."""
        return tuple(one.gateway for one in self.before)


def pack(packed: Packed) -> bytes:
    """Write the body of a batch's job."""
    body: dict[str, Any] = {"campaign": packed.campaign, "language": packed.language}
    if packed.tries:
        body["tries"] = packed.tries
    if packed.before:
        body["before"] = [attrs.astuple(one) for one in packed.before]
    if packed.refs is not None:
        # Ids have no blanks, and one string is read faster than many.
        body["to"] = " ".join(packed.refs)
    return json.dumps(body).encode()


def unpack(body: bytes) -> Packed:
    """Read the body of a batch's job."""
    found = json.loads(body)
    to = found.get("to")
    return Packed(
        campaign=found["campaign"],
        language=found["language"],
        refs=None if to is None else tuple(to.split()),
        tries=int(found.get("tries", 0)),
        before=tuple(TurnedAway(*one) for one in found.get("before", ())),
    )


def batch_row(
    reference: str, packed: Packed, *, gateway: str, state: str, count: int, parts: int
) -> Row:
    """Make the row of a batch.

    Args:
        reference: Of the batch; the key of its job.
        packed: What the job carries.
        gateway: Name of the gateway whose queue it is in.
        state: One of this module's.
        count: Messages that have no row of their own.
        parts: Billed parts of each.
    """
    keys = {
        "campaign": packed.campaign,
        "gateway": gateway,
        "language": packed.language,
        "state": state,
        "count": count,
        "parts": parts,
    }
    return Row(reference, 0, None, keys)
