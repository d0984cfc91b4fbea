"""What commands share: the store, the account, and JSON on demand."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

import click

from tianfu_sdk.errors import NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.settings import Settings, without_password

__all__ = [
    "as_json",
    "as_option",
    "bound",
    "db_option",
    "echo_json",
    "echo_noun",
    "echo_page",
    "json_option",
    "limit_option",
    "named_store",
    "opened",
    "shown_db",
    "store_url",
]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_SETTINGS = "tianfu_sdk.settings"


def db_option(required: bool = True) -> Callable[[F], F]:  # noqa: FBT001, FBT002
    """Add `--db`: a path or a URL, or `TIANFU_DB`; and `--settings`, or `TIANFU_SETTINGS`."""
    store = click.option(
        "--db",
        envvar="TIANFU_DB",
        show_envvar=True,
        required=required,
        metavar="PATH|URL",
        help="The store: a path, or a URL such as sqlite:///kepu.db.",
    )
    # Kept in the context, so that no command has to hand it on to `opened`.
    settings = click.option(
        "--settings",
        envvar="TIANFU_SETTINGS",
        show_envvar=True,
        type=click.Path(dir_okay=False),
        expose_value=False,
        callback=lambda context, _, value: context.meta.update({_SETTINGS: value}),
        help="A TOML file of settings, such as tables of gateways.",
    )
    return lambda command: store(settings(command))


def as_option() -> Callable[[F], F]:
    """Add `--as`: the account that acts, or `TIANFU_ACCOUNT`."""
    return click.option(
        "--as",
        "account",
        envvar="TIANFU_ACCOUNT",
        show_envvar=True,
        metavar="ACCOUNT",
        default="",
        help="Id of the account that acts.",
    )


def json_option() -> Callable[[F], F]:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def limit_option() -> Callable[[F], F]:
    """Add `--limit`: how many are listed, 20 unless told."""
    return click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))


def store_url(db: str) -> str:
    """Make a URL of a path or a URL."""
    if "://" in db or db == "memory:":
        return db
    # A file may be called a#1.db or 100%.db; in a URL these would mean something else.
    return f"sqlite:///{quote(db, safe='/:' + chr(92))}"


def shown_db(db: str) -> str:
    """Give a store as a line to be typed shows it: quoted where needed, without a password."""
    return shlex.quote(without_password(db))


@contextmanager
def opened(db: str, *, make: bool = False, **more: Any) -> Iterator[Hub]:
    """Open a hub for a block.

    Args:
        db: A path or a URL.
        make: Whether a store that is not there is made; a slip in a path must not make one.
        more: Settings.

    Raises:
        NotFound: `storage.not_there`.
    """
    url, settings = named_store(db, make=make, **more)
    with Hub.open(url, settings=settings) as hub:
        yield hub


def named_store(db: str, *, make: bool = False, **more: Any) -> tuple[str, Settings]:
    """Give the URL of a store and the settings to open it with; see `opened`.

    Raises:
        NotFound: `storage.not_there`.
    """
    import os

    url = store_url(db)
    if not make:
        _must_be_there(url)
    if url == "memory:":
        click.echo("memory: is empty, and gone when this command ends", err=True)
    context = click.get_current_context(silent=True)
    file = context.meta.get(_SETTINGS) if context else None
    return url, Settings.load(file=file, values=more or None, environment=os.environ)


def _must_be_there(url: str) -> None:
    from tianfu_sdk.opening import scheme_of

    if scheme_of(url) != "sqlite":
        return
    place = Path(unquote(urlsplit(url).path).removeprefix("/"))
    if not place.exists():
        raise NotFound("storage.not_there", path="db", place=str(place))


def bound(hub: Hub, account: str) -> Hub:
    """Give the hub on behalf of the account, or as it is where none is named."""
    return hub.as_(account) if account else hub


def echo_json(value: Any) -> None:
    """Print JSON, two blanks a level."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def echo_page(page: Page[T], line: Callable[[T], str], *, as_json: bool, limit: int) -> None:
    """Print a page: one line an item, or JSON with the cursor of the next page."""
    if as_json:
        echo_json({"items": [_plain(item) for item in page.items], "cursor": page.cursor})
        return
    if not page.items:
        click.echo("没有找到 / nothing found, or nothing that this account may see.", err=True)
    for item in page.items:
        click.echo(line(item))
    if page.cursor:
        click.echo(f"… and more; --limit {limit * 5} shows more at a time")


def echo_noun(noun: T, line: Callable[[T], str], *, as_json: bool) -> None:
    """Print a noun in one line, or as JSON."""
    if as_json:
        echo_json(_plain(noun))
    else:
        click.echo(line(noun))


def as_json(value: Any) -> Any:
    """Give a noun, or a list of them, as plain values."""
    return _plain(value)


def _plain(value: Any) -> Any:
    from tianfu_sdk import codec

    return codec.to_plain(value)
