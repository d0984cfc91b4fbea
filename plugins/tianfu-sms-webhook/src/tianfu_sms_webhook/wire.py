"""The JSON of version 1, written and read; what does not fit exactly is not read at all."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, cast

from tianfu_sdk.model.sms import ErrorClass, Inbound, SmsBatch, SmsReceipt, SmsResult

__all__ = ["Unreadable", "batch_body", "read_callback", "read_refusal", "read_results", "read_wait"]

_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")
_HALF = re.compile("[\ud800-\udfff]")
_LONGEST_CALLBACK = 1 << 20
_LONGEST_WAIT = 1_000_000
_ERRORS: Mapping[str, frozenset[ErrorClass]] = {
    "rejected": frozenset(
        {
            ErrorClass.BAD_RECIPIENT,
            ErrorClass.BAD_CONTENT,
            ErrorClass.STOP_CHANNEL,
            ErrorClass.RETRY_SAFE,
            ErrorClass.REFUSED_BY_PERSON,
        }
    ),
    "receipt": frozenset({ErrorClass.REFUSED_BY_PERSON}),
    "deferred": frozenset({ErrorClass.DEFERRED, ErrorClass.THROTTLED, ErrorClass.RETRY_SAFE}),
}


class Unreadable(ValueError):
    """It is not what this version says."""


def batch_body(batch: SmsBatch) -> bytes:
    """Write a batch; the same bytes for every attempt at it."""
    plain = {
        "version": 1,
        "type": "sms.batch",
        "reference": batch.reference,
        "signature": batch.signature,
        "text": batch.text,
        "recipients": [{"ref": one.ref, "phone": one.phone} for one in batch.recipients],
    }
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def read_results(body: bytes) -> dict[str, SmsResult]:
    """Read an answer, by recipient; entries that do not fit are left out.

    Raises:
        Unreadable: It is no answer at all.
    """
    found: dict[str, SmsResult] = {}
    for entry in _list(_object(body), "results"):
        try:
            result = _result(entry)
        except Unreadable:
            continue
        # Two answers about one recipient contradict each other: neither is believed.
        found[result.ref] = _unknown(result.ref) if result.ref in found else result
    return found


def _result(entry: Any) -> SmsResult:
    ref, status, provider_id, code = _texts(entry, "ref", "status", "id", "code")
    error = ErrorClass.OK
    if "ref" not in entry:
        raise Unreadable
    if status in {"rejected", "deferred"}:
        error = _error(_text(entry, "error"), _ERRORS[status])
    elif status == "unknown":
        error = ErrorClass.AMBIGUOUS
    elif status != "accepted":
        raise Unreadable
    return SmsResult(
        ref=ref,
        status=cast('Literal["accepted", "rejected", "deferred", "unknown"]', status),
        provider_id=provider_id,
        error=error,
        code=code,
        retry_after=_wait(entry.get("retry_after")),
    )


def _unknown(ref: str) -> SmsResult:
    return SmsResult(ref=ref, status="unknown", error=ErrorClass.AMBIGUOUS)


def read_refusal(body: bytes) -> tuple[ErrorClass, str]:
    """Read why a whole batch was refused: the class and the receiver's own code.

    Raises:
        Unreadable: It does not say; it may not even be from the receiver.
    """
    plain = _object(body)
    return _error(_text(plain, "error"), _ERRORS["rejected"]), _text(plain, "code", "")


def read_wait(headers: Mapping[str, str]) -> float | None:
    """Read the seconds of `Retry-After`; None where it says a date or nothing."""
    text = headers.get("retry-after", "")
    return float(text) if re.fullmatch(r"[0-9]{1,6}", text) else None


def read_callback(body: bytes) -> tuple[tuple[SmsReceipt, ...], tuple[Inbound, ...]]:
    """Read receipts and inbound messages, in their order.

    Raises:
        Unreadable: Any of it does not fit; the sender is told, and nothing is lost.
    """
    if len(body) > _LONGEST_CALLBACK:
        raise Unreadable
    plain = _object(body)
    if _text(plain, "type") != "sms.callback":
        raise Unreadable
    return (
        tuple(_receipt(entry) for entry in _list(plain, "receipts", [])),
        tuple(_inbound(entry) for entry in _list(plain, "inbound", [])),
    )


def _receipt(entry: Any) -> SmsReceipt:
    state, provider_id, ref, reference, at, code, error = _texts(
        entry, "state", "id", "ref", "reference", "at", "code", "error"
    )
    if state not in {"delivered", "failed", "expired"} or not (provider_id or ref):
        raise Unreadable
    return SmsReceipt(
        provider_id=provider_id,
        ref=ref,
        reference=reference,
        state=cast('Literal["delivered", "failed", "expired"]', state),
        at=_moment(at) if at else None,
        code=code,
        error=_error(error, _ERRORS["receipt"]) if error else None,
    )


def _inbound(entry: Any) -> Inbound:
    phone, provider_id, at = _texts(entry, "phone", "id", "at")
    if not _PHONE.fullmatch(phone):
        raise Unreadable
    return Inbound(
        phone=phone,
        text=_text(entry, "text"),
        at=_moment(at) if at else None,
        provider_id=provider_id,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(plain, dict) or plain.get("version", 1) != 1:
        raise Unreadable
    return plain


def _list(plain: dict[str, Any], name: str, default: list[Any] | None = None) -> list[Any]:
    found = plain.get(name, default)
    if not isinstance(found, list):
        raise Unreadable
    return found


def _text(entry: Any, name: str, default: str | None = None) -> str:
    if default is None and (not isinstance(entry, dict) or name not in entry):
        raise Unreadable
    return _texts(entry, name)[0]


def _texts(entry: Any, *names: str) -> list[str]:
    """Give texts of an object; what is missing is empty."""
    if not isinstance(entry, dict):
        raise Unreadable
    found = [entry.get(name, "") for name in names]
    try:
        # All at once: receipts come by the hundred thousand.
        whole = "".join(found)
    except TypeError:
        raise Unreadable from None
    # JSON can say half a surrogate pair, which no store keeps.
    if not whole.isascii() and _HALF.search("\0".join(found)):
        raise Unreadable
    return found


def _error(text: str, known: frozenset[ErrorClass]) -> ErrorClass:
    for one in known:
        if one.value == text:
            return one
    raise Unreadable


def _wait(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # An int of any size compares; made a float, a large one would raise.
    return float(value) if 0 <= value < _LONGEST_WAIT and math.isfinite(value) else None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        seconds = moment.timestamp()
    except (ValueError, OverflowError):
        raise Unreadable from None
    if moment.tzinfo is None or seconds < 0:
        raise Unreadable
    return moment
