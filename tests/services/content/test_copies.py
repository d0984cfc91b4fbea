"""Edited copies among contents, and in tables that are imported."""

import pytest

from tianfu_sdk.errors import Denied, Invalid

BODY = (
    "脑卒中要紧的是预防：控制血压、少盐、戒烟。发现嘴歪、手麻、说话不清要马上就医，"
    "记下发病的时间。平时每周量三次血压，按时服药，不要自己停药。"
)
EDITED = BODY.replace("马上就医", "立即就医").replace("平时", "平常")
OTHER = "地震来时先躲到结实的桌子下面，护住头；摇晃停了再走楼梯离开，不要坐电梯，到空旷的地方去。"


@pytest.fixture
def made(world):
    def create(body, **fields):
        given = {"title": "标题", "organization": world.org} | fields
        return world.me.resources.create(body=body, **given).id

    return create


def test_edited_copies_are_listed_most_alike_first(world, made):
    first, other = made(BODY), made(OTHER)
    edited = made(EDITED, title="另一个标题")
    same = made(BODY, title="第三个")
    found = world.me.resources.near_duplicates()
    assert (found[0].id, found[0].of, found[0].share) == (same, first, 1.0)
    assert {(one.of, one.id) for one in found} == {(first, same), (first, edited), (edited, same)}
    assert all(0.5 <= one.share <= 1 for one in found)
    assert other not in {one.id for one in found}
    assert len(world.me.resources.near_duplicates(limit=1)) == 1
    assert [one.id for one in world.me.resources.near_duplicates(least=0.99)] == [same]


def test_what_may_not_be_read_or_is_put_away_is_not_compared(world, made):
    first = world.published(body=BODY).id
    made(EDITED, organization=world.county)
    assert len(world.me.resources.near_duplicates()) == 1
    made(OTHER)
    made(OTHER)
    near = world.as_(world.person(["read"], region="510104"))
    assert len(near.resources.near_duplicates()) == 1  # what is published, and what is theirs
    world.me.resources.retract(first, "有误")
    assert near.resources.near_duplicates() == []
    with pytest.raises(Denied) as caught:
        world.nobody.resources.near_duplicates()
    assert caught.value.code == "account.required"


def test_mistakes_are_named(world):
    for given, code, path in (
        ({"least": 0.0}, "field.value", "least"),
        ({"least": "much"}, "field.type", "least"),
        ({"limit": 0}, "storage.limit", "limit"),
    ):
        with pytest.raises(Invalid) as caught:
            world.me.resources.near_duplicates(**given)
        assert (caught.value.code, caught.value.path) == (code, path)


def table(*bodies):
    return "\n".join(["标题,正文", *(f"第{n}条,{body}" for n, body in enumerate(bodies))]).encode()


def test_a_dry_run_warns_of_rows_that_look_like_copies(world, made):
    first = made(BODY)
    source = table(EDITED, OTHER, OTHER.replace("结实", "牢固"))
    report = world.me.imports.check(source, kind="resource", format="csv")
    assert (report.created, report.bad, report.copies) == (3, 0, 2)
    against, within = report.warnings
    assert (against.row, against.code) == (2, "import.copy")
    assert first in against.message
    assert "疑似" in against.message_zh
    assert (within.row, within.code) == (4, "import.copy_of_row")
    assert "row 3" in within.message
    quick = world.me.imports.check(source, kind="resource", format="csv", copies=False)
    assert (quick.copies, quick.warnings) == (0, ())


def test_copies_are_left_out_where_one_asks_for_it(world, made):
    made(BODY)
    source = table(EDITED, OTHER)
    report = world.me.imports.load(source, kind="resource", format="csv", skip_copies=True)
    assert (report.created, report.skipped, report.copies) == (1, 1, 1)
    assert sorted(one.body for one in world.me.resources.find()) == sorted([BODY, OTHER])
    again = world.me.imports.load(source, kind="resource", format="csv")
    assert (again.created, again.unchanged, again.copies) == (1, 1, 0)
