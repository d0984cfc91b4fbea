"""Messages in the outbox, as rows of the store: read, moved on, finished with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import attrs

from tianfu_sdk.core.kinds import CAMPAIGN, MESSAGE
from tianfu_sdk.core.messages import OPEN
from tianfu_sdk.model.sms import Campaign, CampaignState, MessageState
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.work import Work

__all__ = [
    "QUEUE",
    "STATES",
    "drop_open",
    "finish",
    "messages_of",
    "moved",
    "put_messages",
    "stands",
    "tell_counts",
]

QUEUE = "sms"
"""Name of the queue: one job is one batch of a gateway."""

STATES: Mapping[str, MessageState] = {state.value: state for state in MessageState}
"""States of messages by their values."""


def stands(row: Row) -> MessageState:
    """Give the state of a message or of a receipt that was kept."""
    return STATES[row.keys["state"]]


def messages_of(work: Work, batch: str) -> list[Row]:
    """Give the messages of a batch."""
    return list(work.each(MESSAGE.name, Query(where=(Where("batch", "=", batch),))))


def moved(row: Row, state: MessageState, **more: str) -> Row:
    """Give a message in another state."""
    return Row(row.id, row.version, None, {**row.keys, "state": state.value, **more})


def put_messages(work: Work, rows: Sequence[Row]) -> None:
    """Store messages that were read in this transaction."""
    work.tx.put(MESSAGE.name, rows)


def drop_open(work: Work, campaign: str) -> int:
    """Cancel the messages of a campaign that have not left; gives how many."""
    dropped = 0
    for state in (MessageState.QUEUED, MessageState.DEFERRED):
        where = (Where("state", "=", state.value), Where("campaign", "=", campaign))
        while rows := work.tx.find(MESSAGE.name, Query(where=where, limit=1000)):
            put_messages(work, [moved(row, MessageState.DROPPED) for row in rows])
            dropped += len(rows)
    return dropped


def finish(work: Work, campaign: Campaign) -> Campaign:
    """Move a campaign on to `sent` where nothing of it is left to do."""
    if campaign.state is not CampaignState.SENDING or campaign.queued is None:
        return campaign
    for state in OPEN:
        where = (Where("state", "=", state.value), Where("campaign", "=", campaign.id))
        # One row tells as much as a count, however many there are.
        if work.tx.find(MESSAGE.name, Query(where=where, limit=1, fields="keys")):
            return campaign
    _, placed = work.placed(campaign.organization, campaign.region)
    stored = work.put(CAMPAIGN, attrs.evolve(campaign, state=CampaignState.SENT), placed)
    work.note(stored, "sent", count=stored.queued)
    return stored


def tell_counts(
    work: Work,
    campaign: Campaign,
    news: Iterable[tuple[MessageState, Row]],
    names: Mapping[MessageState, str],
) -> None:
    """Tell how many messages of a campaign came to which state: one event a state."""
    counts: Counter[MessageState] = Counter()
    parts: Counter[MessageState] = Counter()
    for state, row in news:
        counts[state] += 1
        parts[state] += row.keys["parts"]
    for state, count in counts.items():
        if state in names:
            work.tell(
                f"sms.{names[state]}",
                kind=CAMPAIGN.name,
                subject=campaign.id,
                organization=campaign.organization,
                region=campaign.region,
                data={"count": count, "parts": parts[state]},
            )
