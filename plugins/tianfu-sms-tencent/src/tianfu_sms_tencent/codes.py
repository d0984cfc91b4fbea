"""What Tencent Cloud's codes mean for us.

Sources: cloud.tencent.com document/api/382/59177 and `errorcodes.py` of
`tencentcloud-sdk-python-sms` 3.1.153 (codes of sending), 382/52067 (codes of all its APIs).
Which class a code is of is our reading. A code that is missing here is ambiguous.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tianfu_sdk.gateways import Codes
from tianfu_sdk.model.base import SHANGHAI
from tianfu_sdk.model.sms import ErrorClass

__all__ = ["CODES", "wait_for"]

_REFUSED = "FailedOperation.PhoneNumberInBlacklist"
"""Usually because the person unsubscribed, or is on the operator's list (382/3771, 1015)."""
_BAD_RECIPIENT = (
    "FailedOperation.PhoneNumberParseFail",
    "InvalidParameterValue.IncorrectPhoneNumber",
    "LimitExceeded.AppCountryOrRegionInBlacklist",
    "LimitExceeded.PhoneNumberCountLimit",
    "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
    "UnsupportedOperation.UnsupportedRegion",
)
_BAD_CONTENT = (
    "FailedOperation.ContainSensitiveWord",
    "FailedOperation.FailResolvePacket",
    "FailedOperation.JsonParseFail",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
    "InvalidParameter.DirtyWordFound",
    "InvalidParameterValue.ContentLengthLimit",
    "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe",
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
    "InvalidParameterValue.TemplateParameterFormatError",
    "InvalidParameterValue.TemplateParameterLengthLimit",
    "InvalidParameterValue.TemplateWithDirtyWords",
    "InvalidParameterValue.UnsupportedTemplateVariable",
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone",
)
_STOP_CHANNEL = (
    "FailedOperation.InsufficientBalanceInSmsPackage",
    "FailedOperation.MissingSignature",
    "FailedOperation.SignatureIncorrectOrUnapproved",
    "FailedOperation.TemplateIdNotExist",
    "FailedOperation.TemplateIncorrectOrUnapproved",
    "FailedOperation.TemplateUnapprovedOrNotExist",
    "InternalError.RequestTimeException",
    "InternalError.RestApiInterfaceNotExist",
    "InternalError.SigFieldMissing",
    "InternalError.SigVerificationFail",
    "InvalidParameter.AppidAndBizId",
    "InvalidParameterValue.SdkAppIdNotExist",
    "UnauthorizedOperation",
)
_DAY, _HOUR = 86400.0, 3600.0
_WAITS = {
    "LimitExceeded.AppCountryOrRegionDailyLimit": _DAY,
    "LimitExceeded.AppDailyLimit": _DAY,
    "LimitExceeded.AppGlobalDailyLimit": _DAY,
    "LimitExceeded.AppMainlandChinaDailyLimit": _DAY,
    "LimitExceeded.DailyLimit": _DAY,
    "LimitExceeded.DeliveryFrequencyLimit": None,
    "LimitExceeded.PhoneNumberDailyLimit": _DAY,
    "LimitExceeded.PhoneNumberOneHourLimit": _HOUR,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": _DAY,
    "LimitExceeded.PhoneNumberThirtySecondLimit": 30.0,
}
_NOT_NOW = "FailedOperation.MarketingSendTimeConstraint"
_OPENS = time(8)

CODES = Codes(
    {
        "Ok": ErrorClass.OK,
        "LimitExceeded.GlobalSmsSendingRateLimit": ErrorClass.THROTTLED,
        # An old table (382/3771) says that a time-out may be tried again; it may have gone out.
        "InternalError.Timeout": ErrorClass.AMBIGUOUS,
        "InternalError.SendAndRecvFail": ErrorClass.AMBIGUOUS,
        _REFUSED: ErrorClass.REFUSED_BY_PERSON,
        **dict.fromkeys(_BAD_RECIPIENT, ErrorClass.BAD_RECIPIENT),
        **dict.fromkeys(_BAD_CONTENT, ErrorClass.BAD_CONTENT),
        **dict.fromkeys(_STOP_CHANNEL, ErrorClass.STOP_CHANNEL),
        **dict.fromkeys((*_WAITS, _NOT_NOW), ErrorClass.DEFERRED),
    },
    {
        "AuthFailure": ErrorClass.STOP_CHANNEL,
        "RequestLimitExceeded": ErrorClass.THROTTLED,
        "UnauthorizedOperation.": ErrorClass.STOP_CHANNEL,
    },
)


def wait_for(code: str, now: datetime) -> float | None:
    """Give how long to wait after a limit was hit, in seconds; None where nothing says so.

    Args:
        code: Of the answer.
        now: Aware; marketing messages wait until 08:00, China time.
    """
    if code != _NOT_NOW:
        return _WAITS.get(code)
    here = now.astimezone(SHANGHAI)
    opens = datetime.combine(here.date(), _OPENS, SHANGHAI)
    return ((opens if here < opens else opens + timedelta(days=1)) - here).total_seconds()
