"""Commands about plugins: list, show, check, new."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from inspect import formatannotation
from typing import Any, TypeVar

import attrs
import click

from tianfu_sdk.backends.builtin import BUILTIN
from tianfu_sdk.cli.shared import echo_json, json_option
from tianfu_sdk.errors import PluginError
from tianfu_sdk.plugins import PluginInfo, Plugins
from tianfu_sdk.settings import Settings

__all__ = ["plugins"]

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def plugins() -> None:
    """List, check and write plugins."""


def _settings_option() -> Callable[[F], F]:
    return click.option(
        "--settings",
        "path",
        envvar="TIANFU_SETTINGS",
        type=click.Path(dir_okay=False),
        help="A TOML file of settings.",
    )


def _load(path: str | None, *, all_of_them: bool = False) -> tuple[Plugins, Settings]:
    """Bring plugins in as a hub would, but record a broken one even in strict mode."""
    settings = Settings.load(file=path, environment=os.environ)
    chosen = attrs.evolve(settings.plugins, strict=False)
    if all_of_them:
        chosen = attrs.evolve(chosen, only=None, block=(), off=False)
    return Plugins(chosen, builtin=BUILTIN), settings


def _named(found: Plugins, name: str) -> list[PluginInfo]:
    """Find plugins by distribution, or by something that they offer."""
    wanted = name.lower().replace("_", "-")
    infos = [one for one in found if one.name.lower().replace("_", "-") == wanted]
    infos = infos or [
        one for one in found if any(name in (o, o.partition(":")[2]) for o in one.offers)
    ]
    if not infos:
        names = ", ".join(sorted({one.name for one in found}))
        raise PluginError("plugin.not_installed", path=name, names=names)
    return infos


@plugins.command("list")
@json_option()
@_settings_option()
def list_(as_json: bool, path: str | None) -> None:  # noqa: FBT001
    """List plugins: name, version, state, and what they offer."""
    found, _ = _load(path)
    if as_json:
        echo_json({"plugins": [_plain(one) for one in found]})
        return
    rows = [(one.name, one.version, one.state, _offers(one)) for one in found]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for one, row in zip(found, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[3]]).rstrip())
        if one.cause:
            click.echo(f"    {one.cause}")


def _offers(info: PluginInfo) -> str:
    return " ".join(
        f"({offer} is built in)" if offer in info.hidden else offer for offer in info.offers
    )


def _plain(info: PluginInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "version": info.version,
        "state": info.state,
        "builtin": info.builtin,
        "offers": list(info.offers),
        "hidden": list(info.hidden),
        "cause": info.cause,
    }


@plugins.command()
@click.argument("name")
@json_option()
@_settings_option()
def show(name: str, as_json: bool, path: str | None) -> None:  # noqa: FBT001
    """Show one plugin: whole traceback if it is broken, and the settings that it wants."""
    found, _ = _load(path)
    if as_json:
        wanted = {
            info.name: {
                f"{offer.port}:{offer.name}": _wanted(offer.settings)
                for offer in found.offers(info.name)
                if not info.builtin
            }
            for info in found
        }
        shown = [
            _plain(info) | {"trace": info.trace, "settings": wanted[info.name]}
            for info in _named(found, name)
        ]
        echo_json({"plugins": shown})
        return
    for info in _named(found, name):
        click.echo(f"{info.name} {info.version}: {info.state}")
        if info.trace:
            click.echo(info.trace.rstrip())
        for offer in found.offers(info.name):
            title = f"{offer.port}:{offer.name}"
            if title not in info.offers:
                continue  # of another plugin of the same distribution
            click.echo(f"  {title}" + (" (hidden by a built-in)" * (title in info.hidden)))
            if not info.builtin:
                for line in _wanted(offer.settings):
                    click.echo(f"    {line}")


def _wanted(cls: type | None) -> list[str]:
    """Say which settings a class wants, a line a setting."""
    if cls is None:
        return ["it does not say which settings it wants; see its README"]
    lines = []
    for field in attrs.fields(cls):
        # `tianfu_sdk.settings.Secret | None` reads better without its rooms.
        type_ = re.sub(r"(\w+\.)+", "", formatannotation(field.type).strip("'"))
        given = field.default
        needed = "needed" if given is attrs.NOTHING else f"default {given!r}"
        lines.append(f"{field.name}: {type_}, {needed}")
    return lines


@plugins.command()
@click.argument("name")
@json_option()
@_settings_option()
def check(name: str, as_json: bool, path: str | None) -> None:  # noqa: FBT001
    """Check one plugin: it loads, and its backends keep what their port says.

    Backends are made with their tables of --settings, and asked nothing that leaves this
    machine. Exit code 1 if anything is wrong.
    """
    from tianfu_sdk.cli.checking import examine

    # Also one that is blocked may be looked at, before it is let in.
    found, settings = _load(path, all_of_them=True)
    reports = [examine(found, info, settings) for info in _named(found, name)]
    fine = all(report.fine for report in reports)
    if as_json:
        echo_json({"fine": fine, "plugins": [attrs.asdict(report) for report in reports]})
    else:
        for report in reports:
            click.echo(f"{report.name} {report.version}")
            for passed in report.passed:
                click.echo(f"  ok      {passed}")
            for note in report.notes:
                click.echo(f"  note    {note}")
            for problem in report.problems:
                click.echo(f"  PROBLEM {problem}")
            click.echo("fine" if report.fine else f"{len(report.problems)} problem(s)")
    raise SystemExit(0 if fine else 1)


@plugins.command()
@click.argument("kind", type=click.Choice(["sms", "search", "translation"]))
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(file_okay=False),
    default=".",
    show_default=True,
    help="Where the folder is made.",
)
def new(kind: str, name: str, into: str) -> None:
    """Write a plugin to begin with: NAME is what it is called, such as my-gateway.

    Makes the folder tianfu-KIND-NAME with a backend that works, its test and its README;
    green at once, without a network.
    """
    from tianfu_sdk.cli.scaffolding import write_plugin

    folder = write_plugin(kind, name, into)
    click.echo(f"wrote {folder}")
    click.echo(f'next: cd "{folder}" && pip install -e ".[tests]" && pytest')
