"""Files of master keys: read, made beside a database, and added to."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from tianfu_sdk.backends.keyring import id_of, lines_in, new_master_key, retired
from tianfu_sdk.errors import CryptoError
from tianfu_sdk.files import Draft
from tianfu_sdk.model.keys import Suite

__all__ = ["add_key", "key_file", "key_file_beside", "make_key_file", "retire_key"]

_log = logging.getLogger("tianfu_sdk.keys")


def key_file(path: Path) -> Callable[[], str]:
    """Give what reads a key file.

    Returns:
        A loader for `LocalKeys`; it raises `CryptoError` (`keys.missing`, `keys.malformed`).
    """

    def load() -> str:
        try:
            text = path.read_text("ascii").strip()
            _say_who_may_read(path)
        except UnicodeDecodeError:
            raise CryptoError("keys.malformed", path=str(path)) from None
        except OSError as error:
            raise CryptoError("keys.missing", path=str(path)) from error
        return text

    return load


def _say_who_may_read(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & stat.S_IRWXO:
        _log.warning("everybody on this machine may read the key file %s: chmod 600", path.name)


def key_file_beside(path: Path, *, sealed: bool = False) -> Callable[[], str]:
    """Give what reads the key file beside a database, and makes it where it is missing.

    Args:
        path: The database, such as `kepu.db`; the key stands in `kepu.db.key`, mode 0600.
        sealed: The database holds sealed values, so a new key would open none of them.

    Returns:
        A loader for `LocalKeys`; it raises `CryptoError` (`keys.missing`, `keys.malformed`,
        `keys.unwritable`).
    """
    file = path.with_name(path.name + ".key")
    read = key_file(file)

    def load() -> str:
        if sealed or file.exists():
            return read()
        if make_key_file(file):
            _log.warning(
                "made a master key in %s: keep a copy apart from the database; without it no "
                "phone and no name can be read again",
                file.name,
            )
        return read()

    return load


def make_key_file(file: Path, suite: Suite = Suite.AES) -> bool:
    """Make a file of one new key, mode 0600, whole or not at all.

    Returns:
        False where somebody else has made it; nothing is written then.

    Raises:
        CryptoError: `keys.unwritable`, `crypto.no_suite`.
    """
    try:
        # It appears at once and never over another: of two processes that start together one
        # makes the key, and neither reads half of it.
        _write(file, [new_master_key(suite)], over=False)
    except FileExistsError:
        return False
    except OSError as error:
        raise CryptoError("keys.unwritable", path=str(file)) from error
    return True


def add_key(file: Path, suite: Suite = Suite.AES) -> None:
    """Add a new key to a file, as the current one; the older ones stay.

    Raises:
        CryptoError: `keys.missing`, `keys.malformed`, `keys.unwritable`, `crypto.no_suite`.
    """
    lines = _lines_of(file)
    _replace(file, [*lines, new_master_key(suite)])


def retire_key(file: Path, key_id: str) -> None:
    """Destroy a master key in a file, and keep what look-ups need of it.

    Raises:
        CryptoError: `keys.unknown`, no such key; `keys.in_use`, it is the current one;
            `keys.missing`, `keys.malformed`, `keys.unwritable`.
    """
    lines = _lines_of(file)
    if key_id not in {id_of(line) for line in lines}:
        raise CryptoError("keys.unknown", path=key_id)
    if key_id == id_of(lines[-1]):
        raise CryptoError("keys.in_use", path=key_id)
    _replace(file, [retired(line) if id_of(line) == key_id else line for line in lines])


def _lines_of(file: Path) -> list[str]:
    lines = lines_in(key_file(file)())
    if not lines:
        raise CryptoError("keys.malformed", path=str(file))
    for line in lines:
        id_of(line)
    return lines


def _replace(file: Path, lines: Sequence[str]) -> None:
    try:
        # Whole or not at all: a file that lost a key would lose what it opens.
        _write(file, lines, over=True)
    except OSError as error:
        raise CryptoError("keys.unwritable", path=str(file)) from error


def _write(file: Path, lines: Sequence[str], *, over: bool) -> None:
    with Draft(file.parent, f".{file.name}-") as draft:
        draft.file.write("".join(f"{line}\n" for line in lines).encode())
        draft.keep(file, over=over)
