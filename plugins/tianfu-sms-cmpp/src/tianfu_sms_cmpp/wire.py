"""CMPP as a link hears it; no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tianfu_sdk.core.sms.phones import normalised
from tianfu_sdk.errors import Invalid
from tianfu_sdk.gateways import meaning
from tianfu_sdk.links.coding import ASCII, BINARY, GBK, UCS2
from tianfu_sdk.links.gateway import Mail, Note, Slip
from tianfu_sdk.links.joining import split_header
from tianfu_sdk.links.wire import Answer, Arrival, Farewell, Heard, Reply
from tianfu_sdk.model.sms import Inbound, SmsReceipt
from tianfu_sms_cmpp import codec
from tianfu_sms_cmpp.codes import THROTTLED, state_of

__all__ = ["CmppWire", "e164"]

_CODINGS = {0: ASCII, 3: ASCII, 4: BINARY, 8: UCS2, 15: GBK}
_UNREADABLE = 1


def e164(phone: str) -> str:
    """Give a phone of the operator's in E.164; as it is where it is none, such as 10086."""
    try:
        return normalised(phone)
    except Invalid:
        return phone


class CmppWire:
    """Reads and writes a session of one version.

    Args:
        form: Of the version.
    """

    def __init__(self, form: codec.Form) -> None:
        self._form = form
        self._reader = codec.Reader()
        self._known = False
        """The peer took our login: what it delivers before is nothing."""

    def heard(self, data: bytes) -> Iterable[Heard]:
        """Take what came and give what it says.

        Raises:
            Dead: It is no CMPP.
        """
        return [heard for packet in self._reader.feed(data) for heard in self._one(packet)]

    def probe(self, sequence: int) -> bytes:
        """Ask whether the peer is there."""
        return codec.frame(codec.ACTIVE_TEST, sequence)

    def goodbye(self, sequence: int) -> bytes:
        """End the session."""
        return codec.frame(codec.TERMINATE, sequence)

    def _one(self, packet: codec.Packet) -> Sequence[Heard]:
        if packet.command & codec.RESPONSE:
            return (self._answer(packet),)
        match packet.command:
            case codec.DELIVER if self._known:
                return (self._deliver(packet),)
            case codec.ACTIVE_TEST:
                answer = codec.ACTIVE_TEST | codec.RESPONSE
                return (Reply(codec.frame(answer, packet.sequence, b"\0")),)
            case codec.TERMINATE:
                answer = codec.TERMINATE | codec.RESPONSE
                return (Farewell(codec.frame(answer, packet.sequence)),)
        return ()

    def _answer(self, packet: codec.Packet) -> Answer:
        try:
            match packet.command ^ codec.RESPONSE:
                case codec.SUBMIT:
                    found = codec.read_submit_resp(packet.body)
                    return Answer(packet.sequence, found, throttled=found[1] == THROTTLED)
                case codec.CONNECT:
                    connected = codec.read_connect_resp(packet.body)
                    self._known = connected.status == 0
                    return Answer(packet.sequence, connected)
                case codec.QUERY:
                    return Answer(packet.sequence, codec.read_counts(packet.body))
        except codec.Malformed:
            pass
        return Answer(packet.sequence, None)

    def _deliver(self, packet: codec.Packet) -> Heard:
        form, sequence = self._form, packet.sequence
        try:
            deliver = codec.read_deliver(form, packet.body)
            item = _receipt(deliver) if deliver.receipt else _note(deliver)
        except codec.Malformed:
            id_ = int.from_bytes(packet.body[:8], "big")
            return Reply(codec.deliver_resp(form, sequence, id_, _UNREADABLE))
        return Arrival(
            item,
            accept=codec.deliver_resp(form, sequence, deliver.id, 0),
            refuse=codec.deliver_resp(form, sequence, deliver.id, THROTTLED),
        )


def _receipt(deliver: codec.Deliver) -> Mail:
    found = codec.read_receipt(deliver.content)
    phone = e164(found.phone or deliver.phone)
    state = state_of(found.stat)
    if state is None:
        return Slip(str(found.id), phone, None, None)
    receipt = SmsReceipt(
        provider_id=str(found.id),
        phone=phone,
        state=state,
        at=found.done,
        code=found.stat,
        error=meaning(found.stat),
    )
    return Slip(str(found.id), phone, state, receipt)


def _note(deliver: codec.Deliver) -> Mail:
    concat, data = split_header(deliver.content) if deliver.header else (None, deliver.content)
    inbound = Inbound(phone=e164(deliver.phone), text="", provider_id=str(deliver.id))
    coding = _CODINGS.get(deliver.coding, GBK)
    return Note((deliver.phone, deliver.dest, coding), inbound, concat, data, coding)
