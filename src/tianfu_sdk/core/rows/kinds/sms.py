"""Kinds of science SMS: what is planned, what is in the outbox, what came back."""

from __future__ import annotations

from tianfu_sdk.core.places.regions import LEVELS
from tianfu_sdk.core.rows.keying import (
    PLACE_KEYS,
    NounKind,
    moment_key,
    place_keys,
)
from tianfu_sdk.model.segment import Segment
from tianfu_sdk.model.sms import Campaign
from tianfu_sdk.model.sms_policy import SmsPolicy
from tianfu_sdk.model.storage import Key, Kind
from tianfu_sdk.model.template import SmsTemplate, WordList

__all__ = [
    "BATCH",
    "CAMPAIGN",
    "CONTACT",
    "FORMER_PHONE",
    "LANE",
    "MESSAGE",
    "PART",
    "PARTIAL",
    "QUOTA",
    "REACH",
    "RECEIPT",
    "RESERVATION",
    "SEAT",
    "SEGMENT",
    "SMS_POLICY",
    "SMS_TEMPLATE",
    "WORD_LIST",
]

CAMPAIGN: NounKind[Campaign] = NounKind(
    Campaign,
    Kind(
        "campaign",
        (Key("state"), Key("updated", "int"), *PLACE_KEYS),
        (("organization", "updated"), ("state", "updated")),
    ),
    "cmp",
    lambda c, placed: (
        place_keys(c.organization, placed)
        | {"state": c.state.value, "updated": moment_key(c.updated_at)}
    ),
)
SMS_TEMPLATE: NounKind[SmsTemplate] = NounKind(
    SmsTemplate,
    Kind(
        "sms_template",
        (Key("gateway"), Key("code"), Key("state"), Key("language"), *PLACE_KEYS),
        (("gateway", "state"), ("organization",)),
    ),
    "tpl",
    lambda t, placed: (
        place_keys(t.organization, placed)
        | {
            "gateway": t.gateway,
            "code": t.code,
            "state": t.state.value,
            "language": t.language,
        }
    ),
)
WORD_LIST: NounKind[WordList] = NounKind(
    WordList,
    Kind("word_list", (Key("active", "int"), *PLACE_KEYS), (("organization",),)),
    "wdl",
    lambda w, placed: place_keys(w.organization, placed) | {"active": int(w.active)},
)
SMS_POLICY: NounKind[SmsPolicy] = NounKind(
    SmsPolicy,
    Kind("sms_policy", PLACE_KEYS, (("organization",),)),
    "smp",
    lambda p, placed: place_keys(p.organization, placed),
)
SEGMENT: NounKind[Segment] = NounKind(
    Segment,
    Kind("segment", PLACE_KEYS, (("organization",),)),
    "seg",
    lambda s, placed: place_keys(s.organization, placed),
)
REACH = Kind(
    "reach",
    (
        Key("phone_ix", "bytes"),
        Key("organization"),
        *(Key(name) for name in LEVELS),
        Key("shape"),
        Key("until", "int"),
        Key("phone", "bytes"),
    ),
    # Campaigns read in the order of the index: equal phones stand next to each other.
    (("province", "phone_ix"), ("prefecture", "phone_ix"), ("county", "phone_ix")),
    document=False,
    schema=2,
)
"""What planning and sending ask of a subscriber, whose id it has: `core.sms.reach`."""
CONTACT = Kind("contact", (Key("until", "int"),), (("until",),))
"""What one phone was sent, by blind index: `core.sms.contacts`; `until`: when it counts no more."""
QUOTA = Kind(
    "quota",
    (Key("organization"), Key("period"), Key("reserved", "int"), Key("used", "int")),
    (("organization",),),
    document=False,
)
"""Billed parts of one organization and period; its id is `core.sms.quotas.quota_id(…)`."""
RESERVATION = Kind(
    "reservation",
    (
        Key("path", many=True),
        Key("at", "int"),
        Key("reserved", "int"),
        Key("used", "int"),
        Key("queued", "int"),
    ),
    document=False,
)
"""What one campaign, whose id it has, holds of quotas: `core.sms.quotas.Reservation`."""
MESSAGE = Kind(
    "message",
    (
        Key("campaign"),
        Key("subscriber"),
        Key("state"),
        Key("language"),
        Key("batch"),
        Key("provider_id"),
        Key("parts", "int"),
        Key("region"),
        Key("error"),
        Key("gateway"),
    ),
    # None by subscriber: messages are written in the order of their phones, so that index would
    # be written all over at each commit. Their ids are made of the phone's index (`traces`).
    # With the parts, so that those of a report are added up without a look at the rows.
    (
        ("state", "campaign", "region", "language", "gateway", "parts"),
        ("provider_id",),
        ("batch",),
    ),
    document=False,
    schema=5,
)
"""One narrow row a recipient of a campaign, once something became of the message; its id is
`core.sms.messages.message_id(…)`."""
BATCH = Kind(
    "batch",
    (
        Key("campaign"),
        Key("gateway"),
        Key("language"),
        Key("state"),
        Key("count", "int"),
        Key("parts", "int"),
    ),
    (("campaign", "state"), ("state",)),
    document=False,
)
"""Where a batch of the outbox stands, and how many messages of it have no row yet:
`core.sms.batches`."""
FORMER_PHONE = Kind(
    "former_phone",
    (Key("subscriber"), Key("phone_ix", "bytes")),
    (("subscriber",),),
    document=False,
)
"""Blind indexes that a subscriber stood under before: messages went to them."""
RECEIPT = Kind(
    "receipt",
    (
        Key("provider_id"),
        Key("subscriber"),
        Key("phone_ix", "bytes"),
        Key("state"),
        Key("error"),
        Key("parts", "int"),
        Key("at", "int"),
    ),
    (("provider_id",), ("subscriber",), ("at",)),
    document=False,
    schema=3,
)
"""Receipts that came before the message they are of was known by that id."""
PART = Kind(
    "part",
    (
        Key("first"),
        Key("provider_id"),
        Key("number", "int"),
        Key("total", "int"),
        Key("at", "int"),
    ),
    (("at",),),
    document=False,
)
"""A part of a message that its gateway tells of by itself, by the digest of its id; `first` and
`provider_id` are of the first part, which is the message's: `services.parts`."""
PARTIAL = Kind(
    "partial",
    (Key("phone_ix", "bytes"), Key("seen", "int"), Key("at", "int")),
    (("at",), ("phone_ix",)),
    document=False,
)
"""Which parts of a message a phone got, a bit each."""
LANE = Kind(
    "lane",
    tuple(
        Key(name, "int")
        for name in ("messages", "calls", "parts", "failures", "trips", "until", "window")
    ),
    document=False,
    schema=3,
)
"""What all workers share about one gateway, whose name is the id: `core.sms.limits.Lane`."""
SEAT = Kind("seat", (Key("holder"), Key("until", "int")), document=False)
"""Who does or holds something that only so many may, until when: a session of a gateway, the
queueing of a campaign. Who dies loses it when its time is over."""
