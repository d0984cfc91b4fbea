"""From what a search engine found to answers: gated, chosen by language, scored, explained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

import attrs

from tianfu_sdk.core import policy
from tianfu_sdk.core.asking import asking, rumours, wording
from tianfu_sdk.core.asking.wording import Wording
from tianfu_sdk.core.content import lifecycle
from tianfu_sdk.core.languages import translating
from tianfu_sdk.core.matching.similarity import freshness, readership, region_fit
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.kinds import BASE, CONTENT, LISTING, NOTICE, TRANSLATION
from tianfu_sdk.model.base import SHANGHAI, When
from tianfu_sdk.model.content import Activity, Clarification, Content
from tianfu_sdk.model.question import Answer
from tianfu_sdk.model.search import Hit
from tianfu_sdk.model.translation import Translation
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.languages.translated import translations_by
from tianfu_sdk.services.log.rollups import views_of
from tianfu_sdk.services.matching.sides import places_of
from tianfu_sdk.services.offices.organizations import names_of
from tianfu_sdk.text import fold

__all__ = [
    "Asked",
    "Form",
    "Found",
    "Hits",
    "Page",
    "Public",
    "answers_of",
    "forms_of",
    "found_as",
    "one_a_content",
    "public_of",
    "scored",
]

F = TypeVar("F", "Found", "_Weighed")

_GATE = ("language", "state", "expires")
_MORE_THAN_KEYS = (NOTICE, LISTING, BASE)
"""Kinds whose keys do not say all of whether a content answers."""


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

    @property
    def content(self) -> str:
        """Id of the content."""
        return self.form.content.id

    @property
    def language(self) -> str:
        """In which it is shown."""
        return self.form.language


@attrs.frozen
class Public:
    """A hit that everybody may read."""

    id: str
    content: str
    """Id of the content, also of a translation of it."""
    language: str


@attrs.frozen
class _Weighed:
    """The same, and how well it answers; fields as of `Found`."""

    id: str
    content: str
    language: str
    held: Mapping[str, float]
    parts: Mapping[str, float]
    words: float


@attrs.frozen
class Hits:
    """What an engine found."""

    asked: Asked
    """As it was asked, with what its words may be slips of."""
    hits: Sequence[Hit]
    """Best first."""
    ended: bool
    """Whether it has no more."""


def forms_of(work: Work, hits: Sequence[Hit]) -> dict[str, Form]:
    """Read every hit again: nothing withdrawn, expired or unapproved is ever shown.

    Args:
        work: The transaction.
        hits: Whatever an engine says.

    Returns:
        By id of the hit, what may be shown to everybody.
    """
    today = work.today
    shown: dict[str, Form] = {}
    ids = [hit.id for hit in hits if hit.id.startswith(f"{TRANSLATION.prefix}_")]
    translations = [work.noun(TRANSLATION, row) for row in work.tx.get(TRANSLATION.name, ids)]
    for shelf in CONTENT.values():
        own = [hit.id for hit in hits if hit.id.startswith(f"{shelf.prefix}_")]
        ours = [one for one in translations if one.kind == shelf.name]
        ids = list(dict.fromkeys((*own, *(one.source for one in ours))))
        contents = (work.noun(shelf, row) for row in work.tx.get(shelf.name, ids))
        found = {one.id: one for one in contents if lifecycle.answers_on(one, today)}
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


@attrs.frozen
class Page:
    """Some answers of a question."""

    answers: list[Answer]
    """Best first, ties by id; one a content, in the language that is preferred."""
    more: bool
    """Whether there are answers that come after these."""
    wanting: bool
    """Whether what the engine would find next may come before some of these, or fill the page."""


def answers_of(work: Work, found: Hits, *, limit: int, after: tuple[float, str] | None) -> Page:
    """Give the answers among what an engine found.

    Args:
        work: The transaction.
        found: What it found.
        limit: Answers at most.
        after: Score and id of the last answer of the page before.
    """
    asked = found.asked
    last = None if found.ended else found.hits[-1].score
    known = {hit.id for hit in found.hits}
    listed = [*found.hits, *(Hit(id_, 0.0) for id_ in asked.repeated if id_ not in known)]
    public = public_of(work, listed)
    shown = [hit for hit in listed if hit.id in public]
    weights = asking.rarity(asked.tokens, [hit.contributions for hit in shown])
    worth = work.tools.settings.ask.wording
    chosen = one_a_content(
        [_weighed(public[hit.id], hit.contributions, asked, worth) for hit in shown], asked
    )
    best = sorted((one.words for one in chosen), reverse=True)
    shares = {public[id_].content: n for id_, n in asked.repeated.items() if id_ in public}
    sure = _sure(work, chosen, asked, weights, best=best, shares=shares)
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


def public_of(work: Work, hits: Sequence[Hit]) -> dict[str, Public]:
    """Tell of every hit whether everybody may read it; by keys, where these say all of it.

    Args:
        work: The transaction.
        hits: Whatever an engine says.

    Returns:
        By id of the hit, those that everybody may read.
    """
    found: dict[str, Public] = {}
    by_prefix: dict[str, list[Hit]] = {}
    for hit in hits:
        by_prefix.setdefault(hit.id.partition("_")[0], []).append(hit)
    for shelf in CONTENT.values():
        if shelf in _MORE_THAN_KEYS:
            continue
        ids = [hit.id for hit in by_prefix.get(shelf.prefix, ())]
        group = policy.public(shelf.name, work.now) or ()
        for id_, language, *keys in work.tx.columns(shelf.name, ids, _GATE) if ids else ():
            if matches(id_, dict(zip(_GATE[1:], keys, strict=True)), group):
                found[id_] = Public(id_, id_, language)
    # Nor do keys say whether a translation is of the present revision.
    whole = (TRANSLATION, *_MORE_THAN_KEYS)
    told = [hit for shelf in whole for hit in by_prefix.get(shelf.prefix, ())]
    for id_, form in forms_of(work, told).items():
        found[id_] = Public(id_, form.content.id, form.language)
    return found


def _sure(
    work: Work,
    chosen: Sequence[_Weighed],
    asked: Asked,
    weights: Mapping[str, float],
    *,
    best: Sequence[float],
    shares: Mapping[str, float],
) -> list[tuple[Found, float]]:
    """Give what answers surely enough; only what may do so is read whole."""
    settings = work.tools.settings.ask
    lead = asking.lead(best)
    near = []
    for one in chosen:
        lifted = one.content in shares
        least = 0.0 if lifted else settings.threshold
        covers = asking.coverage(
            weights, wording.also_held(one.held, asked.tokens, asked.wordings, settings.wording)
        )
        if lifted or (
            one.words >= asking.NEAR * best[0]
            and asking.sureness(asking.measures(covers, covers, lead)) >= least
        ):
            near.append((one, covers, least))
    forms = forms_of(work, [Hit(one.id, 0.0) for one, _, _ in near])
    sure = []
    for one, covers, least in near:
        if one.id not in forms:
            continue
        found = Found(forms[one.id], one.held, one.parts, one.words)
        named = asking.coverage(weights, _named(found, asked, settings.wording))
        sureness = asking.sureness(asking.measures(covers, named, lead))
        if sureness >= least:
            sure.append((found, sureness))
    return sure


def _named(one: Found, asked: Asked, worth: float) -> dict[str, float]:
    """Tell how much of a question stands in a content's title and keywords."""
    title = fold(f"{one.form.title} {' '.join(one.form.content.keywords)}")
    there = [token for token in one.held if token in title]
    return wording.also_held(there, asked.tokens, asked.wordings, worth)


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


def _weighed(public: Public, held: Mapping[str, float], asked: Asked, worth: float) -> _Weighed:
    parts = wording.reworded(held, asked.tokens, asked.wordings, worth)
    return _Weighed(
        public.id, public.content, public.language, held, parts, math.fsum(parts.values())
    )


def one_a_content(found: Sequence[F], asked: Asked) -> list[F]:
    """Give of each content the form whose language is preferred.

    One that has less than half of the words of another was found by single words: it does not
    stand for what the other says, though that may then be shown in its language.
    """
    most: dict[str, float] = {}
    for one in found:
        most[one.content] = max(one.words, most.get(one.content, 0.0))
    chosen: dict[str, F] = {}
    for one in found:
        if one.words < asking.NEAR * most[one.content]:
            continue
        known = chosen.get(one.content)
        if known is None or _fit(one.language, asked) > _fit(known.language, asked):
            chosen[one.content] = one
    return list(chosen.values())


def _fit(language: str, asked: Asked) -> float:
    """Give how far up a language stands in the order of preference: 1, 1/2, 1/3, … 0."""
    for place, wanted in enumerate(asked.languages, 1):
        if language == wanted or language.startswith(f"{wanted}-"):
            return 1 / place
    return 0.0


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
        "language": _fit(one.language, asked) if asked.languages else None,
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
    return region_fit(asked.places, places_of(work, [c for c in codes if regions.knows(c)]))


def _in_language(work: Work, page: Sequence[Found], asked: Asked) -> list[Found]:
    """Show approved translations instead where they are in a language that is preferred."""
    foreign = [
        one.form.content.id for one in page if asked.languages and _fit(one.language, asked) < 1
    ]
    known = translations_by(work, foreign)
    return [_better(one, known.get(one.form.content.id, ()), asked) for one in page]


def _better(one: Found, translations: Sequence[Translation], asked: Asked) -> Found:
    content, here = one.form.content, _fit(one.language, asked)
    better = [
        (fit, form)
        for translation in translations
        if translating.current(translation, content)
        for form in [
            _translated(
                content, translation, translation.body or translation.texts.get("summary", "")
            )
        ]
        if (fit := _fit(form.language, asked)) > here
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
        foreign=bool(asked.languages) and not _fit(form.language, asked),
        score=one.score,
        why=one.why,
        sureness=one.sureness,
        source=_source(content, names),
        published=published.astimezone(SHANGHAI).date() if published else None,
        updated=content.updated_at.astimezone(SHANGHAI).date(),
        when=_when(content),
        reviewer=content.reviewer,
        disclaimer=content.disclaimer,
        reviewed_by_native=form.reviewed,
        verdict=content.verdict if isinstance(content, Clarification) else None,
    )


def _when(content: Content) -> When | None:
    if isinstance(content, Activity) and (content.when.start or content.when.end):
        return content.when
    return None


def _source(content: Content, names: Mapping[str, str]) -> str:
    publisher = names.get(content.organization, content.organization)
    day = content.published_at
    dated = f" {day.astimezone(SHANGHAI).date().isoformat()}" if day else ""
    rests = f"；{content.source}" if content.source else ""
    return f"{publisher}{dated}{rests}"
