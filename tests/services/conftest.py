"""A small world to test desks in, and the two doors to it: blocking and asynchronous.

Every desk's tests run through both. Where nothing else depends on it, `world` runs each test
in memory, in CI by both doors; modules that test both stores open their hubs by `way`, which
pairs memory with the asynchronous door and SQLite with the blocking one, so that both doors
cost no run.
"""

import asyncio
import atexit
import contextlib
import inspect
import itertools
import shutil
import threading

import attrs
import pytest

from tianfu_sdk.aio import Aio, AioPage
from tianfu_sdk.backends.keyring import new_master_key
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds, FrozenClock

RUNNER = asyncio.Runner()
atexit.register(RUNNER.close)


def run(call):
    """Run on one loop, as a program does: a loop a call costs more than the call."""
    main = threading.current_thread() is threading.main_thread()
    return RUNNER.run(call) if main else asyncio.run(call)


class Through:
    """A hub or desk whose methods are awaited on `hub.aio`."""

    def __init__(self, aio):
        self.aio = aio

    def __getattr__(self, name):
        if name.startswith("_"):
            # What a test looks at from behind has no door.
            return getattr(self.aio._target, name)
        found = getattr(self.aio, name)
        if isinstance(found, Aio):
            return Through(found)
        if not inspect.iscoroutinefunction(found):
            return found

        def call(*args, **kwargs):
            result = run(found(*args, **kwargs))
            if isinstance(result, AioPage):
                return ThroughPage(result)
            return Through(result) if isinstance(result, Aio) else result

        return call

    def __iter__(self):
        after = None
        while found := self.read(after, 500):
            yield from (event for _, event in found)
            after = found[-1][0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class ThroughPage:
    """A page that is read on through `async for`."""

    def __init__(self, page):
        self.page = page
        self.items = page.items
        self.cursor = page.cursor

    def __iter__(self):
        async def read():
            return [item async for item in self.page]

        return iter(run(read()))

    def next(self):
        page = run(self.page.next())
        return None if page is None else ThroughPage(page)

    def to_dicts(self):
        return run(self.page.to_dicts())

    def __getattr__(self, name):
        return getattr(self.page.page, name)

    def __repr__(self):
        return repr(self.page)


DOORS = {"sync": lambda hub: hub, "aio": lambda hub: Through(hub.aio)}


_numbers = itertools.count(1)


@attrs.frozen
class Way:
    """A store, and the door by which its hub is entered."""

    url: str
    door: str
    stack: contextlib.ExitStack
    plugins: tuple = ()
    settings: dict = attrs.field(factory=dict)
    """What a server has nowhere beside it."""

    def open(self, url="", **more):
        """Open a hub; it is closed when the test ends, if not before."""
        given = {"ids": CountingIds(), "discover": False} | more
        given["plugins"] = [*self.plugins, *given.get("plugins", ())]
        given["settings"] = self.settings | dict(given.get("settings") or {})
        hub = Hub.open(url or self.url, **given)
        self.stack.callback(hub.close)
        clock = given.get("clock")
        if self.plugins and clock is not None:
            # Hours and retries go by the server's clock, which no test turns.
            hub._tools.store._parts.jobs.now = lambda _: clock.now()
        return DOORS[self.door](hub)


@attrs.define
class World:
    hub: object
    """As the test's door gives it, nobody acting."""
    clock: FrozenClock
    chief: str = ""
    org: str = ""
    county: str = ""
    """An organization of 锦江区 below `org`."""
    resource: str = ""
    """What a module's tests are about."""

    @property
    def nobody(self):
        return self.hub

    @property
    def me(self):
        return self.hub.as_(self.chief)

    def person(self, actions=("*",), *, organization=None, **place):
        """Make an account of a new person with one grant; gives its id."""
        me = self.hub.as_(self.chief)
        made = me.accounts.create(organization=organization or self.org, label="测试")
        if actions:
            place = place or {"region": "510000"}
            me.accounts.grant(made.id, actions, **place)
        return made.id

    def as_(self, account):
        return self.hub.as_(account)

    def approved(self, **fields):
        """Make a resource and have another person approve it; gives its id."""
        me = self.hub.as_(self.chief)
        given = {"title": "防震避险", "organization": self.org, "body": "地震时先躲到桌下。"}
        made = me.resources.create(**given | fields)
        me.resources.submit(made.id)
        self.hub.as_(self.reviewer).resources.approve(made.id)
        return made.id

    def published(self, **fields):
        id_ = self.approved(**fields)
        return self.hub.as_(self.chief).resources.publish(id_)

    @property
    def reviewer(self):
        return self.person(["approve", "read"])


def build(hub, clock):
    world = World(hub, clock)
    first = hub.bootstrap(
        organization="四川省科学技术协会", region="510000", aliases=["四川省科协"]
    )
    world.chief, world.org = first.id, first.organization
    world.county = (
        hub.as_(first.id)
        .organizations.create(name="锦江区科学技术协会", region="510104", parent=world.org)
        .id
    )
    return world


@pytest.fixture
def clock():
    return FrozenClock()


@pytest.fixture
def stack():
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(params=["sync", pytest.param("aio", marks=pytest.mark.ci)])
def quickly(request, stack):
    """Both ways to a hub in memory."""
    return Way("memory:", request.param, stack)


@pytest.fixture(scope="session")
def postgresql():
    """The plugin for PostgreSQL, and what makes places of databases with tables, without rows."""
    plugin = pytest.importorskip(
        "tianfu_storage_sql", reason="pip install 'tianfu-storage-sql[tests]'"
    )
    psycopg = pytest.importorskip("psycopg")
    from tianfu_storage_sql import testing

    try:
        with (
            testing.postgresql() as running,
            psycopg.connect(running.url("postgres"), autocommit=True) as connection,
        ):

            def places(plain, **options):
                connection.execute(f"CREATE DATABASE {plain}")
                url = running.url(plain, **options)
                Hub.open(url, plugins=[plugin], discover=False).close()

                @contextlib.contextmanager
                def place():
                    name = f"t{next(_numbers)}"
                    connection.execute(f"CREATE DATABASE {name} TEMPLATE {plain}")
                    yield running.url(name, **options)
                    connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

                return place

            yield plugin, places
    except testing.NoServer as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def server(postgresql):
    """The plugin, and what gives a database of PostgreSQL."""
    plugin, places = postgresql
    return plugin, places("plain")


@pytest.fixture(scope="session")
def portable_server(postgresql):
    """The same, of a store that uses plain SQL only."""
    plugin, places = postgresql
    return plugin, places("simple", portable="true")


@pytest.fixture(scope="session")
def mariadb_server():
    """The same, of MariaDB, where one database is emptied after each test."""
    plugin = pytest.importorskip(
        "tianfu_storage_sql", reason="pip install 'tianfu-storage-sql[tests]'"
    )
    pymysql = pytest.importorskip("pymysql")
    from tianfu_storage_sql import testing

    try:
        with testing.mariadb() as running:
            socket = str(running.folder / "s")
            with pymysql.connect(unix_socket=socket, user="root", autocommit=True) as connection:
                cursor = connection.cursor()
                cursor.execute("CREATE DATABASE plain CHARACTER SET latin1")
                url = running.url("plain")
                Hub.open(url, plugins=[plugin], discover=False).close()
                cursor.execute("USE plain")
                cursor.execute("SHOW TABLES")
                tables = {name for (name,) in cursor.fetchall()} - {"tf_meta", "tf_kind"}

                @contextlib.contextmanager
                def place():
                    yield url
                    for name in tables:
                        cursor.execute(f"DELETE FROM {name}")

                yield plugin, place
    except testing.NoServer as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory):
    """A store without rows, to be copied: to make its tables takes longer than most tests."""
    file = tmp_path_factory.mktemp("plain") / "plain.db"
    Hub.open(f"sqlite:///{file}", discover=False).close()
    return file


def on_server(store):
    return pytest.param(f"{store}-sync", marks=[pytest.mark.server, pytest.mark.ci])


STORES = ["memory-aio", "sqlite-sync", on_server("postgresql")]
SERVERS = {
    "postgresql": "server",
    "portable": "portable_server",
    "mariadb": "mariadb_server",
}


def way_of(request, stack, tmp_path):
    store, door = request.param.split("-")
    if store in SERVERS:
        plugin, place = request.getfixturevalue(SERVERS[store])
        settings = {
            "key": new_master_key(),
            "media": str(tmp_path / "media"),
            "erasures": str(tmp_path / "erased"),
        }
        return Way(stack.enter_context(place()), door, stack, (plugin,), settings)
    if store == "memory":
        return Way("memory:", door, stack)
    file = tmp_path / "kepu.db"
    shutil.copy(request.getfixturevalue("sqlite_file"), file)
    return Way(f"sqlite:///{file}", door, stack)


@pytest.fixture(params=STORES)
def way(request, stack, tmp_path):
    """Ways to a hub that between them take all stores and both doors."""
    return way_of(request, stack, tmp_path)


@pytest.fixture(params=[*STORES, on_server("portable"), on_server("mariadb")])
def wide_way(request, stack, tmp_path):
    """The same on all that a server may be, for desks that lean on its locks."""
    return way_of(request, stack, tmp_path)


@pytest.fixture(params=["sqlite-sync", on_server("postgresql"), on_server("mariadb")])
def busy_way(request, stack, tmp_path):
    """Ways to a hub that several threads write to at once."""
    return way_of(request, stack, tmp_path)


@pytest.fixture
def turnable(way):
    """Skip where due jobs go by a clock that no test turns."""
    if way.plugins:
        pytest.skip("capabilities.own_clock is true")


@pytest.fixture
def filed(stack, tmp_path):
    """The blocking way to a hub on a file."""
    return Way(f"sqlite:///{tmp_path / 'kepu.db'}", "sync", stack)


@pytest.fixture
def hub(quickly, clock):
    return quickly.open(clock=clock)


@pytest.fixture
def world(hub, clock):
    return build(hub, clock)


@pytest.fixture
def door(world):
    """The same world, for tests that are about the doors."""
    return world


@pytest.fixture
def anywhere(way, clock):
    """The same world on either store."""
    return build(way.open(clock=clock), clock)


@pytest.fixture
def everywhere(wide_way, clock):
    """The same world on all that a server may be, too."""
    return build(wide_way.open(clock=clock), clock)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kepu.db"


@pytest.fixture
def stored(file, clock):
    """The same world in a SQLite file."""
    url = f"sqlite:///{file}"
    with Hub.open(url, clock=clock, ids=CountingIds(), discover=False) as hub:
        yield build(hub, clock)
