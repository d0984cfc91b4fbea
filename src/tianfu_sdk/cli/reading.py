"""Commands that read: find, ask, suggest, related."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import attrs
import click

from tianfu_sdk.cli import shared
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
from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.question import Answers

F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["answers_json", "ask", "desk_of", "find", "related", "show_answers", "suggest"]


_DESKS = {
    "resource": "resources",
    "activity": "activities",
    "notice": "notices",
    "news": "news",
    "base": "bases",
    "studio": "studios",
    "clarification": "clarifications",
    "listing": "listings",
}


_concerning = click.option(
    "--region", metavar="CODE", help="Only content that concerns this region."
)


def desk_of(hub: Hub, kind: str) -> Any:
    """Give the desk of a kind of content."""
    return getattr(hub, _DESKS[kind])


@click.command()
@click.argument("kind", type=click.Choice(sorted(CONTENT)))
@db_option()
@as_option()
@json_option()
@click.option("--region", metavar="CODE", help="In this region and below it.")
@click.option("--topic", metavar="CODE")
@click.option("--state", metavar="STATE")
@limit_option()
def find(  # noqa: PLR0917 - options of a command
    kind: str,
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    region: str | None,
    topic: str | None,
    state: str | None,
    limit: int,
) -> None:
    """List content of a KIND that the account may see; without one what is published."""
    with opened(db) as hub:
        desk = desk_of(bound(hub, account), kind)
        page = desk.find(region=region, topic=topic, state=state, limit=limit)
        echo_page(
            page,
            lambda item: f"{item.id}  {item.state.zh}  {item.title}",
            as_json=as_json,
            limit=limit,
        )


def _times(command: F) -> F:
    """Add the time that something is of; the hub reads it, and says what is wrong with it."""
    since = click.option(
        "--since",
        metavar="DAY",
        help="Only what takes place or was published on this day or later, China time.",
    )
    until = click.option("--until", metavar="DAY", help="… and before this day.")
    return since(until(command))


@click.command()
@click.argument("text")
@db_option()
@json_option()
@_concerning
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="TAG",
    help="Only answers in this language; several: in these, the first preferred.",
)
@click.option("--kind", "kinds", multiple=True, type=click.Choice(sorted(CONTENT)))
@_times
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 100))
def ask(  # noqa: PLR0917 - options of a command
    text: str,
    db: str,
    as_json: bool,  # noqa: FBT001
    region: str | None,
    languages: tuple[str, ...],
    kinds: tuple[str, ...],
    since: str | None,
    until: str | None,
    limit: int,
) -> None:
    """Ask science for answers: published content only, with sources, or none at all."""
    with opened(db) as hub:
        answers = hub.ask(
            text,
            region=region,
            language=languages,
            kinds=kinds or None,
            since=since,
            until=until,
            limit=limit,
        )
    if as_json:
        echo_json(answers_json(answers))
    else:
        show_answers(answers)


def answers_json(answers: Answers) -> dict[str, object]:
    """Give answers as `tianfu ask --json` prints them."""
    return {
        "answers": [
            {
                "kind": answer.kind,
                "id": answer.id,
                "title": answer.title,
                "score": answer.score,
                "why": dict(answer.why),
                "source": answer.source,
                "passage": answer.passage,
                "highlights": [list(span) for span in answer.highlights],
                "language": answer.language,
                "original_language": answer.original_language,
                "foreign": answer.foreign,
                "sureness": answer.sureness,
                "published": answer.published and answer.published.isoformat(),
                "updated": answer.updated.isoformat(),
                "when": answer.when and shared.as_json(answer.when),
                "reviewer": answer.reviewer,
                "disclaimer": answer.disclaimer,
                "verdict": answer.verdict,
            }
            for answer in answers
        ],
        "abstained": answers.abstained,
        "question": answers.question,
        "fallback": answers.fallback and attrs.asdict(answers.fallback),
    }


def show_answers(answers: Answers) -> None:
    """Print answers for a person."""
    if answers.fallback:
        name, code = answers.fallback.engine, answers.fallback.code
        click.echo(
            f"检索引擎 {name} 无法使用（{code}），由存储自带的引擎回答 / the search engine {name}"
            f" cannot answer ({code}), so that of the store did",
            err=True,
        )
    if answers.abstained:
        click.echo("没有找到足够可靠的答案 / nothing published answers this well enough.")
        if answers.question:
            click.echo(f"已转交专家 / filed for a person to answer: {answers.question}")
        return
    for number, answer in enumerate(answers, 1):
        verdict = f"  【{answer.verdict.zh} / {answer.verdict.en}】" if answer.verdict else ""
        click.echo(f"{number}. {answer.title}{verdict}  ({answer.score:.1f})")
        click.echo(f"   {answer.marked()}")
        if answer.when:
            click.echo(f"   时间 / when: {answer.when}")
        click.echo(f"   来源 / source: {answer.source}")
        if answer.reviewer:
            click.echo(f"   审核 / reviewed by: {answer.reviewer}")
        if answer.translated:
            click.echo(f"   译文，原文 {answer.original_language} / a translation from it")
        elif answer.foreign:
            click.echo(f"   原文 {answer.language}，非提问语言 / an original in another language")
        if answer.disclaimer:
            click.echo(f"   {answer.disclaimer}")


@click.command()
@click.argument("prefix")
@db_option()
@json_option()
@_concerning
@_times
@click.option("--limit", default=8, show_default=True, type=click.IntRange(1, 50))
def suggest(  # noqa: PLR0917 - options of a command
    prefix: str,
    db: str,
    as_json: bool,  # noqa: FBT001
    region: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> None:
    """Suggest published titles that go on from PREFIX."""
    with opened(db) as hub:
        found = hub.suggest(prefix, region=region, since=since, until=until, limit=limit)
    if as_json:
        echo_json([attrs.asdict(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.id}  {one.text}")


@click.command()
@click.argument("id")
@db_option()
@json_option()
@as_option()
@_times
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 50))
def related(  # noqa: PLR0917 - options of a command
    id: str,  # noqa: A002
    db: str,
    as_json: bool,  # noqa: FBT001
    account: str,
    since: str | None,
    until: str | None,
    limit: int,
) -> None:
    """Give published content about the same as the content ID."""
    with opened(db) as hub:
        found = bound(hub, account).related(id, since=since, until=until, limit=limit)
    if as_json:
        echo_json([attrs.asdict(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.id}  {one.title}  ({one.score:.1f})")
