"""A score explains itself: gates, features, and contributions that add up exactly."""

import math
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.matching.matching import (
    WEIGHTS,
    Candidate,
    Need,
    demand_weights,
    features,
    gate,
    rank,
    score,
    weights_for,
)
from tianfu_sdk.core.matching.similarity import (
    audience_fit,
    freshness,
    language_fit,
    measure,
    media_fit,
    popularity,
    readership,
    region_fit,
    text_fit,
    token_counts,
    topic_fit,
)
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.matching import Match
from tianfu_sdk.settings import MATCH_FEATURES
from tianfu_sdk.text import query_tokens

PARENTS = {"fruit": "farming", "citrus": "fruit", "apple": "fruit", "heart": "health"}
TODAY = date(2026, 1, 1)
NOW = datetime(2026, 1, 1, 8, tzinfo=UTC)
NEED = Need(tokens=("柑橘", "木虱"), language="zh-Hans")
OFFER = Candidate(id="lst_1", kind="service", title="防控", text="柑橘木虱", languages=("zh-Hans",))
KINDS = ("service", "achievement", "project", "expert")

fits = st.floats(0, 1)
found = st.dictionaries(st.sampled_from(sorted(WEIGHTS)), fits)
some = st.dictionaries(st.sampled_from(sorted(WEIGHTS)), fits, min_size=1)
weights = st.fixed_dictionaries({name: st.floats(0, 100) for name in WEIGHTS})
levels = st.sampled_from(
    [
        Levels("510000"),
        Levels("510000", "510300"),
        Levels("510000", "510300", "510302"),
        Levels("510000", "510300", "510304"),
        Levels("510000", "510700", "510703"),
        Levels("110000", "", "110101"),
    ]
)


@given(found, weights, st.randoms(use_true_random=False))
def test_contributions_sum_to_the_score_exactly_in_any_order(found, weights, shuffle):
    total, why = score(found, weights)
    shares = list(why.values())
    shuffle.shuffle(shares)
    added = 0.0
    for share in shares:
        added += share
    assert added == total
    assert 0 <= total <= 1
    assert why.keys() == found.keys()
    assert all(share >= 0 for share in shares)


@given(some, weights, st.data())
def test_a_better_feature_never_lowers_the_score(found, weights, data):
    name = data.draw(st.sampled_from(sorted(found)))
    better = data.draw(st.floats(found[name], 1))
    assert score(found | {name: better}, weights)[0] >= score(found, weights)[0]


@given(some, weights)
def test_what_is_not_known_is_left_out_as_if_it_had_no_weight(found, weights):
    silent = {name: weight for name, weight in weights.items() if name in found}
    assert score(found, weights) == score(found, silent)
    total = math.fsum(silent.values())
    if total > 1e-6:
        mean = math.fsum(silent[name] * found[name] for name in found) / total
        assert score(found, weights)[0] == pytest.approx(mean, abs=1e-8)


@given(some, st.floats(0.001, 1000))
def test_only_the_ratios_of_weights_matter(found, factor):
    scaled = {name: weight * factor for name, weight in WEIGHTS.items()}
    assert score(found, scaled)[0] == pytest.approx(score(found)[0], abs=1e-8)


@given(some, st.randoms(use_true_random=False))
def test_the_score_does_not_depend_on_the_order_of_the_features(found, shuffle):
    names = list(found)
    shuffle.shuffle(names)
    assert score({name: found[name] for name in names}) == score(found)


def test_a_perfect_fit_scores_one_and_nothing_known_scores_zero():
    assert score(dict.fromkeys(WEIGHTS, 1.0))[0] == 1.0
    assert score({"text": 1.0}) == (1.0, {"text": 1.0})
    assert score({}) == (0.0, {})


def test_no_feature_tells_of_a_person():
    assert tuple(WEIGHTS) == MATCH_FEATURES
    assert set(MATCH_FEATURES) == {
        "text", "topic", "region", "language", "audience", "media", "freshness", "popularity",
    }  # fmt: skip
    names = {field.name for side in (Candidate, Need) for field in attrs.fields(side)}
    assert not names & {"name", "phone", "age", "gender", "sex", "ethnicity", "religion", "person"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"published": False}, "published"),
        ({"expires_on": TODAY}, "expired"),
        ({"expires_on": TODAY + timedelta(days=1)}, ""),
        ({"deadline": TODAY - timedelta(days=1)}, "deadline"),
        ({"deadline": TODAY}, ""),
        ({"closed": True}, "closed"),
        ({"closed": True, "deadline": TODAY - timedelta(days=1)}, "deadline"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 1}, ""),
        ({"languages": ("bo",)}, "language"),
        ({"languages": ("bo",), "translated": ("zh-Hans",)}, ""),
    ],
)
def test_a_gate_gives_a_reason_and_not_a_score(change, reason):
    assert gate(attrs.evolve(OFFER, **change), NEED, today=TODAY) == reason


@pytest.mark.parametrize("name", ["published", "expires_on", "deadline", "capacity"])
def test_a_need_that_does_not_stand_any_more_is_left_out_as_well(name):
    change = {
        "published": False,
        "expires_on": TODAY,
        "deadline": TODAY - timedelta(days=1),
        "capacity": 0,
    }
    reason = {"expires_on": "expired"}.get(name, name)
    assert gate(OFFER, attrs.evolve(NEED, **{name: change[name]}), today=TODAY) == reason


def test_a_need_of_no_language_is_met_in_any():
    offer = attrs.evolve(OFFER, languages=("bo",))
    need = attrs.evolve(NEED, language="")
    assert gate(offer, need, today=TODAY) == ""
    known = features(offer, need, corpus=measure((), ()), parents={}, now=NOW)
    assert "language" not in known


@pytest.mark.parametrize(
    ("wanted", "offered", "reason"),
    [
        (("children",), ("elderly", "farmers"), "age"),
        (("children",), ("youth",), "age"),
        (("pupils",), ("workers",), "age"),
        (("children",), ("general", "elderly"), ""),
        (("children",), ("children", "elderly"), ""),
        (("children",), ("pupils",), ""),
        (("pupils",), ("children",), ""),
        (("children",), (), ""),
        ((), ("elderly",), ""),
        (("children", "elderly"), ("workers",), ""),
        (("farmers",), ("children",), ""),
    ],
)
def test_what_is_for_minors_alone_gets_nothing_that_is_for_others(wanted, offered, reason):
    need = attrs.evolve(NEED, audience=wanted)
    offer = attrs.evolve(OFFER, audience=offered)
    assert gate(offer, need, today=TODAY, audiences={"pupils": "children"}) == reason


def test_media_and_popularity_count_where_they_are_known():
    assert media_fit(["video"], ["image", "video"]) == 1
    assert media_fit(["video"], ["image"]) == 0
    assert media_fit([], ["image"]) is None is media_fit(["video"], [])
    assert popularity(0, 0) is None
    assert popularity(1, 1) == pytest.approx(6 / 11)
    assert popularity(0, 10) == pytest.approx(5 / 20)
    assert 0.98 < popularity(1000, 1000) < 1


@given(st.integers(0, 100), st.integers(1, 100))
def test_one_more_that_went_well_makes_popular(good, bad):
    assert 0 <= popularity(good, good + bad) < popularity(good + 1, good + bad) <= 1


def test_weights_of_the_settings_stand_beside_those_that_are_shipped():
    own = {"expert": {"topic": 0.9}}
    assert weights_for("expert", own) == {**WEIGHTS, "topic": 0.9}
    assert weights_for("need", own) == WEIGHTS


@given(
    st.builds(
        Candidate,
        id=st.just("x"),
        kind=st.sampled_from(KINDS),
        title=st.just("t"),
        text=st.text("柑橘木虱防治水稻", max_size=30),
        languages=st.just(("zh-Hans",)),
        topics=st.lists(st.sampled_from("abcd"), max_size=2, unique=True).map(tuple),
        places=st.lists(levels, max_size=2).map(tuple),
        audience=st.lists(st.sampled_from(["youth", "farmers"]), max_size=2, unique=True).map(
            tuple
        ),
        published_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    )
)
def test_every_feature_lies_between_nought_and_one(candidate):
    need = attrs.evolve(
        NEED, topics=("a", "b"), places=(Levels("510000", "510300", "510302"),), audience=("youth",)
    )
    known = features(
        candidate, need, corpus=measure(need.tokens, ["柑橘防治"] * 5), parents={"b": "a"}, now=NOW
    )
    assert known.keys() <= WEIGHTS.keys()
    assert all(0 <= value <= 1 for value in known.values())
    assert ("topic" in known) == bool(candidate.topics)
    assert ("freshness" in known) == (
        candidate.kind != "expert" and candidate.published_at is not None
    )


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.25, 0.5]), st.integers(0, 99)), max_size=30))
def test_ranking_is_by_score_and_ties_by_id_whatever_the_order(pairs):
    matches = [
        Match(kind="service", id=f"lst_{n:02d}", title="", score=s, why={})
        for n, s in {n: s for s, n in pairs}.items()
    ]
    whole = sorted(matches, key=lambda m: (-m.score, m.id))
    assert list(rank(matches, 5)) == whole[:5]
    assert list(rank(reversed(matches), 5)) == whole[:5]


class TestText:
    CORPUS = measure(query_tokens("柑橘木虱"), ["柑橘木虱防控", "水稻插秧", "木虱调查"])

    def test_what_fewer_texts_hold_weighs_more_and_only_what_is_wanted_is_weighed(self):
        assert self.CORPUS.rarity["柑橘"] > self.CORPUS.rarity["木虱"]
        assert "水稻" not in self.CORPUS.rarity

    def test_more_of_the_need_scores_higher(self):
        texts = ("柑橘木虱防控", "木虱调查研究", "水稻插秧技术")
        values = [text_fit(token_counts(text), self.CORPUS) for text in texts]
        assert values == sorted(values, reverse=True)
        assert values[1] > values[-1] == 0

    @given(st.text("柑橘木虱水稻", max_size=60))
    def test_no_text_reaches_the_ceiling(self, text):
        assert 0 <= text_fit(token_counts(text), self.CORPUS) <= 1 / 1.1

    @given(st.text("柑橘木虱水天5gG 稻", max_size=60))
    def test_to_count_what_is_wanted_is_enough(self, text):
        corpus = measure(query_tokens("柑橘木虱5g天天水"), ["天天柑橘", "5g水稻"])
        counts, length = corpus.counted(text)
        every = token_counts(text)
        assert counts == {token: n for token, n in every.items() if token in corpus.rarity}
        assert length == every.total()
        assert text_fit(counts, corpus, length) == text_fit(every, corpus)

    def test_nothing_wanted_is_not_known(self):
        assert text_fit(token_counts("柑橘"), measure((), ["柑橘"])) is None

    def test_without_other_texts_it_still_fits(self):
        for sample in ([], ["", ""]):
            assert (
                text_fit(token_counts("柑橘木虱"), measure(query_tokens("柑橘木虱"), sample)) > 0.5
            )

    def test_tibetan_is_compared_by_syllables(self):
        wanted = query_tokens("རླུང་འཕྲིན་ལས་འགུལ")
        corpus = measure(wanted, ["རླུང་འཕྲིན"])
        assert text_fit(token_counts("རླུང་འཕྲིན"), corpus) > 0


class TestTopic:
    def test_it_is_the_depth_of_what_they_share(self):
        assert topic_fit(["citrus"], ["citrus"], PARENTS) == 1
        assert topic_fit(["citrus"], ["apple"], PARENTS) == pytest.approx(4 / 6)
        assert topic_fit(["citrus"], ["fruit"], PARENTS) == pytest.approx(4 / 5)
        assert topic_fit(["citrus"], ["heart"], PARENTS) == 0
        assert topic_fit([], ["heart"], PARENTS) is None

    def test_each_wanted_topic_takes_its_best(self):
        assert topic_fit(["citrus", "heart"], ["citrus"], PARENTS) == 0.5

    def test_a_circle_of_terms_ends(self):
        assert topic_fit(["a"], ["b"], {"a": "b", "b": "a"}) >= 0


@given(st.lists(levels, min_size=1, max_size=3), st.lists(levels, min_size=1, max_size=3))
def test_regions_fit_alike_in_both_directions(one, other):
    assert region_fit(one, other) == region_fit(other, one)


def test_regions_fit_by_the_nearest_level_that_they_share():
    home = Levels("510000", "510300", "510302")
    assert region_fit([home], [home]) == 1
    assert region_fit([home], [Levels("510000", "510300", "510304")]) == 0.7
    assert region_fit([home], [Levels("510000", "510700", "510703")]) == 0.4
    assert region_fit([home], [Levels("110000", "", "110101")]) == 0.1
    assert region_fit([home], [Levels("110000"), home]) == 1
    assert region_fit([home], []) is None


def test_a_language_fits_whole_by_translation_or_not_at_all():
    assert language_fit("zh-CN", ["zh-Hans"]) == 1
    assert language_fit("zh-Hant", ["zh-Hans"]) == 0.6
    assert language_fit("bo", ["zh-Hans"], ["bo-CN"]) == 0.6
    assert language_fit("bo", ["zh-Hans"], ["ii"]) is None


def test_audience_is_the_share_that_is_served():
    assert audience_fit(["youth", "farmers"], ["farmers", "elderly"]) == 0.5
    assert audience_fit([], ["farmers"]) is None


def test_what_is_read_once_a_day_counts_half_and_little_is_drawn_there():
    month = timedelta(days=30)
    assert readership(30, NOW - month, NOW) == readership(0, NOW, NOW) == 0.5
    assert readership(0, NOW - month, NOW) == pytest.approx(1 / 3)
    assert 0.5 < readership(1, NOW, NOW) < 0.51
    assert readership(0, NOW + month, NOW) == 0.5
    assert readership(9, None, NOW) is None


def test_freshness_halves_after_a_half_life_and_the_future_is_new():
    year = timedelta(days=365)
    assert freshness(NOW - year, NOW, year) == pytest.approx(0.5)
    assert freshness(NOW + year, NOW, year) == 1
    assert freshness(None, NOW, year) is None


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"gender": 1.0}, "match.bad_weight"),
        ({"text": -1.0}, "match.bad_weight"),
        ({"text": math.nan}, "match.bad_weight"),
        ({"text": math.inf}, "match.bad_weight"),
        ({"text": 1e308, "topic": 1e308}, "match.bad_weight"),
        ({"text": 10**400}, "match.bad_weight"),
        ({"text": "1"}, "match.bad_weight"),
        ({"text": 0.0}, "match.no_weight"),
        ({"text": 0.9, "popularity": 0.1}, "match.popularity"),
        ({}, "match.no_weight"),
    ],
)
def test_weights_that_make_no_score_are_refused(given_, code):
    with pytest.raises(Invalid) as caught:
        demand_weights(given_)
    assert caught.value.code == code
