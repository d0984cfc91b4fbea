"""What the README says is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import attrs
import tianfu_sms_cmpp
from tianfu_sms_cmpp.codes import RESULTS

from tianfu_sdk import Hub
from tianfu_sdk.testing import FrozenClock

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_every_setting_stands_in_the_readme_with_its_default():
    (table,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    shown = tomllib.loads(table)["backends"]["cmpp"]
    fields = {field.name: field.default for field in attrs.fields(tianfu_sms_cmpp.CmppSettings)}
    assert sorted(shown) == sorted(fields)
    optional = {name: value for name, value in fields.items() if value is not attrs.NOTHING}
    assert {name: shown[name] for name in optional} == optional


def test_every_result_stands_in_the_readme_with_its_class():
    said = {}
    for line in README.splitlines():
        if line.startswith("| ") and "`" in line and " | | " in line:
            for half in line.strip("| ").split(" | | "):
                codes, _, what = half.partition(" | ")
                for code in re.findall(r"\d+", codes):
                    said[int(code)] = re.findall(r"`(\w+)`", what)[0]
    assert said == {code: what.value for code, what in RESULTS.items() if code}


def test_the_plugin_offers_itself():
    with Hub.open("memory:", plugins=[tianfu_sms_cmpp], clock=FrozenClock(), discover=False) as hub:
        (info,) = [one for one in hub.plugins if not one.builtin]
    assert (info.name, info.version, info.offers) == ("tianfu_sms_cmpp", "0.1.0", ("sms:cmpp",))
