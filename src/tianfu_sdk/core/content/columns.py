"""Which columns a table that is imported may have, by the names that people give them.

One table of data: the guide for users is held against it by a test.
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

import attrs

from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.errors import Invalid

__all__ = ["COLUMNS", "PASSED_OVER", "Column", "Form", "column_of", "columns_of", "header_key"]


class Form(Enum):
    """How the cells of a column are read."""

    TEXT = auto()
    WORDS = auto()
    """Text by text, between `;`, `；`, `、` or `|`."""
    LANGUAGE = auto()
    TERM = auto()
    """Code or label of the column's vocabulary."""
    TERMS = auto()
    ORGANIZATION = auto()
    """Id, full name or alias."""
    ROLE = auto()
    """Organizations that had the role which the column is named after."""
    REGION = auto()
    """Code, or a name that only one region has."""
    REGIONS = auto()
    DATE = auto()
    LAST_DAY = auto()
    """The last day on which it holds; kept is the first on which it does not."""
    WHEN = auto()
    BEGIN = auto()
    """A moment; of a day its first."""
    END = auto()
    """The first moment after it; of a day, which is included, that of the next."""
    QUANTITY = auto()
    MONEY = auto()
    """Yuan, as a quantity whose precision the field does not keep."""
    COUNT = auto()
    AREA = auto()
    FLAG = auto()
    CHOICE = auto()
    """Value or label of the closed vocabulary of the field."""
    CHOICES = auto()
    MEASURES = auto()


@attrs.frozen
class Column:
    """A column: the field that it fills, its names, and how its cells are read."""

    name: str
    field: str
    names: tuple[str, ...]
    """In Chinese; the first is what the guide calls it."""
    form: Form = Form.TEXT
    kinds: frozenset[str] = frozenset(CONTENT)
    vocabulary: str = ""
    """Of terms; of a role: its code."""


def _one(
    name: str,
    names: str,
    form: Form = Form.TEXT,
    *,
    kinds: str = "",
    field: str = "",
    vocabulary: str = "",
) -> Column:
    return Column(
        name,
        field or name,
        tuple(names.split()),
        form,
        frozenset(kinds.split()) or frozenset(CONTENT),
        vocabulary,
    )


COLUMNS: Final[tuple[Column, ...]] = (
    _one("title", "标题 名称 题名 题目"),
    _one("summary", "摘要 简介 概要"),
    _one("body", "正文 内容 全文"),
    _one("organization", "单位 组织 发布单位 所属单位", Form.ORGANIZATION),
    _one("region", "行政区划 区划 地区 区划代码 行政区划代码", Form.REGION),
    _one("language", "语言 语种 文种", Form.LANGUAGE),
    _one("topics", "主题 分类 类别 栏目", Form.TERMS, vocabulary="topic"),
    _one("keywords", "关键词 关键字 标签", Form.WORDS),
    _one("audience", "受众 受众人群 适用人群 面向人群", Form.TERMS, vocabulary="audience"),
    _one("settings", "场景 科普六进 六进", Form.TERMS, vocabulary="setting"),
    _one("regions", "面向地区 适用地区", Form.REGIONS),
    _one("licence", "许可 许可协议 授权协议"),
    _one("source", "来源 出处 资料来源"),
    _one("reviewer", "审核单位 审定单位"),
    _one("review_date", "审核日期 审定日期", Form.DATE),
    _one("expires_on", "失效日期", Form.DATE),
    _one("valid_to", "有效期 有效期至 有效期截止", Form.LAST_DAY, field="expires_on"),
    _one("disclaimer", "声明 免责声明"),
    _one("external_key", "编号 业务编号 资源编号 外部编号"),
    _one("when", "时间 活动时间 日期 活动日期 举办时间", Form.WHEN, kinds="activity news"),
    _one("place", "地点 活动地点 举办地点", kinds="activity"),
    _one(
        "host",
        "主办 主办单位",
        Form.ROLE,
        kinds="activity",
        field="roles",
        vocabulary="host",
    ),
    _one(
        "undertaker",
        "承办 承办单位",
        Form.ROLE,
        kinds="activity",
        field="roles",
        vocabulary="undertaker",
    ),
    _one(
        "supporter",
        "协办 协办单位",
        Form.ROLE,
        kinds="activity",
        field="roles",
        vocabulary="supporter",
    ),
    _one("attendance", "参与人数 参加人数 人数 受众人数", Form.QUANTITY, kinds="activity"),
    _one("capacity", "名额 容量", Form.COUNT, kinds="activity listing"),
    _one("registration", "需要报名 是否报名", Form.FLAG, kinds="activity"),
    _one("registration_opens", "报名开始 报名开始时间", Form.BEGIN, kinds="activity"),
    _one("registration_closes", "报名截止 报名截止时间", Form.END, kinds="activity"),
    _one("waitlist", "候补 是否候补", Form.FLAG, kinds="activity"),
    _one("largest_party", "每单人数 每次报名人数", Form.COUNT, kinds="activity"),
    _one("measures", "成效 数量", Form.MEASURES, kinds="activity news"),
    _one("until", "停止执行日期", Form.DATE, kinds="notice"),
    _one("holds_to", "公告有效期 执行至", Form.LAST_DAY, kinds="notice", field="until"),
    _one("about", "活动编号 所报道活动", kinds="news"),
    _one("byline", "供稿单位 供稿", Form.ORGANIZATION, kinds="news"),
    _one("place_region", "发生地 发生地区", Form.REGION, kinds="news"),
    _one("rumour", "谣言 谣言内容 流传说法", kinds="clarification"),
    _one("variants", "其他说法 变体", Form.WORDS, kinds="clarification"),
    _one("verdict", "结论 鉴定结论 判定", Form.CHOICE, kinds="clarification"),
    _one("evidence", "依据 证据 参考资料", Form.WORDS, kinds="clarification"),
    _one("kind", "供需类型 类型", Form.CHOICE, kinds="listing"),
    _one("kind", "基地类型 类型", Form.TERM, kinds="base", vocabulary="base_kind"),
    _one("status", "认定状态", Form.CHOICE, kinds="base"),
    _one("named_from", "认定日期 命名日期", Form.DATE, kinds="base"),
    _one("named_to", "认定截止 命名截止", Form.DATE, kinds="base"),
    _one("address", "地址 基地地址", kinds="base"),
    _one("shared", "共享 共享基地 是否共享", Form.FLAG, kinds="base"),
    _one("floor_area", "展厅面积 面积", Form.AREA, kinds="base"),
    _one("open_days", "开放天数 年开放天数", Form.COUNT, kinds="base"),
    _one("youth_free", "青少年免费 对青少年免费", Form.FLAG, kinds="base"),
    _one("address", "地址 工作室地址", kinds="studio"),
    _one("experts", "专家编号", Form.WORDS, kinds="studio"),
    _one("deadline", "截止日期 截止时间", Form.DATE, kinds="listing"),
    _one("terms", "合作条件 条件", kinds="listing"),
    _one("cooperation", "合作方式", Form.CHOICES, kinds="listing"),
    _one("budget", "预算 价格 金额", Form.QUANTITY, kinds="listing"),
    _one("budget_most", "预算上限 最高价格", Form.MONEY, kinds="listing"),
    _one("contact", "联系人编号", kinds="listing"),
    _one("studio", "工作室编号", kinds="listing"),
    _one("delivery", "服务方式", Form.CHOICE, kinds="listing"),
    _one("maturity", "技术就绪度 成熟度", Form.COUNT, kinds="listing"),
    _one("ip_status", "知识产权状态 知识产权", Form.CHOICE, kinds="listing"),
    _one("ip_numbers", "专利号 登记号", Form.WORDS, kinds="listing"),
    _one("starts_on", "开始日期 起始日期", Form.DATE, kinds="listing"),
    _one("ends_on", "结束日期 终止日期", Form.DATE, kinds="listing"),
    _one("requirements", "技术指标 技术要求", kinds="listing"),
    _one("wanted_media", "期望形式 希望形式", Form.CHOICES, kinds="listing"),
)
"""Every column; a column of the user is found by `name` or by any of `names`."""

PASSED_OVER: Final = ("序号", "no", "no.")
"""Columns that count lines: they are read by nobody, and are no key."""

_NOTE = re.compile(r"[(\[【].*?[)\]】]|[*::]|\s")


def header_key(header: str) -> str:
    """Give a column's name without what people decorate it with.

    Args:
        header: Such as `*标题（必填）：`.

    Returns:
        Such as `标题`; Latin in small letters.
    """
    return _NOTE.sub("", unicodedata.normalize("NFKC", header).casefold())


@functools.cache
def columns_of(kind: str) -> Mapping[str, Column]:
    """Give the columns that a kind of content may have, by every name, as `header_key`."""
    found: dict[str, Column] = {}
    for column in COLUMNS:
        if kind in column.kinds:
            for name in (column.name, *column.names):
                found[name.casefold()] = column
    return found


def column_of(kind: str, header: str) -> Column | None:
    """Give the column that a user's name stands for; None: it is passed over.

    Args:
        kind: Of the content.
        header: As the user wrote it.

    Raises:
        Invalid: `import.no_column`, with the nearest names.
    """
    key = header_key(header)
    if key in PASSED_OVER:
        return None
    known = columns_of(kind)
    if key not in known:
        near = difflib.get_close_matches(key, known, 3, 0.5)
        shown = ", ".join(near or [column.names[0] for column in _usual(kind)])
        raise Invalid("import.no_column", path=header[:40], kind=kind, near=shown)
    return known[key]


def _usual(kind: str) -> list[Column]:
    return [column for column in COLUMNS if kind in column.kinds][:10]
