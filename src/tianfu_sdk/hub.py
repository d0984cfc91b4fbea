"""The front door: one hub holds a store, its backends and all desks."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from numbers import Real
from typing import TYPE_CHECKING, Any, Self, TypeVar

import attrs

from tianfu_sdk.core.rows.kinds import ALL_KINDS
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.organization import OrganizationKind
from tianfu_sdk.opening import (
    Joined,
    NotInUnit,
    closed_on_failure,
    optioned,
    prepared,
)
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sdk.ports.http import Transport
from tianfu_sdk.ports.keys import Keys
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.desk.work import Actor
from tianfu_sdk.services.store.unfinished import demand_loaded
from tianfu_sdk.settings import Settings
from tianfu_sdk.upkeep import Upkeep

if TYPE_CHECKING:
    from tianfu_sdk.aio import Aio
    from tianfu_sdk.model.account import Account

__all__ = ["Hub"]

T = TypeVar("T")


class Hub(Upkeep):
    """One place of science service: a store, its backends, and a desk a noun.

    Safe to share between threads; after a fork the child opens connections of its own.
    `as_` gives the same hub on behalf of an account; without one only what is public can be
    read, and `ask` and `match` answer.

    ```python
    hub = Hub.open("sqlite:///kepu.db")
    me = hub.as_("acc_…")
    ```
    """

    # Opening and closing.

    @classmethod
    def open(
        cls,
        url: str = "",
        *,
        settings: Settings | Mapping[str, Any] | None = None,
        plugins: Sequence[Any] = (),
        clock: Clock | None = None,
        ids: Ids | None = None,
        transport: Transport | None = None,
        keys: Keys | None = None,
        discover: bool = True,
    ) -> Self:
        """Open a store, or make a new one.

        Args:
            url: `sqlite:///kepu.db` (relative), `sqlite:////abs/kepu.db`, `memory:`, or the
                scheme of a plugin; empty: what the settings or `TIANFU_DB` say.
            settings: Settings, a mapping of the same shape, or None: the environment only.
            plugins: Plugin objects that need no packaging.
            clock: Tells the time; None: the machine's.
            ids: Makes ids; None: time-ordered ones.
            transport: Sends HTTP; None: httpx.
            keys: Holds the master keys; None: from settings, or a file beside SQLite.
            discover: Whether installed plugins come in.

        Returns:
            The hub, without an account.

        Raises:
            Invalid: `hub.bad_url`, `hub.no_url`, `settings.…`; `match.…`, weights in the
                settings that no match can be made with.
            PluginError: Nobody offers the scheme; in strict mode a plugin is broken.
            StorageError: The store cannot be opened.
        """
        parts = prepared(
            url, settings=settings, plugins=plugins, clock=clock, ids=ids, discover=discover
        )
        with closed_on_failure(parts.store):
            parts.store.open(ALL_KINDS)
            demand_loaded(parts.store)
            return cls._of(parts, transport, keys)

    def __repr__(self) -> str:
        who = self._actor.name or "nobody"
        return f"<Hub {self._tools.store.capabilities.name} as {who}>"

    # Who acts.

    def bootstrap(
        self,
        *,
        organization: str,
        region: str,
        label: str = "管理员",
        kind: OrganizationKind | str = OrganizationKind.ASSOCIATION,
        aliases: Sequence[str] = (),
        external_id: str | None = None,
    ) -> Account:
        """Make the first organization and the account that holds all rights; once.

        Args:
            organization: Its full name, such as 四川省科学技术协会.
            region: Where it is at home, such as 510000.
            label: The post of the first account; not a personal name.
            kind: What the organization is.
            aliases: Its short names.
            external_id: The embedder's own user.

        Returns:
            The account; its grants cover the region and the organization.

        Raises:
            Conflict: `hub.not_empty`, there is an account already.
            NotFound: `region.unknown`.
        """
        from tianfu_sdk.services.people.identity import Identity

        return Identity(self._tools, Actor(system="bootstrap")).begin(
            organization=organization,
            region=region,
            label=label,
            kind=kind,
            aliases=aliases,
            external_id=external_id,
        )

    def as_(self, account: str = "", *, external_id: str | None = None) -> Self:
        """Give this hub on behalf of an account.

        Args:
            account: Its id; empty: by `external_id`, or what the settings say.
            external_id: The embedder's own user, as given to `accounts.create`.

        Raises:
            NotFound: `account.unknown`.
            Denied: `account.inactive`; `account.required`, none is named anywhere.
        """
        from tianfu_sdk.services.people.identity import Identity

        nobody = Identity(self._tools, Actor(system="sign in"))
        return self._as(Actor(account=nobody.sign_in(account, external_id)))

    def unit(self, fn: Callable[[Self], T]) -> T:
        """Make several calls in one transaction: all of them, or none.

        Args:
            fn: Gets a hub whose calls join the transaction. It may be called again, so it
                must do no outside I/O; media, `ask`, sending and erasing are not for it.

        Returns:
            What `fn` returns.

        Raises:
            Invalid: `hub.async_unit`, `fn` is a coroutine function.
            TianfuError: What a writing call raised, even if `fn` caught it: what that call
                had written by then cannot be told from the rest.
        """
        if not callable(fn):
            raise Invalid("field.type", path="fn", wanted="function", found=type(fn).__name__)
        if inspect.iscoroutinefunction(fn):
            raise Invalid("hub.async_unit", path="fn")
        told: list[Event] = []
        amended = 0

        def body(tx: Tx) -> T:
            nonlocal amended
            told.clear()
            store, regions = Joined(self._tools.store, tx), self._tools.regions.joined()
            joined = attrs.evolve(
                self._tools,
                store=store,
                regions=regions,
                erasures=NotInUnit(),
                tell=told.extend,
            )
            result = fn(type(self)(joined, self._actor, self._plugins))
            if store.lost is not None:
                raise store.lost
            amended = regions.least
            return result

        result = self._tools.store.run(body, write=True)
        self._tools.regions.expect(amended)
        self._tools.tell(told)
        return result

    def with_options(
        self,
        *,
        timeout: float | None = None,
        retries: int | None = None,
        max_lag: timedelta | None = None,
        accessible: bool | None = None,
    ) -> Self:
        """Give this hub with other options for what is called through it.

        Args:
            timeout: Seconds that a translation engine may take. SMS gateways state their own,
                and how long a writer waits for its turn is settled when the hub opens.
            retries: How often a call is made again when the store could not take it for the
                moment (a `StorageError` that is `retryable`), with growing pauses; 0 to 20.
            max_lag: Reads may be answered by a standby that is at most so far behind, so they
                may not show what was written just now. Rights are read there too. A store
                without a standby ignores it.
            accessible: Whether review demands alternative text and transcripts.

        Raises:
            Invalid: `hub.bad_option`, `field.type`.
        """
        settings = self._tools.settings
        store = self._tools.store
        if timeout is not None:
            demand_type(timeout, Real, "timeout")
            if not 0 < timeout < math.inf:
                raise Invalid("hub.bad_option", path="timeout", wanted="> 0 s")
            settings = attrs.evolve(settings, timeout=timeout)
        if accessible is not None:
            settings = attrs.evolve(settings, accessible=accessible)
        if retries is not None or max_lag is not None:
            store = optioned(store, retries=retries, max_lag=max_lag)
        tools = attrs.evolve(self._tools, settings=settings, store=store)
        return type(self)(tools, self._actor, self._plugins)

    @functools.cached_property
    def aio(self) -> Aio:
        """The same hub for `async` code, on worker threads that all accounts of it share."""
        from tianfu_sdk.aio import Aio

        return Aio(self)
