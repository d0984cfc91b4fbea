"""Kinds of supply and demand beside listings: experts, interests, workstations, subscriptions."""

from __future__ import annotations

from tianfu_sdk.core.rows.keying import (
    PLACE_KEYS,
    NounKind,
    day_key,
    moment_key,
    place_keys,
)
from tianfu_sdk.model.interest import ContactPerson, Interest
from tianfu_sdk.model.listing import Expert
from tianfu_sdk.model.storage import Key, Kind
from tianfu_sdk.model.subscription import Subscription
from tianfu_sdk.model.workstation import Evaluation, Workstation, WorkstationResult

__all__ = [
    "CONTACT_PERSON",
    "EVALUATION",
    "EXPERT",
    "INTEREST",
    "SUBSCRIPTION",
    "WORKSTATION",
    "WORKSTATION_RESULT",
]

SUBSCRIPTION: NounKind[Subscription] = NounKind(
    Subscription,
    Kind(
        "subscription",
        (Key("active", "int"), Key("topic", many=True), *PLACE_KEYS),
        (("organization",),),
    ),
    "sbn",
    lambda s, placed: (
        place_keys(s.organization, placed) | {"active": int(s.active), "topic": frozenset(s.topics)}
    ),
)
EXPERT: NounKind[Expert] = NounKind(
    Expert,
    Kind(
        "expert",
        (
            Key("topic", many=True),
            Key("state"),
            Key("since", "int"),
            Key("until", "int"),
            *PLACE_KEYS,
        ),
        (("prefecture",), ("state",)),
        schema=2,
    ),
    "exp",
    lambda e, placed: (
        place_keys(e.organization, placed)
        | {
            "topic": frozenset(e.topics),
            "state": e.state.value,
            "since": day_key(e.appointed_from, 0),
            "until": day_key(e.appointed_to),
        }
    ),
)
CONTACT_PERSON: NounKind[ContactPerson] = NounKind(
    ContactPerson,
    Kind("contact_person", PLACE_KEYS, (("organization",),)),
    "cps",
    lambda c, placed: place_keys(c.organization, placed),
)
INTEREST: NounKind[Interest] = NounKind(
    Interest,
    Kind(
        "interest",
        (
            Key("listing"),
            Key("partner"),
            Key("offer"),
            Key("state"),
            Key("agreed", "int"),
            Key("updated", "int"),
            *PLACE_KEYS,
        ),
        (
            ("listing", "updated"),
            ("offer",),
            ("organization", "updated"),
            ("partner", "updated"),
        ),
        schema=2,
    ),
    "int",
    # The place is the owner's; the partner's side is asked for by `partner`.
    lambda i, placed: (
        place_keys(i.organization, placed)
        | {
            "listing": i.listing,
            "partner": i.partner,
            "offer": i.offer,
            "state": i.state.value,
            "agreed": int(i.mutual),
            "updated": moment_key(i.updated_at),
        }
    ),
)
WORKSTATION: NounKind[Workstation] = NounKind(
    Workstation,
    Kind(
        "workstation",
        (Key("state"), Key("host"), Key("ends", "int"), Key("expert", many=True), *PLACE_KEYS),
        (("organization",), ("state", "ends"), ("ends",)),
    ),
    "wks",
    lambda w, placed: (
        place_keys(w.organization, placed)
        | {
            "state": w.state.value,
            "host": w.host,
            "ends": day_key(w.valid_to),
            "expert": frozenset(member.expert for member in w.team),
        }
    ),
)
WORKSTATION_RESULT: NounKind[WorkstationResult] = NounKind(
    WorkstationResult,
    Kind(
        "workstation_result",
        (Key("workstation"), Key("on", "int"), *PLACE_KEYS),
        (("workstation", "on"),),
    ),
    "wkr",
    lambda r, placed: (
        place_keys(r.organization, placed) | {"workstation": r.workstation, "on": day_key(r.on)}
    ),
)
EVALUATION: NounKind[Evaluation] = NounKind(
    Evaluation,
    Kind(
        "evaluation",
        (Key("subject"), Key("state"), Key("created", "int"), *PLACE_KEYS),
        (("subject", "created"), ("state", "created")),
        schema=2,
    ),
    "evl",
    lambda e, placed: (
        place_keys(e.organization, placed)
        | {
            "subject": e.subject,
            "state": e.state.value,
            "created": moment_key(e.created_at),
        }
    ),
)
