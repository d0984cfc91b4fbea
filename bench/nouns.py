"""Typed get, put and page of one noun: ours, raw sqlite3, SQLAlchemy ORM, Django ORM.

Every way keeps the same noun of 25 fields, in a SQLite file of its own with WAL and
synchronous=FULL. Ours and raw keep a document beside real key columns and run the very same
statements; the two ORMs keep a column a field, lists as JSON, with the same indexes.
"""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from corpus import documents
from timing import rounds, table

from tianfu_sdk import codec
from tianfu_sdk.core.keying import Placed
from tianfu_sdk.core.kinds import ALL_KINDS, RESOURCE
from tianfu_sdk.core.regions import Levels
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
    """Measure; the file of each way lies in a temporary folder."""
    n, times = (2_000, 2) if small else (20_000, 7)
    made = nouns(n)
    dice = random.Random(3)
    ids = [made[dice.randrange(n)].id for _ in range(1000)]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ours = Ours(place / "ours.db")
        raw = Raw(place / "ours.db", ours)
        ways = {"raw sqlite3": raw, "tianfu_sdk": Plain(ours)}
        if codec._native() is not None:
            ways["tianfu_sdk, extra `fast`"] = ours
        ways |= {"SQLAlchemy ORM": Alchemy(place / "sa.db"), "Django ORM": Django(place / "dj.db")}
        own = {"raw sqlite3", "tianfu_sdk"} if codec._native() is not None else {"raw sqlite3"}
        put = {name: _timed_put(way, made) for name, way in ways.items() if name not in own}
        put["raw sqlite3"] = raw.put(made, place / "raw.db")
        verbs = {
            "get, one transaction each": {k: _gets(w.get, ids) for k, w in ways.items()},
            "get, many in one transaction": {k: (lambda w=w: w.gets(ids)) for k, w in ways.items()},
            "page of 20": {k: (lambda w=w: w.pages(40)) for k, w in ways.items()},
        }
        # The door itself, rights checked: published content to an asker without account.
        verbs["get, one transaction each"]["hub.resources.get, rights checked"] = _gets(
            ours.door, ids
        )
        results = {verb: rounds(which, times) for verb, which in verbs.items()}
        results["put, 500 a transaction"] = put
        ours.close()
    parts = []
    for verb, best in results.items():
        base = best["raw sqlite3"]
        rows = [
            (name, f"{s * 1e6:.1f}", f"{s / base:.2f}", f"{1 / s:,.0f}")
            for name, s in sorted(best.items(), key=lambda item: item[1])
        ]
        parts.append(table(f"SQLite, {verb}", ("way", "µs", "x raw", "a second"), rows))
    note = (
        f"{n:,} resources of 25 set fields, about 2 KB each. `tianfu_sdk` reads documents by"
        " cattrs and json, with the extra `fast` by msgspec; the rows that name the store alone"
        " are its transaction and the typed noun, the row that names the hub is the whole door."
    )
    return "\n".join(parts) + note + "\n"


def _gets(get, ids):
    def run_() -> int:
        for id_ in ids:
            get(id_)
        return len(ids)

    return run_


def _timed_put(way, made) -> float:
    import time

    start = time.perf_counter()
    for first in range(0, len(made), 500):
        way.put_some(made[first : first + 500])
    return (time.perf_counter() - start) / len(made)


def _page() -> Query:
    return Query(
        where=(Where("prefecture", "=", "510300"), Where("state", "=", "published")),
        order="published",
        desc=True,
        limit=20,
    )


class Ours:
    """The library: store, kinds and codec, and the door for comparison."""

    def __init__(self, path: Path) -> None:
        import tianfu_sdk as tf

        self.hub = tf.Hub.open(f"sqlite:////{str(path).lstrip('/')}", discover=False)
        self.store = self.hub._tools.store
        self.store.open(ALL_KINDS)

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

    def __init__(self, path: Path, ours: Ours) -> None:
        self.table = ours.store._tables["resource"]
        self.path = path
        self._connection = None

    @property
    def connection(self):
        if self._connection is None:
            self._connection = sqlite3.connect(self.path, isolation_level=None)
            self._connection.execute("PRAGMA synchronous = FULL")
        return self._connection

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

    def put(self, made, path: Path) -> float:
        import time

        from tianfu_sdk.backends.sqlite import schema

        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        schema.create(connection, (RESOURCE.kind,), "bench")
        documents_ = [
            (
                noun.id,
                self.table._values(
                    Row(noun.id, 0, codec.dumps(noun), dict(RESOURCE.keys(noun, _PLACED)))
                ),
                RESOURCE.keys(noun, _PLACED),
            )
            for noun in made
        ]
        start = time.perf_counter()
        for first in range(0, len(made), 500):
            part = documents_[first : first + 500]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(self.table.insert, ((id_, *values) for id_, values, _ in part))
            for key in self.table.many:
                connection.executemany(
                    f"INSERT INTO m_resource_{key.name} VALUES (?, ?)",
                    [(v, id_) for id_, _, keys in part for v in sorted(keys[key.name])],
                )
            connection.execute("COMMIT")
        taken = (time.perf_counter() - start) / len(made)
        connection.close()
        return taken


def _columns(noun: Resource) -> dict[str, object]:
    values = {name: getattr(noun, name) for name in FIELDS}
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value
        for name, value in values.items()
    } | {"prefecture": "510300", "state": noun.state.value}


_LISTS = {"topics", "keywords", "audience", "settings", "regions"}
_TIMES = {"created_at", "updated_at", "published_at"}
_DAYS = {"review_date", "expires_on"}
_NUMBERS = {"version", "revision"}


class Alchemy:
    """SQLAlchemy ORM, declarative, one session a transaction."""

    def __init__(self, path: Path) -> None:
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
        self.engine = sa.create_engine(f"sqlite:///{path}")

        @sa.event.listens_for(self.engine, "connect")
        def pragmas(connection, _):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")

        Base.metadata.create_all(self.engine)
        self.session = orm.sessionmaker(self.engine)
        self.sa = sa

    def put_some(self, made) -> None:
        with self.session() as session, session.begin():
            session.add_all(
                self.model(
                    **{n: getattr(noun, n) for n in FIELDS if n != "state"},
                    state=noun.state.value,
                    prefecture="510300",
                )
                for noun in made
            )

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

    def __init__(self, path: Path) -> None:
        import django
        from django.conf import settings

        settings.configure(
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}},
            INSTALLED_APPS=[],
            USE_TZ=True,
        )
        django.setup()
        from django.db import connection, models, transaction

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
        self.transaction = transaction
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
        with connection.schema_editor() as editor:
            editor.create_model(self.model)

    def put_some(self, made) -> None:
        with self.transaction.atomic():
            self.model.objects.bulk_create(
                self.model(
                    **{n: getattr(noun, n) for n in FIELDS if n != "state"},
                    state=noun.state.value,
                    prefecture="510300",
                )
                for noun in made
            )

    def get(self, id_):
        return self.model.objects.get(pk=id_)

    def gets(self, ids) -> int:
        with self.transaction.atomic():
            for id_ in ids:
                self.model.objects.get(pk=id_)
        return len(ids)

    def pages(self, count) -> int:
        for _ in range(count):
            list(
                self.model.objects.filter(prefecture="510300", state="published").order_by(
                    "-published_at", "-id"
                )[:20]
            )
        return count
