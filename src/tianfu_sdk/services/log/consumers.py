"""Who reads the log of events on, and how far each is."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import attrs

from tianfu_sdk.core.rows.kinds import ACCOUNT, MARK
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.event import Consumer
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.desk.work import Work

__all__ = ["OWN", "check_name", "each", "forget", "get", "hand_over", "move"]

OWN = "tianfu:"
"""What the names of the consumers of this SDK begin with, and no others."""
_LONGEST = 40
_BEGINS = "consumer:"
_SYSTEM = "system"


def check_name(name: str) -> None:
    """Refuse what no caller's consumer is called.

    Raises:
        Invalid: `events.bad_name`; `events.reserved`, a consumer of this SDK.
    """
    if not name.strip() or len(name) > _LONGEST:
        raise Invalid("events.bad_name", path="name")
    if name.startswith(OWN):
        # Whoever shared its mark would take events from it.
        raise Invalid("events.reserved", path="name", prefix=OWN)


def get(work: Work, name: str) -> Consumer:
    """Give the actor's consumer of a name, at the beginning where there is none yet."""
    owner = _owner(work)
    row = _row(work, owner, name)
    if row is not None:
        return _read(row)
    return Consumer(name=name, owner=owner, cursor="", handled=0, updated_at=EPOCH)


def move(work: Work, before: Consumer, cursor: str, handled: int) -> bool:
    """Move a consumer on, unless another process of its owner has moved it; tells whether.

    Raises:
        Conflict: `storage.version`, another process moves it at the same time.
    """
    row = _row(work, before.owner, before.name)
    if (row and _read(row)) != (before if before.updated_at != EPOCH else None):
        return False
    after = attrs.evolve(
        before, cursor=cursor, handled=before.handled + handled, updated_at=work.now
    )
    _put(work, after, row.version if row else 0)
    return True


def each(work: Work) -> list[Consumer]:
    """List the actor's consumers; all of them for the system."""
    rows = work.each(MARK.name, Query(where=(Where("id", "prefix", _BEGINS),)))
    found = [_read(row) for row in rows]
    mine = [one for one in found if work.actor.system or one.owner == _owner(work)]
    return sorted(mine, key=lambda one: (one.owner, one.name))


def forget(work: Work, name: str, owner: str | None) -> None:
    """Forget a consumer; see `Events.forget`."""
    if owner is not None and owner != _owner(work) and not work.actor.system:
        raise Denied("events.not_yours", path="owner")
    owner = owner or _owner(work)
    row = _there(work, owner, name)
    work.tx.delete(MARK.name, [(row.id, row.version)])
    work.record(
        "consumer.forgotten",
        kind="consumer",
        subject=row.id,
        organization="" if work.actor.system else work.account.organization,
        data={"owner": owner},
    )


def hand_over(work: Work, name: str, owner: str, to: str) -> Consumer:
    """Give a consumer to another account; see `Events.hand_over`."""
    if not work.actor.system:
        raise Denied("account.required")
    row = _there(work, owner, name)
    if to != _SYSTEM and not work.tx.get(ACCOUNT.name, [to]):
        raise NotFound("account.unknown", path="to")
    if _row(work, to, name) is not None:
        raise Conflict("events.consumer_there", path="to", name=name)
    given = attrs.evolve(_read(row), owner=to, updated_at=work.now)
    work.tx.delete(MARK.name, [(row.id, row.version)])
    _put(work, given, 0)
    data = {"from": owner, "to": to}
    work.record("consumer.handed_over", kind="consumer", subject=_id(to, name), data=data)
    return given


def _owner(work: Work) -> str:
    return _SYSTEM if work.actor.system else work.account.id


def _id(owner: str, name: str) -> str:
    # Hashed: owner and name together may be longer than an id.
    return _BEGINS + hashlib.sha256(f"{owner}\x1f{name}".encode()).hexdigest()[:40]


def _row(work: Work, owner: str, name: str) -> Row | None:
    rows = work.tx.get(MARK.name, [_id(owner, name)])
    return rows[0] if rows else None


def _there(work: Work, owner: str, name: str) -> Row:
    check_name(name)
    row = _row(work, owner, name)
    if row is None:
        raise NotFound("events.no_consumer", path="name", name=name)
    return row


def _read(row: Row) -> Consumer:
    plain = json.loads(row.doc or b"{}")
    return Consumer(**plain | {"updated_at": datetime.fromisoformat(plain["updated_at"])})


def _put(work: Work, consumer: Consumer, version: int) -> None:
    plain = attrs.asdict(consumer) | {"updated_at": consumer.updated_at.isoformat()}
    document = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    work.tx.put(MARK.name, [Row(_id(consumer.owner, consumer.name), version, document)])
