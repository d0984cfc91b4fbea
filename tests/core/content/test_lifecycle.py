"""Every state against every verb."""

import itertools
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest

from tianfu_sdk.core.content import lifecycle
from tianfu_sdk.core.content.lifecycle import ACTIONS, MOVES, diff, move, revise, stale
from tianfu_sdk.errors import Denied, Invalid
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.model.media import Media, MediaForm

NOW = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
DRAFT = Resource(
    id="res_1", title="x", organization="org_1", region="510000", author="per_1", version=3
)
LEGAL = {
    ("draft", "submit"): "submitted",
    ("submitted", "return"): "draft",
    ("submitted", "approve"): "approved",
    ("approved", "schedule"): "scheduled",
    ("approved", "publish"): "published",
    ("scheduled", "schedule"): "scheduled",
    ("scheduled", "publish"): "published",
    ("scheduled", "withdraw"): "withdrawn",
    ("published", "withdraw"): "withdrawn",
    ("published", "retract"): "retracted",
    ("published", "archive"): "archived",
    ("withdrawn", "retract"): "retracted",
    ("withdrawn", "archive"): "archived",
    ("retracted", "archive"): "archived",
}
EDITABLE = {"draft": 1, "approved": 2, "scheduled": 2, "published": 2, "withdrawn": 2}


def at(state, **more):
    return attrs.evolve(DRAFT, state=State(state), **more)


def go(content, verb, **more):
    given = {"person": "per_2", "now": NOW, "reason": "因", "at": NOW + timedelta(hours=1)}
    return move(content, verb, **given | more)


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(State, MOVES)))
def test_every_verb_from_every_state(state, verb):
    target = LEGAL.get((state.value, verb))
    if target is None:
        with pytest.raises(Invalid) as caught:
            go(at(state), verb)
        assert (caught.value.code, caught.value.path) == ("lifecycle.illegal", "state")
        moves = [("return_" if v == "return" else v) for s, v in LEGAL if s == state.value]
        edited = ["edit"] if state.value in EDITABLE else []
        values = caught.value.values
        assert (values["state"], values["verb"]) == (state.value, verb)
        assert sorted(values["possible"].split(", ")) == sorted(moves + edited or ["—"])
        return
    moved = go(at(state), verb)
    assert moved.state.value == target
    kept = {"id", "version", "title", "author", "revision"}
    assert all(getattr(moved, name) == getattr(DRAFT, name) for name in kept)


@pytest.mark.parametrize("state", State)
def test_editing_from_every_state(state):
    step = EDITABLE.get(state.value)
    changed = attrs.evolve(at(state), title="y", approver="per_9", published_at=NOW)
    if step is None:
        with pytest.raises(Invalid) as caught:
            revise(at(state), changed, person="per_3")
        assert (caught.value.values["state"], caught.value.values["verb"]) == (state, "edit")
        return
    draft = revise(at(state), changed, person="per_3")
    assert (draft.state, draft.revision, draft.author) == (State.DRAFT, step, "per_3")
    assert (draft.approver, draft.published_at, draft.publish_at) == ("", None, None)


def test_nothing_leads_back_from_where_it_was_put_away():
    closed = {State.ARCHIVED, State.SUPERSEDED}
    assert not closed & {state for moves in MOVES.values() for state in moves}
    assert set(ACTIONS) == set(MOVES)


def test_only_approval_leads_to_approved_and_never_by_its_author():
    assert [verb for verb, moves in MOVES.items() if State.APPROVED in moves.values()] == [
        "approve"
    ]
    with pytest.raises(Denied) as caught:
        go(at("submitted"), "approve", person="per_1")
    assert caught.value.code == "lifecycle.own_work"
    with pytest.raises(Denied) as caught:
        go(at("submitted"), "approve", person="")
    assert caught.value.code == "lifecycle.system"
    assert go(at("submitted"), "approve").approver == "per_2"


@pytest.mark.parametrize("verb", ["return", "withdraw", "retract"])
@pytest.mark.parametrize("reason", ["", "  \n"])
def test_taking_back_needs_a_reason(verb, reason):
    state = next(iter(MOVES[verb]))
    with pytest.raises(Invalid) as caught:
        go(at(state), verb, reason=reason)
    assert (caught.value.code, caught.value.path) == ("lifecycle.reason", "reason")
    assert go(at(state), verb).comment == "因"


@pytest.mark.parametrize("moment", [None, NOW, NOW - timedelta(seconds=1)])
def test_a_moment_that_is_over_is_not_one_to_schedule_for(moment):
    with pytest.raises(Invalid) as caught:
        go(at("approved"), "schedule", at=moment)
    assert (caught.value.code, caught.value.path) == ("lifecycle.past", "at")


def test_publication_says_when_and_forgets_when_it_was_planned():
    moved = go(at("scheduled", publish_at=NOW), "publish")
    assert (moved.published_at, moved.publish_at) == (NOW, None)


@pytest.mark.parametrize(("expiry", "over"), [(date(2026, 1, 1), True), (date(2026, 1, 2), False)])
def test_what_has_expired_in_china_is_not_published(expiry, over):
    content = at("approved", expires_on=expiry)
    assert stale(content, date(2026, 1, 1)) is over
    if over:
        with pytest.raises(Invalid) as caught:
            go(content, "publish")
        assert (caught.value.code, caught.value.path) == ("lifecycle.expired", "expires_on")
    else:
        assert go(content, "publish").state is State.PUBLISHED
    evening = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    if over:
        with pytest.raises(Invalid):
            go(content, "publish", now=evening)


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        (MediaForm.IMAGE, "alt", "media.no_alt"),
        (MediaForm.ANIMATION, "alt", "media.no_alt"),
        (MediaForm.AUDIO, "transcript", "media.no_transcript"),
        (MediaForm.VIDEO, "transcript", "media.no_transcript"),
    ],
)
def test_who_does_not_see_or_hear_is_thought_of(form, field, code):
    medium = Media(sha256="0" * 64, form=form, media_type="a/b")
    with pytest.raises(Invalid) as caught:
        go(at("draft", media=(medium,)), "submit")
    assert (caught.value.code, caught.value.path) == (code, f"media[0].{field}")
    filled = attrs.evolve(medium, **{field: "说明"})
    assert go(at("draft", media=(filled,)), "submit").state is State.SUBMITTED
    assert go(at("draft", media=(medium,)), "submit", accessible=False)


def test_a_difference_leaves_book_keeping_out():
    after = attrs.evolve(DRAFT, title="y", version=9, revision=2, author="per_2", comment="c")
    assert [(c.field, c.before, c.after) for c in diff(DRAFT, after)] == [("title", "x", "y")]
    assert lifecycle.diff(DRAFT, DRAFT) == []
