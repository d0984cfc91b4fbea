"""Commands about the outbox: what is queued, what waits for a person, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import click

from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.storage import JobInfo, JobState

__all__ = ["jobs"]

_PAGE = 500
_STATES = click.Choice([state.value for state in JobState])


@click.group()
def jobs() -> None:
    """See what is queued and what waits for a person, and let it go on."""


@jobs.command("list")
@db_option()
@as_option()
@json_option()
@click.option("--queue", metavar="NAME", help="Only this one, such as sms.file; else all.")
@click.option("--state", type=_STATES, default="parked", show_default=True, help="How they stand.")
def list_(db: str, account: str, as_json: bool, queue: str | None, state: str) -> None:  # noqa: FBT001
    """List jobs: those that wait for a person, or those of another state."""
    with opened(db) as hub:
        me = bound(hub, account)
        names = [queue] if queue else me.jobs.queues()
        found = [job for name in names for job in _all(me, name, state)]
    if as_json:
        echo_json([_plain(job) for job in found])
        return
    for job in found:
        click.echo(
            f"{job.queue} {job.id}  {job.state.zh} / {job.state.en}  {job.group or '-'}"
            f"  attempts {job.attempts}  due {job.due:%Y-%m-%d %H:%M}Z  {job.reason or '-'}"
        )
    if not found:
        click.echo(f"no jobs are {state}")


@jobs.command("show")
@click.argument("queue")
@click.argument("id_", metavar="ID", type=int)
@db_option()
@as_option()
@json_option()
def show(queue: str, id_: int, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Say of the job ID in QUEUE why it waits, and what may be done."""
    with opened(db) as hub:
        view = bound(hub, account).jobs.get(queue, id_)
    if as_json:
        echo_json(attrs.asdict(view) | {"state": view.state.value})
        return
    click.echo(f"{view.queue} {view.id}  {view.state.zh} / {view.state.en}")
    click.echo(f"key       {view.key}")
    click.echo(f"group     {view.group or '-'}{'  (held 已暂停)' if view.held else ''}")
    click.echo(f"due       {view.due:%Y-%m-%d %H:%M:%S}Z, priority {view.priority}")
    click.echo(f"attempts  {view.attempts}")
    if view.reason:
        click.echo(f"reason    {view.reason}: {view.why_zh} / {view.why}".rstrip(": /"))
    if view.hint:
        click.echo(f"hint      {view.hint_zh} / {view.hint}")


@jobs.command("release")
@click.argument("queue")
@click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
@db_option()
@as_option()
@json_option()
def release(queue: str, ids: Sequence[int], db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Queue the parked jobs ID... of QUEUE again; what may have gone out is not sent again."""
    with opened(db) as hub:
        count = bound(hub, account).jobs.release(queue, ids)
    _said(count, "released", as_json=as_json)


@jobs.command("drop")
@click.argument("queue")
@click.argument("group")
@db_option()
@as_option()
@json_option()
def drop(queue: str, group: str, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Cancel the queued and parked jobs of GROUP in QUEUE for good."""
    with opened(db) as hub:
        count = bound(hub, account).jobs.drop(queue, group)
    _said(count, "dropped", as_json=as_json)


def _said(count: int, verb: str, *, as_json: bool) -> None:
    if as_json:
        echo_json({verb: count})
    else:
        click.echo(f"{verb} {count}")


def _all(hub: Hub, queue: str, state: str) -> Iterator[JobInfo]:
    after: int | None = None
    while found := hub.jobs.list(queue, state=state, after=after, limit=_PAGE):
        yield from found
        after = found[-1].id


def _plain(job: JobInfo) -> dict[str, Any]:
    plain = attrs.asdict(job, filter=lambda field, _: field.name != "body")
    return plain | {"state": job.state.value, "due": job.due.isoformat()}
