"""Send science SMS (科普短信) through Alibaba Cloud SMS (阿里云短信)."""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sms_aliyun.codes import CODES
from tianfu_sms_aliyun.gateway import AliyunGateway, AliyunSettings

__all__ = ["CODES", "AliyunGateway", "AliyunSettings", "tianfu_api", "tianfu_register_sms"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_sms(register: Register[SmsGateway]) -> None:
    """Offer the gateway as `aliyun`."""
    register("aliyun", AliyunGateway.open)
