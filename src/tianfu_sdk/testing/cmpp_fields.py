"""The fields of a CMPP SUBMIT, each held to its rule."""

from __future__ import annotations

import re

import attrs

__all__ = ["CmppSubmit", "Wrong", "read_submit"]

_DIGITS = re.compile(r"[0-9]{3,21}")


@attrs.frozen(kw_only=True)
class CmppSubmit:
    """One SUBMIT that was taken, as read."""

    id: int
    """Msg_Id that it was answered with."""
    connection: int
    total: int
    number: int
    reference: int | None
    """Of its header; None: it has none."""
    phones: tuple[str, ...]
    text: str
    src_id: str
    service_id: str
    receipt: bool


class Wrong(Exception):
    """A packet breaks a rule, and is answered with result 1; its text names the field."""


def read_submit(body: bytes, *, source: bytes, new: bool, id_: int, connection: int) -> CmppSubmit:
    """Read the body of a SUBMIT, each field held to its rule.

    Args:
        body: After the header.
        source: SP_Id of the session.
        new: It is of version 3.0.
        id_: Msg_Id that it will be answered with.
        connection: Number of the session.

    Raises:
        Wrong: A field breaks its rule; the error names it.
    """
    kind, width = (1, 32) if new else (0, 21)
    cursor = _Cursor(body)
    cursor.zeros(8, "Msg_Id")
    total, number = cursor.number(1, 255, "Pk_total"), cursor.number(1, 255, "Pk_number")
    cursor.demand(number <= total, "Pk_number")
    receipt = cursor.number(0, 1, "Registered_Delivery")
    cursor.number(0, 9, "Msg_level")
    service = cursor.text(10, "Service_Id")
    cursor.number(0, 3, "Fee_UserType")
    cursor.text(width, "Fee_terminal_Id")
    cursor.zeros(kind, "Fee_terminal_type")
    cursor.number(0, 0, "TP_pid")
    header = cursor.number(0, 1, "TP_udhi")
    coding = cursor.number(0, 15, "Msg_Fmt")
    cursor.demand(coding == 8, "Msg_Fmt")
    cursor.demand(cursor.text(6, "Msg_src").encode() == source, "Msg_src")
    cursor.demand(cursor.text(2, "FeeType") in {"01", "02", "03", "04", "05"}, "FeeType")
    cursor.demand(cursor.text(6, "FeeCode").isdecimal(), "FeeCode")
    cursor.zeros(34, "ValId_Time, At_Time")
    src_id = cursor.text(21, "Src_Id")
    cursor.demand(_DIGITS.fullmatch(src_id) is not None, "Src_Id")
    count = cursor.number(1, 99, "DestUsr_tl")
    phones = tuple(cursor.text(width, "Dest_terminal_Id") for _ in range(count))
    cursor.demand(all(map(_DIGITS.fullmatch, phones)), "Dest_terminal_Id")
    cursor.zeros(kind, "Dest_terminal_type")
    content = cursor.take(cursor.number(1, 140, "Msg_Length"), "Msg_Content")
    cursor.zeros(20 if new else 8, "Reserve")
    cursor.demand(cursor.at == len(body), "length")
    reference = None
    cursor.demand(bool(header) == (total > 1), "TP_udhi")
    if header:
        cursor.demand(content[:3] == b"\x05\0\3", "header")
        cursor.demand((content[4], content[5]) == (total, number), "header")
        reference, content = content[3], content[6:]
    return CmppSubmit(
        id=id_,
        connection=connection,
        total=total,
        number=number,
        reference=reference,
        phones=phones,
        text=cursor.unicode(content),
        src_id=src_id,
        service_id=service,
        receipt=bool(receipt),
    )


@attrs.define
class _Cursor:
    """Reads fields one after the other."""

    data: bytes
    at: int = 0

    def demand(self, fine: bool, name: str) -> None:  # noqa: FBT001 - the question is the argument
        if not fine:
            raise Wrong(name)

    def take(self, count: int, name: str) -> bytes:
        found = self.data[self.at : self.at + count]
        self.demand(len(found) == count, name)
        self.at += count
        return found

    def number(self, least: int, most: int, name: str) -> int:
        value = self.take(1, name)[0]
        self.demand(least <= value <= most, name)
        return value

    def zeros(self, count: int, name: str) -> None:
        self.demand(not any(self.take(count, name)), name)

    def text(self, width: int, name: str) -> str:
        data = self.take(width, name)
        text = data.rstrip(b"\0")
        self.demand(b"\0" not in text and text.isascii(), name)
        return text.decode("ascii")

    def unicode(self, data: bytes) -> str:
        try:
            return data.decode("utf-16-be")
        except UnicodeDecodeError:
            raise Wrong("Msg_Content") from None
