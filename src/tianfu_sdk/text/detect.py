"""Tell the language of a text by its scripts.

No model is asked: those at hand take Tibetan for Dzongkha and Yi for Korean, and a
script never errs about these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import attrs

from tianfu_sdk.text import tables
from tianfu_sdk.text.scripts import script_of

__all__ = ["Detected", "detect"]

# How much a character says beside an ideograph or a Yi syllable: a Tibetan syllable is
# written with about four characters, and so is a word of an alphabet, at the least.
_WEIGHTS = {"Hani": 1.0, "Yiii": 1.0, "Tibt": 0.25, "Latn": 0.25, "Zzzz": 0.5}
_LEADS = 0.8
_MIXED = 0.1
_BORROWED = 0.75


@attrs.frozen
class Detected:
    """What scripts say about a text.

    Attributes:
        language: `bo`, `ii`, `zh-Hans`, `zh-Hant`, `mul` or `und`.
        scripts: Share of each script among the letters, by ISO 15924 code, the largest
            first; shares add up to 1, and a text without letters has none. `Zzzz` stands
            for every script that has no room here.
        mixed: True where a second script carries a tenth of what is said or more.
        also: What it may be as well, because nothing in it decides: `dz` beside `bo`, and
            `zh-Hant` beside `zh-Hans` where as many characters speak for either, or none.
    """

    language: str
    scripts: Mapping[str, float] = attrs.field(hash=False)
    mixed: bool
    also: tuple[str, ...] = ()


def _chinese(counts: Counter[str]) -> tuple[str, ...]:
    hans, hant = tables.one_sided_characters()
    simplified = sum(counts[character] for character in hans.intersection(counts))
    traditional = sum(counts[character] for character in hant.intersection(counts))
    if simplified == traditional:
        return "zh-Hans", "zh-Hant"
    return ("zh-Hant",) if traditional > simplified else ("zh-Hans",)


def _languages(said: Mapping[str, float], counts: Counter[str]) -> tuple[str, ...]:
    total = sum(said.values())
    if not total or said.get("Latn", 0.0) > _BORROWED * total:
        return ("und",)
    # Latin words in a text of another script are borrowed: 5G, HPV, COVID-19.
    others = {script: weight for script, weight in said.items() if script != "Latn"}
    lead = max(others, key=lambda script: (others[script], script))
    if others[lead] < _LEADS * sum(others.values()):
        return ("mul",)
    if lead == "Hani":
        return _chinese(counts)
    # Dzongkha has the same script, and a model that says which it is has guessed.
    return {"Tibt": ("bo", "dz"), "Yiii": ("ii",)}.get(lead, ("und",))


def detect(text: str) -> Detected:
    """Tell the language of a text by its scripts.

    Tibetan script is taken for `bo`, though Dzongkha is written with it too; Yi script is
    `ii`. Chinese is `zh-Hant` where more of its characters are only traditional than only
    simplified; where both ways share every character, as in 中文, nothing decides, the answer
    is `zh-Hans`, and `also` says so. `mul` means that no script leads clearly, `und` that the
    text has no letters, or that Latin or another script leads. Latin words do not make a text
    `mul`: 5G and HPV are borrowed. Digits, punctuation and emoji do not count.

    Args:
        text: Any text.

    Returns:
        Language, shares of scripts, whether scripts are mixed, and what else it may be.

    Source: ISO 639 and RFC 5646 for `mul` and `und`; OpenCC's tables for Chinese.
    """
    counts = Counter(text)
    letters: Counter[str] = Counter()
    for character, count in counts.items():
        # Marks and digits of the Tibetan block say Tibetan as much as letters do.
        script = script_of(character)
        if script in _WEIGHTS:
            letters[script] += count
    total = letters.total()
    said = {script: count * _WEIGHTS[script] for script, count in letters.items()}
    heaviest = sorted(said.values(), reverse=True)
    language, *also = _languages(said, counts)
    return Detected(
        language=language,
        scripts={script: count / total for script, count in letters.most_common()},
        mixed=len(heaviest) > 1 and heaviest[1] >= _MIXED * sum(heaviest),
        also=tuple(also),
    )
