"""Figures are sums of evidence: what counts, what counts once, and how it adds up."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.log.indicators import COUNTED, contributions, figures, ratio
from tianfu_sdk.errors import NotFound
from tianfu_sdk.model.base import Precision
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.indicator import Adjustment, Indicator, IndicatorReport, Period

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PERIOD = Period(start=START, end=START + 10 * DAY)
PARENTS = {"root": None, "a": "root", "b": "root", "a1": "a", "a2": "a"}

moments = st.integers(-5, 14).map(lambda day: START + day * DAY)


@st.composite
def logs(draw):
    """Give a log in order of time, with its items published again and again."""
    log = []
    for number, at in enumerate(sorted(draw(st.lists(moments, max_size=25)))):
        type_ = draw(st.sampled_from([*sorted(COUNTED), "resource.edited"]))
        data = {
            "question.asked": {"answered": draw(st.booleans())},
            "sms.delivered": {"count": draw(st.integers(0, 9))},
            "registration.created": {"count": draw(st.integers(1, 5))},
            "registration.attended": {"count": draw(st.integers(1, 5))},
            "registration.unattended": {"count": draw(st.integers(-5, -1))},
        }.get(type_, {})
        if type_ == "activity.published" and draw(st.booleans()):
            data = {
                "attendance": draw(st.integers(0, 300)),
                "precision": draw(st.sampled_from([p.value for p in Precision])),
            }
        log.append(
            Event(
                id=f"evt_{number:03d}",
                type=type_,
                at=at,
                kind=type_.partition(".")[0],
                subject=f"x_{draw(st.integers(0, 3))}",
                organization=draw(st.sampled_from([*PARENTS, "elsewhere"])),
                data=data,
            )
        )
    return log


def table(log, period=PERIOD, excluded=()):
    return {
        (f.organization, f.indicator): f
        for f in figures(contributions(log, period), PARENTS, excluded)[0]
    }


def event(type_, day=0, subject="x_1", organization="a", **data):
    return Event(
        id=f"evt_{type_}_{day}_{subject}_{organization}",
        type=type_,
        at=START + day * DAY,
        kind=type_.partition(".")[0],
        subject=subject,
        organization=organization,
        data=data,
    )


@given(logs())
def test_a_parent_equals_its_own_and_the_sum_of_its_children(log):
    found = table(log)
    for parent in PARENTS:
        children = [name for name, above in PARENTS.items() if above == parent]
        for indicator in Indicator:
            figure = found[parent, indicator]
            below = [found[child, indicator] for child in children]
            parts = [figure.own, *(f.value for f in below)]
            known = [part for part in parts if part is not None]
            assert figure.value == (sum(known) if known else None)
            own_evidence = figure.evidence - sum(f.evidence for f in below)
            assert own_evidence >= 0
            if not own_evidence:
                assert figure.own in {None, 0}


@given(logs())
def test_every_figure_rests_on_as_many_events_as_it_lists(log):
    listed = list(contributions(log, PERIOD))
    found = table(log)
    for indicator in Indicator:
        mine = [c for c in listed if c.indicator is indicator and c.event.organization in PARENTS]
        assert found["root", indicator].evidence == len(mine)
        assert all(PERIOD.holds(c.event.at) for c in mine)
        assert len({c.event.id for c in mine}) == len(mine)


@given(logs(), st.integers(1, 9))
def test_figures_of_periods_side_by_side_add_up(log, cut):
    middle = START + cut * DAY
    first = table(log, Period(start=START, end=middle))
    second = table(log, Period(start=middle, end=PERIOD.end))
    whole = table(log)
    for key, figure in whole.items():
        if key[1] is not Indicator.ATTENDANCE:
            assert figure.value == first[key].value + second[key].value


@given(logs())
def test_an_item_counts_once_however_often_it_is_published(log):
    twice = [
        copy
        for one in log
        for copy in (one, attrs.evolve(one, id=one.id + "b"))
        if copy is one or one.type.endswith((".published", ".approved"))
    ]
    once, again = table(log), table(twice)
    for key in once:
        assert again[key].value == once[key].value


@given(logs(), st.sets(st.integers(0, 24)))
def test_adjustments_leave_out_their_events_and_nothing_moves_in(log, numbers):
    excluded = {f"evt_{number:03d}" for number in numbers}
    raw, found = table(log), table(log, excluded=excluded)
    for key, figure in found.items():
        assert (figure.value, figure.evidence) == (raw[key].value, raw[key].evidence)
        assert (figure.adjusted or 0) <= (figure.value or 0)
        if not figure.excluded:
            assert figure.adjusted == figure.value
    _, used = figures(contributions(log, PERIOD), PARENTS, excluded)
    assert used <= excluded


def test_a_new_revision_of_what_was_published_before_is_no_new_resource():
    log = [
        event("resource.published", -3, "res_1", revision=1),
        event("resource.published", 1, "res_1", revision=2),
        event("resource.published", 2, "res_2", revision=3),
        event("resource.published", 3, "res_2", revision=4),
    ]
    found = table(log)["a", Indicator.RESOURCES]
    assert (found.value, found.evidence) == (1, 1)
    assert [c.event.at for c in contributions(log, PERIOD)] == [START + 2 * DAY]


def test_attendance_is_the_newest_report_of_the_period_and_counts_once():
    log = [
        event("activity.published", 0, "act_1"),
        event("activity.published", 1, "act_1", attendance=170, precision="about"),
        event("activity.published", 2, "act_1", attendance=180, precision="exact"),
        event("activity.published", 11, "act_1", attendance=500, precision="exact"),
    ]
    found = table(log)
    assert found["a", Indicator.ACTIVITIES].value == 1
    assert found["a", Indicator.ATTENDANCE].value == 180
    assert found["a", Indicator.ATTENDANCE].precision is Precision.EXACT
    later = table(log, Period(start=START + 10 * DAY, end=START + 20 * DAY))
    assert later["a", Indicator.ATTENDANCE].value is None


def test_about_and_exactly_are_about_and_at_least_stays():
    exact = event("activity.published", 0, "act_1", attendance=100, precision="exact")
    least = event("activity.published", 1, "act_2", "b", attendance=140, precision="at_least")
    about = event("activity.published", 2, "act_3", "a2", attendance=200, precision="about")
    found = table([exact, least])["root", Indicator.ATTENDANCE]
    assert (found.value, found.precision) == (240, Precision.AT_LEAST)
    found = table([exact, least, about])
    assert found["root", Indicator.ATTENDANCE].value == 440
    assert found["root", Indicator.ATTENDANCE].precision is Precision.ABOUT
    assert found["b", Indicator.ATTENDANCE].precision is Precision.AT_LEAST


def test_attendance_that_nobody_reported_is_not_nobody():
    found = table([event("activity.published")])
    assert found["a", Indicator.ACTIVITIES].value == 1
    assert found["a", Indicator.ATTENDANCE].value is None
    nobody = table([event("activity.published", attendance=0, precision="exact")])
    assert nobody["a", Indicator.ATTENDANCE].value == 0
    assert nobody["root", Indicator.ATTENDANCE].own is None
    assert nobody["root", Indicator.ATTENDANCE].value == 0


def test_counts_of_the_rest():
    log = [
        event("resource.viewed"),
        event("news.viewed", 1),
        event("sms.delivered", 1, count=40),
        event("sms.delivered", 2, count=2),
        event("question.asked", 1, "", answered=True),
        event("question.asked", 2, "qst_1", answered=False),
        event("question.answered", 3, "qst_1"),
        event("translation.approved", 3, "trl_1"),
        event("translation.approved", 4, "trl_1"),
        event("resource.withdrawn", 4),
        event("interest.created", 1, "int_1"),
        event("interest.agreed", 2, "int_1"),
        event("interest.concluded", 3, "int_1"),
        event("interest.concluded", 4, "int_1"),
        event("registration.created", 1, "rgs_1", count=3),
        event("registration.created", 2, "rgs_2", count=1),
        event("registration.cancelled", 3, "rgs_2", count=1),
        event("registration.renewed", 3, "rgs_2", count=2),
        event("registration.attended", 4, "rgs_1", count=2),
        event("registration.attended", 5, "rgs_2", count=2),
        event("registration.unattended", 5, "rgs_2", count=-2),
    ]
    found = table(log)
    values = {i.value: found["root", i].value for i in Indicator}
    assert values == {
        "resources": 0,
        "activities": 0,
        "attendance": None,
        "registrations": 4,
        "checked_in": 2,
        "views": 2,
        "sms_delivered": 42,
        "questions": 2,
        "answered": 2,
        "translations": 1,
        "deals": 1,
    }


def test_the_end_of_a_period_is_outside_it_and_its_start_inside():
    log = [event("resource.viewed", 0), event("resource.viewed", 10)]
    assert table(log)["a", Indicator.VIEWS].value == 1


def test_a_ratio_is_of_sums_and_of_nothing_there_is_none():
    assert ratio(1, 4) == 0.25
    assert ratio(0, 4) == 0
    assert ratio(0, 0) is None
    assert ratio(3, None) is None


def test_a_report_gives_a_figure_or_says_that_it_has_none():
    all_, _ = figures([], PARENTS)
    report = IndicatorReport(
        organization="root",
        period=PERIOD,
        figures=all_,
        answer_rate=None,
        adjusted_answer_rate=None,
        language_coverage=(),
        adjustments=(Adjustment(event="evt_1", reason="x"),),
    )
    assert report.figure("views").organization == "root"
    assert report.figure(Indicator.VIEWS, "a1").value == 0
    with pytest.raises(NotFound) as caught:
        report.figure("views", "nowhere")
    assert caught.value.code == "indicator.no_figure"
