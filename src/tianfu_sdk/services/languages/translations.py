"""The desk of translations (译文): entered by one person, approved by another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.languages import tasks, translating
from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.core.languages.segmenting import error_of
from tianfu_sdk.core.rows.kinds import TRANSLATION
from tianfu_sdk.errors import Conflict
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.storage import Where
from tianfu_sdk.model.translation import (
    Coverage,
    EngineHealth,
    Failed,
    Missing,
    Ok,
    Readable,
    Translation,
    TranslationResult,
    TranslationState,
)
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.terms import demand_glossary, glossary_of
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.languages import translation_cache
from tianfu_sdk.services.languages.engines import health_of, translate_texts
from tianfu_sdk.services.languages.gaps import coverage_of, missing_page
from tianfu_sdk.services.languages.translated import (
    source_of,
    stop_task,
    store_translation,
    translatable,
    translations_of,
    visible_source,
)
from tianfu_sdk.services.languages.translation_files import TranslationFiles
from tianfu_sdk.text import canonical_language, normalize

__all__ = ["Translations"]


class Translations(TranslationFiles):
    """Enter, approve and read translations. Safe to share between threads.

    One content has at most one translation into a language. It is public while a person
    has approved it and its source is published; once the source has a newer revision it
    stays readable, marked outdated, and leaves channels and `ask`.
    """

    # Reading.

    def get(self, id: str) -> Translation:  # noqa: A002 - the field's name
        """Give a translation; anybody may read what is approved and of a published content.

        Raises:
            NotFound: `noun.unknown`, no such translation, or not for this account to see.
        """
        return self._read(lambda work: work.noun(TRANSLATION, work.visible(TRANSLATION, id)))

    def find(
        self,
        *,
        language: str | None = None,
        source: str | None = None,
        state: TranslationState | str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Translation]:
        """Find translations that this account may see, the last changed first.

        Args:
            language: Only those into this language, BCP 47.
            source: Only those of this content.
            state: Only those that stand so: `draft`, `approved`, `outdated`.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Raises:
            Invalid: `text.bad_language`, `field.choice`, `page.bad_cursor`, `storage.limit`.
        """
        where: list[Where] = []
        if language is not None:
            where.append(Where("language", "=", canonical_language(language)))
        if source is not None:
            where.append(Where("source", "=", source))
        if state is not None:
            where.append(Where("state", "=", TranslationState.of(state, "state").value))

        def read(work: Work) -> Page[Translation]:
            return work.page(
                TRANSLATION,
                where=tuple(where),
                order="updated",
                desc=True,
                after=after,
                limit=limit,
                again=lambda cursor: self.find(
                    language=language, source=source, state=state, after=cursor, limit=limit
                ),
            )

        return self._read(read)

    def text(
        self,
        id: str,  # noqa: A002
        language: str | Sequence[str],
        *,
        outdated: bool = False,
    ) -> Readable:
        """Give a content in the form that serves a reader best.

        The languages of `tf.text.language_order` are tried in their order, then the original
        whatever it is written in; only what a person has approved. The result
        says which language it is in: show it with that `lang`.

        Args:
            id: Of the content; one that this account may read, published for anybody.
            language: BCP 47; several: what the reader likes best first.
            outdated: Give a translation of an older revision, marked so, rather than
                another language. Off by default: what was corrected may be what matters.

        Raises:
            NotFound: `noun.unknown`.
            Invalid: `translation.no_source`, `text.bad_language`.
        """

        def read(work: Work) -> Readable:
            kind, source = visible_source(work, id)
            return translating.readable(
                kind, source, translations_of(work, id), language, outdated=outdated
            )

        return self._read(read)

    def missing(
        self,
        language: str,
        *,
        region: str | None = None,
        kind: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Missing]:
        """List published contents that cannot be read in a language yet.

        Args:
            language: BCP 47.
            region: Only contents that belong to this region or one below it.
            kind: Only this kind of content, such as `resource`.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.

        Returns:
            Kind by kind, newest first, each with the reason `missing`, `draft` or
            `outdated`; within what this account's grants to read `translation` cover.

        Raises:
            Denied: `account.required`.
            NotFound: `region.unknown`.
            Invalid: `content.bad_kind`, `text.bad_language`, `page.bad_cursor`,
                `storage.limit`.
        """
        language = canonical_language(language)

        def read(work: Work) -> Page[Missing]:
            items, cursor = missing_page(
                work, language, region=region, kind=kind, after=after, limit=limit
            )
            return Page(
                items,
                cursor,
                lambda cursor: self.missing(
                    language, region=region, kind=kind, after=cursor, limit=limit
                ),
            )

        return self._read(read)

    def coverage(
        self, languages: Sequence[str] | None = None, *, region: str | None = None
    ) -> tuple[Coverage, ...]:
        """Count how much of the published content can be read in languages.

        Args:
            languages: BCP 47; None: Tibetan, Yi and those that channels have.
            region: Only contents that belong to this region or one below it.

        Returns:
            One a language, in their order; figures of the whole store or region.

        Raises:
            Denied: `account.required`; `grant.missing`, no grant to read `translation`.
            NotFound: `region.unknown`.
            Invalid: `text.bad_language`.
        """
        return self._read(lambda work: coverage_of(work, languages, region))

    def health(self) -> tuple[EngineHealth, ...]:
        """Say how translation engines do, and how much of what they said is kept.

        Returns:
            Engines of the settings in their order, the built-in converter, and others that
            were asked since the hub opened.
        """
        return self._read(lambda work: health_of(work.tools, work.tx))

    def clear_cache(self, engine: str | None = None) -> int:
        """Forget what engines said, so that they are asked anew.

        Args:
            engine: What this one said only; None: all.

        Returns:
            How many texts are forgotten.

        Raises:
            Denied: `account.required`; `grant.missing`, no grant to `manage` kind
                `translation` where the first organization is at home.
        """

        def write(work: Work) -> int:
            work.allow_everywhere(Action.MANAGE, TRANSLATION.name)
            return translation_cache.clear(work.tx, engine)

        gone = self._write(write)
        while gone and (more := self._write(write)):
            gone += more
        return gone

    # Writing.

    def create(
        self,
        source_id: str,
        *,
        language: str,
        title: str,
        body: str,
        native_reviewed: bool = False,
        note: str = "",
    ) -> Translation:
        """Enter a translation of a content, as a draft.

        Where there is one of an older revision already, it becomes this draft: same id.

        Args:
            source_id: The content: of any kind, approved at least once, so that it does not
                change under the translator.
            language: Of the translation, BCP 47; kept in canonical form.
            title: 1 to 400 characters.
            body: The text.
            native_reviewed: A native reader has reviewed it.
            note: For the reviewer; up to 500 characters.

        Returns:
            The draft, of the source's present revision.

        Raises:
            Invalid: `translation.no_source`, `translation.unsettled`,
                `translation.same_language`, `text.bad_language`, or with the path of the
                field.
            Denied: `account.required`; `grant.missing`, no grant to `translate` there.
            NotFound: `noun.unknown`.
            Conflict: `unique.taken`, there is one of this revision; edit that.
        """

        def write(work: Work) -> Translation:
            kind, source, tag = translatable(work, source_id, language)
            fields = {
                "title": title,
                "body": body,
                "native_reviewed": native_reviewed,
                "note": note,
            }
            return _enter(work, kind, source, tag, fields)

        return self._write(write)

    def suggest(self, source_id: str, language: str, engine: str | None = None) -> Translation:
        """Let an engine draft a translation; a person other than who asked approves it.

        The engine is called outside any transaction, so this is not for `hub.unit`.

        Args:
            source_id: As in `create`.
            language: BCP 47.
            engine: Name of an engine at the port `translation`; None: those of the setting
                `[translation] engines`, one after the other, and the built-in converter
                between the ways of writing Chinese.

        Returns:
            A draft whose `origin` is `script` (the converter) or the engine's name.

        Raises:
            Invalid: As `create`; `translation.engine_required`.
            Unsupported: `translation.unsupported`, the engine has no such pair.
            PluginError: `plugin.unknown`, nobody offers the engine.
            BackendError: `translation.failed`, `translation.malformed`; as `RateLimited`,
                `Unavailable` or `Ambiguous` where trying again later may help.
            QuotaExceeded: `translation.quota`.
            Conflict: `unique.taken`, there is one of this revision already.
        """

        def read(work: Work) -> tuple[Content, str, Glossary]:
            _, source, tag = translatable(work, source_id, language)
            _previous(work, source, tag)
            return source, tag, glossary_of(work, source.organization)

        seen, tag, glossary = self._read(read)
        texts = (seen.title, seen.body or seen.summary)
        results = translate_texts(
            self._tools, engine, texts, source=seen.language, target=tag, glossary=glossary
        )
        (title, body), origin, note = _all_said(results, seen.language, tag)

        def write(work: Work) -> Translation:
            kind, source, _ = translatable(work, source_id, language)
            if source.revision != seen.revision:
                raise Conflict("translation.source_moved", path="source_id")
            said = {"title": title, "body": body, "origin": origin, "note": note}
            return _enter(work, kind, source, tag, said)

        return self._write(write)

    def edit(
        self,
        id: str,  # noqa: A002
        *,
        title: str | None = None,
        body: str | None = None,
        native_reviewed: bool | None = None,
        note: str | None = None,
        version: int | None = None,
    ) -> Translation:
        """Change a translation; an approved one becomes a draft and is not shown until again.

        Who edits counts as its translator. A native review holds for the text that was
        reviewed: it lapses with a changed text unless given anew.

        Args:
            id: Of the translation.
            title: New title; None: as it is.
            body: New text; None: as it is.
            native_reviewed: A native reader has reviewed it as it now is.
            note: For the reviewer; None: as it is.
            version: The version that the change is based on; None: whatever there is.

        Returns:
            The draft.

        Raises:
            Invalid: `translation.outdated`, its source has a newer revision: `create` again;
                or with the path of the field.
            Denied: `account.required`, `grant.missing`.
            NotFound: `noun.unknown`.
            Conflict: `storage.version`, it was changed since.
        """

        def write(work: Work) -> Translation:
            before, source = _for(work, id, Action.TRANSLATE)
            if version is not None and version != before.version:
                raise Conflict("storage.version", path="version", ids=(id,), kind=TRANSLATION.name)
            translating.demand_current(before, source)
            new_title = before.title if title is None else normalize(title)
            new_body = before.body if body is None else normalize(body)
            same = (new_title, new_body) == (before.title, before.body)
            kept = same and before.native_reviewed
            changed = attrs.evolve(
                before,
                title=new_title,
                body=new_body,
                native_reviewed=kept if native_reviewed is None else native_reviewed,
                note=before.note if note is None else note,
                state=TranslationState.DRAFT,
                translator=work.person or before.translator,
                approver="",
            )
            codec.check(changed)
            if not same:
                stop_task(work, source.id, before.language)
            return store_translation(work, changed, source, "edited")

        return self._write(write)

    def approve(self, id: str, *, native_reviewed: bool | None = None) -> Translation:  # noqa: A002
        """Approve a translation; who entered it may not.

        If its source is published, it is read in channels and found by `ask` in the same
        moment.

        Args:
            id: Of the translation.
            native_reviewed: A native reader has reviewed it; None: as it says already.

        Raises:
            Denied: `lifecycle.own_work`, `lifecycle.system`, `grant.missing`,
                `account.required`.
            Invalid: `translation.outdated`, its source has a newer revision;
                `translation.wrong_script`, such as a Tibetan text that is not mostly in
                Tibetan script; `glossary.refused`, it has a forbidden term or lacks one that
                is required (`hub.glossary.problems` lists them); `lifecycle.illegal`.
            NotFound: `noun.unknown`.
        """

        def write(work: Work) -> Translation:
            before, source = _for(work, id, Action.APPROVE)
            approved = translating.approve(
                before, source, person=work.person, native_reviewed=native_reviewed
            )
            demand_glossary(work, approved, source)
            return store_translation(work, approved, source, "approved")

        return self._write(write)


def _all_said(
    results: Sequence[TranslationResult], source: str, target: str
) -> tuple[list[str], str, str]:
    """Give all texts, where they are from, and a note; raises what the first says that failed."""
    for one in results:
        if isinstance(one, Failed):
            raise error_of(one, source=source, target=target)
    said = [one for one in results if isinstance(one, Ok)]
    origins = dict.fromkeys(one.origin for one in said if one.origin != "copied")
    instead = next((one.stand_in for one in said if one.stand_in), "")
    note = tasks.stands_in(instead, target) if instead else ""
    return [one.text for one in said], next(iter(origins), "copied"), note


def _previous(work: Work, source: Content, language: str) -> Translation | None:
    """Give the translation of an older revision, if there is one."""
    owner = work.owner_of(TRANSLATION.name, f"source.{source.id}", language)
    if owner is None:
        return None
    previous = work.get(TRANSLATION, owner)
    if previous.source_revision >= source.revision:
        raise Conflict("unique.taken", path="language", owner=owner)
    return previous


def _enter(
    work: Work, kind: str, source: Content, language: str, fields: dict[str, Any]
) -> Translation:
    previous = _previous(work, source, language)
    stop_task(work, source.id, language)
    entered = codec.structure(
        Translation,
        fields
        | {
            "id": previous.id if previous else work.new_id(TRANSLATION),
            "kind": kind,
            "source": source.id,
            "source_revision": source.revision,
            "language": language,
            "title": normalize(fields["title"]),
            "body": normalize(fields["body"]),
            "organization": source.organization,
            "region": source.region,
            "translator": work.person,
        },
    )
    if previous:
        entered = attrs.evolve(entered, version=previous.version, created_at=previous.created_at)
    else:
        work.claim_unique(TRANSLATION.name, f"source.{source.id}", language, entered.id)
    return store_translation(work, entered, source, "renewed" if previous else "created")


def _for(work: Work, id_: str, action: Action) -> tuple[Translation, Content]:
    translation = work.noun(TRANSLATION, work.visible(TRANSLATION, id_, action))
    return translation, source_of(work, translation)
