"""Commands for questions that people answer, and for rumours: questions, rumour."""

from __future__ import annotations

import sys

import attrs
import click

from tianfu_sdk.cli.shared import (
    as_option,
    bound,
    db_option,
    echo_json,
    echo_page,
    json_option,
    limit_option,
    opened,
)
from tianfu_sdk.model.question import Question, QuestionState

__all__ = ["questions", "rumour"]

_STATES = [state.value for state in QuestionState]


@click.group()
def questions() -> None:
    """List, read, pass on or close the questions that nothing published answers."""


@questions.command("list")
@db_option()
@as_option()
@json_option()
@click.option("--state", type=click.Choice(_STATES))
@click.option("--expert", metavar="ID", help="Only those that this expert has.")
@click.option("--region", metavar="CODE", help="Only those asked in this region and below it.")
@click.option("--overdue", is_flag=True, help="Only those that nobody answered in time.")
@limit_option()
def list_(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    state: str | None,
    expert: str | None,
    region: str | None,
    overdue: bool,  # noqa: FBT001
    limit: int,
) -> None:
    """List questions, oldest first; their texts are shown by `read` alone."""
    if overdue and (state or expert or region):
        raise click.UsageError("--overdue goes with none of --state, --expert and --region")
    with opened(db) as hub:
        desk = bound(hub, account).questions
        page = (
            desk.overdue(limit=limit)
            if overdue
            else desk.find(state=state, expert=expert, region=region, limit=limit)
        )
    echo_page(page, _line, as_json=as_json, limit=limit)


@questions.command("read")
@db_option()
@as_option()
@click.argument("id_", metavar="ID")
def read(db: str, account: str, id_: str) -> None:
    """Show the text of the question ID, for those who may answer it."""
    with opened(db) as hub:
        click.echo(bound(hub, account).questions.text(id_))


@questions.command("status")
@db_option()
@json_option()
@click.argument("id_", metavar="ID")
def status(db: str, id_: str, *, as_json: bool) -> None:
    """Tell how the question ID stands, and what answers it; anybody who has the id may."""
    with opened(db) as hub:
        found = hub.questions.status(id_)
    if as_json:
        echo_json(attrs.asdict(found))
        return
    click.echo(f"{found.state.zh} / {found.state.en}")
    if found.answer:
        click.echo(f"{found.answer}  {found.title}")
    elif found.due and found.state is not QuestionState.CLOSED:
        click.echo(f"答复期限 / due: {found.due.date().isoformat()}")
    if found.comment:
        click.echo(found.comment)


@questions.command("decline")
@db_option()
@as_option()
@click.argument("id_", metavar="ID")
@click.argument("reason")
def decline(db: str, account: str, id_: str, reason: str) -> None:
    """Say that the expert does not take the question ID; it goes to the next, or on."""
    with opened(db) as hub:
        click.echo(_line(bound(hub, account).questions.decline(id_, reason)))


@questions.command("close")
@db_option()
@as_option()
@click.argument("id_", metavar="ID")
@click.argument("reason")
def close(db: str, account: str, id_: str, reason: str) -> None:
    """Close the question ID without an answer; its askers may read the REASON."""
    with opened(db) as hub:
        click.echo(_line(bound(hub, account).questions.close(id_, reason)))


def _line(one: Question) -> str:
    due = one.due.date().isoformat() if one.due else "-"
    whose = one.expert or one.organization or "-"
    return f"{one.id}  {one.state.zh}  ×{one.askers}  {due}  {whose}"


@click.command()
@click.argument("text", required=False)
@db_option()
@json_option()
def rumour(text: str | None, db: str, *, as_json: bool) -> None:
    """Tell which known rumours TEXT repeats; without it a message on standard input.

    Exit code 1 if there are any.
    """
    with opened(db) as hub:
        found = hub.clarifications.check(text if text is not None else sys.stdin.read())
    if as_json:
        echo_json([attrs.asdict(one) for one in found])
    else:
        for one in found:
            said = f"{one.verdict.zh} / {one.verdict.en}"
            click.echo(f"【{said}】 {one.title}  {one.id}  {one.share:.0%}")
        if not found:
            click.echo("没有已知谣言 / no known rumour is repeated.")
    raise SystemExit(1 if found else 0)
