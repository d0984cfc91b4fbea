"""Cut texts into sentences, at the ends that Chinese and Tibetan write."""

from __future__ import annotations

import re
from functools import cache

from tianfu_sdk.text.scripts import TIBETAN_SYLLABLE

__all__ = ["sentences"]

_SHADS = "\u0f0d-\u0f11\u0f14"
_CLOSING = "\"'”’」』）)】〕》〉\\]"


@cache
def _end() -> re.Pattern[str]:
    chinese = f"[。！？!?｡]+[{_CLOSING}]*"
    # A shad, or several with blanks between them, as where a paragraph ends.
    shad = f"[{_SHADS}](?:[^\\S\r\n]*[{_SHADS}])*[{_CLOSING}]*"
    # After ka and ga, with a vowel or without, no shad is written; only its space stays.
    unwritten = "(?:(?<=[\u0f40\u0f42])|(?<=[\u0f40\u0f42][\u0f72\u0f74\u0f7a\u0f7c])) +"
    tibetan = f"(?:{shad})\\s*|{unwritten}(?=[{TIBETAN_SYLLABLE}])"
    return re.compile(f"(?:{chinese})\\s*|{tibetan}|[\r\n]+\\s*")


@cache
def _said() -> re.Pattern[str]:
    return re.compile(f"\\w|[{TIBETAN_SYLLABLE}]")


def sentences(text: str) -> list[str]:
    """Cut a text into sentences.

    A sentence ends after 。！？ or their narrow forms, with the quotes and brackets that close
    after them; after a run of shads (། ༎), and after ka or ga before a space, where Tibetan
    leaves the shad out; and at a line end. A full stop of Latin script ends none: 3.14, Dr.
    What has neither letter nor digit, such as the head mark ༄༅།, stays with the next one, or
    with the last where none follows.

    Args:
        text: Any text.

    Returns:
        Sentences in order, each with the blanks after it: joined they are the text.

    Source: Unicode 15, chapter 13.4 (Tibetan); ICU finds no sentence at a shad.
    """
    found: list[str] = []
    held = ""
    done = 0
    for match in _end().finditer(text):
        if match.end() == done:
            continue
        held += text[done : match.end()]
        done = match.end()
        if _said().search(held):
            found.append(held)
            held = ""
    held += text[done:]
    if held and found and not _said().search(held):
        found[-1] += held
    elif held:
        found.append(held)
    return found
