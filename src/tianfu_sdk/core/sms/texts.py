"""What is wrong with the texts of a campaign: signature, template, values, words, limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from tianfu_sdk.core.sms.campaign import Composed, final_text
from tianfu_sdk.core.sms.templates import (
    compare,
    fixed_in,
    link_spans,
    value_problems,
    values_of,
)
from tianfu_sdk.core.sms.words import Words
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.sms import Campaign, SmsCapabilities, TextRules
from tianfu_sdk.model.template import Comparison, Severity, SmsProblem, SmsTemplate

__all__ = ["Frame", "comparison", "demand_none", "examine", "fitting", "nearest"]


@attrs.frozen(kw_only=True)
class Frame:
    """What the texts of a campaign are held against."""

    capabilities: SmsCapabilities
    suffix: str
    """How to refuse."""
    now: datetime
    templates: Mapping[str, SmsTemplate]
    """By language: named by the campaign, or found fitting."""
    known: Sequence[SmsTemplate] = ()
    """Others of the gateway."""
    default: bool = False
    """Its settings name a template for texts that are of none; one variable carries the text."""
    words: Words
    """Of the lists that hold for it."""


def fitting(
    campaign: Campaign, language: str, known: Iterable[SmsTemplate], frame: Frame
) -> SmsTemplate | None:
    """Choose the template that a text is of, where the campaign names none.

    Args:
        campaign: The task.
        language: Of the text.
        known: Templates of its gateway.
        frame: Suffix, rules and moment; its templates do not count.

    Returns:
        Of those that match within all limits the one with the most fixed text; None where
        there is none.
    """
    text, rules = campaign.texts[language], frame.capabilities.rules
    ways = {final_text(text, campaign.signature, suffix) for suffix in ("", frame.suffix)}
    found = [
        template
        for template in known
        if template.usable(frame.now)
        and _signed(template, campaign.signature)
        # Asked first: to lay out a difference takes a hundred times as long.
        and any(values_of(template, way, rules) is not None for way in ways)
        and not comparison(campaign, language, template, frame).problems
    ]
    return max(found, key=lambda one: (fixed_in(one), one.id), default=None)


def nearest(
    campaign: Campaign, language: str, known: Iterable[SmsTemplate], frame: Frame
) -> Comparison | None:
    """Compare a text with the template that it has the most pairs of characters in common with."""
    text = campaign.texts[language]
    pairs = {text[at : at + 2] for at in range(len(text) - 1)}

    def common(template: SmsTemplate) -> tuple[int, str]:
        own = {template.text[at : at + 2] for at in range(len(template.text) - 1)}
        return len(pairs & own), template.id

    usable = [one for one in known if one.usable(frame.now)]
    best = max(usable, key=common, default=None)
    return comparison(campaign, language, best, frame) if best is not None else None


def comparison(
    campaign: Campaign, language: str, template: SmsTemplate, frame: Frame
) -> Comparison:
    """Compare a text of a campaign with a template; offsets are those of the text that goes out."""
    rules, path = frame.capabilities.rules, f"texts.{language}"
    text = campaign.texts[language]
    bare = final_text(text, campaign.signature, "")
    whole = final_text(text, campaign.signature, frame.suffix)
    says = template.text.rstrip().endswith(frame.suffix)
    likely = (whole, bare) if says else (bare, whole)
    matching = (one for one in likely if values_of(template, one, rules) is not None)
    return compare(template, next(matching, likely[0]), rules, path)


def examine(
    campaign: Campaign, composed: Mapping[str, Composed], frame: Frame
) -> tuple[SmsProblem, ...]:
    """Say what is wrong with the texts of a campaign.

    Args:
        campaign: The task.
        composed: Its texts as they go out.
        frame: What they are held against.

    Returns:
        Problems, those that are refused first; offsets of what is no template's are those of
        the text as it was written.
    """
    found = [*_signature(campaign, frame.capabilities.rules), *_words(campaign, frame.words)]
    for language, one in composed.items():
        path = f"texts.{language}"
        found += _brackets(campaign, language)
        found += _content(campaign.texts[language], path, frame.capabilities.rules)
        found += _template(campaign, language, one.text, frame)
        if one.too_long:
            found.append(
                SmsProblem(
                    code="sms.too_long",
                    severity=Severity.WARN,
                    path=path,
                    values={"units": one.units, "most": frame.capabilities.longest},
                )
            )
    return tuple(sorted(found, key=lambda problem: problem.severity is not Severity.REFUSE))


def demand_none(problems: Iterable[SmsProblem]) -> None:
    """Demand that nothing is refused.

    Raises:
        Invalid: With the code, path and offsets of the first problem that is.
    """
    for problem in problems:
        if problem.severity is Severity.REFUSE:
            values: dict[str, Any] = dict(problem.values)
            raise Invalid(problem.code, path=problem.path, **values)


def _signature(campaign: Campaign, rules: TextRules) -> Iterator[SmsProblem]:
    length = len(campaign.signature)
    if not rules.shortest_signature <= length <= rules.longest_signature:
        yield SmsProblem(
            code="sms.signature_length",
            severity=Severity.REFUSE,
            path="signature",
            values={
                "length": length,
                "shortest": rules.shortest_signature,
                "longest": rules.longest_signature,
            },
        )


def _brackets(campaign: Campaign, language: str) -> Iterator[SmsProblem]:
    """Look for a second signature: exactly one stands before or after a text."""
    text = campaign.texts[language]
    own = f"【{campaign.signature}】"
    lead = len(text) - len(text.lstrip())
    start = lead + len(own) if text.startswith(own, lead) else lead
    places = [at for at in range(start, len(text)) if text[at] in "【】"]
    if not places:
        return
    rest = text[start:].strip()
    spans = tuple((at, at + 1) for at in places)
    if own in rest:
        at = text.index(own, start)
        code, severity, spans = "sms.signature_in_text", Severity.REFUSE, ((at, at + len(own)),)
    elif rest[0] == "【" or rest[-1] == "】":
        code, severity = "sms.second_signature", Severity.REFUSE
    else:
        code, severity = "sms.brackets", Severity.WARN
    yield SmsProblem(
        code=code,
        severity=severity,
        path=f"texts.{language}",
        spans=spans,
        values={"spans": _written(spans)},
    )


def _content(text: str, path: str, rules: TextRules) -> Iterator[SmsProblem]:
    links = () if rules.links else link_spans(text)
    banned = tuple(
        (at, at + len(word))
        for word in rules.forbidden
        for at in range(len(text))
        if text.startswith(word, at)
    )
    for code, spans in (("sms.link", links), ("sms.forbidden", banned)):
        if spans:
            yield SmsProblem(
                code=code,
                severity=Severity.REFUSE,
                path=path,
                spans=spans,
                values={"spans": _written(spans)},
            )


def _words(campaign: Campaign, words: Words) -> Iterator[SmsProblem]:
    fields = {f"texts.{language}": text for language, text in campaign.texts.items()}
    for path, text in {"signature": campaign.signature, **fields}.items():
        by_list: dict[tuple[str, Severity], list[tuple[int, int]]] = {}
        for hit in words.scan(text):
            by_list.setdefault((hit.list, hit.severity), []).append((hit.start, hit.end))
        for (list_, severity), spans in by_list.items():
            yield SmsProblem(
                code="sms.words",
                severity=severity,
                path=path,
                spans=tuple(spans),
                values={"list": list_, "spans": _written(spans)},
            )


def _template(campaign: Campaign, language: str, text: str, frame: Frame) -> Iterator[SmsProblem]:
    template = frame.templates.get(language)
    path = f"templates.{language}"
    if template is None:
        if frame.capabilities.templates != "required":
            return
        if frame.default:
            yield from value_problems(text, frame.capabilities.rules, f"texts.{language}")
        else:
            yield SmsProblem(
                code="sms.no_template",
                severity=Severity.REFUSE,
                path=path,
                values={"gateway": campaign.gateway},
                comparison=nearest(campaign, language, frame.known, frame),
            )
        return
    if not template.usable(frame.now):
        yield SmsProblem(
            code="sms.template_unusable",
            severity=Severity.REFUSE,
            path=path,
            values={"template": template.code},
        )
    if not _signed(template, campaign.signature):
        yield SmsProblem(
            code="sms.template_signature",
            severity=Severity.REFUSE,
            path="signature",
            values={"template": template.code},
        )
    found = comparison(campaign, language, template, frame)
    for problem in found.problems:
        yield attrs.evolve(problem, comparison=found)
    if found.matches and frame.suffix and not template.text.rstrip().endswith(frame.suffix):
        bare = final_text(campaign.texts[language], campaign.signature, "")
        if not bare.endswith(frame.suffix):
            yield SmsProblem(
                code="sms.no_refusal",
                severity=Severity.WARN,
                path=path,
                values={"template": template.code},
            )


def _signed(template: SmsTemplate, signature: str) -> bool:
    return not template.signatures or signature in template.signatures


def _written(spans: Iterable[tuple[int, int]]) -> str:
    return ", ".join(f"{start}-{end}" for start, end in spans)
