"""Glossaries (术语库): what a concept is called in each language, and what it is not called."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tianfu_sdk import catalogue
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import language_tag, region_code
from tianfu_sdk.model.checks import text as sized
from tianfu_sdk.model.problem import Problem

__all__ = ["Concept", "GlossaryReport", "GlossaryTerm", "TermHit", "TermProblem", "TermStatus"]


class TermStatus(Labelled):
    """May a term be used?"""

    PREFERRED = "preferred", "首选", "preferred"
    ADMITTED = "admitted", "可用", "admitted"
    VARIANT = "variant", "异写", "variant"
    """Another spelling: known when it is read, and not to be written."""
    FORBIDDEN = "forbidden", "禁用", "forbidden"


@attrs.frozen(kw_only=True)
class GlossaryTerm:
    """What a concept is called in one language."""

    language: str = attrs.field(metadata=language_tag)
    text: str = attrs.field(metadata=sized(200, shortest=1))
    status: TermStatus = TermStatus.PREFERRED
    part_of_speech: str = attrs.field(default="", metadata=sized(40))
    note: str = attrs.field(default="", metadata=sized(500))


@attrs.frozen(kw_only=True)
class Concept(Noun):
    """An entry of a glossary: one concept and its terms in any number of languages."""

    organization: str
    region: str = attrs.field(metadata=region_code)
    terms: tuple[GlossaryTerm, ...]
    subject: str = attrs.field(default="", metadata=sized(100))
    """Field that it belongs to, such as 医学."""
    definition: str = attrs.field(default="", metadata=sized(2000))
    note: str = attrs.field(default="", metadata=sized(500))
    required: bool = False
    """A translation that has none of its terms is not approved; else that is only told. What
    is forbidden is refused in any case."""
    active: bool = True
    external_id: str = attrs.field(default="", metadata=sized(200))
    """Id in the file that it came from."""

    def _check(self) -> None:
        if not self.terms:
            raise Invalid("glossary.no_term", path="terms")
        seen: dict[tuple[str, str], int] = {}
        for place, term in enumerate(self.terms):
            first = seen.setdefault((term.language, term.text), place)
            if first != place:
                raise Invalid("glossary.same_term", path=f"terms[{place}]", first=first)

    def named(self, language: str, *statuses: TermStatus) -> tuple[GlossaryTerm, ...]:
        """Give its terms of a language, or those of them that have one of these statuses."""
        return tuple(
            term
            for term in self.terms
            if term.language == language and (not statuses or term.status in statuses)
        )


@attrs.frozen(kw_only=True)
class TermHit:
    """A term in a text."""

    concept: str
    """Id."""
    term: GlossaryTerm
    start: int
    """In characters of the text as it was given."""
    end: int
    """Without the particle that may be attached."""
    sure: bool = True
    """False: the ར or ས after it may be part of another word."""


@attrs.frozen(kw_only=True)
class TermProblem:
    """What is wrong with the terms of a translation, and where."""

    code: str
    """`glossary.forbidden`, `glossary.variant`, or `glossary.missing`."""
    severity: str
    """`error`: it is not approved so; or `warning`."""
    concept: str
    """Id."""
    field: str = ""
    """Of the translation, such as `body`."""
    start: int
    """In the translation; of `glossary.missing` in the source."""
    end: int
    values: Mapping[str, str] = attrs.field(factory=dict, hash=False)

    def text(self, language: str = "en") -> str:
        """Say it in `en` or `zh`."""
        shown = "zh" if language.startswith("zh") else "en"
        return catalogue.render(self.code, shown, self.values)


@attrs.frozen(kw_only=True)
class GlossaryReport:
    """What became of a file of terms."""

    concepts: int
    added: int
    changed: int
    unchanged: int
    problems: tuple[Problem, ...] = ()
    """Warnings; with an error nothing is taken in."""
