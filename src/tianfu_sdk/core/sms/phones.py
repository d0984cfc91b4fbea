"""Phone numbers: one spelling inside, and a mask for people who look."""

from __future__ import annotations

import re
import unicodedata

from tianfu_sdk.errors import Invalid

__all__ = ["masked", "normalised"]

_BETWEEN = re.compile(r"[\s.()\-\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\ufeff]+")
# Any 1 and ten digits, not only the ranges in use: operators open new ones, and numbers that
# are clearly nobody's (1000000xxxx) must pass in drills.
_MAINLAND = re.compile(r"(?:\+86|0086|86)?(1[0-9]{10})")
_ABROAD = re.compile(r"(?:\+|00)(?!86)([1-9][0-9]{6,14})")
_LONGEST = 40


def normalised(text: str, path: str = "phone") -> str:
    """Give a phone its one spelling, E.164.

    Args:
        text: A mobile of the mainland with or without `+86`, `0086` or `86`, or a number of
            another country with `+` or `00`; spaces, dashes, dots, brackets and full-width
            digits are fine.
        path: Where it stands, for the error.

    Returns:
        Such as `+8613800000000`.

    Raises:
        Invalid: `phone.bad`; the error never holds the number.

    Source: ITU-T E.164; numbering plan of the mainland (mobiles are 1 and ten digits).
    """
    # Rows of files bring whatever they like, so the type is looked at here.
    given: object = text
    if isinstance(given, str) and len(given) <= _LONGEST:
        plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", given))
        if home := _MAINLAND.fullmatch(plain):
            return f"+86{home[1]}"
        if abroad := _ABROAD.fullmatch(plain):
            return f"+{abroad[1]}"
    raise Invalid("phone.bad", path=path)


def masked(phone: str) -> str:
    """Give a phone as it may be shown: `+86138****0000`; of one from abroad less.

    Args:
        phone: E.164.
    """
    if phone.startswith("+86") and len(phone) == len("+8613800000000"):
        return f"{phone[:6]}****{phone[-4:]}"
    return f"{phone[:3]}****{phone[-2:]}"
