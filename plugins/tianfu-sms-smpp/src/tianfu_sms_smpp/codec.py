"""The bytes of SMPP 3.4: pure functions, no I/O.

Source: Short Message Peer to Peer Protocol Specification v3.4, issue 1.2.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

import attrs

from tianfu_sdk import Invalid
from tianfu_sdk.links.wire import Dead

__all__ = [
    "BIND_RECEIVER",
    "BIND_TRANSCEIVER",
    "BIND_TRANSMITTER",
    "DELIVER_SM",
    "ENQUIRE_LINK",
    "GENERIC_NACK",
    "QUERY_SM",
    "RESPONSE",
    "SUBMIT_SM",
    "UNBIND",
    "Bind",
    "Deliver",
    "Malformed",
    "Pdu",
    "Queried",
    "Reader",
    "Receipt",
    "Submit",
    "Tag",
    "bind",
    "frame",
    "query_sm",
    "read_deliver",
    "read_id",
    "read_queried",
    "read_receipt",
    "submit_sm",
    "tlv",
]

BIND_RECEIVER, BIND_TRANSMITTER, QUERY_SM, SUBMIT_SM, DELIVER_SM, UNBIND = 1, 2, 3, 4, 5, 6
BIND_TRANSCEIVER, ENQUIRE_LINK = 9, 0x15
RESPONSE = 0x80000000
"""Set in the command of an answer."""
GENERIC_NACK = 0x80000000

_HEADER = struct.Struct(">IIII")
_LONGEST_PDU = 70_000
"""Bytes; a message_payload alone may have 65,535."""
_VERSION = 0x34
_MINUTES = 10
_SECONDS = 12


class Malformed(ValueError):
    """A body that does not fit its command; it says nothing of what was in it."""


class Tag:
    """Optional parameters (TLV)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


# Frames.


def frame(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    """Give a whole PDU."""
    return _HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body


@attrs.frozen
class Pdu:
    """A whole PDU that came."""

    command: int
    status: int
    sequence: int
    body: bytes = attrs.field(repr=False)


class Reader:
    """Cuts what comes into PDUs, however it was split on its way."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Pdu]:
        """Take bytes and give the PDUs that are whole now.

        Raises:
            Dead: A length that no PDU has; whatever follows cannot be read.
        """
        self._rest += data
        found = []
        at = 0
        while len(self._rest) - at >= _HEADER.size:
            length, command, status, sequence = _HEADER.unpack_from(self._rest, at)
            if not _HEADER.size <= length <= _LONGEST_PDU:
                raise Dead("bad_length")
            if len(self._rest) - at < length:
                break
            body = bytes(self._rest[at + _HEADER.size : at + length])
            found.append(Pdu(command, status, sequence, body))
            at += length
        del self._rest[:at]
        return found


def _string(text: str, width: int, name: str) -> bytes:
    """Give a C-octet string; `width` counts its zero byte."""
    if not text.isascii() or "\0" in text or len(text) >= width:
        raise Invalid("field.value", path=name)
    return text.encode("ascii") + b"\0"


def tlv(tag: int, value: bytes) -> bytes:
    """Give an optional parameter."""
    return struct.pack(">HH", tag, len(value)) + value


class _Fields:
    """Reads fields one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def string(self) -> str:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise Malformed
        text = self._data[self._at : end].decode("latin-1")
        self._at = end + 1
        return text

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise Malformed
        self._at += count
        return found

    def tlvs(self) -> dict[int, bytes]:
        """Read what is left; of a parameter that stands twice the first one counts."""
        found: dict[int, bytes] = {}
        while self._at < len(self._data):
            tag, length = struct.unpack(">HH", self.take(4))
            found.setdefault(tag, self.take(length))
        return found


# Requests.


@attrs.frozen(kw_only=True)
class Bind:
    """A login."""

    system_id: str
    password: str = attrs.field(repr=False)
    system_type: str = ""
    ton: int = 0
    npi: int = 0
    address_range: str = ""


def bind(what: Bind) -> bytes:
    """Give the body of any of the three binds.

    Raises:
        Invalid: `field.value`; a field is too long.
    """
    return b"".join(
        [
            _string(what.system_id, 16, "system_id"),
            _string(what.password, 9, "password"),
            _string(what.system_type, 13, "system_type"),
            bytes([_VERSION, what.ton, what.npi]),
            _string(what.address_range, 41, "address_range"),
        ]
    )


@attrs.frozen(kw_only=True)
class Submit:
    """One part of a text to one phone."""

    phone: str = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)
    """At most 254 bytes."""
    coding: int
    """data_coding; 8: UCS-2, 0: the default alphabet."""
    header: bool = False
    """The content begins with a header (UDHI)."""
    receipt: bool = True
    source: str
    source_ton: int = 0
    source_npi: int = 1
    ton: int = 1
    npi: int = 1
    service_type: str = ""
    tlvs: Sequence[bytes] = attrs.field(default=(), repr=False)


_LONGEST_CONTENT = 254


def submit_sm(what: Submit) -> bytes:
    """Give the body of submit_sm.

    Raises:
        Invalid: `field.value`; a field is too long.
    """
    if len(what.content) > _LONGEST_CONTENT:
        raise Invalid("field.value", path="content")
    return b"".join(
        [
            _string(what.service_type, 6, "service_type"),
            bytes([what.source_ton, what.source_npi]),
            _string(what.source, 21, "source_addr"),
            bytes([what.ton, what.npi]),
            _string(what.phone, 21, "phone"),
            bytes([0x40 if what.header else 0, 0, 0]),
            b"\0\0",  # schedule_delivery_time, validity_period: the centre's own
            bytes([what.receipt, 0, what.coding, 0, len(what.content)]),
            what.content,
            *what.tlvs,
        ]
    )


def query_sm(id_: str, source: str, ton: int, npi: int) -> bytes:
    """Give the body of query_sm.

    Raises:
        Invalid: `field.value`; a field is too long.
    """
    head = _string(id_, 65, "provider_id") + bytes([ton, npi])
    return head + _string(source, 21, "source_addr")


# Answers.


def read_id(body: bytes) -> str:
    """Read the message_id of a submit_sm_resp; a body that is empty has none.

    Raises:
        Malformed: It does not end.
    """
    return _Fields(body).string() if body else ""


@attrs.frozen
class Queried:
    """What query_sm_resp says."""

    id: str
    done: str
    state: int
    error: int


def read_queried(body: bytes) -> Queried:
    """Read query_sm_resp.

    Raises:
        Malformed: It is too short.
    """
    fields = _Fields(body)
    return Queried(fields.string(), fields.string(), fields.byte(), fields.byte())


# What is delivered.


@attrs.frozen
class Deliver:
    """A deliver_sm: a receipt, or what a person wrote."""

    phone: str = attrs.field(repr=False)
    dest: str
    kind: int
    """Bits 2 to 5 of esm_class: 0 a message, 1 a receipt, others are neither."""
    header: bool
    coding: int
    content: bytes = attrs.field(repr=False)
    tlvs: Mapping[int, bytes] = attrs.field(repr=False)


def read_deliver(body: bytes) -> Deliver:
    """Read deliver_sm; a message_payload stands for a content that is empty.

    Raises:
        Malformed: It is too short for what it says of itself.
    """
    fields = _Fields(body)
    fields.string()
    fields.take(2)
    phone = fields.string()
    fields.take(2)
    dest = fields.string()
    esm_class = fields.byte()
    fields.take(2)
    fields.string()
    fields.string()
    fields.take(2)
    coding = fields.byte()
    fields.byte()
    content = fields.take(fields.byte())
    tlvs = fields.tlvs()
    return Deliver(
        phone=phone,
        dest=dest,
        kind=(esm_class >> 2) & 0x0F,
        header=bool(esm_class & 0x40),
        coding=coding,
        content=content or tlvs.get(Tag.MESSAGE_PAYLOAD, b""),
        tlvs=tlvs,
    )


@attrs.frozen
class Receipt:
    """A delivery receipt."""

    id: str
    """As in the text; empty: the text has none."""
    tlv_id: str
    """receipted_message_id; empty: there is none."""
    stat: str
    """The word of the text, such as DELIVRD, or empty."""
    state: int | None
    """message_state, which wins over the word."""
    error: str
    done: datetime | None


_PAIR = re.compile(r"\b(id|sub|dlvrd|submit date|done date|stat|err):(\S*)", re.IGNORECASE)


def read_receipt(deliver: Deliver, hours: float = 8.0) -> Receipt:
    """Read a receipt, leniently: what is missing in its text is empty.

    Args:
        deliver: What came.
        hours: Of the centre's clock before UTC, as receipts name no zone.

    Source: SMPP 3.4, appendix B, which is an example and no rule.
    """
    text = deliver.content.decode("latin-1")
    # What the person was sent stands at the end, and may look like a field.
    head = re.split(r"\btext:", text, maxsplit=1, flags=re.IGNORECASE)[0]
    found = {name.lower(): value for name, value in reversed(_PAIR.findall(head))}
    state = deliver.tlvs.get(Tag.MESSAGE_STATE)
    tlv_id = deliver.tlvs.get(Tag.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0")
    return Receipt(
        id=found.get("id", ""),
        tlv_id=tlv_id.decode("latin-1"),
        stat=found.get("stat", "").upper()[:7],
        state=state[0] if state and len(state) == 1 else None,
        error=found.get("err", ""),
        done=_moment(found.get("done date", ""), hours),
    )


def _moment(text: str, hours: float) -> datetime | None:
    form = {_MINUTES: "%y%m%d%H%M", _SECONDS: "%y%m%d%H%M%S"}.get(len(text))
    if form is None or not (text.isascii() and text.isdecimal()):
        return None
    try:
        return datetime.strptime(text, form).replace(tzinfo=timezone(timedelta(hours=hours)))
    except ValueError:
        return None
