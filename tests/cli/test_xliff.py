"""The command that checks files for translators."""

import json

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.formats.xliff import Segment, Unit, make


@pytest.fixture
def files(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    good = make([Unit(id="u1", segments=(Segment(source="科普"),))], source="zh-Hans", target="bo")
    (tmp_path / "good.xlf").write_bytes(good)
    bad = good.replace(b"<source>", b'<source xml:lang="ja">').replace(b'="u1"', b'="u1" x="1"')
    (tmp_path / "bad.xlf").write_bytes(bad)
    (tmp_path / "odd.xlf").write_bytes(b"<xliff>\n<a></xliff>")
    warned = good.replace(b"<source>", b'<source><cp hex="0084"/>')
    (tmp_path / "warned.xlf").write_bytes(warned)
    mine = good.replace(b"<segment>", b"<notes><note>a</note></notes><segment>").replace(
        "科普".encode(), b'<mrk id="m" type="my:a" ref="#my=x">a</mrk>'
    )
    (tmp_path / "mine.xlf").write_bytes(mine)


def tianfu(*arguments):
    return CliRunner().invoke(app, ["xliff", "check", *arguments])


def test_a_good_file_is_fine(files):
    assert (tianfu("good.xlf").output, tianfu("good.xlf").exit_code) == ("good.xlf: ok\n", 0)
    found = json.loads(tianfu("good.xlf", "warned.xlf", "--json").output)
    assert [one["ok"] for one in found] == [True, True]
    assert [problem["severity"] for problem in found[1]["problems"]] == ["warning"]
    assert tianfu("warned.xlf").exit_code == 0


def test_problems_have_rule_line_and_path(files):
    done = tianfu("good.xlf", "bad.xlf", "odd.xlf", "--json")
    assert done.exit_code == 1
    good, bad, odd = json.loads(done.output)
    assert (good["ok"], bad["ok"], odd["ok"]) == (True, False, False)
    assert bad["file"] == "bad.xlf"
    assert [
        (one["rule"], one["severity"], one["line"], one["path"]) for one in bad["problems"]
    ] == [
        ("attribute.unknown", "error", 4, "/xliff/file[f1]/unit[u1]"),
        ("language.differs", "error", 6, "/xliff/file[f1]/unit[u1]/segment/source"),
    ]
    assert [(one["rule"], one["line"]) for one in odd["problems"]] == [("markup.broken", 2)]
    said = tianfu("bad.xlf").output.splitlines()
    assert said[0] == (
        "bad.xlf:4: error: unit has no attribute x / unit 没有属性 x [attribute.unknown]"
        " /xliff/file[f1]/unit[u1]"
    )


def test_prefixes_of_extensions_are_named(files):
    assert "fragment.prefix" in tianfu("mine.xlf").output
    assert "fragment.nothing" in tianfu("mine.xlf", "--prefix", "my=urn:my").output


@pytest.mark.parametrize("arguments", [[], ["none.xlf"], ["good.xlf", "--prefix", "my"]])
def test_wrong_use_is_told(files, arguments):
    assert tianfu(*arguments).exit_code == 2
