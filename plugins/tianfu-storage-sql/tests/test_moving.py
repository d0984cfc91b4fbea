"""A whole store on its way over the servers and back, by the suite and by the command."""

import itertools

import pytest
import tianfu_storage_sql

from tianfu_sdk.testing import MovingSuite

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]


class _Moving(MovingSuite):
    @pytest.fixture
    def plugins(self):
        return [tianfu_storage_sql]


@pytest.mark.ci
class TestMoving(_Moving):
    """From a file over both servers and back."""

    @pytest.fixture
    def urls(self, tmp_path, fresh_postgresql_url, fresh_mariadb_url):
        first, last = (f"sqlite:///{tmp_path}/{name}.db" for name in ("first", "last"))
        return [first, fresh_postgresql_url, fresh_mariadb_url, last]


@pytest.mark.deep
class TestMovingBetweenServers(_Moving):
    """Each server to the other one."""

    @pytest.fixture(params=["postgresql", "mariadb"])
    def urls(self, request, fresh_postgresql_url, fresh_mariadb_url):
        both = [fresh_postgresql_url, fresh_mariadb_url]
        return both if request.param == "postgresql" else both[::-1]


@pytest.mark.ci
def test_the_command_moves_a_store_there_and_back(
    tianfu, tmp_path, monkeypatch, fresh_postgresql_url, fresh_mariadb_url
):
    monkeypatch.setenv("TIANFU_ERASURES", str(tmp_path / "erased"))
    first, last = tmp_path / "first.db", tmp_path / "last.db"
    way = [str(first), fresh_postgresql_url, fresh_mariadb_url, str(last)]
    tianfu("demo", "--db", way[0])
    tianfu("worker", "--once", "--db", way[0])
    hashes = []
    for number, (source, target) in enumerate(itertools.pairwise(way)):
        file = str(tmp_path / f"dump{number}.jsonl")
        tianfu("dump", file, "--db", source)
        said = tianfu("load", file, "--db", target)
        assert "the content is the same" in said
        hashes.append(tianfu("doctor", "--hash", "--db", target))
    # Moving is audited itself.
    moved = ("kind:audit", "kind:seal", "stream:audit")
    parts = [{n for n in text.splitlines() if not n.endswith(moved)} for text in hashes]
    assert parts[0]
    assert parts[0] == parts[1] == parts[2]
    looked = tianfu("doctor", "--db", way[-1])
    assert "ERROR" not in looked
    assert "一氧化碳" in tianfu("ask", "一氧化碳中毒怎么办", "--db", way[-1])
