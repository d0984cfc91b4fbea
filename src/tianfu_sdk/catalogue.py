"""The text of every error code, in English and Chinese.

One entry a code: message and hint, with `{names}` that the raising code fills in.
`docs/reference/errors.md` is generated from this table, and a house test holds the
codes in the source against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["ENTRIES", "Entry", "render", "render_hint"]


class Entry(NamedTuple):
    """Message and hint of one code, in both languages."""

    en: str
    zh: str
    hint_en: str = ""
    hint_zh: str = ""


ENTRIES: dict[str, Entry] = {}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _fill(template: str, values: Mapping[str, Any]) -> str:
    return template.format_map(_Blank(values))


def render(code: str, language: str, values: Mapping[str, Any]) -> str:
    """Give the text of a code.

    Args:
        code: Such as `sms.too_long`; a code that is not ours is its own text.
        language: `en` or `zh`.
        values: What the text names.

    Returns:
        One line.
    """
    entry = ENTRIES.get(code)
    if entry is None:
        return code
    return _fill(entry.zh if language == "zh" else entry.en, values)


def render_hint(code: str, language: str, values: Mapping[str, Any]) -> str | None:
    """Give the hint of a code, or None where it has none.

    Args:
        code: As in `render`.
        language: As in `render`.
        values: As in `render`.

    Returns:
        One line or None.
    """
    entry = ENTRIES.get(code)
    if entry is None:
        return None
    return _fill(entry.hint_zh if language == "zh" else entry.hint_en, values) or None
