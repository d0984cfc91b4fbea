"""Which seeds a run plays."""

import os
from datetime import UTC, datetime

FEW, MANY = 2, 50
MODES = ("dedupes", "can_query", "neither", "webhook", "failover")


def seeds(mode):
    """Give the seeds of this run for one kind of provider: few and fixed, in CI others each day.

    `TIANFU_SEED` says from which one on, `TIANFU_SEEDS` how many for each kind; the daily ones
    are divided among the kinds.
    """
    daily = os.environ.get("TIANFU_CI") == "1" and not os.environ.get("TIANFU_SEEDS")
    first = int(os.environ.get("TIANFU_SEED") or 0)
    if not daily:
        return range(first, first + int(os.environ.get("TIANFU_SEEDS") or FEW))
    first = first or datetime.now(UTC).date().toordinal() * MANY
    return range(first + MODES.index(mode), first + MANY, len(MODES))
