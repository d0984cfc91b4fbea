"""Where a code counts: under the map of its day, or under that of today."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.places.region_views import RegionView
from tianfu_sdk.core.places.regions import Levels, RegionTree
from tianfu_sdk.model.indicator import AsOf
from tianfu_sdk.model.region import Region, RegionLevel
from tianfu_sdk.opening import regions

TODAY = date(2026, 1, 1)


def row(code, parent, level="county", **more):
    return Region(code=code, name=code, level=RegionLevel(level), parent=parent, **more)


MOVED = date(2016, 5, 4)
SPLIT = date(2020, 1, 1)
TREE = RegionTree(
    [
        row("510000", None, "province"),
        row("510100", "510000", "prefecture"),
        row("512000", "510000", "prefecture"),
        row("512081", "512000", valid_to=MOVED, successors=("510185",)),
        row("510185", "510100", valid_from=MOVED),
        row("510101", "510100", valid_to=SPLIT, successors=("510102", "510103")),
        row("510102", "510100", valid_from=SPLIT),
        row("510103", "510100", valid_from=SPLIT),
        row("512001", "512000", valid_to=SPLIT, successors=("512002", "510103")),
        row("512002", "512000", valid_from=SPLIT),
        row("512009", "512000", valid_to=SPLIT),
        # Its code stays when it is moved.
        row("510199", "510100", valid_to=SPLIT),
        row("510199", "512000", valid_from=SPLIT),
    ]
)


@pytest.mark.parametrize(
    ("code", "day", "then", "today"),
    [
        ("512081", MOVED - timedelta(days=1), "512081/512000", "510185/510100"),
        # Named after it ended, it counts where it lay at the end.
        ("512081", MOVED, "512081/512000", "510185/510100"),
        ("510185", MOVED, "510185/510100", "510185/510100"),
        # Named before it began, it counts where it lay first.
        ("510185", date(2010, 1, 1), "510185/510100", "510185/510100"),
        ("510101", date(2019, 1, 1), "510101/510100", "510100/510100"),
        ("512001", date(2019, 1, 1), "512001/512000", "510000/"),
        ("512009", date(2019, 1, 1), "512009/512000", "512009/512000"),
        ("510199", date(2019, 1, 1), "510199/510100", "510199/512000"),
        ("510199", date(2021, 1, 1), "510199/512000", "510199/512000"),
        ("", date(2021, 1, 1), "/", "/"),
        ("999999", date(2021, 1, 1), "999999/", "999999/"),
    ],
)
def test_a_code_counts_in_one_place(code, day, then, today):
    for as_of, wanted in ((AsOf.THEN, then), (AsOf.TODAY, today)):
        found, levels = RegionView(TREE, as_of, TODAY).seen(code, day)
        assert f"{found}/{levels.prefecture}" == wanted


def test_what_was_moved_here_is_a_candidate_today():
    today = RegionView(TREE, AsOf.TODAY, TODAY)
    assert "512081" in today.candidates("510100")
    assert "510101" in today.candidates("510100")
    then = RegionView(TREE, AsOf.THEN, TODAY)
    assert then.candidates("512000") >= {"512000", "512081", "512001", "510199"}
    assert "512081" not in then.candidates("510100")


@given(
    st.sampled_from(["510000", "510100", "512000", "510185", "512002"]),
    st.sampled_from(sorted(code for code in regions()._rows if code.startswith("51"))),
    st.dates(date(2000, 1, 1), date(2027, 1, 1)),
    st.sampled_from(list(AsOf)),
)
def test_what_counts_within_a_region_is_among_its_candidates(region, code, day, as_of):
    for tree in (TREE, regions()):
        view = RegionView(tree, as_of, TODAY)
        if tree.knows(region) and view.seen(code, day)[1].within(region):
            assert code in view.candidates(region)


@given(st.sampled_from(["512081", "510185", "510199", "510101"]), st.dates(date(2010, 1, 1), TODAY))
def test_the_levels_of_a_day_are_those_of_the_tree_on_it(code, day):
    found = TREE.levels_on(code, day)
    valid = [r for r in TREE._rows[code] if r.holds(day)]
    if valid:
        above = [region.code for region in TREE.ancestors(code, day)]
        assert list(found.codes) == [*reversed(above), code]
        assert found.within(code)
    seen = RegionView(TREE, AsOf.THEN, TODAY)
    assert [seen.seen(code, day)[1] for _ in range(2)] == [found, found]


def test_nowhere_lies_within_nothing():
    assert RegionView(TREE, AsOf.THEN, TODAY).seen("", TODAY)[1] == Levels()
