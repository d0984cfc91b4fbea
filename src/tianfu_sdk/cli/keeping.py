"""Commands that keep and move a whole store: migrate, backup, restore, dump, load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tianfu_sdk.cli.shared import db_option, echo_json, json_option, named_store, opened

if TYPE_CHECKING:
    from tianfu_sdk.model.keeping import MediaCopy
    from tianfu_sdk.model.storage import SchemaChange

__all__ = ["backup", "dump", "load", "migrate", "restore"]


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


@click.command()
@click.argument("file", type=click.Path())
@db_option()
@json_option()
@click.option("--media/--no-media", default=None, help="Copy media as well, or leave them out.")
def backup(file: str, db: str, as_json: bool, media: bool | None) -> None:  # noqa: FBT001
    """Copy a store into the new file FILE, while others write.

    Media that are files go into the folder FILE.media. The master key and the erasure log are
    left out: keep copies of both apart from the backup.
    """
    with opened(db) as hub:
        system = hub.as_system(reason="backup")
        made = system.keeping.backup(file, media=media, progress=_parts(as_json=as_json))
    if as_json:
        echo_json(_as_json(made) | {"left_out": ["master key", "erasure log"]})
    else:
        click.echo(f"wrote {made.file}, {made.size} bytes")
        _say_media(made.media, made.folder)
        why = "without it no phone and no name can be read again"
        _say_left_out(why, made.erasures, "restore")
    raise SystemExit(1 if made.media.damaged else 0)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@db_option()
@json_option()
def restore(file: str, db: str, as_json: bool) -> None:  # noqa: FBT001
    """Make a store of the backup FILE, and erase again who was erased since.

    The store must not be there yet. Exit code 1 if the audit or a medium is damaged.
    """
    from tianfu_sdk.hub import Hub

    url, settings = named_store(db, make=True)
    made = Hub.restore(file, url, settings=settings, progress=_parts(as_json=as_json))
    wrong = [finding for finding in made.audit if finding.severity == "error"]
    if as_json:
        echo_json(_as_json(made))
    else:
        click.echo(f"restored {db} from {made.file}")
        _say_media(made.media, "")
        _say_erasures(made.erased, made.erasures)
        for finding in made.audit:
            click.echo(f"audit: {finding.message}")
        click.echo("put the master key in its place: `tianfu doctor` says whether it opens this")
    raise SystemExit(1 if wrong or made.media.damaged else 0)


@click.command()
@click.argument("file", type=click.Path())
@db_option()
@json_option()
@click.option("--media/--no-media", default=None, help="Copy media as well, or leave them out.")
def dump(file: str, db: str, as_json: bool, media: bool | None) -> None:  # noqa: FBT001
    """Write a whole store into the new file FILE, for any other kind of store.

    Media that are files go into the folder FILE.media. Phones and names stay sealed; the
    master key and the erasure log are left out.
    """
    with opened(db) as hub:
        system = hub.as_system(reason="dump")
        made = system.keeping.dump(file, media=media, progress=_parts(as_json=as_json))
    if as_json:
        echo_json(_as_json(made) | {"left_out": ["master key", "erasure log"]})
    else:
        click.echo(f"wrote {made.file}, {made.lines} lines, {made.size} bytes")
        _say_media(made.media, made.folder)
        _say_left_out("the new store needs the same one", made.erasures, "the new store")
    raise SystemExit(1 if made.media.damaged else 0)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@db_option()
@json_option()
def load(file: str, db: str, as_json: bool) -> None:  # noqa: FBT001
    """Take the dump FILE into a new store of any kind.

    When it is interrupted, the same command goes on. Exit code 1 if a medium is damaged.
    """
    from tianfu_sdk.hub import Hub

    url, settings = named_store(db, make=True)
    made = Hub.load(file, url, settings=settings, progress=_parts(as_json=as_json))
    if as_json:
        echo_json(_as_json(made))
    else:
        click.echo(f"loaded {made.lines} lines of {made.file} into {db}; the content is the same")
        if made.rekeyed:
            click.echo(f"of an older version, with new keys: {', '.join(made.rekeyed)}")
        if made.other_regions:
            click.echo("the dump was placed by another table of regions", err=True)
        if made.indexed is not None:
            click.echo(f"search: {made.indexed} documents")
        _say_media(made.media, "")
        _say_erasures(made.erased, made.erasures)
        click.echo("put the master key in its place: `tianfu doctor` says whether it opens this")
    raise SystemExit(1 if made.media.damaged else 0)


def _say_media(media: MediaCopy, folder: str) -> None:
    if media.skipped:
        click.echo("media: not copied")
        return
    where = f" in {folder}" if folder else ""
    click.echo(f"media: {media.copied} copied, {media.there} were there{where}")
    for digest in media.damaged:
        click.echo(f"ERROR medium {digest} is damaged and was left out", err=True)


def _say_left_out(key: str, log: str, whose: str) -> None:
    click.echo(f"left out: the master key; {key}")
    click.echo(f"left out: the erasure log ({log or 'none is set'}); {whose} needs it")


def _say_erasures(erased: int, log: str) -> None:
    if log:
        click.echo(f"erasure log {log}: {erased} subjects had come back and were erased again")
    else:
        click.echo("no erasure log is set (TIANFU_ERASURES): who was erased may be back", err=True)


def _parts(*, as_json: bool) -> Any:
    told = 0

    def progress(done: int, total: int) -> None:
        nonlocal told
        tenth = 10 * done // total if total else 0
        if tenth > told and not as_json:
            told = tenth
            click.echo(f"  {10 * tenth} %", err=True)

    return progress


def _as_json(value: Any) -> dict[str, Any]:
    from tianfu_sdk.cli import shared

    plain: dict[str, Any] = shared.as_json(value)
    return plain
