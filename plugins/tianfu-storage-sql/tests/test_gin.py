"""The search engine of PostgreSQL's own: what the suite cannot see of it."""

import pytest
from tianfu_storage_sql.gin import GinSearching
from tianfu_storage_sql.search import Searching

from tianfu_sdk.core.searching import candidates
from tianfu_sdk.model.search import SearchDoc, SearchFilter

pytestmark = pytest.mark.server


def doc(number, text, tag="in:510000"):
    return SearchDoc(
        id=f"r{number:04d}",
        kind="resource",
        language="zh-Hans",
        text=text,
        tags=frozenset({tag}),
    )


@pytest.fixture
def store(postgresql_url, opened):
    store = opened(postgresql_url)
    store.open([])
    yield store
    store.close()


@pytest.fixture
def index(store):
    return lambda docs: store.run(lambda tx: tx.search.index(list(docs)), write=True)


@pytest.fixture
def ask(store):
    def asked(tokens, limit=10, **only):
        found = SearchFilter(**{name: frozenset(members) for name, members in only.items()})
        hits = store.run(lambda tx: tx.search.query(tokens, found, limit), write=False)
        return [hit.id for hit in hits]

    return asked


def counted(store):
    """What is counted of every token, folded and not."""
    session = store._connections.take()
    from tianfu_storage_sql.texts import Text

    both = "SELECT token, number FROM tf_count UNION ALL SELECT token, number FROM tf_change"
    sums = f"SELECT token, sum(number)::bigint FROM ({both}) f GROUP BY token"
    return {token: number for token, number in session.rows(Text(sums, ()), ()) if number}


def test_a_store_has_the_engine_it_was_made_with(postgresql_url, portable_url, opened):
    for url, engine in ((postgresql_url, GinSearching), (portable_url, Searching)):
        opened(url, portable=engine is Searching).open([])
        for portable in (False, True):
            again = opened(url, portable=portable)
            again.open([])
            assert type(again._parts.searching) is engine
            again.close()


def test_a_filter_reaches_past_the_rarest_words(index, ask, monkeypatch):
    monkeypatch.setattr(candidates, "_WALKED", 2)
    monkeypatch.setattr(candidates, "_MOST_WALKED", 2)
    index(doc(n, "apple banana cherry") for n in range(8))
    index([doc(8, "apple banana", "in:510300"), doc(9, "damson elder"), doc(10, "damson elder")])
    asked = ["damson", "cherry", "banana", "apple"]
    assert ask(asked, limit=2) == ["r0009", "r0010"]
    assert ask(asked, tags=["in:510300"]) == ["r0008"]
    assert len(ask(asked)) == 10


def test_which_of_equals_are_first_is_told_by_their_ids_wherever_they_lie(index, ask):
    for first in (200, 100, 0):
        index(doc(n, "apple") for n in range(first, first + 100))
    assert ask(["apple"], limit=3) == ["r0000", "r0001", "r0002"]


def test_single_characters_are_found_though_they_are_not_in_the_index(index, ask):
    index([doc(1, "加碘的盐"), doc(2, "盐碱地"), doc(3, "土壤")])
    assert sorted(ask(["盐"])) == ["r0001", "r0002"]
    assert ask(["盐"], tags=["in:510300"]) == []


def test_two_words_of_one_number_are_told_apart(index, ask, monkeypatch):
    from tianfu_storage_sql import engine

    monkeypatch.setattr(engine, "_number", lambda word: 7)
    index([doc(1, "apple"), doc(2, "banana")])
    assert ask(["apple"]) == ["r0001"]


def test_what_a_text_may_hold_and_a_server_does_not(index, ask, store):
    long = "x" * 5_000
    index([doc(1, f"apple\0banana {long}"), doc(2, f"{long}y")])
    assert ask(["apple"]) == ["r0001"]
    assert ask(["app\0le", "banana"]) == ["r0001"]
    assert ask([long]) == ["r0001"]
    store.run(lambda tx: tx.search.remove(["r0001", "r0002"]), write=True)
    assert counted(store) == {}


def test_counts_are_folded_after_some_writes_and_say_the_same(index, store, monkeypatch):
    from tianfu_storage_sql import gin

    monkeypatch.setattr(gin, "_DUE", 5)
    monkeypatch.setattr(gin, "_ROUND", 3)
    for number in range(12):
        index([doc(number, "防震 避险")])
    session = store._connections.take()
    from tianfu_storage_sql.texts import Text

    ((left,),) = session.rows(Text("SELECT count(DISTINCT part) FROM tf_change", ()), ())
    assert left < 5
    assert counted(store) == {
        "": 12, " ": 72, "防": 12, "震": 12, "防震": 12, "避": 12, "险": 12, "避险": 12,
    }  # fmt: skip
    store._parts.searching.fold(session)
    assert session.rows(Text("SELECT FROM tf_change", ()), ()) == []
    assert counted(store)["防震"] == 12


def test_what_a_bulk_load_appends_is_folded_at_once(index, store, monkeypatch):
    from tianfu_storage_sql import gin
    from tianfu_storage_sql.texts import Text

    # What the first write of a store appends is folded with the rest of its housekeeping.
    index([doc(0, "防震")])
    monkeypatch.setattr(gin, "_DUE", 20)
    monkeypatch.setattr(gin, "_HEAVY_WRITE", 10)
    session = store._connections.take()
    unfolded = Text("SELECT FROM tf_change", ())
    index([doc(1, "防震 避险")])
    assert len(session.rows(unfolded, ())) == 8
    index(doc(n, " ".join(f"w{n}x{m}" for m in range(20))) for n in range(2, 12))
    assert session.rows(unfolded, ()) == []
    assert counted(store)["防震"] == 2


def test_who_folds_gives_way_to_who_rebuilds(index, store, opened, postgresql_url):
    index([doc(1, "apple")])
    other = opened(postgresql_url)
    other.open([])

    def body(tx):
        number = tx.search.rebuild([doc(2, "banana"), doc(3, "banana")])
        # Not waited for, and nothing is lost.
        other._quietly(session, lambda: other._parts.searching.fold(session))
        return number

    session = other._connections.take()
    assert store.run(body, write=True) == 2
    # What a rebuilding counted is summed up already.
    assert other._parts.searching.fold(session) == 0
    assert counted(store) == {"": 2, " ": 2, "banana": 2}
    other.close()


@pytest.mark.parametrize("held", [1, 200_000])
def test_an_index_made_of_nothing_is_the_one_that_grows(index, ask, store, monkeypatch, held):
    from tianfu_storage_sql import engine
    from tianfu_storage_sql.texts import Text

    monkeypatch.setattr(engine, "_BATCH", 2)
    monkeypatch.setattr(engine, "_HELD", held)
    docs = [doc(n, f"防震 避险 w{n}") for n in range(5)]
    # The same one twice, in two batches: the last one counts.
    given = [doc(0, "apple"), *docs[1:], docs[0]]
    for had in (False, True):
        assert store.run(lambda tx: tx.search.rebuild(given), write=True) == 5, had
        told = counted(store)
        assert told["防震"] == told[""] == 5
        assert "apple" not in told
        assert ask(["w0"]) == ["r0000"]
    made = Text("SELECT FROM pg_indexes WHERE indexname = 'tf_text_words'", ())
    assert len(store._connections.take().rows(made, ())) >= 1
    store.run(lambda tx: tx.search.remove([one.id for one in docs]), write=True)
    index(docs)
    assert counted(store) == told


def test_who_owns_nothing_and_may_have_no_tables_makes_the_index_too(fresh_postgresql_url, opened):
    import psycopg

    opened(fresh_postgresql_url).open([])
    name = fresh_postgresql_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(fresh_postgresql_url, autocommit=True) as owner:
        schema = owner.execute("SELECT current_schema()").fetchone()[0]
        owner.execute("CREATE ROLE clerk LOGIN")
        owner.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        owner.execute(f"GRANT CONNECT ON DATABASE {name} TO clerk")
        owner.execute(f"GRANT USAGE ON SCHEMA {schema} TO clerk")
        for what in ("TABLES", "SEQUENCES"):
            owner.execute(f"GRANT ALL ON ALL {what} IN SCHEMA {schema} TO clerk")
    theirs = fresh_postgresql_url.replace("tianfu@", "clerk@", 1)
    store = opened(theirs)
    store.open([])
    for docs in ([doc(1, "apple")], [doc(2, "apple"), doc(3, "apple")]):
        assert store.run(lambda tx, d=docs: tx.search.rebuild(d), write=True) == len(docs)
        assert counted(store) == {"": len(docs), " ": len(docs), "apple": len(docs)}
    store.close()
    with psycopg.connect(fresh_postgresql_url, autocommit=True) as owner:
        owner.execute("DROP OWNED BY clerk")
        owner.execute("DROP ROLE clerk")
