"""The analyzer: what search indexes and asks for, whatever engine is behind.

Its version is kept beside every index; another version means the index is rebuilt.
"""

from __future__ import annotations

import re
from functools import cache
from operator import add

from tianfu_sdk.text.folding import fold
from tianfu_sdk.text.scripts import HAN, TIBETAN_SYLLABLE, YI

__all__ = [
    "ANALYZER_VERSION",
    "folded_length",
    "folded_query_tokens",
    "folded_telling_tokens",
    "folded_tokens",
    "folded_words",
    "query_tokens",
    "tokens",
]

ANALYZER_VERSION = 2
"""Grows with every change of what `tokens` gives for any text."""

_STOP = frozenset("的了是在我有和就不也很着呢吗吧啊呀么与及或被把对从以为之其而于等个")


@cache
def _pattern() -> re.Pattern[str]:
    # Words of other alphabets count too (β, café, кофе), with marks that follow a letter.
    # Groups are not possessive: before Python 3.11.5 such a group that fails half-way has
    # eaten what it tried (gh-101955), and "C++" came out as "c+".
    letters = f"(?:[^\\W_{HAN}{YI}{TIBETAN_SYLLABLE}]++[\u0300-\u036f]*+)+"
    return re.compile(
        f"(?P<run>[{HAN}]+|[{YI}]+)|[{TIBETAN_SYLLABLE}]+|{letters}(?:[._+-]{letters})*"
    )


def folded_tokens(text: str) -> list[str]:
    """Cut a folded text into tokens.

    Args:
        text: What `fold` gave.

    Returns:
        As `tokens`.
    """
    found: list[str] = []
    for match in _pattern().finditer(text):
        token = match[0]
        if match.lastgroup is None:
            found.append(token)
        else:
            found.extend(token)
            found.extend(map(add, token, token[1:]))
    return found


def folded_words(text: str) -> list[str]:
    """Cut a folded text into its tokens but for the single characters of Han and Yi runs.

    Args:
        text: What `fold` gave.

    Returns:
        As `folded_tokens`, half as many: of a run, its pairs of neighbours alone.
    """
    found: list[str] = []
    for match in _pattern().finditer(text):
        token = match[0]
        if match.lastgroup is None:
            found.append(token)
        else:
            found.extend(map(add, token, token[1:]))
    return found


def folded_length(text: str) -> int:
    """Count the tokens of a folded text without making them.

    Args:
        text: What `fold` gave.

    Returns:
        How many `folded_tokens` gives.
    """
    return sum(2 * len(run) - 1 if run else 1 for run in _pattern().findall(text))


def tokens(text: str) -> list[str]:
    """Cut a text into the tokens that an index holds.

    Args:
        text: Any text; it is folded first.

    Returns:
        Tokens run by run, repeated as often as they occur. Of a Han or Yi run, every
        character and then every pair of neighbours; of Latin letters and digits, words
        that `.`, `_`, `+` and `-` may join, such as `covid-19` and `3.14`; of Tibetan,
        syllables; of other scripts, runs of letters. No token has a space or a quote.

    Source: our measurements: for Chinese, characters with pairs find more than the words
        of a dictionary, and need none.
    """
    return folded_tokens(fold(text))


def folded_query_tokens(text: str) -> list[str]:
    """Cut a folded question into tokens.

    Args:
        text: What `fold` gave.

    Returns:
        As `query_tokens`.
    """
    return folded_telling_tokens(text) or list(dict.fromkeys(folded_tokens(text)))


def folded_telling_tokens(text: str) -> list[str]:
    """Give the distinct tokens of a folded question that say something.

    Args:
        text: What `fold` gave.

    Returns:
        As `query_tokens`; none where nothing but single characters such as 的 is left.
    """
    return [token for token in dict.fromkeys(folded_tokens(text)) if token not in _STOP]


def query_tokens(text: str) -> list[str]:
    """Cut a question into the tokens to ask for.

    Args:
        text: Any text; it is folded first.

    Returns:
        Distinct tokens in the order first seen, without single characters that say
        nothing, such as 的; where nothing else is left, these stay.
    """
    return folded_query_tokens(fold(text))
