"""From rows to contents: every form of cell, every problem of a row, and no phone told."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.backends.builtin import shipped_regions
from tianfu_sdk.core.content import cells
from tianfu_sdk.core.content.columns import (
    COLUMNS,
    PASSED_OVER,
    Form,
    column_of,
    columns_of,
    header_key,
)
from tianfu_sdk.core.content.importing import (
    Known,
    bad_header,
    differs,
    labels_of,
    map_row,
    organizations_in,
    plan_of,
    region_names,
)
from tianfu_sdk.core.content.vocabularies import SHIPPED
from tianfu_sdk.core.places.regions import RegionTree
from tianfu_sdk.core.rows.kinds import CONTENT
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.formats.tables import LIST_END, TableRow
from tianfu_sdk.model.base import SHANGHAI, Precision, Quantity, When, WhenPrecision
from tianfu_sdk.model.content import BaseStatus, Measure, Role
from tianfu_sdk.model.listing import Cooperation, ListingKind

TREE = RegionTree(shipped_regions())
TODAY = date(2026, 1, 1)
KNOWN = Known(
    terms={
        name: labels_of(term for term in SHIPPED if term.vocabulary == name)
        for name in ("topic", "audience", "setting", "role", "base_kind")
    },
    organizations={
        "org_1": ("org_1", "510000"),
        "四川省科协": ("org_1", "510000"),
        "自贡市科协": ("org_2", "510300"),
        "无此单位": NotFound("organization.unknown", path="organization", id="无此单位"),
    },
    regions=TREE,
    region_names=region_names(TREE, TODAY),
)


def mapped(kind="resource", organization="org_1", problems=(), number=2, **values):
    plan = plan_of(kind, tuple(values))
    row = TableRow(number, values, tuple(problems), 1, tuple(values))
    return map_row(plan, row, KNOWN, organization)


def told(kind="resource", **values):
    found = mapped(kind, **values)
    assert not found.fields
    return [(problem.column, problem.code) for problem in found.problems]


# Cells.


@pytest.mark.parametrize(
    "cell",
    [
        "2020-11-19",
        "2020/11/19",
        "2020.11.19",
        "2020年11月19日",
        "20201119",
        "２０２０－１１－１９",
        "2020-11-19 00:00:00",
        "2020-11-19T00:00",
    ],
)
def test_a_day_is_read_in_every_form(cell):
    assert cells.read_date(cell) == date(2020, 11, 19)


@pytest.mark.parametrize(
    "cell",
    ["2020/13/4", "2021-02-29", "44154", "近日", "2020-11-19 09:00", "2020-11/19", "13800001234"],
)
def test_what_is_no_day_is_refused_without_saying_it(cell):
    with pytest.raises(Invalid) as caught:
        cells.read_date(cell)
    assert caught.value.code == "field.date"
    assert not any(
        run in caught.value.text() for run in re.findall(r"\d{4,}", cell) if set(run) != {"9"}
    )


@given(st.dates(date(1900, 1, 1), date(9998, 12, 31)))
@settings(max_examples=40)
def test_every_day_is_read_back(day):
    for cell in (day.isoformat(), f"{day.year:04}年{day.month}月{day.day}日", f"{day:%Y%m%d}"):
        assert cells.read_date(cell) == day
    assert cells.read_when(day.isoformat()) == When.day(day)


def at(*parts):
    return datetime(*parts, tzinfo=SHANGHAI)


NOVEMBER = When.day(date(2020, 11, 19), date(2020, 11, 20))


@pytest.mark.parametrize(
    ("cell", "when"),
    [
        ("2020-11-19", When.day(date(2020, 11, 19))),
        ("2020-11-19..2020-11-20", NOVEMBER),
        ("2020/11/19 至 2020/11/20", NOVEMBER),
        ("2020年11月19日至20日", NOVEMBER),
        ("2020年11月19日—11月20日", NOVEMBER),
        ("2020-11-19～2020-11-20", NOVEMBER),
        ("2020-11-19 - 2020-11-20", NOVEMBER),
        ("近日", When.recent()),
        ("2020年11月", When(at(2020, 11, 1), at(2020, 12, 1), WhenPrecision.MONTH)),
        ("2020-12", When(at(2020, 12, 1), at(2021, 1, 1), WhenPrecision.MONTH)),
        ("2020年", When(at(2020, 1, 1), at(2021, 1, 1), WhenPrecision.YEAR)),
        ("2020-11-19 09:00", When(at(2020, 11, 19, 9))),
        ("2020-11-19T09:00", When(at(2020, 11, 19, 9))),
        ("2020年11月19日9:00", When(at(2020, 11, 19, 9))),
        ("2020-11-19 09:00~11:30", When(at(2020, 11, 19, 9), at(2020, 11, 19, 11, 30))),
    ],
)
def test_a_time_is_as_exact_as_it_is_given(cell, when):
    assert cells.read_when(cell) == when


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("下周", "import.when"),
        ("44154", "import.when"),
        ("2020-02-30", "import.when"),
        ("2020-11-19 25:00", "import.when"),
        ("2020-11-19..31", "import.when"),
        ("2020-11-19 09:00..2020-11-20", "import.when"),
        ("2020-11-20..2020-11-19", "when.backwards"),
        ("2020-11-19 09:00~08:00", "when.backwards"),
    ],
)
def test_a_time_that_is_none_is_refused(cell, code):
    with pytest.raises(Invalid) as caught:
        cells.read_when(cell)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("cell", "value", "precision"),
    [
        ("170", 170, "exact"),
        ("１７０", 170, "exact"),
        ("1,200人次", 1200, "exact"),
        ("约170", 170, "about"),
        ("~170", 170, "about"),
        ("170左右", 170, "about"),
        ("约140余", 140, "about"),
        ("140余", 140, "at_least"),
        ("140余人", 140, "at_least"),
        ("不少于140", 140, "at_least"),
        (">=140", 140, "at_least"),
        ("≥140", 140, "at_least"),
        ("140以上", 140, "at_least"),
        ("1.2万", 12000, "about"),
        ("3万余人", 30000, "at_least"),
    ],
)
def test_a_quantity_keeps_its_precision(cell, value, precision):
    assert cells.read_quantity(cell) == Quantity(value, Precision(precision))


@given(st.integers(0, 10**10 - 1), st.sampled_from(list(Precision)))
@settings(max_examples=40)
def test_a_quantity_is_read_as_it_is_shown(value, precision):
    quantity = Quantity(value, precision)
    assert cells.read_quantity(str(quantity)) == quantity


@pytest.mark.parametrize(
    "cell", ["", "很多", "-5", "170.5", "1.23456万", "13800001234", "约>=5", "1,20"]
)
def test_what_is_no_quantity_is_refused(cell):
    with pytest.raises(Invalid) as caught:
        cells.read_quantity(cell)
    assert caught.value.code == "import.quantity"
    assert "1380" not in caught.value.text()


def test_yes_and_no_and_nothing_else():
    assert [cells.read_flag(c) for c in ("是", "有", "TRUE", "1", "否", "无", "false", "0")] == [
        True
    ] * 4 + [False] * 4
    with pytest.raises(Invalid, match=r"import\.flag"):
        cells.read_flag("也许")


def test_numbers_of_days_and_square_metres():
    assert (
        cells.read_count("1,200"),
        cells.read_area("1,200.5㎡"),
        cells.read_area("80平方米"),
    ) == (1200, 1200.5, 80.0)
    for read, cell in (
        (cells.read_count, "1.5"),
        (cells.read_count, "-1"),
        (cells.read_area, "很大"),
    ):
        with pytest.raises(Invalid, match=r"import\.number"):
            read(cell)


def test_lists_are_split_on_every_mark_and_members_stand_once():
    assert cells.split_list("甲;乙；丙、丁|甲 | ") == ["甲", "乙", "丙", "丁"]
    assert cells.split_list(f"甲;乙{LIST_END}丙{LIST_END}") == ["甲;乙", "丙"]


def test_counted_things_have_a_name_a_number_and_a_unit():
    assert cells.read_measures("发放资料：500余份；展板:20块") == (
        Measure(what="发放资料", quantity=Quantity(500, Precision.AT_LEAST), unit="份"),
        Measure(what="展板", quantity=Quantity(20), unit="块"),
    )
    with pytest.raises(Invalid, match=r"import\.measures"):
        cells.read_measures("500份")


@given(st.text(max_size=40))
@settings(max_examples=60)
def test_a_shape_says_nothing_of_what_stands_there(cell):
    form = cells.shape(cell)
    assert len(form) <= 24
    assert not set(re.findall(r"\w", form)) - set("9a字_")


def test_the_shape_of_a_phone_is_nines():
    assert cells.shape("张三 13800001234") == "字字 99999999999"


# Columns.


def test_every_alias_leads_to_one_column_of_a_kind():
    for kind in CONTENT:
        seen = {}
        for column in COLUMNS:
            if kind in column.kinds:
                for name in {column.name, *column.names}:
                    assert seen.setdefault(name, column) is column, (kind, name)
                    assert column_of(kind, name) is column


def test_every_column_fills_a_field_of_its_nouns():
    for column in COLUMNS:
        for kind in column.kinds:
            assert column.field in {f.name for f in attrs.fields(CONTENT[kind].noun)}


def test_every_field_that_a_person_gives_has_a_column():
    kept = {
        "id",
        "version",
        "created_at",
        "updated_at",
        "media",
        "state",
        "revision",
        "pending",
        "author",
        "writers",
        "approver",
        "comment",
        "publish_at",
        "published_at",
        "progress",
        "closed",
        "taken",
        "agreed",
        "concluded",
        "evaluation",
        "rectify_until",
    }
    for kind, shelf in CONTENT.items():
        fields = {f.name for f in attrs.fields(shelf.noun)} - kept
        assert fields == {column.field for column in columns_of(kind).values()}


@pytest.mark.parametrize(
    "header", ["标题", "*标题", "标题（必填）", " 标 题：", "TITLE", "【必填】标题"]
)
def test_a_column_is_known_however_it_is_decorated(header):
    assert column_of("resource", header).field == "title"


def test_a_line_number_is_no_key():
    assert [column_of("resource", name) for name in ("序号", "No.")] == [None, None]
    assert {header_key("NO"), header_key("№")} <= set(PASSED_OVER)


def test_an_unknown_column_names_those_that_are_near():
    plan = plan_of("resource", ("标题", "关健词", "地点"))
    assert [(e.code, e.path) for e in plan.problems] == [
        ("import.no_column", "关健词"),
        ("import.no_column", "地点"),
    ]
    assert "关键词" in plan.problems[0].text("zh")
    error = bad_header(plan, TableRow(2, {}, (), 1))
    assert [p.path for p in error.values["problems"]] == ["row 1, 关健词", "row 1, 地点"]


def test_two_columns_may_not_fill_one_field():
    plan = plan_of("resource", ("有效期", "失效日期"))
    assert [(e.code, e.path, e.values["other"]) for e in plan.problems] == [
        ("import.same_field", "失效日期", "有效期")
    ]
    assert plan_of("activity", ("主办", "承办", "协办")).problems == ()


def test_the_guide_lists_every_column_and_alias():
    guide = (Path(__file__).parents[3] / "docs/how-to/import.md").read_text("utf-8")
    table = {}
    for line in guide.splitlines():
        if line.startswith("| `"):
            name, names, kinds, *_ = (part.strip() for part in line.strip("|").split("|"))
            key = (name.strip("`"), kinds)
            table[key] = names
    wanted = {}
    for column in COLUMNS:
        kinds = "all" if column.kinds == frozenset(CONTENT) else ", ".join(sorted(column.kinds))
        wanted[column.name, kinds] = " ".join(column.names)
    assert table == wanted


# Rows.


def test_a_row_becomes_the_fields_of_a_resource():
    found = mapped(
        标题=" 脑卒中 ",
        主题="健康生活；practical_technology",
        关键词="中风、急救",
        受众="老年人",
        科普六进="进社区|进农村",
        行政区划="自贡市富顺县",
        面向地区="510300;自流井区",
        语言="藏文",
        审核日期="2020年11月19日",
        有效期至="2030-12-31",
        编号="A1",
        摘要="",
    )
    assert found.problems == ()
    assert dict(found.fields) == {
        "title": "脑卒中",
        "topics": ("healthy_life", "practical_technology"),
        "keywords": ("中风", "急救"),
        "audience": ("elderly",),
        "settings": ("community", "countryside"),
        "region": "510322",
        "regions": ("510300", "510302"),
        "language": "bo",
        "review_date": date(2020, 11, 19),
        "expires_on": date(2031, 1, 1),
        "external_key": "A1",
        "summary": "",
        "organization": "org_1",
    }
    assert found.key == ("org_1", "A1")


def test_an_activity_has_roles_a_time_and_a_quantity():
    found = mapped(
        "activity",
        标题="进校园",
        主办="四川省科协",
        承办="自贡市科协;四川省科协",
        时间="近日",
        参与人数="140余人",
        成效="展板：20块",
        需要报名="是",
        报名截止="2026-03-06",
        每单人数="3",
    )
    assert found.problems == ()
    assert (found.fields["registration"], found.fields["largest_party"]) == (True, 3)
    assert found.fields["registration_closes"] == datetime(2026, 3, 7, tzinfo=SHANGHAI)
    assert found.fields["roles"] == (
        Role(role="host", organization="org_1"),
        Role(role="undertaker", organization="org_2"),
        Role(role="undertaker", organization="org_1"),
    )
    assert found.fields["when"] == When.recent()
    assert found.fields["attendance"] == Quantity(140, Precision.AT_LEAST)


def test_when_registration_opens_and_closes_is_a_moment():
    nine = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
    midnight = datetime(2026, 3, 2, tzinfo=SHANGHAI)
    assert cells.read_begin("2026-03-02 09:00") == cells.read_end("2026-03-02 09:00") == nine
    assert cells.read_begin("2026年3月2日") == midnight
    # The last day on which one may is a day on which one may.
    assert cells.read_end("2026年3月2日") == midnight + timedelta(days=1)
    for read in (cells.read_begin, cells.read_end):
        for cell in ("近日", "明天"):
            with pytest.raises(Invalid, match=r"import\.when"):
                read(cell)


def test_bases_listings_notices_and_news_have_columns_of_their_own():
    base = mapped(
        "base",
        标题="馆",
        基地类型="科技场馆",
        认定状态="已认定",
        共享="是",
        青少年免费="否",
        面积="80㎡",
        开放天数="300",
    )
    assert base.problems == ()
    assert {
        k: base.fields[k]
        for k in ("kind", "status", "shared", "youth_free", "floor_area", "open_days")
    } == {
        "kind": "venue",
        "status": BaseStatus.NAMED,
        "shared": True,
        "youth_free": False,
        "floor_area": 80.0,
        "open_days": 300,
    }
    assert mapped("listing", 标题="需", 类型="科技需求").fields["kind"] is ListingKind.NEED
    offer = mapped(
        "listing",
        标题="甲",
        类型="科研成果转化",
        成熟度="7",
        合作方式="技术许可；作价入股",
        预算="约5万元",
    )
    assert offer.problems == ()
    assert {k: offer.fields[k] for k in ("maturity", "cooperation", "budget")} == {
        "maturity": 7,
        "cooperation": (Cooperation.LICENCE, Cooperation.EQUITY),
        "budget": Quantity(50_000, Precision.ABOUT),
    }
    assert told("listing", 标题="甲", 类型="科技需求", 成熟度="7") == [
        ("成熟度", "listing.unfit_field")
    ]
    assert told("listing", 标题="甲", 成熟度="7") == [("", "field.missing")]
    assert mapped("notice", 标题="告", 执行至="2020-12-31").fields["until"] == date(2021, 1, 1)
    assert (
        mapped("news", 标题="讯", 供稿单位="自贡市科协", 发生地="510300").fields["byline"]
        == "org_2"
    )


def test_the_region_is_the_organizations_where_no_other_is_named():
    assert mapped(标题="x", 单位="自贡市科协").fields["region"] == "510300"
    assert mapped(标题="x").fields["region"] == "510000"


def test_all_problems_of_a_row_are_told_with_the_users_columns():
    assert told(
        标题="",
        主题="安全",
        地区="5103",
        有效期="2020/13/4",
        单位="无此单位",
        语言="a_b",
        关键词="长" * 51,
    ) == [
        ("主题", "import.no_term"),
        ("地区", "import.no_region"),
        ("有效期", "field.date"),
        ("单位", "organization.unknown"),
        ("标题", "field.missing"),
        ("语言", "text.bad_language"),
        ("关键词", "field.too_long"),
    ]


def test_a_listing_must_say_its_kind_and_somebody_must_own_a_row():
    assert told("listing", 标题="x") == [("", "field.missing")]
    found = mapped(organization="", 标题="x")
    assert [(p.column, p.code) for p in found.problems] == [("", "field.missing")]


def test_a_name_that_several_regions_have_is_refused_with_their_number():
    (problem,) = mapped(标题="x", 行政区划="市中区").problems
    assert problem.code == "import.many_regions"
    assert int(re.search(r"\d+", problem.message)[0]) > 1


def test_an_unknown_term_names_a_near_one():
    (problem,) = mapped(标题="x", 主题="安全").problems
    assert "安全科学 (safety_science)" in problem.message_zh
    assert "健康生活" not in problem.message_zh


def test_no_problem_tells_a_phone_in_any_column():
    phone = "13800001234"
    for column in COLUMNS:
        kind = min(column.kinds)
        header = column.names[0]
        values = {"标题": "x", header: phone}
        if column.form in (Form.ORGANIZATION, Form.ROLE):
            known = attrs.evolve(
                KNOWN,
                organizations=KNOWN.organizations
                | {phone: NotFound("organization.unknown", path="organization", id=phone)},
            )
        else:
            known = KNOWN
        row = TableRow(2, values, (), 1, tuple(values))
        for problem in map_row(plan_of(kind, values), row, known, "org_1").problems:
            assert phone not in repr(problem) + problem.text("en") + problem.text("zh"), column
    (problem,) = mapped(**{phone: "x", "标题": "y"}).problems
    assert phone not in repr(problem)


def test_a_broken_row_is_not_read_further():
    found = mapped(problems=[Invalid("table.ragged", found=1, wanted=3)], 标题="", 主题="安全")
    assert [p.code for p in found.problems] == ["table.ragged"]


def test_a_list_in_a_column_of_text_is_refused():
    assert told(标题=f"甲{LIST_END}") == [("标题", "field.type")]


def test_a_row_without_a_key_gets_one_of_its_content():
    one = mapped(标题="x", 主题="健康生活", 摘要="")
    same = mapped(number=9, title="x ", topics="healthy_life")
    other = mapped(标题="y", 主题="健康生活")
    assert one.key == same.key != other.key
    assert re.fullmatch(r"row:[0-9a-f]{40}", one.key[1])


def test_yes_no_and_not_reported_are_three_contents():
    keys = {mapped("base", 标题="x", 青少年免费=cell).key for cell in ("是", "否", "")}
    assert len(keys) == 3


def test_only_columns_of_the_table_are_compared():
    noun = CONTENT["resource"].noun(
        id="res_1",
        title="x",
        organization="org_1",
        region="510300",
        summary="kept",
        external_key="A",
    )
    assert differs(noun, mapped(标题="x", 编号="A")) == {}
    assert differs(noun, mapped(标题="y", 编号="A", 摘要="")) == {"title": "y", "summary": ""}


def test_organizations_are_collected_from_owners_roles_and_bylines():
    values = {"单位": "甲", "主办": "乙、丙", "标题": "丁"}
    row = TableRow(2, values, (), 1, tuple(values))
    assert organizations_in(plan_of("activity", values), row) == {"甲", "乙", "丙"}
