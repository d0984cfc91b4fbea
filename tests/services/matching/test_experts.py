"""Experts: a public profile, a sealed name, and a look at it that leaves a trace."""

import logging
from datetime import date

import pytest

from tianfu_sdk import codec
from tianfu_sdk.core.rows.kinds import ALL_KINDS
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.model.storage import Query
from tianfu_sdk.testing import FrozenClock

NAME = "欧阳演示"


@pytest.fixture
def hub(way):
    return way.open(clock=FrozenClock())


@pytest.fixture
def admin(hub):
    account = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    return hub.as_(account.id)


@pytest.fixture
def root(admin):
    return admin.organizations.find().items[0].id


def somebody(hub, admin, root, actions=(), **place):
    account = admin.accounts.create(organization=root)
    if actions:
        admin.accounts.grant(account.id, actions, kinds=("expert",), **place)
    return hub.as_(account.id)


def looks(admin, expert):
    lines = admin.audit.find(subject=expert.id)
    return [line for line in lines if line.action == "expert.revealed"]


def make(desk, root, **more):
    fields = {
        "name": NAME,
        "organization": root,
        "title": "高级农艺师",
        "profile": "柑橘病虫害防控",
        "region": "510302",
        "topics": ["practical_technology"],
        "keywords": ["木虱"],
    }
    return desk.experts.create(**fields | more)


def test_a_profile_is_public_to_accounts_and_found_by_topic_and_region(hub, admin, root):
    expert = make(admin, root)
    other = make(admin, root, region="510703", topics=["healthy_life"], profile="心血管")
    reader = somebody(hub, admin, root)
    assert reader.experts.get(expert.id) == expert
    assert [e.id for e in reader.experts.find()] == [expert.id, other.id]
    assert [e.id for e in reader.experts.find(topic="healthy_life")] == [other.id]
    assert [e.id for e in reader.experts.find(region="510300")] == [expert.id]
    assert [e.id for e in reader.experts.find(organization=root, limit=1)] == [expert.id, other.id]
    for call in (lambda: hub.experts.get(expert.id), hub.experts.find):
        with pytest.raises(Denied) as caught:
            call()
        assert caught.value.code == "account.required"


def test_only_a_grant_to_reveal_shows_the_name_and_the_look_is_audited(hub, admin, root):
    expert = make(admin, root)
    reader = somebody(hub, admin, root, ["read", "edit"], region="510000")
    elsewhere = somebody(hub, admin, root, ["reveal"], region="510700")
    here = somebody(hub, admin, root, ["reveal"], region="510300")
    for desk in (reader, elsewhere, hub):
        with pytest.raises(Denied):
            desk.experts.reveal(expert.id)
    assert not looks(admin, expert)
    assert here.experts.reveal(expert.id) == NAME
    lines = looks(admin, expert)
    assert len(lines) == 1
    assert lines[0].organization == root
    assert lines[0].actor not in {"", "system"}


def test_creating_and_editing_need_their_grants_at_the_place(hub, admin, root):
    expert = make(admin, root)
    other = somebody(hub, admin, root, ["create", "edit"], region="510700")
    with pytest.raises(Denied) as caught:
        make(other, root)
    assert caught.value.code == "grant.missing"
    with pytest.raises(Denied):
        other.experts.edit(expert.id, capacity=0)
    assert make(other, root, region="510703").region == "510703"
    with pytest.raises(Denied):
        make(hub, root)


def test_editing_changes_the_profile_the_name_and_nothing_fixed(admin, root):
    expert = make(admin, root)
    edited = admin.experts.edit(expert.id, capacity=0, languages=("bo", "zh-Hans"))
    assert (edited.capacity, edited.languages) == (0, ("bo", "zh-Hans"))
    assert admin.experts.reveal(expert.id) == NAME
    admin.experts.edit(expert.id, name="司徒演示")
    assert admin.experts.reveal(expert.id) == "司徒演示"
    with pytest.raises(Conflict):
        admin.experts.edit(expert.id, version=expert.version, capacity=1)
    for field in ("organization", "region", "created_at"):
        with pytest.raises(Invalid) as caught:
            admin.experts.edit(expert.id, **{field: "x"})
        assert caught.value.code == "content.fixed"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", f"{NAME}教授"),
        ("profile", f"联系{NAME}"),
        ("keywords", ["木虱", NAME]),
        ("profile", "联系" + " ".join(NAME)),
        ("affiliations", ["\u3000".join(NAME)]),
        ("availability", "·".join(NAME)),
    ],
)
def test_a_name_does_not_stand_in_what_everybody_reads(admin, root, field, value):
    with pytest.raises(Invalid) as caught:
        make(admin, root, **{field: value})
    assert (caught.value.code, caught.value.path) == ("expert.name_public", field)
    assert NAME not in str(caught.value) + caught.value.text("zh") + repr(caught.value)
    expert = make(admin, root)
    with pytest.raises(Invalid):
        admin.experts.edit(expert.id, **{field: value})


def test_a_name_that_is_set_apart_is_the_same_name_and_letters_are_not_run_together(admin, root):
    for name, profile in (("王 伟", "王伟教授"), ("扎西·顿珠", "扎西 顿珠")):
        with pytest.raises(Invalid) as caught:
            make(admin, root, name=name, profile=profile)
        assert (caught.value.code, caught.value.path) == ("expert.name_public", "profile")
    assert make(admin, root, name="Li An", profile="Speaks Italian")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " "}, "field.too_short"),
        ({"name": "x" * 101}, "field.too_long"),
        ({"topics": ["nothing"]}, "term.unknown"),
        ({"languages": ["zh_CN"]}, "text.bad_language"),
        ({"capacity": -1}, "field.too_small"),
        ({"region": "999999"}, "region.unknown"),
        ({"organization": "org_none"}, "organization.unknown"),
    ],
)
def test_what_breaks_a_rule_names_its_field_and_stores_nothing(admin, root, change, code):
    with pytest.raises((Invalid, NotFound)) as caught:
        make(admin, root, **change)
    assert caught.value.code == code
    assert not admin.experts.find().items


def test_the_name_stands_nowhere_in_plain(hub, admin, root, caplog):
    with caplog.at_level(logging.DEBUG):
        expert = make(admin, root)
        admin.experts.edit(expert.id, capacity=2)
        admin.experts.reveal(expert.id)
        admin.experts.find().to_dicts()
    told = [codec.dumps(event).decode() for event in hub.as_system(reason="test").events]
    written = [codec.dumps(line).decode() for line in admin.audit.find()]
    shown = [repr(expert), str(expert), admin.experts.find()._repr_html_(), caplog.text]
    assert any("expert.created" in text for text in told)
    assert not [text for text in told + written + shown if NAME in text]
    sealed = expert.name.token
    assert sealed not in "".join(shown)

    def rows(tx):
        return [
            repr(row.keys) + (row.doc or b"").decode("utf-8", "replace")
            for kind in ALL_KINDS
            for row in tx.find(kind.name, Query(limit=1000))
        ]

    kept = hub._tools.store.run(rows, write=False)
    assert any(sealed in text for text in kept)
    assert not [text for text in kept if NAME in text]


def test_a_name_is_sealed_under_the_experts_own_key(hub, admin, root):
    one, other = make(admin, root), make(admin, root)
    assert one.name != other.name

    def forget(tx):
        tx.delete("subject_key", [(one.id, tx.get("subject_key", [one.id])[0].version)])

    hub._tools.store.run(forget, write=True)
    with pytest.raises(NotFound) as caught:
        admin.experts.reveal(one.id)
    assert caught.value.code == "subject.erased"
    assert admin.experts.reveal(other.id) == NAME
    assert admin.experts.get(one.id).title == "高级农艺师"


def test_a_profile_is_complete_and_shows_no_name(hub, admin, root):
    expert = make(
        admin,
        root,
        fields=["果树病理"],
        affiliations=["省农科院园艺所"],
        availability="每周三下午线上",
        appointed_from=date(2026, 1, 1),
        appointed_to=date(2028, 12, 31),
    )
    assert somebody(hub, admin, root).experts.get(expert.id) == expert
    for field in ("fields", "affiliations", "availability"):
        value = NAME if field == "availability" else [f"{NAME}工作室"]
        with pytest.raises(Invalid) as caught:
            admin.experts.edit(expert.id, **{field: value})
        assert (caught.value.code, caught.value.path) == ("expert.name_public", field)
    with pytest.raises(Invalid) as caught:
        admin.experts.edit(expert.id, appointed_to=date(2025, 1, 1))
    assert (caught.value.code, caught.value.path) == ("when.backwards", "appointed_to")


def test_only_who_is_published_and_in_office_is_shown_to_others(hub, admin, root):
    shown = make(admin, root)
    hidden = {
        "draft": make(admin, root, draft=True),
        "over": make(admin, root, appointed_to=date(2025, 12, 31)),
        "to come": make(admin, root, appointed_from=date(2026, 2, 1)),
        "suspended": make(admin, root),
    }
    admin.experts.suspend(hidden["suspended"].id, "本人申请")
    reader = somebody(hub, admin, root)
    keeper = somebody(hub, admin, root, ["read"], region="510000")
    assert [e.id for e in reader.experts.find()] == [shown.id]
    assert len(list(keeper.experts.find())) == 5
    assert [e.id for e in keeper.experts.find(state="draft")] == [hidden["draft"].id]
    for expert in hidden.values():
        assert keeper.experts.get(expert.id).id == expert.id
        with pytest.raises(NotFound):
            reader.experts.get(expert.id)
    need = admin.listings.add({"title": "柑橘木虱怎么防控", "kind": "need", "organization": root})
    matched = {m.id for m in admin.match(need.id, to="expert")}
    assert matched == {shown.id}


def test_a_profile_is_published_and_suspended_by_who_may(hub, admin, root):
    expert = make(admin, root, draft=True)
    editor = somebody(hub, admin, root, ["read", "edit"], region="510000")
    with pytest.raises(Denied):
        editor.experts.publish(expert.id)
    assert admin.experts.publish(expert.id).state == "published"
    with pytest.raises(Invalid, match=r"lifecycle\.reason"):
        admin.experts.suspend(expert.id, " ")
    stored = admin.experts.suspend(expert.id, "聘期内调离")
    assert (stored.state, stored.comment) == ("suspended", "聘期内调离")
    with pytest.raises(Invalid, match=r"possible from there: publish, edit"):
        admin.experts.suspend(expert.id, "再次")
    assert admin.experts.publish(expert.id).comment == ""


def test_what_an_expert_answered_is_listed_while_it_is_published(hub, admin, root):
    expert = make(admin, root)
    asked = hub.ask("木虱用什么药", region="510302").question
    admin.questions.route(asked, root, expert=expert.id)
    assert admin.experts.answered(expert.id) == []
    made = admin.resources.create(title="木虱用药指南", organization=root)
    admin.resources.submit(made.id)
    somebody(hub, admin, root)
    second = admin.accounts.create(organization=root)
    admin.accounts.grant(second.id, ["*"], region="510000")
    hub.as_(second.id).resources.approve(made.id)
    admin.resources.publish(made.id)
    admin.questions.answer(asked, made.id)
    found = somebody(hub, admin, root).experts.answered(expert.id)
    assert [(a.kind, a.id, a.title) for a in found] == [("resource", made.id, "木虱用药指南")]
    admin.resources.withdraw(made.id, "药剂停用")
    assert admin.experts.answered(expert.id) == []


def test_no_question_goes_to_who_is_not_in_office(hub, admin, root):
    expert = make(admin, root)
    admin.experts.suspend(expert.id, "出国访学")
    asked = hub.ask("木虱用什么药", region="510302").question
    assert admin.questions.get(asked).expert == ""
    with pytest.raises(Invalid) as caught:
        admin.questions.route(asked, root, expert=expert.id)
    assert (caught.value.code, caught.value.path) == ("expert.not_in_office", "expert")
    admin.experts.publish(expert.id)
    assert admin.questions.route(asked, root, expert=expert.id).expert == expert.id
