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

__all__ = ["Masked", "Unmasked", "compare", "mask", "plain", "runs", "unmask"]

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
    if all(isinstance(part, str) for part in parts):
        return Masked(words, {})
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
    wanted = list(masked.codes.values())
    if not wanted:
        return compare((), runs((text,)))
    # Tokens are found as they are, never as patterns; none is the beginning of another.
    parts = re.split(f"({'|'.join(map(re.escape, masked.codes))})", text)
    return compare(wanted, runs(masked.codes.get(part, part) for part in parts))


def compare(source: Iterable[str | Code], back: Runs) -> Unmasked:
    """Tell what became of the codes of a source in its translation.

    Args:
        source: Words and codes, or the codes alone.
        back: Words and codes of the translation; a code is known by its id and kind.

    Returns:
        The translation, with what is to be said of its codes.
    """
    wanted = [part for part in source if isinstance(part, Code)]
    found = [part for part in back if isinstance(part, Code)]
    if not wanted and not found:
        return Unmasked(back)
    counts = Counter(map(_key, found))
    before = Counter(map(_key, wanted))
    gone = [code for code in wanted if not counts[_key(code)]]
    more = [code for code in wanted if counts[_key(code)] > before[_key(code)]]
    return Unmasked(
        back,
        lost=tuple(code for code in gone if not code.can_delete),
        left_out=tuple(code for code in gone if code.can_delete),
        doubled=tuple(code for code in more if not code.can_copy),
        crossed=tuple(_crossed(wanted, found)),
    )


def _key(code: Code) -> tuple[str, CodeKind]:
    return code.id, code.kind


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
    fixed = {_key(code): code for code in wanted if not code.can_reorder}
    order = list(dict.fromkeys(_key(code) for code in found if _key(code) in fixed))
    due = [key for key in fixed if key in set(order)]
    crossed += [fixed[one] for one, other in zip(order, due, strict=True) if one != other]
    return list(dict.fromkeys(crossed))
