"""Whom a content is for, in numbers, and who may be counted."""

import pytest
from tests.services.matching.test_rounds import Stage

from tianfu_sdk.backends import memory
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.content import BaseStatus
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.services.matching import audiences


class People(Stage):
    def __init__(self):
        super().__init__()
        self.root = self.admin.organizations.find().items[0].id
        self._phones = iter(range(13800000000, 13800009999))
        self.topic = self.admin.resources.create(
            title="高血压怎么防", organization=self.root, region="510300", topics=["healthy_life"]
        )
        self.admin.resources.submit(self.topic.id)
        self.second.resources.approve(self.topic.id)
        self.admin.resources.publish(self.topic.id)

    def person(self, **fields):
        made = self.admin.subscribers.create(
            phone=str(next(self._phones)),
            organization=self.root,
            **{"region": "510302", "consents": [Consent()]} | fields,
        )
        return made.id


@pytest.fixture
def stage():
    stage = People()
    yield stage
    stage.hub.close()


def counts(matches):
    return {match.id: match.count for match in matches}


def test_a_content_finds_how_many_it_is_for_and_never_who(stage):
    heart = stage.person(topics=["healthy_life"])
    stage.person(topics=["safety_science"])
    stage.person(language="bo")
    stage.person(region="510700")
    stage.admin.vocabularies.put(
        "topic", "heart", labels={"zh-Hans": "心脏"}, parent="healthy_life"
    )
    near = stage.person(topics=["heart"])
    segment = stage.admin.segments.create(
        name="健康关注者", organization=stage.root, region="510300", interests=["healthy_life"]
    )
    matches = stage.admin.match(stage.topic.id, to="segment")
    assert counts(matches) == {
        segment.id: 1,
        "510300 zh-Hans": 3,
        "510300 zh-Hans healthy_life": 1,
        "510300 zh-Hans ~heart": 1,
    }
    assert {match.kind for match in matches} == {"segment", "audience"}
    for match in matches:
        assert sum(match.why.values()) == match.score
        assert heart not in repr(match)
        assert near not in repr(match)


def test_only_what_is_shown_is_counted(stage, monkeypatch):
    stage.person(topics=["healthy_life"])
    whole = stage.admin.match(stage.topic.id, to="segment")
    counted, count = [], memory._Tx.count
    monkeypatch.setattr(
        memory._Tx, "count", lambda tx, kind, query: counted.append(kind) or count(tx, kind, query)
    )
    best = stage.admin.match(stage.topic.id, to="segment", limit=1)
    assert len(whole.found) == 2
    assert best.found == whole.found[:1]
    assert counted == ["subscriber"]


def test_who_switched_profiling_off_is_chosen_by_no_likeness_and_served_all_the_same(stage):
    stage.admin.vocabularies.put(
        "topic", "heart", labels={"zh-Hans": "心脏"}, parent="healthy_life"
    )
    one = stage.person(topics=["heart"], settings=["school"])
    asked = stage.person(topics=["healthy_life"])
    for id_ in (one, asked):
        changed = stage.admin.subscribers.profiling(id_, on=False, evidence="表 7")
        assert not changed.profiled
    found = counts(stage.admin.match(stage.topic.id, to="segment"))
    assert found == {
        "510300 zh-Hans": 2,
        "510300 zh-Hans healthy_life": 1,
        "510300 zh-Hans ~heart": 0,
    }
    lines = stage.admin.audit.find(subject=one).items
    assert any(dict(line.data).get("purpose") == "profiling" for line in lines)
    exported = stage.admin.subscribers.export(one)
    (entry,) = [c for c in exported.record["consents"] if c["purpose"] == "profiling"]
    assert (entry["granted"], entry["evidence"]) == (False, "表 7")
    assert stage.admin.subscribers.profiling(one, on=True).profiled
    assert counts(stage.admin.match(stage.topic.id, to="segment"))["510300 zh-Hans ~heart"] == 1
    with pytest.raises(Invalid):
        stage.admin.subscribers.profiling(one, on="no")


def test_campaigns_choose_nobody_by_a_setting_who_switched_profiling_off(stage):
    one = stage.person(settings=["school"], topics=["healthy_life"])
    stage.person(settings=["school"])
    stage.admin.subscribers.profiling(one, on=False)
    fields = {"title": "t", "texts": {"zh-Hans": "多走路"}, "signature": "科协", "region": "510300"}
    by_setting = stage.admin.sms.compose(organization=stage.root, settings=["school"], **fields)
    plan = stage.admin.sms.plan(by_setting.id)
    assert {left.reason: left.count for left in plan.exclusions} == {"profiling": 1}
    for more in ({}, {"interests": ["healthy_life"]}):
        plan = stage.admin.sms.plan(
            stage.admin.sms.compose(organization=stage.root, **fields, **more).id
        )
        assert "profiling" not in {left.reason for left in plan.exclusions}


def test_only_who_may_read_subscribers_counts_them(stage):
    stage.person()
    with pytest.raises(Denied):
        stage.hub.match(stage.topic.id, to="segment")
    county = stage.admin.accounts.create(organization=stage.root)
    stage.admin.accounts.grant(county.id, ["read"], kinds=["resource"], region="510000")
    with pytest.raises(Denied):
        stage.hub.as_(county.id).match(stage.topic.id, to="segment")
    stage.admin.accounts.grant(county.id, ["read"], kinds=["subscriber"], region="510700")
    assert counts(stage.hub.as_(county.id).match(stage.topic.id, to="segment")) == {
        "510300 zh-Hans": 0, "510300 zh-Hans healthy_life": 0,
    }  # fmt: skip


def test_segments_of_other_languages_are_left_out_with_their_reason(stage):
    bo = stage.admin.segments.create(
        name="藏语", organization=stage.root, region="510300", languages=["bo"]
    )
    named = stage.admin.segments.create(
        name="名单", organization=stage.root, region="510300", members=[stage.person()]
    )
    school = stage.admin.segments.create(
        name="学校", organization=stage.root, region="510300", settings=["school"]
    )
    matches = stage.admin.match(stage.topic.id, to="segment")
    assert [(left.id, left.reason) for left in matches.left_out] == [(bo.id, "language")]
    found = counts(matches)
    assert (found[named.id], found[school.id]) == (1, None)


def test_of_a_list_those_are_counted_whom_a_campaign_would_reach(stage, monkeypatch):
    monkeypatch.setattr(audiences, "IN_VALUES", 2)
    here = [stage.person(topics=["healthy_life"]) for _ in range(3)]
    gone, away = stage.person(), stage.person(region="510700")
    new = stage.admin.segments.create
    where = {"organization": stage.root, "region": "510300"}
    listed = new(name="名单", members=[*here, gone, away], **where)
    town = new(name="社区", members=here, settings=["community"], **where)
    stage.admin.subscribers.erase(gone)
    found = counts(stage.admin.match(stage.topic.id, to="segment"))
    assert found[listed.id] == 3
    # Settings are no key: only a plan counts by them, of a list too.
    assert found[town.id] is None


def test_an_activity_finds_the_bases_near_it(stage):
    def base(title, region, **more):
        made = stage.admin.bases.create(
            title=title, organization=stage.root, region=region, topics=["healthy_life"], **more
        )
        stage.admin.bases.submit(made.id)
        stage.second.bases.approve(made.id)
        return stage.admin.bases.publish(made.id).id

    near = base("健康科普馆", "510302")
    beside = base("健康小屋", "510304")
    base("健康中心", "510703")
    gone = base("旧馆", "510302", status=BaseStatus.DELISTED)
    day = stage.admin.activities.create(
        title="健康科普日", organization=stage.root, region="510302", topics=["healthy_life"]
    )
    matches = stage.admin.match(day.id, to="base")
    assert [match.id for match in matches] == [near, beside]
    assert [(left.id, left.reason) for left in matches.left_out] == [(gone, "closed")]
    with pytest.raises(Invalid) as caught:
        stage.admin.match(stage.topic.id, to="base")
    assert caught.value.code == "match.target"
