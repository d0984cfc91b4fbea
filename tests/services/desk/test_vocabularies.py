"""Open vocabularies: shipped, added to, changed."""

import attrs
import pytest

from tianfu_sdk import codec
from tianfu_sdk.core.content.vocabularies import SHIPPED
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.vocabulary import Term


def test_anybody_reads_what_ships(world):
    codes = [term.code for term in world.nobody.vocabularies.terms("topic")]
    assert "healthy_life" in codes
    assert world.nobody.vocabularies.get("topic", "healthy_life").label() == "健康生活"
    assert world.nobody.vocabularies.get("topic", "healthy_life").label("en") == "healthy life"


def test_a_deployment_adds_and_changes(world):
    put = world.me.vocabularies.put
    made = put("topic", "ageing", {"zh-Hans": "老龄科普", "bo": "རྒན"})
    assert world.nobody.vocabularies.get("topic", "ageing").label("bo") == "རྒན"
    again = put("topic", "ageing", {"zh-Hans": "老年科普"}, active=False)
    assert (again.id, again.version) == (made.id, 2)
    assert again.created_at == made.created_at
    put("topic", "healthy_life", {"zh-Hans": "健康"})
    labels = {t.code: t.label() for t in world.nobody.vocabularies.terms("topic")}
    assert (labels["ageing"], labels["healthy_life"]) == ("老年科普", "健康")
    assert len(labels) == len([t for t in SHIPPED if t.vocabulary == "topic"]) + 1
    put("mine", "a", {"zh-Hans": "甲"})
    assert [t.code for t in world.nobody.vocabularies.terms("mine")] == ["a"]


def test_what_is_added_can_be_used(world):
    with pytest.raises(NotFound):
        world.me.resources.create(title="x", organization=world.org, topics=["ageing"])
    world.me.vocabularies.put("topic", "ageing", {"zh-Hans": "老龄科普"})
    world.me.resources.create(title="x", organization=world.org, topics=["ageing"])


@pytest.mark.parametrize(
    ("arguments", "code", "path"),
    [
        (("topic", "a", {"en": "a"}), "term.no_chinese", "labels"),
        (("topic", "a", {"zh-Hans": " "}), "term.no_chinese", "labels"),
        (("topic", "a", ["甲"]), "field.type", "labels"),
        (("topic", "a b", {"zh-Hans": "甲"}), "term.bad_code", "code"),
        (("Topic", "a", {"zh-Hans": "甲"}), "term.bad_code", "vocabulary"),
        (("topic", "x" * 28, {"zh-Hans": "甲"}), "term.bad_code", "code"),
        (("topic", "a", {"zh-Hans": 5}), "field.type", "labels['zh-Hans']"),
        (("topic", "a", {"zh-Hans": "\ud800"}), "field.characters", "labels['zh-Hans']"),
        (("topic", "", {"zh-Hans": "甲"}), "term.bad_code", "code"),
    ],
)
def test_mistakes_are_named(world, arguments, code, path):
    with pytest.raises(Invalid) as caught:
        world.me.vocabularies.put(*arguments)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_what_is_above_a_term_is_there_and_no_part_of_it(world):
    put = world.me.vocabularies.put

    def refused(error, code, parent):
        with pytest.raises(error) as caught:
            put("topic", code, {"zh-Hans": "甲"}, parent=parent)
        return caught.value.code, caught.value.path

    assert refused(NotFound, "a", "none") == ("term.unknown", "parent")
    assert refused(NotFound, "a", "farmers") == ("term.unknown", "parent")
    assert refused(Invalid, "a", "a") == ("term.cycle", "parent")
    assert put("topic", "a", {"zh-Hans": "甲"}, parent="healthy_life").parent == "healthy_life"
    assert put("topic", "b", {"zh-Hans": "乙"}, parent="a").parent == "a"
    for code in ("a", "healthy_life"):
        assert refused(Invalid, code, "b") == ("term.cycle", "parent")
    assert world.me.vocabularies.get("topic", "healthy_life").version == 0
    assert put("topic", "a", {"zh-Hans": "甲"}).parent is None


def test_a_circle_that_was_loaded_holds_up_no_other_term(world):
    put = world.me.vocabularies.put
    for code, parent in (("a", None), ("b", "a")):
        put("topic", code, {"zh-Hans": code}, parent=parent)

    def loaded(tx):
        (row,) = tx.get("term", ["trm_topic.a"])
        doc = codec.dumps(attrs.evolve(codec.loads(Term, row.doc), parent="b"))
        tx.put("term", [attrs.evolve(row, doc=doc)])

    world.nobody._tools.store.run(loaded, write=True)
    assert world.me.vocabularies.get("topic", "a").parent == "b"
    assert put("topic", "c", {"zh-Hans": "丙"}, parent="a").parent == "a"


def test_who_may_not_manage_terms_may_not(world):
    for hub, code in (
        (world.nobody, "account.required"),
        (world.as_(world.person(["create"])), "grant.missing"),
    ):
        with pytest.raises(Denied) as caught:
            hub.vocabularies.put("topic", "a", {"zh-Hans": "甲"})
        assert caught.value.code == code


def test_what_is_not_there_is_named(world):
    with pytest.raises(NotFound) as caught:
        world.nobody.vocabularies.terms("topics")
    assert caught.value.code == "vocabulary.unknown"
    for code in ("none", "x" * 500):
        with pytest.raises(NotFound) as caught:
            world.nobody.vocabularies.get("topic", code)
        assert caught.value.code == "term.unknown"


def test_shipped_terms_are_fit_to_be_stored():
    from tianfu_sdk import codec

    for term in SHIPPED:
        codec.check(term)
        wanted = {"zh-Hans"} if term.vocabulary == "synonym" else {"zh-Hans", "en"}
        assert term.labels.keys() >= wanted
    assert len({term.id for term in SHIPPED}) == len(SHIPPED)
