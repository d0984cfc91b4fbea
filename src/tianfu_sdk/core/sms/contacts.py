"""What a phone was sent: counted over all campaigns, so that nobody gets too many.

A row a phone, found by its blind index, holds a short entry a message. Whoever puts messages in
the outbox reads and writes that row in the same transaction, so caps are exact however many do
so at a time. A message counts from the moment on at which it may go out.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence

import attrs

from tianfu_sdk.model.sms import Campaign
from tianfu_sdk.model.sms_policy import SmsPolicy
from tianfu_sdk.settings import SmsSettings

__all__ = ["Capping", "Caps", "caps_of", "contact_id", "entry_digest"]

_ENTRY = struct.Struct(">I6s6s8s")
"""Second since 1970, topic, content or group, campaign."""
_NOTHING = bytes(6)
_DAY = 24 * 3600
_MONTH = 30 * _DAY


@attrs.frozen(kw_only=True)
class Caps:
    """How many messages one phone may get; 0: as many as there are."""

    day: int = 0
    """In any 24 hours."""
    month: int = 0
    """In any 30 days."""
    topic_day: int = 0
    """Of one topic in any 24 hours."""
    repeat_days: int = 0
    """Days in which it gets nothing more of the same content or group."""
    repeat_topic_days: int = 0
    """Days in which it gets nothing more of the same topic."""

    @property
    def any(self) -> bool:
        """Something is capped, so what is sent is to be counted."""
        return self != Caps()

    @property
    def longest(self) -> int:
        """Seconds for which an entry may count."""
        return max(_MONTH, self.repeat_days * _DAY, self.repeat_topic_days * _DAY)


def caps_of(settings: SmsSettings, policies: Sequence[SmsPolicy]) -> Caps:
    """Give the caps that hold together: of each the smallest, of the days the most.

    Args:
        settings: Of the deployment.
        policies: Of an organization and those above it.
    """

    def least(default: int, name: str) -> int:
        found = (getattr(policy, name) or 0 for policy in policies)
        return min(filter(None, (default, *found)), default=0)

    def most(default: int, name: str) -> int:
        return max((default, *(getattr(policy, name) or 0 for policy in policies)))

    return Caps(
        day=least(settings.cap_day, "cap_day"),
        month=least(settings.cap_month, "cap_month"),
        topic_day=least(settings.cap_topic_day, "cap_topic_day"),
        repeat_days=most(settings.repeat_days, "repeat_days"),
        repeat_topic_days=most(settings.repeat_topic_days, "repeat_topic_days"),
    )


def contact_id(phone_ix: bytes) -> str:
    """Give the id of a phone's row; ids stand in the order of blind indexes."""
    return phone_ix.hex()


def entry_digest(text: str, length: int = 6) -> bytes:
    """Give what an entry names a topic, content, group or campaign by."""
    return hashlib.sha256(text.encode()).digest()[:length] if text else bytes(length)


class Capping:
    """Decide for one campaign whether a phone had enough.

    Args:
        campaign: The task.
        caps: What holds for it.
        at: When its messages may go out, seconds since 1970.
        ignored: Digests of campaigns that were cancelled before anything left.
        override: It goes out all the same; it is counted.
        keep: Seconds at least for which entries are kept, for what caps elsewhere ask.
    """

    def __init__(
        self,
        campaign: Campaign,
        caps: Caps,
        at: int,
        *,
        ignored: frozenset[bytes] = frozenset(),
        override: bool = False,
        keep: int = 0,
    ) -> None:
        self._caps = caps
        self._keep = max(caps.longest, keep)
        self._at = at
        self._ignored = ignored
        self._override = override
        self._topic = entry_digest(campaign.topic)
        self._about = entry_digest(campaign.group or campaign.content or "")
        self._campaign = entry_digest(campaign.id, 8)

    def refuses(self, entries: bytes) -> str:
        """Say why a phone gets no more, by its entries; empty where it may.

        Returns:
            `repeated`, `cap_day`, `cap_month`, `cap_topic` or empty.
        """
        if self._override or not entries:
            return ""
        all_, topic = [], []
        for at, its_topic, about, campaign in self._read(entries):
            if campaign == self._campaign:
                # It was put in before, by whoever died half-way.
                return ""
            near = abs(at - self._at)
            if about == self._about != _NOTHING and near < self._caps.repeat_days * _DAY:
                return "repeated"
            same = its_topic == self._topic != _NOTHING
            if same and near < self._caps.repeat_topic_days * _DAY:
                return "repeated"
            all_.append(at)
            if same:
                topic.append(at)
        for times, most, span, reason in (
            (all_, self._caps.day, _DAY, "cap_day"),
            (topic, self._caps.topic_day, _DAY, "cap_topic"),
            (all_, self._caps.month, _MONTH, "cap_month"),
        ):
            if most and _most_within(times, self._at, span) >= most:
                return reason
        return ""

    def with_this(self, entries: bytes, now: int) -> bytes:
        """Give a phone's entries with this campaign's, without those that count no more.

        Args:
            entries: Of before.
            now: Second since 1970.
        """
        kept = [
            one
            for one in self._read(entries)
            if one[0] > now - self._keep and one[3] != self._campaign
        ]
        kept.append((self._at, self._topic, self._about, self._campaign))
        return b"".join(_ENTRY.pack(*one) for one in kept)

    def until(self, now: int) -> int:
        """Give the moment key after which nobody asks for an entry of this campaign."""
        return (max(self._at, now) + self._keep) * 1_000_000

    def _read(self, entries: bytes) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        for one in _ENTRY.iter_unpack(entries):
            if one[3] not in self._ignored:
                yield one


def _most_within(times: list[int], at: int, span: int) -> int:
    """Give the most of some moments that lie in one span with another one."""
    near = sorted(time for time in times if abs(time - at) < span)
    return max(
        (
            sum(begin <= time < begin + span for time in near)
            for begin in (*near, at)
            if begin <= at < begin + span
        ),
        default=0,
    )
