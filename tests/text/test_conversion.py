import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.errors import Invalid, Unsupported
from tianfu_sdk.text import conversion, convert, tables

# Expected values are those of OpenCC 1.4.2 itself.
FORWARD = [
    ("头发和发展", "頭髮和發展", "頭髮和發展", "頭髮和發展"),
    ("皇后在后面", "皇后在後面", "皇后在後面", "皇后在後面"),
    (
        "内存条和软件、鼠标",
        "內存條和軟件、鼠標",
        "記憶體模組和軟體、滑鼠",
        "記憶體模組和軟件、滑鼠",
    ),
    ("出租车里的网络信息", "出租車裏的網絡信息", "計程車裡的網路資訊", "出租車裏的網絡信息"),
    ("为群众着想", "爲羣衆着想", "為群眾著想", "為羣眾着想"),
    ("一只猫，只有三只脚", "一隻貓，只有三隻腳", "一隻貓，只有三隻腳", "一隻貓，只有三隻腳"),
    ("干燥的干部干活", "乾燥的幹部幹活", "乾燥的幹部幹活", "乾燥的幹部幹活"),
    ("理发店的面条", "理髮店的麪條", "理髮店的麵條", "理髮店的麪條"),
]


@pytest.mark.parametrize(("hans", "hant", "taiwan", "hongkong"), FORWARD)
def test_phrases_decide_what_characters_cannot(hans, hant, taiwan, hongkong):
    assert convert(hans, "zh-Hant") == hant
    assert convert(hans, "zh-Hant-TW") == taiwan
    assert convert(hans, "zh-Hant-HK") == hongkong


@pytest.mark.parametrize(("hans", "hant", "taiwan", "hongkong"), FORWARD)
def test_these_come_back_as_they_were(hans, hant, taiwan, hongkong):
    assert convert(hant, "zh-Hans") == hans
    assert convert(taiwan, "zh-Hans", source="zh-Hant-TW") == hans
    assert convert(hongkong, "zh-Hans", source="zh-Hant-HK") == hans


@pytest.mark.parametrize(
    ("hant", "hans"),
    [
        ("乾隆年間的乾燥天氣", "乾隆年间的干燥天气"),
        ("著名的著作", "著名的著作"),
        ("瞭解瞭望塔", "了解瞭望塔"),
        ("藉口慰藉", "借口慰藉"),
        ("豈有此理", "岂有此理"),
    ],
)
def test_traditional_becomes_simplified(hant, hans):
    assert convert(hant, "zh-Hans") == hans


def test_regional_words_come_back_only_when_asked():
    assert convert("軟體和滑鼠", "zh-Hans") == "软体和滑鼠"
    assert convert("軟體和滑鼠", "zh-Hans", source="zh-Hant-TW") == "软件和鼠标"


def test_an_alias_of_a_target_is_known():
    assert convert("头发", "zh-TW") == "頭髮"
    assert convert("頭髮", "zh-CN") == "头发"


@pytest.mark.parametrize(
    ("target", "source"), [("bo", None), ("en", None), ("zh-Hans", "bo"), ("zh-Hant", "zh-Hant-TW")]
)
def test_a_pair_without_a_chain_is_unsupported(target, source):
    with pytest.raises(Unsupported) as caught:
        convert("头发", target, source=source)
    assert caught.value.code == "text.no_conversion"


def test_a_malformed_target_is_refused():
    with pytest.raises(Invalid, match="bad_language"):
        convert("头发", "zh_Hant")


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("发后里面干头条\ufdd0\ufdd1a，"), st.characters()),
        max_size=40,
    )
)
def test_any_text_converts_and_what_is_not_chinese_stays(text):
    for target in ("zh-Hans", "zh-Hant", "zh-Hant-TW", "zh-Hant-HK"):
        got = convert(text, target)
        plain = "".join(c for c in text if c.isascii() or c in "\ufdd0\ufdd1ཀ")
        assert "".join(c for c in got if c.isascii() or c in "\ufdd0\ufdd1ཀ") == plain


@given(
    st.lists(
        st.sampled_from(["头发", "发展", "，", "理", "发", "干部", "干", "x"]), max_size=12
    ).map("".join)
)
def test_punctuation_parts_what_is_converted(text):
    pieces = text.split("，")
    assert convert(text, "zh-Hant") == "，".join(convert(piece, "zh-Hant") for piece in pieces)


@pytest.fixture
def pure(monkeypatch):
    """Convert without the engine of the extra `fast`."""

    def change(text, target):
        with monkeypatch.context() as patched:
            patched.setattr(conversion, "_native", lambda name: None)
            return convert(text, target)

    return change


def _texts(name, number=3000):
    """Texts of phrases of the table, of halves of them and of other things between."""
    dice = random.Random(5)
    phrases = list(tables.phrases(name))
    characters = [chr(code) for code in tables.one_to_one(name)]
    for _ in range(number):
        pieces = []
        for _ in range(dice.randint(1, 9)):
            phrase = dice.choice(phrases)
            half = phrase[: dice.randint(1, len(phrase))], phrase[dice.randint(0, len(phrase)) :]
            other = dice.choice(characters), dice.choice(["，", "a1", "བོད", "ꆈ", "𠮷", "\n", "😀"])
            pieces.append(dice.choice([phrase, phrase, *half, *other]))
        yield "".join(pieces)


@pytest.mark.parametrize(("name", "target"), [("st", "zh-Hant"), ("ts", "zh-Hans")])
def test_the_fast_engine_gives_what_the_pure_one_gives(pure, name, target):
    pytest.importorskip("opencc_pyo3")
    assert conversion._native(name) is not None
    odd = [text for text in _texts(name) if convert(text, target) != pure(text, target)]
    assert odd == []


@given(st.text())
def test_the_fast_engine_keeps_what_is_no_chinese(text):
    pytest.importorskip("opencc_pyo3")
    fast = convert(text, "zh-Hant")
    assert fast == conversion._apply(conversion._stage("st"), _composed(text))


def _composed(text):
    import unicodedata

    return conversion._COMPATIBILITY.sub(lambda m: unicodedata.normalize("NFC", m[0]), text)


def test_half_a_surrogate_pair_is_kept_by_either_engine(pure):
    assert convert("头发\ud800", "zh-Hant") == "頭髮\ud800" == pure("头发\ud800", "zh-Hant")


def test_without_the_extra_it_converts_the_same(monkeypatch):
    conversion._native.cache_clear()
    monkeypatch.setitem(sys.modules, "opencc_pyo3", None)
    try:
        assert conversion._native("st") is None
        assert convert("头发和发展", "zh-Hant") == "頭髮和發展"
    finally:
        conversion._native.cache_clear()
