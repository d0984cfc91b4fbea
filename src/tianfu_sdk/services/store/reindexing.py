"""Rotation of keys as jobs: resumable after a kill at any point, while others read and write.

The master key: every subject's key is wrapped anew, a batch a transaction. What is left to do
is what rows say, so nothing has to be remembered.

The index key: the store names the new one first; from then on new rows stand under it and
look-ups go under both. Then every subscriber and every registration is moved, a batch a
transaction, with a mark of how far. A message's id is made of the blind index, so the change
does not begin while a campaign is being put in the outbox; one that begins during the change
counts by the new key (`services/sms/audience`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.rows.keying import NounKind, unique_id
from tianfu_sdk.core.rows.kinds import (
    CAMPAIGN,
    REGISTRATION,
    SUBJECT_KEY,
    SUBSCRIBER,
    UNIQUE,
    kind_of,
)
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.event import Value
from tianfu_sdk.model.sms import CampaignState
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.desk.indexing import (
    index_keys,
    phone_index,
    put_index_keys,
    settled,
)
from tianfu_sdk.services.desk.people import PHONE, REGISTRANT, open_all, unwrapped
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.caps import move_contacts
from tianfu_sdk.services.sms.optouts import copy_opt_outs
from tianfu_sdk.services.sms.reach import put_reach

__all__ = ["begin", "masters_in_use", "move_some", "rewrap_some"]


def masters_in_use(work: Work) -> list[str]:
    """Give the ids of the master keys that rows name, in order."""
    found: list[str] = []
    while True:
        where = (Where("master", ">", found[-1]),) if found else ()
        query = Query(where=where, order="master", limit=1, fields="keys")
        rows = work.tx.find(SUBJECT_KEY.name, query)
        if not rows:
            return found
        found.append(str(rows[0].keys["master"]))


def rewrap_some(work: Work, limit: int) -> int:
    """Wrap some subjects' keys by the current master key; gives how many; 0: all are.

    Raises:
        CryptoError: `keys.unknown`, `keys.wrong`.
    """
    # Noted first: until now a store of the first release tells its index key by these rows.
    settled(work)
    keys = work.tools.keys
    current = keys.current()
    rows: list[Row] = []
    for master in masters_in_use(work):
        if master != current and len(rows) < limit:
            query = Query(where=(Where("master", "=", master),), limit=limit - len(rows))
            rows += work.tx.find(SUBJECT_KEY.name, query)
    work.tx.put(
        SUBJECT_KEY.name,
        [
            Row(
                row.id,
                row.version,
                keys.wrap(unwrapped(work, row), row.id),
                {"master": current},
            )
            for row in rows
        ],
    )
    if rows:
        data: dict[str, Value] = {"count": len(rows), "key": current}
        work.record("keys.rewrapped", kind=SUBJECT_KEY.name, subject="", data=data)
    return len(rows)


def begin(work: Work) -> bool:
    """Make the current master key's index the one that new rows stand under.

    Returns:
        Whether rows are to be moved: just begun, or begun before and not ended.

    Raises:
        Conflict: `keys.campaign_open`, a campaign is being put in the outbox.
    """
    keys = settled(work)
    wanted = work.tools.keys.current()
    if keys.moving or keys.current == wanted:
        return keys.moving
    sending = (Where("state", "=", CampaignState.SENDING.value),)
    for row in work.each(CAMPAIGN.name, Query(where=sending)):
        if work.noun(CAMPAIGN, row).queued is None:
            raise Conflict("keys.campaign_open", path=row.id)
    older = (keys.current, *(id_ for id_ in keys.older if id_ not in (keys.current, wanted)))
    put_index_keys(work, attrs.evolve(keys, current=wanted, older=older, moving=True, after=""))
    data = {"key": wanted, "before": keys.current}
    work.record("keys.reindexing", kind=SUBSCRIBER.name, subject="", data=data)
    return True


def move_some(work: Work, limit: int) -> int:
    """Find some more people by the current index key; gives how many were looked at.

    Subscribers first, then registrations. Fewer than `limit`: all have been, and the change is
    over.
    """
    keys = index_keys(work)
    if not keys.moving:
        return 0
    seen = moved = 0
    after = keys.after
    if kind_of(after) is not REGISTRATION:
        rows, changed = _move_subscribers(work, after, limit)
        seen, moved = len(rows), changed
        after = rows[-1].id if rows else after
    if seen < limit:
        # Past the last subscriber: the first registration is the one after none.
        place = after if kind_of(after) is REGISTRATION else ""
        rows, changed = _move_registrations(work, place, limit - seen)
        seen, moved = seen + len(rows), moved + changed
        after = rows[-1].id if rows else after
    over = seen < limit
    put_index_keys(work, attrs.evolve(keys, moving=not over, after="" if over else after))
    if moved or over:
        data: dict[str, Value] = {"count": moved, "key": keys.current, "over": over}
        work.record("keys.reindexed", kind=SUBSCRIBER.name, subject="", data=data)
    return seen


def _move_subscribers(work: Work, after: str, limit: int) -> tuple[list[Row], int]:
    rows = work.tx.find(SUBSCRIBER.name, _page(after, limit))
    nouns = {row.id: work.noun(SUBSCRIBER, row) for row in rows}
    phones = open_all(work, PHONE, {id_: noun.phone for id_, noun in nouns.items()})
    indexes = {id_: phone_index(work, phone) for id_, phone in phones.items()}
    moved = [row for row in rows if indexes.get(row.id, row.keys["phone_ix"]) != _stands(row)]
    copy_opt_outs(work, {_stands(row): indexes[row.id] for row in moved})
    move_contacts(work, {_stands(row): indexes[row.id] for row in moved})
    _move_claims(
        work,
        SUBSCRIBER.name,
        {row.id: (nouns[row.id].organization, _stands(row)) for row in moved},
        indexes,
    )
    _put_moved(work, SUBSCRIBER, moved, indexes)
    put_reach(
        work,
        [(nouns[row.id], {**row.keys, "phone_ix": indexes[row.id]}) for row in moved],
    )
    return rows, len(moved)


def _move_registrations(work: Work, after: str, limit: int) -> tuple[list[Row], int]:
    rows = work.tx.find(REGISTRATION.name, _page(after, limit))
    sealed = {row.id: work.noun(REGISTRATION, row).phone for row in rows}
    phones = open_all(work, REGISTRANT["phone"], sealed)
    indexes = {id_: phone_index(work, phone) for id_, phone in phones.items()}
    moved = [row for row in rows if indexes.get(row.id, row.keys["phone_ix"]) != _stands(row)]
    before = {row.id: (str(row.keys["activity"]), _stands(row)) for row in moved}
    _move_claims(work, REGISTRATION.name, before, indexes)
    _put_moved(work, REGISTRATION, moved, indexes)
    return rows, len(moved)


def _page(after: str, limit: int) -> Query:
    return Query(after=(after, after) if after else None, limit=limit)


def _put_moved(
    work: Work, shelf: NounKind[Any], moved: Sequence[Row], indexes: Mapping[str, bytes]
) -> None:
    rows = []
    for row in moved:
        noun = attrs.evolve(work.noun(shelf, row), version=row.version + 1)
        keys = {**row.keys, "phone_ix": indexes[row.id]}
        rows.append(Row(row.id, row.version, codec.dumps(noun), keys))
    work.tx.put(shelf.name, rows)


def _stands(row: Row) -> bytes:
    index: bytes = row.keys["phone_ix"]
    return index


def _move_claims(
    work: Work, kind: str, before: Mapping[str, tuple[str, bytes]], indexes: Mapping[str, bytes]
) -> None:
    """Let the rows that keep phones unique stand under the new index too.

    Args:
        work: The open change.
        kind: Whose phones.
        before: By id within what the phone is unique, and the index under which it stood.
        indexes: The new ones by id.
    """
    old = {unique_id(kind, f"phone.{within}", index.hex()) for within, index in before.values()}
    new = {
        unique_id(kind, f"phone.{within}", indexes[id_].hex()): id_
        for id_, (within, _) in before.items()
    }
    found = work.tx.get(UNIQUE.name, sorted(old))
    work.tx.delete(UNIQUE.name, [(row.id, row.version) for row in found])
    there = {row.id for row in work.tx.get(UNIQUE.name, list(new))}
    rows = [Row(id_, 0, None, {"owner": owner}) for id_, owner in new.items() if id_ not in there]
    work.tx.put(UNIQUE.name, rows)
