"""The commands of master keys."""

import json
import stat

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.errors import Conflict, CryptoError
from tianfu_sdk.hub import Hub


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in ("TIANFU_DB", "TIANFU_KEY", "TIANFU_KEY_FILE", "TIANFU_KEYS", "TIANFU_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def tianfu(*arguments):
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def db(tmp_path):
    with Hub.open(f"sqlite:///{tmp_path}/kepu.db", discover=False) as hub:
        account = hub.bootstrap(organization="自贡市科学技术协会", region="510300")
        me = hub.as_(account.id)
        rows = [{"phone": f"138{n:08d}", "organization": account.organization} for n in range(7)]
        me.subscribers.add_many(rows)
        me.subscribers.opt_out("13900000000")
    return "kepu.db"


def uses(db):
    done = tianfu("keys", "list", "--db", db, "--json")
    return [(u.get("suite"), u.get("subjects", 0), u.get("opt_outs", 0), u.get("current", False))
            for u in json.loads(done.stdout)["keys"]]  # fmt: skip


def test_from_a_new_key_to_the_end_of_the_old_one(db, tmp_path):
    assert uses(db) == [("aes256gcm", 7, 1, True)]
    done = tianfu("keys", "new", "kepu.db.key", "--add", "--suite", "sm4gcm")
    assert done.exit_code == 0
    assert "tianfu keys rotate" in done.stdout
    assert stat.S_IMODE((tmp_path / "kepu.db.key").stat().st_mode) == 0o600
    assert "tianfu keys rotate" in tianfu("keys", "list", "--db", db).stdout
    old = json.loads(tianfu("keys", "list", "--db", db, "--json").stdout)["keys"][0]["id"]
    refused = tianfu("keys", "retire", "--db", db, "kepu.db.key", old)
    assert isinstance(refused.exception, CryptoError)
    assert refused.exception.code == "keys.in_use"
    done = tianfu("keys", "rotate", "--db", db, "--json")
    assert json.loads(done.stdout) == {"rewrapped": 7, "reindexed": 7}
    assert "done: 0 rewrapped" in tianfu("keys", "rotate", "--db", db).stdout
    assert uses(db) == [("aes256gcm", 0, 1, False), ("sm4gcm", 7, 0, True)]
    before = (tmp_path / "kepu.db.key").read_text().split()[0]
    assert tianfu("keys", "retire", "--db", db, "kepu.db.key", old).exit_code == 0
    assert before not in (tmp_path / "kepu.db.key").read_text()
    assert uses(db) == [("aes256gcm", 0, 1, False), ("sm4gcm", 7, 0, True)]
    assert tianfu("doctor", "--db", db).exit_code == 0


def test_a_rotation_says_how_far_it_is(db):
    tianfu("keys", "new", "kepu.db.key", "--add")
    done = tianfu("keys", "rotate", "--db", db, "--batch", "3")
    assert "3 rewrapped, 0 reindexed" in done.stderr
    assert "7 rewrapped, 6 reindexed" in done.stderr
    assert done.stdout == "done: 7 rewrapped, 7 reindexed\n"


def test_a_key_that_rows_name_and_nobody_holds_is_listed_as_not_here(db, tmp_path):
    (tmp_path / "other").write_text(tianfu("keys", "new").stdout)
    (tmp_path / "tianfu.toml").write_text('key_file = "other"\n')
    done = tianfu("keys", "list", "--db", db, "--settings", "tianfu.toml")
    assert done.exit_code == 1
    assert "NOT HERE" in done.stdout
    done = tianfu("doctor", "--db", db, "--settings", "tianfu.toml")
    assert (done.exit_code, "is not here" in done.stdout) == (1, True)


@pytest.mark.parametrize("suite", ["aes256gcm", "sm4gcm"])
def test_a_key_of_each_suite_is_printed_or_written(suite, tmp_path):
    printed = tianfu("keys", "new", "--suite", suite).stdout.strip()
    assert printed.startswith("sm4gcm:") is (suite == "sm4gcm")
    assert tianfu("keys", "new", "k", "--suite", suite).exit_code == 0
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert (tmp_path / "k").read_text().strip() != printed
    assert tianfu("keys", "new", "--add").exit_code == 2
    assert tianfu("keys", "new", "--suite", "rot13").exit_code == 2


def test_a_rotation_waits_for_a_campaign_that_is_being_queued(db, tmp_path, monkeypatch):
    def open_campaign(*_):
        raise Conflict("keys.campaign_open", path="cmp_1")

    monkeypatch.setattr("tianfu_sdk.services.store.reindexing.begin", open_campaign)
    done = tianfu("keys", "rotate", "--db", db)
    assert done.exception.code == "keys.campaign_open"
