"""What became of a campaign: its figures, by region, language, state and reason; its messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.region import RegionLevel
from tianfu_sdk.model.sms import CampaignState, ErrorClass, MessageState

__all__ = ["SmsFigure", "SmsMessage", "SmsReport", "SmsTotals"]

_TAKEN = frozenset(
    {MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.FAILED, MessageState.EXPIRED}
)
_KEYS = ("region", "province", "prefecture", "county", "language", "gateway")
_FAILED = frozenset({MessageState.REJECTED, MessageState.FAILED, MessageState.EXPIRED})


@attrs.frozen(kw_only=True)
class SmsFigure:
    """Messages of a campaign that are alike: the smallest number of its report."""

    region: str = ""
    """Of the subscribers, GB/T 2260; empty: nothing has left yet, or they were erased before."""
    province: str = ""
    prefecture: str = ""
    county: str = ""
    language: str
    gateway: str = ""
    """Through which they went, or in whose queue they are."""
    state: MessageState
    reason: str = ""
    """Why not: a class of error, or the operator's own code of a receipt."""
    messages: int
    opt_outs: int = 0
    """Of these people so many refused since the campaign was composed."""
    parts: int = 0
    """That are billed."""
    cost: int = 0
    """In 1/1000 yuan."""


@attrs.frozen(kw_only=True)
class SmsTotals:
    """Figures added up."""

    messages: int = 0
    sent: int = 0
    """The gateway took them, or may have."""
    accepted: int = 0
    """The gateway took them for certain."""
    delivered: int = 0
    failed: int = 0
    """Rejected by the gateway, not delivered, or expired."""
    unknown: int = 0
    """May have gone out."""
    opt_outs: int = 0
    parts: int = 0
    cost: int = 0
    """In 1/1000 yuan."""

    @classmethod
    def of(cls, figures: Iterable[SmsFigure]) -> SmsTotals:
        """Add up figures."""
        found = list(figures)

        def sum_(states: Iterable[MessageState]) -> int:
            return sum(one.messages for one in found if one.state in states)

        accepted, unknown = sum_(_TAKEN), sum_({MessageState.UNKNOWN})
        return cls(
            messages=sum(one.messages for one in found),
            sent=accepted + unknown,
            accepted=accepted,
            delivered=sum_({MessageState.DELIVERED}),
            failed=sum_(_FAILED),
            unknown=unknown,
            opt_outs=sum(one.opt_outs for one in found),
            parts=sum(one.parts for one in found),
            cost=sum(one.cost for one in found),
        )


@attrs.frozen(kw_only=True)
class SmsReport:
    """What became of a campaign."""

    campaign: str
    state: CampaignState
    planned: int
    by_state: Mapping[str, int]
    by_language: Mapping[str, int]
    parts: int
    cost: int
    """In 1/1000 yuan."""
    by_region: Mapping[str, Mapping[str, int]] = MappingProxyType({})
    """By region of the subscriber, GB/T 2260, messages by state; those that have not left
    count for none."""
    by_reason: Mapping[str, int] = MappingProxyType({})
    """Messages by why they failed, were dropped or are unknown: a class of error, the operator's
    own code of a receipt, what forbade to send (`opted_out`, `no_consent`, `erased`), or the state
    itself where nothing more is known."""
    passed_on: Mapping[str, int] = MappingProxyType({})
    """Messages that a gateway certainly did not send, and that went on to another, by the
    former; they count once, where they are now."""
    opt_outs: int = 0
    """People who got a message and refused since the campaign was composed."""
    figures: tuple[SmsFigure, ...] = attrs.field(default=(), repr=False)
    """All of it, in the smallest numbers."""
    names: Mapping[str, str] = attrs.field(default=MappingProxyType({}), repr=False)
    """Names of the regions in it and of those above them, by code."""

    @property
    def sent(self) -> int:
        """Messages that the gateway took, or may have."""
        left = {state.value for state in (*_TAKEN, MessageState.UNKNOWN)}
        return sum(count for state, count in self.by_state.items() if state in left)

    @property
    def opted_out(self) -> int:
        """Messages to people who want no more, as we knew before it left or the operator said."""
        reasons = ("opted_out", ErrorClass.REFUSED_BY_PERSON.value)
        return sum(self.by_reason.get(reason, 0) for reason in reasons)

    @property
    def totals(self) -> SmsTotals:
        """All figures added up."""
        return SmsTotals.of(self.figures)

    def totals_by(self, key: str) -> dict[str, SmsTotals]:
        """Add the figures up by region, by a level of the tree, by language, or by gateway.

        Args:
            key: `region` (that of the subscribers, of whichever level), `province`,
                `prefecture`, `county`, `language` or `gateway`.

        Returns:
            By code, language tag or name, in their order; under an empty code what has no
            region, or none of that level.

        Raises:
            Invalid: `field.choice`, there is no such key.
        """
        if key not in _KEYS:
            choices = ", ".join(_KEYS)
            raise Invalid("field.choice", path="key", value=str(key)[:40], choices=choices)
        found: dict[str, list[SmsFigure]] = {}
        for one in self.figures:
            found.setdefault(getattr(one, key), []).append(one)
        return {name: SmsTotals.of(found[name]) for name in sorted(found)}

    def states_by(self, level: RegionLevel | str) -> dict[str, dict[str, int]]:
        """Count messages by state in each region of a level.

        Args:
            level: `province`, `prefecture` or `county`.

        Returns:
            By code, most messages first; under an empty code what has no region of that level.

        Raises:
            Invalid: `field.choice`, there is no such level.
        """
        key = RegionLevel.of(level, "level").value
        found: dict[str, dict[str, int]] = {}
        for one in self.figures:
            counts = found.setdefault(getattr(one, key), {})
            counts[one.state.value] = counts.get(one.state.value, 0) + one.messages
        return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))


@attrs.frozen(kw_only=True)
class SmsMessage:
    """One message of a campaign."""

    subscriber: str
    """Empty: the person was erased."""
    phone: str = ""
    """Masked, such as +86138****0000, for who holds the grant to reveal it; else empty."""
    state: MessageState
    language: str
    region: str
    parts: int
    reason: str = ""
    """As in `SmsReport.by_reason`; empty: none."""
    gateway: str = ""
    """Through which it went, or in whose queue it is."""
    batch: str = ""
    """The reference under which the gateway may know it."""
