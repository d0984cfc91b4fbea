"""Interests: two sides, contact data that neither sees too early, and an outcome both confirm."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest

from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound, TianfuError
from tianfu_sdk.model.base import Precision, Quantity
from tianfu_sdk.model.interest import InterestState, Side
from tianfu_sdk.model.listing import Cooperation, ListingProgress
from tianfu_sdk.testing import FrozenClock

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PHONE = "13812345678"
DEAL = {"kind": "service", "signed_on": date(2026, 3, 2), "evidence": ["合同登记 2026-51-001"]}


class Stage:
    """Two organizations in two cities, each with an account of its own, and a listing each."""

    def __init__(self, way):
        self.clock = FrozenClock(NOON)
        self.hub = way.open(clock=self.clock)
        chief = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.root = chief.organization
        self.admin = self.hub.as_(chief.id)
        self.second = self.account(self.root, "510000")
        self.grower, self.grower_desk = self.side("眉山市柑橘合作社", "511400")
        self.station, self.station_desk = self.side("成都市农技服务站", "510100")
        self.need = self.listing("need", self.grower, "柑橘溃疡病怎么治", "王大妈", capacity=1)
        self.service = self.listing("service", self.station, "柑橘病虫害防控", "李工")

    def account(self, organization, region, kinds=("*",)):
        made = self.admin.accounts.create(organization=organization)
        self.admin.accounts.grant(made.id, ["*"], kinds=kinds, region=region)
        return self.hub.as_(made.id)

    def side(self, name, region):
        made = self.admin.organizations.create(name=name, region=region, parent=self.root)
        return made.id, self.account(made.id, region)

    def listing(self, kind, organization, title, name, **more):
        who = self.admin.contacts.create(organization=organization, name=name, phone=PHONE)
        made = self.admin.listings.create(
            title=title, kind=kind, organization=organization, contact=who.id, **more
        )
        self.admin.listings.submit(made.id)
        self.second.listings.approve(made.id)
        return self.admin.listings.publish(made.id).id

    def talks(self):
        made = self.station_desk.listings.interest(self.need, from_=self.service)
        return self.grower_desk.interests.accept(made.id)

    def agreed(self):
        made = self.talks()
        self.grower_desk.interests.agree(made.id)
        return self.station_desk.interests.agree(made.id)

    def progress(self):
        return self.hub.listings.get(self.need).progress


@pytest.fixture
def stage(wide_way):
    return Stage(wide_way)


def refused(call, error=Invalid):
    with pytest.raises(error) as caught:
        call()
    return caught.value.path, caught.value.code


def dealt(stage, id_):
    known = stage.admin.listings.get(id_)
    return known.progress, known.taken, known.agreed, known.concluded


def test_contact_data_is_hidden_until_both_agree_and_shown_to_the_two_alone(stage):
    made = stage.station_desk.listings.interest(stage.need, from_=stage.service)
    assert (made.state, made.partner) == (InterestState.PROPOSED, stage.station)
    for desk in (stage.grower_desk, stage.station_desk):
        told = refused(lambda d=desk: d.interests.contact(made.id), Denied)
        assert told == ("state", "interest.not_mutual")
    stage.grower_desk.interests.accept(made.id)
    assert stage.station_desk.interests.contact(made.id).name == "王大妈"
    theirs = stage.grower_desk.interests.contact(made.id, reason="电话约谈")
    assert (theirs.name, theirs.phone) == ("李工", PHONE)
    assert PHONE not in repr(theirs)
    lines = [x for x in stage.admin.audit.find(subject=theirs.id) if "revealed" in x.action]
    assert [(x.reason, x.data["interest"], x.data["to"]) for x in lines] == [
        ("电话约谈", made.id, stage.grower)
    ]
    stranger = stage.side("宜宾市茶叶合作社", "511500")[1]
    for look in (stranger.interests.get, stranger.interests.contact, stranger.interests.agree):
        assert refused(lambda f=look: f(made.id), NotFound) == ("id", "noun.unknown")
    stage.grower_desk.interests.fail(made.id, "价格谈不拢")
    assert refused(lambda: stage.station_desk.interests.contact(made.id), Denied) == (
        "state",
        "interest.not_mutual",
    )


def test_a_listing_shows_an_id_and_nobody_else_what_is_behind_it(stage):
    public = stage.hub.listings.get(stage.need)
    assert PHONE not in repr(stage.admin.contacts.get(public.contact))
    assert refused(lambda: stage.hub.contacts.get(public.contact), Denied)[1] == "account.required"
    with pytest.raises(NotFound):
        stage.station_desk.contacts.reveal(public.contact)
    assert stage.grower_desk.contacts.reveal(public.contact).name == "王大妈"


def test_interest_from_both_ways_is_mutual_at_once(stage):
    first = stage.grower_desk.listings.interest(stage.service, from_=stage.need)
    second = stage.station_desk.listings.interest(stage.need, from_=stage.service)
    assert (second.id, second.state) == (first.id, InterestState.NEGOTIATING)
    assert stage.grower_desk.interests.contact(first.id).name == "李工"


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"from_": "need"}, Invalid, ("from_", "interest.one_kind")),
        ({"from_": "own"}, Invalid, ("from_", "interest.same_side")),
        ({"from_": "station", "contact": ""}, Invalid, ("contact", "interest.no_contact")),
        ({"from_": "station", "contact": "theirs"}, Invalid, ("contact", "listing.foreign")),
        ({"from_": "org_0"}, NotFound, ("from_", "organization.unknown")),
        ({"from_": "lst_0"}, NotFound, ("from_", "noun.unknown")),
    ],
)
def test_an_interest_that_cannot_be_is_refused_with_its_path(stage, change, error, told):
    public = stage.hub.listings.get(stage.need)
    names = {"need": stage.need, "own": stage.grower, "station": stage.station}
    given = {k: names.get(v, public.contact if v == "theirs" else v) for k, v in change.items()}
    assert refused(lambda: stage.admin.listings.interest(stage.need, **given), error) == told


def test_of_two_listings_the_error_names_the_one_that_there_is_not(stage):
    wrong = lambda: stage.station_desk.listings.interest("lst_0", from_=stage.service)  # noqa: E731
    assert refused(wrong, NotFound) == ("listing", "noun.unknown")


def test_one_is_interested_once_at_a_time(stage):
    made = stage.station_desk.listings.interest(stage.need, from_=stage.service)
    again = lambda: stage.station_desk.listings.interest(stage.need, from_=stage.service)  # noqa: E731
    assert refused(again, Conflict) == ("from_", "unique.taken")
    assert refused(lambda: stage.station_desk.interests.withdraw(made.id, " ")) == (
        "reason",
        "lifecycle.reason",
    )
    stage.station_desk.interests.withdraw(made.id, "暂无人手")
    assert again().id != made.id


def test_each_side_says_its_own_and_only_that(stage):
    made = stage.station_desk.listings.interest(stage.need, from_=stage.service)
    assert refused(lambda: stage.station_desk.interests.accept(made.id), Denied)[1] == (
        "interest.not_yours"
    )
    assert refused(lambda: stage.grower_desk.interests.withdraw(made.id, "x"), Denied)[1] == (
        "interest.not_yours"
    )
    with pytest.raises(Denied) as caught:
        stage.grower_desk.interests.withdraw(made.id, "x")
    # It speaks for a side, and not for the one that withdraws: that is what it is told.
    assert "neither" not in str(caught.value)
    assert "who is interested withdraws" in str(caught.value)
    told = refused(lambda: stage.hub.as_system(reason="job").interests.accept(made.id), Denied)
    assert told[1] == "interest.system"
    stage.grower_desk.interests.decline(made.id, "已找到服务方")
    assert refused(lambda: stage.grower_desk.interests.accept(made.id)) == (
        "state",
        "interest.state",
    )


def test_what_is_not_possible_says_what_is(stage):
    made = stage.talks()
    with pytest.raises(Invalid) as caught:
        stage.grower_desk.interests.accept(made.id)
    assert caught.value.hint == "possible from there: agree, fail"
    stage.grower_desk.interests.fail(made.id, "x")
    with pytest.raises(Invalid) as caught:
        stage.grower_desk.interests.agree(made.id)
    assert caught.value.hint == "possible from there: —"


def test_a_reason_is_as_short_as_the_noun_says(stage):
    made = stage.talks()
    fail = stage.station_desk.interests.fail
    assert refused(lambda: fail(made.id, "长" * 1001)) == ("reason", "field.too_long")
    assert refused(lambda: fail(made.id, "x\0")) == ("reason", "field.characters")
    assert fail(made.id, "长" * 1000).state == "failed"


def test_who_has_acted_for_one_side_never_acts_for_the_other(stage):
    made = stage.admin.listings.interest(stage.need, from_=stage.service)
    told = refused(lambda: stage.admin.interests.accept(made.id), Denied)
    assert told[1] == "interest.own_word"
    stage.grower_desk.interests.accept(made.id)
    assert stage.admin.interests.agree(made.id).agreed_by == (Side.PARTNER,)
    told = refused(lambda: stage.admin.interests.agree(made.id, side="owner"), Denied)
    assert told[1] == "interest.own_word"


def test_a_deal_is_reported_by_one_confirmed_by_the_other_and_counted_once(stage):
    made = stage.agreed()
    assert stage.progress() is ListingProgress.AGREED
    about = Quantity(30_000, Precision.ABOUT)
    stage.station_desk.interests.report(made.id, **DEAL, amount=about)
    assert refused(lambda: stage.station_desk.interests.confirm(made.id), Conflict)[1] == (
        "interest.said"
    )
    done = stage.grower_desk.interests.confirm(made.id)
    assert (done.state, done.concluded_at) == (InterestState.CONCLUDED, NOON)
    assert (done.outcome.kind, done.outcome.amount) == (Cooperation.SERVICE, about)
    assert done.outcome.reporter
    assert done.outcome.confirmer not in ("", done.outcome.reporter)
    assert stage.progress() is ListingProgress.CONCLUDED
    report = stage.admin.indicators.report(
        stage.root, start=NOON - timedelta(days=1), end=NOON + timedelta(days=1)
    )
    counted = {f.organization: f.value for f in report.figures if f.indicator == "deals"}
    assert counted == {stage.root: 1, stage.grower: 1, stage.station: 0}
    for call in (stage.grower_desk.interests.confirm, stage.station_desk.interests.agree):
        assert refused(lambda c=call: c(made.id))[1] == "interest.state"


def test_nothing_is_confirmed_that_nobody_reported_and_a_new_report_replaces_the_old(stage):
    made = stage.agreed()
    assert refused(lambda: stage.grower_desk.interests.confirm(made.id)) == (
        "outcome",
        "interest.no_outcome",
    )
    stage.station_desk.interests.report(made.id, **DEAL)
    corrected = stage.grower_desk.interests.report(made.id, **DEAL | {"kind": "consulting"})
    assert corrected.outcome.reported_by is Side.OWNER
    done = stage.station_desk.interests.confirm(made.id)
    assert done.outcome.kind is Cooperation.CONSULTING
    assert done.outcome.amount is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"evidence": []}, ("evidence", "interest.no_evidence")),
        ({"evidence": [" "]}, ("evidence[0]", "field.too_short")),
        ({"signed_on": date(2026, 3, 1)}, ("signed_on", "interest.bad_day")),
        ({"signed_on": date(2026, 3, 3)}, ("signed_on", "interest.bad_day")),
        ({"kind": "barter"}, ("kind", "field.choice")),
        ({"amount": Quantity(-1)}, ("amount", "field.too_small")),
    ],
)
def test_an_outcome_must_be_such_that_it_can_be_checked(stage, change, told):
    made = stage.agreed()
    assert refused(lambda: stage.station_desk.interests.report(made.id, **DEAL | change)) == told


def test_a_need_for_one_is_agreed_with_one(stage):
    other, desk = stage.side("自贡市农技服务站", "510300")
    who = desk.contacts.create(organization=other, name="赵工", email="z@example.cn")
    second = desk.listings.interest(stage.need, from_=other, contact=who.id)
    first = stage.agreed()
    stage.grower_desk.interests.accept(second.id)
    told = refused(lambda: stage.grower_desk.interests.agree(second.id), Conflict)
    assert told == ("listing", "interest.full")
    stage.station_desk.interests.fail(first.id, "人手不足")
    assert stage.progress() is ListingProgress.NEGOTIATING
    stage.grower_desk.interests.agree(second.id)
    assert desk.interests.agree(second.id).state is InterestState.AGREED


def test_progress_outlives_a_new_revision_and_closing_keeps_talks(stage):
    made = stage.talks()
    assert stage.progress() is ListingProgress.NEGOTIATING
    stage.admin.listings.edit(stage.need, title="柑橘溃疡病和木虱怎么治")
    stage.admin.listings.submit(stage.need)
    stage.second.listings.approve(stage.need)
    stage.station_desk.interests.agree(made.id)
    stage.grower_desk.interests.agree(made.id)
    stage.admin.listings.publish(stage.need)
    assert stage.progress() is ListingProgress.AGREED
    stage.grower_desk.listings.close(stage.need, "已谈妥")
    assert stage.progress() is ListingProgress.AGREED
    with pytest.raises(Invalid, match=r"possible from there: reopen"):
        stage.grower_desk.listings.close(stage.need, "再关一次")
    other, desk = stage.side("自贡市农技服务站", "510300")
    assert refused(lambda: desk.listings.interest(stage.need, from_=other)) == (
        "listing",
        "interest.closed",
    )
    stage.grower_desk.interests.fail(made.id, "对方撤回")
    assert stage.progress() is ListingProgress.CLOSED
    stage.grower_desk.listings.reopen(stage.need, "另找一家")
    assert stage.progress() is ListingProgress.FAILED
    assert refused(lambda: desk.listings.interest(stage.need, from_=other))[0] == "contact"


def test_who_has_found_one_another_is_matched_no_more_where_there_is_room_for_one(stage):
    matched = lambda: {m.id for m in stage.hub.match(stage.need)}  # noqa: E731
    assert matched() == {stage.service}
    made = stage.agreed()
    stage.station_desk.interests.report(made.id, **DEAL)
    stage.grower_desk.interests.confirm(made.id)
    assert matched() == set()
    # An offer that does not say for how many it is goes on being offered.
    other = stage.listing("need", stage.side("自贡市果园", "510300")[0], "柑橘病虫害防控", "丁")
    assert {m.id for m in stage.hub.match(other)} == {stage.service}


def test_what_is_full_is_matched_no_more_until_a_place_is_free(stage):
    """A service for two, which came to the one and was found by the other."""
    two = stage.listing("service", stage.station, "柑橘溃疡病托管", "李工", capacity=2)
    grove, desk = stage.side("自贡市果园", "510300")
    other = stage.listing("need", grove, "柑橘溃疡病防控", "丁", capacity=5)
    third = stage.listing("need", stage.side("泸州市果园", "510500")[0], "柑橘溃疡病", "戊")
    went = stage.station_desk.listings.interest(stage.need, from_=two)
    came = desk.listings.interest(two, from_=other)
    stage.grower_desk.interests.accept(went.id)
    stage.station_desk.interests.accept(came.id)
    for one, buyer in ((went, stage.grower_desk), (came, desk)):
        assert two in {m.id for m in stage.hub.match(third)}
        stage.station_desk.interests.agree(one.id)
        buyer.interests.agree(one.id)
    assert dealt(stage, two) == (ListingProgress.AGREED, 2, 2, 0)
    matches = stage.hub.match(third)
    assert two not in {m.id for m in matches}
    assert ("capacity", two) in {(left.reason, left.id) for left in matches.left_out}
    assert {m.id for m in stage.hub.match(two, to="need")} == set()
    told = refused(lambda: stage.admin.listings.interest(two, from_=third))
    assert told == ("listing", "interest.closed")
    told = refused(lambda: stage.station_desk.listings.interest(third, from_=two))
    assert told == ("from_", "interest.closed")
    desk.interests.fail(came.id, "对方人手不足")
    assert dealt(stage, two) == (ListingProgress.AGREED, 1, 2, 0)
    assert two in {m.id for m in stage.hub.match(third)}
    assert other in {m.id for m in stage.hub.match(two, to="need")}


def test_a_round_leaves_out_what_has_found_all_that_it_sought(stage):
    expert = stage.admin.experts.create(
        name="欧阳演示", organization=stage.root, title="研究员", profile="柑橘溃疡病"
    )
    wide = stage.listing("project", stage.grower, "柑橘溃疡病防控试验", "丁", capacity=2)
    assert [
        pair.project for pair in stage.hub.match_round([stage.need, wide], [expert.id], capacity=2)
    ]
    made = stage.agreed()
    round_ = stage.hub.match_round([stage.need, wide], [expert.id], capacity=2)
    assert [pair.project for pair in round_] == [wide]
    assert [(one.id, one.reason) for one in round_.spare] == [(stage.need, "capacity")]
    stage.station_desk.interests.fail(made.id, "人手不足")
    assert len(stage.hub.match_round([stage.need, wide], [expert.id], capacity=2)) == 2


def test_outcomes_raise_what_an_offer_scores_and_never_by_more_than_a_twentieth(stage):
    known = stage.service
    unknown = stage.listing("service", stage.station, "柑橘病虫害防控", "李工")
    seeker = stage.listing("need", stage.side("自贡市果园", "510300")[0], "柑橘病虫害防控", "丁")
    scores = lambda: {m.id: m for m in stage.hub.match(seeker)}  # noqa: E731
    assert scores()[known].score == scores()[unknown].score
    made = stage.agreed()
    begun = scores()[known]
    stage.station_desk.interests.report(made.id, **DEAL)
    assert scores()[known] == begun
    stage.grower_desk.interests.confirm(made.id)
    done = scores()[known]
    assert dealt(stage, known) == (ListingProgress.CONCLUDED, 1, 1, 1)
    assert begun.score < done.score
    assert 0 < done.why["popularity"] <= 0.05
    for one in (begun, done):
        assert sum(one.why.values()) == one.score
    assert "popularity" not in scores()[unknown].why


def test_what_counts_for_a_listing_is_set_by_nobody_and_outlives_a_new_revision(stage):
    for name in ("taken", "agreed", "concluded"):
        told = refused(lambda n=name: stage.admin.listings.edit(stage.need, **{n: 0}))
        assert told == (name, "content.kept")
    draft = stage.admin.listings.edit(stage.need, title="柑橘溃疡病和木虱怎么治")
    stage.agreed()
    stage.admin.listings.submit(draft.id)
    stage.second.listings.approve(draft.id)
    stage.admin.listings.publish(draft.id)
    assert dealt(stage, stage.need) == (ListingProgress.AGREED, 1, 1, 0)


def test_two_listings_meet_once_whoever_comes_first(stage):
    made = stage.talks()
    back = lambda: stage.grower_desk.listings.interest(stage.service, from_=stage.need)  # noqa: E731
    assert refused(back, Conflict) == ("from_", "unique.taken")
    stage.grower_desk.interests.fail(made.id, "另有安排")
    assert back().id != made.id


def test_who_answers_with_a_listing_of_its_own_brings_it_in(stage):
    who = stage.grower_desk.contacts.create(organization=stage.grower, name="王大妈", phone=PHONE)
    first = stage.grower_desk.listings.interest(stage.service, from_=stage.grower, contact=who.id)
    assert first.offer == ""
    mutual = stage.station_desk.listings.interest(stage.need, from_=stage.service)
    assert (mutual.id, mutual.offer) == (first.id, stage.need)
    stage.station_desk.interests.agree(mutual.id)
    stage.grower_desk.interests.agree(mutual.id)
    assert dealt(stage, stage.need) == (ListingProgress.AGREED, 1, 1, 0)


def test_after_its_deadline_nobody_is_interested_any_more(stage):
    stage.admin.listings.edit(stage.need, deadline=date(2026, 3, 5))
    stage.admin.listings.submit(stage.need)
    stage.second.listings.approve(stage.need)
    stage.admin.listings.publish(stage.need)
    stage.clock.tick(timedelta(days=4))
    told = refused(lambda: stage.station_desk.listings.interest(stage.need, from_=stage.service))
    assert told == ("listing", "interest.closed")


def test_each_side_lists_what_it_is_a_side_of(stage):
    made = stage.talks()
    for desk, organization in (
        (stage.grower_desk, stage.grower),
        (stage.station_desk, stage.station),
    ):
        assert [i.id for i in desk.interests.find(organization=organization)] == [made.id]
        assert list(desk.interests.find(organization=organization, state="proposed")) == []
    assert [i.id for i in stage.grower_desk.interests.find(listing=stage.need)] == [made.id]
    # The listing is not the station's, so its interests are not either, but where it is a side.
    assert list(stage.station_desk.interests.find(listing=stage.need)) == []
    told = refused(lambda: stage.station_desk.interests.find(organization=stage.grower), Denied)
    assert told[1] == "grant.missing"


def test_a_contact_person_is_given_out_erased_and_then_nobody_to_call(stage):
    made = stage.talks()
    known = stage.grower_desk.interests.contact(made.id).id
    found = stage.admin.people.export(known)
    assert (found.kind, found.record["name"], found.record["phone"]) == (
        "contact_person",
        "李工",
        PHONE,
    )
    assert stage.admin.contacts.erase(known, reason="本人要求").kind == "contact_person"
    assert refused(lambda: stage.grower_desk.interests.contact(made.id), NotFound)[1] == (
        "subject.erased"
    )
    with pytest.raises(NotFound):
        stage.admin.contacts.get(known)
    # Their listing is written on; only who names somebody is told that there is nobody.
    assert stage.station_desk.listings.edit(stage.service, body="可上门").body == "可上门"
    stale = lambda: stage.station_desk.listings.create(  # noqa: E731
        kind="service", title="测土配方", organization=stage.station, contact=known
    )
    assert refused(stale, NotFound) == ("contact", "noun.unknown")


def test_contact_data_changes_and_is_checked(stage):
    made = stage.admin.contacts.create(organization=stage.grower, name="王五", email="w@x.cn")
    edit = stage.admin.contacts.edit
    assert refused(lambda: edit(made.id, email="")) == ("phone", "contact.no_way")
    assert refused(lambda: edit(made.id, name=" ")) == ("name", "field.too_short")
    edit(made.id, email="", phone="0832-5555555 转 8", version=made.version)
    now = stage.admin.contacts.reveal(made.id)
    assert (now.name, now.phone, now.email) == ("王五", "0832-5555555 转 8", "")
    told = refused(lambda: edit(made.id, note="x", version=made.version), Conflict)
    assert told == ("version", "storage.version")
    assert attrs.evolve(now, phone="") != now


# At the same moment.


@pytest.fixture
def busy(busy_way):
    """The stage on a store that several threads write to."""
    return Stage(busy_way)


def together(*calls):
    """Call all at the same moment, each in a thread of its own; gives results or codes."""
    start = threading.Barrier(len(calls))

    def run(call):
        start.wait(30)
        try:
            return call()
        except TianfuError as error:
            return error.code

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def partner(stage, number):
    organization, desk = stage.side(f"服务站{number}", "510300")
    who = desk.contacts.create(organization=organization, name="赵工", phone=PHONE)
    made = desk.listings.interest(stage.need, from_=organization, contact=who.id)
    stage.grower_desk.interests.accept(made.id)
    return desk, made.id


def test_two_sides_that_agree_at_the_same_moment_have_agreed(busy):
    made = busy.talks()
    calls = [lambda d=d: d.interests.agree(made.id) for d in (busy.grower_desk, busy.station_desk)]
    together(*calls)
    found = busy.admin.interests.get(made.id)
    assert (found.state, set(found.agreed_by)) == (InterestState.AGREED, set(Side))
    for id_ in (busy.need, busy.service):
        assert dealt(busy, id_) == (ListingProgress.AGREED, 1, 1, 0)
    told = [e.type for _, e in busy.admin.events.read(limit=1000) if e.subject == made.id]
    assert [told.count(one) for one in ("interest.agreed", "interest.agreed_by_one")] == [1, 1]


def test_of_two_reports_at_the_same_moment_one_stands_whole_and_is_concluded_once(busy):
    made = busy.agreed()
    mine = DEAL | {"kind": "consulting", "evidence": ["合同登记 2026-51-002"]}
    desks = {Side.OWNER: busy.grower_desk, Side.PARTNER: busy.station_desk}
    together(
        lambda: desks[Side.OWNER].interests.report(made.id, **mine),
        lambda: desks[Side.PARTNER].interests.report(made.id, **DEAL),
    )
    stood = busy.admin.interests.get(made.id).outcome
    wanted = mine if stood.reported_by is Side.OWNER else DEAL
    assert (stood.kind.value, list(stood.evidence)) == (wanted["kind"], wanted["evidence"])
    confirm = desks[stood.reported_by.other].interests.confirm
    done, refused_ = sorted(
        together(lambda: confirm(made.id), lambda: confirm(made.id)),
        key=lambda one: one == "interest.state",
    )
    assert (done.state, refused_) == (InterestState.CONCLUDED, "interest.state")
    assert dealt(busy, busy.need) == (ListingProgress.CONCLUDED, 1, 1, 1)


def test_of_many_who_agree_at_once_one_has_the_last_place(busy):
    sides = [partner(busy, number) for number in range(4)]
    for _, id_ in sides:
        busy.grower_desk.interests.agree(id_)
    found = together(*(lambda d=d, i=i: d.interests.agree(i).state.value for d, i in sides))
    assert sorted(found) == ["agreed", *["interest.full"] * 3]
    assert dealt(busy, busy.need) == (ListingProgress.AGREED, 1, 1, 0)


def test_a_service_for_one_that_two_needs_take_at_once_is_taken_by_one(busy):
    other, desk = busy.side("自贡市果园", "510300")
    needs = [busy.need, busy.listing("need", other, "柑橘木虱怎么防", "丁")]
    only = busy.listing("service", busy.station, "柑橘园托管", "李工", capacity=1)
    # To one it went by itself, the other came to it.
    went = busy.station_desk.listings.interest(needs[0], from_=only)
    came = desk.listings.interest(only, from_=needs[1])
    busy.grower_desk.interests.accept(went.id)
    for one in (busy.station_desk.interests.accept(came.id), went):
        busy.station_desk.interests.agree(one.id)
    found = together(
        lambda: busy.grower_desk.interests.agree(went.id).state.value,
        lambda: desk.interests.agree(came.id).state.value,
    )
    assert sorted(found) == ["agreed", "interest.full"]
    assert dealt(busy, only) == (ListingProgress.AGREED, 1, 1, 0)


def test_two_who_are_interested_in_one_another_at_the_same_moment_meet_once(busy):
    found = together(
        lambda: busy.grower_desk.listings.interest(busy.service, from_=busy.need),
        lambda: busy.station_desk.listings.interest(busy.need, from_=busy.service),
    )
    assert len({one.id for one in found}) == 1
    assert {one.state for one in found} == {InterestState.PROPOSED, InterestState.NEGOTIATING}


def test_money_may_be_a_whole_number(stage):
    made = stage.agreed()
    stage.station_desk.interests.report(made.id, **DEAL, amount=30_000)
    assert stage.station_desk.interests.get(made.id).outcome.amount == Quantity(30_000)
    assert (
        refused(lambda: stage.station_desk.interests.report(made.id, **DEAL, amount="3万"))[0]
        == "amount"
    )


def republished(stage, id_, **changes):
    stage.admin.listings.edit(id_, **changes)
    stage.admin.listings.submit(id_)
    stage.second.listings.approve(id_)
    return stage.admin.listings.publish(id_)


def test_what_somebody_is_interested_in_stays_what_it_is(stage):
    told = ("kind", "listing.kind_kept")
    made = stage.station_desk.listings.interest(stage.need, from_=stage.service)
    for id_, kind in ((stage.need, "service"), (stage.service, "need"), (stage.need, "project")):
        assert refused(lambda i=id_, k=kind: stage.admin.listings.edit(i, kind=k)) == told
    assert republished(stage, stage.need, title="柑橘溃疡病怎么防").kind == "need"
    stage.station_desk.interests.withdraw(made.id, "已有他人")
    assert republished(stage, stage.need, kind="service").kind == "service"


def test_what_somebody_is_interested_in_meanwhile_is_not_published_as_another_kind(stage):
    tomorrow = NOON + timedelta(days=1)
    stage.admin.listings.edit(stage.need, kind="service")
    stage.admin.listings.submit(stage.need)
    stage.second.listings.approve(stage.need)
    stage.admin.listings.schedule(stage.need, tomorrow)
    made = stage.station_desk.listings.interest(stage.need, from_=stage.service)
    told = refused(lambda: stage.admin.listings.publish(stage.need))
    assert told == ("kind", "listing.kind_kept")
    stage.admin.listings.edit(stage.service, title="柑橘防控")
    stage.admin.listings.submit(stage.service)
    stage.second.listings.approve(stage.service)
    stage.admin.listings.schedule(stage.service, tomorrow)
    stage.clock.tick(timedelta(days=2))
    system = stage.hub.as_system(reason="worker")
    assert [one.id for one in system.listings.publish_due()] == [stage.service]
    assert stage.hub.listings.get(stage.need).kind == "need"
    stage.grower_desk.interests.decline(made.id, "不合适")
    assert [one.kind for one in system.listings.publish_due()] == ["service"]
