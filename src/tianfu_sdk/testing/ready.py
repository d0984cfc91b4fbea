"""A hub for tests: in memory, with a clock that stands still and ids that count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tianfu_sdk.hub import Hub
from tianfu_sdk.settings import Settings
from tianfu_sdk.testing.clock import CountingIds, FrozenClock

__all__ = ["hub"]


def hub(
    *,
    clock: FrozenClock | None = None,
    plugins: Sequence[Any] = (),
    settings: Settings | None = None,
) -> Hub:
    """Open a hub that repeats exactly: memory store, frozen clock, counting ids.

    Installed plugins and the environment are left out; the SMS gateway `memory` keeps what
    is sent.

    Args:
        clock: To move time with; None: one of its own.
        plugins: Plugin objects under test.
        settings: Instead of the defaults.

    Returns:
        An empty hub; `bootstrap` makes the first account.
    """
    return Hub.open(
        "memory:",
        settings=settings or Settings(),
        plugins=plugins,
        clock=clock or FrozenClock(),
        ids=CountingIds(),
        discover=False,
    )
