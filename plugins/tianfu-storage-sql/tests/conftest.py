"""Servers of the tests: one a test process, a schema or database of its own a test."""

import base64
import itertools
import os
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tianfu_storage_sql import open_mysql, open_postgresql
from tianfu_storage_sql.testing import NoServer, mariadb, postgresql

from tianfu_sdk.cli.app import app
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.testing import CountingIds, FrozenClock

sys.path.insert(0, str(Path(__file__).parent))

_numbers = itertools.count(1)
FAILING = "test_one_that_fails_at_a_row_goes_on"


def pytest_collection_modifyitems(config, items):
    """Leave what takes minutes to the night; hundreds of skips would hide the few that matter.

    Of a case that fails at seven rows in turn, one is enough for every day.
    """
    here = Path(__file__).parent
    for item in items:
        seventh = item.name.startswith(FAILING) and item.name != f"{FAILING}[501]"
        if seventh and here in item.path.parents:
            item.add_marker(pytest.mark.ci)
    if config.getoption("--hypothesis-profile", default=None) != "deep":
        deep = {i for i in items if here in i.path.parents and i.get_closest_marker("deep")}
        config.hook.pytest_deselected(items=list(deep))
        items[:] = [item for item in items if item not in deep]


@pytest.fixture
def opened():
    """Makes stores by URL, with settings of the backend; they are not opened yet."""

    def make(url, **settings):
        made = open_postgresql if url.startswith("postgresql") else open_mysql
        return made(
            BackendContext(url=url, settings=settings, clock=FrozenClock(), ids=CountingIds())
        )

    return make


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


def _running(server):
    try:
        with server() as running:
            yield running
    except NoServer as error:
        if os.environ.get("TIANFU_CI") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


def of_a_kind(name):
    return re.match(r"tf_[dm]\d*_", name) is not None


def as_never_migrated(names):
    """Statements for a place that a test migrated: its tables are not those of its kinds."""
    (markers,) = (name for name in names if name.startswith("tf_commit"))
    return [
        *(f"DROP TABLE {name}" for name in names if of_a_kind(name)),
        "DELETE FROM tf_kind",
        f"DELETE FROM {markers}",
        f"ALTER TABLE {markers} RENAME TO tf_commit",
    ]


@pytest.fixture(scope="session")
def postgresql_server():
    yield from _running(postgresql)


@pytest.fixture(scope="session")
def mariadb_server():
    yield from _running(mariadb)


@pytest.fixture(scope="session")
def _postgresql_schemas(postgresql_server):
    """Gives a schema by name, empty of rows; its tables are made once."""
    import psycopg

    connection = psycopg.connect(postgresql_server.url("postgres"), autocommit=True)

    def emptied(schema):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [schema]
        ).fetchall()
        names = [name for (name,) in tables if name not in ("tf_meta", "tf_kind")]
        if names and "tf_commit" not in names:
            connection.execute(f"SET search_path = {schema}")
            connection.execute("; ".join(as_never_migrated(names)))
            names = [name for name in names if not of_a_kind(name) and "commit" not in name]
        parted = [name for name in names if name.startswith("tf_event_")]
        full = sorted(set(names) - set(parted))
        if full:
            connection.execute(f"SET search_path = {schema}")
            # Quicker than TRUNCATE, which makes a hundred files anew.
            connection.execute("; ".join(f"DELETE FROM {name}" for name in full))
            for name in [name for name in full if name.endswith("_more") or "_more_" in name]:
                connection.execute(f"DROP TABLE {name}")
            connection.execute("DELETE FROM tf_kind WHERE name = 'more'")
            connection.execute("DELETE FROM tf_meta WHERE name = 'analyzer'")
        options = f"-c search_path={schema}"
        return postgresql_server.url("postgres", options=options)

    with connection:
        connection.execute("SET client_min_messages = error")
        yield emptied


@pytest.fixture
def postgresql_url(_postgresql_schemas):
    """A place without rows."""
    return _postgresql_schemas("quick")


@pytest.fixture
def portable_url(_postgresql_schemas):
    """A place without rows for a store that uses plain SQL only."""
    return _postgresql_schemas("portable")


@pytest.fixture
def fresh_postgresql_url(postgresql_server):
    """A database with nothing in it."""
    import psycopg

    name = f"f{next(_numbers)}"
    with psycopg.connect(postgresql_server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgresql_server.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _mariadb_databases(mariadb_server):
    """Gives a database by name, empty of rows; its tables are made once."""
    import pymysql

    connection = pymysql.connect(
        unix_socket=str(mariadb_server.folder / "s"), user="root", autocommit=True
    )
    cursor = connection.cursor()

    def emptied(database):
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [database]
        )
        names = {name for (name,) in cursor.fetchall()}
        if names and "tf_commit" not in names:
            cursor.execute(f"USE {database}")
            for statement in as_never_migrated(names):
                cursor.execute(statement)
            names = {name for name in names if not of_a_kind(name) and "commit" not in name}
        if not names:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET latin1")
        for name in sorted(names - {"tf_meta", "tf_kind"}):
            more = name.endswith("_more") or "_more_" in name
            cursor.execute(f"{'DROP TABLE' if more else 'DELETE FROM'} {database}.{name}")
        if names:
            cursor.execute(f"DELETE FROM {database}.tf_kind WHERE name = 'more'")
            cursor.execute(f"DELETE FROM {database}.tf_meta WHERE name = 'analyzer'")
        return mariadb_server.url(database)

    yield emptied
    connection.close()


@pytest.fixture
def mariadb_url(_mariadb_databases):
    """A place without rows."""
    return _mariadb_databases("quick")


@pytest.fixture
def portable_mariadb_url(_mariadb_databases):
    """A place without rows for a store that uses plain SQL only."""
    return _mariadb_databases("portable")


@pytest.fixture
def fresh_mariadb_url(mariadb_server):
    """A database with nothing in it."""
    import pymysql

    name = f"f{next(_numbers)}"
    connection = pymysql.connect(unix_socket=str(mariadb_server.folder / "s"), user="root")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET latin1")
        yield mariadb_server.url(name)
        cursor.execute(f"DROP DATABASE {name}")
    connection.close()
