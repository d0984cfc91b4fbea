"""Commands for the translation memory (翻译记忆) and the glossary (术语库)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs
import click

from tianfu_sdk.cli import shared
from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened
from tianfu_sdk.cli.texts import read_text
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.problem import Problem

__all__ = ["glossary", "memory", "translations"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)


@click.group()
def memory() -> None:
    """Find what was translated before, and exchange memories with other tools."""


@memory.command("import")
@click.argument("file", type=_FILE)
@db_option()
@as_option()
@json_option()
@click.option("--organization", required=True, metavar="ID", help="Whose memory it becomes.")
@click.option("--format", "format_", type=click.Choice(["tmx", "csv"]), help="Else by its name.")
@click.option("--dry-run", is_flag=True, help="Check only; write nothing.")
def import_memory(
    *,
    file: Path,
    db: str,
    account: str,
    as_json: bool,
    organization: str,
    format_: str | None,
    dry_run: bool,
) -> None:
    """Take in the memory FILE (TMX or CSV): all of it, or nothing.

    Who does this vouches that its translations are approved. Exit code 1: the file is broken.
    """
    with opened(db) as hub:
        desk = bound(hub, account).memory
        report = _read(
            lambda: desk.load(
                file,
                organization=organization,
                format=format_,
                dry_run=dry_run,
                progress=lambda units: click.echo(f"{units} units", err=True),
            )
        )
    _say(report, as_json=as_json, dry_run=dry_run)


@memory.command("export")
@click.argument("file", type=_NEW)
@db_option()
@as_option()
@click.option("--language", "languages", multiple=True, help="Only these, the source first.")
@click.option("--format", "format_", type=click.Choice(["tmx", "csv"]), help="Else by its name.")
def export_memory(
    file: Path, db: str, account: str, languages: Sequence[str], format_: str | None
) -> None:
    """Write the memory into the new FILE (TMX or CSV)."""
    with opened(db) as hub:
        number = bound(hub, account).memory.export(file, languages=tuple(languages), format=format_)
    click.echo(f"wrote {file}: {number} units")


@memory.command("lookup")
@db_option()
@as_option()
@json_option()
@click.option("--source", required=True, metavar="TAG", help="Language of the text.")
@click.option("--target", required=True, metavar="TAG", help="Language wanted.")
@click.option("--least", type=float, default=0.75, show_default=True, help="Score at the least.")
def lookup(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    source: str,
    target: str,
    least: float,
) -> None:
    """Look up the text of standard input."""
    with opened(db) as hub:
        hits = bound(hub, account).memory.lookup(
            read_text(), source=source, target=target, least=least
        )
    if as_json:
        echo_json([shared.as_json(hit) for hit in hits])
        return
    for hit in hits:
        click.echo(f"{hit.score:.0%}  {hit.kind.zh} / {hit.kind.en}  {hit.unit}")
        click.echo(f"  {hit.source}\n  {hit.suggestion or hit.target}")


@click.group()
def translations() -> None:
    """See how translation engines do, and forget what they said."""


@translations.command("health")
@db_option()
@as_option()
@json_option()
def engine_health(*, db: str, account: str, as_json: bool) -> None:
    """Show the translation engines of the settings, and what the store keeps of each."""
    with opened(db) as hub:
        found = bound(hub, account).translations.health()
    if as_json:
        echo_json([attrs.asdict(one) for one in found])
    for one in () if as_json else found:
        click.echo(f"{one.engine}: {one.kept} texts kept")


@translations.command("clear-cache")
@click.option("--engine", metavar="NAME", help="What this engine said only.")
@db_option()
@as_option()
@json_option()
def clear_cache(*, engine: str | None, db: str, account: str, as_json: bool) -> None:
    """Forget what translation engines said, so that they are asked anew."""
    with opened(db) as hub:
        gone = bound(hub, account).translations.clear_cache(engine)
    echo_json({"forgotten": gone}) if as_json else click.echo(f"{gone} texts forgotten")


@click.group()
def glossary() -> None:
    """Exchange glossaries with other tools, and look for their terms."""


@glossary.command("import")
@click.argument("file", type=_FILE)
@db_option()
@as_option()
@json_option()
@click.option("--organization", required=True, metavar="ID", help="Whose glossary it becomes.")
@click.option("--format", "format_", type=click.Choice(["tbx", "csv"]), help="Else by its name.")
@click.option("--dry-run", is_flag=True, help="Check only; write nothing.")
def import_glossary(
    *,
    file: Path,
    db: str,
    account: str,
    as_json: bool,
    organization: str,
    format_: str | None,
    dry_run: bool,
) -> None:
    """Take in the glossary FILE (TBX-Basic or CSV): all of it, or nothing.

    Exit code 1: the file is broken.
    """
    with opened(db) as hub:
        desk = bound(hub, account).glossary
        report = _read(
            lambda: desk.load(file, organization=organization, format=format_, dry_run=dry_run)
        )
    _say(report, as_json=as_json, dry_run=dry_run)


@glossary.command("export")
@click.argument("file", type=_NEW)
@db_option()
@as_option()
@click.option("--format", "format_", type=click.Choice(["tbx", "csv"]), help="Else by its name.")
def export_glossary(file: Path, db: str, account: str, format_: str | None) -> None:
    """Write the glossary into the new FILE (TBX-Basic or CSV)."""
    from tianfu_sdk.files import new_file

    chosen = format_ or ("csv" if file.suffix.lower() == ".csv" else "tbx")
    with opened(db) as hub:
        data = bound(hub, account).glossary.export(chosen)
    with new_file(file) as draft:
        draft.file.write(data)
    click.echo(f"wrote {file}")


@glossary.command("scan")
@db_option()
@as_option()
@json_option()
@click.option("--language", required=True, metavar="TAG", help="Of the text.")
@click.option("--organization", metavar="ID", help="Whose glossary; else that of the account.")
def scan(
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    language: str,
    organization: str | None,
) -> None:
    """Find the terms of the glossary in the text of standard input."""
    with opened(db) as hub:
        hits = bound(hub, account).glossary.scan(read_text(), language, organization=organization)
    if as_json:
        echo_json([shared.as_json(hit) for hit in hits])
        return
    for hit in hits:
        status = hit.term.status
        doubt = "" if hit.sure else "  ?"
        said = f"{hit.term.text}  {status.zh} / {status.en}  {hit.concept}{doubt}"
        click.echo(f"{hit.start}-{hit.end}  {said}")


def _read(load: Callable[[], Any]) -> Any:
    """Load a file; where it is broken, say all that is wrong and leave with 1."""
    try:
        return load()
    except Invalid as error:
        if not error.code.endswith(".bad_file"):
            raise
        _list(error.values["problems"])
        click.echo("nothing was taken in", err=True)
        sys.exit(1)


def _list(problems: Iterable[Problem]) -> None:
    said = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    language = "zh" if said.startswith("zh") else "en"
    for one in problems:
        click.echo(f"{one.line}: {one.severity.value}: {one.text(language)} [{one.rule}]", err=True)


def _say(report: Any, *, as_json: bool, dry_run: bool) -> None:
    plain = attrs.asdict(report, filter=lambda field, _: field.name != "problems")
    if as_json:
        warnings = [shared.as_json(one) for one in report.problems]
        echo_json({"written": not dry_run, **plain, "warnings": warnings})
        return
    _list(report.problems)
    would = "would be " if dry_run else ""
    shown = ", ".join(f"{name} {count}" for name, count in plain.items())
    click.echo(f"{would}taken in: {shown}")
