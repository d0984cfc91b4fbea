"""What a kind, a row and a query refuse."""

import pytest

from tianfu_sdk.core.rows.kinds import ALL_KINDS
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.storage import Key, Kind, NewJob, Query, Row, Where

KIND = Kind("note", (Key("text"), Key("size", "int"), Key("tag", many=True)), (("text", "size"),))
ROW = {"text": "x", "size": 1, "tag": frozenset({"a"})}


def refused(code, call):
    with pytest.raises(Invalid) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.path
    assert "?" not in caught.value.message
    return caught.value


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "a" * 33, "a b", "a;--"])
def test_names_that_sql_would_stumble_over_are_refused(name):
    refused("storage.bad_name", lambda: Kind(name))
    refused("storage.bad_name", lambda: Key(name))


def test_a_kind_has_each_key_once_and_indexes_of_its_own_scalars():
    refused("storage.bad_name", lambda: Kind("n", (Key("a"), Key("a"))))
    refused("storage.bad_name", lambda: Kind("n", (Key("id"),)))
    for index in (("none",), ("tag",)):
        refused("storage.bad_index", lambda i=index: Kind("n", KIND.keys, (i,)))


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"text": "x"}, "storage.key_names"),
        (ROW | {"more": 1}, "storage.key_names"),
        (ROW | {"text": 1}, "storage.key_type"),
        (ROW | {"text": None}, "storage.key_type"),
        (ROW | {"size": True}, "storage.key_type"),
        (ROW | {"size": 2**63}, "storage.key_range"),
        (ROW | {"text": "x" * 201}, "storage.key_too_long"),
        (ROW | {"text": "\0"}, "storage.key_characters"),
        (ROW | {"text": "\ud800"}, "storage.key_characters"),
        (ROW | {"tag": ["a"]}, "storage.key_type"),
        (ROW | {"tag": frozenset({1})}, "storage.key_type"),
    ],
)
def test_a_row_fits_its_kind(keys, code):
    KIND.check_row(Row("note_1", 0, b"", ROW))
    error = refused(code, lambda: KIND.check_row(Row("note_1", 0, b"", keys)))
    assert error.path.startswith("note.")


def test_a_document_is_there_where_the_kind_has_one():
    refused("storage.document", lambda: KIND.check_row(Row("n", 0, None, ROW)))
    bare = Kind("bare", document=False)
    refused("storage.document", lambda: bare.check_row(Row("n", 0, b"", {})))


@pytest.mark.parametrize("id_", ["", "x" * 65, "\0", "\ud800"])
def test_an_id_can_be_stored(id_):
    code = "storage.empty_id" if not id_ else refused_code(id_)
    refused(code, lambda: KIND.check_row(Row(id_, 0, b"", ROW)))
    with pytest.raises(Invalid):
        NewJob(id_)


def refused_code(id_):
    return "storage.key_too_long" if len(id_) > 64 else "storage.key_characters"


@pytest.mark.parametrize(
    ("where", "code"),
    [
        (Where("none", "=", "x"), "storage.no_key"),
        (Where("tag", "=", "x"), "storage.operator"),
        (Where("text", "has", "x"), "storage.operator"),
        (Where("size", "prefix", 1), "storage.operator"),
        (Where("size", "=", "1"), "storage.key_type"),
        (Where("text", "in", ["x"]), "storage.in_values"),
        (Where("text", "in", tuple(map(str, range(501)))), "storage.in_values"),
        (Where("text", "in", (1,)), "storage.key_type"),
        (Where("id", "=", 5), "storage.key_type"),
    ],
)
def test_a_query_fits_its_kind(where, code):
    for query in (Query(where=(where,)), Query(any_of=((where,),)), Query(scope=((where,),))):
        refused(code, lambda q=query: KIND.check_query(q))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"order": "none"}, "storage.bad_order"),
        ({"order": "tag"}, "storage.bad_order"),
        ({"order": "size", "after": ("x", "note_1")}, "storage.key_type"),
        ({"after": (5, "note_1")}, "storage.key_type"),
    ],
)
def test_an_order_fits_its_kind(query, code):
    refused(code, lambda: KIND.check_query(Query(**query)))


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_an_end(limit):
    assert refused("storage.limit", lambda: Query(limit=limit)).path == "limit"


@pytest.mark.parametrize("name", ["scope", "any_of"])
def test_groups_have_an_end(name):
    Query(**{name: ((),) * 16})
    assert refused("storage.groups", lambda: Query(**{name: ((),) * 17})).path == name


def test_the_kinds_of_the_library_have_names_of_their_own():
    names = [kind.name for kind in ALL_KINDS]
    assert len(set(names)) == len(names)
