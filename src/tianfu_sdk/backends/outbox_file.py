"""Outgoing SMS in files instead of on the air: the telephone network of demos and tests.

A batch is one file of JSON Lines, a line a message, named by its reference. Phones are
masked in it: whoever reads the folder learns nothing that the database keeps sealed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tianfu_sdk.core.sms.phones import masked
from tianfu_sdk.errors import Unavailable, Unsupported
from tianfu_sdk.files import Draft, make_folder
from tianfu_sdk.model.sms import Inbound, SmsBatch, SmsCapabilities, SmsReceipt, SmsResult
from tianfu_sdk.ports.clock import Clock
from tianfu_sdk.text import sms_parts

__all__ = ["OutboxFileGateway"]

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ENDING = ".jsonl"
_DELIVERED = "delivered"
_PHONES = 500
_FILES = 20
"""Batches of one poll."""


class OutboxFileGateway:
    """Write batches into a folder; `poll` says of each message once that it was delivered.

    A batch that is submitted twice is written once, also by another process. What a poll
    gave counts as heard when the next one comes, so a crash in between loses nothing. Safe
    to share between threads.

    Args:
        folder: Where; it is made when the first batch comes. None: in memory.
        clock: Tells when.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, *, clock: Clock) -> None:
        self._shelf: _Folder | _Shelf = _Shelf() if folder is None else _Folder(Path(folder))
        self._clock = clock
        self._guard = threading.Lock()
        self._told: list[str] = []

    @property
    def capabilities(self) -> SmsCapabilities:
        """What this gateway can say."""
        return SmsCapabilities(
            name="file",
            shape="session",
            phones_per_call=_PHONES,
            receipts=("pull",),
            dedupes=True,
            real=False,
        )

    def connect(self) -> None:
        """Do nothing: a folder needs no session."""

    def submit(self, batch: SmsBatch) -> Sequence[SmsResult]:
        """Write a batch, whole or not at all.

        Raises:
            Unavailable: `sms.outbox`, the folder cannot be written; nothing was.
            Unsupported: `sms.too_many`.
        """
        if len(batch.recipients) > _PHONES:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=_PHONES)
        parts = sms_parts(batch.text, batch.signature)
        at = self._clock.now().isoformat()
        lines: list[dict[str, Any]] = [
            {
                "provider_id": f"{batch.reference}-{number}",
                "reference": batch.reference,
                "ref": recipient.ref,
                "phone": masked(recipient.phone),
                "signature": batch.signature,
                "text": batch.text,
                "parts": parts,
                "at": at,
            }
            for number, recipient in enumerate(batch.recipients, 1)
        ]
        with self._guard:
            try:
                self._shelf.add(_name(batch.reference), lines)
            except OSError as error:
                raise Unavailable("sms.outbox", why=type(error).__name__) from None
        return [
            SmsResult(ref=line["ref"], status="accepted", provider_id=line["provider_id"])
            for line in lines
        ]

    def poll(self) -> tuple[Sequence[SmsReceipt], Sequence[Inbound]]:
        """Give a receipt for each message that none was given for yet, oldest batch first."""
        with self._guard:
            try:
                for name in self._told:
                    self._shelf.deliver(name)
                self._told = self._shelf.waiting()[:_FILES]
                lines = [line for name in self._told for line in self._shelf.read(name)]
            except OSError as error:
                raise Unavailable("sms.outbox", why=type(error).__name__) from None
        now = self._clock.now()
        receipts = [
            SmsReceipt(
                provider_id=line["provider_id"],
                ref=line["ref"],
                reference=line["reference"],
                state="delivered",
                at=now,
            )
            for line in lines
        ]
        return receipts, ()

    def messages(self) -> Iterator[Mapping[str, Any]]:
        """Give all messages that were ever written, batch by batch."""
        with self._guard:
            lines = [line for name in self._shelf.all() for line in self._shelf.read(name)]
        yield from lines

    def close(self) -> None:
        """Do nothing: nothing is held open."""


def _name(reference: str) -> str:
    if _SAFE.fullmatch(reference):
        return reference
    return hashlib.sha256(reference.encode()).hexdigest()


class _Shelf:
    """Batches in memory."""

    def __init__(self) -> None:
        self._batches: dict[str, list[dict[str, Any]]] = {}
        self._delivered: set[str] = set()

    def add(self, name: str, lines: list[dict[str, Any]]) -> None:
        self._batches.setdefault(name, lines)

    def deliver(self, name: str) -> None:
        self._delivered.add(name)

    def waiting(self) -> list[str]:
        return [name for name in self._batches if name not in self._delivered]

    def all(self) -> list[str]:
        return list(self._batches)

    def read(self, name: str) -> list[dict[str, Any]]:
        return self._batches[name]


class _Folder:
    """Batches as files; those that were delivered stand in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str, lines: list[dict[str, Any]]) -> None:
        target = self._folder / f"{name}{_ENDING}"
        if target.exists() or self._heard(name).exists():
            return
        make_folder(self._folder)
        # Whole or not there: who reads never sees half a batch.
        with Draft(self._folder, ".new-") as draft:
            for line in lines:
                draft.file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            draft.keep(target, over=True)

    def deliver(self, name: str) -> None:
        heard = self._heard(name)
        make_folder(heard.parent)
        with contextlib.suppress(FileNotFoundError):
            # Another process may have been quicker.
            (self._folder / heard.name).replace(heard)

    def waiting(self) -> list[str]:
        return self._in(self._folder)

    def all(self) -> list[str]:
        return sorted({*self._in(self._folder), *self._in(self._folder / _DELIVERED)})

    def read(self, name: str) -> list[dict[str, Any]]:
        for path in (self._folder / f"{name}{_ENDING}", self._heard(name)):
            with contextlib.suppress(FileNotFoundError):
                return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return []

    def _heard(self, name: str) -> Path:
        return self._folder / _DELIVERED / f"{name}{_ENDING}"

    @staticmethod
    def _in(folder: Path) -> list[str]:
        found = (path for path in folder.glob(f"*{_ENDING}") if not path.name.startswith("."))
        return sorted(path.name.removesuffix(_ENDING) for path in found)
