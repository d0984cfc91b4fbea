"""Who vouches for the texts of a campaign that whoever approves it may not read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from tianfu_sdk.core.emergency import chinese
from tianfu_sdk.core.languages.text_checks import check_texts, errors_of
from tianfu_sdk.core.sms.templates import values_of
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.sms import Campaign, TextRules
from tianfu_sdk.model.template import SmsTemplate
from tianfu_sdk.model.translation import Translation
from tianfu_sdk.text import detect, script_of, sentences

__all__ = ["awaiting", "demand_awaited", "demand_said", "endorsed", "filled_in", "kept", "quoted"]

_OWN = frozenset({"Hani", "Tibt", "Yiii"})
"""Scripts in which a value says something that a person has to read."""


_OTHERS = frozenset({"bo", "ii"})


def awaiting(campaign: Campaign) -> tuple[str, ...]:
    """Give the languages whose text nobody has approved: all but Chinese need it."""
    return tuple(
        tag for tag in campaign.texts if not chinese(tag) and tag not in campaign.text_approvers
    )


def demand_awaited(campaign: Campaign) -> None:
    """Demand that no text waits for approval.

    Raises:
        Invalid: `sms.unapproved_text`, with the path of the first that does.
    """
    for tag in awaiting(campaign):
        raise Invalid("sms.unapproved_text", path=f"texts.{tag}", language=tag)


def demand_said(texts: Mapping[str, str]) -> None:
    """Demand that no text is said to be Chinese and is not, so that nobody would have to read it.

    Raises:
        Invalid: `sms.wrong_script`.
    """
    for tag, text in texts.items():
        if chinese(tag) and detect(text).language in _OTHERS:
            raise Invalid("sms.wrong_script", path=f"texts.{tag}", language=tag)


def kept(campaign: Campaign, texts: Mapping[str, str], approvers: Mapping[str, str]) -> Campaign:
    """Keep the approvals of texts that are as they were.

    Args:
        campaign: As it is now.
        texts: As they were, by language.
        approvers: Who approved them then.
    """
    same = {tag: who for tag, who in approvers.items() if campaign.texts.get(tag) == texts.get(tag)}
    return attrs.evolve(campaign, text_approvers=same)


def endorsed(campaign: Campaign, languages: Iterable[str], *, person: str) -> Campaign:
    """Decide the approval of texts.

    Args:
        campaign: As it stands.
        languages: Of the texts, canonical.
        person: Who approves them; empty for the system.

    Raises:
        Invalid: `sms.no_text`, there is none in a language;
            `sms.wrong_script`, one is not written in the script of its language.
        Denied: `lifecycle.system`; `lifecycle.own_work`, this person wrote at the campaign.
    """
    approvers = dict(campaign.text_approvers)
    for tag in languages:
        if tag not in campaign.texts:
            raise Invalid("sms.no_text", path=f"texts.{tag}")
        if not person:
            raise Denied("lifecycle.system", path="approver")
        if person in {campaign.author, *campaign.writers}:
            raise Denied("lifecycle.own_work", path=f"texts.{tag}")
        if errors_of(check_texts(tag, "", campaign.texts[tag], tag)):
            raise Invalid("sms.wrong_script", path=f"texts.{tag}", language=tag)
        approvers[tag] = person
    return attrs.evolve(campaign, text_approvers=approvers)


def filled_in(text: str, template: SmsTemplate, translation: Translation) -> bool:
    """Tell whether a text is an approved translation of a template, filled in.

    What stands for its variables may be numbers, dates, addresses; words of a language are
    nobody's approved words, and for them a person approves the text.

    Args:
        text: Of a campaign.
        template: The template.
        translation: Of it, into the language of the text.
    """
    said = attrs.evolve(template, text=translation.body)
    values = values_of(said, text.strip(), TextRules())
    return values is not None and not any(
        script_of(character) in _OWN for _, value in values for character in value
    )


def quoted(text: str, translation: Translation) -> bool:
    """Tell whether a text is made of sentences of an approved translation, and of nothing else."""
    known = {
        sentence.strip()
        for whole in (translation.title, translation.body, *translation.texts.values())
        for sentence in (whole, *sentences(whole))
    }
    said = [sentence.strip() for sentence in sentences(text)]
    return text.strip() in known or all(one in known for one in said if one)
