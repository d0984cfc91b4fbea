"""The rules of translations, apart from any store."""

from datetime import UTC, date, datetime

import attrs
import pytest

from tianfu_sdk.core import policy
from tianfu_sdk.core.languages import translating
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.kinds import CONTENT, TRANSLATION
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.model.translation import Translation, TranslationState

AT = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = Resource(
    id="res_1",
    title="题",
    body="文",
    organization="org_1",
    region="510000",
    state=State.PUBLISHED,
    revision=2,
    published_at=AT,
    topics=("t",),
)
DRAFT = Translation(
    id="trl_1",
    kind="resource",
    source="res_1",
    source_revision=2,
    language="bo",
    title="བོད་",
    organization="org_1",
    region="510000",
    translator="one",
)
APPROVED = attrs.evolve(DRAFT, state=TranslationState.APPROVED)
OLD = attrs.evolve(APPROVED, source_revision=1)


@pytest.mark.parametrize("state", State)
def test_only_what_was_approved_once_and_is_not_closed_is_translated(state):
    source = attrs.evolve(SOURCE, state=state)
    fine = {State.APPROVED, State.SCHEDULED, State.PUBLISHED, State.WITHDRAWN}
    if state in fine:
        translating.demand_translatable(source, "bo")
    else:
        with pytest.raises(Invalid) as caught:
            translating.demand_translatable(source, "bo")
        assert caught.value.code == "translation.unsettled"


def test_every_reason_for_a_gap():
    assert translating.gap(None, SOURCE) == "missing"
    assert translating.gap(DRAFT, SOURCE) == "draft"
    assert translating.gap(OLD, SOURCE) == "outdated"
    assert translating.gap(attrs.evolve(DRAFT, source_revision=1), SOURCE) == "outdated"
    assert translating.gap(APPROVED, SOURCE) == ""


@pytest.mark.parametrize("state", State)
def test_everybody_reads_a_translation_only_of_what_is_published(state):
    source = attrs.evolve(SOURCE, state=state)
    for translation in (DRAFT, APPROVED, translating.followed(OLD, SOURCE)):
        keys = translating.source_keys(translation, source)
        public = matches("trl_1", keys, policy.public(TRANSLATION.name, AT))
        draft = translation.state is TranslationState.DRAFT
        assert public is (state is State.PUBLISHED and not draft)


def test_only_publication_outdates():
    for state in State:
        source = attrs.evolve(SOURCE, state=state)
        assert translating.followed(APPROVED, source) == APPROVED
        assert translating.followed(DRAFT, source) == DRAFT
        moved = translating.followed(OLD, source).state
        assert (moved is TranslationState.OUTDATED) is (state is State.PUBLISHED)


def test_the_keys_of_the_source():
    keys = translating.source_keys(APPROVED, attrs.evolve(SOURCE, expires_on=date(2026, 2, 3)))
    assert keys == {
        "topic": frozenset({"t"}),
        "addressed": frozenset({"510000"}),
        "published": 1767225600000000,
        "expires": 20260203,
    }


@pytest.mark.parametrize(
    ("language", "text", "fits"),
    [
        ("bo", "བོད་སྐད་", True),
        ("bo-CN", "བོད་སྐད་ 5G", True),
        ("adx", "བོད་སྐད་", True),
        ("dz", "བོད་སྐད་", True),
        ("bo", "中文", False),
        ("bo", "2026", False),
        ("ii", "ꆈꌠꉙ", True),
        ("ii", "བོད་སྐད་", False),
        ("zh-Hant", "中文", True),
        ("zh-Hans", "漢語", True),
        ("zh-Hans", "ꆈꌠꉙ", False),
        ("en", "中文", True),
        ("bo-x-pseudo", "中文", True),
    ],
)
def test_scripts(language, text, fits):
    assert translating.in_script(language, text) is fits


def test_the_best_form_goes_down_the_fallbacks_in_their_order():
    hant = attrs.evolve(APPROVED, id="trl_2", language="zh-Hant", title="題")
    source = attrs.evolve(SOURCE, language="en", title="title")

    def best(asked, *translations, **more):
        return translating.readable("resource", source, translations, asked, **more).language

    assert best("zh-Hant-TW", APPROVED, hant) == "zh-Hant"
    assert best("khg", APPROVED, hant) == "bo"
    assert best("bo", DRAFT, hant) == "en"
    assert best("ii", APPROVED, hant) == "en"
    assert best("bo", OLD) == "en"
    assert best("bo", OLD, outdated=True) == "bo"
    assert best("en-GB", APPROVED, hant) == "en"


def test_what_is_public_by_kind():
    assert all(policy.public(kind, AT) for kind in CONTENT)
    assert policy.public("channel", AT) == ()
    assert policy.public("account", AT) is None
    assert policy.public("question", AT) is None


def test_everybody_reads_no_translation_of_what_has_expired():
    group = policy.public(TRANSLATION.name, AT)
    for day, fine in ((date(2026, 1, 1), False), (date(2026, 1, 2), True)):
        source = attrs.evolve(SOURCE, expires_on=day)
        assert matches("trl_1", translating.source_keys(APPROVED, source), group) is fine
