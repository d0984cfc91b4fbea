"""Projects get their experts all at once, with reasons for those who get nobody."""

import math
from datetime import date

import pytest

from tianfu_sdk.backends import memory
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import FrozenClock


class Stage:
    def __init__(self):
        self.hub = Hub.open("memory:", clock=FrozenClock(), discover=False)
        account = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.admin = self.hub.as_(account.id)
        second = self.admin.accounts.create(organization=account.organization)
        self.admin.accounts.grant(second.id, ["*"], region="510000")
        self.second = self.hub.as_(second.id)
        self.firm = self.organization("甲公司")
        self.school = self.organization("乙大学")

    def organization(self, name):
        return self.admin.organizations.create(name=name, region="510300").id

    def project(self, title, organization=None, **more):
        fields = {"kind": "project", "region": "510302"} | more
        made = self.admin.listings.create(
            title=title, organization=organization or self.firm, **fields
        )
        self.admin.listings.submit(made.id)
        self.second.listings.approve(made.id)
        self.admin.listings.publish(made.id)
        return made.id

    def expert(self, profile, organization=None, **more):
        return self.admin.experts.create(
            name="演示者甲",
            title="教授",
            profile=profile,
            organization=organization or self.school,
            region="510302",
            **more,
        ).id


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.hub.close()


def test_everybody_gets_somebody_where_first_choices_would_not(stage):
    citrus = stage.project("柑橘木虱与溃疡病防控")
    mites = stage.project("柑橘红蜘蛛防控")
    both = stage.expert("柑橘木虱 溃疡病 红蜘蛛防控")
    one = stage.expert("柑橘木虱防控")
    made = stage.hub.match_round([mites, citrus], [one, both])
    assert {pair.project: pair.expert for pair in made} == {citrus: one, mites: both}
    assert made.spare == ()
    assert made.total == sum(pair.score for pair in made)
    for pair in made:
        assert sum(pair.why.values()) == pair.score
        assert pair.expert_title == "乙大学 教授"
    assert stage.hub.match_round([citrus, mites], [both, one]) == made
    assert [row["project"] for row in made.to_dicts()] == [pair.project for pair in made]
    assert [row["why_text"] for row in made._table()] == [pair.why["text"] for pair in made]
    wide = stage.hub.match_round([citrus, mites], [both, one], capacity=2, solver="python")
    assert {pair.expert for pair in wide} == {both}
    (left,) = wide.spare
    assert (left.id, left.reason, left.kind) == (one, "taken", "expert")


def test_who_is_of_the_same_house_or_named_apart_never_meets(stage):
    own = stage.project("柑橘木虱防控", stage.school)
    other = stage.project("柑橘木虱防控")
    expert = stage.expert("柑橘木虱防控")
    made = stage.hub.match_round([own, other])
    assert [(pair.project, pair.expert) for pair in made] == [(other, expert)]
    (left,) = made.spare
    assert (left.id, left.reason, dict(left.gated)) == (own, "conflict", {"conflict": 1})
    nobody = stage.hub.match_round([other], conflicts=[(other, expert)])
    assert not nobody.pairs
    assert {left.reason for left in nobody.spare} == {"conflict"}


def test_what_a_round_reads_does_not_grow_with_its_projects_one_by_one(stage, monkeypatch):
    projects = [stage.project("柑橘木虱防控") for _ in range(5)]
    experts = [stage.expert("柑橘木虱防控") for _ in range(5)]
    read, get = [], memory._Tx.get
    monkeypatch.setattr(
        memory._Tx, "get", lambda tx, kind, ids: read.append(kind) or get(tx, kind, ids)
    )
    assert len(stage.hub.match_round(projects, experts)) == 5
    assert (read.count("listing"), read.count("expert")) == (1, 2)


def test_who_meets_nobody_because_there_is_nobody_is_told_so(stage):
    project, expert = stage.project("柑橘木虱防控"), stage.expert("柑橘木虱防控", capacity=0)
    for made in (stage.hub.match_round([]), stage.hub.match_round([project], [])):
        (left,) = made.spare
        assert (left.reason, left.gated) == ("nobody", {})
    full = stage.hub.match_round([project])
    none = stage.hub.match_round([project], capacity=0)
    assert {left.reason for left in (*full.spare, *none.spare)} == {"capacity"}
    (pair,) = stage.hub.match_round([project], capacity=1)
    assert pair.expert == expert


def test_gates_hold_in_a_round_too_and_each_reason_is_named(stage):
    late = stage.project("柑橘木虱防控", deadline=date(2025, 12, 31))
    open_ = stage.project("柑橘木虱防控", kind="need")
    full = stage.expert("柑橘木虱防控", capacity=0)
    yi = stage.expert("柑橘木虱防控", languages=("ii",))
    stage.expert("天文", capacity=5)
    made = stage.hub.match_round([late, open_], least=0.9)
    assert not made.pairs
    reasons = {left.id: (left.reason, dict(left.gated)) for left in made.spare}
    assert reasons[late] == ("deadline", {"capacity": 1, "deadline": 2})
    assert reasons[open_] == ("low", {"capacity": 1, "language": 1, "low": 1})
    assert reasons[full][0] == "capacity"
    assert reasons[yi][1] == {"deadline": 1, "language": 1}


def test_what_makes_no_round_is_refused(stage):
    service = stage.project("检测", kind="service")
    project = stage.project("柑橘")
    for call, error, code in (
        (lambda: stage.hub.match_round([service]), Invalid, "match.round_kind"),
        (lambda: stage.hub.match_round(["lst_none"]), NotFound, "noun.unknown"),
        (lambda: stage.hub.match_round([project], ["exp_none"]), NotFound, "noun.unknown"),
        (lambda: stage.hub.match_round(project), Invalid, "field.type"),
        (lambda: stage.hub.match_round([project], capacity=-1), Invalid, "field.too_small"),
        (lambda: stage.hub.match_round([project], weights={}), Invalid, "match.no_weight"),
        (lambda: stage.hub.match_round([project], least=math.nan), Invalid, "field.value"),
        (lambda: stage.hub.match_round([project], least=1.5), Invalid, "field.value"),
        (lambda: stage.hub.match_round([project], least="0.5"), Invalid, "field.value"),
        (lambda: stage.hub.match_round([project], solver="x"), Invalid, "field.choice"),
        (lambda: stage.hub.match_round([project], least=-0.1), Invalid, "field.value"),
        (lambda: stage.hub.match_round([project], least=float("nan")), Invalid, "field.value"),
    ):
        with pytest.raises(error) as caught:
            call()
        assert caught.value.code == code
    assert len(stage.hub.match_round([])) == 0


@pytest.mark.parametrize(
    "pair", [("exp_1", "lst_1"), ("lst_1",), ("lst_1", "lst_2"), "ab", ("lst_1", "exp_1", "exp_2")]
)
def test_a_conflict_that_would_keep_nobody_apart_is_refused(stage, pair):
    project = stage.project("柑橘")
    with pytest.raises(Invalid) as caught:
        stage.hub.match_round([project], conflicts=[("lst_1", "exp_1"), pair])
    assert (caught.value.code, caught.value.path) == ("match.conflict", "conflicts[1]")


def test_a_round_without_projects_leaves_the_experts_spare(stage):
    expert = stage.expert("柑橘")
    made = stage.hub.match_round([])
    assert (len(made), [one.id for one in made.spare]) == (0, [expert])
