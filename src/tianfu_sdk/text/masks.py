"""Texts with inline codes as one string, in which a short token stands for each code.

Who edits or translates the string moves the tokens with the words; `unmask` puts the codes
back and says which were lost, doubled, or crossed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import attrs

from tianfu_sdk.model.translation import Code, CodeKind, Runs

__all__ = ["Masked", "Unmasked", "mask", "plain", "runs", "unmask"]

_LOOK = re.compile(r"(\{+)/?\d+/?\}")


@attrs.frozen
class Masked:
    """A text with tokens, and the code that each token stands for."""

    text: str
    """Such as `Press {1}Enter{/1} or {2/}`."""
    codes: Mapping[str, Code]
    """By token, in the order of the text."""


@attrs.frozen
class Unmasked:
    """A text whose tokens were turned into codes again, and what became of them."""

    runs: Runs
    lost: tuple[Code, ...] = ()
    """Codes that the text does not have any more, though they may not be left out."""
    left_out: tuple[Code, ...] = ()
    """Codes that it does not have any more, as they may."""
    doubled: tuple[Code, ...] = ()
    """Codes that it has more often than before, though they may not be copied."""
    crossed: tuple[Code, ...] = ()
    """Codes that close before they open, have lost their partner, or have changed places with
    others, though they may not."""

    @property
    def intact(self) -> bool:
        """No code was lost, doubled, or crossed, nor left out."""
        return not (self.lost or self.left_out or self.doubled or self.crossed)


def runs(parts: Iterable[str | Code]) -> Runs:
    """Join strings that adjoin, and drop empty ones."""
    made: list[str | Code] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        elif part != "":
            made.append(part)
    return tuple(made)


def plain(parts: Runs) -> str:
    """Give the words alone, without codes."""
    return "".join(part for part in parts if isinstance(part, str))


def mask(parts: Runs) -> Masked:
    """Write a text with a token for each code.

    A token is `{1}` for a code that opens, `{/1}` for the one that closes it and `{2/}` for
    one that stands alone, numbered in the order of the text; where the words look like that
    themselves, the braces are more: `{{1}}`.

    Args:
        parts: Words and codes.

    Returns:
        The text and its tokens.
    """
    words = plain(parts)
    braces = 1 + max((len(found[1]) for found in _LOOK.finditer(words)), default=0)
    numbers: dict[str, int] = {}
    codes: dict[str, Code] = {}
    made = []
    for part in parts:
        if isinstance(part, str):
            made.append(part)
            continue
        number = numbers.setdefault(part.id, len(numbers) + 1)
        token = _token(part, number, braces)
        if token in codes:
            # Two codes of one id and kind are no pair: each has to find its own way back.
            number = numbers[f"{part.id}\0{len(numbers)}"] = len(numbers) + 1
            token = _token(part, number, braces)
        codes[token] = part
        made.append(token)
    return Masked("".join(made), codes)


def _token(code: Code, number: int, braces: int) -> str:
    return "{" * braces + _MARKS[code.kind].format(number) + "}" * braces


_MARKS = {CodeKind.OPEN: "{}", CodeKind.CLOSE: "/{}", CodeKind.STANDALONE: "{}/"}


def unmask(text: str, masked: Masked) -> Unmasked:
    """Put the codes back into a text, and tell what became of them.

    Args:
        text: As it came back: edited or translated, tokens moved with the words.
        masked: What it was made from.

    Returns:
        Words and codes; whatever is no token of `masked` stays words.
    """
    if not masked.codes:
        return Unmasked(runs((text,)))
    # Tokens are found as they are, never as patterns; none is the beginning of another.
    parts = re.split(f"({'|'.join(map(re.escape, masked.codes))})", text)
    back = runs(masked.codes.get(part, part) for part in parts)
    found = [part for part in back if isinstance(part, Code)]
    return _told(back, list(masked.codes.values()), found)


def _told(back: Runs, wanted: Sequence[Code], found: Sequence[Code]) -> Unmasked:
    counts = Counter(found)
    gone = [code for code in wanted if not counts[code]]
    return Unmasked(
        back,
        lost=tuple(code for code in gone if not code.can_delete),
        left_out=tuple(code for code in gone if code.can_delete),
        doubled=tuple(code for code in wanted if counts[code] > 1 and not code.can_copy),
        crossed=tuple(_crossed(wanted, found)),
    )


def _crossed(wanted: Sequence[Code], found: Sequence[Code]) -> list[Code]:
    paired = {code.id for code in wanted if code.kind is CodeKind.OPEN} & {
        code.id for code in wanted if code.kind is CodeKind.CLOSE
    }
    crossed = []
    open_: Counter[str] = Counter()
    for code in found:
        if code.id in paired:
            open_[code.id] += 1 if code.kind is CodeKind.OPEN else -1
            if open_[code.id] < 0:
                crossed.append(code)
                open_[code.id] = 0
    crossed += [code for code in wanted if code.kind is CodeKind.OPEN and open_[code.id] > 0]
    fixed = [code for code in dict.fromkeys(found) if not code.can_reorder]
    order = [code for code in wanted if not code.can_reorder and code in fixed]
    crossed += [code for code, due in zip(fixed, order, strict=False) if code != due]
    return list(dict.fromkeys(crossed))
