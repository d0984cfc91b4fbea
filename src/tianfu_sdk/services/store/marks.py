"""The desk of marks: small notes that jobs keep in the store."""

from __future__ import annotations

from tianfu_sdk.core.rows.kinds import MARK
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.storage import Row
from tianfu_sdk.services.desk.work import Desk, Work

__all__ = ["Marks"]

_LONGEST = 40


class Marks(Desk):
    """Read and set marks; only the system may. Safe to share between threads."""

    def get(self, name: str) -> str | None:
        """Give the text of a mark, or None where it was never set."""
        return self._read(lambda work: _get(work, _checked(work, name)))

    def set(self, name: str, text: str) -> None:
        """Set the text of a mark."""

        def write(work: Work) -> None:
            id_ = _checked(work, name)
            rows = work.tx.get(MARK.name, [id_])
            version = rows[0].version if rows else 0
            work.tx.put(MARK.name, [Row(id_, version, text.encode())])

        self._write(write)


def _checked(work: Work, name: str) -> str:
    if not work.actor.system:
        raise Denied("account.required")
    if not name or len(name) > _LONGEST:
        raise Invalid("events.bad_name", path="name")
    return f"mark:{name}"


def _get(work: Work, id_: str) -> str | None:
    rows = work.tx.get(MARK.name, [id_])
    return (rows[0].doc or b"").decode() if rows else None
