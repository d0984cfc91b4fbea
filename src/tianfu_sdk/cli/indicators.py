"""The command that adds up: indicators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import click

from tianfu_sdk.cli import shared
from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened
from tianfu_sdk.errors import NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.base import EPOCH, Quantity, When
from tianfu_sdk.model.indicator import AsOf, Figure, IndicatorReport

__all__ = ["as_of_option", "id_of", "indicators"]

F = TypeVar("F", bound=Callable[..., Any])


def as_of_option() -> Callable[[F], F]:
    """Add `--as-of`: the map of regions under which events count."""
    return click.option(
        "--as-of",
        type=click.Choice([view.value for view in AsOf]),
        default=AsOf.THEN.value,
        show_default=True,
        help="Regions as they stood on the day of an event, or as they stand today.",
    )


@click.command()
@click.argument("organization", metavar="ORG")
@db_option()
@as_option()
@json_option()
@click.option("--from", "first", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--to", "last", required=True, type=click.DateTime(["%Y-%m-%d"]))
@as_of_option()
def indicators(  # noqa: PLR0917 - options of a command
    organization: str,
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    first: datetime,
    last: datetime,
    as_of: str,
) -> None:
    """Show the figures of ORG, an id or a whole name, with all organizations below it.

    Days are those of China, the last one included.
    """
    start, end = _span(first.date(), last.date())
    with opened(db) as hub:
        desk = bound(hub, account)
        report = desk.indicators.report(
            id_of(desk, organization), start=start, end=end, as_of=as_of
        )
    if as_json:
        echo_json(_plain(report))
    else:
        _show(report)


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    if last < first:
        raise click.UsageError("--to lies before --from")
    days = When.day(first, last)
    return days.start or EPOCH, days.end or datetime.max.replace(tzinfo=UTC)


def id_of(hub: Hub, organization: str) -> str:
    """Give the id of an organization that is named by id or by its whole name."""
    if organization.startswith("org_"):
        return organization
    named = hub.organizations.find(name=organization, limit=2).items
    if len(named) > 1:
        raise click.UsageError(f"several organizations are called {organization}; use the id")
    if not named:
        raise NotFound("organization.unknown", path="organization", id=organization[:64])
    return named[0].id


def _plain(report: IndicatorReport) -> dict[str, object]:
    return {
        "organization": report.organization,
        "period": shared.as_json(report.period),
        "as_of": report.as_of.value,
        "figures": [
            {
                "indicator": figure.indicator.value,
                "organization": figure.organization,
                "own": figure.own,
                "value": figure.value,
                "precision": figure.precision.value,
                "adjusted": figure.adjusted,
                "evidence": figure.evidence,
            }
            for figure in report.figures
        ],
        "answer_rate": report.answer_rate,
        "language_coverage": [
            {"language": language, "readable": readable, "published": published}
            for language, readable, published in report.language_coverage
        ],
    }


def _show(report: IndicatorReport) -> None:
    for figure in report.figures:
        if figure.organization == report.organization:
            label = f"{figure.indicator.zh} / {figure.indicator.en}"
            click.echo(f"{label}: {_number(figure)}  ({figure.evidence} 佐证 / evidence)")
    click.echo(f"行政区划 / regions: {report.as_of.zh} / {report.as_of.en}")
    rate = "–" if report.answer_rate is None else f"{report.answer_rate:.0%}"
    click.echo(f"回答率 / answer rate: {rate}")
    for language, readable, published in report.language_coverage:
        click.echo(f"语言覆盖 / readable in {language}: {readable} / {published}")


def _number(figure: Figure) -> str:
    # 0 is nothing, a dash is not reported; the statistics tables keep them apart too.
    return "–" if figure.value is None else str(Quantity(figure.value, figure.precision))
