"""Edited copies among many texts: all of them, and nothing that is only about the same."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.content.copies import LONG, Sketches, copied_text, likeness
from tianfu_sdk.core.languages.shingles import shingles
from tianfu_sdk.model.content import Resource
from tianfu_sdk.text import convert

LETTERS = [chr(code) for code in range(0x4E00, 0x4E00 + 900)]


def prose(dice, length=160):
    """A text whose words come again in others: letters go in pairs more often than not."""
    words = ["".join(dice.choices(LETTERS, k=2)) for _ in range(300)]
    text = "".join(dice.choices(words, k=length // 2))
    return "。".join(text[n : n + 20] for n in range(0, length, 20))


def swapped(text, dice):
    letters = list(text)
    for place in dice.sample(range(len(letters) - 1), len(letters) // 25):
        letters[place], letters[place + 1] = letters[place + 1], letters[place]
    return "".join(letters)


def put_in(text, dice):
    sentences = text.split("。")
    sentences.insert(dice.randrange(len(sentences)), prose(dice, 20))
    return "。".join(sentences)


def taken_out(text, dice):
    sentences = text.split("。")
    del sentences[dice.randrange(len(sentences))]
    return "。".join(sentences)


def in_other_characters(text, _):
    return convert(text, "zh-Hant")


EDITS = [swapped, put_in, taken_out, in_other_characters]


def pairs_of(texts):
    sketches = Sketches()
    for text in texts:
        sketches.add(shingles(text, LONG))
    known = [shingles(text) for text in texts]
    return {pair for pair in sketches.pairs() if likeness(*(known[n] for n in pair)).copied()}


@pytest.mark.parametrize("edit", EDITS)
def test_edited_copies_are_found_and_nothing_else(edit):
    dice = random.Random(5)
    texts = [prose(dice) for _ in range(300)]
    edited = dice.sample(range(300), 60)
    found = pairs_of([*texts, *(edit(texts[number], dice) for number in edited)])
    wanted = {(number, 300 + place) for place, number in enumerate(edited)}
    assert len(found & wanted) >= 57
    assert found <= wanted


@given(st.integers(), st.sampled_from(EDITS), st.integers(100, 400))
def test_no_candidate_is_lost_that_would_be_called_a_copy(seed, edit, length):
    dice = random.Random(seed)
    text = prose(dice, length)
    others = [prose(dice, length) for _ in range(5)]
    found = pairs_of([text, *others, edit(text, dice)])
    like = likeness(shingles(text), shingles(edit(text, dice)))
    assert not like.copied(0.55) or (0, 6) in found


def test_a_part_of_a_longer_text_is_a_copy_of_it():
    dice = random.Random(1)
    whole = prose(dice, 600)
    assert pairs_of([whole, whole[100:250]]) == {(0, 1)}
    like = likeness(shingles(whole), shingles(whole[100:250]))
    assert like.share < 0.5
    assert like.part == 1


def test_many_copies_of_one_text_hang_together():
    dice = random.Random(2)
    text = prose(dice)
    found = pairs_of([swapped(text, dice) for _ in range(60)])
    reached, more = {0}, {0}
    while more:
        more = {n for pair in found if reached & set(pair) for n in pair} - reached
        reached |= more
    assert reached == set(range(60))


def test_a_phrase_that_all_begin_with_makes_no_copies():
    dice = random.Random(3)
    phrase = prose(dice, 40)
    assert pairs_of([phrase + prose(dice) for _ in range(80)]) == set()


def test_pairs_below_a_number_are_those_of_all_pairs():
    dice = random.Random(4)
    texts = [prose(dice) for _ in range(8)]
    sketches = Sketches()
    for text in [*texts, *texts, *texts]:
        sketches.add(shingles(text, LONG))
    twin = sketches.copy()
    few = list(twin.pairs(below=8))
    assert few == sorted((n, n + 8 * k) for n, k in itertools.product(range(8), (1, 2)))
    assert set(few) < set(sketches.pairs())


def test_the_title_is_compared_where_there_is_nothing_else():
    made = Resource(id="res_1", title="防震", organization="org_1", region="510000")
    assert copied_text(made) == "防震"
    made = Resource(id="res_1", title="防震", organization="o", region="510000", body="躲到桌下")
    assert copied_text(made) == "躲到桌下"
