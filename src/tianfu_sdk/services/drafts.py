"""What a campaign must be before it is sent: a sound draft, no drill on the air, its hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core import campaign as rules
from tianfu_sdk.core.hours import Hours, next_open, schedule
from tianfu_sdk.core.kinds import CONTENT, EMERGENCY, TRANSLATION, kind_of
from tianfu_sdk.core.tally import Tally
from tianfu_sdk.core.translating import current
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.content import State
from tianfu_sdk.model.sms import Campaign, Plan, SmsCapabilities
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.audience import Audience
from tianfu_sdk.services.caps import counted_since
from tianfu_sdk.services.hours import hours_of
from tianfu_sdk.services.lanes import pace
from tianfu_sdk.services.quotas import lines
from tianfu_sdk.services.segments import demand_audience
from tianfu_sdk.services.texts import composed, demand_templates, problems
from tianfu_sdk.services.vocabularies import demand_term
from tianfu_sdk.services.work import Work
from tianfu_sdk.text import canonical_language

__all__ = ["checked", "demand_no_drill", "demand_translations", "not_before", "planned"]


def checked(work: Work, fields: Mapping[str, Any], capabilities: SmsCapabilities) -> Campaign:
    """Make a draft of its fields, or say what is wrong with them; see `Sms.compose`."""
    made = codec.structure(Campaign, fields)
    made = attrs.evolve(
        made,
        texts=rules.texts_by_tag(made.texts),
        templates={canonical_language(tag): id_ for tag, id_ in made.templates.items()},
        languages=tuple(map(canonical_language, made.languages)),
        fallback_order=tuple(map(canonical_language, made.fallback_order)),
    )
    demand_templates(work, made, capabilities)
    rules.compose(made, capabilities, work.tools.settings.sms.suffix)
    if made.topic:
        demand_term(work, "topic", made.topic, "topic")
    demand_audience(work, made)
    demand_no_drill(work, made, capabilities)
    demand_translations(work, made)
    if made.override_reason.strip() and made.emergency is None:
        raise Invalid("sms.override", path="override_reason")
    return made


def demand_translations(work: Work, campaign: Campaign) -> None:
    """Demand that a campaign about a content speaks no language without a sound translation.

    Raises:
        NotFound: `noun.unknown`.
        Invalid: `sms.not_published`; `sms.unapproved_translation`, with the path of the text.
    """
    if not campaign.content:
        return
    shelf = kind_of(campaign.content)
    if shelf is None or shelf.name not in CONTENT:
        raise NotFound("noun.unknown", path="content", kind="content", id=campaign.content[:64])
    source = work.noun(shelf, work.visible(shelf, campaign.content))
    if source.state is not State.PUBLISHED:
        raise Invalid("sms.not_published", path="content", id=source.id)
    where = (Where("source", "=", source.id),)
    rows = work.each(TRANSLATION.name, Query(where=where))
    made = (work.noun(TRANSLATION, row) for row in rows)
    sound = {one.language for one in made if current(one, source)}
    for language in campaign.texts:
        if language not in {*sound, source.language}:
            path = f"texts.{language}"
            raise Invalid("sms.unapproved_translation", path=path, language=language)


def demand_no_drill(work: Work, campaign: Campaign, capabilities: SmsCapabilities) -> None:
    """Demand that a drill reaches no telephone."""
    if campaign.emergency is None:
        return
    rows = work.tx.get(EMERGENCY.name, [campaign.emergency])
    if not rows:
        raise NotFound(
            "noun.unknown", path="emergency", kind=EMERGENCY.name, id=campaign.emergency[:64]
        )
    if capabilities.real and work.noun(EMERGENCY, rows[0]).drill:
        raise Invalid("sms.drill", path="gateway", name=campaign.gateway)


def not_before(work: Work, campaign: Campaign, capabilities: SmsCapabilities) -> datetime:
    """Give the first moment at which a campaign may go out."""
    return next_open(work.tx.now(), _hours(work, campaign, capabilities))


def _hours(work: Work, campaign: Campaign, capabilities: SmsCapabilities) -> Hours:
    return rules.hours_for(campaign, hours_of(work, campaign.organization, capabilities))


def planned(work: Work, campaign: Campaign, capabilities: SmsCapabilities) -> Plan:
    """Make the plan of a campaign; see `Sms.plan`."""
    texts = composed(work, campaign, capabilities)
    audience = Audience(campaign, capabilities, work.tools, texts)
    tally = Tally.of(audience.walk(work), capabilities.phones_per_call)
    hours = _hours(work, campaign, capabilities)
    now = work.tx.now()
    due = next_open(now, hours)
    owner, _ = work.placed(campaign.organization)
    quota = tuple(line for line in lines(work, owner.path, due) if line.limit is not None)
    return Plan(
        campaign=campaign.id,
        recipients=tally.recipients,
        parts=tally.parts,
        cost=tally.parts * work.tools.settings.sms.price,
        batches=tally.batches,
        by_language=dict(tally.by_language),
        exclusions=tally.exclusions,
        not_before=due,
        reason="quiet_hours" if due > now else "",
        schedule=schedule(tally.recipients, _rate(work, campaign, capabilities), now, hours),
        quota=quota,
        over_quota=any(line.left is not None and tally.parts > line.left for line in quota),
        caps_since=counted_since(work, campaign),
        problems=problems(work, campaign, capabilities),
    )


def _rate(work: Work, campaign: Campaign, capabilities: SmsCapabilities) -> float:
    """Give the messages a second of a campaign's gateway; 0 where nobody limits them."""
    paced = pace(work, campaign.gateway, capabilities)
    by_calls = paced.calls * capabilities.phones_per_call
    return min((rate for rate in (paced.messages, by_calls) if rate), default=0.0)
