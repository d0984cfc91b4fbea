"""The command that matches: match."""

from __future__ import annotations

import click

from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened
from tianfu_sdk.errors import Invalid
from tianfu_sdk.services.matching.results import Matches
from tianfu_sdk.settings import MATCH_FEATURES, MATCH_TARGETS

__all__ = ["match"]

_REASONS = {
    "language": "语言不通 / no common language",
    "deadline": "已截止 / past its deadline",
    "expired": "已过期 / expired",
    "capacity": "已满 / full",
    "kind": "种类不符 / of another kind",
    "closed": "已了结 / over",
    "age": "不适合其年龄 / not for their age",
}


@click.command()
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
@click.option("--to", type=click.Choice(MATCH_TARGETS), help="Only these; all if left out.")
@click.option(
    "--weights",
    metavar="NAME=NUMBER,…",
    help=f"Weigh by these alone, such as text=0.6,region=0.4; of: {', '.join(MATCH_FEATURES)}.",
)
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100))
def match(  # noqa: PLR0917 - options of a command
    id_: str,
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    to: str | None,
    weights: str | None,
    limit: int,
) -> None:
    """Match ID: a need with offers and experts, a question with experts, all else with needs."""
    with opened(db) as hub:
        chosen = _weights(weights) if weights is not None else None
        matches = bound(hub, account).match(id_, to=to, limit=limit, weights=chosen)
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
                "left_out": [
                    {"kind": left.kind, "id": left.id, "title": left.title, "reason": left.reason}
                    for left in matches.left_out
                ],
            }
        )
    else:
        _show(matches)


def _weights(text: str) -> dict[str, float]:
    made: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.partition("=")
        if name.strip() in made:
            raise click.UsageError(f"--weights has {name.strip()} twice")
        try:
            made[name.strip()] = float(number)
        except ValueError:
            raise Invalid(
                "match.bad_weight", path=f"weights.{name.strip()}", names=", ".join(MATCH_FEATURES)
            ) from None
    return made


def _show(matches: Matches) -> None:
    if not matches.found:
        click.echo("没有可匹配的对象 / nothing to match with.")
    for number, found in enumerate(matches, 1):
        click.echo(f"{number}. {found.title}  [{found.kind}] {found.id}  {found.score:.2f}")
        why = "  ".join(f"{name} {share:.2f}" for name, share in found.why.items())
        click.echo(f"   {why}")
    for reason, count in sorted(matches.gated.items()):
        click.echo(f"排除 / left out: {count}, {_REASONS.get(reason, reason)}")
        for left in matches.left_out:
            if left.reason == reason:
                click.echo(f"   {left.title}  [{left.kind}] {left.id}")
