"""Routes as rules over values: shares, what goes on, and what never does."""

from collections import Counter
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tianfu_sdk.core.sms.messages import MOST_TRIES
from tianfu_sdk.core.sms.routes import (
    PATIENCE,
    Split,
    joined,
    judged,
    made_of,
    onward,
    turned_away,
    unsent,
)
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.route import Leg
from tianfu_sdk.model.schedule import DayOfSending, Schedule
from tianfu_sdk.model.sms import ErrorClass, SmsResult
from tianfu_sdk.model.template import Severity, SmsProblem
from tianfu_sdk.settings import RouteSettings, SmsSettings

NAMES = ("a", "b", "c")


def legs(*weights):
    return tuple(Leg(gateway=n, weight=w) for n, w in zip("abcdef", weights, strict=False))


# Which gateways.


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("x", {"x": 1}),
        (None, {"a": 3, "b": 1, "c": 0}),
        (["b", "a"], {"b": 1, "a": 0}),
        ({"a": 0, "b": 7}, {"a": 0, "b": 7}),
        ("main", {"a": 3, "b": 1, "c": 0}),
    ],
)
def test_all_ways_to_name_gateways_give_the_same_legs(asked, found):
    routes = {"main": RouteSettings(gateways=NAMES, weights=(3, 1))}
    made = made_of(asked, SmsSettings(gateway="main", routes=routes))
    assert {leg.gateway: leg.weight for leg in made} == found
    assert [leg.gateway for leg in made] == list(found)


@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (0,), (-1, 2), (True,)])
def test_weights_that_divide_nothing_are_refused(weights):
    routes = {"main": RouteSettings(gateways=NAMES, weights=weights)}
    with pytest.raises(Invalid, match=r"sms\.route_weights") as caught:
        made_of("main", SmsSettings(routes=routes))
    assert caught.value.path == "sms.routes.main"


# Shares.

weights = st.lists(st.integers(0, 5000), min_size=2, max_size=5).filter(any)
phones = st.binary(min_size=16, max_size=16)


@given(weights, st.lists(phones, max_size=30))
def test_a_share_is_of_a_gateway_with_weight_and_always_the_same(some, indexes):
    made = legs(*some)
    able = {"zh-Hans": [leg.gateway for leg in made]}
    one, other = Split(made, able), Split(made, able)
    heavy = {leg.gateway for leg in made if leg.weight}
    for index in indexes:
        assert one.of(index, "zh-Hans") == other.of(index, "zh-Hans")
        assert one.of(index, "zh-Hans") in heavy
    assert set(one.gateways) == heavy


@pytest.mark.parametrize("some", [(3, 1), (1, 1), (1, 2, 5), (1, 99)])
def test_shares_are_as_the_weights(some):
    import hashlib

    split = Split(legs(*some), {"bo": "abc"[: len(some)]})
    count = 20_000
    found = Counter(
        split.of(hashlib.blake2b(n.to_bytes(4), digest_size=16).digest(), "bo")
        for n in range(count)
    )
    for name, weight in zip("abc", some, strict=False):
        assert found[name] / count == pytest.approx(weight / sum(some), abs=0.02)


def test_who_takes_a_text_alone_takes_all_of_it():
    split = Split(legs(3, 1, 0), {"bo": ["b"], "ii": ["c"], "zh": ["a", "b", "c"]})
    some = [bytes([n]) * 16 for n in range(50)]
    assert {split.of(one, "bo") for one in some} == {"b"}
    assert {split.of(one, "ii") for one in some} == {"c"}
    assert {split.of(one, "zh") for one in some} == {"a", "b"}
    assert split.gateways == ("a", "b", "c")


# What is wrong with texts.


def problem(code, path, severity=Severity.REFUSE, **values):
    return SmsProblem(code=code, severity=severity, path=path, values=values)


def test_what_one_does_not_take_is_a_warning_while_another_does():
    wrong = {"a": [problem("sms.no_template", "templates.bo", gateway="a")], "b": []}
    said, able = judged(wrong, ["bo", "zh"])
    assert [(one.severity, one.gateway) for one in said] == [(Severity.WARN, "a")]
    assert able == {"bo": ("b",), "zh": ("a", "b")}


def test_what_none_takes_is_refused_and_told_once_where_it_is_the_same():
    same = problem("sms.words", "texts.zh")
    own = [problem("sms.link", "texts.bo"), problem("sms.no_template", "templates.bo")]
    said, able = judged({"a": [same, own[0]], "b": [same, own[1]]}, ["bo", "zh"])
    assert able == {"bo": (), "zh": ()}
    assert [(one.code, one.gateway, one.severity.value) for one in said] == [
        ("sms.words", "", "refuse"),
        ("sms.link", "a", "refuse"),
        ("sms.no_template", "b", "refuse"),
    ]


def test_a_signature_counts_for_all_languages():
    _, able = judged({"a": [problem("sms.signature_length", "signature")], "b": []}, ["bo", "zh"])
    assert able == {"bo": ("b",), "zh": ("b",)}


# The schedule.


def test_shares_are_sent_at_the_same_time():
    begin, end = datetime(2026, 1, 1, 8, tzinfo=UTC), datetime(2026, 1, 2, 8, tzinfo=UTC)
    day, next_ = begin.date(), end.date()
    one = Schedule(begin, end, 10.0, (DayOfSending(day, 5), DayOfSending(next_, 6)))
    two = Schedule(end, end, 4.0, (DayOfSending(next_, 7),))
    both = joined([two, one])
    assert both == Schedule(begin, end, 14.0, (DayOfSending(day, 5), DayOfSending(next_, 13)))
    assert joined([one, attrs.evolve(two, ends=None, rate=0.0)]).ends is None
    assert joined([one, attrs.evolve(two, ends=None, rate=0.0)]).rate == 0


# What goes on.


@given(
    st.lists(st.sampled_from(NAMES), unique=True),
    st.sets(st.sampled_from(NAMES)),
    st.sets(st.sampled_from(NAMES)),
    st.booleans(),
)
def test_nothing_comes_back_to_where_it_was_nor_goes_where_it_cannot_be_said(
    been, able, ready, last
):
    to = onward(NAMES, been, able=able, ready=ready, last=last)
    may = [name for name in NAMES if name not in been and name in able]
    if to is None:
        assert not any(name in ready for name in may)
        assert not (last and may)
    else:
        assert to in may
        assert to in ready or last


@given(st.booleans(), st.integers(1, 20), st.sampled_from(["", "crypto.no_key"]), st.none())
def test_a_batch_that_may_have_gone_out_is_never_turned_away(stale, tries, reason, wait):
    goes = turned_away(stale=stale, tries=tries, reason=reason, wait=wait)
    assert goes is (not stale and (bool(reason) or tries >= PATIENCE))


@given(
    st.sampled_from(["accepted", "rejected", "deferred", "unknown"]),
    st.sampled_from(list(ErrorClass)),
    st.integers(1, 20),
    st.booleans(),
)
def test_only_what_was_not_taken_and_not_refused_for_good_goes_on(status, error, tries, stale):
    result = SmsResult(ref="sub_1", status=status, error=error)
    goes = unsent(result, stale=stale, tries=tries, refused=False)
    assert not unsent(None, stale=stale, tries=tries, refused=False)
    if goes:
        assert not stale
        assert status in {"rejected", "deferred"}
        assert error is not ErrorClass.AMBIGUOUS
        if status == "rejected":
            assert error not in {
                *(ErrorClass.BAD_CONTENT, ErrorClass.BAD_RECIPIENT, ErrorClass.OK),
                ErrorClass.REFUSED_BY_PERSON,
            }
        assert error is ErrorClass.STOP_CHANNEL or tries >= PATIENCE


SAID = (
    *(ErrorClass.STOP_CHANNEL, ErrorClass.THROTTLED, ErrorClass.RETRY_SAFE),
    *(ErrorClass.AMBIGUOUS, ErrorClass.BAD_CONTENT),
)


class OneMessage(RuleBasedStateMachine):
    """One message after the other, and three gateways that fail in every way there is."""

    def __init__(self):
        super().__init__()
        self.begin()

    def begin(self):
        self.here = "a"
        self.visits = ["a"]
        self.tries = 0
        self.stale = False
        self.state = "queued"
        self.delivered = 0
        self.ready = set(NAMES)

    @property
    def open(self):
        return self.state in {"queued", "sending"}

    def _go(self, *, last):
        to = onward(NAMES, self.visits, able=set(NAMES), ready=self.ready, last=last)
        if to is not None:
            self.here, self.tries, self.state, self.stale = to, 0, "queued", False
            self.visits.append(to)
        return to is not None

    @precondition(lambda self: not self.open)
    @rule(names=st.sets(st.sampled_from(NAMES)))
    def the_next_one(self, names):
        self.begin()
        self.ready = names

    @precondition(lambda self: self.open and not self.stale)
    @rule(reason=st.sampled_from(["", "", "crypto.no_key"]), wait=st.sampled_from([None, 1.0]))
    def does_not_leave(self, reason, wait):
        self.tries += 1
        if turned_away(stale=self.stale, tries=self.tries, reason=reason, wait=wait) and self._go(
            last=bool(reason) or self.tries >= MOST_TRIES
        ):
            return
        self.state = "parked" if reason or self.tries >= MOST_TRIES else "queued"

    @precondition(lambda self: self.open)
    @rule(
        status=st.sampled_from(["accepted", "rejected", "deferred"]),
        error=st.sampled_from(SAID),
    )
    def answers(self, status, error):
        self.tries += 1
        if status == "accepted":
            error = ErrorClass.OK
            self.delivered = max(1, self.delivered) if self.stale else self.delivered + 1
        result = SmsResult(ref="s", status=status, error=error)
        last = error is ErrorClass.STOP_CHANNEL or self.tries >= MOST_TRIES
        if unsent(result, stale=self.stale, tries=self.tries, refused=False) and self._go(
            last=last
        ):
            return
        if status == "accepted":
            self.state = "accepted"
        elif self.stale or error is ErrorClass.AMBIGUOUS:
            self.state = "unknown"
        else:
            self.state = "rejected" if status == "rejected" else "queued"
        if self.state == "queued" and self.tries >= MOST_TRIES:
            self.state = "rejected"

    @precondition(lambda self: self.open and not self.stale)
    @rule(went=st.booleans())
    def its_worker_dies(self, went):
        # Before or after the gateway took it; nobody knows.
        self.tries += 1
        self.delivered += went
        self.stale, self.state = True, "sending"

    @precondition(lambda self: self.open)
    @rule(went=st.booleans())
    def answers_too_late(self, went):
        self.tries += 1
        if not self.stale:
            self.delivered += went
        result = SmsResult(ref="s", status="unknown", error=ErrorClass.AMBIGUOUS)
        assert not unsent(result, stale=self.stale, tries=self.tries, refused=False)
        assert not turned_away(stale=True, tries=self.tries, reason="", wait=None)
        self.state = "unknown"

    @invariant()
    def it_is_delivered_once_at_most(self):
        assert self.delivered <= 1

    @invariant()
    def no_gateway_is_tried_twice(self):
        assert len(set(self.visits)) == len(self.visits)

    @invariant()
    def what_was_delivered_is_known_or_looked_for(self):
        if self.delivered:
            assert self.state in {"accepted", "sending", "unknown"}


OneMessage.TestCase.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
TestOneMessage = OneMessage.TestCase
