"""Workstations: a term, a team, targets with evidence, and evaluations that others review."""

from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
import pytest

from tianfu_sdk.core.matching.rubrics import example
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.content import BaseStatus
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

    def written(self, values=VALUES, **term):
        made = self.author.evaluations.open(self.station, **YEAR | term)
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


def test_an_expert_who_was_erased_hinders_no_other_change(stage):
    stage.admin.experts.erase(stage.expert)
    targets = [Target(code="training", title="培训果农", amount=300, unit="人次")]
    assert stage.admin.workstations.edit(stage.station, targets=targets).targets[0].amount == 300
    another = [TeamMember(expert=stage.expert), TeamMember(expert="exp_0")]
    assert refused(
        lambda: stage.admin.workstations.edit(stage.station, team=another), NotFound
    ) == ("team[1].expert", "noun.unknown")


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
    (before,) = stage.admin.workstations.standing(stage.station, until=TODAY)
    (after,) = stage.admin.workstations.standing(stage.station, until=date(2026, 3, 3))
    assert (before.achieved, after.achieved) == (0, 90)
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


def test_the_last_day_of_an_evaluation_counts(stage):
    stage.admin.workstations.achieve(stage.station, "training", 90, on=TODAY, evidence=["签到表 2"])
    made = stage.written(end=TODAY)
    assert stage.author.evaluations.submit(made).standing[0].achieved == 90


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
    with pytest.raises(Invalid, match="possible from there: —"):
        stage.author.evaluations.fill(made, {})


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
    for wrong in (True, Decimal("1.5"), "1"):
        told = refused(lambda value=wrong: desk.fill(made, {"projects": value}))
        assert told == ("values.projects", "field.type")
    assert refused(lambda: desk.fill(made, {"projects": 10**400})) == (
        "values.projects",
        "field.too_large",
    )
    assert desk.get(made).values["projects"] == 3
    desk.check(made, method="ledger", **seen)
    assert refused(lambda: desk.submit(made)) == ("checks", "evaluation.no_check")
    desk.check(made, method="site_visit", **seen)
    assert refused(lambda: desk.submit(made)) == ("values.team_days", "rubric.missing")
    told = refused(lambda: desk.check(made, method="site_visit", on=date(2026, 3, 3), findings="x"))
    assert told == ("on", "evaluation.to_come")
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


def test_a_rubric_of_wrong_types_is_refused_and_the_history_stays_readable(stage):
    lowest = attrs.evolve(example("workstation").grades[-1], at_least=False)
    for change, path in (
        ({"grades": (lowest,)}, "grades[0].at_least"),
        ({"checks": ("visit",)}, "checks[0]"),
        ({"note": None}, "note"),
    ):
        odd = attrs.evolve(example("workstation"), **change)
        told = refused(
            lambda by=odd: stage.author.evaluations.open(stage.station, **YEAR, rubric=by)
        )
        assert told[0] == path
        assert refused(lambda by=odd: stage.hub.evaluations.score(by, VALUES))[0] == path
    assert stage.author.evaluations.history(stage.station) == []


def test_an_evaluation_keeps_the_rubric_that_it_was_made_by(stage):
    mine = attrs.evolve(example("workstation"), code="mine", title="本地办法", reviewers=1)
    made = stage.author.evaluations.open(stage.station, **YEAR, rubric=mine)
    assert stage.admin.evaluations.get(made.id).rubric == mine
    assert stage.hub.evaluations.score(mine, VALUES).grade == "good"
    assert refused(lambda: stage.hub.evaluations.score("x", {}), NotFound)[1] == "rubric.unknown"


# Science bases, by the same desk.


MUSEUM = {
    "space": 1200,
    "display": 8,
    "renewal": 12,
    "environment": 4,
    "open_days": 300,
    "visitors": 30_000,
    "new_media": None,
    "free_visits": 3000,
    "joint": 5,
    "materials": 5000,
}


def base(stage, **more):
    made = stage.admin.bases.create(title="眉山柑橘科普馆", organization=stage.root, **more)
    return published_base(stage, made.id)


def published_base(stage, id_):
    stage.admin.bases.submit(id_)
    stage.decider.bases.approve(id_)
    return stage.admin.bases.publish(id_).id


def evaluated(stage, id_, ruling, **more):
    made = stage.author.evaluations.open(id_, **YEAR)
    for method in ("ledger", "site_visit"):
        stage.author.evaluations.check(
            made.id, method=method, on=TODAY, findings="台账与现场一致", evidence=["档案 3-12"]
        )
    stage.author.evaluations.fill(made.id, MUSEUM)
    stage.author.evaluations.submit(made.id)
    stage.first.evaluations.review(made.id, ruling, "依据台账和现场")
    return stage.decider.evaluations.decide(made.id, ruling, **more)


def test_a_base_is_seen_scored_reviewed_by_others_and_decided_like_a_workstation(stage):
    museum = base(stage, shared=True)
    done = evaluated(stage, museum, "pass")
    assert (done.subject, done.workstation, done.standing) == (museum, "", ())
    assert (done.rubric.code, done.score.total, done.score.grade) == (
        "science_base",
        61,
        "excellent",
    )
    assert {check.method.value for check in done.checks} == {"ledger", "site_visit"}
    assert [review.post for review in done.reviews] == ["专家甲组"]
    known = stage.hub.bases.get(museum)
    assert (known.status, known.evaluation) == (BaseStatus.REVIEWED, done.id)
    assert [e.id for e in stage.admin.evaluations.history(museum)] == [done.id]
    told = [
        e.type for _, e in stage.admin.events.read(limit=1000) if e.subject in (museum, done.id)
    ]
    # By a clock that stands still no server tells which transaction was the first.
    assert [told.count(one) for one in ("evaluation.decided", "base.reviewed")] == [1, 1]


@pytest.mark.parametrize(
    ("before", "ruling", "after"),
    [
        ("applied", "pass", BaseStatus.REVIEWED),
        ("named", "pass", BaseStatus.NAMED),
        ("due", "pass", BaseStatus.NAMED),
        ("rectifying", "pass", BaseStatus.NAMED),
        ("named", "rectify", BaseStatus.RECTIFYING),
        ("rectifying", "delist", BaseStatus.DELISTED),
    ],
)
def test_a_base_stands_as_it_was_decided(stage, before, ruling, after):
    museum = base(stage, status=before)
    last = date(2026, 9, 1) if ruling == "rectify" else None
    done = evaluated(stage, museum, ruling, rectify_until=last, reason="见评审意见")
    known = stage.hub.bases.get(museum)
    assert (known.status, known.rectify_until, known.evaluation) == (after, last, done.id)
    # What is published stays published: readers see how it stands.
    assert known.revision == 1


def test_a_text_written_before_an_evaluation_was_decided_does_not_undo_it(stage):
    museum = base(stage, status="named")
    stage.admin.bases.edit(museum, body="新增溃疡病展区", status="named")
    done = evaluated(stage, museum, "rectify", rectify_until=date(2026, 9, 1), reason="安全通道")
    published_base(stage, museum)
    known = stage.hub.bases.get(museum)
    assert (known.body, known.status) == ("新增溃疡病展区", BaseStatus.RECTIFYING)
    assert (known.rectify_until, known.evaluation) == (date(2026, 9, 1), done.id)
    # Whoever keeps the base may say afterwards how its name stands.
    stage.admin.bases.edit(museum, status="delisted")
    published_base(stage, museum)
    assert stage.hub.bases.get(museum).status is BaseStatus.DELISTED


def test_rights_and_refusals_are_those_of_workstations(stage):
    museum = base(stage)
    made = stage.author.evaluations.open(museum, **YEAR)
    told = refused(lambda: stage.first.evaluations.open(museum, **YEAR), Conflict)
    assert told == ("subject", "evaluation.open")
    county = stage.admin.accounts.create(organization=stage.host)
    stage.admin.accounts.grant(county.id, ["*"], region="511400")
    keeper = stage.hub.as_(county.id)
    assert refused(lambda: keeper.evaluations.open(museum, **YEAR), Denied)[1] == "grant.missing"
    assert refused(lambda: keeper.evaluations.get(made.id), NotFound)[1] == "noun.unknown"
    assert refused(lambda: stage.hub.evaluations.history(museum), Denied)[1] == "account.required"
    with pytest.raises(Invalid, match=r"content\.kept"):
        stage.admin.bases.edit(museum, evaluation="")
    other = base(stage)
    stage.admin.bases.archive(other)
    assert refused(lambda: stage.author.evaluations.open(other, **YEAR)) == (
        "state",
        "lifecycle.illegal",
    )
    resource = stage.admin.resources.create(title="x", organization=stage.root)
    for odd in (resource.id, "bas_0", "odd"):
        told = refused(lambda o=odd: stage.author.evaluations.open(o, **YEAR), NotFound)
        assert told[1] == "noun.unknown"
