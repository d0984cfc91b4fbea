"""What the codes of 云MAS (`rspcod`) mean for us.

Unverified: six open-source programs that speak to it have the same list (the last code one of
them). Which class a code is of is our reading. A code that is missing here is ambiguous.
"""

from __future__ import annotations

from tianfu_sdk.gateways import Codes
from tianfu_sdk.model.sms import ErrorClass

__all__ = ["CODES", "ILLEGAL_NUMBER"]

ILLEGAL_NUMBER = "InvalidMobile"
"""Of a whole call, for one number in it."""

CODES = Codes(
    {
        "success": ErrorClass.OK,
        "IllegalMac": ErrorClass.STOP_CHANNEL,
        "InvalidUsrOrPwd": ErrorClass.STOP_CHANNEL,
        # The codes of signatures stand in the settings.
        "IllegalSignId": ErrorClass.STOP_CHANNEL,
        "NoSignId": ErrorClass.STOP_CHANNEL,
        "InvalidMessage": ErrorClass.BAD_CONTENT,
        "TooManyMobiles": ErrorClass.BAD_RECIPIENT,
        ILLEGAL_NUMBER: ErrorClass.BAD_RECIPIENT,
    }
)
