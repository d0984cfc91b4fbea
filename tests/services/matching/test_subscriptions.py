"""Who seeks something is told of it once it is published."""

from datetime import date

import attrs
import pytest
from tests.services.matching.test_rounds import Stage

from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.services.log import consumers
from tianfu_sdk.services.matching import percolating


class Reader(Stage):
    def __init__(self):
        super().__init__()
        self.system = self.hub.as_system(reason="worker")
        assert self.system.subscriptions.alert() == 0

    def subscribe(self, **fields):
        named = {"name": "柑橘", "organization": self.school, "text": "柑橘木虱"} | fields
        return self.admin.subscriptions.create(**named)

    def resource(self, title="柑橘木虱怎么防", organization=None, **more):
        made = self.admin.resources.create(
            title=title, organization=organization or self.firm, region="510302", **more
        )
        self.admin.resources.submit(made.id)
        self.second.resources.approve(made.id)
        self.admin.resources.publish(made.id)
        return made.id

    def told(self):
        self.system.subscriptions.alert()
        found = [e for _, e in self.system.events.read(limit=1000) if ".matched" in e.type]
        return {(e.subject, e.data["content"]): e for e in found}


@pytest.fixture
def stage():
    stage = Reader()
    yield stage
    stage.hub.close()


def test_what_is_published_is_told_to_those_who_subscribed(stage):
    wanted = stage.subscribe()
    stage.subscribe(name="天文", text="日食观测")
    resource = stage.resource()
    told = stage.told()
    ((key, event),) = told.items()
    assert key == (wanted.id, resource)
    assert event.type == "subscription.matched"
    assert (event.organization, event.data["kind"]) == (stage.school, "resource")
    assert event.data["score"] >= 0.35
    assert stage.told() == told
    assert stage.system.subscriptions.alert() == 0


def test_nobody_is_told_of_a_notice_that_holds_no_more(stage):
    stage.subscribe()
    made = stage.admin.notices.create(
        title="柑橘木虱防控公告", organization=stage.firm, until=date(2026, 1, 1)
    )
    stage.admin.notices.submit(made.id)
    stage.second.notices.approve(made.id)
    stage.admin.notices.publish(made.id)
    assert stage.told() == {}


def test_a_need_is_told_of_what_answers_it_and_nobody_of_what_is_its_own(stage):
    need = stage.project("求柑橘木虱防控", kind="need", organization=stage.school)
    own = stage.resource(organization=stage.school)
    service = stage.project("柑橘木虱防控服务", kind="service")
    told = stage.told()
    assert (need, service) in told
    assert told[need, service].type == "need.matched"
    assert told[need, service].data["kind"] == "service"
    assert (need, own) not in told


def test_a_content_is_told_of_once_however_often_it_is_published(stage):
    need = stage.project("求柑橘木虱防控", kind="need", organization=stage.school)
    wanted = stage.subscribe()
    resource = stage.resource()
    first = {(need, resource), (wanted.id, resource)}
    assert stage.told().keys() == first

    def again(*before, **changes):
        for verb in before:
            getattr(stage.admin.resources, verb)(resource, "改版")
        stage.admin.resources.edit(resource, **changes)
        stage.admin.resources.submit(resource)
        stage.second.resources.approve(resource)
        stage.admin.resources.publish(resource)
        return stage.system.subscriptions.alert()

    assert again(summary="第二版") == 0
    assert again("withdraw", summary="第三版") == 0
    # Who came since, or sought something else so far, hears of it.
    late = stage.subscribe(name="后来")
    other = stage.subscribe(name="天文", text="日食观测")
    assert again(title="柑橘木虱与日食观测") == 2
    assert stage.told().keys() == first | {(late.id, resource), (other.id, resource)}


def test_however_many_subscribe_to_a_topic_all_are_told(stage, monkeypatch):
    monkeypatch.setattr(percolating, "_MOST", 2)
    monkeypatch.setattr(percolating, "_PAGE", 2)
    wanted = [
        stage.subscribe(name=f"健康 {place}", text="", topics=["healthy_life"]).id
        for place in range(5)
    ]
    resource = stage.resource(topics=["healthy_life"])
    assert stage.told().keys() == {(id_, resource) for id_ in wanted}
    # Who asks sees a few.
    assert len(stage.admin.match(resource, to="subscription").found) == 2


def test_who_is_overtaken_by_another_worker_tells_nothing_twice(stage, monkeypatch):
    wanted = stage.subscribe()
    resource = stage.resource()
    read, looks = consumers.get, []

    def overtaken(work, name):
        looks.append(name)
        known = read(work, name)
        # What it read first is what stood there before the other one moved it.
        return known if len(looks) > 1 else attrs.evolve(known, handled=known.handled + 1)

    monkeypatch.setattr(consumers, "get", overtaken)
    assert stage.system.subscriptions.alert() == 1
    told = [e for _, e in stage.system.events.read(limit=1000) if ".matched" in e.type]
    assert [(e.subject, e.data["content"]) for e in told] == [(wanted.id, resource)]


def test_who_consumes_events_takes_none_from_the_alerts(stage):
    wanted, resource = stage.subscribe(), stage.resource()
    seen = []
    stage.system.events.consume("alerts", seen.append)
    assert "resource.published" in {event.type for event in seen}
    assert set(stage.told()) == {(wanted.id, resource)}
    names = [one.name for one in stage.system.events.consumers()]
    assert names == ["alerts", "tianfu:alerts"]


def test_alerts_go_on_where_they_stood_under_their_earlier_name(stage):
    stage.system.events.consume("alerts", lambda _: None)
    (now,) = (one for one in stage.system.events.consumers() if one.name == "tianfu:alerts")

    def unnamed(tx):
        id_ = consumers._id(now.owner, now.name)
        tx.delete("mark", [(row.id, row.version) for row in tx.get("mark", [id_])])

    stage.hub._tools.store.run(unnamed, write=True)
    wanted, resource = stage.subscribe(), stage.resource()
    assert stage.system.subscriptions.alert() == 0
    assert set(stage.told()) == {(wanted.id, resource)}


def test_topics_kinds_and_languages_say_what_is_wanted(stage):
    topic = stage.subscribe(name="健康", text="", topics=["healthy_life"])
    services = stage.subscribe(name="服务", kinds=["service"])
    bo = stage.subscribe(name="藏语", language="bo")
    resource = stage.resource(topics=["healthy_life"])
    assert set(stage.told()) == {(topic.id, resource)}
    matches = stage.admin.match(resource, to="subscription")
    assert [match.id for match in matches] == [topic.id]
    assert {left.id: left.reason for left in matches.left_out} == {
        services.id: "kind", bo.id: "language",
    }  # fmt: skip


def test_who_subscribed_to_listings_or_needs_is_told_of_them(stage):
    listings = stage.subscribe(name="供需", kinds=["listing"])
    needs = stage.subscribe(name="需求", kinds=["need"])
    stage.subscribe(name="资源", kinds=["resource"])
    need = stage.project("求柑橘木虱防控", kind="need")
    service = stage.project("柑橘木虱防控服务", kind="service")
    told = stage.told()
    assert {key for key in told if key[0] != need} == {
        (listings.id, need), (needs.id, need), (listings.id, service),
    }  # fmt: skip


def test_only_those_that_an_account_may_read_are_matched(stage):
    stage.subscribe()
    resource = stage.resource()
    with pytest.raises(Denied):
        stage.hub.match(resource, to="subscription")
    nobody = stage.admin.accounts.create(organization=stage.firm)
    stage.admin.accounts.grant(nobody.id, ["read"], kinds=["resource"], region="510000")
    assert not stage.hub.as_(nobody.id).match(resource, to="subscription").found
    with pytest.raises(Denied):
        stage.admin.subscriptions.alert()


def test_a_subscription_is_changed_and_rests(stage):
    one = stage.subscribe()
    changed = stage.admin.subscriptions.edit(one.id, text="日食观测", version=one.version)
    resource = stage.resource()
    assert not stage.told()
    stage.admin.subscriptions.edit(one.id, text="柑橘木虱", active=False)
    assert not stage.admin.match(resource, to="subscription").found
    stage.admin.subscriptions.edit(one.id, active=True)
    assert stage.admin.match(resource, to="subscription").found
    assert stage.system.rebuild_index() == 1
    assert stage.admin.match(resource, to="subscription").found
    assert stage.hub.ask("柑橘木虱怎么防").answers
    with pytest.raises(Conflict):
        stage.admin.subscriptions.edit(one.id, text="x", version=changed.version)
    assert stage.admin.subscriptions.find(organization=stage.school).items[0].id == one.id
    assert stage.admin.subscriptions.get(one.id).active


def test_what_makes_no_subscription_is_refused(stage):
    for fields, error, path in (
        ({"text": " "}, Invalid, "text"),
        ({"text": "？！"}, Invalid, "text"),
        ({"text": "茶"}, Invalid, "text"),
        ({"topics": "healthy_life"}, Invalid, "topics"),
        ({"name": ""}, Invalid, "name"),
        ({"topics": ["nonsense"]}, NotFound, "topics[0]"),
        ({"kinds": ["book"]}, Invalid, "kinds[0]"),
        ({"media": ["smell"]}, Invalid, "media[0]"),
        ({"language": "zh_CN"}, Invalid, "language"),
        ({"region": "999999"}, NotFound, "region"),
    ):
        with pytest.raises(error) as caught:
            stage.subscribe(**fields)
        assert caught.value.path == path, fields
    one = stage.subscribe()
    with pytest.raises(Invalid) as caught:
        stage.admin.subscriptions.edit(one.id, organization=stage.firm)
    assert caught.value.code == "content.fixed"
    with pytest.raises(Invalid) as caught:
        stage.admin.subscriptions.edit(one.id, topics=None)
    assert (caught.value.code, caught.value.path) == ("field.type", "topics")
