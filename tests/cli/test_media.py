"""The command that clears away media."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.hub import Hub

URL = "sqlite:///kepu.db"


@pytest.fixture
def kept(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with Hub.open(URL, discover=False) as hub:
        first = hub.bootstrap(organization="自贡市科学技术协会", region="510300")
        hub.as_(first.id).media.add(b"\x89PNG\r\n\x1a\n")


def tianfu(*arguments):
    return CliRunner().invoke(app, [*arguments, "--db", URL])


def test_what_was_done_is_said(kept):
    done = tianfu("media", "collect", "--json")
    assert done.exit_code == 0
    assert json.loads(done.output) == {
        "due": True,
        "kept": 1,
        "waiting": 0,
        "deleted": 0,
        "lapsed": 0,
        "torn": 0,
    }
    said = tianfu("media", "collect").output
    assert said == "kept 1, waiting 0, deleted 0, uploads lapsed 0, torn uploads 0\n"


def test_a_grace_below_an_hour_is_wrong_use(kept):
    assert tianfu("media", "collect", "--grace", "0.5").exit_code == 2


def test_the_worker_clears_away_once_a_day(kept):
    assert json.loads(tianfu("worker", "--once", "--json").output)["cleared"] == 0
    with Hub.open(URL, discover=False) as hub:
        system = hub.as_system(reason="look")
        assert not system.media.collect(every=timedelta(hours=23)).due
