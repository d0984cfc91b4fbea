"""The desk that asks science for answers (向科学要答案)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import attrs

from tianfu_sdk.core.asking import asking
from tianfu_sdk.core.asking.wording import Wording, may_be_mistyped, variants
from tianfu_sdk.core.content.publishing import tags_of
from tianfu_sdk.errors import Invalid, StorageReadOnly, Unsupported
from tianfu_sdk.model.question import Answer, Answers
from tianfu_sdk.model.search import Hit, SearchFilter
from tianfu_sdk.services.asking.answers import Asked, Page, answers_of
from tianfu_sdk.services.asking.asked import (
    Moment,
    demand_limit,
    demand_text,
    kinds_of,
    languages_of,
    within,
)
from tianfu_sdk.services.asking.filing import file_question
from tianfu_sdk.services.asking.wordings import wordings_of
from tianfu_sdk.services.content.rumours import Rumours
from tianfu_sdk.services.desk.work import Desk, Work, read_cursor, write_cursor
from tianfu_sdk.text import Detected, detect

__all__ = ["Ask"]

_LONGEST = 2000
_MOST_LIMIT = 100
_MOST_HITS = 200
_LEAST_HITS = 20
_DEPTHS = (50, _MOST_HITS)
"""Hits that are asked for where fewer do not tell which answers come first."""
_MOST_SLIPS = 3
_AT_ONCE = 400
_FEW = 5
_Query = Callable[[Sequence[str], SearchFilter, int], list[Hit]]
_UNTOLD = frozenset({"und", "mul"})


class Ask(Desk):
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
        answers, more = self.look(
            text,
            region=region,
            language=language,
            kinds=kinds,
            since=since,
            until=until,
            limit=limit,
            after=after,
        )
        cursor = write_cursor(answers[-1].score, answers[-1].id) if more else None
        if after is not None:
            # To turn the page asks nothing new.
            return Answers(answers=tuple(answers), abstained=False, cursor=cursor)
        wanted = next(iter(languages_of(language)), None)
        try:
            question = self._write(
                lambda work: self._file(work, text, region, wanted, answered=bool(answers))
            )
        except StorageReadOnly:
            question = None
        return Answers(
            answers=tuple(answers), abstained=not answers, question=question, cursor=cursor
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
    ) -> tuple[list[Answer], bool]:
        """Answer a question and record nothing; gives the answers, and whether there are more."""
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
        repeated = Rumours(self._tools, self._actor).repeated(text, narrowed)
        shares = {id_: one.share for id_, one in repeated.items()}
        place = _place_of(after)
        here = attrs.evolve(here, repeated=shares)
        return self._answers(here, narrowed, limit, place)

    def _answers(
        self, asked: Asked, only: SearchFilter, limit: int, after: tuple[float, str] | None
    ) -> tuple[list[Answer], bool]:
        first = _MOST_HITS if after else min(_MOST_HITS, max(_LEAST_HITS, limit * 2))
        depths = sorted({first, *(most for most in _DEPTHS if most > first)})

        def inside(work: Work) -> Page:
            search = work.tx.search
            if search is None:
                raise Unsupported("ask.no_search", path="store")
            for most in depths:
                here, hits = self._hits(search.query, asked, only, most)
                page = answers_of(work, here, hits, limit, after, most=most)
                if not page.wanting:
                    break
            return page

        engine = self._tools.engine()
        if engine is None:
            page = self._read(inside)
            return page.answers, page.more
        for most in depths:
            # Outside of any transaction: it may be a server elsewhere.
            here, hits = self._hits(engine.query, asked, only, most)
            page = self._read(
                lambda work, h=here, found=hits, n=most: answers_of(  # type: ignore[misc]
                    work, h, found, limit, after, most=n
                )
            )
            if not page.wanting:
                break
        return page.answers, page.more

    def _hits(
        self, query: _Query, asked: Asked, only: SearchFilter, most: int
    ) -> tuple[Asked, list[Hit]]:
        """Ask an engine; once more with what a word that nothing has may be a slip of."""
        hits = query(asked.all_tokens, only, most)
        if not self._tools.settings.ask.wording:
            return asked, hits
        known = {token for hit in hits for token in hit.contributions}
        slips = [t for t in asked.tokens if t not in known and may_be_mistyped(t)][:_MOST_SLIPS]
        meant = [
            Wording(slip, word, frozenset({slip}), (word,))
            for slip in slips
            for word in _meant(query, slip, only)
        ]
        if not meant:
            return asked, hits
        asked = attrs.evolve(asked, wordings=(*asked.wordings, *meant))
        return asked, query(asked.all_tokens, only, most)

    def _file(
        self, work: Work, text: str, region: str | None, language: str | None, *, answered: bool
    ) -> str | None:
        """Count the question; file it where nothing answers it."""
        if answered:
            work.tell(
                "question.asked", kind="question", region=region or "", data={"answered": True}
            )
            return None
        detected = detect(text).language
        spoken = language or (detected if detected not in _UNTOLD else "zh-Hans")
        return file_question(work, text, region, spoken)


def _placed(
    work: Work, *, text: str, told: Detected, asked: Asked, only: SearchFilter, region: str | None
) -> tuple[Asked, SearchFilter]:
    """Read what else the answers depend on: other words, and where the region lies."""
    found = wordings_of(work, text, asked.tokens, _readings(told), only.languages)
    asked = attrs.evolve(asked, wordings=found)
    if not region:
        return asked, only
    places = (work.regions().levels(region),)
    tags = tags_of(region, work.regions())
    return attrs.evolve(asked, places=places), attrs.evolve(only, tags=tags)


def _meant(query: _Query, slip: str, only: SearchFilter) -> list[str]:
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
    if place is not None and not isinstance(place[0], float):
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
