"""What the codes of CMPP mean for us.

Source: the code tables of CMPP 2.0 and 3.0 as open-source implementations have them; the
classes are ours. A code that is not here is ambiguous: nobody knows whether it went out.
"""

from __future__ import annotations

from tianfu_sdk.gateways import meaning
from tianfu_sdk.links.gateway import State
from tianfu_sdk.model.sms import ErrorClass

__all__ = ["RESULTS", "THROTTLED", "result_class", "state_of"]

THROTTLED = 8

RESULTS: dict[int, ErrorClass] = {
    0: ErrorClass.OK,
    1: ErrorClass.STOP_CHANNEL,  # structure
    2: ErrorClass.STOP_CHANNEL,  # command
    3: ErrorClass.AMBIGUOUS,  # sequence repeated: perhaps of what was taken before
    4: ErrorClass.BAD_CONTENT,  # length wrong
    5: ErrorClass.STOP_CHANNEL,  # fee code
    6: ErrorClass.BAD_CONTENT,  # longer than it may be
    7: ErrorClass.STOP_CHANNEL,  # service id
    THROTTLED: ErrorClass.THROTTLED,
    9: ErrorClass.STOP_CHANNEL,  # the gateway does not serve the fee number
    10: ErrorClass.STOP_CHANNEL,  # Src_Id
    11: ErrorClass.STOP_CHANNEL,  # Msg_src
    12: ErrorClass.STOP_CHANNEL,  # Fee_terminal_Id
    13: ErrorClass.BAD_RECIPIENT,  # of up to 99: none was taken (inferred)
}
"""Result of SUBMIT_RESP."""

_STATES: dict[str, State] = {
    "DELIVRD": "delivered",
    "EXPIRED": "expired",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
}
_NETWORK = frozenset({"MA", "MB", "CA", "CB", "DA", "DB", "IA", "IB"})
"""Who says that it failed: `MA:0001` and the like."""


def result_class(result: int) -> ErrorClass:
    """Give the class of a result."""
    return RESULTS.get(result, ErrorClass.AMBIGUOUS)


def state_of(stat: str) -> State | None:
    """Give what a receipt says; None where it is not final, or nobody knows the word."""
    if stat[2:3] == ":" and stat[:2].upper() in _NETWORK:
        return "failed"
    return "failed" if meaning(stat) else _STATES.get(stat.upper())
