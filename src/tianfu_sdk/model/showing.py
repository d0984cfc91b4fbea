"""How Chinese, Tibetan and Yi are shown as HTML, in a notebook or on a page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["FONTS", "STYLE", "cell", "framed", "table"]

FONTS = (
    "'Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei','Noto Serif Tibetan',"
    "'Microsoft Himalaya','Kailasa','Nuosu SIL','Noto Sans Yi','Microsoft Yi Baiti',sans-serif"
)
"""Fonts by name: a generic family alone shows Tibetan and Yi as boxes on many machines.

Source:
    Measured in Chromium with Debian's Noto fonts; Windows and macOS members unverified.
"""

_TIBETAN = ("bo", "dz", "adx", "khg")
STYLE = (
    f".tianfu-text{{font-family:{FONTS};line-height:1.6}}"
    # A notebook's own rules for cells are overruled: they say right, and the height of Latin.
    ".tianfu-text table td,.tianfu-text table th"
    "{text-align:start;vertical-align:top;line-height:1.6}"
    # Ids do not break, and would leave no room for what is read.
    ".tianfu-text table td[lang]{min-width:10em}"
    # Stacks reach far below the line, and Tibetan looks small beside Chinese.
    + "".join(
        f".tianfu-text :lang({tag}),.tianfu-text table td:lang({tag})"
        "{font-size:1.15em;line-height:1.9}"
        for tag in _TIBETAN
    )
    + ".tianfu-text .note{font-size:.85em;opacity:.75}"
)


def framed(html: str) -> str:
    """Give HTML with what it needs to be read: fonts by name, and lines that are high enough."""
    return f'<section class="tianfu-text"><style>{STYLE}</style>{html}</section>'


def cell(text: str, language: str = "", name: str = "td") -> str:
    """Write a cell of a table.

    Args:
        text: Any text; it is escaped.
        language: That it is in, BCP 47; empty: of none, or not known.
        name: Of the element.
    """
    said = escape(text).replace("\n", "<br>")
    given = f' lang="{escape(language)}" dir="auto"' if language else ""
    return f"<{name}{given}>{said}</{name}>"


def table(head: Iterable[str], rows: Iterable[str]) -> str:
    """Write a table.

    Args:
        head: Cells of the first row, as `cell` gives them.
        rows: The cells of each row, joined.
    """
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{''.join(head)}</tr></thead><tbody>{body}</tbody></table>"
