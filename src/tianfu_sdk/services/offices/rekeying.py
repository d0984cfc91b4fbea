"""The job that writes the regions above every row anew, after the table of regions changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from tianfu_sdk.core.content.publishing import search_doc, translation_doc
from tianfu_sdk.core.languages import translating
from tianfu_sdk.core.places.regions import LEVELS, RegionTree
from tianfu_sdk.core.rows.kinds import CONTENT, MARK, PLACED, REACH, REGION, TRANSLATION
from tianfu_sdk.errors import Conflict, Denied
from tianfu_sdk.model.content import State
from tianfu_sdk.model.region import RekeyStep
from tianfu_sdk.model.search import SearchDoc
from tianfu_sdk.model.storage import Kind, Query, Row
from tianfu_sdk.services.desk.atlas import read_mark, write_mark
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.languages.translated import source_of

__all__ = ["Rekeying"]

_ID = "regions:rekey"
_BATCH = 500
# What is amended about a province lies in that province, whatever the amendments say.
_KINDS: tuple[Kind, ...] = (*(kind for kind in PLACED if kind is not REGION.kind), REACH)


@attrs.frozen(kw_only=True)
class _Place:
    """Where a run stands; kept in the store as its resume mark."""

    tree: str
    """Fingerprint of the tree that rows are keyed by."""
    kind: int = 0
    after: str = ""
    seen: int = 0
    changed: int = 0
    indexed: int = 0
    version: int = 0
    """Of the mark."""

    def step(self) -> RekeyStep:
        name = _KINDS[self.kind].name if self.kind < len(_KINDS) else ""
        return RekeyStep(kind=name, seen=self.seen, changed=self.changed, indexed=self.indexed)


class Rekeying(Desk):
    """One run; see `Regions.rekey`."""

    def run(self, progress: Callable[[RekeyStep], None] | None) -> RekeyStep:
        """Do all that is left."""
        if not self._actor.system:
            raise Denied("account.required")
        place: _Place | None = None
        while place is None or place.kind < len(_KINDS):
            place = self._write(lambda work, p=place: _batch(work, p))  # type: ignore[misc]
            if progress is not None:
                progress(place.step())
        return place.step()


def _batch(work: Work, before: _Place | None) -> _Place:
    """Re-key one page of one kind, and move the mark with it."""
    place = _found(work)
    if before is not None and place.version != before.version:
        raise Conflict("region.rekeying")
    tree = work.regions()
    if place.tree != tree.fingerprint():
        # What was keyed by another tree is keyed again; what was changed stays counted.
        place = _Place(tree=tree.fingerprint(), changed=place.changed, version=place.version)
    kind = _KINDS[place.kind]
    after = (place.after, place.after) if place.after else None
    rows = work.tx.find(kind.name, Query(after=after, limit=_BATCH, fields="keys"))
    changed = _rekey(work, kind, rows, tree)
    indexed = _index(work, kind, rows, tree)
    over = len(rows) < _BATCH
    place = attrs.evolve(
        place,
        kind=place.kind + over,
        after="" if over else rows[-1].id,
        seen=place.seen + len(rows),
        changed=place.changed + changed,
        indexed=place.indexed + indexed,
    )
    if place.kind == len(_KINDS):
        _end(work, place)
        return place
    document = attrs.asdict(place)
    del document["version"]
    work.tx.put(MARK.name, [Row(_ID, place.version, json.dumps(document).encode())])
    return attrs.evolve(place, version=place.version + 1)


def _found(work: Work) -> _Place:
    rows = work.tx.get(MARK.name, [_ID])
    if not rows:
        return _Place(tree="")
    return _Place(**json.loads(rows[0].doc or b"{}"), version=rows[0].version)


def _rekey(work: Work, kind: Kind, rows: Sequence[Row], tree: RegionTree) -> int:
    wanted = {row.id: keys for row in rows if (keys := _levels(row, tree))}
    if not wanted:
        return 0
    found = work.tx.get(kind.name, list(wanted))
    # As they stand, version and all: who is about to change a thing notices nothing.
    work.tx.delete(kind.name, [(row.id, row.version) for row in found])
    work.tx.load(
        kind.name,
        [attrs.evolve(row, keys={**row.keys, **wanted[row.id]}) for row in found],
    )
    return len(found)


def _levels(row: Row, tree: RegionTree) -> dict[str, Any]:
    """Give the region keys that a row should have, or nothing if it has them."""
    has = {name: str(row.keys[name]) for name in LEVELS}
    # The innermost is the region of the thing itself.
    code = next((has[name] for name in reversed(LEVELS) if has[name]), "")
    if not code or not tree.knows(code):
        return {}
    levels = attrs.asdict(tree.levels(code))
    return {} if levels == has else levels


def _index(work: Work, kind: Kind, rows: Sequence[Row], tree: RegionTree) -> int:
    """Index what is published of a page anew: engines keep the regions above it as well."""
    search = work.tx.search
    if search is None:
        return 0
    docs: list[SearchDoc] = []
    if kind.name in CONTENT:
        ids = [row.id for row in rows if row.keys["state"] == State.PUBLISHED.value]
        shelf = CONTENT[kind.name]
        docs = [
            search_doc(kind.name, work.noun(shelf, row), tree)
            for row in work.tx.get(kind.name, ids)
        ]
    elif kind is TRANSLATION.kind:
        ids = [row.id for row in rows if row.keys["published"]]
        for row in work.tx.get(kind.name, ids):
            translation = work.noun(TRANSLATION, row)
            source = source_of(work, translation)
            if translating.current(translation, source):
                docs.append(translation_doc(translation, source, tree))
    if docs:
        search.index(docs)
    return len(docs)


def _end(work: Work, place: _Place) -> None:
    if place.version:
        work.tx.delete(MARK.name, [(_ID, place.version)])
    mark = read_mark(work.tx)
    write_mark(work.tx, attrs.evolve(mark, keyed=place.tree))
    data = {"seen": place.seen, "changed": place.changed, "indexed": place.indexed}
    work.record("region.rekeyed", kind=REGION.name, subject="all", data=data)
    work.tell("region.rekeyed", kind=REGION.name, subject="all", data=data)
