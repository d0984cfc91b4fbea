"""Settling batches that were called for: what became of each message, and of the job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from tianfu_sdk.core.rows.kinds import BATCH, CAMPAIGN, MESSAGE, OPT_OUT
from tianfu_sdk.core.sms import batches
from tianfu_sdk.core.sms.batches import Packed, batch_row, pack, unpack
from tianfu_sdk.core.sms.limits import Verdict, verdict
from tianfu_sdk.core.sms.messages import (
    FINAL,
    MOST_TRIES,
    advance,
    backoff,
    message_id,
    provider_key,
)
from tianfu_sdk.model.sms import Campaign, CampaignState, ErrorClass, MessageState, SmsResult
from tianfu_sdk.model.storage import Done, NewJob, Outcome, Parked, Retry, Row
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.calls import Said
from tianfu_sdk.services.sms.claiming import Call
from tianfu_sdk.services.sms.hearing import states_of, stopped, unsent_of
from tianfu_sdk.services.sms.lanes import hear, queue_of
from tianfu_sdk.services.sms.optouts import refuse
from tianfu_sdk.services.sms.outbox import (
    batch_moved,
    blank_id,
    finish,
    gone,
    moved,
    put_messages,
    stands,
    tell_counts,
)
from tianfu_sdk.services.sms.parts import keep_parts
from tianfu_sdk.services.sms.passing import Passing, Rest
from tianfu_sdk.services.sms.receipts import apply_early

__all__ = ["Settling"]

_UNTRUSTED = "http.untrusted"
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
_LATE = frozenset({MessageState.DELIVERED, MessageState.FAILED, MessageState.EXPIRED})
_VALUES = {state: state.value for state in MessageState}
_TRUE = _LATE | {MessageState.ACCEPTED}
_OPEN = frozenset({MessageState.QUEUED, MessageState.SENDING})
_TOLD_OF = FINAL | {MessageState.ACCEPTED, MessageState.UNKNOWN}


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
        # What the claim wrote still stands, unless a receipt or another dispatcher was
        # quicker: then the store refuses the versions, and this is done again.
        known, self._tried = not self._tried, True
        passing = Passing(work, self._gateway)
        erased = gone(work, [ref for call, _ in self._settled for ref in call.claim.refs])
        made = [
            _Batch(work, passing, call, said, known=known, erased=erased)
            for call, said in self._settled
        ]
        results = (one for _, said in self._settled for one in said.results.values())
        keep_parts(work, self._gateway, results)
        # Before the jobs: what a receipt has told already waits for no person.
        after = iter(apply_early(work, [row for batch in made for row in batch.rows]))
        counts: Counter[str] = Counter()
        told: dict[str, list[tuple[MessageState, Row]]] = {}
        rows: list[Row] = []
        batches_: list[Row] = []
        for batch in made:
            batch.end([next(after) for _ in batch.rows])
            counts.update(batch.counts)
            told.setdefault(batch.campaign, []).extend(batch.news)
            rows += batch.rows
            batches_ += batch.batches
        put_messages(work, rows)
        _opt_out(work, self._settled)
        work.tx.put(BATCH.name, batches_)
        counts["passed"] = passing.put()
        for id_, news in told.items():
            campaign = work.get(CAMPAIGN, id_)
            tell_counts(work, campaign, news, _TOLD)
            finish(work, campaign)
        verdicts = [_verdict(call, said) for call, said in self._settled]
        hear(work, self._gateway, verdicts, probe=self._probe)
        return counts


def _opt_out(work: Work, settled: Sequence[tuple[Call, Said]]) -> None:
    """Let an operator's blacklist count as a refusal: the person wants no more."""
    new = 0
    for call, said in settled:
        refused = {
            ref
            for ref, result in said.results.items()
            if result.error is ErrorClass.REFUSED_BY_PERSON
        }
        for one in call.batch.recipients if refused else ():
            new += one.ref in refused and refuse(work, one.phone)
    if new:
        work.record("sms.opted_out", kind=OPT_OUT.name, subject="", data={"count": new})


def _verdict(call: Call, said: Said) -> Verdict:
    return verdict(
        [said.results[one.ref] for one in call.batch.recipients if one.ref in said.results],
        left=said.left,
        wait=said.wait,
        refused=said.refused,
    )


class _Batch:
    """One batch settled: what is to be stored of it, and what is new.

    Args:
        work: The open change; the job is settled in it at once.
        passing: What goes on to other gateways.
        call: What was called for.
        said: What came of it.
        known: The rows of the claim stand as they were.
        erased: Subscribers who were erased since.
    """

    def __init__(
        self,
        work: Work,
        passing: Passing,
        call: Call,
        said: Said,
        *,
        known: bool,
        erased: frozenset[str],
    ) -> None:
        self.campaign = call.claim.campaign.id
        self.rows: list[Row] = []
        """Messages to store."""
        self.batches: list[Row] = []
        """Batches to store."""
        self.counts: Counter[str] = Counter()
        self.news: list[tuple[MessageState, Row]] = []
        self._work = work
        self._passing = passing
        self._gateway = passing.here
        self._call = call
        self._said = said
        self._erased = erased
        self._is_known = known
        self._common: dict[str, str | int] = {
            "campaign": self.campaign,
            "subscriber": "",
            "language": call.claim.batch.keys["language"],
            "batch": call.claim.job.key,
            "provider_id": "",
            "parts": call.claim.text.parts,
            "region": "",
            "error": "",
            "gateway": passing.here,
        }
        self._stored = call.claim.rows if known else self._read()
        self._heard = dict(zip(call.claim.refs, states_of(call, said), strict=True))
        self._exhausted = False
        self._away, self._to, self._why = self._onward()
        for ref in self._away.refs if self._away else ():
            del self._heard[ref]
        self._take()

    def end(self, rows: Sequence[Row]) -> None:
        """Settle the job.

        Args:
            rows: Those of `rows`, as receipts that came before have moved them on.
        """
        heard, claim = self._heard, self._call.claim
        late = [row for row, before in zip(rows, self.rows, strict=True) if row is not before]
        self.rows = list(rows)
        states = {row.keys["state"] for row in rows} | (_OPEN & set(heard.values()))
        whole = self._away is not None and not heard
        outcome = Done() if whole else _outcome(self._work, self._call, self._said, states)
        if self._exhausted:
            outcome = Parked("sms.exhausted")
        ours = self._work.tx.settle([(claim.job, outcome)])[0]
        if ours:
            self.counts["parked"] += isinstance(outcome, Parked)
            self._go_on()
            self._move()
        else:
            # Claimed anew since then, and whoever has it now decides. That something was
            # accepted, or told by a receipt, stays true all the same.
            self.batches = []
            self.rows = [row for row in rows if stands(row) in _TRUE]
            heard = {r: state for r, state in heard.items() if state is MessageState.ACCEPTED}
        for state, count in Counter(heard.values()).items():
            self.counts[_COUNTED.get(state, "returned")] += count
        if ours and not late:
            return
        told = {row.id for row in late}
        news = [
            (said, row)
            for said, row in self.news
            if said is MessageState.ACCEPTED or (ours and row.id not in told)
        ]
        self.news = news + [(stands(row), row) for row in late]

    def _onward(self) -> tuple[Rest | None, str, str]:
        """Give who goes on to another gateway, to which one, and why."""
        claim = self._call.claim
        refs, why, last = (
            unsent_of(self._call, self._said) if claim.campaign.route else ((), "", False)
        )
        if not refs:
            return None, "", ""
        # Cancelled since, nothing of it goes on.
        campaign = self._work.get(CAMPAIGN, claim.campaign.id)
        if campaign.state is not CampaignState.SENDING:
            return None, "", ""
        stored = self._stored
        # What a receipt has told since stands.
        refs = [ref for ref in refs if ref not in stored or stands(stored[ref]) not in _TOLD_OF]
        rows = {ref: moved(stored[ref], MessageState.DEFERRED) for ref in refs if ref in stored}
        rest = Rest(campaign=campaign, job=claim.job, batch=claim.batch, refs=refs, rows=rows)
        to = self._passing.to(rest, last=last)
        if to is None and self._said.left and stopped(self._said, claim.refs):
            # No gateway is left for it: it waits for a person, and keeps nothing else waiting.
            self._heard = dict.fromkeys(claim.refs, MessageState.QUEUED)
            self._exhausted = True
        return (rest, to, why) if to else (None, "", "")

    def _go_on(self) -> None:
        """Put who goes on in the other gateway's queue."""
        if self._away is None:
            return
        self.rows += self._passing.some(self._away, self._to, self._why)
        if self._heard:
            self._passing.note(self._away)

    def _read(self) -> dict[str, Row]:
        people, campaign = self._call.people, self._call.claim.campaign.id
        known = [ref for ref in self._call.claim.refs if ref in people]
        ids = {message_id(campaign, people[ref].phone_ix): ref for ref in known}
        return {ids[row.id]: row for row in self._work.tx.get(MESSAGE.name, list(ids))}

    def _take(self) -> None:
        again: list[str] = []
        blanks = self._blanks()
        stored, people, erased = self._stored, self._call.people, self._erased
        for ref, state in self._heard.items():
            if state in _OPEN:
                continue
            if ref not in stored and (ref not in people or ref in erased):
                if not blanks:
                    continue
                blanks -= 1
            if state is MessageState.DEFERRED:
                again.append(ref)
            elif ref in stored:
                self._change(ref, stored[ref], state)
            else:
                self._add(ref, state)
        if again:
            self._defer(again)

    def _blanks(self) -> int:
        """Give how many of who was erased have no row yet; the others have a blank one."""
        claim = self._call.claim
        known = (self._call.people.keys() & set(claim.refs)) - self._erased
        return max(0, int(claim.batch.keys["count"]) - len(known - claim.rows.keys()))

    def _change(self, ref: str, before: Row, state: MessageState, batch: str = "") -> None:
        """Say where a message stands now that had a row before."""
        if stands(before) in FINAL and state is not MessageState.ACCEPTED:
            return
        keys = {**before.keys, "state": _VALUES[advance(stands(before), state)]}
        if batch:
            keys["batch"] = batch
        else:
            self._say(keys, ref)
        row = Row(before.id, before.version, None, keys)
        self.rows.append(row)
        self.news.append((state, row))

    def _add(self, ref: str, state: MessageState, batch: str = "") -> None:
        """Give a message its row."""
        person = None if ref in self._erased else self._call.people.get(ref)
        keys = self._common.copy()
        keys["state"] = _VALUES[state]
        if state is MessageState.DROPPED:
            keys["error"] = self._call.left_out.get(ref, "")
        if person is None:
            # Who was erased meanwhile gets no row that speaks of them.
            id_ = blank_id(self._work, self.campaign)
            keys["batch"] = ""
        else:
            id_ = message_id(self.campaign, person.phone_ix)
            keys["subscriber"] = ref
            keys["region"] = person.region
            if batch:
                keys["batch"] = batch
            else:
                self._say(keys, ref)
        row = Row(id_, 0, None, keys)
        self.rows.append(row)
        self.news.append((state, row))

    def _say(self, keys: dict[str, str | int], ref: str) -> None:
        result = self._said.results.get(ref)
        if result is not None:
            if result.provider_id:
                keys["provider_id"] = provider_key(self._gateway, result.provider_id)
            keys["error"] = "" if result.error is ErrorClass.OK else result.error.value

    def _move(self) -> None:
        """Say where the batch stands now."""
        heard, row = self._heard, self._call.claim.batch
        if not self._is_known:
            row = self._work.tx.get(BATCH.name, [row.id])[0]
        open_ = [ref for ref, state in heard.items() if state in _OPEN]
        if not heard and self._away is not None:
            self.batches.append(batch_moved(row, batches.MOVED, len(self._away.refs)))
            return
        if MessageState.QUEUED in heard.values():
            state = batches.QUEUED
        else:
            state = batches.SENDING if open_ else batches.DONE
        count = sum(1 for ref in open_ if ref not in self._stored)
        self.batches.append(batch_moved(row, state, count))

    def _defer(self, refs: Sequence[str]) -> None:
        """Give what is to be tried again a batch of its own: a gateway may drop the old one's."""
        work, claim, said = self._work, self._call.claim, self._said
        if work.get(CAMPAIGN, claim.campaign.id).state is CampaignState.CANCELLED:
            self._place(refs, MessageState.DROPPED)
            return
        results = [said.results[ref] for ref in refs]
        if not claim.campaign.route:
            _stop(work, self._gateway, claim.campaign, results)
        reference = work.tools.ids.new("bat")
        longest = _longest(result.retry_after for result in results)
        wait = backoff(claim.tries, work.tools.ids.token(), longest)
        packed = Packed(
            campaign=claim.campaign.id,
            language=unpack(claim.job.body).language,
            refs=tuple(refs),
            tries=claim.tries,
            before=unpack(claim.job.body).before,
        )
        due = work.tx.now() + wait
        job = NewJob(reference, pack(packed), due, claim.job.priority, claim.campaign.id)
        work.tx.enqueue(queue_of(self._gateway), [job])
        parts = claim.batch.keys["parts"]
        self.batches.append(
            batch_row(
                reference,
                packed,
                gateway=self._gateway,
                state=batches.QUEUED,
                # Each of them has a row, that says it is deferred.
                count=0,
                parts=parts,
            )
        )
        self._place(refs, MessageState.DEFERRED, reference)

    def _place(self, refs: Sequence[str], state: MessageState, batch: str = "") -> None:
        for ref in refs:
            if ref in self._stored:
                self._change(ref, self._stored[ref], state, batch)
            else:
                self._add(ref, state, batch)


def _outcome(work: Work, call: Call, said: Said, states: Collection[str]) -> Outcome:
    claim = call.claim
    if not said.left:
        if said.reason or claim.tries >= MOST_TRIES:
            been = len(claim.campaign.route) > 1
            # What a person has to mend is named; that nothing answers is told as it is.
            why = said.why if said.why == _UNTRUSTED else "sms.unavailable"
            return Parked(said.reason or ("sms.exhausted" if been else why))
        return Retry(work.tx.now() + backoff(claim.tries, work.tools.ids.token(), said.wait))
    if MessageState.SENDING in states:
        return Retry(work.tx.now() + backoff(claim.tries, work.tools.ids.token(), _UNTIL_ASKED))
    return Parked("sms.unknown") if MessageState.UNKNOWN in states else Done()


def _stop(work: Work, gateway: str, campaign: Campaign, results: Iterable[SmsResult]) -> None:
    """Hold a campaign whose gateway takes nothing any more, such as for arrears."""
    stops = [result.code for result in results if result.error is ErrorClass.STOP_CHANNEL]
    if stops:
        work.tx.hold(queue_of(gateway), campaign.id)
        work.note(campaign, "paused", reason="stop_channel", code=stops[0][:64])


def _longest(waits: Iterable[float | None]) -> float | None:
    return max((wait for wait in waits if wait is not None), default=None)
