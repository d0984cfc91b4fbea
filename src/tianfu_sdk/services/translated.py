"""Translations within a transaction: they follow their source, and so does the index."""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.core import translating
from tianfu_sdk.core.keying import Placed
from tianfu_sdk.core.kinds import CONTENT, TRANSLATION
from tianfu_sdk.core.publishing import translation_doc
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.content import Content, State
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.model.translation import Translation
from tianfu_sdk.services.work import Work

__all__ = [
    "demand_kind",
    "index_translations",
    "put_translation",
    "settle_translations",
    "source_of",
    "translations_of",
]

_MANY = 1000
"""Languages of one content."""


def source_of(work: Work, translation: Translation) -> Content:
    """Give the content that a translation is of."""
    content: Content = work.get(CONTENT[translation.kind], translation.source)
    return content


def _rows_of(work: Work, source: str) -> list[Row]:
    query = Query(where=(Where("source", "=", source),), limit=_MANY)
    return work.tx.find(TRANSLATION.name, query)


def translations_of(work: Work, source: str) -> list[Translation]:
    """Give all translations of a content, approved or not."""
    return [work.noun(TRANSLATION, row) for row in _rows_of(work, source)]


def put_translation(work: Work, translation: Translation, source: Content) -> Translation:
    """Store a translation with the keys that depend on its source."""
    _, placed = work.placed(source.organization, source.region)
    return _put(work, translation, source, placed)


def _put(work: Work, translation: Translation, source: Content, placed: Placed) -> Translation:
    keys = translating.source_keys(translation, source)
    return work.put(TRANSLATION, translation, placed, **keys)


def index_translations(
    work: Work, source: Content, translations: Sequence[Translation] | None = None
) -> None:
    """Make the current translations of a published content findable, and no others.

    Args:
        work: The transaction.
        source: As it stands in it.
        translations: All of the source; None: they are read.
    """
    search = work.tx.search
    if search is None:
        return
    if translations is None:
        translations = translations_of(work, source.id)
    shown = [
        t
        for t in translations
        if source.state is State.PUBLISHED and translating.current(t, source)
    ]
    hidden = [t.id for t in translations if t not in shown]
    if hidden:
        search.remove(hidden)
    if shown:
        search.index([translation_doc(t, source, work.regions()) for t in shown])


def settle_translations(work: Work, source: Content) -> None:
    """Let the translations of a content follow it, once it went public or left it.

    Those of an older revision become outdated. What is read publicly, in channels and by
    `ask`, is decided by the keys and the index that this writes in the same transaction.
    """
    rows = _rows_of(work, source.id)
    if not rows:
        return
    _, placed = work.placed(source.organization, source.region)
    settled = []
    for row in rows:
        before = work.noun(TRANSLATION, row)
        after = translating.followed(before, source)
        keys = translating.source_keys(after, source)
        if after != before or any(row.keys[name] != value for name, value in keys.items()):
            after = _put(work, after, source, placed)
        if after.state is not before.state:
            work.note(after, "outdated", language=after.language)
        settled.append(after)
    index_translations(work, source, settled)


def demand_kind(kind: str, path: str) -> None:
    """Demand that a name is one of a kind of content; raises `Invalid` (`content.bad_kind`)."""
    if kind not in CONTENT:
        raise Invalid("content.bad_kind", path=path, value=kind[:40])
