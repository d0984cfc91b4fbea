"""What the schema asks of an engine: nothing that one which spreads rows over machines refuses."""

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from tianfu_storage_sql import horizon
from tianfu_storage_sql.schema import Tables

from tianfu_sdk.core.rows.kinds import ALL_KINDS

DIALECTS = {
    "postgresql": (PGDialect_psycopg, "C"),
    "mysql": (MySQLDialect_pymysql, "utf8mb4_nopad_bin"),
}


COUNTED = re.compile(r"IDENTITY|SERIAL|AUTO_INCREMENT|SEQUENCE|nextval", re.IGNORECASE)


@pytest.fixture(params=DIALECTS)
def tables(request):
    dialect, collation = DIALECTS[request.param]
    return Tables(dialect(paramstyle="format"), collation)


def every(tables):
    kinds = [table for kind in ALL_KINDS for table in tables.kind(kind).all]
    return [*kinds, *tables.shared, *tables.numbered]


def test_no_key_reaches_over_shards(tables):
    looked = every(tables)
    assert len(looked) > len(ALL_KINDS)
    for table in looked:
        assert not table.foreign_keys, table.name
        assert not any(index.unique for index in table.indexes), table.name
        constraints = {type(one) for one in table.constraints}
        assert constraints <= {sa.PrimaryKeyConstraint}, table.name


def test_no_server_counts_anything_up(tables):
    made = [one for table in every(tables) for one in tables.statements(table)]
    assert any("tf_event " in one for one in made)
    assert any("tf_job " in one for one in made)
    for statement in (*made, *horizon.STATEMENTS):
        assert not COUNTED.search(statement), statement


def test_on_postgresql_itself_the_ids_of_jobs_are_counted_and_no_key():
    dialect, collation = DIALECTS["postgresql"]
    tables = Tables(dialect(paramstyle="format"), collation, counted=True)
    counted = [
        table.name
        for table in every(tables)
        if any(COUNTED.search(one) for one in tables.statements(table))
    ]
    assert counted == ["tf_job"]
    assert [column.name for column in tables.job.primary_key.columns] == ["uid"]


def test_statements_say_nothing_else_of_keys(tables):
    made = [one for table in every(tables) for one in tables.statements(table)]
    for statement in (*made, *horizon.STATEMENTS):
        assert not re.search(r"\b(UNIQUE|REFERENCES|FOREIGN|CHECK)\b", statement), statement
