"""Translations: entered by one, approved by another, found by who reads the language."""

import json
from datetime import date
from importlib.resources import files

import pytest

from tianfu_sdk.backends.offline_translation import OpenccTranslator
from tianfu_sdk.core.languages import segmenting
from tianfu_sdk.errors import (
    BackendError,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    PluginError,
    QuotaExceeded,
    RateLimited,
    TianfuError,
    Unavailable,
    Unsupported,
)
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.translation import (
    Coverage,
    Failed,
    Missing,
    Ok,
    TranslationCapabilities,
    TranslationState,
)
from tianfu_sdk.testing import FrozenClock

UDHR = json.loads(files("tianfu_sdk.cli").joinpath("demo/data/udhr.json").read_text("utf-8"))[
    "languages"
]
BO, II, ZH = UDHR["bo"], UDHR["ii"], UDHR["zh-Hans"]


class Engine:
    """An engine over HTTP that does what its vendor answers."""

    capabilities = TranslationCapabilities(
        name="vendor",
        pairs=frozenset({("zh-Hans", "bo")}),
        offline=False,
        third_party=True,
        max_segments=2,
        max_characters=400,
    )

    def request(self, batch):
        body = json.dumps([s.text for s in batch.segments]).encode()
        return HttpRequest(method="POST", url="https://mt.invalid/", body=body)

    def result(self, batch, response):
        answers = json.loads(response.body)
        return [
            Ok(id=s.id, text=a)
            if isinstance(a, str)
            else Failed(id=s.id, kind=a["kind"], retry_after=3.0)
            for s, a in zip(batch.segments, answers, strict=False)
        ]


class Plugin:
    tianfu_api = 1

    @hookimpl
    def tianfu_register_translation(self, register):
        register("vendor", lambda _: Engine())


class Network:
    """Answers for the vendor, and tells whether a transaction was open meanwhile."""

    def __init__(self):
        self.answer = lambda texts: [BO["title"] for _ in texts]
        self.sent = []
        self.meanwhile = None

    def send(self, request, *, timeout):
        texts = json.loads(request.body)
        self.sent.append(texts)
        if self.meanwhile:
            self.meanwhile()
        return HttpResponse(status=200, body=json.dumps(self.answer(texts)).encode())

    def close(self):
        pass


class Cast:
    """A hub with its people: who may do what, no more."""

    def __init__(self, way):
        self.clock = FrozenClock()
        self.network = Network()
        settings = {"translation": {"patience": 0.0}}
        self.hub = way.open(
            clock=self.clock, plugins=[Plugin()], transport=self.network, settings=settings
        )
        admin = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.root = admin.organization
        self.admin = self.hub.as_(admin.id)
        self.editor = self.person(["create", "edit", "submit", "publish", "withdraw", "read"])
        self.reviewer = self.person(["approve", "read"])
        self.translator = self.person(["translate", "read"])
        self.stranger = self.person([])

    def person(self, actions, kinds=("*",), region="510000"):
        account = self.admin.accounts.create(organization=self.root)
        if actions:
            self.admin.accounts.grant(account.id, actions, kinds=kinds, region=region)
        return self.hub.as_(account.id)

    def approved(self, **fields):
        given = {"title": ZH["title"], "body": ZH["body"], "organization": self.root} | fields
        desk = self.editor.resources
        draft = desk.create(**given)
        desk.submit(draft.id)
        return self.reviewer.resources.approve(draft.id)

    def published(self, **fields):
        self.clock.tick()
        return self.editor.resources.publish(self.approved(**fields).id)

    def revised(self, id_, **changes):
        self.editor.resources.edit(id_, **changes)
        self.editor.resources.submit(id_)
        self.reviewer.resources.approve(id_)
        return self.editor.resources.publish(id_)

    def translated(self, source, language="bo", text=None, **more):
        text = text or UDHR[language]
        draft = self.translator.translations.create(
            source, language=language, title=text["title"], body=text["body"], **more
        )
        return self.reviewer.translations.approve(draft.id)

    def asked(self, language):
        return list(self.hub.ask(UDHR[language]["ask"], language=language))


@pytest.fixture
def cast(way):
    return Cast(way)


def code(call, *args, **kwargs):
    with pytest.raises((TianfuError, PluginError)) as caught:
        call(*args, **kwargs)
    return caught.value.code


# Entering and approving.


@pytest.mark.parametrize("language", ["bo", "ii"])
def test_an_approved_translation_is_found_in_its_language_with_the_sources_id(cast, language):
    source = cast.published(disclaimer="示例")
    draft = cast.translator.translations.create(
        source.id,
        language=language,
        title=UDHR[language]["title"],
        body=UDHR[language]["body"],
    )
    assert (draft.state, draft.origin, draft.source_revision) == ("draft", "human", 1)
    assert cast.asked(language) == []
    approved = cast.reviewer.translations.approve(draft.id)
    assert approved.state is TranslationState.APPROVED
    (answer,) = cast.asked(language)
    assert (answer.id, answer.kind, answer.language) == (source.id, "resource", language)
    assert answer.title == UDHR[language]["title"]
    assert UDHR[language]["ask"].rstrip("་") in answer.passage
    assert (answer.disclaimer, answer.reviewed_by_native) == ("示例", False)


def test_a_question_in_tibetan_is_answered_in_tibetan_without_being_told(cast):
    source = cast.published()
    cast.translated(source.id)
    (answer,) = cast.hub.ask(BO["ask"])
    assert (answer.id, answer.language) == (source.id, "bo")
    (original,) = cast.hub.ask(ZH["ask"], language="zh-Hans")
    assert (original.language, original.reviewed_by_native) == ("zh-Hans", None)


def test_a_translation_made_before_publication_comes_out_with_it(cast):
    source = cast.approved()
    made = cast.translated(source.id)
    assert cast.asked("bo") == []
    assert code(cast.hub.translations.get, made.id) == "noun.unknown"
    cast.editor.resources.publish(source.id)
    assert [a.id for a in cast.asked("bo")] == [source.id]
    assert cast.hub.translations.get(made.id).title == BO["title"]


def test_who_entered_it_may_not_approve_it_by_any_account(cast):
    source = cast.published()
    account = cast.admin.accounts.create(organization=cast.root)
    cast.admin.accounts.grant(account.id, ["*"], region="510000")
    both = cast.hub.as_(account.id)
    draft = both.translations.create(source.id, language="bo", **_text("bo"))
    assert code(both.translations.approve, draft.id) == "lifecycle.own_work"
    second = cast.admin.accounts.create(organization=cast.root, person=account.person)
    cast.admin.accounts.grant(second.id, ["*"], region="510000")
    other = cast.hub.as_(second.id)
    assert code(other.translations.approve, draft.id) == "lifecycle.own_work"
    system = cast.hub.as_system(reason="night job")
    assert code(system.translations.approve, draft.id) == "lifecycle.system"
    assert cast.reviewer.translations.approve(draft.id).approver != draft.translator
    assert code(cast.reviewer.translations.approve, draft.id) == "lifecycle.illegal"


def _text(language):
    return {"title": UDHR[language]["title"], "body": UDHR[language]["body"]}


def test_rights_are_of_the_translation_at_the_sources_place(cast):
    source = cast.published(region="513300")
    enter = {"language": "bo", **_text("bo")}
    here = cast.person(["translate"], ["translation"], region="513300")
    elsewhere = cast.person(["translate", "approve"], ["translation"], region="513400")
    for who, wanted in (
        (cast.hub, "account.required"),
        (cast.stranger, "grant.missing"),
        (cast.editor, "grant.missing"),
        (elsewhere, "grant.missing"),
    ):
        assert code(who.translations.create, source.id, **enter) == wanted
    draft = here.translations.create(source.id, **enter)
    assert code(here.translations.approve, draft.id) in ("grant.missing", "noun.unknown")
    assert code(elsewhere.translations.approve, draft.id) == "noun.unknown"
    assert code(cast.hub.translations.edit, draft.id, title="x") == "account.required"


def test_what_is_still_a_draft_is_not_translated(cast):
    draft = cast.editor.resources.create(title="草稿", body="正文", organization=cast.root)
    enter = {"language": "bo", **_text("bo")}
    both = cast.person(["translate", "read"])
    assert code(both.translations.create, draft.id, **enter) == "translation.unsettled"
    cast.editor.resources.submit(draft.id)
    assert code(both.translations.create, draft.id, **enter) == "translation.unsettled"
    assert code(cast.hub.translations.create, draft.id, **enter) == "noun.unknown"


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"language": "zh-CN"}, "translation.same_language"),
        ({"language": "zh"}, "translation.same_language"),
        ({"language": "bo_CN"}, "text.bad_language"),
        ({"title": ""}, "field.too_short"),
        ({"title": "བ" * 401}, "field.too_long"),
        ({"note": "x" * 501}, "field.too_long"),
    ],
)
def test_a_bad_translation_is_refused(cast, change, wanted):
    source = cast.published()
    fields = {"language": "bo", **_text("bo")} | change
    assert code(cast.translator.translations.create, source.id, **fields) == wanted
    assert code(cast.translator.translations.create, "org_1", **fields) in (
        "translation.no_source",
        "text.bad_language",
    )


def test_one_translation_a_language_whatever_its_spelling(cast):
    source = cast.published()
    first = cast.translator.translations.create(source.id, language="bod", **_text("bo"))
    assert first.language == "bo"
    with pytest.raises(Conflict) as caught:
        cast.translator.translations.create(source.id, language="bo-CN", **_text("bo"))
    assert (caught.value.code, caught.value.values["owner"]) == ("unique.taken", first.id)
    other = cast.translator.translations.create(source.id, language="ii", **_text("ii"))
    assert other.id != first.id


@pytest.mark.parametrize(
    ("language", "body", "path"),
    [
        ("bo", II["body"], "body"),
        ("bo", ZH["body"], "body"),
        ("ii", BO["body"], "body"),
        ("ii", "Nuosu bburma", "body"),
        ("khg", ZH["body"], "body"),
        ("zh-Hant", BO["body"], "body"),
        ("bo", "", "title"),
    ],
)
def test_a_text_in_another_script_is_not_approved(cast, language, body, path):
    source = cast.published()
    made = cast.translator.translations.create(source.id, language=language, title="X", body=body)
    with pytest.raises(Invalid) as caught:
        cast.reviewer.translations.approve(made.id)
    assert (caught.value.code, caught.value.path) == ("translation.wrong_script", path)
    assert cast.translator.translations.get(made.id).state is TranslationState.DRAFT


def test_borrowed_words_and_numbers_do_not_make_another_script(cast):
    source = cast.published()
    text = {"title": "HPV", "body": BO["body"][:200] + " HPV 5G COVID-19 120 (急救)"}
    assert cast.translated(source.id, text=text).state is TranslationState.APPROVED


# Changing.


def test_an_edit_takes_an_approved_translation_back_to_draft(cast):
    source = cast.published()
    made = cast.translated(source.id, native_reviewed=True)
    assert made.native_reviewed
    noted = cast.translator.translations.edit(made.id, note="checked")
    assert (noted.state, noted.native_reviewed, noted.approver) == ("draft", True, "")
    assert cast.asked("bo") == []
    assert code(cast.hub.translations.get, made.id) == "noun.unknown"
    changed = cast.translator.translations.edit(made.id, title="བོད་སྐད་", version=noted.version)
    assert not changed.native_reviewed
    stale = {"title": "x", "version": noted.version}
    assert code(cast.translator.translations.edit, made.id, **stale) == "storage.version"
    again = cast.reviewer.translations.approve(made.id, native_reviewed=True)
    assert again.native_reviewed
    (answer,) = cast.asked("bo")
    assert (answer.title, answer.reviewed_by_native) == ("བོད་སྐད་", True)


def test_who_edits_last_may_not_approve(cast):
    source = cast.published()
    made = cast.translator.translations.create(source.id, language="bo", **_text("bo"))
    both = cast.person(["translate", "approve", "read"])
    both.translations.edit(made.id, body=BO["body"] + BO["body"])
    assert code(both.translations.approve, made.id) == "lifecycle.own_work"


def test_a_new_revision_makes_the_old_translation_outdated(cast):
    source = cast.published()
    made = cast.translated(source.id)
    cast.editor.resources.edit(source.id, body="新的正文。")
    assert [a.id for a in cast.asked("bo")] == [source.id], "the old revision is still out"
    cast.editor.resources.submit(source.id)
    cast.reviewer.resources.approve(source.id)
    cast.editor.resources.publish(source.id)
    assert cast.asked("bo") == []
    old = cast.hub.translations.get(made.id)
    assert (old.state, old.source_revision) == (TranslationState.OUTDATED, 1)
    assert [t.id for t in cast.hub.translations.find(state="outdated")] == [made.id]
    assert code(cast.translator.translations.edit, made.id, title="x") == "translation.outdated"
    assert code(cast.reviewer.translations.approve, made.id) == "translation.outdated"
    assert "translation.outdated" in [e.type for _, e in cast.admin.events.read(limit=1000)]


def test_a_draft_of_an_old_revision_is_not_approved(cast):
    source = cast.published()
    draft = cast.translator.translations.create(source.id, language="bo", **_text("bo"))
    cast.revised(source.id, body="新的正文。")
    assert code(cast.reviewer.translations.approve, draft.id) == "translation.outdated"
    assert cast.translator.translations.get(draft.id).state is TranslationState.DRAFT


def test_creating_again_brings_it_up_to_date_under_the_same_id(cast):
    source = cast.published()
    made = cast.translated(source.id, native_reviewed=True)
    cast.revised(source.id, title="新题")
    renewed = cast.translator.translations.create(source.id, language="bo", **_text("bo"))
    assert (renewed.id, renewed.source_revision, renewed.state) == (made.id, 2, "draft")
    assert not renewed.native_reviewed
    assert renewed.version > made.version
    assert renewed.created_at == made.created_at
    cast.reviewer.translations.approve(made.id)
    assert [a.id for a in cast.asked("bo")] == [source.id]
    lines = [line.action for line in cast.admin.audit.find(subject=made.id)]
    assert sorted(lines) == [
        "translation.approved",
        "translation.approved",
        "translation.created",
        "translation.outdated",
        "translation.renewed",
    ]


@pytest.mark.parametrize("verb", ["withdraw", "retract", "archive"])
def test_when_the_source_goes_its_translations_go(cast, verb):
    source = cast.published()
    made = cast.translated(source.id)
    channel = cast.admin.channels.create(name="藏文", organization=cast.root, language="bo")
    assert [i.id for i in cast.hub.channels.items(channel.id)] == [source.id]
    step = getattr(cast.editor.resources, verb)
    step(source.id) if verb == "archive" else step(source.id, "有误")
    assert cast.asked("bo") == []
    assert list(cast.hub.channels.items(channel.id)) == []
    assert code(cast.hub.translations.get, made.id) == "noun.unknown"
    assert code(cast.hub.translations.text, source.id, "bo") == "noun.unknown"
    assert list(cast.hub.translations.find()) == []
    assert cast.translator.translations.get(made.id).state is TranslationState.APPROVED


# Reading.


def test_anybody_finds_what_is_public_and_accounts_what_they_may_read(cast):
    first, second = cast.published(), cast.published()
    public = cast.translated(first.id)
    draft = cast.translator.translations.create(second.id, language="bo", **_text("bo"))
    yi = cast.translated(first.id, "ii")
    assert {t.id for t in cast.hub.translations.find()} == {public.id, yi.id}
    assert {t.id for t in cast.stranger.translations.find()} == {public.id, yi.id}
    find = cast.translator.translations.find
    assert {t.id for t in find(language="bod")} == {public.id, draft.id}
    assert {t.id for t in find(source=first.id)} == {public.id, yi.id}
    assert [t.id for t in find(state="draft", limit=1)] == [draft.id]
    assert len(find(limit=1).items) == 1
    assert {t.id for t in find(limit=1)} == {public.id, yi.id, draft.id}
    assert code(find, state="done") == "field.choice"


def test_the_best_form_says_its_language_and_never_shows_a_draft(cast):
    source = cast.published(disclaimer="示例")
    read = cast.hub.translations.text
    plain = read(source.id, "bo")
    assert (plain.language, plain.asked, plain.translated) == ("zh-Hans", "bo", False)
    draft = cast.translator.translations.create(source.id, language="bo", **_text("bo"))
    assert read(source.id, "bo").language == "zh-Hans"
    cast.reviewer.translations.approve(draft.id)
    found = read(source.id, "bo-CN")
    assert (found.language, found.title, found.body) == ("bo", BO["title"], BO["body"])
    assert (found.translated, found.outdated, found.reviewed_by_native) == (True, False, False)
    assert found.disclaimer == "示例"
    khams = read(source.id, "khg")
    assert (khams.asked, khams.language) == ("khg", "bo")
    assert read(source.id, "zh").language == "zh-Hans"
    assert read(source.id, "ii").language == "zh-Hans"
    several = read(source.id, ["ii", "adx", "zh"])
    assert (several.asked, several.language) == ("ii", "bo")
    assert read(source.id, ["ii", "zh", "bo"]).language == "zh-Hans"


def test_an_outdated_form_is_given_only_on_request_and_marked(cast):
    source = cast.published()
    cast.translated(source.id)
    cast.revised(source.id, title="新题")
    assert cast.hub.translations.text(source.id, "bo").title == "新题"
    old = cast.hub.translations.text(source.id, "bo", outdated=True)
    assert (old.language, old.outdated) == ("bo", True)


def test_an_original_in_tibetan_is_read_in_tibetan_and_shown_to_all(cast):
    source = cast.published(**_text("bo"), language="bo-CN")
    assert source.language == "bo"
    for asked in ("bo", "ii", "zh-Hans", "en"):
        found = cast.hub.translations.text(source.id, asked)
        assert (found.language, found.translated) == ("bo", False)
    (answer,) = cast.asked("bo")
    assert answer.reviewed_by_native is None


# What is missing.


def test_what_is_missing_is_listed_with_its_reason(cast):
    done, draft, old, none = (cast.published(title=f"第{n}篇") for n in range(4))
    cast.published(title="已过期", expires_on=date(2026, 1, 2))
    cast.published(**_text("bo"), language="bo")
    cast.approved(title="未发布")
    cast.translated(done.id)
    cast.translator.translations.create(draft.id, language="bo", **_text("bo"))
    cast.translated(old.id)
    cast.clock.set(cast.clock.now().replace(day=2))
    cast.revised(old.id, body="新的正文。")
    notice = _notice(cast)
    missing = cast.translator.translations.missing
    assert list(missing("bo")) == [
        Missing("resource", old.id, "第2篇", "bo", "outdated"),
        Missing("resource", none.id, "第3篇", "bo", "missing"),
        Missing("resource", draft.id, "第1篇", "bo", "draft"),
        Missing("notice", notice.id, "通知", "bo", "missing"),
    ]
    assert list(missing("bo", limit=1)) == list(missing("bo"))
    assert [m.id for m in missing("bo", kind="notice")] == [notice.id]
    assert list(missing("bo", region="513300")) == []
    assert len(list(missing("ii"))) == 6
    assert cast.translator.translations.coverage(["bod", "ii"]) == (
        Coverage(language="bo", published=5, approved=1, draft=1, outdated=1, missing=2),
        Coverage(language="ii", published=6, approved=0, draft=0, outdated=0, missing=6),
    )
    here = cast.translator.translations.coverage(["bo"], region="513300")
    assert (here[0].published, here[0].missing) == (0, 0)


def _notice(cast):
    draft = cast.editor.notices.create(title="通知", body="正文", organization=cast.root)
    cast.editor.notices.submit(draft.id)
    cast.reviewer.notices.approve(draft.id)
    return cast.editor.notices.publish(draft.id)


def test_pages_of_what_is_missing_go_over_all_kinds_and_batches(cast):
    many = [{"title": f"第{n}篇", "body": "正文", "organization": cast.root} for n in range(120)]
    for content in cast.editor.resources.add_many(many):
        cast.editor.resources.submit(content.id)
        cast.reviewer.resources.approve(content.id)
        cast.editor.resources.publish(content.id)
    _notice(cast)
    page = cast.translator.translations.missing("ii", limit=50)
    assert len(page.items) == 50
    found = [m.id for m in page]
    assert len(found) == len(set(found)) == 121
    again = cast.translator.translations.missing("ii", limit=50, after=page.cursor)
    assert [m.id for m in again.items] == found[50:100]


def test_what_is_missing_is_for_accounts_within_their_grants(cast):
    cast.published(region="513300")
    cast.published(region="513400")
    local = cast.person(["read"], ["translation"], region="513300")
    assert code(cast.hub.translations.missing, "bo") == "account.required"
    assert code(cast.hub.translations.coverage) == "account.required"
    assert code(cast.stranger.translations.coverage) == "grant.missing"
    assert list(cast.stranger.translations.missing("bo")) == []
    assert len(list(local.translations.missing("bo"))) == 1
    assert len(list(cast.hub.as_system(reason="report").translations.missing("bo"))) == 2
    missing = cast.admin.translations.missing
    assert code(missing, "bo", kind="person") == "content.bad_kind"
    assert code(missing, "bo", region="999999") == "region.unknown"
    for after in ("x", "[1]", '["resource","a"]', '[["person",1],"a"]', '[["resource","1"],"a"]'):
        assert code(missing, "bo", after=after) == "page.bad_cursor"
    for limit in (0, 1001):
        assert code(missing, "bo", limit=limit) == "storage.limit"


def test_coverage_is_of_tibetan_yi_and_what_channels_speak(cast):
    cast.admin.channels.create(name="繁体", organization=cast.root, language="zh-TW")
    cast.admin.channels.create(name="藏文", organization=cast.root, language="bo")
    found = [c.language for c in cast.translator.translations.coverage()]
    assert found == ["bo", "ii", "zh-Hant"]


# Engines.


def test_the_converter_drafts_traditional_chinese_and_a_person_approves(cast):
    source = cast.published(title="头发与发展", body="软件。\n\n  后面的皇后。\n")
    draft = cast.translator.translations.suggest(source.id, "zh-TW")
    assert (draft.language, draft.origin, draft.state) == ("zh-Hant", "script", "draft")
    assert (draft.title, draft.body) == ("頭髮與發展", "軟件。\n\n  後面的皇后。\n")
    assert code(cast.translator.translations.suggest, source.id, "zh-TW") == "unique.taken"
    assert code(cast.translator.translations.approve, draft.id) == "grant.missing"
    cast.reviewer.translations.approve(draft.id)
    assert cast.hub.translations.text(source.id, "zh-TW").title == "頭髮與發展"
    regional = cast.translator.translations.suggest(source.id, "zh-Hant-TW", "opencc")
    assert "軟體" in regional.body
    assert cast.network.sent == []


def test_tibetan_needs_an_engine_that_somebody_named(cast):
    source = cast.published()
    suggest = cast.translator.translations.suggest
    with pytest.raises(Invalid) as caught:
        suggest(source.id, "bo")
    assert caught.value.code == "translation.engine_required"
    assert caught.value.values["offered"] == "opencc, pseudo, vendor, wylie"
    with pytest.raises(Unsupported):
        suggest(source.id, "bo", "opencc")
    with pytest.raises(Unsupported):
        suggest(source.id, "ii", "vendor")
    with pytest.raises(PluginError):
        suggest(source.id, "bo", "nobody")
    assert cast.network.sent == []


def test_an_engine_is_asked_in_batches_that_it_takes_outside_any_transaction(cast):
    source = cast.published(summary="要点")
    cast.network.meanwhile = lambda: cast.editor.resources.create(
        title="同时写入", organization=cast.root
    )
    draft = cast.translator.translations.suggest(source.id, "bo", "vendor")
    assert (draft.origin, draft.state, draft.source_revision) == ("vendor", "draft", 1)
    lines = [line for line in ZH["body"].split("\n") if line]
    assert [text for texts in cast.network.sent for text in texts] == [ZH["title"], *lines]
    assert max(map(len, cast.network.sent)) <= 2
    assert draft.body.count("\n") == ZH["body"].count("\n")
    assert code(cast.translator.translations.approve, draft.id) == "grant.missing"
    assert cast.asked("bo") == []


def test_who_had_an_engine_draft_it_may_not_approve_it(cast):
    source = cast.published()
    both = cast.person(["translate", "approve", "read"])
    draft = both.translations.suggest(source.id, "bo", "vendor")
    assert code(both.translations.approve, draft.id) == "lifecycle.own_work"


@pytest.mark.parametrize(
    ("answer", "error", "wanted"),
    [
        (lambda texts: texts, BackendError, "translation.malformed"),
        (lambda texts: texts[1:], BackendError, "translation.malformed"),
        (lambda texts: ["" for _ in texts], BackendError, "translation.malformed"),
        (lambda texts: ["<html>busy</html>" for _ in texts], BackendError, "translation.malformed"),
        (lambda texts: [{"kind": "rate_limited"}] * len(texts), RateLimited, None),
        (lambda texts: [{"kind": "transient"}] * len(texts), Unavailable, None),
        (lambda texts: [{"kind": "quota"}] * len(texts), QuotaExceeded, None),
        (lambda texts: [{"kind": "unsupported"}] * len(texts), Unsupported, None),
        (lambda texts: [{"kind": "auth"}] * len(texts), BackendError, "translation.failed"),
    ],
)
def test_what_an_engine_does_wrong_leaves_no_draft(cast, answer, error, wanted):
    source = cast.published()
    cast.network.answer = answer
    with pytest.raises(error) as caught:
        cast.translator.translations.suggest(source.id, "bo", "vendor")
    assert wanted in (None, caught.value.code)
    assert ZH["title"] not in caught.value.text("zh")
    if isinstance(caught.value, RateLimited):
        assert (caught.value.retry_after, caught.value.retryable) == (3.0, True)
    assert list(cast.translator.translations.find()) == []


def test_a_source_that_moves_while_the_engine_works_gets_no_draft(cast):
    source = cast.published()

    def revise():
        cast.network.meanwhile = None
        cast.revised(source.id, body="新的正文。")

    cast.network.meanwhile = revise
    with pytest.raises(Conflict) as caught:
        cast.translator.translations.suggest(source.id, "bo", "vendor")
    assert caught.value.code == "translation.source_moved"
    assert list(cast.translator.translations.find()) == []


def test_suggesting_again_replaces_what_is_outdated(cast):
    source = cast.published(title="头发", body="发展")
    first = cast.translator.translations.suggest(source.id, "zh-Hant")
    cast.revised(source.id, title="皇后", body="后面")
    second = cast.translator.translations.suggest(source.id, "zh-Hant")
    assert (second.id, second.title, second.source_revision) == (first.id, "皇后", 2)


def test_nothing_is_translated_for_nobody(cast):
    source = cast.published()
    assert code(cast.hub.translations.suggest, source.id, "zh-Hant") == "account.required"
    with pytest.raises(Denied):
        cast.stranger.translations.suggest(source.id, "bo", "vendor")
    with pytest.raises(NotFound):
        cast.translator.translations.suggest("res_unknown", "bo", "vendor")
    assert cast.network.sent == []


def test_the_port_offers_the_engines_that_ship(cast):
    assert "translation:opencc" in [offer for p in cast.hub.plugins for offer in p.offers]
    assert OpenccTranslator().capabilities.third_party is False
    assert segmenting.cut("", "t", 10).segments == ()


def test_an_edit_by_the_system_does_not_free_the_translator_to_approve(world):
    source = world.published().id
    made = world.me.translations.create(source, language="bo", title="ས་ཡོམ", body="ས་ཡོམ")
    world.hub.as_system(reason="tidy").translations.edit(made.id, note="n")
    with pytest.raises(Denied) as caught:
        world.me.translations.approve(made.id)
    assert caught.value.code == "lifecycle.own_work"
