"""Which index keys a store's rows are found by; the store says it, not the key file.

Processes that hold other key files than each other agree because they read it in the
transaction that uses it. One key is current. While another one takes its place
(`services/store/reindexing`), live rows stand under both. Keys that were current once are named for
ever: opt-outs and the embedder's users stand under them without the plain value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import attrs

from tianfu_sdk.core.rows.kinds import MARK, OPT_OUT, SUBJECT_KEY
from tianfu_sdk.model.storage import Query, Row
from tianfu_sdk.services.desk.book import Book

__all__ = [
    "IndexKeys",
    "all_indexes",
    "client_index",
    "external_index",
    "external_indexes",
    "index_keys",
    "live_indexes",
    "moving",
    "older_indexes",
    "phone_index",
    "put_index_keys",
    "settled",
]

_MARK = "keys:index"


@attrs.frozen(kw_only=True)
class IndexKeys:
    """The index keys of a store."""

    current: str
    """Id of the key that new rows are indexed under."""
    older: tuple[str, ...] = ()
    """Ids of all others that rows may stand under, newest first."""
    moving: bool = False
    """Live rows may still stand under the newest of the older ones."""
    after: str = ""
    """Id of the last subscriber or registration that was moved."""
    version: int = 0
    """Of the row that says it; 0: none does yet."""

    @property
    def live(self) -> tuple[str, ...]:
        """Ids of the keys that live rows stand under."""
        return (self.current, *self.older[:1]) if self.moving else (self.current,)


def index_keys(work: Book) -> IndexKeys:
    """Give the index keys of the store, read once a transaction."""
    found: IndexKeys | None = work.kept.get(_MARK)
    if found is None:
        found = work.kept[_MARK] = _stored(work) or IndexKeys(current=_first(work))
    return found


def moving(work: Book) -> bool:
    """Tell whether an index key is being changed; needs no key."""
    found = work.kept.get(_MARK) or _stored(work)
    return found is not None and bool(found.moving)


def settled(work: Book) -> IndexKeys:
    """Give the index keys in a change that adds rows, and note them if nobody has yet."""
    keys = index_keys(work)
    return keys if keys.version else put_index_keys(work, keys)


def put_index_keys(work: Book, keys: IndexKeys) -> IndexKeys:
    """Store which keys index; whoever does so meanwhile conflicts."""
    body = {
        "current": keys.current,
        "older": list(keys.older),
        "moving": keys.moving,
        "after": keys.after,
    }
    work.tx.put(MARK.name, [Row(_MARK, keys.version, json.dumps(body).encode())])
    stored = attrs.evolve(keys, version=keys.version + 1)
    work.kept[_MARK] = stored
    return stored


def _stored(work: Book) -> IndexKeys | None:
    rows = work.tx.get(MARK.name, [_MARK])
    if not rows:
        return None
    body = json.loads(rows[0].doc or b"{}")
    return IndexKeys(
        current=body["current"],
        older=tuple(body["older"]),
        moving=body["moving"],
        after=body["after"],
        version=rows[0].version,
    )


def _first(work: Book) -> str:
    """Tell the index key of a store that does not say: of the first release, or a new one.

    There the index key was the master key's, and rows name that.
    """
    one = Query(limit=1, fields="keys")
    for kind, name in ((OPT_OUT.name, "index_key"), (SUBJECT_KEY.name, "master")):
        rows = work.tx.find(kind, one)
        if rows:
            return str(rows[0].keys[name])
    return work.tools.keys.known()[0].id


# Indexes of values.


def phone_index(work: Book, phone: str) -> bytes:
    """Give the blind index of a phone in E.164, under the current key."""
    return work.tools.keys.index(_phone(phone), index_keys(work).current)


def live_indexes(work: Book, phone: str) -> tuple[bytes, ...]:
    """Give the blind indexes that live rows of a phone may stand under, the current one first."""
    value = _phone(phone)
    return tuple(work.tools.keys.index(value, id_) for id_ in index_keys(work).live)


def all_indexes(work: Book, phone: str) -> tuple[bytes, ...]:
    """Give the blind indexes that a phone ever stood under, the current one first."""
    keys, value = index_keys(work), _phone(phone)
    return tuple(work.tools.keys.index(value, id_) for id_ in (keys.current, *keys.older))


def older_indexes(work: Book, phones: Sequence[str]) -> dict[bytes, str]:
    """Give phones by their blind indexes under all keys but the current one."""
    keys = index_keys(work)
    return {
        work.tools.keys.index(_phone(phone), id_): phone for id_ in keys.older for phone in phones
    }


def external_index(work: Book, external_id: str) -> str:
    """Give the keyed hash by which an embedder's user is kept."""
    return work.tools.keys.index(_external(external_id), index_keys(work).current).hex()


def external_indexes(work: Book, external_id: str) -> list[str]:
    """Give all keyed hashes by which an embedder's user may be found, the current one first."""
    keys = index_keys(work)
    value = _external(external_id)
    return [work.tools.keys.index(value, id_).hex() for id_ in (keys.current, *keys.older)]


def client_index(work: Book, client: str) -> str:
    """Give the keyed hash by which views of one client are told apart."""
    return work.tools.keys.index(f"client:{client}".encode(), index_keys(work).current).hex()


def _phone(phone: str) -> bytes:
    return f"phone:{phone}".encode()


def _external(external_id: str) -> bytes:
    # Named, so that nobody gets the index of a phone by calling it something else.
    return f"external:{external_id}".encode()
