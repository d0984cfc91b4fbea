"""What all organizations share is changed by grants that cover all of it."""

import pytest

from tianfu_sdk.errors import Denied


def test_a_county_neither_redrives_jobs_nor_changes_the_shared_words(world):
    county = world.as_(world.person(["*"], region="510104"))
    for call in (
        lambda: county.jobs.list("sms"),
        lambda: county.jobs.release("sms", [1]),
        lambda: county.vocabularies.put("topic", "mine", {"zh-Hans": "我的"}),
    ):
        with pytest.raises(Denied) as caught:
            call()
        assert caught.value.code == "grant.missing"


def test_who_holds_a_grant_for_the_whole_may(world):
    whole = world.as_(world.person(["read", "manage"], region="510000"))
    assert whole.jobs.list("sms") == []
    assert whole.jobs.release("sms", [1]) == 0
    assert whole.vocabularies.put("topic", "mine", {"zh-Hans": "我的"}).code == "mine"


def test_nobody_and_who_is_out_of_service_may_not(world):
    with pytest.raises(Denied) as caught:
        world.hub.jobs.list("sms")
    assert caught.value.code == "account.required"


def test_nobody_who_wrote_at_a_draft_approves_it_whoever_wrote_last(world):
    rights = ["read", "create", "edit", "submit", "approve", "publish"]
    first = world.as_(world.person(rights, region="510000"))
    second = world.as_(world.person(rights, region="510000"))
    third = world.as_(world.person(rights, region="510000"))
    made = first.resources.create(title="x", organization=world.org)
    second.resources.edit(made.id, keywords=["y"])
    second.resources.submit(made.id)
    for writer in (first, second):
        with pytest.raises(Denied) as caught:
            writer.resources.approve(made.id)
        assert caught.value.code == "lifecycle.own_work"
    third.resources.approve(made.id)
    # What was approved is nobody's own work any more: only who changes it now is its writer.
    third.resources.edit(made.id, title="z")
    third.resources.submit(made.id)
    assert first.resources.approve(made.id).approver
