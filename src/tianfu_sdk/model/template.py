"""What a text is held against: approved templates (短信模板) and lists of words (敏感词)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import attrs

from tianfu_sdk import catalogue
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import (
    at_least,
    aware,
    both,
    each,
    language_tag,
    matching,
    region_code,
    text,
    unique,
)

__all__ = [
    "Comparison",
    "Segment",
    "Severity",
    "SmsProblem",
    "SmsTemplate",
    "TemplateState",
    "TemplateVariable",
    "ValueForm",
    "WordHit",
    "WordList",
]

_NAME = r"[A-Za-z0-9_]{1,32}"
_SIGNATURES = both(each(text(20, shortest=2)), unique)


class ValueForm(Labelled):
    """What may stand for a variable of a template."""

    ANY = "any", "任意文字", "any text"
    DIGITS = "digits", "仅数字", "digits only"
    LINK = "link", "可含链接", "a link may stand in it"


@attrs.frozen(kw_only=True)
class TemplateVariable:
    """A variable of a template, such as `city` of `${city}`, or `1` of `{1}`."""

    name: str = attrs.field(metadata=matching(_NAME, "template.bad_name"))
    shortest: int = attrs.field(default=1, metadata=at_least(0))
    """Characters that its value has at least."""
    longest: int = attrs.field(default=0, metadata=at_least(0))
    """Characters that its value may have; 0: as many as its gateway lets through."""
    form: ValueForm = ValueForm.ANY

    def _check(self) -> None:
        if 0 < self.longest < self.shortest:
            raise Invalid(
                "field.too_small", path="longest", value=self.longest, least=self.shortest
            )


class TemplateState(Labelled):
    """Whether a template may be used."""

    APPROVED = "approved", "已审核通过", "approved"
    WITHDRAWN = "withdrawn", "已停用", "withdrawn"


@attrs.frozen(kw_only=True)
class SmsTemplate(Noun):
    """A text that the operator of a gateway has approved (短信模板)."""

    name: str = attrs.field(metadata=text(100, shortest=1))
    organization: str
    """Who looks after it."""
    region: str = attrs.field(metadata=region_code)
    gateway: str = attrs.field(metadata=text(64, shortest=1))
    """Name of the gateway that takes it."""
    code: str = attrs.field(metadata=text(64, shortest=1))
    """The vendor's, such as SMS_154950909."""
    text: str = attrs.field(metadata=text(2000, shortest=1))
    """As approved, without the signature; a variable is written `${name}`."""
    variables: tuple[TemplateVariable, ...] = ()
    """In the order of the vendor: numbered ones by number, others as they stand first."""
    signatures: tuple[str, ...] = attrs.field(default=(), metadata=_SIGNATURES)
    """That it may be sent under, without brackets; empty: any."""
    language: str = attrs.field(default="zh-Hans", metadata=language_tag)
    valid_from: datetime | None = attrs.field(default=None, metadata=aware)
    """First moment at which it may be used."""
    valid_until: datetime | None = attrs.field(default=None, metadata=aware)
    """First moment at which it may not be used any more."""
    state: TemplateState = TemplateState.APPROVED

    def usable(self, now: datetime) -> bool:
        """Tell whether it may be used at a moment."""
        return (
            self.state is TemplateState.APPROVED
            and (self.valid_from is None or self.valid_from <= now)
            and (self.valid_until is None or now < self.valid_until)
        )


@attrs.frozen(kw_only=True)
class Segment:
    """A piece of a draft beside its template; reprs show no text."""

    kind: Literal["same", "variable", "missing", "extra"]
    """`same` in both; the value of a `variable`; `missing` from the draft; `extra` in it."""
    text: str = attrs.field(repr=False)
    start: int
    """Where it stands in the draft, in characters; of what is missing: where it should."""
    end: int
    name: str = ""
    """Of the variable."""


@attrs.frozen(kw_only=True)
class Comparison:
    """A draft held against an approved template."""

    template: str
    """Its id."""
    matches: bool
    values: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """Names and values of the variables, in the template's order; empty unless it matches."""
    ambiguous: bool = False
    """Other values would give the same text; of those the first variables take the most."""
    difference: tuple[Segment, ...] = ()
    problems: tuple[SmsProblem, ...] = ()

    def __str__(self) -> str:
        marks = {"same": "{}", "missing": "[-{}-]", "extra": "{{+{}+}}"}
        return "".join(
            f"${{{one.name}={one.text}}}"
            if one.kind == "variable"
            else marks[one.kind].format(one.text)
            for one in self.difference
        )


class Severity(Labelled):
    """What follows from a problem."""

    REFUSE = "refuse", "拒绝", "refuse"
    WARN = "warn", "提示", "warn"


@attrs.frozen(kw_only=True)
class SmsProblem:
    """What is wrong with a campaign's text; says where, and never what stands there."""

    code: str
    """As of an error, such as `sms.template_mismatch`."""
    severity: Severity
    path: str
    """Field of the campaign, such as `texts.zh-Hans`."""
    gateway: str = ""
    """Which of several gateways does not take it; empty: whichever it goes through."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where in that field, in characters: start and end."""
    values: Mapping[str, str | int] = attrs.field(factory=dict)
    comparison: Comparison | None = attrs.field(default=None, repr=False)
    """With the template that it should be of, or that is nearest."""

    def text(self, language: str = "en") -> str:
        """Say it in `en` or `zh`."""
        return catalogue.render(self.code, "zh" if language.startswith("zh") else "en", self.values)


@attrs.frozen(kw_only=True)
class WordList(Noun):
    """Words that science SMS may not, or should not, have in them (敏感词)."""

    name: str = attrs.field(metadata=text(100, shortest=1))
    organization: str
    """It holds for campaigns of this organization and of those below it."""
    region: str = attrs.field(metadata=region_code)
    severity: Severity = Severity.REFUSE
    words: tuple[str, ...] = attrs.field(repr=False)
    separated: bool = True
    """Also where blanks, dots or the like stand between a word's characters."""
    active: bool = True


@attrs.frozen(kw_only=True)
class WordHit:
    """Where a word of a list stands; it does not say which."""

    list: str
    """Id of the list."""
    severity: Severity
    start: int
    """In characters of the text as it was given."""
    end: int
