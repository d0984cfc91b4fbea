"""The states of content and who may move it from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeVar

import attrs

from tianfu_sdk.core.languages.translating import own_script
from tianfu_sdk.core.steps import illegal
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.content import Base, BaseStatus, Change, Content, Notice, State
from tianfu_sdk.model.listing import Listing
from tianfu_sdk.model.media import MediaForm

__all__ = [
    "ACTIONS",
    "BOOKKEEPING",
    "DONE",
    "MOVES",
    "answers_on",
    "diff",
    "move",
    "over_on",
    "revise",
    "stale",
    "steps",
]

T = TypeVar("T", bound=Content)

MOVES: Mapping[str, Mapping[State, State]] = {
    "submit": {State.DRAFT: State.SUBMITTED},
    "return": {State.SUBMITTED: State.DRAFT},
    "approve": {State.SUBMITTED: State.APPROVED},
    "schedule": {State.APPROVED: State.SCHEDULED, State.SCHEDULED: State.SCHEDULED},
    "publish": {State.APPROVED: State.PUBLISHED, State.SCHEDULED: State.PUBLISHED},
    "withdraw": {State.PUBLISHED: State.WITHDRAWN, State.SCHEDULED: State.WITHDRAWN},
    "retract": {State.PUBLISHED: State.RETRACTED, State.WITHDRAWN: State.RETRACTED},
    "archive": {
        State.PUBLISHED: State.ARCHIVED,
        State.WITHDRAWN: State.ARCHIVED,
        State.RETRACTED: State.ARCHIVED,
    },
}
"""By verb: from which state to which."""

ACTIONS: Mapping[str, Action] = {
    "submit": Action.SUBMIT,
    "return": Action.APPROVE,
    "approve": Action.APPROVE,
    "schedule": Action.PUBLISH,
    "publish": Action.PUBLISH,
    "withdraw": Action.WITHDRAW,
    "retract": Action.WITHDRAW,
    "archive": Action.WITHDRAW,
}
"""By verb: what an account must be granted."""

DONE: Mapping[str, str] = {
    "submit": "submitted",
    "return": "returned",
    "approve": "approved",
    "schedule": "scheduled",
    "publish": "published",
    "withdraw": "withdrawn",
    "retract": "retracted",
    "archive": "archived",
}
"""By verb: what its event and audit line say happened, such as `resource.published`."""

_FIXED = frozenset({State.SUBMITTED, State.RETRACTED, State.ARCHIVED, State.SUPERSEDED})
"""States in which nothing is edited."""
_NEEDS_REASON = frozenset({"return", "withdraw", "retract"})
_NEEDS_ALT = frozenset({MediaForm.IMAGE, MediaForm.ANIMATION})
_NEEDS_TRANSCRIPT = frozenset({MediaForm.AUDIO, MediaForm.VIDEO})


def move(
    content: T,
    verb: str,
    *,
    person: str,
    now: datetime,
    reason: str = "",
    at: datetime | None = None,
    accessible: bool = True,
) -> T:
    """Decide one step of a content through its states.

    Args:
        content: The revision concerned.
        verb: A name in `MOVES`.
        person: Who does it; empty for the system.
        now: This moment.
        reason: Why; needed by `return`, `withdraw` and `retract`.
        at: For `schedule`: when to publish.
        accessible: Policy: `submit` demands alternative text and transcripts.

    Returns:
        The content in its new state.

    Raises:
        Invalid: `lifecycle.illegal`, not from this state; `lifecycle.reason`, none given;
            `lifecycle.past`, a time that is over; `field.naive_time`, one without a zone;
            `lifecycle.expired`, past its expiry;
            `content.wrong_script`, said to be in Tibetan or Yi, and not written so;
            `media.no_alt`, `media.no_transcript`, for those who do not see or hear.
        Denied: `lifecycle.own_work`, who wrote it may not approve it;
            `lifecycle.system`, the system approves nothing.
    """
    target = MOVES[verb].get(content.state)
    if target is None:
        raise illegal(content.state, verb, steps(content.state))
    if verb in _NEEDS_REASON and not reason.strip():
        raise Invalid("lifecycle.reason", path="reason", verb=verb)
    if verb == "submit" and accessible:
        _demand_access(content)
    if verb in ("submit", "approve") and not own_script(content):
        raise Invalid("content.wrong_script", path="language", language=content.language)
    if verb == "approve":
        if not person:
            raise Denied("lifecycle.system", path="approver")
        if person == content.author or person in content.writers:
            raise Denied("lifecycle.own_work", path="approver")
        return attrs.evolve(content, state=target, approver=person, comment=reason)
    if verb == "schedule":
        if at is not None and at.tzinfo is None:
            raise Invalid("field.naive_time", path="at")
        if at is None or at <= now:
            raise Invalid("lifecycle.past", path="at")
        return attrs.evolve(content, state=target, publish_at=at)
    if verb == "publish":
        if _over(content, now.astimezone(SHANGHAI).date()):
            raise Invalid("lifecycle.expired", path="expires_on")
        return attrs.evolve(content, state=target, published_at=now, publish_at=None)
    return attrs.evolve(content, state=target, comment=reason or content.comment)


def steps(state: State) -> list[str]:
    """Name what is possible from a state, by the names of the methods of a desk."""
    moves = [verb for verb, places in MOVES.items() if state in places]
    named = ["return_" if verb == "return" else verb for verb in moves]
    return named if state in _FIXED else [*named, "edit"]


def _demand_access(content: Content) -> None:
    for index, medium in enumerate(content.media):
        if medium.form in _NEEDS_ALT and not medium.alt.strip():
            raise Invalid("media.no_alt", path=f"media[{index}].alt", form=medium.form.value)
        if medium.form in _NEEDS_TRANSCRIPT and not medium.transcript.strip():
            raise Invalid(
                "media.no_transcript", path=f"media[{index}].transcript", form=medium.form.value
            )


def revise(content: T, changed: T, *, person: str) -> T:
    """Make the next revision of a content, in draft.

    Args:
        content: The revision that is edited.
        changed: The same with its fields edited.
        person: Who edits; empty for the system, which leaves the author as it was.

    Returns:
        The draft; in place where it was a draft, else one revision up.

    Raises:
        Invalid: `lifecycle.illegal`, it waits for approval or is closed.
    """
    if content.state in _FIXED:
        raise illegal(content.state, "edit", steps(content.state))
    step = 0 if content.state is State.DRAFT else 1
    return attrs.evolve(
        changed,
        state=State.DRAFT,
        revision=content.revision + step,
        # An edit by the system does not free its author to approve it.
        author=person or content.author,
        writers=_writers(content, person, fresh=step == 1),
        approver="",
        published_at=None,
        publish_at=None,
    )


def _writers(content: Content, person: str, *, fresh: bool) -> tuple[str, ...]:
    # What was approved before is nobody's own work any more; a draft is all its writers'.
    known = () if fresh else content.writers or (content.author,)
    return tuple(dict.fromkeys(w for w in (*known, person or content.author) if w))


def _over(content: Content, day: date) -> bool:
    return content.expires_on is not None and content.expires_on <= day


def over_on(content: Content) -> date | None:
    """Give the first day on which a content answers nothing and is matched with nothing.

    That is when it expires; a notice may hold no more before that, and is listed all the same.
    """
    ends = [content.expires_on, content.until if isinstance(content, Notice) else None]
    return min((day for day in ends if day is not None), default=None)


def answers_on(content: Content, day: date) -> bool:
    """Tell whether a content answers questions on a day; lists may have it all the same.

    Args:
        content: In any state.
        day: In China.

    Returns:
        False for what is not published or is over; for a listing that is closed or past its
        deadline; for a science base that is named no more (已取消).
    """
    over = over_on(content)
    if content.state is not State.PUBLISHED or (over is not None and over <= day):
        return False
    if isinstance(content, Listing):
        return content.open_on(day)
    return not (isinstance(content, Base) and content.status is BaseStatus.DELISTED)


def stale(content: Content, day: date) -> bool:
    """Tell whether a content must not be shown as current on a day (科普法 Art. 35)."""
    return _over(content, day)


BOOKKEEPING = frozenset(
    {
        "id",
        "version",
        "created_at",
        "updated_at",
        "state",
        "revision",
        "author",
        "writers",
        "approver",
    }
    | {"comment", "publish_at", "published_at", "pending"}
    | {"progress", "closed", "taken", "agreed", "concluded", "evaluation", "rectify_until"}
)
"""Fields that verbs set, never the caller."""


def diff(before: Content, after: Content) -> list[Change]:
    """List the fields that differ between two revisions, book-keeping apart."""
    return [
        Change(field.name, str(getattr(before, field.name)), str(getattr(after, field.name)))
        for field in attrs.fields(type(before))
        if field.name not in BOOKKEEPING
        and getattr(before, field.name) != getattr(after, field.name)
    ]
