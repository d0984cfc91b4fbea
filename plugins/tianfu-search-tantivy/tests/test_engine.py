"""What only this engine promises: settings, damage, one writer, forks, old analyzers."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import threading
import time
from operator import eq

import pytest
import tantivy
from tantivy_rig import opened
from tianfu_search_tantivy import TantivySearch

from tianfu_sdk import Invalid, StorageBusy, StorageCorrupt, StorageError
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.text import ANALYZER_VERSION, folded_query_tokens

ALL = SearchFilter()


def doc(id_, text="apple"):
    return SearchDoc(id=id_, kind="resource", language="zh-Hans", text=text)


def ids(engine, tokens="apple"):
    return [hit.id for hit in engine.query(tokens.split(), ALL, 200)]


def files(folder):
    """Give the files of the current generation that hold documents."""
    name = (folder / "current").read_text()
    return [
        path
        for path in sorted((folder / name).iterdir())
        if path.suffix in {".store", ".idx", ".term", ".fast", ".fieldnorm"}
    ]


@pytest.mark.parametrize(
    ("table", "code", "path"),
    [
        ({"heap": 14}, "tantivy.setting", "heap"),
        ({"heap": 5000}, "tantivy.setting", "heap"),
        ({"batch": 0}, "tantivy.setting", "batch"),
        ({"seconds": -1.0}, "tantivy.setting", "seconds"),
        ({"wait": -1.0}, "tantivy.setting", "wait"),
        ({"heep": 20}, "field.unknown", "heep"),
        ({"heap": "20"}, "field.type", "heap"),
    ],
)
def test_settings_that_do_not_fit_are_named(folder, table, code, path):
    with pytest.raises(Invalid) as caught:
        opened(folder, **table)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_an_empty_path_is_refused():
    with pytest.raises(Invalid) as caught:
        opened(" ")
    assert (caught.value.code, caught.value.path) == ("tantivy.setting", "path")


def test_a_path_is_demanded():
    from tianfu_sdk.hookspecs import BackendContext
    from tianfu_sdk.testing import CountingIds, FrozenClock

    with pytest.raises(Invalid) as caught:
        TantivySearch.open(BackendContext(clock=FrozenClock(), ids=CountingIds()))
    assert (caught.value.code, caught.value.path) == ("field.missing", "path")


def test_a_path_that_is_no_folder_is_told(folder, make):
    folder.write_text("a file")
    engine = make()
    for verb in (lambda: engine.query(["apple"], ALL, 1), engine.mark, lambda: engine.rebuild([])):
        with pytest.raises(StorageError) as caught:
            verb()
        assert caught.value.code == "tantivy.failed"
        assert str(folder) in str(caught.value)


@pytest.fixture
def heavy(make, monkeypatch):
    """Give an engine to which every question is heavy, with documents like prose."""
    chance = random.Random(4)
    words = [chr(0x4E00 + number) for number in range(300)]
    weights = [1 / (rank + 3) for rank in range(300)]
    texts = ["".join(chance.choices(words, weights, k=60)) for _ in range(1500)]
    engine = make()
    engine.index([doc(f"d{number:04d}", text) for number, text in enumerate(texts)])
    engine.flush()
    monkeypatch.setattr("tianfu_search_tantivy.engine._LIGHT", 0)
    return engine, texts


def test_a_question_finds_the_best_without_looking_for_its_commonest_tokens(heavy, monkeypatch):
    engine, texts = heavy
    asked = [folded_query_tokens(text[20:34]) for text in texts[:40]]
    found = [engine.query(tokens, ALL, 10) for tokens in asked]
    monkeypatch.setattr("tianfu_search_tantivy.engine._LIGHT", 10**9)
    whole = [engine.query(tokens, ALL, 10) for tokens in asked]
    assert [hits[:3] for hits in found] == [hits[:3] for hits in whole]
    assert sum(map(eq, found, whole)) >= 30
    assert all(
        set(a.contributions) <= set(tokens)
        for hits, tokens in zip(found, asked, strict=True)
        for a in hits
    )


def test_where_the_rarer_tokens_find_too_few_all_are_looked_for(heavy):
    engine, _ = heavy
    common, rare = chr(0x4E00), "\u9f98"
    engine.index([doc("rare", rare + common)])
    engine.flush()
    hits = engine.query([common, rare], ALL, 50)
    assert (hits[0].id, len(hits)) == ("rare", 50)


def test_of_equal_ones_the_first_by_id_are_given(heavy):
    engine, _ = heavy
    engine.index([doc(f"s{number:03d}", "苹果派") for number in range(120, 0, -1)])
    engine.flush()
    hits = engine.query(["一", "苹", "果", "苹果"], ALL, 10)
    assert [hit.id for hit in hits] == [f"s{number:03d}" for number in range(1, 11)]


def test_who_only_asks_writes_nothing(folder, make):
    engine = make()
    assert engine.query(["apple"], ALL, 10) == []
    assert (engine.mark(), engine.size(), engine.lag()) == (None, 0, 0)
    engine.flush()
    assert not folder.exists()


def test_a_second_feeder_is_told_after_its_wait(make):
    one, two = make(), make(wait=0.1)
    one.index([doc("a")])
    with pytest.raises(StorageBusy) as caught:
        two.index([doc("b")])
    assert caught.value.code == "tantivy.busy"
    assert caught.value.retryable
    one.flush()
    two.index([doc("b")])
    two.flush()
    assert ids(one) == ids(two) == ["a", "b"]


def test_who_read_a_mark_before_a_rebuilding_feeds_nothing_after_it(make):
    one, two = make(), make()
    one.rebuild([doc("a")], "7")
    assert two.mark() == "7"
    one.rebuild([doc("a")], "3")
    with pytest.raises(StorageBusy) as caught:
        two.index([doc("b")])
    assert caught.value.code == "tantivy.replaced"
    assert two.mark() == "3"
    two.index([doc("b")])
    two.mark("4")
    two.flush()
    assert (ids(one), one.mark()) == (["a", "b"], "4")


def test_a_second_feeder_waits_and_takes_over(make):
    one, two = make(), make(wait=20)
    one.index([doc("a")])
    thread = threading.Thread(target=lambda: (two.index([doc("b")]), two.flush()))
    thread.start()
    time.sleep(0.1)
    one.flush()
    thread.join(20)
    assert ids(one) == ["a", "b"]


def test_marks_commit_by_number_and_by_time(make):
    by_number, elsewhere = make(batch=3, seconds=3600), make()
    for number in range(4):
        by_number.index([doc(f"d{number}")])
        by_number.mark(str(number))
    assert elsewhere.size() == 3
    assert elsewhere.mark() == "2"
    assert by_number.lag() == 1
    by_number.flush()
    by_time = make(batch=1000, seconds=0)
    by_time.index([doc("e")])
    by_time.mark("9")
    assert (elsewhere.size(), elsewhere.mark(), by_time.lag()) == (5, "9", 0)


@pytest.mark.parametrize("how", ["cut", "gone", "junk"])
@pytest.mark.parametrize("place", range(5))
def test_a_damaged_index_says_so_and_is_rebuilt(folder, make, place, how):
    engine = make()
    engine.rebuild([doc("a"), doc("b", "apple fig")])
    engine.mark("5")
    engine.flush()
    path = files(folder)[place]
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if how == "cut" else bytes(b ^ 255 for b in data))
    damaged = make()
    for verb in (
        lambda: damaged.query(["apple"], ALL, 10),
        damaged.mark,
        damaged.size,
        damaged.analyzer_version,
    ):
        with pytest.raises(StorageCorrupt) as caught:
            verb()
        assert caught.value.code == "tantivy.corrupt"
        assert "rebuild" in caught.value.hint
    assert damaged.rebuild([doc("c")]) == 1
    assert ids(damaged) == ids(make()) == ["c"]


@pytest.mark.parametrize("name", ["meta.json", "about.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"layout": 99, "analyzer": 1}'])
def test_damaged_papers_say_so_too(folder, make, name, text):
    make().rebuild([doc("a")])
    (folder / (folder / "current").read_text() / name).write_text(text)
    damaged = make()
    with pytest.raises(StorageCorrupt):
        damaged.query(["apple"], ALL, 10)
    with pytest.raises(StorageCorrupt):
        damaged.index([doc("b")])
    damaged.rebuild([doc("c")])
    assert ids(damaged) == ["c"]


@pytest.mark.parametrize("text", ["", "../elsewhere", "g-0000", "\udcff"])
def test_a_damaged_pointer_says_so(folder, make, text):
    make().rebuild([doc("a")])
    (folder / "current").write_bytes(text.encode("utf-8", "surrogateescape"))
    damaged = make()
    with pytest.raises(StorageCorrupt):
        damaged.query(["apple"], ALL, 10)
    damaged.rebuild([doc("c")])
    assert ids(damaged) == ["c"]


def test_an_index_of_another_analyzer_tells_its_version(folder, make):
    engine = make()
    engine.rebuild([doc("a")])
    about = folder / (folder / "current").read_text() / "about.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "analyzer": 0}))
    again = make()
    assert again.analyzer_version() == 0
    again.rebuild([doc("a")])
    assert again.analyzer_version() == ANALYZER_VERSION


def test_what_fails_half_way_is_not_committed_by_the_next(make, monkeypatch):
    engine = make()
    engine.index([doc("a")])
    engine.mark("1")
    engine.flush()
    engine.index([doc("b")])

    class Full:
        wait_merging_threads = engine._feeding._open.writer.wait_merging_threads

        def __getattr__(self, name):
            raise ValueError("An IO error occurred: 'No space left on device (os error 28)'")

    monkeypatch.setattr(engine._feeding._open, "writer", Full())
    with pytest.raises(StorageError) as caught:
        engine.index([doc("c")])
    assert caught.value.code == "storage.full"
    assert engine.mark() == "1"
    engine.index([doc("d")])
    engine.flush()
    assert ids(engine) == ["a", "d"]


def test_removed_documents_leave_scores_as_those_of_a_rebuilding(make):
    engine = make()
    docs = [doc(f"d{number:02d}", "apple " * (number % 3 + 1) + "fig") for number in range(40)]
    engine.index(docs)
    engine.flush()
    engine.remove([one.id for one in docs[::2]])
    engine.flush()
    found = engine.query(["apple", "fig"], ALL, 200)
    engine.rebuild(docs[1::2])
    assert found == engine.query(["apple", "fig"], ALL, 200)


def _in_child(engine, queue):
    engine.index([doc("child")])
    engine.flush()
    queue.put((ids(engine), engine.lag()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_asks_and_feeds(make):
    engine = make()
    engine.index([doc("parent")])
    engine.flush()
    assert ids(engine) == ["parent"]
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(engine, queue))
    child.start()
    assert queue.get(timeout=20) == (["child", "parent"], 0)
    child.join(20)
    assert child.exitcode == 0
    assert ids(engine) == ["child", "parent"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_that_is_forked_while_its_parent_feeds_ends_by_itself(make):
    engine = make()
    engine.index([doc("a")])
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if (ids(engine), engine.lag()) == ([], 0) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    engine.flush()
    assert ids(engine) == ["a"]


def test_through_a_hub_over_a_file(folder, tmp_path):
    settings = {
        "ask": {"engine": "tantivy"},
        "backends": {"tantivy": {"path": str(folder), "heap": 15}},
    }
    url = f"sqlite:///{tmp_path}/kepu.db"
    import tianfu_search_tantivy as plugin

    with Hub.open(url, settings=settings, plugins=[plugin], discover=False) as hub:
        hub.bootstrap(organization="自贡市科协", region="510300")
        system = hub.as_system(reason="test")
        me = hub.as_(system.accounts.find().items[0].id)
        home = me.organizations.find().items[0].id
        second = me.accounts.create(organization=home)
        me.accounts.grant(second.id, ["*"], region="510300")
        other = hub.as_(second.id)
        made = me.resources.create(title="脑卒中怎么预防", body="少盐。", organization=home)
        me.resources.submit(made.id)
        other.resources.approve(made.id)
        other.resources.publish(made.id)
        system.follow_index()
        assert [a.id for a in hub.ask("怎样预防脑卒中")] == [made.id]
    with Hub.open(url, settings=settings, plugins=[plugin], discover=False) as hub:
        assert [a.id for a in hub.ask("怎样预防脑卒中")] == [made.id]
        system = hub.as_system(reason="test")
        assert system.follow_index() == 2  # what was asked
        about = folder / (folder / "current").read_text() / "about.json"
        papers = about.read_text()
        about.write_text(json.dumps({**json.loads(papers), "analyzer": 0}))
        hub._tools.engine()._view = None
        answers = hub.ask("怎样预防脑卒中")
        assert ([a.id for a in answers], answers.fallback.code) == ([made.id], "search.analyzer")
        about.write_text(papers)
        hub._tools.engine()._view = None
        assert hub.ask("怎样预防脑卒中").fallback is None
        for path in files(folder):
            path.write_bytes(b"")
        hub._tools.engine()._view = None
        answers = hub.ask("怎样预防脑卒中")
        assert ([a.id for a in answers], answers.fallback.code) == ([made.id], "tantivy.corrupt")
        wrong = [f for f in system.doctor() if f.check == "search" and f.severity == "error"]
        assert "rebuild" in wrong[0].hint
        system.rebuild_index()
        answers = hub.ask("怎样预防脑卒中")
        assert ([a.id for a in answers], answers.fallback) == ([made.id], None)


def test_the_version_that_was_tested():
    assert tantivy.__version__.startswith("0.27") or "tantivy v0.27" in tantivy.__version__
