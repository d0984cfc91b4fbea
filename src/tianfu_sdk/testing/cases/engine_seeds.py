"""A vendor of translations that does anything, by a seed: what it does is played again by it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING

import attrs

from tianfu_sdk.model.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from tianfu_sdk.testing.loopback import Fault

__all__ = ["FAULTS", "Said", "Vendor", "seeds"]

Said = list[tuple[int, str | None]]
"""Translations, each with the place of its text in the request, from 0."""

_FEW, _MANY = 3, 50
_LATER: tuple[Mapping[str, str], ...] = (
    {},
    {"retry-after": "1"},
    {"retry-after": "Thu, 01 Jan 2099 00:00:00 GMT"},
    {"retry-after": "soon"},
)
_STATUSES = (301, 302, 400, 401, 402, 403, 404, 408, 413, 429, 429, 456, 500, 502, 503, 503)
_BODIES = (b"", b"null", b"[]", b"{}", b'"x"', b"\xff\xfe", b"[[[[", b"<html>Sign in</html>")
FAULTS: tuple[Fault, ...] = ("cut", "reset", "half", "short", "noise")
"""How the line fails."""

_TWISTS: Mapping[str, Callable[[Said, Random], Said]] = {
    "less": lambda said, _: said[:-1],
    "more": lambda said, _: [*said, (len(said), said[-1][1] if said else "x")],
    "twice": lambda said, _: [*said, said[0]] if said else said,
    "mixed": lambda said, chance: chance.sample(said, len(said)),
    "instead": lambda said, _: [said[-1], *said[1:]],
    "empty": lambda said, chance: [
        (place, chance.choice(["", " ", None, text])) for place, text in said
    ],
}
_MIXED = frozenset({"mixed", "instead"})


def seeds() -> range:
    """Give the seeds of this run: few, in CI (`TIANFU_CI=1`) more.

    `TIANFU_SEED` says from which one on, `TIANFU_SEEDS` how many.
    """
    first = int(os.environ.get("TIANFU_SEED") or 0)
    usual = _MANY if os.environ.get("TIANFU_CI") == "1" else _FEW
    return range(first, first + int(os.environ.get("TIANFU_SEEDS") or usual))


@attrs.define
class Vendor:
    """Decides request by request what goes wrong.

    Args:
        seed: Of all it does.
        positional: Its form does not name texts, so that mixing them up could not be found out.
    """

    seed: int
    positional: bool
    counts: Counter[str] = attrs.field(factory=Counter, init=False)
    """What it did how often."""
    _chance: Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._chance = Random(self.seed)

    def line(self) -> Fault:
        """Say how the line fails for the next request; empty: not."""
        fault: Fault = self._chance.choice(FAULTS) if self._chance.random() < 0.1 else ""
        self.counts[fault] += bool(fault)
        return fault

    def answer(
        self,
        request: HttpRequest,
        well: Callable[[HttpRequest, Callable[[list[str]], Said]], HttpResponse],
        honest: Callable[[Sequence[str]], Said],
        refusal: HttpResponse,
    ) -> HttpResponse:
        """Answer a request, as it should or not.

        Args:
            request: What came.
            well: Writes what is said in the vendor's form.
            honest: Translates well.
            refusal: An error under status 200.
        """
        chance = self._chance
        usual = well(request, honest)
        kinds = ("well", "well", "well", "status", "body", "refusal", "part", "twist", "echo")
        kind = chance.choice(kinds)
        if kind == "twist":
            names = sorted(_TWISTS.keys() - (_MIXED if self.positional else frozenset()))
            kind = chance.choice(names)
            twisted = _TWISTS[kind]
            answer = well(request, lambda texts: twisted(honest(texts), chance))
        else:
            answer = {
                "well": lambda: usual,
                "status": lambda: HttpResponse(
                    status=chance.choice(_STATUSES), headers=chance.choice(_LATER), body=b"{}"
                ),
                "body": lambda: HttpResponse(status=200, body=chance.choice(_BODIES)),
                "refusal": lambda: refusal,
                "part": lambda: attrs.evolve(
                    usual, body=usual.body[: chance.randrange(len(usual.body))]
                ),
                "echo": lambda: well(request, lambda texts: list(enumerate(texts))),
            }[kind]()
        self.counts[kind] += 1
        return answer
