"""Texts as short messages carry them: UCS-2, ASCII, Latin 1, GBK, and GSM's own alphabet."""

from __future__ import annotations

__all__ = [
    "ASCII",
    "BINARY",
    "GBK",
    "GSM",
    "LATIN",
    "UCS2",
    "fits_gsm",
    "from_gsm",
    "read",
    "to_gsm",
]

ASCII, LATIN, BINARY, UCS2, GBK, GSM = "ascii", "latin-1", "binary", "utf-16-be", "gb18030", "gsm"

_ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_MORE = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]"}
_MORE |= {0x40: "|", 0x65: "€"}
_CODES = {
    **{letter: bytes([code]) for code, letter in enumerate(_BASIC) if code != _ESCAPE},
    **{letter: bytes([_ESCAPE, code]) for code, letter in _MORE.items()},
}


def fits_gsm(text: str) -> bool:
    """Tell whether GSM's alphabet has all letters of a text.

    Source: 3GPP TS 23.038, 6.2.1: the default alphabet and its extension.
    """
    return all(letter in _CODES for letter in text)


def to_gsm(text: str) -> bytes:
    """Give a text in GSM's alphabet, a byte a septet.

    Raises:
        UnicodeEncodeError: A letter is not in it.
    """
    for place, letter in enumerate(text):
        if letter not in _CODES:
            raise UnicodeEncodeError("gsm", text, place, place + 1, "not in the alphabet")
    return b"".join(_CODES[letter] for letter in text)


def from_gsm(data: bytes) -> str:
    """Read a text in GSM's alphabet, a byte a septet; what is none becomes U+FFFD."""
    found: list[str] = []
    escaped = False
    for code in data:
        if escaped:
            # An unknown extension is shown as the letter itself (TS 23.038, 6.2.1.1).
            found.append(_MORE.get(code, _BASIC[code] if code < len(_BASIC) else "\ufffd"))
            escaped = False
        elif code == _ESCAPE:
            escaped = True
        else:
            found.append(_BASIC[code] if code < len(_BASIC) else "\ufffd")
    return "".join(found)


def read(data: bytes, coding: str) -> str:
    """Read what a person wrote; what is no such text becomes U+FFFD, never an error.

    Args:
        data: As it came, without a header.
        coding: One of this module's.
    """
    if coding == GSM:
        return from_gsm(data)
    if coding == BINARY:
        return data.hex()
    text = data.decode(coding, "replace")
    return text.replace("\x00", "").strip("\ufeff")
