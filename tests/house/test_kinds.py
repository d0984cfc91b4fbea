"""A kind that changes gets a higher number, so that stores are migrated."""

import importlib.util
import json
from pathlib import Path

import attrs
import pytest

from tianfu_sdk.core.rows.kinds import ALL_KINDS
from tianfu_sdk.model.storage import Key

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "pin_kinds.py"
    spec = importlib.util.spec_from_file_location("pin_kinds", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pins():
    return json.loads((ROOT / "tests" / "house" / "kinds.json").read_text("utf-8"))


def test_no_kind_changed_under_its_number(script, pins):
    assert script.changed(pins) == [], (
        "raise `schema` of these kinds, or, if no release had the old shape,"
        " run: python scripts/pin_kinds.py --unreleased"
    )


def test_every_kind_is_pinned(pins):
    assert {kind.name: kind.schema for kind in ALL_KINDS} == {
        name: schema for name, (schema, _) in pins.items()
    }, "run: python scripts/pin_kinds.py"


def test_a_change_is_seen_and_another_order_is_none(script, pins):
    first = ALL_KINDS[0]
    more = attrs.evolve(first, keys=(*first.keys, Key("extra")))
    turned = attrs.evolve(first, keys=first.keys[::-1], indexes=first.indexes[::-1])
    raised = attrs.evolve(more, schema=first.schema + 1)
    fewer = attrs.evolve(first, indexes=first.indexes[1:])
    assert script.changed(pins, (more,)) == [first.name] == script.changed(pins, (fewer,))
    assert script.changed(pins, (turned,)) == [] == script.changed(pins, (raised,))
