"""The demo records made from the newspaper page keep what the page says, and no more."""

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "src/tianfu_sdk/cli/demo/data/page.json"

ORGANIZATION_KINDS = {
    "association",
    "association_department",
    "service_center",
    "government",
    "society",
    "rural_technical_association",
    "senior_association",
    "workstation",
    "base",
    "school",
    "hospital",
    "community",
    "firm",
    "venue",
    "lecture_group",
    "youth_center",
}
ROLES = {
    "host",
    "undertaker",
    "supporter",
    "organizer",
    "chair",
    "partner",
    "venue",
    "visitor",
    "evaluator",
}
SETTINGS = {"school", "community", "countryside", "enterprise", "office", "family"}
TOPICS = {
    "party_history",
    "science_encyclopedia",
    "healthy_life",
    "safety_science",
    "frontier_technology",
    "military_technology",
    "practical_technology",
    "astronomy_geography",
}
PREFECTURES = {
    f"51{n:02d}00" for n in (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20)
} | {"513200", "513300", "513400"}


@pytest.fixture(scope="module")
def page():
    return json.loads(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def organizations(page):
    return {one["key"]: one for one in page["organizations"]}


@pytest.fixture(scope="module")
def activities(page):
    return {one["item"]: one for one in page["activities"]}


@pytest.fixture(scope="module")
def news(page):
    return {one["item"]: one for one in page["news"]}


def quantities_of(record):
    found = {q["what"]: (q["value"], q["precision"]) for q in record["quantities"]}
    attendance = record.get("attendance")
    if attendance is not None:
        found["attendance"] = (attendance["value"], attendance["precision"])
    return found


def total(attendances):
    """Add loose numbers: the sum is exact only where every part is."""
    precisions = {precision for _, precision in attendances}
    if precisions <= {"exact"}:
        precision = "exact"
    else:
        precision = "at_least" if "at_least" in precisions else "about"
    return sum(value for value, _ in attendances), precision


def regions_in(node, name=""):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from regions_in(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from regions_in(value, name)
    elif name in {"region", "visitor_region", "place_region"} and node is not None:
        yield node


def test_file_is_plain_utf8_with_indent_one(page):
    text = PAGE.read_text(encoding="utf-8")
    assert text == json.dumps(page, ensure_ascii=False, indent=1) + "\n"
    assert set(page) == {"organizations", "activities", "news", "bases", "checks"}


def test_keys_are_unique_ascii_slugs(page):
    keys = [
        one["key"]
        for part in ("organizations", "activities", "news", "bases")
        for one in page[part]
    ]
    assert [key for key, n in Counter(keys).items() if n > 1] == []
    assert [key for key in keys if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key)] == []


def test_referenced_keys_exist(page, organizations):
    used = {one["parent"] for one in page["organizations"]}
    used |= {one["byline"] for one in page["news"]}
    used |= {one["organization"] for one in page["bases"]}
    for one in page["activities"] + page["news"]:
        used |= {role["organization"] for role in one["roles"]}
        used |= {key for detail in one["details"] for key in detail["organizations"]}
    assert used - {None} <= set(organizations)
    assert {one["about"] for one in page["news"]} - {None} == {
        one["key"] for one in page["activities"]
    }


def test_vocabularies_are_kept(page):
    assert {one["kind"] for one in page["organizations"]} <= ORGANIZATION_KINDS
    for one in page["activities"] + page["news"]:
        assert {role["role"] for role in one["roles"]} <= ROLES
        assert {q["precision"] for q in one["quantities"]} <= {"exact", "about", "at_least"}
        assert one["when"]["precision"] in {"day", "range", "recent"}
    for one in page["activities"]:
        assert set(one["settings"]) <= SETTINGS
        assert set(one["topics"]) <= TOPICS


def test_names_and_aliases_point_to_one_organization(page):
    names = [name for one in page["organizations"] for name in [one["name"], *one["aliases"]]]
    assert [name for name, n in Counter(names).items() if n > 1] == []


def test_twenty_one_prefecture_associations_and_chengdu_is_not_printed(page):
    found = [
        one
        for one in page["organizations"]
        if one["kind"] == "association" and one["region"] in PREFECTURES
    ]
    assert len(found) == len(PREFECTURES) == 21
    assert {one["region"] for one in found} == PREFECTURES
    assert all(one["parent"] == "ast-sichuan" for one in found)
    assert all(one["name"].endswith("科学技术协会") for one in found)
    assert [one["key"] for one in page["organizations"] if not one["printed"]] == ["ast-chengdu"]


def test_short_names_are_aliases(organizations):
    assert organizations["ast-zigong"]["name"] == "自贡市科学技术协会"
    assert "自贡市科协" in organizations["ast-zigong"]["aliases"]
    assert "凉山彝族自治州科学技术协会" in organizations["ast-liangshan"]["aliases"]
    assert {"四川省科协", "省科协"} <= set(organizations["ast-sichuan"]["aliases"])


def test_parents_are_acyclic_and_stand_above(organizations):
    for key, one in organizations.items():
        chain, at = [], key
        while at is not None:
            assert at not in chain
            chain.append(at)
            at = organizations[at]["parent"]
        if one["kind"] in {"association", "senior_association"} and len(chain) > 1:
            above = organizations[one["parent"]]
            assert above["kind"] == one["kind"]
            assert above["region"] in {one["region"][:4] + "00", one["region"][:2] + "0000"}


def test_county_associations_stand_under_their_prefecture(page, organizations):
    counties = [
        one
        for one in page["organizations"]
        if one["kind"] == "association" and not one["region"].endswith("00")
    ]
    assert {one["key"] for one in counties} == {"ast-jianyang", "ast-fucheng", "ast-xinjin"}
    for one in counties:
        assert organizations[one["parent"]]["region"] == one["region"][:4] + "00"


def test_workstations_belong_to_their_firms(page, organizations):
    stations = [one for one in page["organizations"] if one["kind"] == "workstation"]
    assert len(stations) == 2
    for one in stations:
        firm = organizations[one["parent"]]
        assert firm["kind"] == "firm"
        assert one["name"] == firm["name"] + "院士(专家)工作站"


def test_region_codes_have_six_digits_and_are_those_of_2020(page, organizations):
    codes = list(regions_in(page))
    assert [code for code in codes if not re.fullmatch(r"[0-9]{6}", code)] == []
    assert not {"510132", "512081"} & set(codes)  # 新津县 until 2020, 简阳市 until 2016
    for one in organizations.values():
        if "新津" in one["name"]:
            assert one["region"] == "510118"
        if "简阳" in one["name"]:
            assert one["region"] == "510185"
    assert organizations["site-su-buqing-hall"]["region"] == "330326"


def test_a_visit_outside_sichuan_has_two_regions(page, news):
    assert (news[2]["visitor_region"], news[2]["place_region"]) == ("512000", "330300")
    assert news[2]["region"] == news[2]["place_region"]
    rest = [one for one in page["news"] if one["item"] != 2]
    assert all(one["visitor_region"] is one["place_region"] is None for one in rest)


def test_every_article_is_news_and_five_are_activities(activities, news):
    assert sorted(news) == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(activities) == [1, 3, 4, 5, 6]
    for item, one in activities.items():
        assert news[item]["about"] == one["key"]
        assert news[item]["when"] == one["when"]
        assert news[item]["region"] == one["region"]
        assert news[item]["body"] != one["body"]


def test_bylines_name_organisations_only(news):
    assert {item: one["byline"] for item, one in news.items()} == {
        1: None,
        2: "ast-ziyang",
        3: None,
        4: "ast-fucheng",
        5: "senior-xinjin",
        6: "senior-shunqing",
        7: None,
    }


def test_bodies_are_short_chinese_texts(page):
    for one in page["activities"] + page["news"]:
        assert 80 <= len(one["body"]) <= 250
        assert not re.search(r"[,;:!?]", one["body"])
        assert one["body"].endswith("。")


def test_attendance_keeps_its_precision(activities):
    found = {item: one["attendance"] for item, one in activities.items()}
    assert found == {
        1: {"value": 170, "precision": "about"},
        3: None,
        4: None,
        5: {"value": 90, "precision": "exact"},
        6: {"value": 140, "precision": "at_least"},
    }


def test_other_quantities_keep_their_precision(activities, news):
    assert quantities_of(activities[3])["schools_covered"] == (50, "at_least")
    assert quantities_of(activities[3])["years_in_a_row"] == (5, "exact")
    assert quantities_of(news[2])["visitors"] == (5, "exact")
    for item in set(activities) & set(news):
        ours, theirs = quantities_of(activities[item]), quantities_of(news[item])
        assert {what: ours[what] for what in ours.keys() & theirs.keys()} == {
            what: theirs[what] for what in ours.keys() & theirs.keys()
        }


def test_total_attendance_over_mixed_precision_is_not_exact(page, activities, news):
    parts = [
        quantities_of(one)["attendance"] for one in activities.values() if one["attendance"]
    ] + [quantities_of(news[2])["visitors"]]
    assert {precision for _, precision in parts} == {"exact", "about", "at_least"}
    _, precision = total(parts)
    assert precision != "exact"
    assert "405" not in re.findall(r"[0-9]+", PAGE.read_text(encoding="utf-8"))


def test_details_agree_with_the_counts(activities, news):
    def detail(record, what):
        return next(one for one in record["details"] if one["what"] == what)

    assert len(detail(activities[3], "shows")["texts"]) == 5
    assert len(detail(activities[3], "next_schools")["organizations"]) == 3
    assert len(detail(activities[5], "speakers")["organizations"]) == 7
    assert len(detail(news[1], "platform_functions")["texts"]) == 4
    assert len(detail(news[7], "evaluated")["organizations"]) == 2
    assert sum(role["role"] == "venue" for role in news[2]["roles"]) == 5


def test_dates_keep_their_precision(news):
    found = {
        item: (one["when"]["precision"], one["when"]["start"], one["when"]["end"])
        for item, one in news.items()
    }
    assert found == {
        1: ("range", "2020-11-19", "2020-11-20"),
        2: ("range", "2020-11-18", "2020-11-19"),
        3: ("day", "2020-11-19", "2020-11-19"),
        4: ("recent", None, None),
        5: ("recent", None, None),
        6: ("day", "2020-11-20", "2020-11-20"),
        7: ("day", "2020-11-18", "2020-11-18"),
    }
    for _, start, end in found.values():
        if start is not None:
            assert date.fromisoformat(start) <= date.fromisoformat(end)


def test_a_recent_item_guesses_no_day_anywhere(activities, news):
    for item in (4, 5):
        for one in (activities[item], news[item]):
            text = json.dumps(one, ensure_ascii=False)
            assert not re.search(r"2020|[0-9]+月|[0-9]+日", text)


def test_only_the_school_launch_has_hosts_and_undertakers(page):
    for one in page["activities"] + page["news"]:
        for role in one["roles"]:
            if role["role"] in {"host", "undertaker"}:
                assert one["item"] == 3
                assert role["printed"] == {"host": "主办", "undertaker": "承办"}[role["role"]]


def test_bases_claim_no_status(page, organizations):
    assert len(page["bases"]) == 3
    for one in page["bases"]:
        assert one["status"] is None
        assert one["note"]
        assert one["kind"] in {"venue", "public_place", "education_research", "other"}
        place = organizations[one["organization"]]
        assert (place["name"], place["region"]) == (one["name"], one["region"])


def test_checks_agree_with_the_records(page, activities, news):
    assert len(page["checks"]) == 28
    for check in page["checks"]:
        what, value, item = check["what"], check["value"], check["item"]
        if what == "held":
            when = news[item]["when"]
            assert check["precision"] == when["precision"]
            days = [day for day in (when["start"], when["end"]) if day]
            assert (value.split("/") if value else []) == sorted(set(days))
        elif what == "platform_started":
            assert (value, check["precision"]) == ("2020-07", "month")
        elif what == "prefecture_associations_at_foot":
            printed = [
                one
                for one in page["organizations"]
                if one["kind"] == "association" and one["region"] in PREFECTURES and one["printed"]
            ]
            assert value == len(printed) == 20
        else:
            known = quantities_of(news[item])
            if item in activities:
                known |= quantities_of(activities[item])
            assert known[what] == (value, check["precision"])
