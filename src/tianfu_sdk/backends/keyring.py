"""Master keys in a text: one a line, oldest first, the last one is the current one.

```text
3q2+7w…=                # 32 bytes: AES-256-GCM and HMAC-SHA256
sm4gcm:q83vEg…==        # 16 bytes: SM4-GCM and HMAC-SM3
aes256gcm-index:AQID…=  # kept for look-ups only
```

An index key is derived from its master key by HMAC, so that it can be kept when the master
key itself is destroyed.
"""

from __future__ import annotations

import base64
import functools
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from tianfu_sdk.backends.crypto import (
    KEY_ID,
    SUITES,
    SuiteSpec,
    demand_suite,
    key_id_in,
    suite_in,
)
from tianfu_sdk.errors import CryptoError
from tianfu_sdk.model.keys import KeyInfo, Suite

__all__ = ["LocalKeys", "id_of", "lines_in", "new_master_key", "retired", "suites_in"]

_INDEX = 16
_MAC = 32
_INDEX_KEY = b"tianfu blind index 1"
_INDEX_ONLY = "-index"
_BETWEEN = re.compile(r"[\s,]+")
_COMMENT = re.compile(r"#.*")


def new_master_key(suite: Suite = Suite.AES) -> str:
    """Make a master key as a line of a key file.

    Raises:
        CryptoError: `crypto.no_suite`.
    """
    spec = demand_suite(suite)
    key = base64.b64encode(spec.new_key()).decode()
    return key if suite is Suite.AES else f"{suite.value}:{key}"


@attrs.frozen(eq=False)
class _Master:
    """One key of a text."""

    spec: SuiteSpec
    id: str
    index: bytes = attrs.field(repr=False)
    """The derived key of the blind index."""
    engine: Any = attrs.field(default=None, repr=False)
    """What wraps; None: the master key itself is gone."""

    @property
    def info(self) -> KeyInfo:
        """Name it."""
        return KeyInfo(self.id, self.spec.suite, self.engine is not None)


def suites_in(text: str) -> set[Suite]:
    """Tell the suites that a text of keys asks for, without using them.

    Raises:
        CryptoError: `keys.malformed`.
    """
    return {_entry(line)[0].suite for line in lines_in(text)}


def lines_in(text: str) -> list[str]:
    """Give the keys of a text, a line each, without what stands between them."""
    lines = (_COMMENT.sub("", line) for line in text.splitlines())
    return [part for line in lines for part in _BETWEEN.split(line) if part]


def id_of(line: str) -> str:
    """Give the id of a key; raises `CryptoError` (`keys.malformed`)."""
    spec, key, only = _entry(line)
    return key[:KEY_ID].hex() if only else spec.key_id(key).hex()


def retired(line: str) -> str:
    """Give a key as it is kept for look-ups only: nothing can be opened with it any more."""
    spec, key, only = _entry(line)
    if only:
        return line
    kept = spec.key_id(key) + spec.mac(key, _INDEX_KEY)
    return f"{spec.suite.value}{_INDEX_ONLY}:{base64.b64encode(kept).decode()}"


def _entry(line: str) -> tuple[SuiteSpec, bytes, bool]:
    """Read a line: suite, key or what is kept of it, and whether it is for look-ups only."""
    name, colon, text = line.rpartition(":")
    only = name.endswith(_INDEX_ONLY)
    names = {suite.value: suite for suite in Suite}
    suite = names.get(name.removesuffix(_INDEX_ONLY)) if colon else Suite.AES
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        raise CryptoError("keys.malformed") from None
    if suite is None:
        raise CryptoError("keys.malformed")
    spec = SUITES[suite]
    if len(key) != (KEY_ID + _MAC if only else spec.key):
        raise CryptoError("keys.malformed")
    return spec, key, only


def _read(text: str) -> dict[str, _Master]:
    found: dict[str, _Master] = {}
    for line in lines_in(text):
        spec, key, only = _entry(line)
        demand_suite(spec.suite)
        if only:
            made = _Master(spec, key[:KEY_ID].hex(), key[KEY_ID:])
        else:
            id_ = spec.key_id(key).hex()
            made = _Master(spec, id_, spec.mac(key, _INDEX_KEY), spec.engine(key))
        # A key that stands twice counts where it stands last.
        found.pop(made.id, None)
        found[made.id] = made
    if not any(master.engine is not None for master in found.values()):
        raise CryptoError("keys.malformed")
    return found


class LocalKeys:
    """Hold the master keys of this process. Safe to share between threads.

    Args:
        load: Gives the text of the keys; called when one is first needed.
    """

    def __init__(self, load: Callable[[], str]) -> None:
        self._load = load
        self._guard = threading.Lock()

    @functools.cached_property
    def _masters(self) -> dict[str, _Master]:
        # Two threads that come first together must not make two keys of one process.
        with self._guard:
            kept: dict[str, _Master] | None = self.__dict__.get("_masters")
            return _read(self._load()) if kept is None else kept

    @functools.cached_property
    def _current(self) -> _Master:
        return [master for master in self._masters.values() if master.engine is not None][-1]

    def current(self) -> str:
        """Give the id of the last key: the start of its own digest."""
        return self._current.id

    def known(self) -> Sequence[KeyInfo]:
        """Give all keys, oldest first."""
        return [master.info for master in self._masters.values()]

    def wrap(self, key: bytes, subject: str) -> bytes:
        """Encrypt a subject's key."""
        master = self._current
        return master.spec.seal(master.engine, bytes.fromhex(master.id), key, _context(subject))

    @functools.cached_property
    def _by_head(self) -> dict[bytes, _Master]:
        masters = [one for one in self._masters.values() if one.engine is not None]
        return {one.spec.first + bytes.fromhex(one.id): one for one in masters}

    def unwrap(self, wrapped: bytes, subject: str) -> bytes:
        """Decrypt a subject's key."""
        # A key of each message goes through here, and nearly all name a key that is here.
        known = self._by_head.get(wrapped[: 1 + KEY_ID])
        if known is not None and suite_in(wrapped) is known.spec:
            key = known.spec.open(known.engine, wrapped, _context(subject))
            if key is None:
                raise CryptoError("keys.wrong")
            return key
        return self._searched(wrapped, subject)

    def _searched(self, wrapped: bytes, subject: str) -> bytes:
        spec = suite_in(wrapped)
        if spec is None:
            raise CryptoError("keys.wrong")
        named = key_id_in(wrapped)
        if named is not None:
            raise CryptoError("keys.unknown", path=named.hex())
        # The first release named no key: then each is tried, and the tag tells.
        for master in self._masters.values():
            if master.engine is not None and master.spec is spec:
                key = spec.open(master.engine, wrapped, _context(subject))
                if key is not None:
                    return key
        raise CryptoError("keys.wrong")

    def index(self, value: bytes, key_id: str | None = None) -> bytes:
        """Give the blind index of a value."""
        master = self._current if key_id is None else self._masters.get(key_id)
        if master is None:
            raise CryptoError("keys.unknown", path=key_id)
        return master.spec.mac(master.index, value)[:_INDEX]


def _context(subject: str) -> bytes:
    return f"subject:{subject}".encode()
