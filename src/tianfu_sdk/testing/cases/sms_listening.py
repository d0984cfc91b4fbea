"""Hears all that a gateway says of itself, and knows what it must not say."""

from __future__ import annotations

import base64
import functools
import json
import logging
import re
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tianfu_sdk.errors import TianfuError
from tianfu_sdk.model.sms import SmsBatch
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sdk.settings import Secret
from tianfu_sdk.testing.cases.sms_base import SmsCases, batch_of, national
from tianfu_sdk.testing.cases.sms_callbacks import inbound_of

__all__ = ["Ear", "ListeningCases", "whole"]

_PIECE = 6
"""Characters of a text that are too many to be seen."""
_SHORTEST = 8
"""Characters of base64 that are no accident."""


class Ear:
    """Keeps all that any handler, formatter or terminal could show.

    Args:
        printed: Gives what was printed since it was last asked.
    """

    def __init__(self, printed: Any) -> None:
        self._printed = printed
        self._heard: list[str] = []

    def hear(self, record: logging.LogRecord) -> None:
        """Keep a record: its message, arguments, extras, traceback and the values in it."""
        shown = logging.Formatter("%(name)s %(message)s").format(record)
        extras = {k: v for k, v in vars(record).items() if k not in {"msg", "message"}}
        self._heard.append(f"{shown}\n{record.msg!r}\n{extras!r}")

    def all(self) -> str:
        """Give all that was heard until now."""
        self._heard += self._printed()
        return "\n".join(self._heard)


class ListeningCases(SmsCases):
    """What cases have that listen."""

    text = "退订请回复R，防汛科普第壹期"

    @pytest.fixture
    def ear(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ear:
        """Hear all loggers at every level, also those that hand nothing on, and what is printed."""
        ear = Ear(capsys.readouterr)
        for logger in list(logging.Logger.manager.loggerDict.values()):
            monkeypatch.setattr(logger, "disabled", False, raising=False)
        # At the class, so that loggers are heard that are made later, and however they are set.
        monkeypatch.setattr(logging.Logger, "isEnabledFor", lambda *_: True)
        monkeypatch.setattr(logging.Logger, "callHandlers", lambda _, record: ear.hear(record))
        logging.getLogger("tianfu_sdk.testing").debug("listening")
        assert "listening" in ear.all()
        return ear

    @pytest.fixture
    def private(self, gateway: SmsGateway) -> dict[str, str]:
        """Give what must never be seen, by what it is."""
        found = {f"secret {n}": text for n, text in enumerate([*self.secrets, *_kept(gateway)])}
        phones = [one.phone for one in batch_of(3).recipients]
        phones += [one.phone for one in inbound_of([self.text])]
        found |= {f"phone {n}": national(phone) for n, phone in enumerate(phones)}
        return {name: text for name, text in (found | {"text": self.text}).items() if text}

    def check_silent(self, private: dict[str, str], shown: str) -> None:
        """Look for what is private in what is shown; its value is not shown here either."""
        # 139 8765 0000 is a phone as well.
        both = f"{shown}\n{re.sub(r'(?<=[0-9])[ -](?=[0-9])', '', shown)}"
        found = [
            name for name, text in private.items() if any(form in both for form in _forms(text))
        ]
        assert not found


def whole(error: TianfuError) -> str:
    """Give all that a log of this error could show."""
    shown = "".join(traceback.format_exception(error))
    return f"{shown}\n{error!r}\n{error.text('zh')}\n{error.values!r}\n{error.path}\n{error.hint}"


def _shows(shown: str, text: str) -> bool:
    return any(form in shown for form in _forms(text))


@functools.cache
def _forms(text: str) -> frozenset[str]:
    """Give the forms in which a text stands in dumps of requests, frames and fields."""
    pieces = [text]
    if not text.isascii():
        pieces = [text[at : at + _PIECE] for at in range(max(1, len(text) - _PIECE + 1))]
    found = {form for piece in pieces for form in _written(piece)}
    for data in (text.encode(), text.encode("utf-16-be")):
        for before in range(3):
            # Where it stands among other bytes; the ends depend on these.
            coded = base64.b64encode(bytes(before) + data).decode().rstrip("=")
            inner = coded[-(-before * 8 // 6) : -1]
            if len(inner) >= _SHORTEST:
                found.add(inner)
    return frozenset(found)


def _written(piece: str) -> set[str]:
    found = {piece, json.dumps(piece)[1:-1], quote(piece), quote(piece).lower()}
    for coding in ("utf-8", "utf-16-be", "gb18030"):
        data = piece.encode(coding)
        found |= {repr(data)[2:-1], data.hex(), data.hex().upper()}
    return found


def _kept(thing: Any, depth: int = 2) -> Iterator[str]:
    """Give the secrets that an object keeps."""
    names = [*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())]
    for name in names:
        value = getattr(thing, name, None)
        if isinstance(value, Secret):
            yield value.reveal()
        elif depth and not isinstance(value, (SmsBatch, type(None), str, bytes, int)):
            yield from _kept(value, depth - 1)
