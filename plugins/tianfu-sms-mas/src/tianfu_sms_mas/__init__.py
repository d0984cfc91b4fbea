"""Send science SMS (科普短信) through China Mobile 云MAS.

**Unverified.** No page of the vendor could be reached: everything here is what open-source
programs do that speak to it. See the README for what is known from whom.
"""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.sms import SmsGateway
from tianfu_sms_mas.codes import CODES
from tianfu_sms_mas.gateway import MasGateway, MasSettings

__all__ = ["CODES", "MasGateway", "MasSettings", "tianfu_api", "tianfu_register_sms"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_sms(register: Register[SmsGateway]) -> None:
    """Offer the gateway as `mas`."""
    register("mas", MasGateway.open)
