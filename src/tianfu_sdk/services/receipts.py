"""What comes back from gateways: receipts (状态报告) and inbound messages (上行)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta

import attrs

from tianfu_sdk.core.keying import moment_key
from tianfu_sdk.core.kinds import CAMPAIGN, MESSAGE, OPT_OUT, RECEIPT, SUBSCRIBER, kind_of
from tianfu_sdk.core.messages import advance, is_opt_out, provider_key
from tianfu_sdk.core.phones import normalised
from tianfu_sdk.errors import Invalid, Unsupported
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import Inbound, MessageState, SmsReceipt
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.ports.sms import (
    AcknowledgingSmsGateway,
    HttpSmsGateway,
    PullingSmsGateway,
    SessionSmsGateway,
)
from tianfu_sdk.services.lanes import again, pace, take_seat
from tianfu_sdk.services.optouts import refuse
from tianfu_sdk.services.outbox import STATES, moved, put_messages, stands, tell_counts
from tianfu_sdk.services.unclear import let_go
from tianfu_sdk.services.work import Desk, Work

__all__ = ["Receipts", "apply_early", "take_receipts"]

_ROUNDS = 1000
_SOME = 100
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
    if not receipts:
        return
    known = _Known.of(work, gateway, receipts)
    changed: dict[str, Row] = {}
    early: dict[str, Row] = {}
    unclear: set[str] = set()
    for receipt in receipts:
        row = known.message(gateway, receipt)
        if row is None:
            kept = _early(work, gateway, receipt)
            if kept is not None:
                early[kept.id] = kept
            continue
        row = changed.get(row.id, row)
        state = stands(row)
        after = advance(state, STATES[receipt.state])
        if after is not state:
            changed[row.id] = moved(row, after)
            if state is MessageState.UNKNOWN:
                unclear.add(row.id)
    put_messages(work, list(changed.values()))
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


@attrs.frozen
class _Known:
    """Messages that receipts may be of, read in a few queries."""

    by_provider: dict[str, list[Row]]
    by_batch: dict[tuple[str, str], Row]

    @classmethod
    def of(cls, work: Work, gateway: str, receipts: Sequence[SmsReceipt]) -> _Known:
        """Read what these receipts may be of."""
        by_provider: dict[str, list[Row]] = {}
        keys = {provider_key(gateway, receipt.provider_id) for receipt in receipts} - {""}
        for row in _among(work, "provider_id", keys):
            by_provider.setdefault(row.keys["provider_id"], []).append(row)
        by_batch: dict[tuple[str, str], Row] = {}
        known = cls(by_provider, by_batch)
        # By the gateway's id where that is enough: most messages need no second look.
        open_ = (r for r in receipts if r.ref and known.by_id(gateway, r) is None)
        for row in _among(work, "batch", {receipt.reference for receipt in open_} - {""}):
            by_batch[row.keys["batch"], row.keys["subscriber"]] = row
        return known

    def message(self, gateway: str, receipt: SmsReceipt) -> Row | None:
        """Give the message that a receipt is of; None where it could be of several or of none."""
        found = self.by_id(gateway, receipt)
        return found or self.by_batch.get((receipt.reference, receipt.ref))

    def by_id(self, gateway: str, receipt: SmsReceipt) -> Row | None:
        """Give the one message that has the gateway's id, and is to whom the receipt says."""
        found = self.by_provider.get(provider_key(gateway, receipt.provider_id), [])
        if receipt.ref:
            found = [row for row in found if row.keys["subscriber"] == receipt.ref]
        return found[0] if len(found) == 1 else None


def _among(work: Work, key: str, values: Iterable[str]) -> Iterable[Row]:
    wanted = sorted(values)
    for start in range(0, len(wanted), _SOME):
        some = tuple(wanted[start : start + _SOME])
        yield from work.each(MESSAGE.name, Query(where=(Where(key, "in", some),)))


def _early(work: Work, gateway: str, receipt: SmsReceipt) -> Row | None:
    """Keep a receipt until its message is known by the gateway's id."""
    key = provider_key(gateway, receipt.provider_id)
    if not key:
        return None
    said = f"{key}\x1f{receipt.ref}\x1f{receipt.state}"
    keys = {
        "provider_id": key,
        "subscriber": _ours(receipt.ref),
        "state": receipt.state,
        "at": moment_key(work.now),
    }
    return Row(hashlib.sha256(said.encode()).hexdigest(), 0, None, keys)


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
        were used are gone.
    """
    by_key: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row.keys["provider_id"]:
            by_key.setdefault(row.keys["provider_id"], []).append(place)
    found = list(rows)
    used: list[tuple[str, int]] = []
    wanted = sorted(by_key)
    for start in range(0, len(wanted), _SOME):
        some = tuple(wanted[start : start + _SOME])
        for kept in work.each(RECEIPT.name, Query(where=(Where("provider_id", "in", some),))):
            places = by_key[kept.keys["provider_id"]]
            ref = kept.keys["subscriber"]
            of = [p for p in places if not ref or found[p].keys["subscriber"] == ref]
            if len(of) == 1:
                row = found[of[0]]
                state = stands(row)
                after = advance(state, stands(kept))
                if after is not state:
                    found[of[0]] = moved(row, after)
                used.append((kept.id, kept.version))
    work.tx.delete(RECEIPT.name, used)
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
