"""`tianfu suggest` and `tianfu related`: titles for a person, and all of it for a program."""

import json

import pytest
from click.testing import CliRunner

import tianfu_sdk as tf
from tianfu_sdk.cli.app import app


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A store with two published contents; their ids."""
    monkeypatch.chdir(tmp_path)
    with tf.Hub.open("sqlite:///kepu.db", discover=False) as hub:
        first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me = hub.as_(first.id)
        other = me.accounts.create(organization=first.organization, label="审核")
        me.accounts.grant(other.id, ["*"], region="510000")
        ids = []
        for title in ("脑卒中怎么预防", "脑卒中的信号"):
            draft = me.resources.create(title=title, organization=first.organization, body=title)
            me.resources.submit(draft.id)
            hub.as_(other.id).resources.approve(draft.id)
            ids.append(me.resources.publish(draft.id).id)
    return ids


def told(*arguments):
    done = CliRunner().invoke(app, [*arguments, "--db", "kepu.db"])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_titles_and_related_content_are_printed(made):
    first, second = made
    lines = told("suggest", "脑卒").splitlines()
    assert sorted(lines) == [f"{first}  脑卒中怎么预防", f"{second}  脑卒中的信号"]
    assert sorted(one["id"] for one in json.loads(told("suggest", "脑卒", "--json"))) == made
    assert told("related", first).startswith(f"{second}  脑卒中的信号")
    (related,) = json.loads(told("related", first, "--json"))
    assert (related["id"], sum(related["why"].values())) == (second, related["score"])
