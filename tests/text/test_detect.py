import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.text import convert, detect


@pytest.mark.parametrize(
    ("text", "language", "mixed"),
    [
        ("天府科技云服务", "zh-Hans", False),
        ("天府科技雲服務", "zh-Hant", False),
        ("中文", "zh-Hans", False),
        ("བོད་ཡིག་", "bo", False),
        ("ꆈꌠꁱꂷ", "ii", False),
        ("科普 བོད་ཡིག", "mul", True),
        ("ꆈꌠ彝文", "mul", True),
        ("COVID-19疫苗", "zh-Hans", True),
        ("5G网络的发展与应用", "zh-Hans", False),
        ("日本語のテキスト", "mul", True),
        ("12345，😀！", "und", False),
        ("", "und", False),
        ("hello", "und", False),
        ("Привет", "und", False),
        ("Sichuan (四川) is a province in the southwest of China", "und", True),
    ],
)
def test_scripts_tell_the_language(text, language, mixed):
    found = detect(text)
    assert (found.language, found.mixed) == (language, mixed)


@pytest.mark.parametrize(
    ("text", "language", "also"),
    [
        ("中文", "zh-Hans", ("zh-Hant",)),
        ("发發", "zh-Hans", ("zh-Hant",)),
        ("天府科技云服务", "zh-Hans", ()),
        ("科技雲服務", "zh-Hant", ()),
        ("བོད་ཡིག་", "bo", ("dz",)),
        ("རྫོང་ཁ་", "bo", ("dz",)),
        ("ꆈꌠꁱꂷ", "ii", ()),
        ("hello", "und", ()),
        ("ꆈꌠ彝文", "mul", ()),
    ],
)
def test_what_nothing_decides_is_said(text, language, also):
    found = detect(text)
    assert (found.language, found.also) == (language, also)


def test_latin_alone_is_undetermined_and_says_so_by_its_share():
    assert detect("Science!").scripts == {"Latn": 1.0}


def test_a_quote_in_the_other_way_of_writing_does_not_turn_the_text():
    assert detect("他说“發”是发的繁体，为了说明这个问题").language == "zh-Hans"


def test_what_conversion_makes_is_detected():
    text = "四川省科学技术协会为广大群众举办应急科普讲座"
    assert detect(convert(text, "zh-Hant")).language == "zh-Hant"
    assert detect(convert(text, "zh-Hant-TW")).language == "zh-Hant"


def test_a_detected_value_can_be_copied_and_kept():
    found = detect("科普 བོད་ཡིག")
    assert copy.deepcopy(found) == found
    assert pickle.dumps(found)
    assert len({found, detect("科普 བོད་ཡིག")}) == 1


@given(st.text(alphabet="科發发བོད་ꆈa1 😀я", max_size=30))
def test_shares_add_up_to_one(text):
    found = detect(text)
    assert sum(found.scripts.values()) == pytest.approx(1.0 if found.scripts else 0.0)
    assert list(found.scripts.values()) == sorted(found.scripts.values(), reverse=True)
    assert found.language in {"bo", "ii", "zh-Hans", "zh-Hant", "mul", "und"}
