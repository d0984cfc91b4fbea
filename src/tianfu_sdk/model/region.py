"""Regions (行政区划) by GB/T 2260 code, each row valid for a while."""

from __future__ import annotations

from datetime import date

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import both, each, region_code, text, unique

__all__ = ["Region", "RegionAmendment", "RegionLevel", "RekeyStep"]


class RegionLevel(Labelled):
    """A level of the administrative tree."""

    PROVINCE = "province", "省级", "province"
    PREFECTURE = "prefecture", "地级", "prefecture"
    COUNTY = "county", "县级", "county"

    @classmethod
    def of_code(cls, code: str) -> RegionLevel:
        """Give the level that the digits of a code say.

        Source:
            GB/T 2260: two digits each for province, prefecture and county; 00 is none.
        """
        if code.endswith("0000"):
            return cls.PROVINCE
        return cls.PREFECTURE if code.endswith("00") else cls.COUNTY


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
    successors: tuple[str, ...] = attrs.field(default=(), metadata=both(each(region_code), unique))
    """Codes that replaced it."""
    approximate: bool = False
    """Only the year of a change is known; it counts from 1 January."""
    source: str = attrs.field(default="", metadata=text(400))
    """The notice that made the change."""

    def _check(self) -> None:
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise Invalid("when.backwards", path="valid_to")

    def holds(self, on: date) -> bool:
        """Tell whether it is valid on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on < self.valid_to
        )


@attrs.frozen(kw_only=True, slots=False)
class RegionAmendment(Noun):
    """What a deployment says of a code instead of the shipped table."""

    code: str = attrs.field(metadata=region_code)
    rows: tuple[Region, ...]
    """All rows of the code, oldest first; those of the table count no more."""

    @property
    def region(self) -> Region:
        """The latest row."""
        return self.rows[-1]


@attrs.frozen(kw_only=True)
class RekeyStep:
    """How far the re-keying of all rows by the regions of today has come."""

    kind: str = ""
    """Kind of thing that was looked at last; empty: it is done."""
    seen: int = 0
    """Things looked at."""
    changed: int = 0
    """Things found under other regions now."""
    indexed: int = 0
    """Published contents and translations indexed anew."""

    @property
    def finished(self) -> bool:
        """Whether all is done."""
        return not self.kind
