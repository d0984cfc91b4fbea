"""Several gateways for one campaign: who goes through which, and where a batch goes on.

Pure. A **route** is a list of gateways in order of preference, with weights. Weights divide the
recipients by their phone's blind index, so the same campaign is divided the same way however
often it is planned, and whoever goes on with a `send` that died half-way. A batch goes on to the
next gateway only where the one before certainly sent nothing of it; it never comes back to a
gateway that it was at, and what may have gone out never moves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import attrs

from tianfu_sdk.core.sms.messages import MOST_TRIES, state_of
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.checks import demand_list, demand_type
from tianfu_sdk.model.route import Leg
from tianfu_sdk.model.schedule import DayOfSending, Schedule
from tianfu_sdk.model.sms import Campaign, ErrorClass, MessageState, SmsResult
from tianfu_sdk.model.template import Severity, SmsProblem
from tianfu_sdk.settings import SmsSettings

__all__ = [
    "PATIENCE",
    "Split",
    "joined",
    "judged",
    "legs_of",
    "made_of",
    "names_of",
    "onward",
    "through",
    "turned_away",
    "unsent",
    "with_legs",
]

PATIENCE = 3
"""Attempts at one gateway that may fail before what certainly did not leave goes on."""

Asked = str | Sequence[str] | Mapping[str, int] | None
"""A gateway or route by name; gateways in order of preference; weights by gateway; None: the
deployment's own."""


# Which gateways.


def made_of(asked: Asked, settings: SmsSettings) -> tuple[Leg, ...]:
    """Give the gateways that a campaign asks for.

    Args:
        asked: Name of a gateway or of a route, gateways in order of preference, or weights by
            gateway; None: what the settings say.
        settings: With the routes.

    Raises:
        Invalid: `field.type`, `sms.route_empty`, `sms.route_twice`, `sms.route_weights`.
    """
    asked = settings.gateway if asked is None else asked
    weights: Sequence[int]
    if isinstance(asked, str):
        route = settings.routes.get(asked)
        if route is None:
            return (Leg(gateway=asked, weight=1),)
        names, weights = list(route.gateways), route.weights
        path = f"sms.routes.{asked}"
    elif isinstance(asked, Mapping):
        names, weights, path = list(asked), list(asked.values()), "gateway"
        for name in names:
            demand_type(name, str, f"gateway.{name}")
    else:
        path, weights = "gateway", ()
        names = list(demand_list(asked, path, "str | list | mapping"))
        for place, name in enumerate(names):
            demand_type(name, str, f"gateway[{place}]")
    return tuple(_checked(names, weights, path))


def _checked(names: Sequence[str], weights: Sequence[int], path: str) -> Iterator[Leg]:
    if not names:
        raise Invalid("sms.route_empty", path=path)
    for place, name in enumerate(names):
        if name in names[:place]:
            raise Invalid("sms.route_twice", path=path, name=name[:64])
    sound = all(type(one) is int and one >= 0 for one in weights)
    if not sound or len(weights) > len(names) or (weights and not any(weights)):
        raise Invalid("sms.route_weights", path=path, count=len(names))
    shares = [*(weights or (1,)), *[0] * len(names)]
    for name, weight in zip(names, shares, strict=False):
        yield Leg(gateway=name, weight=weight)


def with_legs(legs: Sequence[Leg]) -> dict[str, object]:
    """Give the fields of a campaign that goes through some gateways."""
    first = legs[0]
    return {
        "gateway": first.gateway,
        "templates": first.templates,
        "route": tuple(legs) if len(legs) > 1 else (),
    }


def legs_of(campaign: Campaign) -> tuple[Leg, ...]:
    """Give the gateways of a campaign, in order of preference."""
    if campaign.route:
        return campaign.route
    return (Leg(gateway=campaign.gateway, weight=1, templates=campaign.templates),)


def names_of(campaign: Campaign) -> tuple[str, ...]:
    """Name the gateways of a campaign, in order of preference."""
    return tuple(leg.gateway for leg in legs_of(campaign))


def through(campaign: Campaign, gateway: str) -> Campaign:
    """Give a campaign as it goes through one of its gateways: as if it had no other."""
    if not campaign.route:
        return campaign
    found = next((leg for leg in campaign.route if leg.gateway == gateway), campaign.route[0])
    return attrs.evolve(campaign, gateway=found.gateway, templates=found.templates, route=())


# Who goes through which.


class Split:
    """Divide recipients among gateways by weight.

    Args:
        legs: In order of preference.
        able: By language the gateways that take its text.
    """

    def __init__(self, legs: Sequence[Leg], able: Mapping[str, Collection[str]]) -> None:
        self._ways = {language: _way(legs, names) for language, names in able.items()}
        used = {name for language, way in self._ways.items() for name in way if able[language]}
        self.gateways = tuple(leg.gateway for leg in legs if leg.gateway in used)
        """Those that somebody is sent to through, in order of preference."""

    def of(self, phone_ix: bytes, language: str) -> str:
        """Give the gateway of a recipient.

        Args:
            phone_ix: Blind index of the phone; its bytes are as good as random.
            language: Of the text; one that some gateway takes.
        """
        way = self._ways[language]
        if len(way) == 1:
            return way[0]
        return way[int.from_bytes(phone_ix[-8:], "big") % len(way)]


_FINEST = 1000
"""Slots at most that a route is divided into."""


def _way(legs: Sequence[Leg], able: Collection[str]) -> tuple[str, ...]:
    """Give a slot a unit of weight; where no gateway with a share takes a text, the first does."""
    may = [leg for leg in legs if leg.gateway in able]
    sharing = [leg for leg in may if leg.weight]
    if len(sharing) < 2:  # noqa: PLR2004 - one: nothing is to be divided
        # A draft that none of them takes is counted all the same, and refused.
        return ((sharing or may or list(legs))[0].gateway,)
    total = sum(leg.weight for leg in sharing)
    scale = min(1.0, _FINEST / total)
    slots = [max(1, round(leg.weight * scale)) for leg in sharing]
    return tuple(
        leg.gateway for leg, count in zip(sharing, slots, strict=True) for _ in range(count)
    )


def judged(
    by_gateway: Mapping[str, Sequence[SmsProblem]], languages: Collection[str]
) -> tuple[tuple[SmsProblem, ...], Mapping[str, tuple[str, ...]]]:
    """Say what is wrong with texts that may go through several gateways.

    What one gateway does not take goes through the others, so it is a warning there; it is
    refused where no gateway is left for a language.

    Args:
        by_gateway: What is wrong at each, in order of preference.
        languages: Of the texts.

    Returns:
        The problems, those that are refused first; and by language the gateways that take it.
    """
    off = {
        (name, language)
        for name, found in by_gateway.items()
        for problem in found
        if problem.severity is Severity.REFUSE or problem.code == "sms.too_long"
        for language in _hit(problem, languages)
    }
    able = {
        language: tuple(name for name in by_gateway if (name, language) not in off)
        for language in languages
    }
    stuck = {language for language, names in able.items() if not names}
    said: dict[str, SmsProblem] = {}
    for name, found in by_gateway.items():
        for problem in found:
            here = attrs.evolve(problem, gateway=name)
            if problem.severity is Severity.REFUSE and stuck.isdisjoint(_hit(problem, languages)):
                here = attrs.evolve(here, severity=Severity.WARN)
            if all(any(_same(problem, one) for one in others) for others in by_gateway.values()):
                here = attrs.evolve(here, gateway="")
            said.setdefault(f"{here.gateway}|{_key(here)}", here)
    ordered = sorted(said.values(), key=lambda one: one.severity is not Severity.REFUSE)
    return tuple(ordered), able


def _hit(problem: SmsProblem, languages: Collection[str]) -> Collection[str]:
    """Give the languages that a problem is of."""
    field, _, language = problem.path.partition(".")
    one = field in ("texts", "templates") and language in languages
    return (language,) if one else languages


def _key(problem: SmsProblem) -> tuple[object, ...]:
    return problem.code, problem.path, problem.spans, tuple(sorted(problem.values.items()))


def _same(one: SmsProblem, other: SmsProblem) -> bool:
    return _key(one) == _key(other)


def joined(schedules: Sequence[Schedule]) -> Schedule:
    """Give the schedule of gateways that send their shares at the same time.

    Args:
        schedules: One a gateway that has a share; at least one.
    """
    days: dict[object, DayOfSending] = {}
    for one in schedules:
        for day in one.days:
            before = days.get(day.day, DayOfSending(day.day, 0))
            days[day.day] = DayOfSending(day.day, before.messages + day.messages)
    ends = [one.ends for one in schedules if one.ends is not None]
    rates = [one.rate for one in schedules]
    return Schedule(
        starts=min(one.starts for one in schedules),
        ends=max(ends) if len(ends) == len(schedules) else None,
        rate=sum(rates) if all(rates) else 0.0,
        days=tuple(sorted(days.values(), key=lambda one: one.day)),
    )


# Where what did not leave goes on.


def turned_away(*, stale: bool, tries: int, reason: str, wait: float | None) -> bool:
    """Tell whether a batch of which certainly nothing left goes on to another gateway.

    Args:
        stale: It may have gone out before this attempt, so it never moves.
        tries: Attempts at this gateway.
        reason: Code of what only a person can mend here, such as a missing key; empty: none.
        wait: Seconds that the gateway asked for: it works, and is only slow.
    """
    if stale:
        return False
    if wait is not None and not reason:
        return tries >= MOST_TRIES
    return bool(reason) or tries >= PATIENCE


def unsent(result: SmsResult | None, *, stale: bool, tries: int, refused: bool) -> bool:
    """Tell whether one message goes on to another gateway, by what this one answered.

    A refusal for its content or its recipient is final everywhere: what an operator's review
    or a person said no to is not carried to the next door.

    Args:
        result: The answer; None: there is none, so it may have gone out.
        stale: It may have gone out before this attempt.
        tries: Attempts at this gateway.
        refused: The batch was never put to it: there is no way to say it there.
    """
    if result is None or stale:
        return False
    if refused:
        return True
    if state_of(result) is not MessageState.DEFERRED:
        return False
    if result.error is ErrorClass.STOP_CHANNEL:
        return True
    return tries >= (MOST_TRIES if result.error is ErrorClass.THROTTLED else PATIENCE)


def onward(
    names: Sequence[str],
    been: Collection[str],
    *,
    able: Collection[str],
    ready: Collection[str],
    last: bool = False,
) -> str | None:
    """Give the gateway that a batch goes on to; None: it stays.

    Args:
        names: Of the route, in order of preference.
        been: Where it was already, this gateway included.
        able: That take its text.
        ready: That work, as far as anybody knows.
        last: It has no attempt left here, so one that is away will do: it waits there.
    """
    may = [name for name in names if name not in been and name in able]
    works = next((name for name in may if name in ready), None)
    return works or (may[0] if last and may else None)
