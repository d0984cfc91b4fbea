"""Kinds of translations, memories and glossaries."""

from __future__ import annotations

from tianfu_sdk.core.rows.keying import (
    PLACE_KEYS,
    NounKind,
    moment_key,
    place_keys,
    title_key,
)
from tianfu_sdk.model.glossary import Concept
from tianfu_sdk.model.memory import MemoryUnit
from tianfu_sdk.model.storage import Key, Kind
from tianfu_sdk.model.translation import Translation
from tianfu_sdk.model.translation_task import TranslationTask

__all__ = ["CONCEPT", "MEMORY_UNIT", "TRANSLATION", "TRANSLATION_CACHE", "TRANSLATION_TASK"]

TRANSLATION: NounKind[Translation] = NounKind(
    Translation,
    Kind(
        "translation",
        (
            Key("source"),
            Key("source_kind"),
            Key("language"),
            Key("state"),
            *PLACE_KEYS,
            Key("topic", many=True),
            Key("addressed", many=True),
            Key("updated", "int"),
            Key("published", "int"),
            Key("expires", "int"),
            Key("folded_title"),
        ),
        (
            ("source", "language"),
            ("language", "state", "published"),
            ("language", "updated"),
            ("folded_title",),
        ),
        schema=2,
    ),
    "trl",
    # What depends on the source (`core.languages.translating.source_keys`) is given by the desk.
    lambda t, placed: (
        place_keys(t.organization, placed)
        | {
            "source": t.source,
            "source_kind": t.kind,
            "language": t.language,
            "state": t.state.value,
            "updated": moment_key(t.updated_at),
            "folded_title": title_key(t.title),
        }
    ),
)
TRANSLATION_TASK: NounKind[TranslationTask] = NounKind(
    TranslationTask,
    Kind(
        "translation_task",
        (Key("source"), Key("language"), Key("state"), *PLACE_KEYS, Key("updated", "int")),
        (("source",), ("language", "state", "updated"), ("organization", "updated")),
    ),
    "ttk",
    lambda t, placed: (
        place_keys(t.organization, placed)
        | {
            "source": t.source,
            "language": t.language,
            "state": t.state.value,
            "updated": moment_key(t.updated_at),
        }
    ),
)
MEMORY_UNIT: NounKind[MemoryUnit] = NounKind(
    MemoryUnit,
    Kind(
        "memory_unit",
        # `stamp` grows with every change of the memory, so that what changed is read alone.
        (
            Key("stamp", "int"),
            Key("active", "int"),
            Key("origin"),
            Key("language", many=True),
            *PLACE_KEYS,
        ),
        (("stamp",), ("origin",)),
    ),
    "mem",
    # `stamp` is given by the desk.
    lambda m, placed: (
        place_keys(m.organization, placed)
        | {
            "active": int(m.active),
            "origin": m.origin,
            "language": frozenset(one.language for one in m.texts),
        }
    ),
)
CONCEPT: NounKind[Concept] = NounKind(
    Concept,
    Kind(
        "concept",
        (Key("active", "int"), Key("language", many=True), *PLACE_KEYS, Key("updated", "int")),
        (("updated",), ("organization", "updated")),
    ),
    "cpt",
    lambda c, placed: (
        place_keys(c.organization, placed)
        | {
            "active": int(c.active),
            "language": frozenset(term.language for term in c.terms),
            "updated": moment_key(c.updated_at),
        }
    ),
)
TRANSLATION_CACHE = Kind(
    "translation_cache", (Key("engine"), Key("until", "int")), (("engine",), ("until",))
)
"""What translation engines said, until it lapses; the id is a place of so many:
`core.languages.translation_cache`."""
