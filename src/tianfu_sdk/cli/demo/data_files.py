"""The data that the demo loads."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["page", "texts", "udhr"]


def _read(name: str) -> str:
    return files("tianfu_sdk.cli.demo").joinpath(f"data/{name}").read_text("utf-8")


def page() -> dict[str, Any]:
    """Give the organizations, activities, news and bases of the newspaper page of 2020."""
    found: dict[str, Any] = json.loads(_read("page.json"))
    return found


def texts() -> list[dict[str, Any]]:
    """Give the sample science texts; written for this project, not vouched for."""
    return [json.loads(line) for line in _read("texts.jsonl").splitlines() if line]


def udhr() -> dict[str, Any]:
    """Give articles of the declaration of human rights in Chinese, Tibetan and Yi."""
    found: dict[str, Any] = json.loads(_read("udhr.json"))
    return found
