"""Keys that a migration gives."""

import attrs
import pytest

from tianfu_sdk import codec
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.keying import NounKind, Placed
from tianfu_sdk.core.rows.kinds import SHELVES
from tianfu_sdk.core.rows.rekeying import rekeyer
from tianfu_sdk.errors import StorageCorrupt, StorageError
from tianfu_sdk.model.content import Resource
from tianfu_sdk.model.storage import Key, Kind, Row
from tianfu_sdk.opening import regions

PLACED = Placed(Levels("510000", "510300", "510302"), ("org_1", "org_2"))
NOUN = Resource(
    id="res_1", version=3, organization="org_2", region="510302", title="防震", topics=("a",)
)
SHELF = SHELVES["resource"]
ROW = Row("res_1", 3, codec.dumps(NOUN), dict(SHELF.keys(NOUN, PLACED)))


def test_every_kind_gives_its_rows_the_keys_that_they_have():
    assert rekeyer(regions())("resource", ROW) == ROW.keys
    old = Row("m", 1, None, {"campaign": "c", "subscriber": "s", "state": "sent", "language": "zh",
                             "batch": "b", "provider_id": "p", "parts": 1})  # fmt: skip
    found = rekeyer(regions())("message", old)
    assert found == {**old.keys, "region": "", "error": "", "gateway": ""}


def test_keys_come_from_the_noun_and_places_from_the_row():
    keys = {
        name: value
        for name, value in ROW.keys.items()
        if name not in {"folded_title", "topic", "expires"}
    }
    found = rekeyer(regions())("resource", attrs.evolve(ROW, keys=keys | {"gone": 1}))
    assert found == ROW.keys


def test_levels_that_a_row_had_not_come_from_the_region_of_the_noun():
    keys = {name: value for name, value in ROW.keys.items() if name != "county"}
    found = rekeyer(regions())("resource", attrs.evolve(ROW, keys=keys))
    assert (found["province"], found["prefecture"], found["county"]) == (
        "510000",
        "510300",
        "510302",
    )


@pytest.mark.parametrize("held", [5, frozenset("x"), None])
def test_what_is_in_the_row_is_kept_only_if_it_fits(held):
    kind = Kind("bare", (Key("name"),))
    row = Row("b", 1, b"", {} if held is None else {"name": held})
    with pytest.raises(StorageError) as caught:
        rekeyer(regions(), kinds=[kind])("bare", row)
    assert (caught.value.code, caught.value.path) == ("storage.rekey", "bare.name")
    own = {"bare": lambda row: {"name": f"of {row.id}"}}
    assert rekeyer(regions(), kinds=[kind], own=own)("bare", row) == {"name": "of b"}


def test_a_document_that_cannot_be_read_is_told():
    with pytest.raises(StorageCorrupt):
        rekeyer(regions())("resource", attrs.evolve(ROW, doc=b"{"))


def test_the_document_is_lifted_first(monkeypatch):
    @attrs.frozen(kw_only=True)
    class Thing:
        id: str
        name: str

    def named(plain):
        return {"id": plain["id"], "name": plain["folded_title"]}

    monkeypatch.setitem(codec.SCHEMAS, "Thing", 2)
    monkeypatch.setitem(codec.UPCASTERS, ("Thing", 1), named)
    kind = Kind("thing", (Key("name"),), schema=2)
    shelf = NounKind(Thing, kind, "thg", lambda thing, _: {"name": thing.name})
    rekey = rekeyer(regions(), kinds=[kind], shelves={"thing": shelf})
    codec._reader.cache_clear()
    assert rekey("thing", Row("t", 1, b'{"$":1,"id":"t","folded_title":"old"}', {})) == {
        "name": "old"
    }
    codec._reader.cache_clear()
