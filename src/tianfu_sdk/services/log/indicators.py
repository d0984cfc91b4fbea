"""The desk of indicators (绩效指标)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice

from tianfu_sdk import codec
from tianfu_sdk.core.emergency import usual_languages
from tianfu_sdk.core.log import indicators as rules
from tianfu_sdk.core.rows.keying import day_key
from tianfu_sdk.core.rows.kinds import CONTENT, ORGANIZATION, TRANSLATION
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.content import State
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.indicator import (
    Adjustment,
    AsOf,
    DailyCount,
    Figure,
    Indicator,
    IndicatorReport,
    Period,
)
from tianfu_sdk.model.organization import Organization
from tianfu_sdk.model.region import RegionLevel
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.model.translation import Translation, TranslationState
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.services.log.daily import Asked, daily_counts
from tianfu_sdk.services.log.ledger import Ledger
from tianfu_sdk.text import canonical_language

__all__ = ["KIND", "Indicators"]

KIND = "indicator"
"""What a grant to read figures names."""
_PAGE = 1000
_CHUNK = 100

Coverage = tuple[tuple[str, int, int], ...]


class Indicators(Desk):
    """Add up what happened, and show the evidence of every figure.

    An account with a grant to read kind `indicator` at an organization sees its figures and
    those of all below it. Figures come from the daily roll-up that `tianfu worker` keeps, and
    from the events that it has not taken in yet: they are exact at any moment. Safe to share
    between threads.
    """

    def report(
        self,
        organization: str,
        *,
        start: datetime,
        end: datetime,
        adjustments: Sequence[Adjustment] = (),
        as_of: AsOf | str = AsOf.THEN,
    ) -> IndicatorReport:
        """Give the figures of an organization and of every one below it.

        What nobody's organization is named for, such as a question asked of the whole
        service, counts for the association at home in its region, else for that of the
        region above, and at last for the first organization of the store.

        The time grows with the days of the period, and with the events that the roll-up has
        not taken in yet: about 13 s a million of these where no worker runs.

        Args:
            organization: Its id.
            start: First moment of the period; aware.
            end: First moment after it; aware.
            adjustments: Events to leave out (剔除), each with its reason; raw and adjusted
                figures then stand side by side.
            as_of: Under which map of regions an event counts that names no organization;
                `then`: a figure that was handed in does not change when a region does.

        Raises:
            Denied: `grant.missing`, no grant to read kind `indicator` there;
                `account.required`.
            NotFound: `organization.unknown`.
            Invalid: `when.backwards`, `field.naive_time`, `field.choice`;
                `indicator.no_evidence`, an adjustment names an event that no figure rests on.
        """
        period = codec.structure(Period, {"start": start, "end": end})
        for adjustment in adjustments:
            codec.check(adjustment)
        view = AsOf.of(as_of, "as_of")
        excluded = {adjustment.event for adjustment in adjustments}

        def read(work: Work) -> tuple[tuple[Figure, ...], frozenset[str], Coverage]:
            parents = _tree(work, organization)
            ledger = Ledger(work, period, view)
            found = ledger.contributions(excluded)
            return (
                *rules.figures(found, parents, excluded, rolled=ledger.rolled(parents)),
                _coverage(work, organization),
            )

        figures, used, coverage = self._read(read)
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
            language_coverage=coverage,
            adjustments=tuple(adjustments),
            as_of=view,
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
        as_of: AsOf | str = AsOf.THEN,
    ) -> Page[Event]:
        """List the events that a figure rests on, those of the organizations below included.

        Of the log only those parts are read that hold events of the period.

        Args:
            organization: Its id.
            indicator: Such as `resources`.
            start: As in `report`.
            end: As in `report`.
            after: Cursor of a page.
            limit: Of a page, 1 to 1,000.
            as_of: As in `report`.

        Returns:
            In the order of the log. An event without an organization of its own shows the one
            that it counts for.

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
        view = AsOf.of(as_of, "as_of")

        def read(work: Work) -> list[tuple[int, Event]]:
            parents = _tree(work, organization)
            found = Ledger(work, period, view).evidence(wanted, parents, int(after or 0))
            return list(islice(found, limit + 1))

        events = self._read(read)
        return Page(
            [event for _, event in events[:limit]],
            str(events[limit][0]) if len(events) > limit else None,
            lambda cursor: self.evidence(
                organization,
                wanted,
                start=start,
                end=end,
                after=cursor,
                limit=limit,
                as_of=view,
            ),
        )

    def daily(
        self,
        *,
        first: date,
        last: date,
        region: str | None = None,
        organization: str | None = None,
        level: RegionLevel | str | None = None,
        types: Sequence[str] | None = None,
        as_of: AsOf | str = AsOf.THEN,
        exact: bool = True,
    ) -> Page[DailyCount]:
        """Count events by day, region and type; what a dashboard reads.

        Counts of a region are those of events that name it and, with `level`, of what lies
        below: those of a prefecture are the sum of those of its counties and of what names
        the prefecture itself, under either map.

        Args:
            first: First day in China.
            last: The last one, included.
            region: Only this region with all below it.
            organization: Only this organization with all below it.
            level: Add counties up to `prefecture` or `province`; what names a region above
                the level keeps its code. None: regions as the events name them.
            types: Only these types of events, such as `resource.viewed`; None: all.
            as_of: Under which map of regions.
            exact: Whether events are counted too that the roll-up has not taken in yet; this
                costs time where no worker runs.

        Returns:
            By day, region and type, on one page: only what is not 0, and only what happened
            where the account's grants to read kind `indicator` reach.

        Raises:
            Denied: `account.required`; `grant.missing`, no grant to read kind `indicator`.
            NotFound: `region.unknown`, `organization.unknown`.
            Invalid: `when.backwards`, `field.choice`, `field.type`.
        """
        demand_type(first, date, "first")
        demand_type(last, date, "last")
        if last < first:
            raise Invalid("when.backwards", path="last")
        asked = Asked(
            first=day_key(first),
            last=day_key(last),
            region=region,
            organization=organization,
            level=None if level is None else RegionLevel.of(level, "level"),
            types=None if types is None else frozenset(types),
            as_of=AsOf.of(as_of, "as_of"),
            exact=exact,
        )
        counts = self._read(lambda work: daily_counts(work, KIND, asked))
        return Page(counts, None, _no_more)


def _no_more(_: str) -> Page[DailyCount]:
    return Page((), None, _no_more)


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


def _coverage(work: Work, organization: str) -> Coverage:
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
