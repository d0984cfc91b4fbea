"""The daily roll-up says what the log says, at any moment and under either map."""

import contextlib
import json
import threading
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk import codec
from tianfu_sdk.backends.keyring import new_master_key
from tianfu_sdk.core.log import rollups as rules
from tianfu_sdk.core.log.indicators import COUNTED, contributions, figures
from tianfu_sdk.core.places.region_views import RegionView
from tianfu_sdk.core.rows.kinds import (
    EVENT_CHUNK,
    EVENT_DAY,
    EVENT_FIRST,
    EVENT_VIEWS,
    MARK,
    QUESTION,
    SUBJECT_KEY,
)
from tianfu_sdk.errors import Denied, Invalid, SchemaTooNew, StorageCorrupt
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.base import SHANGHAI, Precision
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.indicator import Adjustment, AsOf, Indicator, Period
from tianfu_sdk.model.storage import Query, Row
from tianfu_sdk.opening import regions
from tianfu_sdk.services.desk.work import EVENTS
from tianfu_sdk.services.log import ledger
from tianfu_sdk.services.log import rollups as service
from tianfu_sdk.testing import CountingIds, FrozenClock

NEW_YEAR = datetime(2016, 1, 1, tzinfo=SHANGHAI)
"""The day on which 简阳 moved from 资阳 to 成都 by the table."""
REGIONS = [
    "",
    "510000",
    "510100",
    "510185",
    "512000",
    "512081",
    "512002",
    "510902",
    "510726",
    "330100",
]
ORGANIZATIONS = ["", "province", "chengdu", "ziyang", "jianyang", "elsewhere"]


# Near the move, and as far as whole months reach; midnights of months among them.
HOURS = st.one_of(
    st.integers(-24 * 4, 24 * 4),
    st.integers(-24 * 100, 24 * 100),
    st.sampled_from([24 * days for days in (-92, -61, -31, 0, 31, 60, 91)]),
)


class Stage:
    """Associations of 成都 and 资阳, and 简阳's own below 成都; events are put in by hand."""

    def __init__(self, url="memory:", *, jianyang=True):
        self.clock = FrozenClock(NEW_YEAR + timedelta(days=400))
        self.hub = Hub.open(url, clock=self.clock, ids=CountingIds(), discover=False)
        first = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.admin = self.hub.as_(first.id)
        self.system = self.hub.as_system(reason="test")
        self.ids = {"": "", "elsewhere": "org_elsewhere", "province": first.organization}
        self.add("chengdu", "510100", "province")
        self.add("ziyang", "512000", "province")
        if jianyang:
            self.add("jianyang", "510185", "chengdu")
        self.put = 0

    def add(self, name, region, parent):
        made = self.admin.organizations.create(
            name=name, region=region, kind="association", parent=self.ids[parent]
        )
        self.ids[name] = made.id

    def happen(self, events):
        """Put events into the log as (type, moment, region, organization, subject, data)."""
        bodies = []
        for type_, at, region, organization, subject, data in events:
            self.put += 1
            event = Event(
                id=f"evt_x{self.put:06d}",
                type=type_,
                at=at,
                kind=type_.partition(".")[0],
                subject=subject,
                region=region,
                organization=self.ids.get(organization, "org_none"),
                data=data,
            )
            bodies.append(codec.dumps(event))
        self.hub._tools.store.run(lambda tx: tx.append(EVENTS, bodies), write=True)

    def happened(self):
        return [event for event in self.system.events if event.id.startswith("evt_x")]

    def rows(self, kind):
        query = Query(limit=1000, fields="keys")
        return self.hub._tools.store.run(lambda tx: tx.find(kind.name, query), write=False)

    def report(self, period, as_of="then", excluded=()):
        adjustments = [Adjustment(event=id_, reason="x") for id_ in excluded]
        return self.system.indicators.report(
            self.ids["province"],
            start=period.start,
            end=period.end,
            adjustments=adjustments,
            as_of=as_of,
        )

    def evidence(self, indicator, period, as_of="then", organization="province", limit=1000):
        return list(
            self.system.indicators.evidence(
                self.ids[organization],
                indicator,
                start=period.start,
                end=period.end,
                as_of=as_of,
                limit=limit,
            )
        )

    def daily(self, first=date(2015, 12, 1), last=date(2016, 2, 1), hub=None, **more):
        page = (hub or self.system).indicators.daily(first=first, last=last, **more)
        return {(c.day, c.region, c.type): (c.count, c.amount) for c in page}


@pytest.fixture(params=["memory:", "sqlite:"])
def stage(request, tmp_path):
    url = request.param if request.param == "memory:" else f"sqlite:///{tmp_path}/kepu.db"
    stage = Stage(url)
    yield stage
    stage.hub.close()


@st.composite
def histories(draw):
    """Give events in the order of a log, which is not that of their times."""
    log = []
    for _ in range(draw(st.integers(0, 40))):
        type_ = draw(st.sampled_from([*sorted(COUNTED), "resource.edited", "subscriber.erased"]))
        at = NEW_YEAR + timedelta(hours=draw(HOURS))
        data = {
            "question.asked": {"answered": draw(st.booleans())},
            "sms.delivered": {"count": draw(st.integers(0, 9))},
            "registration.created": {"count": draw(st.integers(1, 5))},
            "registration.attended": {"count": draw(st.integers(1, 5))},
            "registration.unattended": {"count": draw(st.integers(-5, -1))},
        }.get(type_, {})
        if type_ == "activity.published" and draw(st.booleans()):
            data = {
                "attendance": draw(st.integers(0, 300)),
                "precision": draw(st.sampled_from([p.value for p in Precision])),
            }
        log.append(
            (
                type_,
                at,
                draw(st.sampled_from(REGIONS)),
                draw(st.sampled_from(ORGANIZATIONS)),
                f"x_{draw(st.integers(0, 3))}",
                data,
            )
        )
    return log


@st.composite
def periods(draw):
    start, end = sorted(draw(st.lists(HOURS, min_size=2, max_size=2, unique=True)))
    hour = timedelta(hours=1)
    return Period(start=NEW_YEAR + start * hour, end=NEW_YEAR + end * hour)


def shape(report):
    return {(f.organization, f.indicator): f for f in report.figures}


@given(
    histories(),
    periods(),
    st.lists(st.integers(0, 15), max_size=4),
    st.sampled_from(["then", "today"]),
    st.data(),
)
def test_figures_of_the_roll_up_are_those_of_the_whole_log(log, period, cuts, as_of, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "CHUNK", 3)
        patch.setattr(service, "STEP", 4)
        patch.setattr(ledger, "_FEW", data.draw(st.sampled_from([0, 100])))
        stage = Stage()
        stage.happen(log)
        by_log = stage.report(period, as_of)
        far = {"first": date(2015, 9, 1), "last": date(2016, 4, 30)}
        by_log_daily = stage.daily(as_of=as_of, level="prefecture", **far)
        listed = {i: stage.evidence(i, period, as_of) for i in Indicator}
        found = sorted({e.id for events in listed.values() for e in events})
        excluded = data.draw(st.lists(st.sampled_from(found), unique=True)) if found else []
        adjusted = stage.report(period, as_of, excluded)
        for cut in [*cuts, 1000]:
            stage.system.events.roll_up(cut)
            assert shape(stage.report(period, as_of)) == shape(by_log)
            assert shape(stage.report(period, as_of, excluded)) == shape(adjusted)
            assert {i: stage.evidence(i, period, as_of, limit=2) for i in Indicator} == listed
            assert stage.daily(as_of=as_of, level="prefecture", **far) == by_log_daily
        assert stage.system.events.rollups().waiting == 0
        assert [f.severity for f in stage.system.events.verify_rollups()] == ["ok"]
        stage.hub.close()


@given(histories(), periods())
def test_figures_are_those_of_the_pure_rules_over_the_whole_log(log, period):
    stage = Stage()
    stage.happen([event for event in log if event[3]])
    stage.system.events.roll_up()
    report = stage.report(period)
    above = {"province": None, "chengdu": "province", "ziyang": "province", "jianyang": "chengdu"}
    parents = {
        stage.ids[name]: parent and stage.ids[parent]
        for name, parent in sorted(above.items(), key=lambda pair: pair[0] != "province")
    }
    wanted, _ = figures(contributions(stage.happened(), period), parents)
    assert shape(report) == {(f.organization, f.indicator): f for f in wanted}
    for figure in report.figures:
        name = next(n for n, id_ in stage.ids.items() if id_ == figure.organization)
        listed = stage.evidence(figure.indicator, period, organization=name)
        assert len(listed) == figure.evidence
    stage.hub.close()


@given(histories(), st.sampled_from(list(AsOf)), st.booleans())
def test_a_region_counts_what_lies_below_it_and_what_names_it(log, as_of, rolled):
    stage = Stage()
    stage.happen(log)
    if rolled:
        stage.system.events.roll_up()
    own = stage.daily(as_of=as_of)
    by = {level: stage.daily(as_of=as_of, level=level) for level in ("prefecture", "province")}
    view = RegionView(regions(), as_of, stage.clock.now().date())

    def total(counts):
        return sum(count for count, _ in counts.values())

    assert total(own) == total(by["prefecture"]) == total(by["province"])
    for level, counts in by.items():
        for (day, region, type_), count in counts.items():
            below = [
                (c, a)
                for (d, code, t), (c, a) in own.items()
                if (d, t) == (day, type_)
                and (code == region or getattr(view.seen(code, day)[1], level) == region)
            ]
            assert count == (sum(c for c, _ in below), sum(a for _, a in below))
    for region in ("510000", "510100", "512000", "510185"):
        inside = stage.daily(as_of=as_of, region=region)
        assert inside == {
            (d, code, t): n
            for (d, code, t), n in own.items()
            if view.seen(code, d)[1].within(region)
        }
    stage.hub.close()


def test_jianyang_counts_for_ziyang_until_it_moved_and_for_chengdu_today(stage):
    before, after = NEW_YEAR - timedelta(hours=1), NEW_YEAR
    stage.happen(
        [
            ("resource.viewed", before, "512081", "province", "res_1", {}),
            ("resource.viewed", after, "510185", "province", "res_1", {}),
            ("resource.viewed", before, "512002", "province", "res_1", {}),
        ]
    )
    stage.system.events.roll_up()
    old, new = date(2015, 12, 31), date(2016, 1, 1)
    view = "resource.viewed"
    assert stage.daily(types=[view]) == {
        (old, "512081", view): (1, 0),
        (old, "512002", view): (1, 0),
        (new, "510185", view): (1, 0),
    }
    assert stage.daily(types=[view], as_of="today") == {
        (old, "510185", view): (1, 0),
        (old, "512002", view): (1, 0),
        (new, "510185", view): (1, 0),
    }
    assert stage.daily(level="prefecture") == {
        (old, "512000", view): (2, 0),
        (new, "510100", view): (1, 0),
    }
    assert stage.daily(level="prefecture", as_of="today") == {
        (old, "510100", view): (1, 0),
        (old, "512000", view): (1, 0),
        (new, "510100", view): (1, 0),
    }
    assert stage.daily(region="510100", as_of="today").keys() == {
        (old, "510185", view),
        (new, "510185", view),
    }
    assert stage.daily(region="510100").keys() == {(new, "510185", view)}


@pytest.mark.parametrize("jianyang", [True, False])
def test_a_question_counts_for_who_looked_after_the_place_then_or_does_today(jianyang):
    stage = Stage(jianyang=jianyang)
    stage.happen([("question.asked", NEW_YEAR - timedelta(days=9), "512081", "", "q", {})])
    period = Period(start=NEW_YEAR - timedelta(days=30), end=NEW_YEAR)
    for rolled in (False, True):
        if rolled:
            stage.system.events.roll_up()
        own = {
            as_of: [
                next(n for n, id_ in stage.ids.items() if id_ == f.organization)
                for f in stage.report(period, as_of).figures
                if f.indicator is Indicator.QUESTIONS and f.own
            ]
            for as_of in ("then", "today")
        }
        if jianyang:
            # The association of the county is the same one under its new code.
            assert own == {"then": ["jianyang"], "today": ["jianyang"]}
        else:
            assert own == {"then": ["ziyang"], "today": ["chengdu"]}
    assert stage.report(period).as_of is AsOf.THEN
    with pytest.raises(Invalid):
        stage.report(period, "tomorrow")
    stage.hub.close()


@pytest.mark.parametrize("rolled_before", [True, False])
def test_what_a_deployment_amends_in_the_middle_of_a_month_counts_from_its_day(rolled_before):
    stage = Stage(jianyang=False)
    days = [NEW_YEAR + timedelta(days=9), NEW_YEAR + timedelta(days=19)]
    stage.happen([("question.asked", day, "510185", "", "q", {}) for day in days])
    if rolled_before:
        stage.system.events.roll_up()
    stage.admin.regions.renew("510185", date(2016, 1, 15), parent="512000")
    stage.system.regions.rekey()
    stage.system.events.roll_up()
    asked = {"types": ["question.asked"], "level": "prefecture"}
    assert {r for _, r, _ in stage.daily(**asked)} == {"510100", "512000"}
    assert {r for _, r, _ in stage.daily(as_of="today", **asked)} == {"512000"}
    month = Period(start=NEW_YEAR, end=NEW_YEAR + timedelta(days=31))
    for as_of, counts in (("then", {"chengdu": 1, "ziyang": 1}), ("today", {"ziyang": 2})):
        report = stage.report(month, as_of)
        own = {n: report.figure("questions", stage.ids[n]).own for n in ("chengdu", "ziyang")}
        assert own == {"chengdu": 0, "ziyang": 0} | counts
    stage.hub.close()


def test_a_late_event_lands_on_its_own_day_and_moves_no_first(stage):
    publish = "resource.published"
    stage.happen([(publish, NEW_YEAR + timedelta(days=3), "510100", "chengdu", "res_1", {})])
    stage.system.events.roll_up()
    stage.happen(
        [
            (publish, NEW_YEAR, "510100", "chengdu", "res_1", {}),
            (publish, NEW_YEAR, "510100", "chengdu", "res_2", {}),
        ]
    )
    stage.system.events.roll_up()
    assert stage.daily(types=[publish]) == {
        (date(2016, 1, 1), "510100", publish): (2, 1),
        (date(2016, 1, 4), "510100", publish): (1, 1),
    }
    day = timedelta(days=1)
    days = [Period(start=NEW_YEAR + n * day, end=NEW_YEAR + (n + 1) * day) for n in range(4)]
    assert [stage.report(p).figure("resources").value for p in days] == [1, 0, 0, 1]


def test_attendance_counts_in_the_period_of_its_first_report_with_its_newest_number(stage):
    def held(days, number, subject="act_1"):
        at = NEW_YEAR + timedelta(days=days)
        return ("activity.published", at, "510100", "chengdu", subject, {"attendance": number})

    stage.happen([held(0, 100), held(1, 120), held(5, 150), held(5, 7, "act_2")])
    for rolled in (False, True):
        if rolled:
            stage.system.events.roll_up(2)
            stage.system.events.roll_up()
        first = Period(start=NEW_YEAR, end=NEW_YEAR + timedelta(days=3))
        second = Period(start=NEW_YEAR + timedelta(days=3), end=NEW_YEAR + timedelta(days=9))
        assert stage.report(first).figure("attendance").value == 120
        assert stage.report(second).figure("attendance").value == 7
        assert [e.data["attendance"] for e in stage.evidence("attendance", first)] == [120]


def test_what_died_between_two_steps_goes_on_and_nothing_counts_twice(stage, monkeypatch):
    monkeypatch.setattr(service, "STEP", 3)
    stage.happen([("resource.viewed", NEW_YEAR, "510100", "chengdu", "r", {})] * 10)
    store = stage.hub._tools.store
    calls = []

    def dies(tx, mark, version):
        calls.append(version)
        written(tx, mark, version)
        if len(calls) == 2:
            raise RuntimeError

    written = service._write_mark
    monkeypatch.setattr(service, "_write_mark", dies)
    with pytest.raises(RuntimeError):
        stage.system.events.roll_up()
    assert stage.system.events.rollups().rolled == 3
    while stage.system.events.roll_up():
        pass
    events = len(list(stage.system.events))
    days = [row.keys for row in stage.rows(EVENT_DAY) if row.keys["day"] % 100]
    assert sum(keys["events"] for keys in days) == events
    assert stage.daily(exact=False)[date(2016, 1, 1), "510100", "resource.viewed"] == (10, 0)
    assert store.capabilities.name


def test_a_step_whose_body_is_run_twice_counts_once(stage, monkeypatch):
    publish = "resource.published"
    stage.happen([(publish, NEW_YEAR, "510100", "chengdu", "res_1", {})])
    store = stage.hub._tools.store

    class Again(Exception):
        pass

    class Twice:
        def __getattr__(self, name):
            return getattr(store, name)

        def run(self, fn, *, write, **more):
            if write:
                with contextlib.suppress(Again):
                    store.run(lambda tx: (fn(tx), raise_()), write=True)
            return store.run(fn, write=write, **more)

    def raise_():
        raise Again

    twice = type(stage.system)(
        attrs.evolve(stage.system._tools, store=Twice()), stage.system._actor, stage.hub._plugins
    )
    twice.events.roll_up()
    assert stage.daily(exact=False, types=[publish]) == {
        (date(2016, 1, 1), "510100", publish): (1, 1)
    }
    assert [f.severity for f in stage.system.events.verify_rollups()] == ["ok"]


def test_two_workers_at_once_take_each_event_in_once(tmp_path):
    stage = Stage(f"sqlite:///{tmp_path}/a.db")
    stage.happen([("resource.viewed", NEW_YEAR, "510100", "chengdu", "r", {})] * 3000)

    def work():
        for _ in range(20):
            stage.system.events.roll_up(200)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while stage.system.events.roll_up():
        pass
    assert stage.daily(exact=False)[date(2016, 1, 1), "510100", "resource.viewed"] == (3000, 0)
    assert [f.severity for f in stage.system.events.verify_rollups()] == ["ok"]
    stage.hub.close()


def test_a_damaged_roll_up_is_found_and_made_anew(stage):
    stage.happen([("resource.viewed", NEW_YEAR, "510100", "chengdu", "r", {})] * 5)
    stage.system.events.roll_up()
    period = Period(start=NEW_YEAR, end=NEW_YEAR + timedelta(days=1))

    def tamper(tx):
        rows = tx.find(EVENT_DAY.name, Query(limit=1000))
        row = next(r for r in rows if (r.keys["events"], r.keys["day"]) == (5, 20160101))
        tx.put(EVENT_DAY.name, [Row(row.id, row.version, None, {**row.keys, "events": 50})])

    stage.hub._tools.store.run(tamper, write=True)
    assert stage.report(period).figure("views").value == 50
    doctor = {f.check: f for f in stage.system.doctor()}["rollups"]
    assert (doctor.severity, bool(doctor.hint)) == ("error", True)
    (wrong,) = stage.system.events.verify_rollups()
    assert wrong.severity == "error"
    assert "20160101 510100 resource.viewed" in wrong.message
    assert "50 events" in wrong.message
    told = []
    stage.system.events.rebuild_rollups(progress=told.append)
    assert told[-1] == len(list(stage.system.events))
    assert stage.report(period).figure("views").value == 5
    assert {f.check: f for f in stage.system.doctor()}["rollups"].severity == "ok"
    assert {row.keys["generation"] for row in stage.rows(EVENT_DAY)} == {2}
    assert {row.keys["generation"] for row in stage.rows(EVENT_FIRST)} <= {2}
    assert {row.keys["generation"] for row in stage.rows(EVENT_CHUNK)} <= {2}


def test_figures_stay_exact_while_the_roll_up_is_made_anew(stage, monkeypatch):
    monkeypatch.setattr(service, "STEP", 2)
    stage.happen([("resource.viewed", NEW_YEAR, "510100", "chengdu", "r", {})] * 7)
    stage.system.events.roll_up()
    period = Period(start=NEW_YEAR, end=NEW_YEAR + timedelta(days=1))
    seen = []
    stage.system.events.rebuild_rollups(
        progress=lambda _: seen.append(stage.report(period).figure("views").value)
    )
    assert len(seen) > 3
    assert set(seen) == {7}
    months = [row.keys for row in stage.rows(EVENT_DAY) if row.keys["day"] == 20160100]
    assert [(keys["region"], keys["events"]) for keys in months] == [("", 7)]


def test_views_are_rolled_up_by_content_and_verified(stage):
    view = ("resource.viewed", NEW_YEAR, "510100", "chengdu")
    stage.happen([(*view, "a", {})] * 3 + [(*view, "b", {})])
    stage.system.events.roll_up()
    stage.happen([(*view, "a", {})])
    stage.system.events.roll_up()
    rows = {row.keys["subject"]: row for row in stage.rows(EVENT_VIEWS)}
    assert {subject: row.keys["views"] for subject, row in rows.items()} == {"a": 4, "b": 1}

    def change(tx):
        row = rows["b"]
        tx.put(EVENT_VIEWS.name, [Row(row.id, row.version, None, {**row.keys, "views": 50})])

    stage.hub._tools.store.run(change, write=True)
    (wrong,) = stage.system.events.verify_rollups()
    assert (wrong.severity, wrong.subject) == ("error", "b")
    assert "50 views, in the log 1" in wrong.message
    stage.system.events.rebuild_rollups()
    assert [f.severity for f in stage.system.events.verify_rollups()] == ["ok"]


def test_how_far_the_roll_up_is_can_be_seen(stage):
    stage.system.events.roll_up()
    state = stage.system.events.rollups()
    assert (state.waiting, state.since, state.lag) == (0, None, timedelta())
    at = stage.clock.now() - timedelta(hours=2)
    stage.happen([("resource.viewed", at, "510100", "chengdu", "r", {})] * 3)
    state = stage.system.events.rollups()
    assert (state.waiting, state.more, state.since) == (3, False, at)
    assert state.lag == timedelta(hours=2)
    found = {f.check: f for f in stage.system.doctor()}["rollups"]
    assert found.severity == "note"
    assert "3 waiting" in found.message


def test_a_roll_up_of_an_older_format_is_made_anew_and_of_a_newer_left_alone(stage, monkeypatch):
    stage.happen([("resource.viewed", NEW_YEAR, "510100", "chengdu", "r", {})] * 2)
    stage.system.events.roll_up()
    period = Period(start=NEW_YEAR, end=NEW_YEAR + timedelta(days=1))
    now = rules.FORMAT
    monkeypatch.setattr(rules, "FORMAT", now + 1)
    assert stage.report(period).figure("views").value == 2
    while stage.system.events.roll_up():
        pass
    assert {row.keys["generation"] for row in stage.rows(EVENT_DAY)} == {2}
    assert stage.report(period).figure("views").value == 2
    monkeypatch.setattr(rules, "FORMAT", now)
    assert stage.report(period).figure("views").value == 2
    with pytest.raises(SchemaTooNew):
        stage.system.events.roll_up()


@pytest.mark.parametrize("moved", [{"before": "1"}, {"last": "evt_other"}, {"before": "not ours"}])
def test_a_roll_up_of_another_log_counts_for_nothing_and_is_made_anew(stage, moved):
    """As in a store that was filled from the dump of another, whose cursors are others."""
    stage.happen([("resource.viewed", NEW_YEAR, "510100", "chengdu", "r", {})] * 3)
    stage.system.events.roll_up()

    def move(tx):
        (row,) = tx.get(MARK.name, ["rollup"])
        plain = json.loads(row.doc) | moved
        tx.put(MARK.name, [Row(row.id, row.version, json.dumps(plain).encode())])

    stage.hub._tools.store.run(move, write=True)
    period = Period(start=NEW_YEAR, end=NEW_YEAR + timedelta(days=1))
    assert stage.report(period).figure("views").value == 3
    assert stage.daily(exact=False) == {}
    while stage.system.events.roll_up():
        pass
    assert {row.keys["generation"] for row in stage.rows(EVENT_DAY)} == {2}
    assert [f.severity for f in stage.system.events.verify_rollups()] == ["ok"]


def test_a_store_that_moved_makes_its_roll_up_itself(tmp_path):
    more = {"clock": FrozenClock(), "ids": CountingIds(), "discover": False}
    more["settings"] = {"key": new_master_key()}
    places = [f"sqlite:///{tmp_path}/{name}.db" for name in ("a", "b")]
    with Hub.open(places[0], **more) as hub:
        chief = hub.bootstrap(organization="省科协", region="510000")
        for _ in range(3):
            hub.as_(chief.id).resources.create(title="x", organization=chief.organization)
        system = hub.as_system(reason="test")
        while system.events.roll_up():
            pass
        day = {"first": date(2026, 1, 1), "last": date(2026, 1, 1)}
        counted = system.indicators.daily(**day).items
        system.keeping.dump(tmp_path / "dump")
    Hub.load(tmp_path / "dump", places[1], **more)
    with Hub.open(places[1], **more) as hub:
        system = hub.as_system(reason="test")
        assert system.events.rollups().rolled == 0
        assert system.indicators.daily(**day).items[: len(counted)] == counted
        while system.events.roll_up():
            pass
        assert [f.severity for f in system.events.verify_rollups()] == ["ok"]


def test_evidence_is_not_read_in_the_wrong_place(stage, monkeypatch):
    monkeypatch.setattr(rules, "CHUNK", 5)
    stage.happen([("resource.viewed", NEW_YEAR, "510100", "chengdu", "r", {})] * 20)
    stage.system.events.roll_up()
    period = Period(start=NEW_YEAR, end=NEW_YEAR + timedelta(days=1))

    def move(tx):
        rows = tx.find(EVENT_CHUNK.name, Query())
        tx.put(
            EVENT_CHUNK.name,
            [Row(r.id, r.version, None, {**r.keys, "after": "2"}) for r in rows],
        )

    stage.hub._tools.store.run(move, write=True)
    with pytest.raises(StorageCorrupt) as caught:
        stage.evidence("views", period)
    assert caught.value.code == "rollup.moved"
    stage.system.events.rebuild_rollups()
    assert len(stage.evidence("views", period)) == 20


def test_only_the_system_keeps_the_roll_up(stage):
    for call in (
        stage.admin.events.roll_up,
        stage.admin.events.rebuild_rollups,
        stage.admin.events.verify_rollups,
        stage.hub.events.roll_up,
    ):
        with pytest.raises(Denied) as caught:
            call()
        assert caught.value.code == "account.required"


def test_erasing_a_person_changes_no_figure(stage):
    asked = stage.hub.ask("火星上有没有水", region="510185").question
    stage.system.events.roll_up()
    now = stage.clock.now()
    period = Period(start=now - timedelta(days=1), end=now + timedelta(days=1))
    before = stage.report(period)
    assert before.figure("questions").value == 1

    def erase(tx):
        for name in (QUESTION.name, SUBJECT_KEY.name):
            (row,) = tx.get(name, [asked])
            tx.delete(name, [(row.id, row.version)])

    stage.hub._tools.store.run(erase, write=True)
    assert shape(stage.report(period)) == shape(before)
    stage.system.events.rebuild_rollups()
    assert shape(stage.report(period)) == shape(before)
    assert len(stage.evidence("questions", period)) == 1


def test_daily_counts_show_what_the_grants_of_an_account_reach(stage):
    stage.happen(
        [
            ("resource.viewed", NEW_YEAR, "510185", "jianyang", "r", {}),
            ("resource.viewed", NEW_YEAR, "512000", "ziyang", "r", {}),
            ("sms.inbound", NEW_YEAR, "", "", "", {}),
        ]
    )

    def reader(**place):
        account = stage.admin.accounts.create(organization=stage.ids["province"])
        stage.admin.accounts.grant(account.id, ["read"], kinds=("indicator",), **place)
        return stage.hub.as_(account.id)

    for rolled in (False, True):
        if rolled:
            stage.system.events.roll_up()
        for hub, places in (
            (reader(region="510100"), {"510185"}),
            (reader(organization=stage.ids["ziyang"]), {"512000"}),
            (stage.system, {"510185", "512000", ""}),
        ):
            assert {region for _, region, _ in stage.daily(hub=hub)} == places
    for hub, code in (
        (stage.hub, "account.required"),
        (
            stage.hub.as_(stage.admin.accounts.create(organization=stage.ids["ziyang"]).id),
            "grant.missing",
        ),
    ):
        with pytest.raises(Denied) as caught:
            stage.daily(hub=hub)
        assert caught.value.code == code
    own = stage.daily(organization=stage.ids["chengdu"])
    assert {region for _, region, _ in own} == {"510185"}
    with pytest.raises(Invalid) as caught:
        stage.daily(last=date(2015, 1, 1))
    assert (caught.value.code, caught.value.path) == ("when.backwards", "last")


def test_an_open_period_is_no_trouble(stage):
    stage.happen([("resource.viewed", NEW_YEAR, "510100", "chengdu", "r", {})])
    stage.system.events.roll_up()
    ends = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert stage.report(Period(start=ends[0], end=ends[1])).figure("views").value == 1
