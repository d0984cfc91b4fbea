"""What the codes of SMPP 3.4 mean for us.

Source: SMPP 3.4, 5.1.3 (command_status) and 5.2.28 (message_state); the classes are ours. A
code that is not here is ambiguous: nobody knows whether it went out.
"""

from __future__ import annotations

from tianfu_sdk.gateways import meaning
from tianfu_sdk.links.gateway import State
from tianfu_sdk.model.sms import ErrorClass

__all__ = ["STATUSES", "THROTTLED", "state_of", "status_class"]

THROTTLED = frozenset({0x14, 0x58})
"""Message queue full, throttling error."""

_STOP = ErrorClass.STOP_CHANNEL

STATUSES: dict[int, ErrorClass] = {
    0x00: ErrorClass.OK,
    0x01: ErrorClass.BAD_CONTENT,  # message length
    0x02: _STOP,  # command length
    0x03: _STOP,  # command id
    0x04: _STOP,  # bound otherwise
    0x05: _STOP,  # already bound
    0x06: _STOP,  # priority flag
    0x07: _STOP,  # registered delivery flag
    0x08: ErrorClass.AMBIGUOUS,  # system error
    0x0A: _STOP,  # source address
    0x0B: ErrorClass.BAD_RECIPIENT,
    0x0D: _STOP,  # bind failed
    0x0E: _STOP,  # password
    0x0F: _STOP,  # system id
    0x14: ErrorClass.THROTTLED,  # queue full
    0x15: _STOP,  # service type
    0x43: _STOP,  # esm_class
    0x45: ErrorClass.AMBIGUOUS,  # submit failed
    0x48: _STOP,  # source TON
    0x49: _STOP,  # source NPI
    0x50: _STOP,  # destination TON
    0x51: _STOP,  # destination NPI
    0x53: _STOP,  # system type
    0x54: _STOP,  # replace flag
    0x58: ErrorClass.THROTTLED,
    0x61: _STOP,  # scheduled time
    0x62: _STOP,  # validity
    0x63: _STOP,  # predefined message
    0xC0: _STOP,  # optional part
    0xC1: _STOP,  # optional parameter not allowed
    0xC2: _STOP,  # parameter length
    0xC3: _STOP,  # optional parameter missing
    0xC4: _STOP,  # optional parameter value
    0xFF: ErrorClass.AMBIGUOUS,  # unknown error
}
"""command_status of submit_sm_resp and generic_nack."""

_STATES: dict[int, State] = {2: "delivered", 3: "expired", 4: "failed", 5: "failed", 8: "failed"}
_WORDS: dict[str, State] = {
    "DELIVRD": "delivered",
    "EXPIRED": "expired",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
}


def status_class(status: int) -> ErrorClass:
    """Give the class of a command_status."""
    return STATUSES.get(status, ErrorClass.AMBIGUOUS)


def state_of(state: int | None, word: str = "") -> State | None:
    """Give what a receipt says; None where it is not final, or nobody knows it.

    Args:
        state: message_state, which wins; None: there is none.
        word: Of the receipt's text.
    """
    if state is None:
        return "failed" if meaning(word) else _WORDS.get(word)
    return _STATES.get(state)
