"""Checked by mypy, never run: what the blocking door gives."""

from collections.abc import Iterator
from typing import assert_type

import tianfu_sdk as tf
from tianfu_sdk.hookspecs import BackendContext, Register
from tianfu_sdk.model.content import Base, Change, News, Resource
from tianfu_sdk.model.question import Answer, Answers, Related, Suggestion
from tianfu_sdk.ports.storage import Store
from tianfu_sdk.services.desk.page import Page


def walk(hub: tf.Hub) -> Iterator[Answer]:
    me = hub.as_("acc_1")
    assert_type(me, tf.Hub)
    resource = me.resources.create(title="防震", organization="org_1", topics=["safety_science"])
    assert_type(resource, Resource)
    assert_type(me.resources.edit(resource.id, title="防震减灾"), Resource)
    assert_type(me.resources.diff(resource.id, 1, 2), list[Change])
    assert_type(me.bases.find(region="510000"), Page[Base])
    assert_type(list(me.news.find()), list[News])
    answers = hub.ask("怎么防震")
    assert_type(answers, Answers)
    yield from answers
    assert_type(hub.suggest("防震"), list[Suggestion])
    assert_type(hub.related(resource.id), list[Related])
    assert_type(hub.unit(lambda u: u.resources.get(resource.id)), Resource)
    hub.ask(5)  # type: ignore[arg-type]


@tf.hookimpl
def tianfu_register_storage(register: Register[Store]) -> None:
    def make(context: BackendContext) -> Store:
        raise tf.StorageUnavailable("storage.cannot_open", place=context.url)

    register("mine", make)


def caught() -> None:
    try:
        tf.Hub.open()
    except tf.Denied as error:
        assert_type(error.path, str | None)
        permission: PermissionError = error
        raise permission from None
