"""Commands that keep and move a whole store: migrate, backup, restore, dump, load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tianfu_sdk.cli.shared import db_option, echo_json, json_option, named_store

if TYPE_CHECKING:
    from tianfu_sdk.model.storage import SchemaChange

__all__ = ["migrate"]


@click.command()
@db_option()
@json_option()
@click.option("--check", is_flag=True, help="Only say what would be done; exit 1 if anything.")
def migrate(db: str, as_json: bool, check: bool) -> None:  # noqa: FBT001
    """Bring a store of an older version into the shape of this one.

    Make a backup first. An interrupted migration goes on when this is run again.
    """
    from tianfu_sdk.hub import Hub

    url, settings = named_store(db)
    steps = Hub.changes(url, settings=settings)
    if as_json:
        echo_json({"db": db, "check": check, "steps": [_plain(step) for step in steps]})
    else:
        for step in steps:
            click.echo(_said(step))
        if not steps:
            click.echo("nothing to migrate")
    if check:
        raise SystemExit(1 if steps else 0)
    if steps:
        Hub.migrate(url, settings=settings, progress=_told(as_json=as_json)).close()
        if not as_json:
            click.echo("migrated")


def _told(*, as_json: bool) -> Any:
    def progress(change: SchemaChange) -> None:
        if change.rows and not as_json:
            click.echo(f"  {change.kind}: {change.done} of {change.rows} rows", err=True)

    return progress


def _plain(change: SchemaChange) -> dict[str, Any]:
    import attrs

    return attrs.asdict(change) | {"step": change.step.value}


def _said(change: SchemaChange) -> str:
    signs = [f"+{name}" for name in change.added]
    signs += [f"-{name}" for name in change.removed]
    signs += [f"~{name}" for name in change.retyped]
    keys = f" ({' '.join(signs)})" if signs else ""
    rows = f", {change.rows} rows" if change.rows else ""
    begun = f", {change.done} done already" if change.done else ""
    number = f" {change.found} -> {change.wanted}"
    return f"{change.kind or 'store'}{number}: {change.step.label('en')}{keys}{rows}{begun}"
