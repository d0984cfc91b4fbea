import csv
import itertools
import re
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[2] / "src" / "tianfu_sdk" / "backends" / "data" / "regions.csv"
COLUMNS = [
    "code",
    "name",
    "level",
    "parent",
    "valid_from",
    "valid_to",
    "successor",
    "precision",
    "source",
]

with TABLE.open(encoding="utf-8", newline="") as stream:
    READER = csv.DictReader(stream)
    ROWS = list(READER)

BY_CODE = defaultdict(list)
for _row in ROWS:
    BY_CODE[_row["code"]].append(_row)

TODAY = [row for row in ROWS if not row["valid_to"]]


def start(row):
    return date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min


def end(row):
    return date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max


def valid(code, day):
    found = [row["name"] for row in BY_CODE[code] if start(row) <= day < end(row)]
    assert len(found) <= 1
    return found[0] if found else None


def told(rows):
    return [f"{row['code']} {row['name']}" for row in rows]


def sichuan(rows, level):
    return [row for row in rows if row["code"].startswith("51") and row["level"] == level]


def test_the_file_is_plain_utf8_in_a_fixed_order():
    assert READER.fieldnames == COLUMNS
    raw = TABLE.read_bytes()
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\n")
    keys = [(row["code"], row["valid_from"]) for row in ROWS]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))


def test_every_cell_is_well_formed():
    for row in ROWS:
        assert None not in row
        assert re.fullmatch(r"[1-6]\d{5}", row["code"]), row
        assert row["name"], row
        assert row["name"] == row["name"].strip(), row
        kind = "province" if row["code"].endswith("0000") else "county"
        if kind == "county" and row["code"].endswith("00"):
            kind = "prefecture"
        assert row["level"] == kind, row
        dated = bool(row["valid_from"] or row["valid_to"])
        assert row["precision"] in ({"day", "year"} if dated else {""}), row
        assert bool(row["source"]) == dated, row
        assert start(row) < end(row), row
        if row["precision"] == "year":
            for cell in (row["valid_from"], row["valid_to"]):
                assert not cell or cell.endswith("-01-01"), row


def test_the_mainland_is_complete():
    assert Counter(row["level"] for row in TODAY) == {
        "province": 31,
        "prefecture": 333,
        "county": 2847,
    }
    assert not [row for row in ROWS if row["code"][:2] in {"71", "81", "82"}]


def test_sichuan_has_21_prefectures_and_183_counties():
    assert len(sichuan(TODAY, "prefecture")) == 21
    assert len(sichuan(TODAY, "county")) == 183


def test_grouping_rows_of_the_code_book_are_left_out():
    assert not told(r for r in ROWS if r["name"] in {"市辖区", "县"} or "直辖县级" in r["name"])
    assert not told(
        r
        for r in ROWS
        if r["code"][2:] in {"0100", "0200", "9000"} and r["code"][:2] in {"11", "12", "31", "50"}
    )


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("110000", ""),
        ("110101", "110000"),
        ("500157", "500000"),
        ("429004", "420000"),
        ("469001", "460000"),
        ("659001", "650000"),
        ("510100", "510000"),
        ("510104", "510100"),
        ("513402", "513400"),
    ],
)
def test_parents(code, parent):
    assert {row["parent"] for row in BY_CODE[code]} == {parent}


@pytest.mark.parametrize("code", ["441900", "442000", "460400", "620200", "460300"])
def test_prefectures_with_few_or_no_counties_are_there(code):
    assert [row["level"] for row in BY_CODE[code]] == ["prefecture"]


def test_a_parent_is_valid_as_long_as_its_child():
    for row in ROWS:
        if row["level"] == "province":
            assert not row["parent"], row
            continue
        parents = [
            p for p in BY_CODE[row["parent"]] if start(p) <= start(row) and end(row) <= end(p)
        ]
        assert len(parents) == 1, row
        assert parents[0]["level"] in {"province", "prefecture"}, row
        assert parents[0]["code"] != row["code"], row


def test_no_county_of_sichuan_is_an_orphan():
    prefectures = {row["code"] for row in sichuan(TODAY, "prefecture")}
    assert {row["parent"] for row in sichuan(ROWS, "county")} == prefectures
    assert {row["parent"] for row in sichuan(ROWS, "prefecture")} == {"510000"}


def test_one_code_means_one_region_on_any_day():
    for rows in BY_CODE.values():
        for earlier, later in itertools.pairwise(rows):
            assert end(earlier) <= start(later), (earlier, later)


def test_a_successor_begins_where_its_predecessor_ends():
    for row in ROWS:
        codes = row["successor"].split(";") if row["successor"] else []
        assert codes == sorted(codes)
        assert row["code"] not in codes
        assert not codes or row["valid_to"], row
        for code in codes:
            assert [s for s in BY_CODE[code] if s["valid_from"] == row["valid_to"]], row


def test_nothing_in_sichuan_ends_without_a_continuation():
    for row in ROWS:
        if row["valid_to"]:
            renamed = [r for r in BY_CODE[row["code"]] if r["valid_from"] == row["valid_to"]]
            assert bool(renamed) != bool(row["successor"]), row


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("510118", "新津区"),
        ("510132", None),
        ("513425", "会理县"),
        ("513402", None),
        ("510185", "简阳市"),
        ("512081", None),
        ("510981", "射洪市"),
        ("510922", None),
        ("511504", "叙州区"),
        ("511521", None),
        ("510811", "昭化区"),
        ("510802", "利州区"),
        ("510726", "北川羌族自治县"),
        ("510900", "遂宁市"),
    ],
)
def test_november_2020(code, name):
    assert valid(code, date(2020, 11, 15)) == name


def test_the_counties_of_sichuan_by_year():
    def count(year):
        day = date(year, 6, 30)
        return sum(start(r) <= day < end(r) for r in sichuan(ROWS, "county"))

    # 遂宁 was split in 2003, 前锋 and 恩阳 came in 2013; nothing else changed the number.
    assert [count(year) for year in (2002, 2003, 2012, 2013, 2020, 2026)] == [
        180,
        181,
        181,
        183,
        183,
        183,
    ]


def test_jianyang_moves_from_ziyang_to_chengdu():
    (old,) = BY_CODE["512081"]
    (new,) = BY_CODE["510185"]
    assert (old["name"], old["parent"], old["valid_to"]) == ("简阳市", "512000", "2016-01-01")
    assert old["successor"] == "510185"
    assert (new["name"], new["parent"], new["valid_from"]) == ("简阳市", "510100", "2016-01-01")
    assert not new["valid_to"]
    assert not new["successor"]
    assert "510180" not in BY_CODE


def test_huili_becomes_a_city_in_2021():
    assert valid("513425", date(2020, 12, 31)) == "会理县"
    assert valid("513425", date(2021, 1, 1)) is None
    assert valid("513402", date(2021, 1, 1)) == "会理市"
    assert [row["successor"] for row in BY_CODE["513425"]] == ["513402"]


def test_a_renaming_keeps_the_code():
    names = [(row["name"], row["valid_to"], row["successor"]) for row in BY_CODE["510811"]]
    assert names == [("元坝区", "2013-01-01", ""), ("昭化区", "", "")]


def test_a_region_may_have_two_successors():
    (row,) = [r for r in BY_CODE["510902"] if r["name"] == "市中区"]
    assert row["successor"] == "510903;510904"


@pytest.mark.parametrize(
    ("year", "names"),
    [
        (2012, ["名山区"]),
        (2013, ["前锋区", "恩阳区", "昭化区", "达川区"]),
        (2014, ["彭山区"]),
        (2015, ["双流区", "康定市", "马尔康市"]),
        (2016, ["安州区", "简阳市", "郫都区"]),
        (2017, ["罗江区", "隆昌市"]),
        (2018, ["叙州区"]),
        (2019, ["射洪市"]),
        (2020, ["新津区"]),
        (2021, ["会理市"]),
    ],
)
def test_what_began_in_a_year(year, names):
    began = [r["name"] for r in ROWS if r["code"][:2] == "51" and r["valid_from"][:4] == str(year)]
    assert sorted(began) == sorted(names)
