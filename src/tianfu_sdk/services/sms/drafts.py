"""What a campaign must be before it is sent: a sound draft, no drill on the air, its hours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.languages.translating import current
from tianfu_sdk.core.rows.kinds import CONTENT, EMERGENCY, TRANSLATION, kind_of
from tianfu_sdk.core.sms import campaign as rules
from tianfu_sdk.core.sms.hours import Hours, next_open, schedule
from tianfu_sdk.core.sms.routes import joined, legs_of, through
from tianfu_sdk.core.sms.tally import Tally, batches_of
from tianfu_sdk.core.sms.text_approvals import demand_said, kept
from tianfu_sdk.errors import Invalid, NotFound
from tianfu_sdk.model.content import State
from tianfu_sdk.model.route import GatewayPlan
from tianfu_sdk.model.schedule import Schedule
from tianfu_sdk.model.sms import Campaign, Plan, SmsCapabilities
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.services.desk.vocabularies import demand_term
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.audience import Audience
from tianfu_sdk.services.sms.caps import counted_since
from tianfu_sdk.services.sms.hours import hours_of
from tianfu_sdk.services.sms.lanes import pace
from tianfu_sdk.services.sms.quotas import lines
from tianfu_sdk.services.sms.routes import Carriers, Ways, ways_of
from tianfu_sdk.services.sms.segments import demand_audience
from tianfu_sdk.services.sms.text_approvals import recognised
from tianfu_sdk.services.sms.texts import demand_templates, price_of
from tianfu_sdk.text import canonical_language

__all__ = ["checked", "demand_no_drill", "demand_translations", "dues", "not_before", "planned"]


def checked(
    work: Work,
    fields: Mapping[str, Any],
    carriers: Carriers,
    before: Campaign | None = None,
) -> Campaign:
    """Make a draft of its fields, or say what is wrong with them; see `Sms.compose`.

    Args:
        work: The transaction.
        fields: All of them.
        carriers: Its gateways.
        before: As it was; texts that have changed are approved no more.
    """
    made = codec.structure(Campaign, fields)
    made = attrs.evolve(
        made,
        texts=rules.texts_by_tag(made.texts),
        languages=tuple(map(canonical_language, made.languages)),
        fallback_order=tuple(map(canonical_language, made.fallback_order)),
    )
    for name, capabilities in carriers.items():
        demand_templates(work, through(made, name), capabilities)
        rules.compose(through(made, name), capabilities, work.tools.settings.sms.suffix)
    if made.topic:
        demand_term(work, "topic", made.topic, "topic")
    demand_said(made.texts)
    demand_audience(work, made)
    demand_no_drill(work, made, carriers)
    demand_translations(work, made)
    if made.override_reason.strip() and made.emergency is None:
        raise Invalid("sms.override", path="override_reason")
    return recognised(work, kept(made, before.texts, before.text_approvers) if before else made)


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


def demand_no_drill(work: Work, campaign: Campaign, carriers: Carriers) -> None:
    """Demand that a drill reaches no telephone."""
    if campaign.emergency is None:
        return
    rows = work.tx.get(EMERGENCY.name, [campaign.emergency])
    if not rows:
        raise NotFound(
            "noun.unknown", path="emergency", kind=EMERGENCY.name, id=campaign.emergency[:64]
        )
    real = next((name for name, one in carriers.items() if one.real), None)
    if real is not None and work.noun(EMERGENCY, rows[0]).drill:
        raise Invalid("sms.drill", path="gateway", name=real)


def not_before(work: Work, campaign: Campaign, carriers: Carriers) -> datetime:
    """Give the first moment at which a campaign may go out, through whichever gateway.

    Raises:
        Invalid: `sms.no_window`, the hours of one that has a share never open.
    """
    shares = [leg.gateway for leg in legs_of(campaign) if leg.weight]
    return min(next_open(work.tx.now(), _hours(work, campaign, carriers[name])) for name in shares)


def dues(
    work: Work, campaign: Campaign, carriers: Carriers, gateways: Iterable[str]
) -> Mapping[str, datetime]:
    """Give when a campaign may go out through some of its gateways.

    Raises:
        Invalid: `sms.no_window`, one of them never opens.
    """
    return {
        name: next_open(work.tx.now(), _hours(work, campaign, carriers[name])) for name in gateways
    }


def planned(work: Work, campaign: Campaign, carriers: Carriers) -> Plan:
    """Make the plan of a campaign; see `Sms.plan`."""
    ways = ways_of(work, campaign, carriers)
    audience = Audience(campaign, ways.lead(carriers), work.tools, ways.joint)
    tally = Tally.of(audience.walk(work), ways.split.of if campaign.route else None)
    due = not_before(work, campaign, carriers)
    gateways = tuple(_through(work, campaign, carriers, ways, tally))
    parts = sum(one.parts for one in gateways)
    most = _dearest(work, ways, tally)
    owner, _ = work.placed(campaign.organization)
    quota = tuple(line for line in lines(work, owner.path, due) if line.limit is not None)
    return Plan(
        campaign=campaign.id,
        recipients=tally.recipients,
        parts=parts,
        cost=sum(one.cost for one in gateways),
        batches=sum(one.batches for one in gateways),
        by_language=dict(tally.by_language),
        exclusions=tally.exclusions,
        not_before=due,
        reason="quiet_hours" if due > work.tx.now() else "",
        schedule=_schedule(work, campaign, carriers, gateways),
        gateways=gateways,
        most_parts=most[0],
        most_cost=most[1],
        quota=quota,
        over_quota=any(line.left is not None and parts > line.left for line in quota),
        caps_since=counted_since(work, campaign),
        problems=ways.problems,
    )


def _through(
    work: Work, campaign: Campaign, carriers: Carriers, ways: Ways, tally: Tally
) -> Iterator[GatewayPlan]:
    """Say what goes through each gateway."""
    only = len(carriers) == 1
    for leg in legs_of(campaign):
        name, capabilities = leg.gateway, carriers[leg.gateway]
        texts, price = ways.texts[name], price_of(work, name)
        own = tally.by_language if only else tally.through(name)
        languages = tuple(tag for tag, able in ways.able.items() if name in able)
        parts = sum(count * texts[tag].parts for tag, count in own.items())
        whole = sum(tally.by_language[tag] * texts[tag].parts for tag in languages)
        rate = _rate(work, name, capabilities, parts / max(1, own.total()))
        opens = None
        with contextlib.suppress(Invalid):
            opens = next_open(work.tx.now(), _hours(work, campaign, capabilities))
        yield GatewayPlan(
            gateway=name,
            weight=leg.weight,
            languages=languages,
            recipients=own.total(),
            parts=parts,
            cost=parts * price,
            batches=batches_of(own, capabilities.phones_per_call),
            all_parts=whole,
            all_cost=whole * price,
            not_before=opens,
            rate=rate,
        )


def _dearest(work: Work, ways: Ways, tally: Tally) -> tuple[int, int]:
    """Give parts and cost, should each text go through the gateway where it is most."""
    parts = cost = 0
    for tag, count in tally.by_language.items():
        each = {name: ways.texts[name][tag].parts for name in ways.able[tag]}
        parts += count * max(each.values(), default=0)
        cost += count * max((n * price_of(work, name) for name, n in each.items()), default=0)
    return parts, cost


def _schedule(
    work: Work, campaign: Campaign, carriers: Carriers, gateways: Sequence[GatewayPlan]
) -> Schedule:
    """Say when all are sent: each gateway sends its share at the same time as the others."""
    shares = [one for one in gateways if one.recipients] or [gateways[0]]
    return joined(
        [
            schedule(
                one.recipients,
                one.rate,
                work.tx.now(),
                _hours(work, campaign, carriers[one.gateway]),
            )
            for one in shares
        ]
    )


def _hours(work: Work, campaign: Campaign, capabilities: SmsCapabilities) -> Hours:
    return rules.hours_for(campaign, hours_of(work, campaign.organization, capabilities))


def _rate(work: Work, gateway: str, capabilities: SmsCapabilities, parts: float) -> float:
    """Give the messages a second of a gateway; 0 where nobody limits them."""
    paced = pace(work, gateway, capabilities)
    by_calls = paced.calls * capabilities.phones_per_call
    by_parts = paced.parts / parts if parts else 0.0
    return min((rate for rate in (paced.messages, by_calls, by_parts) if rate), default=0.0)
