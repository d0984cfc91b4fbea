"""Which engines are asked for texts, with what, and what they need not be asked again."""

import logging
from datetime import timedelta

import pytest

from tianfu_sdk.errors import Denied
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.translation import Failed, Ok, TranslationCapabilities
from tianfu_sdk.testing import FrozenClock

BODY = "先躲在桌子下面。震后请走楼梯。"


class Engine:
    """An engine whose texts leave this process, as far as anybody knows."""

    def __init__(self, name="vendor", *, target="bo", third_party=True, **more):
        self.capabilities = TranslationCapabilities(
            name=name,
            pairs=frozenset({("zh-Hans", target)}),
            offline=False,
            third_party=third_party,
            **more,
        )
        self.batches = []
        self.fails = ""

    @property
    def texts(self):
        return [one.text for batch in self.batches for one in batch.segments]

    def translate(self, batch):
        self.batches.append(batch)
        if self.fails:
            return [Failed(id=one.id, kind=self.fails) for one in batch.segments]
        return [Ok(id=one.id, text=f"བོད་ {len(one.text)}") for one in batch.segments]


class Plugin:
    tianfu_api = 1

    def __init__(self, *engines):
        self.engines = engines

    @hookimpl
    def tianfu_register_translation(self, register):
        for engine in self.engines:
            register(engine.capabilities.name, lambda _, engine=engine: engine)


@pytest.fixture
def opened(stack, tmp_path):
    """Open hubs; on one file, where a test says so, each is a process to the others."""
    clock = FrozenClock()

    def call(*engines, **settings):
        names = [engine.capabilities.name for engine in engines]
        ours = {"engines": names, "third_party": True, "patience": 0.0} | settings
        return stack.enter_context(
            Hub.open(
                call.url,
                clock=clock,
                plugins=[Plugin(*engines)],
                settings={"translation": ours},
                discover=False,
            )
        )

    call.clock = clock
    call.url, call.file = "memory:", f"sqlite:///{tmp_path / 'kepu.db'}"
    return call


def published(hub, **fields):
    """Publish a content; give who may translate it, and it."""
    first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    chief = hub.as_(first.id)

    def person(*actions):
        account = chief.accounts.create(organization=first.organization)
        chief.accounts.grant(account.id, ["read", *actions], kinds=["*"], region="510000")
        return hub.as_(account.id)

    editor, second = person("create", "submit", "publish"), person("approve")
    return person("translate", "manage"), again(editor, second, first.organization, **fields)


def again(editor, second, organization, **fields):
    given = {"title": "地震来了", "body": BODY, "organization": organization} | fields
    draft = editor.resources.create(**given)
    editor.resources.submit(draft.id)
    second.resources.approve(draft.id)
    return editor.resources.publish(draft.id)


def health(hub, name="vendor"):
    (found,) = [one for one in hub.translations.health() if one.engine == name]
    return (found.asked, found.failed, found.remembered, found.kept)


class TestCache:
    def test_what_was_said_is_said_again_by_any_process(self, opened):
        opened.url = opened.file
        engine = Engine()
        hub = opened(engine)
        me, source = published(hub)
        first = me.translations.draft(me.translations.begin(source.id, "bo").id)
        assert len(engine.texts) == 3
        assert health(hub) == (3, 0, 0, 3)
        other = Engine()
        elsewhere = opened(other)
        me_there = elsewhere.as_(me._actor.account)
        me_there.translations.enter(first.id, {one.id: "" for one in first.segments})
        second = me_there.translations.draft(first.id)
        assert [one.target for one in second.segments] == [one.target for one in first.segments]
        assert {one.origin for one in second.segments} == {"vendor"}
        assert other.texts == []
        assert health(elsewhere) == (0, 0, 3, 3)

    def again(self, opened, first, second, **settings):
        """Draft by one engine, and by another one in another process; give what the second got."""
        opened.url = opened.file
        hub = opened(first)
        me, source = published(hub)
        task = me.translations.draft(me.translations.begin(source.id, "bo").id)
        there = opened(second, **settings).as_(me._actor.account).translations
        there.enter(task.id, {one.id: "" for one in task.segments if one.target})
        there.draft(task.id)
        return second.texts

    def test_another_version_is_asked_anew(self, opened):
        assert len(self.again(opened, Engine(), Engine(version="2"))) == 3

    def test_another_engine_is_asked_anew(self, opened):
        assert len(self.again(opened, Engine(), Engine("other"))) == 3

    def test_where_it_is_off_engines_are_asked_anew(self, opened):
        assert len(self.again(opened, Engine(), Engine(), cache_texts=0)) == 3

    def test_zero_days_is_off_too(self, opened):
        assert len(self.again(opened, Engine(), Engine(), cache_days=0)) == 3

    def test_a_failure_is_never_kept(self, opened):
        first, fallback = Engine(), Engine("fallback")
        first.fails = "rejected"
        hub = opened(first, fallback)
        me, source = published(hub)
        task = me.translations.draft(me.translations.begin(source.id, "bo").id)
        me.translations.enter(task.id, {one.id: "" for one in task.segments})
        first.fails = ""
        task = me.translations.draft(task.id)
        assert {one.origin for one in task.segments} == {"vendor"}
        assert health(hub) == (6, 3, 0, 3)

    def test_what_lapsed_is_asked_anew_and_goes(self, opened):
        engine = Engine()
        hub = opened(engine, cache_days=1)
        me, source = published(hub)
        task = me.translations.draft(me.translations.begin(source.id, "bo").id)
        opened.clock.tick(timedelta(days=1))
        me.translations.enter(task.id, {"s1": ""})
        me.translations.draft(task.id)
        assert len(engine.texts) == 4
        assert health(hub) == (4, 0, 0, 1)

    def test_there_are_no_more_rows_than_places(self, opened):
        engine = Engine()
        hub = opened(engine, cache_texts=2)
        me, source = published(hub, body="".join(f"第{n}句。" for n in range(20)))
        me.translations.draft(me.translations.begin(source.id, "bo").id)
        assert health(hub)[3] <= 2

    def test_it_is_cleared_by_who_may_manage(self, opened):
        hub = opened(Engine(), Engine("other"))
        me, source = published(hub)
        task = me.translations.begin(source.id, "bo")
        me.translations.draft(task.id, "vendor")
        with pytest.raises(Denied):
            hub.translations.clear_cache()
        assert me.translations.clear_cache("other") == 0
        assert me.translations.clear_cache("vendor") == 3
        assert me.translations.clear_cache() == 0
        assert health(hub)[3] == 0

    def test_it_is_in_no_dump(self, opened, tmp_path):
        hub = opened(Engine())
        me, source = published(hub)
        me.translations.draft(me.translations.begin(source.id, "bo").id)
        hub.as_system(reason="test").keeping.dump(tmp_path / "d.jsonl", media=False)
        assert "translation_cache" not in (tmp_path / "d.jsonl").read_text("utf-8")


class TestTerms:
    def asked(self, opened, engine, *terms, body=BODY):
        hub = opened(engine)
        me, source = published(hub, body=body)
        for word, said in terms:
            me.glossary.add(
                organization=source.organization,
                terms=[
                    {"language": "zh-Hans", "text": word},
                    {"language": "bo", "text": said},
                    {"language": "bo", "text": "མིན", "status": "forbidden"},
                ],
            )
        me.translations.draft(me.translations.begin(source.id, "bo").id)
        return me, engine.batches

    TERMS = (("楼梯", "ཐེམ་སྐས"), ("地震", "ས་ཡོམ"), ("洪水", "ཆུ་ལོག"))

    def test_those_of_its_texts_go_with_a_batch(self, opened):
        _, batches = self.asked(opened, Engine(terms=True, max_segments=1), *self.TERMS)
        assert [batch.terms for batch in batches] == [
            (("地震", "ས་ཡོམ"),),
            (),
            (("楼梯", "ཐེམ་སྐས"),),
        ]

    def test_an_engine_without_terms_gets_none(self, opened):
        _, batches = self.asked(opened, Engine(), *self.TERMS)
        assert {batch.terms for batch in batches} == {()}

    def test_no_more_than_so_many_go(self, opened):
        words = [(f"{chr(0x4E00 + n)}词", f"ཀ{n}") for n in range(60)]
        body = "".join(word for word, _ in words)
        _, batches = self.asked(opened, Engine(terms=True), *words, body=body)
        assert max(len(batch.terms) for batch in batches) == 50

    def test_with_other_terms_it_is_asked_anew(self, opened):
        engine = Engine(terms=True)
        me, _ = self.asked(opened, engine, self.TERMS[0])
        (concept,) = me.glossary.find()
        me.glossary.edit(
            concept.id,
            terms=[
                {"language": "zh-Hans", "text": "楼梯"},
                {"language": "bo", "text": "སྐས"},
            ],
        )
        (task,) = me.translations.tasks()
        me.translations.enter(task.id, {one.id: "" for one in task.segments})
        engine.batches.clear()
        me.translations.draft(task.id)
        assert engine.texts == ["震后请走楼梯。"]


class TestOneAfterAnother:
    @pytest.mark.parametrize("kind", ["rejected", "malformed", "echo", "quota", "transient"])
    def test_what_one_fails_at_goes_to_the_next(self, opened, kind):
        first, second = Engine(), Engine("second")
        first.fails = kind
        hub = opened(first, second)
        me, source = published(hub)
        task = me.translations.draft(me.translations.begin(source.id, "bo").id)
        assert {one.origin for one in task.segments} == {"second"}

    def test_it_does_not_go_where_text_may_not(self, opened):
        first, second = Engine(third_party=False), Engine("second")
        first.fails = "rejected"
        hub = opened(first, second, third_party=False)
        me, source = published(hub)
        with pytest.raises(Exception, match="rejected"):
            me.translations.draft(me.translations.begin(source.id, "bo").id)
        assert second.batches == []

    def test_each_segment_says_who_failed_at_it_and_how(self, opened):
        def some(batch, refused):
            return [
                Failed(id=one.id, kind=refused) if "楼梯" in one.text else Ok(id=one.id, text="བོད")
                for one in batch.segments
            ]

        first, second = Engine(), Engine("second")
        first.translate = lambda batch: some(batch, "rejected")
        second.translate = lambda batch: some(batch, "quota")
        hub = opened(first, second)
        me, source = published(hub)
        begun = me.translations.begin(source.id, "bo")
        task = me.translations.draft(begun.id)
        assert [one.comment for one in task.segments] == ["", "", "vendor: rejected; second: quota"]
        # Who works on it meanwhile is not in the way.
        done = me.translations.enter(task.id, {"s3": "ཐེམ"}, seen=begun)
        assert done.segment("s3").comment == ""


class TestStandingIn:
    @pytest.mark.parametrize("language", ["adx", "khg"])
    def test_amdo_and_khams_are_asked_for_as_tibetan_with_a_warning(self, opened, language, caplog):
        engine = Engine()
        hub = opened(engine)
        me, source = published(hub)
        with caplog.at_level(logging.WARNING, "tianfu_sdk.translations"):
            task = me.translations.draft(me.translations.begin(source.id, language).id)
        assert {batch.target for batch in engine.batches} == {"bo"}
        assert f"no {language}" in caplog.text
        assert {one.state.value for one in task.segments} == {"needs_work"}
        assert all("bo" in one.comment and language in one.comment for one in task.segments)

    def test_a_suggested_text_says_so_in_its_note(self, opened):
        hub = opened(Engine())
        me, source = published(hub)
        draft = me.translations.suggest(source.id, "adx")
        assert "bo" in draft.note

    def test_who_has_it_is_asked_for_it(self, opened):
        engine = Engine(target="adx")
        hub = opened(engine)
        me, source = published(hub)
        task = me.translations.draft(me.translations.begin(source.id, "adx").id)
        assert {batch.target for batch in engine.batches} == {"adx"}
        assert {one.state.value for one in task.segments} == {"machine_draft"}


class TestWithoutAnyEngine:
    """The memory and the glossary first: what is known already need not leave."""

    def known(self, opened, *engines, **settings):
        """Teach the memory one sentence and the glossary a title, and begin another task."""
        hub = opened(*engines, **settings)
        me, source = published(hub)
        task = me.translations.begin(source.id, "bo")
        me.translations.enter(task.id, {"s1": "ས་ཡོམ།", "s2": "ཅོག་ཙེ།", "s3": "ཐེམ་སྐས།"})
        chief = hub.as_system(reason="test")
        person = chief.accounts.create(organization=source.organization)
        chief.accounts.grant(person.id, ["read", "approve"], kinds=["*"], region="510000")
        hub.as_(person.id).translations.approve_task(task.id)
        me.glossary.add(
            organization=source.organization,
            terms=[{"language": "zh-Hans", "text": "会东县"}, {"language": "bo", "text": "ཧུའེ་ཏུང"}],
        )
        fields = {"title": "会东县", "body": "震后请走楼梯。请听广播。"}
        editor = chief.accounts.create(organization=source.organization)
        actions = ["read", "create", "submit", "publish"]
        chief.accounts.grant(editor.id, actions, kinds=["*"], region="510000")
        other = again(hub.as_(editor.id), hub.as_(person.id), source.organization, **fields)
        return me, me.translations.begin(other.id, "bo")

    def drafts(self, task):
        return [(one.origin, one.target) for one in task.segments]

    def test_they_come_before_engines(self, opened):
        engine = Engine()
        me, task = self.known(opened, engine)
        task = me.translations.draft(task.id)
        assert self.drafts(task)[:2] == [("glossary", "ཧུའེ་ཏུང"), ("memory", "ཐེམ་སྐས།")]
        assert engine.texts == ["请听广播。"]
        assert {one.state.value for one in task.segments} == {"machine_draft"}

    def test_without_an_engine_they_do_what_they_can(self, opened):
        me, task = self.known(opened)
        task = me.translations.draft(task.id)
        assert [one.state.value for one in task.segments] == ["machine_draft"] * 2 + ["empty"]
        assert task.segments[2].comment == "-: unsupported"

    @pytest.mark.parametrize(("name", "place"), [("glossary", 0), ("memory", 1)])
    def test_each_may_be_named(self, opened, name, place):
        engine = Engine()
        me, task = self.known(opened, engine)
        task = me.translations.draft(task.id, name)
        assert [one.origin for one in task.segments] == [
            name if n == place else "" for n in range(3)
        ]
        assert engine.texts == []

    def test_an_engine_that_is_named_is_asked_for_all(self, opened):
        engine = Engine()
        me, task = self.known(opened, engine)
        me.translations.draft(task.id, "vendor")
        assert len(engine.texts) == 3


def test_tibetan_is_written_in_latin_letters_and_back(opened):
    pytest.importorskip("pyewts")
    hub = opened()
    me, source = published(hub, title="བོད་སྐད།", body="{name}བོད་ཡིག།", language="bo")
    task = me.translations.draft(me.translations.begin(source.id, "bo-Latn").id, "wylie")
    assert [one.target for one in task.segments] == ["bod skad/", "{name}bod yig/"]
    assert {one.origin for one in task.segments} == {"script"}
