"""Tables of earlier schemas, whose index is another one, are brought up."""

import pytest
from tianfu_storage_sql.opening import Opener
from tianfu_storage_sql.schema import SCHEMA

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
BOTH = ["r1", "r2"]
POSTINGS = """
DROP TABLE tf_doc, tf_word, tf_tag, tf_frequency;
CREATE TABLE tf_doc (id varchar(64), kind varchar(64) NOT NULL, language varchar(64) NOT NULL,
 length integer NOT NULL, PRIMARY KEY (id));
CREATE TABLE tf_posting (token varchar(64), id varchar(64), tf integer NOT NULL,
 length integer NOT NULL, PRIMARY KEY (token, id));
CREATE INDEX tf_posting_id ON tf_posting (id);
CREATE TABLE tf_tag (tag varchar(200), id varchar(64), PRIMARY KEY (tag, id));
CREATE INDEX tf_tag_id ON tf_tag (id);
CREATE TABLE tf_time (id varchar(64), first bigint NOT NULL, last bigint NOT NULL,
 PRIMARY KEY (id));
CREATE TABLE tf_frequency (token varchar(64), part varchar(32), number bigint NOT NULL,
 PRIMARY KEY (token, part));
INSERT INTO tf_doc VALUES ('r0', 'res', 'zh', 3);
INSERT INTO tf_posting VALUES ('apple', 'r0', 1, 3);
INSERT INTO tf_frequency VALUES ('', 'a', 1), ('apple', 'a', 1)
"""
"""What plain tables were in the second schema, and some rows."""


@pytest.fixture(
    params=[
        "postgresql",
        "postgresql portable",
        pytest.param("mariadb", marks=pytest.mark.ci),
    ]
)
def url(request):
    """A place that is empty at first."""
    server, _, portable = request.param.partition(" ")
    url = request.getfixturevalue(f"fresh_{server}_url")
    return f"{url}&portable=true" if portable else url


@pytest.fixture
def make(url, opened):
    """Makes stores on it."""
    made = []

    def make():
        made.append(opened(url))
        return made[-1]

    yield make
    for store in made:
        store.close()


def index(store, verb, docs):
    store.run(lambda tx: getattr(tx.search, verb)(docs), write=True)


def ask(store, fn):
    return store.run(lambda tx: fn(tx.search), write=False)


def is_gin(store):
    return ask(store, lambda search: type(search).__name__) == "GinSearch"


def version(store):
    return ask(store, lambda search: search.analyzer_version())


def of_parts(store):
    found = ask(store, lambda search: search.query(["少吃"], PARTS, 9))
    sought = ask(store, lambda search: search.percolate("少吃盐", PARTS, 9))
    return [hit.id for hit in found], [hit.id for hit in sought]


@pytest.fixture(params=range(1, SCHEMA))
def schema(request):
    return request.param


@pytest.fixture
def old(make, schema):
    """A store of an earlier schema, which somebody has open."""
    store = make()
    store.open([])
    index(store, "index", DOCS)
    assert of_parts(store) == (BOTH, BOTH)
    lower(store, schema)
    return store


def lower(store, schema):
    """Give a store the tables of an earlier schema."""
    gin = is_gin(store)
    session = store._connections.take()
    if not gin:
        for statement in POSTINGS.split(";"):
            session.do(statement)
    if schema == 1:
        times = "ALTER TABLE tf_text DROP COLUMN first, DROP COLUMN last"
        session.do(times if gin else "DROP TABLE tf_time")
    session.do(f"UPDATE tf_meta SET value = '{schema}' WHERE name = 'schema'")
    session.do("COMMIT")


def test_a_store_with_another_index_is_refused_brought_up_and_made_anew(old, make, schema):
    store = make()
    with pytest.raises(SchemaTooOld) as caught:
        store.open([])
    assert caught.value.code == "storage.schema_too_old"
    steps = [(change.step, change.found, change.wanted) for change in store.changes([])]
    assert steps == [(SchemaStep.STORE, schema, SCHEMA)]
    store.migrate([], lambda _, row: row.keys)
    assert store.changes([]) == []
    with pytest.raises(StorageError) as fenced:
        index(old, "remove", ["r0"])
    assert fenced.value.code == "storage.schema_changed"
    found = ask(store, lambda search: search.query(["少吃"], SearchFilter(), 9))
    if is_gin(store) and schema > 1:
        # Nothing was missing.
        assert version(store) == ANALYZER_VERSION
        assert of_parts(store) == (BOTH, BOTH)
        return
    assert version(store) == 0
    assert len(found) == (len(DOCS) if is_gin(store) else 0)
    assert of_parts(store) == ([], [])
    # What is written meanwhile does not make the rest of it any newer.
    index(store, "index", DOCS[:1])
    assert version(store) == 0
    index(store, "rebuild", DOCS)
    assert version(store) == ANALYZER_VERSION
    assert ask(store, lambda search: (search.size(), search.sought())) == (4, 4)
    assert of_parts(store) == (BOTH, BOTH)


@pytest.mark.usefixtures("old")
def test_an_index_that_was_emptied_and_has_nothing_to_hold_is_done(make):
    store = make()
    store.migrate([], lambda _, row: row.keys)
    index(store, "rebuild", [])
    assert version(store) is None


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
    assert of_parts(store) == (BOTH, BOTH)


@pytest.mark.ci
def test_the_command_makes_the_index_anew(tianfu, make, url):
    tianfu("demo", "--db", url)
    store = make()
    store.open([])
    lower(store, 2)
    assert "migrated" in tianfu("migrate", "--db", url)
    assert "一氧化碳" in tianfu("ask", "一氧化碳中毒怎么办", "--db", url)
    assert "error" not in tianfu("doctor", "--db", url)
