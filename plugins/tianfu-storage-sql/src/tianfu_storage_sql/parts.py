"""What the transactions of an open store do their work with."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import attrs

from tianfu_sdk.model.storage import Kind
from tianfu_storage_sql.documents import KindTable
from tianfu_storage_sql.events import Events
from tianfu_storage_sql.gin import GinSearching
from tianfu_storage_sql.jobs import Jobs
from tianfu_storage_sql.listing import Listing
from tianfu_storage_sql.markers import Markers
from tianfu_storage_sql.opening import Opened
from tianfu_storage_sql.schema import Tables
from tianfu_storage_sql.search import Searching
from tianfu_storage_sql.session import Driver

__all__ = ["KindTables", "Parts"]


@attrs.frozen(eq=False)
class Parts:
    """What a transaction does its work with."""

    markers: Markers
    tables: Mapping[str, KindTable]
    events: Events
    jobs: Jobs
    listing: Listing
    searching: Searching | GinSearching


class KindTables(dict[str, KindTable]):
    """Tables by kind, each made when it is first asked for: saying all takes half a second."""

    def __init__(
        self,
        tables: Tables,
        driver: Driver,
        kinds: Mapping[str, Kind],
        opened: Opened,
    ) -> None:
        super().__init__()
        self._tables = tables
        self._driver = driver
        self._kinds = kinds
        self._opened = opened
        self._guard = threading.Lock()

    def __missing__(self, name: str) -> KindTable:
        kind = self._kinds[name]
        with self._guard:
            number, schema = self._opened.stored[name].number, self._opened.found.schema
            tables = self._tables.kind(kind, number, schema)
            made = KindTable(tables, self._driver)
        self[name] = made
        return made
