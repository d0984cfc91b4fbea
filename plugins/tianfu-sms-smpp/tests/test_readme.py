"""What the README says is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import attrs
import tianfu_sms_smpp
from tianfu_sms_smpp.codes import STATUSES

from tianfu_sdk import Hub
from tianfu_sdk.testing import FrozenClock

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_every_setting_stands_in_the_readme_with_its_default():
    (table,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    shown = tomllib.loads(table)["backends"]["smpp"]
    fields = {field.name: field.default for field in attrs.fields(tianfu_sms_smpp.SmppSettings)}
    assert sorted(shown) == sorted(fields)
    optional = {name: value for name, value in fields.items() if value is not attrs.NOTHING}
    assert {name: shown[name] for name in optional} == optional


def test_every_status_stands_in_the_readme_with_its_class():
    said = {}
    for codes, what in re.findall(r"^\| (0x[0-9A-Fx, ]+) \| `(\w+)` \|$", README, re.MULTILINE):
        said |= {int(code, 16): what for code in codes.split(", ")}
    assert said == {code: what.value for code, what in STATUSES.items() if code}


def test_the_plugin_offers_itself():
    with Hub.open("memory:", plugins=[tianfu_sms_smpp], clock=FrozenClock(), discover=False) as hub:
        (info,) = [one for one in hub.plugins if not one.builtin]
    assert (info.name, info.version, info.offers) == ("tianfu_sms_smpp", "0.1.0", ("sms:smpp",))
