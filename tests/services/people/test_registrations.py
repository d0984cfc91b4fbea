"""People register for activities: places are exact, who waits moves up, nobody is shown."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.services.conftest import build

from tianfu_sdk.core.rows.kinds import ACTIVITY
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.formats.csv_text import csv_text
from tianfu_sdk.model.base import When
from tianfu_sdk.model.registration import RegistrationState
from tianfu_sdk.services.desk.work import Actor, Work

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PHONES = [f"138000000{n:02}" for n in range(40)]


class Stage:
    """An activity of a county in a week, and the account of a mini program."""

    def __init__(self, way, clock):
        clock.set(NOON)
        self.clock = clock
        self.world = build(way.open(clock=clock), clock)
        self.hub, self.org = self.world.hub, self.world.org
        self.me = self.hub.as_(self.world.chief)
        self.county = self.world.county
        self.app = self.who("create", kinds=["registration"])

    def who(self, *actions, kinds=("registration",), **place):
        made = self.me.accounts.create(organization=self.org)
        self.me.accounts.grant(made.id, actions, kinds=kinds, **(place or {"region": "510000"}))
        return self.hub.as_(made.id)

    def activity(self, *, publish=True, **fields):
        given = {
            "title": "科技馆夜场", "organization": self.county, "registration": True,
            "when": When(NOON + 7 * DAY, NOON + 7 * DAY + timedelta(hours=2)),
        }  # fmt: skip
        made = self.me.activities.create(**given | fields)
        return self.published(made.id) if publish else made.id

    def published(self, id_):
        self.me.activities.submit(id_)
        self.hub.as_(self.world.reviewer).activities.approve(id_)
        self.me.activities.publish(id_)
        return id_

    def register(self, activity, number=0, **fields):
        given = {"name": "张小明", "phone": PHONES[number], "consent": "小程序勾选 7"}
        return self.app.registrations.register(activity, **given | fields)

    def count(self, activity):
        found = self.me.registrations.turnout(activity)
        return {state.value: n for state, n in found.persons.items() if n}

    def at_the_door(self):
        self.clock.set(NOON + 7 * DAY)


@pytest.fixture
def stage(way, clock):
    return Stage(way, clock)


@pytest.fixture
def quick(quickly, clock):
    return Stage(quickly, clock)


# Registering.


def test_who_registers_gets_a_place_and_stays_sealed(stage):
    activity = stage.activity(capacity=10)
    made = stage.register(
        activity, party=3, note="轮椅", answers={"年级": "三年级"}, home="510104",
        language="bo-CN", channel="mini_program", notice="仅用于本次活动",
    )  # fmt: skip
    assert (made.state, made.number, made.party, made.region) == ("registered", 1, 3, "510104")
    assert (made.language, made.home, made.channel) == ("bo", "510104", "mini_program")
    assert (made.consent.purpose, made.consent.at) == ("activity_registration", NOON)
    assert (made.consent.evidence, made.consent.notice) == ("", "仅用于本次活动")
    assert made.consent.proof is not None
    assert stage.me.registrations.get(made.id) == made
    places = stage.hub.registrations.places(activity)
    assert (places.open, places.capacity, places.free, places.waiting) == (True, 10, 7, 0)
    assert places.closes == NOON + 7 * DAY + timedelta(hours=2)
    seen = stage.me.registrations.reveal(made.id, reason="回访")
    assert (seen.name, seen.phone, seen.note) == ("张小明", "+8613800000000", "轮椅")
    assert seen.answers == {"年级": "三年级"}
    for shown in (repr(made), repr(seen), str(seen)):
        for plain in ("张小明", "13800000000", "轮椅", "三年级"):
            assert plain not in shown
    line = next(iter(stage.me.audit.find(subject=made.id)))
    assert (line.action, line.reason) == ("registration.revealed", "回访")


SLIPS = [
    ({"phone": "1"}, "phone.bad", "phone"),
    ({"name": " "}, "field.too_short", "name"),
    ({"name": 7}, "field.type", "name"),
    ({"consent": " "}, "registration.no_consent", "consent"),
    ({"under_14": True}, "registration.no_guardian", "guardian"),
    ({"party": 0}, "field.too_small", "party"),
    ({"party": 6}, "registration.party_too_large", "party"),
    ({"party": "2"}, "field.type", "party"),
    ({"answers": {"q": 7}}, "field.type", "answers['q']"),
    ({"answers": {"q": "长" * 6000}}, "field.too_long", "answers"),
    ({"note": "长" * 600}, "field.too_long", "note"),
    ({"home": "999999"}, "region.unknown", "home"),
    ({"language": "zh_CN"}, "text.bad_language", "language"),
    ({"consented_at": NOON + DAY}, "consent.future", "consented_at"),
]


def test_a_slip_names_its_field(quick):
    activity = quick.activity()
    for fields, code, path in SLIPS:
        with pytest.raises((Invalid, NotFound)) as caught:
            quick.register(activity, **fields)
        assert (caught.value.code, caught.value.path) == (code, path)
    assert quick.count(activity) == {}


def test_a_guardian_agrees_for_children_and_no_age_is_kept(quick):
    activity = quick.activity()
    made = quick.register(activity, under_14=True, guardian="班主任代收家长同意书 12")
    assert made.guardian is not None
    assert "家长同意书" not in repr(made)
    assert "under" not in json.dumps(quick.me.registrations.export(made.id).record)


def test_one_registration_a_phone_and_activity(stage):
    one, other = stage.activity(), stage.activity(title="另一场")
    made = stage.register(one)
    with pytest.raises(Conflict) as caught:
        stage.register(one, phone="+86 138-0000-0000")
    assert (caught.value.code, caught.value.path) == ("registration.twice", "phone")
    assert caught.value.values["owner"] == made.id
    second = stage.register(other)
    found = stage.me.registrations.by_phone("138 0000 0000")
    assert {one.id for one in found} == {made.id, second.id}
    (at_the_door,) = stage.me.registrations.by_phone(PHONES[0], activity=other)
    assert at_the_door.id == second.id
    assert stage.me.registrations.by_phone(PHONES[1]) == []


def test_who_cancelled_registers_again_as_the_same_at_the_end(stage):
    activity = stage.activity()
    first = stage.register(activity)
    stage.register(activity, 1)
    stage.me.registrations.cancel(first.id)
    again = stage.register(activity, name="张明", party=2, consent="第二次勾选")
    assert (again.id, again.number, again.party) == (first.id, 3, 2)
    assert again.state is RegistrationState.REGISTERED
    assert stage.me.registrations.reveal(again.id).name == "张明"
    assert stage.count(activity) == {"registered": 3}
    assert stage.me.registrations.turnout(activity).held == 2


# When, and who.


def test_only_while_it_is_published_open_and_takes_registrations(stage):
    draft = stage.activity(publish=False)
    with pytest.raises(NotFound):
        stage.register(draft)
    with pytest.raises(Invalid, match=r"registration\.not_published"):
        stage.me.registrations.register(draft, name="甲", phone=PHONES[0], consent="表 1")
    plain = stage.activity(registration=False)
    with pytest.raises(Invalid, match=r"registration\.not_taken"):
        stage.register(plain)
    timed = stage.activity(
        registration_opens=NOON + DAY, registration_closes=NOON + 2 * DAY, expires_on=None
    )
    with pytest.raises(Invalid, match=r"registration\.too_soon") as caught:
        stage.register(timed)
    assert caught.value.values["opens"] == "2026-03-03 12:00"
    assert stage.hub.registrations.places(timed).reason == "registration.too_soon"
    stage.clock.set(NOON + DAY)
    held = stage.register(timed)
    stage.clock.set(NOON + 2 * DAY)
    with pytest.raises(Invalid, match=r"registration\.closed"):
        stage.register(timed, 1)
    # Who is registered is told that, rather than that it is too late.
    with pytest.raises(Conflict, match=r"registration\.twice"):
        stage.register(timed)
    stage.me.activities.withdraw(timed, "改期")
    with pytest.raises(NotFound):
        stage.register(timed, 2)
    assert stage.me.registrations.get(held.id).state is RegistrationState.REGISTERED


def test_what_has_expired_takes_nobody(quick):
    activity = quick.activity(expires_on=(NOON + DAY).date(), when=When())
    quick.register(activity)
    quick.clock.set(NOON + DAY)
    with pytest.raises(Invalid, match=r"registration\.not_published"):
        quick.me.registrations.register(activity, name="甲", phone=PHONES[1], consent="表 1")


def test_an_organiser_stops_and_resumes(quick):
    activity = quick.activity()
    places = quick.me.registrations.stop(activity, "场地维修")
    assert (places.open, places.reason) == (False, "registration.closed")
    with pytest.raises(Invalid, match=r"registration\.closed"):
        quick.register(activity)
    assert quick.me.registrations.stop(activity) == places
    assert quick.me.registrations.resume(activity).open
    quick.register(activity)
    done = [a.action for a in quick.me.audit.find(subject=activity) if "registrations" in a.action]
    assert sorted(done) == ["activity.registrations_resumed", "activity.registrations_stopped"]


def test_each_step_needs_its_grant(stage):
    activity = stage.activity()
    with pytest.raises(Denied, match=r"account\.required"):
        stage.hub.registrations.register(activity, name="甲", phone=PHONES[0], consent="1")
    made = stage.register(activity)
    id_ = made.id
    reader = stage.who("read")
    elsewhere = stage.who("*", region="510300")
    with pytest.raises(Denied, match=r"grant\.missing"):
        reader.registrations.register(activity, name="甲", phone=PHONES[1], consent="1")
    with pytest.raises(Denied, match=r"grant\.missing"):
        elsewhere.registrations.register(activity, name="甲", phone=PHONES[1], consent="1")
    for call in (
        lambda who: who.registrations.cancel(id_),
        lambda who: who.registrations.edit(id_, party=2),
        lambda who: who.registrations.check_in(id_),
        lambda who: who.registrations.reveal(id_),
        lambda who: who.registrations.erase(id_),
        lambda who: who.registrations.stop(activity),
        lambda who: who.registrations.finish(activity),
        lambda who: who.registrations.erase_past(days=0),
    ):
        with pytest.raises(Denied, match=r"grant\.missing"):
            call(reader)
        with pytest.raises((Denied, NotFound)):
            call(stage.app)
        with pytest.raises(Denied, match=r"account\.required"):
            call(stage.hub)
    for who in (stage.app, elsewhere):
        with pytest.raises(NotFound):
            who.registrations.get(id_)
        with pytest.raises(Denied):
            who.registrations.roster(activity)
        with pytest.raises(Denied):
            who.registrations.turnout(activity)
        assert who.registrations.by_phone(PHONES[0]) == []
    assert reader.registrations.get(id_) == made
    assert stage.who("reveal").registrations.reveal(id_).name == "张小明"


# Places, and who waits.


def test_who_finds_no_place_waits_and_moves_up_in_order(stage):
    activity = stage.activity(capacity=4)
    first, second = stage.register(activity, 0, party=2), stage.register(activity, 1, party=2)
    three = stage.register(activity, 2, party=3)
    one = stage.register(activity, 3)
    two = stage.register(activity, 4, party=2)
    waiting = (three, one, two)
    assert {made.state for made in waiting} == {RegistrationState.WAITLISTED}
    assert stage.hub.registrations.places(activity).waiting == 6
    stage.me.registrations.cancel(second.id, reason="有事")
    # Two places: three persons do not fit and keep their number, one does, two no more.
    states = {w.id: stage.me.registrations.get(w.id).state.value for w in waiting}
    assert states == {three.id: "waitlisted", one.id: "registered", two.id: "waitlisted"}
    stage.me.registrations.cancel(first.id)
    assert stage.me.registrations.get(three.id).state is RegistrationState.REGISTERED
    assert stage.count(activity) == {"registered": 4, "waitlisted": 2, "cancelled": 4}
    told = [e.type for e in stage.hub.as_system(reason="look").events if e.subject == three.id]
    assert told == ["registration.created", "registration.moved_up"]


def test_a_party_that_shrinks_lets_others_in(quick):
    activity = quick.activity(capacity=3)
    big = quick.register(activity, 0, party=3)
    waits = quick.register(activity, 1, party=2)
    assert quick.me.registrations.edit(big.id, party=1, note="来一人").party == 1
    assert quick.me.registrations.get(waits.id).state is RegistrationState.REGISTERED
    with pytest.raises(Conflict, match=r"registration\.full"):
        quick.me.registrations.edit(big.id, party=2)
    third = quick.register(activity, 2, party=2)
    quick.me.registrations.cancel(big.id)
    # One place is free: who waits with two gets it by coming alone.
    assert quick.me.registrations.edit(third.id, party=1).state is RegistrationState.REGISTERED
    assert quick.count(activity) == {"registered": 3, "cancelled": 1}


def test_more_places_let_in_who_waits_and_fewer_throw_nobody_out(quick):
    activity = quick.activity(capacity=1)
    for number in range(4):
        quick.register(activity, number)
    quick.me.activities.edit(activity, capacity=3)
    quick.published(activity)
    assert quick.count(activity) == {"registered": 3, "waitlisted": 1}
    quick.me.activities.edit(activity, capacity=2)
    quick.published(activity)
    assert quick.count(activity) == {"registered": 3, "waitlisted": 1}
    assert quick.hub.registrations.places(activity).free == 0
    quick.me.activities.edit(activity, capacity=None)
    quick.published(activity)
    assert quick.count(activity) == {"registered": 4}
    assert quick.hub.registrations.places(activity).free is None


def test_without_a_waitlist_it_is_full(quick):
    activity = quick.activity(capacity=2, waitlist=False)
    quick.register(activity, 0, party=2)
    places = quick.hub.registrations.places(activity)
    assert (places.open, places.reason, places.free) == (False, "registration.full", 0)
    with pytest.raises(Conflict) as caught:
        quick.register(activity, 1)
    assert (caught.value.code, caught.value.values["free"]) == ("registration.full", 0)
    with pytest.raises(Invalid, match=r"registration\.party_too_large"):
        quick.register(activity, 1, party=3)


def test_a_change_that_was_based_on_another_version_is_refused(quick):
    made = quick.register(quick.activity())
    quick.me.registrations.edit(made.id, version=1, name="张大明")
    with pytest.raises(Conflict, match=r"storage\.version"):
        quick.me.registrations.edit(made.id, version=1, note="x")
    with pytest.raises(Invalid, match=r"field\.too_short"):
        quick.me.registrations.edit(made.id, name=" ")
    assert quick.me.registrations.reveal(made.id).name == "张大明"


# Who came.


def test_at_the_door(stage):
    activity = stage.activity(capacity=6)
    whole, part, away = (stage.register(activity, n, party=2) for n in range(3))
    waits = stage.register(activity, 3, party=1)
    registrations = stage.me.registrations
    with pytest.raises(Invalid, match=r"registration\.too_early") as caught:
        registrations.check_in(whole.id)
    assert caught.value.values["begins"] == "2026-03-09"
    stage.at_the_door()
    came = registrations.check_in(whole.id)
    assert (came.state, came.arrived, came.attended_at) == ("attended", 2, stage.clock.now())
    with pytest.raises(Invalid, match=r"registration\.party_too_large"):
        registrations.check_in(part.id, arrived=3)
    with pytest.raises(Invalid, match=r"field\.too_small"):
        registrations.check_in(part.id, arrived=0)
    with pytest.raises(Invalid, match=r"registration\.state"):
        registrations.check_in(waits.id)
    # One of two came, so that a place is free.
    registrations.check_in(part.id, arrived=1)
    assert registrations.get(waits.id).state is RegistrationState.REGISTERED
    for verb in ("check_in", "absent", "cancel"):
        with pytest.raises(Invalid, match=r"registration\.state"):
            getattr(registrations, verb)(whole.id)
    registrations.absent(away.id)
    assert stage.count(activity) == {"registered": 1, "attended": 3, "absent": 2}
    with pytest.raises(Invalid, match=r"registration\.not_over"):
        registrations.finish(activity)
    stage.clock.tick(timedelta(hours=3))
    assert registrations.finish(activity) == 1
    assert registrations.finish(activity) == 0
    assert stage.count(activity) == {"attended": 3, "absent": 3}


def test_a_mistake_at_the_door_is_taken_back(quick):
    activity = quick.activity(capacity=2)
    made = quick.register(activity, 0, party=2)
    waits = quick.register(activity, 1, party=1)
    quick.at_the_door()
    registrations = quick.me.registrations
    registrations.check_in(made.id, arrived=1)
    assert registrations.get(waits.id).state is RegistrationState.REGISTERED
    with pytest.raises(Conflict, match=r"registration\.full"):
        registrations.reopen(made.id, "点错了")
    registrations.cancel(waits.id)
    with pytest.raises(Invalid, match=r"lifecycle\.reason"):
        registrations.reopen(made.id, " ")
    again = registrations.reopen(made.id, "点错了")
    assert (again.state, again.arrived, again.attended_at) == ("registered", 0, None)
    registrations.absent(made.id)
    registrations.reopen(made.id, "迟到")
    with pytest.raises(Invalid, match=r"registration\.state"):
        registrations.reopen(made.id, "又一次")
    assert quick.count(activity) == {"registered": 2, "cancelled": 1}


# Lists.


def test_the_list_is_masked_paged_and_fit_for_a_spreadsheet(stage):
    activity = stage.activity()
    stage.register(activity, 0, name="=cmd", home="510104")
    stage.register(activity, 1, name="དྲོལ་མ", party=2)
    gone = stage.register(activity, 2)
    stage.me.registrations.cancel(gone.id)
    organiser = stage.who("read")
    page = organiser.registrations.roster(activity, limit=2)
    assert [(one.number, one.name, one.phone) for one in page.items] == [
        (1, "=**", "+86138****0000"),
        (2, "དྲོ**", "+86138****0001"),
    ]
    rows = page.to_dicts()
    assert [row["state"] for row in rows] == ["registered", "registered", "cancelled"]
    assert [r.id for r in organiser.registrations.roster(activity, state="cancelled")] == [gone.id]
    text = csv_text(rows)
    assert "'=**" in text
    assert len(text.splitlines()) == 4
    assert "13800000" not in text
    shown = page._repr_html_()
    assert "+86138****0000" in shown
    assert "དྲོ**" in shown
    with pytest.raises(Invalid, match=r"field\.choice"):
        organiser.registrations.roster(activity, state="nonsense")
    with pytest.raises(Invalid, match=r"page\.bad_cursor"):
        organiser.registrations.roster(activity, after="x")


# Figures.


def test_figures_count_persons_once_and_who_came(stage):
    activity = stage.activity(capacity=3)
    period = {"start": NOON - DAY, "end": NOON + 30 * DAY}

    def figures():
        report = stage.me.indicators.report(stage.org, **period)
        return {name: report.figure(name).value for name in ("registrations", "checked_in")}

    one, two = stage.register(activity, 0, party=2), stage.register(activity, 1)
    stage.register(activity, 2, party=2)
    stage.me.registrations.cancel(one.id)
    stage.register(activity, 0, party=2)
    assert figures() == {"registrations": 5, "checked_in": 0}
    stage.at_the_door()
    stage.me.registrations.check_in(two.id)
    stage.me.registrations.reopen(two.id, "点错了")
    assert figures() == {"registrations": 5, "checked_in": 0}
    stage.me.registrations.check_in(two.id)
    assert figures() == {"registrations": 5, "checked_in": 1}
    before = stage.me.indicators.report(stage.org, **period)
    system = stage.hub.as_system(reason="nightly")
    while system.events.roll_up():
        pass
    assert stage.me.indicators.report(stage.org, **period) == before
    assert {f.severity for f in system.events.verify_rollups()} == {"ok"}
    # Nothing is reported as attendance that nobody reported.
    assert before.figure("attendance").value is None
    for event in system.events:
        assert not {"name", "phone", "note"} & event.data.keys()


# Erasing.


def test_who_is_erased_before_it_gives_the_place_on(stage):
    activity = stage.activity(capacity=1)
    made, waits = stage.register(activity, 0), stage.register(activity, 1)
    stage.me.registrations.erase(made.id, reason="请求 7")
    assert stage.me.registrations.get(waits.id).state is RegistrationState.REGISTERED
    assert stage.count(activity) == {"registered": 1, "cancelled": 1}
    assert stage.me.registrations.turnout(activity).held == 1
    told = [e.type for e in stage.hub.as_system(reason="look").events if e.subject == made.id]
    assert told == ["registration.created", "registration.cancelled", "registration.erased"]
    again = stage.register(activity, 0)
    assert again.id != made.id
    found = stage.hub.as_system(reason="look").doctor()
    assert not [finding for finding in found if finding.severity == "error"]


def test_past_activities_are_cleared_of_persons_and_figures_stay(stage):
    past, future = stage.activity(capacity=2), stage.activity(when=When.day(NOON.date() + 99 * DAY))
    undated = stage.activity(when=When())
    ids = [stage.register(past, n).id for n in range(4)]
    kept = stage.register(future), stage.register(undated)
    stage.at_the_door()
    stage.me.registrations.check_in(ids[0])
    stage.clock.tick(timedelta(days=10))
    period = {"start": NOON - DAY, "end": NOON + 30 * DAY}
    before = stage.me.registrations.turnout(past), stage.me.indicators.report(stage.org, **period)
    assert stage.who("erase").registrations.erase_past(days=30) == 0
    assert stage.who("erase", region="510300").registrations.erase_past(days=7) == 0
    assert stage.me.registrations.erase_past(days=7, reason="保存期满") == 4
    after = stage.me.registrations.turnout(past)
    assert (after.persons, after.registrations) == (before[0].persons, before[0].registrations)
    assert (before[0].held, after.held) == (4, 0)
    assert stage.me.indicators.report(stage.org, **period) == before[1]
    assert list(stage.me.registrations.roster(past)) == []
    for one in kept:
        assert stage.me.registrations.get(one.id) == one
    for id_ in ids:
        with pytest.raises(NotFound):
            stage.me.registrations.get(id_)
    lines = [a for a in stage.me.audit.find(subject=past) if a.action.endswith("_erased")]
    assert [(line.reason, line.data["count"]) for line in lines] == [("保存期满", 4)]
    assert stage.me.registrations.erase_past(days=0) == 0
    for days, code in ((-1, "field.too_small"), (True, "field.type")):
        with pytest.raises(Invalid) as caught:
            stage.me.registrations.erase_past(days=days)
        assert caught.value.code == code


def test_an_older_document_takes_no_registrations(quick):
    activity = quick.activity(registration=False)
    store = quick.hub._tools.store

    def look(tx):
        work = Work(quick.hub._tools, Actor(system="test"), tx)
        row = work.get_row(ACTIVITY, activity)
        plain = json.loads(row.doc)
        return plain, work.noun(ACTIVITY, row)

    plain, noun = store.run(look, write=False)
    # What is as it was before the fields were there is not written: the same document as then.
    assert not {"registration", "registration_opens", "waitlist", "largest_party"} & plain.keys()
    assert (noun.registration, noun.waitlist, noun.largest_party) == (False, True, 5)
    with pytest.raises(Invalid) as caught:
        quick.activity(registration_opens=NOON + DAY, registration_closes=NOON)
    assert (caught.value.code, caught.value.path) == ("when.backwards", "registration_closes")
