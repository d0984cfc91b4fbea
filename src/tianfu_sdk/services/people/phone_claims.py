"""One subscriber a phone and organization: kept by rows whose ids are made of the blind index."""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.core.rows.keying import unique_id
from tianfu_sdk.core.rows.kinds import SUBSCRIBER, UNIQUE
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.storage import Row
from tianfu_sdk.model.subscriber import Subscriber
from tianfu_sdk.services.desk.indexing import all_indexes, live_indexes, settled
from tianfu_sdk.services.desk.people import PHONE, open_sealed
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.people.traces import note_former
from tianfu_sdk.services.sms.optouts import carry_over

__all__ = ["claim_phones", "rephone"]


def rephone(work: Work, known: Subscriber, old: bytes, phone: str) -> bytes:
    """Give a subscriber another phone's place; gives its index."""
    settled(work)
    name = f"phone.{known.organization}"
    live = live_indexes(work, phone)
    if live[0] != old:
        for index in live:
            owner = work.owner_of(SUBSCRIBER.name, name, index.hex())
            if owner not in (None, known.id):
                raise Conflict("unique.taken", path="phone", owner=owner)
        before = open_sealed(work, known.id, PHONE, known.phone)
        note_former(work, known.id, {old, *all_indexes(work, before)})
        work.drop_unique(SUBSCRIBER.name, name, old.hex())
        work.claim_unique(SUBSCRIBER.name, name, live[0].hex(), known.id)
    carry_over(work, {phone: live[0]})
    return live[0]


def claim_phones(
    work: Work, nouns: Sequence[Subscriber], live: Sequence[tuple[bytes, ...]], *, bulk: bool
) -> None:
    """Take the phones of new subscribers: one of a phone an organization.

    Args:
        work: The open change.
        nouns: The new subscribers.
        live: For each all indexes of its phone, the current one first.
        bulk: Whether errors name the row.
    """
    # The index is keyed, so these rows cannot be searched for phones by who has the file.
    claims: dict[str, str] = {}
    places: dict[str, int] = {}
    for number, (noun, indexes) in enumerate(zip(nouns, live, strict=True)):
        name = f"phone.{noun.organization}"
        ids = [unique_id(SUBSCRIBER.name, name, index.hex()) for index in indexes]
        if ids[0] in claims:
            path = f"rows[{number}].phone" if bulk else "phone"
            raise Conflict("unique.taken", path=path, owner=claims[ids[0]])
        claims[ids[0]] = noun.id
        places |= dict.fromkeys(ids, number)
    taken = {row.id: row.keys["owner"] for row in work.tx.get(UNIQUE.name, list(places))}
    if taken:
        id_ = min(taken, key=lambda found: places[found])
        path = f"rows[{places[id_]}].phone" if bulk else "phone"
        raise Conflict("unique.taken", path=path, owner=taken[id_])
    work.tx.put(UNIQUE.name, [Row(id_, 0, None, {"owner": noun}) for id_, noun in claims.items()])
