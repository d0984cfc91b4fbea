"""Pictures of matches and rounds say what those say, with fonts or without."""

import logging
import warnings

import pytest

from tianfu_sdk import display
from tianfu_sdk.display import lettering, pairing
from tianfu_sdk.model.matching import Match, Pair, Spare
from tianfu_sdk.services.matching.results import Matches, Round


@pytest.fixture(params=["installed", "none"])
def fonts(request, monkeypatch, extra):
    extra("matplotlib")
    if request.param == "none":
        monkeypatch.setattr(lettering, "FONTS", ("No Such Font", "DejaVu Sans"))
    for cached in (lettering.fonts, lettering.characters):
        cached.cache_clear()
    yield request.param
    for cached in (lettering.fonts, lettering.characters):
        cached.cache_clear()


def pair(number, expert, score):
    return Pair(
        project=f"lst_0000000{number}",
        project_title=f"柑橘木虱防控{number}",
        expert=f"exp_0000000{expert}",
        expert_title=f"眉山市科协 农艺师{expert}",
        score=score,
        why={"text": score - 0.25, "topic": 0.25},
    )


def spare(kind, number, reason):
    title = "一个特别特别特别特别特别特别特别长的标题到此还没有完"
    return Spare(kind=kind, id=f"{kind}_0000000{number}", title=title, reason=reason, gated={})


ROUND = Round(
    pairs=(pair(1, 1, 0.5), pair(2, 2, 0.75), pair(3, 1, 0.25)),
    spare=(spare("project", 8, "low"), spare("expert", 9, "taken")),
    total=1.5,
    solver="python",
)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def drawn(thing, tmp_path, caplog, **more):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        figure = display.plot(thing, **more)
        figure.savefig(tmp_path / "drawn.png")
    assert caplog.records == []
    assert (tmp_path / "drawn.png").read_bytes().startswith(b"\x89PNG")
    return figure


def test_a_round_shows_who_meets_whom_best_first_and_who_is_left(fonts, tmp_path, caplog):
    figure = drawn(ROUND, tmp_path, caplog)
    left, right = figure.axes
    assert texts(right) == ["0.75", "0.50", "0.25"]
    shown = texts(left)
    if fonts == "none":
        assert [text for text in shown if text.startswith("0000000")][:3] == [
            "00000002",
            "00000001",
            "00000003",
        ]
        assert "00000008 (low)" in shown
        assert "3 pairs" in figure.get_suptitle()
    else:
        chinese = lettering.said("柑橘木虱防控2", "")
        assert not chinese or shown[0] == chinese
    # Two projects of one expert lead to one place, between theirs.
    ends = [line.get_ydata() for line in left.lines if len(line.get_ydata()) == 2]
    assert [tuple(end) for end in ends] == [(0, 0.0), (1, 1.5), (2, 1.5)]


@pytest.mark.usefixtures("fonts")
def test_bars_are_as_long_as_the_score(tmp_path, caplog):
    right = drawn(ROUND, tmp_path, caplog, language="en").axes[1]
    assert sum(bar.get_width() for bar in right.patches) == pytest.approx(1.5)
    assert right.get_title() == "What the score is made of"


@pytest.mark.usefixtures("fonts")
def test_matches_show_candidates_and_what_was_left_out(tmp_path, caplog):
    one = Match(kind="service", id="lst_00000001", title="柑橘", score=0.5, why={"text": 0.5})
    figure = drawn(
        Matches(to="", found=(one,), gated={"language": 2}), tmp_path, caplog, language="en"
    )
    assert texts(figure.axes[0]) == ["0.50"]
    assert figure.get_suptitle() == "1 candidates    left out: language 2"


@pytest.mark.parametrize("fonts", ["none"], indirect=True)
@pytest.mark.usefixtures("fonts")
def test_a_picture_says_of_how_many_it_is(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(pairing, "_MOST", 2)
    figure = drawn(ROUND, tmp_path, caplog)
    assert figure.get_suptitle() == "3 pairs (2 shown)    total 1.50    without anybody 2 (0 shown)"
    one = Match(kind="service", id="lst_1", title="甲", score=0.5, why={"text": 0.5})
    figure = drawn(Matches(to="", found=(one,) * 3, gated={}), tmp_path, caplog)
    assert figure.get_suptitle() == "3 candidates (2 shown)"


@pytest.mark.ci
@pytest.mark.usefixtures("fonts")
def test_nothing_and_very_much_can_be_drawn(tmp_path, caplog):
    drawn(Round(pairs=(), spare=(), total=0.0, solver="python"), tmp_path, caplog)
    drawn(Matches(to="", found=(), gated={}), tmp_path, caplog)
    many = tuple(pair(n, n, 0.5) for n in range(60))
    figure = drawn(Round(pairs=many, spare=(), total=30.0, solver="python"), tmp_path, caplog)
    assert len(texts(figure.axes[1])) == pairing._MOST
    assert figure.get_suptitle().startswith("60 ")
