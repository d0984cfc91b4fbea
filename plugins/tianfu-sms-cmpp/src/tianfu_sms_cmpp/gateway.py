"""The gateway: batches out, receipts and inbound messages in, over a session of CMPP."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import logging
import threading
from collections.abc import Sequence
from typing import Any, Literal, Self

import attrs

from tianfu_sdk import Invalid, Secret, Unavailable, Unsupported
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.links.coding import read
from tianfu_sdk.links.composing import ucs2_contents
from tianfu_sdk.links.gateway import LinkGateway, Mail
from tianfu_sdk.links.link import Link
from tianfu_sdk.links.sending import Build, Group, Sending, Verdict
from tianfu_sdk.links.wire import Frame, Times
from tianfu_sdk.model.sms import (
    ErrorClass,
    Pace,
    Recipient,
    SmsBatch,
    SmsCapabilities,
    SmsResult,
)
from tianfu_sdk.ports.clock import Clock
from tianfu_sms_cmpp import codec
from tianfu_sms_cmpp.codes import result_class
from tianfu_sms_cmpp.wire import CmppWire

__all__ = ["CmppGateway", "CmppSettings"]

_log = logging.getLogger("tianfu_sdk.sms")

_REFERENCES = 256
_MOST_PHONES = 99
_PARTS = 255
_DOMESTIC = "+86"


@attrs.frozen(kw_only=True)
class CmppSettings:
    """The table `[backends.cmpp]`."""

    host: str
    port: int = 7890
    source_addr: str
    """SP_Id (企业代码), at most 6 characters."""
    secret: Secret
    """Shared with the operator: `{env = "NAME"}` or `{file = "path"}`."""
    version: Literal["2.0", "3.0"] = "2.0"
    src_id: str
    """The number that people see (接入号), at most 21 digits."""
    service_id: str = ""
    """Service_Id (业务代码), at most 10 characters."""
    signature: Literal["text", "operator"] = "text"
    """`text`: 【】 is put before the text; `operator`: the operator does so."""
    phone_prefix: Literal["", "86", "+86"] = ""
    """What the operator wants before the 11 digits of a phone."""
    phones_per_call: int = 90
    """Phones of one submit, 1 to 99."""
    longest: int = 500
    """UTF-16 units of one message, signature included."""
    window: int = 16
    """Submits on their way at most; halved while the gateway says that it is too fast."""
    sessions: int = 1
    """Sessions that all workers of a store may hold together; 0: uncounted."""
    fee_user_type: int = 2
    """0: the recipient pays; 1: the source; 2: the SP; 3: `fee_phone`."""
    fee_phone: str = attrs.field(default="", repr=False)
    fee_type: str = "01"
    fee_code: str = "000000"
    strict_peer: bool = False
    """End a session whose gateway does not show that it knows the secret; else only warn."""
    connect_timeout: float = 10.0
    """Seconds for the connection, and again for the login."""
    timeout: float = 30.0
    """Seconds that one batch may take."""
    idle: float = 30.0
    """Seconds of silence before the gateway is asked whether it is there (ACTIVE_TEST)."""


class CmppGateway(LinkGateway):
    """Sends over CMPP 2.0 or 3.0. Safe to share between threads and across a fork.

    The hub's id of a message is the Msg_Id of its first part, which all phones of a submit
    have in common; it counts as delivered when all its parts are.

    Args:
        options: The gateway's table of settings.
        clock: Tells the time that a login is signed with.
        start: Number that the references of long messages begin with.

    Raises:
        Invalid: `field.value`; a setting is out of range.
    """

    settings = CmppSettings

    def __init__(self, options: CmppSettings, clock: Clock, start: int = 0) -> None:
        times = Times(answer=options.timeout, idle=options.idle)
        super().__init__(times=times)
        self._options = options
        self._clock = clock
        self._form = codec.Form.of(options.version)
        self._references = itertools.count(start)
        self._counting = threading.Lock()
        _check(options, self._form)
        self._capabilities = SmsCapabilities(
            name="cmpp",
            shape="session",
            phones_per_call=options.phones_per_call,
            receipts=("push",),
            inbound=True,
            longest=options.longest,
            timeout=options.timeout,
            pace=Pace(sessions=options.sessions),
            signature="in_text" if options.signature == "text" else "apart",
        )

    @classmethod
    def open(cls, context: BackendContext) -> Self:
        """Make the gateway of its settings; the factory that the plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        # Two workers that begin alike would mix their parts on a telephone.
        start = hashlib.sha256(context.ids.token().encode()).digest()[0]
        return cls(context.read(CmppSettings), context.clock, start)

    @property
    def capabilities(self) -> SmsCapabilities:
        """What this gateway can say."""
        return self._capabilities

    def submit(self, batch: SmsBatch) -> Sequence[SmsResult]:
        """Send a batch; one result a recipient, in the batch's order.

        A recipient of whose message some parts were taken and others not, or not surely, is
        `unknown`, with the part in the code.

        Raises:
            Unavailable: `session.lost`; nothing of the batch left.
            Unsupported: `sms.too_many`, or `sms.too_long`: more than 255 parts.
            Invalid: `text.lone_surrogate`, `sms.bad_signature`.
        """
        most = self._options.phones_per_call
        if len(batch.recipients) > most:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=most)
        parts = self._contents(batch)
        link = self._link()
        ours = [(one, self._dialled(one.phone)) for one in batch.recipients]
        known = tuple((one, phone) for one, phone in ours if phone is not None)
        results = {one.ref: _foreign(one.ref) for one, phone in ours if phone is None}
        if known:
            results |= self._sent(link, batch.reference, parts, known)
        return [results[one.ref] for one in batch.recipients]

    def counts(self, day: str, service_id: str = "") -> codec.Counts:
        """Ask what the gateway counted of one day (QUERY).

        It counts, and names no message: what became of a batch cannot be asked.

        Args:
            day: YYYYMMDD, China time.
            service_id: Of one service; empty: of all.

        Raises:
            Unavailable: `session.lost`, it was not asked; `session.no_answer`.
            Invalid: `field.value`.
        """
        body = codec.query(day, service_id)
        ((_, value),) = self._link().exchange(
            [lambda sequence: codec.frame(codec.QUERY, sequence, body)], self._options.timeout
        )
        if not isinstance(value, codec.Counts):
            raise Unavailable("session.no_answer")
        return value

    # What the base asks for.

    def _dial(self) -> Sequence[Link]:
        options = self._options
        wire = CmppWire(self._form)
        link = self._open(
            (options.host, options.port),
            wire,
            timeout=options.connect_timeout,
            window=options.window,
        )
        try:
            self._login(link)
        except BaseException:
            link.drop()
            raise
        return (link,)

    def _mail(self, item: Any) -> Mail:
        found: Mail = item
        return found

    def _read(self, data: bytes, coding: str) -> str:
        return read(data, coding)

    # Steps.

    def _login(self, link: Link) -> None:
        options = self._options
        secret = options.secret.reveal()
        body = codec.connect(options.source_addr, secret, self._form, self._clock.now())
        ((_, value),) = link.exchange(
            [lambda sequence: codec.frame(codec.CONNECT, sequence, body)], options.connect_timeout
        )
        if not isinstance(value, codec.Connected):
            raise Unavailable("session.unreachable", why=link.why or "no_answer")
        if value.status:
            raise Unavailable("session.refused", status=value.status)
        said = codec.gateway_authenticator(value.raw_status, body[6:22], secret)
        if not hmac.compare_digest(said, value.authenticator):
            if options.strict_peer:
                raise Unavailable("session.refused", status="AuthenticatorISMG")
            _log.warning("a CMPP gateway did not show that it knows the secret")

    def _contents(self, batch: SmsBatch) -> list[bytes]:
        with self._counting:
            reference = next(self._references) % _REFERENCES
        in_text = self._options.signature == "text"
        parts = ucs2_contents(batch.text, batch.signature, in_text=in_text, reference=reference)
        if len(parts) > _PARTS:
            units = sum(len(part) for part in parts) // 2
            raise Unsupported("sms.too_long", units=units, most=self._options.longest)
        return parts

    def _dialled(self, phone: str) -> str | None:
        if not phone.startswith(_DOMESTIC):
            return None
        return self._options.phone_prefix + phone.removeprefix(_DOMESTIC)

    def _sent(
        self,
        link: Link,
        reference: str,
        parts: Sequence[bytes],
        known: tuple[tuple[Recipient, str], ...],
    ) -> dict[str, SmsResult]:
        def late(group: Group, id_: str) -> None:
            refs = {recipient.phone: recipient.ref for recipient, _ in group.recipients}
            self._strays.add(id_, reference, refs)

        sending = Sending(
            link,
            parts=len(parts),
            build=self._builder(parts),
            judge=_judge,
            timeout=self._options.timeout,
            late=late,
        )
        taken = sending.run([Group(known)])
        if sending.unsent == len(known):
            raise Unavailable("session.lost", why=link.why or "timeout")
        accepted = {
            recipient.ref: SmsResult(
                ref=recipient.ref,
                status="accepted",
                provider_id=group.ids[0],
                part_ids=group.part_ids,
            )
            for group in taken
            for recipient, _ in group.recipients
        }
        return sending.results | accepted

    def _builder(self, parts: Sequence[bytes]) -> Build:
        options, form, total = self._options, self._form, len(parts)

        def build(phones: Sequence[str], part: int) -> Frame:
            what = codec.Submit(
                phones=phones,
                content=parts[part],
                header=total > 1,
                total=total,
                number=part + 1,
                source=options.source_addr,
                src_id=options.src_id,
                service_id=options.service_id,
                fee_user_type=options.fee_user_type,
                fee_phone=options.fee_phone,
                fee_type=options.fee_type,
                fee_code=options.fee_code,
            )
            body = codec.submit(form, what)
            return lambda sequence: codec.frame(codec.SUBMIT, sequence, body)

        return build


def _judge(value: Any) -> Verdict:
    if not isinstance(value, tuple):
        # An answer to something else under the number of a submit.
        return Verdict(ErrorClass.AMBIGUOUS, "unreadable")
    id_, result = value
    return Verdict(result_class(result), str(result), str(id_))


def _foreign(ref: str) -> SmsResult:
    return SmsResult(ref=ref, status="rejected", error=ErrorClass.BAD_RECIPIENT, code="foreign")


def _check(options: CmppSettings, form: codec.Form) -> None:
    ranges = {
        "port": (options.port, 1, 65535),
        "phones_per_call": (options.phones_per_call, 1, _MOST_PHONES),
        "longest": (options.longest, 1, _PARTS * 67),
        "window": (options.window, 1, 10_000),
        "sessions": (options.sessions, 0, 1000),
        "fee_user_type": (options.fee_user_type, 0, 3),
        "connect_timeout": (options.connect_timeout, 0.001, 3600),
        "timeout": (options.timeout, 0.001, 3600),
        "idle": (options.idle, 0.001, 86400),
    }
    for name, (value, least, most) in ranges.items():
        if not least <= value <= most:
            raise Invalid("field.value", path=name)
    if not options.host or not options.source_addr:
        raise Invalid("field.value", path="source_addr" if options.host else "host")
    if not options.src_id.isascii() or not options.src_id.isdecimal():
        raise Invalid("field.value", path="src_id")
    # What every submit has in common must fit; the error names the field.
    codec.submit(
        form,
        codec.Submit(
            phones=["1" * 11],
            content=b"",
            source=options.source_addr,
            src_id=options.src_id,
            service_id=options.service_id,
            fee_phone=options.fee_phone,
            fee_type=options.fee_type,
            fee_code=options.fee_code,
        ),
    )
