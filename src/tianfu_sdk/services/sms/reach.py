"""Narrow rows of subscribers: written with every document, read by plans and before sending."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from tianfu_sdk.core.rows.kinds import EMERGENCY, MARK, REACH, SUBSCRIBER
from tianfu_sdk.core.sms.campaign import Candidate, overrides_hours, wants_override
from tianfu_sdk.core.sms.reach import reach_keys, shape_of
from tianfu_sdk.errors import Denied, StorageError
from tianfu_sdk.model.event import Finding
from tianfu_sdk.model.sms import Campaign
from tianfu_sdk.model.storage import Query, Row
from tianfu_sdk.model.subscriber import Subscriber
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.work import Desk, Work

__all__ = [
    "NO_CONTACTS",
    "Reaching",
    "add_reach",
    "candidates",
    "demand_built",
    "drop_reach",
    "ignores_refusals",
    "looked_at",
    "note_built",
    "put_reach",
]

_MARK = "reach"
_BATCH = 500
_HINT = "tianfu doctor --rebuild-reach, or hub.as_system(reason=…).rebuild_reach()"


# Written with the documents.


def add_reach(work: Work, rows: Sequence[tuple[Subscriber, Mapping[str, Any]]]) -> None:
    """Store the narrow rows of new subscribers.

    Args:
        work: The change that stores their documents.
        rows: Each with the keys of its document's row.
    """
    new = [Row(noun.id, 0, None, reach_keys(noun, keys)) for noun, keys in rows]
    work.tx.put(REACH.name, new)


def put_reach(work: Work, rows: Sequence[tuple[Subscriber, Mapping[str, Any]]]) -> int:
    """Store the narrow rows of subscribers that were changed; gives how many differ.

    Args:
        work: The change that stores their documents.
        rows: Each with the keys of its document's row.
    """
    wanted = {noun.id: reach_keys(noun, keys) for noun, keys in rows}
    there = {row.id: row for row in work.tx.get(REACH.name, list(wanted))}
    changed = [
        Row(id_, there[id_].version if id_ in there else 0, None, keys)
        for id_, keys in wanted.items()
        if id_ not in there or dict(there[id_].keys) != keys
    ]
    work.tx.put(REACH.name, changed)
    return len(changed)


def drop_reach(work: Work, ids: Sequence[str]) -> None:
    """Delete the narrow rows of subscribers who are erased."""
    rows = work.tx.get(REACH.name, ids)
    work.tx.delete(REACH.name, [(row.id, row.version) for row in rows])


# Read.


NO_CONTACTS: Mapping[bytes, bytes] = MappingProxyType({})


def candidates(
    work: Work,
    rows: Sequence[Row],
    refused: Mapping[bytes, frozenset[str]],
    contacts: Mapping[bytes, bytes] = NO_CONTACTS,
) -> list[Candidate]:
    """Make candidates of narrow rows.

    Args:
        work: The transaction that read them.
        rows: Of kind `reach`.
        refused: What phones want nothing of, by blind index.
        contacts: What phones were sent, by blind index.
    """
    none: frozenset[str] = frozenset()
    find = refused.get
    had = contacts.get
    found = []
    long = [row.id for row in rows if not row.keys["shape"]]
    documents = {row.id: row for row in work.tx.get(SUBSCRIBER.name, long)} if long else {}
    for row in rows:
        keys = row.keys
        phone, shape, until = keys["phone_ix"], keys["shape"], keys["until"]
        if not shape and row.id not in documents:
            continue
        if not shape:
            shape, until = shape_of(work.noun(SUBSCRIBER, documents[row.id]), None)
        found.append(Candidate(row.id, phone, shape, until, find(phone, none), had(phone, b"")))
    return found


def ignores_refusals(work: Work, campaign: Campaign) -> bool:
    """Tell whether an emergency is told to who refused all messages: only where policy says so.

    The setting `sms.refusal_levels` names the level, the campaign gives a reason, and a second
    person has approved it; a draft that asks for it is planned so.
    """
    levels = work.tools.settings.sms.refusal_levels
    if not levels or campaign.emergency is None:
        return False
    if not (overrides_hours(campaign) or wants_override(campaign)):
        return False
    rows = work.tx.get(EMERGENCY.name, [campaign.emergency])
    return any(work.noun(EMERGENCY, row).level.value in levels for row in rows)


# Made anew: after a migration, and for a dump of an older program.


@attrs.frozen(kw_only=True)
class _Built:
    """How far the narrow rows of this store were made."""

    over: bool = False
    after: str = ""
    version: int = 0


def _found(work: Work) -> _Built:
    rows = work.tx.get(MARK.name, [_MARK])
    return _Built(**json.loads(rows[0].doc or b"{}"), version=rows[0].version) if rows else _Built()


def _note(work: Work, built: _Built) -> None:
    body = json.dumps({"over": built.over, "after": built.after}).encode()
    work.tx.put(MARK.name, [Row(_MARK, built.version, body)])


def note_built(work: Work) -> None:
    """Note that a store without subscribers has all their narrow rows."""
    _note(work, _Built(over=True, version=_found(work).version))


def demand_built(work: Work) -> None:
    """Demand that every subscriber has a narrow row; asked once a transaction.

    Raises:
        StorageError: `reach.not_built`.
    """
    if not work.kept.get(_MARK):
        work.kept[_MARK] = _found(work).over
        if not work.kept[_MARK]:
            raise StorageError("reach.not_built")


class Reaching(Desk):
    """Make all narrow rows of the documents; only for the system. Goes on where it stopped."""

    def run(self, progress: Callable[[int], None] | None = None, *, anew: bool = False) -> int:
        """Make what is missing.

        Args:
            progress: Called with how many subscribers were looked at.
            anew: Look at all of them, also where they were made.

        Returns:
            How many rows were missing or wrong.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
        """
        if not self._actor.system:
            raise Denied("account.required")
        if anew:
            self._write(lambda work: _note(work, _Built(version=_found(work).version)))
        changed = seen = 0
        while True:
            # Whoever edits a subscriber on a server meanwhile may be quicker.
            read, written, over = until_done(lambda: self._write(_make_some))
            seen += read
            changed += written
            if progress is not None:
                progress(seen)
            if over:
                return changed


def _make_some(work: Work) -> tuple[int, int, bool]:
    built = _found(work)
    if built.over:
        return 0, 0, True
    after = (built.after, built.after) if built.after else None
    rows = work.tx.find(SUBSCRIBER.name, Query(after=after, limit=_BATCH))
    changed = put_reach(work, [(work.noun(SUBSCRIBER, row), row.keys) for row in rows])
    over = len(rows) < _BATCH
    # Whoever adds a subscriber meanwhile stores both rows, wherever this stands.
    _note(work, _Built(over=over, after="" if over else rows[-1].id, version=built.version))
    return len(rows), changed, over


def looked_at(work: Work) -> list[Finding]:
    """Hold narrow rows and documents against each other."""
    if not _found(work).over and work.tx.find(SUBSCRIBER.name, Query(limit=1)):
        message = "not all subscribers have their narrow row yet"
        return [Finding(check="reach", severity="error", message=message, hint=_HINT)]
    count = 0
    wrong: list[str] = []
    after = None
    while True:
        rows = work.tx.find(SUBSCRIBER.name, Query(after=after, limit=_BATCH))
        there = {row.id: row.keys for row in work.tx.get(REACH.name, [row.id for row in rows])}
        for row in rows:
            wanted = reach_keys(work.noun(SUBSCRIBER, row), row.keys)
            if dict(there.get(row.id, {})) != wanted:
                wrong.append(row.id)
        count += len(rows)
        if len(rows) < _BATCH:
            break
        after = (rows[-1].id, rows[-1].id)
    extra = work.tx.count(REACH.name, Query()) - count
    if wrong or extra > 0:
        message = (
            f"{len(wrong)} narrow rows of {count} subscribers differ, {max(extra, 0)} too many"
        )
        subject = wrong[0] if wrong else ""
        return [
            Finding(check="reach", severity="error", message=message, hint=_HINT, subject=subject)
        ]
    return [Finding(check="reach", severity="ok", message=f"{count} subscribers have theirs")]
