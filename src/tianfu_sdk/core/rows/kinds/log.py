"""Kinds of what happened, and of the notes that a store keeps for itself."""

from __future__ import annotations

from tianfu_sdk.core.rows.keying import (
    PLACE_KEYS,
)
from tianfu_sdk.model.storage import Key, Kind

__all__ = [
    "AUDIT",
    "EVENT_CHUNK",
    "EVENT_DAY",
    "EVENT_FIRST",
    "EVENT_VIEWS",
    "MARK",
    "ROLLUPS",
    "SEAL",
]

AUDIT = Kind(
    "audit",
    (Key("at", "int"), Key("actor"), Key("action"), Key("subject"), *PLACE_KEYS),
    (("subject", "at"), ("actor", "at"), ("at",)),
)
SEAL = Kind("seal", (Key("number", "int"),), (("number",),))
EVENT_DAY = Kind(
    "event_day",
    (
        Key("generation", "int"),
        Key("day", "int"),
        Key("region"),
        Key("type"),
        Key("organization"),
        Key("events", "int"),
        Key("amount", "int"),
    ),
    # Whole days of all places are read by id, which begins with generation and day.
    (("region", "day"), ("organization", "day"), ("type", "day")),
    document=False,
)
"""The daily roll-up of the log of events: `core.log.rollups`."""
EVENT_FIRST = Kind(
    "event_first",
    (
        Key("generation", "int"),
        Key("type"),
        Key("subject"),
        Key("event"),
        Key("at", "int"),
        Key("number", "int"),
        Key("organization"),
        Key("region"),
        Key("first", "int"),
        Key("amount", "int"),
        Key("precision"),
    ),
    (("type", "at"),),
    document=False,
)
"""Which event was the first of what counts once ever; and every report of an attendance."""
EVENT_CHUNK = Kind(
    "event_chunk",
    (
        Key("generation", "int"),
        Key("number", "int"),
        Key("after"),
        Key("events", "int"),
        Key("least", "int"),
        Key("greatest", "int"),
        Key("first_id"),
        Key("last_id"),
    ),
    (("greatest",),),
    document=False,
)
"""Where in the log the events of a time stand, a row a thousand of them."""
EVENT_VIEWS = Kind(
    "event_views",
    (Key("generation", "int"), Key("subject"), Key("views", "int")),
    (("subject",),),
    document=False,
)
"""How often a content was viewed, as the figures count it."""
ROLLUPS = (EVENT_DAY, EVENT_FIRST, EVENT_CHUNK, EVENT_VIEWS)
"""Kinds that are made of the log of events and can be made of it again."""
MARK = Kind("mark", ())
"""Small notes of the store itself: consumers' cursors, import marks, who made it."""
