"""URLs and settings: what they name, and what they never show."""

import builtins

import pytest
from tianfu_storage_sql import SqlSettings, open_mysql, open_postgresql
from tianfu_storage_sql.address import Address
from tianfu_storage_sql.conditions import successor
from tianfu_storage_sql.engine import clipped
from tianfu_storage_sql.horizon import month_after
from tianfu_storage_sql.schema import TOKEN

from tianfu_sdk.errors import Invalid, PluginError
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.hub import Hub
from tianfu_sdk.opening import scheme_of
from tianfu_sdk.settings import Secret
from tianfu_sdk.testing import CountingIds, FrozenClock


def context(url, **settings):
    return BackendContext(url=url, settings=settings, clock=FrozenClock(), ids=CountingIds())


def test_a_url_of_several_hosts_is_taken_apart_and_put_together():
    url = "postgresql://me:geheim%21@a:5432,[::1]:5433,c/kepu?target_session_attrs=read-write"
    address, _ = Address.of(url, SqlSettings())
    assert address.hosts == (("a", 5432), ("::1", 5433), ("c", None))
    assert (address.user, address.password, address.database) == ("me", "geheim!", "kepu")
    # Nothing on the way to the store takes it for something else.
    assert scheme_of(url) == "postgresql"
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
        "postgresql://a/kepu?portable=1&prepare_threshold=0&share=2/3&share_wait=2.5&sslmode=disable",
        SqlSettings(),
    )
    assert (settings.portable, settings.prepare_threshold) == (True, 0)
    assert (settings.part(), settings.share_wait) == ((1, 3), 2.5)
    assert dict(address.options) == {"sslmode": "disable"}


@pytest.mark.parametrize("share", ["0/3", "4/3", "1/61", "1", "a/b", "1/0", "-1/3"])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(Invalid) as caught:
        open_postgresql(context("postgresql://a/b", share=share))
    assert caught.value.code == "storage.share"


def test_a_wait_for_a_share_that_is_none_is_refused():
    with pytest.raises(Invalid) as caught:
        open_postgresql(context("postgresql://a/b", share="1/3", share_wait=-1.0))
    assert (caught.value.code, caught.value.path) == ("storage.share", "share_wait")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://a/b", None),
        ("postgresql://a,c/b", "read-write"),
        ("postgresql://a,c/b?target_session_attrs=primary", None),
    ],
)
def test_of_several_hosts_the_one_that_takes_writes_is_meant(url, wanted):
    driver = open_postgresql(context(url))._driver
    assert driver._more.get("target_session_attrs") == wanted
    # A machine that is gone without a word is noticed, unless the URL says when.
    assert driver._more["keepalives_idle"] == 10
    driver = open_postgresql(
        context(url + ("&" if "?" in url else "?") + "keepalives_idle=3")
    )._driver
    assert "keepalives_idle" not in driver._more


def test_a_standby_needs_not_take_writes():
    store = open_postgresql(context("postgresql://a/b", standby="postgresql://c,d/b"))
    assert "target_session_attrs" not in store._standby._driver._more


@pytest.mark.parametrize("url", ["postgresql:///", "postgresql:///b?user=me"])
def test_a_url_without_a_host_stays_one(url):
    assert Address.of(url, SqlSettings())[0].url("postgresql") == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://a:port/b",
        "postgresql://a/b?no_such_option=1",
        "postgresql://a:1234567/b",
        "postgresql://a,[::1/b",
        "postgresql://[::1]5432/b",
        "mysql://a/b?no_such_option=1",
        "mysql://a/b?share_wait=soon",
    ],
)
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
