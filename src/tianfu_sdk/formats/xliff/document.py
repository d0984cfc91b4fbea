"""An XLIFF document: read, asked, and given other translations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from tianfu_sdk.formats.xliff.contents import Contents, Key, Target, Unit
from tianfu_sdk.formats.xliff.report import Problem
from tianfu_sdk.formats.xliff.writing import changed

__all__ = ["Document"]


class Document:
    """An XLIFF document. One that was changed is read again when it is first asked."""

    def __init__(self, data: bytes, read: Callable[[bytes], Contents]) -> None:
        self._data = data
        self._read = read

    @cached_property
    def contents(self) -> Contents:
        """What it says, and where."""
        return self._read(self._data)

    @property
    def data(self) -> bytes:
        """It as it is written."""
        return self._data

    @property
    def version(self) -> str:
        """Of XLIFF, such as `2.1`."""
        return self.contents.version

    @property
    def source(self) -> str:
        """Language, BCP 47."""
        return self.contents.source

    @property
    def target(self) -> str | None:
        """Language, BCP 47; None: it does not say."""
        return self.contents.target

    @property
    def units(self) -> tuple[Unit, ...]:
        """In the order of the document."""
        return self.contents.units

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What was read with a grain of salt."""
        return self.contents.warnings

    def with_targets(
        self, targets: Mapping[Key, Target], *, language: str | None = None
    ) -> Document:
        """Give a document with other translations; all other bytes stay as they are.

        Args:
            targets: By segment.
            language: Of the translations, where the document does not say it.

        Returns:
            Another document.

        Raises:
            Invalid: `xliff.unknown_segment`, `xliff.ambiguous`, `xliff.codes`, a code was
                lost, doubled or crossed; `xliff.unknown_code`; `xliff.contradiction`, text
                and state do not go together; `xliff.characters`;
                `xliff.no_target_language`, `xliff.other_language`; `markup.unwritable`.
        """
        return Document(changed(self.contents, targets, language), self._read)

    def __repr__(self) -> str:
        return f"<XLIFF {self.version}, {self.source} to {self.target}, {len(self.units)} units>"
