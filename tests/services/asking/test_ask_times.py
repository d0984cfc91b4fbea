"""Questions of a time: what takes place in it, and what was published in it."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.base import SHANGHAI, When

CHINA = timezone(timedelta(hours=8))


def at(day, hour=0):
    return datetime(2026, 11, day, hour, tzinfo=CHINA)


def published(world, desk, **fields):
    """Publish something at the clock's time; gives its id."""
    mine = getattr(world.me, desk)
    made = mine.create(organization=world.org, body="讲座说天文。", **fields).id
    mine.submit(made)
    getattr(world.as_(world.reviewer), desk).approve(made)
    return mine.publish(made).id


def go_to(world, moment):
    world.clock.tick(moment - world.clock.now())


@pytest.fixture
def lectures(anywhere):
    """Contents about one thing, of several times; gives the world and their ids."""
    world, made = anywhere, {}
    go_to(world, at(1, 9))
    whens = {
        "third": When(at(3, 19), at(3, 21)),
        "week": When.day(date(2026, 11, 28), date(2026, 12, 4)),
        "begins": When(at(20, 9), None),
        "lately": When.recent(date(2026, 11, 10)),
        "untold": None,
    }
    for name, when in whens.items():
        made[name] = published(world, "activities", title=f"讲座 {name}", when=when)
    made["old"] = published(world, "resources", title="讲座 old")
    go_to(world, at(15, 0))
    made["midnight"] = published(world, "notices", title="讲座 midnight")
    go_to(world, at(30, 9))
    return world, made


def asked(lectures, **options):
    world, made = lectures
    names = {id_: name for name, id_ in made.items()}
    return sorted(names[answer.id] for answer in world.nobody.ask("讲座", **options))


def test_an_activity_is_of_the_time_at_which_it_takes_place_all_else_of_its_publication(lectures):
    everything = ["begins", "lately", "midnight", "old", "third", "untold", "week"]
    assert asked(lectures) == everything
    assert asked(lectures, since="2026-11-01", until="2026-12-01") == everything
    assert asked(lectures, since="2026-12-01") == ["week"]
    assert asked(lectures, since="2026-12-05") == []
    assert asked(lectures, until="2026-11-03") == ["old", "untold"]
    assert asked(lectures, since="2026-11-03", until="2026-11-04") == ["third"]
    assert asked(lectures, since="2026-11-09", until="2026-11-10") == ["lately"]
    assert asked(lectures, since="2026-11-15", until="2026-11-16") == ["midnight"]
    assert asked(lectures, since="2026-11-14", until="2026-11-15") == []
    assert asked(lectures, since="2026-11-20", until="2026-11-21") == ["begins"]
    assert asked(lectures, kinds=["activity"], since="2026-11-25") == ["week"]


def test_an_answer_says_when_an_activity_takes_place(lectures):
    world, made = lectures
    said = {answer.id: answer.when for answer in world.nobody.ask("讲座")}
    assert said[made["third"]] == When(at(3, 19), at(3, 21))
    assert said[made["lately"]] == When.recent(date(2026, 11, 10))
    assert said[made["untold"]] is said[made["old"]] is None
    (week,) = world.nobody.ask("讲座", since="2026-12-01")
    assert "2026-11-28..2026-12-04" in week._repr_html_()


def test_a_time_is_said_in_any_way_and_means_the_same(lectures):
    ways = [
        ("2026-11-03", "2026-11-04"),
        (" 20261103 ", "2026-11-04T00:00:00+08:00"),
        (date(2026, 11, 3), date(2026, 11, 4)),
        (datetime(2026, 11, 2, 16, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=SHANGHAI)),
        ("2026-11-03T20:59:59.999999+08:00", "2026-11-03T21:00+08:00"),
        ("2026-11-03T19:00+08:00", "2026-11-03T11:00:00.000001Z"),
    ]
    for since, until in ways:
        assert asked(lectures, since=since, until=until) == ["third"]
    assert asked(lectures, since=at(3, 21), until=at(4)) == []
    assert asked(lectures, since=at(3), until=at(3, 19)) == []
    assert len(asked(lectures, since=date.min, until=date.max)) == 7


@pytest.mark.parametrize(
    ("since", "until", "code", "path"),
    [
        (datetime(2026, 11, 1), None, "field.naive_time", "since"),
        ("2026-11-01T09:00", None, "field.naive_time", "since"),
        (None, "last week", "ask.bad_time", "until"),
        ("2026-11-31", None, "ask.bad_time", "since"),
        ("", None, "ask.bad_time", "since"),
        (None, 20261101, "field.type", "until"),
        (timedelta(1), None, "field.type", "since"),
        ("2026-11-02", "2026-11-01", "ask.backwards", "until"),
        (date(2026, 11, 1), "2026-11-01", "ask.backwards", "until"),
    ],
)
def test_what_is_no_time_is_refused_by_name(world, since, until, code, path):
    for ask in (
        lambda **o: world.nobody.ask("讲座", **o),
        lambda **o: world.nobody.suggest("讲座", **o),
        lambda **o: world.nobody.related(world.resource, **o),
    ):
        with pytest.raises(Invalid) as caught:
            ask(since=since, until=until)
        assert (caught.value.code, caught.value.path) == (code, path)


def test_suggestions_and_what_is_related_are_of_the_time(lectures):
    world, made = lectures
    in_december = {"since": "2026-12-01"}
    assert [one.id for one in world.nobody.suggest("讲座", **in_december)] == [made["week"]]
    assert [one.id for one in world.nobody.related(made["old"], **in_december)] == [made["week"]]
    assert len(world.nobody.related(made["old"], limit=10)) > 1


def test_a_translation_is_of_the_time_of_its_source(lectures):
    world, made = lectures
    me = world.me
    draft = me.translations.create(made["week"], language="bo", title="གཏམ་བཤད།", body="གཏམ་བཤད།")
    world.as_(world.reviewer).translations.approve(draft.id)
    found = world.nobody.ask("གཏམ་བཤད", since="2026-12-01")
    assert [answer.id for answer in found] == [made["week"]]
    assert not world.nobody.ask("གཏམ་བཤད", until="2026-11-20").answers


def test_who_moves_an_activity_moves_its_time(lectures):
    world, made = lectures
    me = world.me
    draft = me.activities.edit(made["third"], when=When.day(date(2027, 1, 5)))
    me.activities.submit(draft.id)
    assert asked(lectures, since="2027-01-01") == []
    world.as_(world.reviewer).activities.approve(draft.id)
    me.activities.publish(draft.id)
    assert asked(lectures, since="2027-01-01") == ["third"]
    assert asked(lectures, since="2026-11-03", until="2026-11-04") == []


def test_a_clarification_is_lifted_only_in_its_time(anywhere):
    world = anywhere
    go_to(world, at(1, 9))
    me = world.me
    made = me.clarifications.create(
        title="防震避险谣言",
        organization=world.org,
        body="地震不能被动物预报。",
        rumour="动物能预报地震",
        verdict="false",
    ).id
    me.clarifications.submit(made)
    world.as_(world.reviewer).clarifications.approve(made)
    me.clarifications.publish(made)
    assert made in [a.id for a in world.nobody.ask("动物能预报地震", since="2026-11-01")]
    assert made not in [a.id for a in world.nobody.ask("动物能预报地震", since="2026-11-02")]


def test_pages_of_a_time_together_are_the_whole(lectures):
    world, _ = lectures
    window = {"since": "2026-11-01", "until": "2026-12-01"}
    whole = [answer.id for answer in world.nobody.ask("讲座", **window)]
    got, after = [], None
    while True:
        page = world.nobody.ask("讲座", **window, limit=2, after=after)
        got += [answer.id for answer in page]
        after = page.cursor
        if after is None:
            break
    assert got == whole
    assert len(whole) == 7
