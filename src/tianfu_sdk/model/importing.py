"""What an import of a user's table (导入) found and did."""

from __future__ import annotations

import attrs

from tianfu_sdk.model.base import Labelled

__all__ = ["ImportPhase", "ImportReport", "ImportStep", "RowProblem"]


@attrs.frozen(kw_only=True)
class RowProblem:
    """One thing that is wrong with one row; it never holds what stands in the cell."""

    row: int
    """As a spreadsheet shows it."""
    column: str
    """As the user wrote it; empty where the row as a whole is meant."""
    code: str
    message: str
    """English."""
    message_zh: str
    shape: str = ""
    """Of the cell: `9` a digit, `字` a Chinese character, `a` a letter."""

    def text(self, language: str = "en") -> str:
        """Say it in one line, such as `row 12, column 主题: …`.

        Args:
            language: `en` or `zh`.
        """
        if language.startswith("zh"):
            column = f"“{self.column}”列" if self.column else ""
            return f"第 {self.row} 行{column}：{self.message_zh} [{self.code}]"
        column = f", column {self.column}" if self.column else ""
        return f"row {self.row}{column}: {self.message} [{self.code}]"


class ImportPhase(Labelled):
    """Which of its two passes an import is in."""

    CHECK = "check", "校验", "checking"
    LOAD = "load", "写入", "writing"


@attrs.frozen(kw_only=True)
class ImportStep:
    """How far an import has come; handed to `progress` after each batch."""

    phase: ImportPhase
    rows: int
    """Rows read in this pass."""
    share: float | None = None
    """Of this pass, 0 to 1; None: not known (a workbook that is checked)."""


@attrs.frozen(kw_only=True)
class ImportReport:
    """What an import found and did."""

    kind: str
    rows: int
    """Rows with any content, the row of column names apart."""
    bad: int
    """Rows that have a problem."""
    problems: tuple[RowProblem, ...] = ()
    """In the order of the rows, the first 1,000."""
    more: int = 0
    """Problems beyond those."""
    created: int = 0
    """Rows that became a draft; of a check: that would."""
    updated: int = 0
    """Rows whose content here was changed into a new draft; of a check: that would be."""
    unchanged: int = 0
    """Rows that stand here already, word for word."""
    skipped: int = 0
    """Rows that were left out, bad ones and copies; of a check: 0."""
    copies: int = 0
    """Rows that look like edited copies of a content, or of an earlier row; 0 where nobody
    looked."""
    warnings: tuple[RowProblem, ...] = ()
    """What looks like a copy of what, the first 1,000."""
    resumed_after: int = 0
    """Number of the row after which an import that was cut off went on; 0: it did not."""

    @property
    def fine(self) -> int:
        """Rows without a problem."""
        return self.rows - self.bad
