"""Finding terms in texts, and holding translations against a glossary.

Texts and terms are folded (`tf.text.fold`). Tibetan is matched at the edges of syllables, with
the particles that are written onto a word; Latin at the edges of words; Chinese and Yi, which
have neither, by their characters. Where terms overlap, the longest from the left counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import attrs

from tianfu_sdk.core.languages.automaton import Automaton
from tianfu_sdk.core.languages.translating import STANDS_IN
from tianfu_sdk.model.glossary import Concept, GlossaryTerm, TermHit, TermProblem, TermStatus
from tianfu_sdk.text import TIBETAN_SYLLABLE, canonical_language, fallbacks, fold, fold_with_places

__all__ = ["Glossary"]

_TSHEG = "\u0f0b"
_EDGES = " \t\r\n\u0f0b\u0f0c\u0f0d\u0f0e\u0f11\u0f14"
_A = "\u0f60"
_SYLLABLE = re.compile(f"[{TIBETAN_SYLLABLE}]")
_END = f"(?![{TIBETAN_SYLLABLE}])"
# What is written onto an open syllable; ra and sa may also be the end of another word.
_AFTER_OPEN = re.compile(f"(?:\u0f60[\u0f72\u0f74\u0f7c\u0f44\u0f58]|([\u0f62\u0f66]))?{_END}")
# The a of the particle is the one that the word ends with: དགའ and འི are དགའི.
_AFTER_A = re.compile(f"(?:\u0f60?[\u0f72\u0f74\u0f7c\u0f44\u0f58]|([\u0f62\u0f66]))?{_END}")
_AFTER_CLOSED = re.compile(f"(?:(?!)())?{_END}")
_WITHOUT_A = re.compile(f"([\u0f62\u0f66]){_END}")
_OPEN = re.compile(
    f"(?:^|[^{TIBETAN_SYLLABLE}])[\u0f40-\u0f6c][\u0f90-\u0fbc]*$|[\u0f71-\u0f7d\u0f80\u0f81]$"
)
_GOOD = (TermStatus.PREFERRED, TermStatus.ADMITTED)


@attrs.frozen
class _Pattern:
    concept: Concept
    term: GlossaryTerm
    tail: re.Pattern[str] | None
    """What may follow; None: whatever does."""


class Glossary:
    """Concepts made ready to be found; made once, then safe to share between threads.

    Args:
        concepts: Those that count.
    """

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._concepts = tuple(concepts)
        self._by_id = {concept.id: concept for concept in self._concepts}
        self._indexes: dict[str, tuple[Automaton, list[_Pattern]]] = {}

    def find(self, text: str, language: str) -> list[TermHit]:
        """Find terms in a text.

        Args:
            text: As it was written.
            language: Of the text, BCP 47; its terms, and those of what it is a kind of
                (`bo` for `adx`, `zh-Hans` for `zh-Hant`).

        Returns:
            In the order of the text, none inside another; several at one place where several
            concepts have the same term.
        """
        index, patterns = self._index(canonical_language(language))
        if index.empty:
            return []
        folded, starts, ends = _folded(text)
        found = []
        for begin, stop, number in index.find(folded):
            pattern = patterns[number]
            sure = _fits(folded, begin, stop, pattern.tail)
            if sure is not None:
                found.append((begin, stop, sure, pattern))
        found.sort(key=lambda hit: (hit[0], -hit[1], not hit[2]))
        return [
            TermHit(
                concept=pattern.concept.id,
                term=pattern.term,
                start=starts[begin],
                end=ends[stop - 1],
                sure=sure,
            )
            for begin, stop, sure, pattern in _longest(found)
        ]

    def preferred(self, text: str, language: str, target: str) -> str:
        """Give how a whole text, such as a name, is said in another language.

        Args:
            text: Such as 会东县.
            language: Of the text, BCP 47.
            target: Into which, BCP 47.

        Returns:
            The preferred term, else an admitted one, of the concept that the text names; empty
            where there is none.
        """
        tags = _kin(canonical_language(target))
        for hit in self.find(text, language):
            if (hit.start, hit.end) == (0, len(text)):
                wanted = _wanted(self._by_id[hit.concept], tags)
                if wanted:
                    return wanted
        return ""

    def otherwise(self, text: str, language: str) -> list[tuple[TermHit, tuple[GlossaryTerm, ...]]]:
        """Find terms in a text, each with the other terms of its concept.

        Args:
            text: As it was written.
            language: Of the text, BCP 47.

        Returns:
            As `find`; terms of all languages and statuses.
        """
        return [
            (hit, tuple(t for t in self._by_id[hit.concept].terms if t != hit.term))
            for hit in self.find(text, language)
        ]

    def wanted(self, text: str, language: str, target: str) -> list[tuple[str, str]]:
        """Give the words of a text that are terms, and how they are to be translated.

        Args:
            text: As it was written.
            language: Of the text, BCP 47.
            target: Into which, BCP 47.

        Returns:
            Words as they stand in the text, each once and in its order, with the preferred
            term, else an admitted one; none where a hit is not sure.
        """
        tags = _kin(canonical_language(target))
        found: dict[str, str] = {}
        for hit in self.find(text, language):
            word, to = text[hit.start : hit.end], _wanted(self._by_id[hit.concept], tags)
            if hit.sure and to and to != word:
                found.setdefault(word, to)
        return list(found.items())

    def check(
        self, source: str, target: str, *, source_language: str, target_language: str
    ) -> list[TermProblem]:
        """Hold the translation of a text against the glossary.

        A forbidden term is an error wherever it stands, unless another concept has it as a
        good one; a variant is a warning; a concept of the source that has good terms in the
        language and none of them in the translation is a warning, or an error where the
        concept is required. Where a hit is not sure, it is a warning.

        Args:
            source: What was translated.
            target: Its translation.
            source_language: BCP 47.
            target_language: BCP 47.

        Returns:
            Problems in the order of the translation, those about the source last.
        """
        tags = _kin(canonical_language(target_language))
        hits = self.find(target, target_language)
        good = {(hit.start, hit.end) for hit in hits if hit.term.status in _GOOD}
        used = {hit.concept for hit in hits}
        found = [
            _told(hit, self._by_id[hit.concept], tags)
            for hit in hits
            if hit.term.status not in _GOOD and (hit.start, hit.end) not in good
        ]
        missed: dict[str, TermProblem] = {}
        for hit in self.find(source, source_language):
            concept = self._by_id[hit.concept]
            wanted = _wanted(concept, tags)
            if wanted and hit.concept not in used:
                severity = "error" if concept.required and hit.sure else "warning"
                missed.setdefault(
                    hit.concept,
                    TermProblem(
                        code="glossary.missing",
                        severity=severity,
                        concept=hit.concept,
                        start=hit.start,
                        end=hit.end,
                        values={"term": hit.term.text, "wanted": wanted},
                    ),
                )
        return [*found, *missed.values()]

    def _index(self, language: str) -> tuple[Automaton, list[_Pattern]]:
        known = self._indexes.get(language)
        if known is None:
            index, patterns = Automaton(), list[_Pattern]()
            for concept in self._concepts:
                for tag in _kin(language):
                    for term in concept.named(tag):
                        for word, tail in _ways(term.text):
                            index.add(word, len(patterns))
                            patterns.append(_Pattern(concept, term, tail))
            index.close()
            known = self._indexes[language] = index, patterns
        return known


def _kin(language: str) -> tuple[str, ...]:
    """Give a language and what it is a kind of."""
    primary = language.partition("-")[0]
    kin = {primary, STANDS_IN.get(primary, primary)}
    return language, *(tag for tag in fallbacks(language) if tag.partition("-")[0] in kin)


def _ways(text: str) -> Iterator[tuple[str, re.Pattern[str] | None]]:
    """Give the folded ways in which a term may stand in a text, and what may follow each."""
    folded = fold(text.strip(_EDGES)).strip(_EDGES)
    if not folded:
        return
    if not _SYLLABLE.match(folded[-1]):
        yield folded, None
    elif folded.endswith(_A):
        yield folded, _AFTER_A
        if len(folded) > 1 and _SYLLABLE.match(folded[-2]):
            yield folded[:-1], _WITHOUT_A
    else:
        yield folded, _AFTER_OPEN if _OPEN.search(folded) else _AFTER_CLOSED


def _folded(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """Fold with places, several tshegs in a row as one."""
    folded, starts, ends = fold_with_places(text)
    if _TSHEG * 2 not in folded:
        return folded, starts, ends
    kept = [
        place
        for place, character in enumerate(folded)
        if character != _TSHEG or folded[place - 1 : place] != _TSHEG
    ]
    return (
        "".join(folded[place] for place in kept),
        [starts[place] for place in kept],
        [ends[place] for place in kept],
    )


def _fits(text: str, begin: int, stop: int, tail: re.Pattern[str] | None) -> bool | None:
    """Tell whether a term stands here as a word of its own; False: perhaps, None: no."""
    before, first = text[begin - 1 : begin] if begin else "", text[begin]
    if (_SYLLABLE.match(first) and before and _SYLLABLE.match(before)) or _goes_on(before, first):
        return None
    if tail is None:
        return None if _goes_on(text[stop : stop + 1], text[stop - 1]) else True
    match = tail.match(text, stop)
    return None if match is None else not match[1]


def _goes_on(beside: str, edge: str) -> bool:
    """Tell whether a word of Latin letters or a number goes on beside its edge."""
    if not beside.isascii() or not edge.isascii():
        return False
    return (edge.isalpha() and beside.isalpha()) or (edge.isdigit() and beside.isdigit())


_Found = tuple[int, int, bool, _Pattern]


def _longest(found: Iterable[_Found]) -> Iterator[_Found]:
    """Give those that lie in no other, and one a concept at each place."""
    begun = done = -1
    seen: set[str] = set()
    for hit in found:
        begin, stop, _, pattern = hit
        if begin >= done:
            begun, done, seen = begin, stop, set()
        elif (begin, stop) != (begun, done):
            continue
        if pattern.concept.id not in seen:
            seen.add(pattern.concept.id)
            yield hit


def _wanted(concept: Concept, tags: Sequence[str]) -> str:
    """Name the term of a concept to be written; empty where there is none."""
    for status in _GOOD:
        for tag in tags:
            for term in concept.named(tag, status):
                return term.text
    return ""


def _told(hit: TermHit, concept: Concept, tags: Sequence[str]) -> TermProblem:
    forbidden = hit.term.status is TermStatus.FORBIDDEN
    return TermProblem(
        code="glossary.forbidden" if forbidden else "glossary.variant",
        severity="error" if forbidden and hit.sure else "warning",
        concept=hit.concept,
        start=hit.start,
        end=hit.end,
        values={"term": hit.term.text, "wanted": _wanted(concept, tags) or "-"},
    )
