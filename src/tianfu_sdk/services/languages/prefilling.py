"""What the translation memory and the glossary know of a task, before any engine is asked."""

from __future__ import annotations

from collections.abc import Mapping

from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.core.languages.memory import context_of
from tianfu_sdk.core.rows.kinds import MEMORY_UNIT, TRANSLATION
from tianfu_sdk.errors import Denied
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.storage import Group
from tianfu_sdk.model.translation import Ok, SegmentState
from tianfu_sdk.model.translation_task import TranslationTask
from tianfu_sdk.services.desk.tools import Tools
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.languages.remembering import Remembered
from tianfu_sdk.text import canonical_language

__all__ = ["GLOSSARY", "MEMORY", "around", "memory_of", "memory_scope", "prefilled"]

MEMORY = "memory"
"""Stands for the translation memory where an engine is named."""
GLOSSARY = "glossary"
"""Stands for the glossary where an engine is named."""


def memory_scope(work: Work) -> tuple[Group, ...] | None:
    """Give where the actor may translate: grants speak of `translation`."""
    if work.actor.account is None and not work.actor.system:
        raise Denied("account.required")
    return work.scope(Action.TRANSLATE, TRANSLATION.name)


def memory_of(tools: Tools) -> Remembered:
    """Give the translation memory of a hub."""
    found: Remembered | None = tools.kept.get("memory")
    if found is None:
        made = Remembered(tools.settings.translation.memory_units)
        found = tools.kept.setdefault("memory", made)
    return found


def around(task: TranslationTask, place: int) -> str:
    """Give the context of a segment, as the memory tells it."""
    return context_of(
        task.segments[place - 1].source if place else "",
        task.segments[place + 1].source if place + 1 < len(task.segments) else "",
    )


def prefilled(
    work: Work, task: TranslationTask, glossary: Glossary, engine: str | None
) -> Mapping[str, Ok]:
    """Give what is known of empty segments without any engine.

    Args:
        work: Reading.
        task: As it stands.
        glossary: Of its organization.
        engine: `MEMORY` or `GLOSSARY`: that alone; None: both, the memory first; another one:
            neither.

    Returns:
        By source text: an approved translation of the same text, of the same context rather
        than another; else the preferred term of a text that is one, such as a name.
    """
    found: dict[str, Ok] = {}
    for place, one in enumerate(task.segments):
        if one.state is not SegmentState.EMPTY:
            continue
        said = _remembered(work, task, place) if engine in {None, MEMORY} else ""
        origin = MEMORY
        if not said and engine in {None, GLOSSARY}:
            said = glossary.preferred(one.source, task.source_language, task.language)
            origin = GLOSSARY
        if said:
            found.setdefault(one.source, Ok(id=one.id, text=said, origin=origin))
    return found


def _remembered(work: Work, task: TranslationTask, place: int) -> str:
    text, context = task.segments[place].source, around(task, place)
    source, target = canonical_language(task.source_language), task.language
    held = memory_of(work.tools).exact(work, text, source, target, memory_scope(work))
    # The same but for width or case is nearly the same: for people to look at.
    keys = [one.key for one in held if one.same]
    units = [work.noun(MEMORY_UNIT, row) for row in work.tx.get(MEMORY_UNIT.name, keys)]
    # Read again, so that nothing is told that the store has not.
    fit = [unit for unit in units if unit.active and unit.said(target)]
    fit.sort(key=lambda unit: (unit.context != context, unit.id))
    said = fit[0].said(target) if fit else None
    return said.text if said else ""
