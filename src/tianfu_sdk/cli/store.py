"""Commands that look after a store: init, doctor, config, worker, keys."""

from __future__ import annotations

import click

from tianfu_sdk.cli.shared import db_option, echo_json, json_option, opened

__all__ = ["config", "doctor", "init", "keys"]


@click.command()
@db_option()
@json_option()
@click.option("--organization", required=True, help="Full name, such as 四川省科学技术协会.")
@click.option("--region", required=True, help="GB/T 2260, such as 510000.")
@click.option("--label", default="管理员", show_default=True, help="The post of the account.")
def init(db: str, as_json: bool, organization: str, region: str, label: str) -> None:  # noqa: FBT001
    """Make a store with its first organization and the account that holds all rights."""
    with opened(db, make=True) as hub:
        account = hub.bootstrap(organization=organization, region=region, label=label)
        made = {"account": account.id, "organization": account.organization, "db": db}
    if as_json:
        echo_json(made)
    else:
        click.echo(f"account {account.id}")
        click.echo(f'next: tianfu find resource --db "{db}" --as {account.id}')


@click.command()
@db_option()
@json_option()
def doctor(db: str, as_json: bool) -> None:  # noqa: FBT001
    """Look whether a store is sound: file, audit chain, search index, keys, plugins.

    Exit code 1 if anything is wrong.
    """
    with opened(db) as hub:
        findings = hub.as_system(reason="doctor").doctor()
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


@click.command()
@json_option()
@click.option("--file", "path", type=click.Path(dir_okay=False), help="A TOML file.")
def config(as_json: bool, path: str | None) -> None:  # noqa: FBT001
    """Show the settings as they would be used; secrets show where they are from."""
    import os

    import attrs

    from tianfu_sdk.settings import Secret, Settings

    settings = Settings.load(file=path, environment=os.environ)
    plain = attrs.asdict(
        settings,
        value_serializer=lambda _, __, value: repr(value) if isinstance(value, Secret) else value,
    )
    if as_json:
        echo_json(plain)
        return
    for name, value in plain.items():
        if isinstance(value, dict):
            for inner, inner_value in value.items():
                click.echo(f"{name}.{inner} = {inner_value!r}")
        else:
            click.echo(f"{name} = {value!r}")


@click.group()
def keys() -> None:
    """Make master keys."""


@keys.command("new")
@click.argument("path", type=click.Path(dir_okay=False), required=False)
def new_key(path: str | None) -> None:
    """Make a master key: into the file PATH (mode 0600), or to standard output."""
    import os

    from tianfu_sdk.backends.crypto import new_master_key

    if path is None:
        click.echo(new_master_key())
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.UsageError(f"{path} is there already; a key is never overwritten") from None
    with os.fdopen(handle, "w") as file:
        file.write(new_master_key() + "\n")
    click.echo(f"wrote {path}; keep a copy apart from the database")
