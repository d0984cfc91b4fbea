"""The texts of a campaign as they go out, and what they are held against."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tianfu_sdk.core.rows.kinds import SMS_TEMPLATE
from tianfu_sdk.core.sms.campaign import Composed, compose
from tianfu_sdk.core.sms.gateways import tightened
from tianfu_sdk.core.sms.templates import demand_gateway
from tianfu_sdk.core.sms.texts import Frame, examine, fitting
from tianfu_sdk.core.sms.words import Words
from tianfu_sdk.errors import NotFound, Unsupported
from tianfu_sdk.model.sms import Campaign, CampaignState, SmsCapabilities
from tianfu_sdk.model.template import SmsProblem, SmsTemplate
from tianfu_sdk.services.desk.tools import Tools
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.sms.templates import templates_of
from tianfu_sdk.services.sms.words import words_of

__all__ = [
    "capabilities_of",
    "chosen",
    "composed",
    "demand_templates",
    "price_of",
    "problems",
    "sendable",
]


def capabilities_of(tools: Tools, gateway: str) -> SmsCapabilities:
    """Give what a gateway lets through, with what the settings tighten.

    Raises:
        PluginError: Nobody offers it.
        Invalid: `sms.bad_window`, `sms.no_window`.
    """
    own = tools.settings.gateways.get(gateway)
    return tightened(tools.gateway(gateway).capabilities, own)


def price_of(work: Work, gateway: str) -> int:
    """Give what a part costs through a gateway, in 1/1000 yuan."""
    own = work.tools.settings.gateways.get(gateway)
    return work.tools.settings.sms.price if own is None or own.price is None else own.price


def demand_templates(work: Work, campaign: Campaign, capabilities: SmsCapabilities) -> None:
    """Demand that the templates that a draft names are there, and of its gateway.

    Raises:
        Unsupported: `sms.no_templates`, its gateway takes none.
        NotFound: `noun.unknown`; `sms.template_language`, it has no text in that language.
        Invalid: `sms.template_gateway`.
    """
    if campaign.templates and capabilities.templates == "none":
        raise Unsupported("sms.no_templates", path="templates", name=campaign.gateway)
    for language, template in _named(work, campaign).items():
        path = f"templates.{language}"
        if language not in campaign.texts:
            raise NotFound("sms.template_language", path=path, language=language)
        demand_gateway(template, campaign.gateway, path)


def chosen(
    work: Work, campaign: Campaign, capabilities: SmsCapabilities
) -> Mapping[str, SmsTemplate]:
    """Give the templates of a campaign by language: those it names; of a draft, those that fit."""
    return _frame(work, campaign, capabilities).templates


def composed(
    work: Work, campaign: Campaign, capabilities: SmsCapabilities
) -> Mapping[str, Composed]:
    """Give the texts of a campaign as they go out, by language."""
    suffix = work.tools.settings.sms.suffix
    return compose(campaign, capabilities, suffix, chosen(work, campaign, capabilities))


def problems(
    work: Work, campaign: Campaign, capabilities: SmsCapabilities
) -> tuple[SmsProblem, ...]:
    """Say what is wrong with the texts of a campaign."""
    frame = _frame(work, campaign, capabilities)
    frame = attrs.evolve(frame, words=words_of(work, campaign.organization))
    return examine(campaign, compose(campaign, capabilities, frame.suffix, frame.templates), frame)


def sendable(
    work: Work, campaign: Campaign, capabilities: SmsCapabilities
) -> Mapping[str, Composed]:
    """Give the texts as they go out now; one that may not says why in `refused`."""
    frame = _frame(work, campaign, capabilities)
    found = dict(compose(campaign, capabilities, frame.suffix, frame.templates))
    for language, one in found.items():
        template = frame.templates.get(language)
        refused = one.refused
        if template is not None and not template.usable(work.now):
            refused = "sms.template_unusable"
        elif template is None and capabilities.templates == "required" and not frame.default:
            refused = "sms.no_template"
        found[language] = attrs.evolve(one, refused=refused)
    return found


def _named(work: Work, campaign: Campaign) -> dict[str, SmsTemplate]:
    ids = list(dict.fromkeys(campaign.templates.values()))
    rows = {row.id: row for row in work.tx.get(SMS_TEMPLATE.name, ids)} if ids else {}
    found = {}
    for language, id_ in campaign.templates.items():
        if id_ not in rows:
            path = f"templates.{language}"
            raise NotFound("noun.unknown", path=path, kind=SMS_TEMPLATE.name, id=id_[:64])
        found[language] = work.noun(SMS_TEMPLATE, rows[id_])
    return found


def _frame(work: Work, campaign: Campaign, capabilities: SmsCapabilities) -> Frame:
    settings = work.tools.settings
    own = settings.backends.get(campaign.gateway, {})
    frame = Frame(
        capabilities=capabilities,
        suffix=settings.sms.suffix,
        now=work.now,
        templates=_named(work, campaign),
        default=bool(own.get("template")),
        words=Words(()),
    )
    # What is approved goes out as approved, whatever would fit since.
    open_ = campaign.state is CampaignState.DRAFT and capabilities.templates == "required"
    if not open_ or campaign.texts.keys() <= frame.templates.keys():
        return frame
    known = templates_of(work, campaign.gateway)
    templates = dict(frame.templates)
    for language in campaign.texts.keys() - templates.keys():
        fits = fitting(campaign, language, known, frame)
        if fits is not None:
            templates[language] = fits
    return attrs.evolve(frame, templates=templates, known=known)
