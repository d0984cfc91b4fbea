"""Which plan answers, what its texts say, who verifies, and which languages are usual."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.backends.builtin import shipped_regions
from tianfu_sdk.core.emergency import (
    MOVES,
    after_action,
    approved_texts,
    choose,
    demand_happened,
    demand_texts,
    holding,
    move,
    usable,
    usual_languages,
    written,
)
from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.keying import Placed, place_keys
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.emergency import (
    Alert,
    EmergencyReport,
    EmergencyState,
    Level,
    ResponsePlan,
)

TREE = RegionTree(shipped_regions())
CODES = ["510000", "510300", "510302", "510304", "510700", "510703", "513400", "110000", "110101"]
NOW = datetime(2026, 1, 1, 8, tzinfo=UTC)
REPORT = EmergencyReport(
    id="emg_1",
    title="有感地震",
    event_type="earthquake",
    level=Level.YELLOW,
    organization="org_1",
    region="510703",
    happened_at=NOW,
    reporter="per_1",
    reported_at=NOW,
)


def plan(id_, region, event_type="earthquake", levels=tuple(Level)):
    return ResponsePlan(
        id=id_,
        name="预案",
        organization="org_1",
        region=region,
        event_type=event_type,
        levels=levels,
        texts={"zh-Hans": "{place}发生{title}"},
        signature="四川科普",
    )


PLANS = [
    plan("rpl_1", "510000"),
    plan("rpl_2", "510700"),
    plan("rpl_3", "510700"),
    plan("rpl_4", "510300"),
    plan("rpl_5", "510703", "flood"),
    plan("rpl_6", "510703", levels=(Level.RED,)),
]


@given(st.permutations(PLANS))
def test_the_nearest_region_wins_and_then_the_lower_id(plans):
    assert choose(plans, REPORT, TREE).id == "rpl_2"


def test_a_plan_for_another_type_level_or_region_does_not_answer():
    assert choose([PLANS[3], PLANS[4], PLANS[5]], REPORT, TREE) is None
    red = attrs.evolve(REPORT, level=Level.RED)
    assert choose(PLANS, red, TREE).id == "rpl_6"


@given(st.sampled_from(CODES), st.sampled_from(CODES))
def test_the_store_is_asked_for_just_the_plans_whose_region_holds_the_report(of_plan, of_report):
    keys = place_keys("org_1", Placed(TREE.levels(of_plan)))
    asked = any(matches("", keys, group) for group in holding(TREE.levels(of_report)))
    assert asked == TREE.levels(of_report).within(of_plan)


def prepared(texts, **more):
    fields = {
        "id": "rpl_1",
        "name": "预案",
        "organization": "org_1",
        "region": "513400",
        "event_type": "earthquake",
        "signature": "凉山科普",
    }
    return ResponsePlan(texts=texts, **fields | more)


def filled(texts, values, **more):
    return usable(prepared(texts, **more), dict.fromkeys(texts, values))


def test_texts_are_filled_in_once_and_what_is_filled_in_is_plain_text():
    texts = {"zh-Hans": "{place}发生{title}，请勿惊慌", "bo": "བོད་ཡིག"}
    said, left_out = filled(
        texts, {"place": "涪城区", "title": "{place}{0}"}, approvers={"bo": "p"}
    )
    assert said == {"zh-Hans": "涪城区发生{place}{0}，请勿惊慌", "bo": "བོད་ཡིག"}
    assert left_out == {}


@pytest.mark.parametrize(
    "text",
    ["{city}", "{place.name}", "{place!r}", "{place:>9}", "{0}", "{", "}", "{{place}}", "{}"],
)
def test_any_other_brace_is_refused(text):
    with pytest.raises(Invalid) as caught:
        demand_texts({"zh-Hans": text})
    assert caught.value.code == "emergency.placeholder"
    assert caught.value.path == "texts.zh-Hans"
    assert "{place}" in str(caught.value)


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_filling_in_replaces_the_slots_or_refuses(template, place, level):
    try:
        said, _ = filled({"ii": template}, {"place": place, "level": level}, approvers={"ii": "p"})
    except Invalid:
        bare = template.replace("{place}", "").replace("{level}", "")
        assert "{" in bare or "}" in bare or not template.strip()
    else:
        parts = template.replace("{level}", "{place}").split("{place}")
        assert len(said["ii"]) == (
            sum(map(len, parts))
            + len(place) * template.count("{place}")
            + len(level) * template.count("{level}")
        )


def test_a_title_that_nobody_translated_stands_in_no_other_language():
    with pytest.raises(Invalid) as caught:
        demand_texts({"zh-Hant": "{title}", "bo": "{place}{title}"})
    assert (caught.value.code, caught.value.path) == ("emergency.free_slot", "texts.bo")


def test_what_is_not_approved_or_cannot_be_said_is_left_out_and_told():
    texts = {"zh-Hans": "{place}{time}", "bo": "{place}", "ii": "{time}", "zh-Hant": "避險"}
    plan = prepared(texts, approvers={"bo": "p", "ii": "p"})
    values = {"zh-Hans": {"place": "会东县", "time": "1月1日"}, "bo": {}, "ii": {"time": "ꆪ"}}
    said, left_out = usable(plan, values)
    assert said == {"zh-Hans": "会东县1月1日", "ii": "ꆪ", "zh-Hant": "避險"}
    assert left_out == {"bo": "place"}
    _, left_out = usable(prepared(texts), values)
    assert left_out == {"bo": "not_approved", "ii": "not_approved"}


def test_a_chinese_text_without_what_fills_it_is_an_error_and_so_is_none_at_all():
    with pytest.raises(Invalid) as caught:
        filled({"zh-Hans": "震级{number}"}, {"place": "x"})
    assert (caught.value.code, caught.value.path) == ("emergency.slot", "number")
    with pytest.raises(Invalid) as caught:
        filled({"bo": "བོད་ཡིག"}, {})
    assert caught.value.code == "emergency.no_text"


def test_a_changed_text_is_approved_no_more():
    before = {"zh-Hans": "甲", "bo": "བོད"}
    plan = written(prepared(before), {}, "writer")
    assert plan.writers == {"zh-Hans": "writer", "bo": "writer"}
    with pytest.raises(Denied) as caught:
        approved_texts(plan, ["bo"], person="writer")
    assert caught.value.code == "lifecycle.own_work"
    with pytest.raises(Denied):
        approved_texts(plan, ["bo"], person="")
    with pytest.raises(Invalid):
        approved_texts(plan, ["ii"], person="other")
    plan = approved_texts(plan, ["bo", "zh-Hans"], person="other")
    changed = attrs.evolve(plan, texts={"zh-Hans": "乙", "bo": "བོད"})
    after = written(changed, before, "third")
    assert after.writers == {"zh-Hans": "third", "bo": "writer"}
    assert after.approvers == {"bo": "other"}


@pytest.mark.parametrize("texts", [{}, {"zh-Hans": "  "}])
def test_a_plan_without_a_text_is_refused(texts):
    with pytest.raises(Invalid) as caught:
        demand_texts(texts)
    assert caught.value.code == "emergency.no_text"


@pytest.mark.parametrize(
    ("region", "languages"),
    [
        ("510302", ("zh-Hans",)),
        ("513200", ("zh-Hans", "bo")),
        ("513225", ("zh-Hans", "bo")),
        ("513300", ("zh-Hans", "bo")),
        ("513426", ("zh-Hans", "ii")),
        ("513422", ("zh-Hans", "bo")),
        ("513400", ("zh-Hans", "bo", "ii")),
        ("511132", ("zh-Hans", "ii")),
        ("511133", ("zh-Hans", "ii")),
        ("511100", ("zh-Hans", "ii")),
        ("510000", ("zh-Hans", "bo", "ii")),
        ("110000", ("zh-Hans",)),
    ],
)
def test_usual_languages_follow_the_place_and_the_places_in_it(region, languages):
    assert usual_languages(region, TREE) == languages


@given(st.sampled_from(sorted(MOVES)), st.sampled_from(list(EmergencyState)))
def test_only_the_moves_of_the_table_are_made(verb, state):
    report = attrs.evolve(REPORT, state=state)
    if state in MOVES[verb]:
        moved = move(report, verb, person="per_2", now=NOW, reason="r")
        assert moved.state is MOVES[verb][state]
    else:
        with pytest.raises(Invalid) as caught:
            move(report, verb, person="per_2", now=NOW, reason="r")
        assert caught.value.code == "emergency.illegal"


def test_nothing_moves_out_of_closed_or_rejected():
    ends = {EmergencyState.CLOSED, EmergencyState.REJECTED}
    assert not ends & {state for moves in MOVES.values() for state in moves}


@pytest.mark.parametrize("verb", ["verify", "reject"])
def test_who_reported_it_does_not_judge_it_and_the_system_never(verb):
    with pytest.raises(Denied) as caught:
        move(REPORT, verb, person="per_1", now=NOW, reason="r")
    assert caught.value.code == "emergency.own_report"
    with pytest.raises(Denied) as caught:
        move(REPORT, verb, person="", now=NOW, reason="r")
    assert caught.value.code == "emergency.system"
    assert move(REPORT, verb, person="per_2", now=NOW, reason="r").verifier == "per_2"


def test_rejecting_needs_a_reason():
    with pytest.raises(Invalid) as caught:
        move(REPORT, "reject", person="per_2", now=NOW, reason=" ")
    assert caught.value.code == "emergency.reason"


def test_after_action_counts_from_the_report_and_names_missing_languages():
    report = attrs.evolve(
        REPORT,
        verified_at=NOW + timedelta(minutes=5),
        responded_at=NOW + timedelta(minutes=7),
        resources=("res_1",),
        plan="rpl_1",
    )
    after = after_action(
        report, texts=["zh-Hans"], usual=("zh-Hans", "bo"), messages={"delivered": 3}
    )
    assert (after.seconds_to_verify, after.seconds_to_respond) == (300, 420)
    assert after.seconds_to_close is None
    assert after.languages == ("zh-Hans",)
    assert after.missing_languages == ("bo",)
    assert after.messages == {"delivered": 3}
    assert after.resources == ("res_1",)


def test_what_has_not_happened_is_not_reported_but_announced_or_played():
    alert = Alert(issuer="气象台", level=Level.YELLOW, issued_at=NOW)
    for after, more in (
        (timedelta(0), {}),
        (timedelta(minutes=5), {}),
        (timedelta(days=-400), {}),
        (timedelta(days=1), {"drill": True}),
        (timedelta(days=1), {"alert": alert}),
    ):
        demand_happened(attrs.evolve(REPORT, happened_at=NOW + after, **more), NOW)
    with pytest.raises(Invalid) as caught:
        demand_happened(attrs.evolve(REPORT, happened_at=NOW + timedelta(minutes=6)), NOW)
    assert (caught.value.code, caught.value.path) == ("emergency.not_yet", "happened_at")
