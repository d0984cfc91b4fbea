"""The codes in the source and the catalogue of errors hold one another up."""

import ast
import re
import string
from pathlib import Path

import pytest

import tianfu_sdk
from tianfu_sdk import catalogue, errors

SOURCE = Path(tianfu_sdk.__file__).parent
# A plugin of this repository may take its texts from the same catalogue.
PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
# What gives a code on that it was given: its first or second argument is one.
CARRIERS = {"matching": 1, "Problem": 1, "_decrypt": 3}


def trees(*more):
    for path in sorted([*SOURCE.rglob("*.py"), *more]):
        if path.name != "catalogue.py":
            yield path, ast.parse(path.read_text("utf-8"))


def called(node):
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def literal(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def raised():
    """Every literal code that an error class, or what carries a code, is given."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                place = 0 if called(node) in errors.__all__ else CARRIERS.get(called(node))
                if place is not None and len(node.args) > place:
                    branches = [node.args[place]]
                    if isinstance(branches[0], ast.IfExp):
                        branches = [branches[0].body, branches[0].orelse]
                    for branch in branches:
                        code = literal(branch)
                        if code is not None:
                            yield path.relative_to(SOURCE), node.lineno, code
            elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
                kind, code = node.elts
                if isinstance(kind, ast.Name) and kind.id in errors.__all__ and literal(code):
                    yield path.relative_to(SOURCE), node.lineno, literal(code)


RAISED = sorted(set(raised()), key=str)
SAID = {
    node.value
    for _, tree in trees(*PLUGINS.glob("*/src/**/*.py"))
    for node in ast.walk(tree)
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}


def test_the_walk_finds_the_codes():
    codes = {code for _, _, code in RAISED}
    assert {"grant.missing", "storage.busy", "region.bad_code", "term.bad_code"} <= codes


@pytest.mark.parametrize("found", RAISED, ids=lambda f: f"{f[0]}:{f[1]}")
def test_every_code_that_is_raised_stands_in_the_catalogue(found):
    path, line, code = found
    assert code in catalogue.ENTRIES, f"{path}:{line} raises {code}, which has no text"


@pytest.mark.parametrize("code", catalogue.ENTRIES)
def test_every_entry_is_used(code):
    assert CODE.fullmatch(code)
    assert code in SAID, f"nothing in the source says {code}"


def names(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("code", catalogue.ENTRIES)
def test_both_languages_name_the_same_values(code):
    entry = catalogue.ENTRIES[code]
    assert names(entry.en) == names(entry.zh)
    assert names(entry.hint_en) == names(entry.hint_zh)
    assert bool(entry.hint_en) == bool(entry.hint_zh)


@pytest.mark.parametrize("code", catalogue.ENTRIES)
def test_the_chinese_text_is_chinese_and_the_english_is_not(code):
    entry = catalogue.ENTRIES[code]
    assert re.search(r"[\u4e00-\u9fff]", entry.zh)
    # An English text may quote a Chinese word, as an example does.
    letters = len(re.findall(r"[A-Za-z]", entry.en))
    assert letters > 3 * len(re.findall(r"[\u4e00-\u9fff]", entry.en))


def said_at():
    """Every call of an error class with a literal code, and the values that it is given."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) in errors.__all__ and node.args:
                code = literal(node.args[0])
                if code in catalogue.ENTRIES and None not in {k.arg for k in node.keywords}:
                    given = {keyword.arg for keyword in node.keywords}
                    yield path.relative_to(SOURCE), node.lineno, code, given


@pytest.mark.parametrize("found", list(said_at()), ids=lambda f: f"{f[0]}:{f[1]}")
def test_every_value_that_a_text_names_is_given(found):
    path, line, code, given = found
    entry = catalogue.ENTRIES[code]
    wanted = names(entry.en) | (set() if "hint" in given else names(entry.hint_en))
    missing = wanted - given
    assert missing == set(), f"{path}:{line} raises {code} without {sorted(missing)}"


def test_the_catalogue_is_sorted():
    assert list(catalogue.ENTRIES) == sorted(catalogue.ENTRIES)


def test_a_code_stands_once():
    source = (SOURCE / "catalogue.py").read_text("utf-8")
    keys = re.findall(r'^    "([a-z0-9_.]+)": Entry\(', source, re.MULTILINE)
    assert sorted(keys) == sorted(catalogue.ENTRIES)
