"""Commands about what SMS texts are held against: approved templates, and lists of words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import attrs
import click

from tianfu_sdk.cli import shared
from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.template import Comparison, Severity, SmsProblem, SmsTemplate, WordList

__all__ = ["read_text", "show_problems", "templates", "words"]

F = TypeVar("F", bound=Callable[..., Any])


def read_text() -> str:
    """Read standard input as UTF-8, without the line end at its end."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise click.UsageError("standard input is not UTF-8") from None
    return text.removesuffix("\n").removesuffix("\r")


def show_problems(problems: Iterable[SmsProblem]) -> None:
    """Print problems, and the difference with the template where there is one."""
    for problem in problems:
        severity = problem.severity
        where = f"  {problem.gateway}" if problem.gateway else ""
        click.echo(f"{severity.zh} / {severity.value}  {problem.path}  [{problem.code}]{where}")
        click.echo(f"  {problem.text('zh')} / {problem.text('en')}")
        if problem.comparison is not None:
            click.echo(f"  {problem.comparison}")


def _validity(command: F) -> F:
    """Add the days between which a template may be used, China time."""
    day = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
    start = click.option("--valid-from", type=day, help="When it may be used first, China time.")
    end = click.option("--valid-until", type=day, help="When it may not be used any more.")
    return start(end(command))


@click.group()
def templates() -> None:
    """Keep the texts that operators of gateways have approved (短信模板)."""


@templates.command("list")
@db_option()
@as_option()
@json_option()
@click.option("--gateway", metavar="NAME", help="Only those of this one.")
def list_(db: str, account: str, as_json: bool, gateway: str | None) -> None:  # noqa: FBT001
    """List templates; any account may."""
    with opened(db) as hub:
        found = list(bound(hub, account).templates.find(gateway=gateway))
    if as_json:
        echo_json([shared.as_json(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.id}  {one.gateway}  {one.code}  {one.state.value:9}  {one.name}")


@templates.command("show")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
def show(id_: str, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Show the template ID."""
    with opened(db) as hub:
        _show_template(bound(hub, account).templates.get(id_), as_json=as_json)


@templates.command("add")
@db_option()
@as_option()
@json_option()
@click.option("--name", required=True, help="What it is called here.")
@click.option("--organization", required=True, metavar="ID", help="Who looks after it.")
@click.option("--gateway", required=True, metavar="NAME", help="The gateway that takes it.")
@click.option("--code", required=True, help="The vendor's, such as SMS_154950909.")
@click.option("--language", default="zh-Hans", show_default=True, help="Of the text, BCP 47.")
@click.option("--signature", multiple=True, help="That it may be sent under; else any.")
@click.option("--longest", multiple=True, metavar="NAME=N", help="Characters of a value.")
@_validity
def add(
    *,
    db: str,
    account: str,
    as_json: bool,
    name: str,
    organization: str,
    gateway: str,
    code: str,
    language: str,
    signature: Sequence[str],
    longest: Sequence[str],
    valid_from: datetime | None,
    valid_until: datetime | None,
) -> None:
    """Add a template; its text, as it was approved, comes from standard input."""
    limits = [{"name": key, "longest": n} for key, n in _limits(longest).items()]
    with opened(db) as hub:
        made = bound(hub, account).templates.add(
            name=name,
            organization=organization,
            gateway=gateway,
            code=code,
            text=read_text(),
            variables=limits,
            signatures=signature,
            language=language,
            valid_from=_in_china(valid_from),
            valid_until=_in_china(valid_until),
        )
    _show_template(made, as_json=as_json)


@templates.command("edit")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
@click.option("--name", help="What it is called here.")
@click.option("--signature", multiple=True, help="That it may be sent under, instead of those.")
@click.option("--longest", multiple=True, metavar="NAME=N", help="Characters of a value; 0: any.")
@_validity
def edit(
    id_: str,
    *,
    db: str,
    account: str,
    as_json: bool,
    name: str | None,
    signature: Sequence[str],
    longest: Sequence[str],
    valid_from: datetime | None,
    valid_until: datetime | None,
) -> None:
    """Change what is known about the template ID; gateway, code and text stay."""
    limits = _limits(longest)
    changes: dict[str, object] = {
        "name": name,
        "signatures": signature or None,
        "valid_from": _in_china(valid_from),
        "valid_until": _in_china(valid_until),
    }
    with opened(db) as hub:
        desk = bound(hub, account).templates
        known = desk.get(id_)
        odd = sorted(limits.keys() - {variable.name for variable in known.variables})
        if odd:
            raise click.UsageError(f"{odd[0]} is no variable of this template")
        if limits:
            changes["variables"] = [
                attrs.evolve(one, longest=limits.get(one.name, one.longest))
                for one in known.variables
            ]
        given = {field: value for field, value in changes.items() if value is not None}
        changed = desk.edit(id_, version=known.version, **given)
    _show_template(changed, as_json=as_json)


@templates.command("withdraw")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
@click.option("--reason", default="", help="Why, for the audit.")
def withdraw(id_: str, db: str, account: str, as_json: bool, reason: str) -> None:  # noqa: FBT001
    """Say that the template ID may not be used any more."""
    with opened(db) as hub:
        gone = bound(hub, account).templates.withdraw(id_, reason)
    _show_template(gone, as_json=as_json)


@templates.command("fill")
@click.argument("id_", metavar="ID")
@click.argument("values", metavar="NAME=VALUE", nargs=-1)
@db_option()
@as_option()
def fill(id_: str, values: Sequence[str], db: str, account: str) -> None:
    """Write a text by the template ID."""
    with opened(db) as hub:
        click.echo(bound(hub, account).templates.fill(id_, _pairs(values)))


@templates.command("compare")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
def compare(id_: str, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Hold the text of standard input against the template ID.

    What is missing stands in [-…-], what is extra in {+…+}, a value in ${name=…}. Exits with 1
    where it may not be sent so.
    """
    with opened(db) as hub:
        found = bound(hub, account).templates.compare(id_, read_text())
    if as_json:
        echo_json(_plain(found) | {"shown": str(found)})
    else:
        click.echo(str(found))
        show_problems(found.problems)
    if found.problems:
        raise SystemExit(1)


def _plain(found: Comparison) -> dict[str, object]:
    plain = shared.as_json(found)
    assert isinstance(plain, dict)  # noqa: S101 - tells the type checker
    return plain


def _show_template(one: SmsTemplate, *, as_json: bool) -> None:
    if as_json:
        echo_json(shared.as_json(one))
        return
    click.echo(f"{one.id}  {one.state.zh} / {one.state.en}")
    click.echo(f"{one.gateway}  {one.code}  {one.language}  {one.name}")
    click.echo(one.text)
    for variable in one.variables:
        most = f" <= {variable.longest}" if variable.longest else ""
        click.echo(f"  {variable.name}: {variable.form.zh} / {variable.form.en}{most}")
    for label, moment in (("起 / from", one.valid_from), ("止 / until", one.valid_until)):
        if moment is not None:
            click.echo(f"  {label} {moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
    if one.signatures:
        click.echo("  " + " ".join(f"【{signature}】" for signature in one.signatures))


def _pairs(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        name, mark, value = one.partition("=")
        if not mark:
            raise click.UsageError(f"{name} has no value: write NAME=VALUE")
        found[name] = value
    return found


def _limits(given: Sequence[str]) -> dict[str, int]:
    found = _pairs(given)
    if not all(value.isdecimal() for value in found.values()):
        raise click.UsageError("a length is a number, such as city=6")
    return {name: int(value) for name, value in found.items()}


def _in_china(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=SHANGHAI).astimezone(UTC)


@click.group()
def words() -> None:
    """Keep lists of words that SMS may not have in them (敏感词)."""


@words.command("list")
@db_option()
@as_option()
@json_option()
def list_words(db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """List the lists, without their words."""
    with opened(db) as hub:
        found = list(bound(hub, account).word_lists.find())
    if as_json:
        echo_json([_summary(one) for one in found])
        return
    for one in found:
        state = "" if one.active else "  (not active)"
        click.echo(f"{one.id}  {one.severity.value:6}  {len(one.words):6}  {one.name}{state}")


@words.command("add")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@db_option()
@as_option()
@json_option()
@click.option("--name", required=True, help="What it is called.")
@click.option("--organization", required=True, metavar="ID", help="For it and those below it.")
@click.option(
    "--severity",
    type=click.Choice([one.value for one in Severity]),
    default=Severity.REFUSE.value,
    show_default=True,
    help="What follows from such a word.",
)
@click.option("--whole", is_flag=True, help="Not where blanks or dots stand between characters.")
def add_words(
    file: Iterable[str],
    *,
    db: str,
    account: str,
    as_json: bool,
    name: str,
    organization: str,
    severity: str,
    whole: bool,
) -> None:
    """Add a list of the words of FILE, UTF-8, one a line; - is standard input."""
    with opened(db) as hub:
        made = bound(hub, account).word_lists.add(
            name=name,
            organization=organization,
            words=_lines(file),
            severity=severity,
            separated=not whole,
        )
    _show_words(made, as_json=as_json)


@words.command("set")
@click.argument("id_", metavar="ID")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@db_option()
@as_option()
@json_option()
def set_words(id_: str, file: Iterable[str], db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Put the words of FILE in place of those of the list ID."""
    with opened(db) as hub:
        changed = bound(hub, account).word_lists.edit(id_, words=_lines(file))
    _show_words(changed, as_json=as_json)


@words.command("off")
@click.argument("id_", metavar="ID")
@db_option()
@as_option()
@json_option()
def off(id_: str, db: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Say that the list ID holds for nothing any more."""
    with opened(db) as hub:
        changed = bound(hub, account).word_lists.edit(id_, active=False)
    _show_words(changed, as_json=as_json)


@words.command("scan")
@db_option()
@as_option()
@json_option()
@click.option("--organization", metavar="ID", help="As its campaigns are; else the account's own.")
def scan(db: str, account: str, as_json: bool, organization: str | None) -> None:  # noqa: FBT001
    """Find words of lists in the text of standard input; exits with 1 where one is refused."""
    text = read_text()
    with opened(db) as hub:
        hits = bound(hub, account).word_lists.scan(text, organization=organization)
    if as_json:
        echo_json([shared.as_json(hit) for hit in hits])
    else:
        for hit in hits:
            shown = text[hit.start : hit.end]
            click.echo(f"{hit.severity.value:6}  {hit.start}-{hit.end}  {shown}  {hit.list}")
    if any(hit.severity is Severity.REFUSE for hit in hits):
        raise SystemExit(1)


def _lines(file: Iterable[str]) -> list[str]:
    return [line.strip() for line in file if not line.startswith("#")]


def _summary(one: WordList) -> dict[str, object]:
    plain = shared.as_json(one)
    assert isinstance(plain, dict)  # noqa: S101 - tells the type checker
    return {name: value for name, value in plain.items() if name != "words"} | {
        "count": len(one.words)
    }


def _show_words(one: WordList, *, as_json: bool) -> None:
    if as_json:
        echo_json(_summary(one))
    else:
        click.echo(f"{one.id}  {one.severity.zh} / {one.severity.en}  {len(one.words)} words")
