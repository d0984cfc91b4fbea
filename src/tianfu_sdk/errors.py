"""What can go wrong, drawn as a tree.

```text
TianfuError                     code, path, hint, retryable
+ Denied (PermissionError)      this account may not do this, here, now
+ Invalid (ValueError)          the data break a rule; `path` names the field
  - Unsupported                 the backend has no way to say it
+ NotFound (LookupError)        no such thing, or not for this account to see
+ Conflict                      a version or a unique value is taken
+ QuotaExceeded                 the allowance of this period is used up
+ StorageError                  the store could not do it
  - StorageUnavailable          not reachable, or not a store
  - StorageReadOnly             opened, but not for writing
  - StorageBusy                 another writer held the lock for too long
  - StorageFull                 no room left on the disk
  - StorageCorrupt              the file is damaged or is something else
  - SchemaTooNew                made by a newer program
  - SchemaTooOld                made by an older program: `tianfu migrate`
  - CommitUnknown               the connection died during COMMIT: look, do not repeat
+ CryptoError                   a key is missing or wrong, or a text was tampered with
+ BackendError                  a gateway, engine or vendor failed
  - RateLimited                 too fast; `retry_after` says how long to wait
  - Unavailable                 it did not answer, and nothing was accepted
  - Ambiguous                   accepted or not: ask for the receipt, do not resend
PluginError                     wrong set-up; apart, so that no retry swallows it
```

An error is also the builtin it resembles, so `except PermissionError` works. The
text of a code stands once, in English and Chinese, in `tianfu_sdk.catalogue`.
"""

from __future__ import annotations

import re
from typing import Any

from tianfu_sdk import catalogue

__all__ = [
    "Ambiguous",
    "BackendError",
    "CommitUnknown",
    "Conflict",
    "CryptoError",
    "Denied",
    "Invalid",
    "NotFound",
    "PluginError",
    "QuotaExceeded",
    "RateLimited",
    "SchemaTooNew",
    "SchemaTooOld",
    "StorageBusy",
    "StorageCorrupt",
    "StorageError",
    "StorageFull",
    "StorageReadOnly",
    "StorageUnavailable",
    "TianfuError",
    "Unavailable",
    "Unsupported",
]


class _Coded(Exception):
    """What both roots share: a code, its text in two languages, a path and a hint."""

    retryable: bool = False

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        path: str | None = None,
        hint: str | None = None,
        **values: Any,
    ) -> None:
        self.code = code
        self.path = path
        self.values = {name: _without_phone(value) for name, value in values.items()}
        self._message = message
        self._hint = hint
        super().__init__(code)

    @property
    def message(self) -> str:
        """The English text of this error, without path and hint."""
        return self._message or catalogue.render(self.code, "en", self.values)

    @property
    def hint(self) -> str | None:
        """What to do next, in English, or None."""
        return self._hint or catalogue.render_hint(self.code, "en", self.values)

    def text(self, language: str = "en") -> str:
        """Say this error whole, in one line.

        Args:
            language: `en` or `zh`.

        Returns:
            Message, code, path and hint.
        """
        chinese = language.startswith("zh")
        language = "zh" if chinese else "en"
        message = self._message or catalogue.render(self.code, language, self.values)
        hint = self._hint or catalogue.render_hint(self.code, language, self.values)
        where = f" @ {self.path}" if self.path else ""
        lead = "；建议：" if chinese else "; hint: "
        return f"{message} [{self.code}{where}]" + (f"{lead}{hint}" if hint else "")

    def __str__(self) -> str:
        return self.text("en")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.__dict__.copy())


# A phone that was given in the place of an id or a code must not come back in an error, nor
# what a slip of the pen made of one; 8 digits are let through because dates have as many.
_PHONE = re.compile(
    r"(?<![0-9A-Za-z_])(?:\+?\d{9,}|(?:\+?(?:00)?86)?[ -]?1[3-9]\d[ -]?\d{4}[ -]?\d{4})"
)


def _without_phone(value: Any) -> Any:
    return _PHONE.sub("•••", value) if isinstance(value, str) else value


def _rebuild(cls: type[_Coded], state: dict[str, Any]) -> _Coded:
    error = cls.__new__(cls, state["code"])
    error.__dict__.update(state)
    error.args = (state["code"],)
    return error


class TianfuError(_Coded):
    """Anything this library raises, apart from `PluginError`.

    Args:
        code: Stable name of what happened, such as `sms.too_long`.
        message: English text instead of the catalogue's.
        path: The offending field, such as `consents[0].purpose`.
        hint: What to do next, instead of the catalogue's.
        **values: What the catalogue's text names; never personal data.

    Attributes:
        code: Stable name; programs decide by it.
        path: The offending field or None.
        hint: What to do next or None.
        retryable: True where the same call may succeed later.
    """


class Denied(TianfuError, PermissionError):
    """This account may not do this, here, now."""


class Invalid(TianfuError, ValueError):
    """The data break a rule; `path` names the field."""


class Unsupported(Invalid):
    """The backend has no way to say it."""


class NotFound(TianfuError, LookupError):
    """No such thing, or not for this account to see."""


class Conflict(TianfuError):
    """A version or a unique value is taken."""


class QuotaExceeded(TianfuError):
    """The allowance of this period is used up."""


class StorageError(TianfuError):
    """The store could not do it."""


class StorageUnavailable(StorageError):
    """The store cannot be reached, or there is none under that address."""

    retryable = True


class StorageReadOnly(StorageError):
    """The store is open, but not for writing."""


class StorageBusy(StorageError):
    """Another writer held the lock for too long."""

    retryable = True


class StorageFull(StorageError):
    """No room is left on the disk."""


class StorageCorrupt(StorageError):
    """The file is damaged, or it is something else."""


class SchemaTooNew(StorageError):
    """A newer program made it; this one would drop what it does not know."""


class SchemaTooOld(StorageError):
    """An older program made it; `tianfu migrate` brings it up to this one."""


class CommitUnknown(StorageError):
    """The connection died during COMMIT: look whether it is there, do not repeat."""


class CryptoError(TianfuError):
    """A key is missing or wrong, or a sealed value was tampered with."""


class BackendError(TianfuError):
    """A gateway, engine or vendor failed."""


class RateLimited(BackendError):
    """Too fast.

    Args:
        code: As in `TianfuError`.
        retry_after: Seconds to wait, or None where the vendor does not say.
        **more: As in `TianfuError`.
    """

    retryable = True

    def __init__(self, code: str, *, retry_after: float | None = None, **more: Any) -> None:
        super().__init__(code, **more)
        self.retry_after = retry_after


class Unavailable(BackendError):
    """It did not answer, and nothing was accepted."""

    retryable = True


class Ambiguous(BackendError):
    """Accepted or not: ask for the receipt, do not resend."""


class PluginError(_Coded):
    """Wrong set-up of a plugin; apart from `TianfuError`, so that no retry swallows it.

    Args:
        code: Stable name, such as `plugin.unknown`.
        message: English text instead of the catalogue's.
        path: The setting or name concerned.
        hint: Often the `pip install` line.
        **values: What the catalogue's text names.
    """
