"""Cut texts into sentences, at the ends that Chinese, Tibetan and Latin script write."""

from __future__ import annotations

import re
from functools import cache

from tianfu_sdk.text.scripts import HAN, TIBETAN_SYLLABLE

__all__ = ["sentences"]

_SHADS = "\u0f0d-\u0f11\u0f14"
_CLOSING = "\"'”’」』）)】〕》〉\\]"
_OPENING = "\"'“‘「『(（【〔《〈\\["
_SHORT = frozenset({"Dr", "Fig", "Mr", "Mrs", "Ms", "Mt", "No", "Prof", "St", "Vol", "cf", "vs"})
"""What is written short before what belongs to it."""
_LONGEST = 20
"""Characters of a word that are looked at; none of those that count is so long."""


@cache
def _end(*, stops: bool) -> re.Pattern[str]:
    chinese = f"[。！？!?｡]+[{_CLOSING}]*"
    # A shad, or several with blanks between them, as where a paragraph ends.
    shad = f"[{_SHADS}](?:[^\\S\r\n]*[{_SHADS}])*[{_CLOSING}]*"
    # After ka and ga, with a vowel or without, no shad is written; only its space stays.
    unwritten = "(?:(?<=[\u0f40\u0f42])|(?<=[\u0f40\u0f42][\u0f72\u0f74\u0f7a\u0f7c])) +"
    tibetan = f"(?:{shad})\\s*|{unwritten}(?=[{TIBETAN_SYLLABLE}])"
    # A run of stops is read once, however long it is.
    latin = f"(?<!\\.)\\.++[{_CLOSING}]*[^\\S\r\n]+(?=[{_OPENING}]*[^\\W\\d_])"
    end = f"(?:{chinese})\\s*|{tibetan}|[\r\n]+\\s*"
    # Most Chinese texts have no such stop, and to look for it takes time.
    return re.compile(f"{end}|{latin}" if stops else end)


@cache
def _after() -> re.Pattern[str]:
    return re.compile(f"[{_OPENING}]*(?:(?P<han>[{HAN}])|(?P<letter>.))")


@cache
def _before() -> re.Pattern[str]:
    return re.compile(f"[^\\s.{_OPENING}]*$")


@cache
def _said() -> re.Pattern[str]:
    return re.compile(f"\\w|[{TIBETAN_SYLLABLE}]")


def sentences(text: str) -> list[str]:
    """Cut a text into sentences.

    A sentence ends after 。！？ or their narrow forms, with the quotes and brackets that close
    after them; after a run of shads (། ༎), and after ka or ga before a space, where Tibetan
    leaves the shad out; and at a line end. A full stop of Latin script ends one before a blank
    and a capital or a Chinese character; not after a single letter (U.S. Army, i.e. We), a
    title and the like (Dr. Li), or the number of an item of a list. What has neither letter nor
    digit, such as the head mark ༄༅།, stays with the next one, or with the last where none
    follows.

    Args:
        text: Any text.

    Returns:
        Sentences in order, each with the blanks after it: joined they are the text.

    Source: Unicode 15, chapter 13.4 (Tibetan); ICU finds no sentence at a shad.
    """
    found: list[str] = []
    held = ""
    done = 0
    for match in _end(stops="." in text).finditer(text):
        if match.end() == done or (text[match.start()] == "." and _goes_on(text, done, match)):
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


def _goes_on(text: str, start: int, match: re.Match[str]) -> bool:
    """Tell whether a full stop of Latin script ends no sentence."""
    follows = _after().match(text, match.end())
    if follows is None or not (follows["han"] or follows["letter"].isupper()):
        return True
    word = _before().search(text, max(start, match.start() - _LONGEST), match.start())
    said = word.group() if word else ""
    listed = said.isdigit() and not text[start : match.start() - len(said)].strip()
    return (len(said) == 1 and said.isalpha()) or said in _SHORT or listed
