"""What a suite prints when it is over: what passed, and what was skipped for which capability."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest

__all__ = ["Reported"]

_NAME = "tianfu-suites"
_SKIP = "Skipped: "


@attrs.define
class _Count:
    suite: str
    outcomes: Counter[str] = attrs.field(factory=Counter)
    reasons: Counter[str] = attrs.field(factory=Counter)


class _Report:
    """A plugin of pytest that counts the cases of each suite."""

    def __init__(self) -> None:
        self.suites: dict[str, _Count] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one case."""
        count = self.suites.get(_class_of(report.nodeid))
        if count is None:
            return
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped"
            count.outcomes["skipped"] += 1
            count.reasons[reason.removeprefix(_SKIP)] += 1
        elif report.failed:
            count.outcomes["failed"] += 1
        elif report.when == "call":
            count.outcomes["passed"] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a line a suite, and a line for each reason to skip."""
        if not self.suites:
            return
        terminalreporter.section("conformance")
        for node, count in self.suites.items():
            done = count.outcomes
            terminalreporter.line(
                f"{count.suite}, {node}: {done['passed']} passed, {done['failed']} failed,"
                f" {done['skipped']} skipped"
            )
            for reason, times in count.reasons.most_common():
                terminalreporter.line(f"  {times} skipped: {reason}")


def _class_of(node: str) -> str:
    # Parameters come last, and may hold anything.
    return node.partition("[")[0].rpartition("::")[0]


class Reported:
    """A suite whose outcome is printed at the end of a run that is not split among workers."""

    # For each case, not for each class: what stands in a class is no fixture of classes.
    @pytest.fixture(autouse=True)
    def _reported(self, request: pytest.FixtureRequest) -> None:
        plugins = request.config.pluginmanager
        report = plugins.get_plugin(_NAME)
        if report is None:
            report = _Report()
            plugins.register(report, _NAME)
        node = _class_of(request.node.nodeid)
        if node not in report.suites:
            ours = (base for base in request.cls.__mro__ if base.__module__.startswith("tianfu_"))
            report.suites[node] = _Count(next(ours).__name__)
