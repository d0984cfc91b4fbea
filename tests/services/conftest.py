"""A small world to test desks in: two organizations, and the people who work there."""

import asyncio
import inspect

import attrs
import pytest

from tianfu_sdk.aio import Aio, AioPage
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds, FrozenClock


class Through:
    """A hub or desk whose methods are called through `asyncio.run` on `hub.aio`."""

    def __init__(self, aio):
        self.aio = aio

    def __getattr__(self, name):
        found = getattr(self.aio, name)
        if isinstance(found, Aio):
            return Through(found)
        if not inspect.iscoroutinefunction(found):
            return found

        def call(*args, **kwargs):
            result = asyncio.run(found(*args, **kwargs))
            if isinstance(result, AioPage):
                return ThroughPage(result)
            return Through(result) if isinstance(result, Aio) else result

        return call


class ThroughPage:
    """A page that is read on through `async for`."""

    def __init__(self, page):
        self.page = page
        self.items = page.items
        self.cursor = page.cursor

    def __iter__(self):
        async def read():
            return [item async for item in self.page]

        return iter(asyncio.run(read()))

    def next(self):
        page = asyncio.run(self.page.next())
        return None if page is None else ThroughPage(page)

    def to_dicts(self):
        return asyncio.run(self.page.to_dicts())


@attrs.define
class World:
    hub: object
    """The blocking hub, nobody acting."""
    clock: FrozenClock
    enter: object
    """Gives a hub as the test's door wants it."""
    chief: str = ""
    org: str = ""
    county: str = ""
    """An organization of 锦江区 below `org`."""
    resource: str = ""
    """What a module's tests are about."""

    @property
    def nobody(self):
        return self.enter(self.hub)

    @property
    def me(self):
        return self.enter(self.hub.as_(self.chief))

    def person(self, actions=("*",), *, organization=None, **place):
        """Make an account of a new person with one grant; gives its id."""
        me = self.hub.as_(self.chief)
        made = me.accounts.create(organization=organization or self.org, label="测试")
        if actions:
            place = place or {"region": "510000"}
            me.accounts.grant(made.id, actions, **place)
        return made.id

    def as_(self, account):
        return self.enter(self.hub.as_(account))

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


def build(hub, clock, enter=lambda hub: hub):
    world = World(hub, clock, enter)
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
def hub(clock):
    with Hub.open("memory:", clock=clock, ids=CountingIds(), discover=False) as hub:
        yield hub


@pytest.fixture
def world(hub, clock):
    return build(hub, clock)


@pytest.fixture(params=["sync", "aio"])
def door(request, hub, clock):
    """The same world, entered by the blocking and by the asynchronous door."""
    enter = (lambda hub: hub) if request.param == "sync" else (lambda hub: Through(hub.aio))
    return build(hub, clock, enter)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kepu.db"


@pytest.fixture
def stored(file, clock):
    """The same world in a SQLite file."""
    url = f"sqlite:///{file}"
    with Hub.open(url, clock=clock, ids=CountingIds(), discover=False) as hub:
        yield build(hub, clock)
