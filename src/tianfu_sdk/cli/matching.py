"""The command that matches: match."""

from __future__ import annotations

import click

from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened
from tianfu_sdk.model.listing import Matches

__all__ = ["match"]

_TARGETS = ("service", "achievement", "project", "expert")
_REASONS = {
    "language": "语言不通 / no common language",
    "deadline": "已截止 / past its deadline",
    "expired": "已过期 / expired",
    "capacity": "已满 / full",
}


@click.command()
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
@click.option("--to", type=click.Choice(_TARGETS), help="Only these; all if left out.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100))
def match(  # noqa: PLR0917 - options of a command
    id_: str,
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    to: str | None,
    limit: int,
) -> None:
    """Match the need ID with what is offered, or the question ID with experts."""
    with opened(db) as hub:
        matches = bound(hub, account).match(id_, to=to, limit=limit)
    if as_json:
        echo_json(
            {
                "to": matches.to,
                "found": [
                    {
                        "kind": found.kind,
                        "id": found.id,
                        "title": found.title,
                        "score": found.score,
                        "why": dict(found.why),
                    }
                    for found in matches
                ],
                "gated": dict(matches.gated),
            }
        )
    else:
        _show(matches)


def _show(matches: Matches) -> None:
    if not matches.found:
        click.echo("没有可匹配的对象 / nothing to match with.")
    for number, found in enumerate(matches, 1):
        click.echo(f"{number}. {found.title}  [{found.kind}] {found.id}  {found.score:.2f}")
        why = "  ".join(f"{name} {share:.2f}" for name, share in found.why.items())
        click.echo(f"   {why}")
    for reason, count in sorted(matches.gated.items()):
        click.echo(f"排除 / left out: {count}, {_REASONS.get(reason, reason)}")
