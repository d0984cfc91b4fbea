"""The desk that keeps a store: what was done to the whole of it."""

from __future__ import annotations

from collections.abc import Sequence

from tianfu_sdk.errors import Denied
from tianfu_sdk.model.event import Value
from tianfu_sdk.model.storage import SchemaChange
from tianfu_sdk.services.erasures import Erasures
from tianfu_sdk.services.work import Desk, Work

__all__ = ["Keeping"]


class Keeping(Desk):
    """Keep a store; only the system may. Safe to share between threads."""

    def migrated(self, steps: Sequence[SchemaChange]) -> None:
        """Record that the store was brought up, and erase again who is in the erasure log.

        Args:
            steps: What was done; nothing is recorded where there was nothing to do.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
        """
        self._demand_system()
        if steps:
            kinds = ",".join(step.kind for step in steps if step.kind)
            self._record("store.migrated", steps=len(steps), kinds=kinds[:200])
        # A backup that was made before an erasure may have needed this migration.
        Erasures(self._tools, self._actor).replay()

    def _record(self, action: str, **data: Value) -> None:
        def write(work: Work) -> None:
            work.record(action, kind="store", subject="store", data=data)

        self._write(write)

    def _demand_system(self) -> None:
        if not self._actor.system:
            raise Denied("account.required")
