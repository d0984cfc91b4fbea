"""What there is of a person besides their own row: messages, receipts, keyed hashes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tianfu_sdk.core.rows.keying import unique_id
from tianfu_sdk.core.rows.kinds import CAMPAIGN, FORMER_PHONE, MESSAGE, RECEIPT, SUBSCRIBER, UNIQUE
from tianfu_sdk.core.sms.messages import message_id
from tianfu_sdk.errors import CryptoError
from tianfu_sdk.model.sms import MessageState
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.desk.indexing import all_indexes, index_keys
from tianfu_sdk.services.desk.people import PHONE, open_all
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.outbox import blank_id, stands

__all__ = [
    "blank_messages",
    "claims_of",
    "drop_claims",
    "drop_receipts",
    "messages_to",
    "note_former",
]

_SOME = 500
# Who is erased gets nothing more; what is being handed over may go out all the same.
_AFTERWARDS = {
    MessageState.QUEUED: MessageState.DROPPED,
    MessageState.DEFERRED: MessageState.DROPPED,
    MessageState.SENDING: MessageState.UNKNOWN,
}


def messages_to(work: Work, subject: str) -> list[Row]:
    """Give all messages to a subscriber that have left the outbox.

    A message's id is its campaign and an index of its phone, so each campaign is asked for
    each index that the subscriber ever stood under.
    """
    try:
        indexes = _indexes(work, subject)
    except CryptoError:
        # Without the phone itself nothing else finds them, so each message is looked at.
        return list(work.each(MESSAGE.name, Query(where=(Where("subscriber", "=", subject),))))
    campaigns = [row.id for row in work.each(CAMPAIGN.name, Query(fields="keys"))]
    ids = [message_id(campaign, index) for campaign in campaigns for index in indexes]
    return [r for r in work.tx.get(MESSAGE.name, ids) if r.keys["subscriber"] == subject]


def _indexes(work: Work, subject: str) -> list[bytes]:
    indexes = [row.keys["phone_ix"] for row in former_phones(work, subject)]
    for row in work.tx.get(SUBSCRIBER.name, [subject]):
        indexes.append(row.keys["phone_ix"])
        if index_keys(work).older:
            sealed = work.noun(SUBSCRIBER, row).phone
            phone = open_all(work, PHONE, {subject: sealed}).get(subject)
            indexes += all_indexes(work, phone) if phone is not None else ()
    return list(dict.fromkeys(indexes))


def former_phones(work: Work, subject: str) -> list[Row]:
    """Give the rows of the indexes that a subscriber stood under before."""
    return list(work.each(FORMER_PHONE.name, Query(where=(Where("subscriber", "=", subject),))))


def note_former(work: Work, subject: str, indexes: Iterable[bytes]) -> None:
    """Remember under which indexes a subscriber stood who gets another phone."""
    rows = {unique_id(FORMER_PHONE.name, subject, index.hex()): index for index in indexes}
    there = {row.id for row in work.tx.get(FORMER_PHONE.name, list(rows))}
    new = [
        Row(id_, 0, None, {"subscriber": subject, "phone_ix": index})
        for id_, index in rows.items()
        if id_ not in there
    ]
    work.tx.put(FORMER_PHONE.name, new)


def blank_messages(work: Work, subject: str) -> int:
    """Leave of the messages to a person only that there was one; gives how many.

    Their ids are made of the phone's blind index, so each gets a new one. What keeps a
    report right stays: campaign, state, language, region, parts.
    """
    rows = messages_to(work, subject)
    former = former_phones(work, subject)
    work.tx.delete(FORMER_PHONE.name, [(row.id, row.version) for row in former])
    work.tx.delete(MESSAGE.name, [(row.id, row.version) for row in rows])
    work.tx.put(MESSAGE.name, [_blank(work, row) for row in rows])
    return len(rows)


def _blank(work: Work, row: Row) -> Row:
    state = stands(row)
    keys = {
        **row.keys,
        "subscriber": "",
        "state": _AFTERWARDS.get(state, state).value,
        # By these the gateway could tell who it was.
        "batch": "",
        "provider_id": "",
    }
    return Row(blank_id(work, row.keys["campaign"]), 0, None, keys)


def drop_receipts(work: Work, subject: str) -> None:
    """Forget receipts for a subscriber that wait for their message."""
    where = (Where("subscriber", "=", subject),)
    while rows := work.tx.find(RECEIPT.name, Query(where=where, limit=_SOME)):
        work.tx.delete(RECEIPT.name, [(row.id, row.version) for row in rows])


def claims_of(work: Work, account: str) -> Sequence[str]:
    """Give the ids of the rows that tie an embedder's user to an account.

    Reads every unique value of the store, so it is done before the change that deletes them.
    """
    where = (Where("owner", "=", account),)
    return [row.id for row in work.each(UNIQUE.name, Query(where=where, fields="keys"))]


def drop_claims(work: Work, claims: Sequence[str]) -> bool:
    """Give unique values free; tells whether there were any."""
    rows = work.tx.get(UNIQUE.name, claims)
    work.tx.delete(UNIQUE.name, [(row.id, row.version) for row in rows])
    return bool(rows)
