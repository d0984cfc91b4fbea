"""Who may do what: grants, chains of delegation, and what a list may show."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tianfu_sdk.core.places.regions import LEVELS, RegionTree
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.keying import day_key
from tianfu_sdk.core.rows.kinds import ALL_KINDS, CHANNEL, CONTENT, REGION, TRANSLATION
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.account import Action, Explanation, Grant, Step
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.content import State
from tianfu_sdk.model.storage import Group, Where

__all__ = [
    "chain_of",
    "covers",
    "demand_kinds",
    "demand_no_excess",
    "explain",
    "group_of",
    "holds",
    "public",
    "scope",
]


def public(kind: str, now: datetime) -> Group | None:
    """Give what everybody may read of a kind.

    Args:
        kind: Of the thing.
        now: This moment.

    Returns:
        Of content what is published and not past its expiry on this day in China
        (科普法 Art. 35), of translations what follows such a content, of channels
        and of what was amended about regions all; None: nothing of this kind.
    """
    return _public_on(kind, day_key(now.astimezone(SHANGHAI).date()))


@functools.lru_cache(64)
def _public_on(kind: str, day: int) -> Group | None:
    current = Where("expires", ">", day)
    if kind in CONTENT:
        return (Where("state", "=", State.PUBLISHED.value), current)
    if kind == TRANSLATION.name:
        # Approved, and its source is published: `core.languages.translating.source_keys`.
        return (Where("published", ">", 0), current)
    return () if kind in (CHANNEL.name, REGION.name) else None


def chain_of(grant: Grant, known: Mapping[str, Grant]) -> list[Grant]:
    """Give a grant and those that it hangs on, up to the root.

    A chain that breaks off, or runs in a circle, ends before the break.
    """
    chain = [grant]
    while chain[-1].parent is not None:
        parent = known.get(chain[-1].parent)
        if parent is None or parent in chain:
            break
        chain.append(parent)
    return chain


def holds(chain: Sequence[Grant], now: datetime) -> str:
    """Tell whether the first grant of a chain is valid.

    Args:
        chain: From the grant up, as `chain_of` gives it.
        now: This moment.

    Returns:
        Empty if it is valid, else `revoked`, `expired` or `chain`.
    """
    for place, grant in enumerate(chain):
        ended = ""
        if grant.revoked_at is not None and grant.revoked_at <= now:
            ended = "revoked"
        elif grant.until is not None and grant.until <= now:
            ended = "expired"
        if ended:
            return ended if place == 0 else "chain"
        above = chain[place + 1] if place + 1 < len(chain) else None
        if grant.parent is not None and (
            above is None or above.id != grant.parent or above.account != grant.granted_by
        ):
            return "chain"
    return ""


def covers(grant: Grant, action: Action, kind: str) -> str:
    """Tell whether a grant speaks of an action on a kind; gives what fails, or empty."""
    if Action.ALL not in grant.actions and action not in grant.actions:
        return "action"
    if "*" not in grant.kinds and kind not in grant.kinds:
        return "kind"
    return ""


def group_of(grant: Grant, regions: RegionTree) -> Group:
    """Give the place of a grant as a condition on the place keys."""
    if grant.organization is not None:
        return (Where("org_path", "has", grant.organization),)
    code = grant.region or ""
    return (Where(regions.level_of(code).value, "=", code),)


def scope(
    chains: Iterable[Sequence[Grant]],
    action: Action,
    kind: str,
    *,
    now: datetime,
    regions: RegionTree,
) -> tuple[Group, ...]:
    """Give what an account may act on, as groups of conditions.

    `get` and `find` both decide by these groups, so a list never shows what `get` would
    deny. Grants of one shape merge: any number of regions of one level is one group.

    Args:
        chains: Of all grants of the account.
        action: What it wants to do.
        kind: On which kind of things.
        now: This moment.
        regions: The tree.

    Returns:
        Groups joined by OR; none: nothing.
    """
    found: dict[Group, None] = {}
    everybodys = public(kind, now)
    if action is Action.READ and everybodys is not None:
        found[everybodys] = None
    by_level: dict[str, set[str]] = {}
    for chain in chains:
        if holds(chain, now) or covers(chain[0], action, kind):
            continue
        (where,) = group_of(chain[0], regions)
        if where.key in LEVELS:
            by_level.setdefault(where.key, set()).add(str(where.value))
        else:
            found[(where,)] = None
    for level in LEVELS:
        codes = sorted(by_level.get(level, ()))
        for start in range(0, len(codes), 500):
            some = tuple(codes[start : start + 500])
            one = Where(level, "=", some[0]) if len(some) == 1 else Where(level, "in", some)
            found[(one,)] = None
    return tuple(found)


def explain(
    chains: Iterable[Sequence[Grant]],
    action: Action,
    kind: str,
    keys: Mapping[str, Any],
    *,
    now: datetime,
    regions: RegionTree,
) -> Explanation:
    """Say why an account may act on a thing, or why not.

    Args:
        chains: Of all grants of the account.
        action: What it wants to do.
        kind: Of the thing.
        keys: Search keys of the thing.
        now: This moment.
        regions: The tree.

    Returns:
        Yes or no, and every grant that was weighed.
    """
    steps = []
    for chain in chains:
        grant = chain[0]
        reason = holds(chain, now) or covers(grant, action, kind)
        if not reason and not matches("", keys, group_of(grant, regions)):
            reason = "place"
        ids = tuple(link.id for link in chain)
        steps.append(Step(grant.id, ids, not reason, reason or "covers"))
    everybodys = public(kind, now)
    if action is Action.READ and everybodys is not None and matches("", keys, everybodys):
        return Explanation(True, "published", tuple(steps))
    allowed = any(step.holds for step in steps)
    return Explanation(allowed, "grant" if allowed else "none", tuple(steps))


_GRANTED = frozenset({"*", "event", "indicator", *(kind.name for kind in ALL_KINDS)})


def demand_kinds(kinds: Sequence[str]) -> None:
    """Demand that a grant names kinds that there are: one for `resources` would give nothing.

    Raises:
        Invalid: `grant.bad_kind`.
    """
    for place, kind in enumerate(kinds):
        if kind not in _GRANTED:
            raise Invalid("grant.bad_kind", path=f"kinds[{place}]", value=kind)


def demand_no_excess(
    parent: Grant,
    child: Grant,
    *,
    regions: RegionTree,
    org_path: Callable[[str], Sequence[str]],
) -> None:
    """Demand that a delegation gives no more than its grantor has.

    Args:
        parent: The grantor's grant.
        child: What is to be given.
        regions: The tree.
        org_path: Gives the path of an organization's id.

    Raises:
        Denied: `grant.exceeds`, with the path of what is too much.
    """

    def demand(fine: bool, path: str) -> None:  # noqa: FBT001 - private to the lines below
        if not fine:
            raise Denied("grant.exceeds", path=path, grant=parent.id)

    every = Action.ALL in parent.actions
    demand(every or Action.DELEGATE in parent.actions, "parent")
    demand(every or set(child.actions) <= set(parent.actions), "actions")
    demand("*" in parent.kinds or set(child.kinds) <= set(parent.kinds), "kinds")
    if parent.until is not None:
        demand(child.until is not None and child.until <= parent.until, "until")
    if parent.region is not None:
        inside = child.region is not None and regions.levels(child.region).within(parent.region)
        demand(inside, "region")
    else:
        # An organization's subtree may reach into any region, so neither shape holds the other.
        inside = child.organization is not None and parent.organization in org_path(
            child.organization
        )
        demand(inside, "organization")
