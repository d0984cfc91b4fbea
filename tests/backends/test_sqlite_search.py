"""Candidates of the embedded engine, where the rarest tokens are not enough."""

import random
from array import array

import attrs
import pytest

from tianfu_sdk.backends.sqlite import SqliteStore, seeking
from tianfu_sdk.core.searching import candidates
from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.testing import CountingIds, FrozenClock


def doc(number, text, tag="in:510000"):
    return SearchDoc(
        id=f"r{number:04d}",
        kind="resource",
        language="zh-Hans",
        text=text,
        tags=frozenset({tag}),
    )


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "kepu.db", clock=FrozenClock(), ids=CountingIds())
    store.open([])
    yield store
    store.close()


@pytest.fixture
def asks(store):
    def ask(tokens, limit=10, **only):
        found = SearchFilter(**{name: frozenset(members) for name, members in only.items()})
        return [
            hit.id
            for hit in store.run(
                lambda tx: tx.search.query(tokens.split(), found, limit), write=False
            )
        ]

    return ask


@pytest.fixture
def index(store):
    return lambda docs: store.run(lambda tx: tx.search.index(list(docs)), write=True)


def test_a_filter_reaches_past_the_rarest_tokens(index, asks, monkeypatch):
    monkeypatch.setattr(candidates, "_WALKED", 2)
    monkeypatch.setattr(candidates, "_MOST_WALKED", 2)
    index(doc(n, "apple banana cherry") for n in range(8))
    index([doc(8, "apple banana", "in:510300"), doc(9, "damson elder"), doc(10, "damson elder")])
    assert asks("damson cherry banana apple", limit=2) == ["r0009", "r0010"]
    assert asks("damson cherry banana apple", tags=["in:510300"]) == ["r0008"]
    assert len(asks("damson cherry banana apple")) == 10


def test_of_a_single_word_the_best_are_ranked_by_bm25_not_by_their_place(index, asks):
    index(doc(n, "apple and some other words that make it longer") for n in range(150))
    index([doc(200, "apple apple"), doc(201, "apple pie")])
    assert asks("apple", limit=2) == ["r0200", "r0201"]


def test_a_question_of_very_many_words_is_answered(index, asks):
    words = [f"w{n:04d}" for n in range(1200)]
    index(doc(n, " ".join(words[n : n + 40])) for n in range(0, 1160, 20))
    assert asks(" ".join(words), limit=5)


def test_single_characters_are_found_though_they_are_not_in_the_index(index, asks):
    index([doc(1, "加碘的盐"), doc(2, "盐碱地"), doc(3, "土壤")])
    assert sorted(asks("盐")) == ["r0001", "r0002"]
    assert asks("盐", tags=["in:510300"]) == []


def packed(store):
    """Each word that is sought, and who has it, as the file says."""
    connection = store._connection()
    words = {}
    for word, older, docs in connection.execute("SELECT word, older, docs FROM tf_sought_word"):
        parts = connection.execute(
            "SELECT docs FROM tf_sought_part WHERE word = ? ORDER BY first", (word,)
        ).fetchall()
        apart = [seq for (part,) in parts for seq in array("I", part)]
        assert len(apart) == older
        assert all(parts)
        words[word] = apart + array("I", docs).tolist()
        assert words[word] == sorted(set(words[word]))
    assert all(words.values())
    return words


def test_what_has_a_word_stands_in_parts_and_is_removed_from_them(store, monkeypatch):
    monkeypatch.setattr(seeking, "_PART", 3)
    chance, there = random.Random(5), {}

    def change(tx):
        gone = chance.sample(sorted(there), min(len(there), chance.randint(0, 6)))
        if chance.random() < 0.15:
            gone = sorted(there)
        tx.search.remove(gone)
        for id_ in gone:
            del there[id_]
        many = [
            attrs.evolve(
                doc(chance.randint(0, 60), " ".join(chance.sample(["apple", "fig", "木虱"], 2))),
                sought=True,
                shown=False,
            )
            for _ in range(chance.randint(0, 9))
        ]
        tx.search.index(many)
        there.update((one.id, one) for one in many)

    for _ in range(120):
        store.run(change, write=True)
        found = store.run(
            lambda tx: tx.search.percolate("apple fig 木虱", SearchFilter(), 200), write=False
        )
        assert sorted(hit.id for hit in found) == sorted(there)
        seqs = dict(store._connection().execute("SELECT id, seq FROM tf_sought"))
        words = packed(store)
        for word in ("apple", "fig", "木虱"):
            having = sorted(seqs[id_] for id_, one in there.items() if word in one.text)
            assert words.get(seeking._number(word), []) == having
