"""Kinds of what is published, of its media, and of emergencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianfu_sdk.core.rows.keying import (
    PLACE_KEYS,
    NounKind,
    Placed,
    day_key,
    moment_key,
    place_keys,
    title_key,
)
from tianfu_sdk.model.channel import Channel
from tianfu_sdk.model.content import (
    Activity,
    Base,
    Clarification,
    Content,
    News,
    Notice,
    Resource,
)
from tianfu_sdk.model.emergency import EmergencyReport, ResponsePlan
from tianfu_sdk.model.listing import Listing, Studio
from tianfu_sdk.model.registration import RegistrationState
from tianfu_sdk.model.storage import Key, Kind

__all__ = [
    "ACTIVITY",
    "BASE",
    "CHANNEL",
    "CLARIFICATION",
    "CONTENT",
    "EMERGENCY",
    "ENROLMENT",
    "LISTING",
    "MEDIA_USE",
    "NEWS",
    "NOTICE",
    "RESOURCE",
    "RESPONSE_PLAN",
    "REVISION",
    "STUDIO",
]

_CONTENT_KEYS = (
    Key("state"),
    Key("language"),
    *PLACE_KEYS,
    Key("topic", many=True),
    Key("addressed", many=True),
    Key("updated", "int"),
    Key("published", "int"),
    Key("expires", "int"),
    Key("folded_title"),
)
_CONTENT_INDEXES = (
    ("state", "published"),
    ("language", "state", "published"),
    ("prefecture", "state", "published"),
    ("county", "state", "published"),
    ("organization", "updated"),
    ("state", "expires"),
    ("state", "folded_title"),
)


def _content_keys(content: Content, placed: Placed) -> Mapping[str, Any]:
    return place_keys(content.organization, placed) | {
        "state": content.state.value,
        "language": content.language,
        "topic": frozenset(content.topics),
        "addressed": frozenset(content.regions or (content.region,)),
        "updated": moment_key(content.updated_at),
        "published": moment_key(content.published_at),
        "expires": day_key(content.expires_on),
        "folded_title": title_key(content.title),
    }


def _content(noun: type[Any], name: str, prefix: str) -> NounKind[Any]:
    return NounKind(
        noun, Kind(name, _CONTENT_KEYS, _CONTENT_INDEXES, schema=2), prefix, _content_keys
    )


def _listing_keys(listing: Listing, placed: Placed) -> Mapping[str, Any]:
    return {
        **_content_keys(listing, placed),
        "kind": listing.kind.value,
        "studio": listing.studio,
        "progress": listing.progress.value,
        "deadline": day_key(listing.deadline),
    }


RESOURCE: NounKind[Resource] = _content(Resource, "resource", "res")
ACTIVITY: NounKind[Activity] = _content(Activity, "activity", "act")
NOTICE: NounKind[Notice] = _content(Notice, "notice", "ntc")
NEWS: NounKind[News] = _content(News, "news", "nws")
BASE: NounKind[Base] = _content(Base, "base", "bas")
CLARIFICATION: NounKind[Clarification] = _content(Clarification, "clarification", "clr")
STUDIO: NounKind[Studio] = _content(Studio, "studio", "std")
LISTING: NounKind[Listing] = NounKind(
    Listing,
    Kind(
        "listing",
        (*_CONTENT_KEYS, Key("kind"), Key("studio"), Key("progress"), Key("deadline", "int")),
        (*_CONTENT_INDEXES, ("kind", "state", "published"), ("studio",)),
        schema=3,
    ),
    "lst",
    _listing_keys,
)

CONTENT: Mapping[str, NounKind[Any]] = {
    shelf.name: shelf
    for shelf in (RESOURCE, ACTIVITY, NOTICE, NEWS, BASE, CLARIFICATION, STUDIO, LISTING)
}
"""Kinds that go through the states of content."""
CHANNEL: NounKind[Channel] = NounKind(
    Channel,
    Kind("channel", (Key("language"), *PLACE_KEYS), (("language",),)),
    "chn",
    lambda c, placed: place_keys(c.organization, placed) | {"language": c.language},
)
EMERGENCY: NounKind[EmergencyReport] = NounKind(
    EmergencyReport,
    Kind(
        "emergency",
        (Key("state"), Key("event_type"), Key("reported", "int"), *PLACE_KEYS),
        (("prefecture", "state"), ("state", "reported")),
    ),
    "emg",
    lambda e, placed: (
        place_keys(e.organization, placed)
        | {
            "state": e.state.value,
            "event_type": e.event_type,
            "reported": moment_key(e.reported_at),
        }
    ),
)
RESPONSE_PLAN: NounKind[ResponsePlan] = NounKind(
    ResponsePlan,
    Kind("response_plan", (Key("event_type"), *PLACE_KEYS), (("event_type",),)),
    "rpl",
    lambda p, placed: place_keys(p.organization, placed) | {"event_type": p.event_type},
)

REVISION = Kind(
    "revision",
    (Key("item"), Key("number", "int"), Key("due", "int")),
    (("item", "number"), ("due",)),
)
"""Revisions of content other than the one that its own row holds; `due`: when a scheduled
one is to be published, `NEVER_DUE` for all others."""
MEDIA_USE = Kind(
    "media_use",
    (
        Key("digest"),
        Key("kind"),
        Key("item"),
        Key("state"),
        *PLACE_KEYS,
        Key("expires", "int"),
        Key("at", "int"),
    ),
    (("digest",), ("kind", "at"), ("item",)),
    document=False,
)
"""A narrow row for everything that holds on to the bytes of a medium: a revision of a content,
or an upload that nothing uses yet; see `core.content.media`."""
ENROLMENT = Kind(
    "enrolment",
    (
        *(Key(state.value, "int") for state in RegistrationState),
        *(Key(f"{state.value}_persons", "int") for state in RegistrationState),
        *(Key(name, "int") for name in ("numbers", "stopped", "held")),
    ),
    (("held",),),
    document=False,
)
"""How the registrations of one activity, whose id it has, stand: `core.content.enrolling.Tally`."""
