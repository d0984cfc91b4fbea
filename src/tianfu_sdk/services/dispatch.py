"""Sending what is due: claim, commit, call, settle.

1. A group of batches is claimed and its messages are marked `sending`, in one commit.
2. Opt-outs are looked at again and phones decrypted, right before the calls.
3. The gateways are called, outside of any transaction.
4. Messages and jobs are settled in one commit, fenced by the claims' tokens.

Whoever finds messages `sending` in a batch that it claims knows that the dispatcher before
died between 1 and 4. Nobody can tell whether they went out, so they are not sent again,
unless the gateway itself drops what it was sent before.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import attrs

from tianfu_sdk.core.campaign import Composed, blocked, compose, overrides_hours
from tianfu_sdk.core.hours import next_open
from tianfu_sdk.core.kinds import CAMPAIGN, SUBSCRIBER
from tianfu_sdk.core.messages import FINAL, advance, backoff, provider_key, state_of
from tianfu_sdk.errors import NotFound, PluginError
from tianfu_sdk.model.sms import (
    Campaign,
    CampaignState,
    DispatchReport,
    ErrorClass,
    MessageState,
    Recipient,
    SmsBatch,
    SmsResult,
)
from tianfu_sdk.model.storage import Done, Job, NewJob, Outcome, Parked, Retry, Row
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sdk.services.audience import candidates, policy_window
from tianfu_sdk.services.calls import Said, ask, send
from tianfu_sdk.services.outbox import (
    QUEUE,
    finish,
    messages_of,
    moved,
    put_messages,
    stands,
    tell_counts,
)
from tianfu_sdk.services.people import PHONE, open_all
from tianfu_sdk.services.receipts import apply_early
from tianfu_sdk.services.work import Desk, Work

__all__ = ["GROUP", "MOST_TRIES", "Dispatcher"]

GROUP = 8
"""Batches a commit: few enough that a crash leaves few messages unknown."""
MOST_TRIES = 10
"""Attempts before a batch waits for a person, and a deferred message is given up."""

_THREADS = 4
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


@attrs.frozen(kw_only=True)
class _Claim:
    """A batch that is ours for a while; its messages are `sending` on disk."""

    job: Job
    campaign: Campaign
    gateway: SmsGateway = attrs.field(repr=False)
    text: Composed = attrs.field(repr=False)
    fresh: tuple[str, ...]
    """Subscribers who certainly got nothing yet."""
    stale: tuple[str, ...]
    """Subscribers of whom the dispatcher before us left nobody knows what."""

    @property
    def tries(self) -> int:
        """Attempts so far, those under earlier references included."""
        return self.job.attempts + int(json.loads(self.job.body).get("tries", 0))


@attrs.frozen(kw_only=True)
class _Call:
    """A batch with its phones, and whom it leaves out after all."""

    claim: _Claim
    batch: SmsBatch
    verb: str
    """`send`, `ask` or `none`."""
    left_out: tuple[str, ...] = ()


class Dispatcher(Desk):
    """Send what is due. Safe to share between threads and to run in several processes."""

    def run(self, limit: int) -> DispatchReport:
        """Send batches until none is due.

        Args:
            limit: Batches at most.
        """
        report = DispatchReport()
        left = limit
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="tianfu-sms") as pool:
            while left > 0:
                taken, claims = self._write(functools.partial(_claim, n=min(GROUP, left)))
                if not taken:
                    break
                left -= taken
                report = _sum(report, claimed=taken)
                if claims:
                    calls = self._addressed(claims)
                    said = list(pool.map(self._call, calls))
                    settled = list(zip(calls, said, strict=True))
                    counts = self._write(functools.partial(_settle, settled=settled))
                    report = _sum(report, **counts)
        return report

    def _addressed(self, claims: Sequence[_Claim]) -> list[_Call]:
        try:
            return self._read(lambda work: [_address(work, claim) for claim in claims])
        except Exception:
            # Such as a missing master key: nothing left, so nothing is unknown.
            self._write(functools.partial(_give_back, claims=claims))
            raise

    def _call(self, call: _Call) -> Said:
        capabilities = call.claim.gateway.capabilities
        # All rounds of a group must end before its leases do.
        rounds = -(-GROUP // _THREADS) + 1
        timeout = min(capabilities.timeout, self._tools.settings.sms.lease / rounds)
        if call.verb == "none" or not call.batch.recipients:
            return Said()
        verb = send if call.verb == "send" else ask
        return verb(call.claim.gateway, call.batch, self._tools.transport, timeout)


# 1. Claim.


def _claim(work: Work, n: int) -> tuple[int, list[_Claim]]:
    lease = timedelta(seconds=work.tools.settings.sms.lease)
    owner = work.tools.ids.new("dsp")
    jobs = work.tx.claim(QUEUE, n, lease, owner)
    claims = []
    for job in jobs:
        found = _taken(work, job)
        if isinstance(found, _Claim):
            claims.append(found)
        else:
            work.tx.settle([(job, found)])
    return len(jobs), claims


def _taken(work: Work, job: Job) -> _Claim | Outcome:
    """Mark the messages of a job as sending, or say what to do with the job instead."""
    body = json.loads(job.body)
    try:
        campaign = work.get(CAMPAIGN, body["campaign"])
        gateway = work.tools.gateway(campaign.gateway)
    except NotFound:
        return Parked("noun.unknown")
    except PluginError as error:
        return Parked(error.code)
    rows = messages_of(work, job.key)
    waiting = [r for r in rows if r.keys["state"] in (MessageState.QUEUED, MessageState.DEFERRED)]
    stale = [r for r in rows if r.keys["state"] == MessageState.SENDING]
    if campaign.state is CampaignState.CANCELLED and waiting:
        put_messages(work, [moved(row, MessageState.DROPPED) for row in waiting])
        waiting = []
    if not waiting and not stale:
        finish(work, campaign)
        return Done()
    # To ask what became of a message disturbs nobody; to send it, even again, does.
    sends = not stale or gateway.capabilities.dedupes
    if sends and not overrides_hours(campaign):
        due = next_open(work.now, policy_window(work), gateway.capabilities.windows)
        if due > work.now:
            return Retry(due)
    texts = compose(campaign, gateway.capabilities, work.tools.settings.sms.suffix)
    put_messages(work, [moved(row, MessageState.SENDING) for row in waiting])
    return _Claim(
        job=job,
        campaign=campaign,
        gateway=gateway,
        text=texts[body["language"]],
        fresh=tuple(row.keys["subscriber"] for row in waiting),
        stale=tuple(row.keys["subscriber"] for row in stale),
    )


# 2. Look again, and decrypt.


def _address(work: Work, claim: _Claim) -> _Call:
    capabilities = claim.gateway.capabilities
    wanted = (*claim.fresh, *claim.stale)
    found = candidates(work, work.tx.get(SUBSCRIBER.name, wanted))
    asking = bool(claim.stale) and not capabilities.dedupes
    allowed = {
        candidate.subscriber.id: candidate.subscriber.phone
        for candidate in found
        # To ask what became of a message is not to send one.
        if (asking and candidate.subscriber.id in claim.stale)
        or not blocked(claim.campaign, candidate, work.now, real=capabilities.real)
    }
    if asking:
        # What certainly did not leave waits for its own turn, under a reference of its own.
        allowed = {id_: phone for id_, phone in allowed.items() if id_ in claim.stale}
        if not capabilities.can_query:
            allowed = {}
    phones = open_all(work, PHONE, allowed)
    verb = ("ask" if capabilities.can_query else "none") if asking else "send"
    batch = SmsBatch(
        reference=claim.job.key,
        signature=claim.campaign.signature,
        text=claim.text.text,
        recipients=tuple(Recipient(id_, phones[id_]) for id_ in wanted if id_ in phones),
        attempt=claim.job.attempts,
    )
    left_out = () if asking else tuple(id_ for id_ in wanted if id_ not in phones)
    return _Call(claim=claim, batch=batch, verb=verb, left_out=left_out)


def _give_back(work: Work, claims: Sequence[_Claim]) -> None:
    for claim in claims:
        wait = backoff(claim.job.attempts, work.tools.ids.token())
        if not work.tx.settle([(claim.job, Retry(work.now + wait))])[0]:
            continue
        rows = [r for r in messages_of(work, claim.job.key) if r.keys["subscriber"] in claim.fresh]
        put_messages(work, [moved(row, MessageState.QUEUED) for row in rows])


# 4. Settle.


def _settle(work: Work, settled: Sequence[tuple[_Call, Said]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    told: dict[str, list[tuple[MessageState, Row]]] = {}
    for call, said in settled:
        claim = call.claim
        ours = {*claim.fresh, *claim.stale}
        rows = [r for r in messages_of(work, claim.job.key) if r.keys["subscriber"] in ours]
        heard = [_heard(call, said, row) for row in rows]
        states = [advance(stands(row), state) for row, state in zip(rows, heard, strict=True)]
        outcome = _outcome(work, call, said, states)
        moves = list(zip(rows, heard, states, strict=True))
        if work.tx.settle([(claim.job, outcome)])[0]:
            counts["parked"] += isinstance(outcome, Parked)
        else:
            # Claimed anew since then, and whoever has it now decides. That something was
            # accepted stays true all the same.
            moves = [move for move in moves if move[1] is MessageState.ACCEPTED]
        counts.update(_COUNTED.get(said_of, "returned") for _, said_of, _ in moves)
        news = [
            (said_of, row)
            for row, said_of, _ in moves
            if stands(row) not in FINAL or said_of is MessageState.ACCEPTED
        ]
        late = _store(work, call, said, [(row, state) for row, _, state in moves])
        news += [(stands(row), row) for row in late]
        told.setdefault(claim.campaign.id, []).extend(news)
    for id_, news in told.items():
        campaign = work.get(CAMPAIGN, id_)
        tell_counts(work, campaign, news, _TOLD)
        finish(work, campaign)
    return counts


def _outcome(work: Work, call: _Call, said: Said, states: Sequence[MessageState]) -> Outcome:
    claim = call.claim
    if not said.left:
        if said.reason or claim.tries >= MOST_TRIES:
            return Parked(said.reason or "sms.unavailable")
        return Retry(work.now + backoff(claim.tries, work.tools.ids.token(), said.wait))
    if MessageState.QUEUED in states:
        return Retry(work.now)
    return Parked("sms.unknown") if MessageState.UNKNOWN in states else Done()


def _heard(call: _Call, said: Said, row: Row) -> MessageState:
    """Give what a call says of one message."""
    ref = row.keys["subscriber"]
    stale = ref in call.claim.stale
    last = call.claim.tries >= MOST_TRIES
    if not said.left:
        if not stale:
            return MessageState.QUEUED
        # Asked, or sent to a gateway that drops doubles, once more: that is safe.
        return MessageState.UNKNOWN if last else MessageState.SENDING
    if ref in call.left_out:
        # Of a batch that is sent again, it may have gone out the first time.
        return MessageState.UNKNOWN if stale else MessageState.DROPPED
    if call.verb != "send" and not stale:
        return MessageState.QUEUED
    result = said.results.get(ref)
    state = MessageState.UNKNOWN if result is None else state_of(result)
    return MessageState.REJECTED if last and state is MessageState.DEFERRED else state


def _store(
    work: Work, call: _Call, said: Said, moves: Sequence[tuple[Row, MessageState]]
) -> list[Row]:
    """Store where messages stand; gives those that an early receipt moved on at once."""
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
    put_messages(work, [*after, *_defer(work, call, said, again)])
    return [late for late, row in zip(after, rows, strict=True) if late is not row]


def _defer(work: Work, call: _Call, said: Said, rows: Sequence[Row]) -> list[Row]:
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
    work.tx.enqueue(QUEUE, [job])
    return [moved(row, MessageState.DEFERRED, batch=reference) for row in rows]


def _stop(work: Work, campaign: Campaign, results: Iterable[SmsResult]) -> None:
    """Hold a campaign whose gateway takes nothing any more, such as for arrears."""
    stops = [result.code for result in results if result.error is ErrorClass.STOP_CHANNEL]
    if stops:
        work.tx.hold(QUEUE, campaign.id)
        work.note(campaign, "paused", reason="stop_channel", code=stops[0][:64])


def _longest(waits: Iterable[float | None]) -> float | None:
    return max((wait for wait in waits if wait is not None), default=None)


def _sum(report: DispatchReport, **more: Any) -> DispatchReport:
    return attrs.evolve(
        report, **{name: getattr(report, name) + count for name, count in more.items()}
    )
