"""The table of kinds: what every kind of row is found by, and how nouns are shelved in it.

Keys are what rights, lists and figures ask by; everything else stays in the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianfu_sdk.core.places.regions import LEVELS
from tianfu_sdk.core.rows.keying import (
    NEVER_DUE,
    PLACE_KEYS,
    NounKind,
    Placed,
    day_key,
    moment_key,
    place_keys,
)
from tianfu_sdk.model.account import Account, Grant
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
from tianfu_sdk.model.glossary import Concept
from tianfu_sdk.model.interest import ContactPerson, Interest
from tianfu_sdk.model.listing import Expert, Listing, Studio
from tianfu_sdk.model.memory import MemoryUnit
from tianfu_sdk.model.organization import Organization
from tianfu_sdk.model.question import Question, QuestionState
from tianfu_sdk.model.region import RegionAmendment
from tianfu_sdk.model.registration import Registration, RegistrationState
from tianfu_sdk.model.segment import Segment
from tianfu_sdk.model.sms import Campaign
from tianfu_sdk.model.sms_policy import SmsPolicy
from tianfu_sdk.model.storage import Key, Kind
from tianfu_sdk.model.subscriber import Subscriber
from tianfu_sdk.model.subscription import Subscription
from tianfu_sdk.model.template import SmsTemplate, WordList
from tianfu_sdk.model.translation import Translation
from tianfu_sdk.model.translation_task import TranslationTask
from tianfu_sdk.model.vocabulary import Term
from tianfu_sdk.model.workstation import Evaluation, Workstation, WorkstationResult

__all__ = [
    "ALL_KINDS",
    "BY_PREFIX",
    "CONTENT",
    "KEPT",
    "PLACED",
    "SHELVES",
    "WAITING",
    "kind_of",
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
    Key("title"),
)
_CONTENT_INDEXES = (
    ("state", "published"),
    ("language", "state", "published"),
    ("prefecture", "state", "published"),
    ("county", "state", "published"),
    ("organization", "updated"),
    ("state", "expires"),
)
_SHORT_TITLE = 60


def _content_keys(content: Content, placed: Placed) -> Mapping[str, Any]:
    return place_keys(content.organization, placed) | {
        "state": content.state.value,
        "language": content.language,
        "topic": frozenset(content.topics),
        "addressed": frozenset(content.regions or (content.region,)),
        "updated": moment_key(content.updated_at),
        "published": moment_key(content.published_at),
        "expires": day_key(content.expires_on),
        "title": content.title[:_SHORT_TITLE],
    }


def _content(noun: type[Any], name: str, prefix: str) -> NounKind[Any]:
    return NounKind(noun, Kind(name, _CONTENT_KEYS, _CONTENT_INDEXES), prefix, _content_keys)


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
        schema=2,
    ),
    "lst",
    _listing_keys,
)

CONTENT: Mapping[str, NounKind[Any]] = {
    shelf.name: shelf
    for shelf in (RESOURCE, ACTIVITY, NOTICE, NEWS, BASE, CLARIFICATION, STUDIO, LISTING)
}
"""Kinds that go through the states of content."""

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
CHANNEL: NounKind[Channel] = NounKind(
    Channel,
    Kind("channel", (Key("language"), *PLACE_KEYS), (("language",),)),
    "chn",
    lambda c, placed: place_keys(c.organization, placed) | {"language": c.language},
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
            Key("updated", "int"),
            *PLACE_KEYS,
        ),
        (("listing", "updated"), ("organization", "updated"), ("partner", "updated")),
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
        (Key("workstation"), Key("state"), Key("created", "int"), *PLACE_KEYS),
        (("workstation", "created"), ("state", "created")),
    ),
    "evl",
    lambda e, placed: (
        place_keys(e.organization, placed)
        | {
            "workstation": e.workstation,
            "state": e.state.value,
            "created": moment_key(e.created_at),
        }
    ),
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
        ),
        (("source", "language"), ("language", "state", "published"), ("language", "updated")),
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
UNIQUE = Kind("unique_value", (Key("owner"),), document=False)
"""A row a unique value; its id is `unique_id(…)`."""
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
SUBJECT_KEY = Kind("subject_key", (Key("master"),), (("master",),), schema=2)
"""The wrapped key of one person, and the id of the master key that wraps it."""
OPT_OUT = Kind(
    "opt_out",
    (Key("phone_ix", "bytes"), Key("index_key"), Key("topic"), Key("at", "int")),
    (("phone_ix",),),
    document=False,
)
"""Who wants no more messages, by blind index only; outlives erasure."""
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
TRANSLATION_CACHE = Kind(
    "translation_cache", (Key("engine"), Key("until", "int")), (("engine",), ("until",))
)
"""What translation engines said, until it lapses; the id is a place of so many:
`core.languages.translation_cache`."""
MARK = Kind("mark", ())
"""Small notes of the store itself: consumers' cursors, import marks, who made it."""

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
