"""A search engine outside the store: fed from the events, gated in the store."""

import attrs
import pytest

from tianfu_sdk.backends.memory import MemoryStore
from tianfu_sdk.cli.worker import turn
from tianfu_sdk.errors import (
    Denied,
    Invalid,
    PluginError,
    StorageBusy,
    StorageCorrupt,
    Unavailable,
)
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.question import Fallback
from tianfu_sdk.model.search import Hit
from tianfu_sdk.services.asking import related
from tianfu_sdk.testing import CountingIds, FrozenClock
from tianfu_sdk.text import ANALYZER_VERSION


class Engine:
    """The engine of a memory store, as one that stands elsewhere."""

    tianfu_api = 1

    def __init__(self):
        self.store = MemoryStore(clock=FrozenClock())
        self.store.open([])
        self.cursor = None
        self.dies = False
        self.fails = None
        self.asked = []
        self.busy = False
        self.flushed = 0
        self.version = ANALYZER_VERSION

    @hookimpl
    def tianfu_register_search(self, register):
        register("far", lambda _: self)

    def _write(self, fn):
        return self.store.run(lambda tx: fn(tx.search), write=True)

    def index(self, docs):
        if self.busy:
            raise StorageBusy("storage.busy", seconds=1)
        self._write(lambda search: search.index(docs))
        if self.dies:
            raise ConnectionError

    def remove(self, ids):
        self._write(lambda search: search.remove(ids))

    def rebuild(self, docs, mark=None):
        self.cursor = mark
        return self._write(lambda search: search.rebuild(docs))

    def query(self, tokens, only, limit, after=None):
        self.asked.append((limit, after))
        if self.fails:
            raise self.fails
        return self.store.run(lambda tx: tx.search.query(tokens, only, limit, after), write=False)

    def size(self):
        return self.store.run(lambda tx: tx.search.size(), write=False)

    def mark(self, cursor=None):
        self.cursor = cursor or self.cursor
        return self.cursor

    def flush(self):
        self.flushed += 1

    def lag(self):
        return 0

    def analyzer_version(self):
        return self.version


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def hub(engine):
    hub = Hub.open(
        "memory:",
        settings={"ask": {"engine": "far"}},
        plugins=[engine],
        clock=FrozenClock(),
        ids=CountingIds(),
        discover=False,
    )
    with hub:
        hub.bootstrap(organization="自贡市科协", region="510300")
        yield hub


@pytest.fixture
def system(hub):
    return hub.as_system(reason="test")


@pytest.fixture
def publish(hub):
    me = hub.as_(hub.as_system(reason="test").accounts.find().items[0].id)
    other = me.accounts.create(organization=me.organizations.find().items[0].id)
    me.accounts.grant(other.id, ["*"], region="510300")

    def make(title, body="正文", **fields):
        home = me.organizations.find().items[0].id
        made = me.resources.create(
            title=title, body=f"{title}。{body}", organization=home, **fields
        )
        me.resources.submit(made.id)
        hub.as_(other.id).resources.approve(made.id)
        return hub.as_(other.id).resources.publish(made.id)

    return make


def test_what_is_published_is_found_once_the_engine_followed(hub, system, publish):
    publish("花椒采收时节")
    assert hub.ask("花椒采收").abstained
    system.follow_index()
    assert [a.title for a in hub.ask("花椒采收")] == ["花椒采收时节"]
    publish("柑橘溃疡病防治")
    system.follow_index()
    assert [a.title for a in hub.ask("柑橘溃疡病")] == ["柑橘溃疡病防治"]


def test_it_is_asked_for_slips_titles_and_what_is_related_as_the_store_is(hub, system, publish):
    first = publish("Vitamin D 补钙")
    second = publish("Vitamin D 与骨骼")
    system.follow_index()
    assert "vitamin←vitamn" in hub.ask("vitamn").answers[0].why
    assert {one.text for one in hub.suggest("vitamin")} == {first.title, second.title}
    assert [one.id for one in hub.related(first.id)] == [second.id]


def test_where_enough_titles_begin_so_no_engine_is_asked(hub, system, publish, engine, monkeypatch):
    made = [publish("花椒采收时节"), publish("花椒嫁接"), publish("怎样采花椒")]
    system.follow_index()
    found = [[one.text for one in hub.suggest("花椒", limit=limit)] for limit in (1, 2)]
    assert found == [["花椒嫁接"], ["花椒嫁接", "花椒采收时节"]]
    assert engine.asked == []
    assert {one.text for one in hub.suggest("花椒", limit=3)} == {one.title for one in made}
    engine.asked.clear()
    monkeypatch.setattr(related, "_WALKED", 1)
    assert [one.text for one in hub.suggest("花椒", limit=2)] == found[1]
    assert len(engine.asked) == 1


def test_what_is_withdrawn_is_not_shown_though_the_engine_still_has_it(
    hub, system, publish, engine
):
    made = publish("花椒采收时节")
    system.follow_index()
    system.resources.withdraw(made.id, reason="错误")
    assert engine.size() == 1
    assert hub.ask("花椒采收").abstained
    system.follow_index()
    assert engine.size() == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageCorrupt("storage.corrupt", place="far"), "storage.corrupt"),
        (Unavailable("http.no_answer", host="far"), "http.no_answer"),
        (ConnectionError("花椒采收"), "ConnectionError"),
    ],
)
def test_an_engine_that_fails_is_stood_in_for_by_the_stores_own(
    hub, system, publish, engine, caplog, error, code
):
    made = publish("花椒采收时节")
    other = publish("花椒采收技术")
    engine.fails = error
    answers = hub.ask("花椒采收")
    assert {a.id for a in answers} == {made.id, other.id}
    assert answers.fallback == Fallback(engine="far", code=code)
    assert {one.text for one in hub.suggest("花椒")} == {made.title, other.title}
    assert [one.id for one in hub.related(made.id)] == [other.id]
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"search engine far cannot answer ({code}): the store's own does"]
    engine.fails = None
    system.follow_index()
    answers = hub.ask("花椒采收")
    assert (len(answers), answers.fallback) == (2, None)


def test_an_engine_that_was_never_fed_is_stood_in_for(hub, system, publish, engine):
    engine.version = None
    made = publish("花椒采收时节")
    answers = hub.ask("花椒采收")
    assert ([a.id for a in answers], answers.fallback.code) == ([made.id], "search.unfed")
    assert answers.question is None
    system.follow_index()
    assert hub.ask("花椒采收").fallback is None


def test_an_engine_of_another_analyzer_is_stood_in_for(hub, system, publish, engine):
    publish("花椒采收时节")
    system.follow_index()
    for version in (ANALYZER_VERSION - 1, ANALYZER_VERSION + 1):
        engine.version = version
        answers = hub.ask("花椒采收")
        assert (len(answers), answers.fallback.code) == (1, "search.analyzer")
    assert len(engine.asked) == 0


def test_who_asks_wrongly_or_names_no_engine_is_not_stood_in_for(hub, engine):
    engine.fails = PluginError("plugin.unknown", message="far")
    with pytest.raises(PluginError):
        hub.ask("花椒采收")
    engine.fails = Invalid("field.type", path="tokens", wanted="list", found="str")
    with pytest.raises(Invalid):
        hub.ask("花椒采收")


def test_where_the_store_has_no_engine_the_error_of_the_other_is_told(
    hub, system, publish, engine, monkeypatch
):
    publish("花椒采收时节")
    system.follow_index()
    store = type(hub._tools.store)
    without = attrs.evolve(hub._tools.store.capabilities, search=False)
    monkeypatch.setattr(store, "capabilities", without)
    engine.version = ANALYZER_VERSION + 1
    assert len(hub.ask("花椒采收")) == 1
    engine.fails = StorageCorrupt("storage.corrupt", place="far")
    with pytest.raises(StorageCorrupt):
        hub.ask("花椒采收")


@pytest.mark.parametrize("number", [19, 45])
def test_hits_that_may_not_be_shown_are_passed_over(hub, system, publish, engine, number):
    kept = publish("花椒采收时节")
    gone = [publish(f"花椒采收花椒采收{place:02d}") for place in range(number)]
    system.follow_index()
    for made in gone:
        system.resources.withdraw(made.id, reason="错误")
    assert [a.id for a in hub.ask("花椒采收")] == [kept.id]


def test_it_is_asked_for_five_hundred_hits_at_most(hub, engine, monkeypatch):
    monkeypatch.setattr(
        engine, "query", lambda tokens, only, limit, after=None: _ghosts(engine, limit, after)
    )
    assert hub.ask("花椒采收").abstained
    assert max(place for place, _ in engine.asked) <= 200
    # The last is for topics.
    assert [limit for limit, _ in engine.asked] == [20, 50, 200, 200, 200, 100, 5]


def _ghosts(engine, limit, after):
    engine.asked.append((limit, after))
    first = int(after.id.partition("_")[2]) + 1 if after else 0
    return [
        Hit(f"res_{place:026d}", 1000.0 - place, {"花椒": 1000.0 - place})
        for place in range(first, first + limit)
    ]


def test_topics_of_a_question_are_guessed_by_the_engine(hub, system, publish, engine):
    publish("花椒采收时节", topics=["practical_technology"])
    publish("花椒嫁接", topics=["practical_technology"])
    system.follow_index()
    hub._tools.store.run(lambda tx: tx.search.rebuild([]), write=True)
    asked = hub.ask("花椒园里的蚂蚁为什么搬家")
    assert asked.abstained
    assert system.questions.get(asked.question).topics == ("practical_technology",)


def test_a_question_that_joins_another_asks_for_no_topics(hub, system, publish, engine):
    publish("花椒采收时节", topics=["practical_technology"])
    system.follow_index()
    first = hub.ask("花椒园里的蚂蚁为什么搬家")
    assert [limit for limit, _ in engine.asked] == [20, 5]
    engine.asked.clear()
    second = hub.ask("花椒园里的蚂蚁为什么搬家？")
    assert system.questions.get(second.question).group == first.question
    assert [limit for limit, _ in engine.asked] == [20]


def test_who_asks_while_the_engine_is_asked_for_topics_is_joined(hub, system, engine, monkeypatch):
    query, waiting, others = engine.query, iter(["花椒园里的蚂蚁为什么搬家"]), []

    def slowly(tokens, only, limit, after=None):
        if limit == 5:
            others.extend(hub.ask(text).question for text in waiting)
        return query(tokens, only, limit, after)

    monkeypatch.setattr(engine, "query", slowly)
    own = hub.ask("花椒园里的蚂蚁为什么搬家？").question
    (other,) = others
    assert (system.questions.get(own).group, system.questions.get(other).grouped) == (other, 1)
    assert {one.id for one in system.questions.find()} == {own, other}


def test_the_doctor_says_that_it_fails_and_who_answers(hub, system, publish, engine, monkeypatch):
    publish("花椒采收时节")
    system.follow_index()

    def away(cursor=None):
        raise ConnectionError("花椒采收")

    monkeypatch.setattr(engine, "mark", away)
    wrong = [f for f in system.doctor() if f.check == "search" and f.severity == "error"]
    assert [f.message for f in wrong] == [
        "the engine far cannot be used (ConnectionError); the store's own answers"
    ]


def test_what_the_engine_took_in_before_it_died_is_taken_in_again(hub, system, publish, engine):
    system.follow_index()
    publish("花椒采收时节")
    mark, engine.dies = engine.cursor, True
    with pytest.raises(ConnectionError):
        system.follow_index()
    assert engine.cursor == mark
    engine.dies = False
    assert system.follow_index() > 0
    assert engine.size() == 1
    assert len(hub.ask("花椒采收").answers) == 1


def test_what_is_taken_in_is_flushed_whatever_happens(hub, system, publish, engine):
    system.follow_index()
    publish("花椒采收时节")
    before, engine.dies = engine.flushed, True
    with pytest.raises(ConnectionError):
        system.follow_index()
    assert engine.flushed == before + 1
    engine.dies = False
    system.follow_index()
    assert engine.flushed == before + 2


def test_who_finds_another_feeding_leaves_it_to_them(hub, system, publish, engine):
    system.follow_index()
    publish("花椒采收时节")
    mark, engine.busy = engine.cursor, True
    assert system.follow_index() == 0
    assert engine.cursor == mark
    engine.busy = False
    assert system.follow_index() > 0


def test_the_doctor_says_that_another_analyzer_made_it(hub, system, publish, engine):
    publish("花椒采收时节")
    system.follow_index()
    engine.version = ANALYZER_VERSION - 1
    wrong = [f for f in system.doctor() if f.check == "search" and f.severity == "error"]
    assert "analyzer" in wrong[0].message
    assert "rebuild" in wrong[0].hint


def test_an_empty_engine_is_built_from_what_is_published(hub, system, publish, engine):
    publish("花椒采收时节")
    publish("柑橘溃疡病防治")
    assert system.follow_index() == 0
    assert engine.size() == 2
    assert system.follow_index() == 0


def test_a_changed_table_of_regions_builds_it_anew(hub, system, publish, engine):
    publish("花椒采收时节")
    system.follow_index()
    system.regions.rekey()
    engine._write(lambda search: search.rebuild([]))
    system.follow_index()
    assert engine.size() == 1


def test_views_are_nothing_to_index(hub, system, publish, engine):
    made = publish("花椒采收时节")
    system.follow_index()
    hub.resources.view(made.id, channel="web")
    engine._write(lambda search: search.rebuild([]))
    system.follow_index()
    assert engine.size() == 0


def test_a_translation_comes_and_goes_with_its_source(hub, system, publish, engine):
    made = publish("花椒采收时节")
    system.follow_index()
    one, other = (hub.as_(account.id) for account in system.accounts.find().items)
    draft = one.translations.create(
        made.id, language="zh-Hant", title="花椒採收時節", body="花椒採收時節。正文"
    )
    other.translations.approve(draft.id)
    system.follow_index()
    found = hub.ask("花椒採收", language="zh-Hant")
    assert [(a.title, a.language) for a in found] == [("花椒採收時節", "zh-Hant")]
    system.resources.withdraw(made.id, reason="错误")
    system.follow_index()
    assert engine.size() == 0


def test_the_worker_feeds_it_and_the_doctor_tells_how_far_it_is(hub, system, publish):
    system.follow_index()
    publish("花椒采收时节")
    behind = [f for f in system.doctor() if f.check == "search" and "behind" in f.message]
    assert behind[0].severity == "note"
    assert turn(system).followed > 0
    assert not [f for f in system.doctor() if "behind" in f.message]


def test_rebuilding_the_index_builds_the_engine_too(hub, system, publish, engine):
    publish("花椒采收时节")
    assert system.rebuild_index() == 1
    assert engine.size() == 1
    assert len(hub.ask("花椒采收").answers) == 1


def test_only_the_system_feeds_it(hub):
    with pytest.raises(Denied):
        hub.follow_index()


def test_an_engine_that_nobody_offers_is_named(tmp_path):
    settings = {"ask": {"engine": "nowhere"}}
    with (
        Hub.open("memory:", settings=settings, discover=False) as hub,
        pytest.raises(PluginError) as caught,
    ):
        hub.ask("花椒采收")
    assert caught.value.code == "plugin.unknown"
    assert "nowhere" in str(caught.value)
