"""What a match is: who fits what, how well, and why; and who was left out."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["LeftOut", "Match", "Pair", "Spare"]


@attrs.frozen(kw_only=True)
class Match:
    """One candidate, its score in [0, 1] and why; the contributions sum to the score."""

    kind: str
    id: str
    title: str
    score: float
    why: Mapping[str, float]
    count: int | None = None
    """Of an audience: subscribers in it; None: it is none."""


@attrs.frozen(kw_only=True)
class LeftOut:
    """One candidate that a hard gate left out, whatever its score would be."""

    kind: str
    id: str
    title: str
    reason: str
    """`published`, `expired`, `deadline`, `closed`, `capacity`, `language` or `age`; of a
    subscription also `kind`: it is for other kinds."""


@attrs.frozen(kw_only=True)
class Pair:
    """A project or need and the expert that a round gives it."""

    project: str
    """Id of the listing."""
    project_title: str
    expert: str
    expert_title: str
    """Organization and title: the name is sealed."""
    score: float
    why: Mapping[str, float]
    """Contributions; they sum to the score."""


@attrs.frozen(kw_only=True)
class Spare:
    """A project or an expert to whom a round gives nobody."""

    kind: str
    id: str
    title: str
    reason: str
    """`taken`: all who fit it have somebody else; `nobody`: there was nobody on the other side;
    else what it failed at with most of that: `conflict`, `low`, or a reason as of `LeftOut`."""
    gated: Mapping[str, int]
    """With how many of the other side it failed, by reason."""
