"""Checked by mypy, never run: what the asynchronous door gives."""

from datetime import date
from typing import assert_type

import tianfu_sdk as tf
from tianfu_sdk.aio import Aio, AioPage
from tianfu_sdk.model.account import Grant
from tianfu_sdk.model.content import Activity, Resource
from tianfu_sdk.model.event import Finding
from tianfu_sdk.model.question import Answers
from tianfu_sdk.model.region import Region
from tianfu_sdk.settings import Settings


async def walk(hub: tf.Hub) -> None:
    aio = hub.aio
    assert_type(aio, Aio)
    me = await aio.as_("acc_1")
    assert_type(me, Aio)
    assert_type(await me.resources.get("res_1"), Resource)
    assert_type(await me.resources.create(title="防震", organization="org_1"), Resource)
    assert_type(await me.resources.by_key("org_1", "A-1"), Resource | None)
    assert_type(await me.activities.publish("act_1"), Activity)
    page = await me.resources.find(region="510000")
    assert_type(page, AioPage[Resource])
    async for resource in page:
        assert_type(resource, Resource)
    assert_type(await page.next(), AioPage[Resource] | None)
    assert_type(await aio.ask("怎么防震"), Answers)
    assert_type(await aio.regions.get("510185", date(2020, 1, 1)), Region)
    assert_type(await me.accounts.grant("acc_2", ["create"], region="510100"), Grant)
    assert_type(await (await aio.as_system(reason="night")).doctor(), list[Finding])
    assert_type(await aio.unit(lambda u: u.resources.get("res_1").title), str)
    assert_type(aio.settings, Settings)
    await me.resources.create(title="x")  # type: ignore[call-arg]
    await me.resources.get(1)  # type: ignore[arg-type]
