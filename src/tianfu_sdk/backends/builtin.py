"""The built-in backends, offered through the same hooks as guests'."""

from __future__ import annotations

import csv
import functools
import hashlib
import sys
from datetime import date
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tianfu_sdk.errors import Invalid
from tianfu_sdk.hookspecs import BackendContext, Register, hookimpl
from tianfu_sdk.model.region import Region, RegionLevel
from tianfu_sdk.ports.blobs import Blobs
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sdk.ports.storage import Store
from tianfu_sdk.ports.translation import Translator

__all__ = ["BUILTIN", "shipped_regions", "shipped_table", "sqlite_path"]


def sqlite_path(url: str) -> Path:
    """Give the file that a URL such as `sqlite:///kepu.db` names.

    Args:
        url: Three slashes for a relative path, four for an absolute one.

    Raises:
        Invalid: `hub.bad_url`.
    """
    parts = urlsplit(url)
    path = unquote(parts.path).removeprefix("/")
    if parts.netloc or not path:
        raise Invalid("hub.bad_url", path="url", url=url[:100])
    return Path(path)


def _sqlite(context: BackendContext) -> Store:
    from tianfu_sdk.backends.sqlite import SqliteStore

    options = parse_qs(urlsplit(context.url).query)
    return SqliteStore(
        sqlite_path(context.url),
        clock=context.clock,
        ids=context.ids,
        timeout=float(context.settings.get("timeout", 10.0)),
        read_only=options.get("mode") == ["ro"],
    )


def _memory(context: BackendContext) -> Store:
    from tianfu_sdk.backends.memory import MemoryStore

    return MemoryStore(clock=context.clock)


def _files(context: BackendContext) -> Blobs:
    from tianfu_sdk.backends.blobs import FileBlobs

    return FileBlobs(context.settings["folder"])


def _memory_blobs(_: BackendContext) -> Blobs:
    from tianfu_sdk.backends.blobs import MemoryBlobs

    return MemoryBlobs()


def _opencc(_: BackendContext) -> Translator:
    from tianfu_sdk.backends.offline_translation import OpenccTranslator

    return OpenccTranslator()


def _pseudo(_: BackendContext) -> Translator:
    from tianfu_sdk.backends.offline_translation import PseudoTranslator

    return PseudoTranslator()


def _wylie(_: BackendContext) -> Translator:
    from tianfu_sdk.backends.offline_translation import WylieTranslator

    return WylieTranslator()


def _outbox_file(context: BackendContext) -> SmsGateway:
    from tianfu_sdk.backends.outbox_file import OutboxFileGateway

    return OutboxFileGateway(context.settings.get("folder"), clock=context.clock)


def _outbox_memory(_: BackendContext) -> SmsGateway:
    from tianfu_sdk.backends.outbox_memory import MemoryGateway

    return MemoryGateway()


class _Sms:
    tianfu_api = 1

    @hookimpl
    def tianfu_register_sms(self, register: Register[SmsGateway]) -> None:
        register("file", _outbox_file)
        register("memory", _outbox_memory)


class _Storage:
    tianfu_api = 1

    @hookimpl
    def tianfu_register_storage(self, register: Register[Store]) -> None:
        register("sqlite", _sqlite)
        register("memory", _memory)

    @hookimpl
    def tianfu_register_blobs(self, register: Register[Blobs]) -> None:
        register("file", _files)
        register("memory", _memory_blobs)


class _Translation:
    tianfu_api = 1

    @hookimpl
    def tianfu_register_translation(self, register: Register[Translator]) -> None:
        register("opencc", _opencc)
        register("pseudo", _pseudo)
        register("wylie", _wylie)


BUILTIN = (_Storage(), _Sms(), _Translation())
"""What every hub begins with."""


def _regions_csv() -> bytes:
    return files("tianfu_sdk.backends").joinpath("data/regions.csv").read_bytes()


@functools.cache
def shipped_table() -> str:
    """Tell which table of regions ships: the first 16 digits of its SHA-256."""
    return hashlib.sha256(_regions_csv()).hexdigest()[:16]


@functools.cache
def shipped_regions() -> tuple[Region, ...]:
    """Read the table of regions that ships with the library; about 3,200 rows."""
    text = _regions_csv().decode()
    return tuple(
        Region(
            code=sys.intern(row["code"]),
            name=row["name"],
            level=RegionLevel.of(row["level"], "level"),
            parent=sys.intern(row["parent"]) or None,
            valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            successors=tuple(row["successor"].split(";")) if row["successor"] else (),
            approximate=row["precision"] == "year",
            source=row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )
