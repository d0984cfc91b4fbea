"""Where the server is and how the store is to go about it: URL and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.settings import Secret

__all__ = ["Address", "SqlSettings"]

_OURS = ("portable", "prepare_threshold", "share", "share_wait")
"""Settings that may stand in the query of a URL as well."""
_LAST_PORT = 0xFFFF


@attrs.frozen(kw_only=True)
class SqlSettings:
    """`[backends.postgresql]`, `[backends.mysql]` or `[backends.mariadb]`.

    Raises:
        Invalid: `storage.share`.
    """

    timeout: float = 10.0
    """Seconds to wait for a lock, for a connection, and for a server to come back."""
    password: Secret | None = None
    """Instead of one in the URL."""
    standby: Secret | None = None
    """URL of a server that only reads, for `hub.with_options(max_lag=…)`; it may hold a
    password, so it is a secret."""
    prepare_threshold: int = 5
    """Executions after which PostgreSQL prepares a statement; 0: never, as pgbouncer before
    1.21 needs in transaction mode."""
    portable: bool = False
    """Use plain SQL only: no RETURNING, no ON CONFLICT, no SKIP LOCKED, no snapshots of
    transaction ids. For engines that speak a protocol but not all of its dialect."""
    collation: str = ""
    """Of text, where the dialect's own is not known to the server: it must order by bytes and
    count blanks at the end. MySQL 8 calls it `utf8mb4_0900_bin`."""
    share: str = ""
    """Such as `1/3`: claim the first third of the jobs. On a cluster whose nodes are written to
    at once (Galera), each node's workers are given another share."""
    share_wait: float = 60.0
    """Seconds for which a job must have been due before workers of another share claim it: then
    those whose it is are gone or cannot keep up. 0: at once, after their own."""

    def part(self) -> tuple[int, int] | None:
        """Give the number of this share, from 0, and how many there are."""
        if not self.share_wait >= 0:
            raise Invalid("storage.share", path="share_wait", value=str(self.share_wait))
        if not self.share:
            return None
        number, _, total = self.share.partition("/")
        if not (number.isdecimal() and total.isdecimal() and 1 <= int(number) <= int(total) <= 60):  # noqa: PLR2004
            raise Invalid("storage.share", path="share", value=self.share[:20])
        return int(number) - 1, int(total)


@attrs.frozen(kw_only=True, repr=False)
class Address:
    """A URL taken apart; shows itself without user and password."""

    scheme: str
    hosts: tuple[tuple[str, int | None], ...]
    """Names and ports; empty: the driver's own default."""
    user: str
    password: str
    database: str
    options: Mapping[str, str]
    """The query, without what is ours."""

    @classmethod
    def of(cls, url: str, settings: SqlSettings) -> tuple[Address, SqlSettings]:
        """Take a URL apart.

        Args:
            url: `scheme://user:password@host:port,host:port/database?option=value`.
            settings: Of the backend's table; what the query says of them wins.

        Returns:
            The address and the settings.

        Raises:
            Invalid: `storage.bad_address`.
        """
        # Not by `urlsplit`, which takes [::1] among other hosts for an error in some versions.
        scheme, _, rest = url.partition("#")[0].partition("://")
        rest, _, asked = rest.partition("?")
        netloc, _, database = rest.partition("/")
        account, _, places = netloc.rpartition("@")
        try:
            user, _, password = account.partition(":")
            hosts = tuple(_host(place) for place in places.split(",") if place)
        except ValueError:
            raise Invalid("storage.bad_address", path="url") from None
        query = dict(parse_qsl(asked, keep_blank_values=True))
        for name in _OURS:
            if name in query:
                changed: dict[str, Any] = {name: _read(name, query.pop(name))}
                settings = attrs.evolve(settings, **changed)
        secret = settings.password.reveal() if settings.password else unquote(password)
        address = cls(
            scheme=scheme.lower(),
            hosts=hosts,
            user=unquote(user),
            password=secret,
            database=unquote(database),
            options=query,
        )
        return address, settings

    @property
    def place(self) -> str:
        """The address as errors and logs show it."""
        hosts = ",".join(name if port is None else f"{name}:{port}" for name, port in self.hosts)
        return f"{self.scheme}://{hosts}/{self.database}"

    def url(self, scheme: str) -> str:
        """Give it as a URL without password, for a driver that takes one."""
        hosts = ",".join(
            (f"[{name}]" if ":" in name else name) + ("" if port is None else f":{port}")
            for name, port in self.hosts
        )
        account = f"{quote(self.user, safe='')}@" if self.user else ""
        query = urlencode(self.options, quote_via=quote)
        # Not by `urlunsplit`, which leaves the slashes out where there is no host.
        return f"{scheme}://{account}{hosts}/{quote(self.database)}" + (query and f"?{query}")

    def __repr__(self) -> str:
        return f"Address({self.place})"


def _host(place: str) -> tuple[str, int | None]:
    if place.startswith("["):
        name, closed, port = place[1:].partition("]")
        if not closed or port[:1] not in {"", ":"}:
            raise ValueError(place)
        port = port[1:]
    else:
        name, _, port = place.partition(":")
    number = int(port) if port else None
    if number is not None and not 0 < number <= _LAST_PORT:
        raise ValueError(port)
    return unquote(name), number


def _read(name: str, text: str) -> bool | float | str:
    if name == "portable":
        return text.lower() in {"1", "true", "yes", "on"}
    if name == "prepare_threshold":
        if not text.isdecimal():
            raise Invalid("storage.bad_address", path=name)
        return int(text)
    if name == "share_wait":
        try:
            return float(text)
        except ValueError:
            raise Invalid("storage.bad_address", path=name) from None
    return text
