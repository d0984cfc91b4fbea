"""Bodies that no vendor should send, and some do."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

__all__ = ["GARBAGE", "spoilt"]

GARBAGE: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n",
    "page": b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>",
    "text": "系统繁忙，请稍后再试".encode(),
    "gbk": "系统繁忙".encode("gbk"),
    "no text": b"\xff\xfe\x00\xd8",
    "half": b'{"code": 0, "results": [{"ref": "sub_',
    "nothing": b"null",
    "yes": b"true",
    "number": b"0",
    "string": b'"OK"',
    "list": b"[1, null, [], {}]",
    "nested": b"[" * 100_000,
    "deep": b'{"results":' * 20_000,
    "huge number": b'{"code": ' + b"9" * 5_000 + b"}",
    "no number": b'{"code": NaN, "results": Infinity}',
    "wrong types": b'{"code": [], "results": "no", "receipts": {}, "data": 1, "list": null}',
    "elements of none": b'{"results": [null, 1, "x", []], "receipts": [null], "inbound": [0]}',
}
"""By what is wrong with them."""

_ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    10**30,
    float("inf"),
    "",
    "x",
    "\ud800",
    "OK\x00",
    "9" * 400,
    [],
    {},
    [[]],
    {"a": 1},
    "2026-13-45T99:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "2026-01-01T00:00:00",
)


def spoilt(body: bytes, rng: random.Random, count: int) -> Iterator[bytes]:
    """Give versions of a body, each spoilt a little.

    Args:
        body: What a vendor would send.
        rng: Draws what is spoilt.
        count: How many.
    """
    try:
        tree = json.loads(body)
    except ValueError:
        tree = None
    for _ in range(count):
        if isinstance(tree, (dict, list)) and rng.random() < 0.7:
            yield _replant(tree, rng)
        else:
            yield _scratch(body, rng)


def _replant(tree: Any, rng: random.Random) -> bytes:
    other = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 3))):
        holder, key = rng.choice(list(_places(other)) or [([None], 0)])
        change = rng.random()
        if change < 0.15:
            del holder[key]
        elif change < 0.25 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[key] = copy.deepcopy(rng.choice(_ODD))
    return json.dumps(other, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(items):
        yield tree, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


def _scratch(body: bytes, rng: random.Random) -> bytes:
    if not body:
        return rng.randbytes(8)
    at = rng.randrange(len(body))
    change = rng.randrange(4)
    if change == 0:
        return body[:at]
    if change == 1:
        return body[:at] + rng.randbytes(1) + body[at + 1 :]
    if change == 2:
        return (
            body[:at] + rng.choice((b"null", b"\x00", b'"', b"&", b"%", b"%zz", b"[")) + body[at:]
        )
    return body[:at] + body[at // 2 :]
