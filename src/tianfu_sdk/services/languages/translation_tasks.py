"""The part of the desk of translations where people work segment by segment (翻译任务)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core import policy
from tianfu_sdk.core.languages import aligning, tasks
from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.core.languages.segmenting import error_of
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.kinds import TRANSLATION, TRANSLATION_TASK
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.storage import Group, Query, Row, Where
from tianfu_sdk.model.translation import (
    Failed,
    Ok,
    SegmentState,
    Translation,
    TranslationResult,
    TranslationState,
)
from tianfu_sdk.model.translation_task import (
    TaskSegment,
    TaskState,
    TextProblem,
    TranslationTask,
)
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.terms import glossary_of, task_terms
from tianfu_sdk.services.desk.work import Desk, Work, read_place, write_cursor
from tianfu_sdk.services.languages.engines import translate_texts
from tianfu_sdk.services.languages.prefilling import GLOSSARY, MEMORY, prefilled
from tianfu_sdk.services.languages.translated import (
    enter_translation,
    put_task,
    revision_of,
    source_of,
    task_of,
    translatable,
    translations_of,
)
from tianfu_sdk.text import canonical_language

__all__ = ["TranslationTasks", "visible_task"]


class TranslationTasks(Desk):
    """Translate a content segment by segment: one enters, another reviews, another approves.

    Safe to share between threads.
    """

    def begin(self, source_id: str, language: str) -> TranslationTask:
        """Open the task of translating a content, or give the one that there is.

        A translation that was entered as a whole is laid beside its source sentence by
        sentence, as far as both have as many.

        Args:
            source_id: The content: of any kind, approved at least once, so that it does not
                change under the translator.
            language: To translate into, BCP 47.

        Returns:
            The task, with the sentences of the source's present revision.

        Raises:
            Invalid: `translation.no_source`, `translation.unsettled`,
                `translation.same_language`, `text.bad_language`.
            Denied: `account.required`; `grant.missing`, no grant to `translate` there.
            NotFound: `noun.unknown`.
        """

        def write(work: Work) -> TranslationTask:
            kind, source, tag = translatable(work, source_id, language)
            known = task_of(work, source.id, tag)
            if known is not None:
                followed = tasks.followed(known, source)
                return known if followed is known else put_task(work, followed, source, "renewed")
            id_ = work.new_id(TRANSLATION_TASK)
            work.claim_unique(TRANSLATION_TASK.name, f"source.{source.id}", tag, id_)
            made = TranslationTask(
                id=id_,
                kind=kind,
                source=source.id,
                source_revision=source.revision,
                source_language=source.language,
                language=tag,
                organization=source.organization,
                region=source.region,
            )
            return put_task(work, _filled(work, made, source), source, "begun")

        return self._write(write)

    def task(self, id: str) -> TranslationTask:  # noqa: A002 - the field's name
        """Give a task that this account may read; raises `NotFound` (`noun.unknown`)."""
        return self._read(lambda work: visible_task(work, id, Action.READ))

    def tasks(
        self,
        *,
        language: str | None = None,
        state: TaskState | str | None = None,
        source: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[TranslationTask]:
        """Find tasks that this account may read, the last changed first.

        Args:
            language: Only those into this language, BCP 47.
            state: `open` (being translated), `waiting` (for approval) or `approved`.
            source: Only those of this content.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            Denied: `account.required`.
            Invalid: `text.bad_language`, `field.choice`, `page.bad_cursor`, `storage.limit`.
        """
        where: list[Where] = []
        if language is not None:
            where.append(Where("language", "=", canonical_language(language)))
        if state is not None:
            where.append(Where("state", "=", TaskState.of(state, "state").value))
        if source is not None:
            where.append(Where("source", "=", source))

        def read(work: Work) -> Page[TranslationTask]:
            query = Query(
                where=tuple(where),
                order="updated",
                desc=True,
                after=read_place(after, TRANSLATION_TASK.kind, "updated"),
                limit=limit,
            )
            rows = work.rows(TRANSLATION_TASK.name, query, _scope(work, Action.READ))
            cursor = None
            if len(rows) == limit:
                cursor = write_cursor(rows[-1].keys["updated"], rows[-1].id)
            return Page(
                [work.noun(TRANSLATION_TASK, row) for row in rows],
                cursor,
                lambda cursor: self.tasks(
                    language=language, state=state, source=source, after=cursor, limit=limit
                ),
            )

        return self._read(read)

    def problems(self, id: str) -> tuple[TextProblem, ...]:  # noqa: A002
        """Say what is wrong with the translations of a task, segment by segment.

        Placeholders, markup, addresses and telephone numbers must be those of the source;
        numbers, dates and end marks should be; a text must be in the script of its language; and
        terms are held against the glossary of the organization.

        Args:
            id: Of the task.

        Returns:
            Errors, with which it cannot be approved, and warnings; none that was dismissed.

        Raises:
            NotFound: `noun.unknown`.
        """

        def read(work: Work) -> tuple[TextProblem, ...]:
            task = visible_task(work, id, Action.READ)
            return (*tasks.problems_of(task), *task_terms(work, task))

        return self._read(read)

    def draft(self, id: str, engine: str | None = None) -> TranslationTask:  # noqa: A002
        """Let an engine draft what has no translation yet; people confirm it or enter their own.

        The engine is called outside any transaction, so this is not for `hub.unit`. What
        somebody entered meanwhile stays. Placeholders, tags and addresses go through
        untouched; where some are missing after, the segment is `needs_work`. So it is, with a
        `comment`, where Tibetan stands in for Amdo or Khams, which no engine had. What engines
        could not do stays empty, with a `comment` that says which failed and how: draft again
        later, or enter it. Preferred terms of the glossary go along to engines that hold to
        them.

        Args:
            id: Of the task.
            engine: Name of an engine at the port `translation`; `memory`: only what was
                translated and approved before, word for word; `glossary`: only texts that
                are a term. None: these two, then the engines of the setting
                `[translation] engines`, one after the other, and the built-in converter
                between the ways of writing Chinese.

        Raises:
            Invalid: `translation.engine_required`.
            Unsupported: `translation.unsupported`, the engine has no such pair, or memory or
                glossary has nothing.
            PluginError: `plugin.unknown`, nobody offers the engine.
            BackendError: As of `suggest`, where nothing at all could be translated.
            QuotaExceeded: `translation.quota`.
            Denied: `account.required`; `grant.missing`, no grant to `translate` there.
            NotFound: `noun.unknown`.
        """

        def read(work: Work) -> tuple[TranslationTask, Glossary, Mapping[str, Ok]]:
            task = visible_task(work, id, Action.TRANSLATE)
            glossary = glossary_of(work, task.organization)
            return task, glossary, prefilled(work, task, glossary, engine)

        seen, glossary, known = self._read(read)
        empty = [
            one
            for one in seen.segments
            if one.state is SegmentState.EMPTY and one.source not in known
        ]
        results = self._asked(engine, seen, empty, glossary, bool(known))
        told = dict(known) | {
            one.source: result
            for one, result in zip(empty, results, strict=True)
            if isinstance(result, Ok)
        }
        failed = {
            one.source: result
            for one, result in zip(empty, results, strict=True)
            if isinstance(result, Failed)
        }
        if failed and not told:
            first = next(iter(failed.values()))
            raise error_of(first, source=seen.source_language, target=seen.language)

        def change(task: TranslationTask, work: Work) -> TranslationTask:
            # By its words, as the source may have moved meanwhile.
            given = {one.id: told[one.source] for one in task.segments if one.source in told}
            why = {one.id: failed[one.source] for one in task.segments if one.source in failed}
            return tasks.drafted(task, given, person=work.person, failed=why)

        return self._step(id, Action.TRANSLATE, change, "drafted", failed=str(len(failed)))

    def _asked(
        self,
        engine: str | None,
        task: TranslationTask,
        segments: Sequence[TaskSegment],
        glossary: Glossary,
        known: bool,  # noqa: FBT001 - whether others were drafted already
    ) -> Sequence[TranslationResult]:
        """Ask engines for segments; where others are known, that there is no engine is no error."""
        if engine in {MEMORY, GLOSSARY} or (not segments and known):
            return [Failed(id=one.id, kind="unsupported", engine=engine or "") for one in segments]
        try:
            return translate_texts(
                self._tools,
                engine,
                [one.source for one in segments],
                source=task.source_language,
                target=task.language,
                glossary=glossary,
            )
        except Invalid as error:
            if error.code != "translation.engine_required" or not known:
                raise
            return [Failed(id=one.id, kind="unsupported", engine="-") for one in segments]

    def enter(
        self,
        id: str,  # noqa: A002
        texts: Mapping[str, str],
        *,
        unfinished: bool = False,
        seen: TranslationTask | None = None,
    ) -> TranslationTask:
        """Enter the translations of some segments; who does so is their translator.

        Args:
            id: Of the task.
            texts: By segment id, such as `{"s3": "…"}`; an empty text empties the segment.
            unfinished: They are still to be worked on: `needs_work`, not `translated`.
            seen: The task as it was read before the work. If one of these segments was
                changed since, nothing is entered; other people's work on other segments does
                not matter. None: what stands there is replaced.

        Returns:
            The task.

        Raises:
            Invalid: `translation.no_segment`; `field.too_long`, with the path of the segment.
            Conflict: `translation.segment_moved`.
            Denied: `account.required`; `grant.missing`, no grant to `translate` there.
            NotFound: `noun.unknown`.
        """
        return self._step(
            id,
            Action.TRANSLATE,
            lambda task, work: tasks.entered(
                task, texts, person=work.person, unfinished=unfinished, seen=seen
            ),
            "entered",
        )

    def review(
        self,
        id: str,  # noqa: A002
        segments: Iterable[str] | None = None,
    ) -> TranslationTask:
        """Find translations right (审校); of another person, and machine drafts by name only.

        Args:
            id: Of the task.
            segments: Their ids; None: all that people translated and nobody reviewed yet.

        Raises:
            Invalid: `translation.no_segment`, `translation.segment_state`.
            Denied: `lifecycle.own_work`, this person translated one; `lifecycle.system`;
                `grant.missing`, no grant to `review` there; `account.required`.
            NotFound: `noun.unknown`.
        """
        wanted = None if segments is None else tuple(segments)
        return self._step(
            id,
            Action.REVIEW,
            lambda task, work: tasks.reviewed(task, wanted, person=work.person),
            "reviewed",
        )

    def return_(self, id: str, comments: Mapping[str, str]) -> TranslationTask:  # noqa: A002
        """Send translations back to be worked on, each with its reason.

        Args:
            id: Of the task.
            comments: Reasons by segment id; up to 1,000 characters.

        Raises:
            Invalid: `translation.no_segment`, `translation.no_comment`,
                `translation.segment_state`, `field.too_long`.
            Denied: As `review`.
            NotFound: `noun.unknown`.
        """
        return self._step(
            id,
            Action.REVIEW,
            lambda task, work: tasks.sent_back(task, comments, person=work.person),
            "returned",
        )

    def dismiss(self, id: str, segment: str, code: str) -> TranslationTask:  # noqa: A002
        """Find that a problem of a segment is none; it holds until the segment is changed.

        Args:
            id: Of the task.
            segment: Its id.
            code: As `problems` named it, such as `check.number`.

        Raises:
            Invalid: `translation.no_segment`, `translation.no_check`.
            Denied: As `review`.
            NotFound: `noun.unknown`.
        """
        return self._step(
            id,
            Action.REVIEW,
            lambda task, work: tasks.dismissed(task, segment, code, person=work.person),
            "dismissed",
            check=code,
        )

    def approve_task(
        self,
        id: str,  # noqa: A002
        *,
        native_reviewed: bool | None = None,
    ) -> Translation:
        """Approve a whole task (审定): its translation is what readers get from now on.

        One step, one line of audit. Until it is done, readers keep what was approved before.

        Args:
            id: Of the task.
            native_reviewed: A native reader has reviewed it; None: as it says already.

        Returns:
            The approved translation.

        Raises:
            Invalid: `translation.unfinished`, with the path of the first segment that is not
                done; `translation.checks_failed`, with that of the first that has an error;
                `translation.outdated`.
            Denied: `lifecycle.own_work`, this person translated some of it;
                `lifecycle.system`; `grant.missing`; `account.required`.
            NotFound: `noun.unknown`.
        """
        required = self._tools.settings.translation.review_required

        def write(work: Work) -> Translation:
            before = visible_task(work, id, Action.APPROVE)
            source = source_of(work, before)
            task = tasks.approved(
                before,
                source,
                person=work.person,
                review_required=required,
                native_reviewed=native_reviewed,
                more=task_terms(work, before),
            )
            made = enter_translation(work, task, source, _shown(work, task))
            put_task(work, attrs.evolve(task, translation=made.id), source)
            return made

        return self._write(write)

    def _step(
        self,
        id_: str,
        action: Action,
        change: Callable[[TranslationTask, Work], TranslationTask],
        verb: str,
        **data: str,
    ) -> TranslationTask:
        def write(work: Work) -> TranslationTask:
            before = visible_task(work, id_, action)
            source = source_of(work, before)
            changed = change(tasks.followed(before, source), work)
            codec.check(changed)
            return put_task(work, changed, source, verb, **data)

        return self._write(write)


def _scope(work: Work, action: Action) -> tuple[Group, ...] | None:
    """Give what the actor may do so to: grants speak of `translation`, and tasks are of it."""
    scope = work.scope(action, TRANSLATION.name)
    if work.actor.account is None and scope is not None:
        raise Denied("account.required")
    if scope is None:
        return None
    # What everybody may read is the translations that were approved, and not the work at them.
    everybodys = policy.public(TRANSLATION.name, work.now)
    return tuple(group for group in scope if group != everybodys)


def visible_task(work: Work, id_: str, action: Action) -> TranslationTask:
    """Give a task that the actor may act on; raises `NotFound`, `Denied` as `Work.visible`."""
    scope = _scope(work, action)
    row = work.get_row(TRANSLATION_TASK, id_)
    if not _within(row, scope):
        if action is Action.READ or not _within(row, _scope(work, Action.READ)):
            raise NotFound("noun.unknown", path="id", kind=TRANSLATION_TASK.name, id=id_[:64])
        raise Denied("grant.missing", path=id_, action=action.value, kind=TRANSLATION.name)
    return work.noun(TRANSLATION_TASK, row)


def _within(row: Row, scope: tuple[Group, ...] | None) -> bool:
    return scope is None or any(matches(row.id, row.keys, group) for group in scope)


def _shown(work: Work, task: TranslationTask) -> Translation | None:
    """Give the translation that readers may have now."""
    found = translations_of(work, task.source)
    return next((one for one in found if one.language == task.language), None)


def _filled(work: Work, task: TranslationTask, source: Content) -> TranslationTask:
    """Give the segments of a task that begins, with the translation that there may be."""
    known = _shown(work, task)
    if known is None:
        segments = aligning.begun(aligning.source_texts(source))
        return attrs.evolve(task, segments=segments, numbered=len(segments))
    approved = known.state is not TranslationState.DRAFT
    of = revision_of(work, source, known.source_revision)
    segments = aligning.aligned(
        aligning.source_texts(of),
        {"title": known.title, "body": known.body, **known.texts},
        state=SegmentState.APPROVED if approved else SegmentState.TRANSLATED,
        person=known.translator,
    )
    begun = attrs.evolve(
        task,
        segments=segments,
        numbered=len(segments),
        source_revision=of.revision,
        translation=known.id,
        native_reviewed=known.native_reviewed,
    )
    return tasks.followed(begun, source)
