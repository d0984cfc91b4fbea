"""Workstations: a term, a team, targets with evidence, and evaluations that others review."""

from datetime import UTC, date, datetime

import attrs
import pytest

from tianfu_sdk.core.matching.rubrics import example
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.workstation import (
    EvaluationState,
    Ruling,
    Target,
    TeamMember,
    TeamRole,
    WorkstationState,
)
from tianfu_sdk.testing import FrozenClock

TODAY = date(2026, 3, 2)
YEAR = {"start": date(2026, 1, 1), "end": date(2026, 12, 31)}
VALUES = {
    "team_days": 60,
    "targets": 80,
    "projects": 2,
    "transfer": 1,
    "training": 100,
    "science": 4,
}


class Stage:
    """A workstation at a host, one who writes, two who review, one who decides."""

    def __init__(self, way):
        self.hub = way.open(clock=FrozenClock(datetime(2026, 3, 2, 4, 0, tzinfo=UTC)))
        chief = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.root = chief.organization
        self.admin = self.hub.as_(chief.id)
        new = self.admin.organizations.create
        self.host = new(name="眉山市果业公司", region="511400", parent=self.root).id
        self.org = new(
            name="柑橘专家工作站", kind="workstation", region="511400", parent=self.host
        ).id
        self.expert = self.admin.experts.create(name="欧阳演示", organization=self.root).id
        self.author = self.account("评价组")
        self.first, self.second, self.decider = map(
            self.account, ("专家甲组", "专家乙组", "学会部")
        )
        self.station = self.admin.workstations.create(
            organization=self.org,
            host=self.host,
            valid_from=date(2025, 6, 1),
            valid_to=date(2028, 5, 31),
            team=[TeamMember(expert=self.expert, role=TeamRole.LEAD)],
            targets=[Target(code="training", title="培训果农", amount=200, unit="人次")],
        ).id

    def account(self, label):
        made = self.admin.accounts.create(organization=self.root, label=label)
        self.admin.accounts.grant(made.id, ["*"], region="510000")
        return self.hub.as_(made.id)

    def written(self, values=VALUES):
        made = self.author.evaluations.open(self.station, **YEAR)
        for method in ("ledger", "site_visit"):
            self.author.evaluations.check(
                made.id, method=method, on=TODAY, findings="台账与现场一致", evidence=["档案 3-12"]
            )
        return self.author.evaluations.fill(made.id, values).id

    def reviewed(self, ruling="pass"):
        made = self.written()
        self.author.evaluations.submit(made)
        for one in (self.first, self.second):
            one.evaluations.review(made, ruling, "依据台账和现场")
        return made


@pytest.fixture
def stage(wide_way):
    return Stage(wide_way)


def refused(call, error=Invalid):
    with pytest.raises(error) as caught:
        call()
    return caught.value.path, caught.value.code


def test_a_workstation_has_a_term_a_team_and_targets(stage):
    known = stage.admin.workstations.get(stage.station)
    assert (known.state, known.host) == (WorkstationState.ACTIVE, stage.host)
    found = stage.admin.workstations.find
    assert [w.id for w in found(expert=stage.expert)] == [stage.station]
    assert [w.id for w in found(ends_before=date(2028, 6, 1))] == [stage.station]
    assert list(found(ends_before=date(2028, 5, 31))) == []
    assert list(found(state="delisted")) == []
    changed = stage.admin.workstations.edit(stage.station, valid_to=date(2031, 5, 31))
    assert changed.valid_to == date(2031, 5, 31)


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"organization": "host"}, Invalid, ("organization", "workstation.not_one")),
        ({"valid_to": date(2025, 5, 31)}, Invalid, ("valid_to", "when.backwards")),
        ({"host": "org_0"}, NotFound, ("host", "organization.unknown")),
        ({"team": [TeamMember(expert="exp_0")]}, NotFound, ("team[0].expert", "noun.unknown")),
        ({"team": [TeamMember(expert="exp_0")] * 2}, Invalid, ("team", "field.twice")),
        (
            {"team": [TeamMember(expert="exp_0", role="boss")]},
            Invalid,
            ("team[0].role", "field.choice"),
        ),
        (
            {"targets": [{"code": "a", "title": "甲", "amount": 0}]},
            Invalid,
            ("targets[0].amount", "field.too_small"),
        ),
        ({}, Conflict, ("organization", "unique.taken")),
    ],
)
def test_what_is_no_workstation_is_refused(stage, change, error, told):
    given = {"organization": stage.org, "host": stage.host}
    given |= {"valid_from": date(2025, 6, 1), "valid_to": date(2028, 5, 31)}
    given |= {k: stage.host if v == "host" else v for k, v in change.items()}
    assert refused(lambda: stage.admin.workstations.create(**given), error) == told


def test_targets_are_reached_by_results_with_evidence_and_one_struck_does_not_count(stage):
    add = stage.admin.workstations.achieve
    row = {"on": TODAY, "evidence": ["签到表 1"]}
    wrong = add(stage.station, "training", 150, **row)
    add(stage.station, "training", 90, **row)
    assert refused(lambda: stage.admin.workstations.strike(wrong.id, "重复"), Denied)[1] == (
        "lifecycle.own_work"
    )
    stage.author.workstations.strike(wrong.id, "与上季度重复")
    (found,) = stage.admin.workstations.standing(stage.station)
    assert (found.achieved, found.results, found.struck, found.percent) == (90, 1, 1, 45)
    assert [r.struck for r in stage.admin.workstations.results(stage.station)] == [
        "与上季度重复",
        "",
    ]
    (before,) = stage.admin.workstations.standing(stage.station, until=date(2026, 3, 1))
    assert before.achieved == 0
    assert refused(lambda: stage.author.workstations.strike(wrong.id, "x"), Conflict)[1] == (
        "workstation.struck"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"target": "papers"}, ("target", "workstation.no_target")),
        ({"on": date(2026, 3, 3)}, ("on", "workstation.outside_term")),
        ({"on": date(2025, 5, 31)}, ("on", "workstation.outside_term")),
        ({"evidence": []}, ("evidence", "interest.no_evidence")),
        ({"amount": 0}, ("amount", "field.too_small")),
    ],
)
def test_a_result_that_shows_nothing_is_refused(stage, change, told):
    given = {"target": "training", "amount": 1, "on": TODAY, "evidence": ["1"], **change}
    assert refused(lambda: stage.admin.workstations.achieve(stage.station, **given)) == told


def test_an_evaluation_is_seen_scored_reviewed_by_others_and_decided(stage):
    stage.admin.workstations.achieve(stage.station, "training", 90, on=TODAY, evidence=["签到表 2"])
    made = stage.reviewed()
    done = stage.decider.evaluations.decide(made, "pass")
    assert (done.state, done.outcome) == (EvaluationState.DECIDED, Ruling.PASS)
    assert (done.score.total, done.score.grade) == (20 + 24 + 12 + 10 + 10 + 10, "good")
    assert done.standing[0].achieved == 90
    assert [(c.method.value, c.post) for c in done.checks] == [
        ("ledger", "评价组"),
        ("site_visit", "评价组"),
    ]
    assert [r.post for r in done.reviews] == ["专家甲组", "专家乙组"]
    assert not {r.person for r in done.reviews} & set(done.authors)
    for call in (
        stage.author.evaluations.submit,
        lambda i: stage.first.evaluations.decide(i, "pass"),
    ):
        assert refused(lambda c=call: c(made))[1] == "lifecycle.illegal"


def test_who_wrote_it_neither_reviews_nor_decides_nor_does_the_system(stage):
    made = stage.written()
    stage.author.evaluations.submit(made)
    review = lambda desk: desk.evaluations.review(made, "pass", "好")  # noqa: E731
    assert refused(lambda: review(stage.author), Denied)[1] == "evaluation.own_work"
    assert refused(lambda: review(stage.hub.as_system(reason="x")), Denied)[1] == (
        "evaluation.system"
    )
    review(stage.first)
    assert refused(lambda: review(stage.first), Conflict)[1] == "evaluation.reviewed"
    decide = lambda desk: desk.evaluations.decide(made, "pass")  # noqa: E731
    assert refused(lambda: decide(stage.decider)) == ("reviews", "evaluation.no_review")
    review(stage.second)
    assert refused(lambda: decide(stage.author), Denied)[1] == "evaluation.own_work"
    assert decide(stage.decider).outcome is Ruling.PASS


def test_nothing_goes_to_review_without_the_checks_and_all_values(stage):
    made = stage.author.evaluations.open(stage.station, **YEAR).id
    desk = stage.author.evaluations
    seen = {"on": TODAY, "findings": "一致"}
    desk.fill(made, {"projects": 3})
    assert refused(lambda: desk.fill(made, {"x": 1})) == ("values.x", "rubric.no_item")
    desk.check(made, method="ledger", **seen)
    assert refused(lambda: desk.submit(made)) == ("checks", "evaluation.no_check")
    desk.check(made, method="site_visit", **seen)
    assert refused(lambda: desk.submit(made)) == ("values.team_days", "rubric.missing")
    told = refused(lambda: desk.check(made, method="site_visit", on=date(2026, 3, 3), findings="x"))
    assert told == ("on", "workstation.outside_term")
    told = refused(lambda: stage.author.evaluations.open(stage.station, **YEAR), Conflict)
    assert told[1] == "evaluation.open"


def test_an_outcome_changes_how_the_workstation_stands_and_history_stays(stage):
    first = stage.reviewed("rectify")
    decide = stage.decider.evaluations.decide
    assert refused(lambda: decide(first, "rectify", reason="台账不全"))[1] == "evaluation.until"
    assert refused(lambda: decide(first, "rectify", rectify_until=TODAY))[1] == "lifecycle.reason"
    assert refused(lambda: decide(first, "pass"))[1] == "lifecycle.reason"
    year = date(2027, 3, 1)
    decide(first, "rectify", rectify_until=year, reason="台账不全")
    known = stage.admin.workstations.get(stage.station)
    assert (known.state, known.rectify_until) == (WorkstationState.RECTIFYING, year)
    second = stage.reviewed("delist")
    decide(second, "delist", reason="整改不到位")
    known = stage.admin.workstations.get(stage.station)
    assert (known.state, known.rectify_until) == (WorkstationState.DELISTED, None)
    assert known.comment == "整改不到位"
    history = stage.admin.evaluations.history(stage.station)
    assert [(e.id, e.outcome.value) for e in history] == [(first, "rectify"), (second, "delist")]


def test_it_goes_back_to_its_authors_and_is_reviewed_anew(stage):
    made = stage.written()
    stage.author.evaluations.submit(made)
    stage.first.evaluations.review(made, "rectify", "数据不符")
    assert refused(lambda: stage.first.evaluations.return_(made, " "))[1] == "lifecycle.reason"
    back = stage.first.evaluations.return_(made, "请核对培训人次")
    assert (back.state, back.reviews, back.score) == (EvaluationState.OPEN, (), None)
    stage.author.evaluations.fill(made, {"training": 50})
    assert stage.author.evaluations.submit(made).score.points["training"] == 8


def test_an_evaluation_keeps_the_rubric_that_it_was_made_by(stage):
    mine = attrs.evolve(example("workstation"), code="mine", title="本地办法", reviewers=1)
    made = stage.author.evaluations.open(stage.station, **YEAR, rubric=mine)
    assert stage.admin.evaluations.get(made.id).rubric == mine
    assert stage.hub.evaluations.score(mine, VALUES).grade == "good"
    assert refused(lambda: stage.hub.evaluations.score("x", {}), NotFound)[1] == "rubric.unknown"
