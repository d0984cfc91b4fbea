"""One batch on its way over a link: first parts first, then the rest of what was taken.

A message of several parts is begun with its first part alone. What the operator refuses or
throttles it refuses there, while nothing of the message is out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import attrs

from tianfu_sdk.links.link import Link
from tianfu_sdk.links.wire import Frame, Late, Outcome
from tianfu_sdk.model.sms import ErrorClass, Recipient, SmsResult

__all__ = ["Build", "Group", "Judge", "Sending", "Verdict"]

_TRIES = 3
"""Times that a first part is offered to a gateway that throttles, before it is the hub's turn."""
_PAUSE = 0.1
_COME_BACK = 1.0
_AGAIN = frozenset({ErrorClass.THROTTLED, ErrorClass.RETRY_SAFE, ErrorClass.DEFERRED})

Build = Callable[[Sequence[str], int], Frame]
"""Gives the request that sends a part, counted from 0, to phones."""


@attrs.frozen
class Verdict:
    """What an answer means."""

    error: ErrorClass
    code: str = ""
    """The peer's own."""
    id: str = ""
    """The peer's name of the message, if it was taken."""


Judge = Callable[[Any], Verdict]
"""Tells what an answer means."""


@attrs.define(eq=False)
class Group:
    """Recipients of one request, and the ids of the parts that were taken."""

    recipients: tuple[tuple[Recipient, str], ...] = attrs.field(repr=False)
    """With their phones as the operator writes them."""
    ids: list[str] = attrs.field(factory=list)
    trouble: str = ""
    """Why nobody knows whether all parts went out; empty: all were taken."""

    @property
    def part_ids(self) -> tuple[str, ...]:
        """The ids of all parts, where there are several and each has one.

        Without a name of every part nobody can tell when the message is whole.
        """
        several = len(self.ids) > 1 and "" not in self.ids
        return tuple(self.ids) if several else ()

    def halves(self) -> list[Group]:
        """Give two groups of it."""
        middle = len(self.recipients) // 2
        return [Group(self.recipients[:middle]), Group(self.recipients[middle:])]


class Sending:
    """Sends the parts of one text.

    Args:
        link: Over which.
        parts: How many there are.
        build: Builds requests.
        judge: Reads answers. A group of several that it calls `bad_recipient` is halved and
            sent again: none of it was taken.
        timeout: Seconds that all of it may take.
        late: Told of a group whose one part was taken when nobody waited any more, and of its
            id; called in the link's thread.
    """

    def __init__(
        self,
        link: Link,
        *,
        parts: int,
        build: Build,
        judge: Judge,
        timeout: float,
        late: Callable[[Group, str], None],
    ) -> None:
        self._link = link
        self._parts = parts
        self._build = build
        self._judge = judge
        self._late = late
        self._end = time.monotonic() + timeout
        self.results: dict[str, SmsResult] = {}
        """Of those whose message was not taken whole, by reference."""
        self.unsent = 0
        """Recipients of whom nothing left."""

    def run(self, groups: Sequence[Group]) -> list[Group]:
        """Send; gives the groups that were taken whole."""
        begun = self._first(groups)
        if self._parts > 1:
            self._others(begun)
        for group in begun:
            if group.trouble:
                # Without an id: a receipt of one part must not say that all is delivered.
                self._settle(group, "unknown", Verdict(ErrorClass.AMBIGUOUS, group.trouble))
        return [group for group in begun if not group.trouble]

    # First parts.

    def _first(self, groups: Sequence[Group]) -> list[Group]:
        taken: list[Group] = []
        waiting, tries = list(groups), 0
        while waiting:
            later: list[Group] = []
            throttled: list[Group] = []
            frames = [self._frame(group, 0) for group in waiting]
            answers = self._exchange(frames, partial(self._came_late, waiting))
            for group, (outcome, value) in zip(waiting, answers, strict=True):
                verdict = self._verdict(outcome, value)
                if verdict.error is ErrorClass.OK:
                    group.ids.append(verdict.id)
                    taken.append(group)
                elif verdict.error is ErrorClass.THROTTLED:
                    throttled.append(group)
                elif verdict.error is ErrorClass.BAD_RECIPIENT and len(group.recipients) > 1:
                    later += group.halves()
                else:
                    self._refused(group, outcome, verdict)
            tries += bool(throttled)
            if throttled and not (tries < _TRIES and self._pause(tries)):
                for group in throttled:
                    self._settle(group, "deferred", Verdict(ErrorClass.THROTTLED, "throttled"))
                throttled = []
            waiting = later + throttled
        return taken

    def _refused(self, group: Group, outcome: Outcome, verdict: Verdict) -> None:
        if outcome == "unsent":
            self.unsent += len(group.recipients)
        if verdict.error is ErrorClass.AMBIGUOUS:
            self._settle(group, "unknown", verdict)
        else:
            self._settle(group, "deferred" if verdict.error in _AGAIN else "rejected", verdict)

    def _settle(
        self,
        group: Group,
        status: Literal["rejected", "deferred", "unknown"],
        verdict: Verdict,
    ) -> None:
        wait = _COME_BACK if verdict.error is ErrorClass.THROTTLED else None
        for recipient, _ in group.recipients:
            self.results[recipient.ref] = SmsResult(
                ref=recipient.ref,
                status=status,
                error=verdict.error,
                code=verdict.code,
                retry_after=wait,
            )

    # The others.

    def _others(self, begun: Sequence[Group]) -> None:
        """Send all other parts at once; a gateway that throttles is waited for."""
        waiting = [(group, part) for group in begun for part in range(1, self._parts)]
        ids: dict[tuple[int, int], str] = {}
        tries = 0
        while waiting:
            again: list[tuple[Group, int]] = []
            answers = self._exchange([self._frame(group, part) for group, part in waiting])
            for (group, part), (outcome, value) in zip(waiting, answers, strict=True):
                verdict = self._verdict(outcome, value)
                if verdict.error is ErrorClass.OK:
                    ids[id(group), part] = verdict.id
                elif verdict.error is ErrorClass.THROTTLED:
                    again.append((group, part))
                else:
                    _spoil(group, part, verdict.code)
            tries += 1
            if again and not self._pause(tries):
                for group, part in again:
                    _spoil(group, part, "throttled")
                again = []
            waiting = again
        for group in begun:
            found = (ids.get((id(group), part)) for part in range(1, self._parts))
            group.ids += [id_ for id_ in found if id_ is not None]

    # Both.

    def _frame(self, group: Group, part: int) -> Frame:
        return self._build([phone for _, phone in group.recipients], part)

    def _exchange(
        self, frames: Sequence[Frame], late: Late | None = None
    ) -> list[tuple[Outcome, Any]]:
        return self._link.exchange(frames, max(0.0, self._end - time.monotonic()), late)

    def _came_late(self, groups: Sequence[Group], place: int, value: Any) -> None:
        verdict = self._judge(value)
        # Of several parts the others were never sent, so it will not be whole.
        if verdict.error is ErrorClass.OK and verdict.id and self._parts == 1:
            self._late(groups[place], verdict.id)

    def _verdict(self, outcome: Outcome, value: Any) -> Verdict:
        if outcome == "said":
            return self._judge(value)
        error = ErrorClass.RETRY_SAFE if outcome == "unsent" else ErrorClass.AMBIGUOUS
        return Verdict(error, outcome)

    def _pause(self, tries: int) -> bool:
        """Wait a moment, longer each time; False: there is no time left."""
        pause = _PAUSE * 2.0 ** min(tries - 1, 5)
        if time.monotonic() + pause >= self._end:
            return False
        time.sleep(pause)
        return True


def _spoil(group: Group, part: int, code: str) -> None:
    group.trouble = group.trouble or f"part {part + 1}: {code}"
