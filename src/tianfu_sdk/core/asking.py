"""How a question is asked of the index, and when an answer is good enough.

This is a thin line: BM25 over uni- and bigrams, and an answer counts only if it covers
enough of the question. The threshold was set by hand on 60 questions about the sample
texts, 20 of which they do not answer; it is not calibrated on a test set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tianfu_sdk.text import fold, folded_query_tokens, script_of

__all__ = ["coverage", "passage", "question_tokens", "relevance"]

# What only makes a sentence a question says nothing of what is asked.
_INTERROGATIVES = re.compile(
    "为什么|怎么办|怎么样|怎样|怎么|如何|什么是|是什么|什么|哪些|哪里|哪种|有没有|是不是|能不能|"
    "可不可以|会不会|要不要|该不该|应该|请问|多少|是否|可以|需要|我们|我家|我|吗|呢|吧|啊|的|了|"
    "平时|注意|时候|患者|一般|到底|究竟|关于|直接"
)
_SENTENCES = re.compile(r"(?<=[。！？；!?;།༎\n])")
_PASSAGE = 140
_LETTER_WEIGHT = 0.3
_TITLE_WEIGHT = 0.5


def question_tokens(text: str) -> list[str]:
    """Give the distinct tokens of what a question asks about, in order."""
    folded = fold(text)
    bare = _INTERROGATIVES.sub(" ", folded)
    return folded_query_tokens(bare) or folded_query_tokens(folded)


def _weight(token: str) -> float:
    return _LETTER_WEIGHT if len(token) == 1 and script_of(token) in ("Hani", "Yiii") else 1.0


def coverage(tokens: Iterable[str], found: Iterable[str]) -> float:
    """Tell how much of a question a document holds.

    Args:
        tokens: Of the question.
        found: Those of them that the document has.

    Returns:
        0 to 1; a pair of characters weighs more than a single one.
    """
    held = set(found)
    weights = {token: _weight(token) for token in tokens}
    whole = sum(weights.values())
    return sum(w for token, w in weights.items() if token in held) / whole if whole else 0.0


def relevance(tokens: Sequence[str], found: Iterable[str], title: str) -> float:
    """Tell how surely a document is about a question.

    Args:
        tokens: Of the question.
        found: Those of them that the document has.
        title: Title and keywords; what stands there says what it is about.

    Returns:
        0 to 1: the coverage by the whole document and, half as heavy, by its title.
    """
    folded = fold(title)
    whole = coverage(tokens, found)
    named = coverage(tokens, [token for token in tokens if token in folded])
    return (whole + _TITLE_WEIGHT * named) / (1 + _TITLE_WEIGHT)


def passage(text: str, tokens: Sequence[str]) -> str:
    """Choose the part of a text that holds most of a question's tokens.

    Args:
        text: As it is shown.
        tokens: Of the question.

    Returns:
        One or more whole sentences, about 140 characters.
    """
    sentences = [part.strip() for part in _SENTENCES.split(text) if part.strip()]
    if not sentences:
        return ""
    scores = [
        sum(_weight(token) for token in tokens if token in folded)
        for folded in map(fold, sentences)
    ]
    best = max(range(len(sentences)), key=lambda n: (scores[n], -n))
    chosen = sentences[best]
    following = best + 1
    while following < len(sentences) and len(chosen) + len(sentences[following]) <= _PASSAGE:
        chosen += sentences[following]
        following += 1
    return chosen
