"""The translation memory within a transaction: what approved translations teach it.

Units of content are made of its approved translations, and follow them in the same
transaction: what is not approved any more, or whose sentence the source has not any more, is
kept and never suggested.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk.core.languages import aligning, translating
from tianfu_sdk.core.languages.memory import Found, MemoryIndex, context_of
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.keying import PLACE_KEYS, Placed
from tianfu_sdk.core.rows.kinds import MEMORY_UNIT
from tianfu_sdk.model.content import Content, State
from tianfu_sdk.model.memory import MemoryText, MemoryUnit
from tianfu_sdk.model.storage import Group, Query, Row, Where
from tianfu_sdk.model.translation import SegmentState, Translation, TranslationState
from tianfu_sdk.model.translation_task import TaskSegment
from tianfu_sdk.services.desk.book import Book
from tianfu_sdk.services.desk.stamps import Stamp, raise_stamp, read_stamp
from tianfu_sdk.text import canonical_language

__all__ = ["STAMP", "Remembered", "learn", "put_units", "unit_id"]

STAMP = "memory"
_LONGEST = 2000
"""Characters of a text that is remembered; what is longer helps nobody again."""
_PAGE = 1000
_PLACES = tuple(key.name for key in PLACE_KEYS)


def unit_id(origin: str, texts: Iterable[MemoryText]) -> str:
    """Give the id of a unit: the same texts of the same origin are one."""
    said = "\x1f".join(f"{one.language}\x1e{one.text}\x1e{one.markup}" for one in texts)
    whole = f"{origin}\x1d{said}"
    return f"mem_{hashlib.sha256(whole.encode()).hexdigest()[:26]}"


def learn(
    work: Book,
    translation: Translation,
    source: Content,
    placed: Placed,
    segments: Sequence[TaskSegment] | None = None,
) -> None:
    """Let the memory follow a translation that is stored in this transaction.

    Args:
        work: The transaction.
        translation: As stored.
        source: As it stands in the transaction.
        placed: Where the source belongs.
        segments: Of the task that it was made of; None: it is laid beside its source.
    """
    rows = _of(work, translation.id)
    approved = translating.current(translation, source) and source.state is not State.RETRACTED
    if not rows and not approved:
        return
    known = {row.id: (work.noun(MEMORY_UNIT, row), row) for row in rows}
    wanted: dict[str, MemoryUnit] = {}
    if approved:
        pairs = _pairs(translation, source) if segments is None else segments
        wanted = {unit.id: unit for unit in _units(translation, source, pairs)}
    elif translation.state is not TranslationState.DRAFT and source.state is not State.RETRACTED:
        wanted = _still_said(source, [unit for unit, _ in known.values()])
    changed = [
        attrs.evolve(unit, active=False)
        for id_, (unit, _) in known.items()
        if unit.active and id_ not in wanted
    ]
    for id_, unit in wanted.items():
        if id_ not in known:
            changed.append(unit)
            continue
        before = known[id_][0]
        after = attrs.evolve(before, active=True, context=unit.context)
        if after != before:
            changed.append(after)
    put_units(work, [(unit, placed) for unit in changed])


def put_units(work: Book, units: Sequence[tuple[MemoryUnit, Placed]]) -> None:
    """Store units, and say that the memory changed."""
    if units:
        work.put_all(MEMORY_UNIT, units, stamp=raise_stamp(work, STAMP))


def _of(work: Book, origin: str) -> list[Row]:
    found: list[Row] = []
    after = None
    while True:
        where = (Where("origin", "=", origin),)
        rows = work.tx.find(MEMORY_UNIT.name, Query(where=where, after=after, limit=_PAGE))
        found += rows
        if len(rows) < _PAGE:
            return found
        after = (rows[-1].id, rows[-1].id)


def _pairs(translation: Translation, source: Content) -> Sequence[TaskSegment]:
    return aligning.aligned(
        aligning.source_texts(source),
        {"title": translation.title, "body": translation.body, **translation.texts},
        state=SegmentState.APPROVED,
        person=translation.translator,
    )


def _units(
    translation: Translation, source: Content, pairs: Sequence[TaskSegment]
) -> list[MemoryUnit]:
    made = []
    language = canonical_language(source.language)
    for place, pair in enumerate(pairs):
        if not pair.target.strip() or pair.origin == "copied":
            continue
        if max(len(pair.source), len(pair.target)) > _LONGEST:
            continue
        texts = (
            MemoryText(language=language, text=pair.source),
            MemoryText(language=translation.language, text=pair.target),
        )
        made.append(
            MemoryUnit(
                id=unit_id(translation.id, texts),
                organization=source.organization,
                region=source.region,
                texts=texts,
                source_language=language,
                origin=translation.id,
                context=context_of(
                    pairs[place - 1].source if place else "",
                    pairs[place + 1].source if place + 1 < len(pairs) else "",
                ),
            )
        )
    return made


def _still_said(source: Content, units: Iterable[MemoryUnit]) -> dict[str, MemoryUnit]:
    """Give the units whose sentence the source still has."""
    texts = aligning.source_texts(source).items()
    said = [[piece.text for piece in aligning.cut(field, text)] for field, text in texts]
    return {
        unit.id: unit
        for unit in units
        if unit.active and (own := unit.said(unit.source_language)) and _says(said, own.text)
    }


def _says(said: Iterable[Sequence[str]], text: str) -> bool:
    """Tell whether sentences in a row are those of a text, of which a unit may have several."""
    wanted = [piece.text for piece in aligning.cut("", text)]
    return any(
        one[place : place + len(wanted)] == wanted for one in said for place in range(len(one))
    )


@attrs.frozen
class _Known:
    languages: frozenset[str]
    place: int


class Remembered:
    """The memory of one hub, made of its rows and kept up to date by what changed of them.

    Args:
        most: Units at most; of more, those that changed last.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._stamp = Stamp()
        self._indexes: dict[str, MemoryIndex] = {}
        self._units: dict[str, _Known] = {}
        self._places: dict[tuple[Any, ...], int] = {}
        self._keys: list[Mapping[str, Any]] = []

    def __len__(self) -> int:
        return len(self._units)

    def exact(
        self, work: Book, text: str, source: str, target: str, scope: tuple[Group, ...] | None
    ) -> list[Found]:
        """Find units that say the same in a language and something in another."""
        with self._lock:
            index = self._index(work, source)
            return index.exact(text, self._allowed(target, scope)) if index else []

    def near(
        self,
        work: Book,
        text: str,
        source: str,
        target: str,
        scope: tuple[Group, ...] | None,
        *,
        least: float,
        limit: int,
    ) -> list[Found]:
        """Find units that say nearly the same in a language and something in another."""
        with self._lock:
            index = self._index(work, source)
            if not index:
                return []
            return index.near(text, self._allowed(target, scope), least=least, limit=limit)

    def _index(self, work: Book, language: str) -> MemoryIndex | None:
        self._follow(work)
        return self._indexes.get(language)

    def _allowed(self, target: str, scope: tuple[Group, ...] | None) -> Any:
        places = {
            place
            for place, keys in enumerate(self._keys)
            if scope is None or any(matches("", keys, group) for group in scope)
        }
        units = self._units

        def allowed(id_: str) -> bool:
            known = units[id_]
            return known.place in places and target in known.languages

        return allowed

    def _follow(self, work: Book) -> None:
        stamp = read_stamp(work, STAMP)
        if stamp == self._stamp:
            return
        if not stamp.follows(self._stamp):
            self._clear()
        where = [Where("stamp", ">", self._stamp.number)]
        if not self._stamp.number:
            where.append(Where("active", "=", 1))
        after = None
        # The newest first, so that of too many the oldest are left out.
        whole = not self._stamp.number
        while True:
            query = Query(where=tuple(where), order="stamp", desc=whole, after=after, limit=_PAGE)
            rows = work.tx.find(MEMORY_UNIT.name, query)
            for row in rows:
                self._take(work, row)
            if len(rows) < _PAGE or (whole and len(self._units) >= self._most):
                break
            after = (rows[-1].keys["stamp"], rows[-1].id)
        self._stamp = stamp

    def _take(self, work: Book, row: Row) -> None:
        unit = work.noun(MEMORY_UNIT, row)
        known = self._units.pop(row.id, None)
        if known is not None:
            for language in known.languages:
                self._indexes[language].remove(row.id)
        if not unit.active or len(self._units) >= self._most:
            return
        keys = {name: row.keys[name] for name in _PLACES} | {"state": ""}
        place = self._places.setdefault(tuple(keys.values()), len(self._places))
        if place == len(self._keys):
            self._keys.append(keys)
        said = {one.language: one.text for one in unit.texts}
        self._units[row.id] = _Known(frozenset(said), place)
        for language, text in said.items():
            self._indexes.setdefault(language, MemoryIndex()).put(row.id, text)
