"""Slips of a caller's pen: a number for a code, a text for a day. Each is named, none is a crash."""

from datetime import date, datetime

import pytest

from tianfu_sdk.errors import Invalid, NotFound


@pytest.mark.parametrize(
    ("path", "slip"),
    [
        ("id", lambda hub: hub.resources.get(3)),
        ("id", lambda hub: hub.resources.submit(None)),
        ("id", lambda hub: hub.match(None)),
        ("limit", lambda hub: hub.match("lst_1", limit="5")),
        ("limit", lambda hub: hub.resources.find(limit="5")),
        ("limit", lambda hub: hub.resources.find(limit=True)),
        ("text", lambda hub: hub.ask(3)),
        ("limit", lambda hub: hub.ask("地震", limit=1.5)),
        ("kinds", lambda hub: hub.ask("地震", kinds="resource")),
        ("code", lambda hub: hub.regions.get(510000)),
        ("code", lambda hub: hub.regions.children(510000)),
        ("on", lambda hub: hub.regions.get("510000", on="2020-01-01")),
        ("on", lambda hub: hub.regions.resolve("512081", on=datetime(2020, 1, 1))),
        ("on", lambda hub: hub.resources.stale("2027-01-01")),
        ("source", lambda hub: hub.media.add("photo.png")),
    ],
)
def test_an_argument_of_another_type_is_named(world, path, slip):
    with pytest.raises(Invalid) as caught:
        slip(world.me)
    assert (caught.value.code, caught.value.path) == ("field.type", path)


def test_the_right_types_pass(world):
    assert world.me.regions.get("510000", on=date(2020, 1, 1)).name == "四川省"
    assert list(world.me.resources.stale(date(2027, 1, 1))) == []


def test_a_media_file_that_is_not_there_is_named(world, tmp_path):
    with pytest.raises(NotFound) as caught:
        world.me.media.add(tmp_path / "none.png")
    assert caught.value.code == "media.no_file"
    assert "none.png" in str(caught.value)


def test_content_for_a_region_that_never_was_is_refused_at_once(world):
    given = {"title": "x", "organization": world.org}
    with pytest.raises(NotFound) as caught:
        world.me.resources.create(**given, regions=["510300", "999999"])
    assert (caught.value.code, caught.value.path) == ("region.unknown", "regions[1]")
    made = world.me.resources.create(**given, regions=["512081"])  # 简阳 as it was is a region
    with pytest.raises(NotFound):
        world.me.resources.edit(made.id, regions=["999999"])


def test_a_unit_refuses_a_coroutine_function_instead_of_forgetting_it(world):
    async def work(u):
        return u.resources.create(title="x", organization=world.org)

    with pytest.raises(Invalid) as caught:
        world.me.unit(work)
    assert caught.value.code == "hub.async_unit"
    assert list(world.me.resources.find()) == []
