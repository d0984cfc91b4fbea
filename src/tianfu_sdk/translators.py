"""What translation engines over HTTP have in common, for their authors; all of it is pure.

Vendors' words are read strictly: what does not fit exactly is `Failed` for each text of the
batch, in its order, so that no text is lost, stands beside another's translation, or is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from tianfu_sdk import gateways
from tianfu_sdk.errors import Invalid, Unsupported
from tianfu_sdk.gateways import Unreadable, list_of, read_json, text_of
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.translation import (
    Failed,
    Ok,
    TranslationBatch,
    TranslationCapabilities,
    TranslationResult,
)
from tianfu_sdk.text import canonical_language

__all__ = [
    "Unreadable",
    "aligned",
    "answered",
    "by_status",
    "checked_codes",
    "checked_pairs",
    "checked_url",
    "demand_pair",
    "failed",
    "is_own",
    "list_of",
    "read_json",
    "text_of",
    "wait_of",
]

_OK = 200
_SERVER_FAILED = 500
_REFUSED = 400
_KINDS = {
    401: "auth",
    402: "quota",
    403: "auth",
    408: "transient",
    413: "too_long",
    414: "too_long",
    429: "rate_limited",
    456: "quota",
}
_SECONDS = re.compile(r"[0-9]{1,6}")
_OWN = [
    ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("::1/128", "fc00::/7"),
    )
]
# Tigrinya and Dzongkha are no Tibetan, Yiddish is no Yi; `auto` takes either for English.
_TRAPS = {"bo": {"ti", "tir", "dz", "dzo"}, "ii": {"yi", "yid"}}


# Settings.


def checked_url(url: str, *, allow_http: bool = False, path: str = "base_url") -> str:
    """Check the address of an engine.

    Args:
        url: Such as `https://mt.example.cn/v1`.
        allow_http: Take plain http to other machines too.
        path: The setting, for the error.

    Returns:
        The same, without a slash at its end.

    Raises:
        Invalid: `field.value`, it is none, has a query, or holds a password;
            `translation.plain_http`, plain http to another machine.
    """
    try:
        gateways.checked_url(url, allow_http=allow_http, path=path)
    except Invalid as error:
        if error.code == "sms.plain_http":
            raise Invalid("translation.plain_http", path=path) from None
        raise
    if "?" in url or "#" in url:
        raise Invalid("field.value", path=path, value="-")
    return url.rstrip("/")


def is_own(url: str) -> bool:
    """Tell whether an address is this machine or lies in a private network.

    A name other than `localhost` is not looked up, so it is taken for somebody else's.

    Args:
        url: Checked by `checked_url`.
    """
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _OWN if network.version == address.version)


def checked_codes(
    codes: Mapping[str, str], *, declared: Collection[str] = (), path: str = "codes"
) -> Mapping[str, str]:
    """Check an engine's own codes of languages by ours, against what they are taken for.

    Args:
        codes: The engine's code by language, BCP 47.
        declared: Languages whose code the vendor's page spells like that, trap or not.
        path: The setting, for the error.

    Returns:
        The same.

    Raises:
        Invalid: `translation.code_trap`, Tibetan as `ti` (Tigrinya) or `dz` (Dzongkha), Yi as
            `yi` (Yiddish), or `auto` for any; `field.value`, a language that is not canonical,
            or no code.
    """
    for language, code in codes.items():
        where = f"{path}.{language}"
        if not _is_canonical(language) or not code.strip():
            raise Invalid("field.value", path=where, value=code)
        traps = _TRAPS.get(language.partition("-")[0], set())
        first = re.split(r"[-_]", code.strip().lower())[0]
        if first == "auto" or (first in traps and language not in declared):
            raise Invalid("translation.code_trap", path=where, said=code, language=language)
    return codes


def checked_pairs(
    pairs: Collection[tuple[str, str]], known: Collection[str], *, path: str = "pairs"
) -> frozenset[tuple[str, str]]:
    """Check pairs of languages.

    Args:
        pairs: Source and target, BCP 47.
        known: Languages that the engine has a code or a name for.
        path: The setting, for the error.

    Raises:
        Invalid: `field.missing`, there are none; `field.value`, a language is not canonical or
            not known, or a pair is one language twice.
    """
    if not pairs:
        raise Invalid("field.missing", path=path)
    for source, target in pairs:
        odd = [tag for tag in (source, target) if tag not in known or not _is_canonical(tag)]
        if odd or source == target:
            raise Invalid("field.value", path=path, value=", ".join(odd) or source)
    return frozenset(pairs)


def _is_canonical(language: str) -> bool:
    try:
        return canonical_language(language) == language
    except Invalid:
        return False


def demand_pair(can: TranslationCapabilities, batch: TranslationBatch) -> None:
    """Demand that an engine has the pair of a batch, and takes as many texts at a time.

    Raises:
        Unsupported: `translation.unsupported`; `translation.too_many`.
    """
    if (batch.source, batch.target) not in can.pairs:
        raise Unsupported(
            "translation.unsupported", path=can.name, source=batch.source, target=batch.target
        )
    if len(batch.segments) > can.max_segments:
        count = len(batch.segments)
        raise Unsupported("translation.too_many", count=count, most=can.max_segments)


# Results.


def failed(
    batch: TranslationBatch, kind: str, *, code: str = "", wait: float | None = None
) -> list[TranslationResult]:
    """Give every text of a batch the same failure.

    Args:
        batch: What was asked.
        kind: As of `Failed`.
        code: The vendor's own code, or ours.
        wait: Seconds that it asked for.
    """
    return [
        Failed(id=segment.id, kind=kind, code=code, retry_after=wait) for segment in batch.segments
    ]


def aligned(batch: TranslationBatch, texts: Sequence[object]) -> list[TranslationResult]:
    """Put what came back beside what was sent.

    Args:
        batch: What was asked.
        texts: Translations in the order of the batch, as they were read.

    Returns:
        `Ok` a text; `Failed` (`malformed`) for one that is empty or no text, and for all of
        them where their number is another one.
    """
    if len(texts) != len(batch.segments):
        return failed(batch, "malformed", code="count")
    return [
        Ok(id=segment.id, text=text)
        if _is_text(text)
        else Failed(id=segment.id, kind="malformed", code="empty")
        for segment, text in zip(batch.segments, map(_text, texts), strict=True)
    ]


def _text(text: object) -> str:
    return text if isinstance(text, str) else ""


def _is_text(text: str) -> bool:
    # No store keeps half a surrogate pair.
    return bool(text.strip()) and not any("\ud800" <= char <= "\udfff" for char in text)


def answered(
    batch: TranslationBatch,
    response: HttpResponse,
    read: Callable[[Any], Sequence[object]],
    *,
    now: datetime | None = None,
) -> list[TranslationResult]:
    """Read an answer whole: its status, its JSON, its texts.

    Args:
        batch: What was asked.
        response: What came.
        read: Gives the texts of the JSON in the order of the batch, or raises `Unreadable`.
        now: As of `wait_of`.

    Returns:
        One `Ok` or `Failed` a text, in their order.
    """
    found = by_status(batch, response, now=now)
    if found is not None:
        return found
    try:
        return aligned(batch, read(read_json(response.body)))
    except Unreadable:
        return failed(batch, "malformed", code="unreadable")


def by_status(
    batch: TranslationBatch, response: HttpResponse, *, now: datetime | None = None
) -> list[TranslationResult] | None:
    """Give what the status of an answer says by itself.

    401 and 403 are `auth`, 402 and 456 `quota`, 408 `transient`, 413 and 414 `too_long`, 429
    `rate_limited`, other 4xx `rejected`, 5xx `transient`; what is neither they nor 200, such as
    a redirect to a login page, is `malformed`.

    Args:
        batch: What was asked.
        response: What came.
        now: As of `wait_of`.

    Returns:
        None for 200: the body has the word.
    """
    status = response.status
    if status == _OK:
        return None
    kind = _KINDS.get(status, "transient" if status >= _SERVER_FAILED else "rejected")
    if status < _REFUSED:
        kind = "malformed"
    wait = wait_of(response, now=now) if kind in {"rate_limited", "transient"} else None
    return failed(batch, kind, code=f"http.{status}", wait=wait)


def wait_of(response: HttpResponse, *, now: datetime | None = None) -> float | None:
    """Read `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).

    Args:
        response: What came.
        now: What a date is held against where the answer does not say its own.

    Returns:
        Seconds, 0 for a date that is past; None where it says nothing that can be read.
    """
    text = response.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = _date(text)
    since = _date(response.headers.get("date", "")) or now
    return max(0.0, (until - since).total_seconds()) if until and since else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
