"""Sending what is due: claim, commit, call, settle.

1. A group of batches of one gateway is claimed, as many as its pace lets through, and its
   messages are marked `sending`, in one commit.
2. Opt-outs are looked at again and phones decrypted, right before the calls.
3. The gateway is called, outside of any transaction.
4. Messages and jobs are settled in one commit (`services.settling`), fenced by the claims'
   tokens.

Whoever finds messages `sending` in a batch that it claims knows that the dispatcher before
died between 1 and 4. Nobody can tell whether they went out, so they are not sent again,
unless the gateway itself drops what it was sent before.

Each gateway has a queue and a thread: one that is slow, limited or away stops no other.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import attrs

from tianfu_sdk.errors import PluginError
from tianfu_sdk.model.sms import DispatchReport, SmsCapabilities
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.sms.calls import Said, ask, send
from tianfu_sdk.services.sms.claiming import Call, Claim, Group, address, claim, give_back, park
from tianfu_sdk.services.sms.lanes import again, known_lanes
from tianfu_sdk.services.sms.receipts import take_receipts
from tianfu_sdk.services.sms.settling import Settling

__all__ = ["GROUP", "Dispatcher"]

GROUP = 8
"""Batches a commit: few enough that a crash leaves few messages unknown."""

_MOST_LANES = 64
_LOOK_AGAIN = 1.0
"""Seconds after which gateways that had nothing are looked at again, while others are busy."""


@attrs.define(kw_only=True)
class _Round:
    """Where one `run` stands."""

    left: int
    report: DispatchReport = attrs.field(factory=DispatchReport)
    lanes: list[str] = attrs.field(factory=list)
    busy: dict[Future[tuple[Group, dict[str, int]]], tuple[str, int]] = attrs.field(factory=dict)
    quiet: set[str] = attrs.field(factory=set)
    """Gateways that had nothing when they were looked at last."""
    failed: dict[str, BaseException] = attrs.field(factory=dict)
    looked: float = 0.0

    def waiting(self) -> list[str]:
        """Name the gateways that may have something and are not at it."""
        at_it = {name for name, _ in self.busy.values()}
        return [n for n in self.lanes if n not in at_it | self.quiet | self.failed.keys()]


class Dispatcher(Desk):
    """Send what is due. Safe to share between threads and to run in several processes."""

    def run(
        self,
        limit: int,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[DispatchReport], None] | None = None,
    ) -> DispatchReport:
        """Send batches until none is due.

        Args:
            limit: Batches at most.
            stop: Asked before each claim; True: claim no more, settle what is on its way.
            progress: Called after each group, with what became of all so far.
        """
        now = _Round(left=limit)
        with (
            ThreadPoolExecutor(_MOST_LANES, thread_name_prefix="tianfu-lane") as lanes,
            ThreadPoolExecutor(_MOST_LANES * GROUP, thread_name_prefix="tianfu-sms") as calls,
        ):
            while True:
                if not stop():
                    self._begin(now, lanes, calls)
                if not now.busy:
                    break
                done, _ = wait(now.busy, _LOOK_AGAIN, FIRST_COMPLETED)
                for future in done:
                    _end(now, future)
                    if progress is not None:
                        progress(now.report)
        for error in now.failed.values():
            raise error
        return now.report

    def _begin(self, now: _Round, lanes: ThreadPoolExecutor, calls: ThreadPoolExecutor) -> None:
        if time.monotonic() - now.looked > _LOOK_AGAIN or not now.looked:
            now.looked = time.monotonic()
            now.lanes = self._read(known_lanes)
            if now.busy:
                now.quiet.clear()
        for name in now.waiting():
            most = min(GROUP, now.left)
            if most:
                now.left -= most
                now.busy[lanes.submit(self._group, name, most, calls)] = (name, most)

    def _group(
        self, name: str, most: int, calls: ThreadPoolExecutor
    ) -> tuple[Group, dict[str, int]]:
        """Claim, call and settle a group of batches of one gateway."""
        try:
            gateway: SmsGateway = self._tools.gateway(name)
        except PluginError as error:
            code = error.code
            group = self._write(lambda work: park(work, name, most, code))
            return group, {"passed": group.passed}
        capabilities = gateway.capabilities
        group = again(self._write, functools.partial(claim, name=name, gateway=gateway, most=most))
        self._hold(name, gateway, held=group.seated)
        if not group.claims:
            return group, {"passed": group.passed}
        addressed = self._addressed(group.claims)
        said = list(calls.map(functools.partial(self._call, capabilities=capabilities), addressed))
        settled = list(zip(addressed, said, strict=True))
        settling = Settling(name, settled, probe=group.probe)
        receipts = [receipt for one in said for receipt in one.receipts]

        def settle(work: Work) -> dict[str, int]:
            counts = settling(work)
            counts["passed"] += group.passed
            take_receipts(work, name, receipts)
            return counts

        return group, again(self._write, settle)

    def _hold(self, name: str, gateway: SmsGateway, *, held: bool) -> None:
        own = self._tools.holder.gateways
        if held:
            own.add(name)
        elif name in own:
            # Its time ran out and another worker has it: two would be one too many.
            own.discard(name)
            close = getattr(gateway, "close", None)
            if close is not None:
                close()

    def _addressed(self, claims: Sequence[Claim]) -> list[Call]:
        try:
            return self._read(lambda work: address(work, claims))
        except Exception:
            # Such as a missing master key: nothing left, so nothing is unknown.
            again(self._write, functools.partial(give_back, claims=claims))
            raise

    def _call(self, call: Call, capabilities: SmsCapabilities) -> Said:
        # All calls of a group are made at once, and settled before its leases end.
        timeout = min(capabilities.timeout, self._tools.settings.sms.lease / 2)
        if call.verb == "none" or not call.batch.recipients:
            return Said(refused=True)
        verb = send if call.verb == "send" else ask
        return verb(call.claim.gateway, call.batch, self._tools.transport, timeout)


def _end(now: _Round, future: Future[tuple[Group, dict[str, int]]]) -> None:
    """Count what a group did."""
    name, asked = now.busy.pop(future)
    error = future.exception()
    if error is not None:
        # The others go on; who called is told at the end.
        now.failed[name] = error
        return
    group, counts = future.result()
    now.left += asked - group.taken
    if counts.get("passed"):
        # Whoever got it may have had nothing when it was looked at.
        now.quiet.clear()
    elif not group.taken:
        now.quiet.add(name)
    now.report = _sum(now.report, claimed=group.taken, **counts)
    waits = [wait for wait in (now.report.wait, group.wait) if wait is not None]
    now.report = attrs.evolve(now.report, wait=min(waits, default=None))


def _sum(report: DispatchReport, **more: Any) -> DispatchReport:
    return attrs.evolve(
        report, **{name: getattr(report, name) + count for name, count in more.items()}
    )
