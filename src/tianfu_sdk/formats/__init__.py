"""Wire formats: bytes and streams in, plain values out, and the other way round.

Pure but for reading the stream that is handed over: nothing here opens a file, a clock or a
network. Each is loaded when it is first touched.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tianfu_sdk.formats import tbx, tmx, xliff

__all__ = ["tbx", "tmx", "xliff"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
