"""Checks of XLIFF 2: the schema, then the rules that no schema can say."""

from __future__ import annotations

from tianfu_sdk.formats.markup import Element
from tianfu_sdk.formats.xliff.annotations import check_annotations, check_note_ref
from tianfu_sdk.formats.xliff.codes import (
    check_codes,
    check_cp,
    check_pairs,
    check_sub_flows,
)
from tianfu_sdk.formats.xliff.fragments import Links
from tianfu_sdk.formats.xliff.identity import (
    check_data_ids,
    check_extension_ids,
    check_inline_ids,
    check_languages,
    check_order,
    check_space,
    check_state,
    check_unique,
)
from tianfu_sdk.formats.xliff.its import check_its
from tianfu_sdk.formats.xliff.modules import check_module_attributes, check_module_element
from tianfu_sdk.formats.xliff.names import CORE, short
from tianfu_sdk.formats.xliff.reordering import check_kept, check_sequences
from tianfu_sdk.formats.xliff.report import Report
from tianfu_sdk.formats.xliff.schema import check_schema
from tianfu_sdk.formats.xliff.scopes import Scope, scope_of

__all__ = ["check_document"]

_SEALED = frozenset({"xlf:skeleton", "res:source", "res:target", "slr:data"})


def check_document(links: Links, report: Report) -> None:
    """Hold a document of XLIFF 2 against the specification.

    Args:
        links: Of the document, whose root is an `xliff` of a namespace of XLIFF 2.
        report: Takes the problems.
    """
    root = links.root
    newer = root.space == CORE[1]
    if newer != (root.attributes.get("version") == "2.2"):
        # The schema of 2.2 takes documents that say an older version, but not the other way.
        say = report.warn if newer else report.error
        say("version.namespace", root, version=root.attributes.get("version", ""))
    check_schema(root, report, newer=newer)
    check_unique((one for one in root.elements() if short(one.tag) == "xlf:file"), "xliff", report)
    for file in root.elements():
        if short(file.tag) == "xlf:file":
            _file(file, links, report)
    for element in _known(root):
        name = short(element.tag)
        if name == "xlf:cp":
            check_cp(element, report)
        if not name.startswith("xlf:"):
            check_module_element(element, name, links, report)
            check_its(element, report)
        elif any(" " in key for key in element.attributes):
            check_module_attributes(element, report)
            check_its(element, report)
        if name == "xlf:notes":
            check_unique(element.elements(), "notes", report)
        elif name == "xlf:note":
            check_note_ref(element, links, report)


def _known(root: Element) -> list[Element]:
    """List the elements of core and modules that stand in one another."""
    made = []
    waiting = [root]
    while waiting:
        element = waiting.pop()
        name = short(element.tag)
        if name.startswith("*:"):
            continue
        made.append(element)
        if name not in _SEALED:
            waiting += reversed(element.elements())
    return made


def _file(file: Element, links: Links, report: Report) -> None:
    groups, units = [], []
    waiting = [file]
    while waiting:
        holder = waiting.pop()
        check_extension_ids(holder, report)
        name = short(holder.tag)
        if name == "xlf:unit":
            units.append(holder)
            continue
        if name == "xlf:group":
            groups.append(holder)
        waiting += reversed(
            [one for one in holder.elements() if short(one.tag) in {"xlf:group", "xlf:unit"}]
        )
        _skeleton(holder, report)
    check_unique(groups, "file", report)
    check_unique(units, "file", report)
    ids = {one.attributes.get("id", "") for one in units}
    for unit in units:
        scope = scope_of(unit)
        _unit(scope, links.root, report)
        if not scope.plain:
            check_sub_flows(scope, ids, report)
            check_annotations(scope, links, report)
        for match in _matches(unit):
            _content(scope_of(match), report)


def _skeleton(file: Element, report: Report) -> None:
    for one in file.elements():
        if short(one.tag) == "xlf:skeleton":
            filled = any(not isinstance(child, str) or child.strip() for child in one.children)
            if filled == ("href" in one.attributes):
                report.error("skeleton.href", one)


def _unit(scope: Scope, root: Element, report: Report) -> None:
    if not any(part.element.name == "segment" for part in scope.parts):
        report.error("unit.no_segment", scope.element)
    _content(scope, report)
    check_languages(scope, root, report)
    check_space(scope, report)
    check_state(scope, report)
    check_order(scope, report)
    check_kept(scope, report)


def _content(scope: Scope, report: Report) -> None:
    check_data_ids(scope, report)
    check_inline_ids(scope, report)
    if scope.plain:
        return
    check_codes(scope, report)
    check_pairs(scope, report)
    check_sequences(scope, report)


def _matches(unit: Element) -> list[Element]:
    return [
        match
        for child in unit.elements()
        if short(child.tag) == "mtc:matches"
        for match in child.elements()
        if short(match.tag) == "mtc:match"
    ]
