"""Commands that look after a store: init, doctor, config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tianfu_sdk.cli.shared import db_option, echo_json, json_option, opened, shown_db
from tianfu_sdk.hub import Hub
from tianfu_sdk.settings import Settings, without_password

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tianfu_sdk.model.region import RekeyStep

__all__ = ["config", "doctor", "init"]


@click.command()
@db_option()
@json_option()
@click.option("--organization", required=True, help="Full name, such as 四川省科学技术协会.")
@click.option("--region", required=True, help="GB/T 2260, such as 510000.")
@click.option("--label", default="管理员", show_default=True, help="The post of the account.")
def init(db: str, as_json: bool, organization: str, region: str, label: str) -> None:  # noqa: FBT001
    """Make a store with its first organization and the account that holds all rights."""
    # What is wrong with the arguments is told before a file is made.
    with Hub.open("memory:", settings=Settings(), discover=False) as rehearsal:
        rehearsal.bootstrap(organization=organization, region=region, label=label)
    with opened(db, make=True) as hub:
        account = hub.bootstrap(organization=organization, region=region, label=label)
        made = {
            "account": account.id,
            "organization": account.organization,
            "db": without_password(db),
        }
    if as_json:
        echo_json(made)
    else:
        click.echo(f"account {account.id}")
        click.echo(f"next: tianfu find resource --db {shown_db(db)} --as {account.id}")


@click.command()
@db_option()
@json_option()
@click.option("--rebuild-index", is_flag=True, help="Build the search index anew first.")
@click.option("--rebuild-reach", is_flag=True, help="Mend what campaigns are planned by first.")
@click.option(
    "--rekey-regions",
    is_flag=True,
    help="Find everything under the regions that lie above it today first.",
)
@click.option("--hash", "hashed", is_flag=True, help="Only tell this content from another's.")
def doctor(
    *,
    db: str,
    as_json: bool,
    rebuild_index: bool,
    rebuild_reach: bool,
    rekey_regions: bool,
    hashed: bool,
) -> None:
    """Look whether a store is sound: file, audit, search index, keys, media, regions, plugins.

    Exit code 1 if anything is wrong.
    """
    with opened(db) as hub:
        system = hub.as_system(reason="doctor")
        if hashed:
            _say_hash(system.keeping.content_hash(), as_json=as_json)
            return
        if rekey_regions:
            step = system.regions.rekey(None if as_json else _shown_rekeying)
            if not as_json:
                click.echo(f"{step.seen} rows looked at, {step.changed} lie elsewhere now")
        if rebuild_index:
            system.rebuild_index()
        if rebuild_reach:
            mended = system.rebuild_reach()
            if not as_json:
                click.echo(f"{mended} rows of subscribers were mended")
        findings = system.doctor()
    wrong = [finding for finding in findings if finding.severity == "error"]
    if as_json:
        from tianfu_sdk.cli import shared

        echo_json({"ok": not wrong, "findings": shared.as_json(findings)})
    else:
        for finding in findings:
            mark = {"ok": "ok   ", "note": "note ", "error": "ERROR"}[finding.severity]
            hint = f" ({finding.hint})" if finding.hint else ""
            click.echo(f"{mark} {finding.check}: {finding.message}{hint}")
    raise SystemExit(1 if wrong else 0)


def _shown_rekeying(step: RekeyStep) -> None:
    if step.kind:
        click.echo(f"\r{step.kind} {step.seen}", err=True, nl=False)
    else:
        click.echo("", err=True)


def _say_hash(parts: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        echo_json(dict(parts))
        return
    for part, digest in parts.items():
        click.echo(f"{digest}  {part}")


@click.command()
@json_option()
@click.option(
    "--settings",
    "--file",
    "path",
    envvar="TIANFU_SETTINGS",
    type=click.Path(dir_okay=False),
    help="A TOML file of settings.",
)
def config(as_json: bool, path: str | None) -> None:  # noqa: FBT001
    """Show the settings as they would be used; secrets show where they are from."""
    import json
    import os

    from tianfu_sdk.settings import Settings

    plain = _plain(Settings.load(file=path, environment=os.environ))
    if as_json:
        echo_json(plain)
        return
    for name, value in plain.items():
        inner = value if isinstance(value, dict) else {"": value}
        for key, shown in inner.items():
            at = f"{name}.{key}" if key else name
            click.echo(f"{at} = {json.dumps(shown, ensure_ascii=False)}")


def _plain(settings: Settings) -> dict[str, Any]:
    import attrs

    from tianfu_sdk.settings import Secret

    def shown(_: object, __: object, value: Any) -> Any:
        return repr(value) if isinstance(value, Secret) else value

    plain = attrs.asdict(settings, value_serializer=shown)
    plain["gateways"] = {name: attrs.asdict(one) for name, one in settings.gateways.items()}
    plain["sms"]["routes"] = {name: attrs.asdict(one) for name, one in settings.sms.routes.items()}
    plain["match"]["weights"] = {
        target: dict(weights) for target, weights in settings.match.weights.items()
    }
    plain |= {name: without_password(plain[name]) for name in ("db", "media")}
    # A plain string in a backend's table may be a password that nobody marked as one.
    plain["backends"] = {
        name: {
            key: repr(value) if isinstance(value, Secret) else "•••" for key, value in table.items()
        }
        for name, table in settings.backends.items()
    }
    return plain
