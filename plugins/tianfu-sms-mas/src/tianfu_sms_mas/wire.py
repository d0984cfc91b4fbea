"""What 云MAS is asked, answers, and calls back with.

Unverified, as all of this distribution: the fields of a call and their order in `mac` stand in
easy-sms (`YidongmasblackGateway.php`) and sms4j (`MasUtils.java`) alike; those of receipts and
inbound messages were found in single programs only, so they are read with care.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import attrs

from tianfu_sdk.gateways import (
    Unreadable,
    e164,
    fitting,
    meaning,
    national,
    read_json,
    text_of,
    unix_time,
)
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.sms import Inbound, SmsBatch, SmsReceipt

__all__ = ["Account", "Answer", "free_text", "read_answer", "read_callback", "templated"]

_FAILED = re.compile(r"UNDELIV|REJECTD|DELETED|[A-Z]{2}:[0-9A-Z]{4}")
_TIMES = ("%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S")


@attrs.frozen
class Account:
    """Who calls."""

    ec_name: str
    ap_id: str
    secret: str = attrs.field(repr=False)
    sign: str
    """Code of the signature."""
    add_serial: str


def free_text(batch: SmsBatch, account: Account) -> bytes:
    """Write the body that sends a text as it is."""
    return _body(account, {"mobiles": _mobiles(batch), "content": batch.text})


def templated(batch: SmsBatch, account: Account, template: str, values: Sequence[str]) -> bytes:
    """Write the body that sends a template; its values are a JSON array, as a text."""
    params = json.dumps(list(values) or [""], ensure_ascii=False, separators=(",", ":"))
    fields = {"templateId": template, "mobiles": _mobiles(batch), "params": params}
    return _body(account, fields)


def _mobiles(batch: SmsBatch) -> str:
    return ",".join(national(one.phone) for one in batch.recipients)


def _body(account: Account, fields: Mapping[str, str]) -> bytes:
    """Write JSON in base64; peers send the secret within it as well, which nothing needs."""
    signed = [account.ec_name, account.ap_id, account.secret, *fields.values()]
    signed += [account.sign, account.add_serial]
    plain = {
        "ecName": account.ec_name,
        "apId": account.ap_id,
        **fields,
        "sign": account.sign,
        "addSerial": account.add_serial,
        # What the vendor asks for; it is no choice of ours.
        "mac": hashlib.md5("".join(signed).encode(), usedforsecurity=False).hexdigest(),
    }
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(text.encode())


@attrs.frozen
class Answer:
    """What a call was answered with."""

    success: bool
    code: str
    group: str
    """`msgGroup`, the vendor's id of the call."""


def read_answer(body: bytes) -> Answer:
    """Read the answer to a call.

    Raises:
        Unreadable: It is none, or says two things at once.
    """
    plain = read_json(body)
    code, group = text_of(plain, "rspcod"), text_of(plain, "msgGroup", "")
    said = plain.get("success")
    # A text in some answers, as peers found.
    success = {True: True, False: False, "true": True, "false": False}.get(
        said if isinstance(said, (bool, str)) else ""
    )
    if success is None or success != (code == "success") or (success and not group):
        raise Unreadable
    return Answer(success, code, group)


def read_callback(body: bytes) -> tuple[tuple[SmsReceipt, ...], tuple[Inbound, ...]]:
    """Read receipts and inbound messages, one or an array of them.

    A receipt whose codes are not known to be final is left out.

    Raises:
        Unreadable: Nothing of it fits.
    """
    plain = read_json(body)
    came = fitting(plain if isinstance(plain, list) else [plain], _entry)
    return (
        tuple(one for one in came if isinstance(one, SmsReceipt)),
        tuple(one for one in came if isinstance(one, Inbound)),
    )


def _entry(entry: Any) -> SmsReceipt | Inbound | None:
    if isinstance(entry, Mapping) and "smsContent" in entry:
        return _inbound(entry)
    return _receipt(entry)


def _receipt(entry: Any) -> SmsReceipt | None:
    group, status = text_of(entry, "msgGroup"), text_of(entry, "reportStatus")
    phone, code = e164(text_of(entry, "mobile")), text_of(entry, "errorCode", "")
    state = _state(status, code)
    if not group:
        raise Unreadable
    if state is None:
        return None
    at = _moment(text_of(entry, "receiveDate", ""))
    code = code or status
    return SmsReceipt(
        provider_id=group, phone=phone, state=state, at=at, code=code, error=meaning(code)
    )


def _state(status: str, code: str) -> Literal["delivered", "failed", "expired"] | None:
    if status == "CM:0000":
        # The same status is given to what was only taken.
        return "delivered" if code == "DELIVRD" else None
    if code == "EXPIRED":
        return "expired"
    return "failed" if _FAILED.fullmatch(code) or meaning(code) else None


def _inbound(entry: Mapping[str, Any]) -> Inbound:
    return Inbound(
        phone=e164(text_of(entry, "mobile")),
        text=text_of(entry, "smsContent"),
        at=_moment(text_of(entry, "sendTime", "")),
    )


def _moment(text: str) -> datetime | None:
    """Read a time as far as it is one of the two forms seen; no message is lost for its time."""
    for form in _TIMES:
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=SHANGHAI)
            return unix_time(int(moment.timestamp()))
        except (ValueError, OverflowError):
            continue
    return None
