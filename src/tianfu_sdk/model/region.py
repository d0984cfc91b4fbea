"""Regions (行政区划) by GB/T 2260 code, each row valid for a while."""

from __future__ import annotations

from datetime import date

import attrs

from tianfu_sdk.model.base import Labelled
from tianfu_sdk.model.checks import region_code, text

__all__ = ["Region", "RegionLevel"]


class RegionLevel(Labelled):
    """A level of the administrative tree."""

    PROVINCE = "province", "省级", "province"
    PREFECTURE = "prefecture", "地级", "prefecture"
    COUNTY = "county", "县级", "county"


@attrs.frozen(kw_only=True)
class Region:
    """A region as it was for a while; one code may have several rows, one after the other.

    Source:
        GB/T 2260; history of Sichuan by notices of the State Council and the Ministry of
        Civil Affairs (国函, 民函) as far as `source` names them.
    """

    code: str = attrs.field(metadata=region_code)
    """Six digits, such as 510185 (简阳市)."""
    name: str = attrs.field(metadata=text(40, shortest=1))
    level: RegionLevel
    parent: str | None = attrs.field(default=None, metadata=region_code)
    """Code of the region above, valid at the same time; None for a province."""
    valid_from: date | None = None
    """First day; None: not known, it held as far back as the table goes."""
    valid_to: date | None = None
    """First day on which it holds no more; None: it holds today."""
    successors: tuple[str, ...] = ()
    """Codes that replaced it."""
    approximate: bool = False
    """Only the year of a change is known; it counts from 1 January."""
    source: str = ""
    """The notice that made the change."""

    def holds(self, on: date) -> bool:
        """Tell whether it is valid on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on < self.valid_to
        )
