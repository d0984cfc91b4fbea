"""Gateways that are wrong in one way each: the SMS suite must notice every one.

Each is one of the gateways of `test_sms_suite.py` with one thing changed. It runs the cases
that are named for it, in pytest inside pytest; they must fail for it, and they pass for the
gateway as it is, which `test_sms_suite.py` itself shows.
"""

import textwrap
from pathlib import Path

import httpcore
import httpx
import pytest

from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.testing.sms import SmsGatewaySuite

# Imported out here, so that every inner run finds them and does not load them anew: httpx knows
# the errors of the httpcore that it saw first.
LOADED = (HttpxTransport, SmsGatewaySuite, httpx, httpcore)
pytest_plugins = ("pytester",)

RIGHT = Path(__file__).with_name("test_sms_suite.py").read_text("utf-8")
FORM = """
class Mutant(FormGateway):
{body}

class TestMutant(TestFormGateway):
    @pytest.fixture
    def gateway(self):
        return Mutant("https://sms.invalid/v1", Secret(KEY), Secret(TOKEN))
"""
LINE = """
class Mutant(SessionGateway):
{body}

class TestMutant(TestSessionGateway):
    @pytest.fixture
    def gateway(self):
        return Mutant()
"""
WAY = """
class Way(HttpxTransport):
{body}

class TestMutant(TestFormGateway):
    @pytest.fixture
    def transport(self):
        way = Way()
        yield way
        way.close()
"""
EXTRA = """
import base64
import hashlib
import itertools
import logging
import random
import re
import sys
from urllib.parse import quote
from tianfu_sdk.backends.http import HttpxTransport
"""

# Name: whose, what is wrong, the cases that must fail.
MUTANTS = {
    "a recipient is dropped": (
        FORM,
        """
        def request(self, batch):
            return super().request(attrs.evolve(batch, recipients=batch.recipients[:-1] or batch.recipients))
        """,
        ["test_a_request_carries_every_recipient"],
    ),
    "recipients pile up": (
        FORM,
        """
        seen = ()
        def request(self, batch):
            self.seen = (*self.seen, *batch.recipients)[-60:]
            return super().request(attrs.evolve(batch, recipients=self.seen))
        """,
        [
            "test_a_request_carries_nobody_else",
            "test_the_same_batch_makes_the_same_request",
        ],
    ),
    "a batch that is too large is cut": (
        FORM,
        """
        def request(self, batch):
            return super().request(attrs.evolve(batch, recipients=batch.recipients[:60]))
        """,
        ["test_one_recipient_too_many_is_unsupported"],
    ),
    "a nonce that nobody declares": (
        FORM,
        """
        def request(self, batch):
            made = super().request(batch)
            return attrs.evolve(made, headers=dict(made.headers) | {"x-nonce": str(random.random())})
        """,
        ["test_the_same_batch_makes_the_same_request"],
    ),
    "the batch in the making is kept in the gateway": (
        FORM,
        """
        def request(self, batch):
            self.text = self._text(batch)
            made = super().request(batch)
            import time; time.sleep(0.0005)
            return attrs.evolve(made, headers=dict(made.headers) | {
                "x-digest": hashlib.sha256(self.text.encode()).hexdigest()})
        """,
        ["test_requests_made_in_many_threads_do_not_mix"],
    ),
    "the form is not quoted": (
        FORM,
        """
        def _form(self, path, **fields):
            made = super()._form(path, **fields)
            return attrs.evolve(made, body="&".join(f"{k}={v}" for k, v in fields.items()).encode())
        """,
        ["test_every_character_survives[delimiters]"],
    ),
    "characters outside the first plane are lost": (
        FORM,
        """
        def _text(self, batch):
            return "".join(c if c <= "\\uffff" else "?" for c in super()._text(batch))
        """,
        ["test_every_character_survives[emoji]"],
    ),
    "the signature makes a template of the text": (
        FORM,
        """
        def _text(self, batch):
            return "【{}】{}".format(batch.signature, batch.text.replace("{name}", batch.signature))
        """,
        ["test_every_character_survives[template]"],
    ),
    "the key is in the URL's user part": (
        FORM,
        """
        def _form(self, path, **fields):
            made = super()._form(path, **fields)
            return attrs.evolve(made, url=made.url.replace("://", "://u:p@"))
        """,
        ["test_a_request_can_be_sent"],
    ),
    "a reference breaks the header": (
        FORM,
        """
        def request(self, batch):
            made = super().request(batch)
            return attrs.evolve(made, headers=dict(made.headers) | {"x-sign": batch.signature})
        """,
        ["test_a_request_can_be_sent"],
    ),
    "asking sends the text again": (
        FORM,
        """
        def query(self, batch):
            return self.request(batch)
        """,
        ["test_a_batch_can_be_asked_for_only_if_the_capabilities_say_so"],
    ),
    "results in the vendor's order": (
        FORM,
        """
        def result(self, batch, response):
            found = super().result(batch, response)
            order = [row for row in self._said(response)]
            return sorted(found, key=lambda r: order.index(next(
                o.phone[3:] for o in batch.recipients if o.ref == r.ref)) if order else 0)
        """,
        [
            "test_each_recipient_gets_the_own_result",
            "test_a_full_call_is_read_in_order",
        ],
    ),
    "an answer by place, not by number": (
        FORM,
        """
        def result(self, batch, response):
            rows = list(self._said(response).values())
            return [self._one(one, {one.phone[3:]: row}, response)
                    for one, row in itertools.zip_longest(batch.recipients, rows, fillvalue={})
                    if one]
        """,
        ["test_each_recipient_gets_the_own_result"],
    ),
    "who is missing is taken for accepted": (
        FORM,
        """
        def result(self, batch, response):
            found = super().result(batch, response)
            if any(one.status == "accepted" for one in found):
                found = [SmsResult(ref=one.ref, status="accepted") if one.status == "unknown"
                         else one for one in found]
            return found
        """,
        ["test_who_is_missing_in_the_answer_is_unknown"],
    ),
    "what cannot be read raises": (
        FORM,
        """
        def _said(self, response):
            return {str(row["mobile"]): row for row in json.loads(response.body)["list"]}
        """,
        [
            "test_an_unreadable_answer_is_unknown[half]",
            "test_half_an_answer_is_unknown",
            "test_nothing_that_is_spoilt_raises",
        ],
    ),
    "nesting without end is forgotten": (
        FORM,
        """
        def _said(self, response):
            try:
                return {str(row["mobile"]): row for row in json.loads(response.body)["list"]}
            except (ValueError, LookupError, TypeError):
                return {}
        """,
        ["test_an_unreadable_answer_is_unknown[nested]"],
    ),
    "a failing server is a refusal": (
        FORM,
        """
        def result(self, batch, response):
            if response.status >= 500:
                return [SmsResult(ref=one.ref, status="rejected", error=ErrorClass.RETRY_SAFE)
                        for one in batch.recipients]
            return super().result(batch, response)
        """,
        ["test_a_failure_of_the_server_is_never_a_refusal"],
    ),
    "the status is not looked at": (
        FORM,
        """
        def _said(self, response):
            return super()._said(attrs.evolve(response, status=200))
        """,
        ["test_a_failure_of_the_server_is_never_a_refusal"],
    ),
    "an unreadable answer is a refusal": (
        FORM,
        """
        def result(self, batch, response):
            return [SmsResult(ref=one.ref, status="rejected", error=ErrorClass.BAD_CONTENT)
                    if one.status == "unknown" else one for one in super().result(batch, response)]
        """,
        ["test_an_unreadable_answer_is_unknown[page]", "test_half_an_answer_is_unknown"],
    ),
    "a refusal without its class": (
        FORM,
        """
        def result(self, batch, response):
            return [attrs.evolve(one, error=ErrorClass.OK) for one in super().result(batch, response)]
        """,
        ["test_rejected_is_rejected_with_its_class"],
    ),
    "any wait is believed": (
        FORM,
        """
        def result(self, batch, response):
            if response.status == 429:
                wait = float(response.headers["retry-after"])
                return [SmsResult(ref=one.ref, status="deferred", error=ErrorClass.THROTTLED,
                                  retry_after=wait) for one in batch.recipients]
            return super().result(batch, response)
        """,
        [
            "test_too_many_requests_says_when_to_come_back_or_not[soon]",
            "test_too_many_requests_says_when_to_come_back_or_not[nan]",
            "test_too_many_requests_says_when_to_come_back_or_not[-1]",
        ],
    ),
    "every callback is believed": (
        FORM,
        """
        def callback(self, request):
            return super().callback(attrs.evolve(request, url="/cb/" + TOKEN))
        """,
        ["test_a_forged_callback_is_denied"],
    ),
    "a callback that cannot be read is taken for empty": (
        FORM,
        """
        def callback(self, request):
            try:
                return super().callback(request)
            except Invalid:
                return CallbackResult()
        """,
        ["test_an_authentic_callback_that_cannot_be_read_is_invalid"],
    ),
    "a bare error from a callback": (
        FORM,
        """
        def _at(self, row):
            try:
                return super()._at(row)
            except ValueError as error:
                raise RuntimeError from error
        """,
        ["test_nothing_that_is_spoilt_raises_anything_else"],
    ),
    "receipts are turned round": (
        FORM,
        """
        def callback(self, request):
            found = super().callback(request)
            return attrs.evolve(found, receipts=found.receipts[::-1])
        """,
        ["test_receipts_are_read_in_order"],
    ),
    "only the first receipt counts": (
        FORM,
        """
        def callback(self, request):
            found = super().callback(request)
            return attrs.evolve(found, receipts=found.receipts[:1])
        """,
        ["test_receipts_are_read_in_order"],
    ),
    "the second of two equal callbacks is empty": (
        FORM,
        """
        seen = frozenset()
        def callback(self, request):
            found = super().callback(request)
            if request.body in self.seen:
                return CallbackResult()
            self.seen = self.seen | {request.body}
            return found
        """,
        ["test_a_callback_that_comes_twice_is_read_twice_alike"],
    ),
    "times of China taken for UTC": (
        FORM,
        """
        def _at(self, row):
            return super()._at(row).replace(tzinfo=timezone.utc)
        """,
        ["test_receipts_are_read_in_order", "test_what_people_answer_is_read_whole"],
    ),
    "times without a zone": (
        FORM,
        """
        def _at(self, row):
            return super()._at(row).replace(tzinfo=None)
        """,
        ["test_receipts_are_read_in_order"],
    ),
    "what people answer is trimmed": (
        FORM,
        """
        def _inbound(self, row):
            found = super()._inbound(row)
            return attrs.evolve(found, text=found.text.strip())
        """,
        ["test_what_people_answer_is_read_whole"],
    ),
    "inbound phones without their country": (
        FORM,
        """
        def _inbound(self, row):
            found = super()._inbound(row)
            return attrs.evolve(found, phone=found.phone[3:])
        """,
        ["test_what_people_answer_is_read_whole"],
    ),
    "a log of what is sent": (
        FORM,
        """
        def request(self, batch):
            made = super().request(batch)
            logging.getLogger("form").debug("sending %s", made.body)
            return made
        """,
        ["test_nothing_is_logged_on_the_way_out"],
    ),
    "half an answer is read as far as it goes": (
        FORM,
        """
        def _said(self, response):
            found = re.findall(rb'{"mobile": "(\\d+)", "code": "0", "id": "(\\w+)"}', response.body)
            return {m.decode(): {"code": "0", "id": i.decode()} for m, i in found}
        """,
        ["test_an_answer_that_ends_too_early_is_unknown", "test_half_an_answer_is_unknown"],
    ),
    "a page of a failing server is a refusal": (
        FORM,
        """
        def result(self, batch, response):
            if response.body.startswith(b"<"):
                return [SmsResult(ref=one.ref, status="rejected", error=ErrorClass.STOP_CHANNEL)
                        for one in batch.recipients]
            return super().result(batch, response)
        """,
        [
            "test_a_bad_answer_on_the_way_is_never_a_refusal[200]",
            "test_a_bad_answer_on_the_way_is_never_a_refusal[500]",
            "test_a_bad_answer_on_the_way_is_never_a_refusal[504]",
        ],
    ),
    "whatever fails did not leave": (
        WAY,
        """
        def send(self, request, *, timeout):
            try:
                return super().send(request, timeout=timeout)
            except Ambiguous:
                raise Unavailable("http.not_sent", why="away") from None
        """,
        [
            f"test_what_may_have_left_is_ambiguous[{fault}]"
            for fault in ("cut", "reset", "half", "noise", "garbled", "silent", "stall", "drip")
        ],
    ),
    "whatever fails may have left": (
        WAY,
        """
        def send(self, request, *, timeout):
            try:
                return super().send(request, timeout=timeout)
            except Unavailable:
                raise Ambiguous("http.no_answer", why="away") from None
        """,
        [f"test_what_never_left_is_unavailable[{why}]" for why in ("refused", "hung", "no tls")],
    ),
    "what was cut is sent again": (
        WAY,
        """
        def send(self, request, *, timeout):
            try:
                return super().send(request, timeout=timeout)
            except Ambiguous:
                return super().send(request, timeout=timeout)
        """,
        [
            "test_what_may_have_left_is_ambiguous[cut]",
            "test_what_may_have_left_is_ambiguous[reset]",
            "test_what_may_have_left_is_ambiguous[garbled]",
        ],
    ),
    "an answer without end is awaited": (
        WAY,
        """
        def send(self, request, *, timeout):
            return super().send(request, timeout=5.5)
        """,
        ["test_what_may_have_left_is_ambiguous[drip]"],
    ),
    "a logger that hands nothing on": (
        FORM,
        """
        def request(self, batch):
            log = logging.getLogger("form.own")
            log.propagate = False
            log.setLevel(logging.CRITICAL)
            log.info("for %s", batch.recipients[0].phone)
            return super().request(batch)
        """,
        ["test_nothing_is_logged_on_the_way_out", "test_nothing_is_logged_when_nothing_leaves"],
    ),
    "a print": (
        FORM,
        """
        def request(self, batch):
            print(self.key.reveal(), file=sys.stderr)
            return super().request(batch)
        """,
        ["test_nothing_is_logged_on_the_way_out"],
    ),
    "a log of the text in base64": (
        FORM,
        """
        def request(self, batch):
            coded = base64.b64encode(f"text={batch.text}".encode())
            logging.getLogger("form").debug("body %s", coded)
            return super().request(batch)
        """,
        ["test_nothing_is_logged_on_the_way_out"],
    ),
    "a log of half the text in bytes": (
        FORM,
        """
        def request(self, batch):
            logging.getLogger("form").debug("%s", batch.text[:7].encode("utf-16-be"))
            return super().request(batch)
        """,
        ["test_nothing_is_logged_on_the_way_out"],
    ),
    "a phone with spaces": (
        FORM,
        """
        def result(self, batch, response):
            phone = batch.recipients[0].phone
            logging.getLogger("form").debug("%s %s %s", phone[3:6], phone[6:10], phone[10:])
            return super().result(batch, response)
        """,
        ["test_nothing_is_logged_on_the_way_out"],
    ),
    "a traceback that quotes what was cut": (
        FORM,
        """
        def result(self, batch, response):
            try:
                json.loads(response.body)
            except ValueError:
                try:
                    raise RuntimeError(f"no answer for {batch.recipients[0].phone}")
                except RuntimeError:
                    logging.getLogger("form").exception("unreadable")
            return super().result(batch, response)
        """,
        [
            "test_nothing_is_logged_on_the_way_out",
            "test_nothing_is_logged_when_the_way_fails[short]",
        ],
    ),
    "a log of what is asked": (
        FORM,
        """
        def query(self, batch):
            logging.getLogger("form").debug("asking", extra={"of": batch.recipients[0].phone})
            return super().query(batch)
        """,
        ["test_nothing_is_logged_when_it_is_asked"],
    ),
    "a log of what people answered": (
        FORM,
        """
        def callback(self, request):
            found = super().callback(request)
            for one in found.inbound:
                logging.getLogger("form").info("inbound %(text)s", {"text": one.text})
            return found
        """,
        ["test_no_error_shows_anything"],
    ),
    "a log of what came back": (
        FORM,
        """
        def result(self, batch, response):
            if response.status != 200:
                logging.getLogger("form").warning("for %s", [one.phone for one in batch.recipients])
            return super().result(batch, response)
        """,
        ["test_nothing_is_logged_on_the_way_out"],
    ),
    "a key in the repr": (
        FORM,
        """
        def __repr__(self):
            return f"FormGateway({self.key.reveal()})"
        """,
        ["test_no_repr_shows_anything"],
    ),
    "a phone in the error": (
        FORM,
        """
        def request(self, batch):
            if len(batch.recipients) > 60:
                raise Unsupported("sms.too_many", path=batch.recipients[1].phone)
            return super().request(batch)
        """,
        ["test_no_error_shows_anything"],
    ),
    "a cause that quotes the callback": (
        FORM,
        """
        def callback(self, request):
            try:
                return super().callback(request)
            except Invalid:
                raise Invalid("sms.callback_malformed") from ValueError(request.url)
        """,
        ["test_no_error_shows_anything"],
    ),
    "capabilities that change": (
        FORM,
        """
        @property
        def capabilities(self):
            return attrs.evolve(super().capabilities, timeout=10 + random.random())
        """,
        ["test_capabilities_are_sane_and_stable"],
    ),
    "a session that says it is HTTP": (
        LINE,
        """
        @property
        def capabilities(self):
            return attrs.evolve(super().capabilities, shape="http")
        """,
        ["test_the_gateway_has_the_shape_that_it_states"],
    ),
    "closing twice raises": (
        LINE,
        """
        def close(self):
            if not self._open:
                raise Unavailable("http.not_sent", why="closed")
            super().close()
        """,
        ["test_connecting_and_closing_twice_does_no_harm"],
    ),
    "a session opens once": (
        LINE,
        """
        used = False
        def connect(self):
            if not self.used:
                self.used = True
                super().connect()
        """,
        ["test_a_session_can_be_opened_again"],
    ),
    "a closed session says something else": (
        LINE,
        """
        def submit(self, batch):
            if not self._open:
                raise Invalid("sms.closed")
            return super().submit(batch)
        """,
        ["test_a_closed_session_sends_nothing_or_opens_itself"],
    ),
    "a poll that forgets to empty": (
        LINE,
        """
        def acknowledge(self):
            pass
        """,
        ["test_a_poll_gives_what_came_once", "test_what_was_not_stored_is_given_again"],
    ),
    "a poll that empties before it is stored": (
        LINE,
        """
        def poll(self):
            found, self.waiting = self.waiting, ([], [])
            return found
        """,
        ["test_what_was_not_stored_is_given_again"],
    ),
    "a session that says that nothing left when something may have": (
        LINE,
        """
        def submit(self, batch):
            if self.fault:
                raise Unavailable("http.not_sent", why="cut")
            return super().submit(batch)
        """,
        ["test_what_may_have_left_is_never_sent_again"],
    ),
    "a session that believes what was not answered": (
        LINE,
        """
        def submit(self, batch):
            self.fault = ""
            return super().submit(batch)
        """,
        ["test_what_may_have_left_is_never_sent_again"],
    ),
    "a session that is refused and says nothing": (
        LINE,
        """
        def connect(self):
            self._open = True
        """,
        ["test_a_session_that_is_refused_sends_nothing"],
    ),
    "a poll that drops what people answer": (
        LINE,
        """
        patience = 0.1
        def poll(self):
            return super().poll()[0], []
        """,
        ["test_a_poll_gives_what_came_once"],
    ),
    "one number for two threads": (
        LINE,
        """
        def submit(self, batch):
            first = self._sent
            import time; time.sleep(0.001)
            self._sent = first + len(batch.recipients)
            return [SmsResult(ref=one.ref, status="accepted", provider_id=str(first + number))
                    for number, one in enumerate(batch.recipients)]
        """,
        ["test_threads_that_share_a_session_get_their_own_results"],
    ),
    "a session that cuts what is too much": (
        LINE,
        """
        def submit(self, batch):
            return super().submit(attrs.evolve(batch, recipients=batch.recipients[:20]))
        """,
        ["test_one_recipient_too_many_is_unsupported_in_a_session"],
    ),
    "a session that logs what comes": (
        LINE,
        """
        def poll(self):
            found = super().poll()
            for one in found[1]:
                logging.getLogger("line").debug("deliver %s", one.text.encode("utf-16-be").hex())
            return found
        """,
        ["test_a_session_says_nothing_private"],
    ),
    "a session that logs what is lost": (
        LINE,
        """
        def submit(self, batch):
            try:
                return super().submit(batch)
            except Ambiguous:
                logging.getLogger("line").warning("lost: %r", [batch.recipients[0].phone])
                raise
        """,
        ["test_what_may_have_left_is_never_sent_again"],
    ),
    "a refusal that shows for whom": (
        LINE,
        """
        def submit(self, batch):
            try:
                return super().submit(batch)
            except Unavailable:
                raise Unavailable("http.not_sent", path=batch.recipients[0].phone) from None
        """,
        ["test_a_session_that_is_refused_sends_nothing"],
    ),
    "a session that logs": (
        LINE,
        """
        def submit(self, batch):
            logging.getLogger("line").info("submit", extra={"phones": [
                one.phone for one in batch.recipients]})
            return super().submit(batch)
        """,
        ["test_a_session_says_nothing_private"],
    ),
}

# As for the stores: plugins that an inner run would load anew each time, for nothing.
BARE = ["-q"] + [
    part
    for plugin in ("cacheprovider", "hypothesispytest", "randomly", "timeout")
    for part in ("-p", f"no:{plugin}")
]


def run(pytester, source, cases):
    (path,) = (pytester.makepyfile(RIGHT + EXTRA + source),)
    wanted = [f"{path}::TestMutant::{case}" for case in sorted(cases)]
    result = pytester.runpytest_inprocess(*BARE, "--tb=no", "-rf", *wanted)
    failed = [line for line in result.outlines if line.startswith("FAILED")]
    return {case for case in cases if any(f"::{case}" in line for line in failed)}


@pytest.mark.ci
@pytest.mark.parametrize("name", MUTANTS)
def test_the_sms_suite_catches(pytester, name):
    template, body, cases = MUTANTS[name]
    source = template.format(body=textwrap.indent(textwrap.dedent(body), "    "))
    assert run(pytester, source, cases) == set(cases)


@pytest.mark.ci
@pytest.mark.parametrize("template", [FORM, LINE, WAY], ids=["form", "line", "way"])
def test_the_gateways_as_they_are_pass_every_case_that_a_mutant_names(pytester, template):
    cases = {case for kind, _, cases in MUTANTS.values() if kind is template for case in cases}
    assert run(pytester, template.format(body="    pass"), cases) == set()


def test_an_author_who_gives_no_gateway_is_told(pytester):
    pytester.makepyfile(
        "from tianfu_sdk.testing import SmsGatewaySuite\nclass TestMine(SmsGatewaySuite): pass"
    )
    result = pytester.runpytest_inprocess(*BARE, "-k", "test_capabilities")
    result.stdout.fnmatch_lines(["*override the fixture `gateway`*"])


@pytest.mark.parametrize("hook", ["answer", "signed_callback"])
def test_an_author_who_does_not_say_how_the_vendor_speaks_is_told(pytester, hook):
    pytester.makepyfile(
        RIGHT
        + f"""
class TestMine(TestFormGateway):
    {hook} = SmsGatewaySuite.{hook}
"""
    )
    result = pytester.runpytest_inprocess(*BARE, "-k", "TestMine and (accepted or forged)")
    result.stdout.fnmatch_lines([f"*override `{hook}(*"])
