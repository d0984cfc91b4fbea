"""The asynchronous door."""

import asyncio
import contextvars
import threading

import pytest

from tianfu_sdk.aio import THREADS, Aio, AioPage
from tianfu_sdk.errors import NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds, FrozenClock


@pytest.fixture
def hub():
    with Hub.open("memory:", clock=FrozenClock(), ids=CountingIds(), discover=False) as hub:
        yield hub


def workers(others):
    """Give the worker threads that are not among others."""
    mine = set(threading.enumerate()) - others
    return [thread for thread in mine if thread.name.startswith("tianfu-aio")]


def test_calls_run_on_threads_of_the_hubs_own_and_leave_the_loop_free(hub):
    async def walk():
        ticks = 0
        entered, leave = threading.Event(), threading.Event()

        def block(_):
            entered.set()
            leave.wait(10)
            return threading.current_thread().name

        task = asyncio.create_task(hub.aio.unit(block))
        while not entered.is_set():
            await asyncio.sleep(0.001)
            ticks += 1
        leave.set()
        return await task, ticks

    name, ticks = asyncio.run(walk())
    assert name.startswith("tianfu-aio")
    assert ticks >= 1


def test_many_calls_at_once_take_no_more_threads_than_they_may(hub):
    account = hub.bootstrap(organization="省科协", region="510000")

    async def walk():
        me = await hub.aio.as_(account.id)
        made = await asyncio.gather(
            *(
                me.resources.create(title=f"{n}", organization=account.organization)
                for n in range(30)
            )
        )
        page = await me.resources.find(limit=7)
        assert isinstance(page, AioPage)
        assert repr(page) == "<AioPage of 7, and more>"
        seen = [resource.id async for resource in page]
        assert sorted(seen) == sorted(resource.id for resource in made)
        assert len(await page.to_dicts()) == 30
        second = await page.next()
        assert second.items[0].id == seen[7]

    others = set(threading.enumerate())
    asyncio.run(walk())
    assert len(workers(others)) <= THREADS


def test_all_accounts_share_the_threads_and_closing_ends_them(hub):
    others = set(threading.enumerate())
    chief = hub.bootstrap(organization="省科协", region="510000")

    async def walk():
        calls = [hub.as_(chief.id).aio.resources.find() for _ in range(40)]
        await asyncio.gather(*calls)

    asyncio.run(walk())
    threads = workers(others)
    assert 1 <= len(threads) <= THREADS
    asyncio.run(hub.aio.close())
    for thread in threads:
        thread.join(10)
    assert workers(others) == []


def test_errors_come_through_as_they_are(hub):
    with pytest.raises(NotFound) as caught:
        asyncio.run(hub.aio.resources.get("res_none"))
    assert caught.value.code == "noun.unknown"


def test_context_variables_are_seen_in_the_thread(hub):
    variable = contextvars.ContextVar("variable")

    async def walk():
        variable.set("seen")
        return await hub.aio.unit(lambda _: variable.get())

    assert asyncio.run(walk()) == "seen"


def test_desks_and_hubs_are_wrapped_and_values_are_not(hub):
    assert isinstance(hub.aio.resources, Aio)
    assert hub.aio.settings is hub.settings
    assert hub.aio.plugins is hub.plugins
    assert isinstance(asyncio.run(hub.aio.as_system(reason="x")), Aio)
    with pytest.raises(AttributeError):
        _ = hub.aio.nothing
    with pytest.raises(AttributeError):
        _ = hub.aio._tools
    assert hub.aio.resources.find.__doc__ == hub.resources.find.__doc__


def test_a_page_type_can_be_named_in_an_annotation():
    assert AioPage[int]


def test_what_was_begun_is_finished_when_its_await_is_cancelled(hub):
    account = hub.bootstrap(organization="省科协", region="510000")

    async def walk():
        entered, leave = threading.Event(), threading.Event()

        def fn(u):
            made = u.resources.create(title="x", organization=account.organization)
            entered.set()
            leave.wait(10)
            return made

        me = await hub.aio.as_(account.id)
        task = asyncio.create_task(me.unit(fn))
        while not entered.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        leave.set()
        while not (await me.resources.find()).items:
            await asyncio.sleep(0.001)

    asyncio.run(walk())
