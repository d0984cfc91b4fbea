"""What Huawei Cloud's codes mean for us.

Sources: support.huaweicloud.com api-msgsms sms_05_0050 (codes of the API), sms_05_0051 (codes
of Huawei's own platform for one number, and of receipts). Which class a code is of is our
reading; E000630 is listed there, but what it means could not be verified. A code that is missing
here is ambiguous.
"""

from __future__ import annotations

from tianfu_sdk.gateways import Codes
from tianfu_sdk.model.sms import ErrorClass

__all__ = ["CODES", "READ_EACH", "REFUSED"]

REFUSED = frozenset({"2:70", "2:86"})
"""Of receipts, beyond those that all have: on a gateway's or operator's list, because its owner
complained or unsubscribed (投诉或退订; sms_05_0051)."""

READ_EACH = frozenset({"000000", "E000510"})
"""Codes of a call after which every number has a status of its own."""

_BAD_RECIPIENT = (
    "E000628",
    "E200015",
    "E200022",
    "E200023",
    "E200024",
    "E200025",
    "E200026",
    "E200041",
)
_BAD_CONTENT = (
    "E000503",
    "E200028",
    "E200029",
    "E200030",
    "E200031",
    "E200032",
    "E200033",
)
_STOP_CHANNEL = (
    "E000629",
    "E200018",
    "E200019",
    "E200020",
    "E200021",
    "E200027",
    "E200036",
    # The caller's address is not on the list of the application.
    "E000620",
)

CODES = Codes(
    {
        "000000": ErrorClass.OK,
        # "System error", of requests that cannot be parsed, and of its own.
        "E000000": ErrorClass.AMBIGUOUS,
        **dict.fromkeys(_BAD_RECIPIENT, ErrorClass.BAD_RECIPIENT),
        **dict.fromkeys(_BAD_CONTENT, ErrorClass.BAD_CONTENT),
        **dict.fromkeys(_STOP_CHANNEL, ErrorClass.STOP_CHANNEL),
    },
    {
        # Headers that say who calls; then keys, rights and arrears (E000112).
        "E00000": ErrorClass.STOP_CHANNEL,
        "E00002": ErrorClass.STOP_CHANNEL,
        "E00010": ErrorClass.STOP_CHANNEL,
        "E00011": ErrorClass.STOP_CHANNEL,
    },
)
