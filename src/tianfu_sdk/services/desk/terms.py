"""The glossary within a transaction: what holds for an organization, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.core.rows.kinds import CONCEPT
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.glossary import TermProblem
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.translation import Translation
from tianfu_sdk.model.translation_task import TextProblem, TranslationTask
from tianfu_sdk.services.desk.stamps import read_stamp
from tianfu_sdk.services.desk.work import Work

__all__ = ["STAMP", "demand_glossary", "glossary_of", "task_terms", "term_problems"]

STAMP = "glossary"
_PAGE = 1000
_KEPT = 8
"""Glossaries of organizations that a hub keeps ready."""


def glossary_of(work: Work, organization: str) -> Glossary:
    """Give the concepts that hold for an organization: its own and those above it.

    Made once for as long as no concept changes anywhere.
    """
    stamp = read_stamp(work, STAMP).name
    known = work.tools.kept.get("glossary")
    if known is None or known[0] != stamp:
        known = work.tools.kept["glossary"] = stamp, {}
    ready: dict[str, Glossary] = known[1]
    made = ready.get(organization)
    if made is None:
        _, placed = work.placed(organization)
        where = (Where("active", "=", 1), Where("organization", "in", placed.org_path))
        rows = work.in_order(CONCEPT.name, Query(where=where, limit=_PAGE), None)
        made = Glossary(work.noun(CONCEPT, row) for row in rows)
        if len(ready) >= _KEPT:
            ready.pop(next(iter(ready)), None)
        ready[organization] = made
    return made


def term_problems(work: Work, translation: Translation, source: Content) -> list[TermProblem]:
    """Hold a translation, field by field, against the glossary of its organization."""
    glossary = glossary_of(work, translation.organization)
    said: Mapping[str, str] = {
        "title": translation.title,
        "body": translation.body,
        **translation.texts,
    }
    found = []
    for field, text in said.items():
        original = getattr(source, field, "")
        if field == "body" and not original:
            original = source.summary
        problems = glossary.check(
            original,
            text,
            source_language=source.language,
            target_language=translation.language,
        )
        found += [attrs.evolve(one, field=field) for one in problems]
    return found


def demand_glossary(work: Work, translation: Translation, source: Content) -> None:
    """Demand that a translation uses no forbidden term and has those that are required.

    Raises:
        Invalid: `glossary.refused`, with the field, and all problems in its values.
    """
    found = term_problems(work, translation, source)
    errors = [one for one in found if one.severity == "error"]
    if errors:
        raise Invalid(
            "glossary.refused",
            path=errors[0].field,
            count=len(errors),
            name=errors[0].code,
            term=errors[0].values["term"],
            wanted=errors[0].values["wanted"],
            found=tuple(found),
        )


def task_terms(work: Work, task: TranslationTask) -> tuple[TextProblem, ...]:
    """Hold the segments of a task against the glossary; what was dismissed is left out."""
    glossary = glossary_of(work, task.organization)
    return tuple(
        TextProblem(
            code=problem.code,
            severity=problem.severity,
            segment=one.id,
            field=one.field,
            spans=() if problem.code == "glossary.missing" else ((problem.start, problem.end),),
            values=problem.values,
        )
        for one in task.segments
        if one.target and one.origin != "copied"
        for problem in glossary.check(
            one.source,
            one.target,
            source_language=task.source_language,
            target_language=task.language,
        )
        if problem.code not in one.dismissed
    )
