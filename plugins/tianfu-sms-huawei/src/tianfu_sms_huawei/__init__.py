"""Send science SMS (科普短信) through Huawei Cloud Message & SMS (华为云消息&短信).

Huawei has taken no new customers for it since 2025-01-10: this is for those who have it.
"""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sms_huawei.codes import CODES
from tianfu_sms_huawei.gateway import HuaweiGateway, HuaweiSettings

__all__ = ["CODES", "HuaweiGateway", "HuaweiSettings", "tianfu_api", "tianfu_register_sms"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_sms(register: Register[SmsGateway]) -> None:
    """Offer the gateway as `huawei`."""
    register("huawei", HuaweiGateway.open)
