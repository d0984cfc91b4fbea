"""A gateway that keeps batches in a list and answers as it is told to: for tests."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from tianfu_sdk.errors import Unsupported
from tianfu_sdk.model.sms import Inbound, SmsBatch, SmsCapabilities, SmsReceipt, SmsResult

__all__ = ["Answer", "MemoryGateway", "accept"]

Answer = Callable[[SmsBatch], Sequence[SmsResult]] | BaseException
"""What a call gives: results of a batch, or an error that is raised."""


class MemoryGateway:
    """Keep batches in a list; accepts all of them unless it is told otherwise.

    Safe to share between threads. Its batches hold phones in plain, in memory only.

    Args:
        capabilities: What it can say; None: a session without receipts that dedupes nothing.
    """

    def __init__(self, capabilities: SmsCapabilities | None = None) -> None:
        self._capabilities = capabilities or SmsCapabilities(
            name="memory",
            shape="session",
            phones_per_call=100,
            receipts=("pull",),
            inbound=True,
            real=False,
        )
        self._guard = threading.Lock()
        self.batches: list[SmsBatch] = []
        """What was submitted, refused or not, oldest first."""
        self.answers: deque[Answer] = deque()
        """What the next calls give, in order; none left: all is accepted."""
        self.receipts: list[SmsReceipt] = []
        """What the next poll gives."""
        self.inbound: list[Inbound] = []
        """What the next poll gives."""

    @property
    def capabilities(self) -> SmsCapabilities:
        """What this gateway can say."""
        return self._capabilities

    def connect(self) -> None:
        """Do nothing."""

    def submit(self, batch: SmsBatch) -> Sequence[SmsResult]:
        """Keep a batch and answer as told.

        Raises:
            Unsupported: `sms.too_many`.
        """
        most = self._capabilities.phones_per_call
        if len(batch.recipients) > most:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=most)
        with self._guard:
            self.batches.append(batch)
            answer = self.answers.popleft() if self.answers else accept
        if isinstance(answer, BaseException):
            raise answer
        return answer(batch)

    def poll(self) -> tuple[Sequence[SmsReceipt], Sequence[Inbound]]:
        """Give what was laid down for it, once."""
        with self._guard:
            given = tuple(self.receipts), tuple(self.inbound)
            self.receipts.clear()
            self.inbound.clear()
        return given

    def close(self) -> None:
        """Do nothing."""


def accept(batch: SmsBatch) -> Sequence[SmsResult]:
    """Accept all of a batch."""
    return [
        SmsResult(
            ref=recipient.ref,
            status="accepted",
            provider_id=f"{batch.reference}:{recipient.ref}",
        )
        for recipient in batch.recipients
    ]
