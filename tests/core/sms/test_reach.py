"""What a narrow row says of a subscriber is what the document says."""

from datetime import UTC, datetime, timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.rows.keying import NEVER_DUE, moment_key
from tianfu_sdk.core.sms.campaign import Candidate, Picker, blocked, compose
from tianfu_sdk.core.sms.reach import shape_of, traits_of
from tianfu_sdk.model.sms import Campaign, SmsCapabilities
from tianfu_sdk.model.subscriber import Consent, Sealed, Subscriber

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
CODES = ["safety_science", "healthy_life", "健康", 'a"b', "c,d"]
CAMPAIGN = Campaign(
    id="cmp_1",
    title="防灾",
    organization="org_1",
    region="510000",
    texts={"zh-Hans": "震后先避险。", "bo": "ས་ཡོམ།"},
    signature="四川科普",
    topic="safety_science",
)
CAPABILITIES = SmsCapabilities(name="x", shape="session")

topics = st.lists(st.sampled_from(CODES), unique=True, max_size=3).map(tuple)
moments = st.integers(1, 200).map(lambda hours: NOW - timedelta(hours=hours))
consents = st.builds(
    Consent,
    purpose=st.sampled_from(["science_sms", "newsletter", "其他"]),
    granted=st.booleans(),
    at=moments,
    topics=topics,
    until=st.none() | st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours)),
)
people = st.builds(
    Subscriber,
    id=st.just("sub_1"),
    region=st.just("510000"),
    organization=st.just("org_1"),
    phone=st.just(Sealed("x")),
    language=st.sampled_from(["zh-Hans", "bo", "ii", "adx"]),
    topics=topics,
    settings=st.lists(st.sampled_from(["school", "village"]), unique=True).map(tuple),
    consents=st.lists(consents, max_size=4).map(lambda c: tuple(sorted(c, key=lambda o: o.at))),
    synthetic=st.booleans(),
)


def said_by_the_document(person, refused, *, real):
    if real and person.synthetic:
        return "synthetic"
    if refused & {"", CAMPAIGN.topic}:
        return "opted_out"
    consent = person.consent(CAMPAIGN.purpose, NOW)
    if consent is None or not consent.granted:
        return "no_consent"
    return "" if not consent.topics or CAMPAIGN.topic in consent.topics else "no_consent"


@given(people, st.frozensets(st.sampled_from(["", "safety_science", "x"])), st.booleans())
def test_who_may_be_sent_to_is_who_the_document_allows(person, refused, real):
    one = Candidate.of(person, b"1", refused)
    wanted = said_by_the_document(person, refused, real=real)
    assert blocked(CAMPAIGN, one, NOW, real=real) == wanted
    picker = Picker(CAMPAIGN, compose(CAMPAIGN, CAPABILITIES, ""), NOW, real=real)
    found = picker.pick(one).reason
    assert found == wanted if wanted else found in {"", "topic", "setting"}
    # Asked again it is remembered, and the same phone is a duplicate.
    again = picker.pick(attrs.evolve(one, id="sub_2")).reason
    assert again == (found or "duplicate")


@given(people)
def test_a_shape_is_read_as_it_was_written(person):
    shape, until = shape_of(person, None)
    traits = traits_of(shape)
    assert (traits.language, traits.synthetic) == (person.language, person.synthetic)
    assert traits.topics == set(person.topics)
    assert traits.settings == set(person.settings)
    for purpose, held in traits.consents.items():
        newest = [c for c in person.consents if c.purpose == purpose][-1]
        assert (held.granted, held.topics) == (newest.granted, set(newest.topics))
        if newest.granted:
            assert min(held.until, until) == (moment_key(newest.until) or NEVER_DUE)


def test_what_does_not_fit_is_left_to_the_document():
    person = Subscriber(
        id="sub_1",
        region="510000",
        organization="org_1",
        phone=Sealed("x"),
        topics=tuple(f"topic_{n}" * 3 for n in range(20)),
    )
    assert shape_of(person) == ("", NEVER_DUE)
    assert shape_of(person, None)[0]
