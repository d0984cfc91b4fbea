"""The `tianfu` command; a file a group of commands, each loaded when it is called."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    from tianfu_sdk.cli.app import run

    run()
