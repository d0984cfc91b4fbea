"""The commands about SMS and the worker, as a person at a terminal has them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.cli.worker import turn
from tianfu_sdk.errors import StorageBusy
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.subscriber import Consent

WHOLE_DAY = {"window_start": "00:00", "window_end": "00:00"}


def run(*arguments, text=None, code=0):
    result = CliRunner().invoke(app, [str(a) for a in arguments], input=text)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.output


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store with three subscribers and an approved campaign; hours do not matter in it."""
    for name in ("TIANFU_DB", "TIANFU_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "kepu.db"
    with Hub.open(f"sqlite:///{path}", settings={"sms": WHOLE_DAY}, discover=False) as hub:
        account = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me = hub.as_(account.id)
        second = me.accounts.create(organization=account.organization)
        me.accounts.grant(second.id, ["*"], region="510000")
        me.subscribers.add_many(
            [
                {
                    "phone": f"1380000000{n}",
                    "organization": account.organization,
                    "consents": [Consent()] if n else [],
                }
                for n in range(4)
            ]
        )
        campaign = me.sms.compose(
            title="卒中防治",
            organization=account.organization,
            texts={"zh": "请立即拨打120。"},
            signature="四川科普",
        )
        hub.as_(second.id).sms.approve(campaign.id)
    return path, account.id, campaign.id


@pytest.fixture
def always(monkeypatch):
    """Let the command line send at any hour: tests run at night too."""
    from tianfu_sdk.settings import Settings, SmsSettings

    real = Settings.load.__func__

    def load(cls, **more):
        import attrs

        return attrs.evolve(real(cls, **more), sms=SmsSettings(**WHOLE_DAY))

    monkeypatch.setattr(Settings, "load", classmethod(load))


def test_split_says_parts_units_and_what_the_last_part_costs():
    said = json.loads(
        run("sms", "split", "--json", "--signature", "四川科普", text="字" * 65 + "\n")
    )
    assert said["units"] == 71
    assert said["count"] == 2
    assert [len(part) for part in said["parts"]] == [61, 4]
    assert said["costly"] == ["字"]
    assert json.loads(run("sms", "split", "--json", text="短"))["costly"] == []


def test_split_names_characters_that_count_more_than_they_look():
    output = run("sms", "split", text="😀" + "字" * 69)
    assert "少一条须删 / one part less without: 😀\n" in output
    assert "without: U+200B\n" in run("sms", "split", text="\u200b" + "字" * 70)
    output = run("sms", "split", text="😀" + "字" * 67 + "🎆")
    assert output.endswith("without: 🎆\n")


def test_split_for_people_names_each_part():
    output = run("sms", "split", "--signature", "四川科普", text="字" * 65)
    assert output.startswith("1/2  【四川科普】字")
    assert "2 条 / parts, 71 UTF-16 units" in output


def test_split_refuses_what_is_not_text():
    result = CliRunner().invoke(app, ["sms", "split"], input=b"\xff\xfe")
    assert result.exit_code == 2
    assert "UTF-8" in result.output


def test_explain_says_who_may_send(store, always):
    path, account, campaign = store
    found = json.loads(run("sms", "explain", campaign, "--db", path, "--as", account, "--json"))
    assert (found["step"], found["ready"], found["yours"]) == ("send", True, [])
    said = run("sms", "explain", campaign, "--db", path, "--as", account)
    assert "next: send" in said
    assert re.search(rf"^{account} .*可 / may$", said, re.MULTILINE)
    with Hub.open(f"sqlite:///{path}", discover=False) as hub:
        hub.as_(account).sms_policies.set(
            hub.as_(account).sms.get(campaign).organization, quota_day=1
        )
    said = run("sms", "explain", campaign, "--db", path, "--as", account, code=1)
    assert "quota.exceeded" in said
    assert "超出配额 / over quota" in run(
        "sms", "plan", campaign, "--db", path, "--as", account, code=1
    )


def test_plan_lists_who_is_left_out_for_a_reason(store, always):
    path, account, campaign = store
    asked = ("sms", "plan", campaign, "--db", path, "--as", account, "--left-out", "no_consent")
    (id_,) = run(*asked).split()
    assert json.loads(run(*asked, "--json")) == [id_]


def test_plan_says_who_is_left_out(store, always):
    path, account, campaign = store
    plan = json.loads(run("sms", "plan", campaign, "--db", path, "--as", account, "--json"))
    assert (plan["recipients"], plan["parts"], plan["batches"]) == (3, 3, 1)
    assert plan["exclusions"] == [{"reason": "no_consent", "count": 1}]
    output = run("sms", "plan", campaign, "--db", path, "--as", account)
    assert re.search(r"接收人 / recipients +3\b", output)
    assert "no_consent: 1" in output


def test_send_status_and_receipts_follow_a_campaign(store, always):
    path, account, campaign = store
    common = ("--db", path, "--as", account, "--json")
    sent = json.loads(run("sms", "send", campaign, *common))
    counts = {"accepted": 3}
    by_gateway = {"file": counts}
    assert sent == {
        "campaign": campaign,
        "queued": 3,
        "by_state": counts,
        "by_gateway": by_gateway,
    }
    assert json.loads(run("sms", "receipts", *common)) == {"came": 3}
    assert json.loads(run("sms", "receipts", "--gateway", "file", *common)) == {"came": 0}
    report = json.loads(run("sms", "status", campaign, *common))
    assert (report["by_state"], report["state"], report["cost"]) == ({"delivered": 3}, "sent", 135)
    assert "已送达 / delivered: 3" in run("sms", "status", campaign, "--db", path, "--as", account)
    health = json.loads(run("sms", "status", "--db", path, "--json"))
    assert (health["queued"], health["unknown"]) == (0, 0)
    assert "file" in health["gateways"]


def test_several_gateways_are_shown(store, always):
    path, account, campaign = store
    with Hub.open(f"sqlite:///{path}", settings={"sms": WHOLE_DAY}, discover=False) as hub:
        me = hub.as_(account)
        known = me.sms.get(campaign)
        second = hub.as_(known.approver_account) if hasattr(known, "approver_account") else None
        assert second is None
        draft = me.sms.compose(
            title="两个网关",
            organization=known.organization,
            texts={"zh": "请立即拨打120。"},
            signature="四川科普",
            gateway={"file": 1, "memory": 1},
        )
        other = me.accounts.create(organization=known.organization)
        me.accounts.grant(other.id, ["*"], region="510000")
        hub.as_(other.id).sms.approve(draft.id)
    common = ("--db", path, "--as", account)
    plan = run("sms", "plan", draft.id, *common)
    assert re.search(r"网关 / gateway +file +权重 / weight 1 +zh-Hans", plan)
    assert "memory  weight 1  正常 / works  zh-Hans" in run("sms", "explain", draft.id, *common)
    sent = json.loads(run("sms", "send", draft.id, *common, "--json"))
    assert sum(sum(counts.values()) for counts in sent["by_gateway"].values()) == 3
    for command in ("progress", "status"):
        shown = run("sms", command, draft.id, *common)
        for name in sent["by_gateway"]:
            assert f"  {name}: " in shown or len(sent["by_gateway"]) == 1


def test_a_campaign_without_account_is_not_shown(store):
    path, _, campaign = store
    result = CliRunner().invoke(app, ["sms", "plan", campaign, "--db", str(path)])
    assert result.exit_code == 1
    assert result.exception.code == "account.required"


def test_one_turn_of_the_worker_sends_and_fetches_receipts(store, always):
    path, account, campaign = store
    with Hub.open(f"sqlite:///{path}", settings={"sms": WHOLE_DAY}, discover=False) as hub:
        hub.as_(account).sms.send(campaign)
    said = json.loads(run("worker", "--once", "--db", path, "--json"))
    done = {"batches": 1, "receipts": 3, "published": 0, "sealed": 0, "resumed": 0, "purged": 0}
    kept = {"followed": 0, "rolled_up": 14, "cleared": 0, "alerted": 0, "reminded": 0}
    assert said == {**done, **kept, "failed": []}
    said = run("worker", "--once", "--db", path)
    assert said.startswith("batches 0, receipts 0, published 0, audit lines sealed 0")
    assert "events fed to the search engine 0" in said


def test_a_failing_task_does_not_stop_the_others(store, always, monkeypatch):
    path, account, campaign = store
    from tianfu_sdk.services.sms.sms import Sms

    def busy(*_, **__):
        raise StorageBusy("storage.busy")

    with Hub.open(f"sqlite:///{path}", settings={"sms": WHOLE_DAY}, discover=False) as hub:
        hub.as_(account).sms.send(campaign)
        system = hub.as_system(reason="worker")
        monkeypatch.setattr(Sms, "dispatch", busy)
        monkeypatch.setattr(Sms, "poll", lambda *_: int("13800000001 is no number"))
        found = turn(system)
        assert found.failed == ("batches: storage.busy", "receipts: ValueError")
        assert turn(system, lambda: True).failed == ()
    result = CliRunner().invoke(app, ["worker", "--once", "--db", str(path)])
    assert result.exit_code == 1


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_worker_without_a_trace(store, number):
    path, _, _ = store
    command = "from tianfu_sdk.cli.app import run; run()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "worker", "--db", str(path), "--interval", "0.2", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TIANFU_NO_PLUGINS": "1"},
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        # SIGTERM's handler is set last, and Linux tells when it stands.
        caught = _caught(process.pid)
        if caught is None or caught >> (signal.SIGTERM - 1) & 1:
            break
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert b"Traceback" not in errors


def _caught(pid):
    """Give the mask of signals that a process catches; None where that cannot be told."""
    try:
        with Path(f"/proc/{pid}/status").open() as status:
            lines = dict(line.split(":", 1) for line in status if ":" in line)
    except OSError:
        time.sleep(3)
        return None
    return int(lines["SigCgt"].strip(), 16)


@pytest.fixture
def stuck(store):
    """The same store, with three messages of which nobody knows whether they went out."""
    path, account, campaign = store
    with Hub.open(f"sqlite:///{path}", settings={"sms": WHOLE_DAY}, discover=False) as hub:
        hub.as_(account).sms.send(campaign)
        gateway = hub._tools.gateway("file")
        gateway.submit = lambda _: int("13800000001 is no number")
        assert hub.as_system(reason="worker").sms.dispatch().unknown == 3
    return path, account, campaign


def test_what_waits_for_a_person_is_listed_and_explained_without_a_phone(stuck):
    path, account, campaign = stuck
    common = ("--db", path, "--as", account)
    (job,) = json.loads(run("jobs", "list", *common, "--json"))
    assert (job["queue"], job["state"], job["group"]) == ("sms.file", "parked", campaign)
    assert (job["reason"], job["attempts"]) == ("sms.unknown", 1)
    assert "sms.unknown" in run("jobs", "list", *common, "--queue", "sms.file")
    assert "no jobs are queued" in run("jobs", "list", *common, "--state", "queued")
    view = json.loads(run("jobs", "show", "sms.file", job["id"], *common, "--json"))
    assert "sms.resolve" in view["hint"]
    said = run("jobs", "show", "sms.file", job["id"], *common)
    assert "结果不明" in said
    assert "nobody knows" in said
    for text in (said, json.dumps(view), json.dumps(job)):
        assert not re.search(r"1380000", text)
    assert "released 1" in run("jobs", "release", "sms.file", job["id"], *common)
    result = CliRunner().invoke(app, ["jobs", "drop", "sms.file", campaign, "--db", str(path)])
    assert result.exit_code == 1
    assert result.exception.code == "job.campaign"


def test_a_person_says_on_the_command_line_what_became_of_a_batch(stuck, always):
    path, account, campaign = stuck
    common = ("--db", path, "--as", account)
    (one,) = json.loads(run("sms", "unknown", campaign, *common, "--json"))
    assert len(one["subscribers"]) == 3
    assert f"{one['batch']}  file  3 messages, 3 parts" in run("sms", "unknown", campaign, *common)
    verdict = ("sms", "resolve", campaign, one["batch"], *common, "--reason", "查询")
    first = one["subscribers"][0]
    said = json.loads(run(*verdict, "--sent", "--only", first, "--json"))
    assert said["by_state"] == {"accepted": 1, "unknown": 2}
    assert "延后 / deferred: 2" in run(*verdict, "--not-sent")
    assert "nothing is unknown" in run("sms", "unknown", campaign, *common)
    assert json.loads(run("worker", "--once", "--db", path, "--json"))["failed"] == []
    health = json.loads(run("sms", "status", "--db", path, "--json"))
    assert [lane["breaker"] for lane in health["lanes"]] == ["closed"]
    assert "file: breaker closed" in run("sms", "status", "--db", path)


def test_a_worker_takes_up_a_send_whose_process_died(store, always):
    path, account, campaign = store
    with Hub.open(f"sqlite:///{path}", settings={"sms": WHOLE_DAY}, discover=False) as hub:
        from tianfu_sdk.services.sms.filling import Filling

        me = hub.as_(account)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Filling, "_queue", lambda *_: int("dead"))
            with pytest.raises(ValueError, match="dead"):
                me.sms.send(campaign)
        store_ = hub._tools.store
        seat = store_.run(lambda tx: tx.get("seat", [f"send~{campaign}"]), write=False)
        versions = [(row.id, row.version) for row in seat]
        store_.run(lambda tx: tx.delete("seat", versions), write=True)
    said = json.loads(run("worker", "--once", "--db", path, "--json"))
    assert (said["resumed"], said["batches"], said["receipts"]) == (1, 1, 3)
