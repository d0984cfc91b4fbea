"""The command on real servers: the demo, a worker that seals, and a doctor who finds nothing."""

import json

import attrs
import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.core.rows.kinds import ALL_KINDS
from tianfu_sdk.errors import SchemaTooNew, SchemaTooOld
from tianfu_sdk.hub import Hub

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]


@pytest.fixture(params=["postgresql", pytest.param("mariadb", marks=pytest.mark.ci)])
def url(request):
    return request.getfixturevalue(f"fresh_{request.param}_url")


@pytest.mark.ci
def test_the_demo_runs_every_line_once_and_the_doctor_finds_nothing(tianfu, url):
    said = tianfu("demo", "--db", url)
    assert said.count("✓") == 15
    assert "5 questions: 4 answered with sources, 1 abstained from" in said
    again = tianfu("demo", "--db", url)
    assert "nothing was changed" in again
    sealed = tianfu("worker", "--once", "--db", url)
    lines = int(sealed.split("audit lines sealed ")[1].split(",")[0])
    assert lines > 300
    looked = tianfu("doctor", "--db", url)
    assert f"{lines} lines sealed, 0 not sealed yet" in looked
    assert "note" not in looked
    assert "一氧化碳" in tianfu("ask", "一氧化碳中毒怎么办", "--db", url)


@pytest.mark.ci
def test_a_demo_asks_for_its_places_before_it_begins(tianfu, url, monkeypatch, tmp_path):
    for name in ("TIANFU_KEY", "TIANFU_KEY_FILE", "TIANFU_MEDIA"):
        monkeypatch.delenv(name, raising=False)
    refused = CliRunner().invoke(app, ["demo", "--db", url])
    assert refused.exception.code == "media.nowhere"
    monkeypatch.setenv("TIANFU_MEDIA", str(tmp_path / "media"))
    refused = CliRunner().invoke(app, ["demo", "--db", url])
    assert refused.exception.code == "keys.missing"
    with Hub.open(url) as hub:
        assert hub.as_system(reason="test").marks.get("demo") is None


TITLE = "folded_title"


def older(kind):
    """A kind as an older program had it: resources without titles, notices with no index."""
    if kind.name == "resource":
        keys = tuple(key for key in kind.keys if key.name != TITLE)
        indexes = tuple(index for index in kind.indexes if TITLE not in index)
        return attrs.evolve(kind, keys=keys, indexes=indexes, schema=0)
    return attrs.evolve(kind, indexes=(), schema=0) if kind.name == "notice" else kind


OLDER = tuple(map(older, ALL_KINDS))


class Older:
    """A transaction whose resources have no title."""

    def __init__(self, tx):
        self.tx = tx

    def __getattr__(self, name):
        return getattr(self.tx, name)

    def put(self, kind, rows):
        if kind == "resource":
            rows = [
                attrs.evolve(row, keys={k: v for k, v in row.keys.items() if k != TITLE})
                for row in rows
            ]
        self.tx.put(kind, rows)


def test_migrate_brings_up_what_an_older_program_made(tianfu, url, monkeypatch):
    with monkeypatch.context() as patch:
        for door in ("hub", "upkeep"):
            patch.setattr(f"tianfu_sdk.{door}.ALL_KINDS", OLDER)
        with Hub.open(url) as hub:
            run = hub._tools.store.run
            hub._tools.store.run = lambda fn, **more: run(lambda tx: fn(Older(tx)), **more)
            chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
            me = hub.as_(chief.id)
            for n in range(3):
                me.resources.create(title=f"防震{n}", organization=chief.organization)
    refused = CliRunner().invoke(app, ["doctor", "--db", url])
    assert isinstance(refused.exception, SchemaTooOld)
    said = tianfu("migrate", "--check", "--db", url, code=1)
    assert "resource 0 -> 2: copy the rows into the new shape (+folded_title), 3 rows" in said
    assert "notice 0 -> 2: build other indexes" in said
    steps = json.loads(tianfu("migrate", "--check", "--json", "--db", url, code=1))["steps"]
    assert [(s["kind"], s["step"], s["rows"]) for s in steps] == [
        ("resource", "rows", 3),
        ("notice", "indexes", 0),
    ]
    assert tianfu("migrate", "--db", url).splitlines()[-1] == "migrated"
    assert tianfu("migrate", "--check", "--db", url) == "nothing to migrate\n"
    tianfu("worker", "--once", "--db", url)
    tianfu("doctor", "--db", url)
    with Hub.open(url) as hub:
        system = hub.as_system(reason="test")
        assert sorted(r.title for r in system.resources.find()) == ["防震0", "防震1", "防震2"]
        (line,) = system.audit.find(subject="store")
        assert (line.action, line.data["kinds"]) == ("store.migrated", "resource,notice")
    for door in ("hub", "upkeep"):
        monkeypatch.setattr(f"tianfu_sdk.{door}.ALL_KINDS", OLDER)
    refused = CliRunner().invoke(app, ["migrate", "--db", url])
    assert isinstance(refused.exception, SchemaTooNew)
