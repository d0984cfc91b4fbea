"""The keys port: a master key that wraps subject keys, and a keyed index."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Cipher", "Keys"]


class Keys(Protocol):
    """Holds master keys. Safe to share between threads."""

    def current(self) -> str:
        """Give the id of the key that new subject keys are wrapped with.

        Raises:
            CryptoError: `keys.missing`, with the command that makes one.
        """
        ...

    def wrap(self, key: bytes, subject: str) -> bytes:
        """Encrypt a subject's key under the current master key, bound to the subject."""
        ...

    def unwrap(self, wrapped: bytes, subject: str) -> bytes:
        """Decrypt a subject's key.

        Raises:
            CryptoError: `keys.unknown`, its master key is not here; `keys.wrong`, the key
                is wrong or the text was tampered with.
        """
        ...

    def index(self, value: bytes, key_id: str | None = None) -> bytes:
        """Give the blind index of a value: 16 bytes, equal for equal values only.

        Args:
            value: Such as a normalised phone.
            key_id: Under this index key; None: the current one.
        """
        ...


class Cipher(Protocol):
    """Encrypts the fields of one subject. Stateless."""

    def new_key(self) -> bytes:
        """Make a subject's key."""
        ...

    def seal(self, key: bytes, text: str, context: str) -> str:
        """Encrypt a text, bound to its context (kind and field); gives a token."""
        ...

    def open(self, key: bytes, token: str, context: str) -> str:
        """Decrypt a token.

        Raises:
            CryptoError: `crypto.wrong`, another key or context, or tampered with.
        """
        ...
