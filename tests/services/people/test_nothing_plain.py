"""No plain phone, name or text of a person stands in any file or log, in any encoding.

A hub on a file lives through a working day: people come in, ask, refuse, are written to,
found, exported and erased; gateways answer, fail, call back and are forged; plugins listen
and fail. Then every byte that it left on disk and every word that it said is searched.
What the vendor was sent over HTTP is the delivery itself and is not searched; the built-in
`file` gateway is, because it writes masked phones.
"""

import base64
import contextlib
import io
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from tianfu_sdk.errors import Denied, PluginError, TianfuError, Unavailable
from tianfu_sdk.hookspecs import hookimpl
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.sms import (
    CallbackResult,
    ErrorClass,
    Inbound,
    SmsCapabilities,
    SmsReceipt,
    SmsResult,
)
from tianfu_sdk.model.subscriber import Consent
from tianfu_sdk.testing import CountingIds, FrozenClock

NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
PHONES = [f"1{n}{n * 7919 * 7907 % 10**8:08d}" for n in range(38, 68)]
ABROAD = "+4915112345678"
STRANGER = "13977001234"
BAD = "1387700123x"
NAME, NEW_NAME = "拉姆卓玛曲珍", "多吉才让旺堆"
ASKED = "我婆婆王桂芳血压一百八怎么办"
INBOUND = "我是李建国住在人民路九号别再发了"
EVIDENCE = "张翠花的登记表第四十二号"
EXTERNAL = "zhao.xiaoli@example.cn"


def spellings(text):
    """Give the bytes by which a text could stand in a file."""
    found = {}
    for name in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        raw = text.encode(name)
        found[name] = raw
        found[f"{name} hex"] = raw.hex().encode()
        found[f"{name} HEX"] = raw.hex().upper().encode()
        for offset in range(3):
            # The characters that do not depend on what stands around the text.
            coded = base64.b64encode(b"\0" * offset + raw)
            start = -(-offset * 8 // 6)
            inner = coded[start : (offset + len(raw)) * 8 // 6]
            found[f"{name} base64+{offset}"] = inner
            found[f"{name} base64url+{offset}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
    found["json"] = json.dumps(text)[1:-1].encode()
    found["reversed"] = text[::-1].encode()
    return found


def standing(text, bodies):
    return [
        f"{where}: {name}"
        for name, part in spellings(text).items()
        for where, body in bodies.items()
        if part in body
    ]


@pytest.mark.parametrize("text", [PHONES[0], NAME])
@pytest.mark.parametrize("around", [b"", b"x", b"ab"])
def test_the_search_finds_what_stands_there(text, around):
    raw = text.encode()
    for body in (
        around + raw + b"!",
        base64.b64encode(around + raw + b"tail"),
        base64.urlsafe_b64encode(around + raw),
        text.encode("utf-16-le").hex().encode(),
        json.dumps({"phone": text}).encode(),
        base64.b64encode(around + text.encode("gb18030")),
    ):
        assert standing(text, {"file": body}), body
    assert not standing(text, {"file": b"138****2345" * 100})


class Vendor:
    """A gateway over HTTP whose vendor answers well, badly, or not at all."""

    capabilities = SmsCapabilities(
        name="vendor", shape="http", phones_per_call=4, receipts=("push",), real=True
    )

    def request(self, batch):
        body = json.dumps({r.ref: r.phone for r in batch.recipients}).encode()
        return HttpRequest(method="POST", url="http://vendor.test/send", body=body)

    def result(self, batch, response):
        said = json.loads(response.body)
        return [
            SmsResult(
                ref=r.ref,
                status=said["status"],
                provider_id=f"v-{r.ref}" if said["status"] == "accepted" else "",
                code=said["code"],
                error=ErrorClass.BAD_RECIPIENT if said["status"] == "rejected" else ErrorClass.OK,
            )
            for r in batch.recipients
        ]

    def callback(self, request):
        if request.headers.get("x-secret") != "right":
            raise Denied("sms.callback_forged")
        said = json.loads(request.body)
        return CallbackResult(
            receipts=tuple(SmsReceipt(**r) for r in said.get("receipts", ())),
            inbound=tuple(Inbound(**i) for i in said.get("inbound", ())),
            response=HttpResponse(status=200, body=b"OK"),
        )


class Wire:
    def __init__(self):
        self.answers = []

    def send(self, request, *, timeout):
        answer = self.answers.pop(0) if self.answers else "accepted"
        if answer == "away":
            raise Unavailable("http.unavailable", why="refused")
        if answer == "odd":
            # As libraries do: the error quotes what was sent.
            raise ValueError(request.body.decode())
        return HttpResponse(status=200, body=json.dumps({"status": answer, "code": "7"}).encode())

    def close(self):
        pass


class Listener:
    """A plugin that offers the vendor, listens, and quotes what it hears when it fails."""

    tianfu_api = 1

    def __init__(self, vendor):
        self.vendor = vendor

    @hookimpl
    def tianfu_register_sms(self, register):
        register("vendor", lambda _: self.vendor)

    @hookimpl
    def tianfu_event(self, event):
        raise RuntimeError(repr(event))


class Day:
    """One working day, and what was said aloud in it."""

    def __init__(self, folder):
        self.url = f"sqlite:///{folder}/kepu.db"
        self.clock, self.ids, self.wire, self.said = FrozenClock(NOON), CountingIds(), Wire(), []
        self.hub = Hub.open(
            self.url,
            settings={"plugins": {"trace": True}},
            clock=self.clock,
            ids=self.ids,
            transport=self.wire,
            plugins=[Listener(Vendor())],
            discover=False,
        )
        account = self.hub.bootstrap(
            organization="四川省科学技术协会", region="510000", external_id=EXTERNAL
        )
        self.org = account.organization
        self.me = self.hub.as_(external_id=EXTERNAL)
        self.you = self.hub.as_(self.account())

    def account(self):
        made = self.me.accounts.create(organization=self.org)
        self.me.accounts.grant(made.id, ["*"], region="510000")
        return made.id

    def hear(self, call):
        """Make a call and keep what it says of itself, errors included."""
        try:
            found = call()
        except (TianfuError, PluginError) as error:
            self.said.append(f"{error!r} {error!s} {error.text('zh')} {error.values!r}")
            return None
        self.said.append(f"{found!r} {found!s}")
        return found

    def people(self):
        subscribers, hear = self.me.subscribers, self.hear
        row = {"organization": self.org, "consents": [Consent(evidence=EVIDENCE)]}
        made = hear(lambda: subscribers.add_many([row | {"phone": p} for p in PHONES[:24]]))
        hear(lambda: subscribers.create(phone=ABROAD, organization=self.org))
        for phone in (PHONES[0], BAD, STRANGER + "0", "", None, [PHONES[1]]):
            hear(lambda p=phone: subscribers.create(phone=p, organization=self.org))
            hear(lambda p=phone: subscribers.add_many([row | {"phone": p}]))
            hear(lambda p=phone: subscribers.by_phone(p))
            hear(lambda p=phone: subscribers.opt_out(p))
            hear(lambda p=phone: subscribers.get(p))
            hear(lambda p=phone: self.me.people.erase(p))
        hear(lambda: subscribers.create(phone=PHONES[1], organization=PHONES[2]))
        hear(lambda: subscribers.edit(made[2].id, phone=PHONES[25]))
        hear(lambda: subscribers.edit(made[3].id, phone=PHONES[25]))
        hear(lambda: subscribers.consent(made[4].id, Consent(evidence=EVIDENCE + "甲")))
        hear(lambda: subscribers.opt_out(made[5].id))
        hear(lambda: subscribers.opt_out(STRANGER))
        assert subscribers.reveal(made[0].id) == f"+86{PHONES[0]}"
        return [noun.id for noun in made]

    def others(self):
        asked = self.hear(lambda: self.hub.ask(ASKED, region="510104")).question
        self.hear(lambda: self.me.questions.route(asked, self.org))
        assert self.me.questions.text(asked) == ASKED
        expert = self.me.experts.create(name=NAME, organization=self.org, profile="水稻")
        self.hear(lambda: self.me.experts.edit(expert.id, name=NEW_NAME))
        self.hear(lambda: self.me.experts.edit(expert.id, profile=f"{NEW_NAME}教授"))
        assert self.me.experts.reveal(expert.id) == NEW_NAME
        self.hear(lambda: self.me.accounts.create(organization=self.org, external_id=EXTERNAL))
        self.hear(lambda: self.hub.as_(external_id=EXTERNAL + "x"))
        who = self.me.contacts.create(organization=self.org, name=NAME, phone=STRANGER)
        self.hear(lambda: self.me.contacts.edit(who.id, name=NEW_NAME, email=EXTERNAL))
        self.hear(lambda: self.me.contacts.edit(who.id, phone="", email=""))
        assert self.me.contacts.reveal(who.id).name == NEW_NAME
        return asked, expert.id, who.id

    def registrants(self):
        made = self.me.activities.create(
            title="夜场", organization=self.org, registration=True, capacity=3
        )
        self.me.activities.submit(made.id)
        self.you.activities.approve(made.id)
        self.you.activities.publish(made.id)
        desk, hear, found = self.me.registrations, self.hear, []
        given = {"name": NAME, "consent": EVIDENCE, "note": ASKED, "answers": {"住址": INBOUND}}
        for phone in (*PHONES[:5], PHONES[0], BAD, PHONES[27] + "x", "", None):
            one = hear(lambda p=phone: desk.register(made.id, phone=p, **given))
            found += [one.id] if one else []
        given |= {"under_14": True, "guardian": EVIDENCE}
        found.append(hear(lambda: desk.register(made.id, phone=PHONES[28], **given)).id)
        hear(lambda: desk.register(made.id, phone=PHONES[29], **given | {"note": ASKED * 99}))
        hear(lambda: desk.register(PHONES[29], phone=PHONES[29], **given))
        hear(lambda: desk.edit(found[1], name=NEW_NAME, note=INBOUND))
        hear(lambda: desk.edit(found[1], name=NEW_NAME * 30))
        hear(lambda: desk.cancel(found[0], reason="本人请求"))
        hear(lambda: desk.register(made.id, phone=PHONES[0], **given))
        hear(lambda: desk.check_in(found[1]))
        hear(lambda: desk.by_phone(PHONES[0]))
        self.said.append(desk.roster(made.id)._repr_html_())
        self.said.append(repr(desk.roster(made.id).to_dicts()))
        assert desk.reveal(found[1]).name == NEW_NAME
        hear(lambda: desk.reveal(found[1]))
        hear(lambda: desk.export(found[1]))
        return found

    def send(self, gateway, answers=()):
        made = self.me.sms.compose(
            title="卒中", organization=self.org, texts={"zh-Hans": "口角歪斜请打120。"},
            signature="科协", gateway=gateway,
        )  # fmt: skip
        self.hear(lambda: self.you.sms.approve(made.id))
        self.hear(lambda: self.you.sms.send(made.id))
        self.wire.answers = list(answers)
        for _ in range(3):
            self.hear(self.you.sms.dispatch)
            self.clock.tick(timedelta(minutes=20))
        self.hear(lambda: self.you.sms.poll(gateway))
        self.hear(lambda: self.me.sms.report(made.id))
        return made.id

    def callbacks(self, people):
        receipts = [
            {"provider_id": f"v-{id_}", "state": "delivered", "at": NOON.isoformat()}
            for id_ in people
        ] + [
            {"provider_id": "v-unknown", "ref": people[0], "state": "failed"},
            {"provider_id": "v-odd", "ref": PHONES[9], "state": "failed"},
        ]
        inbound = [
            {"phone": PHONES[6], "text": "退订", "at": NOON.isoformat()},
            {"phone": PHONES[7], "text": INBOUND, "at": NOON.isoformat()},
            {"phone": STRANGER, "text": "TD", "at": NOON.isoformat()},
            {"phone": "10690001", "text": INBOUND, "at": NOON.isoformat()},
        ]
        for secret, body in (
            ("right", {"receipts": receipts}),
            ("right", {"inbound": inbound}),
            ("wrong", {"inbound": inbound}),
            ("right", {"inbound": [{"phone": PHONES[8]}]}),
        ):
            request = HttpRequest(
                method="POST",
                url="http://here.test/callback",
                headers={"x-secret": secret},
                body=json.dumps(body).encode(),
            )
            with contextlib.suppress(TypeError):
                self.hear(lambda r=request: self.hub.sms.callback("vendor", r))


@pytest.mark.parametrize("open_at_the_end", [True, False])
def test_nothing_plain_is_left_behind(tmp_path, caplog, open_at_the_end):
    said = io.StringIO()
    stream = logging.StreamHandler(said)
    logging.getLogger().addHandler(stream)
    try:
        with caplog.at_level(logging.DEBUG):
            day = Day(tmp_path)
            people = day.people()
            asked, expert, contact = day.others()
            registered = day.registrants()
            day.send("file")
            day.send("vendor", ["accepted", "rejected", "away", "odd", "deferred"])
            day.callbacks(people)
            system = day.hub.as_system(reason="test")
            day.hear(lambda: system.jobs.list("sms"))
            day.hear(system.doctor)
            day.hear(lambda: list(system.events))
            day.hear(lambda: list(system.audit.find(limit=500)))
            day.hear(lambda: list(day.me.subscribers.find()))
            day.hear(lambda: day.me.subscribers.export(people[9]))
            day.hear(lambda: system.keeping.backup(tmp_path / "copy.db"))
            day.hear(lambda: system.keeping.dump(tmp_path / "kepu.dump"))
            gone = (people[10], people[11], asked, expert, contact, *registered[:3:2])
            for id_ in gone:
                day.hear(lambda i=id_: day.me.people.erase(i))
            # The log of the file was emptied for them: something is to stand in it again.
            day.hear(lambda: day.me.subscribers.edit(people[12], phone=PHONES[26]))
            if not open_at_the_end:
                day.hub.close()
    finally:
        logging.getLogger().removeHandler(stream)
    Hub.restore(
        tmp_path / "copy.db",
        f"sqlite:///{tmp_path}/back.db",
        settings={"erasures": f"{tmp_path}/kepu.db.erased"},
        discover=False,
    )
    assert "+86" not in said.getvalue()
    assert len(day.hub._plugins.failures) > 10
    bodies = {
        str(path.relative_to(tmp_path)): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    names = {"kepu.db", "kepu.db.key", "kepu.db.erased", "copy.db", "back.db", "kepu.dump"}
    assert names <= set(bodies)
    assert ("kepu.db-wal" in bodies) is open_at_the_end
    assert any(name.startswith("kepu.db.sms/") for name in bodies)
    bodies["log"] = said.getvalue().encode()
    bodies["records"] = "".join(repr(vars(record)) for record in caplog.records).encode()
    bodies["failures"] = "".join(day.hub._plugins.failures).encode()
    bodies["said"] = "\n".join(day.said).encode()
    assert all(bodies.values())
    texts = [*PHONES, ABROAD[3:], STRANGER, BAD[:10], NAME, NEW_NAME, ASKED, INBOUND, EVIDENCE]
    for text in (*texts, EXTERNAL):
        assert standing(text, bodies) == [], text
    if open_at_the_end:
        day.hub.close()
