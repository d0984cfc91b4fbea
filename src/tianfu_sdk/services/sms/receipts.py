"""What comes back from gateways: receipts (状态报告) and inbound messages (上行)."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import CAMPAIGN, MESSAGE, OPT_OUT, RECEIPT, SUBSCRIBER, kind_of
from tianfu_sdk.core.sms.messages import advance, is_opt_out, provider_key
from tianfu_sdk.core.sms.phones import normalised
from tianfu_sdk.errors import Invalid, Unsupported
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, Inbound, MessageState, SmsReceipt
from tianfu_sdk.model.storage import IN_VALUES, LONGEST_ID, Query, Row, Where
from tianfu_sdk.ports.sms import (
    AcknowledgingSmsGateway,
    HttpSmsGateway,
    PullingSmsGateway,
    SessionSmsGateway,
)
from tianfu_sdk.services.desk.indexing import all_indexes
from tianfu_sdk.services.desk.people import PHONE, open_all
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.sms.lanes import again, pace, take_seat
from tianfu_sdk.services.sms.optouts import refuse
from tianfu_sdk.services.sms.outbox import STATES, put_messages, stands, tell_counts
from tianfu_sdk.services.sms.parts import joined
from tianfu_sdk.services.sms.unclear import let_go

__all__ = ["Receipts", "apply_early", "forget_early", "take_receipts"]

K = TypeVar("K")

_ROUNDS = 1000
_FEW = 4
"""Batches whose messages are read at a time: a page is sorted out of all that are asked for."""
_LONGEST_CODE = 64
_MOST_PARTS = 99
_PERSON = ErrorClass.REFUSED_BY_PERSON
_REFUSED = _PERSON.value
_TOLD = {
    MessageState.DELIVERED: "delivered",
    MessageState.FAILED: "failed",
    MessageState.EXPIRED: "expired",
}


class Receipts(Desk):
    """Store what gateways tell afterwards. Safe to share between threads."""

    def poll_all(self, gateways: Iterable[str]) -> int:
        """Ask several gateways; one that is away keeps none of the others from being asked."""
        count = 0
        first: Exception | None = None
        for gateway in gateways:
            try:
                count += self.poll(gateway)
            except Exception as error:  # noqa: BLE001 - a guest may raise anything
                first = first or error
        if first is not None:
            raise first
        return count

    def poll(self, gateway: str) -> int:
        """Ask a gateway until it has nothing more; gives how much it had.

        Where other workers have all its sessions, they ask it.
        """
        made = self._tools.gateway(gateway)
        if isinstance(made, PullingSmsGateway) and "pull" in made.capabilities.receipts:
            return sum(self._pull(gateway, made, request) for request in made.pulls())
        if not isinstance(made, SessionSmsGateway):
            raise Unsupported("sms.no_poll", path="gateway", name=gateway[:64])
        if not self._seated(gateway, made):
            return 0
        made.connect()
        count = 0
        for _ in range(_ROUNDS):
            receipts, inbound = made.poll()
            if not receipts and not inbound:
                break
            # Stored before the next poll, by which some gateways know that it came.
            self._take(gateway, receipts, inbound)
            if isinstance(made, AcknowledgingSmsGateway):
                made.acknowledge()
            count += len(receipts) + len(inbound)
        return count

    def _pull(self, gateway: str, made: PullingSmsGateway, request: HttpRequest) -> int:
        """Ask by one request until there is no more; what came is stored before it asks again."""
        count = 0
        for _ in range(_ROUNDS):
            timeout = made.capabilities.timeout
            came = made.pulled(request, self._tools.transport.send(request, timeout=timeout))
            self._take(gateway, came.receipts, came.inbound)
            count += len(came.receipts) + len(came.inbound)
            if not came.more:
                break
        return count

    def _seated(self, gateway: str, made: SessionSmsGateway) -> bool:
        lease = timedelta(seconds=self._tools.settings.sms.lease)

        def take(work: Work) -> bool:
            sessions = pace(work, gateway, made.capabilities).sessions
            return not sessions or take_seat(work, gateway, sessions, lease)

        counted = self._read(lambda work: pace(work, gateway, made.capabilities).sessions)
        if not counted:
            return True
        if not again(self._write, take):
            return False
        self._tools.holder.gateways.add(gateway)
        return True

    def callback(self, gateway: str, request: HttpRequest) -> HttpResponse:
        """Take what a gateway of the HTTP shape sent us."""
        made = self._tools.gateway(gateway)
        if not isinstance(made, HttpSmsGateway):
            raise Unsupported("sms.no_callback", path="gateway", name=gateway[:64])
        came = made.callback(request)
        if came.receipts or came.inbound:
            self._take(gateway, came.receipts, came.inbound)
        return came.response

    def _take(
        self, gateway: str, receipts: Sequence[SmsReceipt], inbound: Sequence[Inbound]
    ) -> None:
        again(self._write, lambda work: _take(work, gateway, receipts, inbound))


def _take(
    work: Work, gateway: str, receipts: Sequence[SmsReceipt], inbound: Sequence[Inbound]
) -> None:
    take_receipts(work, gateway, receipts)
    _take_inbound(work, gateway, inbound)


# Receipts.


def take_receipts(work: Work, gateway: str, receipts: Sequence[SmsReceipt]) -> None:
    """Move messages on by receipts; those of messages that are not known yet are kept."""
    receipts = joined(work, gateway, receipts) if receipts else ()
    if not receipts:
        return
    heard = [_Heard.of(work, gateway, receipt) for receipt in receipts]
    known = _known(work, heard)
    changed: dict[str, Row] = {}
    early: dict[str, Row] = {}
    unclear: set[str] = set()
    refused: list[str] = []
    for one, found in zip(heard, known, strict=True):
        if found is None:
            early |= {kept.id: kept for kept in _early(work, one)}
            continue
        if one.error == _REFUSED:
            refused.append(found.keys["subscriber"])
        row = changed.get(found.id, found)
        state = stands(row)
        after = advance(state, one.state)
        if after is not state:
            changed[row.id] = _told(row, after, one.error, one.parts)
            if state is MessageState.UNKNOWN:
                unclear.add(row.id)
    put_messages(work, list(changed.values()))
    _opt_out(work, refused)
    cleared = [r.keys["batch"] for id_, r in changed.items() if id_ in unclear]
    if cleared:
        let_go(work, gateway, cleared)
    there = {row.id for row in work.tx.get(RECEIPT.name, list(early))}
    work.tx.put(RECEIPT.name, [row for id_, row in early.items() if id_ not in there])
    by_campaign: dict[str, list[Row]] = {}
    for row in changed.values():
        by_campaign.setdefault(row.keys["campaign"], []).append(row)
    for id_, rows in by_campaign.items():
        tell_counts(work, work.get(CAMPAIGN, id_), ((stands(row), row) for row in rows), _TOLD)


def _opt_out(work: Work, subscribers: Iterable[str]) -> None:
    """Let it count that people refused, as the operator says; who was erased is passed over."""
    ids = sorted({one for one in subscribers if one})
    rows = work.tx.get(SUBSCRIBER.name, ids) if ids else []
    sealed = {row.id: work.noun(SUBSCRIBER, row).phone for row in rows}
    new = sum(refuse(work, phone) for phone in open_all(work, PHONE, sealed).values())
    if new:
        work.record("sms.opted_out", kind=OPT_OUT.name, subject="", data={"count": new})


def _told(row: Row, state: MessageState, error: str, parts: int) -> Row:
    if parts:
        return row.but(state=state.value, error=error, parts=parts)
    return row.but(state=state.value, error=error)


@attrs.define
class _Heard:
    """A receipt, by what its message can be found; not to be changed."""

    provider: str
    """Key of the gateway's own id; empty: it has none."""
    batch: str
    ref: str
    phones: tuple[bytes, ...]
    """Blind indexes that the phone's messages may stand under; none: it names no phone."""
    state: MessageState
    error: str
    parts: int

    @classmethod
    def of(cls, work: Work, gateway: str, receipt: SmsReceipt) -> _Heard:
        """Read a receipt."""
        state = STATES[receipt.state]
        delivered = state is MessageState.DELIVERED
        return cls(
            provider=provider_key(gateway, receipt.provider_id),
            batch=receipt.reference[:LONGEST_ID],
            ref=receipt.ref,
            phones=_indexes(work, receipt.phone) if receipt.phone else (),
            state=state,
            error="" if delivered else _why(receipt),
            parts=min(receipt.parts or 0, _MOST_PARTS),
        )


def _why(receipt: SmsReceipt) -> str:
    # One word for all vendors, so that reports count it; else the operator's own.
    return _REFUSED if receipt.error is _PERSON else receipt.code[:_LONGEST_CODE]


def _indexes(work: Work, phone: str) -> tuple[bytes, ...]:
    try:
        plain = normalised(phone)
    except Invalid:
        # Such as a service number: it is of no message of ours.
        return (b"?",)
    return all_indexes(work, plain)


class _Named:
    """Messages by a key that several may share, and by whom of these a receipt names.

    Args:
        key: `provider_id` or `batch`.
        rows: Of the messages.
    """

    def __init__(self, key: str, rows: Iterable[Row]) -> None:
        self._key = key
        self._rows = list(rows)

    @functools.cached_property
    def _all(self) -> dict[str, list[Row]]:
        return _grouped((row.keys[self._key], row) for row in self._rows)

    @functools.cached_property
    def _by_ref(self) -> dict[tuple[str, str], list[Row]]:
        key = self._key
        return _grouped(((row.keys[key], row.keys["subscriber"]), row) for row in self._rows)

    @functools.cached_property
    def _by_phone(self) -> dict[tuple[str, str], list[Row]]:
        key = self._key
        return _grouped(((row.keys[key], row.id.rpartition("~")[2]), row) for row in self._rows)

    def only(self, value: str, one: _Heard) -> Row | None:
        """Give the only one that a receipt may be of; one that names nobody may be of any."""
        found: Sequence[Row]
        if one.ref:
            found = self._by_ref.get((value, one.ref), ())
        elif one.phones:
            by_phone = self._by_phone
            found = [row for ix in one.phones for row in by_phone.get((value, ix.hex()), ())]
        else:
            found = self._all.get(value, ())
        return found[0] if len(found) == 1 else None


def _grouped(pairs: Iterable[tuple[K, Row]]) -> dict[K, list[Row]]:
    found: dict[K, list[Row]] = {}
    for key, row in pairs:
        found.setdefault(key, []).append(row)
    return found


def _known(work: Work, heard: Sequence[_Heard]) -> list[Row | None]:
    """Give the messages that receipts are of; None where it could be of several or of none."""
    wanted = {one.provider for one in heard} - {""}
    by_provider = _Named("provider_id", _among(work, "provider_id", wanted, IN_VALUES))
    found = [by_provider.only(one.provider, one) if one.provider else None for one in heard]
    # By the gateway's id where that is enough: most messages need no second look.
    open_ = [n for n, one in enumerate(heard) if found[n] is None and (one.ref or one.phones)]
    batches = {heard[n].batch for n in open_} - {""}
    by_batch = _Named("batch", _among(work, "batch", batches, _FEW))
    for n in open_:
        found[n] = by_batch.only(heard[n].batch, heard[n])
    return found


def _among(work: Work, key: str, values: Iterable[str], some: int) -> Iterator[Row]:
    wanted = sorted(values)
    for start in range(0, len(wanted), some):
        where = (Where(key, "in", tuple(wanted[start : start + some])),)
        yield from work.each(MESSAGE.name, Query(where=where))


def _batch_key(reference: str) -> str:
    # No gateway is called nothing, so this is none's id of a message.
    return f":{reference}" if reference else ""


def _early(work: Work, one: _Heard) -> list[Row]:
    """Keep a receipt until its message is known: by the gateway's id, else by its batch."""
    key = one.provider or (_batch_key(one.batch) if one.ref or one.phones else "")
    if not key:
        return []
    rows = []
    for phone_ix in one.phones or (b"",):
        said = f"{key}\x1f{one.ref}\x1f{phone_ix.hex()}\x1f{one.state.value}"
        keys = {
            "provider_id": key,
            "subscriber": _ours(one.ref),
            "phone_ix": phone_ix,
            "state": one.state.value,
            "error": one.error,
            "parts": one.parts,
            "at": moment_key(work.now),
        }
        rows.append(Row(hashlib.sha256(said.encode()).hexdigest(), 0, None, keys))
    return rows


def forget_early(work: Work, before: datetime, limit: int) -> int:
    """Forget receipts that waited too long for their message; gives how many."""
    query = Query(where=(Where("at", "<", moment_key(before)),), limit=limit, fields="keys")
    rows = work.tx.find(RECEIPT.name, query)
    work.tx.delete(RECEIPT.name, [(row.id, row.version) for row in rows])
    return len(rows)


def _ours(ref: str) -> str:
    # What is no id of ours fits no message, and may be the phone itself.
    return ref if not ref or kind_of(ref) is SUBSCRIBER else "?"


def apply_early(work: Work, rows: Sequence[Row]) -> list[Row]:
    """Move messages on by receipts that came before the gateway's answer did.

    Args:
        work: The open change.
        rows: Messages about to be stored, with the gateway's ids.

    Returns:
        The same rows, and new ones in a final state in the places of some; receipts that
        were used are gone, and who refused by one is opted out.
    """
    if not work.tx.find(RECEIPT.name, Query(limit=1, fields="keys")):
        return list(rows)
    places: dict[tuple[str, str], list[int]] = {}
    keys: set[str] = set()
    for place, row in enumerate(rows):
        # By whom a receipt may name: the subscriber, the phone, or nobody.
        names = {"", row.keys["subscriber"], row.id.rpartition("~")[2]}
        for key in {row.keys["provider_id"], _batch_key(row.keys["batch"])} - {""}:
            keys.add(key)
            for name in names:
                places.setdefault((key, name), []).append(place)
    found = list(rows)
    used: list[tuple[str, int]] = []
    refused: list[str] = []
    wanted = sorted(keys)
    for start in range(0, len(wanted), IN_VALUES):
        some = tuple(wanted[start : start + IN_VALUES])
        for kept in work.each(RECEIPT.name, Query(where=(Where("provider_id", "in", some),))):
            name = kept.keys["subscriber"] or kept.keys["phone_ix"].hex()
            of = places.get((kept.keys["provider_id"], name), ())
            if len(of) == 1:
                row = found[of[0]]
                after = advance(stands(row), stands(kept))
                if after is not stands(row):
                    found[of[0]] = _told(row, after, kept.keys["error"], kept.keys["parts"])
                if kept.keys["error"] == _REFUSED:
                    refused.append(row.keys["subscriber"])
                used.append((kept.id, kept.version))
    work.tx.delete(RECEIPT.name, used)
    _opt_out(work, refused)
    return found


# Inbound.


def _take_inbound(work: Work, gateway: str, inbound: Sequence[Inbound]) -> None:
    refused = 0
    for message in inbound:
        if not is_opt_out(message.text):
            continue
        try:
            phone = normalised(message.phone)
        except Invalid:
            # Such as a service number; nobody of ours has it.
            continue
        refused += refuse(work, phone)
    if inbound:
        # What people write is not kept: only that they wrote, and how many refused.
        data: dict[str, str | int] = {
            "gateway": gateway,
            "count": len(inbound),
            "opted_out": refused,
        }
        work.tell("sms.inbound", data=data)
    if refused:
        work.record("sms.opted_out", kind=OPT_OUT.name, subject="", data={"count": refused})
