"""Which texts repeat a rumour, and what that makes of the answers."""

import pytest

from tianfu_sdk.core.asking.rumours import lifted, pieces, repeats, wordings_of
from tianfu_sdk.core.languages.shingles import covered, units
from tianfu_sdk.model.content import Clarification, Verdict
from tianfu_sdk.text import convert, fold

GARLIC = "紧急通知：每天吃三瓣大蒜就能杀死新型冠状病毒，专家已经证实，赶快转发给家人"
LONG = (
    "各位邻居早上好。今天菜价又涨了，白菜两块五一斤。刚才群里有人说，"
    + GARLIC
    + "。明天下午三点在活动室有健康讲座，请大家带好小板凳。"
)


@pytest.mark.parametrize(
    "text",
    [
        GARLIC,
        LONG,
        convert(LONG, "zh-Hant"),
        "听说每天吃三瓣大蒜就能杀死新冠病毒，专家已经证实了，是真的吗？",
        GARLIC.replace("大蒜", "大葱").replace("赶快", "快快"),
        GARLIC[:30],
    ],
)
def test_a_text_that_repeats_a_rumour_is_known(text):
    wording, share = repeats([GARLIC, "喝白酒能消毒"], text)
    assert wording == GARLIC
    assert 0.5 <= share <= 1


@pytest.mark.parametrize(
    "text",
    ["", "大蒜怎么种才高产", "新型冠状病毒怎么预防", "专家讲座通知", "赶快转发给家人", "……"],
)
def test_a_text_about_the_same_thing_repeats_nothing(text):
    assert repeats([GARLIC], text) is None


def test_words_of_a_rumour_all_over_a_text_are_no_rumour():
    words = [GARLIC[n : n + 2] for n in range(0, len(GARLIC) - 1, 2)]
    text = ("今天天气很好我们去公园散步看花" * 2).join(words)
    assert repeats([GARLIC], text) is None


def test_a_short_rumour_needs_more_of_its_words():
    assert repeats(["喝酒防冻"], "天冷喝酒防冻吗") == ("喝酒防冻", 1.0)
    assert repeats(["喝酒防冻"], "天冷喝酒防寒吗") is None
    assert covered(units(fold("a b c")), units(fold("x a b c y"))) == 1.0


def test_a_message_is_looked_up_piece_by_piece():
    assert pieces("") == []
    found = pieces(LONG * 3)
    assert "".join(found) == LONG * 3
    assert all(len(piece) <= 100 for piece in found)
    assert len(pieces("字" * 1000)) == 10


def test_what_is_repeated_is_lifted_above_the_best_and_says_why():
    score, why = lifted(2.5, {"a": 1.5, "b": 1.0}, 0.8, 7.5)
    assert list(why) == ["@rumour", "a", "b"]
    assert score == sum(why.values()) > 7.5 + 2.5
    assert lifted(0.0, {}, 0.5, 0.0) == (0.5, {"@rumour": 0.5})


def test_a_rumour_is_known_in_the_words_of_its_translation():
    made = Clarification(
        id="clr_1",
        title="辟谣",
        organization="org_1",
        region="510000",
        rumour="一",
        variants=("二",),
        verdict=Verdict.FALSE,
    )
    assert wordings_of(made) == ["一", "二"]
    assert wordings_of(made, {"rumour": "གཅིག"}) == ["གཅིག"]
    assert wordings_of(made, {}) == []
