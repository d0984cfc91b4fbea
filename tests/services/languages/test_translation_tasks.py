"""Translation tasks: segment by segment, from the first draft to what readers get."""

import json
import threading
from importlib.resources import files

import pytest

from tianfu_sdk.errors import Conflict, Invalid, PluginError, TianfuError
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.model.translation import (
    Failed,
    Ok,
    SegmentState,
    TranslationCapabilities,
    TranslationState,
)
from tianfu_sdk.model.translation_task import TaskState
from tianfu_sdk.testing import FrozenClock

UDHR = json.loads(files("tianfu_sdk.cli").joinpath("demo/data/udhr.json").read_text("utf-8"))[
    "languages"
]
BODY = "地震时先躲在桌子下面。震后请走楼梯。\n请勿乘坐电梯，拨打119。"
SAID = {"s1": "ས་ཡོམ།", "s2": "ཅོག་ཙེའི་འོག་ཏུ།", "s3": "ཐེམ་སྐས།", "s4": "གློག་སྐས་མ་འགྲོ། 119།"}


class Engine:
    """An engine in this process."""

    capabilities = TranslationCapabilities(
        name="local", pairs=frozenset({("zh-Hans", "bo")}), offline=True, third_party=False
    )
    broken = False

    def translate(self, batch):
        if self.broken:
            return [Failed(id=s.id, kind="transient") for s in batch.segments]
        return [Ok(id=s.id, text="བོད་སྐད། 119།") for s in batch.segments]


class Vendor(Engine):
    """Somebody else's engine."""

    capabilities = TranslationCapabilities(
        name="vendor", pairs=frozenset({("zh-Hans", "bo")}), offline=False, third_party=True
    )

    def translate(self, batch):
        return [
            Failed(id=s.id, kind="rejected")
            if "电梯" in s.text
            else Ok(id=s.id, text=s.text if "{" in s.text else "བོད་ཡིག།")
            for s in batch.segments
        ]


class Plugin:
    tianfu_api = 1

    def __init__(self, engine):
        self.engine = engine

    @hookimpl
    def tianfu_register_translation(self, register):
        register("local", lambda _: self.engine)
        register("vendor", lambda _: Vendor())


class Cast:
    """A hub with those who translate, review and approve, and no more."""

    def __init__(self, way, **settings):
        self.clock = FrozenClock()
        self.engine = Engine()
        ours = {"translation": {"patience": 0.0} | settings}
        self.hub = way.open(clock=self.clock, plugins=[Plugin(self.engine)], settings=ours)
        admin = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.root = admin.organization
        self.admin = self.hub.as_(admin.id)
        self.editor = self.person(["create", "edit", "submit", "publish", "read"])
        self.second = self.person(["approve", "read"])
        self.translator = self.person(["translate", "read"], ["translation", "resource"])
        self.reviewer = self.person(["review", "read"], ["translation", "resource"])
        self.approver = self.person(["approve", "read"], ["translation", "resource"])

    def person(self, actions, kinds=("*",), region="510000"):
        account = self.admin.accounts.create(organization=self.root)
        self.admin.accounts.grant(account.id, actions, kinds=kinds, region=region)
        return self.hub.as_(account.id)

    def published(self, **fields):
        given = {"title": "地震来了", "body": BODY, "organization": self.root} | fields
        draft = self.editor.resources.create(**given)
        return self.through(draft.id)

    def through(self, id_):
        self.clock.tick()
        self.editor.resources.submit(id_)
        self.second.resources.approve(id_)
        return self.editor.resources.publish(id_)

    def revised(self, id_, **changes):
        self.editor.resources.edit(id_, **changes)
        return self.through(id_)

    def begun(self, **fields):
        source = self.published(**fields)
        return source, self.translator.translations.begin(source.id, "bo")

    def approved(self, **fields):
        source, task = self.begun(**fields)
        self.translator.translations.enter(task.id, SAID)
        return source, task, self.approver.translations.approve_task(task.id)


@pytest.fixture
def cast(way):
    return Cast(way)


def code(call, *args, **kwargs):
    with pytest.raises((TianfuError, PluginError)) as caught:
        call(*args, **kwargs)
    return caught.value.code


def states(task):
    return {one.id: one.state.value for one in task.segments}


def test_a_content_is_translated_reviewed_and_approved_segment_by_segment(cast):
    source, task = cast.begun()
    assert [one.source for one in task.segments] == [
        "地震来了",
        "地震时先躲在桌子下面。",
        "震后请走楼梯。",
        "请勿乘坐电梯，拨打119。",
    ]
    assert (task.state, dict(task.progress)) == (TaskState.OPEN, {"empty": 4})
    assert cast.translator.translations.begin(source.id, "bod") == task
    task = cast.translator.translations.enter(task.id, {"s1": SAID["s1"], "s2": SAID["s2"]})
    task = cast.translator.translations.enter(task.id, {"s3": "ཐེམ"}, unfinished=True)
    assert code(cast.approver.translations.approve_task, task.id) == "translation.unfinished"
    task = cast.reviewer.translations.review(task.id, ["s1"])
    task = cast.reviewer.translations.return_(task.id, {"s2": "译名不统一"})
    assert states(task) == {
        "s1": "reviewed",
        "s2": "needs_work",
        "s3": "needs_work",
        "s4": "empty",
    }
    assert task.segment("s2").comment == "译名不统一"
    rest = {id_: SAID[id_] for id_ in ("s2", "s3", "s4")}
    task = cast.translator.translations.enter(task.id, rest)
    assert (task.state, task.segment("s2").comment) == (TaskState.WAITING, "")
    task = cast.reviewer.translations.review(task.id)
    assert set(states(task).values()) == {"reviewed"}
    assert [t.id for t in cast.approver.translations.tasks(state="waiting")] == [task.id]
    assert cast.hub.translations.text(source.id, "bo").language == "zh-Hans"
    made = cast.approver.translations.approve_task(task.id, native_reviewed=True)
    assert (made.state, made.native_reviewed) == (TranslationState.APPROVED, True)
    shown = cast.hub.translations.text(source.id, "bo")
    assert (shown.title, shown.language) == (SAID["s1"], "bo")
    assert shown.body == f"{SAID['s2']} {SAID['s3']}\n{SAID['s4']}"
    task = cast.reviewer.translations.task(task.id)
    assert (task.state, task.translation) == (TaskState.APPROVED, made.id)
    lines = [line.action for line in cast.admin.audit.find(subject=made.id)]
    assert lines == ["translation.approved"]


def test_summary_and_further_texts_are_translated_too(cast):
    source, task = cast.begun(summary="先躲后撤。", disclaimer="示例")
    said = {one.id: f"བོད་ཡིག་{one.id}།" for one in task.segments if one.field != "body"}
    body = {one.id: SAID["s4"] for one in task.segments if one.field == "body"}
    cast.translator.translations.enter(task.id, said | body)
    cast.approver.translations.approve_task(task.id)
    shown = cast.hub.translations.text(source.id, "bo")
    assert shown.texts == {"summary": said["s2"], "disclaimer": said["s6"]}
    assert shown.disclaimer == "示例"


# Who may do what.


def test_grants_of_the_translation_say_who_does_what(cast):
    source, task = cast.begun()
    anybody, stranger = cast.hub.translations, cast.person(["read"], ["notice"]).translations
    assert code(anybody.task, task.id) == "account.required"
    assert code(anybody.tasks) == "account.required"
    assert code(stranger.task, task.id) == "noun.unknown"
    assert list(stranger.tasks()) == []
    assert code(cast.reviewer.translations.begin, source.id, "ii") == "grant.missing"
    assert code(cast.reviewer.translations.enter, task.id, {"s1": "x"}) == "grant.missing"
    assert code(cast.translator.translations.review, task.id) == "grant.missing"
    assert code(cast.translator.translations.return_, task.id, {"s1": "x"}) == "grant.missing"
    assert code(cast.reviewer.translations.approve_task, task.id) == "grant.missing"
    assert (
        code(cast.translator.translations.dismiss, task.id, "s1", "check.number") == "grant.missing"
    )
    elsewhere = cast.person(["translate", "read"], ["translation"], region="513400")
    assert code(elsewhere.translations.enter, task.id, {"s1": "x"}) == "noun.unknown"


def test_nobody_reviews_judges_or_approves_what_they_translated(cast):
    _, task = cast.begun()
    both = cast.person(["translate", "review", "approve", "read"]).translations
    cast.translator.translations.enter(task.id, {id_: SAID[id_] for id_ in ("s2", "s3", "s4")})
    both.enter(task.id, {"s1": SAID["s1"]})
    assert code(both.review, task.id) == "lifecycle.own_work"
    assert code(both.review, task.id, ["s1"]) == "lifecycle.own_work"
    assert code(both.dismiss, task.id, "s1", "check.number") == "lifecycle.own_work"
    assert states(both.review(task.id, ["s2"]))["s2"] == "reviewed"
    assert code(both.approve_task, task.id) == "lifecycle.own_work"
    system = cast.hub.as_system(reason="night job").translations
    assert code(system.review, task.id) == "lifecycle.system"
    assert code(system.approve_task, task.id) == "lifecycle.system"
    assert cast.approver.translations.approve_task(task.id).approver


def test_where_review_is_required_no_segment_gets_past_it(way):
    cast = Cast(way, review_required=True)
    _, task = cast.begun(body="震后请走楼梯。\n12345")
    cast.translator.translations.enter(task.id, {"s1": SAID["s1"], "s2": SAID["s3"]})
    with pytest.raises(Invalid) as caught:
        cast.approver.translations.approve_task(task.id)
    assert (caught.value.code, caught.value.path) == ("translation.unfinished", "segments.s1")
    cast.reviewer.translations.review(task.id)
    assert cast.approver.translations.approve_task(task.id).body.endswith("12345")


# Checks.


def test_an_error_keeps_it_from_being_approved_until_a_reviewer_finds_it_none(cast):
    _, task = cast.begun(body="详见 https://www.scst.cn/a。")
    cast.translator.translations.enter(task.id, {"s1": SAID["s1"], "s2": SAID["s2"]})
    (problem,) = cast.translator.translations.problems(task.id)
    assert (problem.code, problem.severity, problem.segment) == ("check.url", "error", "s2")
    with pytest.raises(Invalid) as caught:
        cast.approver.translations.approve_task(task.id)
    assert (caught.value.code, caught.value.path) == ("translation.checks_failed", "segments.s2")
    cast.reviewer.translations.dismiss(task.id, "s2", "check.url")
    assert cast.reviewer.translations.problems(task.id) == ()
    cast.translator.translations.enter(task.id, {"s2": SAID["s3"]})
    assert len(cast.translator.translations.problems(task.id)) == 1, "it was another text"
    cast.reviewer.translations.dismiss(task.id, "s2", "check.url")
    cast.approver.translations.approve_task(task.id)


def test_a_warning_does_not(cast):
    _, task = cast.begun()
    cast.translator.translations.enter(task.id, SAID | {"s4": SAID["s2"]})
    assert [p.code for p in cast.approver.translations.problems(task.id)] == ["check.number"]
    cast.approver.translations.approve_task(task.id)


def test_wrong_use_is_said_and_changes_nothing(cast):
    _, task = cast.begun()
    translator, reviewer = cast.translator.translations, cast.reviewer.translations
    with pytest.raises(Invalid) as caught:
        translator.enter(task.id, {"s1": "བོད།", "s9": "བོད།"})
    assert (caught.value.code, caught.value.path) == ("translation.no_segment", "texts.s9")
    assert code(translator.enter, task.id, {"s1": "བ" * 20_001}) == "field.too_long"
    assert code(reviewer.review, task.id, ["s1"]) == "translation.segment_state"
    assert code(reviewer.return_, task.id, {"s1": "x"}) == "translation.segment_state"
    assert code(reviewer.dismiss, task.id, "s1", "beauty") == "translation.no_check"
    translator.enter(task.id, {"s1": SAID["s1"]})
    assert code(reviewer.return_, task.id, {"s1": " "}) == "translation.no_comment"
    assert code(reviewer.tasks, state="done") == "field.choice"
    assert code(reviewer.task, "ttk_nothing") == "noun.unknown"
    assert states(reviewer.task(task.id)) == {
        "s1": "translated",
        "s2": "empty",
        "s3": "empty",
        "s4": "empty",
    }


# Several people at once.


def test_work_on_one_segment_is_never_overwritten_unseen(cast):
    _, task = cast.begun()
    other = cast.person(["translate", "read"]).translations
    cast.translator.translations.enter(task.id, {"s1": SAID["s1"]}, seen=task)
    other.enter(task.id, {"s2": SAID["s2"]}, seen=task)
    with pytest.raises(Conflict) as caught:
        other.enter(task.id, {"s1": SAID["s2"], "s3": SAID["s3"]}, seen=task)
    assert (caught.value.code, caught.value.path) == ("translation.segment_moved", "texts.s1")
    now = other.task(task.id)
    assert states(now) == {"s1": "translated", "s2": "translated", "s3": "empty", "s4": "empty"}
    assert now.segment("s1").target == SAID["s1"]
    other.enter(task.id, {"s1": SAID["s2"]}, seen=now)


def test_eight_at_once_each_on_a_segment_of_their_own_lose_nothing(cast):
    _, task = cast.begun(body="".join(f"第{n}句是这样的。" for n in range(8)))
    ids = [one.id for one in task.segments if one.field == "body"]
    failed = []

    def work(id_):
        try:
            cast.translator.translations.enter(task.id, {id_: f"བོད་ཡིག་{id_}།"}, seen=task)
        except TianfuError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(id_,)) for id_ in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found = cast.translator.translations.task(task.id)
    assert {id_: found.segment(id_).target for id_ in ids} == {id_: f"བོད་ཡིག་{id_}།" for id_ in ids}


# Engines.


def test_an_engine_drafts_and_a_person_confirms(cast):
    _, task = cast.begun()
    cast.translator.translations.enter(task.id, {"s1": SAID["s1"]})
    task = cast.translator.translations.draft(task.id, "local")
    assert set(list(states(task).values())[1:]) == {"machine_draft"}
    assert (task.segment("s1").origin, task.segment("s2").origin) == ("human", "local")
    assert code(cast.approver.translations.approve_task, task.id) == "translation.unfinished"
    task = cast.reviewer.translations.review(task.id)
    assert states(task)["s2"] == "machine_draft", "what a machine made is named to be reviewed"
    cast.reviewer.translations.review(task.id, ["s2", "s3"])
    cast.translator.translations.enter(task.id, {"s4": SAID["s4"]})
    made = cast.approver.translations.approve_task(task.id)
    assert made.body.startswith("བོད་སྐད།")


def test_who_had_an_engine_draft_may_not_confirm_it(cast):
    _, task = cast.begun()
    both = cast.person(["translate", "review", "read"]).translations
    both.draft(task.id, "local")
    assert code(both.review, task.id, ["s1"]) == "lifecycle.own_work"


def test_an_engine_that_fails_changes_nothing(cast):
    _, task = cast.begun()
    cast.engine.broken = True
    assert code(cast.translator.translations.draft, task.id, "local") == "translation.transient"
    assert code(cast.translator.translations.draft, task.id) == "translation.engine_required"
    assert code(cast.translator.translations.draft, task.id, "nobody") == "plugin.unknown"
    assert cast.translator.translations.task(task.id) == task


def test_engines_of_the_settings_are_asked_in_their_order(way):
    cast = Cast(way, engines=["vendor", "local"])
    _, task = cast.begun()
    task = cast.translator.translations.draft(task.id)
    assert {one.origin for one in task.segments} == {"local"}, "text does not leave unasked"


def test_what_one_engine_fails_at_the_next_one_does(way):
    cast = Cast(way, engines=["local", "vendor"], third_party=True)
    cast.engine.broken = True
    _, task = cast.begun()
    task = cast.translator.translations.draft(task.id)
    assert [(one.state.value, one.origin) for one in task.segments] == [
        ("machine_draft", "vendor"),
        ("machine_draft", "vendor"),
        ("machine_draft", "vendor"),
        ("empty", ""),
    ]


def test_where_a_placeholder_was_lost_a_draft_is_to_be_worked_on(cast):
    _, task = cast.begun(title="{place}的地震", body="请去{place}。")
    cast.engine.translate = lambda batch: [Ok(id=s.id, text="བོད།") for s in batch.segments]
    task = cast.translator.translations.draft(task.id, "local")
    assert set(states(task).values()) == {"needs_work"}
    found = {p.code for p in cast.translator.translations.problems(task.id)}
    assert "check.placeholder" in found


# New revisions, and texts that were entered as a whole.


def test_a_new_revision_marks_what_was_changed_and_readers_keep_what_was_approved(cast):
    source, task, made = cast.approved()
    cast.revised(source.id, body=BODY.replace("请走楼梯", "请快走楼梯") + "请听广播。")
    task = cast.translator.translations.task(task.id)
    assert states(task) == {
        "s1": "approved",
        "s2": "approved",
        "s3": "needs_work",
        "s4": "approved",
        "s5": "empty",
    }
    assert task.segment("s3").previous_source == "震后请走楼梯。"
    assert (task.state, task.source_revision) == (TaskState.OPEN, 2)
    old = cast.hub.translations.text(source.id, "bo", outdated=True)
    assert (old.outdated, old.title) == (True, SAID["s1"])
    assert cast.hub.translations.get(made.id).state is TranslationState.OUTDATED
    cast.translator.translations.enter(task.id, {"s3": "མྱུར་དུ།", "s5": "ཉན།"})
    again = cast.approver.translations.approve_task(task.id)
    assert (again.id, again.state, again.source_revision) == (made.id, "approved", 2)
    shown = cast.hub.translations.text(source.id, "bo")
    assert (shown.outdated, shown.body.split()[-1]) == (False, "ཉན།")


def test_a_revision_that_changes_no_sentence_needs_an_approval_only(cast):
    source, task, _ = cast.approved()
    cast.revised(source.id, keywords=["地震"])
    task = cast.translator.translations.task(task.id)
    assert (task.state, set(states(task).values())) == (TaskState.WAITING, {"approved"})
    cast.approver.translations.approve_task(task.id)
    assert not cast.hub.translations.text(source.id, "bo").outdated


def test_a_translation_that_was_entered_as_a_whole_is_taken_up(cast):
    source = cast.published()
    whole = {"title": SAID["s1"], "body": f"{SAID['s2']} {SAID['s3']}\n{SAID['s4']}"}
    draft = cast.translator.translations.create(source.id, language="bo", **whole)
    cast.approver.translations.approve(draft.id)
    cast.revised(source.id, title="地震到来")
    task = cast.translator.translations.begin(source.id, "bo")
    assert states(task) == {
        "s1": "needs_work",
        "s2": "approved",
        "s3": "approved",
        "s4": "approved",
    }
    assert task.segment("s2").target == SAID["s2"]


def test_a_whole_text_and_a_task_do_not_run_over_each_other(cast):
    source, task = cast.begun()
    whole = {"language": "bo", "title": SAID["s1"], "body": SAID["s2"]}
    assert code(cast.translator.translations.create, source.id, **whole) == "translation.task_open"
    cast.translator.translations.enter(task.id, SAID)
    made = cast.approver.translations.approve_task(task.id)
    edited = cast.translator.translations.edit(made.id, body=SAID["s3"])
    assert edited.state is TranslationState.DRAFT
    assert code(cast.translator.translations.task, task.id) == "noun.unknown"
    again = cast.translator.translations.begin(source.id, "bo")
    assert SAID["s3"] in [one.target for one in again.segments]
    assert {one.state for one in again.segments if one.target} == {SegmentState.TRANSLATED}


def test_tasks_are_paged_by_language_and_content(cast):
    sources = [cast.published(title=f"第{n}篇") for n in range(3)]
    bo = [cast.translator.translations.begin(s.id, "bo").id for s in sources]
    ii = cast.translator.translations.begin(sources[0].id, "ii").id
    tasks = cast.translator.translations.tasks
    assert {t.id for t in tasks(limit=1)} == {*bo, ii}
    assert {t.id for t in tasks(language="bo", limit=2)} == set(bo)
    assert {t.id for t in tasks(source=sources[0].id)} == {bo[0], ii}
    assert list(tasks(state="approved")) == []
    assert "地震" not in repr(cast.translator.translations.task(ii))
