"""Keys and field encryption; the only importer of cryptography.

A subject's key is 32 random bytes, wrapped by the master key. A field is AES-256-GCM under
the subject's key with a random 96-bit nonce, bound to its kind and field. The blind index
is HMAC-SHA256 under a key derived from the master key, cut to 16 bytes.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import logging
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from tianfu_sdk.errors import CryptoError

__all__ = ["AesGcmCipher", "LocalKeys", "key_file", "key_file_beside", "new_master_key"]

_log = logging.getLogger("tianfu_sdk.keys")
_SUITE = 1
"""AES-256-GCM; the first byte of everything sealed, so that other suites can follow."""
_KEY = 32
_NONCE = 12
_INDEX = 16


def _aead(key: bytes) -> object:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _encrypt(key: bytes, text: bytes, context: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    sealed: bytes = _aead(key).encrypt(nonce, text, context)  # type: ignore[attr-defined]
    return bytes([_SUITE]) + nonce + sealed


def _decrypt(key: bytes, sealed: bytes, context: bytes, code: str) -> bytes:
    from cryptography.exceptions import InvalidTag

    if len(sealed) <= 1 + _NONCE or sealed[0] != _SUITE:
        raise CryptoError(code)
    try:
        opened: bytes = _aead(
            key
        ).decrypt(  # type: ignore[attr-defined]
            sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], context
        )
    except InvalidTag:
        raise CryptoError(code) from None
    return opened


def new_master_key() -> str:
    """Make a master key, base64 of 32 bytes."""
    return base64.b64encode(secrets.token_bytes(_KEY)).decode()


class AesGcmCipher:
    """Encrypt fields with AES-256-GCM. Safe to share between threads."""

    def new_key(self) -> bytes:
        """Make a subject's key."""
        return secrets.token_bytes(_KEY)

    def seal(self, key: bytes, text: str, context: str) -> str:
        """Encrypt a text, bound to its context."""
        return base64.b64encode(_encrypt(key, text.encode(), context.encode())).decode()

    def open(self, key: bytes, token: str, context: str) -> str:
        """Decrypt a token."""
        try:
            sealed = base64.b64decode(token, validate=True)
        except ValueError:
            raise CryptoError("crypto.wrong") from None
        return _decrypt(key, sealed, context.encode(), "crypto.wrong").decode()


class LocalKeys:
    """Hold one master key of this process. Safe to share between threads.

    Args:
        load: Gives the master key, base64 of 32 bytes; called when it is first needed.
    """

    def __init__(self, load: Callable[[], str]) -> None:
        self._load = load

    @functools.cached_property
    def _master(self) -> bytes:
        try:
            master = base64.b64decode(self._load(), validate=True)
        except ValueError:
            raise CryptoError("keys.malformed") from None
        if len(master) != _KEY:
            raise CryptoError("keys.malformed")
        return master

    @functools.cached_property
    def _index_key(self) -> bytes:
        return hmac.digest(self._master, b"tianfu blind index 1", "sha256")

    def current(self) -> str:
        """Give the id of the master key: the start of its own digest."""
        return hashlib.sha256(b"tianfu key id" + self._master).hexdigest()[:16]

    def wrap(self, key: bytes, subject: str) -> bytes:
        """Encrypt a subject's key."""
        return _encrypt(self._master, key, f"subject:{subject}".encode())

    def unwrap(self, wrapped: bytes, subject: str) -> bytes:
        """Decrypt a subject's key."""
        return _decrypt(self._master, wrapped, f"subject:{subject}".encode(), "keys.wrong")

    def index(self, value: bytes, key_id: str | None = None) -> bytes:
        """Give the blind index of a value."""
        if key_id is not None and key_id != self.current():
            raise CryptoError("keys.unknown", path=key_id)
        return hmac.digest(self._index_key, value, "sha256")[:_INDEX]


def key_file(path: Path) -> Callable[[], str]:
    """Give what reads a key file.

    Returns:
        A loader for `LocalKeys`; it raises `CryptoError` (`keys.missing`, `keys.malformed`).
    """

    def load() -> str:
        try:
            return path.read_text("ascii").strip()
        except UnicodeDecodeError:
            raise CryptoError("keys.malformed", path=str(path)) from None
        except OSError as error:
            raise CryptoError("keys.missing", path=str(path)) from error

    return load


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
        try:
            made = _write_once(file, new_master_key())
        except OSError as error:
            raise CryptoError("keys.unwritable", path=str(file)) from error
        if made:
            _log.warning(
                "made a master key in %s: keep a copy apart from the database; without it no "
                "phone and no name can be read again",
                file.name,
            )
        return read()

    return load


def _write_once(file: Path, key: str) -> bool:
    """Make a file whole or not at all; False where somebody else has made it."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(key + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        # A link appears at once and never over another: of two processes that start
        # together one makes the key, and neither reads half of it.
        os.link(draft, file)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
