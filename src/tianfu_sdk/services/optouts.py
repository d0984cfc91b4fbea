"""Who wants no more messages: kept by blind index only, so that it outlives erasure."""

from __future__ import annotations

from collections.abc import Iterable

from tianfu_sdk.core.kinds import OPT_OUT, moment_key, unique_id
from tianfu_sdk.model.storage import IN_VALUES, Query, Row, Where
from tianfu_sdk.services.work import Work

__all__ = ["opt_outs", "phone_index", "put_opt_out"]


def phone_index(work: Work, phone: str) -> bytes:
    """Give the blind index of a phone in E.164."""
    return work.tools.keys.index(f"phone:{phone}".encode())


def put_opt_out(work: Work, phone_ix: bytes, topic: str = "") -> bool:
    """Note that a phone wants nothing of a topic, or nothing at all; gives whether it is new."""
    id_ = unique_id(OPT_OUT.name, topic, phone_ix.hex())
    if work.tx.get(OPT_OUT.name, [id_]):
        return False
    keys = {
        "phone_ix": phone_ix,
        "index_key": work.tools.keys.current(),
        "topic": topic,
        "at": moment_key(work.now),
    }
    work.tx.put(OPT_OUT.name, [Row(id_, 0, None, keys)])
    return True


def opt_outs(work: Work, phones: Iterable[bytes]) -> dict[bytes, frozenset[str]]:
    """Give the topics that phones want nothing of, by blind index; most have none."""
    wanted = sorted(set(phones))
    found: dict[bytes, frozenset[str]] = {}
    for start in range(0, len(wanted), IN_VALUES):
        some = tuple(wanted[start : start + IN_VALUES])
        for row in work.each(OPT_OUT.name, Query(where=(Where("phone_ix", "in", some),))):
            phone = row.keys["phone_ix"]
            found[phone] = found.get(phone, frozenset()) | {row.keys["topic"]}
    return found
