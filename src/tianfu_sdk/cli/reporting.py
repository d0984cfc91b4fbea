"""Commands about what became of a campaign: its report, and the messages behind a number."""

from __future__ import annotations

import itertools
from pathlib import Path

import attrs
import click

from tianfu_sdk.cli import shared
from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened
from tianfu_sdk.files import Draft, telling
from tianfu_sdk.model.region import RegionLevel
from tianfu_sdk.model.sms import MessageState
from tianfu_sdk.model.sms_report import SmsReport, SmsTotals

__all__ = ["messages", "report_"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_BOM = "\ufeff"


@click.command("report")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
@click.option("--level", type=click.Choice([level.value for level in RegionLevel]))
@click.option("--csv", "csv_", metavar="FILE", type=_FILE, help="Write the figures as CSV.")
@click.option("--jsonl", metavar="FILE", type=_FILE, help="Write the figures as JSON lines.")
@click.option("--plot", metavar="FILE", type=_FILE, help="Draw it, such as report.png.")
def report_(  # noqa: PLR0917 - options of a command
    id_: str,
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    level: str | None,
    csv_: Path | None,
    jsonl: Path | None,
    plot: Path | None,
) -> None:
    """Say what became of the campaign ID: in all, by region, by language and by reason.

    Regions are those of the subscribers, or of --level. A FILE that is there is replaced.
    """
    with opened(db) as hub:
        found = bound(hub, account).sms.report(id_)
    if csv_ is not None:
        # By the mark, spreadsheets know that it is UTF-8.
        _write(csv_, (_BOM + found.to_csv()).encode())
    if jsonl is not None:
        _write(jsonl, found.to_jsonl().encode())
    if plot is not None:
        from tianfu_sdk.display.plots import plot as draw

        with telling(plot):
            draw(found, level=level).savefig(plot)
    if as_json:
        echo_json(shared.as_json(found) | {"totals": attrs.asdict(found.totals)})
    elif csv_ is None and jsonl is None and plot is None:
        _show(found, level)


def _write(target: Path, body: bytes) -> None:
    with telling(target), Draft(target.resolve().parent, ".report-") as draft:
        draft.file.write(body)
        draft.keep(target.resolve(), over=True)


def _show(found: SmsReport, level: str | None) -> None:
    click.echo(f"{found.campaign}  {found.state.zh} / {found.state.en}")
    click.echo(f"计划 / planned: {found.planned}")
    totals = found.totals
    for zh, name in (
        ("已发", "sent"),
        ("网关已收", "accepted"),
        ("已送达", "delivered"),
        ("失败", "failed"),
        ("结果不明", "unknown"),
        ("退订", "opt_outs"),
    ):
        click.echo(f"{zh} / {name}: {getattr(totals, name)}")
    for reason, count in found.by_reason.items():
        click.echo(f"  {reason}: {count}")
    click.echo(f"{found.parts} 条 / parts, {found.cost / 1000:.3f} 元")
    for language, line in found.totals_by("language").items():
        click.echo(f"  {language}: {_line(line)}")
    lines = found.totals_by(level or "region")
    for code, line in lines.items():
        name = f"{code} {found.names.get(code, '')}".strip() or "-"
        click.echo(f"  {name}: {_line(line)}")


def _line(totals: SmsTotals) -> str:
    names = ("messages", "delivered", "failed", "unknown")
    counts = ", ".join(f"{name} {getattr(totals, name)}" for name in names)
    return f"{counts}, {totals.cost / 1000:.3f} 元"


@click.command("messages")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in MessageState]),
    help="Only those that stand so; may be repeated.",
)
@click.option("--region", metavar="CODE", help="Only in this region or below it.")
@click.option("--language", metavar="TAG", help="Only in this language.")
@click.option("--reason", metavar="CODE", help="Only those that failed for this.")
@click.option("--opted-out", is_flag=True, help="Only to people who refused since.")
@click.option("--limit", type=click.IntRange(1), help="So many at most; else all.")
def messages(  # noqa: PLR0917 - options of a command
    id_: str,
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    states: tuple[str, ...],
    region: str | None,
    language: str | None,
    reason: str | None,
    opted_out: bool,  # noqa: FBT001
    limit: int | None,
) -> None:
    """List the messages behind a number of the campaign ID, phones masked.

    A phone is shown only to an account that may reveal it.
    """
    with opened(db) as hub:
        page = bound(hub, account).sms.messages(
            id_,
            state=states or None,
            region=region,
            language=language,
            reason=reason,
            opted_out=opted_out,
            limit=min(limit or 1000, 1000),
        )
        found = list(itertools.islice(page, limit))
    if as_json:
        echo_json([shared.as_json(one) for one in found])
        return
    for one in found:
        where = f"{one.region or '-':6} {one.language}"
        why = f"  {one.reason}" if one.reason else ""
        phone = f"  {one.phone}" if one.phone else ""
        click.echo(f"{one.subscriber or '-'}  {one.state.value:9} {where}{phone}{why}")
