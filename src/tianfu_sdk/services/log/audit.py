"""The desk of the audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from tianfu_sdk import codec
from tianfu_sdk.core.rows import audit as rules
from tianfu_sdk.core.rows.keying import moment_key
from tianfu_sdk.core.rows.kinds import AUDIT, SEAL
from tianfu_sdk.errors import Denied, StorageCorrupt
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.event import AuditLine, Finding, Seal
from tianfu_sdk.model.storage import Cursor, Query, Row, StoredEvent, Where
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import AUDIT_STREAM, Desk, Work, read_place, write_cursor

__all__ = ["Audit"]


class Audit(Desk):
    """Read who did what, and verify that nobody changed it since.

    Safe to share between threads.
    """

    def find(
        self,
        *,
        subject: str | None = None,
        actor: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[AuditLine]:
        """Find audit lines that this account may read (kind `audit`), newest first.

        Args:
            subject: Id of the thing concerned.
            actor: Id of an account, or `system`.
            after: Cursor of a page.
            limit: Of a page.

        Raises:
            Invalid: `page.bad_cursor`, `storage.limit`.
        """

        def read(work: Work) -> Page[AuditLine]:
            where = []
            if subject is not None:
                where.append(Where("subject", "=", subject))
            if actor is not None:
                where.append(Where("actor", "=", actor))
            query = Query(
                where=tuple(where),
                order="at",
                desc=True,
                after=read_place(after, AUDIT, "at"),
                limit=limit,
            )
            rows = work.rows(AUDIT.name, query, work.scope(Action.READ, AUDIT.name))
            cursor = write_cursor(rows[-1].keys["at"], rows[-1].id) if len(rows) == limit else None
            return Page(
                [codec.loads(AuditLine, row.doc or b"") for row in rows],
                cursor,
                lambda next_: self.find(subject=subject, actor=actor, after=next_, limit=limit),
            )

        return self._read(read)

    def verify(self) -> list[Finding]:
        """Hold every audit line against the chain of seals; for `doctor`.

        Returns:
            One finding a line that was changed, removed or added by hand, one a seal that
            does not fit, and one that says how many lines are not sealed yet.

        Raises:
            Denied: `account.required`; `grant.missing`, no grant to read kind `audit`.
        """
        self._read(_demand_reader)
        found: list[Finding] = []
        cursor: Cursor | None = None
        digest, number, sealed = rules.GENESIS, 0, 0
        # Counted first: lines written meanwhile must not look as if they were added by hand.
        rows = self._read(lambda work: work.tx.count(AUDIT.name, Query()))
        while True:
            seals = self._read(lambda work, n=number: _seals(work, n))  # type: ignore[misc]
            for place, seal in seals:
                number = place
                if seal is None:
                    found.append(_wrong(f"seal {place} cannot be read", f"seal_{place:012d}"))
                    continue
                entries, lines = self._batch(cursor, seal, found)
                sealed += len(entries)
                digest = rules.chain(digest, lines)
                last = entries[-1].cursor if entries else None
                if (digest, cursor) != (seal.digest, seal.after) or (len(entries), last) != (
                    seal.lines,
                    seal.last,
                ):
                    message = f"seal {seal.number} does not fit the lines that it seals"
                    found.append(_wrong(message, f"seal_{seal.number:012d}"))
                    digest = seal.digest
                # It has none where its place was lost already in the store that this one is
                # a copy of.
                cursor = Cursor(seal.last) if seal.last else (last or cursor)
            if len(seals) < _PAGE:
                break
        open_lines = self._unsealed(cursor)
        removed = sum(" was removed" in finding.message for finding in found)
        if rows > sealed + open_lines - removed:
            found += self._added()
        message = f"{sealed} lines sealed, {open_lines} not sealed yet"
        if open_lines and self._tools.store.capabilities.single_writer:
            # There every change seals its own lines, so a seal is gone.
            gone = f"the last seal was removed: {message}"
            found.append(_wrong(gone, f"seal_{number + 1:012d}"))
        else:
            severity = "note" if open_lines else "ok"
            found.append(Finding(check="audit", severity=severity, message=message))
        return found

    def _added(self) -> list[Finding]:
        """Find the lines that no entry of the stream speaks of."""
        rows = self._read(
            lambda work: {row.id: row.keys["at"] for row in work.each(AUDIT.name, _IDS)}
        )
        known: set[str] = set()
        cursor: Cursor | None = None
        while True:
            part = self._read(
                lambda work, c=cursor: work.tx.read(AUDIT_STREAM, c, _PAGE)  # type: ignore[misc]
            )
            known.update(_read(entry.body)[0] for entry in part)
            if len(part) < _PAGE:
                break
            cursor = part[-1].cursor
        odd = [line for line in rows if line not in known]
        if not self._tools.store.capabilities.single_writer:
            # There an entry may be seen a little later than its line. What is really odd is
            # still so when it is old enough.
            now = self._tools.clock.now()
            fresh = range(moment_key(now - _LATE), moment_key(now + _LATE))
            odd = [line for line in odd if rows[line] not in fresh]
        return [_wrong(f"audit line {line} was added by hand", line) for line in odd]

    def seal_open(self, limit: int = 1000) -> int:
        """Chain the lines that are not sealed yet; run by a worker on servers.

        Returns:
            How many lines were sealed.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
        """

        def write(work: Work) -> int:
            if not work.actor.system:
                raise Denied("account.required")
            newest = work.tx.find(SEAL.name, Query(order="number", desc=True, limit=1))
            after = Cursor(codec.loads(Seal, newest[0].doc or b"").last) if newest else None
            entries = work.tx.read(AUDIT_STREAM, after, limit)
            if entries:
                digests = [rules.read_entry(entry.body)[1] for entry in entries]
                work.seal(after, digests, entries[-1].cursor)
            return len(entries)

        return self._write(write)

    def _batch(
        self, after: Cursor | None, seal: Seal, found: list[Finding]
    ) -> tuple[list[StoredEvent], list[str]]:
        entries: list[StoredEvent] = []
        digests: list[str] = []
        while len(entries) < seal.lines:
            start = entries[-1].cursor if entries else after
            wanted = min(_PAGE, seal.lines - len(entries))
            part = self._read(
                lambda work, c=start, n=wanted: _with_rows(work, c, n)  # type: ignore[misc]
            )
            if not part:
                break
            for entry, line, claimed, actual in part:
                if not line:
                    found.append(_wrong("an entry of the audit stream cannot be read", ""))
                elif actual is None:
                    found.append(_wrong(f"audit line {line} was removed", line))
                elif actual != claimed:
                    found.append(_wrong(f"audit line {line} was changed since", line))
                entries.append(entry)
                digests.append(claimed)
        return entries, digests

    def _unsealed(self, cursor: Cursor | None) -> int:
        count = 0
        while True:
            part = self._read(
                lambda work, c=cursor: work.tx.read(AUDIT_STREAM, c, _PAGE)  # type: ignore[misc]
            )
            count += len(part)
            if len(part) < _PAGE:
                return count
            cursor = part[-1].cursor


_PAGE = 500
_LATE = timedelta(minutes=10)
"""How much later than its line an entry may be seen where writers do not queue."""
_SHOWN = ("actor", "action", "subject", "organization", "at")
"""Keys of a line that stand in its document as well."""
_IDS = Query(fields="keys")


def _demand_reader(work: Work) -> None:
    groups = work.scope(Action.READ, AUDIT.name)
    if groups is not None and not groups:
        raise Denied("grant.missing", action=Action.READ.value, kind=AUDIT.name)


def _seals(work: Work, after: int) -> list[tuple[int, Seal | None]]:
    query = Query(where=(Where("number", ">", after),), order="number", limit=_PAGE)
    return [(int(row.keys["number"]), _seal(row)) for row in work.tx.find(SEAL.name, query)]


def _seal(row: Row) -> Seal | None:
    try:
        return codec.loads(Seal, row.doc or b"")
    except StorageCorrupt:
        return None


def _digest(row: Row | None) -> str | None:
    """Give the digest of a stored line; none of what does not say what its keys say."""
    if row is None:
        return None
    try:
        line = codec.loads(AuditLine, row.doc or b"")
    except StorageCorrupt:
        return ""
    shown = (line.actor, line.action, line.subject, line.organization, moment_key(line.at))
    if shown != tuple(row.keys[name] for name in _SHOWN):
        return ""
    return rules.line_digest(row.doc or b"")


def _with_rows(
    work: Work, after: Cursor | None, limit: int
) -> Sequence[tuple[StoredEvent, str, str, str | None]]:
    entries = work.tx.read(AUDIT_STREAM, after, limit)
    read = [(entry, *_read(entry.body)) for entry in entries]
    rows = {row.id: row for row in work.tx.get(AUDIT.name, [line for _, line, _ in read if line])}
    return [(entry, line, digest, _digest(rows.get(line))) for entry, line, digest in read]


def _read(body: bytes) -> tuple[str, str]:
    try:
        return rules.read_entry(body)
    except (ValueError, TypeError):
        return "", ""


def _wrong(message: str, subject: str) -> Finding:
    return Finding(
        check="audit",
        severity="error",
        message=message,
        subject=subject,
        hint="compare with a backup; the rest of the chain was checked on",
    )
