"""What translation engines over HTTP share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk import translators
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.translation import Failed, Ok, Segment, TranslationBatch

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = st.lists(st.one_of(st.none(), st.integers(), st.text(), st.just("\ud800")), max_size=5)


def batch(count):
    segments = tuple(Segment(f"s{-n}", str(n)) for n in range(count))
    return TranslationBatch(source="zh-Hans", target="bo", segments=segments)


@given(TEXTS, st.integers(0, 5))
def test_every_text_has_one_result_in_its_place(texts, count):
    results = translators.aligned(batch(count), texts)
    assert [one.id for one in results] == [f"s{-n}" for n in range(count)]
    for one, text in zip(results, texts, strict=False):
        assert isinstance(one, Failed) or (one.text == text and len(texts) == count)


@given(st.binary(max_size=40), st.integers(100, 599))
def test_whatever_comes_nothing_is_raised(body, status):
    response = HttpResponse(status=status, body=body)
    results = translators.answered(batch(2), response, lambda found: ["ཀ", found])
    assert [one.id for one in results] == ["s0", "s-1"]
    assert status == 200 or not any(isinstance(one, Ok) for one in results)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 31 Dec 2025 00:00:00 GMT"}, 0.0),
        (
            {
                "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT",
                "date": "Thu, 01 Jan 2026 00:00:10 GMT",
            },
            20.0,
        ),
    ],
)
def test_a_wait_is_seconds_or_a_date(headers, wait):
    response = HttpResponse(status=429, headers=headers)
    assert translators.wait_of(response, now=NOW) == wait


def test_a_date_without_a_clock_is_none():
    response = HttpResponse(status=429, headers={"retry-after": "Thu, 01 Jan 2026 00:00:30 GMT"})
    assert translators.wait_of(response) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((302, "malformed"), (204, "malformed"), (400, "rejected"), (404, "rejected")),
        *((408, "transient"), (413, "too_long"), (414, "too_long"), (456, "quota")),
        *((500, "transient"), (503, "transient")),
    ],
)
def test_a_status_says_what_it_means(status, kind):
    (one,) = translators.by_status(batch(1), HttpResponse(status=status))
    assert (one.kind, one.code) == (kind, f"http.{status}")


def test_a_code_that_the_vendor_declares_is_taken():
    assert translators.checked_codes({"bo": "ti"}, declared={"bo"})
    with pytest.raises(Invalid):
        translators.checked_codes({"bo": "ti"}, declared={"ii"})


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://10.1.2.3", True),
        ("https://172.31.0.1", True),
        ("https://[::1]:8000", True),
        ("https://[fd00::1]", True),
        ("https://172.32.0.1", False),
        ("https://169.254.169.254", False),
        ("https://localhost.example.cn", False),
    ],
)
def test_whose_address_it_is(url, own):
    assert translators.is_own(translators.checked_url(url)) is own
