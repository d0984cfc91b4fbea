"""The report of a campaign, the messages behind its numbers, and the health of sending."""

import csv
import io
import json
from datetime import timedelta

import pytest

from tianfu_sdk.backends.outbox_memory import accept
from tianfu_sdk.errors import Ambiguous, Denied, Invalid, NotFound
from tianfu_sdk.model.sms import ErrorClass, MessageState, SmsReceipt, SmsResult
from tianfu_sdk.model.sms_report import SmsReport, SmsTotals
from tianfu_sdk.services.sms.reporting import Wanted

from .test_sms import TEXT, Line

TIBETAN = "གློག་རྒྱུག་པ་"


@pytest.fixture
def line(way):
    return Line(way)


@pytest.fixture
def quick(quickly):
    return Line(quickly)


def mixed(line):
    """Send to three regions and two languages; each batch ends in another way."""
    line.people(3, region="510104")
    line.people(2, region="510300")
    line.people(3, region="513200", language="bo")
    campaign = line.sent(texts={"zh-Hans": TEXT, "bo": TIBETAN})

    def answer(batch):
        if TIBETAN in batch.text:
            raise Ambiguous("http.no_answer", why="x")
        found = list(accept(batch))
        found[0] = SmsResult(
            ref=batch.recipients[0].ref, status="rejected", error=ErrorClass.BAD_RECIPIENT
        )
        return found

    line.gateway.answers.extend([answer] * 9)
    line.system.sms.dispatch()
    line.gateway.answers.clear()
    return campaign


def told(line, campaign):
    """Let the operator tell of the first accepted message, and fail the second."""
    first, second = list(line.me.sms.messages(campaign.id, state="accepted"))[:2]
    line.gateway.receipts = [
        SmsReceipt(reference=first.batch, ref=first.subscriber, state="delivered"),
        SmsReceipt(reference=second.batch, ref=second.subscriber, state="failed", code="MK:0001"),
    ]
    line.system.sms.poll("test")
    return first, second


def test_a_report_is_broken_down_and_adds_up(line):
    campaign = mixed(line)
    told(line, campaign)
    report = line.me.sms.report(campaign.id)
    assert report.planned == 8
    assert report.by_state == {
        "delivered": 1,
        "failed": 1,
        "accepted": 1,
        "rejected": 2,
        "unknown": 3,
    }
    assert report.by_language == {"zh-Hans": 5, "bo": 3}
    assert report.by_reason == {"unknown": 3, "bad_recipient": 2, "MK:0001": 1}
    assert {code: sum(counts.values()) for code, counts in report.by_region.items()} == {
        "510104": 3,
        "510300": 2,
        "513200": 3,
    }
    totals = report.totals
    assert totals == SmsTotals(
        messages=8, sent=6, accepted=3, delivered=1, failed=3, unknown=3, parts=6, cost=6 * 45
    )
    assert (report.parts, report.cost) == (totals.parts, totals.cost)
    for key in ("region", "province", "prefecture", "county", "language"):
        lines = report.totals_by(key).values()
        assert sum(one.messages for one in lines) == 8
        assert sum(one.cost for one in lines) == report.cost
    assert list(report.totals_by("prefecture")) == ["510100", "510300", "513200"]
    assert report.totals_by("county")["510104"].messages == 3
    assert report.totals_by("county")[""].messages == 5
    assert report.states_by("province") == {"510000": report.by_state}
    assert report.names["510100"] == "成都市"
    assert isinstance(report, SmsReport)
    with pytest.raises(Invalid, match="key"):
        report.totals_by("street")
    with pytest.raises(Invalid, match="level"):
        report.states_by("street")


def test_what_waits_counts_without_a_region_until_it_leaves(line):
    line.people(4, region="510104")
    campaign = line.sent()
    report = line.me.sms.report(campaign.id)
    assert report.by_state == {"queued": 4}
    assert report.by_region == {}
    assert [(one.region, one.messages, one.parts) for one in report] == [("", 4, 0)]
    line.me.sms.cancel(campaign.id)
    report = line.me.sms.report(campaign.id)
    assert (report.by_state, report.cost) == ({"dropped": 4}, 0)
    assert line.me.sms.report(line.compose().id).figures == ()


def test_what_waits_is_listed_page_by_page_and_what_was_cancelled_too(line):
    people = line.people(7, region="510104") + line.people(4, region="513200", language="bo")
    texts = {"zh-Hans": TEXT, "bo": TIBETAN}
    line.sent(texts=texts)
    campaign = line.sent(texts=texts)
    for state in ("queued", "dropped"):
        found = list(line.me.sms.messages(campaign.id, state=state, limit=2))
        assert sorted(one.subscriber for one in found) == sorted(people)
        assert {one.state.value for one in found} == {state}
        assert {one.region for one in found} == {""}
        assert all(one.phone[:6] + "****" + one.phone[-4:] == one.phone for one in found)
        assert {one.parts for one in found if one.language == "zh-Hans"} == {1}
        here = list(line.me.sms.messages(campaign.id, state=state, language="bo", limit=3))
        assert sorted(one.subscriber for one in here) == sorted(people[7:])
        assert list(line.me.sms.messages(campaign.id, state=state, region="510104")) == []
        assert list(line.me.sms.messages(campaign.id, state=state, reason="opted_out")) == []
        everything = line.me.sms.messages(campaign.id, limit=3)
        assert len(list(everything)) == sum(line.me.sms.report(campaign.id).by_state.values())
        if state == "queued":
            line.me.sms.cancel(campaign.id)
    with pytest.raises(Invalid, match="cursor"):
        line.me.sms.messages(campaign.id, after='[["queued",[0,-1,2]],""]')


def test_what_waits_is_listed_without_who_was_erased_and_beside_what_left(quick):
    people = quick.people(5, region="510104")
    campaign = quick.sent()
    quick.me.subscribers.erase(people[1], reason="本人要求")
    found = list(quick.me.sms.messages(campaign.id, state="queued", limit=2))
    assert sorted(one.subscriber for one in found) == sorted(["", *people[:1], *people[2:]])
    assert [one.phone for one in found if not one.subscriber] == [""]

    def some(batch):
        # Seen while it is on its way: of nobody is known what became.
        seen.append(list(quick.me.sms.messages(campaign.id, state="sending", limit=1)))
        seen.append(dict(quick.me.sms.status(campaign.id)))
        return accept(batch)

    seen = []
    quick.gateway.answers.append(some)
    quick.system.sms.dispatch(1)
    listed, counted = seen
    assert len(listed) == counted["sending"]
    assert {one.state.value for one in listed} == {"sending"}
    for state, count in quick.me.sms.status(campaign.id).items():
        assert len(list(quick.me.sms.messages(campaign.id, state=state, limit=2))) == count


def test_parts_and_cost_are_those_that_the_operator_billed(line):
    line.people(4, region="510104")
    campaign = line.sent()
    line.system.sms.dispatch()
    billed = [3, 1, 2, 3]
    line.gateway.receipts = [
        SmsReceipt(
            provider_id=f"{batch.reference}:{one.ref}", state="delivered", parts=billed.pop()
        )
        for batch in line.gateway.batches
        for one in batch.recipients
    ]
    line.system.sms.poll("test")
    report = line.me.sms.report(campaign.id)
    assert report.by_state == {"delivered": 4}
    assert (report.parts, report.cost) == (9, 9 * 45)
    assert sum(one.parts for one in line.me.sms.messages(campaign.id)) == 9


def test_a_subscriber_elsewhere_or_erased_is_counted_all_the_same(line):
    line.people(2, region="510104")
    gone = line.people(1, region="510300")[0]
    campaign = line.sent()
    line.system.sms.dispatch()
    line.me.subscribers.erase(gone, reason="asked")
    report = line.me.sms.report(campaign.id)
    assert report.by_region == {"510104": {"accepted": 2}, "510300": {"accepted": 1}}
    assert [one.subscriber for one in line.me.sms.messages(campaign.id)].count("") == 1

    def move(tx):
        from tianfu_sdk.model.storage import Query, Row

        rows = tx.find("message", Query(limit=2))
        keys = [dict(rows[0].keys, region="540102"), dict(rows[1].keys, region="999999")]
        new = [Row(row.id, row.version, None, k) for row, k in zip(rows, keys, strict=True)]
        tx.put("message", new)

    line.me._tools.store.run(move, write=True)
    report = line.me.sms.report(campaign.id)
    assert report.totals.messages == 3
    assert report.totals_by("province").keys() >= {"540000"}
    assert report.totals_by("region")["999999"].messages == 1


def test_every_number_lists_its_messages(line):
    campaign = mixed(line)
    told(line, campaign)
    report = line.me.sms.report(campaign.id)

    def listed(**more):
        return [one.subscriber for one in line.me.sms.messages(campaign.id, limit=2, **more)]

    for state, count in report.by_state.items():
        assert len(listed(state=state)) == count
    for language, count in report.by_language.items():
        assert len(listed(language=language)) == count
    for code, counts in report.by_region.items():
        assert len(listed(region=code)) == sum(counts.values())
    assert len(listed(reason="bad_recipient")) == 2
    assert len(listed(region="510000")) == len(set(listed())) == 8
    two = [report.by_region["510104"].get(state, 0) for state in ("rejected", "accepted")]
    assert len(listed(region="510100", state=["rejected", MessageState.ACCEPTED])) == sum(two)
    assert sorted(listed()) == sorted(listed(region="510000"))
    for one in line.me.sms.messages(campaign.id, state="failed"):
        assert (one.reason, one.state, one.parts) == ("MK:0001", MessageState.FAILED, 1)
    with pytest.raises(Invalid, match="state"):
        line.me.sms.messages(campaign.id, state="lost")
    with pytest.raises(NotFound):
        line.me.sms.messages(campaign.id, region="999999")
    for cursor in ("[]", '["x","y"]', '[["lost",""],"y"]', '[["queued"],"y"]', '["",""]'):
        with pytest.raises(Invalid, match="after"):
            line.me.sms.messages(campaign.id, after=cursor)


def test_many_regions_are_asked_for_in_runs():
    codes = frozenset(f"{number:06}" for number in range(1200))
    wanted = Wanted(states=(MessageState.SENDING,), regions=codes, language="bo", reason="x")
    where, any_of = wanted.where()
    assert [(one.key, one.value) for one in where] == [("language", "bo"), ("error", "x")]
    assert [len(group[0].value) for group in any_of] == [500, 500, 200]


def test_opt_outs_since_are_counted_and_listed(line):
    before, *people = line.people(5, region="510104")
    line.me.subscribers.opt_out(before)
    line.clock.tick(timedelta(hours=1))
    campaign = line.sent(topic="safety_science")
    line.system.sms.dispatch()
    assert line.me.sms.report(campaign.id).opt_outs == 0
    line.me.subscribers.opt_out(people[0])
    line.me.subscribers.opt_out(people[0], topic="safety_science")
    line.me.subscribers.opt_out(people[1], topic="safety_science")
    line.me.subscribers.opt_out(people[2], topic="healthy_life")
    line.me.subscribers.opt_out("13911112222")
    report = line.me.sms.report(campaign.id)
    assert report.opt_outs == report.totals_by("region")["510104"].opt_outs == 2
    found = [one.subscriber for one in line.me.sms.messages(campaign.id, opted_out=True, limit=1)]
    assert sorted(found) == sorted(people[:2])
    assert list(line.me.sms.messages(campaign.id, opted_out=True, region="510300")) == []
    assert list(line.me.sms.messages(campaign.id, opted_out=True, state="failed")) == []


def test_phones_are_masked_and_for_those_who_may_reveal_them(line):
    line.people(2, region="510104")
    campaign = line.sent()
    line.system.sms.dispatch()
    reader = line.account("read")
    assert {one.phone for one in reader.sms.messages(campaign.id)} == {""}
    elsewhere = line.account("read")
    line.me.accounts.grant(elsewhere._actor.account, ["reveal"], region="510300")
    assert {one.phone for one in elsewhere.sms.messages(campaign.id)} == {""}
    line.me.accounts.grant(reader._actor.account, ["reveal"], region="510100")
    page = reader.sms.messages(campaign.id)
    assert {one.phone for one in page} == {"+86138****0000", "+86138****0001"}
    shown = repr(page.items) + page._repr_html_() + json.dumps(list(page.to_dicts()))
    assert "+86138****0001" in shown
    assert not any(phone in shown for phone in line.phones)


def test_a_report_is_for_who_may_read_the_campaign(line):
    campaign = mixed(line)
    stranger = line.account("read", region="510300")
    for ask in (stranger.sms.report, stranger.sms.messages):
        with pytest.raises(NotFound):
            ask(campaign.id)
    for ask in (line.hub.sms.report, line.hub.sms.messages):
        with pytest.raises(Denied):
            ask(campaign.id)


def test_a_report_is_a_table(quick, extra):
    campaign = mixed(quick)
    report = quick.me.sms.report(campaign.id)
    rows = report.to_dicts()
    assert sum(row["messages"] for row in rows) == 8
    html = report._repr_html_()
    assert "510104" in html
    assert "<td>8</td>" in html
    assert "figures" not in repr(report)
    read = list(csv.DictReader(io.StringIO(report.to_csv())))
    lines = [json.loads(text) for text in report.to_jsonl().splitlines()]
    assert [{k: str(v) for k, v in one.items()} for one in lines] == read
    assert sum(int(one["messages"]) for one in read) == 8
    assert {one["region_name"] for one in read} == {"锦江区", "自贡市", "阿坝藏族羌族自治州"}
    assert quick.me.sms.report(quick.compose().id).to_csv() == ""
    extra("arro3.core")
    duckdb = extra("duckdb")
    assert duckdb.sql("SELECT sum(messages) FROM report").fetchall() == [(8,)]


# Health.


def test_health_tells_depth_lag_and_unknowns_of_each_gateway(line):
    assert line.hub.sms.health().lag == 0
    line.people(7)
    campaign = line.sent()
    line.sent(gateway="http", title="别的")
    line.clock.tick(timedelta(seconds=90))
    health = line.hub.sms.health()
    assert (health.queued, health.leased, health.parked, health.unknown) == (6, 0, 0, 0)
    # A server's clock is not the frozen one that says when the batches are due.
    lag = health.lag if line.me._tools.store.capabilities.own_clock else 90
    assert health.lag == lag >= 90
    assert {lane.gateway: (lane.queued, lane.lag) for lane in health.lanes} == {
        "http": (3, lag),
        "test": (3, lag),
    }
    line.me.sms.pause(campaign.id)
    lags = {lane.gateway: lane.lag for lane in line.hub.sms.health().lanes}
    assert lags["test"] == 0
    assert lags["http"] >= 90
    line.me.sms.resume(campaign.id)

    line.gateway.answers.extend([Ambiguous("http.no_answer", why="x")] * 3)
    line.system.sms.dispatch()
    health = line.hub.sms.health()
    lanes = {lane.gateway: lane for lane in health.lanes}
    assert (lanes["test"].unknown, lanes["test"].parked, lanes["test"].queued) == (7, 3, 0)
    assert (lanes["http"].unknown, lanes["http"].queued) == (0, 0)
    assert (health.unknown, health.parked, health.lag) == (7, 3, 0)
