"""The bytes of CMPP 2.0 and 3.0: pure functions, no I/O.

Integers are big-endian; strings have a fixed width and are filled up with zero bytes on the
right. A string that is too long is an error, never cut.

Source: the byte tables of open-source implementations; the operator's own specification
(China Mobile, 中国移动通信互联网短信网关接口协议) was not seen.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Literal

import attrs

from tianfu_sdk import Invalid
from tianfu_sdk.links.wire import Dead

__all__ = [
    "ACTIVE_TEST",
    "CONNECT",
    "DELIVER",
    "QUERY",
    "RESPONSE",
    "SUBMIT",
    "TERMINATE",
    "Connected",
    "Counts",
    "Deliver",
    "Form",
    "Malformed",
    "Packet",
    "Reader",
    "Receipt",
    "Submit",
    "authenticator",
    "connect",
    "deliver_resp",
    "frame",
    "gateway_authenticator",
    "query",
    "read_connect_resp",
    "read_counts",
    "read_deliver",
    "read_receipt",
    "read_submit_resp",
    "submit",
    "submit_width",
]

CONNECT, TERMINATE, SUBMIT, DELIVER, QUERY, ACTIVE_TEST = 1, 2, 4, 5, 6, 8
RESPONSE = 0x80000000
"""Set in the command of an answer."""

_HEADER = struct.Struct(">III")
_LONGEST_PACKET = 8192
"""Bytes; the longest that either version has is a submit of some 3,300."""
_CHINA = timezone(timedelta(hours=8))
_STAMP = 10


class Malformed(ValueError):
    """A body that does not fit its command; it says nothing of what was in it."""


@attrs.frozen
class Form:
    """What differs between the versions."""

    version: int
    phone: int
    """Bytes of a phone."""
    status: int
    """Bytes of a result."""
    tail: int
    """Bytes after the text: Reserve, or LinkID."""
    typed: bool
    """Phones have a type."""

    @classmethod
    def of(cls, version: Literal["2.0", "3.0"]) -> Form:
        """Give the form of a version."""
        return (
            cls(0x20, 21, 1, 8, typed=False)
            if version == "2.0"
            else cls(0x30, 32, 4, 20, typed=True)
        )


# Frames.


def frame(command: int, sequence: int, body: bytes = b"") -> bytes:
    """Give a whole packet."""
    return _HEADER.pack(_HEADER.size + len(body), command, sequence) + body


@attrs.frozen
class Packet:
    """A whole packet that came."""

    command: int
    sequence: int
    body: bytes = attrs.field(repr=False)


class Reader:
    """Cuts what comes into packets, however it was split on its way."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Packet]:
        """Take bytes and give the packets that are whole now.

        Raises:
            Dead: A length that no packet has; whatever follows cannot be read.
        """
        self._rest += data
        found = []
        at = 0
        while len(self._rest) - at >= _HEADER.size:
            length, command, sequence = _HEADER.unpack_from(self._rest, at)
            if not _HEADER.size <= length <= _LONGEST_PACKET:
                raise Dead("bad_length")
            if len(self._rest) - at < length:
                break
            body = bytes(self._rest[at + _HEADER.size : at + length])
            found.append(Packet(command, sequence, body))
            at += length
        del self._rest[:at]
        return found


def _fixed(text: str, width: int, name: str) -> bytes:
    data = text.encode("ascii", "strict") if text.isascii() else b"\0" * (width + 1)
    if len(data) > width:
        raise Invalid("field.value", path=name)
    return data.ljust(width, b"\0")


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("ascii", "replace").strip()


# Connect.


def authenticator(source: str, secret: str, stamp: str) -> bytes:
    """Give AuthenticatorSource.

    Args:
        source: SP_Id, at most 6 characters.
        secret: Shared with the operator.
        stamp: MMDDHHMMSS, 10 digits.
    """
    key = _fixed(source, 6, "source_addr") + bytes(9) + secret.encode() + stamp.encode("ascii")
    return hashlib.md5(key, usedforsecurity=False).digest()


def gateway_authenticator(status: bytes, source_authenticator: bytes, secret: str) -> bytes:
    """Give AuthenticatorISMG, by which a gateway shows that it knows the secret.

    Args:
        status: As it was sent, 1 byte or 4.
        source_authenticator: AuthenticatorSource of the CONNECT.
        secret: Shared with the operator.
    """
    key = status + source_authenticator + secret.encode()
    return hashlib.md5(key, usedforsecurity=False).digest()


def connect(source: str, secret: str, form: Form, moment: datetime) -> bytes:
    """Give the body of CONNECT.

    Args:
        source: SP_Id.
        secret: Shared with the operator.
        form: Of the version that is asked for.
        moment: Now; it is said in China time.
    """
    stamp = moment.astimezone(_CHINA).strftime("%m%d%H%M%S")
    proof = authenticator(source, secret, stamp)
    return _fixed(source, 6, "source_addr") + proof + struct.pack(">BI", form.version, int(stamp))


@attrs.frozen
class Connected:
    """What CONNECT_RESP says."""

    status: int
    raw_status: bytes
    authenticator: bytes = attrs.field(repr=False)
    version: int
    """The highest that the gateway has."""


def read_connect_resp(body: bytes) -> Connected:
    """Read CONNECT_RESP; whether its status has 1 byte or 4 is told by its length.

    Raises:
        Malformed: Neither fits.
    """
    width = {18: 1, 21: 4}.get(len(body))
    if width is None:
        raise Malformed
    raw = body[:width]
    return Connected(int.from_bytes(raw, "big"), raw, body[width : width + 16], body[-1])


# Submit.


@attrs.frozen(kw_only=True)
class Submit:
    """One part of a text to some phones."""

    phones: Sequence[str] = attrs.field(repr=False)
    """As the operator writes them; at most 99."""
    content: bytes = attrs.field(repr=False)
    """At most 140 bytes, header included."""
    coding: int = 8
    """Msg_Fmt; 8: UCS-2."""
    header: bool = False
    """TP_udhi: the content begins with a header."""
    total: int = 1
    number: int = 1
    receipt: bool = True
    source: str
    """Msg_src, the SP_Id."""
    src_id: str
    """The number that people see."""
    service_id: str = ""
    fee_user_type: int = 2
    fee_phone: str = attrs.field(default="", repr=False)
    fee_type: str = "01"
    fee_code: str = "000000"
    valid: str = ""
    """ValId_Time."""
    link: str = ""
    """LinkID; of version 3.0."""


_MOST_PHONES = 99
_LONGEST_CONTENT = 140


def submit(form: Form, what: Submit) -> bytes:
    """Give the body of SUBMIT.

    Raises:
        Invalid: `field.value`; a field is too long or out of range.
    """
    if not 1 <= len(what.phones) <= _MOST_PHONES:
        raise Invalid("field.value", path="phones_per_call")
    if len(what.content) > _LONGEST_CONTENT:
        raise Invalid("field.value", path="content")
    kind = b"\0" if form.typed else b""
    head = struct.pack(">8xBBBB", what.total, what.number, what.receipt, 0)
    return b"".join(
        [
            head,
            _fixed(what.service_id, 10, "service_id"),
            bytes([what.fee_user_type]),
            _fixed(what.fee_phone, form.phone, "fee_phone"),
            kind,
            bytes([0, what.header, what.coding]),
            _fixed(what.source, 6, "source_addr"),
            _fixed(what.fee_type, 2, "fee_type"),
            _fixed(what.fee_code, 6, "fee_code"),
            _fixed(what.valid, 17, "valid"),
            bytes(17),
            _fixed(what.src_id, 21, "src_id"),
            bytes([len(what.phones)]),
            *(_fixed(phone, form.phone, "phone") for phone in what.phones),
            kind,
            bytes([len(what.content)]),
            what.content,
            _fixed(what.link if form.typed else "", form.tail, "link"),
        ]
    )


def submit_width(form: Form, phones: int, content: int) -> int:
    """Give the bytes of a whole SUBMIT packet."""
    return (163 if form.typed else 138) + form.phone * phones + content


def read_submit_resp(body: bytes) -> tuple[int, int]:
    """Read SUBMIT_RESP: Msg_Id and result; the result has 1 byte or 4, told by the length.

    Raises:
        Malformed: Neither fits.
    """
    if len(body) not in {9, 12}:
        raise Malformed
    return int.from_bytes(body[:8], "big"), int.from_bytes(body[8:], "big")


# Deliver.


@attrs.frozen
class Deliver:
    """What the gateway hands on: a receipt or what a person wrote."""

    id: int
    dest: str
    coding: int
    header: bool
    phone: str = attrs.field(repr=False)
    receipt: bool
    content: bytes = attrs.field(repr=False)


def read_deliver(form: Form, body: bytes) -> Deliver:
    """Read DELIVER.

    Raises:
        Malformed: It is too short for what it says of itself.
    """
    at = 42
    phone_end = at + form.phone
    length_at = phone_end + form.typed + 1
    if len(body) <= length_at:
        raise Malformed
    end = length_at + 1 + body[length_at]
    # What a gateway leaves out of the reserved bytes at the end is missed by nobody.
    if len(body) < end:
        raise Malformed
    return Deliver(
        id=int.from_bytes(body[:8], "big"),
        dest=_text(body[8:29]),
        coding=body[41],
        header=body[40] == 1,
        phone=_text(body[at:phone_end]),
        receipt=body[length_at - 1] == 1,
        content=body[length_at + 1 : end],
    )


def deliver_resp(form: Form, sequence: int, id_: int, result: int) -> bytes:
    """Give DELIVER_RESP, a whole packet.

    Args:
        form: Of the session's version.
        sequence: Of the DELIVER.
        id_: Its Msg_Id.
        result: 0: taken; 1: cannot be read; 8: too fast, try again.
    """
    body = struct.pack(">Q", id_) + result.to_bytes(form.status, "big")
    return frame(DELIVER | RESPONSE, sequence, body)


@attrs.frozen
class Receipt:
    """A delivery receipt (状态报告), the content of a DELIVER."""

    id: int
    """Msg_Id of the SUBMIT_RESP."""
    stat: str
    """7 characters, such as DELIVRD."""
    done: datetime | None
    phone: str = attrs.field(repr=False)


_RECEIPTS = {60: 21, 71: 32}
"""Bytes of the phone by bytes of the whole: peers of version 3.0 send both."""


def read_receipt(content: bytes) -> Receipt:
    """Read a receipt.

    Raises:
        Malformed: It has neither 60 bytes nor 71.
    """
    width = _RECEIPTS.get(len(content))
    if width is None:
        raise Malformed
    return Receipt(
        id=int.from_bytes(content[:8], "big"),
        stat=_text(content[8:15]),
        done=_moment(content[25:35]),
        phone=_text(content[35 : 35 + width]),
    )


def _moment(data: bytes) -> datetime | None:
    text = data.decode("ascii", "replace")
    if len(text) != _STAMP or not (text.isascii() and text.isdecimal()):
        return None
    try:
        return datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=_CHINA)
    except ValueError:
        return None


# Query.


@attrs.frozen(kw_only=True)
class Counts:
    """What a gateway counted of one day (QUERY_RESP)."""

    submitted: int
    """Messages taken from us (MT_TLMsg)."""
    phones: int
    """Phones in them (MT_Tlusr)."""
    sent: int
    """MT_Scs."""
    waiting: int
    """MT_WT."""
    failed: int
    """MT_FL."""
    inbound: int
    """Handed on to us (MO_Scs)."""
    inbound_waiting: int
    """MO_WT."""
    inbound_failed: int
    """MO_FL."""


def query(day: str, service_id: str = "") -> bytes:
    """Give the body of QUERY.

    Args:
        day: YYYYMMDD, China time.
        service_id: Of one service; empty: of all.
    """
    code = _fixed(service_id, 10, "service_id")
    return _fixed(day, 8, "day") + bytes([bool(service_id)]) + code + bytes(8)


_COUNTS = struct.Struct(">8I")


def read_counts(body: bytes) -> Counts:
    """Read QUERY_RESP.

    Raises:
        Malformed: It has another length than 51 bytes.
    """
    if len(body) != 19 + _COUNTS.size:
        raise Malformed
    values = _COUNTS.unpack_from(body, 19)
    return Counts(**dict(zip((field.name for field in attrs.fields(Counts)), values, strict=True)))
