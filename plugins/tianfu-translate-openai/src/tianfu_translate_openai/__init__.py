"""Translate by any OpenAI-compatible server, HY-MT (混元翻译) among them."""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.translation import Translator
from tianfu_translate_openai.engine import OpenAiSettings, OpenAiTranslator

__all__ = ["OpenAiSettings", "OpenAiTranslator", "tianfu_api", "tianfu_register_translation"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_translation(register: Register[Translator]) -> None:
    """Offer the engine as `openai`."""
    register("openai", OpenAiTranslator.open)
