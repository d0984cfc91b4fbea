"""Keys when a hub opens: by name, from settings, or beside the file."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tianfu_sdk.backends.keyring import LocalKeys, new_master_key
from tianfu_sdk.errors import CryptoError, Invalid, PluginError
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.keys import Suite
from tianfu_sdk.model.storage import StorageCapabilities
from tianfu_sdk.opening import Named, keys_for
from tianfu_sdk.plugins import Plugins
from tianfu_sdk.settings import Settings
from tianfu_sdk.testing import FrozenClock


class Safe:
    """A plugin that offers a holder of keys, and notes how it is used."""

    tianfu_api = 1

    def __init__(self):
        self.contexts, self.closed = [], False
        self.text = new_master_key()

    def make(self, context):
        self.contexts.append(context)
        holder = LocalKeys(lambda: self.text)
        holder.close = self.close
        return holder

    def close(self):
        self.closed = True

    @hookimpl
    def tianfu_register_keys(self, register):
        register("safe", self.make)


def test_a_holder_is_named_by_a_setting_and_given_its_own_table(tmp_path):
    safe = Safe()
    settings = {"keys": "safe", "backends": {"safe": {"slot": 3}}}
    url = f"sqlite:///{tmp_path}/kepu.db"
    with Hub.open(url, settings=settings, plugins=[safe], discover=False) as hub:
        first = hub.bootstrap(organization="四川省科协", region="510000")
        made = hub.as_(first.id).experts.create(name="卓玛", organization=first.organization)
        (use,) = hub.as_system(reason="test").keys.report().keys
        assert use.id == LocalKeys(lambda: safe.text).current()
        assert not safe.closed
    assert safe.closed
    (context,) = safe.contexts
    assert dict(context.settings) == {"slot": 3}
    assert not (tmp_path / "kepu.db.key").exists()
    with Hub.open(url, settings=settings, plugins=[safe], discover=False) as hub:
        assert hub.as_(first.id).experts.reveal(made.id) == "卓玛"


def test_the_environment_names_a_holder_too():
    assert Settings.load(environment={"TIANFU_KEYS": "safe"}).keys == "safe"


def test_a_holder_that_nobody_offers_is_said_when_the_hub_opens():
    with pytest.raises(PluginError) as caught:
        Hub.open("memory:", settings={"keys": "hsm"}, plugins=[Safe()], discover=False)
    assert (caught.value.code, caught.value.path) == ("plugin.unknown", "keys:hsm")
    assert "safe" in str(caught.value)


@pytest.mark.parametrize("more", [{"key": new_master_key()}, {"key_file": "k"}])
def test_a_holder_and_a_key_are_not_given_together(more):
    with pytest.raises(Invalid) as caught:
        Hub.open("memory:", settings={"keys": "safe"} | more, plugins=[Safe()], discover=False)
    assert caught.value.code == "keys.both"


@pytest.mark.parametrize("place", ["key", "key_file", "beside"])
def test_what_this_machine_lacks_is_said_when_the_hub_opens(place, tmp_path, monkeypatch):
    text, file = new_master_key(Suite.SM4), tmp_path / ("kepu.db.key" if place == "beside" else "k")
    file.write_text(text)
    settings = {"key": {"key": text}, "key_file": {"key_file": str(file)}}.get(place, {})
    url = f"sqlite:///{tmp_path}/kepu.db"
    with Hub.open(url, settings=settings, discover=False) as hub:
        hub.bootstrap(organization="四川省科协", region="510000")
    monkeypatch.setattr("tianfu_sdk.backends.crypto._has_sm4", lambda: False)
    with pytest.raises(CryptoError) as caught:
        Hub.open(url, settings=settings, discover=False)
    assert caught.value.code == "crypto.no_suite"


def test_who_only_reads_needs_no_key(tmp_path):
    url = f"sqlite:///{tmp_path}/kepu.db"
    for settings in ({"key": "not a key"}, {"key_file": str(tmp_path / "none")}):
        with Hub.open(url, settings=settings, discover=False) as hub:
            assert list(hub.resources.find()) == []


def test_a_server_without_a_key_says_how_to_make_one():
    class Server:
        capabilities = StorageCapabilities(
            name="server", persistent=True, processes=True, single_writer=False, search=True
        )

    settings = Settings()
    named = Named(Plugins(settings.plugins, discover=False), settings, FrozenClock(), None, {})
    keys = keys_for(settings, "postgresql://db/kepu", Server(), named)
    for use in (keys.current, keys.known, lambda: keys.index(b"x"), lambda: keys.wrap(b"k", "s")):
        with pytest.raises(CryptoError) as caught:
            use()
        assert caught.value.code == "keys.missing"
        assert "tianfu keys new" in caught.value.hint
        assert "TIANFU_KEY" in caught.value.hint


def test_one_key_of_a_process_however_many_threads_begin_together():
    with Hub.open("memory:", discover=False) as hub, ThreadPoolExecutor(8) as threads:
        keys = hub._tools.keys
        assert len(set(threads.map(lambda _: keys.current(), range(64)))) == 1
