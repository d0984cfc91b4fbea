"""What goes on from a few letters, and what is about the same as a content."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from tianfu_sdk.core import policy
from tianfu_sdk.core.content.publishing import moments_of, region_tags
from tianfu_sdk.core.matching.similarity import topic_fit
from tianfu_sdk.core.rows.keying import title_key
from tianfu_sdk.core.rows.kinds import CONTENT, TRANSLATION, kind_of
from tianfu_sdk.core.searching.candidates import MOST_HITS
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.question import Related, Suggestion
from tianfu_sdk.model.search import Hit, SearchFilter
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.services.asking.answers import (
    Asked,
    Form,
    Found,
    forms_of,
    found_as,
    one_a_content,
    scored,
)
from tianfu_sdk.services.asking.asked import (
    Moment,
    concerning,
    demand_limit,
    demand_text,
    kinds_of,
    languages_of,
    within,
)
from tianfu_sdk.services.desk.finding import Finder
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.text import fold, folded_query_tokens

__all__ = ["Relations"]

T = TypeVar("T")

_LONGEST = 200
_FEWEST = 2
"""Characters that are looked for elsewhere in titles: a single one stands in very many."""
_MOST = 50
_HITS = 60
_WALKED = 500
"""Titles that begin so of which those that fit are chosen; the engine finds the rest."""
_TOKENS = 64
_ABOUT = 200
_LEAST = 0.1


class Relations(Finder):
    """Suggest titles, and what is about the same. Anybody may ask."""

    def suggest(
        self,
        prefix: str,
        *,
        region: str | None,
        language: str | Sequence[str] | None,
        kinds: Sequence[str] | None,
        since: Moment | None,
        until: Moment | None,
        limit: int,
    ) -> list[Suggestion]:
        """Suggest titles; see `Hub.suggest`."""
        demand_text(prefix, _LONGEST, "prefix")
        demand_limit(limit, _MOST)
        languages = languages_of(language)
        only = SearchFilter(kinds=kinds_of(kinds), languages=frozenset(languages))
        only = within(only, since, until)
        wanted = fold(prefix.strip())
        if not wanted:
            return []

        def begin(work: Work) -> tuple[SearchFilter, list[Form]]:
            placed = concerning(work, only, region)
            return placed, _beginning(work, wanted, placed, limit)

        placed, first = self._read(begin)
        if len(first) == limit or len(wanted) < _FEWEST:
            return _suggestions(first, wanted, limit)

        def read(_: Work, hits: Sequence[Hit], forms: Mapping[str, Form]) -> list[Suggestion]:
            found = (forms[hit.id] for hit in hits if hit.id in forms)
            return _suggestions([*first, *found], wanted, limit)

        return self._asked(placed, folded_query_tokens(wanted), read, limit)

    def related(
        self,
        id_: str,
        *,
        language: str | Sequence[str] | None,
        kinds: Sequence[str] | None,
        since: Moment | None,
        until: Moment | None,
        limit: int,
    ) -> list[Related]:
        """Give what is about the same; see `Hub.related`."""
        demand_type(id_, str, "id")
        demand_limit(limit, _MOST)
        languages = languages_of(language)
        only = SearchFilter(kinds=kinds_of(kinds), languages=frozenset(languages))
        only = within(only, since, until)
        shelf = kind_of(id_)
        if shelf is None or shelf.name not in CONTENT:
            raise Invalid("content.bad_kind", path="id", value=id_[:40])
        about: Content = self._read(lambda work: work.noun(shelf, work.visible(shelf, id_)))
        asked = Asked(
            tokens=tuple(_tokens(about)),
            languages=languages or (about.language.partition("-")[0],),
        )

        def read(work: Work, hits: Sequence[Hit], forms: Mapping[str, Form]) -> list[Related]:
            # What shares a few words only is about something else; it itself shares them all.
            least = _LEAST * next((hit.score for hit in hits if hit.id == id_), 0.0)
            found = [
                found_as(forms[hit.id], hit.contributions, asked, 0.0)
                for hit in hits
                if hit.score >= least and hit.id in forms and forms[hit.id].content.id != id_
            ]
            chosen = [
                scored(work, one, asked, topic=topic_fit(about.topics, one.form.content.topics, {}))
                for one in one_a_content(found, asked)
            ]
            chosen.sort(key=lambda one: (-one.score, one.form.content.id))
            return [_related(one) for one in chosen[:limit]]

        return self._asked(only, asked.tokens, read, limit)

    def _asked(
        self,
        only: SearchFilter,
        tokens: Sequence[str],
        read: Callable[[Work, Sequence[Hit], Mapping[str, Form]], list[T]],
        limit: int,
    ) -> list[T]:
        """Ask the engine, once more and deeper where what has expired stood before what holds."""

        def look(work: Work, hits: Sequence[Hit]) -> tuple[list[T], bool]:
            forms = forms_of(work, hits)
            return read(work, hits, forms), len(forms) < len(hits)

        found, hidden = self._find(lambda query: query(tokens, only, _HITS), look)[0]
        if hidden and len(found) < limit:
            found, _ = self._find(lambda query: query(tokens, only, MOST_HITS), look)[0]
        return found


def _beginning(work: Work, wanted: str, only: SearchFilter, limit: int) -> list[Form]:
    """Give so many different published titles that begin with what was typed, in their order."""
    begins = Where("folded_title", "prefix", title_key(wanted))

    def rows(kind: str, *more: Where) -> Iterator[Row]:
        where = (*(policy.public(kind, work.now) or ()), begins, *more)
        query = Query(where=where, order="folded_title", limit=_MOST, fields="keys")
        return work.in_order(kind, query, None)

    of_kinds = (Where("source_kind", "in", tuple(sorted(only.kinds or CONTENT))),)
    merged = heapq.merge(
        *(rows(kind) for kind in sorted(only.kinds or CONTENT)),
        rows(TRANSLATION.name, *of_kinds),
        key=lambda row: (row.keys["folded_title"], row.id),
    )
    fitting = (row for row in islice(merged, _WALKED) if _fits(work, row, only))
    found: dict[str, Form] = {}
    while len(found) < limit and (some := list(islice(fitting, limit))):
        forms = forms_of(work, [Hit(row.id, 0.0) for row in some])
        for form in (forms[row.id] for row in some if row.id in forms):
            title = fold(form.title)
            # The key has the first characters only.
            if title.startswith(wanted) and only.takes_in(*moments_of(form.content)):
                found.setdefault(title, form)
    return list(found.values())[:limit]


def _fits(work: Work, row: Row, only: SearchFilter) -> bool:
    """Tell by the keys of a content or translation whether it is of a language and region."""
    if only.languages and row.keys["language"] not in only.languages:
        return False
    if not only.tags:
        return True
    regions = work.regions()
    codes = tuple(code for code in row.keys["addressed"] if regions.knows(code))
    return not only.tags.isdisjoint(region_tags(codes, regions))


def _suggestions(forms: Iterable[Form], wanted: str, limit: int) -> list[Suggestion]:
    """Suggest titles, those first that begin with what was typed; each once."""
    found: dict[str, tuple[bool, Suggestion]] = {}
    for form in forms:
        title = fold(form.title)
        if wanted in title and title not in found:
            suggestion = Suggestion(
                text=form.title, kind=form.kind, id=form.content.id, language=form.language
            )
            found[title] = not title.startswith(wanted), suggestion
    ordered = sorted(found.values(), key=lambda pair: pair[0])
    return [suggestion for _, suggestion in ordered[:limit]]


def _tokens(about: Content) -> list[str]:
    text = about.summary or about.body[:_ABOUT]
    parts = [about.title, " ".join(about.keywords), text]
    return folded_query_tokens(fold("\n".join(parts)))[:_TOKENS]


def _related(one: Found) -> Related:
    return Related(
        kind=one.form.kind,
        id=one.form.content.id,
        title=one.form.title,
        language=one.form.language,
        score=one.score,
        why=one.why,
    )
