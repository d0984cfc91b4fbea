"""The commands that look after a store, and what a slip in `--db` does."""

import json

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli import shared
from tianfu_sdk.cli.app import app, run
from tianfu_sdk.errors import NotFound, TianfuError


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in ("TIANFU_DB", "TIANFU_ACCOUNT", "TIANFU_KEY", "TIANFU_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def tianfu(*arguments):
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize(
    "command",
    [
        ("ask", "地震"),
        ("suggest", "地震"),
        ("related", "res_1"),
        ("find", "resource"),
        ("match", "lst_1"),
        ("doctor",),
        ("worker", "--once"),
        ("sms", "status"),
        ("indicators", "org_1", "--from", "2026-01-01", "--to", "2026-01-02"),
    ],
)
@pytest.mark.parametrize("db", ["slip.db", "sqlite:///slip.db"])
def test_a_slip_in_the_path_makes_no_store(command, db, tmp_path):
    done = tianfu(*command, "--db", db)
    assert isinstance(done.exception, NotFound)
    assert done.exception.code == "storage.not_there"
    assert "slip.db" in str(done.exception)
    assert "tianfu init" in done.exception.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a#1.db", "a?b.db", "100%20.db", "科普 库.db"])
def test_any_file_name_is_a_path_as_it_stands(name, tmp_path):
    assert (
        tianfu(
            "init", "--db", name, "--organization", "自贡市科学技术协会", "--region", "510300"
        ).exit_code
        == 0
    )
    assert name in {path.name for path in tmp_path.iterdir()}
    assert tianfu("doctor", "--db", name).exit_code == 0


def test_a_url_stays_as_it_is():
    assert shared.store_url("sqlite:///a%20b.db") == "sqlite:///a%20b.db"
    assert shared.store_url("memory:") == "memory:"


def test_a_store_in_memory_is_said_to_be_gone_at_the_end():
    done = tianfu(
        "init", "--db", "memory:", "--organization", "省科协", "--region", "510000", "--json"
    )
    assert "gone when this command ends" in done.stderr
    assert json.loads(done.stdout)["db"] == "memory:"


def made(name="kepu.db"):
    done = tianfu("init", "--db", name, "--organization", "自贡市科协", "--region", "510300")
    assert done.exit_code == 0
    return name


@pytest.mark.parametrize(("organization", "region"), [("", "510300"), ("自贡市科协", "5103")])
def test_what_cannot_begin_leaves_no_file_behind(tmp_path, organization, region):
    done = tianfu("init", "--db", "kepu.db", "--organization", organization, "--region", region)
    assert isinstance(done.exception, TianfuError)
    assert not list(tmp_path.iterdir())


def test_a_settings_file_reaches_every_command_that_opens_a_store(tmp_path, monkeypatch):
    made()
    (tmp_path / "tianfu.toml").write_text("[ask]\nthreshhold = 0.3\n", "utf-8")
    for done in (
        tianfu("worker", "--once", "--db", "kepu.db", "--settings", "tianfu.toml"),
        tianfu("ask", "地震", "--db", "kepu.db", "--settings", "tianfu.toml"),
    ):
        assert done.exception.path == "ask.threshhold"
    monkeypatch.setenv("TIANFU_SETTINGS", "tianfu.toml")
    assert tianfu("doctor", "--db", "kepu.db").exception.path == "ask.threshhold"


def test_config_is_plain_json_without_values_of_backends(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOK", "very-secret-value")
    (tmp_path / "tianfu.toml").write_text(
        '[backends.webhook]\nurl = "https://user:pass@sms.example.cn"\nsecret = {env = "HOOK"}\n'
        "[gateways.webhook]\nmessages = 20\n[match.weights.expert]\ntopic = 0.4\n",
        "utf-8",
    )
    done = tianfu("config", "--json", "--settings", "tianfu.toml")
    backends = json.loads(done.stdout)["backends"]
    assert backends == {"webhook": {"url": "•••", "secret": "Secret(env:HOOK)"}}
    assert json.loads(done.stdout)["match"]["weights"] == {"expert": {"topic": 0.4}}
    limits = json.loads(done.stdout)["gateways"]["webhook"]
    assert {name: value for name, value in limits.items() if value} == {"messages": 20}
    shown = tianfu("config", "--file", "tianfu.toml").stdout
    assert 'backends.webhook = {"url": "•••", "secret": "Secret(env:HOOK)"}' in shown
    assert 'account = ""' in shown
    assert "key = null" in shown
    for secret in ("pass@", "very-secret"):
        assert secret not in done.stdout + shown


def test_a_key_is_made_as_json_too_and_a_bad_place_is_said(tmp_path):
    assert len(json.loads(tianfu("keys", "new", "--json").stdout)["key"]) == 44
    assert json.loads(tianfu("keys", "new", "k", "--json").stdout) == {"path": "k"}
    assert tianfu("keys", "new", "k").exit_code == 2
    done = tianfu("keys", "new", "none/such/k")
    assert done.exit_code == 1
    assert "none/such/k" in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_a_find_without_finds_says_so_beside_the_output():
    made()
    done = tianfu("find", "resource", "--db", "kepu.db")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing found" in done.stderr


def test_what_the_machine_refuses_is_one_line_and_no_traceback(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pathlib.Path.mkdir", _refused)
    with pytest.raises(SystemExit) as ended:
        run(["plugins", "new", "sms", "my-gateway"])
    assert ended.value.code == 1
    assert "tianfu-sms-my-gateway: Read-only file system" in capsys.readouterr().err


def _refused(path, *_, **__):
    raise OSError(30, "Read-only file system", str(path))


def test_the_doctor_rekeys_what_lies_elsewhere_now():
    made = json.loads(
        tianfu(
            "init", "--db", "a.db", "--organization", "省科协", "--region", "510000", "--json"
        ).stdout
    )
    with shared.opened("a.db") as hub:
        me = hub.as_(made["account"])
        org = me.organizations.create(name="锦江区科协", region="510104")
        me.regions.edit("510104", parent="512000")
    told = json.loads(tianfu("doctor", "--db", "a.db", "--json").stdout)
    (note,) = [f for f in told["findings"] if f["check"] == "regions"]
    assert (note["severity"], "--rekey-regions" in note["hint"]) == ("note", True)
    done = tianfu("doctor", "--db", "a.db", "--rekey-regions")
    assert done.exit_code == 0
    assert "2 lie elsewhere now" in done.stdout
    assert "ok    regions" in done.stdout
    with shared.opened("a.db") as hub:
        found = hub.as_(made["account"]).organizations.find(region="512000")
        assert [o.id for o in found] == [org.id]
