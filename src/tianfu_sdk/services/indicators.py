"""The desk of indicators (绩效指标)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

import attrs

from tianfu_sdk import codec
from tianfu_sdk.core import indicators as rules
from tianfu_sdk.core.emergency import usual_languages
from tianfu_sdk.core.kinds import CONTENT, ORGANIZATION, TRANSLATION
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import State
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.indicator import Adjustment, Indicator, IndicatorReport, Period
from tianfu_sdk.model.organization import Organization, OrganizationKind
from tianfu_sdk.model.storage import Cursor, Query, Where
from tianfu_sdk.model.translation import Translation, TranslationState
from tianfu_sdk.services.page import Page
from tianfu_sdk.services.work import EVENTS, Desk, Work
from tianfu_sdk.text import canonical_language

__all__ = ["KIND", "Indicators"]

KIND = "indicator"
"""What a grant to read figures names."""
_PAGE = 1000
_CHUNK = 100


class Indicators(Desk):
    """Add up what happened, and show the evidence of every figure.

    An account with a grant to read kind `indicator` at an organization sees its figures and
    those of all below it. A report reads the log of events from its beginning, 1,000 at a
    time; see `report` for what that costs. Safe to share between threads.
    """

    def report(
        self,
        organization: str,
        *,
        start: datetime,
        end: datetime,
        adjustments: Sequence[Adjustment] = (),
    ) -> IndicatorReport:
        """Give the figures of an organization and of every one below it.

        What nobody's organization is named for, such as a question asked of the whole
        service, counts for the association at home in its region, else for that of the
        region above, and at last for the first organization of the store.

        The time grows with the whole log, whatever the period: about 30 s a million events
        on two shared cores. Keep the figures of closed periods rather than ask again.

        Args:
            organization: Its id.
            start: First moment of the period; aware.
            end: First moment after it; aware.
            adjustments: Events to leave out (剔除), each with its reason; raw and adjusted
                figures then stand side by side.

        Raises:
            Denied: `grant.missing`, no grant to read kind `indicator` there;
                `account.required`.
            NotFound: `organization.unknown`.
            Invalid: `when.backwards`, `field.naive_time`; `indicator.no_evidence`, an
                adjustment names an event that no figure rests on.
        """
        period = codec.structure(Period, {"start": start, "end": end})
        for adjustment in adjustments:
            codec.check(adjustment)
        parents = self._read(lambda work: _tree(work, organization))
        excluded = {adjustment.event for adjustment in adjustments}
        found = rules.contributions(self._events(), period)
        figures, used = rules.figures(found, parents, excluded)
        for index, adjustment in enumerate(adjustments):
            if adjustment.event not in used:
                raise Invalid(
                    "indicator.no_evidence",
                    path=f"adjustments[{index}].event",
                    event=adjustment.event[:64],
                )
        total = {f.indicator: f for f in figures if f.organization == organization}
        asked, answered = total[Indicator.QUESTIONS], total[Indicator.ANSWERED]
        return IndicatorReport(
            organization=organization,
            period=period,
            figures=figures,
            answer_rate=rules.ratio(answered.value, asked.value),
            adjusted_answer_rate=rules.ratio(answered.adjusted, asked.adjusted),
            language_coverage=self._read(lambda work: _coverage(work, organization)),
            adjustments=tuple(adjustments),
        )

    def evidence(
        self,
        organization: str,
        indicator: Indicator | str,
        *,
        start: datetime,
        end: datetime,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Event]:
        """List the events that a figure rests on, those of the organizations below included.

        Args:
            organization: Its id.
            indicator: Such as `resources`.
            start: As in `report`.
            end: As in `report`.
            after: Cursor of a page; every page reads the log again.
            limit: Of a page, 1 to 1,000.

        Returns:
            Oldest first. An event without an organization of its own shows the one that it
            counts for.

        Raises:
            Denied: As `report`.
            NotFound: As `report`.
            Invalid: `field.choice`, `when.backwards`, `page.bad_cursor`, `storage.limit`.
        """
        wanted = Indicator.of(indicator, "indicator")
        period = codec.structure(Period, {"start": start, "end": end})
        if not 1 <= limit <= _PAGE:
            raise Invalid("storage.limit", path="limit", most=_PAGE)
        if after is not None and not (after.isascii() and after.isdecimal()):
            raise Invalid("page.bad_cursor", path="after")
        passed = int(after or 0)
        parents = self._read(lambda work: _tree(work, organization))
        found = (
            one.event
            for one in rules.contributions(self._events(), period)
            if one.indicator is wanted and one.event.organization in parents
        )
        events = list(islice(found, passed, passed + limit + 1))
        return Page(
            events[:limit],
            str(passed + limit) if len(events) > limit else None,
            lambda cursor: self.evidence(
                organization, wanted, start=start, end=end, after=cursor, limit=limit
            ),
        )

    def _events(self) -> Iterator[Event]:
        """Give the events that can count, each with the organization that it counts for."""
        homes: dict[str, str] = {}
        after: Cursor | None = None
        while True:
            number, after, events = self._read(
                lambda work, c=after: _counted(work, c, homes)  # type: ignore[misc]
            )
            yield from events
            if number < _PAGE:
                return


def _counted(
    work: Work, after: Cursor | None, homes: dict[str, str]
) -> tuple[int, Cursor | None, list[Event]]:
    entries = work.tx.read(EVENTS, after, _PAGE)
    events = []
    for entry in entries:
        event = codec.loads(Event, entry.body)
        if event.type not in rules.COUNTED:
            continue
        if not event.organization:
            if event.region not in homes:
                homes[event.region] = _at_home(work, event.region)
            event = attrs.evolve(event, organization=homes[event.region])
        events.append(event)
    return len(entries), entries[-1].cursor if entries else after, events


def _at_home(work: Work, region: str) -> str:
    """Give the organization that an event of a region counts for where it names none."""
    tree = work.regions()
    if region and tree.knows(region):
        for code in reversed(tree.levels(region).codes):
            where = (
                Where("kind", "=", OrganizationKind.ASSOCIATION.value),
                Where(tree.level_of(code).value, "=", code),
            )
            for row in work.each(ORGANIZATION.name, Query(where=where, fields="keys")):
                # The narrowest level of an organization's place is its own region.
                levels = (str(row.keys[name]) for name in ("county", "prefecture", "province"))
                if next(filter(None, levels), "") == code:
                    return row.id
    first = work.tx.find(ORGANIZATION.name, Query(where=(Where("parent", "=", ""),), limit=1))
    return first[0].id if first else ""


def _tree(work: Work, organization: str) -> dict[str, str | None]:
    """Give the organization above by organization, the one asked for first."""
    _, placed = work.placed(organization)
    work.allow_at(Action.READ, KIND, organization, placed)
    where = (Where("org_path", "has", organization),)
    below: dict[str, str | None] = {
        row.id: str(row.keys["parent"]) or None
        for row in work.each(ORGANIZATION.name, Query(where=where, fields="keys"))
    }
    return {organization: None} | {
        id_: above for id_, above in below.items() if id_ != organization
    }


def _coverage(work: Work, organization: str) -> tuple[tuple[str, int, int], ...]:
    """Count the published contents that can be read in each language, as things stand."""
    owner: Organization = work.get(ORGANIZATION, organization)
    usual = usual_languages(owner.region, work.regions())
    readable: Counter[str] = Counter(dict.fromkeys(usual, 0))
    published = 0
    where = (
        Where("state", "=", State.PUBLISHED.value),
        Where("org_path", "has", organization),
    )
    for shelf in CONTENT.values():
        for row in work.each(shelf.name, Query(where=where, fields="keys")):
            published += 1
            readable[canonical_language(str(row.keys["language"]))] += 1
    for translation in _current(work, organization):
        readable[canonical_language(translation.language)] += 1
    ordered = sorted(readable, key=lambda tag: (tag not in usual, tag != "zh-Hans", tag))
    return tuple((tag, readable[tag], published) for tag in ordered)


def _current(work: Work, organization: str) -> Iterator[Translation]:
    """Give one approved translation a language of what is published, none of old revisions."""
    where = (Where("state", "=", TranslationState.APPROVED.value),)
    rows = work.each(TRANSLATION.name, Query(where=where))
    seen: set[tuple[str, str]] = set()
    while chunk := [work.noun(TRANSLATION, row) for row in islice(rows, _CHUNK)]:
        for shelf in CONTENT.values():
            ids = [t.source for t in chunk if t.kind == shelf.name]
            sources = {row.id: row for row in work.tx.get(shelf.name, ids)} if ids else {}
            for translation in chunk:
                row = sources.get(translation.source)
                if row is None or organization not in row.keys["org_path"]:
                    continue
                source = work.noun(shelf, row)
                mark = translation.source, canonical_language(translation.language)
                current = translation.source_revision == source.revision
                other = canonical_language(source.language) != mark[1]
                if source.state is State.PUBLISHED and current and other and mark not in seen:
                    seen.add(mark)
                    yield translation
