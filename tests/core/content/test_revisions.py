"""What a caller may say of a content, and how one revision follows another."""

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.core.content import revisions
from tianfu_sdk.core.content.lifecycle import BOOKKEEPING
from tianfu_sdk.core.rows.keying import NEVER_DUE, moment_key
from tianfu_sdk.core.rows.kinds import REVISION
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.content import Base, Content, Resource, State
from tianfu_sdk.model.listing import Listing

NOW = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
FIELDS = {"title": "防震避险", "organization": "org_1"}


def made(**fields):
    given_ = FIELDS | fields
    return revisions.made(Resource, given_, id_="res_1", person="per_1", region="510000")


def at(state, **more):
    return attrs.evolve(made(), state=State(state), **more)


def test_who_makes_it_is_its_author_and_its_home_is_the_owners():
    content = made()
    assert (content.id, content.region) == ("res_1", "510000")
    assert (content.author, content.writers) == ("per_1", ("per_1",))
    by_system = revisions.made(Resource, FIELDS, id_="res_1", person="", region="510000")
    assert (by_system.author, by_system.writers) == ("", ())


def test_a_region_that_is_said_counts():
    assert made(region="510100").region == "510100"


def test_one_language_has_one_tag():
    assert made(language="bo-CN").language == "bo"
    assert revisions.changed(made(), {"language": "bo-CN"}).language == "bo"


@pytest.mark.parametrize("name", sorted(BOOKKEEPING))
def test_what_verbs_set_no_caller_sets(name):
    for call in (lambda: made(**{name: 1}), lambda: revisions.changed(made(), {name: 1})):
        with pytest.raises(Invalid) as caught:
            call()
        assert (caught.value.code, caught.value.path) == ("content.kept", name)


def test_all_that_verbs_set_is_there_to_be_set():
    assert {f.name for noun in (Content, Listing, Base) for f in attrs.fields(noun)} >= BOOKKEEPING


@pytest.mark.parametrize("name", ["organization", "region", "external_key"])
def test_what_says_which_content_it_is_stays(name):
    with pytest.raises(Invalid) as caught:
        revisions.changed(made(), {name: "x", "title": "y"})
    assert (caught.value.code, caught.value.path) == ("content.fixed", name)


@settings(max_examples=25)
@given(st.text("地震abc", min_size=1, max_size=20), st.text("地震abc", max_size=20))
def test_only_what_is_said_changes(title, body):
    base = made(keywords=("a",))
    changed = revisions.changed(base, {"title": title, "body": body})
    assert changed == attrs.evolve(base, title=title, body=body)
    assert revisions.changed(base, {}) == base


@pytest.mark.parametrize("state", State)
def test_only_what_was_put_away_is_closed(state):
    if state not in {State.RETRACTED, State.ARCHIVED}:
        revisions.demand_open(at(state), "edit")
        return
    with pytest.raises(Invalid) as caught:
        revisions.demand_open(at(state), "edit")
    assert caught.value.code == "lifecycle.illegal"
    possible = "archive" if state is State.RETRACTED else "—"
    assert caught.value.hint == f"possible from there: {possible}"


@pytest.mark.parametrize(
    ("minutes", "expires", "ripe"),
    [
        (None, None, False),
        (1, None, False),
        (0, None, True),
        (-1, None, True),
        (-1, date(2026, 1, 1), False),
        (-1, date(2026, 1, 2), True),
    ],
)
def test_a_moment_has_come_unless_it_has_expired(minutes, expires, ripe):
    moment = None if minutes is None else NOW + timedelta(minutes=minutes)
    content = at("scheduled", publish_at=moment, expires_on=expires)
    assert revisions.ripe(content, NOW) is ripe


def test_the_day_of_expiry_is_that_of_china():
    content = at("scheduled", publish_at=NOW, expires_on=date(2026, 1, 2))
    late = datetime(2026, 1, 1, 16, 0, tzinfo=UTC)
    assert revisions.ripe(content, late - timedelta(seconds=1))
    assert not revisions.ripe(content, late)


@pytest.mark.parametrize(("pending", "kept"), [(2, 0), (3, 3), (0, 0)])
def test_a_new_revision_takes_the_place_and_a_later_draft_stays_in_work(pending, kept):
    head = at("published", version=7, created_at=NOW, revision=1, pending=pending)
    moved = at("published", version=2, created_at=NOW + timedelta(days=1), revision=2, title="新")
    taken = revisions.taken_over(head, moved)
    assert (taken.version, taken.created_at, taken.pending) == (7, NOW, kept)
    assert (taken.revision, taken.title) == (2, "新")


@pytest.mark.parametrize("state", State)
def test_only_a_scheduled_revision_is_ever_due(state):
    keys = revisions.revision_keys(at(state, revision=3, publish_at=NOW))
    assert keys.keys() == set(REVISION.by_name)
    assert keys["due"] == (moment_key(NOW) if state is State.SCHEDULED else NEVER_DUE)
    assert (keys["item"], keys["number"]) == ("res_1", 3)


@settings(max_examples=50)
@given(st.integers(1, 99_998))
def test_ids_of_revisions_stand_in_the_order_of_their_numbers(number):
    first, second = (revisions.revision_id("res_1", n) for n in (number, number + 1))
    assert first < second
