"""URLs and settings: what they name, and what they never show."""

import builtins

import pytest
from tianfu_storage_sql import SqlSettings, open_mysql, open_postgresql
from tianfu_storage_sql.address import Address
from tianfu_storage_sql.conditions import successor
from tianfu_storage_sql.horizon import month_after
from tianfu_storage_sql.search import TOKEN, clipped

from tianfu_sdk.errors import Invalid, PluginError
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.hub import Hub
from tianfu_sdk.settings import Secret
from tianfu_sdk.testing import CountingIds, FrozenClock


def context(url, **settings):
    return BackendContext(url=url, settings=settings, clock=FrozenClock(), ids=CountingIds())


def test_a_url_of_several_hosts_is_taken_apart_and_put_together():
    url = "postgresql://me:geheim%21@a:5432,[::1]:5433,c/kepu?target_session_attrs=read-write"
    address, _ = Address.of(url, SqlSettings())
    assert address.hosts == (("a", 5432), ("::1", 5433), ("c", None))
    assert (address.user, address.password, address.database) == ("me", "geheim!", "kepu")
    given = address.url("postgresql")
    assert given == "postgresql://me@a:5432,[::1]:5433,c/kepu?target_session_attrs=read-write"


def test_neither_user_nor_password_is_shown():
    url = "postgresql://me:geheim@a/kepu?sslpassword=geheim2"
    address, _ = Address.of(url, SqlSettings())
    for shown in (repr(address), address.place, str(address), repr(context(url))):
        assert "geheim" not in shown
        assert "me@" not in shown
    store = open_postgresql(context(url))
    assert repr(store) == "SqlStore(postgresql://a/kepu)"


def test_a_password_of_the_settings_wins():
    settings = SqlSettings(password=Secret("from settings", "env:X"))
    address, _ = Address.of("mysql://me:url@a/kepu", settings)
    assert address.password == "from settings"
    assert "from settings" not in repr(settings)


def test_our_settings_may_stand_in_the_url_and_are_not_handed_on():
    address, settings = Address.of(
        "postgresql://a/kepu?portable=1&prepare_threshold=0&share=2/3&sslmode=disable",
        SqlSettings(),
    )
    assert (settings.portable, settings.prepare_threshold) == (True, 0)
    assert settings.part() == (1, 3)
    assert dict(address.options) == {"sslmode": "disable"}


@pytest.mark.parametrize("share", ["0/3", "4/3", "1/61", "1", "a/b", "1/0", "-1/3"])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(Invalid) as caught:
        open_postgresql(context("postgresql://a/b", share=share))
    assert caught.value.code == "storage.share"


@pytest.mark.parametrize("url", ["postgresql://a:port/b", "mysql://a/b?no_such_option=1"])
def test_a_url_that_is_none_is_refused(url):
    with pytest.raises(Invalid) as caught:
        (open_mysql if url.startswith("mysql") else open_postgresql)(context(url))
    assert caught.value.code == "storage.bad_address"


@pytest.mark.parametrize(
    ("make", "module", "line"),
    [
        (open_postgresql, "psycopg", 'pip install "tianfu-storage-sql[postgresql]"'),
        (open_mysql, "pymysql", 'pip install "tianfu-storage-sql[mysql]"'),
    ],
)
def test_a_missing_driver_names_the_line_that_installs_it(monkeypatch, make, module, line):
    real = builtins.__import__

    def without(name, *more):
        if name == module:
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PluginError) as caught:
        make(context("x://a/b"))
    assert (caught.value.code, caught.value.hint) == ("storage.no_driver", line)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb"])
def test_without_the_plugin_the_hub_names_the_line_that_installs_it(scheme):
    with pytest.raises(PluginError) as caught:
        Hub.open(f"{scheme}://localhost/kepu", discover=False)
    assert caught.value.code == "plugin.unknown"
    assert "tianfu-storage-sql[" in caught.value.hint


def test_the_successor_of_a_prefix_is_the_least_string_above_it():
    assert successor("a") == "b"
    assert successor("a\U0010ffff") == "b"
    assert successor("\U0010ffff") is None
    assert successor("\ud7ff") == "\ue000"
    assert successor("") is None


def test_months_go_on_over_the_year():
    assert month_after(202611) == 202612
    assert month_after(202612) == 202701
    assert month_after(202601, -1) == 202512
    assert month_after(202611, 14) == 202801
    assert month_after(0, -1) == 0


def test_long_tokens_are_clipped_and_stay_apart():
    assert clipped("a" * TOKEN) == "a" * TOKEN
    one, other = clipped("a" * 100), clipped("a" * 101)
    assert len(one) == len(other) == TOKEN
    assert one != other
