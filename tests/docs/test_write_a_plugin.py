"""The page on plugins: its blocks together are a test file that passes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import tianfu_sdk
from tianfu_sdk.cli.app import app

PAGE = (Path(__file__).parents[2] / "docs/how-to/write-a-plugin.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_first_plugin_has_ten_lines():
    lines = [line for line in blocks("python")[0].splitlines() if line.strip()]
    assert len(lines) <= 10


@pytest.mark.timeout(600)
def test_the_gateway_of_the_page_passes_the_suite(tmp_path):
    path = tmp_path / "test_page.py"
    path.write_text("\n\n".join(blocks("python")), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", path],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(tianfu_sdk.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=590,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) >= 90


def test_the_project_table_can_be_read():
    (table,) = blocks("toml")
    assert tomllib.loads(table)["project"]["entry-points"]["tianfu_sdk"]


def test_the_commands_exist():
    group = app.get_command(None, "plugins")
    for name in re.findall(r"^tianfu plugins (\w+)", PAGE, re.MULTILINE):
        assert name in group.commands
