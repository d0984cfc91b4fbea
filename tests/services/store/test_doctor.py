"""The doctor says what is wrong with a store, and where."""

import sqlite3
from contextlib import closing

import pytest

from tianfu_sdk.backends.keyring import new_master_key
from tianfu_sdk.errors import CryptoError, Denied
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds, FrozenClock


def look(hub):
    return {f.check: f for f in hub.as_system(reason="look").doctor()}


@pytest.fixture
def full(stored, file):
    stored.published()
    stored.nobody.ask("水稻稻瘟病如何防治")
    stored.hub.close()

    def reopen(**more):
        url = f"sqlite:///{file}"
        more = {"clock": FrozenClock(), "ids": CountingIds(), "discover": False} | more
        return Hub.open(url, **more)

    return reopen


def by_hand(file, *statements):
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0


def test_a_sound_store_is_said_to_be_sound(full):
    with full() as hub:
        found = look(hub)
    assert {f.severity for f in found.values()} == {"ok"}
    checks = {
        "storage",
        "audit",
        "search",
        "keys",
        "reach",
        "media",
        "rollups",
        "regions",
        "plugins",
    }
    assert set(found) == checks
    assert all(f.message for f in found.values())


def test_a_store_that_holds_nothing_is_sound(file):
    with Hub.open(f"sqlite:///{file}", discover=False) as hub:
        assert {f.severity for f in look(hub).values()} == {"ok"}


def test_a_store_in_memory_is_looked_at_too(world):
    assert {f.severity for f in look(world.hub).values()} == {"ok"}


def test_only_the_system_is_told(world):
    for hub in (world.nobody, world.me):
        with pytest.raises(Denied):
            hub.doctor()


def test_an_index_that_lacks_something_is_noticed(full, file):
    by_hand(file, "DELETE FROM tf_doc")
    with full() as hub:
        assert look(hub)["search"].severity == "error"


def test_a_wrong_key_is_noticed_and_named(full):
    with full(settings={"key": new_master_key()}) as hub:
        found = look(hub)["keys"]
    assert found.severity == "error"
    assert "is not here" in found.message
    assert found.hint


def test_to_look_at_a_new_store_makes_no_key(file):
    with Hub.open(f"sqlite:///{file}", discover=False) as hub:
        hub.bootstrap(organization="四川省科协", region="510000")
        assert look(hub)["keys"].message == "nothing is sealed yet"
    assert not file.with_name("kepu.db.key").exists()


def test_a_key_file_that_is_gone_is_not_quietly_replaced(full, file):
    key = file.with_name("kepu.db.key")
    kept = key.read_text()
    key.unlink()
    with full() as hub:
        found = look(hub)["keys"]
        assert (found.severity, found.message) == ("error", "there is no master key")
        with pytest.raises(CryptoError) as caught:
            hub.ask("猕猴桃溃疡病怎么治")
        assert caught.value.code == "keys.missing"
        assert "TIANFU_KEY" in caught.value.hint
    assert not key.exists()
    key.write_text(kept)
    with full() as hub:
        assert look(hub)["keys"].severity == "ok"


def test_a_broken_plugin_is_named_with_its_cause():
    class Old:
        tianfu_api = 99

    with Hub.open("memory:", plugins=[Old()], discover=False) as hub:
        found = look(hub)["plugins"]
    assert found.severity == "error"
    assert "Old" in found.message
    assert "99" in found.message


def test_a_damaged_file_is_reported_and_does_not_stop_the_doctor(full, file):
    # A page of data: a file whose schema is damaged does not open at all.
    with closing(sqlite3.connect(file)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='d_grant'")
        ((size,),) = connection.execute("PRAGMA page_size")
    body = bytearray(file.read_bytes())
    body[(page - 1) * size : page * size] = bytes(size)
    file.write_bytes(body)
    with full() as hub:
        found = hub.as_system(reason="look").doctor()
    assert any(f.check == "storage" and f.severity == "error" for f in found)


def test_an_index_that_was_lost_is_built_anew(stored, file):
    id_ = stored.published().id
    stored.approved()
    made = stored.me.translations.create(id_, language="bo", title="ས་ཡོམ", body="ས་ཡོམ་གྱི་སྐབས།").id
    stored.as_(stored.person()).translations.approve(made)
    system = stored.hub.as_system(reason="look")
    before = [a.id for a in stored.nobody.ask("地震避险")]

    stored.hub._tools.store.run(lambda tx: tx.search.rebuild([]), write=True)
    assert [f.check for f in system.doctor() if f.severity == "error"] == ["search"]
    assert system.rebuild_index() == 2
    assert [a.id for a in stored.nobody.ask("地震避险")] == before == [id_]
    assert [f for f in system.doctor() if f.severity == "error"] == []
    for hub in (stored.nobody, stored.me):
        with pytest.raises(Denied):
            hub.rebuild_index()


def test_media_that_are_used_and_not_kept_are_noticed(stored):
    kept, lost = (stored.me.media.add(b"\x89PNG\r\n\x1a\n" + tail) for tail in (b"1", b"2"))
    for info in (kept, lost):
        stored.me.resources.create(
            title="x", organization=stored.org, media=[stored.me.media.use(info)]
        )
    assert look(stored.hub)["media"].severity == "ok"
    stored.hub._tools.blobs.delete(lost.sha256)
    found = look(stored.hub)["media"]
    assert (found.severity, found.subject) == ("error", lost.sha256)
    assert "1 of 2" in found.message
