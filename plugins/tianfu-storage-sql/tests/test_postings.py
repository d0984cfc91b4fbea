"""The search engine of plain tables: what the suite cannot see of it."""

import random

import attrs
import pytest
from tianfu_storage_sql import engine, search
from tianfu_storage_sql.texts import Text

from tianfu_sdk.core.searching import candidates
from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.text import fold, query_tokens

pytestmark = pytest.mark.server

ALL = SearchFilter()


def doc(number, text, tag="in:510000", **more):
    return SearchDoc(
        id=f"r{number:04d}",
        kind="resource",
        language="zh-Hans",
        text=text,
        tags=frozenset({tag}),
        **more,
    )


@pytest.fixture(params=["portable_url", pytest.param("mariadb_url", marks=pytest.mark.ci)])
def make(request, opened):
    """Makes stores on one place."""
    url = request.getfixturevalue(request.param)
    made = []

    def make():
        made.append(opened(url, portable=request.param == "portable_url"))
        made[-1].open([])
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(make):
    return make()


def change(store, verb, given):
    return store.run(lambda tx: getattr(tx.search, verb)(given), write=True)


def hits(store, tokens, only=ALL, limit=10):
    return store.run(lambda tx: tx.search.query(tokens, only, limit), write=False)


def ids(store, *given, **more):
    return [hit.id for hit in hits(store, *given, **more)]


def rows(store, sql):
    return store._connections.take().rows(Text(sql, ()), ())


def counted(store):
    said = rows(store, "SELECT token, sum(number) FROM tf_frequency GROUP BY token")
    return {token: int(number) for token, number in said if number}


def test_which_of_equals_are_first_is_told_by_their_ids_not_by_when_they_came(store):
    for first in (200, 100, 0):
        change(store, "index", [doc(n, "apple") for n in range(first, first + 100)])
    assert ids(store, ["apple"], limit=3) == ["r0000", "r0001", "r0002"]


def test_postings_are_of_words_alone_and_go_with_their_documents(store):
    change(store, "index", [doc(1, "防震 apple apple", sought=True), doc(2, "震")])
    # Words of what is shown, and of what is sought, and one of each place: no single character
    # of Han.
    assert rows(store, "SELECT count(*) FROM tf_word") == [(4 + 3,)]
    assert ids(store, ["震"]) == ["r0002", "r0001"]
    assert ids(store, ["震"], SearchFilter(tags=frozenset(["in:510300"]))) == []
    long = " ".join(f"w{number}" for number in range(1_200))
    change(store, "index", [doc(1, f"{long} {'x' * 5_000}")])
    assert rows(store, "SELECT count(*) FROM tf_word") == [(1_201 + 2,)]
    assert ids(store, ["x" * 5_000]) == ["r0001"]
    change(store, "remove", ["r0001", "r0002"])
    for table in ("tf_word", "tf_tag", "tf_doc"):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert counted(store) == {}


def test_two_words_of_one_number_are_told_apart(store, monkeypatch):
    monkeypatch.setattr(engine, "_number", lambda word: 7)
    change(store, "index", [doc(1, "apple"), doc(2, "banana"), doc(3, "apple", shown=False)])
    change(store, "index", [doc(4, "apple", shown=False, sought=True)])
    assert ids(store, ["apple"]) == ["r0001"]
    change(store, "remove", ["r0001"])
    assert ids(store, ["apple"]) == []
    assert ids(store, ["banana"]) == ["r0002"]


def test_texts_come_back_as_they_were_but_for_what_a_server_does_not_take(store):
    text = fold("apple\0banana  😀 é \\ % ' \U00020000 ")
    change(store, "index", [doc(1, text)])
    assert rows(store, "SELECT body FROM tf_doc") == [(text.replace("\0", " "),)]
    assert ids(store, ["app\0le", "banana"]) == ["r0001"]


def test_documents_that_come_to_one_place_are_added_once_more(store, monkeypatch):
    places = [5, 5, 6]
    monkeypatch.setattr(search, "_places", lambda: iter([places.pop(0)]))
    change(store, "index", [doc(1, "apple")])
    change(store, "index", [doc(2, "banana", "in:510300")])
    assert places == []
    assert ids(store, ["apple", "banana"]) == ["r0001", "r0002"]


def test_places_grow_and_fit():
    made = search._places()
    some = [next(made) for _ in range(3)]
    assert some == sorted(set(some))
    assert 0 < some[0] < some[-1] < 2**63


def test_a_filter_reaches_past_the_rarest_words(store, monkeypatch):
    monkeypatch.setattr(candidates, "_WALKED", 2)
    monkeypatch.setattr(candidates, "_MOST_WALKED", 2)
    change(store, "index", [doc(n, "apple banana cherry") for n in range(8)])
    change(
        store, "index", [doc(8, "apple banana", "in:510300"), doc(9, "damson"), doc(10, "damson")]
    )
    asked = ["damson", "cherry", "banana", "apple"]
    assert ids(store, asked, limit=2) == ["r0009", "r0010"]
    assert ids(store, asked, SearchFilter(tags=frozenset(["in:510300"]))) == ["r0008"]
    assert len(ids(store, asked)) == 10


def test_what_is_published_while_an_index_is_made_is_there_and_counted_once(
    store, make, monkeypatch
):
    monkeypatch.setattr(engine, "_BATCH", 2)
    change(store, "index", [doc(n, "apple") for n in range(3)])
    other = make()

    def published():
        for number in range(4):
            yield doc(number, "apple fig")
            if number == 2:
                # Not of those that are read for it; and one that is read later on.
                change(other, "index", [doc(8, "apple"), doc(3, "apple")])

    assert change(store, "rebuild", published()) == 5
    assert ids(store, ["apple"]) == ["r0008", "r0000", "r0001", "r0002", "r0003"]
    assert counted(store) == {"": 5, " ": 9, "apple": 5, "fig": 4}
    assert rows(store, "SELECT count(*) FROM tf_word") == [(9 + 5,)]


def test_every_engine_gives_the_same_hits_and_scores(store, postgresql_url, opened):
    gin = opened(postgresql_url)
    gin.open([])
    chance = random.Random(3)
    alphabet = "高血压少吃盐地震避险水稻病虫害防治健康饮食运动儿童老人冬季森林火灾"
    syllables = [*alphabet, "covid-19", "2026", "h7n9", "α", "，", " "]

    def text(most):
        return fold("".join(chance.choices(syllables, k=chance.randint(2, most))))

    docs = [
        attrs.evolve(
            doc(n, text(60), chance.choice(["in:510100", "in:510300"]), sought=n % 3 == 0),
            kind=chance.choice(["resource", "news"]),
            first=n if n % 4 else None,
            last=n + 9 if n % 4 else None,
        )
        for n in range(300)
    ]
    filters = [
        ALL,
        SearchFilter(tags=frozenset(["in:510300"]), kinds=frozenset(["news"])),
        SearchFilter(since=50, until=200),
    ]
    change(store, "rebuild", docs)
    change(gin, "index", docs[:200])
    change(gin, "index", docs[100:])
    for _ in range(200):
        asked, only = text(12), chance.choice(filters)
        one, two = (
            each.run(
                lambda tx, asked=asked, only=only: (
                    tx.search.query(query_tokens(asked), only, 10),
                    tx.search.percolate(asked, only, 10),
                    tx.search.spread(query_tokens(asked)),
                ),
                write=False,
            )
            for each in (store, gin)
        )
        assert one == two, asked
    gin.close()
