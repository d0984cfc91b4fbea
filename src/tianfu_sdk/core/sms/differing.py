"""A draft beside its template: what is the same, what is missing, what is extra."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import attrs

from tianfu_sdk.model.template import Segment

__all__ = ["Token", "differing"]

Kind = Literal["same", "variable", "missing", "extra"]
_MOST_CELLS = 2_000_000
"""A third of a second; texts that fit a message have a tenth of it."""
_SHORT = 2
"""Fewer equal characters than this between two changes are chance and help no reader."""


@attrs.frozen
class Token:
    """A character of a template, or a variable of it."""

    character: str = ""
    name: str = ""


@attrs.define
class _Run:
    kind: Kind
    text: str
    name: str = ""


def differing(template: Sequence[Token], draft: str) -> Iterator[Segment]:
    """Lay a draft beside a template so that the fewest characters are missing or extra.

    Args:
        template: Its characters and variables in order; a variable takes any characters.
        draft: The text.

    Returns:
        Segments in order; those that are not `missing` give the draft when joined.
    """
    at = 0
    for run in _grouped(_aligned(template, draft)):
        end = at if run.kind == "missing" else at + len(run.text)
        yield Segment(kind=run.kind, text=run.text, start=at, end=end, name=run.name)
        at = end


def _aligned(template: Sequence[Token], draft: str) -> list[_Run]:
    """Align by the least cost, one run a character; read from the end, so given in order."""
    head = _same_at_start(template, draft)
    tokens, rest = template[head:], draft[head:]
    if len(tokens) * len(rest) > _MOST_CELLS:
        return _unlike(template, draft, head)
    costs = _costs(tokens, rest)
    runs: list[_Run] = []
    row, column = len(tokens), len(rest)
    while row or column:
        token = tokens[row - 1] if row else None
        here = costs[row][column]
        if token and token.name:
            # Least cost of the rows before this column: there the variable begins.
            start = min(range(column + 1), key=lambda n: (costs[row - 1][n], -n))
            runs.append(_Run("variable", rest[start:column], token.name))
            row, column = row - 1, start
        elif (
            token
            and column
            and token.character == rest[column - 1]
            and (here == costs[row - 1][column - 1])
        ):
            runs.append(_Run("same", rest[column - 1]))
            row, column = row - 1, column - 1
        elif column and here == costs[row][column - 1] + 1:
            runs.append(_Run("extra", rest[column - 1]))
            column -= 1
        else:
            runs.append(_Run("missing", token.character if token else ""))
            row -= 1
    return [*(_Run("same", character) for character in draft[:head]), *reversed(runs)]


def _unlike(template: Sequence[Token], draft: str, head: int) -> list[_Run]:
    """Give up on what would take long: all after the common start is another text."""
    written = "".join(f"${{{token.name}}}" if token.name else token.character for token in template)
    start = [_Run("same", draft[:head])] if head else []
    return [*start, _Run("missing", written[head:]), _Run("extra", draft[head:])]


def _same_at_start(template: Sequence[Token], draft: str) -> int:
    for place, (token, character) in enumerate(zip(template, draft, strict=False)):
        if token.character != character:
            return place
    return min(len(template), len(draft))


def _costs(tokens: Sequence[Token], draft: str) -> list[list[int]]:
    """Give the least number of changes from the first tokens to the first characters."""
    rows = [list(range(len(draft) + 1))]
    for token in tokens:
        above = rows[-1]
        if token.name:
            least, row = above[0], []
            for cost in above:
                least = min(least, cost)
                row.append(least)
        else:
            row = [above[0] + 1]
            for column, character in enumerate(draft):
                if character == token.character:
                    row.append(min(above[column], row[-1] + 1))
                else:
                    row.append(min(above[column + 1], row[-1]) + 1)
        rows.append(row)
    return rows


def _grouped(runs: Sequence[_Run]) -> Iterator[_Run]:
    """Join what belongs together: changes first what is missing, then what is extra."""
    joined = _joined(runs)
    for place, run in enumerate(joined):
        between = 0 < place < len(joined) - 1
        if run.kind == "same" and between and len(run.text) < _SHORT:
            before, after = joined[place - 1], joined[place + 1]
            if before.kind in ("missing", "extra") and after.kind in ("missing", "extra"):
                run.kind = "missing"
                run.name = "chance"
    missing = extra = ""
    for run in joined:
        if run.kind == "missing":
            missing += run.text
            extra += run.text if run.name else ""
        elif run.kind == "extra":
            extra += run.text
        else:
            yield from _changes(missing, extra)
            missing = extra = ""
            yield run
    yield from _changes(missing, extra)


def _joined(runs: Sequence[_Run]) -> list[_Run]:
    joined: list[_Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and last.kind == run.kind and not run.name and not last.name:
            last.text += run.text
        else:
            joined.append(attrs.evolve(run))
    return joined


def _changes(missing: str, extra: str) -> Iterator[_Run]:
    if missing:
        yield _Run("missing", missing)
    if extra:
        yield _Run("extra", extra)
