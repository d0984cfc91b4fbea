"""For all tests: doc examples, how hard hypothesis looks, and no quiet skips in CI."""

import contextlib
import importlib
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

settings.register_profile(
    "repeatable",
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("repeatable")

_open: dict[str, contextlib.ExitStack] = {}


def _elsewhere(namespace: dict[str, object]) -> None:
    """Run the blocks of one document in a folder of their own."""
    stack = contextlib.ExitStack()
    folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
    stack.enter_context(contextlib.chdir(folder))
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("TIANFU_")}
    stack.callback(os.environ.update, kept)
    namespace["__stack__"] = stack


def _back(namespace: dict[str, object]) -> None:
    stack = namespace.pop("__stack__")
    for value in list(namespace.values()):
        # A reader's example need not close what the end of its program closes.
        if type(value).__name__ == "Hub" and hasattr(value, "close"):
            value.close()
    if isinstance(stack, contextlib.ExitStack):
        stack.close()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "README.zh-CN.md", "docs/**/*.md", "docs/*.md"],
    setup=_elsewhere,
    teardown=_back,
).pytest()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what takes minutes to the night, and keep the blocks of a document in order."""
    if config.getoption("--hypothesis-profile", default=None) != "deep":
        for item in items:
            if item.get_closest_marker("deep"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: nox -s deep"))
            if item.get_closest_marker("ci") and os.environ.get("TIANFU_CI") != "1":
                item.add_marker(pytest.mark.skip(reason="for .ci/run: TIANFU_CI=1"))
    # One block builds on the other.
    places = [n for n, item in enumerate(items) if isinstance(item, SybilItem)]
    blocks = sorted(
        (items[n] for n in places), key=lambda item: (str(item.path), item.reportinfo()[1] or 0)
    )
    for place, block in zip(places, blocks, strict=True):
        items[place] = block


@pytest.fixture
def extra() -> Callable[[str], Any]:
    """Give what imports a module of an extra: in CI it must be there, elsewhere it is skipped."""

    def load(name: str) -> Any:
        try:
            return importlib.import_module(name)
        except ImportError:
            if os.environ.get("TIANFU_CI") == "1":
                raise
            pytest.skip(f"{name} is not installed: pip install '.[parquet,test]'")

    return load


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Iterator[None]:
    """In CI a test of a real server that finds none has failed, not been skipped."""
    report = yield
    needed = item.get_closest_marker("server") and not item.get_closest_marker("deep")
    # What the server is here for, and cannot do, is a skip like any other.
    able = report.skipped and "Skipped: capabilities" not in str(report.longrepr)
    if able and os.environ.get("TIANFU_CI") == "1" and needed:
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid}: TIANFU_CI=1, and its server is not here: {report.longrepr}"
        )
    return report
