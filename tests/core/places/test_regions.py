"""The tree of regions, on any day."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.backends.builtin import shipped_regions
from tianfu_sdk.core.places.regions import LEVELS, RegionTree
from tianfu_sdk.errors import NotFound
from tianfu_sdk.model.region import Region, RegionLevel

TREE = RegionTree(shipped_regions())
TODAY = date(2026, 1, 1)
CODES = sorted({region.code for region in shipped_regions()})
SICHUAN = [code for code in CODES if code.startswith("51")]
days = st.dates(date(2000, 12, 31), date(2026, 1, 1))


def test_sichuan_has_21_prefectures_and_183_counties_today():
    prefectures = TREE.children("510000", TODAY)
    assert len(prefectures) == 21
    assert sum(len(TREE.children(p.code, TODAY)) for p in prefectures) == 183
    assert {p.level for p in prefectures} == {RegionLevel.PREFECTURE}


def test_in_november_2020_it_was_so_too():
    day = date(2020, 11, 19)
    prefectures = TREE.children("510000", day)
    assert len(prefectures) == 21
    assert sum(len(TREE.children(p.code, day)) for p in prefectures) == 183
    assert TREE.get("510185", day).name == "简阳市"
    assert TREE.get("510185", day).parent == "510100"


def test_jianyang_moved_from_ziyang_to_chengdu():
    (now,) = TREE.resolve("512081", TODAY)
    assert (now.code, now.name) == ("510185", "简阳市")
    (then,) = TREE.resolve("512081", date(2015, 1, 1))
    assert (then.code, then.parent) == ("512081", "512000")
    with pytest.raises(NotFound) as caught:
        TREE.get("512081", TODAY)
    assert caught.value.code == "region.not_valid"
    assert "510185" in str(caught.value)
    assert [r.code for r in TREE.ancestors("512081", date(2015, 1, 1))] == ["512000", "510000"]


def test_a_code_that_never_was_is_told():
    for call in (TREE.get, TREE.ancestors, TREE.resolve):
        with pytest.raises(NotFound) as caught:
            call("519999", TODAY)
        assert caught.value.code == "region.unknown"
    for call in (TREE.levels, TREE.level_of):
        with pytest.raises(NotFound):
            call("519999")
    assert TREE.children("519999", TODAY) == []
    assert not TREE.knows("519999")


@given(st.sampled_from(CODES), days)
def test_ancestors_climb_one_level_at_a_time_to_a_province(code, day):
    try:
        region = TREE.get(code, day)
        above = TREE.ancestors(code, day)
    except NotFound:
        return
    order = list(RegionLevel)
    places = [order.index(r.level) for r in (region, *above)]
    assert places == sorted(set(places), reverse=True)
    assert (above[-1] if above else region).level is RegionLevel.PROVINCE


@given(st.sampled_from(SICHUAN))
def test_levels_are_the_region_and_its_ancestors_as_they_are_today(code):
    levels = TREE.levels(code)
    assert code in levels.codes
    assert getattr(levels, TREE.level_of(code).value) == code
    assert levels.province == "510000"
    assert all(levels.within(above) for above in levels.codes)
    try:
        above = TREE.ancestors(code, TODAY)
    except NotFound:
        return
    assert {r.code for r in above} | {code} == set(levels.codes)


@given(st.sampled_from(SICHUAN), days)
def test_children_and_parents_agree(code, day):
    for child in TREE.children(code, day):
        assert child.parent == code
        assert child.holds(day)
        assert TREE.get(child.code, day) == child


@given(st.sampled_from(SICHUAN))
def test_every_old_code_of_sichuan_leads_to_regions_of_today(code):
    found = TREE.resolve(code, TODAY)
    assert found
    assert all(region.holds(TODAY) for region in found)
    assert [r.code for r in found] == sorted({r.code for r in found})


@given(st.sampled_from(SICHUAN), days)
def test_a_region_is_known_as_all_that_became_what_it_is(code, day):
    known = TREE.known_as(code, day)
    now = {region.code for region in TREE.resolve(code, day)}
    assert known >= {code, *now}
    for other in SICHUAN:
        theirs = {region.code for region in TREE.resolve(other, day)}
        assert (other in known) is (other == code or bool(theirs & now))


@given(st.sampled_from(SICHUAN), days)
def test_what_ended_lies_where_what_followed_it_lies(code, day):
    now = {region.code for region in TREE.resolve(code, day)}
    found = TREE.ended_in(code, day)
    for other in SICHUAN:
        followed = TREE.resolve(other, day)
        inside = any(now & set(TREE.levels(region.code).codes) for region in followed)
        ended = other not in {region.code for region in followed} and bool(followed)
        assert (other in found) is (ended and inside), other


def test_a_circle_of_successors_ends():
    rows = [
        Region(code="110000", name="a", level=RegionLevel.PROVINCE, valid_to=date(2001, 1, 1),
               successors=("120000",)),
        Region(code="120000", name="b", level=RegionLevel.PROVINCE, valid_to=date(2001, 1, 1),
               successors=("110000",)),
    ]  # fmt: skip
    tree = RegionTree(rows)
    assert tree.resolve("110000", TODAY) == []
    assert tree.known_as("110000", TODAY) == {"110000", "120000"}


def test_names_of_levels_are_names_of_keys():
    assert LEVELS == tuple(level.value for level in RegionLevel)
