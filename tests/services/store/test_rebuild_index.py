"""A search index that was lost is built anew, and equals the one that grew."""

import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

import tianfu_sdk as tf
from tianfu_sdk.backends.sqlite.migration import _STEPS
from tianfu_sdk.cli.app import app
from tianfu_sdk.errors import SchemaTooOld
from tianfu_sdk.testing import CountingIds, FrozenClock


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tf.Hub.open(
        "sqlite:///kepu.db", clock=FrozenClock(), ids=CountingIds(), discover=False
    ) as opened:
        yield opened


def publish(hub, *titles):
    admin = hub.bootstrap(organization="自贡市科协", region="510300")
    me = hub.as_(admin.id)
    other = me.accounts.create(organization=admin.organization)
    me.accounts.grant(other.id, ["*"], region="510300")
    for title in titles:
        made = me.resources.create(
            title=title, body=f"{title}的正文", organization=admin.organization
        )
        me.resources.submit(made.id)
        hub.as_(other.id).resources.approve(made.id)
        hub.as_(other.id).resources.publish(made.id)


def test_a_lost_index_is_found_and_built_anew(hub):
    publish(hub, "花椒采收", "柑橘溃疡病")
    before = hub.ask("花椒采收")
    with closing(sqlite3.connect("kepu.db")) as connection, connection:
        connection.execute("INSERT INTO tf_fts (tf_fts) VALUES ('delete-all')")
        for table in ("tf_doc", "tf_tag", "tf_letter", "tf_number"):
            connection.execute(f"DELETE FROM {table}")
    system = hub.as_system(reason="test")
    assert [f.check for f in system.doctor() if f.severity == "error"] == ["search"]
    assert system.rebuild_index() == 2
    assert not [f for f in system.doctor() if f.severity == "error"]
    assert hub.ask("花椒采收").answers == before.answers


def test_what_is_sought_is_counted_and_built_anew_as_it_grew(hub):
    publish(hub, "花椒采收")
    system = hub.as_system(reason="test")
    organization = system.organizations.find().items[0].id
    me = hub.as_(system.accounts.find().items[0].id)
    for text in ("花椒", "", "柑橘"):
        me.subscriptions.create(
            name="订阅", organization=organization, text=text, topics=["healthy_life"]
        )

    def sought():
        return hub._tools.store.run(lambda tx: tx.search.sought(), write=False)

    assert sought() == 2
    system.rebuild_index()
    assert sought() == 2
    gone = me.subscriptions.find().items[0].id
    hub._tools.store.run(lambda tx: tx.search.remove([gone]), write=True)
    (found,) = (f for f in system.doctor() if f.severity == "error")
    assert (found.check, found.message[:6]) == ("search", "1 of 2")


def test_only_the_system_may(hub):
    with pytest.raises(tf.Denied):
        hub.rebuild_index()


def test_the_command_mends_it(hub):
    publish(hub, "花椒采收")
    hub.close()
    done = CliRunner().invoke(app, ["doctor", "--db", "kepu.db", "--rebuild-index"])
    assert done.exit_code == 0, done.output
    assert "1 documents" in done.output


def forget_times(place):
    """Make the file one of the schema before, whose index knows no times."""
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("DROP TABLE tf_time")
        for table in ("tf_sought", "tf_sought_more", "tf_sought_word", "tf_sought_part"):
            connection.execute(f"DROP TABLE {table}")
        for statement in _STEPS[3]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 5")


def test_a_store_whose_index_knows_no_times_is_migrated_and_built_anew(hub):
    publish(hub, "花椒采收")
    hub.close()
    forget_times("kepu.db")
    with pytest.raises(SchemaTooOld):
        tf.Hub.open("sqlite:///kepu.db", discover=False)
    with tf.Hub.migrate("sqlite:///kepu.db", discover=False) as migrated:
        assert [a.title for a in migrated.ask("花椒", since="1970-01-01")] == ["花椒采收"]
        assert not [f for f in migrated.as_system(reason="test").doctor() if f.severity == "error"]


def test_what_a_migration_that_was_cut_off_left_undone_is_told(hub, monkeypatch):
    publish(hub, "花椒采收")
    hub.close()
    forget_times("kepu.db")

    def cut_off(_):
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("tianfu_sdk.services.store.doctor.Doctor.rebuild_index", cut_off)
        with pytest.raises(ZeroDivisionError):
            tf.Hub.migrate("sqlite:///kepu.db", discover=False)
    with tf.Hub.open("sqlite:///kepu.db", discover=False) as opened:
        system = opened.as_system(reason="test")
        (told,) = [f for f in system.doctor() if f.severity == "error"]
        assert (told.check, "--rebuild-index" in told.hint) == ("search", True)
        assert "migrated" in told.message
        system.rebuild_index()
        assert [a.title for a in opened.ask("花椒", since="1970-01-01")] == ["花椒采收"]
        assert not [f for f in system.doctor() if f.severity == "error"]
