"""The command on real servers: the demo, a worker that seals, and a doctor who finds nothing."""

import base64
import os

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]


@pytest.fixture
def tianfu(tmp_path, monkeypatch):
    """Runs a command that finds this plugin, installed or not."""
    info = tmp_path / "tianfu_storage_sql-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: tianfu-storage-sql\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[tianfu_sdk]\nsql = tianfu_storage_sql\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TIANFU_MEDIA", str(tmp_path / "media"))
    monkeypatch.setenv("TIANFU_KEY", base64.b64encode(os.urandom(32)).decode())

    def run(*arguments, code=0):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == code, done.output + repr(done.exception)
        return done.output

    return run


@pytest.fixture(params=["postgresql", "mariadb"])
def url(request):
    return request.getfixturevalue(f"fresh_{request.param}_url")


def test_the_demo_runs_every_line_once_and_the_doctor_finds_nothing(tianfu, url):
    said = tianfu("demo", "--db", url)
    assert said.count("✓") == 14
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
