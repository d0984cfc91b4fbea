"""Counting what phones were sent, in the transactions that put messages in the outbox.

Nothing is counted until somebody somewhere caps something, in the settings or in the policy of an
organization: most deployments never do, and it costs a row a phone. From then on the messages of
all campaigns count, capped or not, and a mark says since when.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import CAMPAIGN, CONTACT, MARK, REACH, RESERVATION, SUBSCRIBER
from tianfu_sdk.core.sms.campaign import Choice, overrides_hours, wants_override
from tianfu_sdk.core.sms.contacts import Capping, Caps, caps_of, contact_id, entry_digest
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.sms import Campaign, CampaignState
from tianfu_sdk.model.storage import LONGEST_PAGE, Query, Row, Where
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.quotas import policies_of

__all__ = [
    "begin_counting",
    "book",
    "capping",
    "contacts_between",
    "counted_since",
    "forget_contacts",
    "move_contacts",
    "purge",
]

_MARK = "sms:caps"
_LOOK_BACK = timedelta(days=400)
"""No message of a campaign that was cancelled earlier counts for anybody."""


@attrs.frozen(kw_only=True)
class _Counting:
    """Since when messages are counted, and how long their entries are kept."""

    since: int
    """Moment key."""
    longest: int
    """Seconds for which the caps of anybody may ask."""
    version: int
    """Of the mark."""


def _counting(work: Work) -> _Counting | None:
    """Give since when messages are counted, read once a transaction; None: they are not."""
    if _MARK not in work.kept:
        rows = work.tx.get(MARK.name, [_MARK])
        body = json.loads(rows[0].doc or b"{}") if rows else {}
        work.kept[_MARK] = _Counting(version=rows[0].version, **body) if rows else None
    found: _Counting | None = work.kept[_MARK]
    return found


def begin_counting(work: Work, asked: Caps) -> None:
    """Count the messages of all campaigns from now on, for as long as these caps may ask."""
    known = _counting(work)
    if not asked.any or (known is not None and known.longest >= asked.longest):
        return
    since = known.since if known else moment_key(work.now)
    body = {"since": since, "longest": asked.longest}
    version = known.version if known else 0
    work.tx.put(MARK.name, [Row(_MARK, version, json.dumps(body).encode())])
    work.kept[_MARK] = _Counting(version=version + 1, **body)


def counted_since(work: Work, campaign: Campaign) -> datetime | None:
    """Give from when on messages count for the caps of a campaign.

    Returns:
        None: it has none, or nothing was counted yet.
    """
    known = _counting(work) if _caps(work, campaign).any else None
    return None if known is None else EPOCH + timedelta(microseconds=known.since)


def _caps(work: Work, campaign: Campaign) -> Caps:
    owner, _ = work.placed(campaign.organization)
    return caps_of(work.tools.settings.sms, list(policies_of(work, owner.path).values()))


def capping(work: Work, campaign: Campaign, due: datetime) -> Capping | None:
    """Give what decides for a campaign, read once a transaction; None where nothing is capped.

    Args:
        work: The open transaction.
        campaign: The task.
        due: When its messages may go out.
    """
    kept = f"capping~{campaign.id}"
    if kept not in work.kept:
        caps, known = _caps(work, campaign), _counting(work)
        work.kept[kept] = None
        if caps.any:
            work.kept[kept] = Capping(
                campaign,
                caps,
                moment_key(due) // 1_000_000,
                ignored=_cancelled(work),
                override=overrides_hours(campaign) or wants_override(campaign),
                keep=known.longest if known else 0,
            )
    found: Capping | None = work.kept[kept]
    return found


def _cancelled(work: Work) -> frozenset[bytes]:
    """Give the digests of campaigns that were cancelled before anything of them left."""
    since = moment_key(work.now - _LOOK_BACK)
    where = (Where("state", "=", CampaignState.CANCELLED.value), Where("updated", ">", since))
    ids = [row.id for row in work.each(CAMPAIGN.name, Query(where=where, fields="keys"))]
    held = work.tx.get(RESERVATION.name, ids)
    return frozenset(entry_digest(row.id, 8) for row in held if not row.keys["used"])


def contacts_between(work: Work, phones: Sequence[bytes]) -> dict[bytes, bytes]:
    """Give the entries of phones that were read in the order of their index.

    Read as one short range beside them; where more were sent something there than are asked
    for, each is looked up.
    """
    if not phones:
        return {}
    ids = contact_id(phones[0]), contact_id(phones[-1])
    where = (Where("id", ">=", ids[0]), Where("id", "<=", ids[1]))
    rows = work.tx.find(CONTACT.name, Query(where=where, limit=LONGEST_PAGE))
    if len(rows) == LONGEST_PAGE:
        rows = work.tx.get(CONTACT.name, [contact_id(phone) for phone in phones])
    return {bytes.fromhex(row.id): row.doc or b"" for row in rows}


def book(
    work: Work, campaign: Campaign, batches: Sequence[Sequence[Choice]], due: datetime
) -> list[list[Choice]]:
    """Count the messages of some batches, and leave out who had enough since they were read.

    Args:
        work: The change that puts them in the outbox.
        campaign: The task.
        batches: Of the campaign.
        due: When they may go out.

    Returns:
        The batches without who was left out; empty ones are dropped.
    """
    begin_counting(work, _caps(work, campaign))
    known = _counting(work)
    if known is None:
        return [list(batch) for batch in batches]
    decide = capping(work, campaign, due) or Capping(
        campaign, Caps(), moment_key(due) // 1_000_000, keep=known.longest
    )
    now = moment_key(work.now) // 1_000_000
    until = decide.until(now)
    ids = [contact_id(choice.phone_ix) for batch in batches for choice in batch]
    there = {row.id: row for row in work.tx.get(CONTACT.name, ids)}
    rows: list[Row] = []
    kept: list[list[Choice]] = []
    for batch in batches:
        may: list[Choice] = []
        for choice in batch:
            id_ = contact_id(choice.phone_ix)
            row = there.get(id_)
            entries = (row.doc or b"") if row else b""
            if decide.refuses(entries):
                continue
            may.append(choice)
            keys = {"until": max(until, row.keys["until"] if row else 0)}
            rows.append(Row(id_, row.version if row else 0, decide.with_this(entries, now), keys))
        if may:
            kept.append(may)
    work.tx.put(CONTACT.name, rows)
    return kept


# With the phone.


def move_contacts(work: Work, indexes: Mapping[bytes, bytes]) -> None:
    """Let entries be found by the current index of their phones.

    Args:
        work: The open change.
        indexes: Current blind index by an older one of the same phone.
    """
    old = work.tx.get(CONTACT.name, [contact_id(before) for before in indexes])
    if not old:
        return
    new = {row.id: contact_id(indexes[bytes.fromhex(row.id)]) for row in old}
    there = {row.id: row for row in work.tx.get(CONTACT.name, list(new.values()))}
    work.tx.delete(CONTACT.name, [(row.id, row.version) for row in old])
    rows = []
    for row in old:
        known = there.get(new[row.id])
        more = (known.doc or b"") if known else b""
        until = max(row.keys["until"], known.keys["until"] if known else 0)
        version = known.version if known else 0
        rows.append(Row(new[row.id], version, (row.doc or b"") + more, {"until": until}))
    work.tx.put(CONTACT.name, rows)


def forget_contacts(work: Work, subscriber: str) -> None:
    """Forget what the phone of a person who is erased was sent, unless another has it too."""
    for row in work.tx.get(REACH.name, [subscriber]):
        same = (Where("phone_ix", "=", row.keys["phone_ix"]), Where("id", "!=", subscriber))
        if work.tx.count(SUBSCRIBER.name, Query(where=same)):
            continue
        found = work.tx.get(CONTACT.name, [contact_id(row.keys["phone_ix"])])
        work.tx.delete(CONTACT.name, [(one.id, one.version) for one in found])


def purge(work: Work, limit: int) -> int:
    """Forget phones that nobody asks about any more; gives how many."""
    where = (Where("until", "<", moment_key(work.now)),)
    rows = work.tx.find(CONTACT.name, Query(where=where, order="until", limit=limit))
    work.tx.delete(CONTACT.name, [(row.id, row.version) for row in rows])
    return len(rows)
