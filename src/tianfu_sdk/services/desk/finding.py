"""Which engine finds: the one that `ask.engine` names, or where that fails the store's own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from tianfu_sdk.errors import BackendError, PluginError, StorageError, TianfuError, Unsupported
from tianfu_sdk.model.question import Fallback
from tianfu_sdk.model.search import Hit, SearchFilter
from tianfu_sdk.ports.search import FollowerSearch
from tianfu_sdk.services.desk.tools import Tools
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.text import ANALYZER_VERSION

__all__ = ["Finder", "Query", "demand_fit"]

A = TypeVar("A")
T = TypeVar("T")

_log = logging.getLogger("tianfu_sdk.search")
_KEY = "search~fallback"


class Query(Protocol):
    """`query` of an engine; see `tianfu_sdk.ports.search`."""

    def __call__(
        self, tokens: Sequence[str], only: SearchFilter, limit: int, after: Hit | None = None
    ) -> list[Hit]:
        """Rank documents."""
        ...


class Finder(Desk):
    """A desk that asks an engine, and reads again in the store what it found."""

    def _find(
        self, ask: Callable[[Query], A], read: Callable[[Work, A], T]
    ) -> tuple[T, Fallback | None]:
        """Ask whichever engine answers.

        Args:
            ask: Given the engine's `query`; called again for another engine. One outside the
                store is asked outside of any transaction: it may be a server elsewhere.
            read: Given what `ask` gave, within a transaction.

        Returns:
            What `read` gave; and the engine that should have answered, if it could not.

        Raises:
            Unsupported: `ask.no_search`, the store has no search engine.
            StorageError, BackendError: Of the engine outside, where the store has none.
        """
        engine = self._tools.engine()
        fallback = None
        if engine is not None:
            try:
                demand_fit(self._tools, engine)
                asked = ask(engine.query)
            except Exception as error:
                fallback = self._stood_in(error)
                if fallback is None:
                    raise
            else:
                self._tools.kept.pop(_KEY, None)
                return self._read(lambda work: read(work, asked)), None
        return self._read(lambda work: read(work, ask(_own(work)))), fallback

    def _stood_in(self, error: Exception) -> Fallback | None:
        """Say that the store's own engine answers; None where it cannot, or it is no fault."""
        theirs = isinstance(error, (StorageError, BackendError))
        ours = isinstance(error, (TianfuError, PluginError)) and not theirs
        if ours or not self._tools.store.capabilities.search:
            return None
        # Only the name of a guest's own error: its message may hold what was asked.
        code = error.code if isinstance(error, TianfuError) else type(error).__name__
        fallback = Fallback(engine=self._tools.settings.ask.engine, code=code)
        if self._tools.kept.get(_KEY) != fallback:
            # Once, not for every question.
            self._tools.kept[_KEY] = fallback
            _log.warning(
                "search engine %s cannot answer (%s): the store's own does",
                fallback.engine,
                fallback.code,
            )
        return fallback


def demand_fit(tools: Tools, engine: FollowerSearch) -> None:
    """Demand that an engine outside the store was fed, by the analyzer that questions go through.

    Args:
        tools: Where the store has no engine of its own, one that finds a part is better than none.
        engine: The one that `ask.engine` names.

    Raises:
        StorageError: `search.unfed`, `search.analyzer`.
    """
    if not tools.store.capabilities.search:
        return
    version = engine.analyzer_version()
    if version is None and engine.mark() is None:
        raise StorageError("search.unfed")
    if version not in {None, ANALYZER_VERSION}:
        raise StorageError("search.analyzer", found=version, wanted=ANALYZER_VERSION)


def _own(work: Work) -> Query:
    if work.tx.search is None:
        raise Unsupported("ask.no_search", path="store")
    return work.tx.search.query
