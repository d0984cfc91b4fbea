"""The desk of evaluations (评价) of workstations and science bases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core.content.revisions import demand_open
from tianfu_sdk.core.matching import evaluating, rubrics
from tianfu_sdk.core.rows.keying import NounKind
from tianfu_sdk.core.rows.kinds import BASE, EVALUATION, WORKSTATION, kind_of
from tianfu_sdk.errors import Conflict, Invalid, NotFound
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import Base
from tianfu_sdk.model.rubric import CheckMethod, Rubric, Score
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.workstation import (
    Check,
    Evaluation,
    EvaluationState,
    Review,
    Ruling,
    Standing,
    Workstation,
)
from tianfu_sdk.services.desk.again import until_done
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.matching.workstations import results_of

__all__ = ["Evaluations"]

_RUBRICS = {WORKSTATION.name: "workstation", BASE.name: "science_base"}
"""By kind of what is evaluated: the rubric to begin with."""
_SUBJECT = "subject"


class Evaluations(Desk):
    """Evaluate workstations and bases by what was seen: checks, values, score, reviews, outcome.

    One person writes, others review, and none of the authors decides. What is decided stays as it
    is for good; the next evaluation is a new one. Safe to share between threads.
    """

    def score(
        self, rubric: Rubric | Mapping[str, Any] | str, values: Mapping[str, float | None]
    ) -> Score:
        """Say what a rubric makes of values; nothing is stored, and anybody may.

        Args:
            rubric: A `Rubric`, the same as plain values, or the code of one to begin with:
                `science_base`, `workstation`.
            values: By code of the item; None: it does not apply.

        Raises:
            NotFound: `rubric.unknown`.
            Invalid: With the path of the value; see `core.matching.rubrics.score`.
        """
        return rubrics.score(_rubric(rubric), values)

    def open(
        self,
        subject: str,
        *,
        start: date,
        end: date,
        rubric: Rubric | Mapping[str, Any] | str | None = None,
    ) -> Evaluation:
        """Begin to evaluate a workstation or a science base.

        Args:
            subject: Its id.
            start: First day of what is evaluated.
            end: Last day of it.
            rubric: A `Rubric`, the same as plain values (as read from a TOML or JSON file), or the
                code of one to begin with; None: `workstation` or `science_base`. The evaluation
                keeps it as it is now.

        Raises:
            Denied: `grant.missing`, no grant to create evaluations there; `account.required`.
            NotFound: `noun.unknown`, `rubric.unknown`.
            Invalid: With the path of the field; `when.backwards`; `lifecycle.illegal`, a base that
                was retracted or archived.
            Conflict: `evaluation.open`, another one is not decided yet.
        """
        demand_type(start, date, "start")
        demand_type(end, date, "end")
        if end < start:
            raise Invalid("when.backwards", path="end")
        demand_type(subject, str, "subject")
        shelf = _shelf(subject)
        by = _rubric(rubric or _RUBRICS[shelf.name])

        def write(work: Work) -> Evaluation:
            known = work.noun(shelf, work.visible(shelf, subject))
            if isinstance(known, Base):
                demand_open(known, "evaluate")
            _, placed = work.placed(known.organization, known.region)
            work.allow_at(Action.CREATE, EVALUATION.name, known.organization, placed)
            for other in _of(work, subject):
                if other.state is not EvaluationState.DECIDED:
                    raise Conflict("evaluation.open", path="subject", id=other.id)
            made = Evaluation(
                id=work.new_id(EVALUATION),
                workstation=subject if shelf is WORKSTATION else "",
                base=subject if shelf is BASE else "",
                organization=known.organization,
                region=known.region,
                start=start,
                end=end,
                rubric=by,
            )
            made = evaluating.written(made, work.person, "open")
            # So that no two begin at once.
            work.claim_unique(EVALUATION.name, _SUBJECT, subject, made.id)
            stored = work.put(EVALUATION, made, placed)
            work.note(stored, "created", **{shelf.name: subject}, rubric=by.code)
            return stored

        return self._write(write)

    def get(self, id: str) -> Evaluation:  # noqa: A002 - the field's name
        """Give an evaluation.

        Raises:
            NotFound: `noun.unknown`, or not for this account to see.
            Denied: `account.required`.
        """
        return self._read(lambda work: work.noun(EVALUATION, work.visible(EVALUATION, id)))

    def history(self, subject: str) -> list[Evaluation]:
        """Give all evaluations of a workstation or base that this account may read, oldest first.

        Raises:
            NotFound: `noun.unknown`.
            Denied: `account.required`.
        """
        demand_type(subject, str, "subject")
        shelf = _shelf(subject)

        def read(work: Work) -> list[Evaluation]:
            work.visible(shelf, subject)
            query = Query(where=(Where("subject", "=", subject),), order="created")
            scope = work.scope(Action.READ, EVALUATION.name)
            rows = work.in_order(EVALUATION.name, query, scope)
            return [work.noun(EVALUATION, row) for row in rows]

        return self._read(read)

    # Writing it.

    def check(
        self,
        id: str,  # noqa: A002
        *,
        method: CheckMethod | str,
        on: date,
        findings: str,
        evidence: Sequence[str] = (),
    ) -> Evaluation:
        """Write down what a look at the ledger, at the place, or a talk has shown.

        Args:
            id: Of the evaluation.
            method: `ledger`, `site_visit` or `interview`.
            on: The day; not to come.
            findings: What was found; no personal names.
            evidence: Such as SHA-256 of media, or where the ledger is.

        Raises:
            Denied: `grant.missing`, no grant to edit evaluations there.
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.illegal`, it is submitted; `evaluation.to_come`, a day to
                come; with the path of the field.
        """
        fields: dict[str, Any] = {
            "method": method,
            "on": on,
            "findings": findings,
            "evidence": evidence,
        }

        def checked(work: Work, known: Evaluation) -> Evaluation:
            seen = codec.structure(Check, fields | _post(work))
            today = work.today
            if seen.on > today:
                raise Invalid("evaluation.to_come", path="on", last=today.isoformat())
            return attrs.evolve(known, checks=(*known.checks, seen))

        return self._written(id, "check", "checked", checked)

    def fill(self, id: str, values: Mapping[str, float | None]) -> Evaluation:  # noqa: A002
        """Write down values of the rubric's items, item by item or all at once.

        Args:
            id: Of the evaluation.
            values: By code of the item; None: it does not apply.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.illegal`; `rubric.no_item`; `field.type`, `field.too_small`,
                `field.too_large`.
        """

        def filled(_: Work, known: Evaluation) -> Evaluation:
            after = {**known.values, **values}
            rest = {item.code: None for item in known.rubric.items}
            if any(value is not None for value in after.values()):
                # What is there must make sense; what is missing is demanded when it is submitted.
                rubrics.score(known.rubric, rest | after)
            return attrs.evolve(known, values=after)

        return self._written(id, "fill", "filled", filled)

    def submit(self, id: str) -> Evaluation:  # noqa: A002
        """Score an evaluation and give it to its reviewers; targets are counted now.

        Raises:
            Denied: `grant.missing`.
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.illegal`; `evaluation.no_check`, a check that the rubric wants is
                missing; `rubric.missing`, an item has no value.
        """

        def submitted(work: Work, known: Evaluation) -> Evaluation:
            standing: tuple[Standing, ...] = ()
            if known.workstation:
                station = work.get(WORKSTATION, known.workstation)
                after = known.end + timedelta(days=1)
                standing = evaluating.standings(station, results_of(work, station.id), after)
            return evaluating.submitted(known, standing)

        return self._written(id, "submit", "submitted", submitted)

    # What others say of it.

    def review(self, id: str, verdict: Ruling | str, comment: str) -> Evaluation:  # noqa: A002
        """Say as a reviewer what should come of it; stands in the record under one's post.

        Args:
            id: Of the evaluation.
            verdict: `pass`, `rectify` or `delist`.
            comment: Why.

        Raises:
            Denied: `grant.missing`, no grant to review evaluations there;
                `evaluation.own_work`, `evaluation.system`.
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.illegal`; `field.choice`, `field.too_short`.
            Conflict: `evaluation.reviewed`.
        """

        def write(work: Work) -> Evaluation:
            known = work.noun(EVALUATION, work.visible(EVALUATION, id, Action.REVIEW))
            said = {"verdict": verdict, "comment": comment, "at": work.now, "person": work.person}
            review = codec.structure(Review, said | _post(work))
            stored = self._put(work, evaluating.reviewed(known, review))
            work.note(stored, "reviewed", verdict=review.verdict.value)
            return stored

        return self._write(write)

    def return_(self, id: str, reason: str) -> Evaluation:  # noqa: A002
        """Give an evaluation back to its authors; what reviewers said of it is in the audit only.

        Raises:
            Denied: `grant.missing`, no grant to review evaluations there; `evaluation.own_work`.
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.illegal`; `lifecycle.reason`, none given.
        """
        if not reason.strip():
            raise Invalid("lifecycle.reason", path="reason", verb="return")

        def write(work: Work) -> Evaluation:
            known = work.noun(EVALUATION, work.visible(EVALUATION, id, Action.REVIEW))
            stored = self._put(work, evaluating.returned(known, work.person, reason))
            work.note(stored, "returned", reason=reason)
            return stored

        return self._write(write)

    def decide(
        self,
        id: str,  # noqa: A002
        outcome: Ruling | str,
        *,
        rectify_until: date | None = None,
        reason: str = "",
    ) -> Evaluation:
        """Decide what comes of it; the workstation or base stands accordingly in that moment.

        A base that had a name keeps it where it passed, or is to be put right, or has lost it; one
        that had none is `reviewed` where it passed.

        Args:
            id: Of the evaluation.
            outcome: `pass`, `rectify` or `delist`.
            rectify_until: With `rectify`: last day by which it is to be put right.
            reason: Needed where it is not passed, or where no reviewer said so.

        Raises:
            Denied: `grant.missing`, no grant to approve evaluations there;
                `evaluation.own_work`, `evaluation.system`.
            NotFound: `noun.unknown`.
            Invalid: `lifecycle.illegal`; `evaluation.no_review`, `evaluation.until`,
                `lifecycle.reason`.
        """

        def write(work: Work) -> Evaluation:
            known = work.noun(EVALUATION, work.visible(EVALUATION, id, Action.APPROVE))
            after = evaluating.decided(
                known,
                Ruling.of(outcome, "outcome"),
                person=work.person,
                now=work.now,
                today=work.today,
                rectify_until=rectify_until,
                reason=reason,
            )
            stored = self._put(work, after)
            work.drop_unique(EVALUATION.name, _SUBJECT, known.subject)
            work.note(stored, "decided", reason=reason, outcome=str(after.outcome))
            _follow(work, after)
            return stored

        return until_done(lambda: self._write(write))

    # Within a transaction.

    def _written(
        self,
        id_: str,
        verb: str,
        done: str,
        change: Callable[[Work, Evaluation], Evaluation],
    ) -> Evaluation:
        def write(work: Work) -> Evaluation:
            known = work.noun(EVALUATION, work.visible(EVALUATION, id_, Action.EDIT))
            after = change(work, evaluating.written(known, work.person, verb))
            stored = self._put(work, after)
            work.note(stored, done)
            return stored

        return self._write(write)

    def _put(self, work: Work, evaluation: Evaluation) -> Evaluation:
        codec.check(evaluation)
        _, placed = work.placed(evaluation.organization, evaluation.region)
        return work.put(EVALUATION, evaluation, placed)


def _rubric(given: Rubric | Mapping[str, Any] | str) -> Rubric:
    if isinstance(given, str):
        return rubrics.example(given)
    return codec.structure(Rubric, given)


def _post(work: Work) -> dict[str, str]:
    if work.actor.system:
        return {"account": "", "post": work.actor.system[:100]}
    return {"account": work.account.id, "post": work.account.label}


def _shelf(subject: str) -> NounKind[Any]:
    shelf = kind_of(subject)
    if shelf is None or shelf.name not in _RUBRICS:
        raise NotFound("noun.unknown", path="subject", kind=WORKSTATION.name, id=subject[:64])
    return shelf


def _follow(work: Work, evaluation: Evaluation) -> None:
    """Let what was evaluated stand as it was decided."""
    told: Base | Workstation
    if evaluation.base:
        base = evaluating.base_followed(work.get(BASE, evaluation.base), evaluation)
        told = work.put(BASE, base, work.placed(base.organization, base.region)[1])
        state = told.status.value
    else:
        station = work.get(WORKSTATION, evaluation.workstation)
        station = evaluating.followed(station, evaluation)
        told = work.put(WORKSTATION, station, work.placed(station.organization, station.region)[1])
        state = told.state.value
    work.note(told, state, reason=evaluation.reason, evaluation=evaluation.id)


def _of(work: Work, subject: str) -> list[Evaluation]:
    where = (Where("subject", "=", subject),)
    rows = work.each(EVALUATION.name, Query(where=where))
    return [work.noun(EVALUATION, row) for row in rows]
