"""Messages of several parts, each with an id and receipts of its own, joined to one.

CMPP and SMPP answer and tell of each part by itself. Which ids belong together, and which parts
a phone got, are rows, written in the transactions that settle a batch and take receipts: no
receipt is lost with the process that sent. A message is delivered when all its parts are, and has
failed with the first that failed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import attrs

from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import PART, PARTIAL, RECEIPT
from tianfu_sdk.core.sms.messages import provider_key
from tianfu_sdk.core.sms.phones import normalised
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.sms import MessageState, SmsReceipt, SmsResult
from tianfu_sdk.model.storage import IN_VALUES, Query, Row, Where
from tianfu_sdk.services.desk.indexing import phone_index
from tianfu_sdk.services.desk.work import Work

__all__ = ["forget_parts", "forget_phone", "joined", "keep_parts"]

_MOST = 62
"""Parts of which a bit each fits in a key; a longer message counts by its first."""


def keep_parts(work: Work, gateway: str, results: Iterable[SmsResult]) -> None:
    """Note which ids belong together, and join receipts that came before.

    Args:
        work: The change that settles.
        gateway: Name of the gateway.
        results: What it said.
    """
    # One answer may be for many phones.
    groups = {one.part_ids for one in results if 1 < len(one.part_ids) <= _MOST}
    parts = {key: row for ids in groups for key, row in _rows(work, gateway, ids).items()}
    if parts:
        there = _get(work, PART.name, (row.id for row in parts.values()))
        work.tx.put(PART.name, [row for row in parts.values() if row.id not in there])
        _join_early(work, parts)


def joined(work: Work, gateway: str, receipts: Sequence[SmsReceipt]) -> Sequence[SmsReceipt]:
    """Give what receipts say of whole messages; what they say of single parts is kept.

    Args:
        work: The change that takes them.
        gateway: Name of the gateway.
        receipts: As they came.
    """
    if not work.tx.find(PART.name, Query(limit=1, fields="keys")):
        return receipts
    ids = [_digest(provider_key(gateway, one.provider_id)) for one in receipts]
    parts = _get(work, PART.name, ids)
    told = [
        _Told(parts[id_], _who(work, one.phone), one.state)
        for id_, one in zip(ids, receipts, strict=True)
        if id_ in parts
    ]
    if not told:
        return receipts
    decides = iter(_join(work, told))
    return [
        attrs.evolve(one, provider_id=parts[id_].keys["provider_id"]) if id_ in parts else one
        for id_, one in zip(ids, receipts, strict=True)
        if id_ not in parts or next(decides)
    ]


def forget_phone(work: Work, phone_ix: bytes) -> None:
    """Forget what a phone got of messages that are not whole yet."""
    where = (Where("phone_ix", "=", phone_ix),)
    rows = list(work.each(PARTIAL.name, Query(where=where, fields="keys")))
    work.tx.delete(PARTIAL.name, [(row.id, row.version) for row in rows])


def forget_parts(work: Work, before: datetime, limit: int) -> int:
    """Forget parts of which nothing is to come any more; gives how many rows."""
    count = 0
    for kind in (PART, PARTIAL):
        query = Query(where=(Where("at", "<", moment_key(before)),), limit=limit, fields="keys")
        rows = work.tx.find(kind.name, query)
        work.tx.delete(kind.name, [(row.id, row.version) for row in rows])
        count += len(rows)
    return count


def _digest(*said: str) -> str:
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def _rows(work: Work, gateway: str, ids: Sequence[str]) -> dict[str, Row]:
    """Give the rows of the parts of a message, by the key of each."""
    first, at = provider_key(gateway, ids[0]), moment_key(work.now)
    made = {}
    for number, one in enumerate(ids):
        keys = {"first": first, "provider_id": ids[0], "number": number}
        key = provider_key(gateway, one)
        made[key] = Row(_digest(key), 0, None, {**keys, "total": len(ids), "at": at})
    return made


def _get(work: Work, kind: str, ids: Iterable[str]) -> dict[str, Row]:
    wanted = sorted(set(ids))
    found: dict[str, Row] = {}
    for start in range(0, len(wanted), IN_VALUES):
        found |= {row.id: row for row in work.tx.get(kind, wanted[start : start + IN_VALUES])}
    return found


def _who(work: Work, phone: str) -> bytes:
    try:
        return phone_index(work, normalised(phone)) if phone else b""
    except Invalid:
        return b"?"


@attrs.frozen
class _Told:
    """What is said of one part to one phone."""

    part: Row
    phone_ix: bytes
    """Empty: one id has one phone."""
    state: str

    @property
    def id(self) -> str:
        """Of the row that says which parts of its message this phone got."""
        return _digest(self.part.keys["first"], self.phone_ix.hex())


def _join(work: Work, told: Sequence[_Told]) -> list[bool]:
    """Note which parts are delivered; gives of each whether it decides over its message."""
    rows = _get(work, PARTIAL.name, (one.id for one in told))
    seen = {id_: int(row.keys["seen"]) for id_, row in rows.items()}
    changed: dict[str, bytes] = {}
    decides = []
    for one in told:
        if one.state == MessageState.DELIVERED.value:
            seen[one.id] = seen.get(one.id, 0) | 1 << one.part.keys["number"]
            changed[one.id] = one.phone_ix
            decides.append(seen[one.id] == (1 << one.part.keys["total"]) - 1)
        else:
            decides.append(True)
    at = moment_key(work.now)
    work.tx.put(
        PARTIAL.name,
        [
            Row(
                id_,
                rows[id_].version if id_ in rows else 0,
                None,
                {"phone_ix": phone_ix, "seen": seen[id_], "at": at},
            )
            for id_, phone_ix in changed.items()
        ],
    )
    return decides


def _join_early(work: Work, parts: Mapping[str, Row]) -> None:
    """Join receipts that were kept because nobody knew yet of what they are."""
    kept: list[Row] = []
    keys = sorted(parts)
    for start in range(0, len(keys), IN_VALUES):
        where = (Where("provider_id", "in", tuple(keys[start : start + IN_VALUES])),)
        kept += work.each(RECEIPT.name, Query(where=where))
    told = [
        _Told(parts[row.keys["provider_id"]], row.keys["phone_ix"], row.keys["state"])
        for row in kept
    ]
    work.tx.delete(RECEIPT.name, [(row.id, row.version) for row in kept])
    whole: dict[str, Row] = {}
    for row, one, decides in zip(kept, told, _join(work, told), strict=True):
        if decides:
            id_ = _digest(one.id, one.state)
            keys_ = {**row.keys, "provider_id": one.part.keys["first"]}
            whole[id_] = Row(id_, 0, None, keys_)
    work.tx.put(RECEIPT.name, list(whole.values()))
