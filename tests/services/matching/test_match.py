"""A need finds offers and experts: only what is published, and every score explained."""

import json
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from click.testing import CliRunner

from tianfu_sdk import codec
from tianfu_sdk.cli.app import app
from tianfu_sdk.core.matching.matching import WEIGHTS
from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.content import State
from tianfu_sdk.settings import Settings
from tianfu_sdk.testing import FrozenClock

NAME = "欧阳演示"


class Stage:
    def __init__(self, hub, url):
        self.hub, self.url = hub, url
        account = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.admin = hub.as_(account.id)
        self.root = account.organization
        second = self.admin.accounts.create(organization=self.root)
        self.admin.accounts.grant(second.id, ["*"], region="510000")
        self.second = hub.as_(second.id)

    def listing(self, kind, title, body="", *, publish=True, **more):
        fields = {"region": "510302", "topics": ["practical_technology"]} | more
        made = self.admin.listings.create(
            kind=kind, title=title, body=body, organization=self.root, **fields
        )
        if publish:
            self.admin.listings.submit(made.id)
            self.second.listings.approve(made.id)
            self.admin.listings.publish(made.id)
        return made.id

    def published(self, desk, **fields):
        made = getattr(self.admin, desk).create(
            organization=self.root, **{"region": "510302"} | fields
        )
        getattr(self.admin, desk).submit(made.id)
        getattr(self.second, desk).approve(made.id)
        getattr(self.admin, desk).publish(made.id)
        return made.id

    def expert(self, profile, **more):
        fields = {"region": "510302", "topics": ["practical_technology"]} | more
        return self.admin.experts.create(
            name=NAME, title="高级农艺师", profile=profile, organization=self.root, **fields
        ).id


@pytest.fixture
def stage(way):
    return Stage(way.open(clock=FrozenClock()), way.url)


@pytest.fixture
def need(stage):
    return stage.listing("need", "柑橘园木虱怎么治", "合作社求溃疡病和木虱防控技术服务")


@pytest.fixture
def offers(stage):
    return {
        "service": stage.listing("service", "柑橘木虱绿色防控服务", "木虱、溃疡病调查和防控"),
        "theatre": stage.listing(
            "service", "校园科普剧巡演", "液氮秀进校园", topics=["science_encyclopedia"]
        ),
        "achievement": stage.listing("achievement", "晚熟柑橘覆膜技术", "减轻冻害"),
        "project": stage.listing("project", "茶园害虫调控研究", "茶小绿叶蝉", region="510703"),
        "expert": stage.expert("柑橘木虱与黄龙病监测"),
    }


def test_a_need_finds_what_answers_it_best_first_with_reasons(stage, need, offers):
    matches = stage.hub.match(need)
    assert {m.id for m in matches} == set(offers.values())
    assert matches.found[0].id == offers["service"]
    assert offers["expert"] in {m.id for m in matches.found[:3]}
    assert [m.id for m in matches.found[3:]] == [offers["project"], offers["theatre"]]
    scores = [m.score for m in matches]
    assert scores == sorted(scores, reverse=True)
    for match in matches:
        assert sum(match.why.values()) == match.score
        assert 0 < match.score <= 1
    assert matches.to == ""
    kinds = {m.id: m.kind for m in matches}
    assert kinds[offers["expert"]] == "expert"
    assert kinds[offers["project"]] == "project"
    assert stage.hub.match(need) == matches


def test_narrowing_leaves_the_scores_as_they_were(stage, need, offers):
    whole = stage.hub.match(need)
    for to in ("service", "achievement", "project", "expert"):
        assert stage.hub.match(need, to=to).found == tuple(m for m in whole if m.kind == to)
    assert stage.hub.match(need, limit=2).found == whole.found[:2]


def test_what_is_not_published_is_neither_matched_nor_matchable(stage, need, offers):
    draft = stage.listing("service", "柑橘木虱防控", publish=False)
    stage.admin.listings.withdraw(offers["service"], "停办")
    matches = stage.admin.match(need)
    found = {m.id for m in matches}
    assert not found & {draft, offers["service"]}
    # Not even their number is told.
    assert matches.gated == {}
    hidden = stage.listing("need", "求柑橘防控", publish=False)
    with pytest.raises(NotFound):
        stage.hub.match(hidden)
    assert stage.admin.match(hidden).found
    assert need not in found


def test_gates_leave_out_and_say_how_many(stage, need):
    today = date(2026, 1, 1)
    stage.listing("service", "柑橘木虱防控甲", deadline=today - timedelta(days=1))
    stage.listing("service", "柑橘木虱防控乙", capacity=0)
    stage.listing("service", "ཞིང་ལས་ཞབས་ཞུ", language="bo")
    stage.expert("柑橘木虱", capacity=0)
    stage.expert("柑橘木虱", languages=("ii",))
    later = stage.listing("service", "柑橘木虱防控丁", expires_on=today + timedelta(days=2))
    last_day = stage.listing("service", "柑橘木虱防控戊", deadline=today)
    matches = stage.hub.match(need)
    assert {m.id for m in matches} == {later, last_day}
    assert matches.gated == {"deadline": 1, "capacity": 2, "language": 2}
    stage.hub._tools.clock.tick(timedelta(days=2))
    again = stage.hub.match(need)
    assert not again.found
    # What has expired is its keepers' alone: nobody else is told of it.
    assert again.gated == {"deadline": 2, "capacity": 2, "language": 2}
    assert later not in {left.id for left in again.left_out}
    kept = stage.admin.match(need)
    assert kept.gated == {**again.gated, "expired": 1}
    assert later in {left.id for left in kept.left_out}


def test_an_approved_current_translation_opens_the_gate_of_language(stage, need):
    tibetan = stage.listing("service", "ཞིང་ལས་ཞབས་ཞུ", language="bo")
    draft = stage.admin.translations.create(
        tibetan, language="zh-Hans", title="柑橘服务", body="柑橘木虱防控"
    )
    assert stage.hub.match(need).gated == {"language": 1}
    stage.second.translations.approve(draft.id)
    (match,) = stage.hub.match(need, weights={"language": 1.0}).found
    assert match.id == tibetan
    assert match.why["language"] == pytest.approx(0.6, abs=1e-8)
    stage.admin.listings.edit(tibetan, capacity=3)
    stage.admin.listings.submit(tibetan)
    stage.second.listings.approve(tibetan)
    stage.admin.listings.publish(tibetan)
    assert stage.hub.match(need).gated == {"language": 1}


def test_a_need_that_is_not_stored_is_matched_too(stage, need, offers):
    stored = stage.hub.listings.get(need)
    loose = attrs.evolve(stored, id="", state=State.DRAFT, version=0)
    assert stage.hub.match(loose).found == stage.hub.match(need).found
    # As somebody writes it who knows `listings.create`.
    assert stage.hub.match(attrs.evolve(loose, kind="need")).found == stage.hub.match(need).found
    for field, wrong in (("title", ""), ("kind", "demand"), ("capacity", "3"), ("body", None)):
        with pytest.raises(Invalid) as caught:
            stage.hub.match(attrs.evolve(loose, **{field: wrong}))
        assert caught.value.path == field
    with pytest.raises(NotFound):
        stage.hub.match(attrs.evolve(loose, region="999999"))


def test_a_match_is_a_table_with_a_column_for_each_reason(stage, need, offers):
    found = stage.hub.match(need)
    for row, match in zip(found._table(), found, strict=True):
        why = {name.removeprefix("why_"): row[name] for name in row if name.startswith("why_")}
        assert {name: value for name, value in why.items() if value is not None} == match.why
    assert found.to_dicts()[0]["why"] == found.found[0].why


def test_a_need_says_which_forms_of_media_it_prefers(stage):
    media = stage.admin.media
    with_picture = [media.use(media.add(b"\x89PNG\r\n\x1a\n"), alt="溃疡病病斑")]
    fields = {"title": "柑橘溃疡病识别", "body": "病斑、传播和防控"}
    pictured = stage.published("resources", **fields, media=with_picture)
    plain = stage.published("resources", **fields)
    wants = {
        form: stage.listing("need", "柑橘溃疡病识别", wanted_media=[form])
        for form in ("image", "video")
    }
    shares = {
        (id_, form): {m.id: m for m in stage.hub.match(id_, to="need")}[need].why.get("media")
        for id_ in (pictured, plain)
        for form, need in wants.items()
    }
    assert shares[pictured, "image"] > shares[pictured, "video"] == 0
    # What has no media is not held against it.
    assert shares[plain, "image"] is None is shares[plain, "video"]


def test_what_is_offered_finds_the_needs_that_it_answers(stage, need, offers):
    other = stage.listing("need", "求校园科普剧", "液氮秀", topics=["science_encyclopedia"])
    for id_, first in (("service", need), ("theatre", other), ("expert", need)):
        matches = stage.hub.match(offers[id_])
        assert matches.found[0].id == first
        assert {m.kind for m in matches} == {"need"}
        for match in matches:
            assert sum(match.why.values()) == match.score
    loose = attrs.evolve(stage.hub.listings.get(offers["service"]), id="", version=0)
    assert stage.hub.match(loose).found == stage.hub.match(offers["service"]).found
    resource = stage.published("resources", title="柑橘木虱怎么认", body="木虱传播溃疡病以外的病害")
    assert stage.hub.match(resource, to="need").found[0].id == need
    stage.admin.listings.withdraw(need, "已解决")
    assert need not in {m.id for m in stage.hub.match(offers["service"])}


def test_a_need_that_is_over_or_speaks_another_language_is_named_with_its_reason(stage, offers):
    over = stage.listing("need", "柑橘木虱防控甲", deadline=date(2025, 12, 31))
    english = stage.listing("need", "citrus psyllid control", language="en")
    young = stage.listing("need", "柑橘木虱防控丙", audience=["children"])
    for_old = stage.listing(
        "service", "柑橘木虱防控给老人", "柑橘木虱 citrus psyllid 防控", audience=["elderly"]
    )
    matches = stage.hub.match(for_old)
    assert {left.id: left.reason for left in matches.left_out} == {
        over: "deadline", english: "language", young: "age",
    }  # fmt: skip
    assert matches.gated == {"deadline": 1, "language": 1, "age": 1}
    assert [left.id for left in matches.left_out] == sorted([over, english, young])
    translation = stage.admin.translations.create(
        for_old, language="en", title="citrus psyllid", body="control for the elderly"
    )
    stage.second.translations.approve(translation.id)
    assert english in {m.id for m in stage.hub.match(for_old)}


def test_a_need_that_has_expired_is_named_to_its_keepers_only(stage, offers):
    ended = stage.listing("need", "柑橘园木虱怎么治", expires_on=date(2026, 1, 2))
    assert ended in {m.id for m in stage.hub.match(offers["service"])}
    stage.hub._tools.clock.tick(timedelta(days=1))
    public = stage.hub.match(offers["service"])
    assert (public.found, public.gated, public.left_out) == ((), {}, ())
    (left,) = stage.admin.match(offers["service"]).left_out
    assert (left.id, left.reason) == (ended, "expired")


def test_an_expert_whose_profile_is_not_shown_is_matched_by_its_keepers_only(stage, need):
    fields = {"name": NAME, "title": "未公布的职务", "profile": "柑橘木虱"}
    hidden = stage.admin.experts.create(organization=stage.root, draft=True, **fields).id
    over = stage.expert("柑橘木虱", appointed_to=date(2025, 12, 31))
    clerk = stage.hub.as_(stage.admin.accounts.create(organization=stage.root).id)
    for id_ in (hidden, over):
        for door in (stage.hub, clerk):
            for call in (
                lambda d=door, i=id_: d.match(i),
                lambda d=door, i=id_: d.match_round([need], [i]),
            ):
                with pytest.raises(NotFound) as caught:
                    call()
                assert caught.value.code == "noun.unknown"
        assert stage.admin.match(id_).gated == {"published": 1}
        (pair,) = stage.admin.match_round([need], [id_]).spare[:1]
        assert pair.reason == "conflict"


def test_a_changed_need_is_found_by_what_it_says_now(stage, need, offers):
    stage.admin.listings.edit(need, title="求茶园害虫防治", body="茶小绿叶蝉调控")
    stage.admin.listings.submit(need)
    stage.second.listings.approve(need)
    assert need in {m.id for m in stage.hub.match(offers["service"])}
    stage.admin.listings.publish(need)
    assert need not in {m.id for m in stage.hub.match(offers["service"])}
    assert need in {m.id for m in stage.hub.match(offers["project"])}
    assert "needs" not in " ".join(f.message for f in stage.hub.as_system(reason="t").doctor())


def test_weights_of_the_settings_hold_for_what_they_name():
    own = {"match": {"weights": {"expert": {"text": 0, "region": 5}}}}
    stage = Stage(Hub.open("memory:", settings=own, clock=FrozenClock(), discover=False), "")
    need = stage.listing("need", "柑橘园木虱怎么治")
    stage.listing("service", "柑橘木虱防控")
    stage.expert("柑橘木虱")
    found = {m.kind: m for m in stage.hub.match(need)}
    shipped = {m.kind: m for m in stage.hub.match(need, weights=WEIGHTS)}
    assert found["service"] == shipped["service"]
    assert found["expert"].why["region"] > 0.8 > shipped["expert"].why["region"]


@pytest.mark.parametrize(
    ("weights", "path", "code"),
    [
        ({"expret": {"text": 1}}, "match.weights.expret", "settings.unknown"),
        ({"expert": {"gender": 1}}, "match.weights.expert.gender", "settings.unknown"),
        ({"expert": {"text": -1}}, "match.weights.expert.text", "settings.type"),
        ({"expert": {"text": "1"}}, "match.weights.expert.text", "settings.type"),
        ({"expert": 1}, "match.weights.expert", "settings.type"),
    ],
)
def test_weights_of_the_settings_are_checked_where_they_are_read(weights, path, code):
    with pytest.raises(Invalid) as caught:
        Settings.load(values={"match": {"weights": weights}})
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize(
    ("weights", "path", "code"),
    [
        ({"popularity": 0.5}, "match.weights.expert.popularity", "match.popularity"),
        (dict.fromkeys(WEIGHTS, 0), "match.weights.expert", "match.no_weight"),
        ({"text": 10**400}, "match.weights.expert.text", "match.bad_weight"),
    ],
)
def test_a_hub_does_not_open_with_weights_that_no_match_can_be_made_with(weights, path, code):
    own = {"match": {"weights": {"expert": weights}}}
    with pytest.raises(Invalid) as caught:
        Hub.open("memory:", settings=own, discover=False)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_what_cannot_be_matched_is_refused(stage, need, offers):
    with pytest.raises(Invalid) as caught:
        stage.hub.match(offers["service"], to="expert")
    assert caught.value.code == "match.target"
    for id_ in ("lst_none", "res_none", "sub_none", "nonsense", ""):
        with pytest.raises(NotFound):
            stage.hub.match(id_)
    for call, code in (
        (lambda: stage.hub.match(need, to="need"), "match.target"),
        (lambda: stage.hub.match(need, to="nobody"), "field.choice"),
        (lambda: stage.hub.match(need, limit=0), "storage.limit"),
        (lambda: stage.hub.match(need, limit=101), "storage.limit"),
        (lambda: stage.hub.match(need, weights={"age": 1.0}), "match.bad_weight"),
        (lambda: stage.hub.match(need, weights={}), "match.no_weight"),
    ):
        with pytest.raises(Invalid) as caught:
            call()
        assert caught.value.code == code


def test_a_question_goes_to_experts_and_only_for_those_who_may_answer_it(stage, offers):
    heart = stage.expert("心血管健康 脑卒中预防", topics=["healthy_life"])
    question = stage.hub.ask("脑卒中怎么预防？", region="510302").question
    with pytest.raises(Denied) as caught:
        stage.hub.match(question)
    assert caught.value.code == "account.required"
    matches = stage.admin.match(question)
    assert {m.kind for m in matches} == {"expert"}
    assert matches.found[0].id == heart
    assert stage.admin.match(question, to="expert").found == matches.found
    with pytest.raises(Invalid) as caught:
        stage.admin.match(question, to="service")
    assert caught.value.code == "match.target"
    assert "脑卒中" not in json.dumps([dict(m.why) for m in matches], ensure_ascii=False)


def test_a_question_is_not_for_an_expert_who_has_as_many_as_there_is_room_for(stage):
    heart = stage.expert("心血管健康 脑卒中预防", topics=["healthy_life"], capacity=1)
    first = stage.hub.ask("脑卒中怎么预防？", region="510302").question
    second = stage.hub.ask("高血压吃什么药好", region="510302").question
    stage.admin.questions.route(first, expert=heart)
    assert [one.id for one in stage.admin.match(first)] == [heart]
    full = stage.admin.match(second)
    assert (list(full), full.gated) == ([], {"capacity": 1})


def test_weights_are_the_callers_to_choose(stage, need, offers):
    near = stage.hub.match(need, weights={"region": 1.0})
    assert all(set(m.why) >= {"region"} for m in near)
    scores = {m.id: m.score for m in near}
    assert scores[offers["project"]] == pytest.approx(0.4, abs=1e-8)
    assert scores[offers["service"]] == 1


def test_a_code_of_old_counts_as_the_region_that_followed_it(stage, need):
    jianyang = stage.listing("service", "柑橘木虱防控", region="512081")
    wanted = attrs.evolve(stage.hub.listings.get(need), id="", region="510185")
    (match,) = stage.hub.match(wanted, weights={"region": 1.0}).found
    assert (match.id, match.score) == (jianyang, 1.0)


def test_an_expert_is_matched_by_the_profile_and_never_by_the_name(stage, need, offers):
    before = stage.hub.match(need, to="expert")
    stage.admin.experts.edit(offers["expert"], name="溃疡病防控")
    after = stage.hub.match(need, to="expert")
    assert after == before
    shown = repr(before) + json.dumps(codec.to_plain(before), ensure_ascii=False)
    assert NAME not in shown
    assert before.found[0].title == "四川省科学技术协会 高级农艺师"


def test_more_candidates_than_a_page_are_all_weighed(stage, need):
    with_ids = [
        {
            "kind": "service",
            "title": f"柑橘服务{number}",
            "organization": stage.root,
            "region": "510302",
        }
        for number in range(230)
    ]
    made = stage.admin.listings.add_many(with_ids)

    def publish(unit):
        for listing in made:
            unit.listings.submit(listing.id)

    stage.admin.unit(publish)
    stage.second.unit(lambda unit: [unit.listings.approve(one.id) for one in made])
    stage.admin.unit(lambda unit: [unit.listings.publish(one.id) for one in made])
    best = stage.listing("service", "柑橘园木虱溃疡病防控", "合作社技术服务")
    assert stage.hub.match(need, limit=1).found[0].id == best
    assert len(stage.hub.match(need, limit=100)) == 100


def test_the_command_prints_matches_and_json(tmp_path):
    url = f"sqlite:///{tmp_path}/kepu.db"
    clock = FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
    with Hub.open(url, clock=clock, discover=False) as hub:
        stage = Stage(hub, url)
        need = stage.listing("need", "柑橘园木虱怎么治")
        service = stage.listing("service", "柑橘木虱防控")
        stage.listing("service", "已满的服务", capacity=0)
        stage.expert("柑橘木虱")
    printed = CliRunner().invoke(app, ["match", need, "--db", url, "--json"])
    assert printed.exit_code == 0, printed.output
    told = json.loads(printed.stdout)
    assert {found["kind"] for found in told["found"]} == {"service", "expert"}
    assert told["gated"] == {"capacity": 1}
    for found in told["found"]:
        assert sum(found["why"].values()) == found["score"]
    plain = CliRunner().invoke(app, ["match", need, "--db", url, "--to", "service"])
    assert service in plain.stdout
    assert "full" in plain.stdout
    assert "已满的服务" in plain.stdout
    assert "expert" not in plain.stdout
    assert CliRunner().invoke(app, ["match", need, "--db", url, "--to", "x"]).exit_code == 2
    text = ["match", need, "--db", url, "--json", "--weights"]
    weighed = json.loads(CliRunner().invoke(app, [*text, "text=1, region=0.5"]).stdout)
    assert set(weighed["found"][0]["why"]) >= {"text", "region"}
    assert weighed["found"][0]["why"]["topic"] == 0
    for wrong in ("text", "text=x", "gender=1", ""):
        assert isinstance(CliRunner().invoke(app, [*text, wrong]).exception, Invalid)
    back = CliRunner().invoke(app, ["match", service, "--db", url])
    assert need in back.stdout
