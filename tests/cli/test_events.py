"""`tianfu events`: export, daily counts, roll-up, consumers."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.cli.worker import turn
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.storage import Query, Row
from tianfu_sdk.testing import FrozenClock


@pytest.fixture
def store(tmp_path):
    """A store with one published resource that was read on 2016-01-01 of China."""
    url = f"sqlite:///{tmp_path}/kepu.db"
    clock = FrozenClock(datetime(2015, 12, 31, 16, 0, tzinfo=UTC))
    with Hub.open(url, clock=clock, discover=False) as hub:
        chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me = hub.as_(chief.id)
        city = me.organizations.create(
            name="成都市科学技术协会", region="510100", parent=chief.organization
        )
        made = me.resources.create(title="防震避险", organization=city.id, region="510185")
        me.resources.submit(made.id)
        other = me.accounts.create(organization=chief.organization)
        me.accounts.grant(other.id, ["approve"], region="510000")
        hub.as_(other.id).resources.approve(made.id)
        me.resources.publish(made.id)
        hub.resources.view(made.id)
        yield url, chief


def run(*arguments):
    return CliRunner().invoke(app, ["events", *arguments])


def test_lines_are_exported_and_the_next_run_goes_on(store, tmp_path):
    url, chief = store
    folder = str(tmp_path / "out")
    done = run("export", "--db", url, "--jsonl", folder)
    assert done.exit_code == 0, done.output
    assert "events-2016-01-0001.jsonl" in done.stdout
    again = json.loads(run("export", "--db", url, "--jsonl", folder, "--json").stdout)
    assert (again["files"], again["events"]) == ([], 0)
    mine = run("export", "--db", url, "--jsonl", str(tmp_path / "mine"), "--as", chief.id)
    assert mine.exit_code == 0
    assert run("export", "--db", url).exit_code == 2
    assert run("export", "--db", url, "--jsonl", folder, "--parquet", folder).exit_code == 2


def test_parquet_is_exported(store, tmp_path, extra):
    extra("arro3.io")
    done = run("export", "--db", store[0], "--parquet", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    head = (tmp_path / "out" / "events-2016-01-0001.parquet").read_bytes()[:4]
    assert head == b"PAR1"


def test_counts_are_shown_by_day(store):
    url, chief = store
    days = ["--from", "2016-01-01", "--to", "2016-01-01", "--type", "resource.viewed"]
    shown = run("daily", "--db", url, "--as", chief.id, *days)
    assert shown.stdout == "2016-01-01 510185 resource.viewed: 1\n"
    more = ["--level", "prefecture", "--as-of", "today", "--json"]
    told = json.loads(run("daily", "--db", url, "--as", chief.id, *days, *more).stdout)
    assert told["as_of"] == "today"
    assert [(one["region"], one["count"]) for one in told["counts"]] == [("510100", 1)]
    by_name = run(
        "daily", "--db", url, "--as", chief.id, *days, "--organization", "成都市科学技术协会"
    )
    assert by_name.stdout == shown.stdout
    assert run("daily", "--db", url, "--from", "2016-01-02", "--to", "2016-01-01").exit_code == 2


def test_the_roll_up_is_kept_verified_and_made_anew(store):
    url, _ = store
    first = json.loads(run("rollup", "--db", url, "--json").stdout)
    assert first["state"]["waiting"] == 0
    assert first["state"]["rolled"] > 5
    assert run("rollup", "--db", url, "--verify").exit_code == 0
    rebuilt = run("rollup", "--db", url, "--rebuild", "--verify")
    assert "add up to the roll-up again" in rebuilt.stdout
    with Hub.open(url, discover=False) as hub:

        def tamper(tx):
            row = tx.find("event_day", Query(limit=1))[0]
            keys = {**row.keys, "events": row.keys["events"] + 1}
            tx.put("event_day", [Row(row.id, row.version, None, keys)])

        hub._tools.store.run(tamper, write=True)
    wrong = run("rollup", "--db", url, "--verify")
    assert wrong.exit_code == 1
    assert "in the log" in wrong.stderr


def test_consumers_are_listed(store):
    url, chief = store
    with Hub.open(url, discover=False) as hub:
        hub.as_(chief.id).events.consume("dashboards", lambda _: None)
    shown = run("consumers", "--db", url)
    assert f"{chief.id} dashboards: " in shown.stdout
    told = json.loads(run("consumers", "--db", url, "--as", chief.id, "--json").stdout)
    assert [one["name"] for one in told] == ["dashboards"]


def test_a_worker_rolls_events_up(store):
    url, _ = store
    with Hub.open(url, discover=False) as hub:
        system = hub.as_system(reason="worker")
        done = turn(system)
        assert done.rolled_up == system.events.rollups().rolled > 5
        assert done.failed == ()
        assert turn(system).rolled_up == 0
