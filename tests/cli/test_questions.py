"""Questions and rumours from the command line."""

import json

import pytest
from click.testing import CliRunner

import tianfu_sdk as tf
from tianfu_sdk.cli.app import app

RUMOUR = "每天吃三瓣大蒜就能杀死新型冠状病毒"


@pytest.fixture
def asked(monkeypatch, tmp_path):
    for name in ("TIANFU_KEY", "TIANFU_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    with tf.Hub.open("sqlite:///kepu.db", discover=False) as hub:
        chief = hub.bootstrap(organization="自贡市科学技术协会", region="510300")
        me = hub.as_(chief.id)
        other = me.accounts.create(organization=chief.organization, label="审核")
        me.accounts.grant(other.id, ["*"], region="510300")
        made = me.clarifications.create(
            title="吃大蒜不能治新冠",
            organization=chief.organization,
            rumour=RUMOUR,
            verdict="false",
            body="浓度不够。",
        )
        me.clarifications.submit(made.id)
        hub.as_(other.id).clarifications.approve(made.id)
        me.clarifications.publish(made.id)
        id_ = hub.ask("水稻稻瘟病如何防治", region="510300").question
    monkeypatch.setenv("TIANFU_DB", "kepu.db")
    monkeypatch.setenv("TIANFU_ACCOUNT", chief.id)
    return id_


def run(*arguments, typed=None):
    return CliRunner().invoke(app, arguments, input=typed)


def test_questions_are_listed_read_and_closed(asked):
    assert run("questions", "list").output.startswith(f"{asked}  已分派  ×1")
    assert run("questions", "read", asked).output == "水稻稻瘟病如何防治\n"
    assert "no" in run("questions", "list", "--overdue").output
    for more in (("--state", "open"), ("--region", "510300")):
        assert run("questions", "list", "--overdue", *more).exit_code == 2
    assert asked in run("questions", "list", "--region", "510300").output
    assert asked not in run("questions", "list", "--region", "510104").output
    listed = json.loads(run("questions", "list", "--state", "routed", "--json").stdout)
    assert [one["id"] for one in listed["items"]] == [asked]
    assert "答复期限" in run("questions", "status", asked).output
    declined = run("questions", "decline", asked, "不是我的专业")
    assert declined.exception.code == "question.no_expert"
    assert "已关闭" in run("questions", "close", asked, "超出范围").output
    shown = run("questions", "status", asked)
    assert shown.output.splitlines() == ["已关闭 / closed", "超出范围"]
    assert json.loads(run("questions", "status", asked, "--json").stdout)["comment"] == "超出范围"


def test_a_message_on_standard_input_is_checked(asked):
    found = run("rumour", typed=f"各位早上好。{RUMOUR}，快转发！\n")
    assert (found.exit_code, "【不实 / false】 吃大蒜不能治新冠" in found.output) == (1, True)
    assert json.loads(run("rumour", RUMOUR, "--json").stdout)[0]["share"] == 1.0
    fine = run("rumour", "明天有科普讲座")
    assert (fine.exit_code, "没有已知谣言" in fine.output) == (0, True)
