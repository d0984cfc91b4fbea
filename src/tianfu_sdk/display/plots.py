"""Pictures of reports, drawn by matplotlib, in which Chinese, Tibetan and Yi all show.

A figure is made without pyplot: nothing global is changed, and nothing stays open. Where the
fonts of a script are not installed, a label falls back to code and English, so that no picture
has boxes and no warning comes of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tianfu_sdk.display.lettering import fonts, room, said
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.region import RegionLevel
from tianfu_sdk.model.sms import ErrorClass, MessageState
from tianfu_sdk.model.sms_report import SmsReport
from tianfu_sdk.services.matching.results import Matches, Round

__all__ = ["plot"]

_Say = Callable[[str, str], str]
"""Gives the Chinese or the English of both."""
_REASONS = 6
_MOST = 21
"""Regions that have a bar of their own: the prefectures of Sichuan."""
_COLOURS: Mapping[MessageState, str] = {
    MessageState.DELIVERED: "#1b7837",
    MessageState.ACCEPTED: "#7fbf7b",
    MessageState.SENDING: "#9ecae1",
    MessageState.QUEUED: "#c6dbef",
    MessageState.DEFERRED: "#6baed6",
    MessageState.UNKNOWN: "#fdae61",
    MessageState.EXPIRED: "#f4a582",
    MessageState.FAILED: "#d6604d",
    MessageState.REJECTED: "#b2182b",
    MessageState.DROPPED: "#bdbdbd",
}
"""Best first: arrived in green, under way in blue, unclear in yellow, failed in red."""


def plot(
    thing: SmsReport | Round | Matches,
    *,
    level: RegionLevel | str | None = None,
    language: str = "zh",
) -> Any:
    """Draw a report, a round or matches.

    Of a report: states by region and in all, languages, and why some did not arrive. Of a round:
    who meets whom, and what each pair scores by. Of matches: candidates and what they score by.

    Args:
        thing: What `hub.sms.report`, `hub.match_round` or `hub.match` gave.
        level: Of a report, level of the regions: `province`, `prefecture` or `county`; None: the
            highest at which there is more than one.
        language: `zh` or `en`, of the labels; `en` where there is no Chinese font.

    Returns:
        A `matplotlib.figure.Figure`, such as for `savefig("report.png")`.

    Raises:
        PluginError: `extra.missing`, the extra `plot` is not installed.
        Invalid: `field.choice`, there is no such level; `field.type`, there is no picture of
            such a thing.
    """
    if isinstance(thing, (Round, Matches)):
        # Loaded for who draws one.
        from tianfu_sdk.display.pairing import draw_matches, draw_round

        return (
            draw_round(thing, language)
            if isinstance(thing, Round)
            else draw_matches(thing, language)
        )
    given: Any = thing
    if not isinstance(given, SmsReport):
        wanted = "SmsReport | Round | Matches"
        raise Invalid("field.type", path="thing", wanted=wanted, found=type(given).__name__)
    return _draw_report(thing, level, language)


def _draw_report(report: SmsReport, level: RegionLevel | str | None, language: str) -> Any:
    figures = room("figure")
    say = functools.partial(said, chinese=language.startswith("zh"))
    regions = report.states_by(_level_of(report) if level is None else level)
    bars = min(len(regions), _MOST + 1)
    height = max(6.0 if report.by_reason else 4.6, 2.2 + 0.32 * bars)
    figure = figures.Figure(figsize=(11, height), layout="constrained", facecolor="white")
    heights = (3, 2, 2) if report.by_reason else (3, 2)
    grid = figure.add_gridspec(len(heights), 2, width_ratios=(3, 2), height_ratios=heights)
    by_region = figure.add_subplot(grid[:, 0])
    _draw_regions(by_region, report, regions, say)
    _draw_states(figure.add_subplot(grid[0, 1]), report, say)
    _draw_languages(figure.add_subplot(grid[1, 1]), report, say)
    if report.by_reason:
        _draw_reasons(figure.add_subplot(grid[2, 1]), report, say)
    handles, labels = by_region.get_legend_handles_labels()
    if handles:
        font = {"family": fonts(), "size": 8}
        figure.legend(handles, labels, prop=font, loc="outside lower left", ncols=5, frameon=False)
    totals = report.totals
    state = say(report.state.zh, report.state.en)
    numbers = (
        (say("计划", "planned"), f"{report.planned:,}"),
        (say("已发", "sent"), f"{totals.sent:,}"),
        (say("退订", "opt-outs"), f"{report.opt_outs:,}"),
        (say("计费条数", "parts"), f"{report.parts:,}"),
        (say("费用", "cost"), f"{report.cost / 1000:,.2f} {say('元', 'CNY')}"),
    )
    figure.suptitle(
        f"{report.campaign}  {state}\n" + "    ".join(" ".join(pair) for pair in numbers),
        fontfamily=fonts(),
        fontsize=11,
    )
    return figure


def _level_of(report: SmsReport) -> RegionLevel:
    for level in (RegionLevel.PROVINCE, RegionLevel.PREFECTURE):
        if len([code for code in report.totals_by(level.value) if code]) > 1:
            return level
    return RegionLevel.COUNTY


def _draw_regions(
    axes: Any, report: SmsReport, regions: Mapping[str, Mapping[str, int]], say: _Say
) -> None:
    rows = [(_name(report, code, say), counts) for code, counts in regions.items() if code]
    nowhere = [regions[""]] if "" in regions else []
    if len(rows) > _MOST:
        rest = [counts for _, counts in rows[_MOST:]]
        rows = rows[:_MOST]
        rows.append((f"{say('其他', 'others')} ({len(rest)})", _added(rest)))
    rows += [(say("无地区", "no region"), counts) for counts in nowhere]
    places = range(len(rows))
    left = [0] * len(rows)
    for state, colour in _COLOURS.items():
        counts = [row.get(state.value, 0) for _, row in rows]
        if any(counts):
            axes.barh(places, counts, left=left, color=colour, label=say(state.zh, state.en))
            left = [before + count for before, count in zip(left, counts, strict=True)]
    _finish(axes, [name for name, _ in rows], left)
    axes.set_title(say("各地区", "By region"), fontfamily=fonts(), fontsize=11)


def _draw_states(axes: Any, report: SmsReport, say: _Say) -> None:
    there = [state for state in _COLOURS if report.by_state.get(state.value)]
    counts = [report.by_state[state.value] for state in there]
    axes.barh(range(len(there)), counts, color=[_COLOURS[state] for state in there])
    _finish(axes, [say(state.zh, state.en) for state in there], counts)
    axes.set_title(say("合计", "All"), fontfamily=fonts(), fontsize=11)


def _draw_languages(axes: Any, report: SmsReport, say: _Say) -> None:
    found = sorted(report.by_language.items(), key=lambda item: (-item[1], item[0]))
    counts = [count for _, count in found]
    axes.barh(range(len(found)), counts, color="#5e81ac")
    _finish(axes, [_language(tag) for tag, _ in found], counts)
    axes.set_title(say("语言", "Languages"), fontfamily=fonts(), fontsize=11)


def _draw_reasons(axes: Any, report: SmsReport, say: _Say) -> None:
    known = {one.value: say(one.zh, one.en) for one in (*MessageState, *ErrorClass)}
    found = sorted(report.by_reason.items(), key=lambda item: (-item[1], item[0]))[:_REASONS]
    counts = [count for _, count in found]
    axes.barh(range(len(found)), counts, color="#a65e5e")
    _finish(axes, [known.get(name) or said(name, "?") for name, _ in found], counts)
    axes.set_title(say("未送达原因", "Why not delivered"), fontfamily=fonts(), fontsize=11)


def _finish(axes: Any, names: Sequence[str], counts: Sequence[int]) -> None:
    """Name the bars of an axis, first on top, with their numbers behind them."""
    ticker = room("ticker")
    axes.set_yticks(range(len(names)), labels=names, fontfamily=fonts(), fontsize=10)
    # A single bar is no thicker than one of four.
    axes.set_ylim(max(len(names), 4) - 0.5, -0.5)
    most = max(counts, default=0)
    axes.set_xlim(0, most * 1.18 if most else 1)
    for place, count in enumerate(counts):
        axes.annotate(
            f"{count:,}",
            (count, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontfamily=fonts(),
            fontsize=8,
        )
    axes.xaxis.set_major_locator(ticker.MaxNLocator(nbins=4, integer=True))
    axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
    axes.tick_params(axis="x", labelsize=8, labelfontfamily=fonts())
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _added(rows: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = {name for row in rows for name in row}
    return {name: sum(row.get(name, 0) for row in rows) for name in names}


def _name(report: SmsReport, code: str, say: _Say) -> str:
    return say(report.names.get(code, code), code)


_LANGUAGES: Mapping[str, str] = {
    "zh-Hans": "中文",
    "bo": "བོད་ཡིག",
    "ii": "ꆈꌠꁱꂷ",
    "en": "English",
}


def _language(tag: str) -> str:
    name = _LANGUAGES.get(tag)
    return tag if name is None else said(f"{name} ({tag})", tag)
