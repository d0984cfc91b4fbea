"""Pictures of what became of a campaign; needs matplotlib."""

from __future__ import annotations

from typing import Any

from tianfu_sdk.errors import PluginError
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.sms import ErrorClass, MessageState, SmsReport

__all__ = ["plot"]

_FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "Microsoft YaHei")
_COLOURS = {
    MessageState.DELIVERED: "#2e7d32",
    MessageState.ACCEPTED: "#81c784",
    MessageState.QUEUED: "#b0bec5",
    MessageState.SENDING: "#78909c",
    MessageState.DEFERRED: "#ffd54f",
    MessageState.UNKNOWN: "#ff8f00",
    MessageState.DROPPED: "#8d6e63",
    MessageState.REJECTED: "#c62828",
    MessageState.FAILED: "#e57373",
    MessageState.EXPIRED: "#ad1457",
}
_REGIONS = 20
_REASONS = 10


def plot(report: SmsReport, *, language: str = "zh") -> Any:
    """Draw a report: messages by state in each region, and why some were not delivered.

    Args:
        report: Of a campaign.
        language: `zh` or `en`, of the labels; `en` where there is no Chinese font.

    Returns:
        A matplotlib `Figure`, which a notebook shows and `savefig` writes.

    Raises:
        PluginError: `extra.missing`, matplotlib is not installed.
        Invalid: `field.type`, there is no picture of such a thing.
    """
    demand_type(report, SmsReport, "report")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise PluginError(
            "extra.missing", path="matplotlib", name="matplotlib", package="'tianfu-sdk[plot]'"
        ) from None
    font = _font()
    # Without a font for them, Chinese labels would be empty boxes.
    chinese = language == "zh" and bool(font)
    family = font or "DejaVu Sans"
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    _states(left, report, chinese=chinese)
    _reasons(right, report, chinese=chinese)
    for axes in (left, right):
        axes.title.set_fontfamily(family)
        axes.tick_params(labelfontfamily=family)
    for text in left.get_legend().get_texts() if left.get_legend() else ():
        text.set_fontfamily(family)
    return figure


def _font() -> str:
    """Name a font of this machine that has Chinese characters; empty: there is none."""
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _FONTS if name in there), "")


def _states(axes: Any, report: SmsReport, *, chinese: bool) -> None:
    most = sorted(report.by_region.items(), key=lambda one: -sum(one[1].values()))[:_REGIONS]
    rows = [("全部" if chinese else "all", report.by_state), *most]
    names = [name for name, _ in rows]
    start = [0.0] * len(rows)
    for state, colour in _COLOURS.items():
        if not report.by_state.get(state.value):
            continue
        # As shares, so that a county can be seen beside the whole.
        widths = [
            100 * counts.get(state.value, 0) / max(sum(counts.values()), 1) for _, counts in rows
        ]
        label = f"{state.zh if chinese else state.en} {report.by_state[state.value]:,}"
        axes.barh(names, widths, left=start, color=colour, label=label)
        start = [a + b for a, b in zip(start, widths, strict=True)]
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("%")
    axes.set_title("各地区短信状态" if chinese else "Messages by state and region")
    if start[0]:
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4)


def _reasons(axes: Any, report: SmsReport, *, chinese: bool) -> None:
    known = {one.value: one.zh if chinese else one.en for one in ErrorClass}
    found = list(report.by_reason.items())[:_REASONS]
    axes.set_title("未送达原因" if chinese else "Why not delivered")
    if not found:
        axes.set_axis_off()
        return
    bars = axes.barh([known.get(name, name) for name, _ in found], [n for _, n in found])
    axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    axes.margins(x=0.2)
    axes.invert_yaxis()
