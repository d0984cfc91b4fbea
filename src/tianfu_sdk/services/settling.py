"""Settling batches that were called for: what became of each message, and of the job."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from tianfu_sdk.core.kinds import CAMPAIGN
from tianfu_sdk.core.limits import Verdict, verdict
from tianfu_sdk.core.messages import FINAL, advance, backoff, provider_key, state_of
from tianfu_sdk.model.sms import Campaign, CampaignState, ErrorClass, MessageState, SmsResult
from tianfu_sdk.model.storage import Done, NewJob, Outcome, Parked, Retry, Row
from tianfu_sdk.services.calls import Said
from tianfu_sdk.services.claiming import MOST_TRIES, Call
from tianfu_sdk.services.lanes import hear, queue_of
from tianfu_sdk.services.outbox import (
    finish,
    messages_of,
    moved,
    put_messages,
    stands,
    tell_counts,
)
from tianfu_sdk.services.receipts import apply_early
from tianfu_sdk.services.work import Work

__all__ = ["Settling"]

_UNTIL_ASKED = 10.0
"""Seconds that a gateway gets to find out by itself what it was sent."""
_COUNTED = {
    MessageState.ACCEPTED: "accepted",
    MessageState.REJECTED: "rejected",
    MessageState.DEFERRED: "deferred",
    MessageState.UNKNOWN: "unknown",
    MessageState.DROPPED: "dropped",
}
_TOLD = _COUNTED | {
    MessageState.DELIVERED: "delivered",
    MessageState.FAILED: "failed",
    MessageState.EXPIRED: "expired",
}


@attrs.frozen
class _Ledger:
    """What the batches of one group add up to."""

    counts: Counter[str] = attrs.field(factory=Counter)
    stored: list[Row] = attrs.field(factory=list)


class Settling:
    """The change that settles one group; done again, it reads what stands by then.

    Args:
        gateway: Name of the gateway.
        settled: Its calls and what was said to them.
        probe: Whether they were to find out whether the gateway is back.
    """

    def __init__(self, gateway: str, settled: Sequence[tuple[Call, Said]], *, probe: bool) -> None:
        self._gateway = gateway
        self._settled = settled
        self._probe = probe
        self._tried = False

    def __call__(self, work: Work) -> dict[str, int]:
        """Settle; gives the messages by what became of them."""
        # What the claim wrote still stands, unless a receipt was quicker: then the store
        # refuses the versions, and this is done again.
        known, self._tried = not self._tried, True
        ledger = _Ledger()
        told: dict[str, list[tuple[MessageState, Row]]] = {}
        for call, said in self._settled:
            ours = {*call.claim.fresh, *call.claim.stale}
            rows = call.claim.rows
            if not known:
                found = messages_of(work, call.claim.job.key)
                rows = tuple(r for r in found if r.keys["subscriber"] in ours)
            news = _settled(work, call, said, rows, ledger)
            told.setdefault(call.claim.campaign.id, []).extend(news)
        put_messages(work, ledger.stored)
        for id_, news in told.items():
            campaign = work.get(CAMPAIGN, id_)
            tell_counts(work, campaign, news, _TOLD)
            finish(work, campaign)
        verdicts = [_verdict(call, said) for call, said in self._settled]
        hear(work, self._gateway, verdicts, probe=self._probe)
        return ledger.counts


def _verdict(call: Call, said: Said) -> Verdict:
    return verdict(
        [said.results[one.ref] for one in call.batch.recipients if one.ref in said.results],
        left=said.left,
        wait=said.wait,
        refused=said.refused,
    )


def _settled(
    work: Work, call: Call, said: Said, rows: Sequence[Row], ledger: _Ledger
) -> list[tuple[MessageState, Row]]:
    """Settle one batch; gives what is new of its messages."""
    heard = _heard(call, said, rows)
    states = [advance(stands(row), state) for row, state in zip(rows, heard, strict=True)]
    outcome = _outcome(work, call, said, states)
    moves = list(zip(rows, heard, states, strict=True))
    if work.tx.settle([(call.claim.job, outcome)])[0]:
        ledger.counts["parked"] += isinstance(outcome, Parked)
    else:
        # Claimed anew since then, and whoever has it now decides. That something was
        # accepted stays true all the same.
        moves = [move for move in moves if move[1] is MessageState.ACCEPTED]
    ledger.counts.update(_COUNTED.get(said_of, "returned") for _, said_of, _ in moves)
    news = [
        (said_of, row)
        for row, said_of, _ in moves
        if stands(row) not in FINAL or said_of is MessageState.ACCEPTED
    ]
    late = _store(work, call, said, [(row, state) for row, _, state in moves], ledger.stored)
    return news + [(stands(row), row) for row in late]


def _outcome(work: Work, call: Call, said: Said, states: Sequence[MessageState]) -> Outcome:
    claim = call.claim
    if not said.left:
        if said.reason or claim.tries >= MOST_TRIES:
            return Parked(said.reason or "sms.unavailable")
        return Retry(work.now + backoff(claim.tries, work.tools.ids.token(), said.wait))
    if MessageState.QUEUED in states:
        return Retry(work.now)
    if MessageState.SENDING in states:
        return Retry(work.now + backoff(claim.tries, work.tools.ids.token(), _UNTIL_ASKED))
    return Parked("sms.unknown") if MessageState.UNKNOWN in states else Done()


def _heard(call: Call, said: Said, rows: Sequence[Row]) -> list[MessageState]:
    """Give what a call says of each of its messages."""
    stale = frozenset(call.claim.stale)
    left_out = frozenset(call.left_out)
    refs = (row.keys["subscriber"] for row in rows)
    return [
        _heard_of_left_out(stale=ref in stale)
        if ref in left_out and said.left
        else _heard_of(call, said, ref, stale=ref in stale)
        for ref in refs
    ]


def _heard_of_left_out(*, stale: bool) -> MessageState:
    # Of a batch that is sent again, it may have gone out the first time.
    return MessageState.UNKNOWN if stale else MessageState.DROPPED


def _heard_of(call: Call, said: Said, ref: str, *, stale: bool) -> MessageState:
    last = call.claim.tries >= MOST_TRIES
    if not said.left:
        if not stale:
            return MessageState.QUEUED
        # Asked, or sent to a gateway that drops doubles, once more: that is safe.
        return MessageState.UNKNOWN if last else MessageState.SENDING
    if call.verb != "send" and not stale:
        return MessageState.QUEUED
    result = said.results.get(ref)
    state = MessageState.UNKNOWN if result is None else state_of(result)
    if state is MessageState.UNKNOWN and _can_be_asked(call) and not last:
        return MessageState.SENDING
    return MessageState.REJECTED if last and state is MessageState.DEFERRED else state


def _can_be_asked(call: Call) -> bool:
    """Tell whether the gateway can be asked what became of what it was just sent."""
    capabilities = call.claim.gateway.capabilities
    return call.verb == "send" and capabilities.can_query and not capabilities.dedupes


def _store(
    work: Work,
    call: Call,
    said: Said,
    moves: Sequence[tuple[Row, MessageState]],
    stored: list[Row],
) -> list[Row]:
    """Say where messages stand; gives those that an early receipt moved on at once."""
    rows: list[Row] = []
    again: list[Row] = []
    for row, state in moves:
        if state is MessageState.DEFERRED:
            again.append(row)
            continue
        result = said.results.get(row.keys["subscriber"])
        key = provider_key(call.claim.campaign.gateway, result.provider_id if result else "")
        rows.append(moved(row, state, provider_id=key or row.keys["provider_id"]))
    after = apply_early(work, rows)
    stored += after
    stored += _defer(work, call, said, again)
    return [late for late, row in zip(after, rows, strict=True) if late is not row]


def _defer(work: Work, call: Call, said: Said, rows: Sequence[Row]) -> list[Row]:
    """Give what is to be tried again a batch of its own: a gateway may drop the old one's."""
    if not rows:
        return []
    claim = call.claim
    if work.get(CAMPAIGN, claim.campaign.id).state is CampaignState.CANCELLED:
        return [moved(row, MessageState.DROPPED) for row in rows]
    results = [said.results[row.keys["subscriber"]] for row in rows]
    _stop(work, claim.campaign, results)
    reference = work.tools.ids.new("bat")
    wait = backoff(claim.tries, work.tools.ids.token(), _longest(r.retry_after for r in results))
    body = json.loads(claim.job.body) | {"tries": claim.tries}
    due = work.now + wait
    job = NewJob(reference, json.dumps(body).encode(), due, claim.job.priority, claim.campaign.id)
    work.tx.enqueue(queue_of(claim.campaign.gateway), [job])
    return [moved(row, MessageState.DEFERRED, batch=reference) for row in rows]


def _stop(work: Work, campaign: Campaign, results: Iterable[SmsResult]) -> None:
    """Hold a campaign whose gateway takes nothing any more, such as for arrears."""
    stops = [result.code for result in results if result.error is ErrorClass.STOP_CHANNEL]
    if stops:
        work.tx.hold(queue_of(campaign.gateway), campaign.id)
        work.note(campaign, "paused", reason="stop_channel", code=stops[0][:64])


def _longest(waits: Iterable[float | None]) -> float | None:
    return max((wait for wait in waits if wait is not None), default=None)
