"""The desk of master keys: what rows name, rotation, and what the doctor says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tianfu_sdk import codec
from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.core.rows.kinds import OPT_OUT, REGISTRATION, SUBJECT_KEY, SUBSCRIBER
from tianfu_sdk.errors import CryptoError, Denied, NotFound
from tianfu_sdk.model.event import Finding
from tianfu_sdk.model.keys import KeyReport, KeyUse, Rotated
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.subscriber import Sealed
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.indexing import index_keys, live_indexes
from tianfu_sdk.services.desk.people import PHONE, REGISTRANT, open_sealed, unwrapped
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.store import reindexing

__all__ = ["KeyDesk", "key_findings"]

_BATCH = 500


class KeyDesk(Desk):
    """Look at master keys and rotate them; only the system may. Safe to share between threads.

    A rotation may be killed at any point and called again: it goes on where it stopped.
    Readers, writers and senders go on meanwhile.
    """

    def report(self) -> KeyReport:
        """Say which keys are here, which ones rows name, and how far a rotation is.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            CryptoError: `keys.missing`.
        """
        self._demand_system()
        return self._read(_report)

    def rotate(
        self, *, batch: int = _BATCH, progress: Callable[[Rotated], None] | None = None
    ) -> Rotated:
        """Go over to the current master key, for sealing and for the blind index.

        Args:
            batch: Rows a transaction, 1 to 1,000.
            progress: Called after every transaction with what was done so far.

        Returns:
            What was done this time.

        Raises:
            Denied: `account.required`.
            Conflict: `keys.campaign_open`, a campaign is being put in the outbox.
            CryptoError: `keys.unknown`, a key that rows name is not here; `keys.wrong`.
        """
        rewrapped = self.rewrap(batch=batch, progress=progress)

        def told(done: Rotated) -> None:
            if progress is not None:
                progress(Rotated(rewrapped=rewrapped.rewrapped, reindexed=done.reindexed))

        return Rotated(
            rewrapped=rewrapped.rewrapped,
            reindexed=self.reindex(batch=batch, progress=told).reindexed,
        )

    def rewrap(
        self, *, batch: int = _BATCH, progress: Callable[[Rotated], None] | None = None
    ) -> Rotated:
        """Wrap all subjects' keys by the current master key; as `rotate`."""
        self._demand_system()
        done = 0
        while some := self._again(lambda work: reindexing.rewrap_some(work, batch)):
            done += some
            if progress is not None:
                progress(Rotated(rewrapped=done))
        return Rotated(rewrapped=done)

    def reindex(
        self, *, batch: int = _BATCH, progress: Callable[[Rotated], None] | None = None
    ) -> Rotated:
        """Find all people by the current master key's blind index; as `rotate`.

        Opt-outs and the embedder's users stay under the keys that they stand under, which are
        needed as long as the store is.
        """
        self._demand_system()
        done = 0
        begun = self._again(reindexing.begin)
        while begun:
            some = self._again(lambda work: reindexing.move_some(work, batch))
            done += some
            if progress is not None:
                progress(Rotated(reindexed=done))
            begun = some == batch
        return Rotated(reindexed=done)

    def _demand_system(self) -> None:
        if not self._actor.system:
            raise Denied("account.required")

    def _again(self, fn: Callable[[Work], int]) -> int:
        return until_done(lambda: self._write(fn))


def _report(work: Work) -> KeyReport:
    known = {key.id: key.suite for key in work.tools.keys.known()}
    current = work.tools.keys.current()
    indexing = index_keys(work)
    subjects = {
        id_: work.tx.count(SUBJECT_KEY.name, Query(where=(Where("master", "=", id_),)))
        for id_ in reindexing.masters_in_use(work)
    }
    rows = work.each(OPT_OUT.name, Query(fields="keys"))
    opt_outs = Counter(str(row.keys["index_key"]) for row in rows)
    live = set(indexing.live) if indexing.version or subjects or opt_outs else set()
    named = [*subjects, *opt_outs, *live]
    return KeyReport(
        keys=tuple(
            KeyUse(
                id=id_,
                suite=known.get(id_),
                current=id_ == current,
                indexes=id_ in live,
                subjects=subjects.get(id_, 0),
                opt_outs=opt_outs.get(id_, 0),
            )
            for id_ in dict.fromkeys([*(n for n in named if n not in known), *known])
        ),
        reindexing=indexing.moving,
    )


# For the doctor.

_GIVE = "give the key file that belongs to this database, older keys included"
_ROTATE = "tianfu keys rotate"


def key_findings(work: Work) -> list[Finding]:
    """Say whether the keys that rows name are here and open them, and what a rotation left."""
    one = Query(limit=1, fields="keys")
    if not work.tx.find(SUBJECT_KEY.name, one) and not work.tx.find(OPT_OUT.name, one):
        # Before a key is asked for: to look at a new store must not make one.
        return [_finding("ok", "nothing is sealed yet")]
    report = _report(work)
    found = [
        _finding("error", f"key {id_} is not here, and rows name it", _GIVE)
        for id_ in report.missing
    ]
    for use in report.keys:
        if use.subjects and use.suite is not None:
            found += _opened(work, use.id)
    found = found or _indexed(work)
    if found:
        # What else there is to say would send people the wrong way.
        return found
    if report.behind:
        message = f"{report.behind} subjects' keys are wrapped by an older master key"
        found.append(_finding("note", message, _ROTATE))
    if report.reindexing:
        found.append(_finding("note", "a change of the index key is not finished", _ROTATE))
    if found:
        return found
    used = ", ".join(f"{u.id} ({u.suite})" for u in report.keys if u.subjects or u.indexes)
    return [_finding("ok", f"the master key opens what is sealed: {used}")]


def _finding(severity: str, message: str, hint: str = "") -> Finding:
    return Finding(check="keys", severity=severity, message=message, hint=hint)


def _opened(work: Work, master: str) -> list[Finding]:
    """Open one key that a master key wraps: the same id is not yet the same key."""
    where = (Where("master", "=", master),)
    try:
        for row in work.tx.find(SUBJECT_KEY.name, Query(where=where, limit=1)):
            unwrapped(work, row)
    except CryptoError as error:
        return [_finding("error", error.message, error.hint or "")]
    return []


_FOUND: tuple[tuple[NounKind[Any], str, str], ...] = (
    (SUBSCRIBER, PHONE, "subscribers"),
    (REGISTRATION, REGISTRANT["phone"], "registrations"),
)


def _indexed(work: Work) -> list[Finding]:
    """Hold the index of one of each against the phone: without it opt-outs are missed."""
    for shelf, field, many in _FOUND:
        for row in work.tx.find(shelf.name, Query(limit=1)):
            sealed: Sealed = codec.loads(shelf.noun, row.doc or b"").phone
            try:
                phone = open_sealed(work, row.id, field, sealed)
            except (CryptoError, NotFound) as error:
                return [_finding("error", error.message, error.hint or "")]
            if row.keys["phone_ix"] not in live_indexes(work, phone):
                message = f"{many} are not found by the index key that the store names"
                return [_finding("error", message, _GIVE)]
    return []
