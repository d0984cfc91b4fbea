"""Settings come from a mapping, a file and the environment, and keep their secrets."""

import pickle
from datetime import date

import attrs
import pytest

from tianfu_sdk.errors import Invalid
from tianfu_sdk.settings import Secret, Settings, days, without_password

TOML = """
db = "sqlite:///a.db"
timeout = 3

[plugins]
block = ["tianfu-sms-webhook"]

[ask]
threshold = 0.5

[backends.my-gateway]
url = "https://sms.example"
token = { env = "GATEWAY_TOKEN" }
password = "hunter2"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tianfu.toml"
    path.write_text(TOML, "utf-8")
    return path


def test_environment_wins_over_values_and_values_over_the_file(file):
    environment = {"GATEWAY_TOKEN": "t0ken", "TIANFU_DB": "memory:", "TIANFU_PLUGINS": "a, b,"}
    values = {"db": "sqlite:///b.db", "ask": {"answer_days": 3}, "timeout": 4.5}
    settings = Settings.load(file=file, values=values, environment=environment)
    assert settings.db == "memory:"
    assert settings.timeout == 4.5
    assert (settings.ask.threshold, settings.ask.answer_days) == (0.5, 3)
    assert settings.plugins.only == ("a", "b")
    assert settings.plugins.block == ("tianfu-sms-webhook",)


def test_the_environment_is_read_only_where_it_is_given(monkeypatch):
    monkeypatch.setenv("TIANFU_DB", "sqlite:///x.db")
    assert Settings.load().db == ""


@pytest.mark.parametrize("text", ["1", "true", "YES", "on"])
def test_a_flag_of_the_environment_can_be_set(text):
    assert Settings.load(environment={"TIANFU_NO_PLUGINS": text}).plugins.off


@pytest.mark.parametrize("text", ["0", "false", "No", "off", ""])
def test_a_flag_of_the_environment_can_be_left_out(text):
    assert not Settings.load(environment={"TIANFU_NO_PLUGINS": text}).plugins.off


def test_a_flag_that_says_neither_is_refused():
    with pytest.raises(Invalid) as caught:
        Settings.load(environment={"TIANFU_NO_PLUGINS": "ture"})
    assert (caught.value.code, caught.value.path) == ("settings.type", "TIANFU_NO_PLUGINS")


# Secrets.


def test_a_secret_shows_itself_to_nobody(file, tmp_path):
    key = tmp_path / "key"
    key.write_text("s3cret\n")
    settings = Settings.load(
        file=file,
        values={"key": {"file": str(key)}},
        environment={"GATEWAY_TOKEN": "t0ken"},
    )
    assert settings.key.reveal() == "s3cret"
    assert settings.backends["my-gateway"]["token"].reveal() == "t0ken"
    for text in (repr(settings), str(settings), repr(settings.key), f"{settings.key}"):
        assert "s3cret" not in text
        assert "t0ken" not in text
        assert "hunter2" not in text
    assert repr(settings.key) == "Secret(file)"
    assert repr(settings.backends["my-gateway"]["token"]) == "Secret(env:GATEWAY_TOKEN)"
    assert repr(Settings.load(values={"key": "plain"}).key) == "Secret(plain)"
    assert "my-gateway" in repr(settings)


def test_a_secret_of_the_environment_says_its_name_where_it_is_missing(file):
    with pytest.raises(Invalid) as caught:
        Settings.load(file=file)
    assert caught.value.code == "settings.secret"
    assert caught.value.path == "backends.my-gateway.token"
    assert "GATEWAY_TOKEN" in str(caught.value)
    with pytest.raises(Invalid) as caught:
        Settings.load(values={"key": {"file": "/nowhere/key"}})
    assert (caught.value.code, caught.value.path) == ("settings.secret", "key")


def test_secrets_of_one_value_are_equal_and_can_be_sent():
    assert Secret("a") == Secret("a") != Secret("b")
    assert pickle.loads(pickle.dumps(Secret("a", "env:X"))).reveal() == "a"  # noqa: S301


# Mistakes.


@pytest.mark.parametrize(
    ("values", "path", "near"),
    [
        ({"dbb": "x"}, "dbb", "db"),
        ({"plugins": {"blocked": []}}, "plugins.blocked", "block"),
        ({"ask": {"treshold": 1}}, "ask.treshold", "threshold"),
        ({"plugins": {"zzz": 1}}, "plugins.zzz", "block, off, only, strict, trace"),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest_one(values, path, near):
    with pytest.raises(Invalid) as caught:
        Settings.load(values=values)
    assert (caught.value.code, caught.value.path) == ("settings.unknown", path)
    assert caught.value.values["near"] == near


@pytest.mark.parametrize(
    ("values", "path", "wanted"),
    [
        ({"timeout": "10"}, "timeout", "float"),
        ({"timeout": True}, "timeout", "float"),
        ({"accessible": 1}, "accessible", "bool"),
        ({"db": 5}, "db", "str"),
        ({"plugins": []}, "plugins", "table"),
        ({"plugins": {"only": "a"}}, "plugins.only", "list[str]"),
        ({"plugins": {"block": [1]}}, "plugins.block", "list[str]"),
        ({"ask": {"answer_days": 1.5}}, "ask.answer_days", "int"),
        ({"ask": {"answer_days": -1}}, "ask.answer_days", "0–3650"),
        ({"ask": {"answer_days": 3651}}, "ask.answer_days", "0–3650"),
        ({"match": {"alert": 2.0}}, "match.alert", "0–1"),
        ({"backends": 5}, "backends", "table"),
        ({"backends": {"x": 5}}, "backends.x", "table"),
        ({"key": 5}, "key", "str | {env=…} | {file=…}"),
        ({"key": {"envv": "X"}}, "key", "str | {env=…} | {file=…}"),
    ],
)
def test_a_value_of_the_wrong_type_says_where_and_what_is_wanted(values, path, wanted):
    with pytest.raises(Invalid) as caught:
        Settings.load(values=values)
    assert (caught.value.code, caught.value.path) == ("settings.type", path)
    assert caught.value.values["wanted"] == wanted


@pytest.mark.parametrize("text", [b"db = ", b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path, text):
    path = tmp_path / "tianfu.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(Invalid) as caught:
        Settings.load(file=path)
    assert caught.value.code == "settings.file"
    assert caught.value.path == str(path)
    assert "tianfu.toml" in str(caught.value)


def test_settings_do_not_change_and_do_not_hold_on_to_what_they_were_given():
    given = {"backends": {"x": {"a": 1}}}
    settings = Settings.load(values=given)
    given["backends"]["x"]["a"] = 2
    assert settings.backends["x"]["a"] == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        settings.db = "x"
    with pytest.raises(TypeError):
        settings.backends["x"]["a"] = 3


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:geheim@host:5432/db?a=b", "postgresql://me@host:5432/db?a=b"),
        ("postgresql://me:ge@heim@h1,h2/db", "postgresql://me@h1,h2/db"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("sqlite:///kepu.db", "sqlite:///kepu.db"),
        ("kepu:a@b.db", "kepu:a@b.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    assert without_password(url) == shown
    assert "geheim" not in repr(Settings.load(values={"db": url}))


@pytest.mark.parametrize(
    ("networks", "path"),
    [
        ("203.0.113.0/24", "gateways.aliyun.networks"),
        (["10.0.0.1", "203.0.113.5/24"], "gateways.aliyun.networks[1]"),
        (["sms.example.cn"], "gateways.aliyun.networks[0]"),
    ],
)
def test_networks_of_a_gateway_are_checked(networks, path):
    with pytest.raises(Invalid) as raised:
        Settings.load(values={"gateways": {"aliyun": {"networks": networks}}})
    assert (raised.value.code, raised.value.path) == ("settings.type", path)


def test_networks_of_a_gateway_are_read():
    table = {"aliyun": {"networks": ["203.0.113.7", "2001:db8::/32"], "messages": 5}}
    found = Settings.load(values={"gateways": table}).gateways["aliyun"]
    assert found.networks == ("203.0.113.7", "2001:db8::/32")


@pytest.mark.parametrize(("table", "name"), [("sms", "holidays"), ("ask", "working_days")])
def test_days_are_days(table, name):
    made = Settings.load(values={table: {name: ["2026-02-17"]}})
    found = getattr(getattr(made, table), name)
    assert days(found, "x") == {date(2026, 2, 17)}
    with pytest.raises(Invalid) as raised:
        Settings.load(values={table: {name: ["2026-02-17", "春节"]}})
    assert (raised.value.code, raised.value.path) == ("sms.bad_day", f"{table}.{name}[1]")
