"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import tianfu_sms_mas
from tianfu_sms_mas import CODES, MasSettings

from tianfu_sdk import Hub
from tianfu_sdk.testing import FrozenClock

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_every_setting_stands_in_it():
    (table,) = re.findall(r"\[backends\.mas\]\n(.*?)```", README, re.DOTALL)
    named = re.findall(r"^(\w+) =", table, re.MULTILINE)
    assert sorted(named) == sorted(field.name for field in attrs.fields(MasSettings))


def test_every_code_stands_in_it_beside_its_class():
    said = {
        code: error
        for error, codes in re.findall(r"^\| `(\w+)` \| (.*?) \|", README, re.MULTILINE)
        for code in re.findall(r"`([^`]+)`", codes)
    }
    ours = {code: error.value for code, error in CODES.exact.items()}
    ours |= {f"{prefix}*": error.value for prefix, error in CODES.prefixes.items()}
    assert said == ours


def test_the_plugin_offers_itself():
    with Hub.open("memory:", plugins=[tianfu_sms_mas], clock=FrozenClock(), discover=False) as hub:
        (info,) = [one for one in hub.plugins if not one.builtin]
    assert (info.name, info.version, info.offers) == ("tianfu_sms_mas", "0.1.0", ("sms:mas",))
