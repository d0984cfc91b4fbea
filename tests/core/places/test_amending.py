"""What may be amended about regions, and what holds of the tree whatever was amended."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.backends.builtin import shipped_regions
from tianfu_sdk.core.places import amending
from tianfu_sdk.core.places.regions import Levels, RegionTree
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.region import Region, RegionLevel

TREE = RegionTree(shipped_regions())
SICHUAN = [r for r in shipped_regions() if r.code.startswith("51")]
SMALL = RegionTree([r for r in SICHUAN if r.code[:4] in ("5100", "5101", "5120")])
DAY = date(2030, 7, 1)


def add(tree, code, **fields):
    return amending.amended(tree, code, amending.added(tree, code, fields))


def edit(tree, code, on=None, **changes):
    return amending.amended(tree, code, amending.rewritten(tree, code, on, changes))


def refused(call, code, path):
    with pytest.raises((Invalid, NotFound)) as caught:
        call()
    assert (caught.value.code, caught.value.path) == (code, path)
    return caught.value


def test_the_shipped_table_is_sound_code_by_code():
    sichuan = RegionTree(SICHUAN)
    for tree, codes in ((sichuan, sorted(sichuan.codes)), (TREE, sorted(TREE.codes)[::100])):
        for code in codes:
            assert len(amending.amended(tree, code, tree.rows(code))) == len(tree)


def test_the_digits_of_a_code_are_its_level():
    for region in shipped_regions():
        assert RegionLevel.of_code(region.code) is region.level


def test_a_new_county_lies_below_its_prefecture():
    tree = add(SMALL, "510193", name="天府新区", parent="510100", valid_from=DAY)
    assert tree.levels("510193") == Levels("510000", "510100", "510193")
    assert "510193" in [r.code for r in tree.children("510100", DAY)]
    assert not SMALL.knows("510193")


def test_a_county_may_lie_right_below_its_province():
    tree = add(SMALL, "519001", name="省直辖县", parent="510000")
    assert tree.levels("519001") == Levels("510000", "", "519001")


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("510193", None),
        ("510193", "510104"),
        ("510193", "420000"),
        ("515000", "510100"),
        ("515000", None),
        ("520000", "510000"),
    ],
)
def test_a_parent_lies_right_above(code, parent):
    refused(lambda: add(SMALL, code, name="x", parent=parent), "region.bad_parent", "parent")


def test_parents_and_successors_must_be_known():
    refused(lambda: add(SMALL, "515001", name="x", parent="515000"), "region.unknown", "parent")
    refused(
        lambda: edit(SMALL, "510104", valid_to=DAY, successors=["510199"]),
        "region.unknown",
        "successors[0]",
    )
    refused(lambda: edit(SMALL, "510199", name="x"), "region.unknown", "code")


def test_a_parent_holds_as_long_as_its_child():
    tree = add(SMALL, "515000", name="新市", parent="510000", valid_from=DAY)
    refused(
        lambda: add(tree, "515001", name="x", parent="515000"),
        "region.parent_not_valid",
        "parent",
    )
    tree = add(tree, "515001", name="x", parent="515000", valid_from=DAY)
    error = refused(
        lambda: edit(tree, "515000", valid_from=date(2031, 1, 1)), "region.has_children", "code"
    )
    assert "515001" in str(error)
    refused(lambda: amending.amended(tree, "515000", ()), "region.has_children", "code")


def test_one_code_means_one_region_on_any_day():
    refused(lambda: add(SMALL, "510104", name="x", parent="510100"), "region.overlap", "valid_from")
    tree = add(SMALL, "512081", name="简阳市", parent="512000", valid_from=DAY, source="又设")
    assert tree.get("512081", date(2015, 1, 1)).name == tree.get("512081", DAY).name == "简阳市"
    refused(lambda: tree.get("512081", date(2020, 1, 1)), "region.not_valid", "code")


def test_a_successor_takes_over_on_the_day_and_not_in_a_circle():
    refused(lambda: edit(SMALL, "510104", successors=["510105"]), "region.not_ended", "successors")
    refused(
        lambda: edit(SMALL, "510104", valid_to=DAY, successors=["510104"]),
        "region.successor_circle",
        "successors[0]",
    )
    refused(
        lambda: edit(SMALL, "510185", valid_to=DAY, successors=["512081"]),
        "region.successor_circle",
        "successors[0]",
    )
    later = add(SMALL, "510193", name="x", parent="510100", valid_from=date(2031, 1, 1))
    refused(
        lambda: edit(later, "510104", valid_to=DAY, successors=["510193"]),
        "region.successor_not_valid",
        "successors[0]",
    )


def test_a_successor_stays_while_it_is_named():
    error = refused(
        lambda: edit(SMALL, "510185", valid_from=date(2017, 1, 1)), "region.named", "code"
    )
    assert "512081" in str(error)


def test_code_and_level_do_not_change():
    for name, value in (("code", "510199"), ("level", "prefecture")):
        refused(
            lambda n=name, v=value: amending.rewritten(SMALL, "510104", None, {n: v}),
            "content.fixed",
            name,
        )
    refused(lambda: edit(SMALL, "510104", title="x"), "field.unknown", "title")
    refused(lambda: edit(SMALL, "510104", name=" "), "field.too_short", "name")
    refused(lambda: edit(SMALL, "510185", valid_to=date(2015, 1, 1)), "when.backwards", "valid_to")


def test_from_a_day_on_a_code_may_mean_another_name_or_place():
    rows = amending.renewed(SMALL, "510104", DAY, {"name": "新锦江区", "source": "国函"})
    tree = amending.amended(SMALL, "510104", rows)
    assert tree.get("510104", date(2030, 6, 30)).name == "锦江区"
    assert (tree.get("510104", DAY).name, tree.get("510104", DAY).source) == ("新锦江区", "国函")
    moved = amending.renewed(SMALL, "510185", DAY, {"parent": "512000"})
    assert amending.amended(SMALL, "510185", moved).levels("510185").prefecture == "512000"
    refused(
        lambda: amending.renewed(tree, "510104", DAY, {"name": "x"}),
        "region.begins_then",
        "since",
    )


def test_of_what_ended_nothing_is_renewed_but_its_row_may_be_corrected():
    refused(
        lambda: amending.renewed(SMALL, "512081", DAY, {"name": "x"}), "region.not_valid", "code"
    )
    tree = edit(SMALL, "512081", valid_to=date(2016, 5, 3), approximate=False)
    assert tree.get("512081", date(2016, 5, 2)).name == "简阳市"


def test_the_whole_province_is_needed_and_for_provinces_more():
    assert amending.jurisdiction("510104") == Levels("510000")
    assert amending.jurisdiction("510100") == Levels("510000")
    assert amending.jurisdiction("510000") == Levels()


def test_a_fingerprint_tells_trees_apart_by_ancestors_only():
    assert SMALL.amended({}).fingerprint() == SMALL.fingerprint()
    assert edit(SMALL, "510104", name="x").fingerprint() == SMALL.fingerprint()
    moved = edit(SMALL, "510104", parent="512000")
    assert moved.fingerprint() != SMALL.fingerprint()
    assert amending.levels_changed(SMALL, moved)
    more = add(SMALL, "510193", name="x", parent="510100")
    assert more.fingerprint() != SMALL.fingerprint()
    assert not amending.levels_changed(SMALL, more)


CODES = st.sampled_from([*sorted(SMALL.codes), "510193", "515000", "515001", "519001"])
DAYS = st.none() | st.dates(date(1999, 1, 1), date(2031, 1, 1))
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["甲", "乙"]),
        "parent": st.sampled_from(["510000", "510100", "512000", "515000", None]),
        "valid_from": DAYS,
        "valid_to": DAYS,
        "successors": st.lists(CODES, max_size=2, unique=True),
    },
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "edit", "renew", "end", "drop"]), CODES, DAYS, CHANGES),
    max_size=12,
)


def rows_of(tree, verb, code, day, changes):
    day = day or date(2016, 1, 1)
    match verb:
        case "add":
            return amending.added(tree, code, {"name": "新", "parent": "510100"} | changes)
        case "edit":
            return amending.rewritten(tree, code, None, changes)
        case "renew":
            return amending.renewed(tree, code, day, changes)
        case "end":
            return amending.ended(tree, code, day, changes.get("successors", ()))
    return ()


@given(STEPS)
def test_whatever_is_amended_the_tree_stays_sound(steps):
    tree, done = SMALL, []
    for step in steps:
        try:
            rows = rows_of(tree, *step)
            tree, before = amending.amended(tree, step[1], rows), tree
        except (Invalid, NotFound):
            continue
        done.append((step[1], before.rows(step[1])))
    for code in tree.codes:
        for region in tree.rows(code):
            demand_sound(tree, region)
    # What was done can be undone from the last to the first.
    for code, rows in reversed(done):
        tree = amending.amended(tree, code, rows)
    assert {c: tree.rows(c) for c in tree.codes} == {c: SMALL.rows(c) for c in SMALL.codes}


def demand_sound(tree: RegionTree, region: Region) -> None:
    first = region.valid_from or date(1990, 1, 1)
    assert tree.get(region.code, first) == region
    above = tree.ancestors(region.code, first)
    assert [r.level for r in above][-1:] == [RegionLevel.PROVINCE][: len(above)]
    assert tree.levels(region.code).codes[-1] == region.code
    for successor in region.successors:
        assert tree.get(successor, region.valid_to).code == successor
        assert region.code not in {r.code for r in tree.resolve(successor, region.valid_to)}
