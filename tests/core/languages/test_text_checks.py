"""Checks of translations: what each finds, and its neighbour in which there is nothing."""

import json
from importlib.resources import files

import pytest

from tianfu_sdk.catalogue import ENTRIES
from tianfu_sdk.core.languages import text_checks
from tianfu_sdk.model.translation import SegmentState
from tianfu_sdk.model.translation_task import TaskSegment

UDHR = json.loads(files("tianfu_sdk.cli").joinpath("demo/data/udhr.json").read_text("utf-8"))[
    "languages"
]
BO = "བོད་སྐད་ཀྱི་ཡི་གེ།"
II = "ꆈꌠꁱꂷ。"


def found(source, target, language="bo", **more):
    segment = TaskSegment(
        id="s1", field="body", source=source, target=target, state=SegmentState.TRANSLATED, **more
    )
    problems = text_checks.check_segments([segment], language)
    for problem in problems:
        assert problem.segment == "s1"
        for language_ in ("zh", "en"):
            said = problem.text(language_)
            assert said
            assert "{" not in said.replace(target, "")
            assert target not in said
        for start, end in problem.spans:
            assert 0 <= start <= end <= len(target)
    return {problem.code.removeprefix("check."): problem.severity for problem in problems}


@pytest.mark.parametrize(
    ("source", "target", "rule"),
    [
        ("请到{place}集合。", BO, "placeholder"),
        ("请到${place}集合。", "${plaec}" + BO, "placeholder"),
        ("共%d人，%(name)s。", "%d " + BO, "placeholder"),
        ("请<b>立即</b>撤离。", "<b>" + BO, "markup"),
        ("洪水 &amp; 滑坡。", BO, "markup"),
        ("见 https://www.scst.cn/a?b=1。", BO, "url"),
        ("见 https://www.scst.cn/a。", "https://www.scst.cn/b " + BO, "url"),
        ("请拨 028-85222222。", "028-85222223 " + BO, "phone"),
        ("请拨 13800138000。", BO, "phone"),
        ("请立即撤离。", "请立即撤离。", "script"),
        ("请立即撤离。", "leave now", "script"),
        ("请立即撤离。", II, "script"),
        ("请立即撤离。", "\u0f72" + BO, "orphan_mark"),
        ("请立即撤离。", "བོད་ \u0f74ཡིག།", "orphan_mark"),
    ],
)
def test_errors(source, target, rule):
    assert found(source, target)[rule] == "error"


@pytest.mark.parametrize(
    ("source", "target", "rule"),
    [
        ("2026年11月23日停水。", "2026 " + BO, "date"),
        ("震级 6.8 级。", "6.9 " + BO, "number"),
        ("转移 1,200 人。", "120 " + BO, "number"),
        ("请立即撤离。", "བོད་སྐད་ཀྱི་ཡི་གེ་ཤེས་པའི་楼།", "mixed_script"),
        ("请立即撤离。", "བོད་སྐད་ཀྱི་ཡི་གེ་", "end_mark"),
        ("请立即撤离。", "བོད་་སྐད།", "double_tsheg"),
        ("请立即撤离。", "བོད་སྐད་ཀྱི་ཡི༌གེ།", "mixed_tsheg"),
        ("请立即撤离。", "བོད་ས\u0f74\u0f90ད།", "mark_order"),
        ("请立即撤离。", "བོད་ཀ\u0f74\u0f71།", "not_nfc"),
    ],
)
def test_warnings(source, target, rule):
    assert found(source, target)[rule] == "warning"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("请立即撤离。", BO),
        ("请立即撤离！", BO),
        ("去哪里？", "གང་དུ་འགྲོ་བ་ཡིན།"),
        ("请立即撤离。", "ཡོད་པ་ཀ"),
        ("请到{place}集合。", "{place}" + BO),
        ("震级 6.8 级。", "༦.༨ " + BO),
        ("转移 1,200 人。", "༡༢༠༠ " + BO),
        ("2026年11月23日停水。", "2026 ལོའི་ཟླ་༡༡ཚེས་23 ཉིན་ཆུ་ཆད།"),
        ("请拨 028-85222222。", BO[:-1] + " 02885222222།"),
        ("见 https://www.scst.cn/a?b=1。", BO[:-1] + " https://www.scst.cn/a?b=1 །"),
        ("接种 HPV 疫苗。", "HPV " + BO),
        ("COVID-19", "COVID-19"),
        ("5G", "5G"),
    ],
)
def test_a_right_translation_has_no_problem(source, target):
    assert found(source, target) == {}


@pytest.mark.parametrize("language", ["bo", "ii"])
def test_texts_of_native_writers_have_no_error(language):
    text = UDHR[language]
    problems = found(UDHR["zh-Hans"]["title"], text["title"], language) | found(
        UDHR["zh-Hans"]["body"], text["body"], language
    )
    assert "error" not in problems.values()


def test_yi_chinese_and_other_languages_are_held_to_their_own():
    assert found("请立即撤离。", II, "ii") == {}
    assert found("请立即撤离。", BO, "ii")["script"] == "error"
    assert found("请立即撤离。", "請立即撤離。", "zh-Hant") == {}
    assert found("请立即撤离。", "请立即撤离。", "zh-Hant") == {"unchanged": "warning"}
    assert found("请立即撤离。", "Leave now.", "en") == {}
    assert found("请立即撤离。", "⟦请立即撤离བོད་⟧。", "zh-Hans-x-pseudo") == {}


def test_nothing_is_a_problem_by_itself_and_what_was_copied_is_none():
    empty = TaskSegment(id="s1", field="body", source="请立即撤离。")
    assert [p.code for p in text_checks.check_segments([empty], "bo")] == ["check.empty"]
    assert found("12345", "12345", origin="copied") == {}


def test_what_a_person_dismissed_is_not_said_again():
    assert "number" in found("震级 6 级。", BO)
    assert found("震级 6 级。", BO, dismissed=("check.number",)) == {}


def test_every_rule_says_what_it_means_in_both_languages():
    assert set(text_checks.RULES) <= set(ENTRIES)
