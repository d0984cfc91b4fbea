"""Commands about the log of events: export, daily counts, roll-up, consumers."""

from __future__ import annotations

from datetime import datetime

import attrs
import click

from tianfu_sdk.cli.indicators import as_of_option, id_of
from tianfu_sdk.cli.shared import (
    as_json as to_json,
)
from tianfu_sdk.cli.shared import (
    as_option,
    bound,
    db_option,
    echo_json,
    json_option,
    opened,
)
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.event import RollupState
from tianfu_sdk.model.region import RegionLevel

__all__ = ["events"]


@click.group()
def events() -> None:
    """Export events, and count them by day."""


@events.command()
@db_option()
@as_option()
@json_option()
@click.option("--parquet", metavar="DIR", type=click.Path(file_okay=False), help="Write Parquet.")
@click.option("--jsonl", metavar="DIR", type=click.Path(file_okay=False), help="Write JSON lines.")
@click.option("--after", metavar="CURSOR", help="Begin after this cursor, in a new folder.")
def export(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    parquet: str | None,
    jsonl: str | None,
    after: str | None,
) -> None:
    """Write events into monthly files in DIR; each run writes what is new.

    Without --as on behalf of the system, which reads all; an account needs a grant to read
    kind `event`. No personal data: ids only.
    """
    if (parquet is None) == (jsonl is None):
        raise click.UsageError("give one of --parquet and --jsonl")
    with opened(db) as hub:
        desk = _acting(hub, account, "export of events")
        folder, form = (parquet, "parquet") if parquet is not None else (jsonl or "", "jsonl")
        done = desk.events.export(folder, format=form, after=after)
    if as_json:
        echo_json(attrs.asdict(done))
        return
    for name in done.files:
        click.echo(name)
    click.echo(f"{done.events} events, cursor {done.cursor or '-'}")


@events.command()
@db_option()
@as_option()
@json_option()
@click.option("--from", "first", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--to", "last", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--region", help="GB/T 2260 code: only this region and what lies below it.")
@click.option("--organization", metavar="ORG", help="Only this organization and those below it.")
@click.option("--level", type=click.Choice([level.value for level in RegionLevel]))
@click.option("--type", "types", multiple=True, help="Such as resource.viewed; may be repeated.")
@as_of_option()
def daily(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    first: datetime,
    last: datetime,
    region: str | None,
    organization: str | None,
    level: str | None,
    types: tuple[str, ...],
    as_of: str,
) -> None:
    """Count events by day, region and type. Days are those of China."""
    if last < first:
        raise click.UsageError("--to lies before --from")
    with opened(db) as hub:
        desk = bound(hub, account)
        counts = desk.indicators.daily(
            first=first.date(),
            last=last.date(),
            region=region,
            organization=organization and id_of(desk, organization),
            level=level,
            types=types or None,
            as_of=as_of,
        ).items
    if as_json:
        echo_json({"as_of": as_of, "counts": to_json(list(counts))})
        return
    for one in counts:
        click.echo(f"{one.day} {one.region or '-':6} {one.type}: {one.count}")


@events.command()
@db_option()
@json_option()
@click.option("--rebuild", is_flag=True, help="Make the roll-up anew from the first event.")
@click.option("--verify", is_flag=True, help="Add the log up again and compare.")
def rollup(db: str, as_json: bool, rebuild: bool, verify: bool) -> None:  # noqa: FBT001
    """Bring the daily roll-up up to date, as `tianfu worker` does; show how far it is.

    Exit code 1 if --verify finds that it differs from the log.
    """
    with opened(db) as hub:
        system = hub.as_system(reason="roll-up")
        if rebuild:
            system.events.rebuild_rollups()
        elif not verify:
            while system.events.roll_up():
                pass
        findings = system.events.verify_rollups() if verify else []
        state = system.events.rollups()
    wrong = any(finding.severity == "error" for finding in findings)
    if as_json:
        echo_json({"state": _plain(state), "findings": to_json(findings)})
    else:
        for finding in findings:
            click.echo(finding.message, err=finding.severity == "error")
        waiting = f"{state.waiting} or more" if state.more else state.waiting
        click.echo(f"{state.rolled} events rolled up, {waiting} waiting for {state.lag}")
    raise SystemExit(1 if wrong else 0)


@events.command()
@db_option()
@as_option()
@json_option()
def consumers(db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """List who reads the log on; without --as of all accounts."""
    with opened(db) as hub:
        found = _acting(hub, account, "list of consumers").events.consumers()
    if as_json:
        echo_json(to_json(found))
        return
    for one in found:
        click.echo(f"{one.owner} {one.name}: {one.handled} handled, {one.updated_at.isoformat()}")


def _acting(hub: Hub, account: str, reason: str) -> Hub:
    return bound(hub, account) if account else hub.as_system(reason=reason)


def _plain(state: RollupState) -> dict[str, object]:
    return {
        "rolled": state.rolled,
        "waiting": state.waiting,
        "more": state.more,
        "since": state.since.isoformat() if state.since else None,
        "lag_seconds": state.lag.total_seconds(),
    }
