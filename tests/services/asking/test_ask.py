"""Asking science: answers with sources, or an honest abstention."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest

from tianfu_sdk.backends import memory
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.question import QuestionState
from tianfu_sdk.services.asking import ask as desk
from tianfu_sdk.services.asking import related

STROKE = "脑卒中要紧的是预防：控制血压、少盐、戒烟。发现嘴歪手麻要马上就医。"


def test_an_answer_has_its_passage_its_source_and_why(world):
    id_ = world.published(
        title="脑卒中预防", body=STROKE, source="国家卫生健康委", disclaimer="样例"
    ).id
    answers = world.nobody.ask("脑卒中怎么预防？")
    assert (answers.abstained, answers.question, len(answers)) == (False, None, 1)
    (answer,) = answers
    assert (answer.id, answer.kind, answer.title) == (id_, "resource", "脑卒中预防")
    assert answer.passage.startswith("脑卒中要紧的是预防")
    assert answer.source == "四川省科学技术协会 2026-01-01；国家卫生健康委"
    assert answer.disclaimer == "样例"
    assert sum(answer.why.values()) == answer.score
    assert {"脑卒", "预防", "@language", "@freshness"} <= answer.why.keys()
    assert (answer.published, answer.updated) == (date(2026, 1, 1), date(2026, 1, 1))
    assert answer.marked().startswith("【脑卒中】要紧的是【预防】：")
    assert "<mark>脑卒中</mark>" in answers._repr_html_()
    assert (answer.language, answer.original_language) == ("zh-Hans", "zh-Hans")
    assert not answer.translated
    assert not answer.foreign
    assert repr(answer).startswith(f"<Answer resource {id_} '脑卒中预防' zh-Hans")


def test_what_nothing_answers_is_filed_for_a_person(world):
    world.published(title="脑卒中预防", body=STROKE)
    answers = world.nobody.ask("水稻稻瘟病如何防治", region="510104")
    assert answers.abstained
    assert list(answers) == []
    question = world.me.questions.get(answers.question)
    assert (question.state, question.region) == (QuestionState.ROUTED, "510104")
    assert (question.due - world.clock.now()).days >= 9  # seven working days
    assert "稻瘟" not in repr(question)
    assert world.me.questions.text(answers.question) == "水稻稻瘟病如何防治"


def test_the_text_of_a_question_stands_nowhere_in_plain(stored, file):
    stored.nobody.ask("我父亲张三住锦江区，得了怪病怎么办")
    stored.me.questions.find()
    stored.hub.close()
    for path in file.parent.iterdir():
        if path.is_file():
            assert "张三".encode() not in path.read_bytes()


def test_answers_are_narrowed_by_region_language_and_kind(world):
    near = world.published(organization=world.county, title="锦江防震").id
    all_ = world.published(title="全省防震").id
    ask = world.nobody.ask
    assert {a.id for a in ask("防震")} == {near, all_}
    assert {a.id for a in ask("防震", region="510104")} == {near, all_}
    assert {a.id for a in ask("防震", region="513400")} == {all_}
    assert ask("防震", kinds=["activity"]).abstained
    assert ask("防震", language="bo").abstained
    assert len(ask("防震", limit=1)) == 1


@pytest.mark.parametrize("asked", ["512081", "510185"])
def test_what_was_written_for_a_region_is_found_under_its_code_of_today_and_back(world, asked):
    before = world.published(title="简阳防震", region="512081").id
    after = world.published(title="简阳防震避险", region="510185").id
    moved = world.published(title="成都防震", region="510100").id
    left = world.published(title="资阳防震", region="512000").id
    answers = {a.id: a for a in world.nobody.ask("防震", region=asked)}
    assert answers.keys() == {before, after, moved} - {left}
    shares = {
        id_: one.why["@region"] / (one.score - one.why["@region"]) for id_, one in answers.items()
    }
    assert shares[before] == pytest.approx(shares[after])
    assert shares[moved] < shares[after]
    assert {one.id for one in world.nobody.suggest("简阳防", region=asked)} == {before, after}
    # Chengdu, in which it lies today.
    assert {a.id for a in world.nobody.ask("防震", region="510100")} == {before, after, moved}


def test_a_question_in_tibetan_gets_tibetan_answers_first(world):
    other = world.published(title="ས་ཡོམ", body="ས་ཡོམ་རྒྱག་སྐབས། ས་ཡོམ།", language="dz").id
    tibetan = world.published(title="ས་ཡོམ", body="ས་ཡོམ་རྒྱག་སྐབས།", language="bo").id
    answers = world.nobody.ask("ས་ཡོམ")
    assert [(a.id, a.foreign) for a in answers] == [(tibetan, False), (other, True)]
    assert [a.id for a in world.nobody.ask("ས་ཡོམ", language="bo")] == [tibetan]
    either = world.nobody.ask("ས་ཡོམ", language=["dz", "bo"])
    assert [(a.id, a.foreign) for a in either] == [(other, False), (tibetan, False)]


def test_an_answer_says_who_vouches_for_it_and_shows_no_markup_of_its_own(world):
    body = "<b>地震</b>时护头 & 蹲下。"
    world.published(title="地震", body=body, reviewer="四川省地震局")
    (answer,) = world.nobody.ask("地震时怎么办")
    assert answer.reviewer == "四川省地震局"
    assert "&lt;b&gt;<mark>地震</mark>&lt;/b&gt;时护头 &amp; 蹲下。" in answer._repr_html_()


def test_what_is_near_new_and_read_in_ones_language_stands_first(world):
    far = world.published(title="全省防震避险").id
    world.clock.tick(timedelta(days=400))
    near = world.published(title="本县防震避险", organization=world.county).id
    new = world.published(title="全县防震避险").id
    assert [a.id for a in world.nobody.ask("防震避险")] == [near, new, far]
    answers = world.nobody.ask("防震避险", region="510104")
    assert [a.id for a in answers] == [near, new, far]
    assert answers.answers[0].why["@region"] > answers.answers[1].why["@region"]
    for answer in answers:
        assert sum(answer.why.values()) == answer.score


def test_what_is_read_more_stands_before_its_like_once_views_are_counted(world):
    first = world.published(title="防震避险").id
    read = world.published(title="防震避险").id
    assert [a.id for a in world.nobody.ask("防震避险")] == [first, read]
    for _ in range(20):
        world.nobody.resources.view(read)
    assert "@popularity" not in world.nobody.ask("防震避险").answers[0].why
    world.hub.as_system(reason="night").events.roll_up()
    answers = world.nobody.ask("防震避险").answers
    assert [a.id for a in answers] == [read, first]
    assert answers[0].why["@popularity"] > answers[1].why["@popularity"]
    for answer in answers:
        words = sum(part for name, part in answer.why.items() if not name.startswith("@"))
        assert answer.why["@popularity"] <= 0.02 * words
        assert sum(answer.why.values()) == answer.score


@pytest.mark.parametrize(
    ("arguments", "more", "error", "code", "path"),
    [
        ("", {}, Invalid, "ask.empty", "text"),
        (" \n", {}, Invalid, "ask.empty", "text"),
        ("长" * 2001, {}, Invalid, "field.too_long", "text"),
        ("x", {"kinds": ["resources"]}, Invalid, "ask.bad_kind", "kinds"),
        ("x", {"limit": 0}, Invalid, "storage.limit", "limit"),
        ("x", {"limit": 101}, Invalid, "storage.limit", "limit"),
        ("x", {"region": "51"}, NotFound, "region.unknown", "region"),
        ("x", {"language": "zh_Hans!"}, Invalid, "text.bad_language", "language"),
    ],
)
def test_mistakes_are_named(world, arguments, more, error, code, path):
    with pytest.raises(error) as caught:
        world.nobody.ask(arguments, **more)
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize("text", ["？！", "\ud800", "\x00", "😀", "的" * 2000, '"*" OR NEAR('])
def test_a_question_of_no_words_is_answered_or_refused_and_never_crashes(stored, text):
    stored.published()
    try:
        assert stored.nobody.ask(text).abstained
    except Invalid as error:
        assert error.code in ("ask.empty", "field.characters")


@pytest.mark.parametrize("text", ["？！", "😀", "\x00", " \u3000"])
def test_what_says_nothing_is_no_question_for_anybody(world, text):
    with pytest.raises(Invalid) as caught:
        world.nobody.ask(text)
    assert (caught.value.code, caught.value.path) == ("ask.empty", "text")


@pytest.mark.parametrize("text", ["的", "怎么办？", "請問是什麼", "需要注意什么"])
def test_what_only_asks_is_abstained_from_and_guessed_to_be_about_nothing(world, text):
    title = f"地震怎么办，请问是什么，需要注意什么的{text}"
    world.published(title=title, body=STROKE, topics=["safety_science"])
    answers = world.nobody.ask(text)
    assert answers.abstained
    assert not world.me.questions.get(answers.question).topics
    assert not world.nobody.ask("地震").abstained


def test_a_store_that_can_only_be_read_answers_and_files_nothing(stored, file):
    id_ = stored.published().id
    stored.hub.close()
    with Hub.open(f"sqlite:///{file}?mode=ro", clock=stored.clock, discover=False) as hub:
        assert [a.id for a in hub.ask("地震时怎么躲")] == [id_]
        answers = hub.ask("水稻稻瘟病如何防治")
        assert (answers.abstained, answers.question) == (True, None)


def test_what_the_index_still_has_is_gated_by_the_store(stored, file):
    """A row that was changed behind the index is judged by the row."""
    id_ = stored.published().id
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "UPDATE d_resource SET doc = replace(doc, 'published\"', 'withdrawn\"') WHERE id = ?",
            (id_,),
        )
    assert stored.nobody.ask("地震时怎么躲").abstained


@pytest.fixture
def few(monkeypatch):
    """The engine is first asked for few hits, so that few contents make the difference."""
    monkeypatch.setattr(desk, "_LEAST_HITS", 2)
    monkeypatch.setattr(desk, "_DEPTHS", (4, 200))


@pytest.mark.usefixtures("few")
def test_what_has_expired_hides_nothing_that_holds(world):
    for number in range(5):
        world.published(title=f"防震避险 {number}", body="防震", expires_on=date(2026, 1, 2))
    holds = world.published(title="防震避险", body="地震时先躲到桌下，防震避险要记牢。").id
    world.clock.tick(timedelta(days=1))
    assert [answer.id for answer in world.nobody.ask("防震避险", limit=1)] == [holds]


def test_what_has_expired_hides_no_title_and_nothing_related(world, monkeypatch):
    monkeypatch.setattr(related, "_HITS", 3)
    for number in range(5):
        world.published(title=f"防震避险 {number}", body="防震", expires_on=date(2026, 1, 2))
    first, second = (
        world.published(title=title, body="地震时先躲到桌下，防震避险要记牢。").id
        for title in ("防震避险", "防震避险须知")
    )
    world.clock.tick(timedelta(days=1))
    assert {one.id for one in world.nobody.suggest("防震避险")} == {first, second}
    assert [one.id for one in world.nobody.related(first)] == [second]


def test_a_notice_that_holds_no_more_is_listed_and_answers_nothing(world):
    written = world.me.notices.create(
        title="防震避险演练公告", organization=world.org, until=date(2026, 1, 3)
    )
    world.me.notices.submit(written.id)
    world.as_(world.reviewer).notices.approve(written.id)
    world.me.notices.publish(written.id)
    guide = world.published(title="防震避险须知", body="地震时先躲到桌下。").id
    asked = world.nobody
    assert {one.id for one in asked.ask("防震避险")} == {written.id, guide}
    world.clock.tick(timedelta(days=2))
    assert [one.id for one in asked.ask("防震避险")] == [guide]
    assert [one.id for one in asked.suggest("防震避险")] == [guide]
    assert asked.related(guide) == []
    assert [one.id for one in asked.notices.find()] == [written.id]


def _publish(world, desk, id_):
    getattr(world.me, desk).submit(id_)
    getattr(world.as_(world.reviewer), desk).approve(id_)
    return getattr(world.me, desk).publish(id_).id


def _published(world, desk, **fields):
    made = getattr(world.me, desk).create(organization=world.org, **fields)
    return _publish(world, desk, made.id)


def test_a_listing_answers_until_its_deadline_and_a_base_while_it_is_named(world):
    me, asked = world.me, world.nobody
    offer = {"kind": "service", "title": "柑橘溃疡病防治"}
    dated = _published(world, "listings", **offer, deadline=date(2026, 1, 3))
    kept = _published(world, "listings", **offer)
    base = _published(world, "bases", title="柑橘溃疡病科普基地", region="510104")
    assert {one.id for one in asked.ask("柑橘溃疡病")} == {dated, kept, base}
    world.clock.tick(timedelta(days=2))
    assert {one.id for one in asked.ask("柑橘溃疡病")} == {dated, kept, base}
    world.clock.tick(timedelta(days=1))
    me.bases.edit(base, status="delisted")
    _publish(world, "bases", base)
    assert [one.id for one in asked.ask("柑橘溃疡病")] == [kept]
    assert [one.id for one in asked.suggest("柑橘")] == [kept]
    assert {one.id for one in asked.listings.find()} == {dated, kept}
    me.listings.close(kept, "已有人承接")
    assert asked.ask("柑橘溃疡病").abstained


@pytest.mark.usefixtures("few")
def test_which_answers_come_first_and_on_which_page_does_not_depend_on_the_limit(world):
    for number in range(6):
        world.published(title="防震避险", body=f"要记牢：{number}")
    preferred = world.published(title="防震避险", body="要记牢：6", language="zh-Hant").id
    asked = {"text": "防震避险", "language": ["zh-Hant", "zh-Hans"]}
    whole = [answer.id for answer in world.nobody.ask(**asked, limit=100)]
    assert (whole[0], len(whole)) == (preferred, 7)
    for limit in (1, 2, 3):
        found, after = [], None
        while after is not None or not found:
            page = world.nobody.ask(**asked, limit=limit, after=after)
            found += [answer.id for answer in page]
            after = page.cursor
        assert found == whole


def test_a_translation_that_has_a_word_of_the_question_hides_nothing_of_its_original(world):
    for _ in range(2):
        made = world.published(title="流感疫苗 H1N1", body="流感疫苗每年接种。")
        draft = world.me.translations.create(
            made.id, language="en", title="Flu shots", body="Of H1N1, every year."
        )
        world.as_(world.reviewer).translations.approve(draft.id)
    answers = world.nobody.ask("流感疫苗 H1N1 每年接种", language=["en", "zh-Hans"])
    assert [(one.language, one.title) for one in answers] == [("en", "Flu shots")] * 2


def test_translations_are_read_together_however_many_they_are(world, monkeypatch):
    reads = []
    for name in ("get", "find"):
        read = getattr(memory._Tx, name)
        monkeypatch.setattr(
            memory._Tx,
            name,
            lambda tx, kind, *more, read=read: reads.append(kind) or read(tx, kind, *more),
        )

    def asked():
        reads.clear()
        found = world.nobody.ask("防震避险", language=["en", "zh-Hans"], limit=20)
        assert len(world.nobody.suggest("防震", limit=20)) == 2
        assert len(world.nobody.related(first.id, limit=20)) == len(found) - 1
        return [one.language for one in found], reads.count("resource"), reads.count("translation")

    def add():
        made = world.published(title="防震避险")
        draft = world.me.translations.create(
            made.id, language="en", title="防震 shelter", body="防震"
        )
        world.as_(world.reviewer).translations.approve(draft.id)
        return made

    first = add()
    add()
    few = asked()
    assert few[0] == ["en"] * 2
    for _ in range(3):
        add()
    assert asked() == (["en"] * 5, *few[1:])
