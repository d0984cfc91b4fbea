"""Rules of registrations: the tally never lies, and places are never given twice."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.content import enrolling
from tianfu_sdk.core.content.enrolling import Tally
from tianfu_sdk.errors import Conflict, Invalid
from tianfu_sdk.model.base import When, WhenPrecision
from tianfu_sdk.model.content import Activity, State
from tianfu_sdk.model.registration import Registration, RegistrationState
from tianfu_sdk.model.subscriber import Consent, Sealed

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
STATES = list(RegistrationState)


def activity(**fields):
    given = {
        "id": "act_1", "title": "夜场", "organization": "org_1", "region": "510300",
        "state": State.PUBLISHED, "registration": True,
    }  # fmt: skip
    return Activity(**given | fields)


def registration(number=1, **fields):
    given = {
        "id": f"rgs_{number}", "activity": "act_1", "organization": "org_1", "region": "510300",
        "name": Sealed(""), "phone": Sealed(""), "consent": Consent(), "number": number,
    }  # fmt: skip
    return Registration(**given | fields)


def stood(state, party, arrived):
    came = min(arrived, party) if state is RegistrationState.ATTENDED else 0
    return {"state": state, "party": party, "arrived": came}


STANDS = st.builds(stood, st.sampled_from(STATES), st.integers(1, 5), st.integers(1, 5))


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | STANDS), max_size=30))
def test_the_tally_is_what_the_rows_add_up_to_and_outlives_them(steps):
    tally, rows, gone = Tally(), {}, []
    for number, stands in steps:
        before = rows.get(number)
        if stands is None:
            if before is not None:
                tally = tally.moved(before, None)
                gone.append(rows.pop(number))
            continue
        rows[number] = registration(number, **stands)
        tally = tally.moved(before, rows[number])
    everybody = [*rows.values(), *gone]
    for state in STATES:
        mine = [one for one in everybody if one.state is state]
        assert tally.registrations.get(state, 0) == len(mine)
        assert tally.persons.get(state, 0) == sum(map(enrolling.weight, mine))
    assert tally.held == len(rows)
    assert Tally.of(tally.keys()).keys() == tally.keys()


@given(st.integers(0, 12), st.lists(st.integers(1, 5), max_size=12), st.booleans())
def test_no_more_places_are_taken_than_there_are(capacity, parties, waitlist):
    where = activity(capacity=capacity, waitlist=waitlist)
    tally = Tally()
    for number, party in enumerate(parties):
        try:
            state = enrolling.seat(where, tally, party)
        except (Conflict, Invalid):
            assert party > (tally.free(capacity) if not waitlist else min(5, capacity or 5))
            continue
        tally = tally.moved(None, registration(number, state=state, party=party))
        assert tally.taken <= capacity
        if state is RegistrationState.WAITLISTED:
            assert party > capacity - tally.taken


DAY = When.day(NOON.date())


@pytest.mark.parametrize(
    ("when", "closes", "over"),
    [
        (When(NOON, NOON + HOUR), NOON + HOUR, NOON + HOUR),
        (When(NOON), NOON, NOON),
        (DAY, DAY.end, DAY.end),
        (When(), None, None),
        (When(NOON, precision=WhenPrecision.RECENT), NOON, NOON),
    ],
)
def test_when_it_closes_and_is_over(when, closes, over):
    found = activity(when=when)
    assert enrolling.closes_at(found) == closes
    assert enrolling.is_over(found, NOON + timedelta(days=900)) == (over is not None)
    if over is not None:
        assert enrolling.is_over(found, over)
        assert not enrolling.is_over(found, over - timedelta(microseconds=1))
        enrolling.demand_open(found, Tally(), closes - timedelta(microseconds=1))
        with pytest.raises(Invalid, match=r"registration\.closed"):
            enrolling.demand_open(found, Tally(), closes)
        early = attrs.evolve(found, registration_closes=closes - HOUR)
        with pytest.raises(Invalid, match=r"registration\.closed"):
            enrolling.demand_open(early, Tally(), closes - HOUR)


def test_nobody_is_checked_in_before_its_day_in_china():
    # 20:30 on the 2nd in UTC is the 3rd in China.
    found = activity(when=When(datetime(2026, 3, 2, 20, 30, tzinfo=UTC)))
    midnight = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    enrolling.demand_begun(found, midnight)
    with pytest.raises(Invalid, match=r"registration\.too_early"):
        enrolling.demand_begun(found, midnight - timedelta(microseconds=1))
    enrolling.demand_begun(activity(), NOON)


@pytest.mark.parametrize("verb", list(enrolling.MOVES))
@pytest.mark.parametrize("state", STATES)
def test_a_verb_leads_somewhere_or_says_from_where_not(verb, state):
    known = registration(state=state)
    target = enrolling.MOVES[verb].get(state)
    if target is not None:
        assert enrolling.demand_move(known, verb) is target
        return
    with pytest.raises(Invalid) as caught:
        enrolling.demand_move(known, verb)
    assert (caught.value.code, caught.value.values["state"]) == ("registration.state", state.value)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("张小明", "张**"), ("王", "王**"), ("Anna Lee", "A**"), ("དྲོལ་མ", "དྲོ**"), ("𠮷田", "𠮷**")],
)
def test_a_masked_name_shows_one_letter_and_no_length(name, shown):
    assert enrolling.masked_name(name) == shown
