"""XLIFF documents made from scratch, of version 2.1 or 1.2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.markup import escape, escape_value
from tianfu_sdk.formats.xliff.content import demand_writable
from tianfu_sdk.formats.xliff.contents import Meta, Note, Segment, Unit
from tianfu_sdk.formats.xliff.names import LANGUAGE, NMTOKEN
from tianfu_sdk.formats.xliff.states import demand_agreement, to_newer, to_older
from tianfu_sdk.model.translation import Code, CodeKind, Runs

__all__ = ["make"]

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NEWER = (
    '<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0"'
    ' xmlns:mda="urn:oasis:names:tc:xliff:metadata:2.0" version="2.1"'
)
_OLDER = '<xliff xmlns="urn:oasis:names:tc:xliff:document:1.2" version="1.2">\n'
_TYPES = frozenset({"fmt", "ui", "quote", "link", "image", "other"})
OPEN, CLOSE, ALONE = CodeKind.OPEN, CodeKind.CLOSE, CodeKind.STANDALONE


def make(
    units: Iterable[Unit], *, source: str, target: str, version: str = "2.1", original: str = ""
) -> bytes:
    """Make an XLIFF document for a translator.

    Notes, metadata and states of segments are written; matches and groups are not. A pair of
    codes that begins in one segment and ends in another is written as two isolated codes, and
    in 1.2 an annotation that crosses another pair is left out.

    Args:
        units: In order; those of one `file` follow one another.
        source: Language of the sources, BCP 47.
        target: Language of the targets, BCP 47.
        version: `2.1` or `1.2`. In 1.2 each segment of a unit that has several is a unit of
            its own, `unit.segment`.
        original: What the document was made from; the files' ids where it is empty.

    Returns:
        The document in UTF-8; `check` finds nothing wrong with it.

    Raises:
        Invalid: `xliff.version`; `xliff.empty`, there are no units, or one has no segment;
            `xliff.bad_id`, an id is empty, has a space or the like; `xliff.twice`, two units
            or segments have one; `xliff.contradiction`; `xliff.characters`;
            `text.bad_language`.
    """
    if version not in {"2.1", "1.2"}:
        raise Invalid("xliff.version", path="version", version=version)
    for path, language in (("source", source), ("target", target)):
        if not LANGUAGE.fullmatch(language):
            raise Invalid("text.bad_language", path=path, value=language[:40])
    given = list(units)
    if not given or not all(unit.segments for unit in given):
        raise Invalid("xliff.empty", path="units")
    _demand_ids(given)
    files: dict[str, list[Unit]] = {}
    for unit in given:
        files.setdefault(unit.file or "f1", []).append(unit)
    if version == "2.1":
        made = [_HEAD, f'{_NEWER} srcLang="{source}" trgLang="{target}">\n']
        for id_, members in files.items():
            made += _newer_file(id_, members, original)
    else:
        made = [_HEAD, _OLDER]
        for id_, members in files.items():
            about = f'source-language="{source}" target-language="{target}" datatype="plaintext"'
            made.append(f'  <file original="{_value(original or id_)}" {about}>\n    <body>\n')
            for unit in members:
                made += _older_unit(unit)
            made.append("    </body>\n  </file>\n")
    return "".join([*made, "</xliff>\n"]).encode()


def _demand_ids(units: Sequence[Unit]) -> None:
    seen: set[tuple[str, str, str]] = set()
    names: set[tuple[str, str]] = set()
    for unit in units:
        if (unit.file, unit.id) in names:
            raise Invalid("xliff.twice", path=unit.id)
        names.add((unit.file, unit.id))
        for place, segment in enumerate(unit.segments, 1):
            path = f"{unit.id}/{_written(segment) or place}"
            for id_ in (unit.id, _written(segment) or "1", unit.file or "f1"):
                if not NMTOKEN.fullmatch(id_):
                    raise Invalid("xliff.bad_id", path=path)
            key = (unit.file, unit.id, _written(segment) or f"#{place}")
            if key in seen:
                raise Invalid("xliff.twice", path=path)
            seen.add(key)
            demand_agreement(segment.target, segment.state, path)
            for text in (segment.source, segment.target or ()):
                for part in text:
                    demand_writable(part if isinstance(part, str) else part.data, path)


def _written(segment: Segment) -> str:
    """Give the id that is written, if any."""
    return "" if segment.id.startswith("#") else segment.id


def _value(text: str) -> str:
    demand_writable(text, "units")
    return escape_value(text)


def _text(text: str) -> str:
    demand_writable(text, "units")
    return escape(text)


def _attributes(**values: str) -> str:
    """Write attributes that are not empty; `_` at the end keeps a name from Python's."""
    return "".join(
        f' {name.strip("_").replace("__", ":")}="{_value(value)}"'
        for name, value in values.items()
        if value
    )


def _newer_file(id_: str, units: Sequence[Unit], original: str) -> Iterator[str]:
    about = _attributes(id=id_, original=original, xml__space="preserve")
    yield f"  <file{about}>\n"
    for unit in units:
        writer = _Newer(unit)
        body = "".join(writer.parts())
        translate = "" if unit.translate else "no"
        yield f"    <unit{_attributes(id=unit.id, name=unit.name, translate=translate)}>\n"
        yield from _metadata(unit.metadata)
        yield from _notes(unit.notes)
        if writer.data:
            yield "      <originalData>\n"
            for text, data in writer.data.items():
                yield f'        <data id="{data}">{_text(text)}</data>\n'
            yield "      </originalData>\n"
        yield f"{body}    </unit>\n"
    yield "  </file>\n"


def _metadata(metadata: Sequence[Meta]) -> Iterator[str]:
    categories: dict[str, list[Meta]] = {}
    for meta in metadata:
        categories.setdefault(meta.category, []).append(meta)
    if categories:
        yield "      <mda:metadata>\n"
        for category, members in categories.items():
            yield f"        <mda:metaGroup{_attributes(category=category)}>\n"
            for meta in members:
                type_ = _value(meta.type)
                yield f'          <mda:meta type="{type_}">{_text(meta.value)}</mda:meta>\n'
            yield "        </mda:metaGroup>\n"
        yield "      </mda:metadata>\n"


def _notes(notes: Sequence[Note]) -> Iterator[str]:
    if notes:
        yield "      <notes>\n"
        for note in notes:
            about = _attributes(
                id=note.id,
                category=note.category,
                appliesTo=note.applies_to,
                priority="" if note.priority == 1 else str(note.priority),
            )
            yield f"        <note{about}>{_text(note.text)}</note>\n"
        yield "      </notes>\n"


@attrs.define
class _Newer:
    """Writes the segments of a unit, and collects their original data."""

    unit: Unit
    data: dict[str, str] = attrs.field(factory=dict)
    """Ids of original data by what it is."""
    _ids: dict[tuple[int, str], str] = attrs.field(factory=dict)
    _taken: set[str] = attrs.field(factory=set)

    def parts(self) -> Iterator[str]:
        self._taken |= {_written(segment) for segment in self.unit.segments}
        for place, segment in enumerate(self.unit.segments):
            name = "ignorable" if segment.ignorable else "segment"
            state, sub = to_newer(segment.state) if not segment.ignorable else ("", "")
            yield f"      <{name}{_attributes(id=_written(segment), state=state, subState=sub)}>\n"
            yield f"        <source>{self._content(segment.source, place)}</source>\n"
            if segment.target:
                yield f"        <target>{self._content(segment.target, place)}</target>\n"
            yield f"      </{name}>\n"

    def _content(self, text: Runs, place: int) -> str:
        nested, partners = _pairs(text)
        running = False
        made = []
        for at, part in enumerate(text):
            if isinstance(part, str):
                made.append(escape(part))
                continue
            reorder = ""
            if not part.annotation:
                closes = part.kind is CLOSE and at in partners
                both = text[partners[at]] if closes else part
                fixed = isinstance(both, Code) and not both.can_reorder
                reorder = "" if not fixed else "no" if running or closes else "firstNo"
                running = running if closes else fixed
            other = text[partners[at]] if at in partners else None
            assert not isinstance(other, str)  # noqa: S101 - partners are codes
            id_ = self._id(part, place)
            made.append(self._code(part, other, id_, reorder, whole=at in nested))
        return "".join(made)

    def _id(self, code: Code, place: int) -> str:
        """Give an id that is unique in the unit: the code's own, if it is free."""
        key = (place, code.id)
        if key not in self._ids:
            wanted = code.id if NMTOKEN.fullmatch(code.id) else "c"
            made, number = wanted, 1
            while made in self._taken:
                made, number = f"{wanted}-{number}", number + 1
            self._taken.add(made)
            self._ids[key] = made
        return self._ids[key]

    def _ref(self, code: Code) -> str:
        return self.data.setdefault(code.data, f"d{len(self.data) + 1}") if code.data else ""

    def _code(self, code: Code, other: Code | None, id_: str, reorder: str, *, whole: bool) -> str:
        if code.annotation:
            return self._marker(code, id_, whole=whole)
        both = code if other is None or code.kind is OPEN else other
        fixed = "" if both.can_reorder else "no"
        hints = {
            "canCopy": fixed or ("" if both.can_copy else "no"),
            "canDelete": fixed or ("" if both.can_delete else "no"),
            "canReorder": reorder,
            "type": both.type if both.type in _TYPES else "",
        }
        # Original data stand on both ends of a pc or on none.
        if whole and other is not None and bool(code.data) == bool(other.data):
            if code.kind is CLOSE:
                return "</pc>"
            data = {"dataRefStart": self._ref(code), "dataRefEnd": self._ref(other)}
            shown = {"dispStart": code.shown, "dispEnd": other.shown}
            return f"<pc{_attributes(id=id_, **data, **shown, **hints)}>"
        about = _attributes(dataRef=self._ref(code), disp=code.shown, **hints)
        if code.kind is ALONE:
            return f'<ph id="{id_}"{about}/>'
        name = "sc" if code.kind is OPEN else "ec"
        if other is None:
            return f'<{name} id="{id_}"{about} isolated="yes"/>'
        return f'<{name} {"id" if code.kind is OPEN else "startRef"}="{id_}"{about}/>'

    def _marker(self, code: Code, id_: str, *, whole: bool) -> str:
        type_ = code.type if ":" in code.type or code.type == "term" else "tfk:mark"
        if code.kind is CLOSE:
            return "</mrk>" if whole else f'<em startRef="{id_}"/>'
        name, end = ("mrk", ">") if whole else ("sm", "/>")
        return f"<{name}{_attributes(id=id_, type=type_, value=code.shown)}{end}"


def _pairs(text: Runs) -> tuple[set[int], dict[int, int]]:
    """Find the places of codes that belong together, and which of them nest."""
    begun: list[tuple[int, str]] = []
    nested: set[int] = set()
    partners: dict[int, int] = {}
    crossed: set[int] = set()
    for place, part in enumerate(text):
        if isinstance(part, str) or part.kind is ALONE:
            continue
        if part.kind is OPEN:
            begun.append((place, part.id))
            continue
        at = next((n for n in reversed(range(len(begun))) if begun[n][1] == part.id), None)
        if at is None:
            continue
        inner = begun[at + 1 :]
        opened = begun.pop(at)[0]
        partners |= {opened: place, place: opened}
        crossed |= {one for one, _ in inner}
        if not inner and (opened not in crossed or part.annotation):
            nested |= {opened, place}
    return nested, partners


def _older_unit(unit: Unit) -> Iterator[str]:
    single = len(unit.segments) == 1
    if not single:
        yield f"      <group{_attributes(id=unit.id, resname=unit.name)}>\n"
    for place, segment in enumerate(unit.segments, 1):
        yield from _older_segment(unit, segment, place, single=single)
    if not single:
        yield "      </group>\n"


def _older_segment(unit: Unit, segment: Segment, place: int, *, single: bool) -> Iterator[str]:
    state, qualifier, approved = to_older(segment.state)
    about = _attributes(
        id=unit.id if single else f"{unit.id}.{_written(segment) or place}",
        resname=unit.name if single else "",
        translate="no" if segment.ignorable or not unit.translate else "",
        approved="yes" if approved else "",
        xml__space="preserve",
    )
    yield f"      <trans-unit{about}>\n        <source>{_older_content(segment.source)}</source>\n"
    if segment.target:
        how = _attributes(state=state, state__qualifier=qualifier).replace(
            ":qualifier", "-qualifier"
        )
        yield f"        <target{how}>{_older_content(segment.target)}</target>\n"
    if single or place == 1:
        for meta in unit.metadata:
            kind = _value(f"x-{meta.type}")
            group = _attributes(name=meta.category, purpose="information")
            yield f"        <context-group{group}>"
            yield f'<context context-type="{kind}">{_text(meta.value)}</context></context-group>\n'
        for note in unit.notes:
            how = _attributes(
                from_=note.category, annotates=note.applies_to, priority=str(note.priority)
            )
            yield f"        <note{how}>{_text(note.text)}</note>\n"
    yield "      </trans-unit>\n"


def _older_content(text: Runs) -> str:
    nested, partners = _pairs(text)
    made = []
    for place, part in enumerate(text):
        if isinstance(part, str):
            made.append(escape(part))
        elif part.annotation:
            mark = f"<mrk{_attributes(mtype=part.type or 'x-mark', mid=part.id)}>"
            # What crosses another pair cannot be said here.
            made.append("" if place not in nested else mark if part.kind is OPEN else "</mrk>")
        else:
            about = {"id": part.id}
            if part.kind is ALONE:
                name = "ph"
            elif place in partners:
                name = "bpt" if part.kind is OPEN else "ept"
                about["rid"] = part.id
            else:
                name = "it"
                about["pos"] = part.kind.value
            made.append(f"<{name}{_attributes(**about)}>{escape(part.data)}</{name}>")
    return "".join(made)
