"""Commands that take one step of something and show how it stands then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from tianfu_sdk.cli.shared import as_option, bound, db_option, echo_noun, json_option, opened
from tianfu_sdk.model.interest import Side

__all__ = ["add_step", "side_option"]

F = TypeVar("F", bound=Callable[..., Any])


def side_option() -> Callable[[F], F]:
    """Add `--side`: for which side the account speaks, where it may for both."""
    sides = click.Choice([side.value for side in Side])
    return click.option("--side", type=sides, help="For whom, where the account may for both.")


def add_step(
    group: click.Group,
    desk: str,
    verb: str,
    says: str,
    line: Callable[[Any], str],
    *,
    why: bool = False,
    sided: bool = False,
) -> None:
    """Add a command that takes one step of the thing ID, by the verb of its desk.

    Args:
        group: Takes the command.
        desk: Of the hub, by name.
        verb: The command's name and the desk's method.
        says: Its help.
        line: How the thing is shown.
        why: Whether it takes a REASON.
        sided: Whether it takes `--side`.
    """

    def step(db: str, account: str, *, as_json: bool, id_: str, **given: Any) -> None:
        with opened(db) as hub:
            take = getattr(getattr(bound(hub, account), desk), _METHODS.get(verb, verb))
            reason = [given.pop("reason")] if why else []
            echo_noun(take(id_, *reason, **given), line, as_json=as_json)

    parameters: list[Callable[[Any], Any]] = [db_option(), as_option(), json_option()]
    if sided:
        parameters.append(side_option())
    parameters.append(click.argument("id_", metavar="ID"))
    if why:
        parameters.append(click.argument("reason"))
    for parameter in reversed(parameters):
        step = parameter(step)
    group.command(verb, help=says)(step)


_METHODS = {"return": "return_"}
"""Verbs that are words of the language."""
