"""The commands that look after a store, and what a slip in `--db` does."""

import json

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli import shared
from tianfu_sdk.cli.app import app
from tianfu_sdk.errors import NotFound


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in ("TIANFU_DB", "TIANFU_ACCOUNT", "TIANFU_KEY", "TIANFU_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def tianfu(*arguments):
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize(
    "command",
    [
        ("ask", "地震"),
        ("find", "resource"),
        ("match", "lst_1"),
        ("doctor",),
        ("worker", "--once"),
        ("sms", "status"),
        ("indicators", "org_1", "--from", "2026-01-01", "--to", "2026-01-02"),
    ],
)
@pytest.mark.parametrize("db", ["slip.db", "sqlite:///slip.db"])
def test_a_slip_in_the_path_makes_no_store(command, db, tmp_path):
    done = tianfu(*command, "--db", db)
    assert isinstance(done.exception, NotFound)
    assert done.exception.code == "storage.not_there"
    assert "slip.db" in str(done.exception)
    assert "tianfu init" in done.exception.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a#1.db", "a?b.db", "100%20.db", "科普 库.db"])
def test_any_file_name_is_a_path_as_it_stands(name, tmp_path):
    assert (
        tianfu(
            "init", "--db", name, "--organization", "自贡市科学技术协会", "--region", "510300"
        ).exit_code
        == 0
    )
    assert name in {path.name for path in tmp_path.iterdir()}
    assert tianfu("doctor", "--db", name).exit_code == 0


def test_a_url_stays_as_it_is():
    assert shared.store_url("sqlite:///a%20b.db") == "sqlite:///a%20b.db"
    assert shared.store_url("memory:") == "memory:"
