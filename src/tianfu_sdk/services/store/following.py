"""Keeping a search engine outside the store in step with what is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content.publishing import (
    search_doc,
    seeks,
    subscription_doc,
    translation_doc,
)
from tianfu_sdk.core.languages import translating
from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.core.rows.kinds import CONTENT, SUBSCRIPTION, TRANSLATION, kind_of
from tianfu_sdk.errors import Denied, StorageBusy
from tianfu_sdk.model.content import Content, State
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.search import SearchDoc
from tianfu_sdk.model.storage import Cursor, Query, Row, Where
from tianfu_sdk.model.translation import Translation
from tianfu_sdk.ports.search import FollowerSearch
from tianfu_sdk.services.desk.work import EVENTS, Desk, Work
from tianfu_sdk.services.languages.translated import source_of, translations_by, translations_of

__all__ = ["Following", "published"]

_BATCH = 500
_PAGE = 100
"""Contents, each up to a megabyte."""
_VIEWED = ".viewed"
_REKEYED = "region.rekeyed"


@attrs.frozen
class _Step:
    """What a run of events asks of an engine."""

    cursor: Cursor | None
    events: int
    docs: tuple[SearchDoc, ...] = ()
    gone: tuple[str, ...] = ()
    anew: bool = False
    """Labels of everything changed: build anew."""


class Following(Desk):
    """Feed the engine that `settings.ask.engine` names; only for the system.

    The engine keeps how far it got. What is fed twice, after a crash or by two workers, is
    the same document again; a worker that is overtaken sets the mark back, so that what it
    overwrote is fed once more.
    """

    def follow(self, limit: int) -> int:
        """Take in what happened since the engine's mark; gives the number of events."""
        engine = self._engine()
        if engine is None:
            return 0
        mark = engine.mark()
        if mark is None:
            self.rebuild()
            return 0
        try:
            return self._feed(engine, mark, limit)
        except StorageBusy:
            # Another worker feeds it, of the same events.
            return 0
        finally:
            engine.flush()

    def _feed(self, engine: FollowerSearch, mark: Cursor, limit: int) -> int:
        done = 0
        while done < limit:
            step = self._read(lambda work, c=mark: _step(work, c))  # type: ignore[misc]
            if not step.events:
                break
            if step.anew:
                self.rebuild()
            else:
                engine.remove(step.gone)
                engine.index(step.docs)
            mark = step.cursor or mark
            engine.mark(mark)
            done += step.events
        return done

    def rebuild(self) -> int | None:
        """Build the engine's index anew; None where no engine is named."""
        engine = self._engine()
        if engine is None:
            return None
        # The mark first: what is published while this runs is fed afterwards, again or not.
        cursor = self._read(lambda work: work.tx.last(EVENTS))
        return self._read(lambda work: engine.rebuild(published(work), cursor))

    def analyzer_version(self) -> int | None:
        """Tell which analyzer made the engine's index; None where it is empty."""
        engine = self._engine()
        return None if engine is None else engine.analyzer_version()

    def behind(self) -> int | None:
        """Count the events that the engine has not taken in; None where no engine is named."""
        engine = self._engine()
        if engine is None:
            return None
        mark = engine.mark()

        def count(work: Work) -> int:
            found, after = 0, mark
            while events := work.tx.read(EVENTS, after, 1000):
                found += len(events)
                after = events[-1].cursor
            return found

        return self._read(count) + engine.lag()

    def _engine(self) -> FollowerSearch | None:
        if not self._actor.system:
            raise Denied("account.required")
        return self._tools.engine()


def published(work: Work) -> Iterator[SearchDoc]:
    """Give what is to be found: published contents, their translations, what is subscribed to."""
    # In the order of an index that begins with the state: by id each page would be found anew.
    where = (Where("state", "=", State.PUBLISHED.value),)
    query = Query(where=where, order="published", limit=_PAGE)
    for shelf in CONTENT.values():
        rows = work.in_order(shelf.name, query, None)
        while some := list(islice(rows, _PAGE)):
            known = translations_by(work, [row.id for row in some])
            for row in some:
                for _, doc in _of_content(work, shelf, row, known[row.id]):
                    if doc is not None:
                        yield doc
    for row in work.each(SUBSCRIPTION.name, Query(where=(Where("active", "=", 1),))):
        subscription = work.noun(SUBSCRIPTION, row)
        if seeks(subscription):
            yield subscription_doc(subscription)


def _step(work: Work, after: Cursor) -> _Step:
    entries = work.tx.read(EVENTS, after, _BATCH)
    events = [codec.loads(Event, entry.body) for entry in entries]
    cursor = entries[-1].cursor if entries else after
    if any(event.type == _REKEYED for event in events):
        return _Step(cursor, len(events), anew=True)
    subjects = dict.fromkeys(e.subject for e in events if not e.type.endswith(_VIEWED))
    found = {id_: doc for subject in subjects for id_, doc in _things(work, subject)}
    docs = tuple(doc for doc in found.values() if doc is not None)
    return _Step(cursor, len(events), docs, tuple(id_ for id_, doc in found.items() if doc is None))


def _things(work: Work, subject: str) -> Iterator[tuple[str, SearchDoc | None]]:
    """Give what an event is about as it is to be found now, or None where it is not."""
    shelf = kind_of(subject)
    if shelf is None or (shelf.name not in CONTENT and shelf is not TRANSLATION):
        return
    for row in work.tx.get(shelf.name, [subject]):
        if shelf is not TRANSLATION:
            yield from _of_content(work, shelf, row, translations_of(work, subject))
            continue
        translation = work.noun(TRANSLATION, row)
        source = source_of(work, translation)
        yield subject, _doc(work, translation, source)


def _of_content(
    work: Work, shelf: NounKind[Any], row: Row, translations: Sequence[Translation]
) -> Iterator[tuple[str, SearchDoc | None]]:
    content = work.noun(shelf, row)
    shown = content.state is State.PUBLISHED
    yield content.id, search_doc(shelf.name, content, work.regions()) if shown else None
    for translation in translations:
        yield translation.id, _doc(work, translation, content)


def _doc(work: Work, translation: Translation, source: Content) -> SearchDoc | None:
    if source.state is State.PUBLISHED and translating.current(translation, source):
        return translation_doc(translation, source, work.regions())
    return None
