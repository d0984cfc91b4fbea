"""The lock under which tables are made, changed and dropped: one program at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tianfu_sdk.errors import StorageUnavailable
from tianfu_storage_sql.session import Driver, Session
from tianfu_storage_sql.texts import Text

__all__ = ["Making"]

_LOCK = 0x7469616E
"""Its number: "tian"."""
_GET_LOCK = Text("SELECT GET_LOCK(CONCAT('tf_open.', MD5(DATABASE())), %s)", (0,))
_FREE_LOCK = "DO RELEASE_LOCK(CONCAT('tf_open.', MD5(DATABASE())))"


class Making:
    """Where DDL is part of a transaction, the lock is one's own transaction, all or nothing.

    Elsewhere each statement of DDL commits by itself: what is done under the lock must be such
    that it can be done again after it was cut off anywhere.

    Args:
        driver: Of the server.
        timeout: Seconds to wait for the lock.
    """

    def __init__(self, driver: Driver, timeout: float) -> None:
        self._place = driver.place
        self._timeout = timeout
        self.whole = driver.dialect.name == "postgresql"
        """Whether all that is done under the lock is one transaction."""

    @contextlib.contextmanager
    def held(self, session: Session) -> Iterator[None]:
        """Hold it for a block, which commits at its end.

        Raises:
            StorageUnavailable: `storage.opening`, it was not had in time.
        """
        if self.whole:
            session.begin(write=True)
            session.do(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield
            session.commit(None)
            return
        ((got,),) = session.rows(_GET_LOCK, (max(1, round(self._timeout)),))
        if got != 1:
            raise StorageUnavailable("storage.opening", place=self._place)
        try:
            yield
        except BaseException:
            session.rollback()
            raise
        finally:
            if session.alive:
                session.do(_FREE_LOCK)

    @contextlib.contextmanager
    def rows(self, session: Session) -> Iterator[None]:
        """Change rows in one transaction, inside a block of `held`."""
        if self.whole:
            yield
            return
        session.begin(write=True)
        yield
        session.commit(None)
