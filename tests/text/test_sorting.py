import itertools
import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.cli.demo.data_files import udhr
from tianfu_sdk.text import sort_key, syllables

ROOTS = [c for c in map(chr, range(0x0F40, 0x0F69)) if unicodedata.is_normalized("NFD", c)]
ROOTS.remove("\u0f48")  # not assigned
# Orders that ICU 77 gives with its collator `bo`.
ORDERS = [
    "ཀ ཀག ཀང ཀི ཀུ ཀེ ཀོ ཀྱ ཀྲ ཀླ དཀར དཀྱིལ བཀའ རྐང ལྐུགས སྐད བསྐྱར ཁ མཁན འཁོར ག",
    "དགའ དག དང དབང",
    "ག གག དགའ བགད མགོ འགྲོ རྒྱལ ལྒང སྒོ བརྒྱད བསྒྲུབས ང",
    "ད གདན བདེ མདའ འདི རྡོ ལྡན སྡེ བརྡ བསྡུ ན",
    "བོད བོད་ཀྱི བོད་ཡིག བོདི དབང འབད རྦ མ",
    "ཨ ཨི ཨེ ཨོ ཨོཿ ༀ ཨོཾ་",
    "༡ 2 ༣ ཀ a 中 ꀀ",
    "བོད། བོད་ཡིག བོད༌ཡིག་",
]


@pytest.mark.parametrize("order", ORDERS)
def test_tibetan_stands_under_its_root_letter(order):
    words = order.split()
    shuffled = random.Random(1).sample(words, len(words))
    assert sorted(shuffled, key=sort_key) == words


def test_yi_stands_in_the_order_of_the_syllabary():
    assert sorted("ꒌꆈꀀꌠ", key=sort_key) == list("ꀀꆈꌠꒌ")


def test_case_and_the_kind_of_digit_decide_only_where_nothing_else_does():
    words = ["༡a", "1A", "1B", "༢a", "A", "a", "b"]
    assert sorted(words, key=sort_key) == ["༡a", "1A", "1B", "༢a", "a", "A", "b"]
    assert sort_key("༡") == sort_key("1")
    assert sort_key("\u0f40\u0f71\u0f74") == sort_key("\u0f40\u0f74\u0f71")
    assert sort_key("བོད༌ཡིག") == sort_key("བོད་ཡིག")


@given(st.text(), st.text())
def test_any_text_has_a_key_and_a_beginning_comes_first(text, more):
    assert sort_key(text) == sort_key(unicodedata.normalize("NFC", text))
    if text.isascii() and more.isascii():
        assert sort_key(text) <= sort_key(text + more)


def _syllables(dice):
    """Make syllables of every part that the script has, well spelt or not."""
    prefixes = ["", *"གདབམའ"]
    superscripts = ["", *"རལས"]
    subscripts = ["", *"\u0fad\u0fb1\u0fb2\u0fb3"]
    vowels = ["", *"\u0f72\u0f74\u0f7a\u0f7c\u0f71\u0f80\u0f7b\u0f7e"]
    suffixes = ["", *"གངདནབམའརལས", "འི"]
    for root in ROOTS:
        for _ in range(60):
            above = dice.choice(superscripts)
            letter = chr(ord(root) + 0x50) if above and root != "ཝ" else root
            yield (
                dice.choice(prefixes)
                + (above if letter != root else "")
                + letter
                + dice.choice(subscripts)
                + dice.choice(vowels)
                + dice.choice(suffixes)
                + dice.choice(["", "", "ས", "ད"])
            )


def test_thousands_of_words_stand_as_icu_has_them():
    icu = pytest.importorskip("icu")
    collator = icu.Collator.createInstance(icu.Locale("bo"))
    dice = random.Random(3)
    made = [one for one in _syllables(dice) if "\u0f98" not in one]
    body = udhr()["languages"]["bo"]["body"]
    words = {*made, *syllables(body), *body.split()}
    words |= {"་".join(dice.sample(made, 2)) + dice.choice(["", "་", "།"]) for _ in range(2000)}
    assert len(words) > 3000
    ordered = sorted(words, key=collator.getSortKey)
    for one, other in itertools.pairwise(ordered):
        assert (collator.compare(one, other) < 0) == (sort_key(one) < sort_key(other))
        assert (collator.compare(one, other) == 0) == (sort_key(one) == sort_key(other))


def test_the_letters_of_the_block_one_by_one_stand_as_icu_has_them():
    icu = pytest.importorskip("icu")
    collator = icu.Collator.createInstance(icu.Locale("bo"))
    block = [c for c in map(chr, range(0x0F00, 0x0FBD)) if unicodedata.category(c)[0] in "LMN"]
    letters = [one for one in block if one != "\u0f33"]  # half a nought: ours says 0, as ICU does
    ordered = sorted(letters, key=collator.getSortKey)
    keys = [sort_key(one) for one in ordered]
    assert keys == sorted(keys)
