"""Questions that nothing answers: what they are about, who answers them, until when."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.asking.questions import (
    alike,
    choices,
    due_after,
    guessed_topics,
    related,
    signature,
)
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.model.listing import Expert
from tianfu_sdk.model.subscriber import Sealed
from tianfu_sdk.text import convert

PARENTS = {"farming": None, "rice": "farming", "pests": "rice", "health": None}
JINJIANG = Levels("510000", "510100", "510104")
LIANGSHAN = Levels("510000", "513400", "")


def keyed(value):
    return value[::-1]


SAME = [
    ("水稻稻瘟病如何防治", "如何防治水稻稻瘟病？"),
    ("水稻稻瘟病如何防治", "请问水稻稻瘟病怎么防治呢"),
    ("高血压怎么预防", convert("高血壓如何預防？", "zh-Hans")),
    ("How to prevent covid-19?", "covid-19: how to prevent"),
    ("孩子发烧到39度怎么办", "请问一下孩子发烧到３９度怎么办"),
    ("老人服阿司匹林肠溶片能喝葡萄酒吗", "不知道老人服阿司匹林肠溶片能喝葡萄酒吗"),
]
OTHERS = [
    ("高血压怎么预防", "低血压怎么预防"),
    ("糖尿病能吃西瓜吗", "糖尿病能吃苹果吗"),
    ("水稻稻瘟病如何防治", "小麦锈病如何防治"),
    ("", "水稻"),
    ("老人服用阿司匹林肠溶片同时能喝葡萄酒吗", "老人服用阿司匹林肠溶片同时不能喝葡萄酒吗"),
    ("感冒发烧三十八度要吃退烧药吗", "感冒发烧三十九度要吃退烧药吗"),
    ("布洛芬一次吃2片一天最多3次", "布洛芬一次吃3片一天最多2次"),
    ("老人晚上发烧到三十九度吃什么退烧药好", "孩子晚上发烧到三十九度吃什么退烧药好"),
    ("vitamin d how much a day for a child", "vitamin d how much a day not for a child"),
    ("ས་ཡོམ་རྒྱག་སྐབས་ནང་ལ་སྡོད་དགོས་སམ", "ས་ཡོམ་མ་རྒྱག་སྐབས་ནང་ལ་སྡོད་དགོས་སམ"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_in_other_words_is_one_question_and_is_found(one, other):
    assert alike(one, other)
    assert signature(one, keyed) & signature(other, keyed)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_what_differs_in_the_word_that_counts_is_another_question(one, other):
    assert not alike(one, other)


@given(st.text("水稻病虫害防治种子土壤abc ", min_size=1, max_size=40))
def test_a_signature_has_twelve_tokens_at_most_and_goes_by_its_key(text):
    found = signature(text, keyed)
    assert len(found) in (0, 12)
    assert found == signature(text, keyed)
    other = signature(text, lambda value: b"other" + value)
    assert not found & other


def test_topics_are_those_named_and_those_of_the_nearest():
    labels = {"rice": ("水稻", "Rice"), "health": ("健康",), "x": ("病",)}
    assert guessed_topics("水稻长虫怎么办", labels, []) == ("rice",)
    near = [(4.0, ["health"]), (3.0, ["pests", "health"]), (1.0, ["farming"])]
    assert guessed_topics("长虫", labels, near) == ("health", "pests")
    assert guessed_topics("水稻长虫", labels, near) == ("rice", "health", "pests")
    assert guessed_topics("别的", {}, []) == ()
    assert related(("rice",), PARENTS) == ("rice", "farming", "pests")


def expert(id_, topics, *, region="510104", languages=("zh-Hans",)):
    made = Expert(
        id=id_,
        name=Sealed(""),
        organization="org_1",
        region=region,
        topics=topics,
        languages=languages,
    )
    return made, (JINJIANG if region == "510104" else LIANGSHAN,)


def chosen(*experts, **given):
    asked = {"topics": ("rice",), "places": (JINJIANG,), "language": "zh-Hans", "parents": PARENTS}
    return list(choices(experts, **(asked | given)))


def test_experts_are_chosen_by_topic_then_region_ties_by_id():
    far, near = expert("exp_1", ("rice",), region="513400"), expert("exp_3", ("rice",))
    twin, wider = expert("exp_2", ("rice",)), expert("exp_4", ("farming",))
    found = chosen(far, near, twin, wider)
    assert [one.expert for one in found] == ["exp_2", "exp_3", "exp_1", "exp_4"]
    assert found[0].score == 1
    assert all(sum(one.why.values()) == one.score for one in found)
    assert chosen(wider, twin, near, far) == found
    assert [one.expert for one in chosen(far, near, places=())] == ["exp_1", "exp_3"]


def test_who_knows_another_topic_speaks_another_language_or_declined_is_no_choice():
    assert chosen(expert("exp_1", ("health",)), expert("exp_2", ())) == []
    tibetan = expert("exp_1", ("rice",), languages=("bo",))
    assert chosen(tibetan) == []
    assert chosen(tibetan, language="bo")[0].expert == "exp_1"
    assert chosen(expert("exp_1", ("rice",)), declined=("exp_1",)) == []


THURSDAY = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "holidays", "worked", "day"),
    [
        (0, (), (), 1),
        (1, (), (), 2),
        (2, (), (), 5),
        (7, (), (), 12),
        (2, (date(2026, 1, 5), date(2026, 1, 6)), (), 7),
        (2, (), (date(2026, 1, 4),), 4),
        (0, (date(2026, 1, 1), date(2026, 1, 2)), (), 5),
        (2, (date(2026, 1, 4),), (date(2026, 1, 4),), 4),
    ],
)
def test_weekends_and_holidays_are_no_working_days(days, holidays, worked, day):
    assert due_after(THURSDAY, days, holidays, worked) == THURSDAY.replace(day=day)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(0, 30))
def test_more_days_are_never_sooner_and_end_on_a_working_day(start, days):
    start = start.replace(tzinfo=UTC)
    due = due_after(start, days, ())
    assert timedelta(days=days) <= due - start
    assert due_after(start, days + 1, ()) > due
    assert (due + timedelta(hours=8)).weekday() < 5
