"""The desk of regions; anybody may read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import attrs

from tianfu_sdk.core.regions import RegionTree
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.region import Region
from tianfu_sdk.ports.clock import Clock

__all__ = ["Regions"]


@attrs.frozen
class Regions:
    """Look regions up by GB/T 2260 code, on any day.

    Outside Sichuan the table has today's codes without their history; for Sichuan it has
    validity and successors since the end of 2000. Safe to share between threads.
    """

    _tree: Callable[[], RegionTree]
    _clock: Clock

    def get(self, code: str, on: date | None = None) -> Region:
        """Give a region as it was on a day.

        Args:
            code: Six digits, such as 510185.
            on: The day in China; None: today.

        Raises:
            NotFound: `region.unknown`, no such code; `region.not_valid`, not on that day,
                with its successors in the text.
            Invalid: `field.type`, a number for a code, or a text for a day.
        """
        return self._tree().get(code, self._day(code, on))

    def children(self, code: str | None = None, on: date | None = None) -> list[Region]:
        """Give the regions right below one, by code; of None the provinces."""
        return self._tree().children(code, self._day(code, on))

    def ancestors(self, code: str, on: date | None = None) -> list[Region]:
        """Give the regions above one, nearest first."""
        return self._tree().ancestors(code, self._day(code, on))

    def resolve(self, code: str, on: date | None = None) -> list[Region]:
        """Follow an old code to the regions that stand for it on a day.

        Args:
            code: Such as 512081 (简阳 until 2015).
            on: The day; None: today.

        Returns:
            Usually one; several where it was divided.
        """
        return self._tree().resolve(code, self._day(code, on))

    def _day(self, code: str | None, on: date | None) -> date:
        if code is not None:
            demand_type(code, str, "code")
        if on is not None:
            demand_type(on, date, "on")
            return on
        return self._clock.now().astimezone(SHANGHAI).date()
