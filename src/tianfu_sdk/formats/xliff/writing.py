"""Translations put into a document: only their own bytes are replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.markup import XML, Element, Markup, building, escape_value
from tianfu_sdk.formats.xliff.content import Codes, write_content
from tianfu_sdk.formats.xliff.contents import Contents, Key, Place, Target
from tianfu_sdk.formats.xliff.states import demand_agreement, to_newer, to_older
from tianfu_sdk.model.translation import Runs, SegmentState
from tianfu_sdk.text.masks import Unmasked, compare, runs, unmask

__all__ = ["changed"]

_ATTRIBUTE = re.compile(r"(\s+)([^\s=/>]+)(\s*=\s*)(\"[^\"]*\"|'[^']*')")
_Edits = dict[tuple[int, int], str]


def changed(document: Contents, targets: Mapping[Key, Target], language: str | None) -> bytes:
    """Write a document with other translations; see `Document.with_targets`."""
    older = document.version.startswith("1.")
    if language and document.target and language.lower() != document.target.lower():
        raise Invalid(
            "xliff.other_language", path="language", found=document.target, wanted=language
        )
    wanted = document.target or language
    by_unit: dict[str, list[Place]] = {}
    for (_, unit, _), place in document.places.items():
        by_unit.setdefault(unit, []).append(place)
    edits: _Edits = {}
    with building():
        for key, target in targets.items():
            place, path = _find(document, by_unit, key)
            text = _checked(place, target, path)
            if text and wanted is None:
                raise Invalid("xliff.no_target_language", path="language")
            if text == (place.segment.target or ()) and target.state is place.segment.state:
                continue
            job = _Job(document.markup, place, text, target.state, wanted or "", older, path)
            edits |= job.edits()
        if edits and document.target is None and language:
            edits |= _language(document.markup, language, older=older)
        return document.markup.spliced([(*span, new) for span, new in edits.items()])


def _find(document: Contents, by_unit: Mapping[str, list[Place]], key: Key) -> tuple[Place, str]:
    parts = (key,) if isinstance(key, str) else tuple(key)
    path = "/".join(parts)
    match parts:
        case (file, unit, segment):
            one = document.places.get((file, unit, segment))
            found = [] if one is None else [one]
        case (unit, segment):
            found = [one for one in by_unit.get(unit, ()) if one.segment.id == segment]
        case _:
            found = [one for one in by_unit.get(parts[0], ()) if not one.segment.ignorable]
    if not found:
        raise Invalid("xliff.unknown_segment", path=path)
    if len(found) > 1:
        raise Invalid("xliff.ambiguous", path=path)
    return found[0], path


def _checked(place: Place, target: Target, path: str) -> Runs:
    """Give the words and codes of a new target, if nothing is wrong with them."""
    segment = place.segment
    if isinstance(target.text, str):
        back = unmask(target.text, segment.masked)
    else:
        back = compare(segment.source, runs(target.text))
    if back.runs:
        _demand_codes(back, path, leave_out=target.leave_out)
    demand_agreement(back.runs, target.state, path)
    return back.runs


def _demand_codes(back: Unmasked, path: str, *, leave_out: bool) -> None:
    missing = [code for code in back.left_out if not code.annotation and not leave_out]
    for why, codes in (
        ("lost", [*back.lost, *missing]),
        ("doubled", back.doubled),
        ("crossed", [code for code in back.crossed if not code.annotation]),
    ):
        if codes:
            raise Invalid("xliff.codes", path=path, why=why, id=codes[0].id)


def _language(markup: Markup, language: str, *, older: bool) -> _Edits:
    name = "target-language" if older else "trgLang"
    holders = markup.root.elements() if older else [markup.root]
    return {
        (one.start, markup.tag_end(one)): _with(markup.start_tag(one), {name: language})
        for one in holders
        if name not in one.attributes
    }


def _with(tag: str, values: Mapping[str, str | None]) -> str:
    """Give a start tag with some attributes set, or taken away where the value is None."""
    left = dict(values)

    def one(found: re.Match[str]) -> str:
        space, name, equals, _ = found.groups()
        if name not in left:
            return found[0]
        value = left.pop(name)
        return "" if value is None else f'{space}{name}{equals}"{escape_value(value)}"'

    kept = _ATTRIBUTE.sub(one, tag)
    new = "".join(
        f' {name}="{escape_value(value)}"' for name, value in left.items() if value is not None
    )
    end = -2 if kept.endswith("/>") else -1
    head = kept[:end].rstrip() if new else kept[:end]
    return head + new + kept[end:]


@attrs.frozen(eq=False)
class _Job:
    """One segment that is given another target."""

    markup: Markup
    place: Place
    text: Runs
    state: SegmentState
    language: str
    older: bool
    path: str

    def edits(self) -> _Edits:
        """Say which bytes are replaced by what."""
        markup, target = self.markup, self.place.target
        made = self._holder()
        if not self.text:
            if target is not None:
                made[self._before(target), markup.end(target)] = ""
            return made
        codes = Codes(markup, self.place.unit, self.place.codes)
        content = write_content(self.text, codes, self.path, older=self.older)
        if target is None:
            at = self._after_source()
            tag = self._tag(f"<{self._prefix()}target>")
            made[at, at] = f"{self._indent()}{tag}{content}</{self._prefix()}target>"
            return made
        tag = self._tag(markup.start_tag(target))
        inner = markup.inner(target)
        if inner is None:
            name = tag[1:].partition("/")[0].split()[0]
            opened = tag[:-2].rstrip() + ">"
            made[target.start, markup.end(target)] = f"{opened}{content}</{name}>"
        else:
            made[target.start, inner[1]] = tag + content
        return made

    def _holder(self) -> _Edits:
        """Set the state where the segment says it; what says it already stays as it is."""
        if self.state is self.place.segment.state:
            return {}
        if self.older:
            approved = "yes" if self.state is SegmentState.APPROVED else None
            values: dict[str, str | None] = {"approved": approved}
        elif self.place.segment.ignorable:
            return {}
        else:
            state, sub = to_newer(self.state)
            values = {"state": state or None, "subState": sub or None}
        holder = self.place.holder
        tag = self.markup.start_tag(holder)
        new = _with(tag, values)
        return {} if new == tag else {(holder.start, self.markup.tag_end(holder)): new}

    def _tag(self, tag: str) -> str:
        """Give the start tag of the target, with what has to stand in it."""
        values: dict[str, str | None] = {}
        if self.place.target is None:
            values |= self._inherited()
        if self.older and self.state is not self.place.segment.state:
            state, qualifier, _ = to_older(self.state)
            values |= {"state": state or None, "state-qualifier": qualifier or None}
        return _with(tag, values)

    def _inherited(self) -> dict[str, str | None]:
        """Give attributes without which a new target would be taken for something else."""
        source = self.place.source.attributes
        made: dict[str, str | None] = {}
        if XML + "space" in source:
            made["xml:space"] = source[XML + "space"]
        around = next(
            (
                one.attributes[XML + "lang"]
                for one in self.place.holder.ancestors()
                if XML + "lang" in one.attributes
            ),
            source.get(XML + "lang") if self.older else None,
        )
        if around is not None and around.lower() != self.language.lower():
            made["xml:lang"] = self.language
        return made

    def _prefix(self) -> str:
        return self.markup.start_tag(self.place.source)[1:].partition("source")[0]

    def _after_source(self) -> int:
        later = [one for one in self.place.holder.elements() if one.name == "seg-source"]
        return self.markup.end(later[0] if later else self.place.source)

    def _indent(self) -> str:
        """Give the line end and white space that stand before the source, if they do."""
        text = self.markup.space_before(self.place.source.start)
        return text if "\n" in text else ""

    def _before(self, target: Element) -> int:
        """Give where the white space before the target begins."""
        return target.start - len(self.markup.space_before(target.start))
