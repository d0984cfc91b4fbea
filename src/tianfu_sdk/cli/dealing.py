"""Commands that bring supply and demand together: listings, interests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
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
from tianfu_sdk.cli.steps import add_step, side_option
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.content import State
from tianfu_sdk.model.interest import Interest, InterestState
from tianfu_sdk.model.listing import Cooperation, Listing, ListingKind, ListingProgress

__all__ = ["interests", "listings"]


@click.group()
def listings() -> None:
    """List, show and publish what is offered and sought (供需条目)."""


@listings.command("list")
@db_option()
@as_option()
@json_option()
@click.option("--kind", type=click.Choice([kind.value for kind in ListingKind]))
@click.option("--state", type=click.Choice([state.value for state in State]))
@click.option("--progress", type=click.Choice([one.value for one in ListingProgress]))
@click.option("--organization", metavar="ID", help="Of this organization or one below it.")
@click.option("--region", metavar="CODE", help="In this region and below it.")
@click.option("--topic", metavar="CODE")
@limit_option()
def list_listings(db: str, account: str, *, as_json: bool, limit: int, **narrowed: Any) -> None:
    """List listings, those that changed last first; without an account what is published."""
    with opened(db) as hub:
        page = bound(hub, account).listings.find(limit=limit, **narrowed)
        echo_page(page, _listing, as_json=as_json, limit=limit)


@listings.command("show")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
def show_listing(db: str, account: str, id_: str, *, as_json: bool) -> None:
    """Show the listing ID: how far it is, what room is left, and its text."""
    with opened(db) as hub:
        known = bound(hub, account).listings.get(id_)
    if as_json:
        echo_json({**shared.as_json(known), "left": known.left})
        return
    click.echo(_listing(known))
    deadline = known.deadline.isoformat() if known.deadline else "-"
    contact = known.contact or "-"
    click.echo(f"截止 / deadline: {deadline}  联系人 / contact: {contact}")
    click.echo(f"已达成 / agreed: {known.agreed}  已成交 / concluded: {known.concluded}")
    for text in filter(None, (known.body, known.requirements, known.terms)):
        click.echo(text)


def _listing(one: Listing) -> str:
    left = "不限" if one.left is None else str(one.left)
    progress = one.progress_on(datetime.now(SHANGHAI).date())
    stands = f"{one.kind.zh}  {one.state.zh}  {progress.zh}"
    return f"{one.id}  {stands}  余 / left {left}  {one.title}"


for _verb, _says, _why in (
    ("submit", "Hand the draft ID in for review.", False),
    ("return", "Give the listing ID back to its author, and say why.", True),
    ("approve", "Approve the listing ID; who wrote it may not.", False),
    ("publish", "Publish the listing ID.", False),
    ("withdraw", "Take the listing ID away for now.", True),
    ("close", "Take no more interests for the listing ID; talks go on.", True),
    ("reopen", "Take interests again for the listing ID.", True),
):
    add_step(listings, "listings", _verb, _says, _listing, why=_why)


@click.group()
def interests() -> None:
    """Say that one is interested, agree, and say what came of it (对接意向)."""


@interests.command("list")
@db_option()
@as_option()
@json_option()
@click.option("--listing", metavar="ID", help="Only in this listing.")
@click.option("--organization", metavar="ID", help="In which this one is one of the two sides.")
@click.option("--state", type=click.Choice([state.value for state in InterestState]))
@limit_option()
def list_interests(db: str, account: str, *, as_json: bool, limit: int, **narrowed: Any) -> None:
    """List interests, those that changed last first."""
    with opened(db) as hub:
        page = bound(hub, account).interests.find(limit=limit, **narrowed)
        echo_page(page, _interest, as_json=as_json, limit=limit)


@interests.command("show")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
def show_interest(db: str, account: str, id_: str, *, as_json: bool) -> None:
    """Show the interest ID; whom to speak to is told by `contact` alone."""
    with opened(db) as hub:
        known = bound(hub, account).interests.get(id_)
    if as_json:
        echo_json(shared.as_json(known))
        return
    click.echo(_interest(known))
    click.echo(f"条目方 / owner: {known.organization}  意向方 / partner: {known.partner}")
    if known.offer:
        click.echo(f"所带条目 / came with: {known.offer}")
    if known.outcome:
        said = known.outcome
        evidence = "；".join(said.evidence)
        # All of it: who confirms says that the very same words are so.
        money = "金额未填报 / not reported" if said.amount is None else f"{said.amount} 元"
        click.echo(f"{said.kind.zh}  {said.signed_on.isoformat()}  {money}  {evidence}")
        if said.note:
            click.echo(said.note)
    if known.comment:
        click.echo(known.comment)


@interests.command("express")
@db_option()
@as_option()
@json_option()
@click.argument("listing", metavar="LISTING")
@click.option("--from", "from_", required=True, metavar="ID", help="Own listing or organization.")
@click.option("--contact", default="", metavar="ID", help="Contact person; else the listing's.")
def express(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    listing: str,
    from_: str,
    contact: str,
) -> None:
    """Say that an organization is interested in the LISTING of another."""
    with opened(db) as hub:
        made = bound(hub, account).interests.express(listing, from_=from_, contact=contact)
    echo_noun(made, _interest, as_json=as_json)


@interests.command("accept")
@db_option()
@as_option()
@json_option()
@click.argument("id_", metavar="ID")
@click.option("--contact", default="", metavar="ID", help="Contact person; else the listing's.")
def accept(db: str, account: str, id_: str, contact: str, *, as_json: bool) -> None:
    """Want to talk too: both sides may then see whom to speak to."""
    with opened(db) as hub:
        done = bound(hub, account).interests.accept(id_, contact=contact)
    echo_noun(done, _interest, as_json=as_json)


@interests.command("contact")
@db_option()
@as_option()
@json_option()
@side_option()
@click.option("--reason", default="", help="For the audit.")
@click.argument("id_", metavar="ID")
def contact(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    side: str | None,
    reason: str,
    id_: str,
) -> None:
    """Show whom to speak to on the other side, in plain; each look is in the audit."""
    with opened(db) as hub:
        found = bound(hub, account).interests.contact(id_, side=side, reason=reason)
    if as_json:
        echo_json(attrs.asdict(found))
    else:
        click.echo("  ".join(filter(None, (found.name, found.phone, found.email, found.note))))


@interests.command("report")
@db_option()
@as_option()
@json_option()
@side_option()
@click.argument("id_", metavar="ID")
@click.option("--kind", required=True, type=click.Choice([one.value for one in Cooperation]))
@click.option("--signed-on", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--evidence", required=True, multiple=True, help="By what it can be checked.")
@click.option("--amount", type=int, help="Yuan; not reported if left out.")
@click.option("--note", default="")
def report(  # noqa: PLR0917 - options of a command
    db: str,
    account: str,
    as_json: bool,  # noqa: FBT001
    side: str | None,
    id_: str,
    kind: str,
    signed_on: datetime,
    evidence: Sequence[str],
    amount: int | None,
    note: str,
) -> None:
    """Say for one side what came of the interest ID; the other has to confirm it."""
    with opened(db) as hub:
        done = bound(hub, account).interests.report(
            id_,
            kind=kind,
            signed_on=signed_on.date(),
            evidence=evidence,
            amount=amount,
            note=note,
            side=side,
        )
    echo_noun(done, _interest, as_json=as_json)


def _interest(one: Interest) -> str:
    agreed = ",".join(side.zh for side in one.agreed_by)
    return f"{one.id}  {one.state.zh}  {one.listing}  {one.partner}  {agreed or '-'}"


for _verb, _says, _why, _sided in (
    ("decline", "Say that the owner of the listing does not want to.", True, False),
    ("withdraw", "Take back the interest ID, which nobody answered yet.", True, False),
    ("agree", "Say for one side that the two agree.", False, True),
    ("fail", "Say that nothing comes of it; contact data is hidden again.", True, True),
    ("confirm", "Say for the other side that what was reported is so.", False, True),
):
    add_step(interests, "interests", _verb, _says, _interest, why=_why, sided=_sided)
