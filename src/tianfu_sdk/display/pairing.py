"""Pictures of matches and rounds: who meets whom, how well, and why."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tianfu_sdk.display.lettering import fonts, room, said
from tianfu_sdk.model.matching import Match, Pair
from tianfu_sdk.services.matching.results import Matches, Round

__all__ = ["draw_matches", "draw_round"]

_Say = Callable[[str, str], str]
"""Gives the Chinese or the English of both."""
_LONGEST = 24
_MOST = 40
"""Pairs or candidates that one picture holds."""
_FEATURES: Mapping[str, tuple[str, str, str]] = {
    "text": ("文本", "text", "#4e79a7"),
    "topic": ("主题", "topic", "#f28e2b"),
    "region": ("地区", "region", "#59a14f"),
    "language": ("语言", "language", "#b07aa1"),
    "audience": ("受众", "audience", "#76b7b2"),
    "media": ("形式", "media", "#9c755f"),
    "freshness": ("时新", "freshness", "#edc948"),
    "popularity": ("口碑", "popularity", "#bab0ac"),
}
_REASONS: Mapping[str, str] = {
    "taken": "合适的已另有安排",
    "nobody": "对方无人",
    "conflict": "须回避",
    "low": "契合度低",
    "published": "未发布或不在聘期",
    "expired": "已过期",
    "deadline": "已截止",
    "closed": "已关闭",
    "capacity": "名额已满",
    "language": "语言不通",
    "age": "受众不符",
}


def draw_round(made: Round, language: str) -> Any:
    """Draw projects and their experts as two columns, and what each pair scores by."""
    say = functools.partial(_said, chinese=language.startswith("zh"))
    pairs = sorted(made.pairs, key=lambda pair: (-pair.score, pair.project))[:_MOST]
    spare = {
        kind: [one for one in made.spare if one.kind == kind] for kind in ("project", "expert")
    }
    idle = [one for one in made.spare if one.kind != "expert"][: _MOST - len(pairs)]
    free = spare["expert"][: _MOST - len(pairs)]
    rows = len(pairs) + max(len(idle), len(free))
    figure, grid = _sheet(rows)
    left, right = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    places = _places(pairs)
    for row, pair in enumerate(pairs):
        left.plot(
            (0, 1), (row, places[pair.expert]), color="#4e79a7",
            linewidth=1 + 5 * pair.score, alpha=0.35 + 0.6 * pair.score, solid_capstyle="round",
        )  # fmt: skip
        _dot(left, (0, row), _short(pair.project_title, pair.project), "right", "#222222")
    for expert, place in places.items():
        title = next(pair.expert_title for pair in pairs if pair.expert == expert)
        _dot(left, (1, place), _short(title, expert), "left", "#222222")
    for column, ones, side in ((0, idle, "right"), (1, free, "left")):
        for row, one in enumerate(ones, len(pairs)):
            why = say(_REASONS.get(one.reason, one.reason), one.reason)
            _dot(left, (column, row), f"{_short(one.title, one.id)} ({why})", side, "#999999")
    _bare(left, rows)
    left.set_xlim(-1.9, 3.3)
    left.text(0, -0.8, say("项目与需求", "projects and needs"), **_head())
    left.text(1, -0.8, say("专家", "experts"), **_head())
    _stacked(right, [(pair.score, pair.why) for pair in pairs], rows, say)
    _legend(figure, right)
    whole = say("总分", "total"), say("对", "pairs"), say("未匹配", "without anybody")
    figure.suptitle(
        f"{len(made.pairs)} {whole[1]}{_shown(len(pairs), len(made.pairs), say)}    "
        f"{whole[0]} {made.total:.2f}    "
        f"{whole[2]} {len(made.spare)}{_shown(len(idle) + len(free), len(made.spare), say)}",
        fontfamily=fonts(),
        fontsize=12,
    )
    return figure


def draw_matches(matches: Matches, language: str) -> Any:
    """Draw candidates, the best on top, and what each scores by."""
    say = functools.partial(_said, chinese=language.startswith("zh"))
    found: Sequence[Match] = matches.found[:_MOST]
    figure = room("figure").Figure(
        figsize=(9, 1.8 + 0.36 * max(len(found), 3)), layout="constrained", facecolor="white"
    )
    axes = figure.add_subplot()
    _stacked(axes, [(match.score, match.why) for match in found], len(found), say)
    names = [_short(match.title, match.id) for match in found]
    axes.set_yticks(range(len(names)), labels=names, fontfamily=fonts(), fontsize=10)
    axes.tick_params(axis="y", length=0)
    _legend(figure, axes)
    out = "，".join(f"{say(_REASONS.get(k, k), k)} {n}" for k, n in matches.gated.items())
    title = f"{len(matches)} {say('个候选', 'candidates')}{_shown(len(found), len(matches), say)}"
    rest = f"    {say('排除', 'left out')}: {out}" if out else ""
    figure.suptitle(title + say(rest, rest.replace("，", ", ")), fontfamily=fonts(), fontsize=12)
    return figure


def _shown(drawn: int, whole: int, say: _Say) -> str:
    """Say of how many a picture is where it has not room for all."""
    return "" if drawn == whole else say(f"（图中 {drawn}）", f" ({drawn} shown)")


def _sheet(rows: int) -> tuple[Any, Any]:
    size = (13, 2.0 + 0.42 * max(rows, 3))
    figure = room("figure").Figure(figsize=size, layout="constrained", facecolor="white")
    return figure, figure.add_gridspec(1, 2, width_ratios=(5, 3))


def _places(pairs: Sequence[Pair]) -> dict[str, float]:
    """Give each expert a place, free of others, near the projects that it has."""
    rows: dict[str, list[int]] = {}
    for row, pair in enumerate(pairs):
        rows.setdefault(pair.expert, []).append(row)
    return {expert: sum(own) / len(own) for expert, own in rows.items()}


def _dot(axes: Any, place: tuple[float, float], text: str, side: str, colour: str) -> None:
    axes.plot([place[0]], [place[1]], marker="o", markersize=7, color=colour)
    apart = -10 if side == "right" else 10
    axes.annotate(
        text,
        place,
        xytext=(apart, 0),
        textcoords="offset points",
        ha=side,
        va="center",
        color=colour,
        fontfamily=fonts(),
        fontsize=10,
    )


def _stacked(
    axes: Any, scored: Sequence[tuple[float, Mapping[str, float]]], rows: int, say: _Say
) -> None:
    left = [0.0] * len(scored)
    for name, (zh, en, colour) in _FEATURES.items():
        widths = [why.get(name, 0.0) for _, why in scored]
        if any(widths):
            axes.barh(
                range(len(scored)), widths, left=left, color=colour, height=0.6, label=say(zh, en)
            )
            left = [before + width for before, width in zip(left, widths, strict=True)]
    for row, (score, _) in enumerate(scored):
        axes.annotate(
            f"{score:.2f}",
            (score, row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontfamily=fonts(),
            fontsize=9,
        )
    axes.set_xlim(0, 1.1)
    axes.set_ylim(max(rows, 3) - 0.4, -1.1)
    axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=8, labelfontfamily=fonts())
    axes.set_title(say("得分构成", "What the score is made of"), fontfamily=fonts(), fontsize=11)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _bare(axes: Any, rows: int) -> None:
    axes.set_ylim(max(rows, 3) - 0.4, -1.1)
    axes.set_axis_off()


def _legend(figure: Any, axes: Any) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        font = {"family": fonts(), "size": 9}
        figure.legend(handles, labels, prop=font, loc="outside lower right", ncols=8, frameon=False)


def _head() -> dict[str, Any]:
    return {"ha": "center", "va": "center", "fontfamily": fonts(), "fontsize": 11}


def _short(title: str, id_: str) -> str:
    cut = title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1]}…"
    return said(cut, id_[-8:])


def _said(zh: str, en: str, *, chinese: bool) -> str:
    return said(zh, en, chinese=chinese)
