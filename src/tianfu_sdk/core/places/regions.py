"""The tree of regions and how it changed."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import attrs

from tianfu_sdk.errors import NotFound
from tianfu_sdk.model.region import Region, RegionLevel

__all__ = ["LEVELS", "Levels", "RegionTree"]

LEVELS = ("province", "prefecture", "county")
"""Names of the key columns that hold a region's ancestors."""


@attrs.frozen
class Levels:
    """A region and its ancestors by level; empty where there is none."""

    province: str = ""
    prefecture: str = ""
    county: str = ""

    def within(self, code: str) -> bool:
        """Tell whether this place lies in the subtree of a region."""
        return code in (self.province, self.prefecture, self.county)

    @property
    def codes(self) -> tuple[str, ...]:
        """The region and its ancestors, outermost first."""
        return tuple(code for code in attrs.astuple(self) if code)


class RegionTree:
    """Regions as a tree at any day. Immutable, so safe to share.

    Args:
        regions: All rows; one code may have several, valid one after the other.
    """

    def __init__(self, regions: Iterable[Region]) -> None:
        self._rows: dict[str, list[Region]] = {}
        self._below: dict[str | None, list[Region]] = {}
        for region in regions:
            self._rows.setdefault(region.code, []).append(region)
            self._below.setdefault(region.parent, []).append(region)
        for rows in self._rows.values():
            rows.sort(key=lambda r: r.valid_from or date.min)
        for rows in self._below.values():
            rows.sort(key=lambda r: (r.code, r.valid_from or date.min))
        self._levels: dict[str, Levels] = {}
        self._fingerprint = ""

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._rows.values())

    def knows(self, code: str) -> bool:
        """Tell whether a code ever was valid."""
        return code in self._rows

    @property
    def codes(self) -> Iterable[str]:
        """All codes that ever were valid."""
        return self._rows.keys()

    def rows(self, code: str) -> tuple[Region, ...]:
        """Give all rows of a code, oldest first; none where it never was one."""
        return tuple(self._rows.get(code, ()))

    def rows_below(self, code: str) -> tuple[Region, ...]:
        """Give all rows that ever lay right below a code."""
        return tuple(self._below.get(code, ()))

    def named_by(self, code: str) -> tuple[Region, ...]:
        """Give all rows that name a code as a successor."""
        return tuple(r for rows in self._rows.values() for r in rows if code in r.successors)

    def amended(self, rows: Mapping[str, Sequence[Region]]) -> RegionTree:
        """Give the tree with other rows of some codes; of none the code never was valid."""
        kept = (r for code, known in self._rows.items() if code not in rows for r in known)
        return RegionTree([*kept, *(r for some in rows.values() for r in some)])

    def fingerprint(self) -> str:
        """Give a digest of all codes and their ancestors: what rows are keyed by."""
        if not self._fingerprint:
            digest = hashlib.sha256()
            for code in sorted(self._rows):
                digest.update(f"{code}:{','.join(self.levels(code).codes)}\n".encode())
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    def get(self, code: str, on: date) -> Region:
        """Give a region as it was on a day.

        Raises:
            NotFound: `region.unknown`, no such code; `region.not_valid`, not on that day.
        """
        rows = self._rows.get(code)
        if not rows:
            raise NotFound("region.unknown", path="code", value=code[:20])
        for region in rows:
            if region.holds(on):
                return region
        raise NotFound(
            "region.not_valid",
            path="code",
            value=code,
            on=on.isoformat(),
            successors=", ".join(rows[-1].successors) or "-",
        )

    def children(self, code: str | None, on: date) -> list[Region]:
        """Give the regions right below one on a day, by code; of None the provinces."""
        return [region for region in self._below.get(code, ()) if region.holds(on)]

    def ancestors(self, code: str, on: date) -> list[Region]:
        """Give the regions above one on a day, nearest first.

        Raises:
            NotFound: As `get`.
        """
        found = []
        region = self.get(code, on)
        while region.parent is not None:
            region = self.get(region.parent, on)
            found.append(region)
        return found

    def resolve(self, code: str, on: date) -> list[Region]:
        """Follow a code to the regions that stand for it on a day.

        Args:
            code: Any code that ever was valid.
            on: The day.

        Returns:
            The region itself where it is valid then, else its successors; several where it
            was divided, none where the table does not know.

        Raises:
            NotFound: `region.unknown`.
        """
        rows = self._rows.get(code)
        if not rows:
            raise NotFound("region.unknown", path="code", value=code[:20])
        return self._resolve(rows, on, frozenset())

    def _resolve(self, rows: Sequence[Region], on: date, seen: frozenset[str]) -> list[Region]:
        for region in rows:
            if region.holds(on):
                return [region]
        found = {}
        for successor in rows[-1].successors:
            if successor not in seen and successor in self._rows:
                for region in self._resolve(self._rows[successor], on, seen | {rows[-1].code}):
                    found[region.code] = region
        return [found[code] for code in sorted(found)]

    def places(self, codes: Iterable[str], on: date) -> tuple[Levels, ...]:
        """Give regions by level as they stand on a day: a code of old counts as what followed it.

        Raises:
            NotFound: `region.unknown`.
        """
        found: dict[Levels, None] = {}
        for code in codes:
            now = [region.code for region in self.resolve(code, on)] or [code]
            found |= dict.fromkeys(map(self.levels, now))
        return tuple(found)

    def known_as(self, code: str, on: date) -> frozenset[str]:
        """Give all codes under which a region's things may stand.

        Args:
            code: Any code that ever was valid.
            on: The day.

        Returns:
            The code, those that stand for it on the day, and those that became one of these.

        Raises:
            NotFound: `region.unknown`.
        """
        found = {code, *(region.code for region in self.resolve(code, on))}
        open_ = list(found)
        while open_:
            for before in self._became.get(open_.pop(), ()):
                if before not in found and not any(r.holds(on) for r in self._rows[before]):
                    found.add(before)
                    open_.append(before)
        return frozenset(found)

    def ended_in(self, code: str, on: date) -> frozenset[str]:
        """Give the codes that hold no more and whose successors lie in a region, or are it.

        Args:
            code: Any code that ever was valid.
            on: The day.

        Raises:
            NotFound: `region.unknown`.
        """
        now = {region.code for region in self.resolve(code, on)} or {code}
        ended = {before for some in self._became.values() for before in some}
        return frozenset(
            before
            for before in ended
            if not any(region.holds(on) for region in self._rows[before])
            and any(not now.isdisjoint(place.codes) for place in self.places((before,), on))
        )

    @functools.cached_property
    def _became(self) -> Mapping[str, Sequence[str]]:
        """Codes that ended, by what followed them."""
        found: dict[str, list[str]] = {}
        for code, rows in self._rows.items():
            for successor in rows[-1].successors:
                found.setdefault(successor, []).append(code)
        return found

    def levels(self, code: str) -> Levels:
        """Give a region and its ancestors by level, as its latest row has them.

        Raises:
            NotFound: `region.unknown`.
        """
        known = self._levels.get(code)
        if known is None:
            rows = self._rows.get(code)
            if not rows:
                raise NotFound("region.unknown", path="region", value=code[:20])
            known = self._levels[code] = self._climb(rows[-1])
        return known

    def _climb(self, region: Region) -> Levels:
        found = {region.level.value: region.code}
        # An amendment may stand on a parent that a later shipped table has no more; `doctor`
        # tells of it.
        while region.parent is not None and region.parent in self._rows:
            region = self._rows[region.parent][-1]
            found[region.level.value] = region.code
        return Levels(**found)

    def level_of(self, code: str) -> RegionLevel:
        """Give the level of a code; raises `NotFound` (`region.unknown`)."""
        rows = self._rows.get(code)
        if not rows:
            raise NotFound("region.unknown", path="region", value=code[:20])
        return rows[-1].level

    def levels_on(self, code: str, on: date) -> Levels:
        """Give a region and its ancestors by level as they stood on a day.

        A code that did not hold on that day is taken as it stood nearest to it.

        Raises:
            NotFound: `region.unknown`.
        """
        rows = self._rows.get(code)
        if not rows:
            raise NotFound("region.unknown", path="region", value=code[:20])
        region = _nearest(rows, on)
        found = {region.level.value: region.code}
        while region.parent is not None:
            region = _nearest(self._rows[region.parent], on)
            found[region.level.value] = region.code
        return Levels(**found)

    @functools.cached_property
    def changes(self) -> tuple[date, ...]:
        """The days on which something changed, in order; between two of them nothing did."""
        rows = (region for rows in self._rows.values() for region in rows)
        days = {day for region in rows for day in (region.valid_from, region.valid_to)}
        return tuple(sorted(day for day in days if day is not None))

    def ended(self) -> list[str]:
        """Give the codes that hold no more, in order."""
        return sorted(code for code, rows in self._rows.items() if rows[-1].valid_to is not None)

    def beneath(self, code: str) -> frozenset[str]:
        """Give a code and all codes that ever lay below it, however deep."""
        found = {code}
        open_ = [code]
        while open_:
            for region in self._below.get(open_.pop(), ()):
                if region.code not in found:
                    found.add(region.code)
                    open_.append(region.code)
        return frozenset(found)


def _nearest(rows: Sequence[Region], on: date) -> Region:
    """Give the row of a code that holds on a day, else the last before, else the first."""
    for region in rows:
        if region.holds(on):
            return region
    before = [region for region in rows if region.valid_to is not None and region.valid_to <= on]
    return before[-1] if before else rows[0]
