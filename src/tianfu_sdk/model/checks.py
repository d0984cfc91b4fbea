"""Validators of nouns: each raises `Invalid` that names the field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import attrs

from tianfu_sdk.errors import Invalid

__all__ = [
    "Check",
    "at_least",
    "aware",
    "each",
    "language_tag",
    "matching",
    "region_code",
    "text",
    "unique",
]

Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]
_REGION = re.compile(r"[1-9]\d{5}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def text(longest: int, *, shortest: int = 0) -> Check:
    """Demand text of a certain length.

    Args:
        longest: Characters at most.
        shortest: Characters at least, white space apart.

    Returns:
        A validator that raises `Invalid` (`field.too_short`, `field.too_long`, `field.nul`).
    """

    def check(_: Any, attribute: attrs.Attribute[Any], value: str) -> None:
        if len(value) > longest:
            raise Invalid("field.too_long", path=attribute.name, length=len(value), longest=longest)
        if shortest and len(value.strip()) < shortest:
            raise Invalid("field.too_short", path=attribute.name, shortest=shortest)
        if "\0" in value:
            raise Invalid("field.nul", path=attribute.name)

    return check


def matching(pattern: str, code: str) -> Check:
    """Demand text of a certain form, or raise `Invalid` with this code."""
    form = re.compile(pattern)

    def check(_: Any, attribute: attrs.Attribute[Any], value: str) -> None:
        if not form.fullmatch(value):
            raise Invalid(code, path=attribute.name, value=value[:40])

    return check


def region_code(_: Any, attribute: attrs.Attribute[Any], value: str | None) -> None:
    """Demand a GB/T 2260 code of six digits, or None; raises `Invalid` (`region.bad_code`)."""
    if value is not None and not _REGION.fullmatch(value):
        raise Invalid("region.bad_code", path=attribute.name, value=value[:20])


def language_tag(_: Any, attribute: attrs.Attribute[Any], value: str) -> None:
    """Demand a well-formed BCP 47 tag; raises `Invalid` (`text.bad_language`)."""
    if not _LANGUAGE.fullmatch(value):
        raise Invalid("text.bad_language", path=attribute.name, value=value[:40])


def at_least(least: float) -> Check:
    """Demand a number not below this one, or None; raises `Invalid` (`field.too_small`)."""

    def check(_: Any, attribute: attrs.Attribute[Any], value: float | None) -> None:
        if value is not None and not value >= least:
            raise Invalid("field.too_small", path=attribute.name, value=value, least=least)

    return check


def aware(_: Any, attribute: attrs.Attribute[Any], value: datetime | None) -> None:
    """Demand a time with a zone, or None; raises `Invalid` (`field.naive_time`)."""
    if value is not None and value.tzinfo is None:
        raise Invalid("field.naive_time", path=attribute.name)


def each(check: Check) -> Check:
    """Apply a validator to every member; the path gains the member's index."""

    def check_all(noun: Any, attribute: attrs.Attribute[Any], values: Iterable[Any]) -> None:
        for index, value in enumerate(values):
            try:
                check(noun, attribute, value)
            except Invalid as error:
                raise Invalid(
                    error.code, path=f"{attribute.name}[{index}]", **error.values
                ) from None

    return check_all


def unique(_: Any, attribute: attrs.Attribute[Any], values: tuple[Any, ...]) -> None:
    """Demand that no member stands twice; raises `Invalid` (`field.twice`)."""
    if len(set(values)) != len(values):
        raise Invalid("field.twice", path=attribute.name)
