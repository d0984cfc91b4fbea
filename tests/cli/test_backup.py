"""`tianfu backup` and `tianfu restore`: a store lost and put back."""

import json

import pytest
from click.testing import CliRunner

from tianfu_sdk.backends.erasures import FileErasures
from tianfu_sdk.cli.app import app
from tianfu_sdk.errors import Conflict, CryptoError, Denied, Unsupported
from tianfu_sdk.hub import Hub

DB = "sqlite:///kepu.db"
PHONE = "13800138000"


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in ("TIANFU_DB", "TIANFU_ACCOUNT", "TIANFU_KEY", "TIANFU_KEY_FILE", "TIANFU_ERASURES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def tianfu(*arguments):
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def filled():
    """Give the ids of two subscribers in a store with a medium."""
    with Hub.open(DB, discover=False) as hub:
        chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me = hub.as_(chief.id)
        me.media.add(b"\x89PNG\r\n\x1a\n" + bytes(100))
        return [
            me.subscribers.create(
                phone=phone, organization=chief.organization, language="zh", region="510000"
            ).id
            for phone in (PHONE, "13900139000")
        ]


def test_a_backup_says_aloud_what_it_leaves_out(filled, tmp_path):
    done = tianfu("backup", "copy", "--db", "kepu.db")
    assert done.exit_code == 0
    assert "left out: the master key" in done.stdout
    assert "left out: the erasure log (kepu.db.erased)" in done.stdout
    assert "media: 1 copied, 0 were there in copy.media" in done.stdout
    assert {p.name for p in tmp_path.iterdir() if p.name.startswith("copy")} == {
        "copy",
        "copy.media",
    }
    key = (tmp_path / "kepu.db.key").read_bytes().strip()
    assert key
    assert key not in (tmp_path / "copy").read_bytes()
    assert PHONE.encode() not in (tmp_path / "copy").read_bytes()
    with Hub.open(DB, discover=False) as hub:
        (line,) = hub.as_system(reason="test").audit.find(subject="store")
        assert (line.action, line.reason, line.data["media"]) == ("store.backed_up", "backup", 1)


def test_a_store_is_put_back_whole(filled, tmp_path):
    tianfu("backup", "copy", "--db", "kepu.db")
    done = tianfu("restore", "copy", "--db", "new.db", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["erased"], told["media"]["copied"]) == (0, 1)
    assert told["audit"][0]["severity"] == "ok"
    (tmp_path / "new.db.key").write_bytes((tmp_path / "kepu.db.key").read_bytes())
    assert tianfu("doctor", "--db", "new.db").exit_code == 0
    with Hub.open("sqlite:///new.db", discover=False) as hub:
        system = hub.as_system(reason="test")
        assert sorted(s.id for s in system.subscribers.find()) == sorted(filled)
        assert [line.action for line in system.audit.find(subject="store")] == ["store.restored"]


def test_who_was_erased_since_stays_erased(filled, tmp_path):
    tianfu("backup", "copy", "--db", "kepu.db")
    FileErasures("kepu.db.erased").append([filled[0]], line_time())
    (tmp_path / "kepu.db").unlink()
    for beside in ("kepu.db-wal", "kepu.db-shm"):
        (tmp_path / beside).unlink(missing_ok=True)
    done = tianfu("restore", "copy", "--db", "kepu.db")
    assert done.exit_code == 0, done.output
    assert "kepu.db.erased: 1 subjects had come back and were erased again" in done.stdout
    with Hub.open(DB, discover=False) as hub:
        from tianfu_sdk.core.rows.kinds import SUBJECT_KEY

        rows = hub._tools.store.run(lambda tx: tx.get(SUBJECT_KEY.name, filled), write=False)
        assert [row.id for row in rows] == [filled[1]]


def line_time():
    from datetime import UTC, datetime

    return datetime(2026, 11, 23, tzinfo=UTC)


def test_a_restored_store_without_its_key_says_so(filled, tmp_path):
    tianfu("backup", "copy", "--db", "kepu.db")
    tianfu("restore", "copy", "--db", "new.db")
    assert not (tmp_path / "new.db.key").exists()
    assert tianfu("doctor", "--db", "new.db").exit_code == 1
    with Hub.open("sqlite:///new.db", discover=False) as hub, pytest.raises(CryptoError):
        hub._tools.keys.current()


def test_nothing_is_overwritten(filled, tmp_path):
    assert tianfu("backup", "copy", "--db", "kepu.db").exit_code == 0
    assert isinstance(tianfu("backup", "copy", "--db", "kepu.db").exception, Conflict)
    before = (tmp_path / "kepu.db").read_bytes()
    assert isinstance(tianfu("restore", "copy", "--db", "kepu.db").exception, Conflict)
    assert (tmp_path / "kepu.db").read_bytes() == before


def test_a_second_backup_copies_only_what_is_new(filled, tmp_path):
    tianfu("backup", "copy", "--db", "kepu.db")
    (tmp_path / "copy").unlink()
    with Hub.open(DB, discover=False) as hub:
        hub.as_system(reason="test").media.add(b"GIF89a" + bytes(50))
    done = tianfu("backup", "copy", "--db", "kepu.db")
    assert "media: 1 copied, 1 were there" in done.stdout


def test_media_may_be_left_out(filled, tmp_path):
    done = tianfu("backup", "copy", "--no-media", "--db", "kepu.db")
    assert "media: not copied" in done.stdout
    assert not (tmp_path / "copy.media").exists()


def test_a_damaged_medium_is_named_and_the_rest_is_copied(filled, tmp_path):
    (medium,) = (tmp_path / "kepu.db.media").glob("??/*")
    medium.write_bytes(b"changed")
    done = tianfu("backup", "copy", "--db", "kepu.db")
    assert done.exit_code == 1
    assert f"medium {medium.name} is damaged" in done.stderr
    assert (tmp_path / "copy").exists()
    assert list((tmp_path / "copy.media").glob("??/*")) == []


def test_only_the_system_makes_backups_and_memory_none():
    with Hub.open("memory:", discover=False) as hub:
        chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        for who in (hub, hub.as_(chief.id)):
            with pytest.raises(Denied):
                who.keeping.backup("copy")
        with pytest.raises(Unsupported) as caught:
            hub.as_system(reason="test").keeping.backup("copy")
        assert caught.value.code == "storage.no_backup"
        assert "tianfu dump" in caught.value.hint
        with pytest.raises(Unsupported):
            Hub.restore("copy", "memory:", discover=False)
