"""What happened in regions, seen under the map of then or of today."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date

from tianfu_sdk.core.places.regions import LEVELS, Levels, RegionTree
from tianfu_sdk.model.indicator import AsOf

__all__ = ["RegionView"]


class RegionView:
    """Tells where a code counts. Each code counts in one place, so that sums add up.

    A region that was divided, and of which today several stand, counts for the nearest one
    that holds all of them, such as their prefecture. One that ended and was succeeded by
    none that the table knows keeps its own code, under what lay above it at the end.

    Args:
        tree: The regions.
        as_of: Under which map.
        today: This day in China.
    """

    def __init__(self, tree: RegionTree, as_of: AsOf, today: date) -> None:
        self._tree = tree
        self._as_of = as_of
        self._today = today
        self._known: dict[tuple[str, int], tuple[str, Levels]] = {}

    def seen(self, code: str, on: date) -> tuple[str, Levels]:
        """Give the code under which something counts, and what lies above it.

        Args:
            code: Of what happened; empty or unknown codes count for themselves alone.
            on: The day on which it happened, in China.
        """
        day = self._today if self._as_of is AsOf.TODAY else on
        # Looked up once between two changes of the map: a year has 365 days, but few of them.
        place = code, bisect_right(self._tree.changes, day)
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._look(code, day)
        return known

    def candidates(self, region: str) -> frozenset[str]:
        """Give the codes of which some event may count within a region.

        Args:
            region: A code that the tree knows.

        Returns:
            All of them; under the map of then perhaps others that only lay there for a time.
        """
        found = self._tree.beneath(region)
        if self._as_of is AsOf.THEN:
            return found
        # What was moved here from elsewhere names what stands here now as its successor.
        more = set(found)
        for code in self._tree.ended():
            if self.seen(code, self._today)[1].within(region):
                more.add(code)
        return frozenset(more)

    def _look(self, code: str, day: date) -> tuple[str, Levels]:
        if not code or not self._tree.knows(code):
            return code, Levels()
        if self._as_of is AsOf.THEN:
            return code, self._tree.levels_on(code, day)
        stand = self._tree.resolve(code, day)
        if not stand:
            return code, self._tree.levels_on(code, day)
        common = self._tree.levels_on(stand[0].code, day)
        for region in stand[1:]:
            common = _common(common, self._tree.levels_on(region.code, day))
        return (common.codes[-1] if common.codes else code), common


def _common(one: Levels, other: Levels) -> Levels:
    found = {}
    for level in LEVELS:
        value = getattr(one, level)
        if value != getattr(other, level):
            break
        found[level] = value
    return Levels(**found)
