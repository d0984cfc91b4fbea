"""Approved templates: read, filled, matched, and drafts beside them."""

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.sms import templates as rules
from tianfu_sdk.core.sms.differing import Token, differing
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.sms import TextRules
from tianfu_sdk.model.template import SmsTemplate, TemplateVariable, ValueForm

RULES = TextRules()


def template(text, **limits):
    normal, names = rules.parse(text)
    return SmsTemplate(
        id="tpl_1",
        name="x",
        organization="org_1",
        region="510000",
        gateway="g",
        code="SMS_1",
        text=normal,
        variables=tuple(TemplateVariable(name=name, **limits.get(name, {})) for name in names),
    )


@pytest.mark.parametrize(
    ("written", "normal", "names"),
    [
        ("您好", "您好", ()),
        ("${city}明天${weather}", "${city}明天${weather}", ("city", "weather")),
        ("{2}月{1}日", "${2}月${1}日", ("1", "2")),
        ("${1}${1}{2}", "${1}${1}${2}", ("1", "2")),
        ("${b}和${a}，${b}", "${b}和${a}，${b}", ("b", "a")),
        ("$5 ${a}", "$5 ${a}", ("a",)),
    ],
)
def test_templates_are_read_as_vendors_write_them(written, normal, names):
    assert rules.parse(written) == (normal, names)
    assert rules.parse(normal) == (normal, names)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("{名}", "template.braces"),
        ("${a", "template.braces"),
        ("a}", "template.braces"),
        ("{}", "template.braces"),
        ("{1}{3}", "template.positions"),
        ("{0}", "template.positions"),
    ],
)
def test_what_is_no_template_is_refused(written, code):
    with pytest.raises(Invalid) as caught:
        rules.parse(written)
    assert (caught.value.code, caught.value.path) == (code, "text")


def test_a_template_is_filled_with_all_values_and_no_others():
    one = template("${city}明天${weather}，${city}人")
    values = {"city": "成都", "weather": "有雨"}
    assert rules.fill(one, values) == "成都明天有雨，成都人"
    for odd in ({"city": "成都"}, values | {"x": "y"}):
        with pytest.raises(Invalid) as caught:
            rules.fill(one, odd)
        assert caught.value.code == "template.values"


@pytest.mark.parametrize(
    ("written", "text", "values"),
    [
        ("您好", "您好", ()),
        ("您好", "您好！", None),
        # A value beyond its limits is a problem of its own, and no other text.
        ("${a}", "", (("a", ""),)),
        ("${a}", "甲", (("a", "甲"),)),
        ("${a}天", "今天天天", (("a", "今天天"),)),
        # First come, longest value.
        ("${a}，${b}", "一，二，三", (("a", "一，二"), ("b", "三"))),
        ("${a}${b}", "甲乙丙", (("a", "甲乙"), ("b", "丙"))),
        # Numbered variables come by number.
        ("{2}于{1}", "甲于乙", (("1", "乙"), ("2", "甲"))),
        # One variable, one value.
        ("${a}-${a}", "x-y-x-y", (("a", "x-y"),)),
        ("${a}-${a}", "x-y", None),
        ("${a}${a}${b}", "甲甲乙", (("a", "甲"), ("b", "乙"))),
        # What looks like a pattern is text.
        ("(.*)${a}?", "(.*)x?", (("a", "x"),)),
        ("${a}\n${b}", "一\n二\n三", (("a", "一\n二"), ("b", "三"))),
    ],
)
def test_a_text_is_matched_whole_and_the_first_variable_takes_the_most(written, text, values):
    assert rules.values_of(template(written), text, RULES) == values


def test_values_within_their_limits_are_wished_for():
    one = template("${a}${b}", a={"longest": 2}, b={"longest": 2})
    assert rules.values_of(one, "甲乙丙丁", RULES) == (("a", "甲乙"), ("b", "丙丁"))
    assert rules.compare(one, "甲乙丙丁", RULES).problems == ()
    assert rules.values_of(template("${a}，${b}", b={"shortest": 4}), "一，二，三四", RULES) == (
        ("a", "一"),
        ("b", "二，三四"),
    )
    # A variable that may be empty.
    assert rules.values_of(template("${a}好", a={"shortest": 0}), "好", RULES) == (("a", ""),)


def test_other_values_for_the_same_text_are_told():
    assert rules.compare(template("${a}，${b}"), "一，二，三", RULES).ambiguous
    assert not rules.compare(template("${a}，${b}"), "一，二", RULES).ambiguous


@pytest.mark.parametrize(
    ("limits", "given", "value", "code"),
    [
        ({"longest": 2}, RULES, "甲乙丙", "sms.value_too_long"),
        ({}, TextRules(longest_value=2), "甲乙丙", "sms.value_too_long"),
        ({"longest": 9}, TextRules(longest_value=2), "甲乙丙", "sms.value_too_long"),
        ({"shortest": 2}, RULES, "甲", "sms.value_too_short"),
        ({"form": ValueForm.DIGITS}, RULES, "12a", "sms.value_no_digits"),
        ({"form": ValueForm.DIGITS}, RULES, "１２", "sms.value_no_digits"),
        ({"form": ValueForm.DIGITS}, RULES, "120", ""),
        ({}, TextRules(links_in_values=False), "见 https://a.cn/b", "sms.value_link"),
        ({}, TextRules(links_in_values=False), "t.cn/AbC", "sms.value_link"),
        ({}, TextRules(links_in_values=False), "3.5 级", ""),
        ({"form": ValueForm.LINK}, TextRules(links_in_values=False), "t.cn/AbC", ""),
        ({}, RULES, "【川】", "sms.value_brackets"),
        ({}, RULES, "甲", ""),
    ],
)
def test_each_limit_of_a_value(limits, given, value, code):
    found = rules.compare(template("请看${a}。", a=limits), f"请看{value}。", given, "texts.bo")
    assert found.matches
    assert found.values == (("a", value),)
    assert [problem.code for problem in found.problems] == ([code] if code else [])
    for problem in found.problems:
        assert (problem.path, problem.severity) == ("texts.bo", "refuse")
        assert problem.spans == ((2, 2 + len(value)),)
        assert value not in repr(problem)
        assert "a" in problem.text("en")
        assert "a" in problem.text("zh")


def test_a_draft_is_shown_beside_its_template():
    one = template("${city}明天${weather}，请${advice}。拒收请回复R")
    shown = {
        "成都明天有大雨，请少出门。拒收请回复R": (
            "${city=成都}明天${weather=有大雨}，请${advice=少出门}。拒收请回复R"
        ),
        "成都明天有大雨，请少出门": (
            "${city=成都}明天${weather=有大雨}，请${advice=少出门}[-。拒收请回复R-]"
        ),
        "成都后天有大雨，请少出门。拒收请回复R": (
            "${city=成都后}[-明-]天${weather=有大雨}，请${advice=少出门}。拒收请回复R"
        ),
    }
    for draft, expected in shown.items():
        found = rules.compare(one, draft, RULES)
        assert str(found) == expected
        assert found.matches == ("[-" not in expected)
        assert draft not in repr(found)
    found = rules.compare(template("您的验证码${code}"), "你的验证码1234", RULES)
    assert str(found) == "[-您-]{+你+}的验证码${code=1234}"
    assert [(one.kind, one.start, one.end) for one in found.difference] == [
        ("missing", 0, 0),
        ("extra", 0, 1),
        ("same", 1, 5),
        ("variable", 5, 9),
    ]
    (problem,) = found.problems
    assert (problem.code, problem.spans) == ("sms.template_mismatch", ((0, 0), (0, 1)))


def test_a_single_character_that_is_the_same_by_chance_does_not_cut_a_change():
    found = rules.compare(template("近日流感多发，请洗手"), "明天高温有多久，请洗手", RULES)
    assert str(found) == "[-近日流感多发-]{+明天高温有多久+}，请洗手"


def test_what_would_take_long_to_lay_out_is_another_text():
    found = rules.compare(template("明天${a}" + "字" * 1500), "明天" + "词" * 3000, RULES)
    assert [one.kind for one in found.difference] == ["same", "missing", "extra"]
    assert found.difference[1].text.startswith("${a}字")


def test_hostile_texts_take_no_long_time():
    many = "".join(f"${{v{n}}}" for n in range(20))
    start = time.monotonic()
    assert rules.compare(template(many), "甲" * 500, RULES).matches
    rules.compare(template("${a}x${a}y${a}" * 5), "xy" * 250, RULES)
    assert rules.link_spans("a" * 100_000 + ".cn" + "a.-" * 30_000) == ()
    assert rules.link_spans("见a-b.cn") == ((1, 7),)
    assert time.monotonic() - start < 10


PIECES = ["甲", "乙", "，", "a", "甲乙", "。"]
VALUES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)


@given(
    st.lists(st.sampled_from([*PIECES, "${x}", "${y}", "${z}"]), max_size=8).map("".join),
    st.fixed_dictionaries({"x": VALUES, "y": VALUES, "z": VALUES}),
)
def test_what_was_filled_matches_and_first_variables_take_the_most(written, values):
    one = template(written)
    given_ = {name: values[name] for name in rules.parse(written)[1]}
    text = rules.fill(one, given_)
    found = rules.compare(one, text, RULES)
    assert found.matches
    assert found.problems == ()
    assert rules.fill(one, dict(found.values)) == text
    assert "".join(segment.text for segment in found.difference) == text
    # As a pattern of `re` would find it: greedy, and named again where it stands again.
    seen = set()

    def group(match):
        again = match[1] in seen
        seen.add(match[1])
        return f"(?P={match[1]})" if again else f"(?P<{match[1]}>.+)"

    pieces = re.split(r"(\$\{\w\})", written)
    pattern = "".join(
        re.sub(r"\$\{(\w)\}", group, piece) if piece.startswith("${") else re.escape(piece)
        for piece in pieces
    )
    assert dict(found.values) == re.fullmatch(pattern, text).groupdict()


DRAFTS = st.lists(st.sampled_from([*PIECES, "丙"]), max_size=10).map("".join)


def changes(template, draft):
    """Count the changes of the best alignment, the slow way."""
    if not template:
        return len(draft)
    token, rest = template[0], template[1:]
    if token.name:
        return min(changes(rest, draft[at:]) for at in range(len(draft) + 1))
    best = 1 + changes(rest, draft)
    for at, character in enumerate(draft):
        if character == token.character:
            best = min(best, at + changes(rest, draft[at + 1 :]))
    return best


@given(st.lists(st.sampled_from(["甲", "乙", "，", "$"]), max_size=6).map("".join), DRAFTS)
def test_the_difference_gives_back_both_and_is_as_small_as_can_be(written, draft):
    tokens = [Token(name="v") if c == "$" else Token(character=c) for c in written]
    found = list(differing(tokens, draft))
    assert "".join(one.text for one in found if one.kind != "missing") == draft
    given_back = "".join(
        "$" if one.kind == "variable" else one.text for one in found if one.kind != "extra"
    )
    assert given_back == written
    for one in found:
        assert draft[one.start : one.end] == ("" if one.kind == "missing" else one.text)
    for before, after in itertools.pairwise(found):
        assert before.end == after.start
    count = sum(len(one.text) for one in found if one.kind in ("missing", "extra"))
    # A lone equal character between two changes is counted as changed on both sides.
    assert changes(tokens, draft) <= count <= 3 * changes(tokens, draft)
