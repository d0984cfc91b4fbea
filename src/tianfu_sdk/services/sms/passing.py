"""Letting batches go on to the next gateway of their campaign, within one transaction.

Only what certainly did not leave moves: whoever calls this knows that (`core.sms.routes`). The
batch ends at the gateway that it was at, and its recipients stand in new batches, of new
references, in the next one's queue; what a job carries tells where it was before, so it never
comes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import attrs

from tianfu_sdk.core.rows.kinds import BATCH, CAMPAIGN
from tianfu_sdk.core.sms import batches
from tianfu_sdk.core.sms.batches import Packed, TurnedAway, batch_row, pack, unpack
from tianfu_sdk.core.sms.routes import names_of, onward
from tianfu_sdk.errors import QuotaExceeded
from tianfu_sdk.model.sms import Campaign, CampaignState
from tianfu_sdk.model.storage import Done, Job, NewJob, Outcome, Query, Row, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms import quotas
from tianfu_sdk.services.sms.lanes import idle, make_lane, queue_of, working
from tianfu_sdk.services.sms.outbox import URGENT, batch_moved, priority_of, put_messages
from tianfu_sdk.services.sms.routes import Ways, carriers_of, ways_of

__all__ = ["Passing", "Rest"]


@attrs.frozen(kw_only=True)
class Rest:
    """What of a batch certainly did not leave."""

    campaign: Campaign
    job: Job
    batch: Row
    """Its own row."""
    refs: Sequence[str]
    """Subscribers of whom it is true."""
    rows: Mapping[str, Row]
    """By subscriber the messages that have a row of their own, as they wait."""


class Passing:
    """What goes on from one gateway in one transaction; `put` stores it.

    Args:
        work: The open change.
        here: Name of the gateway.
    """

    def __init__(self, work: Work, here: str) -> None:
        self._work = work
        self.here = here
        """Name of the gateway."""
        self._jobs: dict[str, list[NewJob]] = {}
        self._batches: list[Row] = []
        self._messages: list[Row] = []
        self._told: Counter[tuple[str, str, str]] = Counter()
        self._campaigns: dict[str, Campaign] = {}

    @property
    def gateways(self) -> Collection[str]:
        """Names of those that got something."""
        return self._jobs.keys()

    def to(self, rest: Rest, *, last: bool = False, at_rest: bool = False) -> str | None:
        """Give the gateway that messages may go on to; None: they stay.

        Where more parts are billed there, they are reserved; where a quota has no room for
        them, the messages stay.

        Args:
            rest: Of a batch.
            last: There is no attempt left here.
            at_rest: Only to one that has nothing else to do.
        """
        names, packed = names_of(rest.campaign), unpack(rest.job.body)
        if len(names) == 1:
            return None
        ways = self._ways(rest.campaign)
        works = self._working(ways.texts.keys())
        if at_rest:
            works = frozenset(name for name in works if idle(self._work, name))
        able = ways.able.get(packed.language, ())
        found = onward(names, (*packed.been, self.here), able=able, ready=works, last=last)
        if found is None:
            return None
        more = ways.texts[found][packed.language].parts - rest.batch.keys["parts"]
        if more > 0:
            try:
                quotas.queue(self._work, rest.campaign.id, more * len(rest.refs))
            except QuotaExceeded:
                return None
        return found

    def some(self, rest: Rest, to: str, reason: str) -> list[Row]:
        """Put recipients of a batch in the queue of another gateway; the caller settles its job.

        Args:
            rest: Of a batch.
            to: Name of the other gateway.
            reason: Why, a code.

        Returns:
            The messages that have a row, as they stand now, for the caller to store.
        """
        ids, job, campaign = self._work.tools.ids, rest.job, rest.campaign
        packed = unpack(job.body)
        each = self._ways(campaign).texts[to][packed.language].parts
        away = TurnedAway(self.here, job.key, job.attempts + packed.tries, reason[:64])
        most = carriers_of(self._work.tools, campaign, {to})[to].phones_per_call
        moved: list[Row] = []
        for start in range(0, len(rest.refs), most):
            reference, part = ids.new("bat"), tuple(rest.refs[start : start + most])
            rows = [rest.rows[ref] for ref in part if ref in rest.rows]
            onto = Packed(
                campaign=campaign.id,
                language=packed.language,
                refs=part,
                before=(*packed.before, away),
            )
            new = NewJob(reference, pack(onto), None, job.priority, campaign.id)
            self._jobs.setdefault(to, []).append(new)
            count = len(part) - len(rows)
            self._batches.append(
                batch_row(
                    reference, onto, gateway=to, state=batches.QUEUED, count=count, parts=each
                )
            )
            more = {"batch": reference, "gateway": to, "parts": each}
            moved += [row.but(**more) for row in rows]
        self._told[campaign.id, to, reason[:64]] += len(rest.refs)
        self._campaigns[campaign.id] = campaign
        return moved

    def whole(self, rest: Rest, to: str, reason: str) -> Outcome:
        """Let all that is left of a batch go on; gives what its job is settled with.

        Args:
            rest: Of a batch.
            to: Name of the other gateway.
            reason: Why, a code.
        """
        self._messages += self.some(rest, to, reason)
        self._batches.append(batch_moved(rest.batch, batches.MOVED, len(rest.refs)))
        return Done()

    def note(self, rest: Rest) -> None:
        """Note that some of a batch went on, of which the others stay where they are."""
        self._batches.append(
            batch_row(
                self._work.tools.ids.new("bat"),
                unpack(rest.job.body),
                gateway=self.here,
                state=batches.MOVED,
                count=len(rest.refs),
                parts=rest.batch.keys["parts"],
            )
        )

    def put(self) -> int:
        """Store what moved; gives how many messages went on."""
        work = self._work
        put_messages(work, self._messages)
        if self._batches:
            work.tx.put(BATCH.name, self._batches)
        for gateway, jobs in self._jobs.items():
            make_lane(work, gateway)
            work.tx.enqueue(queue_of(gateway), jobs)
        for (id_, to, reason), count in self._told.items():
            campaign = self._campaigns[id_]
            work.tell(
                "sms.passed_on",
                kind=CAMPAIGN.name,
                subject=id_,
                organization=campaign.organization,
                region=campaign.region,
                data={"from": self.here, "to": to, "reason": reason, "count": count},
            )
        return sum(self._told.values())

    def waiting(self) -> tuple[list[str], list[str]]:
        """Give the campaigns that go through this gateway: who may go elsewhere now, and others."""
        where = (Where("state", "=", CampaignState.SENDING.value),)
        rows = self._work.each(CAMPAIGN.name, Query(where=where, order="updated"))
        every = [self._work.noun(CAMPAIGN, row) for row in rows]
        here = {one.id: self._may_go(one) for one in every if self.here in names_of(one)}
        return [id_ for id_, may in here.items() if may], [i for i, may in here.items() if not may]

    def _may_go(self, campaign: Campaign) -> bool:
        works = self._working(names_of(campaign)) - {self.here} if campaign.route else ()
        urgent = priority_of(campaign) == URGENT
        return any(urgent or idle(self._work, name) for name in works)

    def _working(self, names: Collection[str]) -> frozenset[str]:
        kept = f"working~{'~'.join(sorted(names))}"
        if kept not in self._work.kept:
            self._work.kept[kept] = working(self._work, names)
        found: frozenset[str] = self._work.kept[kept]
        return found

    def _ways(self, campaign: Campaign) -> Ways:
        """Give how a campaign goes through those of its gateways that are offered here."""
        tools = self._work.tools
        offered = set(tools.offered("sms")) & set(names_of(campaign))
        return ways_of(self._work, campaign, carriers_of(tools, campaign, offered))
