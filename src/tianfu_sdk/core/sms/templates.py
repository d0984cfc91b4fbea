"""Approved templates (短信模板): parsed, filled, matched, and drafts compared with them.

A text matches a template when values for its variables give exactly that text. Where several
values would, each variable in turn takes as much as it can: first come, longest value. A
variable that stands twice has one value. A draft that does not match is laid beside the
template so that as few characters as possible are missing or extra.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import attrs

from tianfu_sdk.core.sms.differing import Token, differing
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.sms import TextRules
from tianfu_sdk.model.template import (
    Comparison,
    Segment,
    Severity,
    SmsProblem,
    SmsTemplate,
    TemplateVariable,
    ValueForm,
)

__all__ = [
    "compare",
    "demand_gateway",
    "demand_sound",
    "fill",
    "fixed_in",
    "link_spans",
    "parse",
    "value_problems",
    "values_of",
]

_VARIABLE = re.compile(r"\$?\{([A-Za-z0-9_]{1,32})\}")
_WRITTEN = "${{{}}}"
_LINK = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://|www\.|(?<![a-z0-9-])[a-z0-9-]{1,63}\.(?:cn|com|net|org|gov|edu|top|xyz|cc|io|me|vip|ltd|tv)"
    r"(?![a-z0-9])",
    re.IGNORECASE,
)
_MOST_STEPS = 2_000
"""Of looking for values; only a variable that stands twice needs more than a few."""


def parse(text: str) -> tuple[str, tuple[str, ...]]:
    """Read a template as its vendor writes it.

    Args:
        text: With variables such as `${name}` (Aliyun) or `{1}` (Tencent).

    Returns:
        The text with each variable as `${name}`, and their names: numbered ones by number,
        else in the order in which they stand first.

    Raises:
        Invalid: `template.braces`, a brace that belongs to no variable;
            `template.positions`, numbers that are not 1, 2, 3 and so on.
    """
    names = list(dict.fromkeys(match[1] for match in _VARIABLE.finditer(text)))
    rest = _VARIABLE.sub("", text)
    if "{" in rest or "}" in rest:
        raise Invalid("template.braces", path="text")
    if names and all(name.isdigit() for name in names):
        names.sort(key=int)
        if [int(name) for name in names] != list(range(1, len(names) + 1)):
            raise Invalid("template.positions", path="text")
    return _VARIABLE.sub(lambda match: _WRITTEN.format(match[1]), text), tuple(names)


def demand_sound(template: SmsTemplate) -> None:
    """Demand that the variables of a template are those of its text, in order.

    Raises:
        Invalid: `template.variables`, `template.validity`; as `parse`.
    """
    _, names = parse(template.text)
    if tuple(variable.name for variable in template.variables) != names:
        raise Invalid("template.variables", path="variables", names=", ".join(names) or "-")
    start, end = template.valid_from, template.valid_until
    if start is not None and end is not None and end <= start:
        raise Invalid("template.validity", path="valid_until")
    for place, signature in enumerate(template.signatures):
        if "【" in signature or "】" in signature:
            raise Invalid("template.signature", path=f"signatures[{place}]")


def demand_gateway(template: SmsTemplate, gateway: str, path: str) -> None:
    """Demand that a template is of a gateway; raises `Invalid` (`sms.template_gateway`)."""
    if template.gateway != gateway:
        raise Invalid("sms.template_gateway", path=path, wanted=template.gateway, name=gateway)


def fill(template: SmsTemplate, values: Mapping[str, str]) -> str:
    """Fill a template.

    Args:
        template: With its variables.
        values: By name, for all of them and no others.

    Returns:
        The text as a person reads it, without the signature.

    Raises:
        Invalid: `template.values`.
    """
    names = {variable.name for variable in template.variables}
    odd = sorted(names ^ values.keys())
    if odd:
        raise Invalid("template.values", path=f"values.{odd[0]}", names=", ".join(sorted(names)))
    return _VARIABLE.sub(lambda match: values[match[1]], template.text)


def values_of(
    template: SmsTemplate, text: str, rules: TextRules
) -> tuple[tuple[str, str], ...] | None:
    """Give the values that make a text of a template.

    Args:
        template: With its variables.
        text: As a person reads it, without the signature.
        rules: Of the gateway.

    Returns:
        Names and values in the template's order, within their limits where that can be;
        None where the text is not of the template.
    """
    found = _matched(template, text, rules)
    return found[0] if found else None


def compare(template: SmsTemplate, text: str, rules: TextRules, path: str = "text") -> Comparison:
    """Hold a draft against an approved template.

    Args:
        template: With its variables.
        text: The draft, without the signature.
        rules: Of the gateway.
        path: Of the draft, for the problems.

    Returns:
        Whether it matches, the values, the difference piece by piece, and what is wrong with
        values. `str()` of it shows the difference to a person.
    """
    found = _matched(template, text, rules)
    if found is None:
        difference = tuple(differing(_tokens(template.text), text))
        problem = SmsProblem(
            code="sms.template_mismatch",
            severity=Severity.REFUSE,
            path=path,
            spans=tuple((s.start, s.end) for s in difference if s.kind in ("extra", "missing")),
            values={"template": template.code},
        )
        return Comparison(
            template=template.id, matches=False, difference=difference, problems=(problem,)
        )
    values, ambiguous, places = found
    difference = tuple(_laid(template.text, dict(values)))
    problems = tuple(_bad_values(template.variables, values, places, rules, path))
    return Comparison(
        template=template.id,
        matches=True,
        values=values,
        ambiguous=ambiguous,
        difference=difference,
        problems=problems,
    )


def value_problems(text: str, rules: TextRules, path: str) -> tuple[SmsProblem, ...]:
    """Say what is wrong with a text that goes out whole as the value of a variable.

    Args:
        text: As a person reads it, without the signature.
        rules: Of the gateway.
        path: Of the text.
    """
    whole = TemplateVariable(name="text")
    return tuple(_bad_values((whole,), (("text", text),), {"text": ((0, len(text)),)}, rules, path))


def link_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Give where a text has what telephones make a link of."""
    return tuple(match.span() for match in _LINK.finditer(text))


def fixed_in(template: SmsTemplate) -> int:
    """Give how many characters of a template are no variable's."""
    return len(_VARIABLE.sub("", template.text))


def _longest(variable: TemplateVariable, rules: TextRules) -> int:
    limits = [limit for limit in (variable.longest, rules.longest_value) if limit]
    return min(limits, default=0)


def _bad_values(
    variables: Sequence[TemplateVariable],
    values: Sequence[tuple[str, str]],
    places: Mapping[str, tuple[tuple[int, int], ...]],
    rules: TextRules,
    path: str,
) -> Iterator[SmsProblem]:
    for variable, (name, value) in zip(variables, values, strict=True):
        longest = _longest(variable, rules)
        wrong = ""
        if longest and len(value) > longest:
            wrong = "sms.value_too_long"
        elif len(value) < variable.shortest:
            wrong = "sms.value_too_short"
        elif variable.form is ValueForm.DIGITS and not re.fullmatch("[0-9]*", value):
            wrong = "sms.value_no_digits"
        elif (
            variable.form is not ValueForm.LINK and not rules.links_in_values and link_spans(value)
        ):
            wrong = "sms.value_link"
        elif any(character in value for character in "【】"):
            wrong = "sms.value_brackets"
        if wrong:
            yield SmsProblem(
                code=wrong,
                severity=Severity.REFUSE,
                path=path,
                spans=places[name],
                values={
                    "name": name,
                    "length": len(value),
                    "longest": longest,
                    "shortest": variable.shortest,
                },
            )


# Matching.


@attrs.frozen
class _Piece:
    """A variable with the fixed text that follows it."""

    name: str
    shortest: int
    longest: int
    after: str


_Found = tuple[tuple[tuple[str, str], ...], bool, Mapping[str, tuple[tuple[int, int], ...]]]


def _matched(template: SmsTemplate, text: str, rules: TextRules) -> _Found | None:
    limits = {v.name: (v.shortest, _longest(v, rules)) for v in template.variables}
    # Values within their limits are wished for; where there are none, others say what is wrong.
    for limited in (True, False):
        head, pieces = _pieces(template.text, limits if limited else {})
        if not text.startswith(head):
            return None
        spans = _Search(pieces, text, len(head)).run()
        if spans:
            first = spans[0]
            places: dict[str, tuple[tuple[int, int], ...]] = {}
            for piece, span in zip(pieces, first, strict=True):
                places[piece.name] = (*places.get(piece.name, ()), span)
            named = {name: text[slice(*some[0])] for name, some in places.items()}
            values = tuple((v.name, named[v.name]) for v in template.variables)
            return values, len(spans) > 1, places
    return None


def _pieces(text: str, limits: Mapping[str, tuple[int, int]]) -> tuple[str, list[_Piece]]:
    head, *rest = _VARIABLE.split(text)
    return head, [
        _Piece(name, *limits.get(name, (0, 0)), after)
        for name, after in zip(rest[::2], rest[1::2], strict=True)
    ]


class _Search:
    """Look for the ends of all variables of a text, those that come first longest first.

    Args:
        pieces: The variables in the order of the text.
        text: The whole text.
        start: Where the first one begins.
    """

    def __init__(self, pieces: Sequence[_Piece], text: str, start: int) -> None:
        self._pieces = pieces
        self._text = text
        self._start = start
        self._steps = _MOST_STEPS
        self._ahead = self._reachable()

    def run(self) -> list[tuple[tuple[int, int], ...]]:
        """Give the places of values: of the best, and of another one where there is one."""
        if not self._pieces:
            return [()] if self._start == len(self._text) else []
        found: list[tuple[tuple[int, int], ...]] = []
        stack: list[tuple[tuple[int, int], ...]] = [()]
        while stack and len(found) < 2 and self._steps:  # noqa: PLR2004 - two are ambiguous
            self._steps -= 1
            spans = stack.pop()
            if len(spans) == len(self._pieces):
                found.append(spans)
                continue
            # The last that is put on is the first that is taken off: the longest value.
            stack += [(*spans, span) for span in self._next(spans)]
        return found

    def _reachable(self) -> list[bytearray]:
        """Tell from which places the pieces from a number on can reach the end."""
        size = len(self._text)
        good = bytearray(size + 1)
        good[size] = 1
        ahead = [good]
        for piece in reversed(self._pieces):
            # Where this piece's value may end: its fixed text follows, and then the rest.
            ends = bytearray(size + 1)
            for at in range(size + 1):
                if self._text.startswith(piece.after, at) and at + len(piece.after) <= size:
                    ends[at] = good[at + len(piece.after)]
            good = bytearray(size + 1)
            for at in range(size + 1):
                low = at + piece.shortest
                high = size if not piece.longest else min(size, at + piece.longest)
                good[at] = low <= high and ends.find(1, low, high + 1) >= 0
            ahead.append(good)
        return ahead[::-1]

    def _next(self, spans: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
        """Give places of the next value, the shortest first."""
        number = len(spans)
        piece, good = self._pieces[number], self._ahead[number + 1]
        start = spans[-1][1] + len(self._pieces[number - 1].after) if spans else self._start
        size = len(self._text)
        known = next(
            (
                self._text[slice(*span)]
                for one, span in zip(self._pieces, spans, strict=False)
                if one.name == piece.name
            ),
            None,
        )
        low = start + piece.shortest
        high = size if not piece.longest else min(size, start + piece.longest)
        if known is not None:
            low = high = start + len(known)
        for end in range(low, high + 1):
            after = end + len(piece.after)
            if (
                after <= size
                and good[after]
                and self._text.startswith(piece.after, end)
                and (known is None or self._text.startswith(known, start))
            ):
                yield start, end


# Side by side.


def _tokens(text: str) -> list[Token]:
    fixed = _VARIABLE.split(text)
    tokens: list[Token] = []
    for place, piece in enumerate(fixed):
        tokens += [Token(name=piece)] if place % 2 else [Token(character=c) for c in piece]
    return tokens


def _laid(text: str, values: Mapping[str, str]) -> Iterator[Segment]:
    at = 0
    for place, piece in enumerate(_VARIABLE.split(text)):
        said = values[piece] if place % 2 else piece
        if not said and not place % 2:
            continue
        end = at + len(said)
        if place % 2:
            yield Segment(kind="variable", text=said, start=at, end=end, name=piece)
        else:
            yield Segment(kind="same", text=said, start=at, end=end)
        at = end
