"""What Alibaba Cloud is asked, answers, and calls back with.

Sources: help.aliyun.com document_detail/419273 (SendSms), 419274 (SendBatchSms), 419277
(QuerySendDetails), 101867 (SmsReport), 101847 (SmsUp). Times have no zone on these pages:
China time is assumed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import attrs

from tianfu_sdk.gateways import (
    Unreadable,
    e164,
    fitting,
    list_of,
    local_time,
    meaning,
    national,
    number_of,
    read_json,
    text_of,
)
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.sms import Inbound, SmsBatch, SmsReceipt
from tianfu_sms_aliyun.codes import REFUSED

__all__ = [
    "Answer",
    "question",
    "read_answer",
    "read_callback",
    "read_details",
    "send_batch",
    "send_sms",
]

_LATE = timedelta(minutes=10)
_FAILED, _DELIVERED = 2, 3
_STATUSES = frozenset({1, _FAILED, _DELIVERED})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _values(parameters: tuple[tuple[str, str], ...]) -> str:
    return _json(dict(parameters))


def send_sms(
    batch: SmsBatch, *, sign: str, template: str, parameters: tuple[tuple[str, str], ...]
) -> dict[str, str]:
    """Give the query of SendSms: 1,000 phones, one signature, one set of values."""
    query = {
        "OutId": batch.reference,
        "PhoneNumbers": ",".join(national(one.phone) for one in batch.recipients),
        "SignName": sign,
        "TemplateCode": template,
    }
    return query | ({"TemplateParam": _values(parameters)} if parameters else {})


def send_batch(
    batch: SmsBatch, *, sign: str, template: str, parameters: tuple[tuple[str, str], ...]
) -> tuple[dict[str, str], bytes]:
    """Give query and form of SendBatchSms: 100 phones, a signature and values for each."""
    count = len(batch.recipients)
    form = {
        "PhoneNumberJson": _json([national(one.phone) for one in batch.recipients]),
        "SignNameJson": _json([sign] * count),
    }
    if parameters:
        form["TemplateParamJson"] = _json([dict(parameters)] * count)
    return {"OutId": batch.reference, "TemplateCode": template}, urlencode(form).encode("ascii")


def question(batch: SmsBatch, now: datetime) -> dict[str, str]:
    """Give the query of QuerySendDetails: what one phone was sent on one day.

    Shortly after midnight it asks about the day before, when the batch was sent.
    """
    return {
        "CurrentPage": "1",
        "PageSize": "50",
        "PhoneNumber": national(batch.recipients[0].phone),
        "SendDate": (now.astimezone(SHANGHAI) - _LATE).strftime("%Y%m%d"),
    }


@attrs.frozen
class Answer:
    """What a call was answered with."""

    code: str
    message: str
    biz_id: str


def read_answer(body: bytes) -> Answer:
    """Read the answer to a call.

    Raises:
        Unreadable: It is none.
    """
    plain = read_json(body)
    code = text_of(plain, "Code")
    biz_id = text_of(plain, "BizId", "")
    if not code or (code == "OK" and not biz_id):
        raise Unreadable
    return Answer(code, text_of(plain, "Message", ""), biz_id)


def read_details(body: bytes, batch: SmsBatch) -> tuple[bool, SmsReceipt | None]:
    """Read what one phone was sent: whether this batch is among it, and what became of it.

    Raises:
        Unreadable: It is no answer, or the same message stands in it in several states.
    """
    plain = read_json(body)
    if text_of(plain, "Code") != "OK":
        raise Unreadable
    entries = list_of(plain.get("SmsSendDetailDTOs"), "SmsSendDetailDTO")
    phone = batch.recipients[0].phone
    ours = [
        entry
        for entry in entries
        if text_of(entry, "OutId", "") == batch.reference
        and e164(text_of(entry, "PhoneNum", phone)) == phone
    ]
    if not ours:
        return False, None
    found = {number_of(entry, "SendStatus") for entry in ours}
    if len(found) != 1 or not found <= _STATUSES:
        raise Unreadable
    (status,) = found
    if status not in {_FAILED, _DELIVERED}:
        return True, None
    return True, SmsReceipt(
        ref=batch.recipients[0].ref,
        reference=batch.reference,
        phone=phone,
        state="delivered" if status == _DELIVERED else "failed",
        at=local_time(text_of(ours[0], "ReceiveDate", "")),
        code=text_of(ours[0], "ErrCode", ""),
        error=meaning(text_of(ours[0], "ErrCode", ""), REFUSED),
    )


def read_callback(body: bytes) -> tuple[tuple[SmsReceipt, ...], tuple[Inbound, ...]]:
    """Read an array of receipts (SmsReport) or of inbound messages (SmsUp), in order.

    Raises:
        Unreadable: Nothing of it fits; Alibaba Cloud then pushes it again.
    """
    entries = read_json(body)
    if not isinstance(entries, list):
        raise Unreadable
    came = fitting(entries, _entry)
    return (
        tuple(one for one in came if isinstance(one, SmsReceipt)),
        tuple(one for one in came if isinstance(one, Inbound)),
    )


def _entry(entry: Any) -> SmsReceipt | Inbound:
    if not isinstance(entry, Mapping):
        raise Unreadable
    return _inbound(entry) if "content" in entry else _receipt(entry)


def _receipt(entry: Mapping[str, Any]) -> SmsReceipt:
    success = entry.get("success")
    if not isinstance(success, bool):
        raise Unreadable
    parts = number_of(entry, "sms_size", 0)
    return SmsReceipt(
        provider_id=text_of(entry, "biz_id"),
        reference=text_of(entry, "out_id", ""),
        phone=e164(text_of(entry, "phone_number")),
        parts=parts if parts > 0 else None,
        state="delivered" if success else "failed",
        at=local_time(text_of(entry, "report_time", "")),
        code=text_of(entry, "err_code", ""),
        error=meaning(text_of(entry, "err_code", ""), REFUSED),
    )


def _inbound(entry: Mapping[str, Any]) -> Inbound:
    # A number on one page of the documentation, a text on another.
    sequence = entry.get("sequence_id")
    number = isinstance(sequence, int) and not isinstance(sequence, bool)
    return Inbound(
        phone=e164(text_of(entry, "phone_number")),
        text=text_of(entry, "content"),
        at=local_time(text_of(entry, "send_time", "")),
        provider_id=str(sequence) if number else text_of(entry, "sequence_id", ""),
    )
