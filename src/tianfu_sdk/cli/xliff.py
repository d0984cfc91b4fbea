"""Commands for XLIFF: hold files against the specification."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import click

from tianfu_sdk.cli.shared import echo_json, json_option

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
