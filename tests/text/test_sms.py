import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tianfu_sdk.errors import Invalid
from tianfu_sdk.text import sms_parts, sms_split
from tianfu_sdk.text.sms import _COSTS, _NEVER, _STANDING, _hangs, _hold, _measure, _wish

HAN = "科"
TIBETAN = "བོད་ཡིག་གི་སྐད་ཆ་འདི་ནི་རྒྱལ་ཁབ་ཀྱི་ཚན་རིག་ཁྱབ་གདལ་གྱི་ལས་ཀ་ཡིན།"
PIECES = [
    *(
        "科",
        "普及",
        "，",
        "。",
        "【川】",
        "a",
        "word ",
        "12",
        "3.14",
        "https://a.cn/b?c=1",
        "\n",
        "\r\n",
    ),
    *("😀", "𠮷", "👨‍👩‍👧", "👍🏽", "❤️", "🇨🇳", "🇨", "1️⃣", "e\u0301", "\u0301", "\u200d", "\u200b"),
    *("བོད་", "སྐྱོ", "ཀྱི།", "༌", "ꆈꌠ", "한"),
    # Other scripts of China and its neighbours: Uyghur, Mongolian, Lisu, Miao, Tai Le …
    *(
        "ئۇيغۇر",
        "ᠮᠣᠩᠭᠣᠯ ",
        "ᠠ\u180b",
        "ꓡꓲꓢꓴ ",
        "𖼐𖼥",
        "ᥖᥭᥰ",
        "မြန်",
        "हिन्दी ",
        "ไทยน้ำ",
        "мир",
        "عَرَبِيّ",
        "かが",
    ),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=120).map("".join)


def units(text):
    return len(text.encode("utf-16-le")) // 2


def sizes(text, signature=None):
    return [units(part) for part in sms_parts(text, signature)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HAN * 70, [70]),
        (HAN * 71, [67, 4]),
        (HAN * 134, [67, 67]),
        (HAN * 135, [67, 67, 1]),
        (HAN * 148 + "😀", [67, 67, 16]),
        (HAN * 160, [67, 67, 26]),
        ("a" * 160, [67, 67, 26]),
        ("1" * 160, [67, 67, 26]),
        (HAN * 258, [67, 67, 67, 57]),
        (HAN * 500, [67] * 7 + [31]),
        (HAN * 600, [67] * 8 + [64]),
        (HAN * 1000, [67] * 14 + [62]),
        ("😀" * 35, [70]),
        ("😀" * 36, [66, 6]),
        ("😀" * 40, [66, 14]),
        (HAN * 69 + "😀", [67, 4]),
        (HAN * 66 + "😀" + HAN * 10, [66, 12]),
        ("𠮷" * 70, [66, 66, 8]),
        ("ꆈ" * 71, [67, 4]),
        ("", [0]),
    ],
)
def test_parts_are_as_operators_publish_them(text, expected):
    assert sizes(text) == expected


def test_there_is_no_ceiling():
    assert sms_split(HAN * 100_000).count == 1493


def test_ordinary_text_is_cut_after_punctuation_where_that_is_free():
    text = "四川省科协提醒您：近日流感高发，请勤洗手、戴口罩，少去人多的地方。" * 3
    parts = sms_parts(text)
    assert len(parts) == 2
    assert parts[0].endswith(("，", "。", "、", "："))


def test_a_link_a_number_and_a_bracket_stay_whole_where_that_is_free():
    for whole in (
        "https://www.example.cn/kepu/index.html?id=1",
        "t.cn/AbCdEf",
        "028-86633333",
        "38.5℃",
        "【四川科协】",
    ):
        text = HAN * 60 + whole + HAN * (60 if len(whole) > 20 else 30)
        assert any(whole in part for part in sms_parts(text)), whole


def test_no_part_is_spent_on_keeping_something_whole():
    link = "https://example.cn/" + "a" * 60
    assert sizes(HAN * 60 + link + HAN * 60) == [67, 67, 65]


def test_a_part_does_not_begin_with_what_closes_the_one_before():
    assert sms_parts(HAN * 67 + "。" + HAN * 20)[1][0] == HAN
    assert sms_parts(HAN * 66 + "（" + HAN * 20)[0][-1] == HAN


def test_tibetan_is_cut_after_a_tsheg_or_shad():
    parts = sms_parts(TIBETAN * 4)
    assert all(part[-1] in "་།" for part in parts)


def test_an_early_nice_cut_does_not_spoil_a_later_one():
    # With the first part ending at its comma the second would have to end in the number.
    text = HAN * 61 + "，" + HAN * 64 + "123456" + HAN * 63
    assert sizes(text) == [67, 67, 61]


@pytest.mark.parametrize(
    "whole",
    ["སྐྱོ", "e\u0301\u0323", "👨‍👩‍👧‍👦", "🇨🇳", "👍🏽", "1️⃣", "\r\n", "❤️‍🔥", "🏴\U000e0067\U000e007f"],
)
def test_what_reads_as_one_character_is_never_cut(whole):
    for before in range(60, 68):
        parts = sms_parts(HAN * before + whole + HAN * 40)
        assert sum(part.count(whole) for part in parts) == 1


def test_a_character_longer_than_a_part_is_cut_at_code_points():
    text = HAN * 30 + "e" + "\u0301" * 100
    assert sizes(text) == [67, 64]
    assert "".join(sms_parts(text)) == text


def test_the_signature_takes_room_once_in_the_first_part():
    assert sizes(HAN * 64, "四川科协") == [64]
    assert sizes(HAN * 65, "四川科协") == [61, 4]
    assert sizes(HAN * 195, "四川科协") == [61, 67, 67]
    assert sms_split(HAN * 64, "四川科协").units == 70


def test_a_signature_may_leave_the_first_part_empty():
    assert sms_parts("👨‍👩‍👧‍👦" * 2, "科" * 60) == ["", "👨‍👩‍👧‍👦" * 2]


@pytest.mark.parametrize("signature", ["", "【四川", "四川】", HAN * 66])
def test_a_signature_that_cannot_stand_is_refused(signature):
    with pytest.raises(Invalid) as caught:
        sms_parts("文", signature)
    assert (caught.value.code, caught.value.path) == ("sms.bad_signature", "signature")


@pytest.mark.parametrize(
    ("text", "signature", "path"), [("a\ud83d", None, "text"), ("a", "\udc00", "signature")]
)
def test_half_a_surrogate_pair_is_refused(text, signature, path):
    with pytest.raises(Invalid) as caught:
        sms_parts(text, signature)
    assert (caught.value.code, caught.value.path) == ("text.lone_surrogate", path)


def test_the_costly_end_is_what_goes_to_save_a_part():
    assert sms_split(HAN * 70).costly == ()
    assert sms_split(HAN * 71).costly == (HAN,)
    assert sms_split(HAN * 136).costly == (HAN * 2,)
    assert sms_split(HAN * 65, "四川科协").costly == (HAN,)


@pytest.mark.parametrize(
    ("text", "costly"),
    [
        # One unusual character that made the part, wherever it stands.
        ("😀" + HAN * 69, ("😀",)),
        (HAN * 35 + "❤️" + HAN * 69, (HAN * 36,)),
        (HAN * 35 + "❤️" + HAN * 34, ("❤️",)),
        (HAN * 30 + "👨‍👩‍👧" + HAN * 100 + "😀😀", ("👨‍👩‍👧",)),
        (HAN * 40 + "𠮷😀" + HAN * 28, ("😀",)),
        ("\u200b" + HAN * 70, ("\u200b",)),
        (HAN * 20 + "a\u200d" + HAN * 49, ("\u200d",)),
        # None of them is enough: the end of the text has to go.
        ("😀" + HAN * 80, (HAN * 12,)),
        ("😀" * 36, ("😀",)),
    ],
)
def test_characters_that_count_more_than_they_look_are_named_first(text, costly):
    assert sms_split(text).costly == costly


def test_no_character_that_hangs_on_another_is_taken_to_stand_alone():
    standing = re.compile(f"[{_STANDING}]")
    odd = {c for c in map(chr, range(0x110000)) if standing.fullmatch(c) and _hangs(c)}
    assert odd == set()


def characters(text):
    """Cut a text into what must stay whole, by the rules and the slow way."""
    found = []
    flags = 0
    for at, character in enumerate(text):
        before = text[at - 1] if at else ""
        hangs = (
            unicodedata.category(character)[0] == "M"
            or character in "\u200c\u200d"
            or "🏻" <= character <= "🏿"
        )
        flag = "🇦" <= character <= "🇿"
        joined = before == "\u200d" and unicodedata.category(character) in {"So", "Sm"}
        if at and (hangs or joined or before + character == "\r\n" or (flag and flags % 2)):
            found[-1] += character
        else:
            found.append(character)
        flags = flags + 1 if flag else 0
    return [c for one in found for c in (one if units(one) > 67 else [one])]


def fewest(text, room):
    """Count the parts of the greedy way, which no other undercuts."""
    count, used = 1, 0
    for character in characters(text):
        if used + units(character) > room:
            count, used, room = count + 1, 0, 67
        used += units(character)
    return count


@given(TEXTS, st.sampled_from([None, "川", "四川科协", HAN * 30]))
@example("😀" * 36, None)
@example(TIBETAN * 9, "四川科协")
def test_parts_are_whole_and_as_few_as_can_be(text, signature):
    split = sms_split(text, signature)
    reserved = 0 if signature is None else len(signature) + 2
    assert "".join(split.parts) == text
    assert split.count == len(split.parts)
    assert split.units == units(text) + reserved
    if split.units <= 70:
        assert split.parts == (text,)
        assert split.costly == ()
        return
    assert split.count == fewest(text, 67 - reserved)
    for at, part in enumerate(split.parts):
        assert units(part) <= 67 - (0 if at else reserved)
        assert at == 0 or part
    starts, at = set(), 0
    for character in characters(text):
        starts.add(at)
        at += len(character)
    at = 0
    for part in split.parts:
        assert at in starts
        at += len(part)
    assert split.costly
    assert sms_split(without(text, split.costly), signature).count == split.count - 1


def without(text, costly):
    """Leave out what is named, from the end, as a writer would."""
    if len(costly) == 1 and text.endswith(costly[0]):
        return text[: -len(costly[0])]
    left, rest = list(costly), characters(text)
    for place in range(len(rest) - 1, -1, -1):
        if rest[place] in left:
            left.remove(rest.pop(place))
    for character in left:
        # One that is invisible hangs on another.
        place = max(n for n, one in enumerate(rest) if character in one)
        rest[place] = rest[place].replace(character, "", 1)
    return "".join(rest)


@given(st.text(max_size=150))
def test_any_valid_text_is_given_back_by_its_parts(text):
    try:
        parts = sms_parts(text)
    except Invalid as error:
        assert error.code == "text.lone_surrogate"
        return
    assert "".join(parts) == text


def cheapest(ranks, ruler, room):
    """Find parts and cost of the best cuts by trying all of them from the right."""
    end = len(ranks) - 1
    best = {end: (0, 0)}

    def rest(place, width):
        reach = [at for at in best if 0 <= ruler.units[at] - ruler.units[place] <= width]
        return min(
            (best[at][0] + 1, best[at][1] + (_COSTS[ranks[at]] if at < end else 0)) for at in reach
        )

    for place in range(end - 1, -1, -1):
        if ranks[place] < _NEVER:
            best[place] = rest(place, 67)
    return rest(0, room)


@given(TEXTS, st.sampled_from([None, "四川科协", HAN * 30]))
def test_no_other_cuts_are_better(text, signature):
    split = sms_split(text, signature)
    if split.count == 1:
        return
    ruler = _measure(text, units(text))
    ranks = bytearray([1]) * (len(text) + 1)
    _wish(text, ranks)
    _hold(text, ranks, ruler)
    at = cost = 0
    for part in split.parts[:-1]:
        at += len(part)
        cost += _COSTS[ranks[at]]
    room = 67 - (0 if signature is None else len(signature) + 2)
    assert (split.count, cost) == cheapest(ranks, ruler, room)
