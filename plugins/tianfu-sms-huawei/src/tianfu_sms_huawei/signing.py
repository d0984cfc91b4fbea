"""SDK-HMAC-SHA256 and WSSE, the two ways of Huawei Cloud to know who calls.

Sources: support.huaweicloud.com api-msgsms sms_05_0046 (both), sms_05_0064 (what it pushes);
`huaweicloudsdkcore` 3.1.219 signs alike.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tianfu_sdk import Denied, Secret
from tianfu_sdk.model.http import HttpRequest

__all__ = ["CONTENT", "DATE", "UNSIGNED", "authorization", "stamp", "verify", "wsse"]

DATE = "x-sdk-date"
CONTENT = "x-sdk-content-sha256"
UNSIGNED = "UNSIGNED-PAYLOAD"
"""Written in place of a form's digest, by the vendor's own SDK as well: no signature covers it."""

_ALGORITHM = "SDK-HMAC-SHA256"
_TIME = "%Y%m%dT%H%M%SZ"
_TOLERANCE = timedelta(minutes=15)
_GIVEN = re.compile(
    r"SDK-HMAC-SHA256\s+Access=([^,\s]+),\s?SignedHeaders=([0-9a-z;-]+),\s?Signature=([0-9a-f]{64})"
)


def stamp(now: datetime) -> str:
    """Give the value of `x-sdk-date`."""
    return now.astimezone(UTC).strftime(_TIME)


def _quoted(text: str) -> str:
    return quote(text, safe="~")


def _signature(
    request: HttpRequest, names: Sequence[str], headers: Mapping[str, str], secret: str
) -> str:
    parts = urlsplit(request.url)
    path = "/".join(_quoted(part) for part in unquote(parts.path).split("/")).rstrip("/") + "/"
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    payload = headers[CONTENT] if CONTENT in names else _hash(request.body)
    canonical = f"{request.method}\n{path}\n{query}\n{lines}\n{';'.join(names)}\n{payload}"
    text = f"{_ALGORITHM}\n{headers[DATE]}\n{_hash(canonical.encode())}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def authorization(request: HttpRequest, *, key: str, secret: str) -> str:
    """Sign a request by all the headers that it has, `x-sdk-date` among them.

    Args:
        request: As it goes out, but for the header `authorization`.
        key: app_key, named in the signature.
        secret: app_secret, signs.

    Returns:
        The header `authorization`.
    """
    names = sorted(request.headers)
    signature = _signature(request, names, request.headers, secret)
    signed = ";".join(names)
    return f"{_ALGORITHM} Access={key}, SignedHeaders={signed}, Signature={signature}"


def verify(
    request: HttpRequest, *, key: str, secret: Secret, now: datetime, unsigned: bool
) -> None:
    """Hold what was pushed against its signature, in constant time.

    Args:
        request: As it came in: address, headers and body as they were sent.
        key: Key id for pushes, of the console.
        secret: Its secret.
        now: Aware; 15 minutes either way are taken.
        unsigned: Take a body that the signature does not cover.

    Raises:
        Denied: `sms.callback_forged`, with the header that is wrong.
    """
    headers = request.headers
    given = _GIVEN.fullmatch(headers.get("authorization", ""))
    names = given[2].split(";") if given else []
    if given is None or given[1] != key or names != sorted(set(names)):
        raise Denied("sms.callback_forged", path="authorization")
    if DATE not in names or any(name not in headers for name in names):
        raise Denied("sms.callback_forged", path=DATE)
    try:
        signed_at = datetime.strptime(headers[DATE], _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise Denied("sms.callback_forged", path=DATE) from None
    if abs(now - signed_at) > _TOLERANCE:
        raise Denied("sms.callback_forged", path=DATE)
    payload = headers[CONTENT] if CONTENT in names else _hash(request.body)
    if payload != _hash(request.body) and not (unsigned and payload == UNSIGNED):
        raise Denied("sms.callback_forged", path=CONTENT)
    wanted = _signature(request, names, headers, secret.reveal())
    if not hmac.compare_digest(given[3], wanted):
        raise Denied("sms.callback_forged", path="authorization")


def wsse(*, key: str, secret: str, nonce: str, now: datetime) -> dict[str, str]:
    """Give the two headers of WSSE; they cover neither address nor body.

    Args:
        key: app_key.
        secret: app_secret.
        nonce: Unguessable, never given twice.
        now: Aware; Huawei takes them for 24 hours.
    """
    created = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = base64.b64encode(_hash(f"{nonce}{created}{secret}".encode()).encode()).decode()
    return {
        "authorization": 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"',
        "x-wsse": f'UsernameToken Username="{key}",PasswordDigest="{digest}",'
        f'Nonce="{nonce}",Created="{created}"',
    }
