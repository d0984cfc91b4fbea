"""A person's own data from the command line: found by phone, given out, erased."""

import json
import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import tianfu_sdk as tf
from tianfu_sdk.cli.app import app
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.base import When

PHONE = "13800000000"


@pytest.fixture
def stage(monkeypatch, tmp_path):
    for name in ("TIANFU_KEY", "TIANFU_KEY_FILE", "TIANFU_ERASURES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    with tf.Hub.open("sqlite:///kepu.db", discover=False) as hub:
        chief = hub.bootstrap(organization="自贡市科学技术协会", region="510300")
        me = hub.as_(chief.id)
        person = me.subscribers.create(phone=PHONE, organization=chief.organization)
        reader = me.accounts.create(organization=chief.organization, label="值班")
        me.accounts.grant(reader.id, ["read"], region="510300")
    monkeypatch.setenv("TIANFU_DB", "kepu.db")
    monkeypatch.setenv("TIANFU_ACCOUNT", chief.id)
    return person.id, reader.id


def people(*arguments, typed=None):
    return CliRunner().invoke(app, ["people", *arguments], input=typed)


def test_a_phone_is_read_from_standard_input(stage):
    person, _ = stage
    done = people("find", typed=PHONE + "\n")
    assert (done.exit_code, done.stdout.split()[0]) == (0, person)
    assert PHONE not in done.output
    assert json.loads(people("find", "--json", typed=PHONE).stdout)[0]["id"] == person
    nobody = people("find", typed="13900000000")
    assert (nobody.exit_code, nobody.stdout) == (1, "")
    assert people("find", typed="one two three").exception.code == "phone.bad"


def test_what_is_held_is_written_for_its_owner_only(stage, tmp_path):
    person, _ = stage
    done = people("export", person, "me.json")
    assert done.exit_code == 0
    assert PHONE not in done.output
    held = json.loads((tmp_path / "me.json").read_text("utf-8"))
    assert held["record"]["phone"] == "+86" + PHONE
    assert held["events"]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "me.json").stat().st_mode) == 0o600
    # Nothing is overwritten, and nothing noted as given out that was not.
    again = people("export", person, "me.json")
    assert isinstance(again.exception, Conflict)
    shown = json.loads(people("export", person, "-", "--no-events").stdout)
    assert shown["events"] == []
    assert [line["action"] for line in shown["audit"]].count("subscriber.exported") == 1


def test_a_person_is_erased_when_that_was_confirmed(stage, tmp_path):
    person, _ = stage
    kept = people("erase", person, typed="n\n")
    assert kept.exit_code == 1
    assert people("find", typed=PHONE).exit_code == 0
    assert people("erase", person, "--reason", "7/2026", typed="y\n").exit_code == 0
    assert people("find", typed=PHONE).exit_code == 1
    assert person in (tmp_path / "kepu.db.erased").read_text("utf-8")
    assert isinstance(people("erase", person, "--yes").exception, NotFound)


def test_an_erasure_tells_a_program_what_was_done(stage):
    person, _ = stage
    told = json.loads(people("erase", person, "--yes", "--json").stdout)
    assert (told["subject"], told["kind"], told["scrubbed"]) == (person, "subscriber", True)


@pytest.mark.parametrize("command", [("export", "me.json"), ("erase", "--yes")])
def test_each_needs_a_grant_of_its_own(stage, tmp_path, command):
    person, reader = stage
    verb, *rest = command
    done = people(verb, person, *rest, "--as", reader)
    assert isinstance(done.exception, Denied)
    assert not (tmp_path / "me.json").exists()
    assert isinstance(people(verb, "res_1", *rest).exception, NotFound | Invalid)


@pytest.fixture
def registered(stage, tmp_path):
    """A registration for an activity that was over on a day long ago; gives its id."""
    clock = tf.testing.FrozenClock(datetime(2026, 3, 2, tzinfo=UTC))
    with tf.Hub.open("sqlite:///kepu.db", discover=False, clock=clock) as hub:
        me = hub.as_(os.environ["TIANFU_ACCOUNT"])
        org = me.accounts.get(os.environ["TIANFU_ACCOUNT"]).organization
        made = me.activities.create(
            title="夜场", organization=org, registration=True, when=When.day(date(2026, 3, 8))
        )
        other = me.accounts.create(organization=org)
        me.accounts.grant(other.id, ["read", "approve"], region="510300")
        me.activities.submit(made.id)
        hub.as_(other.id).activities.approve(made.id)
        me.activities.publish(made.id)
        return me.registrations.register(made.id, name="甲", phone=PHONE, consent="表 1").id


def test_registrations_of_a_phone_are_found_given_out_and_erased(stage, registered, tmp_path):
    person, _ = stage
    found = people("find", typed=PHONE)
    assert [line.split()[0] for line in found.stdout.splitlines()] == [person, registered]
    assert "activity" in json.loads(people("find", "--json", typed=PHONE).stdout)[1]
    held = json.loads(people("export", registered, "-").stdout)
    assert (held["kind"], held["record"]["phone"]) == ("registration", "+86" + PHONE)
    assert people("erase", registered, "--yes").exit_code == 0
    assert len(people("find", typed=PHONE).stdout.splitlines()) == 1


def test_past_registrations_are_erased_by_a_nightly_command(stage, registered, monkeypatch):
    refused = people("erase-past", "--days", "36500", "--yes", "--json")
    assert json.loads(refused.stdout) == {"erased": 0}
    assert people("erase-past", "--days", "0", typed="n\n").exit_code == 1
    assert people("erase-past", "--days", "-1").exit_code == 2
    done = people("erase-past", "--days", "30", typed="y\n")
    assert (done.exit_code, done.stdout) == (0, "erased 1 registrations\n")
    assert registered in Path("kepu.db.erased").read_text("utf-8")
    assert isinstance(people("export", registered, "-").exception, NotFound)
    monkeypatch.setenv("TIANFU_ACCOUNT", stage[1])
    assert isinstance(people("erase-past", "--days", "0", "--yes").exception, Denied)
