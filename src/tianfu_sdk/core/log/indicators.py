"""What counts for an indicator, and how figures add up from below.

Events are the evidence; a figure is nothing but their sum. Six rules keep it honest:

- A resource, an activity and a translation count once ever, at the first publication or
  approval that the log of events has, on the day of that event. A new revision of what was
  published before is not a new resource; what is withdrawn later still was published.
- The attendance of an activity counts once, in the period of the first report of it that the
  log has, with the newest number that the log has of that period. An activity whose
  attendance nobody reported adds nothing, and where nothing was reported there is no figure:
  that is not 0.
- A registration counts with its persons on the day on which it was made, also where it is
  cancelled later; one phone and activity is one registration, however often it is cancelled and
  made again. Who was checked in counts with the persons who came; a check-in that is taken back
  is taken off the figure on the day of that. Neither is added to attendance, which is reported.
- A deal between two organizations counts once, for the owner of the listing, on the day on which
  the second side confirmed what the first had reported; the other side's figure does not grow, so
  that a sum over both has it once. Interests and talks are no deals.
- Numbers stay as exact as they came: about 200 and exactly 100 are about 300.
- An event that is left out leaves its share out, and nothing else moves into its place.

First and newest go by the order of the log, which never changes, and not by the time of an
event: one that comes late lands on its own day and takes nothing away from another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import attrs

from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.model.base import Precision, Quantity
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.indicator import Figure, Indicator, Period

__all__ = [
    "ATTENDED",
    "COUNTED",
    "ONCE",
    "Contribution",
    "Mark",
    "Share",
    "attendances",
    "attended",
    "contributions",
    "count_of",
    "figures",
    "marks",
    "plain",
    "ratio",
    "shares",
    "viewed",
]

ONCE: Mapping[str, Indicator] = {
    "resource.published": Indicator.RESOURCES,
    "activity.published": Indicator.ACTIVITIES,
    "translation.approved": Indicator.TRANSLATIONS,
    "interest.concluded": Indicator.DEALS,
}
"""Types of events that count at their first time only, and for what."""
_VIEWED = frozenset(f"{kind}.viewed" for kind in CONTENT)
_DELIVERED = "sms.delivered"
_PERSONS = {
    "registration.created": Indicator.REGISTRATIONS,
    "registration.attended": Indicator.CHECKED_IN,
    "registration.unattended": Indicator.CHECKED_IN,
}
_ONE = Quantity(1)

ATTENDED = "activity.attended"
"""Stands in a `Mark` for a report of an attendance, which no event of its own tells."""
COUNTED = frozenset({*ONCE, *_VIEWED, *_PERSONS, _DELIVERED, "question.asked", "question.answered"})
"""Types of events that can count; all others may be passed by unread."""

Mark = tuple[str, str]
"""What can happen for the first time only once: a type of event, or `ATTENDED`; and the id of
the thing."""


@attrs.frozen
class Contribution:
    """What one event adds to one indicator of its organization."""

    event: Event
    indicator: Indicator
    amount: Quantity
    rolled: bool = False
    """Whether it is in what has been added up before, and only an adjustment looks at it."""


@attrs.frozen
class Share:
    """What many events of one organization add to one indicator."""

    organization: str
    indicator: Indicator
    amount: int
    evidence: int


def marks(event: Event) -> tuple[Mark, ...]:
    """Tell what an event may be the first of."""
    if event.type not in ONCE:
        return ()
    mark = event.type, event.subject
    if event.type == "activity.published" and attended(event) is not None:
        return mark, (ATTENDED, event.subject)
    return (mark,)


def contributions(
    events: Iterable[Event], period: Period, firsts: dict[Mark, str] | None = None
) -> Iterator[Contribution]:
    """Tell what each event of a period adds.

    Args:
        events: The whole log from its beginning, oldest first: what was published before
            the period is no new publication in it. Types that do not count may be missing.
        period: Which events count.
        firsts: Ids of the events that were first; filled on.

    Yields:
        Contributions in the order of the log, those to attendance last. One event may add
        to two indicators. Held in memory: ids of what was published, and attendances.
    """
    firsts = {} if firsts is None else firsts
    reports: list[tuple[Event, bool]] = []
    for event in events:
        for mark in marks(event):
            first = firsts.setdefault(mark, event.id) == event.id
            if mark[0] == ATTENDED:
                reports.append((event, first))
        if period.holds(event.at):
            yield from plain(event, firsts)
    yield from attendances(reports, period)


def plain(event: Event, firsts: Mapping[Mark, str]) -> Iterator[Contribution]:
    """Tell what an event adds by itself: all but attendances.

    Args:
        event: Any event.
        firsts: Ids of the events that were first of what counts once; of all marks of this
            event at least.
    """
    once = ONCE.get(event.type)
    if once is not None:
        if firsts.get((event.type, event.subject)) == event.id:
            yield Contribution(event, once, _ONE)
        return
    for share in shares(event.type, 1, count_of(event), event.organization):
        if share.evidence:
            yield Contribution(event, share.indicator, Quantity(share.amount))


def shares(type_: str, events: int, amount: int, organization: str) -> Iterator[Share]:
    """Tell what many events of one type and organization add.

    Args:
        type_: Their type.
        events: How many there are.
        amount: The sum of `count_of`; of what counts once, how many of them were first.
        organization: For whom they count.
    """
    if type_ in ONCE:
        yield Share(organization, ONCE[type_], amount, amount)
    elif type_ in _VIEWED:
        yield Share(organization, Indicator.VIEWS, events, events)
    elif type_ == _DELIVERED:
        yield Share(organization, Indicator.SMS_DELIVERED, amount, events)
    elif type_ in _PERSONS:
        yield Share(organization, _PERSONS[type_], amount, events)
    elif type_ == "question.asked":
        yield Share(organization, Indicator.QUESTIONS, events, events)
        yield Share(organization, Indicator.ANSWERED, amount, amount)
    elif type_ == "question.answered":
        yield Share(organization, Indicator.ANSWERED, events, events)


def count_of(event: Event) -> int:
    """Tell what an event counts itself: messages, persons, or an answer at once; else 0."""
    if event.type == "question.asked":
        return int(event.data.get("answered") is True)
    count = event.data.get("count", int(event.type == _DELIVERED))
    return count if type(count) is int else 0


def viewed(event: Event) -> str:
    """Give the id of the content that an event is a view of; empty: it is none."""
    return event.subject if event.type in _VIEWED else ""


def attended(event: Event) -> Quantity | None:
    """Give the attendance that an event reports, or None."""
    value = event.data.get("attendance")
    if event.type != "activity.published" or value is None:
        return None
    precision = Precision.of(str(event.data.get("precision", "exact")), "precision")
    return Quantity(int(value), precision)


def attendances(reports: Iterable[tuple[Event, bool]], period: Period) -> Iterator[Contribution]:
    """Tell what reports of attendances add in a period.

    Args:
        reports: In the order of the log, each with whether it was the first of its activity.
            Those outside the period may be missing.
        period: Which count.

    Yields:
        One contribution an activity: the newest report, where the first lies in the period too.
    """
    begun: set[str] = set()
    newest: dict[str, Contribution] = {}
    for event, first in reports:
        amount = attended(event)
        if amount is None or not period.holds(event.at):
            continue
        if first:
            begun.add(event.subject)
        newest[event.subject] = Contribution(event, Indicator.ATTENDANCE, amount)
    yield from (one for subject, one in newest.items() if subject in begun)


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
    *,
    rolled: Iterable[Share] = (),
) -> tuple[tuple[Figure, ...], frozenset[str]]:
    """Add contributions up, organization by organization, from below.

    Args:
        found: Contributions; those of organizations that are not in the tree are passed by.
        parents: The organization above by organization; one that is not itself in the
            mapping ends the climb.
        excluded: Ids of events that adjustments leave out.
        rolled: What has been added up before.

    Returns:
        Every indicator of every organization, in the order of `parents`; and those of the
        excluded events that were evidence.
    """
    own: dict[tuple[str, Indicator], _Sum] = {}
    used: set[str] = set()

    def add(organization: str, indicator: Indicator, part: _Sum) -> None:
        own.setdefault((organization, indicator), _Sum()).add(part)

    for share in rolled:
        if share.organization in parents and share.evidence:
            amount = Quantity(share.amount)
            add(share.organization, share.indicator, _Sum(amount, amount, share.evidence))
    for one in found:
        if one.event.organization in parents:
            out = one.event.id in excluded
            if out:
                used.add(one.event.id)
            add(one.event.organization, one.indicator, _part(one, out=out))
    return _added_up(own, parents), frozenset(used)


def _part(one: Contribution, *, out: bool) -> _Sum:
    if one.rolled:
        return _Sum(None, Quantity(-one.amount.value), 0, 1) if out else _Sum()
    return _Sum(one.amount, None if out else one.amount, 1, int(out))


def _added_up(
    own: Mapping[tuple[str, Indicator], _Sum], parents: Mapping[str, str | None]
) -> tuple[Figure, ...]:
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
    )


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
