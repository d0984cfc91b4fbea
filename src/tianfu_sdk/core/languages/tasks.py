"""How the segments of a translation task move, and when it may be approved.

empty → machine_draft → needs_work → translated → reviewed → approved. A person confirms what
a machine drafted before anybody can approve it; who translated a segment neither reviews nor
approves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from tianfu_sdk import catalogue
from tianfu_sdk.core.languages import aligning
from tianfu_sdk.core.languages.text_checks import RULES, check_parts, check_segments, errors_of
from tianfu_sdk.errors import Conflict, Denied, Invalid
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.translation import Failed, Ok, SegmentState
from tianfu_sdk.model.translation_task import TaskSegment, TextProblem, TranslationTask
from tianfu_sdk.text import normalize

__all__ = [
    "approved",
    "dismissed",
    "drafted",
    "entered",
    "followed",
    "problems_of",
    "reviewed",
    "sent_back",
    "stands_in",
]

_TERMS = ("glossary.forbidden", "glossary.missing", "glossary.variant")
"""Problems with terms, which the glossary finds."""
_LONGEST_COMMENT = 1000
_LENGTH = "check.sms_parts"
_DONE = frozenset({SegmentState.TRANSLATED, SegmentState.REVIEWED, SegmentState.APPROVED})


def _changed(
    task: TranslationTask,
    ids: Iterable[str],
    change: Callable[[TaskSegment], TaskSegment],
    path: str = "segments",
) -> TranslationTask:
    """Change the segments with these ids; raises `Invalid` (`translation.no_segment`)."""
    wanted = set(ids)
    unknown = wanted - {one.id for one in task.segments}
    if unknown:
        first = min(unknown)[:40]
        raise Invalid("translation.no_segment", path=f"{path}.{first}", segment=first)
    segments = tuple(
        attrs.evolve(change(one), version=one.version + 1) if one.id in wanted else one
        for one in task.segments
    )
    return attrs.evolve(task, segments=segments, approver="")


def entered(
    task: TranslationTask,
    texts: Mapping[str, str],
    *,
    person: str,
    unfinished: bool = False,
    seen: TranslationTask | None = None,
) -> TranslationTask:
    """Decide what translations that a person enters make of a task.

    Args:
        task: As it stands.
        texts: Translations by segment id; an empty one empties the segment.
        person: Who enters them.
        unfinished: They are to be worked on: `needs_work` rather than `translated`.
        seen: The task as the person read it; None: whatever there is.

    Returns:
        The task; who entered a segment is its translator, and what was dismissed in it is not
        dismissed any more.

    Raises:
        Invalid: `translation.no_segment`.
        Conflict: `translation.segment_moved`, somebody else changed a segment since `seen`.
    """
    if seen is not None:
        _demand_unmoved(task, texts, seen)

    def change(one: TaskSegment) -> TaskSegment:
        target = normalize(texts[one.id]).strip()
        state = SegmentState.NEEDS_WORK if unfinished else SegmentState.TRANSLATED
        return attrs.evolve(
            one,
            target=target,
            state=state if target else SegmentState.EMPTY,
            origin="human" if target else "",
            translator=person if target else "",
            reviewer="",
            comment=one.comment if unfinished else "",
            previous_source=one.previous_source if unfinished else "",
            dismissed=(),
        )

    return _changed(task, texts, change, "texts")


def _demand_unmoved(task: TranslationTask, ids: Iterable[str], seen: TranslationTask) -> None:
    now = {one.id: one.version for one in task.segments}
    then = {one.id: one.version for one in seen.segments}
    for id_ in ids:
        if id_ in now and now[id_] != then.get(id_):
            raise Conflict(
                "translation.segment_moved", path=f"texts.{id_}", segment=id_, task=task.id
            )


def drafted(
    task: TranslationTask,
    texts: Mapping[str, Ok],
    *,
    person: str,
    failed: Mapping[str, Failed] | None = None,
) -> TranslationTask:
    """Put machine drafts into segments that have no translation.

    Args:
        task: As it stands.
        texts: What engines gave, by segment id; what is damaged, or in a language that stands
            in for that of the task, is to be worked on.
        person: Who asked for them, and so counts as their translator.
        failed: What engines failed at, by segment id; the comment of an empty segment says so.
    """
    failed = failed or {}

    def change(one: TaskSegment) -> TaskSegment:
        said = texts[one.id]
        to_do = said.damaged or bool(said.stand_in)
        return attrs.evolve(
            one,
            target=normalize(said.text),
            state=SegmentState.NEEDS_WORK if to_do else SegmentState.MACHINE_DRAFT,
            origin=said.origin,
            translator=person,
            comment=stands_in(said.stand_in, task.language) if said.stand_in else "",
        )

    empty = [
        one.id
        for one in task.segments
        if one.state is SegmentState.EMPTY and one.id in texts and texts[one.id].text.strip()
    ]
    changed = _changed(task, empty, change)
    # No change of what somebody may be working on: the segment keeps its version.
    segments = tuple(
        attrs.evolve(one, comment=_failures(failed[one.id]))
        if one.id in failed and one.state is SegmentState.EMPTY
        else one
        for one in changed.segments
    )
    return attrs.evolve(changed, segments=segments)


def _failures(failed: Failed) -> str:
    tried = failed.tried or ((failed.engine, failed.kind),)
    return "; ".join(f"{engine}: {kind}" for engine, kind in tried)[:_LONGEST_COMMENT]


def stands_in(language: str, wanted: str) -> str:
    """Say in Chinese and English that another language stands in for the one asked for."""
    values = {"said": language, "language": wanted}
    texts = (catalogue.render("translation.stands_in", shown, values) for shown in ("zh", "en"))
    return " / ".join(texts)


def reviewed(task: TranslationTask, ids: Iterable[str] | None, *, person: str) -> TranslationTask:
    """Decide that a person found translations right.

    Args:
        task: As it stands.
        ids: Of the segments; None: all that are translated.
        person: Who reviews; empty for the system.

    Raises:
        Invalid: `translation.no_segment`; `translation.segment_state`, there is nothing to
            review in a segment, or it is to be worked on.
        Denied: `lifecycle.system`; `lifecycle.own_work`, of a segment that this person
            translated.
    """
    _demand_person(person, "reviewer")
    wanted = _ids(task, ids, frozenset({SegmentState.TRANSLATED}))

    def change(one: TaskSegment) -> TaskSegment:
        if one.state not in (SegmentState.TRANSLATED, SegmentState.MACHINE_DRAFT):
            raise _wrong_state(one, "review")
        if one.translator == person:
            raise Denied("lifecycle.own_work", path=f"segments.{one.id}")
        return attrs.evolve(
            one, state=SegmentState.REVIEWED, reviewer=person, comment="", previous_source=""
        )

    return _changed(task, wanted, change)


def _ids(
    task: TranslationTask, ids: Iterable[str] | None, states: frozenset[SegmentState]
) -> list[str]:
    if ids is not None:
        return list(ids)
    # What is the same in any language was entered by nobody.
    return [one.id for one in task.segments if one.state in states and one.origin != "copied"]


def _wrong_state(segment: TaskSegment, verb: str) -> Invalid:
    return Invalid(
        "translation.segment_state",
        path=f"segments.{segment.id}",
        segment=segment.id,
        state=segment.state.value,
        verb=verb,
    )


def _demand_person(person: str, path: str) -> None:
    if not person:
        raise Denied("lifecycle.system", path=path)


def sent_back(
    task: TranslationTask, comments: Mapping[str, str], *, person: str
) -> TranslationTask:
    """Decide that segments are to be worked on again, each with its reason.

    Raises:
        Invalid: `translation.no_segment`; `translation.segment_state`, it is empty;
            `translation.no_comment`, no reason is given.
        Denied: `lifecycle.system`.
    """
    _demand_person(person, "reviewer")

    def change(one: TaskSegment) -> TaskSegment:
        if one.state is SegmentState.EMPTY:
            raise _wrong_state(one, "return")
        comment = comments[one.id].strip()
        if not comment:
            raise Invalid("translation.no_comment", path=f"comments.{one.id}")
        return attrs.evolve(one, state=SegmentState.NEEDS_WORK, comment=comment, reviewer=person)

    return _changed(task, comments, change, "comments")


def dismissed(task: TranslationTask, segment: str, code: str, *, person: str) -> TranslationTask:
    """Decide that a problem of a segment is none.

    Raises:
        Invalid: `translation.no_segment`; `translation.no_check`, there is no such check,
            or none that can be dismissed.
        Denied: `lifecycle.own_work`, who translated the segment does not judge it.
    """
    _demand_person(person, "reviewer")
    known = (*RULES, *_TERMS, _LENGTH)
    if code not in known:
        raise Invalid("translation.no_check", path="code", name=code[:40], names=", ".join(known))

    def change(one: TaskSegment) -> TaskSegment:
        if one.translator == person:
            raise Denied("lifecycle.own_work", path=f"segments.{one.id}")
        return attrs.evolve(one, dismissed=tuple(sorted({*one.dismissed, code})))

    return _changed(task, (segment,), change)


def problems_of(task: TranslationTask) -> tuple[TextProblem, ...]:
    """Give what is wrong with the translations of a task; see `core.languages.text_checks`."""
    found = check_segments(task.segments, task.language)
    return (*found, *_too_many_parts(task)) if task.kind == "sms_template" else found


def _too_many_parts(task: TranslationTask) -> Iterator[TextProblem]:
    """Look at the length of a template as a whole: it is sent as one text."""
    body = [one for one in task.segments if one.field == "body"]
    if body and _LENGTH not in body[-1].dismissed:
        source = "".join(one.before + one.source + one.after for one in body)
        target = aligning.joined(body, task.language)["body"]
        yield from check_parts(body[-1], source, target)


def approved(
    task: TranslationTask,
    source: Content,
    *,
    person: str,
    review_required: bool = False,
    native_reviewed: bool | None = None,
    more: Iterable[TextProblem] = (),
) -> TranslationTask:
    """Decide the approval of a whole task.

    Args:
        task: As it stands.
        source: As it stands now.
        person: Who approves; empty for the system.
        review_required: Each segment must have been reviewed, not only translated.
        native_reviewed: Whether a native reader reviewed it; None: as it says.
        more: Problems that others found, such as with terms.

    Returns:
        The task, all of its segments approved.

    Raises:
        Invalid: `translation.outdated`, the source has another revision;
            `translation.unfinished`, with the path of the first segment that is not done;
            `translation.checks_failed`, with the path of the first that has an error.
        Denied: `lifecycle.system`; `lifecycle.own_work`, who translated any of it.
    """
    if task.source_revision != source.revision:
        raise Invalid(
            "translation.outdated",
            path="source_revision",
            found=task.source_revision,
            wanted=source.revision,
        )
    _demand_person(person, "approver")
    if any(one.translator == person for one in task.segments):
        raise Denied("lifecycle.own_work", path="approver")
    wanted = _DONE - {SegmentState.TRANSLATED} if review_required else _DONE
    undone = [one for one in task.segments if one.state not in wanted and one.origin != "copied"]
    if undone:
        raise Invalid(
            "translation.unfinished",
            path=f"segments.{undone[0].id}",
            state=undone[0].state.value,
            count=len(undone),
        )
    errors = errors_of((*problems_of(task), *more))
    if errors:
        raise Invalid(
            "translation.checks_failed",
            path=f"segments.{errors[0].segment}",
            name=errors[0].code,
            count=len(errors),
        )
    segments = tuple(
        attrs.evolve(one, state=SegmentState.APPROVED, comment="", previous_source="")
        for one in task.segments
    )
    native = task.native_reviewed if native_reviewed is None else native_reviewed
    return attrs.evolve(task, segments=segments, approver=person, native_reviewed=native)


def followed(task: TranslationTask, source: Content) -> TranslationTask:
    """Give a task as it stands once its source has another revision; else as it was."""
    if task.source_revision == source.revision:
        return task
    segments, numbered = aligning.renewed(
        task.segments, aligning.source_texts(source), task.numbered
    )
    return attrs.evolve(
        task,
        segments=segments,
        numbered=numbered,
        source_revision=source.revision,
        source_language=source.language,
        approver="",
        native_reviewed=task.native_reviewed and segments == task.segments,
    )
