"""What may be wrong with the translation of a segment: placeholders, numbers, marks, script.

An error keeps a document from being approved, unless a person has found that it is none;
a warning is shown to whoever approves.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tianfu_sdk.core.languages.patterns import ADDRESS, MARKUP, SLOT
from tianfu_sdk.model.translation import SegmentState
from tianfu_sdk.model.translation_task import TaskSegment, TextProblem
from tianfu_sdk.text import canonical_language, script_of, sms_parts, tibetan_slips

__all__ = [
    "RULES",
    "check_parts",
    "check_segment",
    "check_segments",
    "check_texts",
    "errors_of",
]

_Span = tuple[int, int]

_SLOT = re.compile(SLOT)
_MARKUP = re.compile(MARKUP + r"|!?\[(?=[^\]]*\]\()")
_URL = re.compile(ADDRESS)
_PHONE = re.compile(
    r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8}|400[- ]?\d{3}[- ]?\d{4})(?!\d)"
)
_DATE = re.compile(r"(?<!\d)(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2}))?(?!\d)")
_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_END = re.compile(r"([。！？!?.．…；;：:]|[།༎༏༑༔]+)[\s”’」』）》)\"']*$")
_TIBETAN_GROUP = frozenset({"bo", "adx", "khg", "dz"})
_SHADS = "།༎༏༑༔"
_WITHOUT_SHAD = "ཀག"
"""Letters after which a shad is left out."""
_SAME_END = {"。": "stop", ".": "stop", "．": "stop", "…": "more"} | {
    "！": "exclaim",
    "!": "exclaim",
    "？": "ask",
    "?": "ask",
    "；": "half",
    ";": "half",
    "：": "colon",
    ":": "colon",
}
_SCRIPTS = {**dict.fromkeys(_TIBETAN_GROUP, "Tibt"), "ii": "Yiii", "zh": "Hani"}
_OWN = frozenset({"check.script", "check.orphan_mark"})
"""Errors that a text has by itself."""
_FOREIGN = 0.3
"""Share of another script's letters from which a text is not in its language."""


def check_segments(segments: Iterable[TaskSegment], target: str) -> tuple[TextProblem, ...]:
    """Check the translations of segments; empty ones are problems too.

    Args:
        segments: Of one task.
        target: Language of the translation, BCP 47.

    Returns:
        Problems in the order of the segments; those that a person dismissed are left out.
    """
    return tuple(
        problem
        for one in segments
        for problem in check_segment(one, target)
        if problem.code not in one.dismissed
    )


def errors_of(problems: Iterable[TextProblem]) -> tuple[TextProblem, ...]:
    """Give those that keep a document from being approved."""
    return tuple(problem for problem in problems if problem.severity == "error")


def check_segment(segment: TaskSegment, target: str) -> Iterator[TextProblem]:
    """Check one segment, whatever was dismissed; see `RULES`."""
    target = canonical_language(target)
    if segment.state is SegmentState.EMPTY or not segment.target.strip():
        yield _problem(segment, "check.empty", "error")
        return
    if segment.origin == "copied":
        return
    for code, (severity, find) in RULES.items():
        for values, spans in find(segment.source, segment.target, target):
            yield _problem(segment, code, severity, spans, **values)


def check_texts(
    field: str, source: str, target: str, language: str, *, sms: bool = True
) -> tuple[TextProblem, ...]:
    """Check a text as a whole against the one that it says in another language.

    Args:
        field: Of which they are.
        source: The text that was translated; empty: there is none.
        target: Its translation.
        language: Of the translation, BCP 47.
        sms: They are sent as SMS, so their length is looked at.

    Returns:
        Problems, as of a segment that is named as the field.
    """
    segment = TaskSegment(
        id=field, field=field, source=source or target, target=target, state=SegmentState.TRANSLATED
    )
    found = [one for one in check_segment(segment, language) if source or one.code in _OWN]
    if not any(map(str.isalpha, _SLOT.sub("", target))):
        found = [one for one in found if one.code != "check.script"]
    return (*found, *(check_parts(segment, source, target) if sms and source else ()))


def check_parts(segment: TaskSegment, source: str, target: str) -> Iterator[TextProblem]:
    """Say where a translation takes more SMS than its source: each of them is paid for.

    Args:
        segment: That the problem is shown at.
        source: The whole text.
        target: Its whole translation.
    """
    ours, theirs = len(sms_parts(source)), len(sms_parts(target))
    if theirs > ours:
        units = len(target.encode("utf-16-le", "surrogatepass")) // 2
        values: dict[str, str | int] = {"parts": theirs, "units": units, "source_parts": ours}
        yield _problem(segment, "check.sms_parts", "warning", (), **values)


def _problem(
    segment: TaskSegment,
    code: str,
    severity: str,
    spans: tuple[_Span, ...] = (),
    **values: str | int,
) -> TextProblem:
    return TextProblem(
        code=code,
        severity=severity,
        segment=segment.id,
        field=segment.field,
        spans=spans,
        values=values,
    )


_Found = Iterator[tuple[dict[str, str | int], tuple[_Span, ...]]]


def _digits(text: str) -> str:
    """Write all decimal digits as 0 to 9, at their places."""
    return "".join(
        str(unicodedata.decimal(c)) if not c.isascii() and c.isdecimal() else c for c in text
    )


def _differing(pattern: re.Pattern[str], source: str, target: str) -> _Found:
    """Find what both texts must have equally often."""
    ours, theirs = (Counter(m[0] for m in pattern.finditer(t)) for t in (source, target))
    missing, extra = (ours - theirs).total(), (theirs - ours).total()
    if missing or extra:
        more = theirs - ours
        spans = tuple(m.span() for m in pattern.finditer(target) if more[m[0]])
        yield {"missing": missing, "extra": extra}, spans


def _placeholder(source: str, target: str, _: str) -> _Found:
    return _differing(_SLOT, source, target)


def _markup(source: str, target: str, _: str) -> _Found:
    return _differing(_MARKUP, source, target)


def _url(source: str, target: str, _: str) -> _Found:
    return _differing(_URL, source, target)


def _phone(source: str, target: str, _: str) -> _Found:
    ours, theirs = _phones(source), _phones(target)
    missing, extra = (ours - theirs).total(), (theirs - ours).total()
    if missing or extra:
        spans = tuple(m.span() for m in _PHONE.finditer(_digits(target)))
        yield {"missing": missing, "extra": extra}, spans


def _phones(text: str) -> Counter[str]:
    return Counter(re.sub("[- ]", "", m[0]) for m in _PHONE.finditer(_digits(text)))


def _dates(text: str) -> Counter[tuple[int, ...]]:
    found = (m.groups() for m in _DATE.finditer(_digits(text)))
    return Counter(tuple(int(part) for part in parts if part) for parts in found)


def _numbers(text: str) -> Counter[str]:
    plain = _PHONE.sub(" ", _URL.sub(" ", _SLOT.sub(" ", _digits(text))))
    return Counter(_canonical(m[0]) for m in _NUMBER.finditer(plain))


def _canonical(number: str) -> str:
    whole, _, part = number.replace(",", "").partition(".")
    return f"{int(whole)}.{part}" if part.strip("0") else str(int(whole))


def _date(source: str, target: str, _: str) -> _Found:
    numbers = set(_numbers(target))
    lost = [day for day in _dates(source) if not {str(part) for part in day} <= numbers]
    if lost:
        yield {"missing": len(lost)}, ()


def _number(source: str, target: str, _: str) -> _Found:
    of_dates = Counter(str(part) for day in _dates(source).elements() for part in day)
    ours, theirs = _numbers(source), _numbers(target)
    missing, extra = (ours - of_dates) - theirs, theirs - ours
    if missing or extra:
        spans = tuple(
            m.span() for m in _NUMBER.finditer(_digits(target)) if extra[_canonical(m[0])]
        )
        yield {"missing": missing.total(), "extra": extra.total()}, spans


def _end(text: str, language: str) -> str:
    """Name the kind of mark that a text ends with; empty for none."""
    found = _END.search(text)
    if found is None:
        tibetan = language.partition("-")[0] in _TIBETAN_GROUP
        return "stop" if tibetan and text.rstrip("་༌ ")[-1:] in _WITHOUT_SHAD else ""
    if found[1][0] in _SHADS:
        return "stop"
    return _SAME_END.get(found[1], "")


def _end_mark(source: str, target: str, language: str) -> _Found:
    ours, theirs = _end(source, "zh"), _end(target, language)
    tibetan = language.partition("-")[0] in _TIBETAN_GROUP
    # A shad ends clauses, questions, exclamations and titles too.
    if ours != theirs and not (tibetan and theirs == "stop"):
        yield {"wanted": ours or "-", "found": theirs or "-"}, ((len(target), len(target)),)


def _shares(text: str) -> Counter[str]:
    bare = _MARKUP.sub(" ", _URL.sub(" ", _SLOT.sub(" ", text)))
    return Counter(script for script in map(script_of, bare) if script != "Zyyy")


def _script(source: str, target: str, language: str) -> _Found:
    wanted = "" if "-x-" in language else _SCRIPTS.get(language.partition("-")[0], "")
    if not wanted:
        return
    found = _shares(target)
    others = sum(count for script, count in found.items() if script not in (wanted, "Latn"))
    native = found[wanted]
    if others > _FOREIGN * (native + others) or (not native and not _only_borrowed(source)):
        yield {"language": language}, ()


def _only_borrowed(source: str) -> bool:
    return not any(script in ("Hani", "Tibt", "Yiii") for script in _shares(source))


def _mixed(_: str, target: str, language: str) -> _Found:
    """Find letters of a script that is not the language's, where the text is in it at large."""
    wanted = "" if "-x-" in language else _SCRIPTS.get(language.partition("-")[0], "")
    foreign = {"Hani", "Tibt", "Yiii"} - {wanted}
    spans = tuple(
        (place, place + 1)
        for place, character in enumerate(target)
        if wanted and script_of(character) in foreign
    )
    if spans:
        yield {"count": len(spans)}, spans


def _unchanged(source: str, target: str, _: str) -> _Found:
    if source == target and not _only_borrowed(source):
        yield {}, ()


def _slips(code: str) -> Callable[[str, str, str], _Found]:
    def find(_: str, target: str, __: str) -> _Found:
        spans = tuple((one.start, one.end) for one in tibetan_slips(target) if one.code == code)
        if spans:
            yield {"count": len(spans)}, spans

    return find


def _normal(_: str, target: str, __: str) -> _Found:
    if not unicodedata.is_normalized("NFC", target):
        yield {}, ()


RULES: dict[str, tuple[str, Callable[[str, str, str], _Found]]] = {
    "check.placeholder": ("error", _placeholder),
    "check.markup": ("error", _markup),
    "check.url": ("error", _url),
    "check.phone": ("error", _phone),
    "check.script": ("error", _script),
    "check.orphan_mark": ("error", _slips("tibetan.orphan_mark")),
    "check.date": ("warning", _date),
    "check.number": ("warning", _number),
    "check.mixed_script": ("warning", _mixed),
    "check.end_mark": ("warning", _end_mark),
    "check.unchanged": ("warning", _unchanged),
    "check.double_tsheg": ("warning", _slips("tibetan.double_tsheg")),
    "check.mixed_tsheg": ("warning", _slips("tibetan.mixed_tsheg")),
    "check.mark_order": ("warning", _slips("tibetan.order")),
    "check.not_nfc": ("warning", _normal),
}
"""By code: how grave it is, and how it is found. Beside these `check.empty` is an error."""
