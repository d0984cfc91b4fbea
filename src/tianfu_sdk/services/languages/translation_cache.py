"""What engines said before, kept for all processes; see `core.languages.translation_cache`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

from tianfu_sdk.core.languages import translation_cache as cache
from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import TRANSLATION_CACHE
from tianfu_sdk.errors import Conflict, StorageError
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.translation import Ok, TranslationResult
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.desk.tools import Tools

__all__ = ["clear", "counted", "known", "remember"]

_log = logging.getLogger("tianfu_sdk.translations")
_LAPSED = 100
"""Rows that have lapsed and go with every writing."""
_PAGE = 500


def known(tools: Tools, keys: Sequence[str]) -> Mapping[str, Ok]:
    """Give what is kept under some keys; nothing where the cache is off.

    Raises:
        StorageError: The store cannot be read.
    """
    ours = tools.settings.translation
    if not (ours.cache_texts and ours.cache_days) or not keys:
        return {}
    places = {cache.place_of(key, ours.cache_texts): key for key in keys}
    now = moment_key(tools.clock.now())
    rows = tools.store.run(lambda tx: tx.get(TRANSLATION_CACHE.name, sorted(places)), write=False)
    by_place = {row.id: row for row in rows}
    found = {}
    for key in keys:
        row = by_place.get(cache.place_of(key, ours.cache_texts))
        said = cache.read_kept(row, key, now) if row else None
        if said is not None:
            found[key] = said
    return found


def remember(tools: Tools, engine: str, results: Mapping[str, TranslationResult]) -> None:
    """Keep what is worth it; a store that cannot be written now is no reason to fail.

    Args:
        tools: Of the hub.
        engine: Its name.
        results: By key.
    """
    ours = tools.settings.translation
    worth = {key: one for key, one in results.items() if cache.worth_keeping(one)}
    if not (ours.cache_texts and ours.cache_days) or not worth:
        return
    now = tools.clock.now()
    until = moment_key(now + timedelta(days=ours.cache_days))
    places = {cache.place_of(key, ours.cache_texts): key for key in worth}

    def write(tx: Tx) -> None:
        versions = {row.id: row.version for row in tx.get(TRANSLATION_CACHE.name, sorted(places))}
        rows = [
            cache.kept(key, place, versions.get(place, 0), engine=engine, result=one, until=until)
            for place, key in places.items()
            if isinstance(one := worth[key], Ok)
        ]
        tx.put(TRANSLATION_CACHE.name, rows)
        lapsed = (Where("until", "<=", moment_key(now)),)
        query = Query(where=lapsed, order="until", limit=_LAPSED, fields="keys")
        gone = [row for row in tx.find(TRANSLATION_CACHE.name, query) if row.id not in places]
        tx.delete(TRANSLATION_CACHE.name, [(row.id, row.version) for row in gone])

    try:
        tools.store.run(write, write=True)
    except (StorageError, Conflict) as error:
        _log.info("what %s said was not kept: %s", engine, error.code)


def clear(tx: Tx, engine: str | None) -> int:
    """Delete some of what is kept; how much, 0 once there is none left.

    Args:
        tx: Open for writing.
        engine: What this one said only; None: all.
    """
    where = () if engine is None else (Where("engine", "=", engine),)
    rows = tx.find(TRANSLATION_CACHE.name, Query(where=where, limit=_PAGE, fields="keys"))
    tx.delete(TRANSLATION_CACHE.name, [(row.id, row.version) for row in rows])
    return len(rows)


def counted(tx: Tx, engine: str) -> int:
    """Count what is kept of an engine."""
    return tx.count(TRANSLATION_CACHE.name, Query(where=(Where("engine", "=", engine),)))
