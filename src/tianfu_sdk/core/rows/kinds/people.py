"""Kinds of organizations, of the people in them, and of those outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianfu_sdk.core.rows.keying import (
    NEVER_DUE,
    PLACE_KEYS,
    NounKind,
    Placed,
    moment_key,
    place_keys,
)
from tianfu_sdk.model.account import Account, Grant
from tianfu_sdk.model.organization import Organization
from tianfu_sdk.model.question import Question, QuestionState
from tianfu_sdk.model.region import RegionAmendment
from tianfu_sdk.model.registration import Registration
from tianfu_sdk.model.storage import Key, Kind
from tianfu_sdk.model.subscriber import Subscriber
from tianfu_sdk.model.vocabulary import Term

__all__ = [
    "ACCOUNT",
    "GRANT",
    "OPT_OUT",
    "ORGANIZATION",
    "QUESTION",
    "REGION",
    "REGISTRATION",
    "SUBJECT_KEY",
    "SUBSCRIBER",
    "TERM",
    "UNIQUE",
    "WAITING",
]

ORGANIZATION: NounKind[Organization] = NounKind(
    Organization,
    Kind(
        "organization",
        (Key("kind"), Key("parent"), Key("name"), Key("alias", many=True), *PLACE_KEYS),
        (("parent", "name"), ("prefecture", "name"), ("county", "name"), ("name",)),
    ),
    "org",
    lambda o, placed: (
        place_keys(o.id, placed)
        | {
            "kind": o.kind.value,
            "parent": o.parent or "",
            "name": o.name,
            "alias": frozenset((o.name, *o.aliases)),
        }
    ),
)
ACCOUNT: NounKind[Account] = NounKind(
    Account,
    Kind("account", (Key("person"), Key("active", "int"), *PLACE_KEYS), (("organization",),)),
    "acc",
    lambda a, placed: (
        place_keys(a.organization, placed) | {"person": a.person, "active": int(a.active)}
    ),
)
GRANT: NounKind[Grant] = NounKind(
    Grant,
    Kind(
        "grant",
        (Key("account"), Key("parent"), *PLACE_KEYS),
        (("account",), ("parent",)),
    ),
    "grt",
    lambda g, placed: (
        place_keys(g.organization or "", placed) | {"account": g.account, "parent": g.parent or ""}
    ),
)
TERM: NounKind[Term] = NounKind(
    Term,
    Kind("term", (Key("vocabulary"), Key("code")), (("vocabulary", "code"),)),
    "trm",
    lambda t, _: {"vocabulary": t.vocabulary, "code": t.code},
)
REGION: NounKind[RegionAmendment] = NounKind(
    RegionAmendment,
    Kind("region", (Key("code"), *PLACE_KEYS), (("code",),)),
    "reg",
    lambda r, placed: place_keys("", placed) | {"code": r.code},
)
SUBSCRIBER: NounKind[Subscriber] = NounKind(
    Subscriber,
    Kind(
        "subscriber",
        (
            Key("language"),
            Key("topic", many=True),
            Key("profiled", "int"),
            Key("phone_ix", "bytes"),
            *PLACE_KEYS,
        ),
        (("prefecture",), ("county",), ("phone_ix",)),
        schema=3,
    ),
    "sub",
    # The blind index is made by the desk, which has the key.
    lambda s, placed: (
        place_keys(s.organization, placed)
        | {
            "language": s.language,
            "topic": frozenset(s.topics),
            "profiled": int(s.profiled),
        }
    ),
)
WAITING = (QuestionState.OPEN, QuestionState.ROUTED)
"""States of a question that somebody is to answer."""


def _question_keys(question: Question, placed: Placed) -> Mapping[str, Any]:
    # `wording` is given by the desk, which has the key and the text.
    remind = question.due if question.state in WAITING and not question.reminded else None
    return place_keys(question.organization, placed) | {
        "state": question.state.value,
        "language": question.language,
        "asked": moment_key(question.created_at),
        "due": moment_key(question.due),
        "remind": moment_key(remind) if remind else NEVER_DUE,
        "expert": question.expert,
        "draft": question.draft,
        "group": question.group,
        "account": question.account,
    }


QUESTION: NounKind[Question] = NounKind(
    Question,
    Kind(
        "question",
        (
            Key("state"),
            Key("language"),
            Key("asked", "int"),
            Key("due", "int"),
            Key("remind", "int"),
            Key("expert"),
            Key("draft"),
            Key("group"),
            Key("account"),
            Key("wording", "bytes", many=True),
            *PLACE_KEYS,
        ),
        (
            ("state", "asked"),
            ("organization", "asked"),
            ("state", "due"),
            ("remind",),
            ("expert", "state"),
            ("draft",),
            ("group",),
            ("account", "asked"),
        ),
        schema=2,
    ),
    "qst",
    _question_keys,
)
REGISTRATION: NounKind[Registration] = NounKind(
    Registration,
    Kind(
        "registration",
        (
            Key("activity"),
            Key("state"),
            Key("number", "int"),
            Key("party", "int"),
            Key("phone_ix", "bytes"),
            *PLACE_KEYS,
        ),
        (("activity", "number"), ("activity", "state", "number"), ("phone_ix",)),
    ),
    "rgs",
    # As of a subscriber, the desk gives the blind index.
    lambda r, placed: (
        place_keys(r.organization, placed)
        | {"activity": r.activity, "state": r.state.value, "number": r.number, "party": r.party}
    ),
)
UNIQUE = Kind("unique_value", (Key("owner"),), document=False)
"""A row a unique value; its id is `unique_id(…)`."""
SUBJECT_KEY = Kind("subject_key", (Key("master"),), (("master",),), schema=2)
"""The wrapped key of one person, and the id of the master key that wraps it."""
OPT_OUT = Kind(
    "opt_out",
    (Key("phone_ix", "bytes"), Key("index_key"), Key("topic"), Key("at", "int")),
    (("phone_ix",),),
    document=False,
)
"""Who wants no more messages, by blind index only; outlives erasure."""
