"""What a question asks for in other words: synonyms, terms of a glossary, a letter mistyped."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.core.searching.candidates import is_word
from tianfu_sdk.model.glossary import TermStatus
from tianfu_sdk.text import fold, folded_query_tokens

__all__ = ["Wording", "also_held", "may_be_mistyped", "reworded", "variants", "wordings"]

_MOST = 40
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TYPED = re.compile("[a-z]{5,20}")


@attrs.frozen
class Wording:
    """A part of a question, and other words for it."""

    asked: str
    """As it stands in the question."""
    said: str
    """The other words."""
    replaces: frozenset[str]
    """Tokens of the question that it stands for."""
    tokens: tuple[str, ...]
    """What a document must have, all of it, to say so."""

    @property
    def instead_of(self) -> list[str]:
        """Tokens of the question that say that it is there itself: 中风, not 中."""
        words = [token for token in sorted(self.replaces) if is_word(token)]
        return words or sorted(self.replaces)

    @property
    def name(self) -> str:
        """How it is called in an explanation."""
        return f"{self.said}←{self.asked}"


def wordings(
    text: str,
    tokens: Iterable[str],
    glossary: Glossary,
    languages: Sequence[str],
    wanted: Iterable[str] = (),
) -> tuple[Wording, ...]:
    """Find other words for what stands in a question.

    Args:
        text: The question.
        tokens: Of it.
        glossary: Concepts, each with words for the same.
        languages: In which its words are looked for.
        wanted: Languages of other words that are of use; none: all.

    Returns:
        At most 40; forbidden terms are read, but not given.
    """
    asked, use = set(tokens), set(wanted)
    found: dict[tuple[str, str], Wording] = {}
    for language in languages:
        for hit, others in glossary.otherwise(text, language):
            here = text[hit.start : hit.end]
            replaces = asked.intersection(folded_query_tokens(fold(here)))
            for term in others:
                if term.status is TermStatus.FORBIDDEN or (use and term.language not in use):
                    continue
                words = _words(term.text)
                if replaces and words and not replaces.issuperset(words):
                    wording = Wording(here, term.text, frozenset(replaces), words)
                    found.setdefault((here, fold(term.text)), wording)
    return tuple(found.values())[:_MOST]


def _words(text: str) -> tuple[str, ...]:
    tokens = folded_query_tokens(fold(text))
    return tuple(token for token in tokens if is_word(token)) or tuple(tokens)


def reworded(
    parts: Mapping[str, float], tokens: Iterable[str], known: Sequence[Wording], weight: float
) -> dict[str, float]:
    """Give what a document is worth, with what it says in other words.

    Args:
        parts: Score by token, of those of the question and of its wordings.
        tokens: Of the question.
        known: Its wordings.
        weight: What other words are worth, 0 to 1.

    Returns:
        Score by token of the question; and by `Wording.name` what its best other words add
        where they are worth more than what of the question itself stands in the document.
    """
    own = {token: parts[token] for token in tokens if token in parts}
    if not known:
        return own
    best: dict[frozenset[str], tuple[float, str]] = {}
    for wording in known:
        if all(token in parts for token in wording.tokens):
            worth = weight * math.fsum(parts[token] for token in wording.tokens)
            more = worth - math.fsum(own.get(token, 0.0) for token in wording.instead_of)
            if more > max(best.get(wording.replaces, (0.0, ""))[0], 0.0):
                best[wording.replaces] = more, wording.name
    return own | {name: more for more, name in best.values()}


def also_held(
    held: Iterable[str], tokens: Iterable[str], known: Iterable[Wording], weight: float
) -> dict[str, float]:
    """Tell how much of a question is held, with what is held in other words.

    Args:
        held: Tokens that something has.
        tokens: Of the question.
        known: Its wordings.
        weight: What other words are worth, 0 to 1.

    Returns:
        By token of the question 1, or the weight where it stands there in other words only.
    """
    has = set(held)
    found = dict.fromkeys([token for token in tokens if token in has], 1.0)
    for wording in known:
        if has.issuperset(wording.tokens):
            # In the same order in every process, so that sums of it are the same to the last bit.
            for token in sorted(wording.replaces):
                found.setdefault(token, weight)
    return found


def may_be_mistyped(token: str) -> bool:
    """Tell whether a token that nothing has may be a slip: a word of 5 to 20 Latin letters."""
    return bool(_TYPED.fullmatch(token))


def variants(word: str) -> Iterator[str]:
    """Give what one slip makes of a word: a letter left out, put in, another, or two swapped.

    Args:
        word: Of Latin letters, folded.

    Yields:
        Each once, not the word itself.

    Source: Damerau, 1964: four of five slips are one of these.
    """
    seen = {word}
    cuts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
    made = [
        *(a + b[1:] for a, b in cuts if b),
        *(a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1),
        *(a + letter + b[1:] for a, b in cuts if b for letter in _LETTERS),
        *(a + letter + b for a, b in cuts for letter in _LETTERS),
    ]
    for variant in made:
        if variant not in seen:
            seen.add(variant)
            yield variant
