"""The commands of the translation memory and the glossary."""

import json

import pytest
from click.testing import CliRunner

from tianfu_sdk.cli.app import app
from tianfu_sdk.formats import tbx, tmx
from tianfu_sdk.hub import Hub

HEAD = (
    '<?xml version="1.0"?><tmx version="1.4"><header creationtool="x" creationtoolversion="1"'
    ' segtype="sentence" o-tmf="x" adminlang="en" srclang="zh" datatype="plaintext"/><body>'
)
GOOD = HEAD + (
    '<tu><tuv xml:lang="zh"><seg>脑卒中要尽快送医。</seg></tuv>'
    '<tuv xml:lang="bo"><seg>གཟའ་ནད།</seg></tuv></tu></body></tmx>'
)
TERMS = "id,zh-Hans,bo,bo:forbidden\n1,脑卒中,གཟའ་ནད,སྨྱོ་ནད\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "C")
    monkeypatch.delenv("LC_ALL", raising=False)
    with Hub.open("sqlite:///kepu.db", discover=False) as hub:
        first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    monkeypatch.setenv("TIANFU_DB", "kepu.db")
    monkeypatch.setenv("TIANFU_ACCOUNT", first.id)

    def call(*arguments, code=0, said=None):
        done = CliRunner().invoke(app, arguments, input=said)
        assert done.exit_code == code, done.output
        return done

    call.organization = first.organization
    call.folder = tmp_path
    return call


def test_a_memory_comes_in_is_asked_and_goes_out(run):
    (run.folder / "a.tmx").write_text(GOOD, "utf-8")
    place = ("--organization", run.organization)
    dry = run("memory", "import", "a.tmx", *place, "--dry-run")
    assert "would be taken in: units 1, added 1" in dry.output
    done = json.loads(run("memory", "import", "a.tmx", *place, "--json").stdout)
    assert (done["written"], done["added"], done["warnings"]) == (True, 1, [])
    asked = run("memory", "lookup", "--source", "zh", "--target", "bo", said="脑卒中应尽快送医。\n")
    assert "89%" in asked.output
    assert "གཟའ་ནད།" in asked.output
    assert "1 units" in run("memory", "export", "b.tmx").output
    assert len(tmx.parse((run.folder / "b.tmx").read_bytes()).units) == 1
    run("memory", "export", "b.csv", "--language", "zh", "--language", "bo")
    assert "脑卒中要尽快送医。,གཟའ་ནད།," in (run.folder / "b.csv").read_text("utf-8-sig")


def test_engines_are_shown_and_forget_what_they_said(run):
    assert run("translations", "health").output == "opencc: 0 texts kept\n"
    (shown,) = json.loads(run("translations", "health", "--json").stdout)
    assert (shown["engine"], shown["kept"], shown["rests"]) == ("opencc", 0, 0.0)
    assert run("translations", "clear-cache").output == "0 texts forgotten\n"
    done = run("translations", "clear-cache", "--engine", "opencc", "--json")
    assert json.loads(done.stdout) == {"forgotten": 0}


def test_of_a_broken_memory_every_problem_is_told(run):
    broken = GOOD.replace('xml:lang="bo"', "").replace("<body>", "<body>\n<tu/>")
    (run.folder / "a.tmx").write_text(broken, "utf-8")
    done = run("memory", "import", "a.tmx", "--organization", run.organization, code=1)
    assert "2: error: the unit has no tuv [tmx.no_variant]" in done.stderr
    assert "[tmx.no_attribute]" in done.stderr
    assert "nothing was taken in" in done.stderr


def test_a_glossary_comes_in_is_asked_and_goes_out(run):
    (run.folder / "a.csv").write_text(TERMS, "utf-8")
    done = run("glossary", "import", "a.csv", "--organization", run.organization)
    assert "concepts 1, added 1" in done.output
    found = run("glossary", "scan", "--language", "bo", said="སྨྱོ་ནད་\n")
    assert "0-7  སྨྱོ་ནད  禁用 / forbidden" in found.output
    (hit,) = json.loads(run("glossary", "scan", "--language", "zh", "--json", said="脑卒中").stdout)
    assert (hit["start"], hit["end"]) == (0, 3)
    run("glossary", "export", "b.tbx")
    (concept,) = tbx.parse((run.folder / "b.tbx").read_bytes()).concepts
    assert concept.id == "1"
    (run.folder / "c.tbx").write_text("<tbx type='TBX-Basic'/>", "utf-8")
    bad = run("glossary", "import", "c.tbx", "--organization", run.organization, code=1)
    assert "1: error: the file has no concept [tbx.no_concept]" in bad.stderr
