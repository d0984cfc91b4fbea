"""Ids that were learnt when nobody waited for them any more."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

import attrs

__all__ = ["Strays"]


@attrs.frozen
class _Stray:
    reference: str
    refs: Mapping[str, str] = attrs.field(repr=False)
    """Of the recipients, by phone."""


class Strays:
    """Ids of messages that were learnt when nobody waited for them any more.

    Their batch is settled as unknown, so the hub has no id of theirs: receipts find them by the
    batch. Safe to share between threads.

    Args:
        most: Phones at most; the oldest are forgotten.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._strays: OrderedDict[str, _Stray] = OrderedDict()
        self._phones = 0

    def add(self, provider_id: str, reference: str, refs: Mapping[str, str]) -> None:
        """Keep an id.

        Args:
            provider_id: The peer's.
            reference: Of the batch.
            refs: Of the recipients, by phone as receipts name it.
        """
        with self._guard:
            self._strays[provider_id] = _Stray(reference, dict(refs))
            self._phones += len(refs)
            while self._phones > self._most and len(self._strays) > 1:
                self._phones -= len(self._strays.popitem(last=False)[1].refs)

    def find(self, provider_id: str, phone: str) -> tuple[str, str] | None:
        """Give the batch and the recipient of a receipt, if its id is such a one."""
        with self._guard:
            found = self._strays.get(provider_id)
        ref = found.refs.get(phone) if found else None
        return (found.reference, ref) if found and ref else None
