"""Encrypting and indexing phones, and its share of taking in subscribers."""

from __future__ import annotations

import tempfile
import time

from timing import rounds, table

from tianfu_sdk.backends.crypto import FieldCipher
from tianfu_sdk.backends.keyring import LocalKeys, new_master_key
from tianfu_sdk.model.keys import Suite
from tianfu_sdk.model.subscriber import Consent

_CONTEXT = "subscriber.phone:sub_01h0000000000000000000000a"


def run(*, small: bool) -> str:
    """Time each step a phone, then whole imports."""
    n = 2_000 if small else 100_000
    taken = {suite: _steps(suite, min(n, 20_000)) for suite in Suite}
    names = list(taken[Suite.AES])
    rows = [
        (
            name,
            *(f"{taken[suite][name] * 100_000:.2f}" for suite in Suite),
            f"{taken[Suite.SM4][name] / taken[Suite.AES][name]:.1f}",
        )
        for name in names
    ]
    whole = [sum(taken[suite][name] for name in names[:4]) for suite in Suite]
    rows.append(
        (
            "all that a new phone takes",
            *(f"{each * 100_000:.2f}" for each in whole),
            f"{whole[1] / whole[0]:.1f}",
        )
    )
    first = table(
        "Encrypting and indexing 100,000 phones (s)",
        ("step", *(suite.en for suite in Suite), "ratio"),
        rows,
        "One core, minimum of 5 rounds. A new phone takes the first four: a key of its own, that"
        " key wrapped, the phone sealed, its blind index.",
    )
    return first + "\n" + _imports(n)


def _steps(suite: Suite, n: int) -> dict[str, float]:
    text = new_master_key(suite)
    keys, cipher = LocalKeys(lambda: text), FieldCipher()
    key = cipher.new_key(suite)
    wrapped, token = keys.wrap(key, "sub"), cipher.seal(key, "+8613800138000", _CONTEXT)
    master = keys.current()
    phones = [f"phone:+86138{number:08d}".encode() for number in range(n)]
    plain = [phone.decode()[6:] for phone in phones]
    ways = {
        "make a subject's key": lambda: len([cipher.new_key(suite) for _ in phones]),
        "wrap it": lambda: len([keys.wrap(key, "sub") for _ in phones]),
        "seal the phone": lambda: len([cipher.seal(key, phone, _CONTEXT) for phone in plain]),
        "index the phone": lambda: len([keys.index(phone, master) for phone in phones]),
        "unwrap the key": lambda: len([keys.unwrap(wrapped, "sub") for _ in phones]),
        "open the phone": lambda: len([cipher.open(key, token, _CONTEXT) for _ in phones]),
    }
    return rounds(ways, 5)


class _Timed:
    """A holder or cipher whose calls are timed."""

    def __init__(self, inner: object) -> None:
        self.inner, self.seconds = inner, 0.0

    def __getattr__(self, name):
        found = getattr(self.inner, name)

        def call(*args, **kwargs):
            start = time.perf_counter()
            try:
                return found(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - start

        return call


def _imports(n: int) -> str:
    rows = [(suite.en, *_import(n, suite)) for suite in Suite]
    return table(
        f"Taking in {n:,} subscribers, 1,000 a call",
        ("suite", "s", "rows/s", "sealing and indexing, s", "share", "rotation, s"),
        rows,
        "SQLite, synchronous=FULL; each subscriber has a consent with evidence, which is sealed"
        " too. Rotation: to a new master key and a new index key, all rows.",
    )


def _import(n: int, suite: Suite) -> tuple[str, ...]:
    import attrs

    import tianfu_sdk as tf

    text = new_master_key(suite)
    with tempfile.TemporaryDirectory() as folder:
        hub = tf.Hub.open(
            f"sqlite:////{folder.lstrip('/')}/s.db",
            discover=False,
            keys=LocalKeys(lambda: text),
        )
        admin = hub.bootstrap(organization="四川省科协", region="510000")
        keys, cipher = _Timed(hub._tools.keys), _Timed(hub._tools.cipher)
        hub._tools = attrs.evolve(hub._tools, keys=keys, cipher=cipher)
        me = hub.as_(admin.id)
        fields = {"organization": admin.organization, "region": "510104"}
        start = time.perf_counter()
        for first in range(0, n, 1000):
            me.subscribers.add_many(
                [
                    {"phone": f"138{k:08d}", "consents": [Consent(evidence=f"表{k}")]} | fields
                    for k in range(first, min(n, first + 1000))
                ]
            )
        seconds = time.perf_counter() - start
        sealing = keys.seconds + cipher.seconds
        newer = f"{text}\n{new_master_key(suite)}"
        hub._tools = attrs.evolve(hub._tools, keys=LocalKeys(lambda: newer))
        start = time.perf_counter()
        hub.as_system(reason="bench").keys.rotate()
        rotation = time.perf_counter() - start
        hub.close()
    return (
        f"{seconds:.1f}",
        f"{n / seconds:,.0f}",
        f"{sealing:.1f}",
        f"{sealing / seconds:.0%}",
        f"{rotation:.1f}",
    )
