"""What well-known tools get wrong about Tibetan and Yi, as what this library gets right."""

import re
import subprocess
import sys

import pytest

from tianfu_sdk.core.languages.translating import in_script
from tianfu_sdk.errors import Invalid
from tianfu_sdk.hub import Hub
from tianfu_sdk.text import (
    TIBETAN_SYLLABLE,
    YI,
    canonical_language,
    detect,
    fallbacks,
    fold,
    normalize,
    sms_parts,
    syllables,
    tokens,
)


@pytest.mark.parametrize(
    ("code", "not_meant"),
    [("yi", "ii"), ("ti", "bo"), ("dz", "bo"), ("mo", "mn"), ("ka", "kk"), ("cn", "zh-Hans"),
     ("kka", "kk"), ("uy", "ug"), ("zh-TR", "zh-Hant"), ("jp", "ja"), ("kor", "ko"),
     ("spa", "es"), ("cht", "zh-Hant"), ("ct", "bo"), ("tc", "zh-Hans")],
)  # fmt: skip
def test_a_vendors_own_code_is_not_taken_for_a_language_of_ours(code, not_meant):
    assert canonical_language(code) != not_meant


@pytest.mark.parametrize("code", ["0", "1", "auto1", "chinese", "zh_CN"])
def test_a_code_that_is_no_tag_is_refused(code):
    with pytest.raises(Invalid, match="bad_language"):
        canonical_language(code)


def test_dialects_fall_back_to_tibetan_where_langcodes_gives_nothing():
    assert fallbacks("adx")[0] == fallbacks("khg")[0] == "bo"
    assert fallbacks("bo") == fallbacks("ii") == ("zh-Hans",)


def test_models_take_yi_for_korean_and_tibetan_for_dzongkha():
    assert detect("ꆈꌠꁱꂷ").language == "ii"
    assert detect("བོད་ཡིག་").language == "bo"
    assert detect("12345").language == detect("😀").language == "und"


def test_an_echo_of_the_source_is_not_in_the_script_of_the_target():
    assert not in_script("bo", "科学技术协会")
    assert not in_script("ii", "科学技术协会")
    assert in_script("bo", "བོད་ཡིག་ 5G")


def test_split_and_word_patterns_cut_inside_a_syllable_and_syllables_do_not():
    text = "བོད་ཡིག་གི་གཞི།"
    assert text.split() == [text]
    assert syllables(text) == ["བོད", "ཡིག", "གི", "གཞི"]
    assert re.findall(r"\w+", "གཞི") != ["གཞི"]
    assert [t for t in tokens(text) if t] == ["བོད", "ཡིག", "གི", "གཞི"]


def test_a_yi_run_is_not_one_word():
    assert syllables("ꆈꌠꁱꂷ") == list("ꆈꌠꁱꂷ")
    assert "ꆈꌠ" in tokens("ꆈꌠꁱꂷ")


def test_the_blocks_are_as_wide_as_unicode_has_them():
    assert len(re.findall(f"[{YI}]", "".join(map(chr, range(0xA000, 0xA490))))) == 1165
    assert not re.findall(f"[{YI}]", "".join(map(chr, range(0xA490, 0xA4C7))))
    assert not re.findall(f"[{TIBETAN_SYLLABLE}]", "\u0f0b\u0f0c\u0f0d\u0f0e\u0f11\u0f14༡༢")


# Under NFC and NFD these decompose and never compose again.
EXCLUDED = [0x0F43, 0x0F4D, 0x0F52, 0x0F57, 0x0F5C, 0x0F69, 0x0F73, 0x0F75, 0x0F76, 0x0F78, 0x0F81,
            0x0F93, 0x0F9D, 0x0FA2, 0x0FA7, 0x0FAC, 0x0FB9]  # fmt: skip


@pytest.mark.parametrize("code", EXCLUDED)
def test_letters_that_unicode_does_not_compose_are_found_by_their_parts(code):
    import unicodedata

    parts = unicodedata.normalize("NFD", chr(code))
    assert len(parts) > 1
    assert normalize(chr(code)) == parts
    assert fold(f"ཀ{chr(code)}") == fold(f"ཀ{parts}")


def test_what_is_kept_is_as_it_was_typed_and_only_the_fold_unifies():
    for one, other in [
        ("བོད༌ཡིག", "བོད་ཡིག"),
        ("\u0f0e", "\u0f0d\u0f0d"),
        ("\u0f6a\u0f90", "\u0f62\u0f90"),
        ("\u0f40\u0f7a\u0f7a", "\u0f40\u0f7b"),
        ("\u0f00", "\u0f68\u0f7c\u0f7e"),
        ("\u0f77", "\u0fb2\u0f71\u0f80"),
        ("\u0f79", "\u0fb3\u0f71\u0f80"),
        ("བོད་་ཡིག་", "བོད་ཡིག"),
    ]:
        assert normalize(one) != normalize(other) or one == other
        assert fold(one) == fold(other)


@pytest.mark.parametrize("place", ["memory:", "sqlite"])
def test_fts5_takes_vowels_for_blanks_and_the_index_here_does_not(place, tmp_path):
    """`unicode61` finds གཞུང when asked for གཞི, and 科普 in no Chinese text."""
    assert set(tokens("གཞི")).isdisjoint(tokens("གཞུང"))
    url = place if place == "memory:" else f"sqlite:///{tmp_path / 'a.db'}"
    with Hub.open(url, discover=False) as hub:
        first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me = hub.as_(first.id)
        other = me.accounts.create(organization=first.organization)
        me.accounts.grant(other.id, ["*"], region="510000")
        titles = {"གཞུང་།": "གཞུང་གི་ལས་ཀ།", "གཞི་།": "ནད་གཞི་འགོག་པ།", "今日科普": "地震科普知识"}
        for title, body in titles.items():
            tag = detect(body).language
            made = me.resources.create(
                title=title, body=body, organization=first.organization, language=tag
            )
            me.resources.submit(made.id)
            hub.as_(other.id).resources.approve(made.id)
            me.resources.publish(made.id)
        assert [one.title for one in hub.ask("གཞི")] == ["གཞི་།"]
        assert [one.title for one in hub.ask("科普")] == ["今日科普"]


def test_parts_of_an_sms_are_counted_in_units_and_cut_at_no_stack():
    text = "བོད་ཡིག་གི་སྐད་ཆ་" * 10
    parts = sms_parts(text)
    assert "".join(parts) == text
    assert all(len(part.encode("utf-16-be")) // 2 <= 67 for part in parts)
    assert not any(re.match("[\u0f71-\u0fbc\u0f0b\u0f0d]", part) for part in parts)


def test_importing_needs_no_network_and_no_vendors_library():
    """`translators` asks for the region on import; botok downloads in a constructor."""
    program = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = socket.create_connection = refuse\n"
        "import tianfu_sdk as tf\n"
        "from tianfu_sdk.text import detect, fold, syllables, convert, sort_key\n"
        "detect('བོད'); fold('བོད'); syllables('བོད'); convert('头发', 'zh-Hant'); sort_key('བོད')\n"
        "hub = tf.Hub.open('memory:', discover=False); hub.close()\n"
        "assert not {'tencentcloud', 'google.cloud', 'botok'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
