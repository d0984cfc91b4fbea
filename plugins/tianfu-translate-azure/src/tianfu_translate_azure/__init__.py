"""Translate by Azure Translator."""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.translation import Translator
from tianfu_translate_azure.engine import AzureSettings, AzureTranslator

__all__ = ["AzureSettings", "AzureTranslator", "tianfu_api", "tianfu_register_translation"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_translation(register: Register[Translator]) -> None:
    """Offer the engine as `azure`."""
    register("azure", AzureTranslator.open)
