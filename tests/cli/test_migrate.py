"""`tianfu migrate`: a store of an older version, brought up by one command."""

import json

import attrs
import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.core.rows.kinds import ALL_KINDS
from tianfu_sdk.errors import SchemaTooNew, SchemaTooOld
from tianfu_sdk.hub import Hub

TITLE = "folded_title"


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in ("TIANFU_DB", "TIANFU_ACCOUNT", "TIANFU_KEY", "TIANFU_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def tianfu(*arguments):
    return CliRunner().invoke(app, arguments)


def older(kind):
    """A kind as an older program had it: without titles, and by fewer indexes."""
    if kind.name == "resource":
        keys = tuple(key for key in kind.keys if key.name != TITLE)
        indexes = tuple(index for index in kind.indexes if TITLE not in index)
        return attrs.evolve(kind, keys=keys, indexes=indexes, schema=0)
    return attrs.evolve(kind, indexes=(), schema=0) if kind.name == "notice" else kind


OLDER = tuple(map(older, ALL_KINDS))


@pytest.fixture
def old(monkeypatch):
    """Give the ids of three resources in a store of an older program."""
    with monkeypatch.context() as patch:
        for door in ("hub", "upkeep"):
            patch.setattr(f"tianfu_sdk.{door}.ALL_KINDS", OLDER)
        with Hub.open("sqlite:///kepu.db", discover=False) as hub:
            chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
            me = hub.as_(chief.id)
            run = hub._tools.store.run

            class Older:
                """A transaction whose resources have no title."""

                def __init__(self, tx):
                    self.tx = tx

                def __getattr__(self, name):
                    return getattr(self.tx, name)

                def put(self, kind, rows):
                    if kind == "resource":
                        rows = [
                            attrs.evolve(r, keys={k: v for k, v in r.keys.items() if k != TITLE})
                            for r in rows
                        ]
                    self.tx.put(kind, rows)

            def without_titles(fn, **more):
                return run(lambda tx: fn(Older(tx)), **more)

            hub._tools.store.run = without_titles
            return [
                me.resources.create(title=f"防震{n}", organization=chief.organization).id
                for n in range(3)
            ]


def test_an_older_store_is_not_opened_and_the_command_is_named(old):
    done = tianfu("doctor", "--db", "kepu.db")
    assert isinstance(done.exception, SchemaTooOld)
    assert "tianfu migrate" in done.exception.hint


def test_check_says_what_would_be_done_and_does_nothing(old):
    done = tianfu("migrate", "--check", "--db", "kepu.db")
    assert done.exit_code == 1
    assert (
        "resource 0 -> 2: copy the rows into the new shape (+folded_title), 3 rows" in done.stdout
    )
    assert "notice 0 -> 2: build other indexes" in done.stdout
    assert tianfu("migrate", "--check", "--db", "kepu.db").exit_code == 1
    steps = json.loads(tianfu("migrate", "--check", "--json", "--db", "kepu.db").stdout)["steps"]
    assert [(s["kind"], s["step"], s["rows"]) for s in steps] == [
        ("resource", "rows", 3),
        ("notice", "indexes", 0),
    ]


def test_migrate_brings_it_up_and_says_so_in_the_audit(old):
    done = tianfu("migrate", "--db", "kepu.db")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "migrated")
    assert "resource: 3 of 3 rows" in done.stderr
    with Hub.open("sqlite:///kepu.db", discover=False) as hub:
        system = hub.as_system(reason="test")
        assert sorted(r.title for r in system.resources.find()) == ["防震0", "防震1", "防震2"]
        (line,) = system.audit.find(subject="store")
        assert (line.action, line.reason) == ("store.migrated", "migrate")
        assert line.data["kinds"] == "resource,notice"
        assert [f.severity for f in system.audit.verify()] == ["ok"]
    done = tianfu("migrate", "--check", "--db", "kepu.db")
    assert (done.exit_code, done.stdout) == (0, "nothing to migrate\n")
    assert tianfu("migrate", "--db", "kepu.db").exit_code == 0
    assert tianfu("doctor", "--db", "kepu.db").exit_code == 0


def test_the_older_program_is_refused_afterwards(old, monkeypatch):
    tianfu("migrate", "--db", "kepu.db")
    for door in ("hub", "upkeep"):
        monkeypatch.setattr(f"tianfu_sdk.{door}.ALL_KINDS", OLDER)
    for arguments in (("doctor",), ("migrate",), ("migrate", "--check")):
        done = tianfu(*arguments, "--db", "kepu.db")
        assert isinstance(done.exception, SchemaTooNew)
        assert "update tianfu-sdk" in done.exception.hint


def test_a_slip_in_the_path_makes_no_store(tmp_path):
    done = tianfu("migrate", "--db", "slip.db")
    assert done.exception.code == "storage.not_there"
    assert list(tmp_path.iterdir()) == []
