"""What a caller gave wrong where a call fell over it: an argument that is not of its type.

To look at all arguments of every call would cost each of them. So they are looked at once a call
has failed with a bare error, beside the annotations that type checkers read; whatever the
transaction had written is undone by then.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar, Union, get_args, get_origin

from tianfu_sdk.errors import Invalid, PluginError, TianfuError

__all__ = ["Typed", "misfit", "numbered"]

F = TypeVar("F", bound=Callable[..., Any])
_STUMBLES = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, StopIteration)
_NEAR = {int: (int,), float: (int, float)}


class Typed:
    """Whose public methods name the argument that they could do nothing with (`field.type`)."""

    __slots__ = ()

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        for name, method in list(vars(cls).items()):
            ready = name.startswith("_") or hasattr(method, "__wrapped__")
            if inspect.isfunction(method) and not ready:
                setattr(cls, name, _told(method))


@contextmanager
def numbered(many: str, number: int) -> Iterator[None]:
    """Say of which one of many an error is: its path begins with it, such as `rows[3].phone`.

    Args:
        many: Name of the argument that has them; empty: there is one only.
        number: Which one, from 0 on.
    """
    try:
        yield
    except TianfuError as error:
        if many:
            place = f"{many}[{number}]"
            error.path = f"{place}.{error.path}" if error.path else place
        raise


def _told(method: F) -> F:
    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except _STUMBLES as error:
            if isinstance(error, (TianfuError, PluginError)):
                raise
            slip = misfit(method, args, kwargs)
            if slip is None:
                raise
            raise slip from error

    return call  # type: ignore[return-value]


def misfit(
    method: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Invalid | None:
    """Find the first argument that is not of the type that a function states.

    Args:
        method: With annotations.
        args: That it was called with, in their order.
        kwargs: That it was called with, by name.

    Returns:
        `field.type`, or `field.characters` for text that cannot be kept, with the path of the
        argument or of its member; None: all fit, or the function takes no such arguments, which
        Python says better.
    """
    names = _Names(inspect.unwrap(method).__globals__)
    try:
        signature = inspect.signature(method, eval_str=True, locals=names)
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return None
    for name, value in given.items():
        parameter = signature.parameters[name]
        hint = parameter.annotation
        if parameter.kind is parameter.VAR_KEYWORD:
            slip = next(_members(value.items(), hint, "{}"), None)
        else:
            slip = _slip(value, Any if hint is parameter.empty else hint, name)
        if slip is not None:
            return slip
    return None


class _Names(dict[str, Any]):
    """What a module imports for type checkers only means anything."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, name: str) -> Any:
        if name in self._known or hasattr(builtins, name):
            raise KeyError(name)
        return Any


def _slip(value: Any, hint: Any, path: str) -> Invalid | None:
    if isinstance(value, str) and any("\ud800" <= one <= "\udfff" for one in value):
        return Invalid("field.characters", path=path)
    choices = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    fitting = [choice for choice in choices if _is(value, choice)]
    if not fitting:
        wanted = " | ".join(_named(one) for one in choices if one is not type(None))
        return Invalid("field.type", path=path, wanted=wanted, found=type(value).__name__)
    slips = [_within(value, choice, path) for choice in fitting]
    return None if None in slips else slips[0]


def _is(value: Any, hint: Any) -> bool:
    """Tell whether a value is of a type, whatever its members are."""
    origin = get_origin(hint) or hint
    if not isinstance(origin, type) or origin is Any:
        return hint is not None or value is None
    if origin in (int, float):
        return isinstance(value, _NEAR[origin]) and not isinstance(value, bool)
    if origin is date:
        return isinstance(value, date) and not isinstance(value, datetime)
    if issubclass(origin, Iterable) and origin not in (str, bytes) and not _is_own(origin):
        # A text is made of texts, and a table of its keys: neither is ever meant so.
        return isinstance(value, origin) and (
            not isinstance(value, (str, bytes, Mapping)) or issubclass(origin, Mapping)
        )
    try:
        return isinstance(value, origin)
    except TypeError:
        return True  # a protocol that cannot be looked for


def _is_own(origin: type) -> bool:
    return not origin.__module__.startswith(("collections", "builtins", "typing"))


def _within(value: Any, hint: Any, path: str) -> Invalid | None:
    """Look at the members of a list or a mapping; what gives each only once is left alone."""
    parts = get_args(hint)
    if isinstance(value, Mapping) and len(parts) == len(("key", "value")):
        keys = ((str(key)[:40], key) for key in value)
        slips = (
            *_members(keys, parts[0], f"{path}.{{}}"),
            *_members(value.items(), parts[1], f"{path}.{{}}"),
        )
        return next(iter(slips), None)
    if not isinstance(value, Collection) or isinstance(value, (str, bytes, Mapping)) or not parts:
        return None
    if get_origin(hint) is tuple and parts[-1] is not Ellipsis:
        if len(value) != len(parts):
            wanted = f"{len(parts)} members"
            return Invalid("field.type", path=path, wanted=wanted, found=str(len(value)))
        pairs = zip(value, parts, strict=True)
        found = (_slip(one, part, f"{path}[{n}]") for n, (one, part) in enumerate(pairs))
        return next((slip for slip in found if slip is not None), None)
    return next(_members(enumerate(value), parts[0], f"{path}[{{}}]"), None)


def _members(pairs: Iterable[tuple[Any, Any]], hint: Any, path: str) -> Iterator[Invalid]:
    for place, value in pairs:
        slip = _slip(value, hint, path.format(place))
        if slip is not None:
            yield slip


def _named(hint: Any) -> str:
    origin = get_origin(hint) or hint
    if not isinstance(origin, type):
        return str(getattr(hint, "__name__", hint))
    if origin is tuple or not issubclass(origin, Iterable) or origin in (str, bytes):
        return origin.__name__
    if issubclass(origin, Mapping):
        return "mapping"
    return origin.__name__ if _is_own(origin) else "list"
