"""`tianfu dump`, `tianfu load` and `tianfu doctor --hash`."""

import json

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.errors import Conflict, StorageCorrupt
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing.cases.moving import fill


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in ("TIANFU_DB", "TIANFU_ACCOUNT", "TIANFU_KEY", "TIANFU_KEY_FILE", "TIANFU_ERASURES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def tianfu(*arguments):
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def filled():
    with Hub.open("sqlite:///kepu.db", discover=False) as hub:
        fill(hub)


def test_a_store_is_dumped_and_loaded_by_two_commands(filled, tmp_path):
    done = tianfu("dump", "out.jsonl", "--db", "kepu.db")
    assert done.exit_code == 0, done.output
    assert "left out: the master key" in done.stdout
    assert "left out: the erasure log (kepu.db.erased)" in done.stdout
    assert "media: 1 copied, 0 were there in out.jsonl.media" in done.stdout
    done = tianfu("load", "out.jsonl", "--db", "new.db")
    assert done.exit_code == 0, done.output
    assert "the content is the same" in done.stdout
    assert "search: 7 documents" in done.stdout
    assert tianfu("doctor", "--db", "new.db").exit_code == 1
    (tmp_path / "new.db.key").write_bytes((tmp_path / "kepu.db.key").read_bytes())
    assert tianfu("doctor", "--db", "new.db").exit_code == 0


def test_both_speak_json(filled):
    made = json.loads(tianfu("dump", "out.jsonl", "--db", "kepu.db", "--json").stdout)
    assert made["left_out"] == ["master key", "erasure log"]
    loaded = json.loads(tianfu("load", "out.jsonl", "--db", "new.db", "--json").stdout)
    assert loaded["content"] == made["content"]
    assert loaded["lines"] == made["lines"]


def test_the_hash_tells_equal_stores_from_others(filled):
    before = tianfu("doctor", "--hash", "--db", "kepu.db").stdout
    assert tianfu("doctor", "--hash", "--db", "kepu.db").stdout == before
    parts = json.loads(tianfu("doctor", "--hash", "--json", "--db", "kepu.db").stdout)
    assert before.splitlines() == [f"{digest}  {part}" for part, digest in parts.items()]
    tianfu("dump", "out.jsonl", "--db", "kepu.db")
    tianfu("load", "out.jsonl", "--db", "new.db")
    other = json.loads(tianfu("doctor", "--hash", "--json", "--db", "new.db").stdout)
    assert {p for p in parts if parts[p] != other[p]} == {"kind:audit", "kind:seal", "stream:audit"}


def test_what_is_wrong_is_said_and_nothing_is_made(filled, tmp_path):
    tianfu("dump", "out.jsonl", "--db", "kepu.db")
    assert isinstance(tianfu("dump", "out.jsonl", "--db", "kepu.db").exception, Conflict)
    assert isinstance(tianfu("load", "out.jsonl", "--db", "kepu.db").exception, Conflict)
    body = (tmp_path / "out.jsonl").read_bytes()
    (tmp_path / "out.jsonl").write_bytes(body[: len(body) // 2])
    done = tianfu("load", "out.jsonl", "--db", "new.db")
    assert isinstance(done.exception, StorageCorrupt)
    assert not (tmp_path / "new.db").exists()
    assert tianfu("load", "none", "--db", "new.db").exit_code == 2
    assert tianfu("dump", "o", "--db", "slip.db").exception.code == "storage.not_there"
