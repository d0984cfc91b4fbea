"""What a check found: problems, each with its rule, its place and a text in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianfu_sdk.formats.markup import Element
from tianfu_sdk.formats.xliff.messages import MESSAGES
from tianfu_sdk.model.problem import Problem, Severity

__all__ = ["Problem", "Report", "Severity", "path_of"]


def path_of(element: Element) -> str:
    """Say where in its document an element stands."""
    steps = []
    for found in element.ancestors():
        step = found.name
        id_ = found.attributes.get("id")
        if id_ is not None and found.parent is not None:
            step += f"[{id_[:40]}]"
        elif found.parent is not None:
            alike = found.parent.elements(found.tag)
            if len(alike) > 1:
                step += f"[{alike.index(found) + 1}]"
        steps.append(step)
    return "/" + "/".join(reversed(steps))


class Report:
    """Collects problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def error(self, rule: str, element: Element, **values: Any) -> None:
        """Note that an element makes the document invalid."""
        self._add(rule, Severity.ERROR, element, values)

    def warn(self, rule: str, element: Element, **values: Any) -> None:
        """Note that an element looks wrong."""
        self._add(rule, Severity.WARNING, element, values)

    def _add(
        self, rule: str, severity: Severity, element: Element, values: Mapping[str, Any]
    ) -> None:
        cut = {name: str(value)[:80] for name, value in values.items()}
        en, zh = (text.format_map({"name": element.name} | cut) for text in MESSAGES[rule])
        self.problems.append(Problem(rule, severity, element.line, path_of(element), en, zh))
