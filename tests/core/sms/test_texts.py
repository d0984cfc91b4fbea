"""What is wrong with the texts of a campaign."""

from datetime import UTC, datetime, time, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.sms import templates
from tianfu_sdk.core.sms.campaign import compose
from tianfu_sdk.core.sms.gateways import tightened
from tianfu_sdk.core.sms.hours import narrowed
from tianfu_sdk.core.sms.texts import Frame, comparison, demand_none, examine, fitting, nearest
from tianfu_sdk.core.sms.words import Words
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.sms import Campaign, SmsCapabilities, TextRules, Window
from tianfu_sdk.model.template import Severity, SmsTemplate, TemplateVariable, WordList
from tianfu_sdk.settings import GatewaySettings

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
NEEDS = SmsCapabilities(name="x", shape="http", templates="required")
TAKES = attrs.evolve(NEEDS, templates="optional")
SUFFIX = "拒收请回复R"
CAMPAIGN = Campaign(
    id="cmp_1",
    title="防灾",
    organization="org_1",
    region="510000",
    texts={"zh-Hans": "成都明天有大雨。"},
    signature="四川科普",
)


def template(text, id_="tpl_1", **more):
    normal, names = templates.parse(text)
    fields = {
        "id": id_,
        "name": "x",
        "organization": "org_1",
        "region": "510000",
        "gateway": "x",
        "code": f"SMS_{id_}",
        "text": normal,
        "variables": tuple(TemplateVariable(name=name) for name in names),
    }
    return SmsTemplate(**fields | more)


def frame(capabilities=TAKES, *, words=(), **more):
    fields = {"suffix": SUFFIX, "now": NOW, "templates": {}, "words": Words(words)}
    return Frame(capabilities=capabilities, **fields | more)


def codes(campaign=CAMPAIGN, held=None, **more):
    held = held or frame(**more)
    composed = compose(campaign, held.capabilities, held.suffix, held.templates)
    return [(one.code, str(one.severity)) for one in examine(campaign, composed, held)]


def saying(text):
    return attrs.evolve(CAMPAIGN, texts={"zh-Hans": text})


# Signatures.


@pytest.mark.parametrize(
    ("text", "expected", "spans"),
    [
        ("震后先避险。", [], ()),
        ("【四川科普】震后先避险。", [], ()),
        (" 【四川科普】 震后先避险。", [], ()),
        ("【成都科普】震后先避险。", [("sms.second_signature", "refuse")], ((0, 1), (5, 6))),
        ("震后先避险【成都科普】 ", [("sms.second_signature", "refuse")], ((5, 6), (10, 11))),
        ("【四川科普】【成都】避险", [("sms.second_signature", "refuse")], ((6, 7), (9, 10))),
        ("震后【四川科普】避险", [("sms.signature_in_text", "refuse")], ((2, 8),)),
        ("【四川科普】避险【四川科普】", [("sms.signature_in_text", "refuse")], ((8, 14),)),
        ("震后【重要】避险", [("sms.brackets", "warn")], ((2, 3), (5, 6))),
    ],
)
def test_exactly_one_signature_and_not_within_the_text(text, expected, spans):
    assert codes(saying(text)) == expected
    held = frame()
    found = examine(saying(text), compose(saying(text), TAKES, SUFFIX), held)
    assert tuple(one.spans for one in found) == ((spans,) if expected else ())


@pytest.mark.parametrize(
    ("signature", "fine"), [("川科", False), ("川科普", True), ("四川科普协会", False)]
)
def test_a_signature_is_as_long_as_the_gateway_wants(signature, fine):
    rules = TextRules(shortest_signature=3, longest_signature=5)
    one = attrs.evolve(CAMPAIGN, signature=signature)
    expected = [] if fine else [("sms.signature_length", "refuse")]
    assert codes(one, capabilities=attrs.evolve(TAKES, rules=rules)) == expected


# Content and limits.


def test_links_and_forbidden_words_of_a_gateway_are_refused_where_they_stand():
    rules = TextRules(links=False, forbidden=("贷款", "R0"))
    one = saying("见 https://a.cn 或 t.cn，贷款R0贷款")
    held = frame(attrs.evolve(TAKES, rules=rules))
    found = examine(one, compose(one, TAKES, SUFFIX), held)
    text = one.texts["zh-Hans"]
    assert [(p.code, [text[a:b] for a, b in p.spans]) for p in found] == [
        ("sms.link", ["https://", "a.cn", "t.cn"]),
        ("sms.forbidden", ["贷款", "贷款", "R0"]),
    ]
    assert codes(one) == []


def test_what_is_longer_than_the_gateway_takes_is_told():
    assert codes(saying("字" * 600)) == [("sms.too_long", "warn")]


# Words.


def test_words_of_lists_refuse_or_warn_and_say_where():
    refuse = WordList(
        id="wdl_1", name="x", organization="o", region="510000", words=("中奖", "大奖")
    )
    warn = attrs.evolve(refuse, id="wdl_2", severity=Severity.WARN, words=("免费",))
    one = attrs.evolve(
        CAMPAIGN,
        texts={"zh-Hans": "免 费领，中獎", "bo": "ཆར་པ 大奖 大奖"},
        signature="免费科普",
    )
    found = examine(one, compose(one, TAKES, SUFFIX), frame(words=(refuse, warn)))
    assert [(p.severity, p.path, p.spans) for p in found] == [
        ("refuse", "texts.zh-Hans", ((5, 7),)),
        ("refuse", "texts.bo", ((5, 7), (8, 10))),
        ("warn", "signature", ((0, 2),)),
        ("warn", "texts.zh-Hans", ((0, 3),)),
    ]
    with pytest.raises(Invalid) as caught:
        demand_none(found)
    error = caught.value
    assert (error.code, error.path) == ("sms.words", "texts.zh-Hans")
    assert error.values == {"list": "wdl_1", "spans": "5-7"}
    assert "獎" not in str(error) + repr(error) + error.text("zh") + repr(found)
    demand_none(found[2:])


# Templates.


def test_a_text_of_its_template_is_sent_with_the_values():
    held = frame(templates={"zh-Hans": template("${city}明天${weather}。" + SUFFIX)})
    (one,) = compose(CAMPAIGN, TAKES, SUFFIX, held.templates).values()
    assert one.text == "成都明天有大雨。" + SUFFIX
    assert one.template == "SMS_tpl_1"
    assert one.parameters == (("city", "成都"), ("weather", "有大雨"))
    assert codes(held=held) == []


def test_what_a_template_says_is_sent_and_nothing_is_added():
    held = frame(templates={"zh-Hans": template("${city}明天${weather}。")})
    (one,) = compose(CAMPAIGN, TAKES, SUFFIX, held.templates).values()
    assert one.text == "成都明天有大雨。"
    assert codes(held=held) == [("sms.no_refusal", "warn")]
    # A person who writes it into the value says it as well.
    asked = saying("成都明天有大雨" + SUFFIX)
    held = frame(templates={"zh-Hans": template("${city}明天${weather}")})
    assert codes(asked, held) == []


def test_a_text_that_is_not_of_its_template_is_refused_with_the_difference():
    held = frame(templates={"zh-Hans": template("${city}后天${weather}。" + SUFFIX)})
    (one,) = compose(CAMPAIGN, TAKES, SUFFIX, held.templates).values()
    assert (one.template, one.parameters, one.refused) == ("", (), "sms.template_mismatch")
    (found,) = examine(CAMPAIGN, {"zh-Hans": one}, held)
    assert (found.code, found.severity, found.path) == (
        "sms.template_mismatch",
        "refuse",
        "texts.zh-Hans",
    )
    assert str(found.comparison) == ("${city=成都明}[-后-]天${weather=有大雨}。拒收请回复R")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"signatures": ("四川科普",)}, None),
        ({"signatures": ("成都科普",)}, "sms.template_signature"),
        ({"state": "withdrawn"}, "sms.template_unusable"),
        ({"valid_from": NOW + timedelta(1)}, "sms.template_unusable"),
        ({"valid_until": NOW}, "sms.template_unusable"),
        ({"valid_from": NOW, "valid_until": NOW + timedelta(1)}, None),
    ],
)
def test_a_template_is_used_when_and_under_what_it_may_be(more, code):
    one = attrs.evolve(template("${a}。" + SUFFIX), **more)
    expected = [(code, "refuse")] if code else []
    assert codes(held=frame(templates={"zh-Hans": one})) == expected
    found = fitting(CAMPAIGN, "zh-Hans", [one], frame())
    assert found is (None if code else one)


def test_of_templates_that_fit_the_one_with_the_most_fixed_text_is_taken():
    known = [
        template("${a}" + SUFFIX, "tpl_1"),
        template("${city}明天${weather}。" + SUFFIX, "tpl_2"),
        template("${city}后天${weather}。" + SUFFIX, "tpl_3"),
        template(
            "${city}明天有大雨。" + SUFFIX,
            "tpl_4",
            variables=(TemplateVariable(name="city", longest=1),),
        ),
    ]
    assert fitting(CAMPAIGN, "zh-Hans", known, frame()).id == "tpl_2"
    assert fitting(CAMPAIGN, "zh-Hans", known[2:], frame()) is None


def test_to_find_a_template_lays_out_no_differences(monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(templates, "differing", never)
    known = [template(f"{n}停水通知${{a}}", f"tpl_{n}") for n in range(99)]
    fits = template("${city}明天${weather}。" + SUFFIX, "tpl_fits")
    assert fitting(CAMPAIGN, "zh-Hans", [*known, fits], frame()) is fits


def test_a_gateway_that_needs_templates_gets_none_but_those_or_its_default():
    known = [template("明天停水", "tpl_1"), template("${city}后天有大雨。" + SUFFIX, "tpl_2")]
    held = frame(NEEDS, known=known)
    (found,) = examine(CAMPAIGN, compose(CAMPAIGN, NEEDS, SUFFIX), held)
    assert (found.code, found.path) == ("sms.no_template", "templates.zh-Hans")
    assert found.comparison.template == "tpl_2"
    assert nearest(CAMPAIGN, "zh-Hans", [], held) is None
    assert codes(held=frame(NEEDS)) == [("sms.no_template", "refuse")]
    assert codes(held=frame(NEEDS, default=True)) == []
    # The whole text is the value of the default's variable.
    tight = attrs.evolve(NEEDS, rules=TextRules(longest_value=6, links_in_values=False))
    held = frame(tight, default=True)
    assert codes(held=held) == [("sms.value_too_long", "refuse")]
    assert codes(saying("a.cn"), attrs.evolve(held, suffix="")) == [("sms.value_link", "refuse")]
    assert codes(held=frame(TAKES)) == []


def test_the_text_that_is_compared_says_how_to_refuse_where_the_template_does():
    says, silent = template("明天停水。" + SUFFIX), template("明天停水。")
    text = saying("后天停水。")
    assert str(comparison(text, "zh-Hans", says, frame())) == "[-明-]{+后+}天停水。拒收请回复R"
    assert str(comparison(text, "zh-Hans", silent, frame())) == "[-明-]{+后+}天停水。"


# What a deployment tightens.


def test_settings_tighten_and_never_loosen():
    given_ = attrs.evolve(
        TAKES, longest=300, rules=TextRules(longest_value=6), windows=(Window(time(8), time(22)),)
    )
    assert tightened(given_, None) is given_
    assert tightened(given_, GatewaySettings()) == given_
    own = GatewaySettings(
        longest=200, longest_value=4, links=False, window_start="09:00", window_end="20:00"
    )
    found = tightened(given_, own)
    assert (found.longest, found.windows) == (200, (Window(time(9), time(20)),))
    assert found.rules == TextRules(longest_value=4, links=False, links_in_values=False)
    loose = tightened(given_, GatewaySettings(longest=900, longest_value=60, links=True))
    assert (loose.longest, loose.rules) == (300, TextRules(longest_value=6))
    assert tightened(TAKES, GatewaySettings(longest_value=9)).rules.longest_value == 9
    only_end = tightened(given_, GatewaySettings(window_end="12:00"))
    assert only_end.windows == (Window(time(8), time(12)),)
    with pytest.raises(Invalid) as caught:
        tightened(given_, GatewaySettings(window_start="25:00"))
    assert (caught.value.code, caught.value.path) == ("sms.bad_window", "gateways.x.window_start")
    with pytest.raises(Invalid) as caught:
        tightened(given_, GatewaySettings(window_start="22:00", window_end="23:00"))
    assert caught.value.code == "sms.no_window"


HOURS = st.builds(lambda a, b: Window(time(a), time(b)), st.integers(0, 23), st.integers(0, 23))


@given(st.lists(HOURS, max_size=3), HOURS)
def test_narrowed_windows_hold_where_both_do(windows, own):
    def both(clock):
        return own.holds(clock) and (not windows or any(one.holds(clock) for one in windows))

    clocks = [time(hour, minute) for hour in range(24) for minute in (0, 30)]
    try:
        found = narrowed(windows, own)
    except Invalid:
        assert not any(both(clock) for clock in clocks)
        return
    for clock in clocks:
        assert any(one.holds(clock) for one in found) == both(clock)
