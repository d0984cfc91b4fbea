"""Texts through engines that do everything wrong: none is lost, moved or made up."""

import re
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tianfu_sdk.core.languages import engine_runs
from tianfu_sdk.errors import Ambiguous, BackendError, QuotaExceeded, RateLimited, Unavailable
from tianfu_sdk.model.translation import Failed, Ok, Segment, TranslationCapabilities

CAN = TranslationCapabilities(
    name="vendor",
    pairs=frozenset({("zh-Hans", "bo")}),
    offline=False,
    third_party=True,
    max_segments=3,
    max_characters=60,
    max_segment=40,
)
TIBETAN = str.maketrans(
    {c: "ཀཁགངཅཆཇཉཏཐ"[ord(c) % 10] for c in "地震来了先躲后撤请勿乘坐电梯甲乙丙丁"}
)


KEPT = re.compile(r"(</?[A-Za-z][^<>]*>|\{\{?[\w.]*\}?\})")


def told(text):
    """A translation that says what it is of, character by character; codes stay, as {了} is one."""
    return "".join(p if KEPT.fullmatch(p) else p.translate(TIBETAN) for p in KEPT.split(text))


class Vendor:
    """An engine that answers by a plan; after it, as it should."""

    def __init__(self, *plan, can=CAN):
        self.plan = list(plan)
        self.can = can
        self.asked = []
        self.waits = []

    def call(self, batch):
        self.asked.append([s.text for s in batch.segments])
        assert len(batch.segments) <= self.can.max_segments
        assert sum(len(s.text) for s in batch.segments) <= self.can.max_characters
        step = self.plan.pop(0) if self.plan else None
        if isinstance(step, Exception):
            raise step
        good = [Ok(id=s.id, text=told(s.text), origin="vendor") for s in batch.segments]
        return step(batch, good) if step else good

    def run(self, *texts, patience=60.0, target="bo"):
        line = engine_runs.Line(
            can=self.can,
            call=self.call,
            wait=self.waits.append,
            chance=Random(1),
            patience=patience,
        )
        segments = [Segment(f"s{n}", text) for n, text in enumerate(texts)]
        results = engine_runs.run(line, segments, source="zh-Hans", target=target)
        assert [r.id for r in results] == [s.id for s in segments]
        return results


def fails(kind, **more):
    return lambda batch, _: [Failed(id=s.id, kind=kind, **more) for s in batch.segments]


def texts_of(results):
    return [r.text if isinstance(r, Ok) else r.kind for r in results]


def test_texts_go_in_batches_and_come_back_in_order():
    vendor = Vendor()
    texts = ["地震来了。", "请勿乘坐电梯。", "先躲后撤。", "甲"]
    assert texts_of(vendor.run(*texts)) == [told(t) for t in texts]
    assert [len(batch) for batch in vendor.asked] == [3, 1]


def test_what_has_no_letters_is_not_sent():
    vendor = Vendor()
    results = vendor.run("120", "", "  ", "{place}", "HTTPS://www.scst.cn/a", "……！？")
    assert [r.text for r in results] == [
        "120",
        "",
        "  ",
        "{place}",
        "HTTPS://www.scst.cn/a",
        "……！？",
    ]
    assert {r.origin for r in results} == {"copied"}
    assert vendor.asked == []


def test_placeholders_tags_and_addresses_never_reach_an_engine():
    text = r"请勿{place}，<b>勿</b>乘坐 %(n)s &amp; https://a.cn/\\1?b=[X0X] \d{4} C:\new {{x}}"
    vendor = Vendor()
    (result,) = vendor.run(text)
    sent = "".join(vendor.asked[0])
    for kept in ("{place}", "<b>", "</b>", "%(n)s", "&amp;", "https://", "{{x}}"):
        assert kept not in sent
    assert result.text == told(text)
    assert not result.damaged


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("{1/}", ""),
        lambda text: text.replace("{1/}", "{1/}{1/}"),
        lambda text: text.replace("{1/}", "【1/】"),
        lambda text: text.replace("{1/}", "{1 /}"),
    ],
)
def test_a_lost_or_mangled_mask_is_told(spoil):
    vendor = Vendor(lambda _, good: [Ok(id=o.id, text=spoil(o.text)) for o in good])
    (result,) = vendor.run("请勿{place}乘坐")
    assert result.damaged
    assert told("请勿") in result.text


def test_a_long_text_is_cut_at_sentences_and_put_together():
    vendor = Vendor()
    text = "地震来了请勿乘坐电梯。" * 9 + "\n\n 先躲后撤。"
    (result,) = vendor.run(text)
    assert result.text == told(text)
    assert all(piece.endswith("。") for batch in vendor.asked for piece in batch)


def test_what_an_engine_finds_too_long_is_sent_alone_and_then_in_halves():
    limit = 12

    def strict(batch, good):
        vendor.plan.append(strict)
        if sum(len(s.text) for s in batch.segments) > limit:
            return [Failed(id=s.id, kind="too_long") for s in batch.segments]
        return good

    can = TranslationCapabilities(
        name="vendor", pairs=CAN.pairs, offline=False, third_party=True, max_segments=5
    )
    vendor = Vendor(strict, can=can)
    text = "地震来了。先躲后撤。" * 10
    results = vendor.run("甲乙。", text, "丙丁。")
    assert texts_of(results)[::2] == [told("甲乙。"), told("丙丁。")]
    assert texts_of(results)[1] == "too_long", "under forty characters nothing is cut"
    limit = 45
    vendor = Vendor(strict, can=can)
    assert texts_of(vendor.run("甲乙。", text, "丙丁。"))[1] == told(text)


def test_later_is_waited_for_as_long_as_the_engine_says_or_longer_each_time():
    vendor = Vendor(fails("rate_limited", retry_after=7.0), RateLimited("x", retry_after=3.0))
    assert texts_of(vendor.run("地震来了。")) == [told("地震来了。")]
    assert vendor.waits == [7.0, 3.0]
    vendor = Vendor(*[fails("rate_limited")] * 9)
    assert texts_of(vendor.run("地震来了。")) == ["rate_limited"]
    assert len(vendor.asked) == engine_runs.ATTEMPTS
    assert vendor.waits == sorted(vendor.waits)
    vendor = Vendor(fails("rate_limited", retry_after=120.0))
    assert texts_of(vendor.run("地震来了。")) == ["rate_limited"], "that is more than patience"
    assert vendor.waits == []


@pytest.mark.parametrize(
    "step", [Unavailable("x"), Ambiguous("x"), fails("transient")], ids=["down", "cut", "busy"]
)
def test_a_passing_failure_is_tried_again(step):
    vendor = Vendor(step)
    assert texts_of(vendor.run("地震来了。")) == [told("地震来了。")]
    assert len(vendor.asked) == 2


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (fails("auth"), "auth"),
        (fails("quota"), "quota"),
        (QuotaExceeded("x"), "quota"),
        (fails("rejected"), "rejected"),
        (fails("unsupported"), "unsupported"),
        (BackendError("x"), "malformed"),
        (lambda b, good: good[1:], "malformed"),
        (lambda b, good: good[::-1], "malformed"),
        (lambda b, good: [*good, good[0]], "malformed"),
        (lambda b, good: [None, *good[1:]], "malformed"),
        (lambda b, good: [Ok(id=o.id, text=" ") for o in good], "malformed"),
        (lambda b, good: [Ok(id=o.id, text=None) for o in good], "malformed"),
        (lambda b, good: [Ok(id=s.id, text=s.text) for s in b.segments], "echo"),
        (lambda b, good: [Ok(id=o.id, text="Sorry, I cannot do that.") for o in good], "echo"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(step, kind):
    vendor = Vendor(step)
    assert texts_of(vendor.run("地震来了。", "先躲后撤。")) == [kind, kind]
    assert len(vendor.asked) == 1
    assert vendor.waits == []


def test_one_that_fails_takes_no_other_with_it():
    def second(batch, good):
        return [good[0], Failed(id=good[1].id, kind="rejected"), good[2]]

    assert texts_of(Vendor(second).run("甲。", "乙。", "丙。")) == [
        told("甲。"),
        "rejected",
        told("丙。"),
    ]


def test_between_ways_of_writing_chinese_the_same_text_is_no_echo():
    vendor = Vendor(lambda b, _: [Ok(id=s.id, text=s.text) for s in b.segments])
    assert texts_of(vendor.run("地了", target="zh-Hant")) == ["地了"]


STEPS = st.sampled_from(
    [
        None,
        fails("rate_limited"),
        fails("transient", retry_after=0.5),
        fails("too_long"),
        fails("auth"),
        RateLimited("x"),
        Unavailable("x"),
        lambda b, good: good[1:],
        lambda b, good: good[::-1],
        lambda b, good: [Ok(id=o.id, text="") for o in good],
        lambda b, good: [Ok(id=s.id, text=s.text) for s in b.segments],
    ]
)
TEXTS = st.text("地震来了先躲后撤。！ \n{x}<b>%s1", max_size=90)


@settings(max_examples=200)
@given(st.lists(TEXTS, max_size=6), st.lists(STEPS, max_size=12))
@example(["{了}", "<b震>地"], [])
def test_whatever_an_engine_does_each_text_is_said_whole_or_said_to_have_failed(texts, plan):
    vendor = Vendor(*plan)
    for text, result in zip(texts, vendor.run(*texts), strict=True):
        assert isinstance(result, (Ok, Failed))
        if isinstance(result, Ok):
            assert result.text == told(text)
    assert len(vendor.asked) < 400
