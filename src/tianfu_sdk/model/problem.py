"""What a check of a document of strangers finds: XLIFF, TMX, TBX."""

from __future__ import annotations

import attrs

from tianfu_sdk.model.base import Labelled

__all__ = ["Problem", "Severity"]


class Severity(Labelled):
    """What a problem makes of a document."""

    ERROR = "error", "错误", "error"
    """It breaks a rule of its format."""
    WARNING = "warning", "警告", "warning"
    """It breaks none, but something is missing or looks wrong."""


@attrs.frozen
class Problem:
    """A place where a document breaks a rule."""

    rule: str
    """Stable, such as `id.duplicate`."""
    severity: Severity
    line: int
    """From 1, where the element begins."""
    path: str
    """Such as `/tmx/body/tu[2]/tuv[1]/seg`: ids, or else places."""
    message: str
    """English."""
    message_zh: str = ""
    """Chinese."""

    def text(self, language: str = "en") -> str:
        """Give the message in `zh` or `en`."""
        return self.message_zh if language.startswith("zh") else self.message
