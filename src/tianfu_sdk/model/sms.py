"""Science SMS (科普短信): campaigns, batches, results, receipts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from types import MappingProxyType
from typing import Literal

import attrs

from tianfu_sdk.model.base import Labelled, Noun
from tianfu_sdk.model.checks import at_least, aware, both, each, region_code, text, unique
from tianfu_sdk.model.http import HttpResponse
from tianfu_sdk.model.route import GatewayPlan, Leg
from tianfu_sdk.model.schedule import Schedule
from tianfu_sdk.model.sms_policy import QuotaLine
from tianfu_sdk.model.template import SmsProblem

__all__ = [
    "CallbackResult",
    "Campaign",
    "CampaignState",
    "DispatchReport",
    "ErrorClass",
    "Exclusion",
    "Health",
    "Inbound",
    "LaneHealth",
    "MessageState",
    "Pace",
    "Plan",
    "QueryAnswer",
    "Recipient",
    "SmsBatch",
    "SmsCapabilities",
    "SmsProgress",
    "SmsReceipt",
    "SmsResult",
    "TextRules",
    "UnknownBatch",
    "Window",
]


@attrs.frozen
class Window:
    """A time of day in which sending is allowed, China time; it may cross midnight."""

    start: time
    end: time
    """First moment outside; equal to `start`: the whole day."""

    def holds(self, clock: time) -> bool:
        """Tell whether a time of day lies inside."""
        if self.start == self.end:
            return True
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@attrs.frozen(kw_only=True)
class Pace:
    """How fast a gateway may be used, by all workers of a store together."""

    messages: float = attrs.field(default=0.0, metadata=at_least(0))
    """A second; 0: as many as there are (Huawei takes about 500 numbers a second)."""
    calls: float = attrs.field(default=0.0, metadata=at_least(0))
    """A second; 0: as many as there are (Tencent takes 3,000 by default)."""
    parts: float = attrs.field(default=0.0, metadata=at_least(0))
    """Billed parts a second, where a gateway limits those; 0: as many as there are."""
    burst: float = attrs.field(default=1.0, metadata=at_least(0))
    """Seconds whose messages, calls and parts may go at once after a rest; one batch always
    may."""
    sessions: int = attrs.field(default=0, metadata=at_least(0))
    """Sessions at a time, of a gateway that holds them; 0: uncounted."""


@attrs.frozen(kw_only=True)
class TextRules:
    """What the operator of a gateway lets stand in texts, values and signatures."""

    longest_value: int = attrs.field(default=0, metadata=at_least(0))
    """Characters of a template variable's value (Tencent 6 by default); 0: any number."""
    links_in_values: bool = True
    """A value may be or hold a link (Aliyun and Tencent: no)."""
    links: bool = True
    """A text may hold a link."""
    shortest_signature: int = attrs.field(default=2, metadata=at_least(1))
    """Characters, without brackets."""
    longest_signature: int = attrs.field(default=20, metadata=at_least(1))
    forbidden: tuple[str, ...] = ()
    """What may not stand in a text."""


@attrs.frozen(kw_only=True)
class SmsCapabilities:
    """What a gateway (短信网关) can say; plans are made by it."""

    name: str
    shape: Literal["http", "session"]
    phones_per_call: int = attrs.field(default=1, metadata=at_least(1))
    """Phones that one call takes (Aliyun SendBatchSms 100, Tencent 200, Huawei 500)."""
    receipts: tuple[Literal["push", "pull"], ...] = ()
    """How delivery receipts (状态报告) come back; empty: never."""
    inbound: bool = False
    """It hands on what people answer (上行)."""
    dedupes: bool = False
    """It sends a batch of one reference once, however often it is asked."""
    phones_per_query: int = attrs.field(default=0, metadata=at_least(0))
    """Recipients that one question what became of a batch asks about (Aliyun 1); 0: it cannot
    be asked."""
    longest: int = attrs.field(default=500, metadata=at_least(1))
    """UTF-16 units that one message may have, signature included."""
    windows: tuple[Window, ...] = ()
    """When its operator lets non-urgent messages out; empty: at any hour."""
    real: bool = True
    """Messages reach telephones; False for files and simulators."""
    timeout: float = attrs.field(default=30.0, metadata=at_least(0))
    """Seconds that one call may take; a lease is longer."""
    pace: Pace = Pace()
    """How fast it may be used; the settings of a deployment win."""
    templates: Literal["none", "optional", "required"] = "none"
    """Whether it takes approved templates (短信模板) and the values of their variables."""
    signature: Literal["apart", "in_text"] = "apart"
    """`apart`: its operator sets 【】 from a field; `in_text`: the text begins with it."""
    rules: TextRules = TextRules()
    """What may stand in texts, values and signatures."""

    @property
    def can_query(self) -> bool:
        """It can be asked later what became of a batch."""
        return self.phones_per_query > 0


class ErrorClass(Labelled):
    """What a vendor's refusal means for us; an unknown code is `ambiguous`."""

    OK = "ok", "成功", "ok"
    RETRY_SAFE = "retry_safe", "可重试", "safe to retry"
    THROTTLED = "throttled", "被限速", "throttled"
    DEFERRED = "deferred", "延后", "deferred"
    BAD_RECIPIENT = "bad_recipient", "号码无效", "bad recipient"
    BAD_CONTENT = "bad_content", "内容被拒", "content refused"
    REFUSED_BY_PERSON = "refused_by_person", "用户拒收", "refused by the person"
    STOP_CHANNEL = "stop_channel", "通道停用", "channel must stop"
    AMBIGUOUS = "ambiguous", "结果不明", "ambiguous"


class MessageState(Labelled):
    """Where one message to one person stands."""

    QUEUED = "queued", "待发", "queued"
    SENDING = "sending", "发送中", "sending"
    ACCEPTED = "accepted", "网关已收", "accepted"
    UNKNOWN = "unknown", "结果不明", "unknown"
    REJECTED = "rejected", "被拒", "rejected"
    DEFERRED = "deferred", "延后", "deferred"
    DELIVERED = "delivered", "已送达", "delivered"
    FAILED = "failed", "未送达", "failed"
    EXPIRED = "expired", "已过期", "expired"
    DROPPED = "dropped", "已取消", "dropped"


@attrs.frozen
class Recipient:
    """A phone of one batch; its repr hides the number."""

    ref: str
    """Id of the subscriber, or a vendor-safe reference."""
    phone: str = attrs.field(repr=False)
    """E.164, such as +8613800000000."""


@attrs.frozen(kw_only=True)
class SmsBatch:
    """What one call to a gateway carries: one text, many phones."""

    reference: str
    """Ours, unique; the same for every attempt at the same batch."""
    signature: str
    """Without brackets."""
    text: str = attrs.field(repr=False)
    """As a person reads it, without the signature."""
    recipients: tuple[Recipient, ...]
    attempt: int = 1
    template: str = ""
    """The vendor's code of the approved template that the text is of; empty: of none, so a
    gateway that needs one takes the default of its settings."""
    parameters: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """Names and values of the template's variables, in its order."""


@attrs.frozen(kw_only=True)
class SmsResult:
    """What a gateway said about one recipient of a batch."""

    ref: str
    status: Literal["accepted", "rejected", "deferred", "unknown"]
    provider_id: str = ""
    error: ErrorClass = ErrorClass.OK
    code: str = ""
    """The vendor's own code."""
    retry_after: float | None = None
    part_ids: tuple[str, ...] = ()
    """Ids of all its parts in order, the first of which is `provider_id`, where the gateway tells
    of each part by itself; the hub joins their receipts. Empty: it tells of the whole message."""


@attrs.frozen(kw_only=True)
class SmsReceipt:
    """A delivery receipt (状态报告)."""

    provider_id: str = ""
    ref: str = ""
    """Of the recipient, where the gateway gives it back."""
    reference: str = ""
    """Of the batch, where the gateway gives it back."""
    phone: str = attrs.field(default="", repr=False)
    """E.164, where the gateway names the recipient so."""
    parts: int | None = attrs.field(default=None, metadata=at_least(1))
    """As the operator billed it, where the gateway says so."""
    state: Literal["delivered", "failed", "expired"]
    at: datetime | None = attrs.field(default=None, metadata=aware)
    code: str = ""
    """The vendor's own code."""
    error: ErrorClass | None = None
    """What the code means for us, where that is known: `refused_by_person` is an opt-out."""


@attrs.frozen(kw_only=True)
class Inbound:
    """What a person answered (上行); text and phone are hidden in its repr."""

    phone: str = attrs.field(repr=False)
    text: str = attrs.field(repr=False)
    at: datetime | None = attrs.field(default=None, metadata=aware)
    provider_id: str = ""


@attrs.frozen(kw_only=True)
class CallbackResult:
    """What a gateway's callback held, and what to answer it."""

    receipts: tuple[SmsReceipt, ...] = ()
    inbound: tuple[Inbound, ...] = ()
    response: HttpResponse = HttpResponse(status=200)
    more: bool = False
    """Of what was pulled: there is more, so ask again at once."""


@attrs.frozen(kw_only=True)
class QueryAnswer:
    """What a gateway says when it is asked what became of a batch."""

    results: tuple[SmsResult, ...]
    """One a recipient, in the batch's order; `unknown` where it cannot say."""
    receipts: tuple[SmsReceipt, ...] = ()
    """What it knows beyond: delivered or not."""


class CampaignState(Labelled):
    """Where a campaign stands."""

    DRAFT = "draft", "草稿", "draft"
    APPROVED = "approved", "已审批", "approved"
    SENDING = "sending", "发送中", "sending"
    SENT = "sent", "已发完", "sent"
    CANCELLED = "cancelled", "已取消", "cancelled"


@attrs.frozen(kw_only=True)
class Campaign(Noun):
    """A science SMS task (科普短信任务)."""

    title: str = attrs.field(metadata=text(200, shortest=1))
    organization: str
    region: str = attrs.field(metadata=region_code)
    """Root of the region subtree whose subscribers it is for."""
    whole_region: bool = False
    """All subscribers there, whoever looks after them, because its author's grants reach that
    far; False: only those of the organization and of those below it."""
    texts: Mapping[str, str]
    """By language tag; a subscriber gets the own language or, if `fallback`, Chinese."""
    signature: str = attrs.field(metadata=text(20, shortest=2))
    """签名, without brackets."""
    topic: str = attrs.field(default="", metadata=text(64))
    purpose: str = attrs.field(default="science_sms", metadata=text(64, shortest=1))
    settings: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text(64)), unique))
    languages: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Only people of these languages; empty: of all."""
    interests: tuple[str, ...] = attrs.field(default=(), metadata=both(each(text(64)), unique))
    """Only people who asked for one of these topics; empty: whatever they asked for."""
    members: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Only these subscribers, by id, as far as they are within its reach; empty: all."""
    segment: str = ""
    """Id of the saved segment that the audience was taken of."""
    segment_version: int = 0
    """Its version then; what is changed in it later changes no campaign."""
    group: str = attrs.field(default="", metadata=text(64))
    """Campaigns of one name are about the same thing: nobody gets two of them in a time that
    policy sets (`repeat_days`)."""
    content: str = ""
    """Id of the published content that it tells of; only languages of which there is an
    approved and current translation are sent, and it counts as the same thing as well."""
    gateway: str = "file"
    """The one that it goes through, or the first of its route."""
    route: tuple[Leg, ...] = ()
    """All its gateways in order of preference, where there are several; empty: only `gateway`."""
    fallback: bool = True
    """A subscriber whose language has no text gets another; False: is left out."""
    fallback_order: tuple[str, ...] = attrs.field(default=(), metadata=unique)
    """Languages of texts that stand in, the first that there is; empty: Tibetan for Amdo, then
    zh-Hans for all."""
    templates: Mapping[str, str] = MappingProxyType({})
    """By language tag: id of the approved template, of `gateway`, that the text is of."""
    emergency: str | None = None
    """Id of the emergency report that it answers."""
    override_reason: str = attrs.field(default="", metadata=text(500))
    """Why the hours of the night may be used; needs a second person and is audited."""
    state: CampaignState = CampaignState.DRAFT
    author: str = ""
    """Person who wrote at it last."""
    writers: tuple[str, ...] = ()
    """All persons who wrote at it; none of them approves it."""
    approver: str = ""
    text_approvers: Mapping[str, str] = MappingProxyType({})
    """By language: the person who approved the text as it stands. One that is not Chinese needs
    it, because whoever approves the campaign may not read it."""
    planned: int = 0
    """Recipients, as planned when it was approved."""
    parts: int = 0
    """Billed parts, as planned; so many are reserved of its quotas when it is sent."""
    cost: int = 0
    """In 1/1000 yuan, as planned."""
    queued: int | None = None
    """Messages that were put in the outbox; None: not all of them yet."""


@attrs.frozen
class Exclusion:
    """Why some subscribers are left out, and how many."""

    reason: str
    """`no_consent`, `opted_out`, `topic`, `language`, `setting`, `profiling`, `duplicate`,
    `no_text`,
    `too_long`; `repeated`, `cap_day`, `cap_month`, `cap_topic`: the phone had enough; or
    `synthetic`: made for a demo or drill, and the gateway reaches telephones."""
    count: int


@attrs.frozen(kw_only=True)
class Plan:
    """What a campaign would do; making it changes nothing."""

    campaign: str
    recipients: int
    parts: int
    """Billed parts in all."""
    cost: int
    """In 1/1000 yuan."""
    batches: int
    by_language: Mapping[str, int]
    exclusions: tuple[Exclusion, ...]
    not_before: datetime
    """When sending may begin, through the first gateway that is open; UTC."""
    reason: str = ""
    """Why not at once: `quiet_hours`, or empty."""
    schedule: Schedule
    gateways: tuple[GatewayPlan, ...] = ()
    """Each that it may go through, in order of preference."""
    most_parts: int = 0
    """Billed parts, should everybody be sent to through the gateway that bills them most for."""
    most_cost: int = 0
    """In 1/1000 yuan, should everybody be sent to through the dearest gateway."""
    quota: tuple[QuotaLine, ...] = ()
    """Of its organization and those above, where there is a limit, for when it would begin."""
    over_quota: bool = False
    """One of them has not enough left, so `send` would be refused."""
    caps_since: datetime | None = None
    """From when on messages count for its caps: what was sent before counts for nobody. None: it
    has none, or nothing was counted yet."""
    problems: tuple[SmsProblem, ...] = ()
    """What is wrong with the texts; one that is refused stops the approval."""


@attrs.frozen(kw_only=True)
class SmsProgress:
    """How far a campaign is."""

    campaign: str
    state: CampaignState
    total: int
    """Messages in the outbox or past it."""
    done: int
    """Of which something became."""
    by_state: Mapping[str, int]
    by_gateway: Mapping[str, Mapping[str, int]] = MappingProxyType({})
    """By gateway messages by state: in its queue, or what became of them through it."""
    rate: float | None = None
    """Messages a second since the look before."""
    left: float | None = None
    """Seconds until all are done at that rate."""


@attrs.frozen(kw_only=True)
class DispatchReport:
    """What the dispatcher did: batches claimed, and messages by what became of them."""

    claimed: int = 0
    """Batches that were taken out of the outbox; 0: nothing was due."""
    accepted: int = 0
    rejected: int = 0
    deferred: int = 0
    """To be tried again later, in batches of their own."""
    unknown: int = 0
    """May have gone out; never sent again by itself."""
    dropped: int = 0
    """Left out right before sending, such as for an opt-out since the plan."""
    returned: int = 0
    """Of batches that certainly did not leave; they stay in the outbox."""
    passed: int = 0
    """That certainly did not leave, and wait for another gateway of their campaign now."""
    parked: int = 0
    """Batches that wait for a person."""
    wait: float | None = None
    """Seconds until more may be sent through a gateway that is limited or left alone."""


@attrs.frozen(kw_only=True)
class UnknownBatch:
    """Messages of one batch of which nobody knows whether they went out."""

    campaign: str
    batch: str
    """The reference under which the gateway may know it."""
    gateway: str
    subscribers: tuple[str, ...]
    """Whose messages they are; ids, in their order."""
    parts: int


@attrs.frozen(kw_only=True)
class LaneHealth:
    """How one gateway does, as all workers see it."""

    gateway: str
    breaker: Literal["closed", "open"]
    """`open`: it failed, and is left alone but for one probe at a time."""
    failures: int
    """Calls that failed one after the other, while closed."""
    until: datetime | None = None
    """Nothing is sent before; UTC."""
    sessions: int = 0
    """Sessions that workers hold."""
    queued: int = 0
    """Batches that wait to be sent."""
    leased: int = 0
    """Batches that are being handed over."""
    parked: int = 0
    """Batches that wait for a person."""
    unknown: int = 0
    """Messages of which nobody knows whether they went out."""
    lag: float = 0.0
    """Seconds since the oldest batch that may be sent was due; campaigns on hold do not count."""


@attrs.frozen(kw_only=True)
class Health:
    """How the sending side does."""

    queued: int
    """Batches that wait to be sent."""
    leased: int
    """Batches that are being handed over."""
    parked: int
    """Batches that wait for a person."""
    unknown: int
    """Messages of which nobody knows whether they went out."""
    gateways: tuple[str, ...]
    lanes: tuple[LaneHealth, ...] = ()
    """Gateways that something was sent through."""
    lag: float = 0.0
    """The longest of its lanes, in seconds."""
