import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.cli.demo.data_files import texts, udhr
from tianfu_sdk.core.languages import memory
from tianfu_sdk.core.languages.memory import MemoryIndex, context_of
from tianfu_sdk.text import fold, sentences, syllables


def everything(_):
    return True


def made(*some):
    index = MemoryIndex()
    for key, text in enumerate(some):
        index.put(key, text)
    return index


def test_the_same_is_found_folded_and_what_is_equal_stands_first():
    index = made("接种ＨＰＶ疫苗", "接種HPV疫苗", "接种HPV疫苗", "别的")
    found = index.exact("接种HPV疫苗", everything)
    assert [one.key for one in found] == [2, 0, 1]
    assert [one.same for one in found] == [True, False, False]
    assert [one.key for one in index.exact("接种HPV疫苗", lambda key: key == 1)] == [1]


def test_the_nearest_stand_first_and_none_below_the_least():
    index = made("地震时先躲到桌子下面", "地震时躲到桌子下面", "脑卒中怎么预防", "地震来了")
    found = index.near("地震时先躲到床下面", everything, least=0.6, limit=5)
    assert [one.key for one in found] == [0, 1]
    assert found[0].score == pytest.approx(0.8)
    assert index.near("地震时先躲到床下面", everything, least=0.9, limit=5) == []


def test_what_is_the_same_is_not_near():
    assert made("地震时先躲").near("地震時先躲", everything, least=0.5, limit=5) == []


def test_what_is_replaced_or_removed_is_not_found():
    index = made("地震时先躲到桌下", "地震时先躲到桌旁")
    index.put(0, "脑卒中怎么预防")
    index.remove(1)
    index.remove(99)
    assert len(index) == 1
    assert index.exact("地震时先躲到桌下", everything) == []
    assert index.near("地震时先躲到桌边", everything, least=0.5, limit=5) == []


def test_an_index_from_which_much_was_taken_is_made_anew():
    index = made(*(f"第{n}条提示" for n in range(2000)))
    for key in range(1500):
        index.remove(key)
    assert len(index) == 500
    assert len(index._texts) < 1500
    assert [one.key for one in index.exact("第1700条提示", everything)] == [1700]


@given(st.text(max_size=20), st.text(max_size=20))
def test_the_pure_distance_is_that_of_rapidfuzz(one, other):
    levenshtein = pytest.importorskip("rapidfuzz.distance").Levenshtein
    where = {}
    for place, character in enumerate(one):
        where[character] = where.get(character, 0) | 1 << place
    assert memory._distance(where, len(one), other) == levenshtein.distance(one, other)


def test_without_the_extra_the_answers_are_the_same(monkeypatch):
    index, asked = _corpus(400, 40)
    expected = [index.near(text, everything, least=0.75, limit=5) for text in asked]
    assert any(expected)
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    assert [index.near(text, everything, least=0.75, limit=5) for text in asked] == [
        [memory.Found(one.key, pytest.approx(one.score), one.same) for one in found]
        for found in expected
    ]


def _corpus(number, questions):
    """Sentences of the samples, cut and joined, and edited ones to ask for."""
    dice = random.Random(5)
    parts = [s for record in texts() for s in sentences(record["body"]) if len(s) > 8]
    some = {"".join(dice.sample(parts, 2))[: dice.randint(15, 60)] for _ in range(number)}
    index = made(*sorted(some))
    asked = []
    for text in dice.sample(sorted(some), questions):
        edited = list(text)
        for _ in range(dice.randint(1, max(1, len(text) // 5))):
            place = dice.randrange(len(edited))
            edited[place : place + 1] = dice.choice([["的"], [], [edited[place], "新"]])
        asked.append("".join(edited))
    return index, asked


@pytest.mark.parametrize("least", [0.6, 0.75])
def test_nearly_all_that_is_near_is_found(least):
    from rapidfuzz.distance import Levenshtein

    index, asked = _corpus(3000, 150)
    due = missed = 0
    for text in asked:
        folded = fold(text)
        best = max(
            (
                Levenshtein.normalized_similarity(folded, other)
                for other in index._texts
                if other != folded
            ),
            default=0,
        )
        if best >= least:
            due += 1
            found = index.near(text, everything, least=least, limit=1)
            missed += not found or found[0].score < best - 1e-9
    assert due > 80
    assert missed <= 0.02 * due


def test_tibetan_is_looked_up_by_syllables():
    body = sentences(udhr()["languages"]["bo"]["body"])
    index = made(*body)
    longest = max(range(len(body)), key=lambda place: len(body[place]))
    asked = body[longest].replace("་", "༌", 3).replace(syllables(body[longest])[4], "ཡང", 1)
    assert fold(asked) != fold(body[longest])
    (found, *_) = index.near(asked, everything, least=0.75, limit=3)
    assert found.key == longest


def test_context_is_that_of_the_neighbours():
    assert context_of("", "") == ""
    assert context_of("前", "后") == context_of(" 前 ", "後")
    assert context_of("前", "") != context_of("", "前")
