"""What there is of a person besides their own row: messages, receipts, keyed hashes."""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.core.kinds import MESSAGE, RECEIPT, UNIQUE
from tianfu_sdk.model.sms import MessageState
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.outbox import stands
from tianfu_sdk.services.work import Work

__all__ = ["blank_messages", "claims_of", "drop_claims", "drop_receipts", "messages_to"]

_SOME = 500
# Who is erased gets nothing more; what is being handed over may go out all the same.
_AFTERWARDS = {
    MessageState.QUEUED: MessageState.DROPPED,
    MessageState.DEFERRED: MessageState.DROPPED,
    MessageState.SENDING: MessageState.UNKNOWN,
}


def messages_to(work: Work, subject: str) -> list[Row]:
    """Give all messages to a subscriber."""
    return list(work.each(MESSAGE.name, Query(where=(Where("subscriber", "=", subject),))))


def blank_messages(work: Work, subject: str) -> int:
    """Leave of the messages to a person only that there was one; gives how many.

    Their ids are made of the phone's blind index, so each gets a new one. What keeps a
    report right stays: campaign, state, language, parts.
    """
    rows = messages_to(work, subject)
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
    return Row(f"{row.keys['campaign']}~{work.tools.ids.token()}"[:64], 0, None, keys)


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
