"""Asked in other words: synonyms, slips, and one language for another."""

import json
from importlib.resources import files

import pytest

from tianfu_sdk.errors import Denied

UDHR = json.loads(files("tianfu_sdk.cli.demo").joinpath("data/udhr.json").read_text("utf-8"))[
    "languages"
]


def test_a_synonym_finds_what_says_it_otherwise_and_says_so(world):
    id_ = world.published(title="卒中怎样预防", body="控制血压，少盐，戒烟。").id
    (answer,) = world.nobody.ask("中风怎样预防")
    assert answer.id == id_
    assert "卒中←中风" in answer.why
    assert sum(answer.why.values()) == answer.score
    exact = world.published(title="中风怎样预防", body="控制血压，少盐，戒烟。").id
    assert world.nobody.ask("中风怎样预防").answers[0].id == exact


def test_a_deployment_adds_synonyms_and_takes_them_away(world):
    id_ = world.published(title="锅巴洋芋", body="锅巴洋芋的做法。").id
    ask = world.nobody.ask
    assert ask("油炕粑").abstained
    put = world.me.vocabularies.put
    put("synonym", "fried_potato", {"zh-Hans": "锅巴洋芋"})
    put("synonym", "fried_potato.2", {"zh-Hans": "油炕粑"}, parent="fried_potato")
    (answer,) = ask("油炕粑")
    assert (answer.id, answer.why.keys() >= {"锅巴洋芋←油炕粑"}) == (id_, True)
    put("synonym", "fried_potato.2", {"zh-Hans": "油炕粑"}, parent="fried_potato", active=False)
    assert ask("油炕粑").abstained
    with pytest.raises(Denied):
        world.nobody.vocabularies.put("synonym", "a", {"zh-Hans": "甲"})


def test_one_letter_mistyped_is_forgiven_in_longer_words(world):
    id_ = world.published(title="Vitamin D 与骨骼", body="Vitamin D 帮助吸收钙。").id
    (answer,) = world.nobody.ask("vitamn 有什么用")
    assert answer.id == id_
    assert "vitamin←vitamn" in answer.why
    assert answer.marked().startswith("【Vitamin】")
    assert world.nobody.ask("vitmnn").abstained
    assert "vitamin" in world.nobody.ask("vitamin 有什么用").answers[0].why


def test_other_words_can_be_switched_off(way):
    from tests.services.conftest import build

    from tianfu_sdk.testing import FrozenClock

    clock = FrozenClock()
    world = build(way.open(clock=clock, settings={"ask": {"wording": 0.0}}), clock)
    world.published(title="卒中怎样预防", body="控制血压，少盐，戒烟。")
    answers = world.nobody.ask("中风怎样预防")
    assert not any("←" in name for answer in answers for name in answer.why)


def _concept(world):
    terms = [{"language": tag, "text": UDHR[tag]["ask"]} for tag in ("zh-Hans", "bo", "ii")]
    world.me.glossary.add(organization=world.org, terms=terms)


@pytest.mark.parametrize("language", ["bo", "ii"])
def test_a_chinese_question_finds_an_original_in_another_language_and_says_so(world, language):
    text = UDHR[language]
    id_ = world.published(title=text["title"], body=text["body"], language=language).id
    question = UDHR["zh-Hans"]["ask"]
    assert world.nobody.ask(question).abstained
    _concept(world)
    (answer,) = world.nobody.ask(question)
    assert (answer.id, answer.language, answer.foreign, answer.translated) == (
        id_,
        language,
        True,
        False,
    )
    assert f"{text['ask']}←{question}" in answer.why
    start, end = answer.highlights[0]
    assert answer.passage[start:end] in text["ask"]
    assert f'<div lang="{language}">' in answer._repr_html_()
    assert world.nobody.ask(question, language="zh-Hans").abstained


@pytest.mark.parametrize("language", ["bo", "ii"])
def test_a_question_in_another_language_finds_what_is_chinese_by_the_glossary(world, language):
    text = UDHR["zh-Hans"]
    id_ = world.published(title=text["title"], body=text["body"]).id
    _concept(world)
    (answer,) = world.nobody.ask(UDHR[language]["ask"])
    assert (answer.id, answer.language, answer.foreign) == (id_, "zh-Hans", True)
    assert "教育" in answer.marked()


def test_the_approved_translation_into_the_askers_language_is_shown_instead(world):
    _concept(world)
    source = world.published(title=UDHR["bo"]["title"], body=UDHR["bo"]["body"], language="bo")
    draft = world.me.translations.create(
        source.id,
        language="zh-Hans",
        title=UDHR["zh-Hans"]["title"],
        body=UDHR["zh-Hans"]["body"],
    )
    question = UDHR["zh-Hans"]["ask"]
    (before,) = world.nobody.ask(question)
    assert (before.language, before.foreign) == ("bo", True)
    world.as_(world.reviewer).translations.approve(draft.id)
    (answer,) = world.nobody.ask(question)
    assert (answer.id, answer.language, answer.original_language) == (source.id, "zh-Hans", "bo")
    assert answer.translated
    assert not answer.foreign
    (tibetan,) = world.nobody.ask(question, language=["bo", "zh-Hans"])
    assert (tibetan.language, tibetan.foreign) == ("bo", False)


def test_who_asks_changes_nothing(world):
    world.published(title="卒中怎样预防", body="控制血压，少盐，戒烟。")
    told = [
        [(a.id, a.score, dict(a.why)) for a in hub.ask("中风")] for hub in (world.nobody, world.me)
    ]
    assert told[0] == told[1] != []
