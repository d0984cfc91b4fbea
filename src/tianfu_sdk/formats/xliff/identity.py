"""Rules about ids, languages, states and order: sections 4.3.1 and 4.7.4 of XLIFF 2.1."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from tianfu_sdk.formats.markup import XML, Element
from tianfu_sdk.formats.xliff.names import short
from tianfu_sdk.formats.xliff.report import Report
from tianfu_sdk.formats.xliff.scopes import Scope

__all__ = ["check_data_ids", "check_extension_ids", "check_inline_ids", "check_languages"]
__all__ += ["check_order", "check_space", "check_state", "check_unique", "order_of"]

_PLACE = re.compile(r"[0-9]{1,9}")
_KINDS = {"pc": "span", "sc": "span", "mrk": "mark", "sm": "mark"}


def check_unique(elements: Iterable[Element], within: str, report: Report) -> None:
    """Demand that no two of the elements have the same id."""
    seen: set[str] = set()
    for element in elements:
        id_ = element.attributes.get("id")
        if id_ is None:
            continue
        if id_ in seen:
            report.error("id.duplicate", element, id=id_, within=within)
        seen.add(id_)


def check_data_ids(scope: Scope, report: Report) -> None:
    """Demand that ids of original data are unique in it."""
    for found in scope.element.elements():
        if short(found.tag) == "xlf:originalData":
            check_unique(found.elements(), "originalData", report)


def check_inline_ids(scope: Scope, report: Report) -> None:
    """Demand that ids of segments and source codes are unique, and those of targets theirs."""
    within = scope.element.name
    holders = [part.element for part in scope.parts if within == "unit"]
    sources = scope.inline("source")
    # In the order of the file, so that the second one of two is told.
    both = sorted([*holders, *sources], key=lambda one: one.start)
    check_unique(both, within, report)
    held = {id_ for one in holders if (id_ := one.attributes.get("id")) is not None}
    kinds = {one.attributes["id"]: _kind(one) for one in sources if "id" in one.attributes}
    seen: set[str] = set()
    for one in scope.inline("target"):
        id_ = one.attributes.get("id")
        if id_ is None:
            continue
        if id_ in seen or id_ in held:
            report.error("id.duplicate", one, id=id_, within=within)
        elif kinds.get(id_, _kind(one)) != _kind(one):
            report.error("id.target", one, id=id_)
        seen.add(id_)


def _kind(element: Element) -> str:
    return _KINDS.get(element.name, element.name)


def check_extension_ids(holder: Element, report: Report) -> None:
    """Demand that ids of an extension are unique in the file, group or unit that holds it."""
    seen: dict[str, set[str]] = defaultdict(set)
    for child in holder.elements():
        if not short(child.tag).startswith("*:"):
            continue
        for one in child.walk():
            ids = {one.attributes[key] for key in ("id", XML + "id") if key in one.attributes}
            for id_ in sorted(ids):
                if id_ in seen[one.space]:
                    report.error("id.duplicate", one, id=id_, within=holder.name)
                seen[one.space].add(id_)


def check_languages(scope: Scope, root: Element, report: Report) -> None:
    """Demand that what language a source or target is in is that of the document."""
    for side, attribute in (("source", "srcLang"), ("target", "trgLang")):
        wanted = root.attributes.get(attribute)
        for _, content in scope.side(side):
            found = _inherited(content, XML + "lang")
            if wanted is None:
                if side == "target":
                    report.error("language.no_target", content)
                continue
            if found is not None and found.lower() != wanted.lower():
                report.error(
                    "language.differs", content, found=found, wanted=wanted, attribute=attribute
                )


def check_space(scope: Scope, report: Report) -> None:
    """Demand that source and target of a segment treat white space alike."""
    for part in scope.parts:
        if part.source is None or part.target is None:
            continue
        one, other = (
            _inherited(side, XML + "space") or "default" for side in (part.source, part.target)
        )
        if one != other:
            report.error("space.differs", part.target, source=one, target=other)


def _inherited(element: Element, attribute: str) -> str | None:
    return next(
        (
            found.attributes[attribute]
            for found in element.ancestors()
            if attribute in found.attributes
        ),
        None,
    )


def check_state(scope: Scope, report: Report) -> None:
    """Demand that a state has what it speaks of."""
    for part in scope.parts:
        state = part.element.attributes.get("state")
        if state in {"translated", "reviewed", "final"} and part.target is None:
            report.error("state.no_target", part.element, state=state)
        if "subState" in part.element.attributes and state is None:
            report.error("state.no_state", part.element)


def order_of(scope: Scope) -> list[int]:
    """Give for each part, in the order of the file, where its target stands, from 1."""
    made = []
    for place, part in enumerate(scope.parts, 1):
        written = part.target.attributes.get("order", "") if part.target is not None else ""
        made.append(int(written) if _PLACE.fullmatch(written) else place)
    return made


def check_order(scope: Scope, report: Report) -> None:
    """Demand that targets, with an order or without, have a place each."""
    orders = order_of(scope)
    seen: dict[int, int] = {}
    for part, order in zip(scope.parts, orders, strict=True):
        at = part.target if part.target is not None else part.element
        if order > len(orders):
            report.error("order.range", at, order=order, most=len(orders))
        elif order in seen:
            report.error("order.taken", at, order=order)
        seen[order] = order
