"""How many messages one phone gets: rolling, exact, whatever order they are counted in."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.sms.contacts import Capping, Caps, caps_of
from tianfu_sdk.model.sms import Campaign
from tianfu_sdk.model.sms_policy import SmsPolicy
from tianfu_sdk.settings import SmsSettings

DAY = 24 * 3600
NOON = 20_000 * DAY
CAMPAIGN = Campaign(
    id="cmp_1",
    title="防灾",
    organization="org_1",
    region="510000",
    texts={"zh-Hans": "震后先避险。"},
    signature="四川科普",
)


def told(*sent, now=NOON):
    """Give the entries of a phone that was sent campaigns: id, moment and fields of each."""
    entries = b""
    for id_, at, more in sent:
        one = attrs.evolve(CAMPAIGN, id=id_, **more)
        entries = Capping(one, Caps(day=9, repeat_days=60), at).with_this(entries, now)
    return entries


def refuses(entries, caps, at=NOON, **more):
    override = more.pop("override", False)
    campaign = attrs.evolve(CAMPAIGN, id="cmp_9", **more)
    return Capping(campaign, caps, at, override=override).refuses(entries)


def test_a_cap_is_of_any_24_hours_not_of_a_calendar_day():
    entries = told(("cmp_1", NOON - DAY + 1, {}), ("cmp_2", NOON - 1, {}))
    assert refuses(entries, Caps(day=2)) == "cap_day"
    assert refuses(entries, Caps(day=3)) == ""
    assert refuses(entries, Caps(day=2), NOON + 1) == ""
    # Also what is to go out later counts.
    later = told(("cmp_1", NOON + 10, {}))
    assert refuses(later, Caps(day=1)) == "cap_day"
    assert refuses(later, Caps(day=1), NOON + 10 - DAY) == ""


def test_months_and_topics_are_counted_apart():
    entries = told(("cmp_1", NOON - 29 * DAY, {"topic": "a"}), ("cmp_2", NOON, {"topic": "b"}))
    assert refuses(entries, Caps(month=2)) == "cap_month"
    assert refuses(entries, Caps(month=3)) == ""
    assert refuses(entries, Caps(topic_day=1), topic="b") == "cap_topic"
    assert refuses(entries, Caps(topic_day=1), topic="a") == ""
    assert refuses(entries, Caps(topic_day=1)) == ""


def test_nobody_gets_the_same_twice_in_the_days_of_the_policy():
    entries = told(("cmp_1", NOON - 6 * DAY, {"content": "res_1"}), ("cmp_2", NOON, {"group": "g"}))
    week = Caps(repeat_days=7)
    assert refuses(entries, week, content="res_1") == "repeated"
    assert refuses(entries, week, content="res_2") == ""
    assert refuses(entries, week, group="g") == "repeated"
    assert refuses(entries, week) == ""
    assert refuses(entries, Caps(repeat_days=6), content="res_1") == ""
    assert refuses(entries, Caps(day=9), content="res_1") == ""
    spoken = told(("cmp_1", NOON - 2 * DAY, {"topic": "a"}))
    assert refuses(spoken, Caps(repeat_topic_days=3), topic="a") == "repeated"
    assert refuses(spoken, Caps(repeat_topic_days=2), topic="a") == ""
    assert refuses(spoken, Caps(repeat_topic_days=3), topic="b") == ""
    assert refuses(spoken, Caps(repeat_topic_days=3)) == ""


def test_an_override_is_counted_and_not_refused():
    entries = told(("cmp_1", NOON, {}))
    assert refuses(entries, Caps(day=1), override=True) == ""


def test_a_campaign_does_not_stand_in_its_own_way():
    entries = told(("cmp_9", NOON, {}))
    assert refuses(entries, Caps(day=1)) == ""
    assert told(("cmp_9", NOON, {}), ("cmp_9", NOON, {})) == entries


def test_what_was_cancelled_counts_for_nothing_and_old_entries_go():
    from tianfu_sdk.core.sms.contacts import entry_digest

    entries = told(("cmp_1", NOON, {}))
    ignored = frozenset({entry_digest("cmp_1", 8)})
    capping = Capping(CAMPAIGN, Caps(day=1), NOON, ignored=ignored)
    assert capping.refuses(entries) == ""
    old = told(("cmp_1", NOON - 40 * DAY, {}))
    assert len(old) == 24
    kept = Capping(attrs.evolve(CAMPAIGN, id="cmp_2"), Caps(day=1), NOON).with_this(old, NOON)
    assert len(kept) == 24
    assert capping.until(NOON + 5) == (NOON + 5 + 30 * DAY) * 1_000_000


def test_the_smallest_cap_and_the_longest_time_hold():
    policies = [
        SmsPolicy(id="smp_1", organization="org_1", cap_day=3, repeat_days=7, repeat_topic_days=1),
        SmsPolicy(id="smp_2", organization="org_2", cap_day=0, cap_month=9),
    ]
    found = caps_of(SmsSettings(cap_day=5, repeat_days=2), policies)
    assert found == Caps(day=3, month=9, topic_day=0, repeat_days=7, repeat_topic_days=1)
    assert not caps_of(SmsSettings(), []).any


moments = st.integers(0, 4 * DAY).map(lambda n: NOON + n)


@given(st.lists(moments, max_size=12), st.integers(1, 3))
def test_in_no_24_hours_more_than_the_cap_whatever_the_order(times, most):
    caps = Caps(day=most)
    entries, got = b"", []
    for number, at in enumerate(times):
        capping = Capping(attrs.evolve(CAMPAIGN, id=f"cmp_{number}"), caps, at)
        if not capping.refuses(entries):
            entries = capping.with_this(entries, NOON)
            got.append(at)
    for begin in got:
        assert sum(begin <= at < begin + DAY for at in got) <= most
