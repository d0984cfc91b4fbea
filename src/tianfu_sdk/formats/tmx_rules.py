"""The rules of TMX 1.4b, and what a check notes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.xml_stream import XML, Node
from tianfu_sdk.model.problem import Problem, Severity
from tianfu_sdk.text import canonical_language

__all__ = ["MESSAGES", "Report", "check_header", "check_root", "check_unit"]

MESSAGES: Mapping[str, tuple[str, str]] = {
    "tmx.root": ("the root is {name}, not tmx", "根元素是 {name}，应为 tmx"),
    "tmx.version": ("version {version} of TMX is not known", "未知的 TMX 版本 {version}"),
    "tmx.old_version": ("version {version} of TMX is old", "TMX 版本 {version} 较旧"),
    "tmx.no_header": ("there is no header before the body", "正文前没有 header"),
    "tmx.no_attribute": ("{name} lacks {attribute}", "{name} 缺少属性 {attribute}"),
    "tmx.bad_value": (
        "{attribute} of {name} may not be {value}",
        "{name} 的 {attribute} 不能是 {value}",
    ),
    "tmx.unknown_element": ("{name} may not stand here", "此处不能有 {name}"),
    "tmx.unknown_attribute": ("TMX has no {attribute} of {name}", "TMX 的 {name} 没有 {attribute}"),
    "tmx.no_variant": ("the unit has no tuv", "翻译单元没有 tuv"),
    "tmx.no_seg": ("tuv needs one seg, and has {count}", "tuv 须有一个 seg，现有 {count} 个"),
    "tmx.late": ("{name} has to stand before the seg", "{name} 须在 seg 之前"),
    "tmx.bad_language": (
        "{language} is not a well-formed language tag",
        "{language} 不是合式的语言标签",
    ),
    "tmx.old_lang": ("lang is of an older TMX: write xml:lang", "lang 是旧版写法，应为 xml:lang"),
    "tmx.same_language": (
        "two texts of one unit are in {language}",
        "同一单元有两个 {language} 文本",
    ),
    "tmx.no_source": (
        "no text of the unit is in its source language {language}",
        "单元中没有源语言 {language} 的文本",
    ),
    "tmx.empty": ("the text says nothing", "文本为空"),
    "tmx.code_twice": ("code {number} is opened twice", "代码 {number} 重复开始"),
    "tmx.code_open": ("code {number} is never closed", "代码 {number} 没有结束"),
    "tmx.code_close": (
        "code {number} is closed and was not opened",
        "代码 {number} 没有开始就结束",
    ),
    "tmx.code_text": ("{name} may hold text and sub only", "{name} 中只能有文本和 sub"),
    "tmx.code_other": (
        "the text has codes that its source has not, or lacks some",
        "译文的行内代码与原文不一致",
    ),
    "tmx.deprecated": ("{name} is deprecated", "{name} 已废弃"),
}
"""By rule, in English and Chinese."""

_LANG = f"{XML}lang"
_VERSIONS = ("1.1", "1.2", "1.3")
_DATE = re.compile(r"\d{8}T\d{6}Z")
_SEGTYPES = frozenset({"block", "paragraph", "sentence", "phrase"})
_HEADER = ("creationtool", "creationtoolversion", "segtype", "o-tmf", "adminlang", "srclang")
_DATES = ("creationdate", "changedate", "lastusagedate")
_SHARED = frozenset(
    {"o-encoding", "o-tmf", "datatype", "usagecount", "creationtool", "creationtoolversion"}
    | {"creationdate", "creationid", "changedate", "changeid", "lastusagedate"}
)
_KNOWN: Mapping[str, frozenset[str]] = {
    "tu": _SHARED | {"tuid", "segtype", "srclang"},
    "tuv": _SHARED | {_LANG, "lang"},
    "header": frozenset({*_HEADER, "datatype", "o-encoding", "creationdate", "creationid"})
    | {"changedate", "changeid"},
    "seg": frozenset(),
    "bpt": frozenset({"i", "x", "type"}),
    "ept": frozenset({"i"}),
    "it": frozenset({"pos", "x", "type"}),
    "ph": frozenset({"x", "assoc", "type"}),
    "hi": frozenset({"x", "type"}),
    "sub": frozenset({"datatype", "type"}),
    "ut": frozenset({"x"}),
}
_NEEDED: Mapping[str, str] = {"bpt": "i", "ept": "i", "it": "pos"}
_ALLOWED: Mapping[tuple[str, str], frozenset[str]] = {
    ("it", "pos"): frozenset({"begin", "end"}),
    ("ph", "assoc"): frozenset({"p", "f", "b"}),
}
_CODES = frozenset({"bpt", "ept", "it", "ph", "ut"})
_INLINE = _CODES | {"hi"}


class Report:
    """Collects problems.

    Args:
        most: That are kept.
    """

    def __init__(self, most: int) -> None:
        self.problems: list[Problem] = []
        self._most = most

    def note(self, problem: Problem) -> None:
        """Keep a problem."""
        if len(self.problems) < self._most:
            self.problems.append(problem)

    def error(self, rule: str, node: Node, path: str, **values: Any) -> None:
        """Note that an element breaks a rule."""
        self._add(Severity.ERROR, rule, node, path, values)

    def warn(self, rule: str, node: Node, path: str, **values: Any) -> None:
        """Note that an element looks wrong."""
        self._add(Severity.WARNING, rule, node, path, values)

    def broken(self, error: Invalid) -> None:
        """Note why a document cannot be read on; there is always room for that."""
        line = int(error.values.get("line", 0))
        del self.problems[self._most - 1 :]
        self.problems.append(
            Problem(
                error.code, Severity.ERROR, line, error.path or "", error.message, error.text("zh")
            )
        )

    def _add(
        self, severity: Severity, rule: str, node: Node, path: str, values: Mapping[str, Any]
    ) -> None:
        shown = {name: str(value)[:80] for name, value in values.items()}
        english, chinese = (text.format_map(shown) for text in self.messages()[rule])
        self.note(Problem(rule, severity, node.line, path, english, chinese))

    def messages(self) -> Mapping[str, tuple[str, str]]:
        """Give the texts of the rules."""
        return MESSAGES


def check_root(node: Node, report: Report) -> None:
    """Hold the root against the rules; another root is none that can be read on."""
    if node.tag != "tmx":
        report.error("tmx.root", node, f"/{node.name}", name=node.name)
        raise Invalid("tmx.not_tmx", path="source", line=node.line, name=node.name)
    version = node.attributes.get("version", "")
    if version in _VERSIONS:
        report.warn("tmx.old_version", node, "/tmx", version=version)
    elif version != "1.4":
        report.error("tmx.version", node, "/tmx", version=version or "-")


def check_header(node: Node, report: Report) -> None:
    """Hold the header against the rules."""
    where = "/tmx/header"
    for name in (*_HEADER, "datatype"):
        if not node.attributes.get(name):
            report.error("tmx.no_attribute", node, where, name="header", attribute=name)
    _attributes(node, where, report)
    language = node.attributes.get("srclang", "*all*")
    if language != "*all*":
        _language(language, node, where, report)
    for child in node.elements():
        if child.name not in ("note", "prop", "ude"):
            report.error("tmx.unknown_element", child, where, name=child.name)


def check_unit(node: Node, where: str, source_language: str, report: Report) -> None:
    """Hold a unit against the rules."""
    _attributes(node, where, report)
    variants = [one for one in node.elements() if one.name == "tuv"]
    for child in node.elements():
        if child.name not in ("tuv", "note", "prop"):
            report.error("tmx.unknown_element", child, where, name=child.name)
    if not variants:
        report.error("tmx.no_variant", node, where)
    languages: dict[str, Node] = {}
    codes: dict[str, list[str]] = {}
    for number, variant in enumerate(variants, 1):
        place = f"{where}/tuv[{number}]"
        language = _variant(variant, place, report)
        if language in languages:
            report.warn("tmx.same_language", variant, place, language=language)
        languages.setdefault(language, variant)
        codes[place] = _numbers(variant)
    _source(node, where, source_language, languages, codes, report)


def _source(  # noqa: PLR0917 - a unit and what was seen of it
    node: Node,
    where: str,
    source_language: str,
    languages: Mapping[str, Node],
    codes: Mapping[str, list[str]],
    report: Report,
) -> None:
    wanted = node.attributes.get("srclang", source_language)
    if wanted == "*all*" or not languages:
        return
    base = wanted.lower().partition("-")[0]
    # `zh` is the source of a text in `zh-CN`.
    places = [n for n, tag in enumerate(languages) if tag.lower().partition("-")[0] == base]
    if not places:
        report.warn("tmx.no_source", node, where, language=wanted)
        return
    every = list(codes)
    due = sorted(codes[every[places[0]]])
    for place in every:
        if sorted(codes[place]) != due:
            report.warn("tmx.code_other", node, place)


def _variant(node: Node, where: str, report: Report) -> str:
    _attributes(node, where, report)
    language = node.attributes.get(_LANG, "")
    if not language and node.attributes.get("lang"):
        language = node.attributes["lang"]
        report.warn("tmx.old_lang", node, where)
    if not language:
        report.error("tmx.no_attribute", node, where, name="tuv", attribute="xml:lang")
    else:
        _language(language, node, where, report)
    segs = [one for one in node.elements() if one.name == "seg"]
    if len(segs) != 1:
        report.error("tmx.no_seg", node, where, count=len(segs))
    seen = False
    for child in node.elements():
        seen = seen or child.name == "seg"
        if child.name not in ("seg", "note", "prop"):
            report.error("tmx.unknown_element", child, where, name=child.name)
        elif seen and child.name != "seg":
            report.error("tmx.late", child, where, name=child.name)
    for seg in segs:
        _seg(seg, f"{where}/seg", report)
    return language


def _seg(node: Node, where: str, report: Report) -> None:
    if not node.text.strip():
        report.warn("tmx.empty", node, where)
    opened: dict[str, Node] = {}
    closed: set[str] = set()
    _inline(node, where, report, opened, closed)
    for number, code in opened.items():
        if number not in closed:
            report.error("tmx.code_open", code, where, number=number)


def _inline(
    node: Node, where: str, report: Report, opened: dict[str, Node], closed: set[str]
) -> None:
    for child in node.elements():
        place = f"{where}/{child.name}"
        if node.name in _CODES:
            if child.name != "sub":
                report.error("tmx.code_text", child, where, name=node.name)
        elif child.name not in _INLINE:
            report.error("tmx.unknown_element", child, where, name=child.name)
            continue
        _attributes(child, place, report)
        if child.name == "ut":
            report.warn("tmx.deprecated", child, place, name="ut")
        number = child.attributes.get("i", "")
        if child.name == "bpt" and number:
            if number in opened:
                report.error("tmx.code_twice", child, place, number=number)
            opened[number] = child
        elif child.name == "ept" and number:
            if number not in opened or number in closed:
                report.error("tmx.code_close", child, place, number=number)
            closed.add(number)
        _inline(child, place, report, opened, closed)


def _numbers(node: Node) -> list[str]:
    """List the codes of a text that say which code of the other text they are."""
    found: list[str] = []
    for child in node.elements():
        if child.name in ("bpt", "it", "ph", "hi") and "x" in child.attributes:
            found.append(child.attributes["x"])
        found += _numbers(child)
    return found


def _attributes(node: Node, where: str, report: Report) -> None:
    given = node.attributes
    known = _KNOWN.get(node.name, frozenset())
    for name in given:
        if name not in known:
            shown = name.replace(XML, "xml:")
            report.warn("tmx.unknown_attribute", node, where, name=node.name, attribute=shown)
    needed = _NEEDED.get(node.name)
    if needed and not given.get(needed):
        report.error("tmx.no_attribute", node, where, name=node.name, attribute=needed)
    for name, value in given.items():
        allowed = _ALLOWED.get((node.name, name)) or (_SEGTYPES if name == "segtype" else None)
        wrong = (
            (allowed is not None and value not in allowed)
            or (name in _DATES and not _DATE.fullmatch(value))
            or (name in ("usagecount", "i", "x") and not value.isdecimal())
        )
        if wrong:
            report.error("tmx.bad_value", node, where, name=node.name, attribute=name, value=value)


def _language(tag: str, node: Node, where: str, report: Report) -> None:
    try:
        canonical_language(tag)
    except Invalid:
        report.error("tmx.bad_language", node, where, language=tag)
