"""What the desk of content promises, through both doors."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.content import State

GIVEN = {"title": "防震避险", "body": "地震时先躲到桌下。"}


def told(world, type_):
    events = world.hub.as_system(reason="look").events
    return [event for event in events if event.type == type_]


# The walk.


def test_a_draft_becomes_public_step_by_step(world):
    me = world.me
    made = me.resources.create(organization=world.org, topics=["safety_science"], **GIVEN)
    assert (made.state, made.revision, made.version) == (State.DRAFT, 1, 1)
    assert made.region == "510000"
    assert made.created_at == world.clock.now()
    with pytest.raises(NotFound):
        world.nobody.resources.get(made.id)
    assert me.resources.submit(made.id).state is State.SUBMITTED
    assert world.as_(world.reviewer).resources.approve(made.id).state is State.APPROVED
    published = me.resources.publish(made.id)
    assert published.state is State.PUBLISHED
    assert published.published_at == world.clock.now()
    assert world.nobody.resources.get(made.id).title == "防震避险"
    assert [r.id for r in world.nobody.resources.find()] == [made.id]


def test_each_step_leaves_one_event_and_one_audit_line(world):
    id_ = world.published().id
    lines = [line.action for line in world.me.audit.find(subject=id_)]
    steps = ["resource.created", "resource.submitted", "resource.approved", "resource.published"]
    assert sorted(lines) == sorted(steps)
    for step in steps:
        assert [event.subject for event in told(world, step)] == [id_]


def test_a_returned_draft_says_why_and_goes_on(world):
    made = world.me.resources.create(organization=world.org, **GIVEN)
    world.me.resources.submit(made.id)
    returned = world.as_(world.reviewer).resources.return_(made.id, "请注明来源")
    assert (returned.state, returned.comment) == (State.DRAFT, "请注明来源")
    world.me.resources.edit(made.id, source="中国地震局")
    assert world.me.resources.submit(made.id).state is State.SUBMITTED


def test_who_wrote_it_may_not_approve_it_not_even_by_another_account(world):
    me = world.me
    made = me.resources.create(organization=world.org, **GIVEN)
    me.resources.submit(made.id)
    with pytest.raises(Denied) as caught:
        me.resources.approve(made.id)
    assert caught.value.code == "lifecycle.own_work"
    person = me.accounts.get(world.chief).person
    twin = me.accounts.create(organization=world.org, label="兼职", person=person)
    me.accounts.grant(twin.id, ["*"], region="510000")
    with pytest.raises(Denied) as caught:
        world.as_(twin.id).resources.approve(made.id)
    assert caught.value.code == "lifecycle.own_work"


def test_the_system_approves_nothing(world):
    made = world.me.resources.create(organization=world.org, **GIVEN)
    world.me.resources.submit(made.id)
    with pytest.raises(Denied) as caught:
        world.hub.as_system(reason="night").resources.approve(made.id)
    assert caught.value.code == "lifecycle.system"


# Revisions.


def test_an_edit_of_what_is_published_stays_unseen_until_it_is_published(world):
    id_ = world.published().id
    draft = world.me.resources.edit(id_, title="防震避险（新版）")
    assert (draft.revision, draft.state) == (2, State.DRAFT)
    assert world.nobody.resources.get(id_).title == "防震避险"
    world.me.resources.submit(id_)
    world.as_(world.reviewer).resources.approve(id_)
    assert world.nobody.resources.get(id_).title == "防震避险"
    world.me.resources.publish(id_)
    current = world.nobody.resources.get(id_)
    assert (current.title, current.revision, current.pending) == ("防震避险（新版）", 2, 0)


def test_old_revisions_stay_readable_and_comparable(world):
    id_ = world.published().id
    world.me.resources.edit(id_, title="新")
    world.me.resources.submit(id_)
    world.as_(world.reviewer).resources.approve(id_)
    world.me.resources.publish(id_)
    found = world.me.resources.revisions(id_)
    assert [(r.revision, r.state) for r in found] == [
        (1, State.SUPERSEDED),
        (2, State.PUBLISHED),
    ]
    assert world.me.resources.get(id_, revision=1).title == "防震避险"
    (change,) = world.me.resources.diff(id_, 1, 2)
    assert (change.field, change.before, change.after) == ("title", "防震避险", "新")
    with pytest.raises(NotFound) as caught:
        world.me.resources.diff(id_, 1, 9)
    assert caught.value.path == "revision"
    with pytest.raises(Denied):
        world.nobody.resources.revisions(id_)
    with pytest.raises(Denied):
        world.nobody.resources.get(id_, revision=1)


def test_an_edit_of_an_approved_draft_needs_approval_again(world):
    id_ = world.approved()
    draft = world.me.resources.edit(id_, title="改")
    assert (draft.state, draft.revision, draft.approver) == (State.DRAFT, 2, "")
    with pytest.raises(Invalid) as caught:
        world.me.resources.publish(id_)
    assert caught.value.code == "lifecycle.illegal"
    assert caught.value.hint == "possible from there: submit, edit"
    assert caught.value.text("zh").endswith("此状态下可执行：submit, edit")


def test_a_revision_in_work_does_not_bring_back_what_was_retracted(world):
    id_ = world.published().id
    me = world.me
    me.resources.edit(id_, title="改")
    me.resources.submit(id_)
    world.as_(world.reviewer).resources.approve(id_)
    me.resources.retract(id_, "数据有误")
    with pytest.raises(Invalid) as caught:
        me.resources.publish(id_)
    assert caught.value.code == "lifecycle.illegal"
    assert caught.value.values["state"] == "retracted"
    with pytest.raises(Invalid):
        me.resources.edit(id_, title="再改")
    assert me.resources.get(id_).state is State.RETRACTED


# Scheduling.


def test_what_is_scheduled_is_published_when_its_moment_has_come(world):
    id_ = world.approved()
    at = world.clock.now() + timedelta(hours=2)
    assert world.me.resources.schedule(id_, at).publish_at == at
    system = world.hub.as_system(reason="night")
    assert system.resources.publish_due() == []
    world.clock.tick(timedelta(hours=2))
    assert [r.id for r in system.resources.publish_due()] == [id_]
    assert world.nobody.resources.get(id_).state is State.PUBLISHED
    assert system.resources.publish_due() == []


def test_a_scheduled_revision_replaces_the_published_one_in_time(world):
    id_ = world.published().id
    me = world.me
    me.resources.edit(id_, title="新")
    me.resources.submit(id_)
    world.as_(world.reviewer).resources.approve(id_)
    me.resources.schedule(id_, world.clock.now() + timedelta(hours=1))
    world.clock.tick(timedelta(hours=1))
    system = world.hub.as_system(reason="night")
    (done,) = system.resources.publish_due()
    assert (done.title, done.revision, done.pending) == ("新", 2, 0)
    assert world.nobody.resources.get(id_).title == "新"
    assert system.resources.publish_due() == []


def test_a_scheduled_revision_of_what_was_withdrawn_stays_away(world):
    id_ = world.published().id
    me = world.me
    me.resources.edit(id_, title="新")
    me.resources.submit(id_)
    world.as_(world.reviewer).resources.approve(id_)
    me.resources.schedule(id_, world.clock.now() + timedelta(hours=1))
    me.resources.withdraw(id_, "核实中")
    world.clock.tick(timedelta(hours=2))
    assert world.hub.as_system(reason="night").resources.publish_due() == []


def test_a_draft_begun_meanwhile_does_not_stop_what_is_scheduled(world):
    first, second = world.approved(title="一"), world.approved(title="二")
    at = world.clock.now() + timedelta(hours=1)
    for id_ in (first, second):
        world.me.resources.schedule(id_, at)
    world.me.resources.edit(first, title="一，改")
    world.clock.tick(timedelta(hours=1))
    done = world.hub.as_system(reason="night").resources.publish_due()
    assert sorted(r.title for r in done) == ["一", "二"]
    assert world.me.resources.get(first).pending == 2


def test_what_expired_before_its_moment_does_not_stop_the_others(world):
    at = world.clock.now() + timedelta(days=10)
    old = world.approved(expires_on=at.date() - timedelta(days=1))
    new = world.approved()
    for id_ in (old, new):
        world.me.resources.schedule(id_, at)
    world.clock.set(at)
    system = world.hub.as_system(reason="night")
    assert [r.id for r in system.resources.publish_due()] == [new]
    assert system.resources.publish_due() == []


def test_publish_due_publishes_no_more_than_it_is_asked_to(world):
    at = world.clock.now() + timedelta(hours=1)
    for _ in range(3):
        world.me.resources.schedule(world.approved(), at)
    world.clock.set(at)
    system = world.hub.as_system(reason="night")
    assert [len(system.resources.publish_due(2)) for _ in range(3)] == [2, 1, 0]


# Leaving.


@pytest.mark.parametrize("verb", ["withdraw", "retract"])
def test_what_leaves_the_public_is_neither_read_nor_found_nor_answered(world, verb):
    id_ = world.published().id
    assert not world.hub.ask("地震时怎么躲").abstained
    getattr(world.me.resources, verb)(id_, "核实中")
    with pytest.raises(NotFound):
        world.nobody.resources.get(id_)
    assert list(world.nobody.resources.find()) == []
    assert world.hub.ask("地震时怎么躲").abstained


def test_expired_content_is_shown_to_its_keepers_only(world):
    id_ = world.published(expires_on=date(2026, 1, 10)).id
    assert not world.nobody.ask("地震时怎么躲").abstained
    world.clock.set(datetime(2026, 1, 9, 16, 0, tzinfo=UTC))  # midnight in China
    with pytest.raises(NotFound):
        world.nobody.resources.get(id_)
    assert list(world.nobody.resources.find()) == []
    assert world.nobody.ask("地震时怎么躲").abstained
    assert world.me.resources.get(id_).id == id_
    assert [r.id for r in world.me.resources.stale(date(2026, 1, 10))] == [id_]
    assert list(world.me.resources.stale(date(2026, 1, 9))) == []


def test_an_hour_before_midnight_in_china_it_is_shown_still(world):
    id_ = world.published(expires_on=date(2026, 1, 10)).id
    world.clock.set(datetime(2026, 1, 9, 15, 59, tzinfo=UTC))
    assert world.nobody.resources.get(id_).id == id_


# Rights.


def test_who_is_nobody_learns_nothing_of_drafts(world):
    draft = world.me.resources.create(organization=world.org, **GIVEN).id
    for call in (
        lambda id_: world.nobody.resources.edit(id_, title="x"),
        world.nobody.resources.submit,
        lambda id_: world.nobody.resources.withdraw(id_, "x"),
    ):
        for id_ in (draft, "res_nothing"):
            with pytest.raises(Denied) as caught:
                call(id_)
            assert caught.value.code == "account.required"
    with pytest.raises(NotFound):
        world.nobody.resources.get(draft)


@pytest.mark.parametrize("named", [{}, {"organization": "四川省科协"}, {"region": "519999"}])
def test_who_is_nobody_hears_of_the_account_first(world, named):
    with pytest.raises(Denied) as caught:
        world.nobody.resources.create(**{"organization": world.org, **named, **GIVEN})
    assert caught.value.code == "account.required"
    assert "hub.as_" in caught.value.hint
    with pytest.raises(NotFound) as found:
        world.nobody.resources.find(organization="四川省科协")
    assert found.value.code == "organization.unknown"


def test_what_may_be_read_but_not_changed_says_which_grant_is_missing(world):
    id_ = world.published().id
    reader = world.as_(world.person(["read"]))
    with pytest.raises(Denied) as caught:
        reader.resources.withdraw(id_, "x")
    assert caught.value.code == "grant.missing"
    assert caught.value.values["action"] == "withdraw"
    assert "accounts.why" in caught.value.hint


def test_a_grant_for_one_county_reaches_no_other(world):
    editor = world.as_(world.person(["create", "read"], region="510104"))
    made = editor.resources.create(organization=world.county, title="锦江", body="x")
    assert made.region == "510104"
    with pytest.raises(Denied):
        editor.resources.create(organization=world.org, title="省", body="x")


# Three mistakes that users make.


def test_a_misspelt_field_is_named_with_the_nearest_one(world):
    with pytest.raises(Invalid) as caught:
        world.me.resources.add({"titel": "x", "organization": world.org})
    error = caught.value
    paths = {problem.path: problem.code for problem in error.values["problems"]}
    assert paths == {"titel": "field.unknown", "title": "field.missing"}


def test_a_text_where_a_list_is_wanted_is_refused_and_not_taken_apart(world):
    with pytest.raises(Invalid) as caught:
        world.me.resources.create(organization=world.org, topics="safety_science", **GIVEN)
    error = caught.value
    assert (error.code, error.path) == ("field.type", "topics")
    assert "wanted list, found str" in str(error)


def test_a_moment_without_a_zone_is_refused(world):
    id_ = world.approved()
    with pytest.raises(Invalid) as caught:
        world.me.resources.schedule(id_, datetime(2027, 1, 1))
    assert (caught.value.code, caught.value.path) == ("field.naive_time", "at")


def test_an_unknown_topic_is_named_with_its_place(world):
    with pytest.raises(NotFound) as caught:
        world.me.resources.create(
            organization=world.org, topics=["healthy_life", "helthy_life"], **GIVEN
        )
    assert caught.value.path == "topics[1]"
    assert "vocabularies.terms" in caught.value.hint


def test_fields_that_verbs_set_are_refused(world):
    with pytest.raises(Invalid) as caught:
        world.me.resources.add({"organization": world.org, "state": "published", **GIVEN})
    assert (caught.value.code, caught.value.path) == ("content.kept", "state")
    id_ = world.me.resources.create(organization=world.org, **GIVEN).id
    with pytest.raises(Invalid) as caught:
        world.me.resources.edit(id_, region="510100")
    assert (caught.value.code, caught.value.path) == ("content.fixed", "region")


def test_an_edit_of_an_old_version_is_a_conflict(world):
    made = world.me.resources.create(organization=world.org, **GIVEN)
    world.me.resources.edit(made.id, version=made.version, title="一")
    with pytest.raises(Conflict) as caught:
        world.me.resources.edit(made.id, version=made.version, title="二")
    assert caught.value.code == "storage.version"
    assert world.me.resources.get(made.id).title == "一"


def test_a_reason_is_held_to_its_length(world):
    id_ = world.published().id
    with pytest.raises(Invalid) as caught:
        world.me.resources.withdraw(id_, "长" * 2001)
    assert caught.value.code == "field.too_long"
    assert world.nobody.resources.get(id_).state is State.PUBLISHED
    with pytest.raises(Invalid) as caught:
        world.me.resources.withdraw(id_, "  ")
    assert caught.value.code == "lifecycle.reason"


def test_a_picture_without_words_is_not_handed_in(world):
    picture = world.me.media.use(world.me.media.add(b"\x89PNG\r\n\x1a\n"))
    made = world.me.resources.create(organization=world.org, media=[picture], **GIVEN)
    with pytest.raises(Invalid) as caught:
        world.me.resources.submit(made.id)
    assert (caught.value.code, caught.value.path) == ("media.no_alt", "media[0].alt")
    free = world.me.with_options(accessible=False)
    assert free.resources.submit(made.id).state is State.SUBMITTED


# Many at a time, keys, licences, views.


def test_many_are_created_all_or_none_and_with_one_audit_line(world):
    many = [{"title": f"第{n}条", "organization": world.org} for n in range(5)]
    with pytest.raises(Invalid) as caught:
        world.me.resources.add_many([*many, {"title": "", "organization": world.org}])
    assert (caught.value.code, caught.value.path) == ("field.too_short", "many[5].title")
    with pytest.raises(NotFound) as unknown:
        world.me.resources.add_many([*many, {"title": "x", "organization": "org_none"}])
    assert unknown.value.path == "many[5].organization"
    assert list(world.me.resources.find()) == []
    made = world.me.resources.add_many(many)
    assert [r.title for r in made] == [f"第{n}条" for n in range(5)]
    (line,) = world.me.audit.find(subject=made[0].id)
    assert line.data == {"count": 5, "last": made[-1].id}
    assert len(told(world, "resource.created")) == 5
    assert world.me.resources.add_many([]) == []


def test_an_owners_own_key_is_unique_within_the_owner(world):
    made = world.me.resources.create(organization=world.org, external_key="A-1", **GIVEN)
    assert world.me.resources.by_key(world.org, "A-1").id == made.id
    assert world.me.resources.by_key(world.org, "A-2") is None
    with pytest.raises(Conflict) as caught:
        world.me.resources.create(organization=world.org, external_key="A-1", **GIVEN)
    assert caught.value.code == "unique.taken"
    assert made.id in caught.value.hint
    world.me.resources.create(organization=world.county, external_key="A-1", **GIVEN)


def test_only_what_its_licence_lets_be_shared_is_exported(world):
    closed, free = world.published().id, world.published(licence="CC-BY-4.0").id
    with pytest.raises(Denied) as caught:
        world.nobody.resources.export(closed)
    assert (caught.value.code, caught.value.path) == ("licence.not_shareable", "licence")
    assert world.nobody.resources.export(free)["licence"] == "CC-BY-4.0"


def test_a_view_is_counted_without_telling_who_looked(world):
    id_ = world.published().id
    world.nobody.resources.view(id_, region="510104", client="device-4711", seconds=12.5)
    world.nobody.resources.view(id_, client="device-4711")
    one, two = told(world, "resource.viewed")
    assert one.data["client"] == two.data["client"] != ""
    assert "4711" not in str(one)
    assert list(world.me.audit.find(subject=id_, actor="")) == []
    draft = world.me.resources.create(organization=world.org, **GIVEN).id
    with pytest.raises(NotFound):
        world.nobody.resources.view(draft)


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"region": "999999"}, "region.unknown", "region"),
        ({"channel": "x" * 65}, "field.too_long", "channel"),
        ({"language": "x" * 36}, "field.too_long", "language"),
        ({"seconds": -1}, "field.too_small", "seconds"),
        ({"seconds": float("nan")}, "field.too_large", "seconds"),
        ({"seconds": "5"}, "field.type", "seconds"),
        ({"channel": "\ud800"}, "field.characters", "channel"),
    ],
)
def test_a_view_that_cannot_be_is_refused(world, more, code, path):
    id_ = world.published().id
    with pytest.raises((Invalid, NotFound)) as caught:
        world.nobody.resources.view(id_, **more)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert told(world, "resource.viewed") == []


def test_a_page_reads_on_by_itself_and_says_where_it_stands(world):
    for n in range(7):
        world.clock.tick()
        world.hub.as_(world.chief).resources.create(title=f"第{n}条", organization=world.org)
    page = world.me.resources.find(limit=3)
    assert [r.title for r in page.items] == ["第6条", "第5条", "第4条"]
    assert len(list(page)) == 7
    assert len(page.to_dicts()) == 7
    second = world.me.resources.find(limit=3, after=page.cursor)
    assert [r.title for r in second.items] == [r.title for r in page.next().items]
    oldest = world.me.resources.find(newest_first=False, limit=1)
    assert oldest.items[0].title == "第0条"
    for wrong in ("nonsense", "5", "[]", '["x","y"]'):
        with pytest.raises(Invalid):
            world.me.resources.find(after=wrong)
    with pytest.raises(Invalid) as caught:
        world.me.resources.find(limit=0)
    assert caught.value.code == "storage.limit"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"region": "510000"}, {"省", "区"}),
        ({"region": "510100"}, {"区"}),
        ({"region": "513400"}, set()),
        ({"topic": "healthy_life"}, {"区"}),
        ({"language": "bo"}, {"省"}),
        ({"state": "published"}, {"省", "区"}),
        ({"state": State.DRAFT}, set()),
    ],
)
def test_a_list_is_narrowed_by_what_is_asked(world, asked, found):
    world.published(title="省", body="ཞིང་ཆེན།", language="bo")
    world.published(title="区", organization=world.county, topics=["healthy_life"])
    assert {r.title for r in world.nobody.resources.find(**asked)} == found
    assert {r.title for r in world.nobody.resources.find(organization=world.org)} == {"省", "区"}
    assert {r.title for r in world.nobody.resources.find(organization=world.county)} == {"区"}


def test_an_unknown_state_lists_those_that_there_are(world):
    with pytest.raises(Invalid) as caught:
        world.me.resources.find(state="publish")
    assert caught.value.path == "state"
    assert "published" in str(caught.value)


# One transaction.


class Unlucky(Exception):
    pass


def test_search_index_and_content_change_together_or_not_at_all(anywhere, monkeypatch):
    world = anywhere
    id_ = world.approved()

    def fail(_):
        raise Unlucky

    with monkeypatch.context() as patch:
        patch.setattr("tianfu_sdk.services.desk.work.Work.finish", fail)
        with pytest.raises(Unlucky):
            world.me.resources.publish(id_)
    assert world.me.resources.get(id_).state is State.APPROVED
    assert world.hub.ask("地震时怎么躲").abstained
    assert told(world, "resource.published") == []
    world.me.resources.publish(id_)
    assert [a.id for a in world.hub.ask("地震时怎么躲")] == [id_]


def test_a_client_has_no_hash_in_common_with_a_phone(world):
    id_ = world.published().id
    world.nobody.resources.view(id_, client="phone:+8613800000000")
    (event,) = (e for e in world.me.events if e.type == "resource.viewed")
    index = world.hub._tools.keys.index(b"phone:+8613800000000")
    assert event.data["client"] not in ("", index.hex())


def test_what_has_expired_is_not_viewed(world):
    id_ = world.published(expires_on=date(2026, 1, 5)).id
    world.clock.set(datetime(2026, 1, 5, 12, tzinfo=UTC))
    with pytest.raises(NotFound) as caught:
        world.nobody.resources.view(id_)
    assert caught.value.code == "noun.unknown"


def test_an_edit_by_the_system_does_not_free_the_author_to_approve(world):
    id_ = world.me.resources.create(title="x", organization=world.org).id
    system = world.hub.as_system(reason="tidy")
    system.resources.edit(id_, summary="s")
    system.resources.submit(id_)
    with pytest.raises(Denied) as caught:
        world.me.resources.approve(id_)
    assert caught.value.code == "lifecycle.own_work"


def test_only_what_is_published_and_current_is_exported(world):
    draft = world.me.resources.create(title="x", organization=world.org, licence="CC-BY-4.0").id
    with pytest.raises(Invalid) as caught:
        world.me.resources.export(draft)
    assert caught.value.code == "lifecycle.illegal"
    over = world.published(expires_on=date(2026, 1, 5), licence="CC-BY-4.0").id
    assert world.nobody.resources.export(over)["id"] == over
    world.clock.set(datetime(2026, 1, 5, 12, tzinfo=UTC))
    with pytest.raises(Invalid) as caught:
        world.me.resources.export(over)
    assert caught.value.code == "lifecycle.expired"
