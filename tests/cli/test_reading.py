"""`tianfu suggest` and `tianfu related`: titles for a person, and all of it for a program."""

import json
from datetime import date

import pytest
from click.testing import CliRunner

import tianfu_sdk as tf
from tianfu_sdk.cli.app import app
from tianfu_sdk.model.base import When


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
    assert told("suggest", "脑卒", "--region", "510000").splitlines() == lines
    assert sorted(lines) == [f"{first}  脑卒中怎么预防", f"{second}  脑卒中的信号"]
    assert sorted(one["id"] for one in json.loads(told("suggest", "脑卒", "--json"))) == made
    assert told("related", first).startswith(f"{second}  脑卒中的信号")
    (related,) = json.loads(told("related", first, "--json"))
    assert (related["id"], sum(related["why"].values())) == (second, related["score"])


def test_a_feature_has_one_weight(made):
    arguments = ["match", made[0], "--db", "kepu.db", "--weights"]
    done = CliRunner().invoke(app, [*arguments, "text=1, text =2"])
    assert (done.exit_code, "--weights has text twice" in done.stderr) == (2, True)
    assert CliRunner().invoke(app, [*arguments, "text=1,topic=2"]).exit_code == 0


def test_a_time_is_asked_for_by_days_and_what_is_wrong_with_it_is_said(made):
    asked = {
        "ask": lambda *more: json.loads(told("ask", "脑卒中", "--json", *more))["answers"],
        "suggest": lambda *more: json.loads(told("suggest", "脑卒", "--json", *more)),
        "related": lambda *more: json.loads(told("related", made[0], "--json", *more)),
    }
    for ask in asked.values():
        assert ask("--since", "2020-01-01", "--until", "9999-01-01")
        assert ask("--until", "2020-01-01") == []
        assert ask("--since", "9999-01-01") == []
    with tf.Hub.open("sqlite:///kepu.db", discover=False) as hub:
        system = hub.as_system(reason="test")
        home = system.organizations.find().items[0].id
        first, second = (hub.as_(one.id) for one in system.accounts.find())
        lecture = first.activities.create(
            title="脑卒中讲座", organization=home, when=When.day(date(2026, 11, 20))
        )
        first.activities.submit(lecture.id)
        second.activities.approve(lecture.id)
        first.activities.publish(lecture.id)
    november = ("--since", "2026-11-20", "--until", "2026-11-21", "--kind", "activity")
    (answer,) = asked["ask"](*november)
    assert (answer["id"], answer["when"]["precision"]) == (lecture.id, "day")
    assert "时间 / when: 2026-11-20" in told("ask", "脑卒中", *november)
    wrong = CliRunner().invoke(app, ["ask", "脑卒中", "--since", "morgen", "--db", "kepu.db"])
    assert wrong.exception.code == "ask.bad_time"
    assert wrong.exception.path == "since"
