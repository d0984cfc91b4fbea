"""What a hub is put together of, and the options of its calls."""

import io
from datetime import timedelta
from pathlib import Path

import pytest

from tianfu_sdk.backends.erasures import FileErasures, MemoryErasures, NoErasures
from tianfu_sdk.errors import (
    CommitUnknown,
    Invalid,
    StorageBusy,
    StorageCorrupt,
    StorageUnavailable,
)
from tianfu_sdk.hub import Hub
from tianfu_sdk.opening import Optioned, blobs_for, erasures_for
from tianfu_sdk.settings import Settings
from tianfu_sdk.testing import hub as fresh_hub


class Failing:
    """A store that fails so often before it answers, and notes how it was called."""

    capabilities = None

    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = []

    def run(self, fn, *, write, max_lag=None):
        self.calls.append((write, max_lag))
        if self.errors:
            raise self.errors.pop(0)
        return fn(None)


BUSY = StorageBusy("storage.busy", seconds=1)


def test_what_failed_for_the_moment_is_tried_again_with_growing_pauses():
    pauses = []
    inner = Failing(BUSY, BUSY, BUSY)
    store = Optioned(inner, retries=3, pause=pauses.append)
    assert store.run(lambda _: 7, write=True) == 7
    assert len(inner.calls) == 4
    assert len(pauses) == 3
    assert all(0.04 < pause < 2 for pause in pauses)


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (BUSY, 3),
        (CommitUnknown("storage.failed", driver="x"), 1),
        (StorageCorrupt("storage.corrupt", place="x"), 1),
    ],
)
def test_only_what_may_pass_is_tried_again_and_only_so_often(error, calls):
    inner = Failing(*[error] * 9)
    with pytest.raises(type(error)) as caught:
        Optioned(inner, retries=2, pause=lambda _: None).run(lambda _: 7, write=False)
    assert caught.value is error
    assert len(inner.calls) == calls


def test_a_lag_is_for_reads_only():
    inner = Failing()
    store = Optioned(inner, max_lag=timedelta(seconds=5))
    store.run(lambda _: 0, write=False)
    store.run(lambda _: 0, write=True)
    store.run(lambda _: 0, write=False, max_lag=timedelta(seconds=1))
    assert inner.calls == [
        (False, timedelta(seconds=5)),
        (True, None),
        (False, timedelta(seconds=1)),
    ]


def test_a_hub_with_options_reads_with_them_and_keeps_those_it_had():
    hub = fresh_hub()
    calls = []
    run = hub._tools.store.run

    def noted(fn, *, write, max_lag=None):
        calls.append((write, max_lag))
        return run(fn, write=write, max_lag=max_lag)

    hub._tools.store.run = noted
    chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    lag = timedelta(seconds=3)
    me = hub.as_(chief.id).with_options(max_lag=lag).with_options(retries=2, timeout=3)
    assert me.settings.timeout == 3
    calls.clear()
    me.organizations.get(chief.organization)
    me.resources.create(title="甲", organization=chief.organization)
    assert calls == [(False, lag), (True, None)]
    assert me.unit(lambda u: u.with_options(max_lag=lag).organizations.get(chief.organization))


@pytest.mark.parametrize(
    "options",
    [{"retries": -1}, {"retries": 21}, {"max_lag": -timedelta(1)}, {"timeout": 0}, {"timeout": -1}],
)
def test_an_option_that_is_none_is_refused(options):
    with pytest.raises(Invalid) as caught:
        fresh_hub().with_options(**options)
    assert (caught.value.code, caught.value.path) == ("hub.bad_option", next(iter(options)))


@pytest.mark.parametrize("options", [{"retries": "3"}, {"max_lag": 5}, {"timeout": "10"}])
def test_an_option_of_another_type_is_named(options):
    with pytest.raises(Invalid) as caught:
        fresh_hub().with_options(**options)
    assert (caught.value.code, caught.value.path) == ("field.type", next(iter(options)))


@pytest.mark.parametrize(
    ("call", "code", "path"),
    [
        (lambda: Hub.open(Path("kepu.db")), "hub.bad_url", "url"),
        (lambda: Hub.open("memory:", settings="tianfu.toml"), "field.type", "settings"),
        (lambda: Hub.open("memory:", plugins="tianfu-sms-mas"), "field.type", "plugins"),
        (lambda: fresh_hub().as_system(reason=None), "field.type", "reason"),
        (lambda: fresh_hub().unit(None), "field.type", "fn"),
    ],
)
def test_what_is_given_instead_of_something_else_is_named(call, code, path):
    with pytest.raises(Invalid) as caught:
        call()
    assert (caught.value.code, caught.value.path) == (code, path)


def test_the_erasure_log_stands_beside_the_file_or_where_the_settings_say(tmp_path):
    beside = erasures_for(Settings(), f"sqlite:///{tmp_path}/kepu.db")
    assert isinstance(beside, FileErasures)
    assert beside.place == f"{tmp_path}/kepu.db.erased"
    assert isinstance(erasures_for(Settings(), "memory:"), MemoryErasures)
    assert isinstance(erasures_for(Settings(), "postgresql://h/d"), NoErasures)
    set_ = erasures_for(
        Settings.load(environment={"TIANFU_ERASURES": "/x/log"}), "postgresql://h/d"
    )
    assert set_.place == "/x/log"


def test_a_server_without_a_place_for_media_refuses_them_rather_than_lose_them():
    blobs = blobs_for(Settings(), "postgresql://db.example.cn/kepu", None)
    with pytest.raises(StorageUnavailable) as caught:
        blobs.put(io.BytesIO(b"x"))
    assert (caught.value.code, caught.value.path) == ("media.nowhere", "media")
    assert not blobs.has("0" * 64)
    assert list(blobs.list()) == []
