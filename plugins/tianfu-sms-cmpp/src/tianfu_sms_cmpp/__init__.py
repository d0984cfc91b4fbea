"""Send science SMS (科普短信) over CMPP 2.0 or 3.0, the protocol of China Mobile's gateways."""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sms_cmpp.codec import Counts
from tianfu_sms_cmpp.gateway import CmppGateway, CmppSettings

__all__ = ["CmppGateway", "CmppSettings", "Counts", "tianfu_api", "tianfu_register_sms"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_sms(register: Register[SmsGateway]) -> None:
    """Offer the gateway as `cmpp`."""
    register("cmpp", CmppGateway.open)
