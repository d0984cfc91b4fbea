"""What is personal does not show itself."""

from datetime import UTC, datetime

from tianfu_sdk.model.interest import ContactPerson
from tianfu_sdk.model.listing import Expert
from tianfu_sdk.model.question import Question
from tianfu_sdk.model.subscriber import Consent, Sealed, Subscriber


def at(day):
    return datetime(2026, 1, day, tzinfo=UTC)


def test_a_sealed_value_shows_nothing_of_itself_wherever_it_stands():
    sealed = Sealed("dG9rZW4=")
    people = (
        Subscriber(id="sub_1", region="510104", organization="org_1", phone=sealed),
        Expert(id="exp_1", name=sealed, organization="org_1", region="510104"),
        Question(id="qst_1", text=sealed),
        ContactPerson(id="cps_1", organization="org_1", region="510104", name=sealed),
    )
    for noun in (sealed, *people):
        for text in (repr(noun), str(noun), f"{noun}"):
            assert "dG9r" not in text
            assert "•••" in text


def test_the_newest_word_on_a_purpose_counts():
    person = Subscriber(
        id="sub_1", region="510104", organization="org_1", phone=Sealed("x"),
        consents=(
            Consent(at=at(1)), Consent(purpose="alert", at=at(2)), Consent(granted=False, at=at(5)),
        ),
    )  # fmt: skip
    assert person.consent("science_sms", at(3)).granted
    assert not person.consent("science_sms", at(5)).granted
    assert person.consent("alert", at(9)).granted
    assert person.consent("science_sms", datetime(2025, 1, 1, tzinfo=UTC)) is None
    assert person.consent("other", at(9)) is None
