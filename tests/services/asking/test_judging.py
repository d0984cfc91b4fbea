"""How well a hub answers, over what is published and over a corpus."""

from datetime import date, timedelta

import attrs
import pytest

import tianfu_sdk as tf
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.judging import QuestionSet
from tianfu_sdk.model.search import Hit, SearchDoc
from tianfu_sdk.testing import FrozenClock
from tianfu_sdk.text import ANALYZER_VERSION

DOCS = {
    "d1": "高血压患者怎么少吃盐：每天不超过五克",
    "d2": "地震时伏地、遮挡、手抓牢",
    "d3": "地震后远离危房，听广播",
    "d4": "怎么办理社保转移",
}
QUESTIONS = QuestionSet(
    name="small",
    questions={"q1": "高血压怎么少吃盐", "q2": "地震了怎么办", "q3": "彩虹是什么"},
    relevant={"q1": {"d1": 1}, "q2": {"d2": 2, "d3": 1}, "q3": {"d1": 0}},
    corpus=DOCS,
)


@pytest.fixture(params=["memory:", "sqlite:"])
def hub(request, tmp_path):
    url = request.param
    if url == "sqlite:":
        url = f"sqlite:///{(tmp_path / 'kepu.db').as_posix()}"
    with tf.Hub.open(url, discover=False) as hub:
        yield hub


def chief(hub):
    """Bind the first account."""
    return hub.as_(next(iter(hub.as_system(reason="t").accounts.find())).id)


def publish(hub, docs=DOCS, **fields):
    """Publish documents; gives their ids by their numbers."""
    system = hub.as_system(reason="t")
    if not list(system.accounts.find()):
        hub.bootstrap(organization="四川省科学技术协会", region="510000")
    me = chief(hub)
    home = next(iter(system.accounts.find())).organization
    reviewer = me.accounts.create(organization=home)
    me.accounts.grant(reviewer.id, ["approve", "read"], region="510000")
    ids = {}
    for name, text in docs.items():
        made = me.resources.create(title=text[:8], body=text, organization=home, **fields)
        me.resources.submit(made.id)
        hub.as_(reviewer.id).resources.approve(made.id)
        me.resources.publish(made.id)
        ids[name] = made.id
    return ids


@pytest.fixture
def published(hub):
    """Give the hub with what is published, and ids by the number of the document."""
    return hub, publish(hub)


def of_store(ids):
    relevant = {
        q: {ids[d]: grade for d, grade in grades.items()}
        for q, grades in QUESTIONS.relevant.items()
    }
    return QuestionSet(name="kept", questions=QUESTIONS.questions, relevant=relevant)


def test_a_corpus_is_searched_and_leaves_nothing_behind(hub):
    found = hub.evaluate(QUESTIONS)
    assert [(one.question, one.recall, one.ndcg) for one in found] == [("q1", 1, 1), ("q2", 1, 1)]
    assert found["small"].questions == 2
    assert hub._tools.store.run(lambda tx: tx.search.size(), write=False) == 0
    assert hub.evaluate(QUESTIONS).judged == found.judged


def test_a_question_whole_is_found_by_what_only_asks(hub):
    found = hub.evaluate(QUESTIONS).against(hub.evaluate(QUESTIONS, whole=True))
    assert [pair["question"] for pair in found] == ["q2"]
    assert (found.figures[0].wins, found.figures[0].losses) == (1, 0)


def test_published_contents_are_asked_and_nothing_is_recorded(published):
    hub, ids = published
    before = hub._tools.store.run(lambda tx: tx.last("events"), write=False)
    found = hub.evaluate([of_store(ids)])
    assert {one.question: one.recall for one in found} == {"q1": 1, "q2": 1}
    indexed = hub.evaluate([of_store(ids)], through="index")
    assert len(indexed.judged[0].found) >= len(found.judged[0].found)
    assert hub._tools.store.run(lambda tx: tx.last("events"), write=False) == before


def test_a_translation_counts_as_what_it_translates(published):
    hub, ids = published
    me = chief(hub)
    reviewer = me.accounts.create(organization=me.resources.get(ids["d1"]).organization)
    me.accounts.grant(reviewer.id, ["approve", "read"], region="510000")
    draft = me.translations.create(ids["d1"], language="bo", title="ཁྲག་ཤེད།", body="ཁྲག་ཤེད་མཐོ།")
    hub.as_(reviewer.id).translations.approve(draft.id)
    wanted = QuestionSet(name="t", questions={"q": "ཁྲག་ཤེད"}, relevant={"q": {ids["d1"]: 1}})
    assert hub.evaluate(wanted, through="index").judged[0].found == (ids["d1"],)
    assert hub.evaluate(wanted)["t"].recall.value == 1


def test_a_corpus_is_not_indexed_where_contents_are(published):
    hub, _ = published
    with pytest.raises(tf.Invalid) as caught:
        hub.evaluate(QUESTIONS)
    assert caught.value.code == "evaluate.in_use"
    assert hub._tools.store.run(lambda tx: tx.search.size(), write=False) == len(DOCS)


def test_sets_without_an_answer_are_refused(hub):
    alone = QuestionSet(name="none", questions={"q": "a"}, relevant={"other": {"d": 1}}, corpus={})
    with pytest.raises(tf.Invalid) as caught:
        hub.evaluate(alone)
    assert caught.value.code == "evaluate.no_questions"
    with pytest.raises(tf.Invalid) as caught:
        hub.evaluate(QUESTIONS, through="google")
    assert caught.value.path == "through"


WRONG = [
    ({"questions": ["a"]}, "small.questions", "field.type"),
    ({"questions": {"q1": 5}}, "small.questions.q1", "field.type"),
    ({"corpus": {"d1": None}}, "small.corpus.d1", "field.type"),
    ({"relevant": {"q1": ["d1"]}}, "small.relevant.q1", "field.type"),
    ({"relevant": {"q1": {"d1": 1.5}}}, "small.relevant.q1.d1", "field.type"),
    ({"relevant": {"q1": {"d1": 5000}}}, "small.relevant.q1.d1", "field.too_large"),
]


@pytest.mark.parametrize(("wrong", "path", "code"), WRONG)
def test_a_set_of_something_else_says_where(wrong, path, code):
    with pytest.raises(Invalid) as caught:
        tf.evaluate(lambda _: [], attrs.evolve(QUESTIONS, **wrong))
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize("found", [None, "d1", 5, [None], [{"id": "d1"}]])
def test_a_search_that_gives_no_ids_is_told_of(found):
    with pytest.raises(Invalid) as caught:
        tf.evaluate(lambda _: found, QUESTIONS)
    assert (caught.value.code, caught.value.path) == ("field.type", "small.questions.q1")


def test_a_question_that_cannot_be_asked_is_named(published):
    hub, ids = published
    asked = attrs.evolve(of_store(ids), questions={"q1": "高血压", "q2": "？"})
    with pytest.raises(Invalid) as caught:
        hub.evaluate(asked)
    assert (caught.value.code, caught.value.path) == ("ask.empty", "kept.questions.q2")


def test_answers_that_cannot_be_found_at_all_are_told(published):
    hub, ids = published
    kept = of_store(ids)
    assert hub.evaluate(kept).notes == ()
    wrong = attrs.evolve(kept, relevant={"q1": {ids["d1"]: 1, "res_none": 1, "d9": 0}})
    for through in ("ask", "index"):
        found = hub.evaluate(wrong, through=through)
        (one,) = found.judged
        assert one.absent == ("res_none",)
        assert "kept: 1 documents that answer are not there" in repr(found)
    chief(hub).resources.withdraw(ids["d1"], "过时")
    (one,) = hub.evaluate(kept).judged[:1]
    assert one.absent == (ids["d1"],)
    (one,) = tf.evaluate(lambda _: [], attrs.evolve(QUESTIONS, relevant={"q1": {"d9": 1}})).judged
    assert one.absent == ("d9",)


def test_the_order_of_an_engine_tells_nothing_that_has_expired():
    clock = FrozenClock()
    old = {f"d{n}": "地震" for n in range(10)}
    with tf.Hub.open("memory:", clock=clock, discover=False) as hub:
        over = publish(hub, old, expires_on=date(2026, 1, 2))
        (new,) = publish(hub, {"new": "地震来了怎么避险，怎么求救"}).values()
        relevant = {"q": {new: 1, over["d0"]: 1}}
        wanted = QuestionSet(name="t", questions={"q": "地震"}, relevant=relevant)
        assert len(hub.evaluate(wanted, through="index").judged[0].found) == 10
        clock.tick(timedelta(days=5))
        (one,) = hub.evaluate(wanted, through="index").judged
    assert (one.found, one.absent) == ((new,), (over["d0"],))


def test_a_set_that_was_not_measured_is_named():
    found = tf.evaluate(lambda _: ["d1"], QUESTIONS)
    with pytest.raises(LookupError) as caught:
        found["big"]
    assert caught.value.code == "evaluate.unknown_set"
    with pytest.raises(Invalid):
        found.against(None)
    with pytest.raises(Invalid) as caught:
        tf.evaluate(lambda _: [], [])
    assert caught.value.code == "evaluate.no_questions"
    with pytest.raises(Invalid):
        tf.evaluate("d1", QUESTIONS)


def test_any_search_is_measured():
    found = tf.evaluate(lambda text: ["d9", "d1"] if "盐" in text else [], QUESTIONS)
    assert [one.mrr for one in found] == [0.5, 0]
    assert "nDCG@10" in repr(found)
    assert "<pre>" in found._repr_html_()
    assert found.to_dicts()[0]["found"] == ["d9", "d1"]


class Follower:
    """An engine outside, over a list."""

    def __init__(self):
        self.docs, self.cursor, self.version = [], None, ANALYZER_VERSION

    def rebuild(self, docs):
        self.docs = list(docs)
        return len(self.docs)

    def query(self, tokens, only, limit):
        hits = [Hit(d.id, float(sum(t in d.text for t in tokens))) for d in self.docs]
        return sorted((h for h in hits if h.score), key=lambda h: (-h.score, h.id))[:limit]

    def mark(self, cursor=None):
        return self.cursor

    def analyzer_version(self):
        return self.version if self.docs else None


@pytest.fixture
def following():
    """Give a hub that an engine outside follows, and that engine."""
    follower = Follower()

    class Plugin:
        tianfu_api = 1

        @tf.hookimpl
        def tianfu_register_search(self, register):
            register("listed", lambda context: follower)

    settings = {"ask": {"engine": "listed"}}
    with tf.Hub.open("memory:", settings=settings, plugins=[Plugin()], discover=False) as hub:
        yield hub, follower


def test_what_an_engine_still_has_of_a_withdrawn_content_is_left_out(following):
    hub, follower = following
    made = list(publish(hub).values())
    follower.docs = [SearchDoc(id=id_, kind="resource", language="", text="地震") for id_ in made]
    kept = QuestionSet(name="t", questions={"q": "地震"}, relevant={"q": {made[1]: 1}})
    assert hub.evaluate(kept, through="index").judged[0].found == tuple(sorted(made))
    chief(hub).resources.withdraw(made[0], "过时")
    assert hub.evaluate(kept, through="index").judged[0].found == tuple(sorted(made[1:]))


def test_an_engine_that_was_never_fed_is_not_measured(following):
    hub, follower = following
    made = publish(hub)
    kept = QuestionSet(name="t", questions={"q": "地震"}, relevant={"q": {made["d2"]: 1}})
    with pytest.raises(tf.StorageError) as caught:
        hub.evaluate(kept, through="index")
    assert caught.value.code == "search.unfed"
    follower.docs = [SearchDoc(id=made["d2"], kind="resource", language="", text="地震")]
    follower.version = 1
    with pytest.raises(tf.StorageError) as caught:
        hub.evaluate(kept, through="index")
    assert caught.value.code == "search.analyzer"


def test_what_an_engine_lacks_is_not_laid_to_a_question():
    def search(text):
        raise Invalid("field.missing", path="backends.listed.path")

    with pytest.raises(Invalid) as caught:
        tf.evaluate(search, QUESTIONS)
    assert caught.value.path == "backends.listed.path"


def test_an_engine_that_follows_a_store_is_not_filled_with_a_corpus(following):
    hub, follower = following
    assert hub.evaluate(QUESTIONS)["small"].recall.value == 1
    assert follower.docs == []
    follower.cursor = "somewhere"
    with pytest.raises(tf.Invalid) as caught:
        hub.evaluate(QUESTIONS)
    assert caught.value.code == "evaluate.in_use"
    assert caught.value.path == "ask.engine"


def test_two_sets_of_one_name_are_refused(hub):
    other = attrs.evolve(QUESTIONS, relevant={"q1": {"d4": 1}})
    for call in (
        lambda: hub.evaluate([QUESTIONS, other]),
        lambda: hub.evaluate([QUESTIONS, attrs.evolve(other, name="macro")]),
        lambda: tf.evaluate(lambda _: [], [QUESTIONS, other]),
    ):
        with pytest.raises(Invalid) as caught:
            call()
        assert (caught.value.code, caught.value.path) == ("evaluate.same_name", "sets")


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda: tf.question_sets(None), "folder"),
        (lambda: tf.evaluate(lambda _: [], QUESTIONS, seed=[7]), "seed"),
        (lambda: tf.Hub.open("memory:", discover=False).evaluate(QUESTIONS, seed=[7]), "seed"),
    ],
)
def test_what_is_of_a_wrong_type_is_named(call, path):
    with pytest.raises(Invalid) as caught:
        call()
    assert (caught.value.code, caught.value.path) == ("field.type", path)
