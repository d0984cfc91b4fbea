"""What is said of a step that is not possible from where something stands."""

from __future__ import annotations

from collections.abc import Iterable

from tianfu_sdk.errors import Invalid

__all__ = ["illegal"]


def illegal(state: str, verb: str, steps: Iterable[str], *, path: str = "state") -> Invalid:
    """Give the error of a step that is not possible from a state, with those that are.

    Args:
        state: Where it stands.
        verb: What was tried.
        steps: What is possible from there, by the names of the methods; none: it stays so.
        path: The field that holds the state.

    Returns:
        `lifecycle.illegal`.
    """
    possible = ", ".join(steps) or "—"
    return Invalid("lifecycle.illegal", path=path, state=str(state), verb=verb, possible=possible)
