"""Which seeds a run plays."""

import os
from datetime import UTC, datetime

FEW, MANY = 3, 50


def seeds():
    """Give the seeds of this run: few and fixed, in CI others each day.

    `TIANFU_SEED` says from which one on, `TIANFU_SEEDS` how many.
    """
    daily = os.environ.get("TIANFU_CI") == "1"
    first = int(os.environ.get("TIANFU_SEED") or 0)
    if daily and not first:
        first = datetime.now(UTC).date().toordinal() * MANY
    count = int(os.environ.get("TIANFU_SEEDS") or (MANY if daily else FEW))
    return range(first, first + count)
