"""Who acts, and what desks are given when the hub opens."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from tianfu_sdk.model.event import Event, ExportFormat
from tianfu_sdk.ports.blobs import Blobs
from tianfu_sdk.ports.clock import Clock, Ids
from tianfu_sdk.ports.erasures import ErasureLog
from tianfu_sdk.ports.event_files import EventFiles
from tianfu_sdk.ports.first_seen import FirstSeen
from tianfu_sdk.ports.http import Transport
from tianfu_sdk.ports.keys import Cipher, Keys
from tianfu_sdk.ports.search import FollowerSearch
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sdk.ports.storage import Store
from tianfu_sdk.ports.translation import Translator
from tianfu_sdk.services.desk.atlas import Atlas
from tianfu_sdk.settings import Settings

__all__ = ["Actor", "Holder", "Tools"]


@attrs.frozen(kw_only=True)
class Actor:
    """Who acts: nobody, an account, or the system."""

    account: str | None = None
    system: str = ""
    """Why the system acts; empty: it is not the system."""

    @property
    def name(self) -> str:
        """Id of the account, `system`, or empty."""
        return self.account or ("system" if self.system else "")


@attrs.define(eq=False)
class Holder:
    """What this process holds in the store's name; a forked child is another holder."""

    _ids: Ids
    _names: dict[int, str] = attrs.field(factory=dict, init=False)
    _gateways: dict[int, set[str]] = attrs.field(factory=dict, init=False)
    threads: Any = attrs.field(default=None, init=False)
    """Those that run calls for `async` code, once there was one; of all accounts together."""

    @property
    def name(self) -> str:
        """Unguessable, of this hub in this process."""
        # Made when it is first needed: most hubs hold nothing.
        return self._names.get(os.getpid()) or self._names.setdefault(
            os.getpid(), self._ids.token()
        )

    @property
    def gateways(self) -> set[str]:
        """Gateways of which a counted session is held."""
        return self._gateways.setdefault(os.getpid(), set())


@attrs.frozen(kw_only=True)
class Tools:
    """What desks are given when the hub opens."""

    store: Store
    clock: Clock
    ids: Ids
    settings: Settings
    regions: Atlas
    """Within a transaction ask `Work.regions`."""
    keys: Keys
    cipher: Cipher
    blobs: Blobs
    folder: Callable[[str], Blobs]
    """Gives a place for media in a folder, such as that of a backup."""
    event_files: Callable[[Path, ExportFormat, str, str], EventFiles]
    """Gives the exports into a folder, of a format, by a reader, from the store whose first
    event that the reader sees has this id."""
    erasures: ErasureLog
    """Who was erased; outside the store and its backups."""
    transport: Transport
    gateway: Callable[[str], SmsGateway]
    """Gives the SMS gateway of a name; raises `PluginError`."""
    translator: Callable[[str], Translator]
    """Gives the translation engine of a name; raises `PluginError`."""
    first_seen: Callable[[], FirstSeen]
    """Gives a new one, to be closed after use."""
    engine: Callable[[], FollowerSearch | None]
    """Gives the search engine that `ask` is answered by; None: the one in the store."""
    offered: Callable[[str], Sequence[str]]
    """Names that plugins and built-in backends offer at a port."""
    holder: Holder
    """Who this hub is to other workers."""
    tell: Callable[[Sequence[Event]], None]
    """Passes committed events on."""
    kept: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)
    """What is costly to make of rows, with what they said; made again when they say otherwise."""
