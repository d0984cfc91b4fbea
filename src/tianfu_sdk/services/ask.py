"""The desk that asks science for answers (向科学要答案)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core import asking, lifecycle, rumours, translating
from tianfu_sdk.core.keying import Placed
from tianfu_sdk.core.kinds import CONTENT, QUESTION, TRANSLATION
from tianfu_sdk.core.publishing import tags_of
from tianfu_sdk.core.regions import Levels
from tianfu_sdk.errors import Invalid, StorageReadOnly, Unsupported
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import Clarification, Content, State, Verdict
from tianfu_sdk.model.question import Answer, Answers, Question
from tianfu_sdk.model.search import Hit, SearchFilter
from tianfu_sdk.services.organizations import names_of
from tianfu_sdk.services.people import TEXT, new_subject, seal
from tianfu_sdk.services.rumours import Rumours
from tianfu_sdk.services.work import Desk, Work
from tianfu_sdk.text import canonical_language, detect

__all__ = ["Ask"]

_LONGEST = 2000
_MINORITY = frozenset({"bo", "ii"})


@attrs.frozen
class _Shown:
    """A published content as it can be answered with."""

    content: Content
    kind: str
    title: str
    text: str
    language: str
    reviewed: bool | None = None
    """By a native reader; None for an original."""


class Ask(Desk):
    """Answer from published content only, with sources, or abstain. Anybody may ask."""

    def ask(
        self,
        text: str,
        *,
        region: str | None = None,
        language: str | None = None,
        kinds: Sequence[str] | None = None,
        limit: int = 10,
    ) -> Answers:
        """Answer a question; see `Hub.ask`."""
        demand_type(text, str, "text")
        demand_type(limit, int, "limit")
        if not text.strip():
            raise Invalid("ask.empty", path="text")
        if len(text) > _LONGEST:
            raise Invalid("field.too_long", path="text", length=len(text), longest=_LONGEST)
        if not text.isprintable() and any("\ud800" <= c <= "\udfff" for c in text):
            raise Invalid("field.characters", path="text")
        if not 1 <= limit <= 100:  # noqa: PLR2004 - candidates that an engine gives
            raise Invalid("storage.limit", path="limit", most=100)
        if isinstance(kinds, str):
            raise Invalid("field.type", path="kinds", wanted="list", found="str")
        unknown = sorted(set(kinds or ()) - CONTENT.keys())
        if unknown:
            raise Invalid("ask.bad_kind", path="kinds", value=unknown[0])
        wanted = canonical_language(language) if language else None
        # A question in a script of its own wants answers that its asker can read.
        languages = {wanted} if wanted else {detect(text).language} & _MINORITY
        only = SearchFilter(kinds=frozenset(kinds or ()), languages=frozenset(languages))

        def narrowed(work: Work) -> SearchFilter:
            tags = tags_of(region, work.regions()) if region else frozenset()
            return attrs.evolve(only, tags=tags)

        only = self._read(narrowed)
        repeated = Rumours(self._tools, self._actor).repeated(text, only)
        shares = {id_: one.share for id_, one in repeated.items()}
        answers = self._answers(asking.question_tokens(text), only, shares, limit)
        try:
            question = self._write(
                lambda work: self._file(work, text, region, wanted, answered=bool(answers))
            )
        except StorageReadOnly:
            question = None
        return Answers(answers=tuple(answers), abstained=not answers, question=question)

    def _answers(
        self, tokens: Sequence[str], only: SearchFilter, shares: Mapping[str, float], limit: int
    ) -> list[Answer]:
        most = min(200, limit * 3)

        def inside(work: Work) -> list[Answer]:
            search = work.tx.search
            if search is None:
                raise Unsupported("ask.no_search", path="store")
            return self._answer(work, tokens, search.query(tokens, only, most), shares, limit)

        engine = self._tools.engine()
        if engine is None:
            return self._read(inside)
        # Outside of any transaction: it may be a server elsewhere.
        hits = engine.query(tokens, only, most)
        return self._read(lambda work: self._answer(work, tokens, hits, shares, limit))

    def _answer(
        self,
        work: Work,
        tokens: Sequence[str],
        hits: Sequence[Hit],
        shares: Mapping[str, float],
        limit: int,
    ) -> list[Answer]:
        # First, so that the limit cuts none of them off.
        known = {hit.id: hit for hit in hits}
        first = [known.get(id_) or Hit(id_, 0.0) for id_ in shares]
        hits = [*first, *(hit for hit in hits if hit.id not in shares)]
        threshold = work.tools.settings.ask.threshold
        shown = self._gate(work, hits)
        names = names_of(work, [found.content.organization for found in shown.values()])
        answers: list[Answer] = []
        lifting: dict[str, float] = {}
        for hit in hits:
            found = shown.get(hit.id)
            if found is None or len(answers) == limit:
                continue
            named = f"{found.title} {' '.join(found.content.keywords)}"
            repeats = hit.id in shares
            if not repeats and asking.relevance(tokens, hit.contributions, named) < threshold:
                continue
            if repeats:
                lifting[found.content.id] = shares[hit.id]
            answers.append(
                Answer(
                    kind=found.kind,
                    id=found.content.id,
                    title=found.title,
                    passage=asking.passage(found.text or found.title, tokens),
                    language=found.language,
                    score=hit.score,
                    why=dict(sorted(hit.contributions.items(), key=lambda item: -item[1])),
                    source=_source(found.content, names),
                    disclaimer=found.content.disclaimer,
                    reviewed_by_native=found.reviewed,
                    verdict=_verdict(found.content),
                )
            )
        return rumours.lifted(answers, lifting)

    def _gate(self, work: Work, hits: Sequence[Hit]) -> dict[str, _Shown]:
        """Read every hit again: nothing withdrawn, expired or unapproved is ever shown."""
        today = work.now.astimezone(SHANGHAI).date()
        shown: dict[str, _Shown] = {}
        for shelf in CONTENT.values():
            ids = [hit.id for hit in hits if hit.id.startswith(f"{shelf.prefix}_")]
            for row in work.tx.get(shelf.name, ids):
                content = work.noun(shelf, row)
                if _readable(content, today):
                    text = content.body or content.summary
                    shown[row.id] = _Shown(
                        content, shelf.name, content.title, text, content.language
                    )
        ids = [hit.id for hit in hits if hit.id.startswith(f"{TRANSLATION.prefix}_")]
        for row in work.tx.get(TRANSLATION.name, ids):
            translation = work.noun(TRANSLATION, row)
            shelf = CONTENT[translation.kind]
            for source_row in work.tx.get(shelf.name, [translation.source]):
                source = work.noun(shelf, source_row)
                if translating.current(translation, source) and _readable(source, today):
                    shown[row.id] = _Shown(
                        source,
                        translation.kind,
                        translation.title,
                        translation.body,
                        translation.language,
                        translation.native_reviewed,
                    )
        return shown

    def _file(
        self, work: Work, text: str, region: str | None, language: str | None, *, answered: bool
    ) -> str | None:
        """Count the question; file it where nothing answers it."""
        if answered:
            work.tell(
                "question.asked", kind="question", region=region or "", data={"answered": True}
            )
            return None
        detected = detect(text).language
        id_ = work.new_id(QUESTION)
        key = new_subject(work, id_)
        days = timedelta(days=work.tools.settings.ask.answer_days)
        question = codec.structure(
            Question,
            {
                "id": id_,
                "text": seal(work, id_, TEXT, text, key),
                "language": language or (detected if detected not in ("und", "mul") else "zh-Hans"),
                "region": region,
                "due": work.now + days,
            },
        )
        levels = work.regions().levels(region) if region else Levels()
        work.put(QUESTION, question, Placed(levels))
        work.tell(
            "question.asked",
            kind="question",
            subject=id_,
            region=region or "",
            data={"answered": False},
        )
        return id_


def _readable(content: Content, today: date) -> bool:
    return content.state is State.PUBLISHED and not lifecycle.stale(content, today)


def _verdict(content: Content) -> Verdict | None:
    return content.verdict if isinstance(content, Clarification) else None


def _source(content: Content, names: dict[str, str]) -> str:
    publisher = names.get(content.organization, content.organization)
    day = content.published_at
    dated = f" {day.astimezone(SHANGHAI).date().isoformat()}" if day else ""
    rests = f"；{content.source}" if content.source else ""
    return f"{publisher}{dated}{rests}"
