"""The gateway: batches out, receipts and inbound messages in, over sessions of SMPP."""

from __future__ import annotations

import hashlib
import itertools
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Any, Literal, Self

import attrs

from tianfu_sdk import Invalid, Secret, Unavailable, Unsupported
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.links.coding import read
from tianfu_sdk.links.gateway import LinkGateway, Mail, State
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
from tianfu_sms_smpp import codec
from tianfu_sms_smpp.codes import state_of, status_class
from tianfu_sms_smpp.composing import Long, Part, parts_of
from tianfu_sms_smpp.wire import Form, Names, Said, SmppWire

__all__ = ["MessageStatus", "SmppGateway", "SmppSettings"]

_REFERENCES = 256
_PARTS = 255
_DOMESTIC = "+86"


@attrs.frozen(kw_only=True)
class SmppSettings:
    """The table `[backends.smpp]`."""

    host: str
    port: int = 2775
    system_id: str
    """At most 15 characters."""
    password: Secret
    """At most 8 characters: `{env = "NAME"}` or `{file = "path"}`."""
    tls: bool = True
    """False: phones, texts and the password cross the line in the clear."""
    ca_file: str = ""
    """Certificates that the centre's must go back to; empty: those of this system."""
    system_type: str = ""
    bind: Literal["transceiver", "pair"] = "transceiver"
    """`pair`: a transmitter and a receiver, for centres that have no transceiver."""
    source_addr: str
    """Who it is from: a number, or a name of at most 11 letters with `source_ton` 5."""
    source_ton: int = 0
    source_npi: int = 1
    dest_ton: int = 1
    dest_npi: int = 1
    phone_form: Literal["international", "plus", "national"] = "international"
    """How a phone is written: `8613800000000`, `+8613800000000` or `13800000000`; the last is
    for the mainland only."""
    service_type: str = ""
    signature: Literal["text", "operator"] = "text"
    """`text`: 【】 is put before the text; `operator`: the operator does so."""
    foreign_alphabet: Literal["gsm", "ucs2"] = "gsm"
    """For phones outside of the mainland: GSM's alphabet where it has all letters."""
    long_messages: Long = "udh"
    """How a text of several parts goes: `udh`, `sar` or `payload`."""
    response_ids: Form = "text"
    """How submit_sm_resp writes ids: `text` as they are, `hex`, `decimal`."""
    receipt_ids: Form = "text"
    """How the text of receipts writes them."""
    utc_offset: float = 8.0
    """Hours of the centre's clock before UTC, as receipts name no zone."""
    phones_per_call: int = 100
    """Phones of one batch; each is a submit of its own."""
    longest: int = 500
    """UTF-16 units of one message, signature included."""
    window: int = 16
    """Submits on their way at most; halved while the centre says that it is too fast."""
    sessions: int = 1
    """Sessions that all workers of a store may hold together; 0: uncounted."""
    connect_timeout: float = 10.0
    """Seconds for the connection, and again for the bind."""
    timeout: float = 30.0
    """Seconds that one batch may take."""
    idle: float = 30.0
    """Seconds of silence before the centre is asked whether it is there (enquire_link)."""


@attrs.frozen
class MessageStatus:
    """What a centre says of one message when it is asked (query_sm)."""

    state: State | None
    """None: nothing final."""
    code: int
    """message_state as the centre said it."""
    error: int


class SmppGateway(LinkGateway):
    """Sends over SMPP 3.4. Safe to share between threads and across a fork.

    The hub's id of a message is the message_id of its first part; it counts as delivered when
    all its parts are.

    Args:
        options: The gateway's table of settings.
        start: Number that the references of long messages begin with.

    Raises:
        Invalid: `field.value`; a setting is out of range.
    """

    settings = SmppSettings

    def __init__(self, options: SmppSettings, start: int = 0) -> None:
        super().__init__(times=Times(answer=options.timeout, idle=options.idle))
        self._options = options
        self._names = Names(options.response_ids, options.receipt_ids)
        self._references = itertools.count(start)
        self._counting = threading.Lock()
        _check(options)
        self._capabilities = SmsCapabilities(
            name="smpp",
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
        return cls(context.read(SmppSettings), start)

    @property
    def capabilities(self) -> SmsCapabilities:
        """What this gateway can say."""
        return self._capabilities

    def submit(self, batch: SmsBatch) -> Sequence[SmsResult]:
        """Send a batch, a submit a phone and part; one result a recipient, in the batch's order.

        A recipient of whose message some parts were taken and others not, or not surely, is
        `unknown`, with the part in the code; one of whom nothing left is `deferred`.

        Raises:
            Unavailable: `session.lost`; nothing of the batch left.
            Unsupported: `sms.too_many`, or `sms.too_long`: more than 255 parts.
            Invalid: `text.lone_surrogate`, `sms.bad_signature`.
        """
        most = self._options.phones_per_call
        if len(batch.recipients) > most:
            raise Unsupported("sms.too_many", count=len(batch.recipients), most=most)
        domestic: list[tuple[Recipient, str]] = []
        foreign: list[tuple[Recipient, str]] = []
        results: dict[str, SmsResult] = {}
        for one in batch.recipients:
            phone = self._dialled(one.phone)
            if phone is None:
                results[one.ref] = _refused(one.ref)
            else:
                (domestic if one.phone.startswith(_DOMESTIC) else foreign).append((one, phone))
        gsm = self._options.foreign_alphabet == "gsm"
        plans = [(domestic, self._parts(batch, gsm=False)), (foreign, self._parts(batch, gsm=gsm))]
        link = self._link()
        unsent = 0
        end = time.monotonic() + self._options.timeout
        for known, parts in plans:
            if known:
                timeout = end - time.monotonic()
                said, missed = self._sent(link, batch.reference, parts, known, timeout)
                results |= said
                unsent += missed
        if unsent and unsent == len(domestic) + len(foreign):
            raise Unavailable("session.lost", why=link.why or "timeout")
        return [results[one.ref] for one in batch.recipients]

    def status(self, provider_id: str) -> MessageStatus:
        """Ask what became of one message (query_sm).

        It is asked for by the id that a submit was answered with, so one whose answer was lost
        cannot be asked for.

        Args:
            provider_id: As `submit` gave it.

        Raises:
            Unavailable: `session.lost`, it was not asked; `session.no_answer`, or it does not
                know the message.
            Invalid: `field.value`.
        """
        options = self._options
        asked = provider_id
        if options.response_ids == "hex" and provider_id.isdecimal():
            asked = f"{int(provider_id):x}"
        source = options.source_addr
        body = codec.query_sm(asked, source, options.source_ton, options.source_npi)
        ((_, value),) = self._link().exchange(
            [lambda sequence: codec.frame(codec.QUERY_SM, sequence, body)], options.timeout
        )
        try:
            if isinstance(value, Said) and value.command == codec.QUERY_SM and not value.status:
                found = codec.read_queried(value.body)
                return MessageStatus(state_of(found.state), found.state, found.error)
        except codec.Malformed:
            pass
        raise Unavailable("session.no_answer")

    # What the base asks for.

    def _dial(self) -> Sequence[Link]:
        commands = [codec.BIND_TRANSCEIVER]
        if self._options.bind == "pair":
            commands = [codec.BIND_TRANSMITTER, codec.BIND_RECEIVER]
        links: list[Link] = []
        try:
            for command in commands:
                links += [self._bound(command)]
        except BaseException:
            for link in links:
                link.close()
            raise
        return links

    def _mail(self, item: Any) -> Mail:
        found: Mail = item
        return found

    def _read(self, data: bytes, coding: str) -> str:
        return read(data, coding)

    # Steps.

    def _bound(self, command: int) -> Link:
        options = self._options
        wire = SmppWire(self._names, options.utc_offset)
        link = self._open(
            (options.host, options.port),
            wire,
            timeout=options.connect_timeout,
            window=options.window,
            tls=self._tls(),
        )
        try:
            self._log_in(link, command)
        except BaseException:
            link.drop()
            raise
        return link

    def _tls(self) -> ssl.SSLContext | None:
        if not self._options.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self._options.ca_file or None)
        except OSError as error:
            raise Unavailable("session.unreachable", why=type(error).__name__) from None

    def _log_in(self, link: Link, command: int) -> None:
        body = codec.bind(_bind(self._options))
        ((_, value),) = link.exchange(
            [lambda sequence: codec.frame(command, sequence, body)], self._options.connect_timeout
        )
        if not isinstance(value, Said):
            raise Unavailable("session.unreachable", why=link.why or "no_answer")
        if value.status or value.command != command:
            raise Unavailable("session.refused", status=f"{value.status:#x}")

    def _dialled(self, phone: str) -> str | None:
        form = self._options.phone_form
        if form == "national":
            return phone.removeprefix(_DOMESTIC) if phone.startswith(_DOMESTIC) else None
        return phone if form == "plus" else phone.removeprefix("+")

    def _parts(self, batch: SmsBatch, *, gsm: bool) -> list[Part]:
        with self._counting:
            reference = next(self._references) % _REFERENCES
        parts = parts_of(
            batch.text,
            batch.signature,
            in_text=self._options.signature == "text",
            gsm=gsm,
            long=self._options.long_messages,
            reference=reference,
        )
        if len(parts) > _PARTS:
            units = sum(len(part.content) for part in parts) // 2
            raise Unsupported("sms.too_long", units=units, most=self._options.longest)
        return parts

    def _sent(
        self,
        link: Link,
        reference: str,
        parts: Sequence[Part],
        known: Sequence[tuple[Recipient, str]],
        timeout: float,
    ) -> tuple[dict[str, SmsResult], int]:
        def late(group: Group, id_: str) -> None:
            self._strays.add(id_, reference, {"": group.recipients[0][0].ref})

        sending = Sending(
            link,
            parts=len(parts),
            build=self._builder(parts),
            judge=self._judge,
            timeout=timeout,
            late=late,
        )
        taken = sending.run([Group((one,)) for one in known])
        results = dict(sending.results)
        for group in taken:
            ref = group.recipients[0][0].ref
            results[ref] = SmsResult(
                ref=ref, status="accepted", provider_id=group.ids[0], part_ids=group.part_ids
            )
        return results, sending.unsent

    def _judge(self, value: Any) -> Verdict:
        if not isinstance(value, Said) or value.command not in {0, codec.SUBMIT_SM}:
            return Verdict(ErrorClass.AMBIGUOUS, "unreadable")
        if value.status or not value.command:
            # A generic_nack (command 0) without a status says nothing.
            error = status_class(value.status) if value.status else ErrorClass.AMBIGUOUS
            return Verdict(error, f"{value.status:#x}")
        try:
            id_ = codec.read_id(value.body)
        except codec.Malformed:
            # It was taken, and no receipt will find it.
            id_ = ""
        return Verdict(ErrorClass.OK, "0x0", self._names.of_response(id_))

    def _builder(self, parts: Sequence[Part]) -> Build:
        options = self._options

        def build(phones: Sequence[str], place: int) -> Frame:
            part = parts[place]
            body = codec.submit_sm(
                codec.Submit(
                    phone=phones[0],
                    content=part.content,
                    coding=part.coding,
                    header=part.header,
                    tlvs=part.tlvs,
                    source=options.source_addr,
                    source_ton=options.source_ton,
                    source_npi=options.source_npi,
                    ton=options.dest_ton,
                    npi=options.dest_npi,
                    service_type=options.service_type,
                )
            )
            return lambda sequence: codec.frame(codec.SUBMIT_SM, sequence, body)

        return build


def _refused(ref: str) -> SmsResult:
    return SmsResult(ref=ref, status="rejected", error=ErrorClass.BAD_RECIPIENT, code="foreign")


def _bind(options: SmppSettings) -> codec.Bind:
    return codec.Bind(
        system_id=options.system_id,
        password=options.password.reveal(),
        system_type=options.system_type,
    )


def _check(options: SmppSettings) -> None:
    byte = 255
    ranges = {
        "port": (options.port, 1, 65535),
        "source_ton": (options.source_ton, 0, byte),
        "source_npi": (options.source_npi, 0, byte),
        "dest_ton": (options.dest_ton, 0, byte),
        "dest_npi": (options.dest_npi, 0, byte),
        "utc_offset": (options.utc_offset, -14, 14),
        "phones_per_call": (options.phones_per_call, 1, 1000),
        "longest": (options.longest, 1, _PARTS * 67),
        "window": (options.window, 1, 10_000),
        "sessions": (options.sessions, 0, 1000),
        "connect_timeout": (options.connect_timeout, 0.001, 3600),
        "timeout": (options.timeout, 0.001, 3600),
        "idle": (options.idle, 0.001, 86400),
    }
    for name, (value, least, most) in ranges.items():
        if not least <= value <= most:
            raise Invalid("field.value", path=name)
    if not options.host or not options.system_id:
        raise Invalid("field.value", path="system_id" if options.host else "host")
    # What every request has in common must fit; the error names the field.
    codec.bind(_bind(options))
    codec.submit_sm(
        codec.Submit(
            phone="1",
            content=b"",
            coding=8,
            source=options.source_addr,
            service_type=options.service_type,
        )
    )
