"""From what a search engine found to answers: gated, chosen by language, scored, explained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

import attrs

from tianfu_sdk.core.asking import asking, rumours, wording
from tianfu_sdk.core.asking.wording import Wording
from tianfu_sdk.core.content import lifecycle
from tianfu_sdk.core.languages import translating
from tianfu_sdk.core.matching.similarity import freshness, readership, region_fit
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.kinds import CONTENT, TRANSLATION
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.content import Clarification, Content, State
from tianfu_sdk.model.question import Answer
from tianfu_sdk.model.search import Hit
from tianfu_sdk.model.translation import Translation
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.languages.translated import translations_by
from tianfu_sdk.services.log.rollups import views_of
from tianfu_sdk.services.offices.organizations import names_of
from tianfu_sdk.text import fold

__all__ = [
    "Asked",
    "Form",
    "Found",
    "Page",
    "answers_of",
    "forms_of",
    "found_as",
    "one_a_content",
    "scored",
]


@attrs.frozen(kw_only=True)
class Asked:
    """What is asked, as far as answers depend on it; nothing of who asks."""

    tokens: tuple[str, ...]
    languages: tuple[str, ...] = ()
    """In the order of preference; `zh` stands for all ways to write it. Empty: any."""
    places: tuple[Levels, ...] = ()
    """The region that was asked for."""
    repeated: Mapping[str, float] = attrs.field(factory=dict)
    """How much of a known rumour the question repeats, by id of the hit that clarifies it."""
    wordings: tuple[Wording, ...] = ()
    """Other words for parts of it."""

    @property
    def all_tokens(self) -> tuple[str, ...]:
        """What the engine is asked for."""
        others = (token for wording in self.wordings for token in wording.tokens)
        return tuple(dict.fromkeys((*self.tokens, *others)))


@attrs.frozen
class Form:
    """A published content as it can be shown: the original, or a translation."""

    content: Content
    kind: str
    title: str
    text: str
    language: str
    reviewed: bool | None = None
    """By a native reader; None for an original."""


@attrs.frozen
class Found:
    """A form that the engine found, and how well it answers."""

    form: Form
    held: Mapping[str, float]
    """Score by token, as the engine gives it."""
    parts: Mapping[str, float]
    """The same by token of the question, and by other words for them."""
    words: float
    """Score by the words alone."""
    sureness: float = 0.0
    score: float = 0.0
    why: Mapping[str, float] = attrs.field(factory=dict)


def forms_of(work: Work, hits: Sequence[Hit]) -> dict[str, Form]:
    """Read every hit again: nothing withdrawn, expired or unapproved is ever shown.

    Args:
        work: The transaction.
        hits: Whatever an engine says.

    Returns:
        By id of the hit, what may be shown to everybody.
    """
    today = work.now.astimezone(SHANGHAI).date()
    shown: dict[str, Form] = {}
    ids = [hit.id for hit in hits if hit.id.startswith(f"{TRANSLATION.prefix}_")]
    translations = [work.noun(TRANSLATION, row) for row in work.tx.get(TRANSLATION.name, ids)]
    for shelf in CONTENT.values():
        own = [hit.id for hit in hits if hit.id.startswith(f"{shelf.prefix}_")]
        ours = [one for one in translations if one.kind == shelf.name]
        ids = list(dict.fromkeys((*own, *(one.source for one in ours))))
        contents = (work.noun(shelf, row) for row in work.tx.get(shelf.name, ids))
        found = {content.id: content for content in contents if _readable(content, today)}
        for id_ in own:
            if id_ in found:
                shown[id_] = _original(shelf.name, found[id_])
        for translation in ours:
            source = found.get(translation.source)
            if source is not None and translating.current(translation, source):
                shown[translation.id] = _translated(source, translation, translation.body)
    return shown


def _original(kind: str, content: Content) -> Form:
    text = content.body or content.summary
    return Form(content, kind, content.title, text, content.language)


def _translated(source: Content, translation: Translation, text: str) -> Form:
    return Form(
        source,
        translation.kind,
        translation.title,
        text,
        translation.language,
        translation.native_reviewed,
    )


def _readable(content: Content, today: date) -> bool:
    return content.state is State.PUBLISHED and not lifecycle.stale(content, today)


@attrs.frozen
class Page:
    """Some answers of a question."""

    answers: list[Answer]
    """Best first, ties by id; one a content, in the language that is preferred."""
    more: bool
    """Whether there are answers that come after these."""
    wanting: bool
    """Whether what the engine would find next may come before some of these, or fill the page."""


def answers_of(
    work: Work,
    asked: Asked,
    hits: Sequence[Hit],
    limit: int,
    after: tuple[float, str] | None,
    *,
    most: int,
) -> Page:
    """Give the answers among what an engine found.

    Args:
        work: The transaction.
        asked: The question.
        hits: Best first.
        limit: Answers at most.
        after: Score and id of the last answer of the page before.
        most: Hits that the engine was asked for.
    """
    last = hits[-1].score if len(hits) == most else None
    known = {hit.id for hit in hits}
    hits = [*hits, *(Hit(id_, 0.0) for id_ in asked.repeated if id_ not in known)]
    forms = forms_of(work, hits)
    shown = [hit for hit in hits if hit.id in forms]
    weights = asking.rarity(asked.tokens, [hit.contributions for hit in shown])
    worth = work.tools.settings.ask.wording
    found = [found_as(forms[hit.id], hit.contributions, asked, worth) for hit in shown]
    chosen = one_a_content(found, asked)
    best = sorted((one.words for one in chosen), reverse=True)
    lead = asking.lead(best)
    shares = {forms[id_].content.id: n for id_, n in asked.repeated.items() if id_ in forms}
    least = work.tools.settings.ask.threshold
    sure = []
    for one in chosen:
        lifted = one.form.content.id in shares
        if not lifted and one.words < asking.NEAR * best[0]:
            continue
        enough = 0.0 if lifted else least
        sureness = _sureness(one, asked, weights, lead, worth=worth, least=enough)
        if sureness >= enough:
            sure.append((one, sureness))
    views = views_of(work.tx, [one.form.content.id for one, _ in sure]) if sure else None
    answering = [scored(work, one, asked, sureness=sureness, views=views) for one, sureness in sure]
    answering = _lifted(answering, shares)
    answering.sort(key=_place)
    if after is not None:
        answering = [one for one in answering if _place(one) > (-after[0], after[1])]
    page = _in_language(work, answering[:limit], asked)
    names = names_of(work, [one.form.content.organization for one in page])
    wanting = False
    if last is not None and (page or len(chosen) < len(known)):
        least_words = asking.NEAR * best[0] if best else 0.0
        if len(page) == limit:
            least_words = max(least_words, page[-1].score / _most_raised(work, asked))
        wanting = last >= least_words
    return Page(
        [_answer(one, asked, weights, names) for one in page], len(answering) > limit, wanting
    )


def _most_raised(work: Work, asked: Asked) -> float:
    """Give how many times its words an answer may be worth at most."""
    weights = work.tools.settings.ask.weights
    known = {"region": bool(asked.places), "language": bool(asked.languages), "topic": False}
    return 1 + sum(weight for name, weight in weights.items() if known.get(name, True))


def _place(one: Found) -> tuple[float, str]:
    return -one.score, one.form.content.id


def _lifted(found: Sequence[Found], shares: Mapping[str, float]) -> list[Found]:
    """Put what clarifies a rumour that the question repeats before everything else."""
    best = max((one.score for one in found if one.form.content.id not in shares), default=0.0)
    lifted = []
    for one in found:
        share = shares.get(one.form.content.id)
        if share is not None:
            score, why = rumours.lifted(one.score, one.why, share, best)
            one = attrs.evolve(one, score=score, why=why)  # noqa: PLW2901 - the same, further up
        lifted.append(one)
    return lifted


def found_as(form: Form, held: Mapping[str, float], asked: Asked, worth: float) -> Found:
    """Give what a form that was found is worth, in whatever words."""
    parts = wording.reworded(held, asked.tokens, asked.wordings, worth)
    return Found(form, held, parts, math.fsum(parts.values()))


def one_a_content(found: Sequence[Found], asked: Asked) -> list[Found]:
    """Give of each content the form whose language is preferred.

    One that has less than half of the words of another was found by single words: it does not
    stand for what the other says, though that may then be shown in its language.
    """
    most: dict[str, float] = {}
    for one in found:
        id_ = one.form.content.id
        most[id_] = max(one.words, most.get(id_, 0.0))
    chosen: dict[str, Found] = {}
    for one in found:
        id_ = one.form.content.id
        if one.words < asking.NEAR * most[id_]:
            continue
        known = chosen.get(id_)
        if known is None or _fit(one.form, asked) > _fit(known.form, asked):
            chosen[id_] = one
    return list(chosen.values())


def _fit(form: Form, asked: Asked) -> float:
    """Give how far up a form's language stands in the order of preference: 1, 1/2, 1/3, … 0."""
    for place, wanted in enumerate(asked.languages, 1):
        if form.language == wanted or form.language.startswith(f"{wanted}-"):
            return 1 / place
    return 0.0


def _sureness(
    one: Found,
    asked: Asked,
    weights: Mapping[str, float],
    lead: float,
    *,
    worth: float,
    least: float,
) -> float:
    """Say how surely a content answers; 0 where it cannot be `least`, whatever its title."""
    held = wording.also_held(one.held, asked.tokens, asked.wordings, worth)
    covered = asking.coverage(weights, held)
    if least and asking.sureness(asking.measures(covered, covered, lead)) < least:
        return 0.0
    title = fold(f"{one.form.title} {' '.join(one.form.content.keywords)}")
    there = [token for token in one.held if token in title]
    named = wording.also_held(there, asked.tokens, asked.wordings, worth)
    return asking.sureness(asking.measures(covered, asking.coverage(weights, named), lead))


def scored(
    work: Work,
    one: Found,
    asked: Asked,
    *,
    sureness: float = 0.0,
    topic: float | None = None,
    views: Mapping[str, int] | None = None,
) -> Found:
    """Give a content its score, and say why."""
    content = one.form.content
    features: dict[str, float | None] = {
        "region": _near(work, content, asked),
        "language": _fit(one.form, asked) if asked.languages else None,
        "topic": topic,
    }
    half_life = asking.HALF_LIVES.get(one.form.kind)
    if half_life is not None:
        features["freshness"] = freshness(content.published_at, work.now, half_life)
    if views is not None:
        seen = views.get(content.id, 0)
        features["popularity"] = readership(seen, content.published_at, work.now)
    known = {name: value for name, value in features.items() if value is not None}
    score, why = asking.explained(one.parts, known, work.tools.settings.ask.weights)
    return Found(one.form, one.held, one.parts, one.words, sureness, score, why)


def _near(work: Work, content: Content, asked: Asked) -> float | None:
    if not asked.places:
        return None
    regions = work.regions()
    codes = content.regions or (content.region,)
    known = [regions.levels(code) for code in codes if regions.knows(code)]
    return region_fit(asked.places, known)


def _in_language(work: Work, page: Sequence[Found], asked: Asked) -> list[Found]:
    """Show approved translations instead where they are in a language that is preferred."""
    foreign = [one.form.content.id for one in page if asked.languages and _fit(one.form, asked) < 1]
    known = translations_by(work, foreign)
    return [_better(one, known.get(one.form.content.id, ()), asked) for one in page]


def _better(one: Found, translations: Sequence[Translation], asked: Asked) -> Found:
    content, here = one.form.content, _fit(one.form, asked)
    better = [
        (fit, form)
        for translation in translations
        if translating.current(translation, content)
        for form in [
            _translated(
                content, translation, translation.body or translation.texts.get("summary", "")
            )
        ]
        if (fit := _fit(form, asked)) > here
    ]
    if not better:
        return one
    _, form = max(better, key=lambda pair: (pair[0], pair[1].language))
    return attrs.evolve(one, form=form)


def _answer(
    one: Found, asked: Asked, weights: Mapping[str, float], names: Mapping[str, str]
) -> Answer:
    form, content = one.form, one.form.content
    # Of a translation that is shown instead it is not known which of them it has.
    wanted = dict(weights)
    for other in asked.wordings:
        if one.held.keys() >= set(other.tokens):
            wanted |= {token: one.held[token] for token in other.tokens}
    passage = asking.passage(form.text or form.title, wanted)
    published = content.published_at
    return Answer(
        kind=form.kind,
        id=content.id,
        title=form.title,
        passage=passage,
        highlights=asking.spans(passage, wanted),
        language=form.language,
        original_language=content.language,
        foreign=bool(asked.languages) and not _fit(form, asked),
        score=one.score,
        why=one.why,
        sureness=one.sureness,
        source=_source(content, names),
        published=published.astimezone(SHANGHAI).date() if published else None,
        updated=content.updated_at.astimezone(SHANGHAI).date(),
        reviewer=content.reviewer,
        disclaimer=content.disclaimer,
        reviewed_by_native=form.reviewed,
        verdict=content.verdict if isinstance(content, Clarification) else None,
    )


def _source(content: Content, names: Mapping[str, str]) -> str:
    publisher = names.get(content.organization, content.organization)
    day = content.published_at
    dated = f" {day.astimezone(SHANGHAI).date().isoformat()}" if day else ""
    rests = f"；{content.source}" if content.source else ""
    return f"{publisher}{dated}{rests}"
