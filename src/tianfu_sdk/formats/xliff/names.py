"""The vocabulary of XLIFF 2: elements, attributes and values of core and modules, as data.

Source: OASIS, XLIFF Version 2.1 (2018), sections 4 and 5 and its schemas; XLIFF Version 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import attrs

__all__ = ["ELEMENTS", "MODULES", "NEWER", "PREFIXES", "VALUES", "Shape", "short"]

CORE = ("urn:oasis:names:tc:xliff:document:2.0", "urn:oasis:names:tc:xliff:document:2.2")
_OASIS = "urn:oasis:names:tc:xliff:"
MODULES: Mapping[str, str] = {
    CORE[0]: "xlf",
    CORE[1]: "xlf",
    _OASIS + "matches:2.0": "mtc",
    _OASIS + "glossary:2.0": "gls",
    _OASIS + "fs:2.0": "fs",
    _OASIS + "metadata:2.0": "mda",
    _OASIS + "resourcedata:2.0": "res",
    _OASIS + "changetracking:2.0": "ctr",
    _OASIS + "changetracking:2.1": "ctr",
    _OASIS + "sizerestriction:2.0": "slr",
    _OASIS + "validation:2.0": "val",
    _OASIS + "itsm:2.1": "itsm",
    _OASIS + "pgs:1.0": "pgs",
    "http://www.w3.org/2005/11/its": "its",
    "http://www.w3.org/XML/1998/namespace": "xml",
    "http://www.w3.org/2001/XMLSchema-instance": "xsi",
}
"""Namespaces by URI; the short name is also what fragment identifiers call them."""

PREFIXES: Mapping[str, str | None] = {
    **dict.fromkeys(("gls", "mtc", "res", "mda", "val", "slr", "fs", "ctr", "its", "pgs")),
    "tbx": "urn:iso:std:iso:30042:ed-1:v1:en",
}
"""Prefixes of fragment identifiers that are registered, and whose extension each is."""

_NAME = (
    "-.0-9:A-Z_a-z\u00b7\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u1fff\u200c\u200d"
    "\u203f\u2040\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd"
    "\U00010000-\U000effff"
)
NMTOKEN = re.compile(f"[{_NAME}]+")
_USER = re.compile(r"[^\s:]+:[^\s:]+")
# RFC 5646, section 2.1, with the tags that are older than it.
LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?"
    r"|x(?:-[a-z\d]{1,8})+|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)"
    r"|en-gb-oed|sgn-(?:be-fr|be-nl|ch-de)|art-lojban|cel-gaulish|no-(?:bok|nyn)"
    r"|zh-(?:guoyu|hakka|min|min-nan|xiang)",
    re.IGNORECASE,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HTML = _words(
    "a b bdo big blockquote body br button caption center cite code col colgroup dd del div dl dt "
    "em h1 h2 h3 h4 h5 h6 head hr html i img label legend li ol p pre q s samp select small span "
    "strike strong sub sup table tbody td tfoot th thead title tr tt u ul"
)


def _one_of(*values: str) -> Callable[[str], bool]:
    return frozenset(values).__contains__


def _matching(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


def _between(low: float, high: float) -> Callable[[str], bool]:
    number = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
    return lambda value: number.fullmatch(value) is not None and low <= float(value) <= high


def _nmtokens(value: str) -> bool:
    found = value.split()
    return bool(found) and all(NMTOKEN.fullmatch(part) for part in found)


def _custom(value: str) -> bool:
    return _USER.fullmatch(value) is not None and not value.startswith("xlf:")


def _sub_type(value: str) -> bool:
    return _USER.fullmatch(value) is not None and (
        not value.startswith("xlf:") or value[4:] in {"b", "i", "u", "lb", "pb", "var"}
    )


def _marker(value: str) -> bool:
    return value in {"generic", "comment", "term"} or _USER.fullmatch(value) is not None


VALUES: Mapping[str, Callable[[str], bool]] = {
    "text": lambda _: True,
    "nmtoken": _matching(NMTOKEN),
    "nmtokens": _nmtokens,
    "language": _matching(LANGUAGE),
    "yes-no": _one_of("yes", "no"),
    "reorder": _one_of("yes", "firstNo", "no"),
    "direction": _one_of("ltr", "rtl", "auto"),
    "space": _one_of("default", "preserve"),
    "preserve": _one_of("preserve"),
    "state": _one_of("initial", "translated", "reviewed", "final"),
    "applies": _one_of("source", "target"),
    "applies-mda": _one_of("source", "target", "ignorable"),
    "priority": _matching(re.compile(r"\+?0*(?:[1-9]|10)")),
    "positive": _matching(re.compile(r"\+?0*[1-9]\d*")),
    "hex": _matching(re.compile(r"(?:[0-9A-Fa-f]{2})+")),
    "custom": _custom,
    "sub-type": _sub_type,
    "code": _one_of("fmt", "ui", "quote", "link", "image", "other"),
    "marker": _marker,
    "match": _one_of("am", "mt", "icm", "idm", "tb", "tm", "other"),
    "percent": _between(0, 100),
    "normalization": _one_of("none", "nfc", "nfd"),
    "html": HTML.__contains__,
    "version": _one_of("2.0", "2.1", "2.2"),
}
"""What an attribute may hold, by the name that the tables below give it."""


@attrs.frozen
class Shape:
    """What an element may hold and say."""

    stages: tuple[tuple[frozenset[str], int, int | None], ...] = ()
    """Children in order: which, at least how many, at most; `*` is any other namespace."""
    text: bool = False
    needed: tuple[str, ...] = ()
    attributes: Mapping[str, str] = attrs.field(factory=dict)
    foreign: str = ""
    """Prefixes of the namespaces of further attributes; `*`: all."""


def _shape(
    stages: str = "", attributes: str = "", *, text: bool = False, foreign: str = ""
) -> Shape:
    """Read a shape: stages as `a|b+`, attributes as `name:value`, needed ones with `!`."""
    marks: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
    made = []
    for stage in stages.split():
        least, most = marks.get(stage[-1], (1, 1))
        names = stage if stage[-1] not in marks else stage[:-1]
        made.append((frozenset(names.split("|")), least, most))
    listed = [part.rsplit(":", 1) for part in attributes.split()]
    return Shape(
        tuple(made),
        text,
        tuple(name.removeprefix("!") for name, _ in listed if name.startswith("!")),
        {name.removeprefix("!"): value for name, value in listed},
        foreign,
    )


_INLINE = "xlf:cp|xlf:ph|xlf:pc|xlf:sc|xlf:ec|xlf:mrk|xlf:sm|xlf:em*"
_ALL = "* xml xsi"
_HINTS = (
    "canCopy:yes-no canDelete:yes-no canReorder:reorder copyOf:nmtoken subType:sub-type type:code"
)
_POINT = f"{_HINTS} dataRef:nmtoken disp:text equiv:text subFlows:nmtokens"
_MARKER = "!id:nmtoken translate:yes-no type:marker ref:text value:text"
_PLACED = "translate:yes-no canResegment:yes-no srcDir:direction trgDir:direction"
_OTHER = "any*"

ELEMENTS: Mapping[str, Shape] = {
    "xlf:xliff": _shape(
        "xlf:file+",
        "!version:version !srcLang:language trgLang:language xml:space:space",
        foreign=_ALL,
    ),
    "xlf:file": _shape(
        f"xlf:skeleton? {_OTHER} xlf:notes? xlf:unit|xlf:group+",
        f"!id:nmtoken original:text xml:space:space {_PLACED}",
        foreign=_ALL,
    ),
    "xlf:skeleton": _shape(_OTHER, "href:text", text=True),
    "xlf:group": _shape(
        f"{_OTHER} xlf:notes? xlf:unit|xlf:group*",
        f"!id:nmtoken name:text type:custom xml:space:space {_PLACED}",
        foreign=_ALL,
    ),
    "xlf:unit": _shape(
        f"{_OTHER} xlf:notes? xlf:originalData? xlf:segment|xlf:ignorable+",
        f"!id:nmtoken name:text type:custom xml:space:space {_PLACED}",
        foreign=_ALL,
    ),
    "xlf:segment": _shape(
        "xlf:source xlf:target?", "id:nmtoken canResegment:yes-no state:state subState:custom"
    ),
    "xlf:ignorable": _shape("xlf:source xlf:target?", "id:nmtoken"),
    "xlf:notes": _shape("xlf:note+"),
    "xlf:note": _shape(
        "",
        "id:nmtoken appliesTo:applies category:text priority:priority",
        text=True,
        foreign=_ALL,
    ),
    "xlf:originalData": _shape("xlf:data+"),
    "xlf:data": _shape("xlf:cp*", "!id:nmtoken dir:direction xml:space:preserve", text=True),
    "xlf:source": _shape(_INLINE, "xml:lang:language xml:space:space", text=True),
    "xlf:target": _shape(_INLINE, "xml:lang:language xml:space:space order:positive", text=True),
    "xlf:cp": _shape("", "!hex:hex"),
    "xlf:ph": _shape("", f"!id:nmtoken {_POINT}", foreign="fs slr"),
    "xlf:sc": _shape(
        "",
        f"!id:nmtoken {_POINT} canOverlap:yes-no dir:direction isolated:yes-no",
        foreign="fs slr",
    ),
    "xlf:ec": _shape(
        "",
        f"id:nmtoken startRef:nmtoken {_POINT} canOverlap:yes-no dir:direction isolated:yes-no",
        foreign="fs slr",
    ),
    "xlf:pc": _shape(
        _INLINE,
        f"!id:nmtoken {_HINTS} canOverlap:yes-no dir:direction dispStart:text dispEnd:text "
        "equivStart:text equivEnd:text dataRefStart:nmtoken dataRefEnd:nmtoken "
        "subFlowsStart:nmtokens subFlowsEnd:nmtokens",
        text=True,
        foreign="fs slr",
    ),
    "xlf:mrk": _shape(_INLINE, _MARKER, text=True, foreign="* xsi"),
    "xlf:sm": _shape("", _MARKER, foreign="* xsi"),
    "xlf:em": _shape("", "!startRef:nmtoken"),
    "mda:metadata": _shape("mda:metaGroup+", "id:nmtoken"),
    "mda:metaGroup": _shape(
        "mda:metaGroup|mda:meta+", "id:nmtoken category:text appliesTo:applies-mda"
    ),
    "mda:meta": _shape("", "!type:text", text=True),
    "gls:glossary": _shape("gls:glossEntry+"),
    "gls:glossEntry": _shape(
        f"gls:term gls:translation* gls:definition? {_OTHER}",
        "id:nmtoken ref:text",
        foreign=_ALL,
    ),
    "gls:term": _shape("", "source:text", text=True, foreign=_ALL),
    "gls:translation": _shape("", "id:nmtoken ref:text source:text", text=True, foreign=_ALL),
    "gls:definition": _shape("", "source:text", text=True, foreign=_ALL),
    "mtc:matches": _shape("mtc:match+"),
    "mtc:match": _shape(
        f"mda:metadata? xlf:originalData? xlf:source xlf:target {_OTHER}",
        "id:nmtoken !ref:text matchQuality:percent matchSuitability:percent similarity:percent "
        "origin:text reference:yes-no subType:custom type:match",
        foreign="* xsi",
    ),
    "res:resourceData": _shape("res:resourceItemRef* res:resourceItem*"),
    "res:resourceItemRef": _shape("", "id:nmtoken !ref:nmtoken", foreign=_ALL),
    "res:resourceItem": _shape(
        "res:source? res:target? res:reference*",
        "id:nmtoken mimeType:text context:yes-no",
        foreign=_ALL,
    ),
    "res:source": _shape(_OTHER, "href:text xml:lang:language", foreign=_ALL),
    "res:target": _shape(_OTHER, "href:text xml:lang:language", foreign=_ALL),
    "res:reference": _shape("", "!href:text xml:lang:language", foreign=_ALL),
    "slr:profiles": _shape(
        f"slr:normalization? {_OTHER}", "generalProfile:text storageProfile:text"
    ),
    "slr:normalization": _shape("", "general:normalization storage:normalization"),
    "slr:data": _shape(_OTHER, "!profile:text", foreign=_ALL),
    "val:validation": _shape("val:rule+", foreign=_ALL),
    "val:rule": _shape(
        "",
        "isPresent:text isNotPresent:text startsWith:text endsWith:text occurs:positive "
        "existsInSource:yes-no caseSensitive:yes-no normalization:normalization disabled:yes-no",
        foreign=_ALL,
    ),
    "ctr:changeTrack": _shape("ctr:revisions+", foreign=_ALL),
    "ctr:revisions": _shape(
        "ctr:revision+",
        "id:nmtoken !appliesTo:nmtoken ref:nmtoken currentVersion:nmtoken",
        foreign=_ALL,
    ),
    "ctr:revision": _shape(
        "ctr:item|ctr:simpleItem|ctr:contentItem|ctr:segmentItem|ctr:unitItem+",
        "id:nmtoken author:text datetime:text version:nmtoken checksum:text",
        foreign=_ALL,
    ),
    "ctr:item": _shape("", "id:nmtoken !property:text", text=True, foreign=_ALL),
    "its:locQualityIssues": _shape(
        "its:locQualityIssue+", "!xml:id:nmtoken version:text", foreign="its"
    ),
    "its:provenanceRecords": _shape(
        "its:provenanceRecord+", "!xml:id:nmtoken version:text", foreign="its"
    ),
}
"""Elements whose content is looked into, by short name."""

NEWER: Mapping[str, Shape] = {
    "xlf:xliff": attrs.evolve(
        ELEMENTS["xlf:xliff"],
        stages=(
            (frozenset({"xlf:notes"}), 0, 1),
            (frozenset({"mda:metadata"}), 0, 1),
            *ELEMENTS["xlf:xliff"].stages,
        ),
    ),
    "xlf:segment": attrs.evolve(ELEMENTS["xlf:segment"], foreign="pgs"),
    "xlf:note": attrs.evolve(
        ELEMENTS["xlf:note"], attributes={**ELEMENTS["xlf:note"].attributes, "ref": "text"}
    ),
    "res:resourceItem": attrs.evolve(
        ELEMENTS["res:resourceItem"],
        stages=((frozenset({"xlf:notes"}), 0, 1), *ELEMENTS["res:resourceItem"].stages),
    ),
}
"""What version 2.2 says otherwise."""

ATTRIBUTES: Mapping[str, Mapping[str, tuple[str, frozenset[str]]]] = {
    "fs": {
        name: (value, _words("file group unit note sc ec ph pc mrk sm"))
        for name, value in (("fs", "html"), ("subFs", "text"))
    },
    "slr": {
        "sizeRestriction": ("text", _words("file group unit mrk sm pc sc")),
        "storageRestriction": ("text", _words("file group unit mrk sm pc sc")),
        "equivStorage": ("text", _words("pc sc ec ph")),
        "sizeInfo": ("text", _words("file group unit pc sc ec ph")),
        "sizeInfoRef": ("nmtoken", _words("file group unit pc sc ec ph")),
    },
    "itsm": {
        "domains": ("text", _words("file group unit mrk sm match")),
        "lang": ("language", _words("file group unit mrk sm match")),
    },
    "pgs": {
        "switch": ("text", frozenset({"unit"})),
        "case": ("text", frozenset({"segment"})),
    },
}
"""Attributes of modules: what each may hold, and on which elements it stands."""

PLACES: Mapping[str, frozenset[str]] = {
    "mtc:matches": frozenset({"xlf:unit"}),
    "gls:glossary": frozenset({"xlf:unit"}),
    "mda:metadata": frozenset({"xlf:file", "xlf:group", "xlf:unit", "gls:glossEntry", "mtc:match"}),
    "res:resourceData": frozenset({"xlf:file", "xlf:unit"}),
    "slr:profiles": frozenset({"xlf:file"}),
    "slr:data": frozenset({"xlf:file", "xlf:group", "xlf:unit"}),
    "val:validation": frozenset({"xlf:file", "xlf:group", "xlf:unit"}),
    "ctr:changeTrack": frozenset({"xlf:file", "xlf:group", "xlf:unit"}),
    "its:locQualityIssues": frozenset({"xlf:unit"}),
    "its:provenanceRecords": frozenset({"xlf:file", "xlf:group", "xlf:unit", "mtc:match"}),
}
"""Which elements hold the outermost element of a module."""
SINGLE = frozenset(PLACES) - {"ctr:changeTrack", "its:locQualityIssues", "its:provenanceRecords"}
"""Of those, what an element holds once at most."""

_KNOWN: dict[str, str] = {}


def short(tag: str) -> str:
    """Give the short name of an element or attribute, such as `mtc:match`.

    Args:
        tag: As `Element.tag`.

    Returns:
        Prefix and name; `?:name` for an OASIS namespace that is no module's, `*:name` for any
        other; an attribute without a namespace as it is.
    """
    found = _KNOWN.get(tag)
    if found is None:
        space, _, name = tag.rpartition(" ")
        prefix = MODULES.get(space) or ("?" if space.startswith(_OASIS) else "*")
        found = name if not space else f"{prefix}:{name}"
        # Of strangers' names only so many are kept.
        if len(_KNOWN) < 10_000:  # noqa: PLR2004 - said above
            _KNOWN[tag] = found
    return found
