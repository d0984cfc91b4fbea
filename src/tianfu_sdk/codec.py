"""Nouns as JSON and back, and input errors that name the field.

A stored document is a JSON object whose first member `"$"` is the schema number of its
noun. A document of an older schema is lifted by pure upcasters; one of a newer schema is
refused, because this program would drop what it does not know. With the extra `fast`
(msgspec) documents are read and written natively; both ways give equal nouns.
"""

from __future__ import annotations

import functools
import json
import operator
import types
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn
from cattrs.preconf.json import make_converter

from tianfu_sdk import catalogue
from tianfu_sdk.errors import Invalid, SchemaTooNew, StorageCorrupt
from tianfu_sdk.model.checks import near_field
from tianfu_sdk.model.checks import problems as problems_of

__all__ = [
    "SCHEMAS",
    "UPCASTERS",
    "Problem",
    "check",
    "dumps",
    "explain",
    "loads",
    "structure",
    "to_plain",
]

T = TypeVar("T")
_TOO_LARGE = 2**63

SCHEMAS: dict[str, int] = {}
"""Schema number by noun name; a noun that is not listed has 1."""

UPCASTERS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""By noun name and schema number: lifts a document to the next number."""


@attrs.frozen
class Problem:
    """One thing that is wrong with an input, and where."""

    path: str
    code: str
    message: str
    """English."""
    message_zh: str
    values: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@functools.cache
def _stored() -> cattrs.Converter:
    """Give the converter of documents: what we wrote ourselves is not checked again."""
    converter = make_converter(detailed_validation=False, omit_if_default=True)
    _teach_times(converter)
    # What stands in most nouns, without a general walk: half of the time of a read.
    for type_, read in (
        (tuple[str, ...], lambda value, _: tuple(value)),
        (datetime | None, lambda value, _: value and datetime.fromisoformat(value)),
        (date | None, lambda value, _: value and date.fromisoformat(value)),
    ):
        converter.register_structure_hook_func(functools.partial(operator.eq, type_), read)
    return converter


@functools.cache
def _given() -> cattrs.Converter:
    """Give the converter of input: nothing is coerced, nothing unknown is let through."""
    converter = make_converter(detailed_validation=True, forbid_extra_keys=True)
    _teach_times(converter)
    # By class: cattrs asks its own hooks of these four before it asks any predicate.
    for type_ in (str, int, bool):
        converter.register_structure_hook(type_, _exactly(type_))
    converter.register_structure_hook(float, _number)
    # A text's hook would take these too, which are texts as well.
    converter.register_structure_hook(StrEnum, _choice)
    converter.register_structure_hook_factory(_is_tuple, lambda type_: _tuple_or(type_, converter))
    converter.register_structure_hook_factory(attrs.has, lambda cls: _noun_or(cls, converter))
    return converter


def _teach_times(converter: cattrs.Converter) -> None:
    converter.register_unstructure_hook(datetime, _written)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(datetime, _datetime)
    converter.register_structure_hook(date, _date)


def _written(moment: datetime) -> str:
    # Local times of before 1901 have seconds in their offset, which RFC 3339 cannot say.
    offset = moment.utcoffset()
    if offset is not None and offset % timedelta(minutes=1):
        moment = moment.astimezone(UTC)
    return moment.isoformat()


def _noun_or(cls: type, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    of_mapping: Callable[[Any, Any], Any] = make_dict_structure_fn(cls, converter)

    fields = [field.name for field in attrs.fields(cls) if field.init]
    closed = any(name.startswith("_") for name in fields)  # as of `Secret`: nothing to look at

    def structure_noun(value: Any, type_: Any) -> Any:
        if isinstance(value, cls):
            if closed:
                return value
            # Its own fields were never checked: `Quantity("400")` would be stored, and never read.
            value = {name: getattr(value, name) for name in fields}
        if not isinstance(value, Mapping):
            # With its room: whoever meets the name for the first time looks for what to import.
            wanted = f"{cls.__module__}.{cls.__qualname__}"
            raise Invalid("field.type", wanted=wanted, found=type(value).__name__)
        return of_mapping(value, type_)

    return structure_noun


def _exactly(wanted: type) -> Callable[[Any, type], Any]:
    def check(value: Any, _: type) -> Any:
        if type(value) is not wanted and not (wanted is str and isinstance(value, str)):
            raise Invalid("field.type", wanted=wanted.__name__, found=type(value).__name__)
        if isinstance(value, str) and not value.isprintable() and _has_surrogates(value):
            raise Invalid("field.characters")
        if isinstance(value, int) and abs(value) >= _TOO_LARGE:
            raise Invalid("field.too_large")
        return value

    return check


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


def _is_tuple(found: Any) -> bool:
    origin: Any = get_origin(found)
    return origin is tuple


def _choice(value: Any, type_: type[StrEnum]) -> StrEnum:
    try:
        return type_(value)
    except ValueError:
        choices = ", ".join(str(member.value) for member in type_)
        raise Invalid("field.choice", value=str(value)[:40], choices=choices) from None


def _tuple_or(type_: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    of_list: Any = types.GenericAlias(list, get_args(type_)[:1])
    structure_list = converter.get_structure_hook(of_list)

    def structure_tuple(value: Any, _: Any) -> tuple[Any, ...]:
        # A text is a sequence too, but of letters: `topics="flood"` is never meant so.
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise Invalid("field.type", wanted="list", found=type(value).__name__)
        return tuple(structure_list(value, of_list))

    return structure_tuple


def _number(value: Any, _: type) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid("field.type", wanted="number", found=type(value).__name__)
    # JSON has no infinity, and what is not a number compares with nothing.
    if not abs(value) < _TOO_LARGE:
        raise Invalid("field.too_large")
    return float(value)


def _datetime(value: Any, _: type) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Invalid("field.time", value=str(value)[:40]) from None


def _date(value: Any, _: type) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Invalid("field.date", value=str(value)[:40]) from None


def structure(cls: type[T], value: Mapping[str, Any] | T) -> T:
    """Make a noun of plain values, such as a caller's keywords or a parsed file.

    Args:
        cls: The noun.
        value: Field by name; nested nouns as mappings or as themselves. Or the noun as a caller
            made it, whose fields may be of any type: `check` alone would not find that out.

    Returns:
        The noun.

    Raises:
        Invalid: The first problem, with its path; `problems` in its values has them all.
    """
    try:
        noun = _given().structure(value, cls)
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError) as error:
        raise _invalid(explain(error)) from None
    check(noun)
    return noun


def check(noun: Any) -> None:
    """Hold a noun against the rules of its fields.

    Raises:
        Invalid: As `structure`.
    """
    found = [_problem(error) for error in problems_of(noun)]
    if found:
        raise _invalid(found)


def _invalid(found: list[Problem]) -> Invalid:
    first = found[0]
    error = Invalid(first.code, path=first.path or None, **first.values)
    error.values["problems"] = found
    return error


def to_plain(noun: Any) -> Any:
    """Give a noun as dicts, lists, strings and numbers, ready for JSON."""
    return _stored().unstructure(noun)


def dumps(noun: Any) -> bytes:
    """Write a noun as a document."""
    schema = SCHEMAS.get(type(noun).__name__, 1)
    # Defaults are left out, so a changed default is a changed schema.
    plain = {"$": schema, **_stored().unstructure(noun)}
    native = _native()
    if native is not None:
        return bytes(native.json.encode(plain, enc_hook=_of_own_class))
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def _of_own_class(value: Any) -> Any:
    """Give a text or number of a class of its own, such as a template's or numpy's, as a plain one.

    The standard library's json writes it as that anyway.
    """
    if isinstance(value, str):
        return str.__str__(value)
    for plain in (float, int):
        if isinstance(value, plain):
            return plain(value)
    raise TypeError(f"a {type(value).__name__} cannot be written")


def loads(cls: type[T], document: bytes) -> T:
    """Read a document.

    Args:
        cls: The noun that it holds.
        document: What `dumps` wrote, by this program or an older one.

    Returns:
        The noun, equal to the one that was written.

    Raises:
        SchemaTooNew: `codec.schema_too_new`, a newer program wrote it.
        StorageCorrupt: `codec.corrupt`, it is no document of this noun.
    """
    begins, read = _reader(cls)  # type: ignore[arg-type]
    if not document.startswith(begins):
        document = _lift(cls, document, SCHEMAS.get(cls.__name__, 1))
    try:
        noun: T = read(document)
    except _faults() as error:
        raise StorageCorrupt("codec.corrupt", path=cls.__name__, what=cls.__name__) from error
    return noun


def _lift(cls: type, document: bytes, schema: int) -> bytes:
    try:
        plain = json.loads(document)
        found = plain["$"]
    except (ValueError, TypeError, KeyError) as error:
        raise StorageCorrupt("codec.corrupt", path=cls.__name__, what=cls.__name__) from error
    if type(found) is not int or found < 1:
        raise StorageCorrupt("codec.corrupt", path=cls.__name__, what=cls.__name__)
    if found > schema:
        raise SchemaTooNew("codec.schema_too_new", path=cls.__name__, found=found, known=schema)
    for number in range(found, schema):
        plain = UPCASTERS[cls.__name__, number](plain)
    return json.dumps(plain, ensure_ascii=False).encode()


@functools.cache
def _native() -> Any:
    try:
        import msgspec
    except ImportError:
        return None
    return msgspec


@functools.cache
def _faults() -> tuple[type[Exception], ...]:
    known = (ValueError, TypeError, KeyError, cattrs.BaseValidationError)
    # Before 0.20 msgspec's errors were no ValueErrors.
    return known if _native() is None else (*known, _native().MsgspecError)


@functools.cache
def _reader(cls: Any) -> tuple[tuple[bytes, bytes], Callable[[bytes], Any]]:
    """Give how a current document of a noun begins, and what reads it."""
    schema = SCHEMAS.get(cls.__name__, 1)
    begins = (b'{"$":%d,' % schema, b'{"$":%d}' % schema)
    native = _native()
    if native is not None:
        return begins, native.json.Decoder(cls).decode
    return begins, _plain_reader(cls)


def _plain_reader(cls: Any) -> Callable[[bytes], Any]:
    """Give what reads a document without the extra: cattrs and the standard library's json."""
    of_plain = _stored().get_structure_hook(cls)
    decode = json.JSONDecoder().raw_decode

    def read(document: bytes) -> Any:
        # Not json.loads, which looks for the encoding of bytes and for white space each time.
        text = document.decode()
        plain, end = decode(text)
        if end != len(text):
            raise ValueError
        return of_plain(plain, cls)

    return read


def explain(error: BaseException) -> list[Problem]:
    """Say what is wrong with an input, field by field.

    Args:
        error: What cattrs or a validator raised.

    Returns:
        At least one problem; the path names the field, such as `consents[0].purpose`.
    """
    found: list[Problem] = []
    _walk(error, "", found)
    return found or [_problem(Invalid("field.value", value=str(error)[:80]))]


def _walk(error: BaseException, path: str, found: list[Problem]) -> None:
    if isinstance(error, cattrs.ClassValidationError):
        grouped, rest = error.group_exceptions()
        for inner, note in grouped:
            _walk(inner, f"{path}.{note.name}" if path else note.name, found)
        for inner in rest:
            _walk(inner, path, found)
    elif isinstance(error, cattrs.IterableValidationError):
        indexed, others = error.group_exceptions()
        for inner, place in indexed:
            _walk(inner, f"{path}[{place.index!r}]", found)
        for inner in others:
            _walk(inner, path, found)
    elif isinstance(error, cattrs.ForbiddenExtraKeysError):
        known = tuple(field.name for field in attrs.fields(error.cl))
        for name in sorted(error.extra_fields):
            where = f"{path}.{name}" if path else name
            near = near_field(name, known)
            found.append(_problem(Invalid("field.unknown", path=where, near=near)))
    elif isinstance(error, Invalid):
        inner_path = error.path or ""
        joiner = "." if path and inner_path and not inner_path.startswith("[") else ""
        lifted = Invalid(error.code, path=f"{path}{joiner}{inner_path}", **error.values)
        found.append(_problem(lifted))
    elif isinstance(error, KeyError):
        name = str(error.args[0])
        # cattrs notes the field of a missing key already where it validates in detail.
        where = path if path.rpartition(".")[2] == name else f"{path}.{name}".lstrip(".")
        found.append(_problem(Invalid("field.missing", path=where)))
    else:
        found.append(_problem(Invalid("field.value", path=path, value=str(error)[:80])))


def _problem(error: Invalid) -> Problem:
    return Problem(
        error.path or "",
        error.code,
        error.message,
        catalogue.render(error.code, "zh", error.values),
        error.values,
    )
