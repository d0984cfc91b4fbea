"""Channels as HTML in which Chinese, Tibetan and Yi all show."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from tianfu_sdk.core.dates import format_date
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.channel import ChannelItem
from tianfu_sdk.model.showing import framed

__all__ = ["channel_html"]

_UNREVIEWED = "译文，未经母语读者审阅"
_OTHER_SCRIPT = "所标语言与正文文字不符"


def channel_html(items: Iterable[ChannelItem]) -> str:
    """Show items of a channel as HTML, each text with its own `lang`.

    Args:
        items: Such as `hub.channels.items(id).items`.

    Returns:
        A `section` with its style; every value is escaped.
    """
    shown = "".join(_article(item) for item in items)
    return framed(shown)


def _article(item: ChannelItem) -> str:
    language = escape(item.language)
    paragraphs = "".join(
        f"<p>{escape(line)}</p>" for line in item.body.splitlines() if line.strip()
    )
    notes = [("zh-Hans", item.disclaimer)]
    if item.reviewed_by_native is False:
        notes.insert(0, ("zh-Hans", _UNREVIEWED))
    if item.wrong_script:
        notes.insert(0, ("zh-Hans", _OTHER_SCRIPT))
    if item.published_at is not None:
        said = format_date(item.published_at.astimezone(SHANGHAI).date(), item.language)
        notes.insert(0, (said.language, said.text))
    marks = "".join(
        f'<p class="note" lang="{escape(tag)}">{escape(text)}</p>' for tag, text in notes if text
    )
    return (
        f'<article id="{escape(item.id)}"><div lang="{language}">'
        f"<h3>{escape(item.title)}</h3>{paragraphs}</div>{marks}</article>"
    )
