"""Commands for workstations, and for the evaluation of workstations and bases."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from tianfu_sdk.cli import shared
from tianfu_sdk.cli.shared import (
    as_option,
    bound,
    db_option,
    echo_json,
    echo_noun,
    echo_page,
    json_option,
    limit_option,
    opened,
)
from tianfu_sdk.cli.steps import add_step
from tianfu_sdk.model.rubric import CheckMethod
from tianfu_sdk.model.workstation import (
    Evaluation,
    Ruling,
    Workstation,
    WorkstationResult,
    WorkstationState,
)

__all__ = ["evaluations", "workstations"]

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def workstations() -> None:
    """List workstations, and what they reached (院士（专家）工作站)."""


@workstations.command("list")
@db_option()
@as_option()
@json_option()
@click.option("--state", type=click.Choice([state.value for state in WorkstationState]))
@click.option("--organization", metavar="ID", help="Of this organization or one below it.")
@click.option("--region", metavar="CODE", help="In this region and below it.")
@click.option("--expert", metavar="ID", help="In whose team this expert is.")
@click.option("--ends-before", type=_DAY, help="Whose last day is before this one.")
@limit_option()
def list_(
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    limit: int,
    ends_before: datetime | None,
    **narrowed: Any,
) -> None:
    """List workstations, those whose term ends first first."""
    last = ends_before.date() if ends_before else None
    with opened(db) as hub:
        page = bound(hub, account).workstations.find(limit=limit, ends_before=last, **narrowed)
        echo_page(page, _workstation, as_json=as_json, limit=limit)


@workstations.command("show")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
def show(db: str, account: str, id_: str, *, as_json: bool) -> None:
    """Show the workstation ID: its term, and how much of each target was reached."""
    with opened(db) as hub:
        desk = bound(hub, account).workstations
        known, standing = desk.get(id_), desk.standing(id_)
    if as_json:
        reached = [shared.as_json(one) for one in standing]
        echo_json({**shared.as_json(known), "standing": reached})
        return
    click.echo(_workstation(known))
    for one in standing:
        of = f"{one.achieved} / {one.target.amount} {one.target.unit}".rstrip()
        click.echo(f"{one.target.code}  {one.target.title}  {of}  {one.percent:.0f} %")
    if known.comment:
        click.echo(known.comment)


@workstations.command("results")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
def results(db: str, account: str, id_: str, *, as_json: bool) -> None:
    """List what was reported of the workstation ID, by day; what was struck says why."""
    with opened(db) as hub:
        found = bound(hub, account).workstations.results(id_)
    if as_json:
        echo_json([shared.as_json(one) for one in found])
        return
    for one in found:
        click.echo(_result(one))


@workstations.command("achieve")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
@click.argument("target", metavar="TARGET")
@click.argument("amount", type=int)
@click.option("--on", "day", required=True, type=_DAY)
@click.option("--evidence", required=True, multiple=True, help="What shows it.")
@click.option("--note", default="")
def achieve(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    id_: str,
    target: str,
    amount: int,
    day: datetime,
    evidence: Sequence[str],
    note: str,
) -> None:
    """Report that the workstation ID reached AMOUNT of its TARGET."""
    with opened(db) as hub:
        desk = bound(hub, account).workstations
        made = desk.achieve(id_, target, amount, on=day.date(), evidence=evidence, note=note)
    echo_noun(made, _result, as_json=as_json)


def _workstation(one: Workstation) -> str:
    until = one.rectify_until or one.valid_to
    return f"{one.id}  {one.state.zh}  {until.isoformat()}  {one.organization}"


def _result(one: WorkstationResult) -> str:
    struck = f"  已剔除 / struck: {one.struck}" if one.struck else ""
    return f"{one.id}  {one.on.isoformat()}  {one.target}  {one.amount}{struck}"


add_step(
    workstations,
    "workstations",
    "strike",
    "Say that the result ID does not count, and why.",
    _result,
    why=True,
)


@click.group()
def evaluations() -> None:
    """Evaluate workstations and science bases by a rubric (评价)."""


@evaluations.command("history")
@db_option()
@as_option()
@json_option()
@click.argument("subject", metavar="SUBJECT")
def history(db: str, account: str, subject: str, *, as_json: bool) -> None:
    """List all evaluations of the workstation or base SUBJECT, oldest first."""
    with opened(db) as hub:
        found = bound(hub, account).evaluations.history(subject)
    if as_json:
        echo_json([shared.as_json(one) for one in found])
        return
    for one in found:
        click.echo(_evaluation(one))


@evaluations.command("show")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
def show_evaluation(db: str, account: str, id_: str, *, as_json: bool) -> None:
    """Show the evaluation ID: checks, values by item, and what reviewers said."""
    with opened(db) as hub:
        known = bound(hub, account).evaluations.get(id_)
    if as_json:
        echo_json(shared.as_json(known))
        return
    click.echo(_evaluation(known))
    for check in known.checks:
        click.echo(f"{check.method.zh}  {check.on.isoformat()}  {check.findings}")
    for item in known.rubric.items:
        value = known.values.get(item.code, "-")
        shown = "不适用" if value is None else value
        points = known.score.points.get(item.code, "-") if known.score else "-"
        click.echo(f"{item.code}  {item.title}  {shown}  {points} / {item.points:g}")
    for review in known.reviews:
        click.echo(f"{review.verdict.zh}  {review.post}  {review.comment}")
    if known.reason:
        click.echo(known.reason)


@evaluations.command("open")
@db_option()
@as_option()
@json_option()
@click.argument("subject", metavar="SUBJECT")
@click.option("--start", required=True, type=_DAY, help="First day of what is evaluated.")
@click.option("--end", required=True, type=_DAY, help="Last day of it.")
@click.option("--rubric", metavar="CODE|FILE.toml", help="The one of its kind if left out.")
def open_(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    subject: str,
    start: datetime,
    end: datetime,
    rubric: str | None,
) -> None:
    """Begin to evaluate the workstation or base SUBJECT."""
    by = _rubric(rubric) if rubric else None
    with opened(db) as hub:
        desk = bound(hub, account).evaluations
        made = desk.open(subject, start=start.date(), end=end.date(), rubric=by)
    echo_noun(made, _evaluation, as_json=as_json)


def _rubric(given: str) -> str | Mapping[str, Any]:
    if not given.endswith(".toml"):
        return given
    try:
        return tomllib.loads(Path(given).read_text("utf-8"))
    except ValueError as error:
        raise click.UsageError(f"{given}: {error}") from None


@evaluations.command("check")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
@click.argument("method", type=click.Choice([method.value for method in CheckMethod]))
@click.argument("findings")
@click.option("--on", "day", required=True, type=_DAY)
@click.option("--evidence", multiple=True, help="Such as where the ledger is.")
def check(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    id_: str,
    method: str,
    findings: str,
    day: datetime,
    evidence: Sequence[str],
) -> None:
    """Write down what a look at the ledger, at the place, or a talk has shown."""
    with opened(db) as hub:
        desk = bound(hub, account).evaluations
        done = desk.check(id_, method=method, on=day.date(), findings=findings, evidence=evidence)
    echo_noun(done, _evaluation, as_json=as_json)


@evaluations.command("fill")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
@click.argument("values", nargs=-1, required=True, metavar="ITEM=NUMBER…")
def fill(db: str, account: str, id_: str, values: Sequence[str], *, as_json: bool) -> None:
    """Write down values of the rubric's items; ITEM=- does not apply."""
    given = {}
    for part in values:
        code, _, number = part.partition("=")
        try:
            given[code] = None if number == "-" else float(number)
        except ValueError:
            raise click.UsageError(f"{part}: ITEM=NUMBER, or ITEM=-") from None
    with opened(db) as hub:
        done = bound(hub, account).evaluations.fill(id_, given)
    echo_noun(done, _evaluation, as_json=as_json)


@evaluations.command("review")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
@click.argument("verdict", type=click.Choice([ruling.value for ruling in Ruling]))
@click.argument("comment")
def review(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    id_: str,
    verdict: str,
    comment: str,
) -> None:
    """Say as a reviewer what should come of it, and why; no author may."""
    with opened(db) as hub:
        done = bound(hub, account).evaluations.review(id_, verdict, comment)
    echo_noun(done, _evaluation, as_json=as_json)


@evaluations.command("decide")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
@click.argument("outcome", type=click.Choice([ruling.value for ruling in Ruling]))
@click.option("--until", type=_DAY, help="With rectify: last day by which it is put right.")
@click.option("--reason", default="", help="Needed where it is not passed.")
def decide(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    id_: str,
    outcome: str,
    until: datetime | None,
    reason: str,
) -> None:
    """Decide what comes of it; the workstation or base stands accordingly at once."""
    last = until.date() if until else None
    with opened(db) as hub:
        desk = bound(hub, account).evaluations
        done = desk.decide(id_, outcome, rectify_until=last, reason=reason)
    echo_noun(done, _evaluation, as_json=as_json)


def _evaluation(one: Evaluation) -> str:
    score = f"{one.score.percent:.0f} %  {one.score.grade}" if one.score else "-"
    outcome = one.outcome.zh if one.outcome else "-"
    return f"{one.id}  {one.state.zh}  {one.subject}  {one.end.isoformat()}  {score}  {outcome}"


for _verb, _says, _why in (
    ("submit", "Score the evaluation ID and give it to its reviewers.", False),
    ("return", "Give the evaluation ID back to its authors.", True),
):
    add_step(evaluations, "evaluations", _verb, _says, _evaluation, why=_why)
