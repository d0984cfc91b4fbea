"""The audit is read by those who may, and a hand that changed it is found."""

import sqlite3
from contextlib import closing

import pytest

from tianfu_sdk.errors import Denied
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds, FrozenClock


@pytest.fixture
def changed(stored, file):
    """Change the file by hand, and give what the doctor says of the audit then."""
    id_ = stored.published().id
    stored.hub.close()

    def change(*statements):
        with closing(sqlite3.connect(file)) as connection, connection:
            for statement in statements:
                assert connection.execute(statement).rowcount != 0
        url = f"sqlite:///{file}"
        with Hub.open(url, clock=FrozenClock(), ids=CountingIds(), discover=False) as hub:
            system = hub.as_system(reason="look")
            return [f for f in system.doctor() if f.check == "audit"]

    with closing(sqlite3.connect(file)) as connection, connection:
        rows = connection.execute("SELECT id FROM d_audit ORDER BY id").fetchall()
    change.lines = [row[0] for row in rows]
    change.id = id_
    return change


def test_an_untouched_audit_is_whole(changed):
    (finding,) = changed()
    assert finding.severity == "ok"
    assert finding.message == f"{len(changed.lines)} lines sealed, 0 not sealed yet"


def test_a_changed_line_is_located(changed):
    line = changed.lines[3]
    found = changed(f"UPDATE d_audit SET doc = replace(doc, 'acc_', 'acd_') WHERE id = '{line}'")
    assert [(f.severity, f.subject) for f in found if f.severity == "error"] == [("error", line)]
    assert found[0].message == f"audit line {line} was changed since"
    assert found[0].hint


@pytest.mark.parametrize("key", ["k_actor", "k_action", "k_subject", "k_organization"])
def test_a_line_whose_keys_say_other_than_itself_is_located(changed, key):
    line = changed.lines[2]
    found = changed(f"UPDATE d_audit SET {key} = 'x' WHERE id = '{line}'")
    assert [f.subject for f in found if f.severity == "error"] == [line]


def test_a_removed_line_is_located(changed):
    line = changed.lines[-1]
    found = changed(f"DELETE FROM d_audit WHERE id = '{line}'")
    assert [f.subject for f in found if f.severity == "error"] == [line]
    assert found[0].message == f"audit line {line} was removed"


def test_a_line_added_by_hand_is_located(changed):
    line = changed.lines[0]
    columns = "version, doc, k_at, k_actor, k_action, k_subject, k_organization, k_province, k_prefecture, k_county, many"
    found = changed(
        f"INSERT INTO d_audit (id, {columns}) SELECT 'aud_forged', {columns} FROM d_audit WHERE id = '{line}'"
    )
    assert [f.subject for f in found if f.severity == "error"] == ["aud_forged"]
    assert found[0].message == "audit line aud_forged was added by hand"


def test_one_line_put_in_the_place_of_another_is_located(changed):
    line = changed.lines[1]
    found = changed(f"UPDATE d_audit SET id = 'aud_other' WHERE id = '{line}'")
    assert {f.subject for f in found if f.severity == "error"} == {line, "aud_other"}


def test_a_changed_entry_of_the_stream_is_found(changed):
    found = changed(
        "UPDATE tf_event SET body = replace(body, '0', '1') WHERE seq ="
        " (SELECT max(seq) FROM tf_event WHERE stream = 'audit')"
    )
    assert any(f.severity == "error" for f in found)


def test_an_unreadable_entry_of_the_stream_is_found(changed):
    found = changed(
        "UPDATE tf_event SET body = x'ff' WHERE seq ="
        " (SELECT min(seq) FROM tf_event WHERE stream = 'audit')"
    )
    messages = {f.message for f in found if f.severity == "error"}
    assert "an entry of the audit stream cannot be read" in messages
    assert "seal 1 does not fit the lines that it seals" in messages


def test_a_changed_seal_is_located_and_the_chain_goes_on(changed):
    found = changed(
        'UPDATE d_seal SET doc = replace(doc, \'"digest":"\', \'"digest":"0\') WHERE k_number = 2'
    )
    # The next seal was made over the true digest of this one.
    assert [f.subject for f in found if f.severity == "error"] == [
        "seal_000000000002", "seal_000000000003",
    ]  # fmt: skip


def test_an_unreadable_seal_is_located(changed):
    found = changed("UPDATE d_seal SET doc = x'7b' WHERE k_number = 2")
    assert "seal 2 cannot be read" in {f.message for f in found}


def test_a_removed_seal_is_noticed(changed):
    found = changed("DELETE FROM d_seal WHERE k_number = 2")
    assert "seal_000000000003" in {f.subject for f in found if f.severity == "error"}


def test_a_removed_last_seal_is_noticed(changed):
    found = changed("DELETE FROM d_seal WHERE k_number = (SELECT max(k_number) FROM d_seal)")
    (finding,) = [f for f in found if f.severity == "error"]
    assert "the last seal was removed" in finding.message
    assert "not sealed yet" in finding.message


def test_lists_of_lines_are_filtered_by_rights(world):
    world.published(organization=world.county)
    world.published()
    keeper = world.as_(world.person(["read"], region="510104"))
    lines = list(keeper.audit.find())
    assert lines
    assert {line.region for line in lines} == {"510104"}
    assert len(list(world.me.audit.find())) > len(lines)
    with pytest.raises(Denied) as caught:
        world.nobody.audit.find()
    assert caught.value.code == "account.required"
    stranger = world.as_(world.person([]))
    assert list(stranger.audit.find()) == []


def test_lines_are_read_newest_first_and_by_actor_and_subject(world):
    world.clock.tick()
    id_ = world.published().id
    lines = [line.action for line in world.me.audit.find(subject=id_, actor=world.chief)]
    assert lines[-1] != lines[0]
    times = [line.at for line in world.me.audit.find(limit=3)]
    assert times == sorted(times, reverse=True)
    assert len(list(world.me.audit.find(limit=2))) == len(list(world.me.audit.find()))


def test_what_the_system_does_is_recorded_with_its_reason(world):
    id_ = world.published().id
    world.hub.as_system(reason="到期清理").resources.archive(id_)
    (line,) = world.me.audit.find(subject=id_, actor="system")
    assert (line.action, line.reason) == ("resource.archived", "到期清理")


def test_a_failed_call_leaves_no_line(world):
    before = len(list(world.me.audit.find()))
    with pytest.raises(Denied):
        world.as_(world.person([])).resources.create(title="x", organization=world.org)
    made = 1  # the account of that person
    assert len(list(world.me.audit.find())) == before + made


def test_sealing_what_is_open_changes_nothing_where_writers_queue(world):
    world.published()
    system = world.hub.as_system(reason="seal")
    assert system.audit.seal_open() == 0
    assert system.audit.verify()[-1].severity == "ok"


def test_only_who_may_read_the_audit_verifies_it(world):
    for hub, code in (
        (world.nobody, "account.required"),
        (world.as_(world.person(["create"])), "grant.missing"),
    ):
        with pytest.raises(Denied) as caught:
            hub.audit.verify()
        assert caught.value.code == code
    assert world.as_(world.person(["read"])).audit.verify()[-1].severity == "ok"


def test_only_the_system_seals(world):
    for hub in (world.nobody, world.me):
        with pytest.raises(Denied) as caught:
            hub.audit.seal_open()
        assert caught.value.code == "account.required"


def test_an_audit_that_was_cut_off_at_its_end_is_noticed(stored, file):
    stored.published()
    stored.hub.close()
    with sqlite3.connect(file) as connection:
        # The last seal, with the entries and lines that it seals: the rest of the chain fits.
        connection.executescript("""
            DELETE FROM d_audit WHERE id = (SELECT max(id) FROM d_audit);
            DELETE FROM tf_event WHERE stream = 'audit' AND seq =
                (SELECT max(seq) FROM tf_event WHERE stream = 'audit');
            DELETE FROM d_seal WHERE k_number = (SELECT max(k_number) FROM d_seal);
        """)
    connection.close()
    with Hub.open(f"sqlite:///{file}", clock=FrozenClock(), discover=False) as hub:
        found = hub.as_system(reason="look").doctor()
    assert [(f.check, f.severity) for f in found if f.severity != "ok"] == [("storage", "error")]


@pytest.mark.parametrize("field", ["lines", "last"])
def test_a_seal_that_claims_more_than_it_seals_is_located(changed, field):
    # `1` before the value: more lines, or a cursor far behind the last.
    change = f"replace(replace(doc, '\"{field}\":', '\"{field}\":1'), ':1\"', ':\"1')"
    found = changed(
        f"UPDATE d_seal SET doc = {change} WHERE k_number = (SELECT max(k_number) FROM d_seal)"
    )
    assert "does not fit the lines that it seals" in found[0].message
