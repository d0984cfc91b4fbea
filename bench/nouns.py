"""Typed get, put, page and load of one noun: ours, the driver, SQLAlchemy ORM, Django ORM.

Every way keeps the same noun of 25 fields, in a SQLite file of its own with WAL and
synchronous=FULL, or in a database of its own on one PostgreSQL. Ours and raw keep a document beside real key columns and run the very same
statements; the two ORMs keep a column a field, lists as JSON, with the same indexes.
"""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import durable
from corpus import documents
from timing import rounds, table

from tianfu_sdk import codec
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import ALL_KINDS, RESOURCE
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.model.storage import Query, Row, Where

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_PLACED = Placed(Levels("510000", "510300", ""), ("org_1", "org_2"))
FIELDS = (
    "id version created_at updated_at title summary body organization region language topics"
    " keywords audience settings regions licence source reviewer review_date expires_on state"
    " revision author approver published_at"
).split()


def nouns(n: int) -> list[Resource]:
    """Make n resources of about 2 KB each."""
    dice = random.Random(5)
    found = []
    for number, doc in enumerate(documents(n, mean=600)):
        found.append(
            Resource(
                id=f"res_{number:026d}",
                version=1,
                created_at=_EPOCH,
                updated_at=_EPOCH + timedelta(seconds=number),
                title=doc["title"],
                summary=doc["body"][:60],
                body=doc["body"],
                organization="org_2",
                region="510300",
                topics=(dice.choice(["healthy_life", "safety_science"]),),
                keywords=("脑卒中", "中风", "高血压"),
                audience=("general", "elderly"),
                settings=("community",),
                licence="CC-BY-4.0",
                source="某市科协",
                reviewer="某市疾控中心",
                review_date=date(2026, 1, 2),
                expires_on=date(2028, 1, 1),
                state=State.PUBLISHED,
                author="per_1",
                approver="per_2",
                published_at=_EPOCH + timedelta(seconds=number),
            )
        )
    return found


def run(*, small: bool) -> str:
    """Measure on SQLite, and on PostgreSQL where its plugin is installed."""
    n, loaded, times = (2_000, 2_000, 2) if small else (20_000, 100_000, 7)
    made = nouns(max(n, loaded))
    parts = []
    with tempfile.TemporaryDirectory() as folder, durable.postgresql() as server:
        django = Django(Path(folder), server)
        places = [Sqlite(Path(folder))] + ([Postgresql(server)] if server else [])
        for place in places:
            parts += _measured(place, django, made, n=n, loaded=loaded, times=times)
    note = (
        f"{n:,} resources of 25 set fields, about 2 KB each. `tianfu_sdk` reads documents by"
        " cattrs and json, with the extra `fast` by msgspec; the rows that name the store alone"
        " are its transaction and the typed noun, the row that names the hub is the whole door."
        " A load has 1,000 in a transaction: ours by `tx.load`, raw the documents made before,"
        " SQLAlchemy by an insert of mappings, Django by `bulk_create`. PostgreSQL: raw gets and"
        " pages in autocommit, as a driver's user would; all wait for the disk. The ORMs keep lists as JSON and so"
        " have no rows by which to ask for a member, as ours and raw have."
    )
    return "\n".join([*parts, note, ""])


def _measured(place, django, made, *, n, loaded, times) -> list[str]:
    some = made[:n]
    dice = random.Random(3)
    ids = [made[dice.randrange(n)].id for _ in range(1000)]
    fast = codec._native() is not None
    name = f"tianfu_sdk{', extra `fast`' if fast else ''}"
    ours, alchemy = Ours(place), Alchemy(place)
    django.use(place.name)
    put = {way: _timed(w.put_some, some, 500) for way, w in _three(name, ours, alchemy, django)}
    raw = place.raw(ours)
    put[raw.name] = raw.timed(some, 500)
    ways = {raw.name: raw, "tianfu_sdk": Plain(ours), name: ours}
    ways |= {"SQLAlchemy ORM": alchemy, "Django ORM": django}
    verbs = {
        "get, one transaction each": {k: _gets(w.get, ids) for k, w in ways.items()},
        "get, many in one transaction": {k: (lambda w=w: w.gets(ids)) for k, w in ways.items()},
        "page of 20": {k: (lambda w=w: w.pages(40)) for k, w in ways.items()},
    }
    # The door itself, rights checked: published content to an asker without account.
    verbs["get, one transaction each"]["hub.resources.get, rights checked"] = _gets(ours.door, ids)
    results = {verb: rounds(which, times) for verb, which in verbs.items()}
    results["put, 500 a transaction"] = put
    for way in (ours, alchemy, django):
        way.clear()
    load = {
        way: _timed(w.load, made[:loaded], 1000) for way, w in _three(name, ours, alchemy, django)
    }
    load[raw.name] = raw.timed(made[:loaded], 1000)
    results[f"load of {loaded:,}"] = load
    ours.close()
    parts = []
    for verb, best in results.items():
        rows = [
            (way, f"{s * 1e6:.1f}", f"{s / best[raw.name]:.2f}", f"{1 / s:,.0f}")
            for way, s in sorted(best.items(), key=lambda item: item[1])
        ]
        parts.append(table(f"{place.title}, {verb}", ("way", "µs", "x raw", "a second"), rows))
    return parts


def _three(name, ours, alchemy, django):
    return ((name, ours), ("SQLAlchemy ORM", alchemy), ("Django ORM", django))


def _gets(get, ids):
    def run_() -> int:
        for id_ in ids:
            get(id_)
        return len(ids)

    return run_


def _timed(put, made, number: int) -> float:
    start = time.perf_counter()
    for first in range(0, len(made), number):
        put(made[first : first + number])
    return (time.perf_counter() - start) / len(made)


def _documents(made) -> list[tuple[str, list[object], dict[str, object]]]:
    """Give what the driver alone is handed: id, document and keys."""
    return [(m.id, codec.dumps(m), dict(RESOURCE.keys(m, _PLACED))) for m in made]


class Sqlite:
    """A file a way."""

    name, title = "sqlite", "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours = f"sqlite:////{str(folder / 'ours.db').lstrip('/')}"
        self.alchemy = f"sqlite:///{folder / 'sa.db'}"
        self.plugins = ()

    def raw(self, ours):
        return Raw(self.folder, ours)


class Postgresql:
    """A database a way, on one server."""

    name, title = "server", "PostgreSQL"

    def __init__(self, server) -> None:
        import tianfu_storage_sql

        self.ours = server.url("postgres")
        self.alchemy = server.url("template1").replace("postgresql:", "postgresql+psycopg:", 1)
        self.plugins = (tianfu_storage_sql,)

    def raw(self, ours):
        return RawPostgresql(self.ours, ours)


def _page() -> Query:
    return Query(
        where=(Where("prefecture", "=", "510300"), Where("state", "=", "published")),
        order="published",
        desc=True,
        limit=20,
    )


class Ours:
    """The library: store, kinds and codec, and the door for comparison."""

    def __init__(self, place) -> None:
        import tianfu_sdk as tf

        settings = {"erasures": os.devnull}
        self.hub = tf.Hub.open(place.ours, settings=settings, plugins=place.plugins, discover=False)
        self.store = self.hub._tools.store
        self.store.open(ALL_KINDS)

    def load(self, made) -> None:
        rows = [
            Row(noun.id, 1, codec.dumps(noun), dict(RESOURCE.keys(noun, _PLACED))) for noun in made
        ]
        self.store.run(lambda tx: tx.load("resource", rows), write=True)

    def clear(self) -> None:
        ids = None
        while ids is None or ids:
            rows = self.store.run(lambda tx: tx.find("resource", Query(limit=1000)), write=False)
            ids = [(row.id, row.version) for row in rows]
            self.store.run(lambda tx, ids=ids: tx.delete("resource", ids), write=True)

    def put_some(self, made) -> None:
        rows = [
            Row(noun.id, 0, codec.dumps(noun), dict(RESOURCE.keys(noun, _PLACED))) for noun in made
        ]
        self.store.run(lambda tx: tx.put("resource", rows), write=True)

    def get(self, id_):
        return self.store.run(
            lambda tx: codec.loads(Resource, tx.get("resource", [id_])[0].doc), write=False
        )

    def gets(self, ids) -> int:
        def body(tx):
            for id_ in ids:
                codec.loads(Resource, tx.get("resource", [id_])[0].doc)
            return len(ids)

        return self.store.run(body, write=False)

    def pages(self, count) -> int:
        query = _page()
        for _ in range(count):
            self.store.run(
                lambda tx: [codec.loads(Resource, row.doc) for row in tx.find("resource", query)],
                write=False,
            )
        return count

    def door(self, id_):
        return self.hub.resources.get(id_)

    def close(self) -> None:
        self.hub.close()


class Plain:
    """The same store without the extra: documents by cattrs and the standard library's json."""

    def __init__(self, ours: Ours) -> None:
        self.store = ours.store
        self.read = codec._plain_reader(Resource)

    def get(self, id_):
        return self.store.run(lambda tx: self.read(tx.get("resource", [id_])[0].doc), write=False)

    def gets(self, ids) -> int:
        def body(tx):
            for id_ in ids:
                self.read(tx.get("resource", [id_])[0].doc)
            return len(ids)

        return self.store.run(body, write=False)

    def pages(self, count) -> int:
        query = _page()
        for _ in range(count):
            self.store.run(
                lambda tx: [self.read(row.doc) for row in tx.find("resource", query)], write=False
            )
        return count


class Raw:
    """The same statements on the driver, nothing made of the rows."""

    name = "raw sqlite3"

    def __init__(self, folder: Path, ours: Ours) -> None:
        self.table = ours.store._tables["resource"]
        self.folder = folder
        self.connection = sqlite3.connect(folder / "ours.db", isolation_level=None)
        self.connection.execute("PRAGMA synchronous = FULL")

    def get(self, id_):
        self.connection.execute("BEGIN")
        row = self.connection.execute(self.table.get_one, (id_,)).fetchone()
        self.connection.execute("COMMIT")
        return row

    def gets(self, ids) -> int:
        self.connection.execute("BEGIN")
        for id_ in ids:
            self.connection.execute(self.table.get_one, (id_,)).fetchone()
        self.connection.execute("COMMIT")
        return len(ids)

    def pages(self, count) -> int:
        text = (
            f"SELECT {self.table.columns} FROM d_resource AS d WHERE k_prefecture = ?"
            " AND k_state = ? ORDER BY k_published DESC, id DESC LIMIT ?"
        )
        for _ in range(count):
            self.connection.execute("BEGIN")
            self.connection.execute(text, ("510300", "published", 20)).fetchall()
            self.connection.execute("COMMIT")
        return count

    def timed(self, made, number: int) -> float:
        from tianfu_sdk.backends.sqlite import schema

        path = self.folder / f"raw{number}.db"
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        schema.create(connection, (RESOURCE.kind,), "bench")
        found = _documents(made)
        start = time.perf_counter()
        for first in range(0, len(found), number):
            part = found[first : first + number]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                self.table.insert,
                ((id_, doc, *self.table.keys.values(keys)) for id_, doc, keys in part),
            )
            for key in self.table.keys.many:
                connection.executemany(
                    f"INSERT INTO m_resource_{key.name} VALUES (?, ?)",
                    [(v, id_) for id_, _, keys in part for v in sorted(keys[key.name])],
                )
            connection.execute("COMMIT")
        taken = (time.perf_counter() - start) / len(made)
        connection.close()
        return taken


class RawPostgresql:
    """The same statements on psycopg."""

    name = "raw psycopg"

    def __init__(self, url: str, ours: Ours) -> None:
        import psycopg
        from tianfu_storage_sql.conditions import shape_of

        self.table = ours.store._parts.tables["resource"]
        self.connection = psycopg.connect(url, autocommit=True)
        self.cursor = self.connection.cursor(binary=True)
        ours.pages(1)
        shape, self.values = shape_of(_page(), paged=True)
        self.text = self.table._selects[shape]
        self.cursor.execute("ANALYZE")

    def get(self, id_):
        return self.cursor.execute(self.table._get_one.sql, (id_,)).fetchone()

    def gets(self, ids) -> int:
        with self.connection.transaction():
            for id_ in ids:
                self.get(id_)
        return len(ids)

    def pages(self, count) -> int:
        for _ in range(count):
            self.cursor.execute(self.text.sql, self.text.values(self.values)).fetchall()
        return count

    def timed(self, made, number: int) -> float:
        # Tables beside ours, with the same columns and indexes.
        many = {name: table.name for name, table in self.table.tables.many.items()}
        for name in ("tf_d_resource", *many.values()):
            self.cursor.execute(f"DROP TABLE IF EXISTS raw_{name}")
            self.cursor.execute(f"CREATE TABLE raw_{name} (LIKE {name} INCLUDING ALL)")
        insert = self.table._insert
        sql = insert.sql.replace("tf_d_resource", "raw_tf_d_resource", 1)
        found = _documents(made)
        start = time.perf_counter()
        for first in range(0, len(found), number):
            part = found[first : first + number]
            with self.connection.transaction():
                records = [(doc, *self.table._keys.values(keys), id_) for id_, doc, keys in part]
                self.cursor.executemany(sql, [insert.values(record) for record in records])
                for name, other in many.items():
                    self.cursor.executemany(
                        f"INSERT INTO raw_{other} (value, id) VALUES (%s, %s)",
                        [(v, id_) for id_, _, keys in part for v in sorted(keys[name])],
                    )
        return (time.perf_counter() - start) / len(made)


def _fields(noun: Resource) -> dict[str, object]:
    values = {name: getattr(noun, name) for name in FIELDS}
    return values | {"prefecture": "510300", "state": noun.state.value}


_LISTS = {"topics", "keywords", "audience", "settings", "regions"}
_TIMES = {"created_at", "updated_at", "published_at"}
_DAYS = {"review_date", "expires_on"}
_NUMBERS = {"version", "revision"}


class Alchemy:
    """SQLAlchemy ORM, declarative, one session a transaction."""

    def __init__(self, place) -> None:
        import sqlalchemy as sa
        from sqlalchemy import orm

        class Base(orm.DeclarativeBase):
            pass

        def column(name):
            if name == "id":
                return sa.Column(sa.String(64), primary_key=True)
            if name in _LISTS:
                return sa.Column(sa.JSON)
            if name in _TIMES:
                return sa.Column(sa.DateTime(timezone=True))
            if name in _DAYS:
                return sa.Column(sa.Date)
            return sa.Column(sa.Integer if name in _NUMBERS else sa.Text)

        body = {name: column(name) for name in FIELDS} | {"prefecture": sa.Column(sa.Text)}
        body["__tablename__"] = "resource"
        body["__table_args__"] = (
            sa.Index("a", "state", "published_at"),
            sa.Index("b", "prefecture", "state", "published_at"),
            sa.Index("c", "organization", "updated_at"),
            sa.Index("d", "state", "expires_on"),
        )
        self.model = type("Res", (Base,), body)
        self.engine = sa.create_engine(place.alchemy)
        if place.name == "sqlite":

            @sa.event.listens_for(self.engine, "connect")
            def pragmas(connection, _):
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")

        Base.metadata.create_all(self.engine)
        self.session = orm.sessionmaker(self.engine)
        self.sa = sa

    def put_some(self, made) -> None:
        with self.session() as session, session.begin():
            session.add_all(self.model(**_fields(noun)) for noun in made)

    def load(self, made) -> None:
        with self.session() as session, session.begin():
            session.execute(self.sa.insert(self.model), [_fields(noun) for noun in made])

    def clear(self) -> None:
        with self.session() as session, session.begin():
            session.execute(self.sa.delete(self.model))

    def get(self, id_):
        with self.session() as session:
            return session.get(self.model, id_)

    def gets(self, ids) -> int:
        with self.session() as session:
            for id_ in ids:
                session.get(self.model, id_)
                session.expunge_all()
        return len(ids)

    def pages(self, count) -> int:
        model = self.model
        for _ in range(count):
            with self.session() as session:
                query = (
                    self.sa.select(model)
                    .where(model.prefecture == "510300", model.state == "published")
                    .order_by(model.published_at.desc(), model.id.desc())
                    .limit(20)
                )
                session.scalars(query).all()
        return count


class Django:
    """Django ORM."""

    def __init__(self, folder: Path, server) -> None:
        import django
        from django.conf import settings

        file = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "dj.db")}
        databases = {"default": file, "sqlite": file}
        if server is not None:
            databases["server"] = {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "django",
                "HOST": str(server.folder),
                "PORT": str(server.port),
                "USER": "tianfu",
            }
            import psycopg

            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE django")
        settings.configure(DATABASES=databases, INSTALLED_APPS=[], USE_TZ=True)
        django.setup()
        from django.db import connections, models, transaction

        def column(name):
            if name == "id":
                return models.CharField(max_length=64, primary_key=True)
            if name in _LISTS:
                return models.JSONField()
            if name in _TIMES:
                return models.DateTimeField(null=True)
            if name in _DAYS:
                return models.DateField(null=True)
            return models.IntegerField() if name in _NUMBERS else models.TextField()

        class Meta:
            app_label = "bench"
            indexes = (
                models.Index(fields=["state", "published_at"], name="a"),
                models.Index(fields=["prefecture", "state", "published_at"], name="b"),
                models.Index(fields=["organization", "updated_at"], name="c"),
                models.Index(fields=["state", "expires_on"], name="d"),
            )

        body = {name: column(name) for name in FIELDS}
        body |= {"prefecture": models.TextField(), "Meta": Meta, "__module__": __name__}
        self.model = type("Res", (models.Model,), body)
        self.transaction, self.connections = transaction, connections
        self.objects = self.model.objects
        self.place = "default"

    def use(self, place: str) -> None:
        self.place = place
        self.objects = self.model.objects.using(place)
        connection = self.connections[place]
        if place == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode = WAL")
                cursor.execute("PRAGMA synchronous = FULL")
        with connection.schema_editor() as editor:
            editor.create_model(self.model)

    def put_some(self, made) -> None:
        with self.transaction.atomic(self.place):
            self.objects.bulk_create(self.model(**_fields(noun)) for noun in made)

    load = put_some

    def clear(self) -> None:
        self.objects.all().delete()

    def get(self, id_):
        return self.objects.get(pk=id_)

    def gets(self, ids) -> int:
        with self.transaction.atomic(self.place):
            for id_ in ids:
                self.objects.get(pk=id_)
        return len(ids)

    def pages(self, count) -> int:
        for _ in range(count):
            list(
                self.objects.filter(prefecture="510300", state="published").order_by(
                    "-published_at", "-id"
                )[:20]
            )
        return count
