"""Open vocabularies (词表): data that a deployment can change."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tianfu_sdk.model.base import Noun
from tianfu_sdk.model.checks import matching

__all__ = ["Term"]


@attrs.frozen(kw_only=True)
class Term(Noun):
    """A term of an open vocabulary, such as `healthy_life` 健康生活 of `topic`."""

    vocabulary: str = attrs.field(metadata=matching(r"[a-z][a-z0-9_]{0,31}", "term.bad_code"))
    code: str = attrs.field(metadata=matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,26}", "term.bad_code"))
    labels: Mapping[str, str]
    """By language tag, `zh-Hans` at least."""
    parent: str | None = None
    """Code of the wider term."""
    active: bool = True
    """False: kept for what uses it, not offered any more."""

    def label(self, language: str = "zh-Hans") -> str:
        """Give the label in a language, else in Chinese, else the code."""
        return self.labels.get(language) or self.labels.get("zh-Hans") or self.code
