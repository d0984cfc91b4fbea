import pytest

from tianfu_sdk.text import syllables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("བོད་ཡིག་གི་སྐད།", ["བོད", "ཡིག", "གི", "སྐད"]),
        ("བོད༌ཡིག", ["བོད", "ཡིག"]),
        ("ༀ་མཎི", ["ༀ", "མཎི"]),
        ("ꆈꌠꁱꂷ", ["ꆈ", "ꌠ", "ꁱ", "ꂷ"]),
        ("ꀕ", ["ꀕ"]),
        ("科普 abc 123 ༡༢༣ ꒐", []),
        ("", []),
    ],
)
def test_tshegs_and_shads_end_syllables(text, expected):
    assert syllables(text) == expected
