"""Commands for media: clear away what nothing uses."""

from __future__ import annotations

from datetime import timedelta

import attrs
import click

from tianfu_sdk.cli.shared import db_option, echo_json, json_option, opened

__all__ = ["media"]


@click.group()
def media() -> None:
    """Look after the bytes of media."""


@media.command()
@db_option()
@json_option()
@click.option(
    "--grace",
    default=24.0,
    show_default=True,
    type=click.FloatRange(min=1.0),
    help="Hours that bytes stay which nothing uses.",
)
def collect(db: str, as_json: bool, grace: float) -> None:  # noqa: FBT001
    """Clear away the bytes that nothing uses, and what torn uploads left.

    What nothing uses is marked by the first run and deleted by a run after the grace. The
    worker does the same once a day.
    """
    with opened(db) as hub:
        done = hub.as_system(reason="collect").media.collect(grace=timedelta(hours=grace))
    if as_json:
        echo_json(attrs.asdict(done))
        return
    click.echo(
        f"kept {done.kept}, waiting {done.waiting}, deleted {done.deleted},"
        f" uploads lapsed {done.lapsed}, torn uploads {done.torn}"
    )
