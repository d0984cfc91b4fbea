"""The demo end to end: it runs, it repeats nothing, it leaves others' stores alone."""

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.errors import Invalid, StorageCorrupt


def tianfu(*arguments):
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Give the folder and the summary of one run."""
    folder = tmp_path_factory.mktemp("demo")
    done = tianfu("demo", "--db", str(folder / "d.db"), "--json")
    assert done.exit_code == 0
    return folder, json.loads(done.stdout)


def test_all_lines_run(told):
    chapters = told[1]["chapters"]
    assert chapters["regions"] == {"prefectures": 21, "counties": 183, "jianyang": ["510185"]}
    assert chapters["organizations"]["count"] == 63
    assert chapters["resources"]["count"] >= 60
    assert chapters["resources"]["forms"]["audio"] == 6
    assert chapters["page"] == {"activities": 5, "news": 7, "bases": 3, "attendance": "~400"}
    assert chapters["doctor"]["ok"], chapters["doctor"]


def test_sms_are_planned_and_delivered_to_who_agreed(told):
    sms = told[1]["chapters"]["sms"]
    assert sms["recipients"] + sum(sms["excluded"].values()) == 240
    assert sms["excluded"]["no_consent"] > 0
    assert sms["by_state"] == {"delivered": sms["recipients"]}


def test_an_emergency_releases_prepared_texts(told):
    emergency = told[1]["chapters"]["emergency"]
    assert len(emergency["resources"]) == 3
    assert set(emergency["messages"]) == {"delivered"}


def test_questions_are_answered_with_sources_or_abstained_from(told):
    asked = told[1]["chapters"]["ask"]
    assert asked["abstain"]["abstained"]
    assert asked["abstain"]["question"].startswith("qst_")
    for name in ("health", "earthquake", "farming", "traditional"):
        first = asked[name]["answers"][0]
        assert first["source"]
        assert first["disclaimer"]
        assert sum(first["why"].values()) == pytest.approx(first["score"])
    assert "溃疡" in asked["farming"]["answers"][0]["title"]
    assert "高血压" in asked["traditional"]["answers"][0]["title"]


def test_who_repeats_a_rumour_gets_its_clarification_first(told):
    rumours = told[1]["chapters"]["rumours"]
    assert rumours["found"] == [rumours["made"]]
    assert rumours["first"] == rumours["made"]


def test_tibetan_and_yi_are_in_their_channels_and_found(told):
    languages = told[1]["chapters"]["languages"]
    for tag in ("bo", "ii"):
        assert languages["asked"][tag]["answers"][0]["language"] == tag
        assert languages["asked"][tag]["answers"][0]["title"] in languages["channels"][tag]


def test_a_need_finds_what_is_offered(told):
    found = told[1]["chapters"]["match"]["found"]
    assert "柑橘" in found[0]["title"]
    assert [f["score"] for f in found] == sorted((f["score"] for f in found), reverse=True)


def test_a_second_run_changes_nothing_and_says_the_same(told):
    folder, first = told
    with closing(sqlite3.connect(folder / "d.db")) as connection, connection:
        before = list(connection.execute("SELECT count(*), max(seq) FROM tf_event"))
    again = json.loads(tianfu("demo", "--db", str(folder / "d.db"), "--json").stdout)
    with closing(sqlite3.connect(folder / "d.db")) as connection, connection:
        assert list(connection.execute("SELECT count(*), max(seq) FROM tf_event")) == before
    assert again["again"]
    assert again["chapters"] == first["chapters"]


def test_the_summary_for_a_person_names_three_commands_to_try(told):
    shown = tianfu("demo", "--db", str(told[0] / "d.db")).stdout
    assert shown.count("\n  tianfu ") == 3


def test_no_phone_stands_in_any_file(told):
    numbers = [f"100{number:08d}".encode() for number in (0, 1, 7, 239)]
    for path in told[0].rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            assert not any(number in body for number in numbers), path.name


def test_a_store_that_the_demo_did_not_make_is_left_alone(tmp_path):
    db = str(tmp_path / "mine.db")
    tianfu("init", "--db", db, "--organization", "自贡市科协", "--region", "510300")
    with pytest.raises(Invalid) as caught:
        tianfu("demo", "--db", db)
    assert caught.value.code == "demo.foreign"


def test_a_file_that_is_no_store_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look at " * 30)
    with pytest.raises(StorageCorrupt):
        tianfu("demo", "--db", str(path))
    assert path.read_text().startswith("not a database")
