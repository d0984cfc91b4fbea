"""Rules of the ITS module: section 5.9 of XLIFF 2.1, and its Schematron."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tianfu_sdk.formats.markup import XML, Element
from tianfu_sdk.formats.xliff.names import LANGUAGE, short
from tianfu_sdk.formats.xliff.report import Report

__all__ = ["check_its"]

_ISSUE = ("Type", "Comment", "Severity", "ProfileRef", "Enabled")
_WHO: tuple[str, ...] = ("org", "orgRef", "person", "personRef", "tool", "toolRef")
_WHO += tuple(f"rev{name[0].upper()}{name[1:]}" for name in _WHO)
# What is said by an attribute here is said elsewhere where the other one is used.
_EXCLUSIVE = (
    ("locQualityIssuesRef", tuple(f"locQualityIssue{name}" for name in _ISSUE)),
    ("provenanceRecordsRef", _WHO),
    ("taIdentRef", ("taSource", "taIdent")),
    ("locQualityRatingScore", ("locQualityRatingVote",)),
)
_NEEDED = (
    ("locQualityRatingScoreThreshold", "locQualityRatingScore"),
    ("locQualityRatingVoteThreshold", "locQualityRatingVote"),
)
_HUNDRED = ("locQualityIssueSeverity", "locQualityRatingScore", "locQualityRatingScoreThreshold")
_ONE = ("mtConfidence", "taConfidence", "termConfidence")
_GENERIC = frozenset(
    re.findall(
        r"\w+",
        "allowedCharacters localeFilterList locQualityIssuesRef locQualityIssueType "
        "locQualityIssueComment locQualityRatingScore locQualityRatingVote taIdentRef taSource "
        "taIdent taClassRef mtConfidence provenanceRecordsRef",
    )
)
_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+")


def check_its(element: Element, report: Report) -> None:
    """Hold the attributes of ITS on an element, and its elements, against their rules."""
    name = short(element.tag)
    given = {
        found.partition(":")[2]: value
        for key, value in element.attributes.items()
        if (found := short(key)).startswith("its:")
    }
    module = any(short(key).startswith("itsm:") for key in element.attributes)
    if name.startswith("its:"):
        given |= {key: value for key, value in element.attributes.items() if ":" not in key}
        _element(element, name, given, report)
    if not given and not module:
        return
    if given.keys() != {"version"} and not _versioned(element):
        report.error("its.version", element)
    if given.get("version", "2.0") != "2.0":
        # A document of the suite of OASIS that is to be valid says 2.2.
        report.warn("attribute.value", element, attribute="version", value=given["version"])
    _values(element, given, report)
    if element.name in {"mrk", "sm"}:
        _marker(element, given, report, module=module)
    for one, other in _NEEDED:
        if one in given and not any(
            short(key) == f"its:{other}"
            for above in element.ancestors()
            for key in above.attributes
        ):
            report.error("its.needed", element, attribute=one, wanted=other)
    if "locQualityIssuesRef" in given:
        _issues(element, given["locQualityIssuesRef"], report)


def _versioned(element: Element) -> bool:
    return any(
        short(key) == "its:version" or (key == "version" and short(above.tag).startswith("its:"))
        for above in element.ancestors()
        for key in above.attributes
    )


def _values(element: Element, given: Mapping[str, str], report: Report) -> None:
    for names, most in ((_HUNDRED, 100.0), (_ONE, 1.0)):
        for name in names:
            value = given.get(name)
            if value is not None and not (_NUMBER.fullmatch(value) and float(value) <= most):
                report.error("attribute.value", element, attribute=name, value=value)
    for name, values in (
        ("localeFilterType", ("include", "exclude")),
        ("locQualityIssueEnabled", ("yes", "no")),
    ):
        if given.get(name, values[0]) not in values:
            report.error("attribute.value", element, attribute=name, value=given[name])
    for one, others in _EXCLUSIVE:
        for other in others:
            if one in given and other in given:
                report.error("its.exclusive", element, attribute=one, other=other)
    if ("taSource" in given) != ("taIdent" in given):
        report.error("its.needed", element, attribute="taSource", wanted="taIdent")


def _marker(element: Element, given: Mapping[str, str], report: Report, *, module: bool) -> None:
    kind = element.attributes.get("type")
    if (module or _GENERIC & given.keys()) and kind not in {None, "its:generic"}:
        report.error("its.type", element)
    for key, value in element.attributes.items():
        if short(key) == "itsm:lang" and not LANGUAGE.fullmatch(value):
            report.error("attribute.value", element, attribute="itsm:lang", value=value)


def _issues(element: Element, ref: str, report: Report) -> None:
    unit = next((one for one in element.ancestors() if short(one.tag) == "xlf:unit"), None)
    ids = {
        "#its=" + one.attributes.get(XML + "id", "")
        for one in (unit.elements() if unit is not None else ())
        if short(one.tag) == "its:locQualityIssues"
    }
    if ref not in ids:
        report.error("fragment.nothing", element, ref=ref)


def _element(element: Element, name: str, given: Mapping[str, str], report: Report) -> None:
    if (
        name == "its:locQualityIssue"
        and not {
            "locQualityIssueType",
            "locQualityIssueComment",
        }
        & given.keys()
    ):
        report.error("its.empty", element)
    if name == "its:provenanceRecord" and not set(_WHO) & given.keys():
        report.error("its.empty", element)
    if name in {"its:locQualityIssues", "its:provenanceRecords"} and element.parent is not None:
        alike = [
            one.attributes.get(XML + "id")
            for one in element.parent.elements()
            if short(one.tag) in {"its:locQualityIssues", "its:provenanceRecords"}
        ]
        id_ = element.attributes.get(XML + "id")
        if id_ is not None and alike.count(id_) > 1:
            report.error("id.duplicate", element, id=id_, within=element.parent.name)
