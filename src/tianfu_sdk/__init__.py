"""tianfu_sdk: public science-popularisation (科普) services with plugin backends.

The plan of the namespace: `Hub` is the front door; `Settings` and `Secret` open it; the
errors tell what went wrong; `hookimpl` marks a plugin's hooks; `text` and `formats` are
pure and need no hub; `evaluate` measures any search on `question_sets`; `display` says dates
and shows channels; `testing` is for who writes plugins and tests.

Everything is loaded when it is first touched, so `import tianfu_sdk` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tianfu_sdk import display, formats, model, testing, text
    from tianfu_sdk.errors import (
        Ambiguous,
        BackendError,
        CommitUnknown,
        Conflict,
        CryptoError,
        Denied,
        Invalid,
        NotFound,
        PluginError,
        QuotaExceeded,
        RateLimited,
        SchemaTooNew,
        StorageBusy,
        StorageCorrupt,
        StorageError,
        StorageFull,
        StorageReadOnly,
        StorageUnavailable,
        TianfuError,
        Unavailable,
        Unsupported,
    )
    from tianfu_sdk.hookspecs import hookimpl
    from tianfu_sdk.hub import Hub
    from tianfu_sdk.services.asking.judging import evaluate, question_sets
    from tianfu_sdk.settings import Secret, Settings

__version__ = "0.1.0"

__all__ = [
    "Ambiguous",
    "BackendError",
    "CommitUnknown",
    "Conflict",
    "CryptoError",
    "Denied",
    "Hub",
    "Invalid",
    "NotFound",
    "PluginError",
    "QuotaExceeded",
    "RateLimited",
    "SchemaTooNew",
    "Secret",
    "Settings",
    "StorageBusy",
    "StorageCorrupt",
    "StorageError",
    "StorageFull",
    "StorageReadOnly",
    "StorageUnavailable",
    "TianfuError",
    "Unavailable",
    "Unsupported",
    "__version__",
    "display",
    "evaluate",
    "formats",
    "hookimpl",
    "model",
    "question_sets",
    "testing",
    "text",
]

_ERRORS = "tianfu_sdk.errors"
_ROOMS = frozenset({"display", "formats", "model", "testing", "text"})
_HOMES = {
    "Hub": "tianfu_sdk.hub",
    "Secret": "tianfu_sdk.settings",
    "Settings": "tianfu_sdk.settings",
    "evaluate": "tianfu_sdk.services.asking.judging",
    "hookimpl": "tianfu_sdk.hookspecs",
    "question_sets": "tianfu_sdk.services.asking.judging",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"tianfu_sdk.{name}")
    if name not in __all__:
        msg = f"module 'tianfu_sdk' has no attribute {name!r}"
        raise AttributeError(msg)
    found = getattr(importlib.import_module(_HOMES.get(name, _ERRORS)), name)
    if isinstance(found, type):
        # Tracebacks and help() then name the door that users come in by.
        found.__module__ = "tianfu_sdk"
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
