"""Supply and demand, workstations and evaluations from the command line."""

import json
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner

import tianfu_sdk as tf
from tianfu_sdk.cli.app import app
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.workstation import Target

PHONE = "028-5555321"


class Town:
    """An association's clerk and a reviewer, growers with a need, a station with a service."""

    def __init__(self, hub):
        chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.hub, self.admin, self.root = hub, hub.as_(chief.id), chief.organization
        self.clerk = chief.id
        self.second = self.account(self.root, "510000")
        self.third = self.account(self.root, "510000")
        self.growers, self.grower = self.side("眉山市柑橘合作社", "511400")
        self.station, self.seller = self.side("成都市农技服务站", "510100")
        self.need = self.listing("need", self.growers, "王大妈")
        self.service = self.listing("service", self.station, "李工", capacity=2)
        home = self.admin.organizations.create(
            name="柑橘专家工作站", kind="workstation", region="511400", parent=self.root
        )
        year = self.today.year
        self.workstation = self.admin.workstations.create(
            organization=home.id,
            host=self.growers,
            valid_from=self.today.replace(year=year - 1, day=1),
            valid_to=self.today.replace(year=year + 1, day=1),
            targets=[Target(code="training", title="培训果农", amount=200, unit="人次")],
        ).id
        self.museum = self.admin.bases.create(
            title="柑橘科普馆", organization=self.root, status="named"
        ).id

    @property
    def today(self):
        return datetime.now(SHANGHAI).date()

    def account(self, organization, region):
        made = self.admin.accounts.create(organization=organization, label="测试")
        self.admin.accounts.grant(made.id, ["*"], region=region)
        return made.id

    def side(self, name, region):
        made = self.admin.organizations.create(name=name, region=region, parent=self.root)
        return made.id, self.account(made.id, region)

    def listing(self, kind, organization, name, **more):
        who = self.admin.contacts.create(organization=organization, name=name, phone=PHONE)
        return self.admin.listings.create(
            title="柑橘溃疡病防控", kind=kind, organization=organization, contact=who.id, **more
        ).id


@pytest.fixture
def town(monkeypatch, tmp_path):
    for name in ("TIANFU_KEY", "TIANFU_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    with tf.Hub.open("sqlite:///kepu.db", discover=False) as hub:
        made = Town(hub)
    monkeypatch.setenv("TIANFU_DB", "kepu.db")
    monkeypatch.setenv("TIANFU_ACCOUNT", made.clerk)
    return made


def run(*arguments, by="", code=0):
    account = ["--as", by] if by else []
    done = CliRunner().invoke(app, [*arguments, *account])
    assert done.exit_code == code, done.output + repr(done.exception)
    return done


def said(*arguments, by=""):
    return run(*arguments, by=by).output


def plain(*arguments, by=""):
    return json.loads(run(*arguments, "--json", by=by).stdout)


def published(town):
    for id_ in (town.need, town.service):
        run("listings", "submit", id_)
        run("listings", "approve", id_, by=town.second)
        run("listings", "publish", id_)


def test_a_clerk_takes_listings_through_review_and_sees_what_room_is_left(town):
    line = f"{town.service}  科技服务供给  草稿  待对接  余 / left 2  柑橘溃疡病防控\n"
    assert line in said("listings", "list", "--state", "draft")
    run("listings", "submit", town.service)
    returned = run("listings", "return", town.service, "请写明服务方式", by=town.second)
    assert "草稿" in returned.output
    published(town)
    assert [one["id"] for one in plain("listings", "list", "--kind", "need")["items"]] == [
        town.need
    ]
    more = said("listings", "list", "--limit", "1")
    assert "more; --limit 5" in more
    shown = said("listings", "show", town.need)
    assert "余 / left 1" in shown
    assert PHONE not in shown + json.dumps(plain("listings", "show", town.need))
    assert plain("listings", "show", town.need)["left"] == 1
    assert "已关闭" in said("listings", "close", town.need, "已谈妥")
    assert "待对接" in said("listings", "reopen", town.need, "另找一家")
    assert "已撤回" in said("listings", "withdraw", town.need, "停办")
    assert run("listings", "close", town.need, " ", code=1).exception.code == "lifecycle.reason"
    assert run("listings", "close", town.need, code=2)
    nothing = run("listings", "list", "--kind", "project", by=town.grower)
    assert "没有找到" in nothing.stderr
    assert nothing.stdout == ""


def test_what_nobody_took_up_before_its_deadline_is_shown_as_closed(town):
    with tf.Hub.open("sqlite:///kepu.db", discover=False) as hub:
        over = town.today - timedelta(days=1)
        clerk = hub.as_(town.clerk)
        missed = clerk.listings.create(
            title="求测土", kind="need", organization=town.growers, deadline=over
        ).id
    listed = said("listings", "list", "--progress", "closed")
    assert f"{missed}  科技需求  草稿  已关闭" in listed
    assert "已关闭" in said("listings", "show", missed)


def test_two_sides_come_to_a_deal_line_by_line(town):
    published(town)
    made = plain("interests", "express", town.need, "--from", town.service, by=town.seller)["id"]
    listed = ["interests", "list", "--organization", town.growers, "--state", "proposed"]
    assert said(*listed, by=town.grower).startswith(f"{made}  待回应  {town.need}  {town.station}")
    early = run("interests", "contact", made, by=town.seller, code=1)
    assert early.exception.code == "interest.not_mutual"
    assert "洽谈中" in said("interests", "accept", made, by=town.grower)
    found = said("interests", "contact", made, "--reason", "电话约谈", by=town.seller)
    assert found == f"王大妈  {PHONE}\n"
    assert plain("interests", "contact", made, by=town.grower)["name"] == "李工"
    assert "条目方" in said("interests", "agree", made, "--side", "owner", by=town.grower)
    assert "已达成意向" in said("interests", "agree", made, by=town.seller)
    day = ["--signed-on", town.today.isoformat()]
    outcome = ["--kind", "service", *day, "--evidence", "合同 2026-51-001", "--amount", "30000"]
    run("interests", "report", made, *outcome, by=town.seller)
    outcome = [*outcome, "--note", "分两期付款"]
    # Who confirms sees all that it confirms.
    told = said("interests", "show", made, by=town.grower)
    assert "30000 元  合同 2026-51-001" in told
    run("interests", "report", made, *outcome, by=town.seller)
    assert "分两期付款" in said("interests", "show", made, by=town.grower)
    assert "已成交" in said("interests", "confirm", made, by=town.grower)
    stored = plain("interests", "show", made, by=town.grower)
    assert stored["outcome"]["amount"]["value"] == 30_000
    assert PHONE not in json.dumps(stored)
    assert "已成交 / concluded: 1" in said("listings", "show", town.service)
    assert "余 / left 0" in said("listings", "list", "--progress", "concluded")


def test_an_interest_is_declined_withdrawn_and_fails_with_a_reason(town):
    published(town)
    express = ["interests", "express", town.need, "--from", town.service]
    for verb, by, state in (
        ("decline", town.grower, "已婉拒"),
        ("withdraw", town.seller, "已撤回"),
        ("fail", town.grower, "未成"),
    ):
        made = plain(*express, by=town.seller)["id"]
        if verb == "fail":
            run("interests", "accept", made, by=town.grower)
        assert state in said("interests", verb, made, "价格谈不拢", by=by)
        assert "价格谈不拢" in said("interests", "show", made, by=by)


def test_a_workstation_is_shown_by_what_it_reached(town):
    assert said("workstations", "list").startswith(f"{town.workstation}  在站  ")
    assert plain("workstations", "list", "--ends-before", "2000-01-01")["items"] == []
    reached = ["workstations", "achieve", town.workstation, "training", "90"]
    more = ["--on", town.today.isoformat(), "--evidence", "签到表"]
    result = plain(*reached, *more)["id"]
    assert "90 / 200 人次  45 %" in said("workstations", "show", town.workstation)
    assert plain("workstations", "show", town.workstation)["standing"][0]["achieved"] == 90
    assert "已剔除" in said("workstations", "strike", result, "重复上报", by=town.second)
    assert "重复上报" in said("workstations", "results", town.workstation)
    assert [one["id"] for one in plain("workstations", "results", town.workstation)] == [result]


def test_a_base_is_evaluated_line_by_line(town, tmp_path):
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(
        """
        code = "open_days"
        title = "开放情况"
        items = [
          { code = "open_days", title = "年开放天数", points = 10.0, unit = "天", bands = [
            { at_least = 250.0, points = 10.0 },
          ] },
          { code = "joint", title = "联合活动", points = 5.0 },
        ]
        grades = [
          { code = "pass", title = "合格", at_least = 60.0 },
          { code = "fail", title = "不合格", at_least = 0.0 },
        ]
        """,
        "utf-8",
    )
    year = ["--start", "2026-01-01", "--end", "2026-12-31"]
    made = plain("evaluations", "open", town.museum, *year, "--rubric", str(rubric))["id"]
    day = ["--on", town.today.isoformat()]
    for method in ("ledger", "site_visit"):
        run("evaluations", "check", made, method, "台账与现场一致", *day, "--evidence", "档案 3-12")
    assert run("evaluations", "fill", made, "open_days", code=2)
    run("evaluations", "fill", made, "open_days=180", "joint=-")
    run("evaluations", "submit", made)
    assert "评价中" in said("evaluations", "return", made, "请补记录", by=town.second)
    assert "0 %  fail" in said("evaluations", "submit", made)
    run("evaluations", "review", made, "rectify", "开放天数不足", by=town.second)
    own = run("evaluations", "decide", made, "pass", "--reason", "x", code=1)
    assert own.exception.code == "evaluation.own_work"
    last = town.today.replace(year=town.today.year + 1, day=1).isoformat()
    outcome = ["rectify", "--until", last, "--reason", "开放天数不足"]
    assert "限期整改" in said("evaluations", "decide", made, *outcome, by=town.third)
    shown = said("evaluations", "show", made)
    for text in ("台账检查", "joint  联合活动  不适用  - / 5", "限期整改  测试  开放天数不足"):
        assert text in shown
    assert [one["id"] for one in plain("evaluations", "history", town.museum)] == [made]
    assert plain("find", "base")["items"][0]["status"] == "rectifying"
    rubric.write_text("code = ", "utf-8")
    assert run("evaluations", "open", town.museum, *year, "--rubric", str(rubric), code=2)
    assert run("evaluations", "open", town.museum, *year, "--rubric", "none", code=1)
