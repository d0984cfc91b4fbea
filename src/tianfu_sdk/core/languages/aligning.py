"""A source in sentences, and its translation beside it; what a new revision changes of that.

Sentences are the units of translation. What lies between them is kept, so that the
translation of a whole text is put together with the lines and paragraphs of its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

import attrs

from tianfu_sdk.core.languages.engine_runs import PROTECTED
from tianfu_sdk.model.content import Content
from tianfu_sdk.model.translation import SegmentState
from tianfu_sdk.model.translation_task import TaskSegment
from tianfu_sdk.text import LATIN, canonical_language, sentences

__all__ = ["FIELDS", "Piece", "aligned", "begun", "cut", "joined", "renewed", "source_texts"]

FIELDS = ("title", "summary", "body", "place", "address", "rumour", "disclaimer")
"""Fields of a content that are translated, where it has them."""

_SHADS = "།༎༏༑"
_STOP = re.compile("[.!?]['\"”’)\\]]*\\Z")
_LATIN = re.compile(f"['\"“‘(\\[]*[0-9{LATIN}]")
_ALIKE = 0.5
"""How alike a new sentence is to the old one that it replaces, at the least."""
_MANY = 10_000
"""Pairs up to which replaced sentences are compared each with each."""


@attrs.frozen
class Piece:
    """One sentence of a field, and what stands around it."""

    field: str
    text: str
    before: str = ""
    after: str = ""


def source_texts(content: Content) -> dict[str, str]:
    """Give the texts of a content that are translated, by field; blank ones are left out."""
    texts = {name: getattr(content, name, "") for name in FIELDS}
    return {name: text for name, text in texts.items() if text.strip()}


def cut(field: str, text: str) -> list[Piece]:
    """Cut a text into sentences, never amid an address, a tag or a placeholder.

    Args:
        field: Its name.
        text: Any text.

    Returns:
        Sentences in order, none blank; what stands before, between and after them gives the
        text again.
    """
    pieces: list[Piece] = []
    blank = ""
    for sentence in _sentences(text):
        inner = sentence.strip()
        if not inner:
            blank += sentence
            continue
        before, _, after = sentence.partition(inner)
        blank += before
        if pieces:
            pieces[-1] = attrs.evolve(pieces[-1], after=pieces[-1].after + blank)
            blank = ""
        pieces.append(Piece(field, inner, blank))
        blank = after
    if pieces:
        pieces[-1] = attrs.evolve(pieces[-1], after=pieces[-1].after + blank)
    return pieces


def _sentences(text: str) -> Iterator[str]:
    codes = PROTECTED.finditer(text)
    code = next(codes, None)
    held, done = "", 0
    for sentence in sentences(text):
        held += sentence
        done += len(sentence)
        while code and code.end() <= done:
            code = next(codes, None)
        if not code or done <= code.start():
            yield held
            held = ""


def begun(texts: Mapping[str, str]) -> tuple[TaskSegment, ...]:
    """Make the segments of a source that nobody has translated yet.

    Args:
        texts: By field, as `source_texts` gives them.

    Returns:
        All empty, but those without a letter, which are what they are in any language.
    """
    pieces = [piece for field, text in texts.items() for piece in cut(field, text)]
    return tuple(_fresh(piece, f"s{number}") for number, piece in enumerate(pieces, 1))


def _fresh(piece: Piece, id_: str) -> TaskSegment:
    made = TaskSegment(
        id=id_, field=piece.field, source=piece.text, before=piece.before, after=piece.after
    )
    if any(map(str.isalpha, piece.text)):
        return made
    return attrs.evolve(made, target=piece.text, state=SegmentState.TRANSLATED, origin="copied")


def aligned(
    texts: Mapping[str, str], translated: Mapping[str, str], *, state: SegmentState, person: str
) -> tuple[TaskSegment, ...]:
    """Lay a translation that was entered as a whole beside its source.

    Sentence by sentence where both have as many in a line, line by line where both have as
    many lines, and as one segment where nothing says what belongs to what.

    Args:
        texts: Of the source, by field.
        translated: Of the translation, by field; a field may be missing.
        state: Of the segments that are made.
        person: Who translated it.
    """
    made: list[TaskSegment] = []
    for field, text in texts.items():
        target = translated.get(field, "")
        pairs = _pairs(field, text, target) if target.strip() else ()
        for piece, said in pairs or ((piece, "") for piece in cut(field, text)):
            fresh = _fresh(piece, f"s{len(made) + 1}")
            if said:
                fresh = attrs.evolve(
                    fresh, target=said, state=state, origin="human", translator=person
                )
            made.append(fresh)
    return tuple(made)


def _pairs(field: str, text: str, target: str) -> Sequence[tuple[Piece, str]]:
    pieces, said = cut(field, text), cut(field, target)
    ours, theirs = _by_line(pieces), _by_line(said)
    if len(ours) != len(theirs):
        whole = text.strip()
        before, _, after = text.partition(whole)
        return [(Piece(field, whole, before, after), target.strip())]
    pairs: list[tuple[Piece, str]] = []
    for line, other in zip(ours, theirs, strict=True):
        if len(line) == len(other):
            pairs += zip(line, (piece.text for piece in other), strict=True)
        else:
            one = Piece(field, _together(line), line[0].before, line[-1].after)
            pairs.append((one, _together(other)))
    return pairs


def _by_line(pieces: Iterable[Piece]) -> list[list[Piece]]:
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        lines[-1].append(piece)
        if "\n" in piece.after or "\r" in piece.after:
            lines.append([])
    return [line for line in lines if line]


def _together(line: Sequence[Piece]) -> str:
    return "".join(piece.text + piece.after for piece in line[:-1]) + line[-1].text


def joined(segments: Iterable[TaskSegment], language: str) -> dict[str, str]:
    """Put the translations of segments together.

    Args:
        segments: Of one task.
        language: Of the translation; Tibetan and Latin script have a space between two
            sentences, where Chinese has none.

    Returns:
        Texts by field, in the order of the segments; an empty target leaves nothing.
    """
    spaced = canonical_language(language).partition("-")[0] in ("bo", "adx", "khg", "dz")
    texts: dict[str, str] = {}
    for one in segments:
        held = texts.get(one.field, one.before)
        latin = _STOP.search(held) and _LATIN.match(one.target)
        if latin or (spaced and held and held[-1] in _SHADS and one.target):
            held += " "
        texts[one.field] = held + one.target + one.after
    return texts


# A new revision.


def renewed(
    segments: Sequence[TaskSegment], texts: Mapping[str, str], numbered: int
) -> tuple[tuple[TaskSegment, ...], int]:
    """Give the segments of a new revision of the source.

    A sentence that is still there keeps its translation and its state, wherever it stands
    now; one that was changed keeps the translation, to be worked on, and says what the
    sentence was; one that is new is empty.

    Args:
        segments: Of the revision before.
        texts: Of the new revision, by field.
        numbered: Segments that ever were.

    Returns:
        The segments, and the number of those that ever were.
    """
    cuts = [piece for field, text in texts.items() for piece in cut(field, text)]
    pieces = _kept_together(cuts, segments)
    taken, left = _unchanged(segments, pieces)
    changed = _changed(segments, pieces, taken, left)
    made: list[TaskSegment] = []
    for place, piece in enumerate(pieces):
        kept, old = taken.get(place), changed.get(place)
        if kept is not None:
            made.append(_moved(segments[kept], piece))
        elif old is not None:
            made.append(_reworked(segments[old], piece))
        else:
            numbered += 1
            made.append(_fresh(piece, f"s{numbered}"))
    return tuple(made), numbered


def _kept_together(pieces: Sequence[Piece], segments: Iterable[TaskSegment]) -> list[Piece]:
    """Cut what was one segment of several sentences as it was before."""
    whole: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for one in segments:
        parts = cut(one.field, one.source)
        if len(parts) > 1:
            whole.setdefault((one.field, parts[0].text), []).append((len(parts), one.source))
    made: list[Piece] = []
    place = 0
    while place < len(pieces):
        first, end = pieces[place], place + 1
        for number, source in whole.get((first.field, first.text), ()):
            run = pieces[place : place + number]
            if _together(run) == source and run[-1].field == first.field:
                first = Piece(first.field, source, first.before, run[-1].after)
                end = place + number
                break
        made.append(first)
        place = end
    return made


def _unchanged(
    segments: Sequence[TaskSegment], pieces: Sequence[Piece]
) -> tuple[dict[int, int], set[int]]:
    """Find for new places the old ones with the same words; and what is left of the old."""
    old = [(one.field, one.source) for one in segments]
    new = [(piece.field, piece.text) for piece in pieces]
    taken: dict[int, int] = {}
    for a, b, size in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        taken.update({b + step: a + step for step in range(size)})
    left = set(range(len(old))) - set(taken.values())
    # A paragraph that was moved is no other text.
    elsewhere: dict[tuple[str, str], list[int]] = {}
    for place in sorted(left, reverse=True):
        elsewhere.setdefault(old[place], []).append(place)
    for place, key in enumerate(new):
        if place not in taken and elsewhere.get(key):
            taken[place] = elsewhere[key].pop()
            left.discard(taken[place])
    return taken, left


def _changed(
    segments: Sequence[TaskSegment],
    pieces: Sequence[Piece],
    taken: Mapping[int, int],
    left: set[int],
) -> dict[int, int]:
    """Find for new places the old sentence that was changed into it, in the same gap."""
    found: dict[int, int] = {}
    for new, old in _gaps(len(pieces), len(segments), taken):
        free = [place for place in old if place in left]
        few = len(new) * len(free) <= _MANY
        for step, place in enumerate(new):
            among = free if few else free[step : step + 1]
            best = max(
                (o for o in among if segments[o].field == pieces[place].field),
                key=lambda o: _alike(segments[o].source, pieces[place].text),
                default=None,
            )
            if best is None or _alike(segments[best].source, pieces[place].text) < _ALIKE:
                continue
            found[place] = best
            if few:
                free.remove(best)
    return found


def _gaps(new: int, old: int, taken: Mapping[int, int]) -> Iterator[tuple[list[int], list[int]]]:
    """Give runs of new places without an old one, with the old places of the same gap."""
    start, run = 0, []
    for place in range(new + 1):
        if place < new and place not in taken:
            run.append(place)
            continue
        end = taken.get(place, old)
        if run:
            yield run, list(range(start, end) if start <= end else range(old))
            run = []
        start = end + 1


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _moved(segment: TaskSegment, piece: Piece) -> TaskSegment:
    return attrs.evolve(segment, before=piece.before, after=piece.after)


def _reworked(segment: TaskSegment, piece: Piece) -> TaskSegment:
    changed = _moved(attrs.evolve(segment, source=piece.text, dismissed=()), piece)
    if not segment.target:
        return attrs.evolve(changed, version=segment.version + 1)
    return attrs.evolve(
        changed,
        state=min(segment.state, SegmentState.NEEDS_WORK, key=lambda state: state.rank),
        previous_source=segment.previous_source or segment.source,
        reviewer="",
        version=segment.version + 1,
    )
