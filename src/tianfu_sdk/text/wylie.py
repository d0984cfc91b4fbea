"""Tibetan in Latin letters and back: Extended Wylie (EWTS), by the library pyewts."""

from __future__ import annotations

from typing import Any

from tianfu_sdk.errors import Invalid, PluginError

__all__ = ["from_wylie", "to_wylie"]


def _converter() -> Any:
    try:
        from pyewts import pyewts
    except ImportError:
        raise PluginError(
            "extra.missing", path="wylie", name="pyewts", package='"tianfu-sdk[bo]"'
        ) from None
    # A new one each time: it keeps what it is doing in itself, so threads may not share it.
    return pyewts()


def to_wylie(text: str) -> str:
    """Write Tibetan in Latin letters.

    Args:
        text: Any text.

    Returns:
        EWTS; what is not Tibetan stands in brackets: `[2026年]`.

    Raises:
        PluginError: `extra.missing`, the extra `bo` is not installed.

    Source: Extended Wylie Transliteration Scheme of THL.
    """
    return str(_converter().toWylie(text))


def from_wylie(text: str, *, strict: bool = True) -> str:
    """Write Extended Wylie in Tibetan script.

    Args:
        text: EWTS, such as `bod yig`; in brackets what stays as it is.
        strict: Refuse what is no EWTS; False: make of it what can be made.

    Returns:
        Tibetan.

    Raises:
        Invalid: `text.bad_wylie` with the number of things wrong and the first of them.
        PluginError: `extra.missing`, the extra `bo` is not installed.

    Source: Extended Wylie Transliteration Scheme of THL.
    """
    wrong: list[str] = []
    made = str(_converter().toUnicode(text, wrong, not strict))
    if strict and wrong:
        raise Invalid("text.bad_wylie", path="text", count=len(wrong), first=wrong[0])
    return made
