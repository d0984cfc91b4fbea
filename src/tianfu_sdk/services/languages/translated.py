"""Translations within a transaction: they follow their source, and so does the index."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content import revisions
from tianfu_sdk.core.content.publishing import translation_doc
from tianfu_sdk.core.languages import aligning, tasks, translating
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import (
    CONTENT,
    REVISION,
    SMS_TEMPLATE,
    TRANSLATION,
    TRANSLATION_TASK,
    kind_of,
)
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import Content, State
from tianfu_sdk.model.storage import Query, Row, Where
from tianfu_sdk.model.translation import Translation, TranslationState
from tianfu_sdk.model.translation_task import TaskSegment, TaskState, TranslationTask
from tianfu_sdk.services.desk.work import Work, demand_somebody
from tianfu_sdk.services.languages.remembering import learn
from tianfu_sdk.text import canonical_language

__all__ = [
    "demand_kind",
    "enter_translation",
    "index_translations",
    "put_task",
    "revision_of",
    "settle_translations",
    "source_of",
    "stop_task",
    "store_translation",
    "task_of",
    "translatable",
    "translations_by",
    "translations_of",
    "visible_source",
]

_MANY = 1000
"""Languages of one content."""


def source_of(work: Work, translation: Translation | TranslationTask) -> Content:
    """Give the content that a translation, or the task of one, is of."""
    if translation.kind == SMS_TEMPLATE.name:
        return translating.as_content(work.get(SMS_TEMPLATE, translation.source))
    content: Content = work.get(CONTENT[translation.kind], translation.source)
    return content


def revision_of(work: Work, source: Content, number: int) -> Content:
    """Give a revision of a content by its number; where it is not kept, the present one."""
    if number == source.revision:
        return source
    rows = work.tx.get(REVISION.name, [revisions.revision_id(source.id, number)])
    shelf = kind_of(source.id)
    if not rows or shelf is None:
        return source
    content: Content = work.noun(shelf, rows[0])
    return content


def visible_source(work: Work, id_: str) -> tuple[str, Content]:
    """Give a content, or a template of SMS as one, that the actor may read, and its kind.

    Raises:
        Invalid: `translation.no_source`, it is none.
        NotFound: `noun.unknown`.
    """
    shelf = kind_of(id_)
    if shelf is SMS_TEMPLATE:
        demand_somebody(work)
        return shelf.name, translating.as_content(work.get(SMS_TEMPLATE, id_))
    if shelf is None or shelf.name not in CONTENT:
        raise Invalid("translation.no_source", path="source_id", id=id_[:64])
    content: Content = work.noun(shelf, work.visible(shelf, id_))
    return shelf.name, content


def translatable(work: Work, id_: str, language: str) -> tuple[str, Content, str]:
    """Give a content that the actor may translate into a language: its kind, it, the tag.

    Raises:
        Invalid: `translation.no_source`, `translation.unsettled`,
            `translation.same_language`, `text.bad_language`.
        Denied: `grant.missing`, `account.required`.
        NotFound: `noun.unknown`.
    """
    tag = canonical_language(language)
    kind, source = visible_source(work, id_)
    _, placed = work.placed(source.organization, source.region)
    work.allow_at(Action.TRANSLATE, TRANSLATION.name, source.organization, placed)
    translating.demand_translatable(source, tag)
    return kind, source, tag


def _rows_of(work: Work, source: str) -> list[Row]:
    query = Query(where=(Where("source", "=", source),), limit=_MANY)
    return work.tx.find(TRANSLATION.name, query)


def translations_of(work: Work, source: str) -> list[Translation]:
    """Give all translations of a content, approved or not."""
    return [work.noun(TRANSLATION, row) for row in _rows_of(work, source)]


def translations_by(work: Work, sources: Sequence[str]) -> dict[str, list[Translation]]:
    """Give all translations of some contents, up to 500, by their ids; some may have none."""
    found: dict[str, list[Translation]] = {id_: [] for id_ in sources}
    if sources:
        where = (Where("source", "in", tuple(found)),)
        for row in work.each(TRANSLATION.name, Query(where=where)):
            translation = work.noun(TRANSLATION, row)
            found[translation.source].append(translation)
    return found


def store_translation(
    work: Work,
    translation: Translation,
    source: Content,
    verb: str,
    segments: Sequence[TaskSegment] | None = None,
) -> Translation:
    """Store a translation, make it findable as far as it may be, and note what was done.

    The memory learns it as `segments` have it, where it was made of a task.
    """
    _, placed = work.placed(source.organization, source.region)
    stored = _put(work, translation, source, placed, segments)
    if source.state is State.PUBLISHED:
        index_translations(work, source)
    work.note(
        stored,
        verb,
        source=source.id,
        language=stored.language,
        revision=stored.source_revision,
        origin=stored.origin,
    )
    return stored


# Tasks.


def task_of(work: Work, source: str, language: str) -> TranslationTask | None:
    """Give the task of translating a content into a language, if there is one."""
    owner = work.owner_of(TRANSLATION_TASK.name, f"source.{source}", language)
    return None if owner is None else work.get(TRANSLATION_TASK, owner)


def put_task(
    work: Work, task: TranslationTask, source: Content, verb: str = "", **data: str
) -> TranslationTask:
    """Store a task; note what was done, unless something else says it."""
    _, placed = work.placed(source.organization, source.region)
    stored = work.put(TRANSLATION_TASK, task, placed)
    if verb:
        work.note(stored, verb, source=source.id, language=stored.language, **data)
    return stored


def stop_task(work: Work, source: str, language: str) -> None:
    """Forget the task of a translation that is entered as a whole.

    Raises:
        Conflict: `translation.task_open`, people are at work on it.
    """
    task = task_of(work, source, language)
    if task is None:
        return
    if task.state is not TaskState.APPROVED:
        raise Conflict("translation.task_open", path="language", task=task.id)
    work.drop_unique(TRANSLATION_TASK.name, f"source.{source}", language)
    work.tx.delete(TRANSLATION_TASK.name, [(task.id, task.version)])


def enter_translation(
    work: Work, task: TranslationTask, source: Content, known: Translation | None
) -> Translation:
    """Store the translation that an approved task makes."""
    texts = aligning.joined(task.segments, task.language)
    origins = {one.origin for one in task.segments} - {"copied", ""}
    fields = {
        "source_revision": source.revision,
        "title": texts.pop("title", ""),
        "body": texts.pop("body", ""),
        "texts": texts,
        "organization": source.organization,
        "region": source.region,
        "state": TranslationState.APPROVED,
        "origin": origins.pop() if len(origins) == 1 else "human",
        "translator": next((o.translator for o in task.segments if o.translator), ""),
        "approver": task.approver,
        "native_reviewed": task.native_reviewed,
    }
    if known is None:
        made = Translation(
            id=work.new_id(TRANSLATION),
            kind=task.kind,
            source=source.id,
            language=task.language,
            **fields,  # type: ignore[arg-type]
        )
        work.claim_unique(TRANSLATION.name, f"source.{source.id}", task.language, made.id)
    else:
        made = attrs.evolve(known, **fields)  # type: ignore[arg-type]
    translating.demand_script(made)
    codec.check(made)
    return store_translation(work, made, source, "approved", task.segments)


def _put(
    work: Work,
    translation: Translation,
    source: Content,
    placed: Placed,
    segments: Sequence[TaskSegment] | None = None,
) -> Translation:
    keys = translating.source_keys(translation, source)
    stored = work.put(TRANSLATION, translation, placed, **keys)
    learn(work, stored, source, placed, segments)
    return stored


def index_translations(
    work: Work, source: Content, translations: Sequence[Translation] | None = None
) -> None:
    """Make the current translations of a published content findable, and no others.

    Args:
        work: The transaction.
        source: As it stands in it.
        translations: All of the source; None: they are read.
    """
    search = work.tx.search
    if search is None:
        return
    if translations is None:
        translations = translations_of(work, source.id)
    shown = [
        t
        for t in translations
        if source.state is State.PUBLISHED and translating.current(t, source)
    ]
    hidden = [t.id for t in translations if t not in shown]
    if hidden:
        search.remove(hidden)
    if shown:
        search.index([translation_doc(t, source, work.regions()) for t in shown])


def settle_translations(work: Work, source: Content) -> None:
    """Let the translations of a content follow it, once it went public or left it.

    Those of an older revision become outdated. What is read publicly, in channels and by
    `ask`, is decided by the keys and the index that this writes in the same transaction.
    """
    _settle_tasks(work, source)
    rows = _rows_of(work, source.id)
    if not rows:
        return
    _, placed = work.placed(source.organization, source.region)
    settled = []
    for row in rows:
        before = work.noun(TRANSLATION, row)
        after = translating.followed(before, source)
        keys = translating.source_keys(after, source)
        if after != before or any(row.keys[name] != value for name, value in keys.items()):
            after = _put(work, after, source, placed)
        if after.state is not before.state:
            work.note(after, "outdated", language=after.language)
        settled.append(after)
    index_translations(work, source, settled)


def _settle_tasks(work: Work, source: Content) -> None:
    """Mark what a new revision changed in the tasks of a content."""
    query = Query(where=(Where("source", "=", source.id),), limit=_MANY)
    for row in work.tx.find(TRANSLATION_TASK.name, query):
        before = work.noun(TRANSLATION_TASK, row)
        after = tasks.followed(before, source)
        if after is not before:
            put_task(work, after, source, "renewed")


def demand_kind(kind: str, path: str) -> None:
    """Demand that a name is one of a kind of content; raises `Invalid` (`content.bad_kind`)."""
    if kind not in CONTENT:
        raise Invalid("content.bad_kind", path=path, value=kind[:40])
