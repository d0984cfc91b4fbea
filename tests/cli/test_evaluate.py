"""`tianfu evaluate`: question sets of others, figures, and two ways side by side."""

import json
import shutil

import pytest
from click.testing import CliRunner

from tianfu_sdk import Hub
from tianfu_sdk.cli.app import app

QUERIES = '{"_id": "q1", "text": "高血压怎么吃盐"}\n{"_id": "q2", "text": "地震了怎么办"}\n'
QRELS = "q1 0 d1 1\nq2 0 d2 2\nq2 0 d3 1\n"
CORPUS = "\n".join(
    json.dumps({"_id": id_, "text": text}, ensure_ascii=False)
    for id_, text in {
        "d1": "高血压要少吃盐",
        "d2": "地震时伏地遮挡",
        "d3": "地震后远离危房",
        "d4": "怎么办理社保",
    }.items()
)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "health"
    place.mkdir()
    for name, text in {
        "queries.jsonl": QUERIES,
        "qrels.txt": QRELS,
        "corpus.jsonl": CORPUS,
    }.items():
        (place / name).write_text(text, "utf-8")
    return place


@pytest.fixture
def run():
    def run(*arguments, code=0):
        result = CliRunner(env={"TIANFU_DB": None}).invoke(app, ["evaluate", *map(str, arguments)])
        assert result.exit_code == code, (result.output, result.exception)
        return result if code else result.output

    return run


def test_a_folder_is_measured(run, folder):
    said = run("--sets", folder.parent)
    assert "nDCG@10" in said
    assert "health  2" in said
    assert "1.000 [1.000, 1.000]" in said


def test_two_ways_are_compared_question_by_question(run, folder):
    said = run("--sets", folder, "--against", "words=all", "--against", "store=memory:")
    assert "wins" in said
    assert "health/q2  地震了怎么办" in said


def test_files_and_json(run, folder):
    named = [("--queries", "queries.jsonl"), ("--qrels", "qrels.txt"), ("--corpus", "corpus.jsonl")]
    options = [part for option, name in named for part in (option, folder / name)]
    said = json.loads(run(*options, "--against", "words=all", "--json"))
    assert said["figures"][0]["questions"] == 2
    assert [one["question"] for one in said["questions"]] == ["q1", "q2"]
    assert said["differences"][0]["wins"] == 1
    assert said["changed"][0]["question"] == "q2"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--queries", "queries.jsonl"),
        ("--queries", "queries.jsonl", "--qrels", "qrels.txt"),
    ],
)
def test_what_is_missing_is_said(run, folder, arguments):
    named = [folder / part if "." in part else part for part in arguments]
    assert "Error: " in run(*named, code=2).output


def test_a_way_that_is_none_is_refused_with_what_there_is(run, folder):
    result = run("--sets", folder, "--against", "engin=tantivy", code=1)
    assert (result.exception.code, result.exception.path) == ("evaluate.bad_way", "against")
    result = run("--sets", folder.parent.parent / folder.parent.name, "--with", "x", code=1)
    assert result.exception.code == "evaluate.bad_way"


def test_a_store_is_named_for_a_corpus_only(run, folder, tmp_path):
    hub = Hub.open(f"sqlite:///{tmp_path / 'kepu.db'}")
    hub.close()
    files = ("--queries", folder / "queries.jsonl", "--qrels", folder / "qrels.txt")
    asked = run(*files, "--db", tmp_path / "kepu.db", "--with", "store=memory:", code=2)
    assert "sets with a corpus" in asked.output
    # Of contents that nobody published nothing can be found, and that is said.
    assert "3 documents that answer are not there" in run(*files, "--db", tmp_path / "kepu.db")


def test_a_folder_without_sets_is_refused(run, tmp_path):
    assert run("--sets", tmp_path, code=1).exception.code == "evaluate.no_file"


def test_folders_of_one_name_are_told_apart(run, folder, tmp_path):
    other = tmp_path / "other" / "health"
    shutil.copytree(folder, other)
    (other / "qrels.txt").write_text("q1 0 d4 1\n", "utf-8")
    found = json.loads(run("--sets", folder, "--sets", other, "--json"))["figures"]
    assert [(one["set"], one["questions"]) for one in found] == [
        ("health", 2),
        ("health-2", 1),
        ("macro", 3),
    ]
