"""Suggestions while somebody writes, related content, and answers page by page."""

import pytest

from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.services.asking import related


@pytest.fixture
def stroke(world):
    """Three contents about strokes and one about potatoes; their ids."""
    made = {
        "prevent": {"title": "脑卒中怎么预防", "keywords": ["高血压"], "body": "控制血压。"},
        "signs": {"title": "认出脑卒中的三个信号", "body": "脑卒中：脸歪、手软、话不清。"},
        "pressure": {"title": "高血压要管", "body": "高血压会引起脑卒中。"},
        "potato": {"title": "土豆发芽不能吃", "body": "发芽的土豆有龙葵素。"},
    }
    return {name: world.published(**fields).id for name, fields in made.items()}


def test_titles_that_begin_so_are_suggested_first(world, stroke):
    found = world.nobody.suggest("腦卒")
    assert [one.id for one in found] == [stroke["prevent"], stroke["signs"]]
    assert (found[0].text, found[0].kind, found[0].language) == (
        "脑卒中怎么预防",
        "resource",
        "zh-Hans",
    )
    assert [one.id for one in world.nobody.suggest("脑卒", limit=1)] == [stroke["prevent"]]
    # A single character is looked for where titles begin.
    assert world.nobody.suggest("脑") == found[:1]
    assert world.nobody.suggest("压") == world.nobody.suggest(" ") == []
    assert world.nobody.suggest("脑卒", language="bo") == []
    assert world.nobody.suggest("脑卒", kinds=["news"]) == []


def translated(world, id_, title, language="en"):
    """Translate a content; an approved translation can be suggested."""
    draft = world.me.translations.create(id_, language=language, title=title, body=title)
    world.as_(world.reviewer).translations.approve(draft.id)


def suggested(world, prefix, **options):
    return [one.text for one in world.nobody.suggest(prefix, **options)]


@pytest.fixture
def shelf(everywhere):
    """Titles that begin with 防震, in another order than that of their characters."""
    world = everywhere
    for title in ("防震避险", "防震减災", "防震", "说防震"):
        world.published(title=title)
    news = world.me.news.create(title="防震先进集体", organization=world.org, body="表彰。").id
    world.me.news.submit(news)
    world.as_(world.reviewer).news.approve(news)
    world.me.news.publish(news)
    translated(world, world.published(title="减灾").id, "防震 drill")
    return world


def test_titles_stand_in_the_order_of_their_characters_whatever_they_are_of(shelf):
    every = ["防震", "防震 drill", "防震先进集体", "防震减災", "防震避险", "说防震"]
    assert suggested(shelf, "防震") == every
    for limit in range(1, len(every)):
        assert suggested(shelf, "防震", limit=limit) == every[:limit]
    assert suggested(shelf, "防震減灾") == ["防震减災"]
    assert suggested(shelf, "防震", kinds=["news"]) == ["防震先进集体"]
    assert suggested(shelf, "防震", language="en") == ["防震 drill"]
    assert suggested(shelf, "防震", kinds=["news"], language="en") == []


def test_a_title_that_begins_so_is_never_missed(world, monkeypatch):
    monkeypatch.setattr(related, "_HITS", 2)
    for number in range(4):
        world.published(title=f"科普防震{number}", body="防震 防震 防震", keywords=["防震"])
    world.published(title="防震避险", body="地震时先躲到桌下。" * 20)
    assert suggested(world, "防震")[0] == "防震避险"


@pytest.mark.parametrize(("prefix", "number"), [("vit", 2), ("VITAMIN D", 2), ("vitamin c", 0)])
def test_a_latin_word_is_found_before_it_is_whole(world, prefix, number):
    world.published(title="Vitamin D")
    world.published(title="Vitamin D and bones")
    assert len(suggested(world, prefix)) == number


def test_a_title_is_suggested_once_and_told_apart_by_all_of_it(world):
    long = "防震" * 40
    for end in "一一二二":
        world.published(title=long + end)
    assert suggested(world, "防震", limit=2) == [long + "一", long + "二"]
    assert suggested(world, long + "二", limit=1) == [long + "二"]


def test_titles_that_begin_so_are_of_the_region(world):
    here = world.published(title="防震避险", organization=world.county)
    for region, titles in (("510104", 1), ("510100", 1), ("510000", 1), ("513400", 0)):
        assert suggested(world, "防震", region=region) == [here.title] * titles
    world.published(title="防震常识")
    assert len(suggested(world, "防震", region="513400")) == 1


def test_where_very_many_begin_so_the_engine_finds_those_that_fit(world, monkeypatch):
    monkeypatch.setattr(related, "_WALKED", 3)
    for number in range(5):
        world.published(title=f"防震{number}", language="zh-Hant" if number < 3 else "zh-Hans")
    assert suggested(world, "防震", limit=3) == ["防震0", "防震1", "防震2"]
    assert sorted(suggested(world, "防震")) == [f"防震{number}" for number in range(5)]
    assert sorted(suggested(world, "防震", language="zh-Hans")) == ["防震3", "防震4"]


def test_what_others_asked_or_what_is_not_public_is_never_suggested(world, stroke):
    world.nobody.ask("脑卒后我父亲张三怎么办")
    world.me.resources.withdraw(stroke["signs"], "错了")
    world.approved(title="脑卒草稿")
    assert [one.id for one in world.nobody.suggest("脑卒")] == [stroke["prevent"]]


def test_related_content_is_about_the_same_and_says_why(world, stroke):
    found = world.nobody.related(stroke["prevent"])
    assert {one.id for one in found} == {stroke["signs"], stroke["pressure"]}
    for one in found:
        assert sum(one.why.values()) == one.score
    assert world.nobody.related(stroke["potato"], kinds=["news"]) == []
    assert len(world.nobody.related(stroke["prevent"], limit=1)) == 1


def test_the_same_topic_comes_nearer(world):
    about = world.published(title="防震避险", topics=["safety_science"]).id
    world.published(title="防震避险", topics=["military_technology"])
    same = world.published(title="防震避险", topics=["safety_science"]).id
    first, second = world.nobody.related(about)
    assert (first.id, "@topic" in first.why, "@topic" in second.why) == (same, True, False)


def test_what_one_may_not_read_has_nothing_related(world):
    draft = world.approved(title="防震避险")
    with pytest.raises(NotFound) as caught:
        world.nobody.related(draft)
    assert caught.value.code == "noun.unknown"
    assert world.me.related(draft) == []


@pytest.mark.parametrize(
    ("method", "given", "more", "code"),
    [
        ("suggest", "长" * 201, {}, "field.too_long"),
        ("suggest", "\ud800", {}, "field.characters"),
        ("suggest", "防震", {"limit": 51}, "storage.limit"),
        ("suggest", "防震", {"kinds": ["x"]}, "ask.bad_kind"),
        ("related", "org_1", {}, "content.bad_kind"),
        ("related", "res_1", {"limit": 0}, "storage.limit"),
        ("ask", "防震", {"after": "1"}, "page.bad_cursor"),
        ("ask", "防震", {"after": '["1","res"]'}, "page.bad_cursor"),
        ("ask", "防震", {"after": "[" * 100_000}, "page.bad_cursor"),
    ],
)
def test_mistakes_are_named(world, method, given, more, code):
    with pytest.raises(Invalid) as caught:
        getattr(world.nobody, method)(given, **more)
    assert caught.value.code == code


def test_answers_are_turned_page_by_page_and_file_nothing(world):
    made = {world.published(title=f"防震避险{number}").id for number in range(5)}
    whole = world.nobody.ask("防震避险")
    assert whole.cursor is None
    pages, cursor = [], None
    while True:
        page = world.nobody.ask("防震避险", limit=2, after=cursor)
        pages.append([answer.id for answer in page])
        cursor = page.cursor
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [id_ for page in pages for id_ in page] == [answer.id for answer in whole]
    assert {answer.id for answer in whole} == made
    before = len(list(world.hub.as_system(reason="t").events.read(None, 500)))
    last = world.nobody.ask("防震避险", after='[0.0,"z"]')
    assert (list(last), last.abstained, last.question) == ([], False, None)
    assert len(list(world.hub.as_system(reason="t").events.read(None, 500))) == before
