"""`tianfu sms templates` and `tianfu sms words`, as a person at a terminal has them."""

import json
import re
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from tianfu_sdk.backends.outbox_memory import MemoryGateway
from tianfu_sdk.cli import shared
from tianfu_sdk.cli.app import app
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.sms import SmsCapabilities

TEXT = "成都明天有大雨，请减少外出。拒收请回复R"


class Offer:
    tianfu_api = 1

    @hookimpl
    def tianfu_register_sms(self, register):
        can = SmsCapabilities(name="needs", shape="session", real=False, templates="required")
        register("needs", lambda _: MemoryGateway(can))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Let commands act for a province on a store with a gateway that needs templates."""
    real = Hub.open

    def opened(url, **more):
        return real(url, plugins=[Offer()], discover=False, **more)

    monkeypatch.setattr(shared, "Hub", SimpleNamespace(open=opened))
    path = tmp_path / "kepu.db"
    with opened(f"sqlite:///{path}") as hub:
        account = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    monkeypatch.setenv("TIANFU_DB", str(path))
    monkeypatch.setenv("TIANFU_ACCOUNT", account.id)
    return SimpleNamespace(
        path=path, account=account.id, organization=account.organization, opened=opened
    )


def run(*arguments, text=None, code=0):
    result = CliRunner().invoke(app, ["sms", *map(str, arguments)], input=text)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.output


@pytest.fixture
def template(store):
    output = run(
        *("templates", "add", "--name", "天气", "--organization", store.organization),
        *("--gateway", "needs", "--code", "SMS_1", "--longest", "weather=4", "--json"),
        *("--signature", "四川科普"),
        text="${city}明天${weather}，请减少外出。拒收请回复R\n",
    )
    return json.loads(output)


def test_a_template_is_added_listed_shown_and_withdrawn(template):
    assert template["variables"] == [{"name": "city"}, {"name": "weather", "longest": 4}]
    assert run("templates", "list").split()[1:4] == ["needs", "SMS_1", "approved"]
    assert run("templates", "list", "--gateway", "file") == ""
    assert json.loads(run("templates", "list", "--json")) == [template]
    shown = run("templates", "show", template["id"])
    assert "${city}明天${weather}，请减少外出。拒收请回复R" in shown
    assert "weather: 任意文字 / any text <= 4" in shown
    assert "【四川科普】" in shown
    assert "已停用 / withdrawn" in run("templates", "withdraw", template["id"])
    assert json.loads(run("templates", "show", template["id"], "--json"))["state"] == "withdrawn"


def test_limits_and_validity_are_changed(template):
    edit = ("templates", "edit", template["id"])
    run(*edit, "--name", "雨", "--longest", "city=3", "--valid-until", "2026-12-31")
    shown = run("templates", "show", template["id"])
    assert "needs  SMS_1  zh-Hans  雨" in shown
    assert "city: 任意文字 / any text <= 3" in shown
    assert "weather: 任意文字 / any text <= 4" in shown
    assert "止 / until 2026-12-31 00:00" in shown
    assert "【四川科普】" in shown
    said = json.loads(run(*edit, "--valid-from", "2026-01-01T08:00", "--json"))
    assert (said["valid_from"][:16], said["name"]) == ("2026-01-01T00:00", "雨")
    assert "x is no variable" in run(*edit, "--longest", "x=3", code=2)


def test_a_draft_is_compared_and_a_text_is_filled(template):
    id_ = template["id"]
    assert run("templates", "fill", id_, "city=成都", "weather=有大雨") == TEXT + "\n"
    assert run("templates", "fill", id_, "city", code=2)
    output = run("templates", "compare", id_, text=TEXT)
    assert output == "${city=成都}明天${weather=有大雨}，请减少外出。拒收请回复R\n"
    output = run("templates", "compare", id_, text="成都后天有雨，请减少外出。", code=1)
    assert output.startswith("${city=成都后}[-明-]天${weather=有雨}，请减少外出。[-拒收请回复R-]")
    assert "拒绝 / refuse  text  [sms.template_mismatch]" in output
    said = json.loads(run("templates", "compare", id_, "--json", text=TEXT))
    assert (said["matches"], said["shown"]) == (
        True,
        "${city=成都}明天${weather=有大雨}，请减少外出。拒收请回复R",
    )
    assert said["values"] == [["city", "成都"], ["weather", "有大雨"]]


def test_what_cannot_be_read_is_wrong_use(store):
    add = ("templates", "add", "--name", "x", "--organization", store.organization)
    add = (*add, "--gateway", "needs", "--code", "SMS_1")
    assert "is not UTF-8" in run(*add, text=b"\xff", code=2)
    assert "a length is a number" in run(*add, "--longest", "city=x", text="${city}", code=2)


def test_a_plan_says_what_is_wrong_with_texts(store, template):
    with store.opened(f"sqlite:///{store.path}") as hub:
        made = hub.as_(store.account).sms.compose(
            title="天气",
            organization=store.organization,
            texts={"zh": "成都后天有大雨，请减少外出。"},
            signature="四川科普",
            gateway="needs",
        )
    output = run("plan", made.id, code=1)
    assert "拒绝 / refuse  templates.zh-Hans  [sms.no_template]" in output
    assert "${city=成都后}[-明-]天${weather=有大雨}" in output
    (problem,) = json.loads(run("plan", made.id, "--json", code=1))["problems"]
    assert problem["comparison"]["template"] == template["id"]


def test_lists_of_words_come_from_files(store, tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("\ufeff# 禁用词\n中奖\n\n贷款 \n", "utf-8")
    add = ("words", "add", "--organization", store.organization)
    made = json.loads(run(*add, file, "--name", "禁用词", "--json"))
    assert (made["count"], "words" in made) == (2, False)
    run(*add, "-", "--name", "慎用词", "--severity", "warn", "--whole", text="免费\n")
    lines = [line.split() for line in run("words", "list").splitlines()]
    assert [line[1:] for line in lines] == [["refuse", "2", "禁用词"], ["warn", "1", "慎用词"]]
    assert [one["count"] for one in json.loads(run("words", "list", "--json"))] == [2, 1]
    output = run("words", "scan", text="免费领，中 獎；免 费", code=1)
    assert [re.split("  +", line)[:3] for line in output.splitlines()] == [
        ["warn", "0-2", "免费"],
        ["refuse", "4-7", "中 獎"],
    ]
    assert run("words", "scan", "--organization", store.organization, text="免费").startswith(
        "warn"
    )
    said = json.loads(run("words", "scan", "--json", text="贷款", code=1))
    assert said == [{"list": made["id"], "severity": "refuse", "start": 0, "end": 2}]
    assert "1 words" in run("words", "set", made["id"], "-", text="彩票\n")
    assert run("words", "scan", text="贷款") == ""
    run("words", "off", made["id"])
    assert run("words", "scan", text="彩票") == ""
    assert "(not active)" in run("words", "list")
