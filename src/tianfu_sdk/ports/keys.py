"""The keys port: master keys that wrap subject keys, and keyed indexes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tianfu_sdk.model.keys import KeyInfo, Suite

__all__ = ["Cipher", "Keys"]


class Keys(Protocol):
    """Holds master keys. Safe to share between threads.

    `tianfu_sdk.testing.KeysSuite` holds a holder to every sentence on this page.
    """

    def current(self) -> str:
        """Give the id of the key that new subject keys are wrapped with.

        Raises:
            CryptoError: `keys.missing`, with the command that makes one.
        """
        ...

    def known(self) -> Sequence[KeyInfo]:
        """Give all keys that are here, oldest first; the current one is one of them.

        Raises:
            CryptoError: `keys.missing`.
        """
        ...

    def wrap(self, key: bytes, subject: str) -> bytes:
        """Encrypt a subject's key under the current master key, bound to the subject.

        Args:
            key: 16 to 64 bytes.
            subject: Random id of the person or thing.

        Returns:
            What names its master key, so that `unwrap` finds it; another one at each call.
        """
        ...

    def unwrap(self, wrapped: bytes, subject: str) -> bytes:
        """Decrypt a subject's key that any of the known keys wrapped.

        Raises:
            CryptoError: `keys.unknown`, its master key is not here; `keys.wrong`, another
                subject's, or it was tampered with.
        """
        ...

    def index(self, value: bytes, key_id: str | None = None) -> bytes:
        """Give the blind index of a value: 16 bytes, equal for equal values only.

        It is the same for ever under one key id, whatever the current key is.

        Args:
            value: Such as a normalised phone.
            key_id: Under this key; None: under the current one.

        Raises:
            CryptoError: `keys.unknown`, this key is not here.
        """
        ...


class Cipher(Protocol):
    """Encrypts the fields of one subject. Stateless."""

    def new_key(self, suite: Suite = Suite.AES) -> bytes:
        """Make a subject's key; it says itself which suite it is for."""
        ...

    def seal(self, key: bytes, text: str, context: str) -> str:
        """Encrypt a text, bound to its context (kind, field, subject); gives a token.

        The token names the suite and the id of the subject's key.
        """
        ...

    def open(self, key: bytes, token: str, context: str) -> str:
        """Decrypt a token.

        Raises:
            CryptoError: `crypto.wrong`, another key or context, or tampered with.
        """
        ...

    def open_bytes(self, key: bytes, sealed: bytes, context: str) -> str:
        """Decrypt the bytes that a token is the base64 of; raises as `open` does."""
        ...
