"""Figures of an organization and those below it, with their evidence."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from tianfu_sdk import codec
from tianfu_sdk.cli.app import app
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.base import Precision, Quantity
from tianfu_sdk.model.indicator import Adjustment, Indicator
from tianfu_sdk.services.desk.work import Actor, Work
from tianfu_sdk.testing import FrozenClock

START = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = {"start": START, "end": START + timedelta(days=31)}


class Stage:
    def __init__(self, hub):
        self.hub = hub
        self.clock = hub._tools.clock
        account = hub.bootstrap(
            organization="四川省科学技术协会", region="510000", kind="association"
        )
        self.admin = hub.as_(account.id)
        self.root = account.organization
        self.city = self.organization("自贡市科学技术协会", "510300", self.root)
        self.county = self.organization("大安区科学技术协会", "510304", self.city)
        self.other = self.organization("绵阳市科学技术协会", "510700", self.root)
        second = self.admin.accounts.create(organization=self.root)
        self.admin.accounts.grant(second.id, ["*"], region="510000")
        self.second = hub.as_(second.id)

    def organization(self, name, region, parent):
        return self.admin.organizations.create(
            name=name, region=region, kind="association", parent=parent
        ).id

    def publish(self, desk, organization, title="心肺复苏", **more):
        one, other = getattr(self.admin, desk), getattr(self.second, desk)
        made = one.create(title=title, organization=organization, **more)
        return self.pass_on(one, other, made.id)

    def pass_on(self, one, other, id_):
        one.submit(id_)
        other.approve(id_)
        return one.publish(id_).id

    def system(self, fn):
        def body(tx):
            work = Work(self.hub._tools, Actor(system="test"), tx)
            fn(work)
            work.finish()

        self.hub._tools.store.run(body, write=True)

    def reader(self, organization):
        account = self.admin.accounts.create(organization=organization)
        self.admin.accounts.grant(
            account.id, ["read"], kinds=("indicator",), organization=organization
        )
        return self.hub.as_(account.id)


@pytest.fixture
def stage(way):
    return Stage(way.open(clock=FrozenClock(START + timedelta(hours=1))))


def values(report, organization=""):
    return {i.value: report.figure(i, organization).value for i in Indicator}


def test_figures_rise_from_below_and_only_to_those_above(stage):
    resource = stage.publish("resources", stage.county)
    stage.publish("resources", stage.other)
    stage.publish("activities", stage.county, attendance=Quantity(170, Precision.ABOUT))
    stage.publish("activities", stage.city, attendance=Quantity(100))
    stage.hub.resources.view(resource, client="device-1")
    stage.hub.resources.view(resource, client="device-2")
    report = stage.admin.indicators.report(stage.root, **MONTH)
    assert values(report, stage.county) == {
        "resources": 1,
        "activities": 1,
        "attendance": 170,
        "registrations": 0,
        "checked_in": 0,
        "views": 2,
        "sms_delivered": 0,
        "questions": 0,
        "answered": 0,
        "translations": 0,
        "deals": 0,
    }
    assert report.figure("resources").value == 2
    assert report.figure("attendance", stage.city).value == 270
    assert report.figure("attendance", stage.city).own == 100
    assert report.figure("attendance", stage.city).precision is Precision.ABOUT
    assert report.figure("attendance", stage.other).value is None
    assert report.figure("views", stage.other).value == 0
    below = stage.admin.indicators.report(stage.city, **MONTH)
    assert {f.organization for f in below.figures} == {stage.city, stage.county}
    assert all(report.figure(f.indicator, f.organization) == f for f in below.figures)


def test_a_new_revision_is_no_new_resource_in_any_period(stage):
    resource = stage.publish("resources", stage.city)
    stage.clock.set(START + timedelta(days=40))
    stage.admin.resources.edit(resource, body="新版")
    stage.pass_on(stage.admin.resources, stage.second.resources, resource)
    assert stage.admin.resources.get(resource).revision == 2
    february = {"start": MONTH["end"], "end": MONTH["end"] + timedelta(days=28)}
    report = stage.admin.indicators.report
    assert report(stage.root, **MONTH).figure("resources").value == 1
    assert report(stage.root, **february).figure("resources").value == 0
    both = {"start": START, "end": february["end"]}
    assert report(stage.root, **both).figure("resources").value == 1


def test_evidence_lists_the_events_of_a_figure_page_by_page(stage):
    ids = [stage.publish("resources", org) for org in (stage.county, stage.city, stage.other)]
    report = stage.admin.indicators.report(stage.root, **MONTH)
    listed = list(stage.admin.indicators.evidence(stage.root, "resources", limit=2, **MONTH))
    assert [e.subject for e in listed] == ids
    assert {e.type for e in listed} == {"resource.published"}
    assert report.figure("resources").evidence == 3
    page = stage.admin.indicators.evidence(stage.city, "resources", **MONTH)
    assert [e.subject for e in page.items] == ids[:2]
    assert page.cursor is None
    for figure in report.figures:
        page = stage.admin.indicators.evidence(figure.organization, figure.indicator, **MONTH)
        assert len(list(page)) == figure.evidence
    for call, code in (
        (lambda e: e(stage.root, "likes", **MONTH), "field.choice"),
        (lambda e: e(stage.root, "views", after="x", **MONTH), "page.bad_cursor"),
        (lambda e: e(stage.root, "views", limit=0, **MONTH), "storage.limit"),
    ):
        with pytest.raises(Invalid) as caught:
            call(stage.admin.indicators.evidence)
        assert caught.value.code == code


def test_raw_and_adjusted_stand_side_by_side_with_the_reason(stage):
    resource = stage.publish("resources", stage.county)
    for _ in range(3):
        stage.hub.resources.view(resource, seconds=11.0)
    views = list(stage.admin.indicators.evidence(stage.root, "views", **MONTH))
    left_out = [Adjustment(event=event.id, reason="停留时间一致") for event in views[:2]]
    report = stage.admin.indicators.report(stage.root, adjustments=left_out, **MONTH)
    for organization in (stage.county, stage.city, stage.root):
        figure = report.figure("views", organization)
        assert (figure.value, figure.adjusted, figure.excluded) == (3, 1, 2)
    assert report.figure("resources").adjusted == 1
    assert report.adjustments == tuple(left_out)
    elsewhere = [Adjustment(event=views[0].id, reason="x")]
    with pytest.raises(Invalid) as caught:
        stage.admin.indicators.report(stage.other, adjustments=elsewhere, **MONTH)
    assert (caught.value.code, caught.value.path) == (
        "indicator.no_evidence",
        "adjustments[0].event",
    )
    silent = [Adjustment(event=views[0].id, reason=" ")]
    with pytest.raises(Invalid):
        stage.admin.indicators.report(stage.root, adjustments=silent, **MONTH)


def test_a_question_counts_for_the_association_at_home_nearest_to_it(stage):
    stage.publish("resources", stage.root, title="脑卒中怎么预防", body="脑卒中预防：控制血压。")
    stage.hub.ask("脑卒中怎么预防", region="510304")
    open_ = stage.hub.ask("火星上有没有水", region="510302").question
    stage.hub.ask("火星上有没有水", region="330100")
    nowhere = stage.hub.ask("深海里有什么鱼").question
    report = stage.admin.indicators.report(stage.root, **MONTH)
    assert values(report, stage.county)["questions"] == 1
    assert values(report, stage.county)["answered"] == 1
    # 510302 has no association of its own, so the city's looks after it.
    assert report.figure("questions", stage.city).own == 1
    assert report.figure("questions", stage.other).value == 0
    assert report.figure("questions").value == 4
    assert report.answer_rate == 1 / 4
    stage.admin.questions.route(open_, stage.city)
    stage.admin.questions.answer(open_, stage.publish("resources", stage.city, title="火星的水"))
    report = stage.admin.indicators.report(stage.root, **MONTH)
    assert report.figure("answered", stage.city).own == 1
    assert report.answer_rate == 2 / 4
    asked = list(stage.admin.indicators.evidence(stage.root, "questions", **MONTH))
    assert nowhere in {e.subject for e in asked}
    assert all(e.organization for e in asked)
    left_out = [Adjustment(event=e.id, reason="x") for e in asked]
    adjusted = stage.admin.indicators.report(stage.root, adjustments=left_out, **MONTH)
    assert (adjusted.answer_rate, adjusted.adjusted_answer_rate) == (2 / 4, None)


def test_a_question_does_not_count_for_the_association_of_a_neighbour(stage):
    neighbour = stage.organization("涪城区科学技术协会", "510703", stage.other)
    prefecture = stage.organization("凉山州会东县科学技术协会", "513426", stage.root)
    stage.hub.ask("火星上有没有水", region="510704")
    stage.hub.ask("火星上有没有水", region="513425")
    stage.hub.ask("火星上有没有水", region="510000")
    report = stage.admin.indicators.report(stage.root, **MONTH)
    assert report.figure("questions", neighbour).value == 0
    assert report.figure("questions", stage.other).own == 1
    # No association is at home in 凉山州 as a whole, and its county's does not stand in.
    assert report.figure("questions", prefecture).value == 0
    assert report.figure("questions").own == 2


def test_counts_of_sms_and_translations_come_from_their_events(stage):
    def tell(work):
        work.tell("sms.delivered", organization=stage.city, data={"count": 40})
        work.tell("sms.delivered", organization=stage.city, data={"count": 2})
        work.tell("translation.approved", subject="trl_1", organization=stage.county)

    stage.system(tell)
    report = stage.admin.indicators.report(stage.root, **MONTH)
    assert report.figure("sms_delivered").value == 42
    assert report.figure("translations", stage.city).value == 1


def test_language_coverage_is_of_what_is_published_now(stage):
    ids = [stage.publish("resources", stage.city, title=f"文{n}") for n in range(3)]
    stage.publish("news", stage.city, language="bo", title="གསར་འགྱུར")
    stage.publish("resources", stage.other)
    stage.admin.resources.create(title="草稿", organization=stage.city)

    def translate(source, language="bo", *, approve=True):
        title = {"bo": "སྙིང་རླུང་གསོ་བ", "ii": "ꆏꊂꌠ"}[language]
        draft = stage.admin.translations.create(source, language=language, title=title, body=title)
        if approve:
            stage.second.translations.approve(draft.id)

    translate(ids[0])
    translate(ids[1])
    stage.admin.resources.edit(ids[1], body="新版")
    stage.pass_on(stage.admin.resources, stage.second.resources, ids[1])
    translate(ids[2], approve=False)
    translate(ids[2], "ii")
    report = stage.admin.indicators.report
    assert report(stage.city, **MONTH).language_coverage == (
        ("zh-Hans", 3, 4),
        ("bo", 2, 4),
        ("ii", 1, 4),
    )
    stage.admin.resources.withdraw(ids[0], "x")
    assert report(stage.city, **MONTH).language_coverage[1] == ("bo", 1, 3)
    assert report(stage.root, **MONTH).figure("translations").value == 3
    # Both languages are usual somewhere in the province, so a gap shows.
    assert report(stage.root, **MONTH).language_coverage[1:] == (("bo", 1, 4), ("ii", 1, 4))
    assert report(stage.other, **MONTH).language_coverage == (("zh-Hans", 1, 1),)


def test_who_may_read_figures_here_may_not_read_them_above_or_beside(stage):
    reader = stage.reader(stage.city)
    assert reader.indicators.report(stage.city, **MONTH).figures
    assert reader.indicators.report(stage.county, **MONTH).figures
    for organization in (stage.root, stage.other):
        for call in (
            lambda o=organization: reader.indicators.report(o, **MONTH),
            lambda o=organization: reader.indicators.evidence(o, "views", **MONTH),
        ):
            with pytest.raises(Denied) as caught:
                call()
            assert caught.value.code == "grant.missing"
    with pytest.raises(Denied) as caught:
        stage.hub.indicators.report(stage.root, **MONTH)
    assert caught.value.code == "account.required"
    with pytest.raises(NotFound):
        stage.admin.indicators.report("org_none", **MONTH)
    assert stage.hub.as_system(reason="nightly").indicators.report(stage.root, **MONTH).figures


def test_a_period_has_zones_and_ends_after_it_starts(stage):
    naive = datetime(2026, 1, 1)
    for start, end, code in (
        (START, START, "when.backwards"),
        (naive, START, "field.naive_time"),
    ):
        with pytest.raises(Invalid) as caught:
            stage.admin.indicators.report(stage.root, start=start, end=end)
        assert caught.value.code == code


def test_a_log_of_several_pages_is_read_to_its_end(stage):
    resource = stage.publish("resources", stage.county)

    def tell(work):
        for _ in range(2300):
            work.tell(
                "resource.viewed", kind="resource", subject=resource, organization=stage.county
            )

    stage.system(tell)
    report = stage.admin.indicators.report(stage.root, **MONTH)
    assert report.figure("views").value == 2300
    first = stage.admin.indicators.evidence(stage.root, "views", limit=1000, **MONTH)
    last = first.next().next()
    assert (len(last.items), last.cursor) == (300, None)
    assert len({event.id for event in first}) == 2300


def test_figures_and_evidence_hold_no_client_in_plain(stage):
    resource = stage.publish("resources", stage.county)
    stage.hub.resources.view(resource, client="13800000000")
    (event,) = stage.admin.indicators.evidence(stage.root, "views", **MONTH)
    assert "13800000000" not in codec.dumps(event).decode()


def test_the_command_prints_figures_of_chinese_days(tmp_path):
    url = f"sqlite:///{tmp_path}/kepu.db"
    # 23:30 in China is the same day there, and 15:30 in UTC.
    clock = FrozenClock(datetime(2026, 1, 31, 15, 30, tzinfo=UTC))
    with Hub.open(url, clock=clock, discover=False) as hub:
        stage = Stage(hub)
        stage.publish("resources", stage.city)
        account = next(iter(stage.admin.accounts.find())).id
    base = ["--db", url, "--as", account]
    days = ["--from", "2026-01-31", "--to", "2026-01-31"]
    run = CliRunner().invoke
    printed = run(app, ["indicators", stage.root, *base, *days, "--json"])
    assert printed.exit_code == 0, printed.output
    told = json.loads(printed.stdout)
    found = {(f["organization"], f["indicator"]): f["value"] for f in told["figures"]}
    assert found[stage.root, "resources"] == 1
    assert found[stage.city, "attendance"] is None
    plain = run(app, ["indicators", "自贡市科学技术协会", *base, *days])
    assert "resources published: 1" in plain.stdout
    assert "attendance: –" in plain.stdout
    next_day = ["--from", "2026-02-01", "--to", "2026-02-28"]
    assert "published: 0" in run(app, ["indicators", stage.root, *base, *next_day]).stdout
    backwards = ["--from", "2026-02-01", "--to", "2026-01-31"]
    assert run(app, ["indicators", stage.root, *base, *backwards]).exit_code == 2
    assert isinstance(
        run(app, ["indicators", "无此组织", *base, *days]).exception, (NotFound, SystemExit)
    )
