"""The desk that asks science for answers (向科学要答案)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import attrs

from tianfu_sdk.core.asking import asking
from tianfu_sdk.core.asking.wording import Wording, may_be_mistyped, variants
from tianfu_sdk.core.searching.candidates import MOST_HITS
from tianfu_sdk.core.searching.ranking import PAGED
from tianfu_sdk.errors import Invalid, StorageReadOnly
from tianfu_sdk.model.question import Answers, Fallback
from tianfu_sdk.model.search import Hit, SearchFilter
from tianfu_sdk.services.asking.answers import Asked, Hits, Page, answers_of, forms_of
from tianfu_sdk.services.asking.asked import (
    Moment,
    concerning,
    demand_limit,
    demand_text,
    kinds_of,
    languages_of,
    within,
)
from tianfu_sdk.services.asking.filing import file_question
from tianfu_sdk.services.asking.wordings import wordings_of
from tianfu_sdk.services.content.rumours import Rumours
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.finding import Finder, Query
from tianfu_sdk.services.desk.work import Work, read_cursor, write_cursor
from tianfu_sdk.services.matching.sides import places_of
from tianfu_sdk.text import Detected, detect

__all__ = ["Ask"]

_LONGEST = 2000
_MOST_LIMIT = 100
_LEAST_HITS = 20
_DEPTHS = (50, MOST_HITS, PAGED)
"""Hits that are asked for where fewer do not tell which answers come first."""
_MOST_SLIPS = 3
_AT_ONCE = 400
_FEW = 5
_NEAREST = 5
_UNTOLD = frozenset({"und", "mul"})


class Ask(Finder):
    """Answer from published content only, with sources, or abstain. Anybody may ask."""

    def ask(
        self,
        text: str,
        *,
        region: str | None = None,
        language: str | Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int = 10,
        after: str | None = None,
    ) -> Answers:
        """Answer a question; see `Hub.ask`."""
        page, fallback = self.look(
            text,
            region=region,
            language=language,
            kinds=kinds,
            since=since,
            until=until,
            limit=limit,
            after=after,
        )
        answers, question = page.answers, None
        cursor = write_cursor(answers[-1].score, answers[-1].id) if page.more else None
        # To turn the page asks nothing new.
        if after is None:
            with suppress(StorageReadOnly):
                if answers:
                    self._write(partial(_count, region=region))
                else:
                    question = self._file(text, region, languages_of(language))
        return Answers(
            answers=tuple(answers),
            abstained=not answers and after is None,
            question=question,
            cursor=cursor,
            fallback=fallback,
        )

    def look(
        self,
        text: str,
        *,
        region: str | None = None,
        language: str | Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int = 10,
        after: str | None = None,
    ) -> tuple[Page, Fallback | None]:
        """Answer a question and record nothing; gives also who stood in for the engine."""
        demand_text(text, _LONGEST, "text")
        tokens = tuple(asking.question_tokens(text))
        if not tokens:
            raise Invalid("ask.empty", path="text")
        demand_limit(limit, _MOST_LIMIT)
        only = SearchFilter(kinds=kinds_of(kinds), languages=frozenset(languages_of(language)))
        only = within(only, since, until)
        told = detect(text)
        asked = Asked(
            tokens=tokens,
            languages=languages_of(language) or _language_of(told),
        )
        narrow = partial(_placed, text=text, told=told, asked=asked, only=only, region=region)
        here, narrowed = self._read(narrow)
        # Words that stand in every text would choose one by its other words: by chance.
        if not asking.asks_something(text):
            return Page([], more=False, wanting=False), None
        repeated = Rumours(self._tools, self._actor).repeated(text, narrowed)
        shares = {id_: one.share for id_, one in repeated.items()}
        here = attrs.evolve(here, repeated=shares)
        place = _place_of(after)
        first = MOST_HITS if place else min(MOST_HITS, max(_LEAST_HITS, limit * 2))
        read = partial(answers_of, limit=limit, after=place)
        for most in sorted({first, *(most for most in _DEPTHS if most > first)}):
            ask = partial(self._hits, asked=here, only=narrowed, most=most)
            page, fallback = self._find(ask, read)
            if not page.wanting:
                break
        return page, fallback

    def _hits(self, query: Query, asked: Asked, only: SearchFilter, most: int) -> Hits:
        """Ask an engine; once more with what a word that nothing has may be a slip of."""
        found = _paged(query, asked, only, most)
        if not self._tools.settings.ask.wording:
            return found
        known = {token for hit in found.hits for token in hit.contributions}
        slips = [t for t in asked.tokens if t not in known and may_be_mistyped(t)][:_MOST_SLIPS]
        meant = [
            Wording(slip, word, frozenset({slip}), (word,))
            for slip in slips
            for word in _meant(query, slip, only)
        ]
        if not meant:
            return found
        asked = attrs.evolve(asked, wordings=(*asked.wordings, *meant))
        return _paged(query, asked, only, most)

    def nearest(self, text: str) -> list[tuple[float, Sequence[str]]]:
        """Give score and topics of the published contents that are nearest to a question."""
        if not asking.asks_something(text):
            return []
        tokens = asking.question_tokens(text)

        def read(work: Work, hits: Sequence[Hit]) -> list[tuple[float, Sequence[str]]]:
            forms = forms_of(work, hits)
            return [
                (hit.score, sorted(forms[hit.id].content.topics)) for hit in hits if hit.id in forms
            ]

        return self._find(lambda query: query(tokens, SearchFilter(), _NEAREST), read)[0]

    def _file(self, text: str, region: str | None, languages: Sequence[str]) -> str | None:
        """File a question that nothing answers; gives its id."""
        told = detect(text).language
        spoken = next(iter(languages), told if told not in _UNTOLD else "zh-Hans")
        file = partial(file_question, text=text, region=region, language=spoken)
        joined = until_done(lambda: self._write(partial(file, nearest=None)))
        # Only what joins no other is about something of its own. An engine may be far away, so
        # it is asked between two changes, and the second looks again for one to join.
        if joined:
            return joined
        nearest = self.nearest(text)
        return until_done(lambda: self._write(partial(file, nearest=nearest)))


def _count(work: Work, region: str | None) -> None:
    """Count a question that was answered."""
    work.tell("question.asked", kind="question", region=region or "", data={"answered": True})


def _paged(query: Query, asked: Asked, only: SearchFilter, most: int) -> Hits:
    """Ask for so many hits, in pages where an engine does not give that many at once."""
    hits: list[Hit] = []
    while len(hits) < most:
        size = min(MOST_HITS, most - len(hits))
        page = query(asked.all_tokens, only, size, hits[-1] if hits else None)
        hits += page
        if len(page) < size:
            return Hits(asked, hits, ended=True)
    return Hits(asked, hits, ended=False)


def _placed(
    work: Work, *, text: str, told: Detected, asked: Asked, only: SearchFilter, region: str | None
) -> tuple[Asked, SearchFilter]:
    """Read what else the answers depend on: other words, and where the region lies."""
    found = wordings_of(work, text, asked.tokens, _readings(told), only.languages)
    asked = attrs.evolve(asked, wordings=found)
    if not region:
        return asked, only
    only = concerning(work, only, region)
    places = places_of(work, (region,))
    return attrs.evolve(asked, places=places), only


def _meant(query: Query, slip: str, only: SearchFilter) -> list[str]:
    """Give the words of the index that a word may be a slip of: those of the best documents."""
    found: dict[str, float] = {}
    every = list(variants(slip))
    for start in range(0, len(every), _AT_ONCE):
        for hit in query(every[start : start + _AT_ONCE], only, _FEW):
            for word, part in hit.contributions.items():
                found[word] = max(found.get(word, 0.0), part)
    return sorted(found, key=lambda word: (-found[word], word))[:_FEW]


def _place_of(after: str | None) -> tuple[float, str] | None:
    place = read_cursor(after)
    if place is not None and not (isinstance(place[0], float) and math.isfinite(place[0])):
        raise Invalid("page.bad_cursor", path="after")
    return place


def _readings(told: Detected) -> tuple[str, ...]:
    """Give the languages whose terms a question may have: its own, and English in between."""
    own = [told.language] if told.language not in _UNTOLD else [*told.also, "zh-Hans"]
    return tuple(dict.fromkeys((*own, "en"))) if "Latn" in told.scripts else tuple(own)


def _language_of(told: Detected) -> tuple[str, ...]:
    """Give the language that a question is asked in; Chinese in whatever characters."""
    found = told.language
    return () if found in _UNTOLD else (found.partition("-")[0],)
