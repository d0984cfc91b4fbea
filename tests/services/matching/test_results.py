"""What was matched, as a table."""

import sys
from types import SimpleNamespace

import pytest

from tianfu_sdk.model.matching import Match, Pair
from tianfu_sdk.services.matching.results import Matches, Round

NEAR = Match(kind="service", id="lst_1", title="甲", score=0.75, why={"text": 0.5, "topic": 0.25})
FAR = Match(kind="service", id="lst_2", title="乙", score=0.25, why={"text": 0.25})
FOUND = Matches(to="", found=(NEAR, FAR), gated={})
PAIR = Pair(
    project="lst_1",
    project_title="甲",
    expert="exp_1",
    expert_title="演示大学",
    score=0.5,
    why={"text": 0.5},
)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_has_a_column_for_each_reason(monkeypatch, library):
    stub = SimpleNamespace(DataFrame=lambda rows, **options: rows)
    monkeypatch.setitem(sys.modules, library, stub)
    first, second = getattr(FOUND, f"to_{library}")()
    assert list(first) == ["kind", "id", "title", "score", "count", "why_text", "why_topic"]
    assert (first["why_text"], first["why_topic"]) == (0.5, 0.25)
    # What is not known of a candidate is empty, and no 0.
    assert (second["why_text"], second["why_topic"]) == (0.25, None)
    assert getattr(Matches(to="", found=(), gated={}), f"to_{library}")() == []


def test_a_round_is_a_table_of_its_pairs(extra):
    core = extra("arro3.core")
    made = Round(pairs=(PAIR,), spare=(), total=0.5, solver="python")
    table = core.Table.from_arrow(made)
    assert table.column_names[-2:] == ["score", "why_text"]
    assert core.Table.from_arrow(FOUND)["why_topic"][1].as_py() is None


def test_dicts_keep_the_reasons_as_they_are():
    assert [row["why"] for row in FOUND.to_dicts()] == [NEAR.why, FAR.why]
