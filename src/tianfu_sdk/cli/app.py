"""The root of the command line: commands by name, and errors as readable lines."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

__all__ = ["COMMANDS", "Lazy", "app", "run"]

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("tianfu_sdk.cli.demo.command:demo", "Run the whole service on sample data."),
    "init": ("tianfu_sdk.cli.store:init", "Make a store with its first organization and account."),
    "doctor": ("tianfu_sdk.cli.store:doctor", "Look whether a store is sound."),
    "config": ("tianfu_sdk.cli.store:config", "Show the settings, or what is wrong with them."),
    "migrate": ("tianfu_sdk.cli.keeping:migrate", "Bring a store of an older version up."),
    "backup": ("tianfu_sdk.cli.keeping:backup", "Copy a store while others write."),
    "restore": ("tianfu_sdk.cli.keeping:restore", "Make a store of a backup."),
    "dump": ("tianfu_sdk.cli.keeping:dump", "Write a whole store as JSON lines."),
    "load": ("tianfu_sdk.cli.keeping:load", "Take a dump into a new store of any kind."),
    "import": ("tianfu_sdk.cli.importing:import_", "Take in rows of a CSV, XLSX or JSONL file."),
    "find": ("tianfu_sdk.cli.reading:find", "List content."),
    "ask": ("tianfu_sdk.cli.reading:ask", "Ask science for answers."),
    "suggest": ("tianfu_sdk.cli.reading:suggest", "Suggest published titles."),
    "related": ("tianfu_sdk.cli.reading:related", "Give content about the same."),
    "evaluate": ("tianfu_sdk.cli.judging:evaluate", "Measure how well questions are answered."),
    "match": ("tianfu_sdk.cli.matching:match", "Match a need with what is offered."),
    "listings": ("tianfu_sdk.cli.dealing:listings", "Services, achievements, projects, needs."),
    "interests": ("tianfu_sdk.cli.dealing:interests", "Two sides, and what came of it."),
    "workstations": ("tianfu_sdk.cli.workstations:workstations", "Academician workstations."),
    "evaluations": (
        "tianfu_sdk.cli.workstations:evaluations",
        "Evaluate workstations and bases.",
    ),
    "indicators": ("tianfu_sdk.cli.indicators:indicators", "Show figures of an organization."),
    "events": ("tianfu_sdk.cli.events:events", "Export events, and count them by day."),
    "worker": ("tianfu_sdk.cli.worker:worker", "Send what is queued and publish what is due."),
    "sms": ("tianfu_sdk.cli.sms:sms", "Plan, send and follow science SMS."),
    "people": ("tianfu_sdk.cli.people:people", "Give out or erase what is held of a person."),
    "questions": ("tianfu_sdk.cli.questions:questions", "Questions that people answer."),
    "rumour": ("tianfu_sdk.cli.questions:rumour", "Whether a message repeats a known rumour."),
    "memory": (
        "tianfu_sdk.cli.languages:memory",
        "Look up and exchange what was translated before.",
    ),
    "glossary": ("tianfu_sdk.cli.languages:glossary", "Exchange glossaries, look for terms."),
    "translations": (
        "tianfu_sdk.cli.languages:translations",
        "See how translation engines do, forget what they said.",
    ),
    "media": ("tianfu_sdk.cli.media:media", "Clear away media that nothing uses."),
    "jobs": ("tianfu_sdk.cli.jobs:jobs", "See and re-drive what waits in the outbox."),
    "keys": ("tianfu_sdk.cli.keys:keys", "Make, list and rotate master keys."),
    "xliff": ("tianfu_sdk.cli.xliff:xliff", "Check files for translators (XLIFF)."),
    "plugins": ("tianfu_sdk.cli.plugins:plugins", "List, check and write plugins."),
}


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Give the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - tells the type checker
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tianfu-sdk", prog_name="tianfu")
def app() -> None:
    """Public science-popularisation (科普) services on one machine or many.

    Exit codes: 0 fine, 1 problems found, 2 wrong use.
    """


def run(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process.

    Args:
        arguments: Instead of those of the process.
    """
    from tianfu_sdk.errors import PluginError, TianfuError

    try:
        app.main(arguments, prog_name="tianfu", standalone_mode=True)
    except (TianfuError, PluginError) as error:
        _say(error)
        sys.exit(1)
    except OSError as error:
        # A folder without rights, a disk that is full: the machine's words are enough.
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"tianfu: {where}{error.strerror or type(error).__name__}", err=True)
        sys.exit(1)


def _say(error: Any) -> None:
    language = (
        "zh"
        if (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").startswith("zh")
        else "en"
    )
    click.echo(f"tianfu: {error.text(language)}", err=True)
    for problem in error.values.get("problems", ())[1:]:
        message = problem.message_zh if language == "zh" else problem.message
        click.echo(f"  {problem.path}: {message} [{problem.code}]", err=True)
