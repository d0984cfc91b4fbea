"""What became of a campaign: its figures, counted by indexes, and the messages behind them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import attrs

from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.filters import matches
from tianfu_sdk.core.rows.kinds import MESSAGE, SUBSCRIBER
from tianfu_sdk.core.sms.messages import BILLED, message_id
from tianfu_sdk.core.sms.phones import masked
from tianfu_sdk.errors import CryptoError, Invalid, NotFound
from tianfu_sdk.formats.csv_text import csv_text
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.sms import Campaign, MessageState, SmsProgress
from tianfu_sdk.model.sms_report import SmsFigure, SmsMessage, SmsReport
from tianfu_sdk.model.storage import IN_VALUES, LONGEST_PAGE, Group, Query, Row, Where
from tianfu_sdk.services.desk.page import Frames
from tianfu_sdk.services.desk.people import PHONE, open_all
from tianfu_sdk.services.desk.work import Work, read_cursor, write_cursor
from tianfu_sdk.services.sms.counting import parts_of, passed_on, ways_in, without_rows
from tianfu_sdk.services.sms.optouts import refused_since
from tianfu_sdk.services.sms.outbox import STATES
from tianfu_sdk.services.sms.texts import price_of
from tianfu_sdk.services.sms.waiting import Place, waiting

__all__ = ["CampaignReport", "Wanted", "messages_in", "opted_out_in", "progress_of", "report_of"]

_TOLD_WHY = frozenset(
    {MessageState.REJECTED, MessageState.FAILED, MessageState.EXPIRED}
    | {MessageState.UNKNOWN, MessageState.DROPPED}
)
"""States of which the rows say why, or may."""
_SOME = 32
_SHOWN = 20
_Key = tuple[str, str, str, MessageState, str]
"""Region, language, gateway, state, reason."""


@attrs.frozen(kw_only=True)
class CampaignReport(SmsReport, Frames):
    """A report that iterates over its figures and gives them as tables.

    Its columns are those of `SmsFigure`.
    """

    def __iter__(self) -> Iterator[SmsFigure]:
        return iter(self.figures)

    def to_csv(self) -> str:
        """Give the figures as CSV (RFC 4180), with the names of the regions.

        A text that a spreadsheet would take for a formula has an apostrophe before it.
        """
        return csv_text(self._records())

    def to_jsonl(self) -> str:
        """Give the figures as JSON lines, with the same fields as the CSV."""
        lines = (json.dumps(one, ensure_ascii=False) for one in self._records())
        return "".join(f"{line}\n" for line in lines)

    def _records(self) -> list[dict[str, str | int]]:
        return [
            {
                "campaign": self.campaign,
                "region": one.region,
                "region_name": self.names.get(one.region, ""),
                "province": one.province,
                "prefecture": one.prefecture,
                "county": one.county,
                "language": one.language,
                "gateway": one.gateway,
                "state": one.state.value,
                "reason": one.reason,
                "messages": one.messages,
                "opt_outs": one.opt_outs,
                "parts": one.parts,
                "cost": one.cost,
            }
            for one in self.figures
        ]

    def _repr_html_(self) -> str:
        import html

        rows = self.totals_by("region")
        names = [field.name for field in attrs.fields(type(self.totals))]
        head = "".join(f"<th>{name}</th>" for name in ("region", *names))
        lines = [(f"{code} {self.names.get(code, '')}".strip() or "-", rows[code]) for code in rows]
        lines = [*lines[:_SHOWN], ("all", self.totals)]
        body = "".join(
            f"<tr><td>{html.escape(name)}</td>"
            + "".join(f"<td>{value}</td>" for value in attrs.astuple(totals))
            + "</tr>"
            for name, totals in lines
        )
        note = f"{html.escape(self.campaign)}: {self.state.en}, planned {self.planned}; "
        note += f"{min(len(rows), _SHOWN)} of {len(rows)} regions"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{note}</p>"


def report_of(work: Work, campaign: Campaign) -> CampaignReport:
    """Say what became of a campaign."""
    counts = _Counts(work, campaign)
    prices = {key[2]: price_of(work, key[2]) for key in counts.messages}
    places = {region: _levels(work, region) for region, *_ in counts.messages}
    figures = tuple(
        SmsFigure(
            region=region,
            **attrs.asdict(places[region]),
            language=language,
            gateway=gateway,
            state=state,
            reason=reason,
            messages=counts.messages[key],
            opt_outs=counts.opt_outs[key],
            parts=counts.parts[key],
            cost=counts.parts[key] * prices[gateway],
        )
        for key in sorted(counts.messages)
        for region, language, gateway, state, reason in (key,)
    )
    by_state: Counter[str] = Counter()
    by_language: Counter[str] = Counter()
    by_region: dict[str, dict[str, int]] = {}
    by_reason: Counter[str] = Counter()
    for one in figures:
        by_state[one.state.value] += one.messages
        by_language[one.language] += one.messages
        if one.region:
            here = by_region.setdefault(one.region, {})
            here[one.state.value] = here.get(one.state.value, 0) + one.messages
        if one.state in _TOLD_WHY:
            by_reason[one.reason or one.state.value] += one.messages
    parts = sum(one.parts for one in figures)
    return CampaignReport(
        campaign=campaign.id,
        state=campaign.state,
        planned=campaign.planned,
        by_state=dict(by_state),
        by_language=dict(by_language),
        by_region=by_region,
        by_reason=dict(by_reason.most_common()),
        parts=parts,
        cost=sum(one.cost for one in figures),
        passed_on=passed_on(work, campaign.id),
        opt_outs=sum(one.opt_outs for one in figures),
        figures=figures,
        names=_names(work, {code for place in places.values() for code in place.codes}),
    )


def _levels(work: Work, region: str) -> Levels:
    if not region:
        return Levels()
    try:
        return work.regions().levels(region)
    except NotFound:
        # A region that an amendment made and another took away.
        return Levels()


def _names(work: Work, codes: Collection[str]) -> dict[str, str]:
    tree = work.regions()
    return {code: tree.rows(code)[-1].name for code in sorted(codes) if tree.knows(code)}


class _Counts:
    """Messages of a campaign by region, language, state and reason.

    Counted by the index, without a look at the rows; only of what did not arrive each row is
    read, for why.

    Args:
        work: The open transaction.
        campaign: Whose.
    """

    def __init__(self, work: Work, campaign: Campaign) -> None:
        self._work = work
        self._campaign = campaign
        self.messages: Counter[_Key] = Counter()
        self.parts: Counter[_Key] = Counter()
        self.opt_outs: Counter[_Key] = Counter()
        codes = ["", *sorted(work.regions().beneath(campaign.region))]
        for state in MessageState:
            self._count(state, codes)
        for one in without_rows(work, campaign.id):
            key = "", one.language, one.gateway, one.state, ""
            self._add(key, one.count, one.parts * one.count)
        for row in opted_out(work, campaign):
            self.opt_outs[self._key(row)] += 1

    def _add(self, key: _Key, count: int, parts: int) -> None:
        self.messages[key] += count
        self.parts[key] += parts if key[3] in BILLED else 0

    def _count(self, state: MessageState, codes: Sequence[str]) -> None:
        where = (Where("state", "=", state.value), Where("campaign", "=", self._campaign.id))
        left = self._number(where)
        for start in range(0, len(codes), _SOME):
            if not left:
                return
            some = codes[start : start + _SOME]
            if self._number((*where, Where("region", "in", tuple(some)))):
                left -= sum(self._count_in(state, where, region) for region in some)
        if left:
            # Their region is not, or no longer, below that of the campaign.
            for region in self._others(where, set(codes)):
                self._count_in(state, where, region)

    def _others(self, where: Group, known: Collection[str]) -> list[str]:
        found = []
        query = Query(where=where, order="region", limit=1, fields="keys")
        while rows := self._work.tx.find(MESSAGE.name, query):
            region = str(rows[0].keys["region"])
            if region not in known:
                found.append(region)
            query = attrs.evolve(query, where=(*where, Where("region", ">", region)))
        return found

    def _count_in(self, state: MessageState, where: Group, region: str) -> int:
        where = (*where, Where("region", "=", region))
        number = left = self._number(where)
        for language in self._campaign.texts:
            if not left:
                break
            for _, of in ways_in(self._campaign):
                here = (*where, Where("language", "=", language), *of)
                left -= self._count_here(state, here)
        return number

    def _count_here(self, state: MessageState, here: Group) -> int:
        count = self._number(here)
        if count and state in _TOLD_WHY:
            query = Query(where=here, limit=LONGEST_PAGE, fields="keys")
            for row in self._work.in_order(MESSAGE.name, query, None):
                self._add(self._key(row), 1, row.keys["parts"])
        elif count:
            one = self._work.tx.find(MESSAGE.name, Query(where=here, limit=1, fields="keys"))
            self._add(self._key(one[0]), count, parts_of(self._work, here, count))
        return count

    def _key(self, row: Row) -> _Key:
        keys = row.keys
        # Rows of older programs name no gateway: their campaigns had one.
        gateway = keys["gateway"] or self._campaign.gateway
        return keys["region"], keys["language"], gateway, STATES[keys["state"]], _reason(row)

    def _number(self, where: Group) -> int:
        return self._work.tx.count(MESSAGE.name, Query(where=where))


def _reason(row: Row) -> str:
    return row.keys["error"] if STATES[row.keys["state"]] in _TOLD_WHY else ""


def opted_out(work: Work, campaign: Campaign) -> Iterator[Row]:
    """Give the messages that a gateway took, to people who refused since it was composed."""
    after: str | None = None
    while True:
        rows, after = _opted_out(work, campaign, after, LONGEST_PAGE)
        yield from rows
        if after is None:
            return


def _opted_out(
    work: Work, campaign: Campaign, after: str | None, limit: int
) -> tuple[list[Row], str | None]:
    found, after = refused_since(work, campaign.created_at, campaign.topic, after, limit)
    ids = [message_id(campaign.id, index) for index in found.values()]
    rows = sorted(work.tx.get(MESSAGE.name, ids), key=lambda row: row.id) if ids else []
    return [row for row in rows if STATES[row.keys["state"]] in BILLED], after


_OPEN = (MessageState.QUEUED.value, MessageState.SENDING.value, MessageState.DEFERRED.value)


def progress_of(
    campaign: Campaign,
    by_gateway: Mapping[str, Mapping[str, int]],
    since: SmsProgress | None,
    seconds: float,
) -> SmsProgress:
    """Say how far a campaign is, by its counts now and, where there are any, before."""
    by_state: Counter[str] = Counter()
    for counts in by_gateway.values():
        by_state.update(counts)
    total = sum(by_state.values())
    left = sum(by_state.get(state, 0) for state in _OPEN)
    found = SmsProgress(
        campaign=campaign.id,
        state=campaign.state,
        total=total,
        done=total - left,
        by_state=dict(by_state),
        by_gateway=by_gateway,
    )
    if since is None or seconds <= 0:
        return found
    rate = max(0.0, (found.done - since.done) / seconds)
    return attrs.evolve(found, rate=rate, left=left / rate if rate else None)


# The messages behind a number.


@attrs.frozen(kw_only=True)
class Wanted:
    """Which messages of a campaign are listed."""

    states: Sequence[MessageState]
    regions: frozenset[str] | None = None
    """None: of all."""
    language: str | None = None
    reason: str | None = None
    gateway: str | None = None

    @classmethod
    def of(
        cls,
        work: Work,
        states: Sequence[MessageState],
        *,
        region: str | None,
        language: str | None,
        reason: str | None,
        gateway: str | None = None,
    ) -> Wanted:
        """Check what was asked for; raises `NotFound` (`region.unknown`)."""
        codes = None
        if region is not None:
            work.regions().level_of(region)
            codes = work.regions().beneath(region)
        return cls(states=states, regions=codes, language=language, reason=reason, gateway=gateway)

    def where(self) -> tuple[Group, tuple[Group, ...] | None]:
        """Give the conditions of a query besides state and campaign, and its `any_of`."""
        found: list[Where] = []
        if self.language is not None:
            found.append(Where("language", "=", self.language))
        if self.reason is not None:
            found.append(Where("error", "=", self.reason))
        if self.gateway is not None:
            found.append(Where("gateway", "=", self.gateway))
        if self.regions is None:
            return tuple(found), None
        codes = sorted(self.regions)
        runs = [tuple(codes[at : at + IN_VALUES]) for at in range(0, len(codes), IN_VALUES)]
        if len(runs) == 1:
            return (*found, Where("region", "in", runs[0])), None
        return tuple(found), tuple((Where("region", "in", run),) for run in runs)

    def holds(self, row: Row) -> bool:
        """Tell whether a row is one of them."""
        keys = row.keys
        return (
            keys["state"] in self.states
            and (self.regions is None or keys["region"] in self.regions)
            and self.language in {None, keys["language"]}
            and self.reason in {None, keys["error"]}
            and self.gateway in {None, keys["gateway"]}
        )


def messages_in(
    work: Work, campaign: Campaign, wanted: Wanted, after: str | None, limit: int
) -> tuple[list[SmsMessage], str | None]:
    """Give a page of messages, state by state and in each region by region.

    Args:
        work: The open transaction.
        campaign: Whose.
        wanted: Which of them.
        after: Cursor of a page.
        limit: Of the page, 1 to 1,000.

    Returns:
        The messages, and where the next page begins.
    """
    place = read_cursor(after)
    states = list(wanted.states)
    start: tuple[str, str] | None = None
    walked: Place | None = None
    if place is not None:
        try:
            state, at = place[0]
            states = states[states.index(STATES[state]) :]
        except (ValueError, KeyError, TypeError):
            raise Invalid("page.bad_cursor", path="after") from None
        if isinstance(at, str):
            start = at, place[1]
        else:
            walked = Place.of(at)
    rows: list[Row] = []
    for state in states:
        if walked is None:
            most = limit - len(rows)
            rows += _with_rows(work, campaign, wanted, state, after=start, limit=most)
            if len(rows) == limit:
                last = rows[-1]
                cursor = write_cursor([state.value, last.keys["region"]], last.id)
                return _shown(work, campaign, rows), cursor
        for row, here in _without_rows(work, campaign, wanted, state, walked or Place()):
            rows.append(row)
            if len(rows) == limit:
                cursor = write_cursor([state.value, attrs.astuple(here)], "")
                return _shown(work, campaign, rows), cursor
        start = walked = None
    return _shown(work, campaign, rows), None


def _with_rows(
    work: Work,
    campaign: Campaign,
    wanted: Wanted,
    state: MessageState,
    *,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Row]:
    more, any_of = wanted.where()
    query = Query(
        where=(Where("state", "=", state.value), Where("campaign", "=", campaign.id), *more),
        any_of=any_of,
        # As the index has them, so that a page is read where the one before ended.
        order="region",
        after=after,
        limit=limit,
        fields="keys",
    )
    return work.tx.find(MESSAGE.name, query)


def _without_rows(
    work: Work, campaign: Campaign, wanted: Wanted, state: MessageState, after: Place
) -> Iterator[tuple[Row, Place]]:
    # They count under no region and for no reason.
    if wanted.regions is None and not wanted.reason:
        only = {"language": wanted.language, "gateway": wanted.gateway}
        yield from waiting(work, campaign, state, after, **only)


def opted_out_in(
    work: Work, campaign: Campaign, wanted: Wanted, after: str | None, limit: int
) -> tuple[list[SmsMessage], str | None]:
    """Give those of some messages whose people refused since; as `messages_in`."""
    place = read_cursor(after)
    last = None if place is None else place[1]
    rows: list[Row] = []
    while True:
        found, last = _opted_out(work, campaign, last, limit - len(rows))
        rows += [row for row in found if wanted.holds(row)]
        if last is None or len(rows) >= limit:
            shown = _shown(work, campaign, rows)
            return shown, None if last is None else write_cursor("", last)


def _shown(work: Work, campaign: Campaign, rows: Sequence[Row]) -> list[SmsMessage]:
    phones = _phones(work, {row.keys["subscriber"] for row in rows} - {""})
    return [
        SmsMessage(
            subscriber=row.keys["subscriber"],
            phone=phones.get(row.keys["subscriber"], ""),
            state=STATES[row.keys["state"]],
            language=row.keys["language"],
            region=row.keys["region"],
            parts=row.keys["parts"],
            reason=_reason(row),
            gateway=row.keys["gateway"] or campaign.gateway,
            batch=row.keys["batch"],
        )
        for row in rows
    ]


def _phones(work: Work, ids: Collection[str]) -> dict[str, str]:
    """Give masked phones of those subscribers whose phone the actor may see in plain."""
    scope = work.scope(Action.REVEAL, SUBSCRIBER.name)
    if scope is not None and not scope:
        return {}
    sealed = {
        row.id: work.noun(SUBSCRIBER, row).phone
        for row in work.tx.get(SUBSCRIBER.name, sorted(ids))
        if scope is None or any(matches(row.id, row.keys, group) for group in scope)
    }
    try:
        return {id_: masked(phone) for id_, phone in open_all(work, PHONE, sealed).items()}
    except CryptoError:
        # Without the master key the numbers still list their messages.
        return {}
