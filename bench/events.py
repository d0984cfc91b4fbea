"""Events: the roll-up's rate, dashboards from it, and figures with and without it."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path

from tianfu_sdk import codec
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.event import Event
from tianfu_sdk.services.desk.work import EVENTS

_START = datetime(2026, 1, 1, tzinfo=SHANGHAI)
_DAYS = 365
_TYPES = (
    ("resource.viewed", 80),
    ("news.viewed", 8),
    ("question.asked", 5),
    ("sms.delivered", 3),
    ("resource.published", 2),
    ("activity.published", 1),
    ("resource.edited", 1),
)


def run(*, small: bool) -> str:
    """Measure, and give the part of the page."""
    size = 20_000 if small else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/kepu.db"
        with Hub.open(url, discover=False) as hub:
            return _page(hub, size, Path(folder))


def _page(hub: Hub, size: int, folder: Path) -> str:
    account = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    me, system = hub.as_(account.id), hub.as_system(reason="bench")
    places = _organizations(me, account.organization)
    _fill(hub, size, places)
    root = account.organization
    month = {"start": _START + timedelta(days=150), "end": _START + timedelta(days=181)}
    year = {"start": _START, "end": _START + timedelta(days=_DAYS)}
    before = {name: _once(me, root, period) for name, period in (("month", month), ("year", year))}

    began = time.perf_counter()
    while system.events.roll_up():
        pass
    rolled = time.perf_counter() - began
    steps = []
    _fill(hub, 5000 * 5, places)
    for _ in range(5):
        began = time.perf_counter()
        system.events.roll_up(5000)
        steps.append(time.perf_counter() - began)

    after = {name: _once(me, root, period) for name, period in (("month", month), ("year", year))}
    evidence = _time(lambda: me.indicators.evidence(root, "questions", limit=100, **month), 3)
    handed: list[Event] = []
    began = time.perf_counter()
    system.events.consume("bench", handed.append, limit=100_000, batch=1000)
    consumed = len(handed) / (time.perf_counter() - began)
    some = [e.id for e in me.indicators.evidence(root, "views", limit=5, **month).items]
    adjusted = _time(lambda: _adjusted(me, root, month, some), 3)
    reads = _reads(me)
    began = time.perf_counter()
    export = system.events.export(folder / "parquet")
    exported = time.perf_counter() - began
    megabytes = sum((folder / "parquet" / name).stat().st_size for name in export.files) / 1e6
    rows = [
        ("consume, 1,000 events a mark", f"{consumed:,.0f} events/s"),
        ("roll-up from zero", f"{size / rolled:,.0f} events/s"),
        ("one step of 5,000", f"{statistics.median(steps) * 1e3:.0f} ms"),
        ("figures of a month, no roll-up", f"{before['month']:.2f} s"),
        ("figures of a month, roll-up", f"{after['month'] * 1e3:.0f} ms"),
        ("figures of a year, no roll-up", f"{before['year']:.2f} s"),
        ("figures of a year, roll-up", f"{after['year'] * 1e3:.0f} ms"),
        ("figures of a month, 5 events left out", f"{adjusted * 1e3:.0f} ms"),
        ("evidence of a month, page of 100", f"{evidence * 1e3:.0f} ms"),
        *((name, f"{seconds * 1e3:.1f} ms") for name, seconds in reads),
        ("export as Parquet", f"{export.events / exported:,.0f} events/s, {megabytes:.0f} MB"),
    ]
    lines = [f"| {name} | {value} |" for name, value in rows]
    head = (
        f"## Events\n\n{size:,} events of a year in {len(places)} places, SQLite"
        " (`bench/events.py`).\n\n| what | |\n|---|---|\n"
    )
    return head + "\n".join(lines) + "\n"


def _organizations(me: Hub, root: str) -> list[tuple[str, str]]:
    """Make an association a prefecture and county; gives each with its region."""
    found = [(root, "510000")]
    for prefecture in me.regions.children("510000"):
        city = me.organizations.create(
            name=f"{prefecture.name}科协", region=prefecture.code, kind="association", parent=root
        )
        found.append((city.id, prefecture.code))
        for county in me.regions.children(prefecture.code):
            made = me.organizations.create(
                name=f"{prefecture.name}{county.name}科协",
                region=county.code,
                kind="association",
                parent=city.id,
            )
            found.append((made.id, county.code))
    return found


def _fill(hub: Hub, size: int, places: list[tuple[str, str]]) -> None:
    dice = random.Random(7)
    types = [name for name, weight in _TYPES for _ in range(weight)]
    store, ids = hub._tools.store, hub._tools.ids
    for start in range(0, size, 10_000):
        bodies = []
        for number in range(start, min(start + 10_000, size)):
            at = _START + timedelta(days=_DAYS) * (number / size)
            if dice.random() < 0.01:
                at -= timedelta(days=dice.randint(1, 20))  # late
            organization, region = dice.choice(places)
            type_ = dice.choice(types)
            asked = type_ == "question.asked"
            event = Event(
                id=ids.new("evt"),
                type=type_,
                at=at,
                kind=type_.partition(".")[0],
                subject=f"res_{dice.randrange(20_000):026d}",
                organization="" if asked else organization,
                region=region,
                data={"answered": True} if asked else {"language": "zh-Hans", "seconds": 11.5},
            )
            bodies.append(codec.dumps(event))
        store.run(lambda tx, b=bodies: tx.append(EVENTS, b), write=True)


def _once(me: Hub, root: str, period: dict[str, datetime]) -> float:
    return _time(lambda: me.indicators.report(root, **period), 1)


def _adjusted(me: Hub, root: str, period: dict[str, datetime], ids: list[str]) -> None:
    from tianfu_sdk.model.indicator import Adjustment

    left_out = [Adjustment(event=id_, reason="停留时间一致") for id_ in ids]
    me.indicators.report(root, adjustments=left_out, **period)


def _reads(me: Hub) -> list[tuple[str, float]]:
    june = {"first": date(2026, 6, 1), "last": date(2026, 6, 30)}
    year = {"first": date(2026, 1, 1), "last": date(2026, 12, 31)}
    views = {"types": ["resource.viewed"]}
    asked = (
        ("daily: a county, a month, all types", {**june, "region": "510104"}),
        ("daily: a prefecture, a month, all types", {**june, "region": "510100"}),
        (
            "daily: a prefecture, a month, as of today",
            {**june, "region": "510100", "as_of": "today"},
        ),
        (
            "daily: province by prefecture, a day",
            {"first": june["first"], "last": june["first"], "level": "prefecture"},
        ),
        ("daily: province by prefecture, a month, views", {**june, **views, "level": "prefecture"}),
        ("daily: a county, a year, views", {**year, **views, "region": "510104"}),
        ("daily: province by prefecture, a year, views", {**year, **views, "level": "prefecture"}),
    )
    return [(name, _time(lambda more=more: me.indicators.daily(**more), 5)) for name, more in asked]


def _time(fn, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        fn()
        times.append(time.perf_counter() - began)
    return min(times)
