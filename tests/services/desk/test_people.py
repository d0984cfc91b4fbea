"""What is held about a person is given out whole, and erased for good."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from tianfu_sdk.backends.erasures import NoErasures
from tianfu_sdk.core.rows.kinds import ALL_KINDS, MESSAGE, RECEIPT, SUBJECT_KEY, UNIQUE
from tianfu_sdk.errors import Denied, Invalid, NotFound, StorageUnavailable
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.sms import CampaignState, SmsReceipt
from tianfu_sdk.model.storage import Query
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.services.desk.work import Actor, Work
from tianfu_sdk.services.people.erasures import Erasures
from tianfu_sdk.services.sms.receipts import _take
from tianfu_sdk.testing import CountingIds, FrozenClock

NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
PHONE = "13812345678"
THEIRS = "13812345677"
QUESTION = "我家孩子张小明反复咳嗽怎么办"


class Place:
    """A hub with people of every kind, and a campaign that went out to some."""

    def __init__(self, url):
        self.clock = FrozenClock(NOON)
        self.hub = Hub.open(url, clock=self.clock, ids=CountingIds(), discover=False)
        account = self.hub.bootstrap(
            organization="四川省科学技术协会", region="510000", external_id="u-1"
        )
        self.chief, self.org = account.id, account.organization
        self.me = self.hub.as_(account.id)
        consents = [Consent(evidence="卓玛的登记表", notice="用于科普短信")]
        rows = [
            {"phone": phone, "organization": self.org, "consents": consents, "region": "510104"}
            for phone in (PHONE, "13812345670", "13812345671")
        ]
        self.person, self.other, self.third = (s.id for s in self.me.subscribers.add_many(rows))
        self.expert = self.me.experts.create(name="卓玛", organization=self.org, profile="水稻").id
        self.contact = self.me.contacts.create(
            organization=self.org, name="卓玛", phone=THEIRS, note="晚上联系"
        ).id
        self.question = self.hub.ask(QUESTION, region="510104").question
        self.worker = self.me.accounts.create(
            organization=self.org, label="科普部编辑", external_id="u-2"
        ).id
        self.me.accounts.grant(self.worker, ["*"], region="510000")
        self.activity = self.an_activity()
        self.registrant = self.me.registrations.register(
            self.activity, name="卓玛", phone=THEIRS, consent="报名表 9", note="过敏",
            answers={"年级": "三"}, guardian="母亲签字", under_14=True, notice="告知书",
        ).id  # fmt: skip

    def an_activity(self):
        made = self.me.activities.create(
            title="夜场", organization=self.org, registration=True, capacity=1
        )
        self.me.activities.submit(made.id)
        self.hub_of("approve", "read").activities.approve(made.id)
        return self.me.activities.publish(made.id).id

    def hub_of(self, *actions, kinds=("*",), region="510000"):
        made = self.me.accounts.create(organization=self.org)
        self.me.accounts.grant(made.id, actions, kinds=kinds, region=region)
        return self.hub.as_(made.id)

    def campaign(self, **fields):
        made = self.me.sms.compose(
            title="咳嗽", organization=self.org, texts={"zh-Hans": "咳嗽两周请就医。"},
            signature="省科协", **fields,
        )  # fmt: skip
        self.hub.as_(self.worker).sms.approve(made.id)
        self.me.sms.send(made.id)
        return made.id

    def rows(self, kind):
        query = Query(limit=1000)
        return self.hub._tools.store.run(lambda tx: tx.find(kind.name, query), write=False)

    def anywhere(self, *parts):
        """Give where something stands in rows, events and audit entries."""
        found = []
        for kind in ALL_KINDS:
            for row in self.rows(kind):
                text = (row.id + repr(dict(row.keys))).encode() + (row.doc or b"")
                found += [f"{kind.name}:{row.id}" for part in parts if part in text]

        def streams(tx):
            return [(s, e.body) for s in tx.streams() for e in tx.read(s, None, 1000)]

        for stream, body in self.hub._tools.store.run(streams, write=False):
            found += [stream for part in parts if part in body]
        return found


@pytest.fixture(params=["memory", "sqlite"])
def place(request, tmp_path):
    url = "memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/kepu.db"
    made = Place(url)
    yield made
    made.hub.close()


# Export.


def test_a_subscriber_gets_all_that_there_is(place):
    campaign = place.campaign()
    place.me.sms.dispatch()
    place.me.sms.poll("file")
    place.me.subscribers.opt_out(place.person, topic="")
    place.me.subscribers.reveal(place.person, reason="电话回访")
    place.me.subscribers.consent(place.person, Consent(purpose="survey", evidence="来电 12"))
    found = place.me.subscribers.export(place.person)
    assert (found.subject, found.kind, found.at) == (place.person, "subscriber", NOON)
    assert found.record["phone"] == "+8613812345678"
    assert [c["evidence"] for c in found.record["consents"]] == ["卓玛的登记表", "来电 12"]
    assert found.record["consents"][0]["notice"] == "用于科普短信"
    assert found.messages == (
        {
            "campaign": campaign,
            "title": "咳嗽",
            "text": "咳嗽两周请就医。",
            "language": "zh-Hans",
            "state": "delivered",
            "parts": 1,
        },
    )
    assert found.opt_outs == ({"topic": "", "at": NOON.isoformat()},)
    assert [line["action"] for line in found.audit] == [
        "subscriber.created",
        "subscriber.opted_out",
        "subscriber.revealed",
        "subscriber.consented",
    ]
    assert [event["type"] for event in found.events] == [
        "subscriber.created",
        "subscriber.opted_out",
        "subscriber.consented",
    ]
    assert place.me.people.export(place.person, events=False).events == ()
    assert "subscriber.exported" in [a.action for a in place.me.audit.find(subject=place.person)]
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["record"]["phone"] == "+8613812345678"
    assert plain["at"] == NOON.isoformat()


def test_askers_experts_and_accounts_get_theirs(place):
    asked = place.me.questions.export(place.question)
    assert asked.record["text"] == QUESTION
    assert [event["type"] for event in asked.events] == ["question.asked", "question.routed"]
    expert = place.me.experts.export(place.expert)
    assert (expert.record["name"], expert.record["profile"]) == ("卓玛", "水稻")
    campaign = place.campaign()
    account = place.me.accounts.export(place.worker)
    assert account.record["label"] == "科普部编辑"
    done = [(line["action"], line["subject"]) for line in account.audit]
    assert done == [("account.created", place.worker), ("campaign.approved", campaign)]
    assert [e["type"] for e in account.events] == ["account.created", "campaign.approved"]


def test_who_registered_gets_all_that_there_is(place):
    place.me.registrations.reveal(place.registrant, reason="提醒")
    found = place.me.registrations.export(place.registrant)
    record = found.record
    assert (found.kind, record["name"], record["phone"]) == (
        "registration", "卓玛", "+8613812345677",
    )  # fmt: skip
    assert (record["note"], json.loads(record["answers"])) == ("过敏", {"年级": "三"})
    assert (record["guardian"], record["activity_title"]) == ("母亲签字", "夜场")
    consent = record["consent"]
    assert (consent["evidence"], consent["notice"]) == ("报名表 9", "告知书")
    assert "proof" not in consent
    assert [line["action"] for line in found.audit] == [
        "registration.created",
        "registration.revealed",
    ]
    assert [event["type"] for event in found.events] == ["registration.created"]
    json.dumps(found.to_dict())
    # What was not given is empty, and nothing is made up.
    bare = place.me.registrations.register(
        place.activity, name="乙", phone="13812345670", consent="1"
    )
    record = place.me.people.export(bare.id).record
    assert (record["note"], record["answers"], record["guardian"]) == ("", "", "")


def test_what_is_exported_does_not_show_itself(place):
    found = place.me.people.export(place.person)
    for text in (repr(found), str(found)):
        assert "1381234" not in text
        assert "登记表" not in text


@pytest.mark.parametrize("verb", ["export", "erase"])
def test_each_needs_a_right_of_its_own(place, verb):
    people = (
        *(place.person, place.question, place.expert, place.worker),
        *(place.registrant, place.contact),
    )
    kinds = ("subscriber", "question", "expert", "account", "registration", "contact_person")
    others = [
        a for a in ("read", "edit", "reveal", "answer", "manage", "export", "erase") if a != verb
    ]
    without = place.hub_of(*others)
    elsewhere = place.hub_of(verb, "read", region="510300")
    for id_, kind in zip(people, kinds, strict=True):
        with pytest.raises(Denied):
            getattr(without.people, verb)(id_)
        with pytest.raises(NotFound):
            getattr(elsewhere.people, verb)(id_)
        with pytest.raises(Denied):
            getattr(place.hub.people, verb)(id_)
        getattr(place.hub_of(verb, kinds=[kind]).people, verb)(id_)


def test_what_is_no_person_is_not_found(place):
    campaign = place.campaign()
    for call in (place.me.people.export, place.me.people.erase):
        for id_ in (place.org, campaign, "sub_nobody", "13812345678", "x"):
            with pytest.raises(NotFound) as caught:
                call(id_)
            assert caught.value.code == "noun.unknown"
    with pytest.raises(NotFound):
        place.me.subscribers.erase(place.expert)
    with pytest.raises(NotFound):
        place.me.experts.export(place.person)
    assert not list(place.hub._tools.erasures.read())


# Erase.


def test_a_subscriber_is_gone_and_figures_stay(place):
    campaign = place.campaign()
    place.me.sms.dispatch()
    place.me.sms.poll("file")
    period = {"start": NOON - timedelta(days=1), "end": NOON + timedelta(days=1)}
    before = place.me.indicators.report(place.org, **period), place.me.sms.report(campaign)
    index = next(r for r in place.rows(kind("subscriber")) if r.id == place.person).keys["phone_ix"]
    wrapped = next(r for r in place.rows(SUBJECT_KEY) if r.id == place.person).doc
    token = place.me.subscribers.get(place.person).phone.token.encode()
    assert place.anywhere(index.hex().encode(), wrapped, token)
    done = place.me.subscribers.erase(place.person, reason="请求 2026-7")
    assert (done.subject, done.kind, done.at) == (place.person, "subscriber", NOON)
    after = place.me.indicators.report(place.org, **period), place.me.sms.report(campaign)
    assert before == after
    assert dict(after[1].by_state) == {"delivered": 3}
    assert place.anywhere(index.hex().encode(), repr(index).encode(), wrapped, token) == []
    (blank,) = [row.keys for row in place.rows(MESSAGE) if not row.keys["subscriber"]]
    assert (blank["batch"], blank["provider_id"]) == ("", "")
    # The random id stands in events and audit lines only.
    where = {found.partition(":")[0] for found in place.anywhere(place.person.encode())}
    assert where <= {"audit", "events"}
    for call in (
        lambda: place.me.subscribers.get(place.person),
        lambda: place.me.subscribers.reveal(place.person),
        lambda: place.me.subscribers.export(place.person),
        lambda: place.me.subscribers.erase(place.person),
    ):
        with pytest.raises(NotFound):
            call()
    assert place.me.subscribers.by_phone(PHONE) == []
    assert len(list(place.me.subscribers.find())) == 2
    (line,) = [a for a in place.me.audit.find() if a.action == "subscriber.erased"]
    assert (line.subject, line.reason, line.data) == (place.person, "请求 2026-7", {})
    assert {f.severity for f in place.hub.as_system(reason="look").doctor()} == {"ok"}


def test_a_refusal_holds_when_the_phone_is_taken_in_again(place):
    place.me.subscribers.opt_out(place.person)
    place.me.subscribers.erase(place.person)
    again = place.me.subscribers.create(
        phone=PHONE, organization=place.org, region="510104", consents=[Consent()]
    )
    assert again.id != place.person
    campaign = place.campaign()
    place.me.sms.dispatch()
    assert dict(place.me.sms.status(campaign)) == {"accepted": 2}
    assert [o["topic"] for o in place.me.subscribers.export(again.id).opt_outs] == [""]


def test_without_a_refusal_nothing_of_the_phone_stays(place):
    index = next(r for r in place.rows(kind("subscriber")) if r.id == place.person).keys["phone_ix"]
    place.me.subscribers.erase(place.person)
    assert place.anywhere(index.hex().encode(), repr(index).encode()) == []
    place.me.subscribers.create(phone=PHONE, organization=place.org, consents=[Consent()])
    campaign = place.campaign()
    place.me.sms.dispatch()
    assert dict(place.me.sms.status(campaign)) == {"accepted": 3}


def test_what_is_queued_for_them_never_leaves(place):
    campaign = place.campaign()
    place.me.subscribers.erase(place.person)
    place.me.sms.dispatch()
    assert dict(place.me.sms.status(campaign)) == {"accepted": 2, "dropped": 1}
    gateway = place.hub._tools.gateway("file")
    assert place.person not in {message["ref"] for message in gateway.messages()}
    assert place.me.sms.get(campaign).state.value == "sent"


def test_a_campaign_of_one_person_ends_when_they_are_erased(place):
    for id_ in (place.other, place.third):
        place.me.subscribers.erase(id_)
    campaign = place.campaign()
    place.me.subscribers.erase(place.person)
    place.me.sms.dispatch()
    assert dict(place.me.sms.status(campaign)) == {"dropped": 1}
    assert place.me.sms.get(campaign).state.value == "sent"


def test_what_is_being_handed_over_stays_as_a_blank_row(place):
    campaign = place.campaign()
    gateway = place.hub._tools.gateway("file")
    submit = gateway.submit

    def erasing(batch):
        place.me.subscribers.erase(place.person)
        return submit(batch)

    gateway.submit = erasing
    place.me.sms.dispatch()
    assert dict(place.me.sms.status(campaign)) == {"accepted": 3}
    assert place.person not in {row.keys["subscriber"] for row in place.rows(MESSAGE)}
    place.me.sms.poll("file")
    assert dict(place.me.sms.status(campaign)) == {"delivered": 2, "accepted": 1}


def test_receipts_that_wait_go_with_them(place):
    tools = place.hub._tools
    receipts = [
        SmsReceipt(provider_id=f"p{n}", ref=ref, state="delivered", at=NOON)
        for n, ref in enumerate((place.person, place.other))
    ]

    def take(tx):
        _take(Work(tools, Actor(system="test"), tx), "early", receipts, ())

    tools.store.run(take, write=True)
    assert len(place.rows(RECEIPT)) == 2
    place.me.subscribers.erase(place.person)
    assert [row.keys["subscriber"] for row in place.rows(RECEIPT)] == [place.other]


def test_who_is_erased_between_two_parts_gets_no_row(place, monkeypatch):
    monkeypatch.setattr("tianfu_sdk.services.sms.outbox.enqueue", hold := Held())
    campaign = place.campaign()
    place.me.subscribers.erase(place.person)
    hold.let_go(place.hub._tools)
    assert dict(place.me.sms.status(campaign)) == {"queued": 3}
    place.me.sms.dispatch()
    assert {row.keys["subscriber"] for row in place.rows(MESSAGE)} == {
        place.other,
        place.third,
        "",
    }
    assert dict(place.me.sms.status(campaign)) == {"accepted": 2, "dropped": 1}


class Held:
    """What puts messages in the outbox, stopped before it does."""

    def __init__(self):
        from tianfu_sdk.services.sms.outbox import enqueue

        self.enqueue, self.calls = enqueue, []

    def __call__(self, work, *arguments):
        self.calls.append(arguments)
        return arguments[-1]

    def let_go(self, tools):
        from tianfu_sdk.core.rows.kinds import CAMPAIGN

        def body(tx):
            work = Work(tools, Actor(system="test"), tx)
            for id_, *rest in self.calls:
                known = work.get(CAMPAIGN, id_)
                _, placed = work.placed(known.organization, known.region)
                work.put(
                    CAMPAIGN, attrs.evolve(known, state=CampaignState.SENDING, queued=None), placed
                )
                self.enqueue(work, id_, *rest)

        tools.store.run(body, write=True)


def test_a_contact_person_is_given_out_and_gone(place):
    record = place.me.contacts.export(place.contact).record
    assert [record[n] for n in ("name", "phone", "email", "note")] == [
        "卓玛",
        THEIRS,
        "",
        "晚上联系",
    ]
    place.me.contacts.erase(place.contact)
    for call in (place.me.contacts.get, place.me.contacts.reveal, place.me.people.export):
        with pytest.raises(NotFound):
            call(place.contact)
    assert place.contact not in {row.id for row in place.rows(SUBJECT_KEY)}


def test_a_question_and_an_expert_are_gone(place):
    period = {"start": NOON - timedelta(days=1), "end": NOON + timedelta(days=1)}
    before = place.me.indicators.report(place.org, **period)
    place.me.questions.erase(place.question)
    place.me.experts.erase(place.expert)
    assert place.me.indicators.report(place.org, **period) == before
    for call in (
        lambda: place.me.questions.get(place.question),
        lambda: place.me.experts.get(place.expert),
        lambda: place.me.experts.reveal(place.expert),
    ):
        with pytest.raises(NotFound):
            call()
    assert not {place.question, place.expert} & {row.id for row in place.rows(SUBJECT_KEY)}


def test_who_registered_is_gone_with_all_that_leads_to_them(place):
    (row,) = place.rows(kind("registration"))
    index, number = row.keys["phone_ix"], place.me.registrations.turnout(place.activity)
    wrapped = next(r for r in place.rows(SUBJECT_KEY) if r.id == place.registrant).doc
    tokens = [t.encode() for t in (row.doc.decode().split('"token":"')[1:])]
    tokens = [token.partition(b'"')[0] for token in tokens]
    assert len(tokens) == 6
    assert place.anywhere(wrapped, *tokens)
    assert [one.id for one in place.me.registrations.by_phone(THEIRS)] == [place.registrant]
    place.me.registrations.erase(place.registrant, reason="请求 8")
    assert place.anywhere(wrapped, *tokens, index.hex().encode(), repr(index).encode()) == []
    where = {found.partition(":")[0] for found in place.anywhere(place.registrant.encode())}
    assert where <= {"audit", "events"}
    after = place.me.registrations.turnout(place.activity)
    assert (sum(number.persons.values()), sum(after.persons.values())) == (1, 1)
    with pytest.raises(NotFound):
        place.me.subscribers.erase(place.registrant)
    assert {f.severity for f in place.hub.as_system(reason="look").doctor()} == {"ok"}


def test_an_account_becomes_a_shell_that_grants_still_hang_on(place):
    given = place.hub.as_(place.worker)
    below = place.me.accounts.create(organization=place.org)
    given.accounts.grant(below.id, ["read"], region="510000")
    made = given.resources.create(title="防震", organization=place.org, body="先躲到桌下。")
    place.me.accounts.erase(place.worker)
    shell = place.me.accounts.get(place.worker)
    assert (shell.label, shell.active) == ("", False)
    with pytest.raises(NotFound):
        place.hub.as_(external_id="u-2")
    with pytest.raises(Denied):
        place.hub.as_(place.worker)
    assert place.worker not in {row.keys["owner"] for row in place.rows(UNIQUE)}
    assert place.hub.as_(below.id).resources.get(made.id).title == "防震"
    again = place.me.accounts.create(organization=place.org, external_id="u-2")
    assert place.hub.as_(external_id="u-2")._actor.account == again.id


# The log, and what comes back.


def test_the_log_is_written_first_and_holds_random_ids_only(place, monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr("tianfu_sdk.services.people.personal.forget", fail)
    with pytest.raises(RuntimeError):
        place.me.subscribers.erase(place.person)
    assert [e.subject for e in place.hub._tools.erasures.read()] == [place.person]
    assert place.me.subscribers.get(place.person)
    monkeypatch.undo()
    assert Erasures(place.hub._tools, Actor(system="restore")).replay() == 1
    with pytest.raises(NotFound):
        place.me.subscribers.get(place.person)


def test_who_may_not_erase_writes_no_log(place):
    with pytest.raises(Denied):
        place.hub_of("read", "edit").subscribers.erase(place.person)
    assert not list(place.hub._tools.erasures.read())


def test_nobody_is_erased_where_there_is_no_place_for_the_log(place):
    tools = attrs.evolve(place.hub._tools, erasures=NoErasures())
    hub = Hub(tools, place.me._actor, place.hub._plugins)
    with pytest.raises(StorageUnavailable) as caught:
        hub.subscribers.erase(place.person)
    assert caught.value.code == "erasures.nowhere"
    assert place.me.subscribers.get(place.person)


def test_nobody_is_erased_within_a_unit(place):
    with pytest.raises(Invalid) as caught:
        place.me.unit(lambda u: u.subscribers.erase(place.person))
    assert caught.value.code == "hub.unit_erases"
    assert place.me.subscribers.get(place.person)
    assert not list(place.hub._tools.erasures.read())


def test_the_replay_erases_all_kinds_alike(place):
    people = (
        *(place.person, place.question, place.expert, place.contact),
        *(place.registrant, place.worker),
    )
    waits = place.me.registrations.register(
        place.activity, name="乙", phone="13812345670", consent="1"
    )
    place.hub._tools.erasures.append(people, NOON)
    replay = Erasures(place.hub._tools, Actor(system="restore")).replay
    assert replay() == len(people)
    assert replay() == 0
    # As if it were erased anew: the place goes to who waits.
    assert place.me.registrations.get(waits.id).state == "registered"
    for id_ in people[:5]:
        with pytest.raises(NotFound):
            place.me.people.export(id_)
    assert not place.me.accounts.get(place.worker).active


def test_a_restored_backup_brings_nobody_back(tmp_path):
    url, back = f"sqlite:///{tmp_path}/kepu.db", f"sqlite:///{tmp_path}/back.db"
    place = Place(url)
    wrapped = next(r for r in place.rows(SUBJECT_KEY) if r.id == place.person).doc
    place.hub.as_system(reason="backup").keeping.backup(tmp_path / "copy")
    for id_ in (place.person, place.question, place.worker, place.registrant):
        place.me.people.erase(id_)
    place.hub.close()
    key = (tmp_path / "kepu.db.key").read_text()
    settings = {"erasures": f"{tmp_path}/kepu.db.erased", "key": key.strip()}
    done = Hub.restore(tmp_path / "copy", back, settings=settings, discover=False)
    assert done.erased == 4
    assert wrapped in (tmp_path / "copy").read_bytes()
    for name in ("back.db", "back.db-wal"):
        path = tmp_path / name
        assert not path.exists() or wrapped not in path.read_bytes()
    with Hub.open(back, settings=settings, discover=False) as hub:
        me = hub.as_(place.chief)
        with pytest.raises(NotFound):
            me.subscribers.get(place.person)
        with pytest.raises(NotFound):
            me.registrations.get(place.registrant)
        assert me.registrations.by_phone(THEIRS) == []
        assert me.registrations.places(place.activity).free == 1
        assert me.subscribers.reveal(place.other) == "+8613812345670"
        assert not me.accounts.get(place.worker).active


# The file.


def test_no_byte_of_a_key_lingers_in_the_files(tmp_path):
    place = Place(f"sqlite:///{tmp_path}/kepu.db")
    place.me.subscribers.add_many(
        [{"phone": f"139{n:08d}", "organization": place.org} for n in range(500)]
    )
    wrapped = next(r for r in place.rows(SUBJECT_KEY) if r.id == place.person).doc
    phone = place.me.subscribers.get(place.person).phone.token.encode()

    def lingering():
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        return {part for part in (wrapped, phone) if any(part in body for body in files)}

    assert lingering() == {wrapped, phone}
    done = place.me.subscribers.erase(place.person)
    assert done.scrubbed
    assert lingering() == set()
    place.hub.close()
    assert lingering() == set()


def test_a_reader_in_the_way_is_said_and_nothing_is_lost(tmp_path):
    hub = Place(f"sqlite:///{tmp_path}/kepu.db")
    hub.hub.close()
    url = f"sqlite:///{tmp_path}/kepu.db"
    with Hub.open(url, settings={"timeout": 0.1}, discover=False) as again:
        me = again.as_(hub.chief)
        with closing(sqlite3.connect(tmp_path / "kepu.db")) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM d_subscriber").fetchone()
            assert not me.subscribers.erase(hub.person).scrubbed
            reader.rollback()
        assert me.subscribers.erase(hub.other).scrubbed


def kind(name):
    return next(found for found in ALL_KINDS if found.name == name)
