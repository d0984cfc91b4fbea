"""Send science SMS (科普短信) through Tencent Cloud SMS (腾讯云短信)."""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sms_tencent.codes import CODES
from tianfu_sms_tencent.gateway import TencentGateway, TencentSettings

__all__ = ["CODES", "TencentGateway", "TencentSettings", "tianfu_api", "tianfu_register_sms"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_sms(register: Register[SmsGateway]) -> None:
    """Offer the gateway as `tencent`."""
    register("tencent", TencentGateway.open)
