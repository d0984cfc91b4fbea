import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tianfu_sdk.cli.demo.data_files import udhr
from tianfu_sdk.errors import Invalid, PluginError
from tianfu_sdk.text import from_wylie, normalize, to_wylie


@pytest.mark.parametrize(
    ("tibetan", "wylie"),
    [
        ("བོད་ཡིག་གི་སྐད།", "bod yig gi skad/"),
        ("ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ།", "oM ma Ni pad+me hU~M/"),
        ("བསྒྲུབས་", "bsgrubs "),
        ("གཡག", "g.yag"),
        ("༡༢༣", "123"),
        ("བོད། ཡིག", "bod/_yig"),
        ("བོད༌ཡིག", "bod*yig"),
        ("科普 བོད་", "[科普 ]bod "),
    ],
)
def test_wylie_is_written_and_read(tibetan, wylie):
    assert to_wylie(tibetan) == wylie
    assert from_wylie(wylie) == tibetan


def test_a_printed_text_goes_there_and_back():
    body = normalize(udhr()["languages"]["bo"]["body"])
    assert from_wylie(to_wylie(body)) == body


def test_what_is_no_wylie_is_refused_or_made_the_best_of():
    with pytest.raises(Invalid) as caught:
        from_wylie("hello qqq")
    assert caught.value.code == "text.bad_wylie"
    assert caught.value.values["count"] > 1
    assert from_wylie("hello", strict=False)


def test_threads_do_not_disturb_one_another():
    texts = [f"bod yig {number}" for number in range(40)]
    expected = [from_wylie(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(from_wylie, texts)) == expected


@pytest.mark.parametrize("call", [to_wylie, from_wylie])
def test_without_the_extra_an_error_says_what_to_install(monkeypatch, call):
    monkeypatch.setitem(sys.modules, "pyewts", None)
    with pytest.raises(PluginError) as caught:
        call("bod")
    assert caught.value.code == "extra.missing"
    assert caught.value.hint == 'pip install "tianfu-sdk[bo]"'
