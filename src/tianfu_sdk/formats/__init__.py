"""Wire formats: bytes and streams in, plain values out, and the other way round.

Pure but for reading the stream that is handed over: nothing here opens a file, a clock or a
network.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tianfu_sdk.formats import xliff

__all__ = ["xliff"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"tianfu_sdk.formats.{name}")
    msg = f"module 'tianfu_sdk.formats' has no attribute {name!r}"
    raise AttributeError(msg)
