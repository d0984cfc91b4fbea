"""Translate by iFlytek machine translation (讯飞机器翻译)."""

from __future__ import annotations

from tianfu_sdk import hookimpl
from tianfu_sdk.hookspecs import Register
from tianfu_sdk.ports.translation import Translator
from tianfu_translate_iflytek.engine import IflytekSettings, IflytekTranslator

__all__ = ["IflytekSettings", "IflytekTranslator", "tianfu_api", "tianfu_register_translation"]

__version__ = "0.1.0"

tianfu_api = 1


@hookimpl
def tianfu_register_translation(register: Register[Translator]) -> None:
    """Offer the engine as `iflytek`."""
    register("iflytek", IflytekTranslator.open)
