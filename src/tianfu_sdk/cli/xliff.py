"""Commands for XLIFF: hold files against the specification, hand tasks out, take them back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import click

from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened

__all__ = ["xliff"]


@click.group()
def xliff() -> None:
    """Look after files for translators (XLIFF)."""


@xliff.command()
@json_option()
@click.option(
    "--prefix",
    "prefixes",
    multiple=True,
    metavar="NAME=NAMESPACE",
    help="Of fragment identifiers into an extension of yours.",
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE…",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
def check(files: Sequence[Path], prefixes: Sequence[str], as_json: bool) -> None:  # noqa: FBT001
    """Hold each FILE against XLIFF 1.2, 2.0, 2.1 or 2.2, beyond what its schema can say.

    Warnings alone leave a file fine. Exit code 1: a file has an error.
    """
    known = {}
    for pair in prefixes:
        name, equals, space = pair.partition("=")
        if not (name and equals and space):
            raise click.BadParameter(f"{pair}: write NAME=NAMESPACE", param_hint="--prefix")
        known[name] = space
    found = [_checked(file, known) for file in files]
    if as_json:
        echo_json(found)
    else:
        for one in found:
            _say(one)
    if not all(one["ok"] for one in found):
        sys.exit(1)


@xliff.command("export")
@db_option()
@as_option()
@click.option("--version", "version_", default="2.1", show_default=True, help="2.1 or 1.2.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A new file; else stdout.")
@click.argument("ids", nargs=-1, required=True, metavar="TASK…")
def export(db: str, account: str, version_: str, output: Path | None, ids: Sequence[str]) -> None:
    """Write each translation TASK (`ttk_…`) for a translator, as one document."""
    from tianfu_sdk.files import new_file

    with opened(db) as hub:
        data = bound(hub, account).translations.export_xliff(*ids, version=version_)
    if output is None:
        sys.stdout.buffer.write(data)
        return
    with new_file(output) as draft:
        draft.file.write(data)
    click.echo(f"wrote {output}: {len(ids)} tasks")


@xliff.command("import")
@db_option()
@as_option()
@json_option()
@click.option("--overwrite", is_flag=True, help="Also over what was changed since the export.")
@click.option("--dry-run", is_flag=True, help="Say only what would be done.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(
    db: str,
    account: str,
    file: Path,
    *,
    as_json: bool,
    overwrite: bool,
    dry_run: bool,
) -> None:
    """Take back what translators made of FILE.

    Exit code 1: a segment is in conflict and was left as it is.
    """
    with opened(db) as hub:
        desk = bound(hub, account).translations
        report = desk.import_xliff(file.read_bytes(), overwrite=overwrite, dry_run=dry_run)
    if as_json:
        echo_json(attrs.asdict(report))
    else:
        did = "would enter / 将录入" if dry_run else "entered / 录入"
        click.echo(f"{did} {report.entered}, unchanged / 未变 {report.unchanged}")
        for one in report.conflicts:
            click.echo(f"{file}:{one.line}: {one.task} {one.segment}: {one.reason}")
    if report.conflicts:
        sys.exit(1)


def _checked(file: Path, prefixes: dict[str, str]) -> dict[str, Any]:
    from tianfu_sdk.errors import Invalid
    from tianfu_sdk.formats.xliff import Problem, Severity, check

    try:
        problems = check(file.read_bytes(), prefixes=prefixes)
    except Invalid as error:
        line = int(error.values.get("line", 1))
        chinese = error.text("zh").partition(" [")[0]
        problems = [Problem(error.code, Severity.ERROR, line, "/", error.message, chinese)]
    return {
        "file": str(file),
        "ok": all(problem.severity is not Severity.ERROR for problem in problems),
        "problems": [attrs.asdict(problem) for problem in problems],
    }


def _say(found: dict[str, Any]) -> None:
    if not found["problems"]:
        click.echo(f"{found['file']}: ok")
    for problem in found["problems"]:
        click.echo(
            f"{found['file']}:{problem['line']}: {problem['severity']}: {problem['message']}"
            f" / {problem['message_zh']} [{problem['rule']}] {problem['path']}"
        )
