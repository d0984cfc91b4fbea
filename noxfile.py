"""What is run before a change goes in: `nox`; more of it: `nox --list`."""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests"]

PLUGINS = sorted(str(path.parent) for path in Path("plugins").glob("*/pyproject.toml"))
CLASSIFIERS = nox.project.load_toml("pyproject.toml")["project"]["classifiers"]
VERSIONS = [c.rpartition(" ")[2] for c in CLASSIFIERS if c[:-2].endswith(":: 3.")]
# One more than cores, as tests also wait for servers; by file, as the blocks of a document and
# the one run of the demo are shared there.
PARALLEL = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadfile"]
# Where nothing compiled is kept, every worker and every process of a test compiles all anew.
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
PYTHON = ["src", "tests", "plugins", "scripts", "noxfile.py", "conftest.py"]


def install(session, *more):
    """Install the library as its users do, in one go, so that versions are chosen once."""
    plugins = [f"{plugin}[tests]" for plugin in PLUGINS]
    session.install(*more, ".[xlsx,rich,fast,bo,parquet,plot,assign,test]", *plugins)


def present(*names):
    return [name for name in names if Path(name).exists()]


@nox.session
def tests(session):
    """Lint, types, layers and all tests."""
    install(session)
    session.run("ruff", "check", *present(*PYTHON, "bench"))
    session.run("ruff", "format", "--check", *present(*PYTHON, "bench"))
    session.run("mypy")
    # Beside its stub it would go unchecked.
    session.run("mypy", "src/tianfu_sdk/aio.py")
    session.run("mypy", "tests/typing", *[f"{plugin}/src" for plugin in PLUGINS])
    session.run("lint-imports")
    session.run("pytest", "-q", *PARALLEL, "--durations=5", *session.posargs, env=COMPILED)


@nox.session
def minimums(session):
    """All tests with the oldest versions that pyproject.toml allows."""
    if session.venv_backend != "uv":
        session.skip("only uv can resolve to the lowest direct versions")
    install(session, "--resolution=lowest-direct")
    session.run("pytest", "-q", *session.posargs)


@nox.session
@nox.parametrize("plugin", PLUGINS, ids=[Path(plugin).name for plugin in PLUGINS])
def plugin_alone(session, plugin):
    """The library without extras and one plugin: neither leans on another's dependencies."""
    # Its own extra brings what its tests need, such as a server.
    session.install(".", f"{plugin}[tests]", "pytest", "pytest-timeout", "hypothesis", "sybil")
    session.run("pytest", "-q", f"{plugin}/tests", *session.posargs)


@nox.session(python=VERSIONS)
def versions(session):
    """All tests on every Python that pyproject.toml names and that is installed."""
    install(session)
    session.run("pytest", "-q", *PARALLEL, *session.posargs, env=COMPILED)


@nox.session
def docs(session):
    """The pages as HTML in docs/_build."""
    session.install(".[docs]")
    session.run("sphinx-build", "-W", "-q", "-b", "html", "docs", "docs/_build")


@nox.session
def deep(session):
    """The property tests with many and random examples, and what takes minutes; for the night."""
    install(session)
    arguments = ["--hypothesis-profile=deep", "--timeout=1800"]
    session.run("pytest", "-q", *arguments, *session.posargs)
    # Workers killed with -9, on every store whose server is here.
    seeds = {"TIANFU_SEEDS": "1000"}
    session.run("pytest", "-q", "tests/faults", "--timeout=86400", *session.posargs, env=seeds)
