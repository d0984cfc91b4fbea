"""How far a translation is, in our words and in those of XLIFF."""

from __future__ import annotations

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.translation import Runs, SegmentState

__all__ = ["demand_agreement", "from_newer", "from_older", "to_newer", "to_older"]

_PREFIX = "tfk:"
_NEWER = {
    SegmentState.EMPTY: ("", ""),
    SegmentState.MACHINE_DRAFT: ("initial", f"{_PREFIX}machine"),
    SegmentState.NEEDS_WORK: ("initial", f"{_PREFIX}needs-work"),
    SegmentState.TRANSLATED: ("translated", ""),
    SegmentState.REVIEWED: ("reviewed", ""),
    SegmentState.APPROVED: ("final", ""),
}
_OLDER = {
    SegmentState.EMPTY: ("", ""),
    SegmentState.MACHINE_DRAFT: ("needs-review-translation", "mt-suggestion"),
    SegmentState.NEEDS_WORK: ("needs-translation", ""),
    SegmentState.TRANSLATED: ("translated", ""),
    SegmentState.REVIEWED: ("signed-off", ""),
    SegmentState.APPROVED: ("final", ""),
}
_READ = {
    "translated": SegmentState.TRANSLATED,
    "signed-off": SegmentState.REVIEWED,
    "final": SegmentState.APPROVED,
}
_UNFINISHED = frozenset(
    f"needs-{what}"
    for what in (
        "translation",
        "review-translation",
        "adaptation",
        "l10n",
        "review-adaptation",
        "review-l10n",
    )
) | {"new"}
_MACHINE = frozenset({"mt-suggestion", "leveraged-mt"})


def to_newer(state: SegmentState) -> tuple[str, str]:
    """Give `state` and `subState` of XLIFF 2; empty: none is written."""
    return _NEWER[state]


def from_newer(state: str, sub_state: str, *, target: bool, machine: bool = False) -> SegmentState:
    """Read the state of a segment of XLIFF 2.

    Args:
        state: As written, or empty.
        sub_state: As written, or empty.
        target: There is a target.
        machine: An engine's match for it stands in the file.
    """
    if not target:
        return SegmentState.EMPTY
    if state in {"", "initial"}:
        draft = sub_state == f"{_PREFIX}machine" or (machine and not sub_state)
        return SegmentState.MACHINE_DRAFT if draft else SegmentState.NEEDS_WORK
    return next(
        (ours for ours, (native, _) in _NEWER.items() if native == state), SegmentState.NEEDS_WORK
    )


def to_older(state: SegmentState) -> tuple[str, str, bool]:
    """Give `state` and `state-qualifier` of a target of XLIFF 1.2, and whether it is approved."""
    return (*_OLDER[state], state is SegmentState.APPROVED)


def from_older(
    state: str, qualifier: str, approved: str, *, target: bool
) -> tuple[SegmentState, str]:
    """Read the state of a unit of XLIFF 1.2; of two that contradict one another the lower.

    Args:
        state: Of the target, as written, or empty.
        qualifier: As written, or empty.
        approved: `yes`, `no`, or empty.
        target: There is a target.

    Returns:
        The state, and the rule that is broken, if any.
    """
    yes = approved == "yes"
    rule = ""
    if not target:
        taken = SegmentState.EMPTY
    elif not state:
        taken = SegmentState.APPROVED if yes else SegmentState.TRANSLATED
    elif state in _UNFINISHED:
        taken = SegmentState.MACHINE_DRAFT if qualifier in _MACHINE else SegmentState.NEEDS_WORK
    else:
        taken = _READ.get(state, SegmentState.NEEDS_WORK)
        rule = "" if state in _READ else "state.unknown"
    if yes is not (taken is SegmentState.APPROVED):
        rule = rule or "state.contradiction"
        taken = SegmentState.REVIEWED if taken is SegmentState.APPROVED else taken
    return taken, rule


def demand_agreement(target: Runs | None, state: SegmentState, path: str) -> None:
    """Demand that a translation and its state go together.

    Raises:
        Invalid: `xliff.contradiction`, a translation that is there is said to be empty, or
            one that is not there is said to be further.
    """
    if (state is SegmentState.EMPTY) == bool(target):
        raise Invalid("xliff.contradiction", path=path, state=state.value)
