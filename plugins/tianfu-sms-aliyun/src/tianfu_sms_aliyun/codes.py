"""What Alibaba Cloud's codes mean for us.

Sources: help.aliyun.com document_detail/101346 (codes of the API, `isv.` and `isp.`), 25491
(codes of the gateway in front of all APIs). Which class a code is
of is our reading. A code that is missing here is ambiguous.
"""

from __future__ import annotations

from tianfu_sdk.gateways import Codes
from tianfu_sdk.model.sms import ErrorClass

__all__ = ["CODES", "ILLEGAL_NUMBER", "REFUSED", "wait_for"]

REFUSED = frozenset({"W-BLACK"})
"""Of receipts: the owner of the phone complained about messages of this signature
(document_detail/2679007, which gives it as an example of such codes)."""

ILLEGAL_NUMBER = "isv.MOBILE_NUMBER_ILLEGAL"
"""Of a whole call, for one number in it."""

_BAD_RECIPIENT = (
    ILLEGAL_NUMBER,
    "isv.MOBILE_COUNT_OVER_LIMIT",
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
)
_BAD_CONTENT = (
    "isv.SMS_TEMPLATE_ILLEGAL",
    "isv.SMS_SIGNATURE_ILLEGAL",
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
    "isv.SIGN_STATE_ILLEGAL",
    "isv.SMS_SIGN_ILLEGAL",
    "isv.TEMPLATE_MISSING_PARAMETERS",
    "isv.INVALID_PARAMETERS",
    "isv.INVALID_JSON_PARAM",
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.PARAM_LENGTH_LIMIT",
    "isv.PARAM_NOT_SUPPORT_URL",
    "isv.SMS_CONTENT_ILLEGAL",
    "isv.EXTEND_CODE_ERROR",
)
_STOP_CHANNEL = (
    "isv.AMOUNT_NOT_ENOUGH",
    "isv.OUT_OF_SERVICE",
    "isv.PRODUCT_UN_SUBSCRIPT",
    "isv.PRODUCT_UNSUBSCRIBE",
    "isv.DENY_IP_RANGE",
    "isp.RAM_PERMISSION_DENY",
    # Of the gateway in front: nothing came as far as the SMS service.
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAccessKeyId",
    "MissingSecurityToken",
)
_DEFERRED = (
    "isv.BUSINESS_LIMIT_CONTROL",
    "isv.DAY_LIMIT_CONTROL",
    "isv.MONTH_LIMIT_CONTROL",
)

CODES = Codes(
    {
        "OK": ErrorClass.OK,
        "isp.SYSTEM_ERROR": ErrorClass.RETRY_SAFE,
        "Throttling": ErrorClass.THROTTLED,
        # The same nonce twice: the request was repeated on the way, and the first may be in.
        "SignatureNonceUsed": ErrorClass.AMBIGUOUS,
        **dict.fromkeys(_BAD_RECIPIENT, ErrorClass.BAD_RECIPIENT),
        **dict.fromkeys(_BAD_CONTENT, ErrorClass.BAD_CONTENT),
        **dict.fromkeys(_STOP_CHANNEL, ErrorClass.STOP_CHANNEL),
        **dict.fromkeys(_DEFERRED, ErrorClass.DEFERRED),
    },
    {
        "isv.ACCOUNT_": ErrorClass.STOP_CHANNEL,
        "Throttling.": ErrorClass.THROTTLED,
        "InvalidAccessKeyId.": ErrorClass.STOP_CHANNEL,
        "InvalidSecurityToken.": ErrorClass.STOP_CHANNEL,
        "InvalidTimeStamp.": ErrorClass.STOP_CHANNEL,
        "Forbidden.": ErrorClass.STOP_CHANNEL,
    },
)

_DAY = 86400.0
_WAITS = (("分钟级", 60.0), ("小时级", 3600.0), ("天级", _DAY), ("日级", _DAY), ("月级", _DAY))


def wait_for(code: str, message: str) -> float | None:
    """Give how long to wait after a limit was hit, in seconds; None where it does not say.

    Args:
        code: Of the answer.
        message: Such as `触发天级流控Permits:10`; a day is a rolling 24 hours.

    Source: document_detail/44335, 2881383 (limits); the message as people quote it.
    """
    if code in {"isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"}:
        return _DAY
    return next((wait for words, wait in _WAITS if words in message), None)
