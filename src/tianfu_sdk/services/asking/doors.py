"""The questions that need no desk: ask, suggest, related, match."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tianfu_sdk.services.desk.arguments import Typed
from tianfu_sdk.services.desk.tools import Actor, Tools

if TYPE_CHECKING:
    from datetime import date, datetime

    from tianfu_sdk.model.judging import QuestionSet
    from tianfu_sdk.model.listing import Listing
    from tianfu_sdk.model.question import Answers, Related, Suggestion
    from tianfu_sdk.services.asking.judging import Measured
    from tianfu_sdk.services.matching.results import Matches, Round

__all__ = ["Asking"]


class Asking(Typed):
    """What anybody may ask a hub; each answer's desk is loaded when it is first used.

    Args:
        tools: What the hub was opened with.
        actor: Who acts.
    """

    def __init__(self, tools: Tools, actor: Actor) -> None:
        self._tools = tools
        self._actor = actor

    def ask(
        self,
        text: str,
        *,
        region: str | None = None,
        language: str | Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        since: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        limit: int = 10,
        after: str | None = None,
    ) -> Answers:
        """Ask science for answers (向科学要答案): published content only, with sources.

        Args:
            text: The question, up to 2,000 characters, in Chinese, Tibetan, Yi or any language
                written in Latin letters.
            region: Only content that concerns this region: for it, for one below it, or for
                one above it.
            language: Only answers in this language, or in these, the first preferred; None: in
                any, those in the language of the question preferred.
            kinds: Only these kinds, such as `resource`, `activity`, `news`.
            since: Only what is of this time or later. An activity is of the time at which it
                takes place, from beginning to end; all else, and an activity whose time is
                not told, is of the moment at which it was published. A day stands for its first
                moment in China; else an aware time; or either in ISO 8601.
            until: Only what begins before this moment or day, which is not a part of it:
                `since="2026-11-01", until="2026-12-01"` is November.
            limit: Answers at most, 1 to 100.
            after: `cursor` of the answers before, to the same question; nothing is filed then.

        Returns:
            Answers, best first, each with passage, source and why; or an honest abstention,
            and the id of the question that was filed for a person to answer.

        Raises:
            Invalid: `ask.empty`, `ask.bad_kind`, `ask.bad_time`, `ask.backwards`,
                `field.naive_time`, `field.type`, `field.too_long`, `field.characters`,
                `text.bad_language`, `storage.limit`, `page.bad_cursor`.
            NotFound: `region.unknown`.
            Unsupported: `ask.no_search`, the store has no search engine.
        """
        from tianfu_sdk.services.asking.ask import Ask

        return Ask(self._tools, self._actor).ask(
            text,
            region=region,
            language=language,
            kinds=kinds,
            since=since,
            until=until,
            limit=limit,
            after=after,
        )

    def suggest(
        self,
        prefix: str,
        *,
        region: str | None = None,
        language: str | Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        since: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        limit: int = 8,
    ) -> list[Suggestion]:
        """Suggest published titles to somebody who begins to write a question.

        Only titles of what everybody may read, answers to earlier questions among them; never
        what other people asked.

        Args:
            prefix: What was written so far, up to 200 characters. Inside a title a Latin word is
                found once it is whole.
            region: As of `ask`.
            language: As of `ask`.
            kinds: As of `ask`.
            since: As of `ask`.
            until: As of `ask`.
            limit: Titles at most, 1 to 50.

        Returns:
            Titles that begin with it, in the order of their characters; where these are fewer than
            `limit`, those that have two characters or more elsewhere and that the search engine
            finds among the best. Each once.

        Raises:
            Invalid: `ask.bad_kind`, `ask.bad_time`, `ask.backwards`, `field.naive_time`,
                `field.type`, `field.too_long`, `field.characters`, `text.bad_language`,
                `storage.limit`.
            NotFound: `region.unknown`.
            Unsupported: `ask.no_search`, the store has no search engine, and too few begin so.
        """
        from tianfu_sdk.services.asking.related import Relations

        return Relations(self._tools, self._actor).suggest(
            prefix,
            region=region,
            language=language,
            kinds=kinds,
            since=since,
            until=until,
            limit=limit,
        )

    def related(
        self,
        id: str,  # noqa: A002
        *,
        language: str | Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        since: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        limit: int = 5,
    ) -> list[Related]:
        """Give published content about the same as a content.

        Args:
            id: Of a content that this account may read.
            language: As of `ask`; None: in any, that of the content preferred.
            kinds: As of `ask`.
            since: As of `ask`.
            until: As of `ask`.
            limit: Contents at most, 1 to 50.

        Returns:
            Best first, each with contributions that sum to its score exactly.

        Raises:
            Invalid: `content.bad_kind`, it is no content; `ask.bad_kind`, `ask.bad_time`,
                `ask.backwards`, `field.naive_time`, `field.type`, `text.bad_language`,
                `storage.limit`.
            NotFound: `noun.unknown`.
            Unsupported: `ask.no_search`, the store has no search engine.
        """
        from tianfu_sdk.services.asking.related import Relations

        return Relations(self._tools, self._actor).related(
            id, language=language, kinds=kinds, since=since, until=until, limit=limit
        )

    def match(
        self,
        id_or_noun: str | Listing,
        *,
        to: str | None = None,
        limit: int = 10,
        weights: Mapping[str, float] | None = None,
    ) -> Matches:
        """Match what is sought with what is offered (智能匹配), or the other way round.

        Anybody may match what is published. An expert is matched by the public profile;
        no feature tells of a person.

        Args:
            id_or_noun: Id of a need (a listing), or a need that is not stored: it finds
                services, achievements, projects and experts. Id of a question, which needs a
                grant to answer it: it finds experts. Id of any other content or of an expert,
                or an offer that is not stored: it finds the stored needs that it answers.
            to: Only `service`, `achievement`, `project`, `expert` or `need`; of a content also
                `subscription`: those that the account may read;
                `segment`: saved and made audiences with how many subscribers they have, for who
                may read subscribers; of an activity also `base`: science bases near it. None:
                what there is for a need or question, and needs for all else.
            limit: Matches at most, 1 to 100.
            weights: By feature, for this call; None: what `[match.weights]` of the settings
                says, and `tianfu_sdk.core.matching.matching.WEIGHTS`.

        Returns:
            Matches, best first, each with contributions that sum to its score exactly; and
            who a hard gate left out, with the reason.

        Raises:
            Invalid: `match.target`, it is not matched with that; `match.bad_weight`,
                `match.no_weight`, `match.popularity`; `field.choice`, `storage.limit`.
            NotFound: `noun.unknown`, `region.unknown`.
            Denied: `account.required`, `grant.missing`, for a question or an audience.
            Unsupported: `ask.no_search`, the store cannot look for needs.
        """
        from tianfu_sdk.services.matching.matching import Matching

        return Matching(self._tools, self._actor).match(
            id_or_noun, to=to, limit=limit, weights=weights
        )

    def match_round(
        self,
        projects: Sequence[str],
        experts: Sequence[str] | None = None,
        *,
        capacity: int | None = None,
        conflicts: Collection[tuple[str, str]] = (),
        least: float = 0.0,
        weights: Mapping[str, float] | None = None,
        solver: str | None = None,
    ) -> Round:
        """Give projects their experts, all at once (对接): the whole is the best there is.

        Whoever chooses first takes nobody's expert away: as many projects as possible get one,
        and of all such rounds the sum of the scores is the greatest. Nobody gets an expert of
        the same organization. Some 20 µs a pair; 2,000 projects and experts that are scored are
        solved in half a second by SciPy (extra `assign`), and in about twelve seconds without.

        Args:
            projects: Ids of listings of the kind project or need.
            experts: Ids of experts; None: all.
            capacity: Projects that one expert gets at most; None: as the expert's profile says.
            conflicts: Pairs of ids, project first and expert second, that must not meet.
            least: Score below which nobody is paired, 0 to 1.
            weights: By feature; None: as `match` weighs experts.
            solver: `scipy` or `python`; None: SciPy where it is installed.

        Returns:
            Pairs with the score and its contributions, and who was left without anybody, why.
            Which of several equally good rounds it is depends on the solver alone.

        Raises:
            Invalid: `match.round_kind`, `match.round_large`; `match.conflict`, no pair of a
                project and an expert; `match.bad_weight`, `match.no_weight`,
                `match.popularity`; `assign.no_scipy`, `field.choice`, `field.value`.
            NotFound: `noun.unknown`, also an expert whose profile is hidden.
        """
        from tianfu_sdk.services.matching.rounds import Rounds

        return Rounds(self._tools, self._actor).match_round(
            projects,
            experts,
            capacity=capacity,
            conflicts=conflicts,
            least=least,
            weights=weights,
            solver=solver,
        )

    def evaluate(
        self,
        sets: QuestionSet | Iterable[QuestionSet],
        *,
        through: str = "ask",
        whole: bool = False,
        seed: int = 7,
    ) -> Measured:
        """Measure how well questions are answered (检索评测): recall, MRR and nDCG at ten.

        Nothing is recorded. A set with a corpus is searched over that alone: it is indexed and
        taken back, in a store that has published nothing, or in an engine that follows none.

        Args:
            sets: Questions and which documents answer them; `tianfu_sdk.question_sets` reads them.
                Without a corpus the documents are published contents, by their ids.
            through: `ask`, as it answers, abstention and all; `index`, the order of the search
                engine alone, of what everybody may read. With a corpus always the latter.
            whole: Whether the index is asked for all that a question says; by default it is for
                what is left of it without words such as 怎么, as `ask` does.
            seed: Of the intervals, which are a bootstrap.

        Returns:
            Figures of each set and over the sets, with intervals, and of every question;
            `against` compares with another evaluation.

        Raises:
            Invalid: `evaluate.no_questions`, no question has a document that answers it;
                `evaluate.in_use`, a corpus, and contents are indexed; `evaluate.same_name`, two
                sets have one name; `field.choice`, `field.type`.
            StorageError: `search.unfed`, `search.analyzer`, through an index that is not ready.
            Unsupported: `ask.no_search`, the store has no search engine.
        """
        from tianfu_sdk.services.asking.judging import Judging

        return Judging(self._tools, self._actor).evaluate(
            sets, through=through, whole=whole, seed=seed
        )
