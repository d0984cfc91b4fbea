"""Plugins come in, are kept apart when they fail, and are reported."""

import logging

import pytest

from tianfu_sdk import plugins as room
from tianfu_sdk.errors import PluginError
from tianfu_sdk.hookspecs import BackendContext, hookimpl
from tianfu_sdk.plugins import Plugins
from tianfu_sdk.settings import PluginSettings
from tianfu_sdk.testing import CountingIds, FrozenClock

CONTEXT = BackendContext(clock=FrozenClock(), ids=CountingIds())


class Offers:
    tianfu_api = 1

    def __init__(self, name="mine", made="made"):
        self.tianfu_name = f"dist-{made}"
        self.name, self.made = name, made

    @hookimpl
    def tianfu_register_sms(self, register):
        register(self.name, lambda context: self.made)


class Point:
    group = "tianfu_sdk"

    def __init__(self, name, plugin):
        self.name, self.plugin = name, plugin

    def load(self):
        if isinstance(self.plugin, BaseException):
            raise self.plugin
        return self.plugin


class Distribution:
    version = "1.2"

    def __init__(self, name, plugin):
        self.name, self.entry_points = name, [Point("main", plugin)]


@pytest.fixture
def installed(monkeypatch):
    def install(**distributions):
        found = [Distribution(n.replace("_", "-"), p) for n, p in distributions.items()]
        monkeypatch.setattr("importlib.metadata.distributions", lambda: iter(found + found[:1]))

    return install


def load(*given, builtin=(), discover=False, **settings):
    return Plugins(PluginSettings(**settings), builtin=builtin, given=given, discover=discover)


def states(plugins):
    return {info.name: info.state for info in plugins.found()}


def test_what_a_plugin_offers_is_made_by_name():
    plugins = load(Offers())
    assert plugins.names("sms") == ["mine"]
    assert plugins.make("sms", "mine", CONTEXT) == "made"
    (info,) = plugins
    assert (info.name, info.state, info.offers) == ("dist-made", "ok", ("sms:mine",))


def test_a_guest_never_displaces_a_built_in():
    plugins = load(Offers(made="guest"), builtin=[Offers(made="own")])
    assert plugins.make("sms", "mine", CONTEXT) == "own"


def test_a_name_that_two_offer_is_told_with_both():
    plugins = load(Offers(made="a"), Offers(made="b"))
    with pytest.raises(PluginError) as caught:
        plugins.make("sms", "mine", CONTEXT)
    assert caught.value.code == "plugin.collision"
    assert caught.value.values["plugins"] == "dist-a, dist-b"
    assert "plugins.block" in caught.value.hint


def test_a_name_that_nobody_offers_is_told_with_what_there_is():
    plugins = load(Offers())
    with pytest.raises(PluginError) as caught:
        plugins.make("sms", "webhook", CONTEXT)
    assert (caught.value.code, caught.value.path) == ("plugin.unknown", "sms:webhook")
    assert caught.value.hint == "pip install tianfu-sms-webhook"
    assert "mine" in str(caught.value)


class Newer(Offers):
    tianfu_api = 2


class Misspelt(Offers):
    @hookimpl
    def tianfu_register_smss(self, register):
        raise NotImplementedError


class Raises(Offers):
    @hookimpl
    def tianfu_register_blobs(self, register):
        register("b", print)
        raise RuntimeError("boom")


class NoFactory(Offers):
    @hookimpl
    def tianfu_register_blobs(self, register):
        register("b", "not callable")


class WrongArgument:
    tianfu_api = 1

    @hookimpl
    def tianfu_register_sms(self, registry):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("plugin", "cause"),
    [
        (Newer(), "API 2"),
        (object(), "API None"),
        (Misspelt(), "tianfu_register_smss"),
        (Raises(), "boom"),
        (NoFactory(), "callable"),
        (WrongArgument(), "registry"),
    ],
    ids=lambda p: p if isinstance(p, str) else type(p).__name__,
)
def test_a_broken_plugin_is_left_out_whole_and_reported(plugin, cause, caplog):
    with caplog.at_level(logging.WARNING):
        plugins = load(plugin, Offers(name="other"))
    broken = plugins.found()[0]
    assert (broken.state, broken.offers) == ("broken", ())
    assert cause in broken.cause
    assert "Traceback" in broken.trace
    assert plugins.names("sms") == ["other"]
    assert plugins.names("blobs") == []
    assert "is left out" in caplog.text
    with pytest.raises(PluginError) as caught:
        load(plugin, strict=True)
    assert caught.value.code == "plugin.broken"


def test_a_broken_built_in_is_our_own_fault():
    with pytest.raises(PluginError):
        load(builtin=[Newer()])


# What is installed.


def test_what_is_installed_comes_in_once(installed):
    installed(tianfu_sms_mine=Offers())
    plugins = load(discover=True)
    assert states(plugins) == {"tianfu-sms-mine": "ok"}
    assert plugins.found()[0].version == "1.2"
    assert plugins.make("sms", "mine", CONTEXT) == "made"


@pytest.mark.parametrize("error", [ImportError("no numpy"), SystemExit(3), SyntaxError("x")])
def test_what_cannot_be_imported_is_reported_and_asked_for_with_its_cause(installed, error):
    installed(tianfu_sms_webhook=error, tianfu_fine=Offers())
    plugins = load(discover=True)
    assert states(plugins) == {"tianfu-sms-webhook": "broken", "tianfu-fine": "ok"}
    with pytest.raises(PluginError) as caught:
        plugins.make("sms", "webhook", CONTEXT)
    assert caught.value.code == "plugin.broken"
    assert type(error).__name__ in str(caught.value)


def test_a_user_who_stops_the_program_is_heard(installed):
    installed(tianfu_odd=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        load(discover=True)


@pytest.mark.parametrize("name", ["tianfu-sms-mine", "tianfu_sms_mine", "Tianfu.SMS-mine"])
def test_a_distribution_is_named_as_pip_takes_names(installed, name):
    installed(tianfu_sms_mine=Offers(), tianfu_other=Offers(name="other"))
    assert states(load(discover=True, block=(name,))) == {
        "tianfu-sms-mine": "blocked",
        "tianfu-other": "ok",
    }
    assert states(load(discover=True, only=(name,))) == {
        "tianfu-sms-mine": "ok",
        "tianfu-other": "blocked",
    }


def test_none_come_in_where_they_are_off_but_those_that_are_given(installed):
    installed(tianfu_sms_mine=Offers())
    assert states(load(Offers(made="x"), discover=True, off=True)) == {"dist-x": "ok"}


def test_a_blocked_plugin_is_not_even_imported(installed):
    installed(tianfu_odd=KeyboardInterrupt())
    assert states(load(discover=True, block=("tianfu-odd",))) == {"tianfu-odd": "blocked"}


def test_what_can_be_offered_is_what_has_a_hook():
    from tianfu_sdk.hookspecs import Hooks

    hooks = {n.removeprefix("tianfu_register_") for n in dir(Hooks) if "register" in n}
    assert set(room.PORTS) == hooks
