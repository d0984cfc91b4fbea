"""What counts for an indicator, and how figures add up from below.

Events are the evidence; a figure is nothing but their sum. Four rules keep it honest:

- A resource, an activity and a translation count once ever, at their first publication or
  approval. A new revision of what was published before is not a new resource; what is
  withdrawn later still was published.
- The attendance of an activity counts once, in the period in which it was first reported,
  with the newest number reported in that period. An activity whose attendance nobody
  reported adds nothing, and where nothing was reported there is no figure: that is not 0.
- Numbers stay as exact as they came: about 200 and exactly 100 are about 300.
- An event that is left out leaves its share out, and nothing else moves into its place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import attrs

from tianfu_sdk.core.kinds import CONTENT
from tianfu_sdk.model.base import Precision, Quantity
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.indicator import Figure, Indicator, Period

__all__ = ["COUNTED", "Contribution", "contributions", "figures", "ratio"]

_ONCE: Mapping[str, Indicator] = {
    "resource.published": Indicator.RESOURCES,
    "activity.published": Indicator.ACTIVITIES,
    "translation.approved": Indicator.TRANSLATIONS,
}
_VIEWED = frozenset(f"{kind}.viewed" for kind in CONTENT)
_ONE = Quantity(1)

COUNTED = frozenset({*_ONCE, *_VIEWED, "sms.delivered", "question.asked", "question.answered"})
"""Types of events that can count; all others may be passed by unread."""


@attrs.frozen
class Contribution:
    """What one event adds to one indicator of its organization."""

    event: Event
    indicator: Indicator
    amount: Quantity


def contributions(events: Iterable[Event], period: Period) -> Iterator[Contribution]:
    """Tell what each event of a period adds.

    Args:
        events: The whole log from its beginning, oldest first: what was published before
            the period is no new publication in it. Types that do not count may be missing.
        period: Which events count.

    Yields:
        Contributions in the order of the log, those to attendance last. One event may add
        to two indicators. Held in memory: ids of what was published, and attendances.
    """
    seen: set[tuple[str, str]] = set()
    reported: set[str] = set()
    attended: dict[str, Contribution] = {}
    for event in events:
        if event.at >= period.end:
            continue
        inside = event.at >= period.start
        indicator = _ONCE.get(event.type)
        if indicator is not None:
            mark = event.type, event.subject
            if inside and mark not in seen:
                yield Contribution(event, indicator, _ONE)
            seen.add(mark)
        if event.type == "activity.published":
            amount = _attendance(event)
            if amount is not None and not inside:
                reported.add(event.subject)
            elif amount is not None and event.subject not in reported:
                attended[event.subject] = Contribution(event, Indicator.ATTENDANCE, amount)
        if inside:
            yield from _plain(event)
    yield from attended.values()


def _plain(event: Event) -> Iterator[Contribution]:
    if event.type in _VIEWED:
        yield Contribution(event, Indicator.VIEWS, _ONE)
    elif event.type == "sms.delivered":
        count = event.data.get("count", 1)
        yield Contribution(event, Indicator.SMS_DELIVERED, Quantity(int(count or 0)))
    elif event.type == "question.asked":
        yield Contribution(event, Indicator.QUESTIONS, _ONE)
        if event.data.get("answered") is True:
            yield Contribution(event, Indicator.ANSWERED, _ONE)
    elif event.type == "question.answered":
        yield Contribution(event, Indicator.ANSWERED, _ONE)


def _attendance(event: Event) -> Quantity | None:
    value = event.data.get("attendance")
    if value is None:
        return None
    precision = Precision.of(str(event.data.get("precision", "exact")), "precision")
    return Quantity(int(value), precision)


@attrs.define
class _Sum:
    raw: Quantity | None = None
    adjusted: Quantity | None = None
    evidence: int = 0
    excluded: int = 0

    def add(self, other: _Sum) -> None:
        self.raw = _plus(self.raw, other.raw)
        self.adjusted = _plus(self.adjusted, other.adjusted)
        self.evidence += other.evidence
        self.excluded += other.excluded


def _plus(one: Quantity | None, other: Quantity | None) -> Quantity | None:
    if one is None or other is None:
        return one or other
    return one + other


def figures(
    found: Iterable[Contribution],
    parents: Mapping[str, str | None],
    excluded: Collection[str] = (),
) -> tuple[tuple[Figure, ...], frozenset[str]]:
    """Add contributions up, organization by organization, from below.

    Args:
        found: Contributions; those of organizations that are not in the tree are passed by.
        parents: The organization above by organization; one that is not itself in the
            mapping ends the climb.
        excluded: Ids of events that adjustments leave out.

    Returns:
        Every indicator of every organization, in the order of `parents`; and those of the
        excluded events that were evidence.
    """
    own: dict[tuple[str, Indicator], _Sum] = {}
    left_out: set[str] = set()
    for one in found:
        organization = one.event.organization
        if organization not in parents:
            continue
        out = one.event.id in excluded
        if out:
            left_out.add(one.event.id)
        part = _Sum(one.amount, None if out else one.amount, 1, int(out))
        own.setdefault((organization, one.indicator), _Sum()).add(part)
    whole: dict[tuple[str, Indicator], _Sum] = {}
    for (organization, indicator), part in own.items():
        above: str | None = organization
        while above is not None and above in parents:
            whole.setdefault((above, indicator), _Sum()).add(part)
            above = parents[above]
    nothing = _Sum()
    return tuple(
        _figure(
            organization,
            indicator,
            own.get((organization, indicator), nothing),
            whole.get((organization, indicator), nothing),
        )
        for organization in parents
        for indicator in Indicator
    ), frozenset(left_out)


def _figure(organization: str, indicator: Indicator, own: _Sum, whole: _Sum) -> Figure:
    return Figure(
        indicator=indicator,
        organization=organization,
        own=_value(own.raw, indicator),
        value=_value(whole.raw, indicator),
        precision=whole.raw.precision if whole.raw else Precision.EXACT,
        evidence=whole.evidence,
        adjusted=_value(whole.adjusted, indicator),
        excluded=whole.excluded,
    )


def _value(amount: Quantity | None, indicator: Indicator) -> int | None:
    if amount is not None:
        return amount.value
    # What we count ourselves is 0 where nothing happened; attendance is told to us.
    return None if indicator is Indicator.ATTENDANCE else 0


def ratio(part: int | None, whole: int | None) -> float | None:
    """Give a ratio of two sums; None where there is nothing to divide by."""
    return part / whole if part is not None and whole else None
