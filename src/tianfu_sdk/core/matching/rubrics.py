"""Scoring by a rubric, and two rubrics to begin with.

The two are examples. That of bases follows a published form, as far as that could be read: the
points of its middle bands and the judgement behind two items are ours, and its items do not add up
to a hundred, so grades go by the share of what there was to get. No formula of Sichuan is public.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.rubric import Band, Grade, Rubric, RubricItem, Score

__all__ = ["EXAMPLES", "example", "score"]

_TOO_LARGE = 2**63
"""As of all numbers that are stored."""


def score(rubric: Rubric, values: Mapping[str, float | None]) -> Score:
    """Give points, share and grade.

    A value on the edge of two bands, or a share on the edge of two grades, belongs to the higher.

    Args:
        rubric: By what.
        values: By code of the item: what was counted, or the points of an item by judgement;
            None: it does not apply, and its points are none that there were to get.

    Returns:
        The score; the same for the same values.

    Raises:
        Invalid: `rubric.missing`, an item without a value; `rubric.no_item`, a value without an
            item; `field.type`, no number; `field.too_small`, below 0, `field.too_large`, more
            points than there are, or endless; `rubric.nothing_applies`.
    """
    known = {item.code: item for item in rubric.items}
    for code in values:
        if code not in known:
            raise Invalid("rubric.no_item", path=f"values.{code}", items=", ".join(known))
    points: dict[str, float] = {}
    for code, item in known.items():
        if code not in values:
            raise Invalid("rubric.missing", path=f"values.{code}", title=item.title)
        value = values[code]
        if value is not None:
            points[code] = _points(item, value)
    full = math.fsum(known[code].points for code in points)
    if not full:
        raise Invalid("rubric.nothing_applies", path="values")
    total = math.fsum(points.values())
    # One division, so that 63 of 70 is 90 and no hair less.
    percent = total * 100 / full
    lowest = rubric.grades[-1]
    grade = next((one for one in rubric.grades if percent >= one.at_least), lowest)
    return Score(points=points, total=total, full=full, percent=percent, grade=grade.code)


def _points(item: RubricItem, value: float) -> float:
    path = f"values.{item.code}"
    # A caller may give anything, and what is no number is stored and never read again.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid("field.type", path=path, wanted="number", found=type(value).__name__)
    if not abs(value) < _TOO_LARGE:
        raise Invalid("field.too_large", path=path)
    if value < 0:
        raise Invalid("field.too_small", path=path, value=value, least=0)
    if item.bands:
        return next((band.points for band in item.bands if value >= band.at_least), 0.0)
    if value > item.points:
        raise Invalid("field.too_large", path=path)
    return float(value)


def example(code: str) -> Rubric:
    """Give a rubric to begin with; raises `NotFound` (`rubric.unknown`)."""
    if code not in EXAMPLES:
        raise NotFound("rubric.unknown", path="rubric", value=code[:40], known=", ".join(EXAMPLES))
    return EXAMPLES[code]


def _item(
    code: str, title: str, points: float, unit: str = "", *bands: tuple[float, float]
) -> RubricItem:
    made = tuple(Band(at_least=edge, points=value) for edge, value in bands)
    return RubricItem(code=code, title=title, points=points, unit=unit, bands=made)


_GRADES = (
    Grade(code="excellent", title="优秀", at_least=90),
    Grade(code="good", title="优良", at_least=70),
    Grade(code="pass", title="合格", at_least=60),
    Grade(code="fail", title="不合格", at_least=0),
)

EXAMPLES: Mapping[str, Rubric] = MappingProxyType(
    {
        "science_base": Rubric(
            code="science_base",
            title="科普基地评分（示例）",
            items=(
                _item("space", "展示面积", 10, "㎡", (1000, 10), (500, 8), (150, 6), (0, 3)),
                _item("display", "展示方式", 10),
                _item("renewal", "内容更新率", 5, "%", (15, 5), (10, 4), (5, 3)),
                _item("environment", "环境", 5),
                _item("open_days", "年开放天数", 10, "天", (300, 10), (250, 8), (200, 6)),
                _item(
                    "visitors", "年接待人次", 10, "人次", (30000, 10), (10000, 8), (1000, 6), (0, 3)
                ),
                _item("new_media", "新媒体作品", 5, "件", (15, 5), (10, 4), (5, 3)),
                _item("free_visits", "免费或优惠", 5, "人次", (3000, 5), (1500, 4), (500, 3)),
                _item("joint", "联合活动", 5, "场", (5, 5), (3, 4), (1, 3)),
                _item("materials", "发放资料", 5, "份", (5000, 5), (2000, 4), (500, 3)),
            ),
            grades=_GRADES,
            note="示例：档位分值和联合活动档位为自拟，未经核实；等级按得分占应得分的百分比。",
        ),
        "workstation": Rubric(
            code="workstation",
            title="院士（专家）工作站评价（示例）",
            items=(
                _item("team_days", "团队到站工作", 20, "人日", (60, 20), (30, 15), (10, 8)),
                _item("targets", "目标完成率", 30, "%", (100, 30), (80, 24), (60, 15)),
                _item("projects", "合作项目", 15, "项", (3, 15), (2, 12), (1, 8)),
                _item("transfer", "成果转化", 15, "项", (2, 15), (1, 10)),
                _item("training", "培训科技人员", 10, "人次", (100, 10), (50, 8), (20, 5)),
                _item("science", "科普活动", 10, "场", (4, 10), (2, 7), (1, 4)),
            ),
            grades=_GRADES,
            reviewers=2,
            note="示例：项目、档位和分值均为自拟，请换成本地办法。",
        ),
    }
)
"""Rubrics to begin with, by code; every one of them says in `note` what it is not."""
