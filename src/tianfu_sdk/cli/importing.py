"""The command that takes in a user's own table: import."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import click

from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened
from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.tables import TableFormat
from tianfu_sdk.model.importing import ImportPhase, ImportReport, ImportStep

__all__ = ["import_"]

Progress = Callable[[ImportStep], None]


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--kind", required=True, type=click.Choice(sorted(CONTENT)), help="What a row is.")
@db_option()
@as_option()
@json_option()
@click.option("--organization", metavar="ID|NAME", help="Whose it is where a row does not say.")
@click.option(
    "--format",
    "format_",
    type=click.Choice([member.value for member in TableFormat]),
    help="Instead of what the file's name says.",
)
@click.option("--skip-bad", is_flag=True, help="Leave bad rows out instead of writing nothing.")
@click.option("--skip-copies", is_flag=True, help="Leave out rows that look like edited copies.")
@click.option(
    "--overwrite", is_flag=True, help="Let the file win over drafts that others have edited since."
)
@click.option("--dry-run", is_flag=True, help="Check only; write nothing.")
def import_(  # noqa: PLR0917 - options of a command
    file: str,
    kind: str,
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    organization: str | None,
    format_: str | None,
    skip_bad: bool,  # noqa: FBT001
    skip_copies: bool,  # noqa: FBT001
    overwrite: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
) -> None:
    """Take in the rows of FILE (CSV, XLSX or JSON lines) as drafts.

    All rows are checked before the first is written. Run it again after a cut-off, or with
    the same rows: nothing is taken in twice. Exit code 1 if any row is bad.
    """
    given: dict[str, Any] = {
        "kind": kind,
        "organization": organization,
        "format": format_,
        "overwrite": overwrite,
    }
    with opened(db) as hub, _progress() as progress:
        imports = bound(hub, account).imports
        written = not dry_run
        try:
            if dry_run:
                report = imports.check(file, progress=progress, **given)
            else:
                given |= {"skip_bad": skip_bad, "skip_copies": skip_copies}
                report = imports.load(file, progress=progress, **given)
        except Invalid as error:
            if error.code != "import.bad_rows" or "report" not in error.values:
                raise
            report, written = error.values["report"], False
    if as_json:
        echo_json({"written": written, "fine": report.fine} | attrs.asdict(report))
    else:
        _show(report, written=written, dry_run=dry_run)
    raise SystemExit(1 if report.bad else 0)


def _show(report: ImportReport, *, written: bool, dry_run: bool) -> None:
    language = _language()
    for problem in report.problems:
        click.echo(problem.text(language))
    for warning in report.warnings:
        click.echo(warning.text(language))
    if report.more:
        click.echo(f"… and {report.more} more problems / 另有 {report.more} 处问题")
    click.echo(f"{report.rows} rows, {report.fine} fine, {report.bad} bad")
    if report.copies:
        click.echo(f"{report.copies} look like edited copies; --skip-copies leaves them out")
    if written or dry_run:
        would = "" if written else "would be "
        click.echo(
            f"{would}created {report.created}, updated {report.updated}, "
            f"unchanged {report.unchanged}, left out {report.skipped}"
        )
    if report.resumed_after:
        click.echo(f"went on after row {report.resumed_after}, where it was cut off")
    if not written and not dry_run:
        click.echo("nothing was written; correct the rows, or leave them out with --skip-bad")


def _language() -> str:
    said = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if said.startswith("zh") else "en"


@contextmanager
def _progress() -> Iterator[Progress]:
    if sys.stderr.isatty():
        try:
            from rich.console import Console
            from rich.progress import BarColumn, TaskProgressColumn, TextColumn
            from rich.progress import Progress as Bars
        except ImportError:
            yield _line
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]} rows"),
        )
        with Bars(*columns, console=Console(stderr=True)) as bars:
            yield _bar(bars)
        return
    yield _line


def _bar(bars: Any) -> Progress:
    tasks: dict[ImportPhase, Any] = {}

    def show(step: ImportStep) -> None:
        if step.phase not in tasks:
            tasks[step.phase] = bars.add_task(step.phase.en, total=None, rows=0)
        total = None if step.share is None else 1.0
        bars.update(tasks[step.phase], total=total, completed=step.share or 0, rows=step.rows)

    return show


def _line(step: ImportStep) -> None:
    share = "" if step.share is None else f" ({step.share:.0%})"
    click.echo(f"{step.phase.en}: {step.rows} rows{share}", err=True)
