"""What Tencent Cloud is asked, answers, and calls back with.

Sources: cloud.tencent.com document/api/382/55981 (SendSms), 382/52070 (PullSmsSendStatus),
382/52071 (PullSmsReplyStatus), 382/52069 (PullSmsSendStatusByPhoneNumber), document/product
382/43547 or 382/5807 (receipts), 382/5809 (inbound). A receipt's time of day has no zone:
China time is assumed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from tianfu_sdk.gateways import (
    Unreadable,
    e164,
    fitting,
    list_of,
    local_time,
    meaning,
    number_of,
    read_json,
    text_of,
    unix_time,
)
from tianfu_sdk.model.sms import Inbound, SmsBatch, SmsReceipt

__all__ = [
    "MOST_ROWS",
    "Sent",
    "body_of",
    "pull",
    "question",
    "read_callback",
    "read_replies",
    "read_response",
    "read_sent",
    "read_statuses",
    "send_sms",
]

MOST_ROWS = 100
"""Rows that one pull gives."""
_LOOKED_BACK = timedelta(days=1)
_STATES = {"SUCCESS": "delivered", "FAIL": "failed"}


def body_of(plain: Mapping[str, Any]) -> bytes:
    """Write a body as the vendor's own SDK does."""
    return json.dumps(plain).encode("ascii")


def send_sms(
    batch: SmsBatch, *, app: str, sign: str, template: str, values: Sequence[str]
) -> dict[str, Any]:
    """Give the body of SendSms: 200 phones, one signature, one list of values."""
    return {
        "PhoneNumberSet": [one.phone for one in batch.recipients],
        "SmsSdkAppId": app,
        "TemplateId": template,
        "SignName": sign,
        "TemplateParamSet": list(values),
        "SessionContext": batch.reference,
    }


def pull(app: str) -> dict[str, Any]:
    """Give the body of PullSmsSendStatus and PullSmsReplyStatus."""
    return {"Limit": MOST_ROWS, "SmsSdkAppId": app}


def question(batch: SmsBatch, app: str, now: datetime) -> dict[str, Any]:
    """Give the body of PullSmsSendStatusByPhoneNumber: receipts of one phone of a day."""
    return {
        "BeginTime": int((now - _LOOKED_BACK).timestamp()),
        "Offset": 0,
        "Limit": MOST_ROWS,
        "PhoneNumber": batch.recipients[0].phone,
        "SmsSdkAppId": app,
        "EndTime": int(now.timestamp()),
    }


@attrs.frozen
class Sent:
    """What became of one phone of a call."""

    code: str
    serial: str


def read_response(body: bytes) -> tuple[str, Mapping[str, Any]]:
    """Read the envelope of every answer: the code of an error, or none, and what it holds.

    Raises:
        Unreadable: It is none.
    """
    plain = read_json(body)
    response = plain.get("Response") if isinstance(plain, Mapping) else None
    if not isinstance(response, Mapping):
        raise Unreadable
    if "Error" not in response:
        return "", response
    code = text_of(response["Error"], "Code")
    # An error without a code would read as none.
    return code or "?", response


def read_sent(response: Mapping[str, Any]) -> dict[str, Sent]:
    """Read what became of each phone; what does not fit, or stands twice, is left out.

    Raises:
        Unreadable: It does not say it at all.
    """
    found: dict[str, Sent] = {}
    twice: set[str] = set()
    for phone, sent in fitting(list_of(response, "SendStatusSet"), _sent):
        if phone in found:
            twice.add(phone)
        found[phone] = sent
    return {phone: sent for phone, sent in found.items() if phone not in twice}


def _sent(entry: Any) -> tuple[str, Sent]:
    code, serial = text_of(entry, "Code"), text_of(entry, "SerialNo", "")
    if not code or (code == "Ok" and not serial):
        raise Unreadable
    return e164(text_of(entry, "PhoneNumber")), Sent(code, serial)


def read_statuses(response: Mapping[str, Any]) -> tuple[int, tuple[SmsReceipt, ...]]:
    """Read pulled receipts: how many rows came, and those that fit.

    Raises:
        Unreadable: There are none, or none fits.
    """
    entries = list_of(response, "PullSmsSendStatusSet")
    return len(entries), tuple(fitting(entries, _status))


def _status(entry: Any) -> SmsReceipt:
    return SmsReceipt(
        provider_id=_named(text_of(entry, "SerialNo")),
        reference=text_of(entry, "SessionContext", ""),
        phone=e164(text_of(entry, "PhoneNumber")),
        state=_state(text_of(entry, "ReportStatus")),
        at=_seconds(entry, "UserReceiveTime"),
        code=text_of(entry, "Description", ""),
        error=meaning(text_of(entry, "Description", "")),
    )


def read_replies(response: Mapping[str, Any]) -> tuple[int, tuple[Inbound, ...]]:
    """Read pulled inbound messages: how many rows came, and those that fit.

    Raises:
        Unreadable: There are none, or none fits.
    """
    entries = list_of(response, "PullSmsReplyStatusSet")
    return len(entries), tuple(fitting(entries, _reply))


def _reply(entry: Any) -> Inbound:
    return Inbound(
        phone=e164(text_of(entry, "PhoneNumber")),
        text=text_of(entry, "ReplyContent"),
        at=_seconds(entry, "ReplyTime"),
    )


def read_callback(body: bytes) -> tuple[tuple[SmsReceipt, ...], tuple[Inbound, ...]]:
    """Read an array of receipts, or the object of one inbound message.

    Raises:
        Unreadable: Nothing of it fits.
    """
    plain = read_json(body)
    came = fitting(plain if isinstance(plain, list) else [plain], _entry)
    return (
        tuple(one for one in came if isinstance(one, SmsReceipt)),
        tuple(one for one in came if isinstance(one, Inbound)),
    )


def _entry(entry: Any) -> SmsReceipt | Inbound:
    if not isinstance(entry, Mapping):
        raise Unreadable
    return _heard(entry) if "text" in entry else _receipt(entry)


def _receipt(entry: Mapping[str, Any]) -> SmsReceipt:
    return SmsReceipt(
        provider_id=_named(text_of(entry, "sid")),
        phone=_phone(entry),
        state=_state(text_of(entry, "report_status")),
        at=local_time(text_of(entry, "user_receive_time", "")),
        code=text_of(entry, "errmsg", ""),
        error=meaning(text_of(entry, "errmsg", "")),
    )


def _heard(entry: Mapping[str, Any]) -> Inbound:
    return Inbound(phone=_phone(entry), text=text_of(entry, "text"), at=_seconds(entry, "time"))


def _phone(entry: Mapping[str, Any]) -> str:
    nation, mobile = text_of(entry, "nationcode", ""), text_of(entry, "mobile")
    return e164(f"+{nation}{mobile}" if nation else mobile)


def _named(serial: str) -> str:
    if not serial:
        raise Unreadable
    return serial


def _state(word: str) -> Any:
    if word not in _STATES:
        raise Unreadable
    return _STATES[word]


def _seconds(entry: Any, name: str) -> datetime | None:
    seconds = number_of(entry, name, 0)
    return unix_time(seconds) if seconds else None
