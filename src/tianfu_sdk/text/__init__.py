"""Language mechanics: scripts, folding, tokens, SMS parts, conversion, masks.

Pure functions of a text. Nothing here reads a clock, a file of the user's or a network;
tables of the package are read on first use.
"""

from __future__ import annotations

from tianfu_sdk.text.conversion import convert
from tianfu_sdk.text.detect import Detected, detect
from tianfu_sdk.text.folding import fold, fold_with_places, normalize
from tianfu_sdk.text.masks import Masked, Unmasked, compare, mask, plain, runs, unmask
from tianfu_sdk.text.scripts import (
    HAN,
    LATIN,
    TIBETAN,
    TIBETAN_SYLLABLE,
    YI,
    canonical_language,
    fallbacks,
    language_order,
    script_of,
    starts_inside_stack,
)
from tianfu_sdk.text.sentences import sentences
from tianfu_sdk.text.sms import SmsSplit, sms_parts, sms_split
from tianfu_sdk.text.sorting import sort_key
from tianfu_sdk.text.spelling import TibetanSlip, tibetan_slips
from tianfu_sdk.text.syllables import syllables
from tianfu_sdk.text.tokens import (
    ANALYZER_VERSION,
    folded_length,
    folded_query_tokens,
    folded_telling_tokens,
    folded_tokens,
    folded_words,
    query_tokens,
    tokens,
)
from tianfu_sdk.text.wylie import from_wylie, to_wylie

__all__ = [
    "ANALYZER_VERSION",
    "HAN",
    "LATIN",
    "TIBETAN",
    "TIBETAN_SYLLABLE",
    "YI",
    "Detected",
    "Masked",
    "SmsSplit",
    "TibetanSlip",
    "Unmasked",
    "canonical_language",
    "compare",
    "convert",
    "detect",
    "fallbacks",
    "fold",
    "fold_with_places",
    "folded_length",
    "folded_query_tokens",
    "folded_telling_tokens",
    "folded_tokens",
    "folded_words",
    "from_wylie",
    "language_order",
    "mask",
    "normalize",
    "plain",
    "query_tokens",
    "runs",
    "script_of",
    "sentences",
    "sms_parts",
    "sms_split",
    "sort_key",
    "starts_inside_stack",
    "syllables",
    "tibetan_slips",
    "to_wylie",
    "tokens",
    "unmask",
]
