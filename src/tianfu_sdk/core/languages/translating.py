"""When a content may be translated, when a translation is shown, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from tianfu_sdk.core.rows.keying import day_key, moment_key
from tianfu_sdk.core.steps import illegal
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.content import Content, State
from tianfu_sdk.model.template import SmsTemplate, TemplateState
from tianfu_sdk.model.translation import Readable, Translation, TranslationState
from tianfu_sdk.text import canonical_language, detect, language_order

__all__ = [
    "STANDS_IN",
    "approve",
    "as_content",
    "current",
    "demand_current",
    "demand_script",
    "demand_translatable",
    "followed",
    "gap",
    "in_script",
    "own_script",
    "readable",
    "source_keys",
]

_SCRIPT = re.compile(r"[A-Z][a-z]{3}(?:-|$)")
_SETTLED = frozenset({State.APPROVED, State.SCHEDULED, State.PUBLISHED, State.WITHDRAWN})
_ONCE_APPROVED = frozenset({TranslationState.APPROVED, TranslationState.OUTDATED})
STANDS_IN: Mapping[str, str] = {"adx": "bo", "khg": "bo"}
"""Amdo and Khams Tibetan, written as Tibetan is: what has neither is asked for that."""
# By primary language: what `detect` must say of a text. Others cannot be told by script.
_DETECTED: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("bo", "adx", "khg", "dz"), frozenset({"bo"})),
    "ii": frozenset({"ii"}),
    "zh": frozenset({"zh-Hans", "zh-Hant"}),
}


def as_content(template: SmsTemplate) -> Content:
    """Give a template of SMS as what is translated: its text, which never changes, and its name."""
    usable = template.state is TemplateState.APPROVED
    return Content(
        id=template.id,
        title=template.name,
        body=template.text,
        organization=template.organization,
        region=template.region,
        language=template.language,
        # Approved, but never public: only what a campaign is made of it goes out.
        state=State.APPROVED if usable else State.WITHDRAWN,
        version=template.version,
    )


def demand_translatable(source: Content, language: str) -> None:
    """Demand that a content can be translated into a language.

    Args:
        source: The content.
        language: Canonical.

    Raises:
        Invalid: `translation.unsettled`, a draft may still change under the translator;
            `translation.same_language`, it is written in this language.
    """
    if source.state not in _SETTLED:
        raise Invalid("translation.unsettled", path="source_id", state=source.state.value)
    if canonical_language(source.language) == language:
        raise Invalid("translation.same_language", path="language", language=language)


def demand_current(translation: Translation, source: Content) -> None:
    """Demand that a translation is of its source's present revision.

    Raises:
        Invalid: `translation.outdated`.
    """
    if translation.source_revision != source.revision:
        raise Invalid(
            "translation.outdated",
            path="source_revision",
            found=translation.source_revision,
            wanted=source.revision,
        )


def in_script(language: str, text: str) -> bool:
    """Tell whether a text is written in the script of a language, borrowed words apart.

    Args:
        language: A BCP 47 tag.
        text: Title and body.

    Returns:
        True also for languages that a script does not tell, for those whose tag names a script
        (`bo-Latn`), and for private use (`-x-`).
    """
    primary, _, rest = canonical_language(language).partition("-")
    # A tag that names a script, such as `bo-Latn`, is no matter of the language's own.
    other = "-x-" in language or (primary != "zh" and _SCRIPT.match(rest) is not None)
    wanted = None if other else _DETECTED.get(primary)
    return wanted is None or detect(text).language in wanted


def own_script(content: Content) -> bool:
    """Tell whether a content that is said to be in Tibetan or Yi is written in its script."""
    if canonical_language(content.language).partition("-")[0] == "zh":
        return True
    text = next(filter(str.strip, (content.body, content.summary, content.title)), "")
    return not any(map(str.isalpha, text)) or in_script(content.language, text)


def demand_script(translation: Translation) -> None:
    """Demand that a translation is mostly in the script of its language.

    Raises:
        Invalid: `translation.wrong_script`, with the path of what is not.
    """
    # A title may be a formula or a name; it decides only where there is no body.
    name = "body" if translation.body.strip() else "title"
    if not in_script(translation.language, getattr(translation, name)):
        raise Invalid("translation.wrong_script", path=name, language=translation.language)


def approve(
    translation: Translation, source: Content, *, person: str, native_reviewed: bool | None = None
) -> Translation:
    """Decide the approval of a translation.

    Args:
        translation: What is to be approved.
        source: As it stands now.
        person: Who approves; empty for the system.
        native_reviewed: Whether a native reader reviewed it; None: as it says.

    Returns:
        The approved translation.

    Raises:
        Invalid: `lifecycle.illegal`, it is no draft; `translation.outdated`;
            `translation.wrong_script`.
        Denied: `lifecycle.system`; `lifecycle.own_work`, who entered it may not approve it.
    """
    demand_current(translation, source)
    if translation.state is not TranslationState.DRAFT:
        raise illegal(translation.state, "approve", ("edit",))
    if not person:
        raise Denied("lifecycle.system", path="approver")
    if person == translation.translator:
        raise Denied("lifecycle.own_work", path="approver")
    demand_script(translation)
    reviewed = translation.native_reviewed if native_reviewed is None else native_reviewed
    return attrs.evolve(
        translation, state=TranslationState.APPROVED, approver=person, native_reviewed=reviewed
    )


def followed(translation: Translation, source: Content) -> Translation:
    """Give a translation as it stands once its source has moved: outdated or as it was."""
    if (
        source.state is State.PUBLISHED
        and translation.state is TranslationState.APPROVED
        and translation.source_revision != source.revision
    ):
        return attrs.evolve(translation, state=TranslationState.OUTDATED)
    return translation


def current(translation: Translation, source: Content) -> bool:
    """Tell whether a translation is approved and of its source's present revision."""
    return (
        translation.state is TranslationState.APPROVED
        and translation.source_revision == source.revision
    )


def source_keys(translation: Translation, source: Content) -> dict[str, Any]:
    """Give the search keys of a translation that depend on its source.

    Args:
        translation: As it is to be stored.
        source: As it stands in the same transaction.

    Returns:
        Topics, addressed regions and expiry of the source; `published` is 0 unless
        everybody may read the translation.
    """
    public = source.state is State.PUBLISHED and translation.state in _ONCE_APPROVED
    return {
        "topic": frozenset(source.topics),
        "addressed": frozenset(source.regions or (source.region,)),
        "published": moment_key(source.published_at) if public else 0,
        "expires": day_key(source.expires_on),
    }


def gap(translation: Translation | None, source: Content) -> str:
    """Say why a content cannot be read in a language.

    Args:
        translation: Into that language, or None.
        source: The content.

    Returns:
        `missing`, `draft`, `outdated` (of an older revision, approved or not), or empty
        where it can be read.
    """
    if translation is None:
        return "missing"
    if translation.source_revision != source.revision:
        return "outdated"
    return "" if translation.state is TranslationState.APPROVED else translation.state.value


def readable(
    kind: str,
    source: Content,
    translations: Iterable[Translation],
    asked: str | Sequence[str],
    *,
    outdated: bool = False,
) -> Readable:
    """Choose the form of a content that serves a reader of a language best.

    The languages of `text.language_order` are tried in their order, then the original whatever
    it is written in. Only what a person has approved is given.

    Args:
        kind: Of the content.
        source: The content.
        translations: All of it.
        asked: BCP 47 tags, the best liked first.
        outdated: Give a translation of an older revision before another language.

    Returns:
        Title and body, and the language that they are in.
    """
    order = language_order(asked)
    first = order[0]
    by_language = {t.language: t for t in translations if t.state in _ONCE_APPROVED}
    for tag in order:
        if tag == canonical_language(source.language):
            break
        found = by_language.get(tag)
        if found is not None and (current(found, source) or outdated):
            return Readable(
                kind=kind,
                id=source.id,
                title=found.title,
                body=found.body or found.texts.get("summary", ""),
                texts=found.texts,
                asked=first,
                language=found.language,
                translated=True,
                outdated=not current(found, source),
                reviewed_by_native=found.native_reviewed,
                disclaimer=source.disclaimer,
            )
    return Readable(
        kind=kind,
        id=source.id,
        title=source.title,
        body=source.body or source.summary,
        asked=first,
        language=source.language,
        translated=False,
        disclaimer=source.disclaimer,
    )
