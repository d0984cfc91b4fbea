"""`tianfu import`: what is printed, and the exit codes that programs go by."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli import importing
from tianfu_sdk.cli.app import app
from tianfu_sdk.cli.app import run as whole
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.importing import ImportPhase, ImportStep


@pytest.fixture
def place(tmp_path, monkeypatch):
    for name in ("TIANFU_DB", "TIANFU_ACCOUNT", "LANG", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TIANFU_NO_PLUGINS", "1")
    with Hub.open(f"sqlite:///{tmp_path / 'kepu.db'}", discover=False) as hub:
        account = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    return tmp_path, ["--db", str(tmp_path / "kepu.db"), "--as", account.id]


def write(tmp_path, text, name="资源.csv"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return str(path)


def run(*arguments, **more):
    return CliRunner().invoke(app, ["import", *arguments], **more)


GOOD = "编号,标题,主题\nK1,一,健康生活\nK2,二,\n"
BAD = "编号,标题,主题\nK1,一,健康生活\nK2,,安全\n"


def titles(tmp_path):
    with Hub.open(f"sqlite:///{tmp_path / 'kepu.db'}", discover=False) as hub:
        return sorted(r.title for r in hub.as_system(reason="test").resources.find())


def test_a_fine_table_is_written(place):
    tmp_path, who = place
    done = run(write(tmp_path, GOOD), "--kind", "resource", *who)
    assert (done.exit_code, done.exception) == (0, None)
    assert done.stdout.splitlines() == [
        "2 rows, 2 fine, 0 bad",
        "created 2, updated 0, unchanged 0, left out 0",
    ]
    assert done.stderr.splitlines() == ["checking: 2 rows (100%)", "writing: 2 rows (100%)"]
    assert titles(tmp_path) == ["一", "二"]
    again = run(write(tmp_path, GOOD), "--kind", "resource", *who)
    assert "created 0, updated 0, unchanged 2, left out 0" in again.stdout


def test_a_dry_run_writes_nothing(place):
    tmp_path, who = place
    done = run(write(tmp_path, GOOD), "--kind", "resource", "--dry-run", *who)
    assert done.exit_code == 0
    assert "would be created 2, updated 0" in done.stdout
    assert titles(tmp_path) == []


def test_bad_rows_are_listed_and_nothing_is_written(place):
    tmp_path, who = place
    done = run(write(tmp_path, BAD), "--kind", "resource", *who)
    assert done.exit_code == 1
    first, second, *rest = done.stdout.splitlines()
    assert first.startswith(
        "row 3, column 主题: the vocabulary topic has no such term; there is: 安全科学"
    )
    assert second == "row 3, column 标题: this field is needed [field.missing]"
    assert rest == [
        "2 rows, 1 fine, 1 bad",
        "nothing was written; correct the rows, or leave them out with --skip-bad",
    ]
    assert titles(tmp_path) == []


def test_bad_rows_are_listed_in_chinese_where_the_locale_is(place, monkeypatch):
    tmp_path, who = place
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    done = run(write(tmp_path, BAD), "--kind", "resource", *who)
    assert "第 3 行“标题”列：缺少必填字段 [field.missing]" in done.stdout


def test_good_rows_are_written_where_bad_ones_are_left_out(place):
    tmp_path, who = place
    done = run(write(tmp_path, BAD), "--kind", "resource", "--skip-bad", *who)
    assert done.exit_code == 1
    assert "created 1, updated 0, unchanged 0, left out 1" in done.stdout
    assert titles(tmp_path) == ["一"]


@pytest.mark.parametrize(("text", "code", "written"), [(GOOD, 0, True), (BAD, 1, False)])
def test_the_report_is_json_on_demand(place, text, code, written):
    tmp_path, who = place
    done = run(write(tmp_path, text), "--kind", "resource", "--json", *who)
    report = json.loads(done.stdout)
    assert done.exit_code == code
    assert (report["written"], report["rows"], report["bad"]) == (written, 2, code)
    assert [p["column"] for p in report["problems"]] == ([] if written else ["主题", "标题"])


def test_a_broken_file_is_told_in_one_line_and_all_columns_at_a_time(place, capsys):
    tmp_path, who = place
    path = write(tmp_path, "标题,关健词,地点\n一,二,三\n")
    with pytest.raises(SystemExit) as caught:
        whole(["import", path, "--kind", "resource", *who])
    assert caught.value.code == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("tianfu: kind resource has no such column; near: 关键词")
    assert "row 1, 关健词" in said[0]
    assert said[1].startswith("  row 1, 地点: kind resource has no such column")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--kind", "resource"],
        ["{path}"],
        ["{path}", "--kind", "grant"],
        ["{path}.no", "--kind", "resource"],
    ],
)
def test_wrong_use_is_two(place, arguments):
    tmp_path, who = place
    path = write(tmp_path, GOOD)
    assert run(*(a.format(path=path) for a in arguments), *who).exit_code == 2


def test_the_format_can_be_said(place):
    tmp_path, who = place
    path = write(tmp_path, '{"title": "x"}\n', "data.txt")
    assert run(path, "--kind", "resource", "--format", "jsonl", *who).exit_code == 0
    assert titles(tmp_path) == ["x"]


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with importing._progress() as progress:
        progress(ImportStep(phase=ImportPhase.CHECK, rows=2, share=0.5))
        progress(ImportStep(phase=ImportPhase.CHECK, rows=4, share=1.0))
        progress(ImportStep(phase=ImportPhase.LOAD, rows=4, share=None))
    said = capsys.readouterr().err
    assert "checking" in said
    assert "100%" in said
    assert "4 rows" in said


def test_without_rich_a_terminal_gets_lines(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for name in ("rich.console", "rich.progress"):
        monkeypatch.setitem(sys.modules, name, None)
    with importing._progress() as progress:
        progress(ImportStep(phase=ImportPhase.CHECK, rows=2, share=None))
    assert capsys.readouterr().err == "checking: 2 rows\n"


@pytest.mark.parametrize(
    "text",
    [
        "编号,标题,主题\nK1,一,健康生活\nK2,二,安全\n",
        "编号,标题,有效期\nK1,一,2030-01-01\nK2,二,2020/13/4\n",
        "2020年科普资源汇总表,,\n编号,标题,主题\nK1,一,健康生活\n",
    ],
)
def test_the_guide_shows_what_common_mistakes_print(place, text, capsys):
    tmp_path, who = place
    guide = (Path(__file__).parents[2] / "docs/how-to/import.md").read_text("utf-8").splitlines()
    with pytest.raises(SystemExit):
        whole(["import", write(tmp_path, text), "--kind", "resource", *who])
    said = capsys.readouterr()
    told = [
        line for line in (said.out + said.err).splitlines() if line.startswith(("row", "tianfu"))
    ]
    assert len(told) == 1
    assert told[0] in guide
