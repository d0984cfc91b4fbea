"""The part of the desk of translations that hands tasks out as files and takes them back."""

from __future__ import annotations

from collections import Counter

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.languages import task_files, tasks
from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats import xliff
from tianfu_sdk.model.account import Action
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.languages.translated import put_task, source_of
from tianfu_sdk.services.languages.translation_tasks import TranslationTasks, visible_task

__all__ = ["TranslationFiles", "XliffReport"]


@attrs.frozen(kw_only=True)
class XliffReport:
    """What came of a file of translators."""

    entered: int
    """Segments that were taken."""
    unchanged: int
    """Segments whose translation stood there already."""
    conflicts: tuple[task_files.Conflict, ...]
    """Segments that were not taken, and why."""
    warnings: tuple[xliff.Problem, ...] = ()
    """What was read with a grain of salt."""


class TranslationFiles(TranslationTasks):
    """Hand tasks to translators as XLIFF, and take them back. Safe to share between threads."""

    def export_xliff(self, *ids: str, version: str = "2.1") -> bytes:
        """Write tasks as one XLIFF document, a file a task; states, notes and versions too.

        Args:
            *ids: Of tasks from one language into one language.
            version: Of XLIFF, `2.1` or `1.2`; a file of 1.2 does not say which version of a
                segment it has, so a translation that stands there is not replaced by it.

        Returns:
            The document, in UTF-8.

        Raises:
            Invalid: `xliff.empty`, no task; `translation.languages`, they are of several
                languages; `xliff.version`; `xliff.twice`, a task is named twice.
            Denied: `account.required`.
            NotFound: `noun.unknown`.
        """
        found = self._read(lambda work: [visible_task(work, id_, Action.READ) for id_ in ids])
        pairs = {(task.source_language, task.language) for task in found}
        if len(pairs) > 1:
            raise Invalid("translation.languages", path="ids", count=len(pairs))
        source, target = pairs.pop() if pairs else ("zh-Hans", "bo")
        units = [unit for task in found for unit in task_files.units_of(task)]
        return xliff.make(units, source=source, target=target, version=version)

    def import_xliff(
        self, data: bytes, *, overwrite: bool = False, dry_run: bool = False
    ) -> XliffReport:
        """Take back what translators made of a file of `export_xliff`.

        What they translated is entered as theirs who imports it, at most as `translated`:
        no file says that something was reviewed. Segments in conflict are left as they are
        and listed; the others of a document are entered together or not at all.

        Args:
            data: XLIFF of any version.
            overwrite: Also replace what somebody else changed since the file was written.
            dry_run: Say only what would be done.

        Raises:
            Invalid: `xliff.invalid`, the document has an error, with its line; as
                `tf.formats.xliff.parse`; `field.too_long`.
            Denied: `account.required`; `grant.missing`, no grant to `translate` there.
            NotFound: `noun.unknown`, a file of it is no task that this account may see.
        """
        errors = [one for one in xliff.check(data) if one.severity == "error"]
        if errors:
            first = errors[0]
            raise Invalid(
                "xliff.invalid",
                path=first.path,
                line=first.line,
                why=first.message,
                rule=first.rule,
            )
        document = xliff.parse(data)
        back = task_files.returned(document)

        def write(work: Work) -> XliffReport:
            counts: Counter[str] = Counter()
            conflicts: list[task_files.Conflict] = []
            for id_, segments in back.items():
                before = visible_task(work, id_, Action.TRANSLATE)
                source = source_of(work, before)
                task = tasks.followed(before, source)
                found = task_files.taken(task, segments, overwrite=overwrite)
                counts["same"] += found.same
                counts["entered"] += len(found.texts) + len(found.unfinished)
                conflicts += found.conflicts
                if dry_run or not (found.texts or found.unfinished):
                    continue
                changed = tasks.entered(task, found.texts, person=work.person)
                changed = tasks.entered(
                    changed, found.unfinished, person=work.person, unfinished=True
                )
                codec.check(changed)
                put_task(work, changed, source, "imported", format="xliff")
            return XliffReport(
                entered=counts["entered"],
                unchanged=counts["same"],
                conflicts=tuple(conflicts),
                warnings=document.warnings,
            )

        return self._write(write)
