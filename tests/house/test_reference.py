"""The pages of the reference are what the source says today."""

import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tianfu_sdk import catalogue, errors, hookspecs, settings

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ROOT / "docs" / "reference"


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_current():
    reference = load("build_reference")
    for name, page in reference.PAGES.items():
        written = (PAGES / name).read_text("utf-8")
        assert written == "\n".join(page()).rstrip() + "\n", (
            f"{name} is stale: run python scripts/build_reference.py"
        )


def test_check_finds_a_stale_page(tmp_path, monkeypatch, capsys):
    reference = load("build_reference")
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["build_reference.py"])
    assert reference.main() == 0
    monkeypatch.setattr(sys, "argv", ["build_reference.py", "--check"])
    assert reference.main() == 0
    (tmp_path / "errors.md").write_text("old")
    assert reference.main() == 1
    assert "errors.md is stale" in capsys.readouterr().out


@pytest.mark.parametrize("name", [n for n in dir(hookspecs.Hooks) if n.startswith("tianfu_")])
def test_every_hook_is_documented_with_its_exact_signature(name):
    page = (PAGES / "hooks.md").read_text("utf-8")
    hook = getattr(hookspecs.Hooks, name)
    parameters = [p for n, p in inspect.signature(hook).parameters.items() if n != "self"]
    said = ", ".join(f"{p.name}: {p.annotation}" for p in parameters)
    assert f"\ndef {name}({said}) -> None\n" in page
    assert (hook.__doc__ or "").split("\n")[0] in page


def test_every_class_and_code_of_errors_is_documented():
    page = (PAGES / "errors.md").read_text("utf-8")
    for name in errors.__all__:
        assert f"| `{name}` |" in page
    for code, entry in catalogue.ENTRIES.items():
        assert f"| `{code}` | " in page
        assert entry.zh.replace("|", "\\|") in page


def test_every_setting_is_documented_and_none_without_a_word():
    page = (PAGES / "settings.md").read_text("utf-8")
    for cls in (settings.Settings, *settings._TABLES.values()):
        for field in cls.__attrs_attrs__:
            if field.name in settings._TABLES:
                assert f"## `[{field.name}]`" in page
            else:
                row = next(r for r in page.splitlines() if r.startswith(f"| `{field.name}` |"))
                assert len(row.rstrip("| ").rsplit("|", 1)[-1].strip()) > 8


def test_the_scripts_run_as_programs():
    for name in ("build_reference", "build_aio_stub"):
        command = [sys.executable, str(ROOT / "scripts" / f"{name}.py"), "--check"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
