"""Translation tasks as XLIFF, and what came back held against what stands there now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import attrs

from tianfu_sdk.core.languages.engine_runs import protected
from tianfu_sdk.formats.xliff import Document, Meta, Note, Segment, Unit
from tianfu_sdk.model.translation import Code, Runs, SegmentState
from tianfu_sdk.model.translation_task import TaskSegment, TranslationTask

__all__ = ["Conflict", "Returned", "Taken", "returned", "taken", "units_of"]

_VERSIONS = "tfk:versions"
_UNFINISHED = frozenset({SegmentState.MACHINE_DRAFT, SegmentState.NEEDS_WORK})


@attrs.frozen
class Returned:
    """A segment as it came back in a file."""

    task: str
    segment: str
    source: str
    target: str
    unfinished: bool
    version: int | None
    """Of the segment when it was written to the file; None: the file does not say it."""
    line: int


@attrs.frozen
class Conflict:
    """A segment that came back and was not taken; shows no text."""

    task: str
    segment: str
    reason: str
    """`source_changed`, the sentence is another one now; `changed_meanwhile`, somebody else
    changed its translation; `no_segment`, the new revision has no such sentence."""
    line: int
    """Of the unit in the file."""


@attrs.frozen
class Taken:
    """What of a file goes into one task."""

    texts: Mapping[str, str]
    unfinished: Mapping[str, str]
    """Texts that are to be worked on."""
    conflicts: tuple[Conflict, ...]
    same: int
    """Segments whose translation is what stands there already."""


def units_of(task: TranslationTask) -> Iterator[Unit]:
    """Give a task as units of XLIFF: its file is the task, a unit a field.

    Placeholders, tags and addresses are codes. What was changed of a sentence, and why it was
    sent back, are notes; versions of the segments are metadata, by which what is changed
    meanwhile is known when the file comes back.
    """
    fields = dict.fromkeys(one.field for one in task.segments)
    for field in fields:
        members = [one for one in task.segments if one.field == field]
        yield Unit(
            id=field,
            file=task.id,
            name=field,
            segments=tuple(_segment(one) for one in members),
            notes=tuple(_notes(members)),
            metadata=tuple(Meta(one.id, str(one.version), _VERSIONS) for one in members),
        )


def _segment(one: TaskSegment) -> Segment:
    source = protected(one.source)
    target = _numbered(protected(one.target), source) if one.target else None
    return Segment(id=one.id, source=source, target=target, state=one.state)


def _numbered(target: Runs, source: Runs) -> Runs:
    """Give the codes of a translation the ids that the same ones have in the source."""
    free = [part for part in source if isinstance(part, Code)]
    made: list[str | Code] = []
    for part in target:
        if isinstance(part, str):
            made.append(part)
            continue
        same = next((code for code in free if code.data == part.data), None)
        if same is not None:
            free.remove(same)
        made.append(same or attrs.evolve(part, id=f"t{part.id}"))
    return tuple(made)


def _notes(members: Iterable[TaskSegment]) -> Iterator[Note]:
    for one in members:
        if one.comment:
            yield Note(f"{one.id}: {one.comment}", category="returned")
        if one.previous_source:
            yield Note(f"{one.id}: {one.previous_source}", category="previous source")


def returned(document: Document) -> dict[str, list[Returned]]:
    """Read what came back, by task; segments without a translation are left out.

    Args:
        document: As `units_of` was written, of any version of XLIFF.
    """
    found: dict[str, list[Returned]] = {}
    for unit in document.units:
        versions = {m.type: m.value for m in unit.metadata if m.category == _VERSIONS}
        for one in unit.segments:
            if one.ignorable or not one.target:
                continue
            # XLIFF 1.2 has a unit a segment, called after both, or after the field alone.
            id_ = one.id if not one.id.startswith("#") else unit.id.rpartition(".")[2]
            version = versions.get(id_, "")
            found.setdefault(unit.file, []).append(
                Returned(
                    task=unit.file,
                    segment=id_,
                    source=_text(one.source),
                    target=_text(one.target).strip(),
                    unfinished=one.state in _UNFINISHED,
                    version=int(version) if version.isdecimal() else None,
                    line=unit.line,
                )
            )
    return found


def _text(parts: Runs) -> str:
    return "".join(part if isinstance(part, str) else part.data for part in parts)


def taken(task: TranslationTask, segments: Iterable[Returned], *, overwrite: bool = False) -> Taken:
    """Decide what of a file goes into a task.

    Args:
        task: As it stands now.
        segments: That came back for it.
        overwrite: Also over what somebody else changed meanwhile; never where the sentence
            itself is another one.
    """
    texts: dict[str, str] = {}
    unfinished: dict[str, str] = {}
    conflicts: list[Conflict] = []
    same = 0
    known = {one.id: one for one in task.segments}
    fields = Counter(one.field for one in task.segments)
    alone = {one.field: one for one in task.segments if fields[one.field] == 1}
    for one in segments:
        now = known.get(one.segment) or alone.get(one.segment)
        if now is not None and one.target == now.target and one.source == now.source:
            same += 1
            continue
        reason = _conflict(one, now, overwrite=overwrite)
        if reason:
            named = now.id if now else one.segment
            conflicts.append(Conflict(task.id, named, reason, one.line))
        elif now is not None:
            (unfinished if one.unfinished else texts)[now.id] = one.target
    return Taken(texts, unfinished, tuple(conflicts), same)


def _conflict(one: Returned, now: TaskSegment | None, *, overwrite: bool) -> str:
    if now is None:
        return "no_segment"
    if one.source != now.source:
        return "source_changed"
    # Where the file says no version, what a person has entered is not replaced unseen.
    moved = now.target if one.version is None else one.version != now.version
    return "changed_meanwhile" if moved and not overwrite else ""
