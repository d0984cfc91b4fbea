"""What became of a campaign: figures by state, language, region and reason, and its messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import attrs

from tianfu_sdk.core.kinds import MESSAGE, SUBSCRIBER
from tianfu_sdk.core.messages import BILLED
from tianfu_sdk.core.phones import masked
from tianfu_sdk.model.sms import Campaign, MessageState, SmsMessage, SmsProgress, SmsReport
from tianfu_sdk.model.storage import LONGEST_PAGE, Group, Query, Row, Where
from tianfu_sdk.services.outbox import STATES, counts_by_language
from tianfu_sdk.services.people import PHONE, open_all
from tianfu_sdk.services.work import Work

__all__ = ["messages_in", "progress_of", "report_of"]

_TOLD_WHY = (
    MessageState.REJECTED,
    MessageState.FAILED,
    MessageState.EXPIRED,
    MessageState.UNKNOWN,
    MessageState.DROPPED,
)


def report_of(work: Work, campaign: Campaign) -> SmsReport:
    """Say what became of a campaign."""
    by_state: Counter[str] = Counter()
    by_language: Counter[str] = Counter()
    parts = 0
    for (language, state), (count, each) in counts_by_language(work, campaign).items():
        by_state[state.value] += count
        by_language[language] += count
        parts += count * each if state in BILLED else 0
    by_region, by_reason = _broken_down(work, campaign)
    return SmsReport(
        campaign=campaign.id,
        state=campaign.state,
        planned=campaign.planned,
        by_state=dict(by_state),
        by_language=dict(by_language),
        parts=parts,
        cost=parts * work.tools.settings.sms.price,
        by_region=by_region,
        by_reason=by_reason,
    )


def _broken_down(
    work: Work, campaign: Campaign
) -> tuple[Mapping[str, Mapping[str, int]], Mapping[str, int]]:
    by_region: dict[str, dict[str, int]] = {}
    by_reason: Counter[str] = Counter()
    for state in MessageState:
        where = (Where("state", "=", state.value), Where("campaign", "=", campaign.id))
        for region in _regions(work, where):
            here = (*where, Where("region", "=", region))
            if region:
                count = work.tx.count(MESSAGE.name, Query(where=here))
                by_region.setdefault(region, {})[state.value] = count
            if state in _TOLD_WHY:
                for row in _rows(work, here, campaign):
                    by_reason[row.keys["error"] or state.value] += 1
    return dict(sorted(by_region.items())), dict(by_reason.most_common())


def _regions(work: Work, where: Group) -> Iterator[str]:
    """Give the regions that rows of one state name, leaping from one to the next."""
    last: str | None = None
    while True:
        after = () if last is None else (Where("region", ">", last),)
        query = Query(where=(*where, *after), order="region", limit=1, fields="keys")
        rows = work.tx.find(MESSAGE.name, query)
        if not rows:
            return
        last = str(rows[0].keys["region"])
        yield last


def _rows(work: Work, where: Group, campaign: Campaign) -> Iterator[Row]:
    # Language by language they stand in the index in the order of their ids.
    for language in campaign.texts:
        query = Query(
            where=(*where, Where("language", "=", language)), limit=LONGEST_PAGE, fields="keys"
        )
        yield from work.in_order(MESSAGE.name, query, None)


_OPEN = (MessageState.QUEUED.value, MessageState.SENDING.value, MessageState.DEFERRED.value)


def progress_of(
    campaign: Campaign, by_state: Mapping[str, int], since: SmsProgress | None, seconds: float
) -> SmsProgress:
    """Say how far a campaign is, by its counts now and, where there are any, before."""
    total = sum(by_state.values())
    left = sum(by_state.get(state, 0) for state in _OPEN)
    found = SmsProgress(
        campaign=campaign.id,
        state=campaign.state,
        total=total,
        done=total - left,
        by_state=dict(by_state),
    )
    if since is None or seconds <= 0:
        return found
    rate = max(0.0, (found.done - since.done) / seconds)
    return attrs.evolve(found, rate=rate, left=left / rate if rate else None)


def messages_in(
    work: Work,
    campaign: Campaign,
    *,
    state: MessageState | None,
    region: str | None,
    after: str | None,
    limit: int,
) -> tuple[list[SmsMessage], str | None]:
    """Give messages of a campaign that something became of, and where the next page begins."""
    where: tuple[Where, ...] = (Where("campaign", "=", campaign.id),)
    if state is None:
        where = (Where("id", "prefix", f"{campaign.id}~"), *where)
    else:
        where = (Where("state", "=", state.value), *where)
    if region is not None:
        where = (*where, Where("region", "=", region))
    start = None if after is None else (after, after)
    query = Query(where=where, after=start, limit=limit, fields="keys")
    rows = work.tx.find(MESSAGE.name, query)
    phones = _phones(work, [row.keys["subscriber"] for row in rows if row.keys["subscriber"]])
    found = [
        SmsMessage(
            subscriber=row.keys["subscriber"],
            phone=phones.get(row.keys["subscriber"], ""),
            state=STATES[row.keys["state"]],
            language=row.keys["language"],
            region=row.keys["region"],
            parts=row.keys["parts"],
            reason=row.keys["error"],
            batch=row.keys["batch"],
        )
        for row in rows
    ]
    return found, rows[-1].id if len(rows) == limit else None


def _phones(work: Work, ids: list[str]) -> dict[str, str]:
    documents = work.tx.get(SUBSCRIBER.name, ids) if ids else []
    sealed = {row.id: work.noun(SUBSCRIBER, row).phone for row in documents}
    return {id_: masked(phone) for id_, phone in open_all(work, PHONE, sealed).items()}
