"""Who may import whom, as `pyproject.toml` has it."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import tianfu_sdk

ROOT = Path(__file__).resolve().parent.parent.parent
CONTRACTS = ROOT / "pyproject.toml"


def lint(config, cwd, *paths):
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as m; m()"]
    command += ["--config", str(config), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )


def test_the_contracts_hold(tmp_path):
    done = lint(CONTRACTS, tmp_path, Path(tianfu_sdk.__file__).parent.parent)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_the_contracts_are_those_of_the_architecture():
    table = tomllib.loads(CONTRACTS.read_text("utf-8"))["tool"]["importlinter"]
    layers = next(c["layers"] for c in table["contracts"] if c["type"] == "layers")
    said = " > ".join(layers).replace("(", "").replace(")", "")
    page = " ".join((ROOT / "ARCHITECTURE.md").read_text("utf-8").split())
    assert said in page


def test_a_contract_can_break(tmp_path):
    package = tmp_path / "tianfu_sdk"
    for room in ("cli", "core", "backends"):
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "core" / "rules.py").write_text("def f():\n    import tianfu_sdk.cli\n")
    config = tmp_path / "pyproject.toml"
    config.write_text(
        '[tool.importlinter]\nroot_package = "tianfu_sdk"\n[[tool.importlinter.contracts]]\n'
        'name = "x"\ntype = "layers"\ncontainers = ["tianfu_sdk"]\nlayers = ["cli", "core"]\n'
    )
    done = lint(config, tmp_path, tmp_path)
    assert done.returncode == 1
    assert "tianfu_sdk.core.rules -> tianfu_sdk.cli" in done.stdout
