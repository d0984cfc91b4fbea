"""`tianfu sms report` and `tianfu sms messages`."""

import csv
import json

import pytest

from tianfu_sdk.hub import Hub
from tianfu_sdk.model.subscriber import Consent

from .test_sms import WHOLE_DAY, run


@pytest.fixture
def sent(tmp_path):
    """A store with a campaign that went out to three people; path, account, campaign."""
    path = tmp_path / "kepu.db"
    with Hub.open(f"sqlite:///{path}", settings={"sms": WHOLE_DAY}, discover=False) as hub:
        account = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me, org = hub.as_(account.id), account.organization
        other = me.accounts.create(organization=org)
        me.accounts.grant(other.id, ["read", "approve", "send"], region="510000")
        fields = {"organization": org, "consents": [Consent()]}
        places = ("510104", "510104", "513200")
        me.subscribers.add_many(
            {"phone": f"1380000000{n}", "region": place, **fields} for n, place in enumerate(places)
        )
        made = me.sms.compose(
            title="防震", organization=org, texts={"zh-Hans": "先躲后撤。"}, signature="四川科普"
        )
        hub.as_(other.id).sms.approve(made.id)
        hub.as_(other.id).sms.send(made.id)
        hub.as_system(reason="worker").sms.dispatch()
        hub.as_system(reason="worker").sms.poll()
    return path, account.id, made.id


def test_a_report_is_shown_and_exported(sent, tmp_path):
    path, account, campaign = sent
    common = ("sms", "report", campaign, "--db", path, "--as", account)
    shown = run(*common)
    assert "已送达 / delivered: 3" in shown
    assert "510104 锦江区: messages 2, delivered 2, failed 0, unknown 0, 0.090 元" in shown
    assert "510100 成都市: messages 2" in run(*common, "--level", "prefecture")
    said = json.loads(run(*common, "--json"))
    assert said["by_region"]["510104"] == {"delivered": 2}
    assert said["totals"]["cost"] == 3 * 45
    for name in ("report.csv", "report.jsonl"):
        (tmp_path / name).write_text("old", "utf-8")
    done = run(*common, "--csv", tmp_path / "report.csv", "--jsonl", tmp_path / "report.jsonl")
    assert done == ""
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = (tmp_path / "report.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == len(rows) == 2
    assert sum(int(row["messages"]) for row in rows) == 3


def test_a_report_is_drawn(sent, tmp_path, extra):
    extra("matplotlib")
    path, account, campaign = sent
    target = tmp_path / "report.png"
    run("sms", "report", campaign, "--db", path, "--as", account, "--plot", target)
    assert target.read_bytes().startswith(b"\x89PNG")


def test_the_messages_behind_a_number_are_listed(sent):
    path, account, campaign = sent
    common = ("sms", "messages", campaign, "--db", path, "--as", account)
    assert len(run(*common).splitlines()) == 3
    found = json.loads(run(*common, "--region", "510100", "--state", "delivered", "--json"))
    assert len(found) == 2
    assert {one["region"] for one in found} == {"510104"}
    assert len(run(*common, "--limit", "1").splitlines()) == 1
    assert "+86138****000" in run(*common)
    assert run(*common, "--opted-out") == ""
    assert run(*common, "--state", "failed") == ""
    assert "lag      0 s" in run("sms", "status", "--db", path)
