"""Who gets which text, what it costs, when it may leave: rules without a store."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.core.sms import campaign as rules
from tianfu_sdk.core.sms.hours import Hours, next_open, window
from tianfu_sdk.core.sms.messages import (
    FINAL,
    advance,
    backoff,
    is_opt_out,
    message_id,
    provider_key,
    state_of,
)
from tianfu_sdk.core.sms.tally import Batcher, Tally, batches_of
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.sms import (
    Campaign,
    CampaignState,
    ErrorClass,
    MessageState,
    SmsCapabilities,
    SmsResult,
)
from tianfu_sdk.model.subscriber import Consent, Sealed, Subscriber

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
CAPABILITIES = SmsCapabilities(name="x", shape="session", phones_per_call=3)
CAMPAIGN = Campaign(
    id="cmp_1",
    title="防灾",
    organization="org_1",
    region="510000",
    texts={"zh-Hans": "震后先避险。", "bo": "ས་ཡོམ།"},
    signature="四川科普",
    topic="safety_science",
    author="per_1",
)


def subscriber(**more):
    fields = {
        "id": "sub_1",
        "region": "510000",
        "organization": "org_1",
        "phone": Sealed("x"),
        "consents": (Consent(at=NOW - timedelta(days=1)),),
    }
    return Subscriber(**fields | more)


def pick(who, campaign=CAMPAIGN, *, opted_out=(), real=True, suffix="拒收请回复R"):
    texts = rules.compose(campaign, CAPABILITIES, suffix)
    picker = rules.Picker(campaign, texts, NOW, real=real)
    return picker.pick(rules.Candidate.of(who, b"1", frozenset(opted_out)))


# Texts.


def test_the_refusal_is_said_after_a_comma_or_the_sentences_own_end():
    assert rules.final_text("避险", "科普", "拒收请回复R") == "避险，拒收请回复R"
    assert rules.final_text("避险。", "科普", "拒收请回复R") == "避险。拒收请回复R"
    assert rules.final_text("避险。拒收请回复R", "科普", "拒收请回复R") == "避险。拒收请回复R"
    assert rules.final_text(" 避险 ", "科普", "") == "避险"


def test_a_signature_in_the_text_is_billed_once():
    plain = rules.compose(CAMPAIGN, CAPABILITIES, "")["zh-Hans"]
    doubled = attrs.evolve(CAMPAIGN, texts={"zh-Hans": "【四川科普】震后先避险。"})
    assert rules.compose(doubled, CAPABILITIES, "")["zh-Hans"] == plain
    assert plain.units == len("【四川科普】震后先避险。")


@pytest.mark.parametrize(("length", "parts"), [(57, 1), (58, 2), (121, 2), (122, 3)])
def test_parts_count_signature_text_and_refusal(length, parts):
    # 【四川科普】 has 6 units, the comma 1, the words 6: 70 alone, else 67 a part.
    suffix = "拒收请回复R"
    one = attrs.evolve(CAMPAIGN, texts={"zh-Hans": "字" * length})
    composed = rules.compose(one, CAPABILITIES, suffix)["zh-Hans"]
    assert composed.units == length + 6 + 1 + len(suffix)
    assert composed.parts == parts


def test_what_is_longer_than_the_gateway_takes_is_marked():
    long = attrs.evolve(CAMPAIGN, texts={"zh-Hans": "字" * 494})
    assert not rules.compose(long, CAPABILITIES, "")["zh-Hans"].too_long
    longer = attrs.evolve(CAMPAIGN, texts={"zh-Hans": "字" * 495})
    assert rules.compose(longer, CAPABILITIES, "")["zh-Hans"].too_long
    assert pick(subscriber(), longer, suffix="").reason == "too_long"


def test_languages_fall_back_only_where_that_is_wanted():
    assert rules.language_for("bo", {"zh-Hans", "bo"}, fallback=False) == "bo"
    assert rules.language_for("adx", {"zh-Hans", "bo"}, fallback=True) == "bo"
    assert rules.language_for("ii", {"zh-Hans", "bo"}, fallback=True) == "zh-Hans"
    assert rules.language_for("ii", {"zh-Hans", "bo"}, fallback=False) is None
    assert rules.language_for("ii", {"bo"}, fallback=True) is None


# Who.


@pytest.mark.parametrize(
    ("who", "more", "reason"),
    [
        ({}, {}, ""),
        ({"consents": ()}, {}, "no_consent"),
        ({"consents": (Consent(at=NOW, granted=False),)}, {}, "no_consent"),
        ({"consents": (Consent(at=NOW, until=NOW),)}, {}, "no_consent"),
        ({"consents": (Consent(at=NOW, until=NOW + timedelta(1)),)}, {}, ""),
        ({"consents": (Consent(at=NOW, purpose="newsletter"),)}, {}, "no_consent"),
        ({"consents": (Consent(at=NOW, topics=("healthy_life",)),)}, {}, "no_consent"),
        ({"consents": (Consent(at=NOW, topics=("safety_science",)),)}, {}, ""),
        ({}, {"opted_out": [""]}, "opted_out"),
        ({}, {"opted_out": ["safety_science"]}, "opted_out"),
        ({}, {"opted_out": ["healthy_life"]}, ""),
        ({"topics": ("healthy_life",)}, {}, "topic"),
        ({"topics": ("healthy_life", "safety_science")}, {}, ""),
        ({"synthetic": True}, {}, "synthetic"),
        ({"synthetic": True}, {"real": False}, ""),
    ],
)
def test_each_reason_to_leave_a_person_out(who, more, reason):
    assert pick(subscriber(**who), **more).reason == reason


def test_a_campaign_for_settings_leaves_out_others():
    school = attrs.evolve(CAMPAIGN, settings=("school",))
    assert pick(subscriber(), school).reason == "setting"
    assert pick(subscriber(settings=("school", "office")), school).reason == ""


def test_a_language_without_text_is_left_out_without_fallback():
    strict = attrs.evolve(CAMPAIGN, fallback=False)
    assert pick(subscriber(language="ii"), strict).reason == "no_text"
    assert pick(subscriber(language="ii")).language == "zh-Hans"


def test_an_emergency_asks_for_no_interest_but_honours_refusals():
    urgent = attrs.evolve(CAMPAIGN, emergency="emg_1", override_reason="地震")
    assert pick(subscriber(topics=("healthy_life",)), urgent).reason == ""
    assert pick(subscriber(), urgent, opted_out=[""]).reason == "opted_out"
    assert pick(subscriber(consents=()), urgent).reason == "no_consent"


def test_of_equal_phones_the_first_who_may_be_sent_to_counts():
    texts = rules.compose(CAMPAIGN, CAPABILITIES, "")
    picker = rules.Picker(CAMPAIGN, texts, NOW, real=True)
    refused = subscriber(id="sub_0", consents=())
    first, second = subscriber(id="sub_1"), subscriber(id="sub_2")
    choices = [picker.pick(rules.Candidate.of(who, b"1")) for who in (refused, first, second)]
    assert [choice.reason for choice in choices] == ["no_consent", "", "duplicate"]
    assert picker.pick(rules.Candidate.of(subscriber(id="sub_3"), b"2")).reason == ""


# Batches and figures.


choices = st.lists(
    st.builds(
        rules.Choice,
        id=st.uuids().map(str),
        phone_ix=st.just(b"1"),
        language=st.sampled_from(["zh-Hans", "bo", "ii"]),
        reason=st.sampled_from(["", "", "", "topic"]),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(choices, st.integers(1, 7))
def test_batches_hold_one_language_each_person_once_and_no_more_than_a_call_takes(some, most):
    batcher = Batcher(most)
    wanted = [choice for choice in some if not choice.reason]
    batches = [full for choice in wanted if (full := batcher.add(choice))]
    batches += batcher.rest()
    assert all(1 <= len(batch) <= most for batch in batches)
    assert all(len({choice.language for choice in batch}) == 1 for batch in batches)
    assert sorted(c.id for batch in batches for c in batch) == sorted(c.id for c in wanted)
    tally = Tally.of(some)
    assert batches_of(tally.by_language, most) == len(batches)
    assert tally.recipients == len(wanted) == sum(tally.by_language.values())
    halves = Tally.of(some, lambda _, language: "one" if language == "bo" else "two")
    assert halves.by_language == tally.by_language
    assert halves.through("one").total() == tally.by_language["bo"]
    assert halves.through("one") + halves.through("two") == tally.by_language
    assert sum(e.count for e in tally.exclusions) == len(some) - len(wanted)


# Approval.


def test_a_second_person_approves_and_only_then_an_emergency_may_skip_the_night():
    urgent = attrs.evolve(CAMPAIGN, emergency="emg_1", override_reason="余震")
    assert not rules.overrides_hours(urgent)
    with pytest.raises(Denied, match=r"lifecycle\.own_work"):
        rules.approve(urgent, "per_1", planned=1, parts=1, cost=1)
    with pytest.raises(Denied, match=r"lifecycle\.system"):
        rules.approve(urgent, "", planned=1, parts=1, cost=1)
    approved = rules.approve(urgent, "per_2", planned=7, parts=8, cost=45)
    assert (approved.state, approved.planned, approved.cost) == (CampaignState.APPROVED, 7, 45)
    assert approved.parts == 8
    several = attrs.evolve(urgent, writers=("per_1", "per_2"))
    with pytest.raises(Denied, match=r"lifecycle\.own_work"):
        rules.approve(several, "per_2", planned=1, parts=1, cost=1)
    assert rules.overrides_hours(approved)
    assert not rules.overrides_hours(attrs.evolve(approved, override_reason=" "))
    assert not rules.overrides_hours(attrs.evolve(approved, emergency=None))
    with pytest.raises(Invalid, match=r"possible from there: approve_texts, send, cancel"):
        rules.approve(approved, "per_3", planned=1, parts=1, cost=1)


# Messages.


@pytest.mark.parametrize(
    "text",
    [
        "TD",
        "td",
        " t ",
        "R",
        "ｒ",
        "ＴＤ",
        "n",
        "QX",
        "退订",
        "退",
        "拒收",
        "Stop",
        "unsubscribe\n",
    ],
)
def test_words_of_refusal_in_any_width_and_case(text):
    assert is_opt_out(text)


@pytest.mark.parametrize("text", ["", "我要退订", "退订吗", "TDD", "TD1", "谢谢", "t d", "STOP it"])
def test_a_word_within_a_sentence_refuses_nothing(text):
    assert not is_opt_out(text)


states = st.sampled_from(list(MessageState))


@settings(max_examples=80)
@given(states, st.lists(states, max_size=5))
def test_a_final_state_never_goes_back(state, evidence):
    for said in evidence:
        after = advance(state, said)
        assert state not in FINAL or after is state
        state = after


def test_what_was_accepted_is_not_made_unknown_again():
    assert advance(MessageState.ACCEPTED, MessageState.UNKNOWN) is MessageState.ACCEPTED
    assert advance(MessageState.UNKNOWN, MessageState.ACCEPTED) is MessageState.ACCEPTED
    assert advance(MessageState.UNKNOWN, MessageState.DELIVERED) is MessageState.DELIVERED


@pytest.mark.parametrize(
    ("status", "error", "state"),
    [
        ("accepted", ErrorClass.OK, "accepted"),
        ("rejected", ErrorClass.BAD_RECIPIENT, "rejected"),
        ("rejected", ErrorClass.BAD_CONTENT, "rejected"),
        ("rejected", ErrorClass.RETRY_SAFE, "deferred"),
        ("rejected", ErrorClass.THROTTLED, "deferred"),
        ("rejected", ErrorClass.STOP_CHANNEL, "deferred"),
        ("deferred", ErrorClass.DEFERRED, "deferred"),
        ("rejected", ErrorClass.AMBIGUOUS, "unknown"),
        ("deferred", ErrorClass.AMBIGUOUS, "unknown"),
        ("unknown", ErrorClass.OK, "unknown"),
    ],
)
def test_only_what_certainly_did_not_go_out_is_tried_again(status, error, state):
    assert state_of(SmsResult(ref="1", status=status, error=error)) == state


def test_waits_grow_are_jittered_and_stay_under_a_ceiling():
    assert backoff(3, "a") == backoff(3, "a") != backoff(3, "b")
    for attempt in range(1, 40):
        for token in "abcdef":
            assert timedelta(0) <= backoff(attempt, token) <= timedelta(minutes=15)
    assert all(backoff(1, token) <= timedelta(seconds=2) for token in "abcdef")
    assert backoff(1, "a", least=60) >= timedelta(seconds=60)


def test_ids_fit_the_store_whatever_the_gateway_gives():
    assert len(message_id("cmp_" + "0" * 26, bytes(16))) <= 64
    assert len(provider_key("g" * 100, "x" * 5000)) <= 200
    assert provider_key("a", "1") != provider_key("b", "1")
    assert provider_key("a", "") == ""


@pytest.mark.parametrize("name", ["organization", "region", "state", "author", "emergency"])
def test_what_a_campaign_answers_and_who_wrote_it_is_not_edited(name):
    rules.demand_editable(["title", "texts", "override_reason"])
    with pytest.raises(Invalid) as caught:
        rules.demand_editable(["title", name])
    assert (caught.value.code, caught.value.path) == ("content.fixed", name)


def test_texts_stand_under_one_tag_a_language():
    assert rules.texts_by_tag({"bo-CN": "a", "zh-Hans": "b"}) == {"bo": "a", "zh-Hans": "b"}


@pytest.mark.parametrize(
    ("texts", "path"),
    [({}, "texts"), ({"zh-Hans": " "}, "texts.zh-Hans"), ({"bo": "a", "bo-CN": "b"}, "texts.bo")],
)
def test_a_campaign_says_something_and_one_thing_a_language(texts, path):
    with pytest.raises(Invalid) as caught:
        rules.texts_by_tag(texts)
    assert (caught.value.code, caught.value.path) == ("sms.no_text", path)


@pytest.mark.parametrize(
    ("state", "emergency", "reason", "approver", "at_once"),
    [
        ("draft", None, "", "", False),
        ("draft", "emg_1", "", "", False),
        # A plan shows what a second person is asked for; only with that person it is so.
        ("draft", "emg_1", "泥石流", "", True),
        ("approved", "emg_1", "泥石流", "", False),
        ("approved", "emg_1", "泥石流", "per_1", False),
        ("approved", "emg_1", "泥石流", "per_2", True),
        ("approved", None, "泥石流", "per_2", False),
    ],
)
def test_only_an_emergency_with_a_reason_and_two_people_goes_out_at_night(
    state, emergency, reason, approver, at_once
):
    night = datetime(2026, 1, 5, 19, 0, tzinfo=UTC)
    campaign = attrs.evolve(
        CAMPAIGN,
        state=CampaignState(state),
        emergency=emergency,
        override_reason=reason,
        author="per_1",
        approver=approver,
    )
    hours = Hours(windows=(window("08:00", "20:00"),))
    found = next_open(night, rules.hours_for(campaign, hours))
    assert found == (night if at_once else datetime(2026, 1, 6, 0, 0, tzinfo=UTC))
