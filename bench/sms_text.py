"""Texts of science SMS: how fast they are split into parts."""

from __future__ import annotations

from collections.abc import Callable

from corpus import documents
from timing import rounds, table

from tianfu_sdk.text import sms_parts, sms_split

_TIBETAN = "བོད་ཡིག་གི་སྐད་ཆ་འདི་ནི་རྒྱལ་ཁབ་ཀྱི་ཚན་རིག་ཁྱབ་གདལ་གྱི་ལས་ཀ་ཡིན།"


def run(*, small: bool) -> str:
    """Split Chinese messages of one to eight parts, and others that cost more thought."""
    n, times = (300, 2) if small else (3_000, 7)
    bodies = [one["body"] for one in documents(n)]
    texts = {
        "Chinese, 20 to 500 characters": [body[:500] for body in bodies],
        "Chinese, two parts": [(body * 4)[:130] for body in bodies],
        "Chinese with an emoji": [f"{body[:90]}😀{body[90:400]}" for body in bodies],
        "Chinese with a link and a number": [
            f"{body[:80]}https://kepu.example.cn/a?id=1{body[80:300]}028-86633333"
            for body in bodies
        ],
        "Tibetan, 4 to 5 parts": [_TIBETAN * 4] * (n // 3),
        "one text of all": ["".join(bodies)],
    }
    ways = {name: _split(some) for name, some in texts.items()}
    found = rounds(ways, times)
    rows = [(name, len(texts[name]), f"{1 / seconds / 1e6:.1f}") for name, seconds in found.items()]
    parts = sum(len(sms_parts(body)) for body in texts["Chinese, 20 to 500 characters"])
    return table(
        "Parts of an SMS",
        ("texts", "number", "million characters/s"),
        rows,
        f"`tf.text.sms_split`, one thread; the first row is {parts} parts. The aim was 1 million"
        " Chinese characters a second.",
    )


def _split(texts: list[str]) -> Callable[[], int]:
    def way() -> int:
        return sum(len(text) for text in texts if sms_split(text))

    return way
