"""A text as the short messages that carry it; pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Literal

import attrs

from tianfu_sdk.links.coding import fits_gsm, to_gsm
from tianfu_sdk.links.composing import concatenated, headed_parts
from tianfu_sms_smpp.codec import Tag, tlv

__all__ = ["Long", "Part", "parts_of"]

Long = Literal["udh", "sar", "payload"]
"""How a text of several parts goes: each with a header, each with optional parameters, or as
one whole in an optional parameter."""

_GSM, _UCS2 = 0, 8
_ALONE, _JOINED = 160, 153


@attrs.frozen
class Part:
    """What one submit_sm carries."""

    content: bytes = attrs.field(repr=False)
    coding: int
    header: bool = False
    tlvs: tuple[bytes, ...] = attrs.field(default=(), repr=False)


def parts_of(
    text: str, signature: str, *, in_text: bool, gsm: bool, long: Long, reference: int
) -> list[Part]:
    """Give the parts of a text.

    Args:
        text: Without the signature.
        signature: Without brackets.
        in_text: It is put before the text; else room is kept for the operator to do so.
        gsm: Go in GSM's alphabet if it has all letters; mainland operators want UCS-2.
        long: How several parts go.
        reference: 0 to 255, the same for all parts.

    Raises:
        Invalid: `text.lone_surrogate`, `sms.bad_signature`.
    """
    pieces = headed_parts(text, signature, in_text=in_text)
    coding = _GSM if gsm and fits_gsm("".join(pieces)) else _UCS2
    if coding == _GSM:
        contents = _merged([to_gsm(piece) for piece in pieces])
    else:
        contents = [piece.encode("utf-16-be") for piece in pieces]
    if len(contents) == 1:
        return [Part(contents[0], coding)]
    if long == "payload":
        whole = b"".join(contents)
        return [Part(b"", coding, tlvs=(tlv(Tag.MESSAGE_PAYLOAD, whole),))]
    if long == "udh":
        return [Part(one, coding, header=True) for one in concatenated(contents, reference)]
    return [
        Part(one, coding, tlvs=_sar(reference, len(contents), number))
        for number, one in enumerate(contents, 1)
    ]


def _sar(reference: int, total: int, number: int) -> tuple[bytes, ...]:
    return (
        tlv(Tag.SAR_REFERENCE, struct.pack(">H", reference)),
        tlv(Tag.SAR_TOTAL, bytes([total])),
        tlv(Tag.SAR_NUMBER, bytes([number])),
    )


def _merged(pieces: Sequence[bytes]) -> list[bytes]:
    """Join parts that were cut by the domestic measure as far as a foreign part holds them.

    Source: 3GPP TS 23.040 (160 septets alone, 153 with a header).
    """
    if sum(map(len, pieces)) <= _ALONE:
        return [b"".join(pieces)]
    found = [b""]
    for piece in pieces:
        if found[-1] and len(found[-1]) + len(piece) > _JOINED:
            found.append(b"")
        found[-1] += piece
    return found
