"""Which script a character belongs to, and how languages are tagged.

The ranges are written as the inside of a character class of `re`, so that rooms build
their patterns from one place. Ranges of Han leave room for ideographs that a later
Unicode adds, so that an index does not change when Python's tables grow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.checks import demand_type

__all__ = [
    "HAN",
    "LATIN",
    "TIBETAN",
    "TIBETAN_SYLLABLE",
    "YI",
    "canonical_language",
    "fallbacks",
    "language_order",
    "script_of",
    "starts_inside_stack",
]

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
"""Ideographs, the iteration mark 々 and the zero 〇 (Unicode: Script=Han)."""

TIBETAN = "\u0f00-\u0fff"
"""The Tibetan block."""

TIBETAN_SYLLABLE = "\u0f00\u0f35\u0f37\u0f39\u0f40-\u0f6c\u0f71-\u0f84\u0f88-\u0fbc"
"""Letters, subjoined letters, vowels and signs: what stands between two tshegs."""

YI = "\ua000-\ua48c"
"""Syllables of Nuosu Yi (凉山规范彝文); its radicals are symbols, not syllables."""

LATIN = (
    "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\u1e00-\u1eff"
    "\uff21-\uff3a\uff41-\uff5a"
)
"""Latin letters, with diacritics and in full width."""

_SCRIPTS = (
    ("Hani", HAN),
    ("Latn", LATIN),
    ("Tibt", TIBETAN),
    ("Yiii", YI + "\ua490-\ua4c6"),
)
_STACKED = re.compile(
    "[\u0f18\u0f19\u0f35\u0f37\u0f39\u0f3e\u0f3f\u0f71-\u0f84\u0f86\u0f87\u0f8d-\u0f97\u0f99-\u0fbc\u0fc6]"
)

# A well-formed tag, RFC 5646 section 2.1, without the irregular ones.
_TAG = re.compile(
    # Four to eight letters are well-formed too, but no language is registered so.
    r"[a-z]{2,3}(?P<extended>(?:-[a-z]{3}){1,3})?"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"  # script, region
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # variants
    r"(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*"  # extensions
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"  # private use
    r"|x(?:-[a-z0-9]{1,8})+"
)
_IRREGULAR = frozenset(
    [
        *("en-gb-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon"),
        *("i-lux", "i-mingo", "i-navajo", "i-pwn", "i-tao", "i-tay", "i-tsu"),
        *("sgn-be-fr", "sgn-be-nl", "sgn-ch-de"),
    ]
)

# ISO 639-2 and 639-3 codes of languages that have a code of two letters; others pass.
_SHORT = {
    "bod": "bo",
    "tib": "bo",
    "iii": "ii",
    "chi": "zh",
    "zho": "zh",
    "cmn": "zh",
    "eng": "en",
    "kaz": "kk",
    "mon": "mn",
    "uig": "ug",
}
# What a whole tag means here. Regions alone say which script is read there.
_MEANT = {
    "bo-CN": "bo",
    "bo-Tibt": "bo",
    "bo-Tibt-CN": "bo",
    "ii-CN": "ii",
    "ii-Yiii": "ii",
    "ii-Yiii-CN": "ii",
    "zh": "zh-Hans",
    "zh-CN": "zh-Hans",
    "zh-SG": "zh-Hans",
    "zh-MY": "zh-Hans",
    "zh-Hans-CN": "zh-Hans",
    "zh-TW": "zh-Hant",
    "zh-HK": "zh-Hant",
    "zh-MO": "zh-Hant",
}
_FALLBACKS = {
    "adx": ("bo", "zh-Hans"),
    "khg": ("bo", "zh-Hans"),
    "bo": ("zh-Hans",),
    "ii": ("zh-Hans",),
    "zh-Hans": (),
    "zh-Hant": ("zh-Hans",),
    "zh-Hant-HK": ("zh-Hant", "zh-Hans"),
    "zh-Hant-MO": ("zh-Hant-HK", "zh-Hant", "zh-Hans"),
    "zh-Hant-TW": ("zh-Hant", "zh-Hans"),
}


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((code, re.compile(f"[{ranges}]")) for code, ranges in _SCRIPTS)


@lru_cache(maxsize=8192)
def script_of(character: str) -> str:
    """Tell the script of a character.

    Args:
        character: One code point.

    Returns:
        `Hani`, `Latn`, `Tibt`, `Yiii`; `Zyyy` for digits, punctuation, symbols and marks
        outside the Tibetan block; `Zzzz` for a letter of any other script.

    Source: ISO 15924 codes; ranges of Unicode 15, Scripts.txt.
    """
    for code, pattern in _patterns():
        if pattern.match(character):
            return code
    return "Zzzz" if character.isalpha() else "Zyyy"


def starts_inside_stack(character: str) -> bool:
    """Tell whether a Tibetan character hangs on the letter before it.

    Args:
        character: One code point.

    Returns:
        True for subjoined letters, vowels and signs: nothing may cut before them.

    Source: Unicode 15, general categories Mn and Mc in U+0F00-0FFF.
    """
    return _STACKED.match(character) is not None


def _bad(tag: str) -> Invalid:
    return Invalid("text.bad_language", path="language", value=tag[:40])


def _cased(parts: list[str]) -> str:
    """Case the parts as RFC 5646 section 2.1.1 recommends."""
    shown = []
    special = False
    for place, part in enumerate(parts):
        # Nothing is a region or a script after an extension has begun.
        special = special or len(part) == 1
        if place and not special and len(part) == len("CN"):
            shown.append(part.upper())
        elif place and not special and len(part) == len("Hans") and part.isalpha():
            shown.append(part.title())
        else:
            shown.append(part)
    return "-".join(shown)


def canonical_language(tag: str) -> str:
    """Give a language tag the one spelling that is used inside.

    Regions and scripts that say nothing new are dropped (`bo-CN` is `bo`), Chinese gets
    its script (`zh` and `zh-CN` are `zh-Hans`, `zh-TW` and `zh-HK` are `zh-Hant`), and
    codes of three letters become those of two (`bod` is `bo`, `iii` is `ii`). Any other
    well-formed tag passes, with usual casing: `yi` is Yiddish and `ti` Tigrinya here too.

    Args:
        tag: A BCP 47 tag in any case.

    Returns:
        The tag to store and compare.

    Raises:
        Invalid: `text.bad_language` where the tag is not well-formed, as `zh_CN` is not, or
            begins with more than three letters, as `chinese` does; `field.type`.

    Source: RFC 5646 section 2.1; IANA's registry, which has no language of four or more
        letters; table of our own.
    """
    demand_type(tag, str, "language")
    return _canonical(tag)


@lru_cache(maxsize=1024)
def _canonical(tag: str) -> str:
    lowered = tag.lower()
    if lowered in _IRREGULAR:
        return lowered
    match = _TAG.fullmatch(lowered) if tag.isascii() else None
    if match is None:
        raise _bad(tag)
    parts = lowered.split("-")
    if match["extended"]:
        # RFC 5646 section 4.5: the extended part is the language by itself.
        parts[: match["extended"].count("-") + 1] = [match["extended"][1:4]]
    parts[0] = _SHORT.get(parts[0], parts[0])
    shown = _cased(parts)
    return _MEANT.get(shown, shown)


def fallbacks(tag: str) -> tuple[str, ...]:
    """List what to show where a text is missing in a language.

    A reader must see that it is another language: mark what is shown with its own `lang`.

    Args:
        tag: A BCP 47 tag in any case.

    Returns:
        Canonical tags in the order of trying, without the tag itself. Amdo (`adx`) and
        Khams (`khg`) try Tibetan; every list ends in `zh-Hans`, which alone has none.

    Raises:
        Invalid: `text.bad_language`, as `canonical_language` does.

    Source: RFC 4647 section 3.4 for tags without an entry of their own.
    """
    tag = canonical_language(tag)
    if tag in _FALLBACKS:
        return _FALLBACKS[tag]
    parts = tag.split("-")
    found: list[str] = []
    while len(parts) > 1:
        parts.pop()
        if len(parts[-1]) == 1:
            continue
        shorter = canonical_language("-".join(parts))
        if shorter in _FALLBACKS:
            return (*found, shorter, *_FALLBACKS[shorter])
        found.append(shorter)
    return (*found, "zh-Hans")


def language_order(wanted: str | Sequence[str]) -> tuple[str, ...]:
    """List the languages to try for a reader, in order.

    Each wanted language comes with those that it falls back on, before the next one; zh-Hans
    comes last, unless it, or another way of writing Chinese, is wanted earlier.

    Args:
        wanted: BCP 47; several: what the reader likes best first.

    Returns:
        Canonical tags, none twice: `("ii", "adx")` gives `ii`, `adx`, `bo`, `zh-Hans`.

    Raises:
        Invalid: `text.bad_language`.

    Source: RFC 4647 section 3.4, each range of a list in turn, then the default.
    """
    given = [wanted] if isinstance(wanted, str) else wanted
    tried: list[str] = []
    for tag in map(canonical_language, given):
        # Chinese falls back on Chinese at once; for all others it is the last resort.
        last = () if tag.partition("-")[0] == "zh" else ("zh-Hans",)
        tried += [tag, *(one for one in fallbacks(tag) if one not in last)]
    return tuple(dict.fromkeys((*tried, "zh-Hans")))
