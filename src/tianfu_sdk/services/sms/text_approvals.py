"""Who vouches for the texts of a campaign in other languages than Chinese."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tianfu_sdk.core.languages.translating import current
from tianfu_sdk.core.rows.kinds import SMS_TEMPLATE, TRANSLATION
from tianfu_sdk.core.sms import text_approvals as rules
from tianfu_sdk.errors import Denied
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.sms import Campaign
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.translation import Translation, TranslationState
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.languages.translated import visible_source

__all__ = ["approve_with", "demand_may_approve", "recognised"]


def recognised(work: Work, campaign: Campaign) -> Campaign:
    """Note who approved texts of a draft before: as translations that they are made of."""
    found = dict(campaign.text_approvers)
    for tag in rules.awaiting(campaign):
        for translation, fits in _translations(work, campaign, tag):
            if fits and translation.approver:
                found[tag] = translation.approver
                break
    return attrs.evolve(campaign, text_approvers=found)


def approve_with(work: Work, campaign: Campaign) -> Campaign:
    """Let who approves a campaign approve its texts too, where this is his to do.

    Raises:
        Invalid: `sms.unapproved_text`, it is not, and nobody else did.
    """
    waiting = rules.awaiting(campaign)
    if waiting:
        try:
            demand_may_approve(work, campaign)
        except Denied:
            rules.demand_awaited(campaign)
    return rules.endorsed(campaign, waiting, person=work.person)


def demand_may_approve(work: Work, campaign: Campaign) -> None:
    """Demand a grant to approve translations where a campaign belongs.

    Raises:
        Denied: `account.required`, `grant.missing`.
    """
    _, placed = work.placed(campaign.organization, campaign.region)
    work.allow_at(Action.APPROVE, TRANSLATION.name, campaign.organization, placed)


def _translations(
    work: Work, campaign: Campaign, language: str
) -> Iterator[tuple[Translation, bool]]:
    """Give approved translations that a text may be of, and whether it is."""
    text = campaign.texts[language]
    if campaign.content:
        _, source = visible_source(work, campaign.content)
        of_content = (Where("source", "=", source.id), Where("language", "=", language))
        for row in work.tx.find(TRANSLATION.name, Query(where=of_content, limit=1)):
            made = work.noun(TRANSLATION, row)
            yield made, current(made, source) and rules.quoted(text, made)
    owner, _ = work.placed(campaign.organization)
    of_templates = (
        Where("organization", "in", owner.path),
        Where("language", "=", language),
        Where("source_kind", "=", SMS_TEMPLATE.name),
        Where("state", "=", TranslationState.APPROVED.value),
    )
    for row in work.each(TRANSLATION.name, Query(where=of_templates)):
        made = work.noun(TRANSLATION, row)
        yield made, rules.filled_in(text, work.get(SMS_TEMPLATE, made.source), made)
