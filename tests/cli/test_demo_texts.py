"""The sample texts of the demo keep to the shape that the loader and the search demo rely on."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

TEXTS = Path(__file__).parents[2] / "src" / "tianfu_sdk" / "cli" / "demo" / "data" / "texts.jsonl"
CATEGORIES = {
    "party_history",
    "science_encyclopedia",
    "healthy_life",
    "safety_science",
    "frontier_technology",
    "military_technology",
    "practical_technology",
    "astronomy_geography",
}
AUDIENCES = {"general", "children", "youth", "farmers", "elderly", "officials", "workers"}
SETTINGS = {"countryside", "community", "school", "enterprise", "office", "family"}
FORMS = {"article", "audio", "animation"}
REQUIRED = {
    "key",
    "title",
    "summary",
    "body",
    "topics",
    "keywords",
    "audience",
    "settings",
    "form",
    "months",
}
OPTIONAL = {"alt", "transcript"}
# Themes of the demo's questions that must find nothing.
ABSENT = ("量子波动", "速读", "永动机", "葡萄酒", "白酒", "酿酒", "黄酒", "啤酒")
HAN = re.compile(r"[\u4e00-\u9fff]")


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)


@pytest.fixture(scope="module")
def raw():
    return TEXTS.read_bytes()


@pytest.fixture(scope="module")
def texts(raw):
    return [json.loads(line) for line in raw.decode("utf-8").splitlines()]


def test_file_is_plain_utf8_with_one_object_a_line(raw):
    assert b"\x00" not in raw
    assert b"\r" not in raw
    assert b"\\u" not in raw, "Chinese is written as itself, not escaped"
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\n")
    for line in raw.decode("utf-8").removesuffix("\n").split("\n"):
        assert isinstance(json.loads(line), dict)


def test_counts(texts):
    assert 64 <= len(texts) <= 72
    first = Counter(text["topics"][0] for text in texts)
    assert set(first) == CATEGORIES
    assert min(first.values()) >= 8, first
    forms = Counter(text["form"] for text in texts)
    assert (forms["audio"], forms["animation"]) == (6, 6)


def test_fields(texts):
    for text in texts:
        key = text["key"]
        assert set(text) >= REQUIRED, key
        assert set(text) <= REQUIRED | OPTIONAL, key
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key), key
        for field, allowed in (
            ("topics", CATEGORIES),
            ("audience", AUDIENCES),
            ("settings", SETTINGS),
            ("months", set(range(1, 13))),
        ):
            assert set(text[field]) <= allowed, (key, field)
            assert len(set(text[field])) == len(text[field]), (key, field)
        assert text["topics"], key
        assert text["audience"], key
        assert 3 <= len(set(text["keywords"])) == len(text["keywords"]) <= 6, key
        assert text["form"] in FORMS, key
        assert ("alt" in text) == (text["form"] != "article"), key
        assert ("transcript" in text) == (text["form"] == "audio"), key
        assert all(value.strip() == value != "" for value in strings(text)), key


def test_lengths(texts):
    for text in texts:
        assert 6 <= len(text["title"]) <= 24, text["key"]
        assert 0 < len(text["summary"]) <= 80, text["key"]
        assert len(HAN.findall(text["body"])) >= 220, text["key"]
        assert len(text["body"]) <= 520, text["key"]


def test_nothing_is_repeated(texts):
    for field in ("key", "title", "summary", "body"):
        assert max(Counter(text[field] for text in texts).values()) == 1, field
    sentences = Counter(
        sentence
        for text in texts
        for sentence in re.split(r"[。！？；\n]", text["body"])
        if len(sentence) > 6
    )
    assert [sentence for sentence, times in sentences.items() if times > 1] == []


def test_only_simplified_characters(texts):
    for text in texts:
        for value in strings(text):
            for char in HAN.findall(value):
                # GB 2312 holds the common simplified characters and no full traditional set.
                assert char.encode("gb2312", "ignore"), (text["key"], char)


def test_paragraphs(texts):
    for text in texts:
        paragraphs = text["body"].split("\n\n")
        assert len(paragraphs) >= 2, text["key"]
        assert not any("\n" in paragraph for paragraph in paragraphs), text["key"]


def test_abstention_themes_stay_absent(texts):
    for text in texts:
        for value in strings(text):
            assert not any(theme in value for theme in ABSENT), text["key"]
