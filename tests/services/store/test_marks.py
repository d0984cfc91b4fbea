"""Marks: where a consumer outside stands, kept for the system."""

import pytest

from tianfu_sdk.errors import Denied, Invalid


class TornError(Exception):
    """Ends a unit half-way."""


@pytest.fixture
def system(way):
    hub = way.open()
    hub.bootstrap(organization="四川省科学技术协会", region="510000")
    return hub.as_system(reason="a consumer's mark")


def test_a_mark_is_what_was_set_last(system):
    assert system.marks.get("warehouse") is None
    system.marks.set("warehouse", "events:17")
    system.marks.set("other", "x")
    system.marks.set("warehouse", "events:18 ꆈꌠ བོད")
    assert system.marks.get("warehouse") == "events:18 ꆈꌠ བོད"
    assert system.marks.get("other") == "x"


def test_only_the_system_reads_and_sets_marks(way):
    hub = way.open()
    chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    system = hub.as_system(reason="a consumer's mark")
    system.marks.set("warehouse", "1")
    me = hub.as_(chief.id)
    calls = (lambda: me.marks.get("warehouse"), lambda: me.marks.set("warehouse", "2"))
    for call in (*calls, lambda: hub.marks.get("warehouse")):
        with pytest.raises(Denied) as caught:
            call()
        assert caught.value.code == "account.required"
    assert system.marks.get("warehouse") == "1"


@pytest.mark.parametrize("name", ["", "n" * 1000])
def test_a_mark_has_a_name_of_some_length(system, name):
    for call in (lambda: system.marks.get(name), lambda: system.marks.set(name, "1")):
        with pytest.raises(Invalid) as caught:
            call()
        assert (caught.value.code, caught.value.path) == ("events.bad_name", "name")


def test_a_mark_moves_with_the_unit_that_sets_it_or_not_at_all(system):
    system.marks.set("warehouse", "1")

    def torn(unit):
        unit.marks.set("warehouse", "2")
        raise TornError

    with pytest.raises(TornError):
        system.unit(torn)
    assert system.marks.get("warehouse") == "1"
    system.unit(lambda unit: unit.marks.set("warehouse", "3"))
    assert system.marks.get("warehouse") == "3"
