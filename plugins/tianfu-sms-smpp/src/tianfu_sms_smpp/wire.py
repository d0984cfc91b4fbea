"""SMPP as a link hears it; no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from tianfu_sdk.core.sms.phones import normalised
from tianfu_sdk.errors import Invalid
from tianfu_sdk.gateways import meaning
from tianfu_sdk.links.coding import ASCII, BINARY, GSM, LATIN, UCS2
from tianfu_sdk.links.gateway import Mail, Note, Slip
from tianfu_sdk.links.joining import Concat, split_header
from tianfu_sdk.links.wire import Answer, Arrival, Farewell, Heard, Reply
from tianfu_sdk.model.sms import Inbound, SmsReceipt
from tianfu_sms_smpp import codec
from tianfu_sms_smpp.codes import THROTTLED, state_of

__all__ = ["Form", "Names", "Said", "SmppWire", "e164"]

_CODINGS = {0: GSM, 1: ASCII, 2: BINARY, 3: LATIN, 4: BINARY, 8: UCS2}
_BINDS = frozenset({codec.BIND_RECEIVER, codec.BIND_TRANSMITTER, codec.BIND_TRANSCEIVER})
_INVALID_COMMAND = 0x03
_QUEUE_FULL = 0x14
_RECEIPT = 1
_RECEIPT_TAGS = {codec.Tag.RECEIPTED_MESSAGE_ID, codec.Tag.MESSAGE_STATE}
"""By both a receipt is known whose esm_class does not say so."""
_UNREADABLE = 0xC0

Form = Literal["text", "hex", "decimal"]
"""How ids are written."""


@attrs.frozen
class Said:
    """An answer to one of our requests."""

    command: int
    status: int
    body: bytes = attrs.field(repr=False)


@attrs.frozen
class Names:
    """How a centre writes its ids: some in hexadecimal here and in decimal there."""

    response: Form = "text"
    receipt: Form = "text"

    def of_response(self, id_: str) -> str:
        """Give the one spelling of an id in a response, or in a receipt's parameter."""
        return self._one(id_, self.response)

    def of_receipt(self, id_: str) -> str:
        """Give the one spelling of an id in a receipt's text."""
        return self._one(id_, self.receipt)

    def _one(self, id_: str, form: Form) -> str:
        if self.response == self.receipt == "text":
            return id_
        base = {"hex": 16, "decimal": 10}.get(form)
        try:
            return str(int(id_, base)) if base else id_
        except ValueError:
            return id_


def e164(phone: str) -> str:
    """Give a phone of the centre's in E.164; as it is where it is none, such as a name."""
    for written in (phone, f"+{phone}"):
        try:
            return normalised(written)
        except Invalid:
            continue
    return phone


class SmppWire:
    """Reads and writes a session.

    Args:
        names: How the centre writes ids.
        hours: Of the centre's clock before UTC.
    """

    def __init__(self, names: Names, hours: float) -> None:
        self._names = names
        self._hours = hours
        self._reader = codec.Reader()
        self._known = False
        """The peer took our bind: what it delivers before is nothing."""

    def heard(self, data: bytes) -> Iterable[Heard]:
        """Take what came and give what it says.

        Raises:
            Dead: It is no SMPP.
        """
        return [heard for pdu in self._reader.feed(data) for heard in self._one(pdu)]

    def probe(self, sequence: int) -> bytes:
        """Ask whether the peer is there."""
        return codec.frame(codec.ENQUIRE_LINK, sequence)

    def goodbye(self, sequence: int) -> bytes:
        """End the session."""
        return codec.frame(codec.UNBIND, sequence)

    def _one(self, pdu: codec.Pdu) -> Sequence[Heard]:
        if pdu.command & codec.RESPONSE:
            command = pdu.command ^ codec.RESPONSE
            if command in _BINDS and pdu.status == 0:
                self._known = True
            said = Said(command, pdu.status, pdu.body)
            return (Answer(pdu.sequence, said, throttled=pdu.status in THROTTLED),)
        answer = pdu.command | codec.RESPONSE
        match pdu.command:
            case codec.DELIVER_SM if self._known:
                return (self._deliver(pdu),)
            case codec.DELIVER_SM:
                return ()
            case codec.ENQUIRE_LINK:
                return (Reply(codec.frame(answer, pdu.sequence)),)
            case codec.UNBIND:
                return (Farewell(codec.frame(answer, pdu.sequence)),)
        nack = codec.frame(codec.GENERIC_NACK, pdu.sequence, status=_INVALID_COMMAND)
        return (Reply(nack),)

    def _deliver(self, pdu: codec.Pdu) -> Heard:
        try:
            item = self._mail(codec.read_deliver(pdu.body))
        except codec.Malformed:
            return Reply(_answered(pdu.sequence, _UNREADABLE))
        return Arrival(
            item,
            accept=_answered(pdu.sequence, 0),
            refuse=_answered(pdu.sequence, _QUEUE_FULL),
        )

    def _mail(self, deliver: codec.Deliver) -> Mail:
        if deliver.kind == _RECEIPT or (not deliver.kind and deliver.tlvs.keys() >= _RECEIPT_TAGS):
            return self._receipt(deliver)
        if deliver.kind:
            # An acknowledgement by the person's device, or a notice on the way: nothing final.
            return Slip("", "", None, None)
        return _note(deliver)

    def _receipt(self, deliver: codec.Deliver) -> Mail:
        found = codec.read_receipt(deliver, self._hours)
        id_ = (
            self._names.of_response(found.tlv_id)
            if found.tlv_id
            else self._names.of_receipt(found.id)
        )
        # One id has one phone; which of the two addresses is the person's differs by centre.
        state = state_of(found.state, found.stat)
        if state is None or not id_:
            return Slip(id_, "", None, None)
        code = found.stat or str(found.state)
        if found.error.strip("0"):
            code = f"{code}:{found.error}"[:32]
        receipt = SmsReceipt(
            provider_id=id_, state=state, at=found.done, code=code, error=meaning(found.stat)
        )
        return Slip(id_, "", state, receipt)


def _answered(sequence: int, status: int) -> bytes:
    # The message_id of a deliver_sm_resp is unused, and there all the same.
    return codec.frame(codec.DELIVER_SM | codec.RESPONSE, sequence, b"\0", status)


def _note(deliver: codec.Deliver) -> Mail:
    concat, data = split_header(deliver.content) if deliver.header else (None, deliver.content)
    concat = concat or _sar(deliver)
    inbound = Inbound(phone=e164(deliver.phone), text="")
    coding = _CODINGS.get(deliver.coding, LATIN)
    return Note((deliver.phone, deliver.dest, coding), inbound, concat, data, coding)


def _sar(deliver: codec.Deliver) -> Concat | None:
    """Read which part it is from optional parameters."""
    tags = (codec.Tag.SAR_REFERENCE, codec.Tag.SAR_TOTAL, codec.Tag.SAR_NUMBER)
    values = [deliver.tlvs.get(tag, b"") for tag in tags]
    if not all(values):
        return None
    reference, total, number = (int.from_bytes(value[:4], "big") for value in values)
    fits = 1 <= number <= total and 1 < total < 256  # noqa: PLR2004 - a byte
    return Concat(reference, total, number) if fits else None
