"""The Tibetan and Yi of the demo are the declaration's own, and say that nobody checked them."""

import json
from pathlib import Path

import pytest

from tianfu_sdk.text import detect, normalize

FILE = Path(__file__).parents[2] / "src" / "tianfu_sdk" / "cli" / "demo" / "data" / "udhr.json"
UDHR = json.loads(FILE.read_text("utf-8"))


def test_it_says_where_it_is_from_and_that_no_native_reader_saw_it():
    assert "not reviewed by a native reader" in UDHR["note"]
    assert "udhr 6.0.0" in UDHR["source"]
    assert "MIT" in UDHR["licence"]
    assert "udhr.json" in (Path(__file__).parents[2] / "NOTICE").read_text("utf-8")
    assert FILE.stat().st_size < 20_000


@pytest.mark.parametrize("language", ["zh-Hans", "bo", "ii"])
def test_each_text_is_in_its_language_and_article_by_article(language):
    text = UDHR["languages"][language]
    assert detect(text["body"]).language == language
    assert detect(text["title"]).language == language
    assert text["ask"] in text["body"]
    assert normalize(text["body"]) == text["body"]
    # Four headings and eight paragraphs.
    assert len(text["body"].split("\n")) == len(UDHR["languages"]["zh-Hans"]["body"].split("\n"))
