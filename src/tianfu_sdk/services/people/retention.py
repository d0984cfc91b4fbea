"""Erasing registrations some time after their activity: figures stay, persons go."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tianfu_sdk.core.content.enrolling import is_over
from tianfu_sdk.core.rows.kinds import ACTIVITY, ENROLMENT, REGISTRATION
from tianfu_sdk.errors import Denied
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import Activity
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.ports.storage import Scrubbing
from tianfu_sdk.services.content.enrolment import tell_of
from tianfu_sdk.services.desk.tools import Tools
from tianfu_sdk.services.desk.work import Work
from tianfu_sdk.services.people.erasures import forget

__all__ = ["erase_past"]

_SOME = 200

Run = Callable[[Callable[[Work], Any]], Any]


def erase_past(tools: Tools, read: Run, again: Run, days: int, reason: str) -> int:
    """Erase the registrations of activities that were over so many days ago.

    Args:
        tools: Of the hub.
        read: Does something in a reading transaction of the actor.
        again: Does a change of the actor, again where somebody else was quicker.
        days: Since the end of the activity.
        reason: For the audit.

    Returns:
        How many were erased.
    """
    erased = 0
    past: list[Activity] = read(lambda work: _past(work, timedelta(days=days)))
    for activity in past:
        while ids := read(functools.partial(_some, activity=activity.id)):
            tools.erasures.append(ids, tools.clock.now())
            again(functools.partial(_erase, activity=activity, ids=ids, reason=reason))
            erased += len(ids)
    if erased and isinstance(tools.store, Scrubbing):
        tools.store.scrub()
    return erased


def _past(work: Work, since: timedelta) -> list[Activity]:
    scope = work.scope(Action.ERASE, REGISTRATION.name)
    if scope is not None and not scope:
        raise Denied("grant.missing", action=Action.ERASE.value, kind=REGISTRATION.name)
    found = []
    held = Query(where=(Where("held", ">", 0),), fields="keys")
    for row in work.each(ENROLMENT.name, held):
        activity = work.get(ACTIVITY, row.id)
        if is_over(activity, work.now - since):
            found.append(activity)
    return found


def _some(work: Work, activity: str) -> list[str]:
    query = Query(where=(Where("activity", "=", activity),), limit=_SOME, fields="keys")
    rows = work.rows(REGISTRATION.name, query, work.scope(Action.ERASE, REGISTRATION.name))
    return [row.id for row in rows]


def _erase(work: Work, activity: Activity, ids: list[str], reason: str) -> None:
    known = [work.noun(REGISTRATION, row) for row in work.tx.get(REGISTRATION.name, ids)]
    for one in known:
        forget(work, one.id)
        tell_of(work, one, "erased")
    if known:
        work.note(activity, "registrations_erased", reason=reason, count=len(known))
