"""Questions, judgements and documents as BEIR and TREC write them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.question_sets import read_corpus, read_grades, read_questions


@pytest.mark.parametrize(
    "lines",
    [
        ['{"_id": "q1", "text": "怎么少吃盐", "metadata": {}}', "", '{"_id": "q2", "text": "b"}'],
        ["q1\t怎么少吃盐\n", "q2\tb\r\n"],
        ["q1 \t怎么少吃盐", " q2\tb"],
        ["_id\ttext", "q1\t怎么少吃盐", "q2\tb"],
        ['\ufeff{"id": "q1", "query": "怎么少吃盐"}', '{"qid": "q2", "question": "b"}'],
    ],
)
def test_questions_are_read_in_their_forms(lines):
    assert read_questions(lines) == {"q1": "怎么少吃盐", "q2": "b"}


@pytest.mark.parametrize(
    "lines",
    [
        ["q1 0 d1 1", "q1 0 d2 0", "q2 0 d1 2"],
        ["query-id\tcorpus-id\tscore", "q1\td1\t1", "q1\td2\t0", "q2\td1\t2"],
        ["q1\t0\td1\t1", "q1\t0\td2\t0", "q2\t0\td1\t2"],
    ],
)
def test_judgements_are_read_in_their_forms(lines):
    assert read_grades(lines) == {"q1": {"d1": 1, "d2": 0}, "q2": {"d1": 2}}


def test_an_id_with_blanks_is_one_id_where_tabs_divide():
    assert read_grades(["q 1\td 1\t1"]) == {"q 1": {"d 1": 1}}


def test_documents_have_title_and_text():
    lines = ['{"_id": "d1", "title": "盐", "text": "少吃"}', '{"_id": 2, "text": "b"}']
    assert list(read_corpus(lines)) == [("d1", "盐\n少吃"), ("2", "b")]


@pytest.mark.parametrize(
    ("read", "lines", "number"),
    [
        (read_questions, ["q1\ta", "q2"], 2),
        (read_questions, ['{"_id": "q1"}'], 1),
        (read_questions, ['{"_id": '], 1),
        (read_questions, ['{"_id": ' + "[" * 100_000], 1),
        (read_grades, ["q1 0 d1 1", "q1 0 d2 high"], 2),
        (read_grades, ["q1 d1"], 1),
        (read_grades, ["q1 0 d1 100", "q1 0 d2 101"], 2),
        (read_grades, ["q1\t\t1"], 1),
        (lambda lines: list(read_corpus(lines)), ['{"_id": "d1", "text": ""}'], 1),
        (lambda lines: list(read_corpus(lines)), ["[1]"], 1),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(read, lines, number):
    with pytest.raises(Invalid) as caught:
        read(lines)
    assert caught.value.code == "evaluate.bad_line"
    assert f"line {number}" in str(caught.value)


@pytest.mark.parametrize(
    ("read", "lines"),
    [
        (read_questions, ["q1\ta", "q1\tb"]),
        (lambda lines: list(read_corpus(lines)), ['{"_id": "d", "text": "a"}'] * 2),
        (read_grades, ["q1 0 d1 1", "q1 0 d1 2"]),
    ],
)
def test_what_comes_twice_is_refused(read, lines):
    with pytest.raises(Invalid) as caught:
        read(lines)
    assert (caught.value.code, caught.value.values["line"]) == ("evaluate.twice", 2)


def test_the_same_judgement_twice_is_one():
    assert read_grades(["q1 0 d1 1", "q1 0 d1 1"]) == {"q1": {"d1": 1}}


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=5))
def test_whatever_is_written_as_json_is_read_or_refused(found):
    lines = [json.dumps({"_id": id_, "text": text}) for id_, text in found.items()]
    blank = any(not id_.strip() or not text.strip() for id_, text in found.items())
    if blank:
        with pytest.raises(Invalid):
            read_questions(lines)
    else:
        assert read_questions(lines) == {id_: text.strip() for id_, text in found.items()}
