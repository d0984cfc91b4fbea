"""Planning a campaign: who gets which text, who is left out and why, and what it costs.

Pure: the same campaign, subscribers and moment give the same plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import attrs

from tianfu_sdk.core.rows.keying import NEVER_DUE, moment_key
from tianfu_sdk.core.sms.contacts import Capping
from tianfu_sdk.core.sms.hours import ALWAYS, Hours
from tianfu_sdk.core.sms.reach import Traits, shape_of, traits_of
from tianfu_sdk.core.sms.templates import values_of
from tianfu_sdk.core.steps import illegal
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.checks import demand_changeable
from tianfu_sdk.model.sms import Campaign, CampaignState, SmsCapabilities
from tianfu_sdk.model.subscriber import PROFILING, Subscriber
from tianfu_sdk.model.template import SmsTemplate
from tianfu_sdk.text import canonical_language, fallbacks, sms_split

__all__ = [
    "Candidate",
    "Choice",
    "Composed",
    "Picker",
    "approve",
    "blocked",
    "compose",
    "demand_editable",
    "demand_state",
    "final_text",
    "hours_for",
    "language_for",
    "overrides_hours",
    "refuses",
    "texts_by_tag",
    "unasked",
    "wants_override",
]

_EDITABLE = frozenset(
    {"title", "texts", "signature", "topic", "purpose", "settings", "gateway", "fallback"}
    | {"override_reason", "templates", "languages", "interests", "members", "group", "content"}
    | {"fallback_order"}
)
_NONE: Mapping[str, SmsTemplate] = MappingProxyType({})
_STEPS = {
    CampaignState.DRAFT: ("edit", "plan", "approve_texts", "approve", "cancel"),
    CampaignState.APPROVED: ("approve_texts", "send", "cancel"),
    CampaignState.SENDING: ("send", "pause", "resume", "cancel"),
}
_ENDS = "。！？!?.…；;，,、：:།༎~）)】」』"


# What is sent.


@attrs.frozen
class Composed:
    """A text of one language as it goes out and is billed."""

    language: str
    text: str
    """With the words of refusal, without the signature."""
    units: int
    """UTF-16 units, signature included."""
    parts: int
    too_long: bool
    """More than the gateway takes."""
    template: str = ""
    """The vendor's code of the approved template that it is of; empty: of none."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Names and values of the template's variables, in its order."""
    refused: str = ""
    """Code of what forbids to send it; empty where nothing does."""


def final_text(text: str, signature: str, suffix: str) -> str:
    """Give a text as it goes to the gateway: no signature in it, and how to refuse at its end.

    Args:
        text: As composed; a signature that it begins with is taken off, because the gateway
            or its backend sets it and it is billed once.
        signature: Without brackets.
        suffix: How to refuse; empty: nothing is added.

    Source: 通信短信息服务管理规定 (a convenient way to refuse, stated in the message).
    """
    body = text.strip().removeprefix(f"【{signature}】").strip()
    if not suffix or body.endswith(suffix):
        return body
    joint = "" if not body or body[-1] in _ENDS else "，"
    return f"{body}{joint}{suffix}"


def demand_editable(names: Iterable[str]) -> None:
    """Demand that fields of a draft may be changed.

    Raises:
        Invalid: `content.fixed`, `field.unknown`.
    """
    demand_changeable(names, Campaign, _EDITABLE)


def texts_by_tag(texts: Mapping[str, str]) -> dict[str, str]:
    """Give the texts of a campaign under canonical tags.

    Raises:
        Invalid: `sms.no_text`, there is none, one is blank, or two are of one language;
            `text.bad_language`.
    """
    if not texts:
        raise Invalid("sms.no_text", path="texts")
    found: dict[str, str] = {}
    for language, text in texts.items():
        tag = canonical_language(language)
        if not text.strip() or tag in found:
            raise Invalid("sms.no_text", path=f"texts.{tag}")
        found[tag] = text
    return found


def compose(
    campaign: Campaign,
    capabilities: SmsCapabilities,
    suffix: str,
    templates: Mapping[str, SmsTemplate] = _NONE,
) -> Mapping[str, Composed]:
    """Give the texts of a campaign as they go out, by language.

    A text of an approved template is sent as that template has it: how to refuse is said
    where the template says it, and not added.

    Args:
        campaign: The task.
        capabilities: Of its gateway.
        suffix: How to refuse.
        templates: By language.

    Raises:
        Invalid: `sms.bad_signature`, `text.lone_surrogate`.
    """
    made = {}
    for language, text in campaign.texts.items():
        final = final_text(text, campaign.signature, suffix)
        template = templates.get(language)
        values = None
        if template is not None:
            bare = final_text(text, campaign.signature, "")
            # As `core.sms.texts.comparison` does: first as the template says it.
            says = template.text.rstrip().endswith(suffix)
            for wanted in (final, bare) if says else (bare, final):
                values = values_of(template, wanted, capabilities.rules)
                if values is not None:
                    final = wanted
                    break
        split = sms_split(final, campaign.signature)
        too_long = split.units > capabilities.longest
        one = Composed(language, final, split.units, split.count, too_long)
        if template is not None and values is not None:
            one = attrs.evolve(one, template=template.code, parameters=values)
        elif template is not None:
            one = attrs.evolve(one, refused="sms.template_mismatch")
        made[language] = one
    return made


def language_for(
    language: str, texts: Collection[str], *, fallback: bool, order: Sequence[str] = ()
) -> str | None:
    """Choose the text for a person's language.

    Args:
        language: Of the person, canonical.
        texts: Languages that there are texts in.
        fallback: Whether another language may stand in: Amdo gets Tibetan, then all get
            zh-Hans.
        order: Languages that stand in instead, the first that there is a text in.

    Returns:
        The language of the text, or None where there is none for this person.
    """
    if language in texts:
        return language
    if not fallback:
        return None
    return next((tag for tag in order or fallbacks(language) if tag in texts), None)


# Who gets it.


# Not frozen: there are as many as subscribers, and to make one costs half then.
@attrs.define
class Candidate:
    """A subscriber within a campaign's reach, as the narrow row has it; not to be changed."""

    id: str
    phone_ix: bytes
    shape: str
    """As `core.sms.reach.shape_of` writes it."""
    until: int = NEVER_DUE
    opted_out: frozenset[str] = frozenset()
    """Topics that this phone wants nothing of; the empty one: nothing at all."""
    contacts: bytes = b""
    """What this phone was sent, where anything is capped: `core.sms.contacts`."""

    @classmethod
    def of(
        cls, subscriber: Subscriber, phone_ix: bytes, opted_out: frozenset[str] = frozenset()
    ) -> Candidate:
        """Make one of the document, where the narrow row has no room."""
        shape, until = shape_of(subscriber, None)
        return cls(subscriber.id, phone_ix, shape, until, opted_out)


@attrs.define
class Choice:
    """What a campaign does with one candidate: a text, or a reason to leave it out.

    Not to be changed.
    """

    id: str
    phone_ix: bytes
    language: str = ""
    reason: str = ""


def blocked(campaign: Campaign, candidate: Candidate, now: datetime, *, real: bool) -> str:
    """Say why a person may not be sent to, whatever the text; empty where nothing forbids it.

    Asked when planning, and again right before sending.

    Args:
        campaign: The task.
        candidate: Who.
        now: This moment.
        real: Whether the gateway reaches telephones.

    Returns:
        `synthetic`, `opted_out`, `no_consent` or empty. An emergency changes none of them.

    Source: 个人信息保护法 Art. 13-16; 通信短信息服务管理规定.
    """
    traits = traits_of(candidate.shape)
    moment = moment_key(now)
    return (
        ("synthetic" if real and traits.synthetic else "")
        or refuses(campaign, candidate.opted_out)
        or ("no_consent" if candidate.until <= moment else "")
        or unasked(campaign, traits, moment)
    )


def refuses(campaign: Campaign, opted_out: Collection[str]) -> str:
    """Say `opted_out` where a phone wants nothing of a campaign's topic, or nothing at all."""
    if "" in opted_out or (campaign.topic and campaign.topic in opted_out):
        return "opted_out"
    return ""


def unasked(campaign: Campaign, traits: Traits, moment: int) -> str:
    """Say `no_consent` where a person did not agree to a campaign's purpose and topic."""
    consent = traits.consents.get(campaign.purpose)
    if consent is None or not consent.granted or consent.until <= moment:
        return "no_consent"
    if consent.topics and campaign.topic not in consent.topics:
        return "no_consent"
    return ""


@attrs.frozen
class _Verdict:
    """What a campaign does with everybody of one shape who refused nothing."""

    reason: str
    language: str = ""


_SHAPES = 10_000
"""Verdicts that are remembered; few stores have as many different shapes."""


class Picker:
    """Decide over candidates one by one, in the order of their phones' index.

    Two subscribers of one phone stand next to each other in that order, so nothing but the
    last phone has to be remembered however many there are.

    Args:
        campaign: The task.
        texts: As `compose` gives them.
        now: This moment.
        real: Whether the gateway reaches telephones.
    """

    def __init__(
        self, campaign: Campaign, texts: Mapping[str, Composed], now: datetime, *, real: bool
    ) -> None:
        self._campaign = campaign
        self._texts = texts
        self._moment = moment_key(now)
        self._real = real
        self._last = b""
        self.capping: Capping | None = None
        """What says whether a phone had enough; None: nothing is capped."""
        self._seen: set[bytes] | None = None
        self._verdicts: dict[str, _Verdict] = {}

    def remember(self, phones: Iterable[bytes] = ()) -> None:
        """Remember all phones from now on: candidates do not come in the order of the index.

        Args:
            phones: Blind indexes that count as taken.
        """
        if self._seen is None:
            self._seen = set()
        self._seen.update(phones)

    def pick(self, candidate: Candidate) -> Choice:
        """Decide over the next candidate."""
        verdict = self._verdicts.get(candidate.shape) or self._learn(candidate.shape)
        phone, reason = candidate.phone_ix, verdict.reason
        if candidate.opted_out and reason != "synthetic":
            reason = refuses(self._campaign, candidate.opted_out) or reason
        if candidate.until <= self._moment and reason not in _FIRST:
            reason = "no_consent"
        if not reason:
            if phone == self._last or (self._seen is not None and phone in self._seen):
                reason = "duplicate"
            elif candidate.contacts and self.capping is not None:
                reason = self.capping.refuses(candidate.contacts)
        if reason:
            return Choice(candidate.id, phone, "", reason)
        self._last = phone
        if self._seen is not None:
            self._seen.add(phone)
        return Choice(candidate.id, phone, verdict.language)

    def _learn(self, shape: str) -> _Verdict:
        if len(self._verdicts) >= _SHAPES:
            self._verdicts.clear()
        verdict = self._verdicts[shape] = self._decide(traits_of(shape))
        return verdict

    def _decide(self, traits: Traits) -> _Verdict:
        campaign = self._campaign
        reason = (
            ("synthetic" if self._real and traits.synthetic else "")
            or unasked(campaign, traits, self._moment)
            or _unwanted(campaign, traits)
        )
        if reason:
            return _Verdict(reason)
        language = language_for(
            traits.language,
            self._texts,
            fallback=campaign.fallback,
            order=campaign.fallback_order,
        )
        if language is None:
            return _Verdict("no_text")
        text = self._texts[language]
        return _Verdict("too_long") if text.too_long else _Verdict("", language)


_FIRST = frozenset({"synthetic", "opted_out"})
"""Reasons that are named before a consent that has ended."""


def _unwanted(campaign: Campaign, traits: Traits) -> str:
    # A warning is not a matter of interest.
    interests = traits.topics if campaign.emergency is None else frozenset()
    if campaign.topic and interests and campaign.topic not in interests:
        return "topic"
    if campaign.interests and traits.topics.isdisjoint(campaign.interests):
        return "topic"
    if campaign.settings and traits.settings.isdisjoint(campaign.settings):
        return "setting"
    if campaign.settings and campaign.emergency is None and not _profiled(traits):
        # By topics people are chosen who asked for them, by settings those who are such people.
        return "profiling"
    if campaign.languages and traits.language not in campaign.languages:
        return "language"
    return ""


def _profiled(traits: Traits) -> bool:
    held = traits.consents.get(PROFILING)
    return held is None or held.granted


# Its states.


def demand_state(campaign: Campaign, verb: str, *states: CampaignState) -> None:
    """Demand that a campaign stands so; raises `Invalid` (`lifecycle.illegal`)."""
    if campaign.state not in states:
        raise illegal(campaign.state, verb, _STEPS.get(campaign.state, ()))


def approve(campaign: Campaign, person: str, *, planned: int, parts: int, cost: int) -> Campaign:
    """Decide the approval of a campaign.

    Args:
        campaign: A draft.
        person: Who approves; empty for the system.
        planned: Recipients of its plan.
        parts: Billed parts of its plan.
        cost: In 1/1000 yuan.

    Raises:
        Invalid: `lifecycle.illegal`.
        Denied: `lifecycle.own_work`, nobody who ever wrote at it may; `lifecycle.system`.
    """
    demand_state(campaign, "approve", CampaignState.DRAFT)
    if not person:
        raise Denied("lifecycle.system", path="approver")
    if person in {campaign.author, *campaign.writers}:
        raise Denied("lifecycle.own_work", path="approver")
    return attrs.evolve(
        campaign,
        state=CampaignState.APPROVED,
        approver=person,
        planned=planned,
        parts=parts,
        cost=cost,
    )


def overrides_hours(campaign: Campaign) -> bool:
    """Tell whether a campaign may go out at night.

    An emergency, a reason, and a second person who approved it: all three.
    """
    return bool(
        campaign.emergency
        and campaign.override_reason.strip()
        and campaign.approver
        and campaign.approver not in {campaign.author, *campaign.writers}
    )


def hours_for(campaign: Campaign, hours: Hours) -> Hours:
    """Give the hours that a campaign keeps: none where an emergency overrides them.

    What a draft says it wants counts in its plan; a second person is there when it is sent.
    """
    return ALWAYS if wants_override(campaign) or overrides_hours(campaign) else hours


def wants_override(campaign: Campaign) -> bool:
    """Tell whether a draft asks to go out at night and whatever phones had already."""
    reason = campaign.override_reason.strip()
    return campaign.state is CampaignState.DRAFT and bool(campaign.emergency and reason)
