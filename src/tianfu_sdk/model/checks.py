"""What the fields of nouns must satisfy, and how a noun is held against it.

Checks stand in the metadata of a field rather than in its validator: input is checked
once at the border, with all its problems at a time, and what comes back from the store is
not checked again.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import attrs

from tianfu_sdk.errors import Invalid

__all__ = [
    "at_least",
    "aware",
    "between",
    "both",
    "demand_changeable",
    "demand_list",
    "demand_type",
    "each",
    "language_tag",
    "matching",
    "near_field",
    "problems",
    "region_code",
    "text",
    "unique",
]

Check = Callable[[Any, str], None]
Checks = Mapping[str, Check]
_SLOT = "tianfu_check"
_REGION = re.compile(r"[1-9]\d{5}")
_UNFIT = re.compile("[\0\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def demand_type(value: Any, wanted: type, path: str) -> None:
    """Refuse an argument that is not of a type.

    Args:
        value: As the caller gave it.
        wanted: Such as `str`; a truth is no `int`, a time no `date`.
        path: Name of the argument, for the error.

    Raises:
        Invalid: `field.type`.
    """
    near = (wanted is int and isinstance(value, bool)) or (
        wanted is date and isinstance(value, datetime)
    )
    if near or not isinstance(value, wanted):
        raise Invalid("field.type", path=path, wanted=wanted.__name__, found=type(value).__name__)


def demand_changeable(names: Iterable[str], noun: type[Any], changeable: Collection[str]) -> None:
    """Refuse to change what stays as it was made, and what there is not.

    Args:
        names: Of the fields to change.
        noun: Whose fields they are.
        changeable: Those that may be changed.

    Raises:
        Invalid: `content.fixed`; `field.unknown`, with what is near in the hint.
    """
    for name in sorted(set(names).difference(changeable)):
        if any(field.name == name for field in attrs.fields(noun)):
            raise Invalid("content.fixed", path=name)
        raise Invalid("field.unknown", path=name, near=near_field(name, sorted(changeable)))


def near_field(name: str, known: Sequence[str]) -> str:
    """Give the field that was meant, or all that there are."""
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    return ", ".join(near or known)


def demand_list(value: Any, path: str, wanted: str = "list") -> tuple[Any, ...]:
    """Give the members of a list of any form, to be gone through as often as it is needed.

    Args:
        value: As the caller gave it. A text is made of texts, and a table of its keys: neither
            is ever meant so.
        path: Name of the argument, for the error.
        wanted: What else may be given, for the error.

    Raises:
        Invalid: `field.type`.
    """
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise Invalid("field.type", path=path, wanted=wanted, found=type(value).__name__)
    return tuple(value)


def problems(noun: Any, path: str = "") -> Iterator[Invalid]:
    """Hold a noun, and all that it holds, against the checks of the fields.

    Args:
        noun: A noun or value.
        path: Where it stands, for the errors.

    Yields:
        One error a problem, with its path; nothing if all is well. Fields are held against
        each other only where each is fine by itself.
    """
    fine = True
    for name, check in _checks_of(noun.__class__):
        value = getattr(noun, name)
        where = f"{path}.{name}" if path else name
        if check is not None and value is not None:
            try:
                check(value, where)
            except Invalid as error:
                fine = False
                yield error
        if isinstance(value, tuple):
            for index, member in enumerate(value):
                if _is_noun(member.__class__):
                    yield from problems(member, f"{where}[{index}]")
        elif _is_noun(value.__class__):
            yield from problems(value, where)
    whole = getattr(noun, "_check", None)
    if fine and whole is not None:
        try:
            whole()
        except Invalid as error:
            inner = f"{path}.{error.path}" if path else error.path
            yield Invalid(error.code, path=inner, **error.values)


@functools.cache
def _checks_of(cls: type[Any]) -> tuple[tuple[str, Check | None], ...]:
    return tuple((field.name, field.metadata.get(_SLOT)) for field in attrs.fields(cls))


@functools.cache
def _is_noun(cls: type) -> bool:
    return attrs.has(cls)


def text(longest: int, *, shortest: int = 0) -> Checks:
    """Demand text of a certain length.

    Args:
        longest: Characters at most.
        shortest: Characters at least, white space apart.

    Returns:
        Metadata; the check raises `Invalid` (`field.too_short`, `field.too_long`,
        `field.characters`).
    """

    def check(value: str, path: str) -> None:
        if len(value) > longest:
            raise Invalid("field.too_long", path=path, length=len(value), longest=longest)
        if shortest and len(value.strip()) < shortest:
            raise Invalid("field.too_short", path=path, shortest=shortest)
        if _UNFIT.search(value):
            raise Invalid("field.characters", path=path)

    return {_SLOT: check}


def matching(pattern: str, code: str) -> Checks:
    """Demand text of a certain form, or raise `Invalid` with this code."""
    form = re.compile(pattern)

    def check(value: str, path: str) -> None:
        if not form.fullmatch(value):
            raise Invalid(code, path=path, value=value[:40])

    return {_SLOT: check}


def at_least(least: float) -> Checks:
    """Demand a number not below this one; raises `Invalid` (`field.too_small`)."""

    def check(value: float, path: str) -> None:
        if not value >= least:
            raise Invalid("field.too_small", path=path, value=value, least=least)

    return {_SLOT: check}


def between(least: float, most: float) -> Checks:
    """Demand a number in a range, ends included (`field.too_small`, `field.too_large`)."""

    def check(value: float, path: str) -> None:
        if not value >= least:
            raise Invalid("field.too_small", path=path, value=value, least=least)
        if not value <= most:
            raise Invalid("field.too_large", path=path, value=value, most=most)

    return {_SLOT: check}


def each(checks: Checks) -> Checks:
    """Apply a check to every member; the path gains the member's index."""

    def check(values: tuple[Any, ...], path: str) -> None:
        for index, value in enumerate(values):
            checks[_SLOT](value, f"{path}[{index}]")

    return {_SLOT: check}


def both(one: Checks, other: Checks) -> Checks:
    """Apply two checks, one after the other."""

    def check(value: Any, path: str) -> None:
        one[_SLOT](value, path)
        other[_SLOT](value, path)

    return {_SLOT: check}


def _region_code(value: str, path: str) -> None:
    if not _REGION.fullmatch(value):
        raise Invalid("region.bad_code", path=path, value=value[:20])


def _language_tag(value: str, path: str) -> None:
    if not _LANGUAGE.fullmatch(value):
        raise Invalid("text.bad_language", path=path, value=value[:40])


def _aware(value: datetime, path: str) -> None:
    if value.tzinfo is None:
        raise Invalid("field.naive_time", path=path)


def _unique(values: tuple[Any, ...], path: str) -> None:
    if len(set(values)) != len(values):
        raise Invalid("field.twice", path=path)


region_code: Checks = {_SLOT: _region_code}
"""A GB/T 2260 code of six digits (`region.bad_code`)."""
language_tag: Checks = {_SLOT: _language_tag}
"""A well-formed BCP 47 tag (`text.bad_language`)."""
aware: Checks = {_SLOT: _aware}
"""A time with a zone (`field.naive_time`)."""
unique: Checks = {_SLOT: _unique}
"""No member stands twice (`field.twice`)."""
