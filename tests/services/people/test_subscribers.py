"""Subscribers: phones sealed and found, consents a ledger, refusals for good."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from tianfu_sdk.errors import Conflict, CryptoError, Denied, Invalid, NotFound
from tianfu_sdk.model.storage import Query
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import FrozenClock

NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
PHONE = "13812345678"


class Place:
    """A hub with an association, one below it, and two persons."""

    def __init__(self, way):
        self.clock = FrozenClock(NOON)
        self.hub = way.open(clock=self.clock)
        account = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.org = account.organization
        self.me = self.hub.as_(account.id)
        self.below = self.me.organizations.create(
            name="绵阳市科学技术协会", region="510700", parent=self.org
        ).id

    def account(self, *actions, kinds=("*",), **place):
        made = self.me.accounts.create(organization=self.org)
        self.me.accounts.grant(made.id, actions, kinds=kinds, **(place or {"region": "510000"}))
        return self.hub.as_(made.id)


@pytest.fixture
def place(way):
    return Place(way)


def test_a_subscriber_is_found_by_any_spelling_of_the_phone(place):
    made = place.me.subscribers.create(phone="+86 138-1234-5678", organization=place.org)
    assert made.region == "510000"
    assert place.me.subscribers.get(made.id) == made
    assert place.me.subscribers.by_phone("０１３".replace("０１", "1") + "812345678") == [made]
    assert place.me.subscribers.by_phone(PHONE) == [made]
    assert place.me.subscribers.by_phone("13812345679") == []


def test_one_subscriber_a_phone_and_organization(place):
    made = place.me.subscribers.create(phone=PHONE, organization=place.org)
    with pytest.raises(Conflict) as caught:
        place.me.subscribers.create(phone=f"+86{PHONE}", organization=place.org)
    assert (caught.value.code, caught.value.path) == ("unique.taken", "phone")
    assert caught.value.values["owner"] == made.id
    other = place.me.subscribers.create(phone=PHONE, organization=place.below)
    assert {s.id for s in place.me.subscribers.by_phone(PHONE)} == {made.id, other.id}


def test_many_come_in_whole_or_not_at_all_with_one_audit_line(place):
    rows = [{"phone": f"138000000{n:02d}", "organization": place.org} for n in range(12)]
    with pytest.raises(Invalid) as caught:
        place.me.subscribers.add_many([*rows, {"phone": "1", "organization": place.org}])
    assert (caught.value.code, caught.value.path) == ("phone.bad", "rows[12].phone")
    with pytest.raises(Conflict) as doubled:
        place.me.subscribers.add_many([*rows, rows[3]])
    assert doubled.value.path == "rows[12].phone"
    assert list(place.me.subscribers.find()) == []
    made = place.me.subscribers.add_many(rows)
    assert [s.id for s in place.me.subscribers.find(limit=5)] == [s.id for s in made]
    lines = [a for a in place.me.audit.find(limit=100) if a.action == "subscriber.created"]
    assert [line.data["count"] for line in lines] == [12]
    with pytest.raises(Conflict) as taken:
        place.me.subscribers.add_many(
            [{"phone": "13999999999", "organization": place.org}, rows[0]]
        )
    assert taken.value.path == "rows[1].phone"
    assert len(place.me.subscribers.by_phone("13999999999")) == 0


@pytest.mark.parametrize(
    ("row", "code", "path"),
    [
        ({"phone": PHONE}, "field.missing", "organization"),
        ({"phone": PHONE, "organization": "O", "names": 1}, "field.unknown", "names"),
        (
            {"phone": PHONE, "organization": "O", "language": "zh_CN"},
            "text.bad_language",
            "language",
        ),
        (
            {"phone": PHONE, "organization": "O", "topics": ["nonsense"]},
            "term.unknown",
            "topics[0]",
        ),
        ({"phone": PHONE, "organization": "O", "region": "999999"}, "region.unknown", "region"),
    ],
)
def test_bad_rows_name_their_field(place, row, code, path):
    row = {k: place.org if v == "O" else v for k, v in row.items()}
    with pytest.raises((Invalid, NotFound)) as caught:
        place.me.subscribers.add_many([row])
    assert caught.value.code == code
    assert caught.value.path in (path, f"rows[0].{path}")


def test_lists_show_what_rights_and_filters_let_through(place):
    subscribers = place.me.subscribers
    a = subscribers.create(phone="13800000001", organization=place.org, language="bo-CN")
    b = subscribers.create(phone="13800000002", organization=place.below, topics=["healthy_life"])
    assert a.language == "bo"
    assert [s.id for s in subscribers.find(language="bo")] == [a.id]
    assert [s.id for s in subscribers.find(topic="healthy_life")] == [b.id]
    assert [s.id for s in subscribers.find(organization=place.below)] == [b.id]
    assert [s.id for s in subscribers.find(region="510700")] == [b.id]
    local = place.account("read", region="510700")
    assert [s.id for s in local.subscribers.find()] == [b.id]
    with pytest.raises(NotFound):
        local.subscribers.get(a.id)
    assert local.subscribers.by_phone("13800000001") == []
    with pytest.raises(Denied, match=r"account\.required"):
        place.hub.subscribers.find()


def test_a_phone_in_plain_needs_a_grant_of_its_own_and_leaves_a_line(place):
    made = place.me.subscribers.create(phone=PHONE, organization=place.org)
    reader = place.account("read", "edit")
    with pytest.raises(Denied, match=r"grant\.missing"):
        reader.subscribers.reveal(made.id)
    caller = place.account("reveal", kinds=["subscriber"])
    assert caller.subscribers.reveal(made.id, reason="回访") == f"+86{PHONE}"
    line = next(iter(place.me.audit.find(subject=made.id)))
    assert (line.action, line.reason) == ("subscriber.revealed", "回访")


def test_a_changed_phone_frees_the_old_one(place):
    made = place.me.subscribers.create(phone=PHONE, organization=place.org)
    other = place.me.subscribers.create(phone="13900000000", organization=place.org)
    with pytest.raises(Conflict, match=r"unique\.taken"):
        place.me.subscribers.edit(made.id, phone="139 0000 0000")
    changed = place.me.subscribers.edit(made.id, phone="13700000000", topics=["healthy_life"])
    assert changed.topics == ("healthy_life",)
    assert place.me.subscribers.reveal(made.id) == "+8613700000000"
    assert place.me.subscribers.by_phone(PHONE) == []
    assert place.me.subscribers.edit(other.id, phone=PHONE).id == other.id
    with pytest.raises(Invalid, match=r"content\.fixed"):
        place.me.subscribers.edit(made.id, synthetic=True)
    with pytest.raises(Conflict, match=r"storage\.version"):
        place.me.subscribers.edit(made.id, version=1, region="510700")


def test_consents_are_a_ledger_that_only_grows(place):
    made = place.me.subscribers.create(phone=PHONE, organization=place.org)
    assert made.consent("science_sms", NOON) is None
    given = place.me.subscribers.consent(made.id, Consent(evidence="登记表 7"))
    assert given.consents[0].at == NOON
    place.clock.tick(timedelta(days=1))
    gone = place.me.subscribers.consent(made.id, Consent(granted=False))
    assert [c.granted for c in gone.consents] == [True, False]
    assert gone.consent("science_sms", NOON).granted
    assert not gone.consent("science_sms", place.clock.now()).granted
    with pytest.raises(Invalid, match=r"consent\.backdated"):
        place.me.subscribers.consent(made.id, Consent(at=NOON))
    with pytest.raises(Invalid, match=r"consent\.future"):
        place.me.subscribers.consent(made.id, Consent(at=place.clock.now() + timedelta(1)))
    with pytest.raises(Invalid, match=r"content\.fixed"):
        place.me.subscribers.edit(made.id, consents=())


@pytest.mark.parametrize(
    ("wrong", "path", "code"),
    [
        ({"granted": 0}, "consent.granted", "field.type"),
        ({"notice": None}, "consent.notice", "field.type"),
        ({"topics": "flood"}, "consent.topics", "field.type"),
        ({"at": datetime(2026, 1, 1)}, "consent.at", "field.naive_time"),
    ],
)
def test_a_consent_of_wrong_types_is_refused_and_the_person_stays_readable(
    place, wrong, path, code
):
    made = place.me.subscribers.create(phone=PHONE, organization=place.org)
    with pytest.raises(Invalid) as caught:
        place.me.subscribers.consent(made.id, Consent(**wrong))
    assert (caught.value.path, caught.value.code) == (path, code)
    assert place.me.subscribers.get(made.id).consents == made.consents


def test_consents_taken_in_late_stand_in_their_order(place):
    later, earlier = Consent(at=NOON, granted=False), Consent(at=NOON - timedelta(days=9))
    made = place.me.subscribers.create(
        phone=PHONE, organization=place.org, consents=[later, earlier]
    )
    assert [c.granted for c in made.consents] == [True, False]


def test_a_refusal_is_kept_once_by_id_or_by_phone(place):
    made = place.me.subscribers.create(phone=PHONE, organization=place.org)
    assert place.me.subscribers.opt_out(made.id)
    assert not place.me.subscribers.opt_out(PHONE)
    assert place.me.subscribers.opt_out(PHONE, topic="healthy_life")
    assert place.me.subscribers.opt_out("13700000000")
    with pytest.raises(Invalid, match=r"phone\.bad"):
        place.me.subscribers.opt_out("nobody")
    with pytest.raises(NotFound, match=r"term\.unknown"):
        place.me.subscribers.opt_out(PHONE, topic="nonsense")
    with pytest.raises(Denied, match=r"grant\.missing"):
        place.account("read").subscribers.opt_out(PHONE)


def test_no_phone_is_seen_in_reprs_events_audit_or_logs(place, caplog):
    caplog.set_level(logging.DEBUG)
    made = place.me.subscribers.create(phone=PHONE, organization=place.org)
    place.me.subscribers.opt_out(PHONE)
    place.me.subscribers.reveal(made.id)
    seen = [repr(made), str(made), repr(place.me.subscribers.find()), caplog.text]
    seen += [repr(event) for event in place.hub.as_system(reason="test").events]
    seen += [repr(line) for line in place.me.audit.find(limit=100)]
    seen.append(place.me.subscribers.find()._repr_html_())
    for text in seen:
        assert PHONE not in text
        assert PHONE[3:] not in text


def test_rows_that_keep_phones_unique_cannot_be_searched_without_the_key(place):
    import hashlib
    import itertools

    made = place.me.subscribers.create(phone=PHONE, organization=place.org)
    store = place.me._tools.store
    rows = store.run(lambda tx: tx.find("unique_value", Query(limit=1000)), write=False)
    mine = [row.id for row in rows if row.keys["owner"] == made.id]
    assert len(mine) == 1
    names = (f"phone.{place.org}", "phone")
    for name, value in itertools.product(names, (PHONE, f"+86{PHONE}")):
        guess = hashlib.sha256(f"subscriber\x1f{name}\x1f{value}".encode()).hexdigest()
        assert guess not in mine


def test_a_phone_whose_key_is_gone_is_not_readable(place):
    made = place.me.subscribers.create(phone=PHONE, organization=place.org)
    store = place.me._tools.store

    def forget(tx):
        row = tx.get("subject_key", [made.id])[0]
        tx.delete("subject_key", [(row.id, row.version)])

    store.run(forget, write=True)
    with pytest.raises((NotFound, CryptoError), match=r"subject\.erased"):
        place.me.subscribers.reveal(made.id)
