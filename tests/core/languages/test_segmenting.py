"""Texts are cut for engines and joined again without loss."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.core.languages.segmenting import batches, cut, error_of, join
from tianfu_sdk.errors import (
    BackendError,
    QuotaExceeded,
    RateLimited,
    Unavailable,
    Unsupported,
)
from tianfu_sdk.model.translation import Failed, TranslationCapabilities
from tianfu_sdk.text import starts_inside_stack

CAN = TranslationCapabilities(
    name="e", pairs=frozenset(), offline=True, third_party=False, max_segments=3, max_characters=9
)
TEXTS = st.text(alphabet="头发ཀྱི་། ꊯ。！\n\r\t\u3000ab", max_size=60)


@settings(max_examples=200)
@given(TEXTS, st.integers(1, 20))
def test_what_is_cut_joins_to_the_same_text(text, longest):
    parts = cut(text, "t", longest)
    assert join(parts, [segment.text for segment in parts.segments]) == text
    assert all(segment.text.strip() for segment in parts.segments)
    assert len({segment.id for segment in parts.segments}) == len(parts.segments)
    assert all(len(segment.text) <= longest for segment in parts.segments)
    assert not any("\n" in segment.text for segment in parts.segments)


@settings(max_examples=50)
@given(TEXTS, st.integers(4, 9))
def test_batches_keep_order_and_limits(text, longest):
    segments = cut(text, "t", longest).segments
    made = list(batches(segments, "zh-Hans", "bo", CAN))
    assert tuple(s for batch in made for s in batch.segments) == segments
    for batch in made:
        assert (batch.source, batch.target) == ("zh-Hans", "bo")
        assert 1 <= len(batch.segments) <= CAN.max_segments
        assert sum(len(s.text) for s in batch.segments) <= CAN.max_characters


def test_a_line_is_one_segment_and_a_long_one_is_cut_at_sentences():
    assert [s.text for s in cut("甲。乙！\n  丙\n", "t", 20).segments] == ["甲。乙！", "丙"]
    assert [s.text for s in cut("甲甲。乙乙！？丙", "t", 4).segments] == [
        "甲甲。",
        "乙乙！？",
        "丙",
    ]
    tibetan = [s.text for s in cut("བོད་སྐད་" * 8, "t", 7).segments]
    assert not any(starts_inside_stack(piece[0]) for piece in tibetan)


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("unsupported", Unsupported, "translation.unsupported"),
        ("quota", QuotaExceeded, "translation.quota"),
        ("rate_limited", RateLimited, "translation.rate_limited"),
        ("transient", Unavailable, "translation.transient"),
        ("malformed", BackendError, "translation.malformed"),
        ("echo", BackendError, "translation.malformed"),
        ("auth", BackendError, "translation.failed"),
        ("rejected", BackendError, "translation.failed"),
    ],
)
def test_why_a_text_failed_is_an_error_that_names_the_engine(kind, error, code):
    failed = Failed(id="s1", kind=kind, code="42", retry_after=3.0, engine="vendor")
    made = error_of(failed, source="zh-Hans", target="bo")
    assert isinstance(made, error)
    assert (made.code, made.path) == (code, "vendor")
    assert "{" not in made.text("zh") + made.text("en")
