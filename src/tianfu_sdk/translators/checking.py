"""Settings of translation engines over HTTP, checked before any text leaves."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from tianfu_sdk import gateways
from tianfu_sdk.errors import Invalid
from tianfu_sdk.text import canonical_language

__all__ = ["checked_codes", "checked_pairs", "checked_url", "is_own"]

_OWN = [
    ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("::1/128", "fc00::/7"),
    )
]
# Tigrinya and Dzongkha are no Tibetan, Yiddish is no Yi; `auto` takes either for English.
_TRAPS = {"bo": {"ti", "tir", "dz", "dzo"}, "ii": {"yi", "yid"}}


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
