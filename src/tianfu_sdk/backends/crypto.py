"""Suites of ciphers and field encryption; the only importer of cryptography.

What is sealed is a byte that names the suite, 8 bytes that name the key, a random 96-bit
nonce, and ciphertext with its 128-bit tag. The first release wrote no key id (`_BARE`); that
is still read.

Source: NIST SP 800-38D (GCM); RFC 8998 (SM4-GCM); GM/T 0042-2015 (HMAC-SM3).
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Any

import attrs

from tianfu_sdk.errors import CryptoError
from tianfu_sdk.model.keys import Suite

__all__ = ["KEY_ID", "SUITES", "FieldCipher", "SuiteSpec", "demand_suite", "key_id_in", "suite_in"]

KEY_ID = 8
"""Bytes of a key id in what is sealed."""
_BARE = 0x01
"""AES-256-GCM without a key id, as the first release wrote it."""
_BARE_FIRST = bytes([_BARE])
_NONCE = 12
_TAG = 16
_NAMED = 1 + KEY_ID


@attrs.frozen
class SuiteSpec:
    """A suite as bytes and functions."""

    suite: Suite
    mark: int
    """First byte of what is sealed under it."""
    key: int
    """Bytes of a key."""
    digest: str
    """Name of the hash for `hmac` and `hashlib`."""
    encrypt: Callable[[Any, bytes, bytes, bytes], bytes] = attrs.field(repr=False)
    """Engine, nonce, text, context."""
    decrypt: Callable[[Any, bytes, bytes, bytes], bytes | None] = attrs.field(repr=False)
    engine: Callable[[bytes], Any] = attrs.field(repr=False)
    """Makes of a key what `encrypt` and `decrypt` take; safe to share between threads."""
    first: bytes = attrs.field(init=False, repr=False)
    """`mark` as the byte that it is."""

    @first.default
    def _first(self) -> bytes:
        return bytes([self.mark])

    def key_id(self, key: bytes) -> bytes:
        """Give the id of a key: the start of its digest."""
        text = b"tianfu key id" + key
        # By its own name it takes half the time, and a key id is taken of every value.
        made = hashlib.sha256(text) if self.digest == "sha256" else hashlib.new(self.digest, text)
        return made.digest()[:KEY_ID]

    def mac(self, key: bytes, value: bytes) -> bytes:
        """Give a keyed hash, 32 bytes."""
        return hmac.digest(key, value, self.digest)

    def new_key(self) -> bytes:
        """Make a key."""
        return os.urandom(self.key)

    def seal(self, engine: Any, key_id: bytes, text: bytes, context: bytes) -> bytes:
        """Encrypt."""
        nonce = os.urandom(_NONCE)
        return self.first + key_id + nonce + self.encrypt(engine, nonce, text, context)

    def open(self, engine: Any, sealed: bytes, context: bytes) -> bytes | None:
        """Decrypt; None where it does not fit."""
        start = 1 if sealed[0] == _BARE else 1 + KEY_ID
        return self.decrypt(
            engine, sealed[start : start + _NONCE], sealed[start + _NONCE :], context
        )


def suite_in(sealed: bytes) -> SuiteSpec | None:
    """Tell the suite that something was sealed under; None where it is nothing of ours."""
    if not sealed or sealed[0] not in _BY_MARK:
        return None
    start = 1 if sealed[0] == _BARE else 1 + KEY_ID
    return _BY_MARK[sealed[0]] if len(sealed) >= start + _NONCE + _TAG else None


def key_id_in(sealed: bytes) -> bytes | None:
    """Tell the id of the key that something was sealed under; None where it names none."""
    return None if sealed[0] == _BARE else sealed[1 : 1 + KEY_ID]


def demand_suite(suite: Suite) -> SuiteSpec:
    """Give a suite, if this machine's OpenSSL has it.

    Raises:
        CryptoError: `crypto.no_suite`, such as an OpenSSL built without SM4 or in FIPS mode.
    """
    if suite is Suite.SM4 and not _has_sm4():
        raise CryptoError("crypto.no_suite", path=suite.value, suite=suite.en)
    return SUITES[suite]


# Both: cryptography is imported when something is sealed, not before, and once.


@functools.cache
def _invalid() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag


@functools.cache
def _aesgcm() -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM


@functools.cache
def _block() -> tuple[Any, Any, Any]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher, modes.GCM, algorithms.SM4


# AES-256-GCM.


def _aes(key: bytes) -> Any:
    return _aesgcm()(key)


def _aes_encrypt(engine: Any, nonce: bytes, text: bytes, context: bytes) -> bytes:
    sealed: bytes = engine.encrypt(nonce, text, context)
    return sealed


def _aes_decrypt(engine: Any, nonce: bytes, sealed: bytes, context: bytes) -> bytes | None:
    try:
        text: bytes = engine.decrypt(nonce, sealed, context)
    except _invalid():
        return None
    return text


# SM4-GCM.


@functools.cache
def _has_sm4() -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        _sm4_encrypt(_sm4(bytes(16)), bytes(_NONCE), b"", b"")
        hmac.digest(b"", b"", "sm3")
    except (UnsupportedAlgorithm, ValueError):
        return False
    return True


def _sm4(key: bytes) -> Any:
    return _block()[2](key)


def _sm4_encrypt(engine: Any, nonce: bytes, text: bytes, context: bytes) -> bytes:
    cipher, gcm, _ = _block()
    encryptor = cipher(engine, gcm(nonce)).encryptor()
    encryptor.authenticate_additional_data(context)
    sealed: bytes = encryptor.update(text) + encryptor.finalize() + encryptor.tag
    return sealed


def _sm4_decrypt(engine: Any, nonce: bytes, sealed: bytes, context: bytes) -> bytes | None:
    cipher, gcm, _ = _block()
    decryptor = cipher(engine, gcm(nonce, sealed[-_TAG:])).decryptor()
    decryptor.authenticate_additional_data(context)
    try:
        text: bytes = decryptor.update(sealed[:-_TAG]) + decryptor.finalize()
    except _invalid():
        return None
    return text


SUITES = {
    Suite.AES: SuiteSpec(Suite.AES, 0x11, 32, "sha256", _aes_encrypt, _aes_decrypt, _aes),
    Suite.SM4: SuiteSpec(Suite.SM4, 0x12, 16, "sm3", _sm4_encrypt, _sm4_decrypt, _sm4),
}
_AES = SUITES[Suite.AES]
_BY_MARK = {_BARE: _AES} | {spec.mark: spec for spec in SUITES.values()}


class FieldCipher:
    """Encrypt fields under subjects' keys. Safe to share between threads.

    A subject's key is the suite's first byte and the key; 32 bytes without that byte are a
    key of the first release, for AES-256-GCM.
    """

    def new_key(self, suite: Suite = Suite.AES) -> bytes:
        """Make a subject's key."""
        spec = demand_suite(suite)
        return bytes([spec.mark]) + spec.new_key()

    def seal(self, key: bytes, text: str, context: str) -> str:
        """Encrypt a text, bound to its context."""
        spec, plain = _subject_key(key)
        sealed = spec.seal(spec.engine(plain), spec.key_id(plain), text.encode(), context.encode())
        return base64.b64encode(sealed).decode()

    def open(self, key: bytes, token: str, context: str) -> str:
        """Decrypt a token."""
        try:
            sealed = binascii.a2b_base64(token, strict_mode=True)
        except ValueError:
            raise CryptoError("crypto.wrong") from None
        return self.open_bytes(key, sealed, context)

    def open_bytes(self, key: bytes, sealed: bytes, context: str) -> str:
        """Decrypt the bytes that a token is the text of."""
        # A phone of each message goes through here: as few calls as there can be.
        spec, plain = _subject_key(key)
        if sealed[:_NAMED] == spec.first + spec.key_id(plain):
            start = _NAMED
        elif sealed[:1] == _BARE_FIRST and spec is _AES:
            start = 1
        else:
            raise CryptoError("crypto.wrong")
        body = start + _NONCE
        if len(sealed) < body + _TAG:
            raise CryptoError("crypto.wrong")
        engine = spec.engine(plain)
        text = spec.decrypt(engine, sealed[start:body], sealed[body:], context.encode())
        if text is None:
            raise CryptoError("crypto.wrong")
        return text.decode()


def _subject_key(key: bytes) -> tuple[SuiteSpec, bytes]:
    if len(key) == _AES.key:
        return _AES, key
    spec = _BY_MARK.get(key[0]) if key else None
    if spec is None or len(key) != 1 + spec.key:
        raise CryptoError("crypto.wrong")
    return (spec if spec is _AES else demand_suite(spec.suite)), key[1:]
