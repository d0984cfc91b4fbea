"""What pictures are lettered with: fonts in which Chinese, Tibetan and Yi all show."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from tianfu_sdk.errors import PluginError

__all__ = ["FONTS", "characters", "fonts", "room", "said"]

FONTS = (
    *("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "Microsoft YaHei"),
    *("Noto Serif Tibetan", "Noto Sans Yi", "DejaVu Sans"),
)
"""Fonts by name, in the order in which they are asked for a character.

Source:
    Measured with matplotlib 3.11 and Debian's Noto fonts: no glyph missing, stacks drawn right;
    the other Chinese ones unverified.
"""


def said(text: str, plain: str, *, chinese: bool = True) -> str:
    """Give a text where the installed fonts have all its characters, else a plain one."""
    return text if chinese and set(text) <= characters() else plain


@functools.cache
def fonts() -> list[str]:
    """Give those of `FONTS` that are installed; matplotlib brings the last of them."""
    manager = room("font_manager")
    there = {entry.name for entry in manager.fontManager.ttflist}
    return [name for name in FONTS if name in there]


@functools.cache
def characters() -> frozenset[str]:
    """Give all characters that those fonts have."""
    manager = room("font_manager")
    found: set[str] = set()
    for name in fonts():
        path = manager.findfont(manager.FontProperties(family=[name]))
        found.update(map(chr, manager.get_font(path).get_charmap()))
    return frozenset(found)


def room(name: str) -> Any:
    """Give a module of matplotlib; raises `PluginError` (`extra.missing`)."""
    try:
        return importlib.import_module(f"matplotlib.{name}")
    except ImportError:
        raise PluginError(
            "extra.missing", path="matplotlib", name="matplotlib", package="'tianfu-sdk[plot]'"
        ) from None
