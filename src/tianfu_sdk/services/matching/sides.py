"""The two sides of a match, made of nouns as they stand in the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from tianfu_sdk.core.asking.asking import question_tokens
from tianfu_sdk.core.content.lifecycle import over_on
from tianfu_sdk.core.content.publishing import searched_text
from tianfu_sdk.core.content.vocabularies import SHIPPED
from tianfu_sdk.core.matching.matching import Candidate, Need
from tianfu_sdk.core.matching.similarity import LONGEST_TEXT
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.kinds import EXPERT, QUESTION, TERM, TRANSLATION
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.listing import Expert, Listing
from tianfu_sdk.model.question import Question, QuestionState
from tianfu_sdk.model.search import Spread
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.subscription import Subscription
from tianfu_sdk.model.translation import TranslationState
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.matching.experts import public_text
from tianfu_sdk.services.offices.organizations import names_of
from tianfu_sdk.text import canonical_language, query_tokens

__all__ = [
    "candidate_of",
    "expert_candidate",
    "expert_titles",
    "languages_of",
    "need_of",
    "places_of",
    "question_need",
    "spread_of",
    "subscription_need",
    "translated",
    "tree_of",
    "waiting_of",
]


def need_of(work: Work, content: Content, kind: str = "") -> Need:
    """Make what a listing seeks; of another content, what would be near it.

    Args:
        work: The transaction.
        content: As published.
        kind: Of its shelf; a listing has its own.
    """
    listing = content if isinstance(content, Listing) else None
    return Need(
        id=content.id,
        kind=listing.kind.value if listing else kind,
        title=content.title,
        tokens=tuple(query_tokens(searched_text(content)[:LONGEST_TEXT])),
        language=content.language,
        topics=content.topics,
        places=places_of(work, content.regions or (content.region,)),
        audience=content.audience,
        media=tuple(form.value for form in listing.wanted_media) if listing else (),
        published_at=content.published_at,
        deadline=listing.deadline if listing else None,
        expires_on=over_on(content),
        capacity=listing.left if listing else None,
        closed=listing is not None and _closed(work, listing),
    )


def subscription_need(work: Work, subscription: Subscription) -> Need:
    """Make what a subscription seeks."""
    return Need(
        id=subscription.id,
        kind="subscription",
        title=subscription.name,
        tokens=tuple(query_tokens(subscription.text)),
        language=subscription.language,
        topics=subscription.topics,
        places=places_of(work, (subscription.region,)),
        audience=subscription.audience,
        media=subscription.media,
    )


def question_need(work: Work, question: Question, text: str) -> Need:
    """Make what a question seeks, of its opened text."""
    return Need(
        id=question.id,
        kind="question",
        tokens=tuple(question_tokens(text)),
        language=question.language,
        topics=question.topics,
        places=places_of(work, (question.region,) if question.region else ()),
    )


def candidate_of(
    work: Work, kind: str, content: Content, languages: Collection[str] = ()
) -> Candidate:
    """Make what a content offers.

    Args:
        work: The transaction.
        kind: Of its shelf; a listing has its own.
        content: As published.
        languages: Of approved, current translations.
    """
    listing = content if isinstance(content, Listing) else None
    return Candidate(
        id=content.id,
        kind=listing.kind.value if listing else kind,
        title=content.title,
        text=searched_text(content),
        languages=(content.language,),
        translated=tuple(languages),
        topics=content.topics,
        places=places_of(work, content.regions or (content.region,)),
        audience=content.audience,
        media=tuple(dict.fromkeys(medium.form.value for medium in content.media)),
        published_at=content.published_at,
        deadline=listing.deadline if listing else None,
        expires_on=over_on(content),
        capacity=listing.left if listing else None,
        closed=listing is not None and _closed(work, listing),
        went_well=(listing.concluded, listing.agreed) if listing else None,
    )


def _closed(work: Work, listing: Listing) -> bool:
    return not listing.open_on(work.today)


def expert_candidate(work: Work, expert: Expert, busy: int = 0) -> Candidate:
    """Make what an expert offers: of the public profile alone.

    Args:
        work: The transaction.
        expert: As stored.
        busy: How many the expert has to look after already.
    """
    return Candidate(
        id=expert.id,
        kind=EXPERT.name,
        title=expert.title,
        text=public_text(expert),
        languages=expert.languages,
        topics=expert.topics,
        places=places_of(work, (expert.region,)),
        capacity=expert.capacity - busy,
        published=expert.serves_on(work.today),
    )


def waiting_of(work: Work, besides: str) -> Counter[str]:
    """Count the questions that wait for each expert, but for one.

    Args:
        work: The transaction.
        besides: Id of the question that is matched: it is no burden to whoever has it.
    """
    where = (Where("state", "=", QuestionState.ROUTED.value), Where("expert", ">", ""))
    rows = work.each(QUESTION.name, Query(where=where, fields="keys"))
    return Counter(str(row.keys["expert"]) for row in rows if row.id != besides)


def expert_titles(work: Work, ids: Sequence[str]) -> dict[str, str]:
    """Give what experts are shown by: organization and title, because the name is sealed."""
    rows = work.tx.get(EXPERT.name, ids) if ids else []
    owners = {row.id: str(row.keys["organization"]) for row in rows}
    names = names_of(work, list(owners.values()))
    return {
        row.id: f"{names.get(owners[row.id], '')} {work.noun(EXPERT, row).title}".strip()
        for row in rows
    }


def translated(work: Work, contents: Sequence[Content], language: str) -> set[str]:
    """Give those of some contents that an approved, current translation makes readable."""
    wanted = canonical_language(language) if language else ""
    other = {
        content.id: content.revision
        for content in contents
        if wanted and canonical_language(content.language) != wanted
    }
    if not other:
        return set()
    where = (
        Where("source", "in", tuple(other)),
        Where("language", "=", wanted),
        Where("state", "=", TranslationState.APPROVED.value),
    )
    rows = work.each(TRANSLATION.name, Query(where=where))
    found = (work.noun(TRANSLATION, row) for row in rows)
    return {t.source for t in found if t.source_revision == other[t.source]}


def languages_of(work: Work, content: Content) -> tuple[str, ...]:
    """Give the languages of the approved, current translations of a content."""
    where = (
        Where("source", "=", content.id),
        Where("state", "=", TranslationState.APPROVED.value),
    )
    rows = work.each(TRANSLATION.name, Query(where=where))
    found = (work.noun(TRANSLATION, row) for row in rows)
    return tuple(sorted(t.language for t in found if t.source_revision == content.revision))


def places_of(work: Work, codes: Sequence[str]) -> tuple[Levels, ...]:
    """Give regions as they stand today: a code of old counts as what followed it."""
    placed: dict[tuple[str, ...], tuple[Levels, ...]] = work.kept.setdefault("places", {})
    key = tuple(codes)
    if key not in placed:
        placed[key] = work.regions().places(codes, work.today)
    return placed[key]


def spread_of(work: Work, tokens: Sequence[str]) -> Spread:
    """Tell how tokens are spread over what is published; nothing where no engine knows."""
    search = work.tx.search
    if search is None:
        return Spread(docs=0, average=0.0, frequencies={})
    return search.spread(tokens)


def tree_of(work: Work, vocabulary: str) -> dict[str, str | None]:
    """Give wider terms by term of a vocabulary, as the deployment has it."""
    kept = f"tree~{vocabulary}"
    if kept not in work.kept:
        tree = {term.code: term.parent for term in SHIPPED if term.vocabulary == vocabulary}
        for row in work.each(TERM.name, Query(where=(Where("vocabulary", "=", vocabulary),))):
            term = work.noun(TERM, row)
            tree[term.code] = term.parent
        work.kept[kept] = tree
    found: dict[str, str | None] = work.kept[kept]
    return found
