"""What Huawei Cloud is asked, answers, and calls back with.

Sources: support.huaweicloud.com api-msgsms sms_05_0001 (batchSendSms), sms_05_0002
(batchSendDiffSms), sms_05_0003 and sms_05_0063 (receipts, one or 50), sms_05_0004 (inbound).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

import attrs

from tianfu_sdk.gateways import (
    Unreadable,
    e164,
    fitting,
    list_of,
    meaning,
    number_of,
    read_form,
    read_json,
    text_of,
    unix_time,
)
from tianfu_sdk.model.sms import Inbound, SmsBatch, SmsReceipt
from tianfu_sms_huawei.codes import REFUSED

__all__ = ["Answer", "Sent", "diff_body", "form_body", "read_answer", "read_callback"]

_NOT_FINAL = frozenset({"ACCEPTD", "UNKNOWN"})
_STATES: Mapping[str, Literal["delivered", "expired"]] = {
    "DELIVRD": "delivered",
    "EXPIRED": "expired",
}


def form_body(
    batch: SmsBatch, *, channel: str, callback: str, template: str, values: Sequence[str]
) -> bytes:
    """Write the form of batchSendSms: 500 phones, one template, one list of values."""
    form = {
        "from": channel,
        "to": ",".join(one.phone for one in batch.recipients),
        "templateId": template,
        # A JSON array, as a text.
        "templateParas": json.dumps(list(values), ensure_ascii=False) if values else "",
        "statusCallback": callback,
        "extend": batch.reference,
        "signature": batch.signature,
    }
    return urlencode({name: value for name, value in form.items() if value}).encode("ascii")


def diff_body(
    batch: SmsBatch, *, channel: str, callback: str, template: str, values: Sequence[str]
) -> bytes:
    """Write the JSON of batchSendDiffSms, as the vendor's own SDK does."""
    content = {
        "to": [one.phone for one in batch.recipients],
        "templateId": template,
        "templateParas": list(values),
        "signature": batch.signature,
    }
    plain = {
        "from": channel,
        "statusCallback": callback,
        "smsContent": [{name: value for name, value in content.items() if value}],
        "extend": batch.reference,
    }
    return json.dumps({name: value for name, value in plain.items() if value}).encode("ascii")


@attrs.frozen
class Sent:
    """What became of one phone of a call."""

    status: str
    id: str


@attrs.frozen
class Answer:
    """What a call was answered with."""

    code: str
    sent: Mapping[str, Sent]
    """By phone; one that stands twice, or does not fit, is left out."""


def read_answer(body: bytes) -> Answer:
    """Read the answer to a call.

    Raises:
        Unreadable: It is none.
    """
    plain = read_json(body)
    code = text_of(plain, "code")
    if not code:
        raise Unreadable
    found: dict[str, Sent] = {}
    twice: set[str] = set()
    for entry in list_of(plain, "result") if plain.get("result") is not None else ():
        try:
            phone, sent = _sent(entry)
        except Unreadable:
            continue
        if phone in found:
            twice.add(phone)
        found[phone] = sent
    return Answer(code, {phone: sent for phone, sent in found.items() if phone not in twice})


def _sent(entry: Any) -> tuple[str, Sent]:
    status, id_ = text_of(entry, "status"), text_of(entry, "smsMsgId", "")
    if not status or (status == "000000" and not id_):
        raise Unreadable
    return e164(text_of(entry, "originTo")), Sent(status, id_)


def read_callback(
    body: bytes, content_type: str
) -> tuple[tuple[SmsReceipt, ...], tuple[Inbound, ...]]:
    """Read a receipt or an inbound message (a form), or up to 50 receipts (JSON), in order.

    What is not final (ACCEPTD, UNKNOWN), or is of a part before the last of a long message
    and went well, is no receipt.

    Raises:
        Unreadable: It, or all of the 50, does not fit.
    """
    if "json" in content_type:
        entries = list_of(read_json(body), "statusReportList")
        return tuple(one for some in fitting(entries, _receipts) for one in some), ()
    form = read_form(body)
    if "status" in form:
        return _receipts(form), ()
    return (), (_inbound(form),)


def _receipts(entry: Any) -> tuple[SmsReceipt, ...]:
    id_, status = text_of(entry, "smsMsgId"), text_of(entry, "status")
    total, sequence = number_of(entry, "total", 1), number_of(entry, "sequence", 1)
    phone, at = text_of(entry, "to", ""), _moment(text_of(entry, "updateTime", ""))
    if not id_ or not status:
        raise Unreadable
    receipt = SmsReceipt(
        provider_id=id_,
        reference=text_of(entry, "extend", ""),
        phone=e164(phone) if phone else "",
        parts=total if total > 0 else None,
        state=_STATES.get(status, "failed"),
        at=at,
        code=status,
        error=meaning(status, REFUSED),
    )
    early = status == "DELIVRD" and sequence < total
    return () if early or status in _NOT_FINAL else (receipt,)


def _inbound(form: Mapping[str, str]) -> Inbound:
    return Inbound(
        phone=e164(text_of(form, "from")),
        text=text_of(form, "body"),
        at=_moment(text_of(form, "createTime", "")),
        provider_id=text_of(form, "smsMsgId"),
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        raise Unreadable from None
    return unix_time(seconds)
