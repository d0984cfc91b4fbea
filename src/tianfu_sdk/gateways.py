"""What SMS gateways over HTTP have in common, for their authors; all of it is pure.

Vendors' words are read strictly: what does not fit exactly is `Unreadable`, and whoever asked
makes `unknown` of it. A table of codes says what a vendor's code means for us; a code that no
table has is `ambiguous`, so that nothing is ever sent again by guess.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from tianfu_sdk.core.sms.messages import REFUSALS, meaning
from tianfu_sdk.core.sms.phones import normalised
from tianfu_sdk.errors import Denied, Invalid, Unsupported
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import ErrorClass, SmsBatch, SmsResult
from tianfu_sdk.settings import Secret

__all__ = [
    "REFUSALS",
    "Codes",
    "Unreadable",
    "believed",
    "by_status",
    "checked_url",
    "e164",
    "each",
    "filled",
    "fitting",
    "host_of",
    "list_of",
    "local_time",
    "long_enough",
    "meaning",
    "national",
    "number_of",
    "outcome",
    "read_form",
    "read_json",
    "refused_for_number",
    "text_of",
    "unix_time",
    "verify_token",
    "wait_of",
]

T = TypeVar("T")

_log = logging.getLogger("tianfu_sdk.sms")
_LONGEST = 1 << 20
_LONGEST_WAIT = 6
_MOST_FIELDS = 200
_SHORTEST = 16
_OK, _REFUSED, _SERVER_FAILED = 200, 400, 500
_TOO_FAST = 429
_TOO_LARGE = frozenset({413, 414, 431})
_MAINLAND = re.compile(r"(?:\+86|0086|86)?(1[3-9][0-9]{9})")
_ABROAD = re.compile(r"\+?([1-9][0-9]{6,14})")
_DIGITS = re.compile(r"-?[0-9]{1,18}")


class Unreadable(ValueError):
    """It is not what the vendor's page says."""


# Settings.


def checked_url(url: str, *, allow_http: bool = False, path: str = "base_url") -> str:
    """Check an address that phones and texts go to.

    Args:
        url: Such as `https://sms.example.cn/`.
        allow_http: Take plain http to other machines too.
        path: The setting, for the error.

    Returns:
        The same.

    Raises:
        Invalid: `field.value`, it is none, or holds a password; `sms.plain_http`, plain http
            to another machine.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("field.value", path=path, value="-") from None
    whole = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in {"http", "https"} or not host or not whole or parts.username:
        raise Invalid("field.value", path=path, value="-")
    if parts.scheme == "http" and not (allow_http or _is_own_machine(host)):
        raise Invalid("sms.plain_http", path=path)
    return url


def _is_own_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def long_enough(secret: Secret | None, path: str) -> None:
    """Check that a secret is not guessed: 16 bytes at least.

    Args:
        secret: None: there is none to check.
        path: The setting, for the error.

    Raises:
        Invalid: `sms.short_secret`.
    """
    if secret is not None and len(secret.reveal().encode("utf-8")) < _SHORTEST:
        raise Invalid("sms.short_secret", path=path, least=_SHORTEST)


def host_of(url: str) -> str:
    """Give the header `host` that a request to an address carries; signatures cover it."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in {None, usual} else f"{host}:{parts.port}"


def filled(
    batch: SmsBatch, template: str, variable: str, *, gateway: str
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Give the template of a batch and the values of its variables.

    Args:
        batch: Of a template of its own, or of none.
        template: The gateway's default, whose one variable carries the whole text.
        variable: Name of that variable.
        gateway: Name of the gateway, for the error.

    Raises:
        Unsupported: `sms.no_template`; the batch has none, nor has the gateway.
    """
    if batch.template:
        return batch.template, batch.parameters
    if not template:
        raise Unsupported("sms.no_template", path="template", gateway=gateway)
    return template, ((variable, batch.text),)


# What a code means.


@attrs.frozen
class Codes:
    """What a vendor's codes mean for us."""

    exact: Mapping[str, ErrorClass]
    """By code."""
    prefixes: Mapping[str, ErrorClass] = attrs.field(factory=dict)
    """By how codes begin; the longest that fits counts."""

    def of(self, code: str) -> ErrorClass:
        """Give the class of a code; `ambiguous` for one that the table does not have."""
        if code in self.exact:
            return self.exact[code]
        fitting = [prefix for prefix in self.prefixes if code.startswith(prefix)]
        return self.prefixes[max(fitting, key=len)] if fitting else ErrorClass.AMBIGUOUS


_Status = Literal["accepted", "rejected", "deferred", "unknown"]
_STATUS: Mapping[ErrorClass, _Status] = {
    ErrorClass.OK: "accepted",
    ErrorClass.AMBIGUOUS: "unknown",
    ErrorClass.RETRY_SAFE: "deferred",
    ErrorClass.THROTTLED: "deferred",
    ErrorClass.DEFERRED: "deferred",
}


def outcome(
    ref: str,
    error: ErrorClass,
    *,
    code: str = "",
    provider_id: str = "",
    wait: float | None = None,
) -> SmsResult:
    """Give the result that an error class stands for.

    Args:
        ref: Of the recipient.
        error: What the vendor's word means.
        code: The vendor's own code.
        provider_id: The vendor's id of the message.
        wait: Seconds that it asked for.
    """
    return SmsResult(
        ref=ref,
        status=_STATUS.get(error, "rejected"),
        error=error,
        code=code,
        provider_id=provider_id,
        retry_after=wait,
    )


def each(
    batch: SmsBatch,
    error: ErrorClass,
    *,
    code: str = "",
    provider_id: str = "",
    wait: float | None = None,
) -> Sequence[SmsResult]:
    """Give every recipient of a batch the same result; the arguments are those of `outcome`."""
    return [
        outcome(one.ref, error, code=code, provider_id=provider_id, wait=wait)
        for one in batch.recipients
    ]


def refused_for_number(batch: SmsBatch, *, code: str) -> Sequence[SmsResult]:
    """Give the results of a call that was refused whole because of a number in it.

    Numbers that no mobile of the mainland has are blamed, and the others may be sent again
    without them; where there are none, or no others, nobody can tell, so all are refused.

    Args:
        batch: What was refused.
        code: The vendor's own code.
    """
    odd = {one.ref for one in batch.recipients if not _MAINLAND.fullmatch(one.phone)}
    others = len(odd) < len(batch.recipients) and odd
    return [
        outcome(
            one.ref,
            ErrorClass.RETRY_SAFE if others and one.ref not in odd else ErrorClass.BAD_RECIPIENT,
            code=code,
        )
        for one in batch.recipients
    ]


def by_status(batch: SmsBatch, response: HttpResponse) -> Sequence[SmsResult] | None:
    """Give what the status of an answer says by itself.

    Returns:
        None where the body has the word. A request that is too large for a server on the way
        (413, 414, 431) certainly was not sent, and will not be until somebody changes the
        settings: the channel stops.
    """
    if response.status in _TOO_LARGE:
        return each(batch, ErrorClass.STOP_CHANNEL, code=f"http.{response.status}")
    if response.status == _TOO_FAST:
        return each(batch, ErrorClass.THROTTLED, code="http.429", wait=wait_of(response))
    return None


def believed(error: ErrorClass, status: int) -> bool:
    """Tell whether a code in an answer of this status can be believed.

    Args:
        error: What the code means.
        status: Of HTTP. Of a success only 200 is one; of a redirect nothing is believed, and of
            a server that failed only that it was asked too fast.
    """
    if status == _OK or error is ErrorClass.OK:
        return status == _OK
    return _REFUSED <= status < _SERVER_FAILED or error is ErrorClass.THROTTLED


def wait_of(response: HttpResponse, header: str = "retry-after") -> float | None:
    """Read the seconds of a header; None where it says a date or nothing."""
    text = response.headers.get(header, "")
    return float(text) if re.fullmatch(rf"[0-9]{{1,{_LONGEST_WAIT}}}", text) else None


# Reading.


def read_json(body: bytes) -> Any:
    """Read JSON in UTF-8, 1 MiB at most.

    Raises:
        Unreadable: It is none.
    """
    if len(body) > _LONGEST:
        raise Unreadable
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_constant)
    except (ValueError, RecursionError):
        raise Unreadable from None


def _constant(_: str) -> None:
    raise Unreadable


def read_form(body: bytes) -> dict[str, str]:
    """Read a form in UTF-8 (`application/x-www-form-urlencoded`), 1 MiB at most.

    Raises:
        Unreadable: It is empty or none, or names a field twice.
    """
    if not body or len(body) > _LONGEST:
        raise Unreadable
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise Unreadable from None
    if len(dict(pairs)) != len(pairs):
        raise Unreadable
    return dict(pairs)


def fitting(entries: Sequence[Any], read: Callable[[Any], T]) -> list[T]:
    """Read the entries of a list that fit.

    A vendor sends what it sends: one entry that cannot be read would keep all that stand
    beside it away, however often it is pushed, and what was pulled is not given again.

    Args:
        entries: As they came.
        read: Reads one, or raises `Unreadable`.

    Raises:
        Unreadable: There are some, and none fits.
    """
    found: list[T] = []
    for entry in entries:
        try:
            found.append(read(entry))
        except Unreadable:
            continue
    if entries and not found:
        raise Unreadable
    if len(found) < len(entries):
        _log.warning("%d of %d entries cannot be read", len(entries) - len(found), len(entries))
    return found


def text_of(entry: Any, name: str, default: str | None = None) -> str:
    """Give a text of an object.

    Args:
        entry: A JSON object, or anything else that came in its place.
        name: Of the member.
        default: For one that is missing or null; None: it must be there.

    Raises:
        Unreadable: It is no text, or holds half a surrogate pair, which no store keeps.
    """
    found = entry.get(name) if isinstance(entry, Mapping) else None
    found = default if found is None else found
    if not isinstance(found, str) or any("\ud800" <= char <= "\udfff" for char in found):
        raise Unreadable
    return found


def number_of(entry: Any, name: str, default: int | None = None) -> int:
    """Give a whole number of an object, written as a number or as its digits.

    Args:
        entry: A JSON object, or anything else that came in its place.
        name: Of the member.
        default: For one that is missing, null or empty; None: it must be there.

    Raises:
        Unreadable: It is none.
    """
    found = entry.get(name) if isinstance(entry, Mapping) else None
    found = default if found in (None, "") else found
    if isinstance(found, bool) or not isinstance(found, (int, str)):
        raise Unreadable
    if not _DIGITS.fullmatch(str(found)):
        raise Unreadable
    return int(found)


def list_of(entry: Any, name: str) -> list[Any]:
    """Give a list of an object.

    Raises:
        Unreadable: It is none.
    """
    found = entry.get(name) if isinstance(entry, Mapping) else None
    if not isinstance(found, list):
        raise Unreadable
    return found


def e164(text: str) -> str:
    """Give a phone as a vendor writes it its one spelling, E.164.

    Eleven digits from 13 to 19 on are a mobile of the mainland, with or without 86; other
    digits are taken to begin with their country's code.

    Raises:
        Unreadable: It is none.
    """
    if home := _MAINLAND.fullmatch(text):
        return f"+86{home[1]}"
    if not _ABROAD.fullmatch(text):
        raise Unreadable
    try:
        return normalised(f"+{text.removeprefix('+')}")
    except Invalid:
        raise Unreadable from None


def national(phone: str) -> str:
    """Give a phone as most vendors of the mainland want it: without +86, or digits only."""
    return phone.removeprefix("+86").removeprefix("+")


def local_time(text: str) -> datetime | None:
    """Read a time of day without a zone, such as `2026-01-01 08:30:00`, as China time.

    Returns:
        None for an empty text.

    Raises:
        Unreadable: It is none.
    """
    if not text:
        return None
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Unreadable from None
    return _in_range(moment)


def unix_time(seconds: int) -> datetime:
    """Read seconds since 1970.

    Raises:
        Unreadable: They lie outside of what a calendar holds.
    """
    try:
        return _in_range(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        raise Unreadable from None


def _in_range(moment: datetime) -> datetime:
    if not 0 <= moment.timestamp() < 1 << 34:
        raise Unreadable
    return moment


# Callbacks that nothing signs.


def verify_token(request: HttpRequest, token: Secret | None) -> None:
    """Hold a callback that its vendor does not sign against the token of its address.

    The token is the last part of the path, or the field `token` of the query; it is compared
    in constant time.

    Args:
        request: As it came in.
        token: Of the settings; None: no callback is taken.

    Raises:
        Denied: `sms.callback_forged`.
    """
    parts = urlsplit(request.url)
    given = [value for name, value in parse_qsl(parts.query) if name == "token"]
    given.append(unquote(parts.path).rstrip("/").rpartition("/")[2])
    wanted = token.reveal().encode() if token else b""
    # As bytes: compare_digest refuses texts that are not ASCII.
    found = any(hmac.compare_digest(one.encode("utf-8", "replace"), wanted) for one in given)
    if not wanted or not found:
        raise Denied("sms.callback_forged", path="token")
