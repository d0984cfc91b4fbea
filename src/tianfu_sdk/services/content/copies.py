"""Looking for edited copies among contents, and between a user's table and contents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from numbers import Real
from typing import Any

import attrs

from tianfu_sdk.core.content.copies import LONG, SHORTEST, Likeness, Sketches, copied_text, likeness
from tianfu_sdk.core.languages.shingles import shingles
from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import NearDuplicate, State
from tianfu_sdk.model.storage import Group, Query, Where
from tianfu_sdk.services.desk.work import Desk, Work, demand_somebody

__all__ = ["Copies", "CopyOf"]

_READ = 500
_MOST = 100_000
_STANDING: Group = (
    Where(
        "state",
        "in",
        tuple(
            state.value
            for state in State
            if state not in (State.ARCHIVED, State.RETRACTED, State.SUPERSEDED)
        ),
    ),
)
"""What was put away or taken back is no reason to leave anything out."""


@attrs.frozen
class CopyOf:
    """What a row of a table looks like an edited copy of."""

    share: float
    id: str = ""
    """Of a content; empty: of another row."""
    row: int = 0
    """Number of the earlier row."""


class Copies(Desk):
    """One look through the contents of a kind that the account may read.

    Every text is read once and gives a few numbers; only who shares enough of them is read
    again and compared. The memory is that of the numbers and of the ids.
    """

    def within(self, shelf: NounKind[Any], least: float, limit: int) -> list[NearDuplicate]:
        """Find edited copies; see `ContentDesk.near_duplicates`."""
        demand_type(least, Real, "least")
        demand_type(limit, int, "limit")
        if not 0 < least <= 1:
            raise Invalid("field.value", path="least", value=str(least)[:20])
        if not 1 <= limit <= _MOST:
            raise Invalid("storage.limit", path="limit", most=_MOST)

        def read(work: Work) -> list[NearDuplicate]:
            demand_somebody(work)
            sketches, ids = Sketches(), []
            for id_, text in _texts(work, shelf):
                found = shingles(text, LONG)
                if len(found) >= SHORTEST:
                    sketches.add(found)
                    ids.append(id_)
            pairs = ((ids[one], ids[other]) for one, other in sketches.pairs())
            made = [
                NearDuplicate(id=copy, of=first, share=like.share, part=like.part)
                for first, copy, like in _compared(work, shelf, pairs)
                if like.copied(least)
            ]
            made.sort(key=lambda one: (-max(one.share, one.part), one.of, one.id))
            return made[:limit]

        return self._read(read)

    def of_rows(
        self,
        shelf: NounKind[Any],
        rows: Iterator[tuple[int, str]],
        again: Callable[[frozenset[int]], Iterator[tuple[int, str]]],
    ) -> dict[int, CopyOf]:
        """Find the rows of a table that look like edited copies.

        Args:
            shelf: Kind of the contents.
            rows: Number and text of each row that would become a new content.
            again: Gives the same of these row numbers once more, in their order.

        Returns:
            By number of the row, what it is most like: a content, or an earlier row.
        """
        sketches, numbers = Sketches(), []
        for row, text in rows:
            found = shingles(text, LONG)
            if len(found) >= SHORTEST:
                sketches.add(found)
                numbers.append(row)
        if not numbers:
            return {}

        def read(work: Work) -> dict[int, list[str | int]]:
            # Anew each time: a transaction may be run again.
            both = sketches.copy()
            ids = []
            for id_, text in _texts(work, shelf):
                found = shingles(text, LONG)
                if len(found) >= SHORTEST:
                    both.add(found)
                    ids.append(id_)
            near: dict[int, list[str | int]] = {}
            for one, other in both.pairs(below=len(numbers)):
                if other < len(numbers):
                    near.setdefault(numbers[other], []).append(numbers[one])
                else:
                    near.setdefault(numbers[one], []).append(ids[other - len(numbers)])
            return near

        near = self._read(read)
        if not near:
            return {}
        return self._weighed(shelf, near, again)

    def _weighed(
        self,
        shelf: NounKind[Any],
        near: Mapping[int, Sequence[str | int]],
        again: Callable[[frozenset[int]], Iterator[tuple[int, str]]],
    ) -> dict[int, CopyOf]:
        earlier = {other for others in near.values() for other in others if isinstance(other, int)}
        kept: dict[int, frozenset[int]] = {}
        best: dict[int, CopyOf] = {}
        for row, text in again(frozenset(near) | earlier):
            own = shingles(text)
            if row in earlier:
                kept[row] = own
            others = near.get(row, ())
            ids = [other for other in others if isinstance(other, str)]
            texts = self._read(lambda work, wanted=ids: _some_texts(work, shelf, wanted))  # type: ignore[misc]
            found = [
                CopyOf(max(like.share, like.part), id=id_)
                for id_, other in texts.items()
                if (like := likeness(own, shingles(other))).copied()
            ]
            found += [
                CopyOf(max(like.share, like.part), row=other)
                for other in others
                if isinstance(other, int) and (like := likeness(own, kept[other])).copied()
            ]
            if found:
                best[row] = max(found, key=lambda one: (one.share, one.id, -one.row))
        return best


def _texts(work: Work, shelf: NounKind[Any]) -> Iterator[tuple[str, str]]:
    query = Query(where=_STANDING, limit=_READ)
    for row in work.in_order(shelf.name, query, work.scope(Action.READ, shelf.name)):
        yield row.id, copied_text(work.noun(shelf, row))


def _some_texts(work: Work, shelf: NounKind[Any], ids: Sequence[str]) -> dict[str, str]:
    found = {}
    for start in range(0, len(ids), _READ):
        for row in work.tx.get(shelf.name, ids[start : start + _READ]):
            found[row.id] = copied_text(work.noun(shelf, row))
    return found


def _compared(
    work: Work, shelf: NounKind[Any], pairs: Iterator[tuple[str, str]]
) -> Iterator[tuple[str, str, Likeness]]:
    """Compare candidates word for word, some at a time."""
    while chunk := list(islice(pairs, _READ)):
        ids = list(dict.fromkeys(id_ for pair in chunk for id_ in pair))
        texts = _some_texts(work, shelf, ids)
        known = {id_: shingles(text) for id_, text in texts.items()}
        for one, other in chunk:
            yield one, other, likeness(known[one], known[other])
