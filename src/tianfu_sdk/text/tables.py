"""Read the package's own tables, once and only when they are first needed."""

from __future__ import annotations

from functools import cache

__all__ = ["lines", "one_sided_characters", "one_to_one", "phrases"]


def lines(name: str) -> list[str]:
    """Read the lines of a table.

    Args:
        name: Such as `bo_order` for `data/bo_order.txt`.

    Returns:
        All but the first, which says where the table comes from.
    """
    from importlib.resources import files

    text = (files("tianfu_sdk.text") / "data" / f"{name}.txt").read_text("utf-8")
    return text.split("\n")[1:-1]


@cache
def one_to_one(name: str) -> dict[int, int]:
    """Read a table of characters.

    Args:
        name: Such as `fold` for `data/fold_characters.txt`.

    Returns:
        Code point by code point, as `str.translate` takes it.
    """
    keys, values = lines(f"{name}_characters")
    return dict(zip(map(ord, keys), map(ord, values), strict=True))


def phrases(name: str) -> dict[str, str | None]:
    """Read a table of phrases.

    Args:
        name: Such as `st` for `data/st_phrases.txt`.

    Returns:
        Value by phrase; None where the table of characters already gives it, and the
        phrase only keeps others from beginning or ending inside it.
    """
    table: dict[str, str | None] = {}
    for line in lines(f"{name}_phrases"):
        key, _, value = line.partition("\t")
        table[key] = value or None
    return table


@cache
def one_sided_characters() -> tuple[frozenset[str], frozenset[str]]:
    """Read which characters only one way of writing Chinese has.

    Returns:
        Those of simplified and those of traditional texts.
    """
    hans, hant = lines("one_sided_characters")
    return frozenset(hans), frozenset(hant)
