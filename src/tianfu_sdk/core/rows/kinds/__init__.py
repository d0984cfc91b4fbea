"""The table of kinds: what every kind of row is found by, and how nouns are shelved in it.

Keys are what rights, lists and figures ask by; everything else stays in the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianfu_sdk.core.rows.keying import PLACE_KEYS, NounKind
from tianfu_sdk.core.rows.kinds.content import (
    ACTIVITY,
    BASE,
    CHANNEL,
    CLARIFICATION,
    CONTENT,
    EMERGENCY,
    ENROLMENT,
    LISTING,
    MEDIA_USE,
    NEWS,
    NOTICE,
    RESOURCE,
    RESPONSE_PLAN,
    REVISION,
    STUDIO,
)
from tianfu_sdk.core.rows.kinds.languages import (
    CONCEPT,
    MEMORY_UNIT,
    TRANSLATION,
    TRANSLATION_CACHE,
    TRANSLATION_TASK,
)
from tianfu_sdk.core.rows.kinds.log import (
    AUDIT,
    EVENT_CHUNK,
    EVENT_DAY,
    EVENT_FIRST,
    EVENT_VIEWS,
    MARK,
    ROLLUPS,
    SEAL,
)
from tianfu_sdk.core.rows.kinds.matching import (
    CONTACT_PERSON,
    EVALUATION,
    EXPERT,
    INTEREST,
    SUBSCRIPTION,
    WORKSTATION,
    WORKSTATION_RESULT,
)
from tianfu_sdk.core.rows.kinds.people import (
    ACCOUNT,
    GRANT,
    OPT_OUT,
    ORGANIZATION,
    QUESTION,
    REGION,
    REGISTRATION,
    SUBJECT_KEY,
    SUBSCRIBER,
    TERM,
    UNIQUE,
    WAITING,
)
from tianfu_sdk.core.rows.kinds.sms import (
    BATCH,
    CAMPAIGN,
    CONTACT,
    FORMER_PHONE,
    LANE,
    MESSAGE,
    PART,
    PARTIAL,
    QUOTA,
    REACH,
    RECEIPT,
    RESERVATION,
    SEAT,
    SEGMENT,
    SMS_POLICY,
    SMS_TEMPLATE,
    WORD_LIST,
)
from tianfu_sdk.model.storage import Kind

__all__ = [
    "ACCOUNT",
    "ACTIVITY",
    "ALL_KINDS",
    "AUDIT",
    "BASE",
    "BATCH",
    "BY_PREFIX",
    "CAMPAIGN",
    "CHANNEL",
    "CLARIFICATION",
    "CONCEPT",
    "CONTACT",
    "CONTACT_PERSON",
    "CONTENT",
    "EMERGENCY",
    "ENROLMENT",
    "EVALUATION",
    "EVENT_CHUNK",
    "EVENT_DAY",
    "EVENT_FIRST",
    "EVENT_VIEWS",
    "EXPERT",
    "FORMER_PHONE",
    "GRANT",
    "INTEREST",
    "KEPT",
    "LANE",
    "LISTING",
    "MARK",
    "MEDIA_USE",
    "MEMORY_UNIT",
    "MESSAGE",
    "NEWS",
    "NOTICE",
    "OPT_OUT",
    "ORGANIZATION",
    "PART",
    "PARTIAL",
    "PLACED",
    "QUESTION",
    "QUOTA",
    "REACH",
    "RECEIPT",
    "REGION",
    "REGISTRATION",
    "RESERVATION",
    "RESOURCE",
    "RESPONSE_PLAN",
    "REVISION",
    "ROLLUPS",
    "SEAL",
    "SEAT",
    "SEGMENT",
    "SHELVES",
    "SMS_POLICY",
    "SMS_TEMPLATE",
    "STUDIO",
    "SUBJECT_KEY",
    "SUBSCRIBER",
    "SUBSCRIPTION",
    "TERM",
    "TRANSLATION",
    "TRANSLATION_CACHE",
    "TRANSLATION_TASK",
    "UNIQUE",
    "WAITING",
    "WORD_LIST",
    "WORKSTATION",
    "WORKSTATION_RESULT",
    "kind_of",
]

_NOUNS: tuple[NounKind[Any], ...] = (
    *CONTENT.values(),
    ORGANIZATION,
    ACCOUNT,
    GRANT,
    TERM,
    REGION,
    CHANNEL,
    SUBSCRIBER,
    CAMPAIGN,
    SMS_TEMPLATE,
    WORD_LIST,
    EMERGENCY,
    RESPONSE_PLAN,
    SMS_POLICY,
    SEGMENT,
    SUBSCRIPTION,
    EXPERT,
    CONTACT_PERSON,
    INTEREST,
    WORKSTATION,
    WORKSTATION_RESULT,
    EVALUATION,
    QUESTION,
    REGISTRATION,
    TRANSLATION,
    TRANSLATION_TASK,
    MEMORY_UNIT,
    CONCEPT,
)

BY_PREFIX: Mapping[str, NounKind[Any]] = {shelf.prefix: shelf for shelf in _NOUNS}
SHELVES: Mapping[str, NounKind[Any]] = {shelf.name: shelf for shelf in _NOUNS}
"""How nouns are shelved, by the name of their kind."""

ALL_KINDS: tuple[Kind, ...] = (
    *(shelf.kind for shelf in _NOUNS),
    REVISION,
    MEDIA_USE,
    ENROLMENT,
    REACH,
    CONTACT,
    QUOTA,
    RESERVATION,
    UNIQUE,
    MESSAGE,
    BATCH,
    FORMER_PHONE,
    RECEIPT,
    PART,
    PARTIAL,
    LANE,
    SEAT,
    SUBJECT_KEY,
    OPT_OUT,
    AUDIT,
    SEAL,
    *ROLLUPS,
    TRANSLATION_CACHE,
    MARK,
)

_MADE_ANEW = (*ROLLUPS, TRANSLATION_CACHE)
KEPT: tuple[Kind, ...] = tuple(kind for kind in ALL_KINDS if kind not in _MADE_ANEW)
"""What a dump holds: a roll-up is made of the events, in every store anew, and engines can be
asked again."""

PLACED: tuple[Kind, ...] = tuple(kind for kind in ALL_KINDS if set(PLACE_KEYS) <= set(kind.keys))
"""Kinds whose rows belong to a region and an organization."""


def kind_of(id_: str) -> NounKind[Any] | None:
    """Tell the kind of an id by its prefix; None where there is none."""
    return BY_PREFIX.get(id_.partition("_")[0])
