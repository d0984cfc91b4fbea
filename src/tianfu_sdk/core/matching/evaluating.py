"""How a workstation or a base is evaluated: who may say what, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import attrs

from tianfu_sdk.core.matching import rubrics
from tianfu_sdk.core.steps import illegal
from tianfu_sdk.errors import Conflict, Denied, Invalid
from tianfu_sdk.model.content import Base, BaseStatus
from tianfu_sdk.model.workstation import (
    Evaluation,
    EvaluationState,
    Review,
    Ruling,
    Standing,
    Workstation,
    WorkstationResult,
    WorkstationState,
)

__all__ = [
    "base_followed",
    "decided",
    "demand_state",
    "followed",
    "returned",
    "reviewed",
    "standings",
    "submitted",
    "written",
]

_AFTER = {
    Ruling.PASS: WorkstationState.ACTIVE,
    Ruling.RECTIFY: WorkstationState.RECTIFYING,
    Ruling.DELIST: WorkstationState.DELISTED,
}
_STEPS = {
    EvaluationState.OPEN: ("check", "fill", "submit"),
    EvaluationState.SUBMITTED: ("review", "return_", "decide"),
}
_BASE_AFTER = {Ruling.RECTIFY: BaseStatus.RECTIFYING, Ruling.DELIST: BaseStatus.DELISTED}
_NAMED = frozenset({BaseStatus.NAMED, BaseStatus.DUE, BaseStatus.RECTIFYING})


def standings(
    workstation: Workstation, results: Iterable[WorkstationResult], until: date | None = None
) -> tuple[Standing, ...]:
    """Say how much of each target was reached.

    Args:
        workstation: With its targets.
        results: All of it; those of targets that are no more are passed by.
        until: First day that counts no more; None: all count.
    """
    sums = {target.code: [0, 0, 0] for target in workstation.targets}
    for result in results:
        row = sums.get(result.target)
        if row is None or (until is not None and result.on >= until):
            continue
        if result.struck:
            row[2] += 1
        else:
            row[0] += result.amount
            row[1] += 1
    return tuple(
        Standing(
            target=t, achieved=sums[t.code][0], results=sums[t.code][1], struck=sums[t.code][2]
        )
        for t in workstation.targets
    )


def demand_state(evaluation: Evaluation, wanted: EvaluationState, verb: str) -> None:
    """Demand that an evaluation stands so; raises `Invalid` (`lifecycle.illegal`)."""
    if evaluation.state is not wanted:
        raise illegal(evaluation.state, verb, _STEPS.get(evaluation.state, ()))


def written(evaluation: Evaluation, person: str, verb: str) -> Evaluation:
    """Note that a person writes at an open evaluation.

    Raises:
        Invalid: `lifecycle.illegal`.
    """
    demand_state(evaluation, EvaluationState.OPEN, verb)
    authors = dict.fromkeys((*evaluation.authors, person)) if person else evaluation.authors
    return attrs.evolve(evaluation, authors=tuple(authors))


def submitted(evaluation: Evaluation, standing: tuple[Standing, ...]) -> Evaluation:
    """Score an evaluation, as it goes to its reviewers.

    Raises:
        Invalid: `evaluation.no_check`, a check that the rubric wants is missing; and what
            `rubrics.score` raises.
    """
    done = {check.method for check in evaluation.checks}
    for method in evaluation.rubric.checks:
        if method not in done:
            raise Invalid("evaluation.no_check", path="checks", method=method.value)
    found = rubrics.score(evaluation.rubric, evaluation.values)
    state = EvaluationState.SUBMITTED
    return attrs.evolve(evaluation, score=found, standing=standing, state=state)


def reviewed(evaluation: Evaluation, review: Review) -> Evaluation:
    """Add what a reviewer says.

    Raises:
        Invalid: `lifecycle.illegal`.
        Denied: `evaluation.own_work`, an author; `evaluation.system`.
        Conflict: `evaluation.reviewed`, the person has reviewed it.
    """
    demand_state(evaluation, EvaluationState.SUBMITTED, "review")
    _demand_other(evaluation, review.person)
    if any(one.person == review.person for one in evaluation.reviews):
        raise Conflict("evaluation.reviewed", path="reviews")
    return attrs.evolve(evaluation, reviews=(*evaluation.reviews, review))


def returned(evaluation: Evaluation, person: str, reason: str) -> Evaluation:
    """Give an evaluation back to its authors; it is reviewed anew.

    Raises:
        Invalid: `lifecycle.illegal`.
        Denied: `evaluation.own_work`, `evaluation.system`.
    """
    demand_state(evaluation, EvaluationState.SUBMITTED, "return")
    _demand_other(evaluation, person)
    state = EvaluationState.OPEN
    return attrs.evolve(evaluation, state=state, reason=reason, reviews=(), score=None)


def decided(
    evaluation: Evaluation,
    outcome: Ruling,
    *,
    person: str,
    now: datetime,
    today: date,
    rectify_until: date | None,
    reason: str,
) -> Evaluation:
    """Decide what comes of an evaluation.

    Raises:
        Invalid: `lifecycle.illegal`; `evaluation.no_review`, too few reviewers;
            `lifecycle.reason`, none given where it is not passed, or is decided otherwise than
            any reviewer said; `evaluation.until`, a last day is missing, past, or needless.
        Denied: `evaluation.own_work`, `evaluation.system`.
    """
    demand_state(evaluation, EvaluationState.SUBMITTED, "decide")
    _demand_other(evaluation, person)
    wanted = evaluation.rubric.reviewers
    if len(evaluation.reviews) < wanted:
        raise Invalid("evaluation.no_review", path="reviews", wanted=wanted)
    alone = all(review.verdict is not outcome for review in evaluation.reviews)
    if (alone or outcome is not Ruling.PASS) and not reason.strip():
        raise Invalid("lifecycle.reason", path="reason", verb="decide")
    rectify = outcome is Ruling.RECTIFY
    if rectify is (rectify_until is None) or (rectify_until and rectify_until < today):
        raise Invalid("evaluation.until", path="rectify_until")
    return attrs.evolve(
        evaluation,
        state=EvaluationState.DECIDED,
        outcome=outcome,
        rectify_until=rectify_until,
        reason=reason,
        decided_at=now,
        decider=person,
    )


def followed(workstation: Workstation, evaluation: Evaluation) -> Workstation:
    """Give a workstation as a decided evaluation leaves it."""
    return attrs.evolve(
        workstation,
        state=_AFTER[evaluation.outcome or Ruling.PASS],
        rectify_until=evaluation.rectify_until,
        comment=evaluation.reason,
    )


def base_followed(base: Base, evaluation: Evaluation) -> Base:
    """Give a base as a decided evaluation leaves it.

    One that had a name keeps it where it passed; one that had none is reviewed (`reviewed`), and
    gets its name by an edit: who gives it, and for how long, is no matter of the evaluation.
    """
    passed = BaseStatus.NAMED if base.status in _NAMED else BaseStatus.REVIEWED
    return attrs.evolve(
        base,
        status=_BASE_AFTER.get(evaluation.outcome or Ruling.PASS, passed),
        rectify_until=evaluation.rectify_until,
        evaluation=evaluation.id,
    )


def _demand_other(evaluation: Evaluation, person: str) -> None:
    if not person:
        raise Denied("evaluation.system")
    if person in evaluation.authors:
        raise Denied("evaluation.own_work", path="authors")
