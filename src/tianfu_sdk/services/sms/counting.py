"""Messages counted by indexes: how many of a campaign stand where, and through which gateway."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import attrs

from tianfu_sdk.core.rows.kinds import BATCH, MESSAGE
from tianfu_sdk.core.sms import batches
from tianfu_sdk.core.sms.messages import BILLED
from tianfu_sdk.core.sms.routes import names_of
from tianfu_sdk.model.sms import Campaign, MessageState
from tianfu_sdk.model.storage import Group, Query, Where
from tianfu_sdk.services.desk.work import Work

__all__ = [
    "Without",
    "batches_in",
    "billed_parts",
    "counts_of",
    "counts_through",
    "parts_of",
    "passed_on",
    "waiting",
    "ways_in",
    "without_rows",
]

_STATE_OF = {
    batches.QUEUED: MessageState.QUEUED,
    batches.SENDING: MessageState.SENDING,
    batches.DROPPED: MessageState.DROPPED,
}


@attrs.frozen
class Without:
    """Messages of one batch that have no row of their own yet."""

    gateway: str
    language: str
    state: MessageState
    count: int
    parts: int
    """Billed parts of each."""


def without_rows(work: Work, campaign: str) -> Iterator[Without]:
    """Give the messages of a campaign that have no row of their own."""
    for stands_at, state in _STATE_OF.items():
        where = (Where("campaign", "=", campaign), Where("state", "=", stands_at))
        for row in work.each(BATCH.name, Query(where=where, fields="keys")):
            keys = row.keys
            if keys["count"]:
                yield Without(
                    keys["gateway"], keys["language"], state, keys["count"], keys["parts"]
                )


def ways_in(campaign: Campaign) -> Sequence[tuple[str, Group]]:
    """Give the gateways of a campaign, each with what tells its messages from the others'.

    What has only one gateway needs no telling, and rows of older programs name none.
    """
    names = names_of(campaign)
    if len(names) == 1:
        return ((names[0], ()),)
    return tuple((name, (Where("gateway", "=", name),)) for name in names)


def billed_parts(work: Work, campaign: Campaign) -> int:
    """Count the parts of a campaign that a gateway took, or may have taken or still take."""
    billed = BILLED | {MessageState.SENDING}
    parts = 0
    for state in billed:
        where = _where(campaign.id, state)
        parts += parts_of(work, where, _number(work, where))
    waiting_ = without_rows(work, campaign.id)
    return parts + sum(one.count * one.parts for one in waiting_ if one.state in billed)


def parts_of(work: Work, where: Group, count: int) -> int:
    """Add up the parts of messages, by how many there are of each number of parts.

    Args:
        work: The open transaction.
        where: Which messages.
        count: How many they are.
    """
    parts, left = 0, count
    seen: Group = ()
    while left > 0:
        some = work.tx.find(MESSAGE.name, Query(where=(*where, *seen), limit=1, fields="keys"))
        if not some:
            break
        each = some[0].keys["parts"]
        here = work.tx.count(
            MESSAGE.name, Query(where=(*where, Where("parts", "=", each)), fields="keys")
        )
        parts += each * here
        left -= here
        seen = (*seen, Where("parts", "!=", each))
    return parts


def counts_of(work: Work, campaign: str) -> dict[str, int]:
    """Count the messages of a campaign by state; states that none has are left out."""
    found: Counter[str] = Counter()
    for state in MessageState:
        found[state.value] = _number(work, _where(campaign, state))
    for one in without_rows(work, campaign):
        found[one.state.value] += one.count
    return {state: count for state, count in found.items() if count}


def counts_through(work: Work, campaign: Campaign) -> dict[str, dict[str, int]]:
    """Count the messages of a campaign by gateway and state; what none has is left out."""
    found: dict[str, Counter[str]] = {name: Counter() for name, _ in ways_in(campaign)}
    for name, of in ways_in(campaign):
        for state in MessageState:
            found[name][state.value] += _number(work, (*_where(campaign.id, state), *of))
    for one in without_rows(work, campaign.id):
        found.setdefault(one.gateway, Counter())[one.state.value] += one.count
    plain = {name: {s: n for s, n in counts.items() if n} for name, counts in found.items()}
    return {name: counts for name, counts in plain.items() if counts}


def passed_on(work: Work, campaign: str) -> dict[str, int]:
    """Count the messages of a campaign that went on from a gateway to another, by the former."""
    found: Counter[str] = Counter()
    where = (Where("campaign", "=", campaign), Where("state", "=", batches.MOVED))
    for row in work.each(BATCH.name, Query(where=where, fields="keys")):
        found[row.keys["gateway"]] += row.keys["count"]
    return dict(found)


def _where(campaign: str, state: MessageState) -> Group:
    return Where("state", "=", state.value), Where("campaign", "=", campaign)


def _number(work: Work, where: Group) -> int:
    return work.tx.count(MESSAGE.name, Query(where=where))


def batches_in(work: Work, state: str, gateway: str | None = None) -> int:
    """Count the batches of a gateway, or of all, that stand so."""
    of = () if gateway is None else (Where("gateway", "=", gateway),)
    return work.tx.count(BATCH.name, Query(where=(Where("state", "=", state), *of)))


def waiting(work: Work, keys: Sequence[str]) -> int:
    """Count those of some batches that have not left."""
    return sum(row.keys["state"] == batches.QUEUED for row in work.tx.get(BATCH.name, keys))
