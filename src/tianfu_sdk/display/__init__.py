"""For readers' eyes: dates in words, channels as HTML, and pictures of reports.

Everything is loaded when it is first touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tianfu_sdk.core.dates import Said, format_date, format_number, format_when
    from tianfu_sdk.display.channels import channel_html
    from tianfu_sdk.display.plots import plot

__all__ = ["Said", "channel_html", "format_date", "format_number", "format_when", "plot"]

_ROOMS = {
    "Said": "tianfu_sdk.core.dates",
    "channel_html": "tianfu_sdk.display.channels",
    "format_date": "tianfu_sdk.core.dates",
    "format_number": "tianfu_sdk.core.dates",
    "format_when": "tianfu_sdk.core.dates",
    "plot": "tianfu_sdk.display.plots",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
