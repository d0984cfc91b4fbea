"""Tables of the first schema, whose index knows no times, are brought up."""

import pytest
from tianfu_storage_sql.opening import Opener

from tianfu_sdk.errors import SchemaTooOld, StorageError
from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.model.storage import SchemaStep
from tianfu_sdk.text import ANALYZER_VERSION

pytestmark = pytest.mark.server

DOCS = [
    SearchDoc(id=f"r{n}", kind="res", language="zh", text="少吃盐", first=n, last=n, sought=True)
    for n in range(4)
]
PARTS = SearchFilter(since=1, until=3)


@pytest.fixture(
    params=[
        "postgresql",
        "postgresql portable",
        pytest.param("mariadb", marks=pytest.mark.ci),
    ]
)
def make(request, opened):
    """Makes stores on a place that is empty at first."""
    server, _, portable = request.param.partition(" ")
    url = request.getfixturevalue(f"fresh_{server}_url")
    made = []

    def make():
        made.append(opened(f"{url}&portable=true" if portable else url))
        return made[-1]

    yield make
    for store in made:
        store.close()


def index(store, verb, docs):
    store.run(lambda tx: getattr(tx.search, verb)(docs), write=True)


def ask(store, fn):
    return store.run(lambda tx: fn(tx.search), write=False)


def of_parts(store):
    found = ask(store, lambda search: search.query(["少吃"], PARTS, 9))
    sought = ask(store, lambda search: search.percolate("少吃盐", PARTS, 9))
    return [hit.id for hit in found], [hit.id for hit in sought]


@pytest.fixture
def old(make):
    """A store of the first schema, which somebody has open."""
    store = make()
    store.open([])
    index(store, "index", DOCS)
    assert of_parts(store) == (["r1", "r2"], ["r1", "r2"])
    session = store._connections.take()
    gin = ask(store, lambda search: type(search).__name__) == "GinSearch"
    if gin:
        session.do("ALTER TABLE tf_text DROP COLUMN first, DROP COLUMN last")
    else:
        session.do("DROP TABLE tf_time")
    session.do("UPDATE tf_meta SET value = '1' WHERE name = 'schema'")
    session.do("COMMIT")
    return store


def test_a_store_that_knows_no_times_is_refused_brought_up_and_made_anew(old, make):
    store = make()
    with pytest.raises(SchemaTooOld) as caught:
        store.open([])
    assert caught.value.code == "storage.schema_too_old"
    steps = [(change.step, change.found, change.wanted) for change in store.changes([])]
    assert steps == [(SchemaStep.STORE, 1, 2)]
    store.migrate([], lambda _, row: row.keys)
    assert store.changes([]) == []
    with pytest.raises(StorageError) as fenced:
        index(old, "remove", ["r0"])
    assert fenced.value.code == "storage.schema_changed"
    assert ask(store, lambda search: search.analyzer_version()) == 0
    assert len(ask(store, lambda search: search.query(["少吃"], SearchFilter(), 9))) == 4
    assert of_parts(store) == ([], [])
    # What is written meanwhile does not make the rest of it any newer.
    index(store, "index", DOCS[:1])
    assert ask(store, lambda search: search.analyzer_version()) == 0
    index(store, "rebuild", DOCS)
    assert ask(store, lambda search: search.analyzer_version()) == ANALYZER_VERSION
    assert of_parts(store) == (["r1", "r2"], ["r1", "r2"])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.usefixtures("old")
def test_a_step_that_was_cut_off_is_done_again(make, monkeypatch, after):
    step = Opener.next_generation

    def cut(self, session):
        if after:
            step(self, session)
        monkeypatch.undo()
        raise ZeroDivisionError

    monkeypatch.setattr(Opener, "next_generation", cut)
    with pytest.raises(ZeroDivisionError):
        make().migrate([], lambda _, row: row.keys)
    store = make()
    with pytest.raises(SchemaTooOld):
        store.open([])
    store.migrate([], lambda _, row: row.keys)
    index(store, "index", DOCS)
    assert of_parts(store) == (["r1", "r2"], ["r1", "r2"])
