"""The commands of master keys: new, list, rotate, retire."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tianfu_sdk.cli.shared import db_option, echo_json, json_option, opened
from tianfu_sdk.model.keys import Suite

if TYPE_CHECKING:
    from tianfu_sdk.model.keys import KeyReport, Rotated

__all__ = ["keys"]

_PATH = click.Path(dir_okay=False, path_type=Path)


@click.group()
def keys() -> None:
    """Make, list and rotate master keys."""


@keys.command("new")
@click.argument("path", type=_PATH, required=False)
@click.option(
    "--suite",
    type=click.Choice([suite.value for suite in Suite]),
    default=Suite.AES.value,
    show_default=True,
    help="AES-256-GCM and HMAC-SHA256, or SM4-GCM and HMAC-SM3 (国密).",
)
@click.option("--add", is_flag=True, help="Add it to the file PATH as the current key.")
@json_option()
def new_key(path: Path | None, suite: str, add: bool, as_json: bool) -> None:  # noqa: FBT001
    """Make a master key: into the file PATH (mode 0600), or to standard output."""
    from tianfu_sdk.backends.keyfiles import add_key, make_key_file
    from tianfu_sdk.backends.keyring import new_master_key
    from tianfu_sdk.errors import CryptoError

    wanted = Suite.of(suite, "suite")
    if path is None:
        if add:
            raise click.UsageError("--add needs the PATH of a key file")
        key = new_master_key(wanted)
        if as_json:
            echo_json({"key": key})
        else:
            click.echo(key)
        return
    try:
        if add:
            add_key(path, wanted)
        elif not make_key_file(path, wanted):
            raise click.UsageError(
                f"{path} is there already; a key is never overwritten, --add adds to it"
            )
    except CryptoError as error:
        if isinstance(error.__cause__, OSError):
            raise click.FileError(str(path), error.__cause__.strerror) from None
        raise
    if as_json:
        echo_json({"path": str(path)})
    elif add:
        click.echo(f"added to {path}; next: start every process anew, then tianfu keys rotate")
    else:
        click.echo(f"wrote {path}; keep a copy apart from the database")


@keys.command("list")
@db_option()
@json_option()
def list_keys(db: str, as_json: bool) -> None:  # noqa: FBT001
    """Show the keys that are here, and what the rows of a store name; exit 1 if one lacks."""
    with opened(db) as hub:
        report = hub.as_system(reason="keys list").keys.report()
    if as_json:
        from tianfu_sdk.cli import shared

        echo_json(shared.as_json(report))
    else:
        for line in _lines(report):
            click.echo(line)
    raise SystemExit(1 if report.missing else 0)


def _lines(report: KeyReport) -> list[str]:
    lines = []
    for use in report.keys:
        marks = [name for name, on in (("current", use.current), ("indexes", use.indexes)) if on]
        suite = use.suite.value if use.suite else "NOT HERE"
        counts = f"{use.subjects} subjects, {use.opt_outs} opt-outs"
        lines.append("  ".join((use.id, suite, counts, *marks)))
    if report.behind or report.reindexing:
        lines.append("tianfu keys rotate goes over to the current key")
    return lines


@keys.command()
@db_option()
@json_option()
@click.option(
    "--batch",
    type=click.IntRange(1, 1000),
    default=500,
    show_default=True,
    help="Rows a transaction.",
)
def rotate(db: str, as_json: bool, batch: int) -> None:  # noqa: FBT001
    """Go over to the current master key, while others read and write.

    Killed at any point and called again, it goes on where it stopped. First every process
    must have been started anew with the new key.
    """

    def told(done: Rotated) -> None:
        click.echo(f"{done.rewrapped} rewrapped, {done.reindexed} reindexed", err=True)

    with opened(db) as hub:
        system = hub.as_system(reason="keys rotate")
        done = system.keys.rotate(batch=batch, progress=None if as_json else told)
    if as_json:
        echo_json({"rewrapped": done.rewrapped, "reindexed": done.reindexed})
    else:
        click.echo(f"done: {done.rewrapped} rewrapped, {done.reindexed} reindexed")


@keys.command()
@db_option()
@click.argument("path", type=_PATH)
@click.argument("key_id")
def retire(db: str, path: Path, key_id: str) -> None:
    """Destroy the master key KEY_ID in the file PATH; what look-ups need of it stays.

    Refused while rows of the store are wrapped by it. Backups that were are lost with it.
    """
    from tianfu_sdk.backends.keyfiles import retire_key
    from tianfu_sdk.errors import CryptoError

    with opened(db) as hub:
        report = hub.as_system(reason="keys retire").keys.report()
    if any(use.subjects for use in report.keys if use.id == key_id):
        raise CryptoError("keys.in_use", path=key_id)
    retire_key(path, key_id)
    click.echo(f"{key_id} opens nothing any more; look-ups by its index go on")
