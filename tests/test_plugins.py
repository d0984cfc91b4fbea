"""Plugins come in by one door, fail alone, and are named when they are missed."""

from __future__ import annotations

import importlib.metadata
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from tianfu_sdk import hookimpl
from tianfu_sdk.backends.builtin import BUILTIN
from tianfu_sdk.errors import Invalid, PluginError
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.event import Event
from tianfu_sdk.plugins import Plugins
from tianfu_sdk.settings import PluginSettings, Secret, Settings
from tianfu_sdk.testing import CountingIds, FrozenClock

HEAD = "from tianfu_sdk import hookimpl\ntianfu_api = 1\n"
GOOD = (
    HEAD
    + """
@hookimpl
def tianfu_register_sms(register):
    register({name!r}, lambda context: {name!r} + " made by {module}")
"""
)


def context(**settings):
    return BackendContext(settings=settings, clock=FrozenClock(), ids=CountingIds())


def opened(*given, discover=False, builtin=BUILTIN, **settings):
    return Plugins(PluginSettings(**settings), builtin=builtin, given=given, discover=discover)


def event(type_="resource.published", **more):
    return Event(id="evt_1", type=type_, at=datetime(2026, 1, 1, tzinfo=UTC), **more)


def guests(plugins, port="sms"):
    """Give the names at a port that no built-in backend offers."""
    return sorted({one.name for one in plugins.offers() if one.port == port and not one.builtin})


def info(plugins, name):
    (found,) = [one for one in plugins if one.name == name]
    return found


@pytest.fixture(autouse=True)
def _only_what_a_test_installs(monkeypatch):
    """Hide plugins that the environment of the tests really has."""
    every = importlib.metadata.distributions
    real = {
        (one.name, str(one.locate_file("")))
        for one in every()
        if any(point.group == "tianfu_sdk" for point in one.entry_points)
    }

    def rest(*args, **more):
        for one in every(*args, **more):
            if (one.name, str(one.locate_file(""))) not in real:
                yield one

    monkeypatch.setattr(importlib.metadata, "distributions", rest)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution as an installer would leave it; its modules are forgotten after."""
    site = tmp_path / "site"
    site.mkdir()
    found = importlib.metadata.distributions
    # What is really installed here, such as this project's own plugins, is not under test.
    monkeypatch.setattr(
        "importlib.metadata.distributions",
        lambda **more: (d for d in found(**more) if tmp_path in Path(d.locate_file("")).parents),
    )
    monkeypatch.syspath_prepend(str(site))
    modules = []

    def make(name, source, *, version="1.0", point=None, place=site, lines=None):
        module = name.replace("-", "_") + "_mod"
        place.mkdir(exist_ok=True)
        (place / f"{module}.py").write_text(source, "utf-8")
        meta = place / f"{name.replace('-', '_')}-{version}.dist-info"
        meta.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (meta / "METADATA").write_text(text, "utf-8")
        lines = lines or f"{point or name.rsplit('-', maxsplit=1)[-1]} = {module}"
        (meta / "entry_points.txt").write_text(f"[tianfu_sdk]\n{lines}\n", "utf-8")
        modules.append(module)
        return module

    yield make
    for module in modules:
        sys.modules.pop(module, None)


def good(install, name, offers, **more):
    return install(name, GOOD.format(name=offers, module=name), **more)


class Offering:
    tianfu_api = 1

    def __init__(self, name, port="sms", tianfu_name=""):
        self.offered, self.port, self.tianfu_name = name, port, tianfu_name

    @hookimpl
    def tianfu_register_sms(self, register):
        if self.port == "sms":
            register(self.offered, lambda _: self)

    @hookimpl
    def tianfu_register_storage(self, register):
        if self.port == "storage":
            register(self.offered, lambda _: self)


class TestComingIn:
    def test_an_installed_plugin_is_found_and_makes_its_backend(self, install):
        good(install, "acme-sms-bell", "bell", version="2.5")
        plugins = opened(discover=True)
        found = info(plugins, "acme-sms-bell")
        assert (found.state, found.version, found.offers) == ("ok", "2.5", ("sms:bell",))
        assert guests(plugins) == ["bell"]
        assert "bell" in plugins.names("sms")
        assert plugins.make("sms", "bell", context()) == "bell made by acme-sms-bell"

    def test_built_in_ones_come_first_and_through_the_same_hooks(self, install):
        good(install, "acme-sms-bell", "bell")
        first, *rest = opened(discover=True).found()
        assert first.builtin
        assert "storage:sqlite" in first.offers
        assert not any(one.builtin for one in rest if one.name == "acme-sms-bell")

    def test_an_object_needs_no_packaging(self):
        plugin = Offering("bell", tianfu_name="my bell")
        plugins = opened(plugin)
        assert info(plugins, "my bell").offers == ("sms:bell",)
        assert plugins.make("sms", "bell", context()) is plugin

    def test_a_hook_may_take_fewer_arguments_than_it_is_given(self):
        heard = []

        class Deaf:
            tianfu_api = 1

            @hookimpl
            def tianfu_register_sms(self):
                heard.append("register")

            @hookimpl
            def tianfu_event(self):
                heard.append("event")

        opened(Deaf()).tell([event()])
        assert heard == ["register", "event"]

    def test_of_two_copies_on_the_path_the_first_counts(self, install, tmp_path, monkeypatch):
        good(install, "acme-bell", "bell", version="2.0", point="bell")
        later = tmp_path / "later"
        good(install, "acme-bell", "old-bell", version="1.0", point="old", place=later)
        monkeypatch.setattr(sys, "path", [*sys.path, str(later)])
        plugins = opened(discover=True)
        assert info(plugins, "acme-bell").version == "2.0"
        assert guests(plugins) == ["bell"]

    def test_one_distribution_may_bring_several_plugins(self, install):
        module = good(install, "acme-a", "bell")
        install(
            "acme-two",
            GOOD.format(name="gong", module="x"),
            lines=f"x = acme_two_mod\ny = {module}",
        )
        plugins = opened(discover=True, only=("acme-two",))
        assert [one.offers for one in plugins if one.name == "acme-two"] == [
            ("sms:gong",),
            ("sms:bell",),
        ]

    def test_other_groups_are_none_of_our_business(self, install, tmp_path):
        install("acme-bell", "raise SystemExit('imported')")
        (entry,) = (tmp_path / "site").glob("*.dist-info/entry_points.txt")
        entry.write_text("[console_scripts]\nbell = acme_bell_mod:main\n", "utf-8")
        assert "acme-bell" not in [one.name for one in opened(discover=True)]


def test_one_that_is_installed_and_given_comes_in_once(install):
    module = importlib.import_module(good(install, "acme-bell", "bell"))
    plugins = opened(module, discover=True)
    assert [one.state for one in plugins if not one.builtin] == ["ok"]
    assert guests(plugins) == ["bell"]


BROKEN = {
    "an import that fails": ("import nothing_of_this_name", "ModuleNotFoundError"),
    "an import that ends the process": ("raise SystemExit(3)", "SystemExit"),
    "no stated API": ("", "plugin.api"),
    "another API": ("tianfu_api = 99", "plugin.api"),
    "a misspelt hook": (
        HEAD + "@hookimpl\ndef tianfu_register_smss(register): pass",
        "tianfu_register_smss",
    ),
    "a hook without its mark": (HEAD + "def tianfu_event(event): pass", "plugin.unmarked_hook"),
    "a misspelt hook without its mark": (
        HEAD + "def tianfu_register_phones(register): pass",
        "plugin.unmarked_hook",
    ),
    "an unknown argument": (
        HEAD + "@hookimpl\ndef tianfu_register_sms(register, hub): pass",
        "PluginValidationError",
    ),
    "a wrapper": (
        HEAD + "@hookimpl(wrapper=True)\ndef tianfu_event(event): yield",
        "plugin.wrapper",
    ),
    "no factory": (
        HEAD + "@hookimpl\ndef tianfu_register_sms(register): register('bell', 3)",
        "plugin.factory",
    ),
    "a name that is none": (
        HEAD + "@hookimpl\ndef tianfu_register_sms(register): register('Bell!', print)",
        "plugin.bad_name",
    ),
    "one name twice": (
        HEAD
        + "@hookimpl\ndef tianfu_register_sms(register):\n"
        + "    register('a', print); register('a', print)",
        "plugin.collision",
    ),
    "a register that raises half way": (
        HEAD
        + "@hookimpl\ndef tianfu_event(event): raise AssertionError\n"
        + "@hookimpl\ndef tianfu_register_sms(register):\n"
        + "    register('half', print); 1 / 0",
        "ZeroDivisionError",
    ),
    "a register that ends the process": (
        HEAD + "@hookimpl\ndef tianfu_register_sms(register): raise SystemExit",
        "SystemExit",
    ),
}


class Keeping:
    tianfu_api = 1

    @hookimpl
    def tianfu_register_sms(self, register):
        self.register = register


class TestIsolation:
    def test_what_is_registered_after_the_hub_opened_is_refused(self):
        plugins = opened(guest := Keeping())
        with pytest.raises(PluginError) as raised:
            guest.register("late", lambda _: None)
        assert (raised.value.code, raised.value.path) == ("plugin.late", "sms:late")
        assert "late" not in plugins.names("sms")

    @pytest.mark.parametrize("name", BROKEN)
    def test_a_broken_plugin_stays_out_with_its_cause(self, install, caplog, name):
        source, cause = BROKEN[name]
        install("acme-sms-broken", source)
        good(install, "acme-sms-fine", "fine")
        with caplog.at_level(logging.WARNING):
            plugins = opened(discover=True)
        broken = info(plugins, "acme-sms-broken")
        assert broken.state == "broken"
        assert cause in broken.cause
        assert "Traceback" in broken.trace or "PluginError" in broken.trace
        assert "\n" not in broken.cause
        assert guests(plugins) == ["fine"]
        assert "acme-sms-broken is left out" in caplog.text

    @pytest.mark.parametrize("name", BROKEN)
    def test_strict_mode_does_not_open(self, install, name):
        install("acme-sms-broken", BROKEN[name][0])
        with pytest.raises(PluginError) as raised:
            opened(discover=True, strict=True)
        assert raised.value.code == "plugin.broken"
        assert raised.value.path == "acme-sms-broken"

    def test_what_registered_half_way_is_rolled_back(self, install):
        install("acme-sms-half", BROKEN["a register that raises half way"][0])
        plugins = opened(discover=True)
        plugins.tell([event()])
        assert not plugins.failures
        with pytest.raises(PluginError) as raised:
            plugins.make("sms", "half", context())
        assert (raised.value.code, raised.value.path) == ("plugin.broken", "acme-sms-half")

    def test_a_half_registered_name_is_named_whatever_the_plugin_is_called(self, install):
        source = BROKEN["a register that raises half way"][0]
        install("acme-things", source)
        with pytest.raises(PluginError) as raised:
            opened(discover=True).make("sms", "half", context())
        assert "ZeroDivisionError" in str(raised.value)

    def test_a_damaged_installation_is_recorded(self, install, tmp_path):
        good(install, "acme-bell", "bell")
        (entry,) = (tmp_path / "site").glob("*.dist-info/entry_points.txt")
        entry.write_bytes(b"[tianfu_sdk]\nbell = \xff\xfe\n")
        broken = [one for one in opened(discover=True) if one.state == "broken"]
        assert len(broken) == 1
        assert "acme_bell-1.0.dist-info" in broken[0].name

    def test_control_c_is_not_swallowed(self, install):
        install("acme-slow", "raise KeyboardInterrupt")
        with pytest.raises(KeyboardInterrupt):
            opened(discover=True)

    def test_a_builtin_that_fails_is_our_fault_and_raises(self):
        class Wrong:
            tianfu_api = 2

        with pytest.raises(PluginError, match=r"plugin\.api"):
            opened(builtin=(Wrong(),))


class TestAsking:
    def test_a_broken_plugin_is_named_by_its_entry_point(self, install):
        install("acme-things", "import nothing_of_this_name", point="bell")
        with pytest.raises(PluginError) as raised:
            opened(discover=True).make("sms", "bell", context())
        assert raised.value.code == "plugin.broken"
        assert "nothing_of_this_name" in str(raised.value)
        assert "tianfu plugins show" in str(raised.value)

    def test_the_known_plugin_of_a_name_is_the_one_that_is_broken(self, install):
        install("tianfu-sms-webhook", "import nothing_of_this_name", point="anything")
        with pytest.raises(PluginError) as raised:
            opened(discover=True).make("sms", "webhook", context())
        assert raised.value.path == "tianfu-sms-webhook"

    def test_an_unknown_name_tells_what_to_install(self):
        with pytest.raises(PluginError) as raised:
            opened().make("sms", "webhook", context())
        assert raised.value.code == "plugin.unknown"
        assert raised.value.hint == "pip install tianfu-sms-webhook"

    def test_a_name_that_nobody_knows_tells_what_there_is_and_what_is_broken(self, install):
        good(install, "acme-bell", "bell")
        install("acme-wrecked", "1 / 0")
        with pytest.raises(PluginError) as raised:
            opened(discover=True).make("sms", "drum", context())
        assert "there are: bell, " in str(raised.value)
        assert "acme-wrecked" in raised.value.hint

    def test_two_who_offer_one_name_are_both_named(self, install):
        good(install, "acme-bell", "bell")
        good(install, "other-bell", "bell")
        plugins = opened(discover=True)
        assert [one.state for one in plugins if not one.builtin] == ["ok", "ok"]
        with pytest.raises(PluginError) as raised:
            plugins.make("sms", "bell", context())
        assert raised.value.code == "plugin.collision"
        assert "acme-bell" in str(raised.value)
        assert "other-bell" in str(raised.value)

    def test_a_collision_of_one_distribution_with_itself_is_one_too(self, install):
        module = good(install, "acme-x", "bell")
        install(
            "acme-two",
            GOOD.format(name="bell", module="x"),
            lines=f"a = acme_two_mod\nb = {module}",
        )
        with pytest.raises(PluginError, match=r"plugin\.collision"):
            opened(discover=True, only=("acme-two",)).make("sms", "bell", context())

    def test_a_guest_never_displaces_a_built_in(self, caplog):
        guest = Offering("memory", "storage", tianfu_name="guest")
        with caplog.at_level(logging.WARNING):
            plugins = opened(guest)
        assert plugins.make("storage", "memory", context()) is not guest
        assert info(plugins, "guest").hidden == ("storage:memory",)
        assert "storage:memory of guest stays hidden" in caplog.text


class TestBlocking:
    @pytest.mark.parametrize("name", ["acme-sms-bell", "Acme_SMS.bell"])
    def test_a_blocked_plugin_is_listed_and_not_imported(self, install, name):
        install("acme-sms-bell", "raise AssertionError('imported')")
        found = info(opened(discover=True, block=(name,), strict=True), "acme-sms-bell")
        assert (found.state, found.cause) == ("blocked", "")

    def test_only_those_that_are_named_come_in(self, install):
        good(install, "acme-bell", "bell")
        good(install, "acme-gong", "gong")
        settings = Settings.load(environment={"TIANFU_PLUGINS": "acme_gong"}).plugins
        plugins = Plugins(settings, builtin=BUILTIN)
        assert guests(plugins) == ["gong"]
        with pytest.raises(PluginError) as raised:
            plugins.make("sms", "bell", context())
        assert (raised.value.code, raised.value.path) == ("plugin.blocked", "acme-bell")

    def test_none_at_all_are_looked_for(self, install):
        install("acme-bell", "raise AssertionError('imported')")
        settings = Settings.load(environment={"TIANFU_NO_PLUGINS": "1"}).plugins
        assert all(one.builtin for one in Plugins(settings, builtin=BUILTIN))

    def test_what_the_caller_gave_is_not_blocked(self):
        plugins = opened(Offering("bell", tianfu_name="mine"), only=(), off=True)
        assert guests(plugins) == ["bell"]


class Listening:
    tianfu_api = 1

    def __init__(self, name, heard, fault=None):
        self.tianfu_name, self.heard, self.fault = name, heard, fault

    @hookimpl
    def tianfu_event(self, event):
        self.heard.append((self.tianfu_name, event.id))
        if self.fault:
            raise self.fault


class TestEvents:
    def test_one_that_fails_silences_nobody_and_is_recorded(self, caplog):
        heard = []
        plugins = opened(
            Listening("first", heard),
            Listening("bad", heard, ValueError("+8613800000000")),
            Listening("last", heard),
        )
        plugins.tell([event(), event()])
        assert {name for name, _ in heard} == {"first", "bad", "last"}
        assert len(heard) == 6
        assert plugins.failures == ("bad: ValueError on resource.published",) * 2
        assert "13800000000" not in caplog.text

    @pytest.mark.parametrize("fault", [SystemExit(1), GeneratorExit()])
    def test_one_that_would_end_the_process_fails_like_any_other(self, fault):
        plugins = opened(Listening("bad", heard := [], fault), Listening("last", heard))
        plugins.tell([event()])
        assert [name for name, _ in heard] == ["bad", "last"]
        assert plugins.failures == (f"bad: {type(fault).__name__} on resource.published",)

    def test_only_the_newest_hundred_failures_are_kept(self):
        plugins = opened(Listening("bad", [], ValueError()))
        plugins.tell([event(f"a.{number}") for number in range(150)])
        assert len(plugins.failures) == 100
        assert plugins.failures[-1].endswith("a.149")


class TestTracing:
    def test_hook_calls_are_logged_without_what_they_carry(self, caplog):
        plugins = opened(Offering("bell", tianfu_name="ringer"), Listening("ear", []), trace=True)
        with caplog.at_level(logging.INFO, "tianfu_sdk.plugins"):
            plugins = opened(
                Offering("bell", tianfu_name="ringer"), Listening("ear", []), trace=True
            )
            plugins.tell([event(subject="sub_secret", data={"note": "private"})])
        assert "tianfu_register_sms -> ringer" in caplog.text
        assert "tianfu_event -> ear" in caplog.text
        assert "sub_secret" not in caplog.text
        assert "private" not in caplog.text

    def test_it_is_off_by_default(self, caplog):
        with caplog.at_level(logging.DEBUG):
            opened(Listening("ear", [])).tell([event()])
        assert not caplog.records


@attrs.frozen(kw_only=True)
class BellSettings:
    url: str
    key: Secret | None = None
    rings: int = 1


class Bell:
    settings = BellSettings

    @classmethod
    def open(cls, context):
        return context.read(BellSettings)


class TestSettings:
    def test_an_offer_says_which_settings_it_wants(self):
        class Plugin:
            tianfu_api = 1

            tianfu_name = "ringer"

            @hookimpl
            def tianfu_register_sms(self, register):
                register("method", Bell.open)
                register("class", Bell)
                register("silent", lambda _: None)

        offers = {offer.name: offer.settings for offer in opened(Plugin()).offers("ringer")}
        assert offers == {"class": BellSettings, "method": BellSettings, "silent": None}

    def test_a_table_is_read_into_the_class(self):
        read = context(url="https://x", key="hush", rings=3).read(BellSettings)
        assert (read.url, read.rings, read.key.reveal()) == ("https://x", 3, "hush")
        assert "hush" not in repr(read)
        given = Secret("hush", "env:X")
        assert context(url="https://x", key=given).read(BellSettings).key is given

    @pytest.mark.parametrize(
        ("table", "codes", "path"),
        [
            ({}, {"field.missing"}, "url"),
            ({"url": "x", "ring": 1}, {"field.unknown"}, "ring"),
            ({"url": "x", "rings": "many"}, {"field.type", "field.value"}, "rings"),
            ({"url": "x", "key": 5}, {"field.type"}, "key"),
        ],
    )
    def test_a_table_that_does_not_fit_names_its_key(self, table, codes, path):
        with pytest.raises(Invalid) as raised:
            context(**table).read(BellSettings)
        assert raised.value.code in codes
        assert raised.value.path == path


def test_two_hundred_distributions_are_passed_by_without_parsing(tmp_path, monkeypatch):
    import importlib.metadata

    for number in range(200):
        meta = tmp_path / f"other_{number}-1.0.dist-info"
        meta.mkdir()
        (meta / "METADATA").write_text(f"Name: other-{number}\nVersion: 1.0\n", "utf-8")
        (meta / "entry_points.txt").write_text("[console_scripts]\na = b:c\n", "utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    parsed = []
    real = importlib.metadata.Distribution.entry_points.fget

    def spy(self):
        parsed.append(self)
        return real(self)

    monkeypatch.setattr(importlib.metadata.Distribution, "entry_points", property(spy))
    before = len(parsed)
    opened(discover=True)
    assert len(parsed) - before <= 20


def test_a_factory_that_misses_a_setting_names_the_table_it_belongs_in():
    class Picky:
        tianfu_api = 1

        @hookimpl
        def tianfu_register_sms(self, register):
            def make(_):
                raise Invalid("field.missing", path="url")

            register("picky", make)

    with Hub.open("memory:", plugins=[Picky()], discover=False) as hub:
        me = hub.as_(hub.bootstrap(organization="四川省科协", region="510000").id)
        org = next(iter(me.organizations.find())).id
        with pytest.raises(Invalid) as caught:
            me.sms.compose(
                title="x", organization=org, texts={"zh": "x"}, signature="科普", gateway="picky"
            )
    assert caught.value.code == "field.missing"
    assert caught.value.path == "backends.picky.url"
    assert "[backends.picky]" in caught.value.hint
