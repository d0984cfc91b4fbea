"""Hand science SMS (科普短信) to a URL of your own, as signed JSON.

The wire format stands in this distribution's README; a receiver needs no library.
"""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sms_webhook.gateway import WebhookGateway, WebhookSettings
from tianfu_sms_webhook.signing import signed_headers, verify

__all__ = [
    "WebhookGateway",
    "WebhookSettings",
    "signed_headers",
    "tianfu_api",
    "tianfu_register_sms",
    "verify",
]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_sms(register: Register[SmsGateway]) -> None:
    """Offer the gateway as `webhook`."""
    register("webhook", WebhookGateway.open)
