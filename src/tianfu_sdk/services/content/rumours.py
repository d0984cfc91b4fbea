"""Finding the known rumours that a text repeats, in what is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from tianfu_sdk.core.asking import rumours
from tianfu_sdk.core.content import lifecycle
from tianfu_sdk.core.languages import translating
from tianfu_sdk.core.rows.kinds import CLARIFICATION, TRANSLATION
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import Clarification, Repeated, State
from tianfu_sdk.model.search import SearchFilter
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.finding import Finder
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.text import query_tokens

__all__ = ["Rumours"]

_LONGEST = 20_000
_HITS = 5
"""Candidates for each piece of a text."""
_PAGE = 500
_MOST = 100
_ONLY = SearchFilter(kinds=frozenset({CLARIFICATION.name}))


class Rumours(Finder):
    """Looks texts up among the published clarifications. Anybody may."""

    def check(self, text: str, limit: int) -> list[Repeated]:
        """Tell which known rumours a text repeats; see `Clarifications.check`."""
        demand_type(text, str, "text")
        demand_type(limit, int, "limit")
        if not text.strip():
            raise Invalid("ask.empty", path="text")
        if len(text) > _LONGEST:
            raise Invalid("field.too_long", path="text", length=len(text), longest=_LONGEST)
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise Invalid("field.characters", path="text")
        if not 1 <= limit <= _MOST:
            raise Invalid("storage.limit", path="limit", most=_MOST)
        found: dict[str, Repeated] = {}
        for one in self.repeated(text, _ONLY).values():
            if one.id not in found or found[one.id].share < one.share:
                found[one.id] = one
        ordered = sorted(found.values(), key=lambda one: (-one.share, one.id))
        return ordered[:limit]

    def repeated(self, text: str, only: SearchFilter) -> dict[str, Repeated]:
        """Give what a text repeats by id of the row that it was found in.

        Args:
            text: Any text that is not blank.
            only: What a clarification must be as well.

        Raises:
            Unsupported: `ask.no_search`, the store has no search engine.
        """
        if only.kinds and CLARIFICATION.name not in only.kinds:
            return {}
        only = attrs.evolve(only, kinds=_ONLY.kinds)
        asked = [tokens for piece in rumours.pieces(text) if (tokens := query_tokens(piece))]
        if not asked or not self._read(_any):
            return {}
        return self._find(
            lambda query: [hit.id for tokens in asked for hit in query(tokens, only, _HITS)],
            lambda work, hits: dict(_weighed(work, text, hits)),
        )[0]


def _any(work: Work) -> bool:
    """Tell whether there is any published clarification: most questions meet none."""
    where = (Where("state", "=", State.PUBLISHED.value),)
    return bool(work.tx.find(CLARIFICATION.name, Query(where=where, limit=1, fields="keys")))


def _weighed(work: Work, text: str, hits: Sequence[str]) -> Iterator[tuple[str, Repeated]]:
    """Compare a text with the candidates, each read again: nothing withdrawn is shown."""
    ids = list(dict.fromkeys(hits))
    for row_id, source, language, wordings in _known(work, ids):
        best = rumours.repeats(wordings, text)
        if best is not None:
            wording, share = best
            yield (
                row_id,
                Repeated(
                    id=source.id,
                    title=source.title,
                    verdict=source.verdict,
                    wording=wording,
                    share=share,
                    language=language,
                ),
            )


def _known(
    work: Work, ids: Sequence[str]
) -> Iterator[tuple[str, Clarification, str, Sequence[str]]]:
    today = work.today

    def readable(source: Clarification) -> bool:
        return source.state is State.PUBLISHED and not lifecycle.stale(source, today)

    own = [id_ for id_ in ids if id_.startswith(f"{CLARIFICATION.prefix}_")]
    for start in range(0, len(own), _PAGE):
        for row in work.tx.get(CLARIFICATION.name, own[start : start + _PAGE]):
            source = work.noun(CLARIFICATION, row)
            if readable(source):
                yield row.id, source, source.language, rumours.wordings_of(source)
    others = [id_ for id_ in ids if id_.startswith(f"{TRANSLATION.prefix}_")]
    for start in range(0, len(others), _PAGE):
        rows = work.tx.get(TRANSLATION.name, others[start : start + _PAGE])
        translations = [work.noun(TRANSLATION, row) for row in rows]
        ids = list(dict.fromkeys(one.source for one in translations))
        known = {row.id: row for row in work.tx.get(CLARIFICATION.name, ids)}
        for translation in translations:
            if translation.source not in known:
                continue
            source = work.noun(CLARIFICATION, known[translation.source])
            if translating.current(translation, source) and readable(source):
                texts = rumours.wordings_of(source, translation.texts)
                yield translation.id, source, translation.language, texts
