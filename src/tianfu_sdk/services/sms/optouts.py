"""Who wants no more messages: kept by blind index only, so that it outlives erasure.

A live subscriber's opt-outs always stand under the index that the subscriber stands under,
so planning and sending look there only. That is kept true where a subscriber comes in, gets
another phone or another index key (`carry_over`), and where a phone refuses while index keys
change (`refuse`): a row under each key in question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from tianfu_sdk.core.rows.keying import moment_key, unique_id
from tianfu_sdk.core.rows.kinds import OPT_OUT
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.storage import IN_VALUES, LONGEST_PAGE, Query, Row, Where
from tianfu_sdk.services.desk.indexing import index_keys, live_indexes, older_indexes, settled
from tianfu_sdk.services.desk.work import Work

__all__ = [
    "carry_over",
    "copy_opt_outs",
    "opt_outs",
    "opt_outs_between",
    "refusals",
    "refuse",
    "refuse_at",
    "refused_since",
]


def refuse(work: Work, phone: str, topic: str = "") -> bool:
    """Note that a phone wants nothing of a topic, or nothing at all; gives whether it is new.

    Args:
        work: The open change.
        phone: E.164.
        topic: Only messages of this topic; empty: all.
    """
    keys = settled(work)
    pairs = zip(keys.live, live_indexes(work, phone), strict=True)
    new = [_put(work, index, key, topic) for key, index in pairs]
    return new[0]


def refuse_at(work: Work, phone_ix: bytes, topic: str = "") -> bool:
    """Note the same by the current blind index; not while index keys change."""
    return _put(work, phone_ix, settled(work).current, topic)


def _put(work: Work, phone_ix: bytes, key: str, topic: str) -> bool:
    id_ = _id(topic, phone_ix)
    if work.tx.get(OPT_OUT.name, [id_]):
        return False
    work.tx.put(OPT_OUT.name, [_row(id_, phone_ix, key, topic, moment_key(work.now))])
    return True


def _id(topic: str, phone_ix: bytes) -> str:
    return unique_id(OPT_OUT.name, topic, phone_ix.hex())


def _row(id_: str, phone_ix: bytes, key: str, topic: str, at: int) -> Row:
    return Row(id_, 0, None, {"phone_ix": phone_ix, "index_key": key, "topic": topic, "at": at})


def carry_over(work: Work, phones: Mapping[str, bytes]) -> None:
    """Give phones that come in the opt-outs that they have under older index keys.

    Args:
        work: The open change.
        phones: Current blind index by phone in E.164.
    """
    if index_keys(work).older:
        older = older_indexes(work, list(phones))
        copy_opt_outs(work, {before: phones[phone] for before, phone in older.items()})


def copy_opt_outs(work: Work, indexes: Mapping[bytes, bytes]) -> None:
    """Let opt-outs hold under the current index key as well; their old rows stay.

    Args:
        work: The open change.
        indexes: Current blind index by an older one of the same phone.
    """
    key = index_keys(work).current
    copies: dict[str, Row] = {}
    for row in _of(work, indexes):
        index, topic = indexes[row.keys["phone_ix"]], row.keys["topic"]
        id_ = _id(topic, index)
        copies[id_] = _row(id_, index, key, topic, row.keys["at"])
    there = {row.id for row in work.tx.get(OPT_OUT.name, list(copies))}
    work.tx.put(OPT_OUT.name, [row for id_, row in copies.items() if id_ not in there])


def opt_outs(work: Work, phones: Iterable[bytes]) -> dict[bytes, frozenset[str]]:
    """Give the topics that phones want nothing of, by blind index; most have none."""
    return _gathered(_of(work, phones))


def opt_outs_between(work: Work, phones: Sequence[bytes]) -> dict[bytes, frozenset[str]]:
    """Give the same for phones that were read in the order of their index.

    Read as a second stream in that order, so that a page costs one short range. Only where
    more refused there than are asked for is each looked up.
    """
    if not phones:
        return {}
    where = (Where("phone_ix", ">=", phones[0]), Where("phone_ix", "<=", phones[-1]))
    query = Query(where=where, order="phone_ix", limit=LONGEST_PAGE, fields="keys")
    rows = work.tx.find(OPT_OUT.name, query)
    if len(rows) == LONGEST_PAGE:
        return opt_outs(work, phones)
    return _gathered(rows)


def _gathered(rows: Iterable[Row]) -> dict[bytes, frozenset[str]]:
    found: dict[bytes, frozenset[str]] = {}
    for row in rows:
        phone = row.keys["phone_ix"]
        found[phone] = found.get(phone, frozenset()) | {row.keys["topic"]}
    return found


def refusals(work: Work, phone_ix: bytes) -> list[dict[str, str]]:
    """Give what a phone refuses: topic, and since when (ISO 8601)."""
    return [
        {
            "topic": row.keys["topic"],
            "at": (EPOCH + timedelta(microseconds=row.keys["at"])).isoformat(),
        }
        for row in _of(work, [phone_ix])
    ]


def refused_since(
    work: Work, since: datetime, topic: str, after: str | None, limit: int
) -> tuple[dict[str, bytes], str | None]:
    """Give phones that refused since a moment, each once; walks over all that ever refused.

    Args:
        work: The open transaction.
        since: The moment.
        topic: Whoever refused this topic, or everything; empty: only everything.
        after: Where the walk goes on, as it was given before.
        limit: 1 to 1,000.

    Returns:
        Blind indexes by the id of the refusal, and where it goes on; None: it is over.
    """
    topics = ("", topic) if topic else ("",)
    where = (Where("at", ">=", moment_key(since)), Where("topic", "in", topics))
    place = None if after is None else (after, after)
    query = Query(where=where, after=place, limit=limit, fields="keys")
    rows = work.tx.find(OPT_OUT.name, query)
    found = {row.id: row.keys["phone_ix"] for row in rows}
    # Who refused a topic and everything besides stands there twice.
    both = {_id("", row.keys["phone_ix"]): row.id for row in rows if row.keys["topic"]}
    for row in work.tx.get(OPT_OUT.name, list(both)):
        if row.keys["at"] >= moment_key(since):
            found.pop(both[row.id], None)
    return found, rows[-1].id if len(rows) == limit else None


def _of(work: Work, phones: Iterable[bytes]) -> Sequence[Row]:
    wanted = sorted(set(phones))
    found: list[Row] = []
    for start in range(0, len(wanted), IN_VALUES):
        some = tuple(wanted[start : start + IN_VALUES])
        found += work.each(OPT_OUT.name, Query(where=(Where("phone_ix", "in", some),)))
    return found
