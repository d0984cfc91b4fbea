"""The codes in the source and the catalogue of errors hold one another up."""

import ast
import functools
import re
import string
from pathlib import Path

import tianfu_sdk
from tianfu_sdk import catalogue, errors

SOURCE = Path(tianfu_sdk.__file__).parent
# A plugin of this repository may take its texts from the same catalogue.
PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
# What gives a code on that it was given: its first or second argument is one.
CARRIERS = {"matching": 1, "Problem": 1, "_decrypt": 3}


@functools.cache
def nodes():
    """Every path of ours beside the nodes of its tree, but for the catalogue's."""
    return {
        path: list(ast.walk(ast.parse(path.read_text("utf-8"))))
        for path in sorted([*SOURCE.rglob("*.py"), *PLUGINS.glob("*/src/**/*.py")])
        if path.name != "catalogue.py"
    }


def calls():
    for path, found in nodes().items():
        if path.is_relative_to(SOURCE):
            place = path.relative_to(SOURCE)
            for node in found:
                yield place, node


def called(node):
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def literal(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def raised():
    """Every literal code that an error class, or what carries a code, is given."""
    for path, node in calls():
        if isinstance(node, ast.Call):
            place = 0 if called(node) in errors.__all__ else CARRIERS.get(called(node))
            if place is not None and len(node.args) > place:
                branches = [node.args[place]]
                if isinstance(branches[0], ast.IfExp):
                    branches = [branches[0].body, branches[0].orelse]
                for branch in branches:
                    code = literal(branch)
                    if code is not None:
                        yield f"{path}:{node.lineno}", code
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
            kind, code = node.elts
            if isinstance(kind, ast.Name) and kind.id in errors.__all__ and literal(code):
                yield f"{path}:{node.lineno}", literal(code)


def test_every_code_that_is_raised_stands_in_the_catalogue():
    found = set(raised())
    codes = {code for _, code in found}
    assert {"grant.missing", "storage.busy", "region.bad_code", "term.bad_code"} <= codes
    assert {(place, code) for place, code in found if code not in catalogue.ENTRIES} == set()


def test_every_entry_is_used():
    assert [code for code in catalogue.ENTRIES if not CODE.fullmatch(code)] == []
    said = {
        node.value
        for found in nodes().values()
        for node in found
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(catalogue.ENTRIES) - said == set()


def names(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_both_languages_name_the_same_values():
    odd = {
        code
        for code, entry in catalogue.ENTRIES.items()
        if names(entry.en) != names(entry.zh)
        or names(entry.hint_en) != names(entry.hint_zh)
        or bool(entry.hint_en) != bool(entry.hint_zh)
    }
    assert odd == set()


def test_the_chinese_text_is_chinese_and_the_english_is_not():
    for code, entry in catalogue.ENTRIES.items():
        assert re.search(r"[\u4e00-\u9fff]", entry.zh), code
        # An English text may quote a Chinese word, as an example does.
        letters = len(re.findall(r"[A-Za-z]", entry.en))
        assert letters > 3 * len(re.findall(r"[\u4e00-\u9fff]", entry.en)), code


def test_every_value_that_a_text_names_is_given():
    missing = []
    for path, node in calls():
        if isinstance(node, ast.Call) and called(node) in errors.__all__ and node.args:
            entry = catalogue.ENTRIES.get(literal(node.args[0]))
            given = {keyword.arg for keyword in node.keywords}
            if entry is None or None in given:
                continue
            wanted = names(entry.en) | (set() if "hint" in given else names(entry.hint_en))
            if wanted - given:
                missing.append((f"{path}:{node.lineno}", wanted - given))
    assert missing == []


def test_the_catalogue_is_sorted():
    assert list(catalogue.ENTRIES) == sorted(catalogue.ENTRIES)


def test_a_code_stands_once():
    source = (SOURCE / "catalogue.py").read_text("utf-8")
    keys = re.findall(r'^    "([a-z0-9_.]+)": Entry\(', source, re.MULTILINE)
    assert sorted(keys) == sorted(catalogue.ENTRIES)
