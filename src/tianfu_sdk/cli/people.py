"""Commands for a person's own data: find it by phone, give it out, erase it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import attrs
import click

from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_json, json_option, opened

__all__ = ["people"]


@click.group()
def people() -> None:
    """Find, give out or erase what is held about a person.

    A person is a subscriber, the asker of a question, an expert, a contact person, who registered
    for an activity, or an account, by random id.
    """


@people.command("find")
@db_option()
@as_option()
@json_option()
def find(db: str, account: str, *, as_json: bool) -> None:
    """List whom the phone on standard input is of.

    Subscribers, one an organization, and registrations, one an activity. A phone as an argument
    would stand in the shell's history and in the list of processes. Exit code 1 if there is none.
    """
    if sys.stdin.isatty():
        phone = click.prompt("phone", hide_input=True, err=True)
    else:
        phone = sys.stdin.readline().strip()
    with opened(db) as hub:
        me = bound(hub, account)
        subscribers = me.subscribers.by_phone(phone)
        registrations = me.registrations.by_phone(phone)
    found = [{"id": one.id, "organization": one.organization} for one in subscribers]
    found += [
        {"id": one.id, "organization": one.organization, "activity": one.activity}
        for one in registrations
    ]
    if as_json:
        echo_json(found)
    else:
        for one in found:
            click.echo("  ".join(one.values()))
        if not found:
            click.echo("没有找到 / nobody found, or nobody that this account may see.", err=True)
    raise SystemExit(0 if found else 1)


@people.command("export")
@db_option()
@as_option()
@click.option("--no-events", is_flag=True, help="Leave out the log of events, which is read whole.")
@click.argument("id_", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path))
def export(db: str, account: str, id_: str, file: Path, *, no_events: bool) -> None:
    """Write all that is held about the person ID, in plain, into the new file FILE (mode 0600).

    FILE is JSON; `-` is standard output.
    """
    from tianfu_sdk.files import new_file

    with opened(db) as hub:
        person = bound(hub, account).people
        if str(file) == "-":
            echo_json(person.export(id_, events=not no_events).to_dict())
            return
        # The file first: what cannot be written is not to be noted as given out.
        with new_file(file) as draft:
            found = person.export(id_, events=not no_events).to_dict()
            text = json.dumps(found, ensure_ascii=False, indent=2, default=str)
            draft.file.write(text.encode() + b"\n")
    click.echo(f"wrote {file}: personal data in plain; hand it to the person, then delete it")


@people.command("erase")
@db_option()
@as_option()
@json_option()
@click.option("--reason", default="", help="For the audit; never a name or a phone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("id_", metavar="ID")
def erase(db: str, account: str, id_: str, *, as_json: bool, reason: str, yes: bool) -> None:
    """Erase the person ID for good; figures stay, and what the phone refuses holds.

    Whoever wants no more messages as well is opted out first.
    """
    with opened(db) as hub:
        person = bound(hub, account).people
        if not yes:
            click.confirm(f"erase {id_}? It cannot be undone", abort=True, err=True)
        done = person.erase(id_, reason=reason)
    if as_json:
        echo_json(attrs.asdict(done))
        return
    click.echo(f"erased {done.subject}")
    if not done.scrubbed:
        click.echo("the store's own files hold dead bytes of it until its next upkeep", err=True)


@people.command("erase-past")
@db_option()
@as_option()
@json_option()
@click.option(
    "--days",
    required=True,
    type=click.IntRange(0),
    help="Days since the end of the activity.",
)
@click.option("--reason", default="retention", show_default=True, help="For the audit.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_past(db: str, account: str, *, as_json: bool, days: int, reason: str, yes: bool) -> None:
    """Erase for good all who registered for activities that were over so many days ago.

    Figures stay. Fit for a nightly job, with an account that may erase registrations.
    """
    with opened(db) as hub:
        registrations = bound(hub, account).registrations
        if not yes:
            asked = f"erase all registrations of activities that ended {days} days ago or earlier"
            click.confirm(f"{asked}? It cannot be undone", abort=True, err=True)
        done = registrations.erase_past(days=days, reason=reason)
    if as_json:
        echo_json({"erased": done})
    else:
        click.echo(f"erased {done} registrations")
