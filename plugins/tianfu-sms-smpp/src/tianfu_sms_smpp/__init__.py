"""Send science SMS (科普短信) over SMPP 3.4, the protocol of message centres."""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sms_smpp.gateway import MessageStatus, SmppGateway, SmppSettings

__all__ = ["MessageStatus", "SmppGateway", "SmppSettings", "tianfu_api", "tianfu_register_sms"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_sms(register: Register[SmsGateway]) -> None:
    """Offer the gateway as `smpp`."""
    register("smpp", SmppGateway.open)
