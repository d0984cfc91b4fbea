"""How the sending side does, counted by indexes: what an embedder's metrics ask every minute."""

from __future__ import annotations

from collections import Counter

import attrs

from tianfu_sdk.core.rows.kinds import CAMPAIGN, MESSAGE
from tianfu_sdk.core.sms import batches
from tianfu_sdk.model.sms import Health, LaneHealth, MessageState
from tianfu_sdk.model.storage import JobState, Query, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.counting import batches_in, waiting, ways_in
from tianfu_sdk.services.sms.lanes import health, queue_of
from tianfu_sdk.services.sms.outbox import jobs_in

__all__ = ["health_of"]


def health_of(work: Work) -> Health:
    """Say how the sending side does, gateway by gateway and in all."""
    unknown = _unknown(work)
    lanes = tuple(_counted(work, lane, unknown[lane.gateway]) for lane in health(work))
    return Health(
        queued=sum(lane.queued for lane in lanes),
        leased=sum(lane.leased for lane in lanes),
        parked=sum(lane.parked for lane in lanes),
        unknown=sum(unknown.values()),
        gateways=tuple(work.tools.offered("sms")),
        lanes=lanes,
        lag=max((lane.lag for lane in lanes), default=0.0),
    )


def _counted(work: Work, lane: LaneHealth, unknown: int) -> LaneHealth:
    queue = queue_of(lane.gateway)
    # What is parked is what waits for people: few, or somebody looks already.
    parked = [job.key for job in jobs_in(work, queue, JobState.PARKED)]
    first = work.tx.first_due(queue)
    lag = 0.0 if first is None else max(0.0, (work.tx.now() - first).total_seconds())
    queued = batches_in(work, batches.QUEUED, lane.gateway)
    return attrs.evolve(
        lane,
        queued=queued - waiting(work, parked),
        leased=batches_in(work, batches.SENDING, lane.gateway),
        parked=len(parked),
        unknown=unknown,
        lag=lag,
    )


def _unknown(work: Work) -> Counter[str]:
    """Count unknown messages by gateway, leaping from one campaign that has any to the next."""
    found: Counter[str] = Counter()
    of_all = (Where("state", "=", MessageState.UNKNOWN.value),)
    query = Query(where=of_all, order="campaign", limit=1, fields="keys")
    while rows := work.tx.find(MESSAGE.name, query):
        campaign = rows[0].keys["campaign"]
        here = (*of_all, Where("campaign", "=", campaign))
        for name, of in ways_in(work.get(CAMPAIGN, campaign)):
            found[name] += work.tx.count(MESSAGE.name, Query(where=(*here, *of)))
        query = attrs.evolve(query, where=(*of_all, Where("campaign", ">", campaign)))
    return found
