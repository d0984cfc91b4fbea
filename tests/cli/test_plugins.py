"""`tianfu plugins`: what came in is listed, shown and checked; a new one is green at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import tianfu_sdk
from tianfu_sdk.cli.app import app
from tianfu_sdk.cli.scaffolding import write_plugin
from tianfu_sdk.errors import Conflict, Invalid, PluginError

GOOD = """
import attrs
from tianfu_sdk import Secret, Unsupported, hookimpl
from tianfu_sdk.errors import Denied
from tianfu_sdk.model.http import HttpRequest
from tianfu_sdk.model.sms import ErrorClass, SmsCapabilities, SmsResult

tianfu_api = 1

@attrs.frozen(kw_only=True)
class BellSettings:
    url: str
    key: Secret | None = None

class Bell:
    settings = BellSettings

    def __init__(self, context):
        context.read(BellSettings)
        self.capabilities = SmsCapabilities(name="bell", shape="http", phones_per_call=2)

    def request(self, batch):
        if len(batch.recipients) > 2:
            raise Unsupported("sms.too_many", count=3, most=2)
        return HttpRequest(method="POST", url="https://bell.invalid/")

    def result(self, batch, response):
        return [SmsResult(ref=one.ref, status="unknown", error=ErrorClass.AMBIGUOUS)
                for one in batch.recipients]

    def callback(self, request):
        raise Denied("sms.callback_forged")

@hookimpl
def tianfu_register_sms(register):
    register("bell", Bell)
"""
WRONG = {
    "believes anybody": ("raise Denied(", "return str("),
    "cuts": ('raise Unsupported("sms.too_many", count=3, most=2)', "pass"),
    "takes garbage for a refusal": ('status="unknown"', 'status="rejected"'),
    "lacks a verb": ("def callback", "def callbacks"),
    "has no capabilities": ("self.capabilities = SmsCapabilities(", "self.capabilities = dict("),
    "cannot be made": ("context.read(BellSettings)", "1 / 0"),
    "promises nonsense": ("phones_per_call=2", "phones_per_call=0"),
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    for name in ("TIANFU_PLUGINS", "TIANFU_NO_PLUGINS", "TIANFU_STRICT_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    modules = []

    def make(name, source):
        module = name.replace("-", "_") + "_mod"
        (site / f"{module}.py").write_text(source, "utf-8")
        meta = site / f"{name.replace('-', '_')}-1.0.dist-info"
        meta.mkdir()
        (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (meta / "entry_points.txt").write_text(f"[tianfu_sdk]\nx = {module}\n")
        modules.append(module)

    yield make
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "tianfu.toml"
    path.write_text('[backends.bell]\nurl = "https://bell.invalid/"\n')
    return str(path)


def run(*arguments, code=0):
    result = CliRunner().invoke(app, ["plugins", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


class TestList:
    def test_all_are_listed_with_what_they_offer_or_why_not(self, install):
        install("acme-bell", GOOD)
        install("acme-wrecked", "import nothing_of_this_name")
        lines = run("list").splitlines()
        assert any(line.split() == ["acme-bell", "1.0", "ok", "sms:bell"] for line in lines)
        at = next(n for n, line in enumerate(lines) if line.startswith("acme-wrecked"))
        assert lines[at].split() == ["acme-wrecked", "1.0", "broken"]
        assert "nothing_of_this_name" in lines[at + 1]

    def test_json_says_the_same(self, install):
        install("acme-bell", GOOD)
        found = {one["name"]: one for one in json.loads(run("list", "--json"))["plugins"]}
        assert found["tianfu-sdk"]["builtin"] is True
        assert found["acme-bell"]["offers"] == ["sms:bell"]
        assert found["acme-bell"]["state"] == "ok"

    def test_strict_mode_does_not_hide_the_broken_one(self, install, monkeypatch):
        install("acme-wrecked", "1 / 0")
        monkeypatch.setenv("TIANFU_STRICT_PLUGINS", "1")
        assert "acme-wrecked" in run("list")

    def test_a_blocked_one_is_listed_as_such(self, install, monkeypatch):
        install("acme-bell", GOOD)
        monkeypatch.setenv("TIANFU_PLUGINS", "other")
        assert "blocked" in run("list")


class TestShow:
    def test_a_broken_one_shows_its_whole_traceback(self, install):
        install("acme-wrecked", "def fall():\n    1 / 0\nfall()\n")
        shown = run("show", "acme-wrecked")
        assert "Traceback" in shown
        assert "in fall" in shown

    def test_a_good_one_shows_the_settings_it_wants(self, install):
        install("acme-bell", GOOD)
        for name in ("acme-bell", "Acme_Bell", "bell", "sms:bell"):
            shown = run("show", name)
            assert "url: str, needed" in shown
            assert "key: Secret | None, default None" in shown

    @pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
    def test_types_are_shown_without_quotes_or_rooms(self, install, future):
        install("acme-bell", future + GOOD)
        assert "url: str, needed" in run("show", "acme-bell")

    def test_of_several_plugins_of_one_name_each_shows_its_own(self):
        shown = run("show", "tianfu-sdk")
        assert shown.count("storage:sqlite") == 1

    def test_an_unknown_one_tells_which_there_are(self, install):
        install("acme-bell", GOOD)
        with pytest.raises(PluginError) as raised:
            run("show", "drum")
        assert raised.value.code == "plugin.not_installed"
        assert "acme-bell" in str(raised.value)


class TestCheck:
    def test_a_good_one_is_fine(self, install, table):
        install("acme-bell", GOOD)
        shown = run("check", "acme-bell", "--settings", table)
        assert shown.rstrip().endswith("fine")
        assert "sms:bell: refuses a callback of nobody" in shown

    def test_without_a_table_a_backend_that_needs_one_is_not_made(self, install):
        install("acme-bell", GOOD)
        found = json.loads(run("check", "acme-bell", "--json"))
        assert found["fine"] is True
        assert found["plugins"][0]["notes"] == ["sms:bell: not made: needs url"]

    def test_a_table_that_does_not_fit_is_a_problem(self, install, tmp_path):
        install("acme-bell", GOOD)
        path = tmp_path / "bad.toml"
        path.write_text("[backends.bell]\nurls = 'x'\n")
        assert "urls" in run("check", "acme-bell", "--settings", str(path), code=1)

    @pytest.mark.parametrize("name", WRONG)
    def test_a_wrong_one_is_found_out(self, install, table, name):
        old, new = WRONG[name]
        assert old in GOOD
        install("acme-bell", GOOD.replace(old, new))
        found = json.loads(run("check", "acme-bell", "--settings", table, "--json", code=1))
        assert found["fine"] is False
        assert len(found["plugins"][0]["problems"]) == 1

    def test_a_broken_one_is_a_problem(self, install):
        install("acme-wrecked", "1 / 0")
        assert "ZeroDivisionError" in run("check", "acme-wrecked", code=1)

    def test_a_blocked_one_is_checked_before_it_is_let_in(self, install, table, monkeypatch):
        install("acme-bell", GOOD)
        monkeypatch.setenv("TIANFU_PLUGINS", "other")
        assert "fine" in run("check", "acme-bell", "--settings", table)

    def test_two_of_one_name_are_a_problem_of_both(self, install, table):
        install("acme-bell", GOOD)
        install("other-bell", GOOD)
        assert "also offered by other-bell" in run(
            "check", "acme-bell", "--settings", table, code=1
        )

    def test_an_error_of_a_guest_is_named_and_not_quoted(self, install, table):
        source = GOOD.replace("context.read(BellSettings)", "raise ValueError('key-in-plain')")
        install("acme-bell", source)
        shown = run("check", "acme-bell", "--settings", table, code=1)
        assert "ValueError" in shown
        assert "key-in-plain" not in shown


class TestNew:
    @pytest.mark.parametrize("kind", ["sms", "search", "translation"])
    def test_what_is_written_is_green_at_once(self, tmp_path, kind):
        run("new", kind, "my-own", "--into", str(tmp_path))
        folder = tmp_path / f"tianfu-{kind}-my-own"
        root = Path(tianfu_sdk.__file__).parents[1]
        path = os.pathsep.join([str(root), str(folder / "src")])
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        assert " passed" in done.stdout

    @pytest.mark.parametrize("kind", ["sms", "search", "translation"])
    def test_what_is_written_is_clean(self, tmp_path, kind):
        folder = write_plugin(kind, "my-own", str(tmp_path))
        for path in folder.rglob("*"):
            assert not path.name.endswith(".tmpl")
            assert "$" not in path.name
            if path.suffix == ".py":
                text = path.read_text("utf-8")
                compile(text, str(path), "exec")
                assert "$" not in text
                assert max(map(len, text.splitlines()), default=0) <= 100

    def test_its_name_is_everywhere(self, tmp_path):
        folder = write_plugin("sms", "my-gateway", str(tmp_path))
        text = (folder / "pyproject.toml").read_text("utf-8")
        assert 'my-gateway = "tianfu_sms_my_gateway"' in text
        assert '"tianfu-sdk>=0.1,<0.2"' in text
        assert "class MyGatewayGateway" in (
            folder / "src/tianfu_sms_my_gateway/gateway.py"
        ).read_text("utf-8")

    @pytest.mark.parametrize(
        "name",
        ["", "My", "../x", "a_b", "-a", "a-", "a--b", "1a", "x" * 41, "a/b", "天府", "class"],
    )
    def test_a_name_that_is_none_is_refused(self, tmp_path, name):
        with pytest.raises(Invalid) as raised:
            write_plugin("sms", name, str(tmp_path))
        assert raised.value.code == "plugin.bad_name"
        assert not list(tmp_path.iterdir())

    def test_what_is_there_is_left_alone(self, tmp_path):
        (tmp_path / "tianfu-sms-bell").mkdir()
        with pytest.raises(Conflict) as raised:
            write_plugin("sms", "bell", str(tmp_path))
        assert raised.value.code == "plugin.folder_taken"
        assert not list((tmp_path / "tianfu-sms-bell").iterdir())

    @pytest.mark.parametrize(("kind", "name"), [("sms", "file"), ("translation", "opencc")])
    def test_a_name_that_is_built_in_is_refused(self, tmp_path, kind, name):
        with pytest.raises(Conflict) as raised:
            write_plugin(kind, name, str(tmp_path))
        assert raised.value.code == "plugin.name_built_in"
        assert not list(tmp_path.iterdir())

    def test_a_kind_that_has_no_template_is_refused(self, tmp_path):
        run("new", "carrier-pigeon", "bell", "--into", str(tmp_path), code=2)


def test_a_plugin_is_shown_as_json_too():
    done = CliRunner().invoke(app, ["plugins", "show", "tianfu-sdk", "--json"])
    shown = json.loads(done.stdout)["plugins"]
    assert {one["name"] for one in shown} == {"tianfu-sdk"}
    assert "storage:sqlite" in [offer for one in shown for offer in one["offers"]]
    assert all(one["settings"] == {} and not one["trace"] for one in shown)
