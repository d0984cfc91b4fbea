"""Servers of the tests: one a test process, a schema or database of its own a test."""

import itertools
import os

import pytest

from tianfu_storage_sql.testing import NoServer, mariadb, postgresql

_numbers = itertools.count(1)


def _running(server):
    try:
        with server() as running:
            yield running
    except NoServer as error:
        if os.environ.get("TIANFU_CI") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgresql_server():
    yield from _running(postgresql)


@pytest.fixture(scope="session")
def mariadb_server():
    yield from _running(mariadb)


@pytest.fixture
def postgresql_url(postgresql_server):
    """A schema of its own."""
    import psycopg

    schema = f"t{next(_numbers)}"
    with psycopg.connect(postgresql_server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        yield postgresql_server.url("postgres", options=f"-c search_path={schema}")
        connection.execute("SET client_min_messages = error")
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def mariadb_url(mariadb_server):
    """A database of its own."""
    import pymysql

    name = f"t{next(_numbers)}"
    connection = pymysql.connect(unix_socket=str(mariadb_server.folder / "s"), user="root")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET latin1")
        yield mariadb_server.url(name)
        cursor.execute(f"DROP DATABASE {name}")
    connection.close()
