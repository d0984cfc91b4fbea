"""The one writer: taken when something is first fed, given back at `flush`."""

from __future__ import annotations

import contextlib
import ctypes
import random
import threading
import time
from collections.abc import Iterable, Sequence
from types import TracebackType

import attrs
from tantivy import Document, Index, IndexWriter

from tianfu_sdk.errors import StorageError
from tianfu_sdk.model.search import SearchDoc
from tianfu_sdk.model.storage import Cursor
from tianfu_search_tantivy.faults import busy, is_busy, replaced, typed
from tianfu_search_tantivy.places import Place
from tianfu_search_tantivy.shape import MARKED, marking, written

__all__ = ["Feeding", "Limits", "leaked"]

_PAUSE = 0.02
_LONGEST_PAUSE = 0.25
_MIB = 1 << 20


@attrs.frozen(kw_only=True)
class Limits:
    """How much a writer holds and how long it is waited for."""

    heap: int
    """MiB."""
    batch: int
    """Documents after which a mark commits."""
    seconds: float
    """After which a mark commits."""
    wait: float
    """Seconds to wait for another's writer."""


@attrs.define(eq=False)
class _Open:
    """A writer that is held."""

    generation: str
    writer: IndexWriter
    since: float
    documents: int = 0
    mark: Cursor | None = None


@attrs.define(eq=False)
class Feeding:
    """What is taken in and not committed; the caller sees to it that one thread is here."""

    place: Place
    limits: Limits
    _read: threading.local = attrs.field(factory=threading.local, init=False)
    """By thread, since one may look how far the index is while another feeds."""
    _open: _Open | None = None

    @property
    def expected(self) -> str | None:
        """The generation whose mark this thread was given; empty: there was none."""
        return getattr(self._read, "generation", None)

    @expected.setter
    def expected(self, name: str) -> None:
        self._read.generation = name

    @property
    def mark(self) -> Cursor | None:
        """The mark that the next commit will have."""
        return self._open.mark if self._open else None

    @property
    def documents(self) -> int:
        """Documents that the next commit will make searchable."""
        return self._open.documents if self._open else 0

    def index(self, docs: Sequence[SearchDoc]) -> None:
        """Take documents in."""
        last = {doc.id: doc for doc in docs}.values()
        self.remove([doc.id for doc in last if not doc.shown])
        made = [(doc.id, written(doc)) for doc in last if doc.shown]
        if not made:
            return
        held = self._held()
        with self._lost_on_failure():
            _add(held.writer, made)
        held.documents += len(made)

    def remove(self, ids: Sequence[str]) -> None:
        """Take out documents."""
        if not ids:
            return
        held = self._held()
        with self._lost_on_failure():
            for id_ in ids:
                held.writer.delete_documents_by_term("id", id_)
        held.documents += len(ids)

    def set_mark(self, cursor: Cursor) -> None:
        """Take a mark in; commits where enough has gathered."""
        held = self._held()
        held.mark = cursor
        full = held.documents >= self.limits.batch
        if full or time.monotonic() - held.since >= self.limits.seconds:
            self.commit()

    def commit(self) -> None:
        """Commit what was taken in, with its mark."""
        held = self._open
        if held is None:
            return
        with self._lost_on_failure():
            if held.mark is not None:
                held.writer.delete_documents_by_term("about", MARKED)
                held.writer.add_document(marking(held.mark))
            held.writer.commit()
        held.documents, held.mark, held.since = 0, None, time.monotonic()

    def flush(self) -> None:
        """Commit, wait for merges, and give the writer back."""
        held = self._open
        if held is None:
            return
        self.commit()
        self._open = None
        with typed(str(self.place.path)):
            held.writer.wait_merging_threads()

    def rebuild(self, docs: Iterable[SearchDoc], mark: Cursor | None) -> int:
        """Build a generation and make it the current one; gives how many documents it has."""
        self.forget()
        name = self.place.create()
        writer = self._writer(self.place.open(name)[0])
        seen: set[str] = set()
        try:
            with typed(str(self.place.path)):
                for doc in filter(_shown, docs):
                    if doc.id in seen:
                        writer.delete_documents_by_term("id", doc.id)
                    seen.add(doc.id)
                    writer.add_document(written(doc))
                if mark is not None:
                    writer.add_document(marking(mark))
                writer.commit()
        except BaseException:
            self._ended(writer)
            self.place.drop(name)
            raise
        self._ended(writer)
        self.place.switch(name)
        self.expected = name
        self.place.clear()
        return len(seen)

    def forget(self) -> None:
        """Drop what was not committed, and give the writer back."""
        held, self._open = self._open, None
        if held is not None:
            self._ended(held.writer)

    def _ended(self, writer: IndexWriter) -> None:
        # A traceback may hold it for long: it is given back by this, not by being forgotten.
        with contextlib.suppress(StorageError), typed(str(self.place.path)):
            writer.wait_merging_threads()

    def leave(self) -> None:
        """Leave everything to the parent process: a fork has none of the writer's threads."""
        if self._open is not None:
            leaked(self._open.writer)
            self._open = None

    def _lost_on_failure(self) -> _LostOnFailure:
        return _LostOnFailure(self)

    def _held(self) -> _Open:
        if self._open is None:
            self._open = self._taken()
        return self._open

    def _taken(self) -> _Open:
        ended = time.monotonic() + self.limits.wait
        pause = _PAUSE
        while True:
            name = self.place.current()
            if self.expected not in {None, name}:
                raise replaced(str(self.place.path))
            if not name:
                name = self.expected = self.place.begin()
            try:
                writer = self._writer(self.place.open(name)[0])
            except ValueError as error:
                if not is_busy(error):
                    raise
            else:
                # A rebuilding may have changed generations while this one was waited for.
                if name == self.place.current():
                    return _Open(name, writer, time.monotonic())
                continue
            if time.monotonic() >= ended:
                raise busy(str(self.place.path), self.limits.wait)
            # Jittered: nobody who waits is always the later one.
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311
            pause = min(_LONGEST_PAUSE, pause * 2)

    def _writer(self, index: Index) -> IndexWriter:
        # One thread: segments stay few, and cutting tokens in Python is what takes the time.
        try:
            return index.writer(self.limits.heap * _MIB, 1)
        except ValueError as error:
            if is_busy(error):
                raise
            with typed(str(self.place.path)):
                raise


class _LostOnFailure:
    """A writer that failed is given back: nothing half-done is committed by the next one."""

    def __init__(self, feeding: Feeding) -> None:
        self._feeding = feeding
        self._typed = typed(str(feeding.place.path))

    def __enter__(self) -> None:
        self._typed.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        if kind is not None:
            self._feeding.forget()
        return self._typed.__exit__(kind, error, trace)


def _add(writer: IndexWriter, docs: Iterable[tuple[str, Document]]) -> None:
    for id_, doc in docs:
        writer.delete_documents_by_term("id", id_)
        writer.add_document(doc)


def _shown(doc: SearchDoc) -> bool:
    return doc.shown


def leaked(thing: object) -> None:
    """Keep an object for ever: to end it would wait for threads that a fork did not copy."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
