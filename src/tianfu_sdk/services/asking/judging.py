"""The desk that measures how well questions are answered (检索评测)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from tianfu_sdk.core import policy
from tianfu_sdk.core.asking import judging
from tianfu_sdk.core.asking.asking import question_tokens
from tianfu_sdk.core.asking.judging import DEPTH
from tianfu_sdk.core.rows.kinds import CONTENT, kind_of
from tianfu_sdk.core.searching.candidates import MOST_HITS
from tianfu_sdk.errors import Invalid, NotFound, Unsupported
from tianfu_sdk.formats.question_sets import read_corpus, read_grades, read_questions
from tianfu_sdk.model.checks import demand_type
from tianfu_sdk.model.judging import Difference, Figures, Judged, QuestionSet
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.ports.search import FollowerSearch
from tianfu_sdk.ports.storage import Tx
from tianfu_sdk.services.asking.answers import public_of
from tianfu_sdk.services.asking.ask import Ask
from tianfu_sdk.services.desk.finding import demand_fit
from tianfu_sdk.services.desk.page import Frames
from tianfu_sdk.services.desk.work import Desk, Work
from tianfu_sdk.text import fold, query_tokens

__all__ = ["Compared", "Judging", "Measured", "evaluate", "question_sets", "read_set"]

_FIGURES = ("recall", "mrr", "ndcg")
_QUESTION_FILES = ("queries.jsonl", "queries.tsv", "questions.jsonl", "questions.tsv")
_GRADE_FILES = ("qrels.tsv", "qrels.txt", "qrels/test.tsv", "qrels/dev.tsv")
_CORPUS = "corpus.jsonl"
_THROUGH = ("ask", "index")
_AT_ONCE = 500
_Search = Callable[[str], Iterable[str]]
_Query = Callable[[Sequence[str], SearchFilter, int], list[Hit]]
_ALL = SearchFilter()


class Measured(Frames):
    """What became of every question of some sets; iterating gives them one by one.

    Args:
        judged: Set by set.
        seed: Of the bootstrap that the intervals are by.
    """

    def __init__(self, judged: Sequence[Judged], *, seed: int = 7) -> None:
        self.judged = tuple(judged)
        self.figures: tuple[Figures, ...] = tuple(judging.figures(judged, seed=seed))
        """Means of each set, and over the sets last where there are several (`macro`)."""
        self._seed = seed

    def __iter__(self) -> Iterator[Judged]:
        return iter(self.judged)

    def __len__(self) -> int:
        return len(self.judged)

    def __getitem__(self, name: str) -> Figures:
        """Give the figures of a set; raises `NotFound` (`evaluate.unknown_set`)."""
        for one in self.figures:
            if one.set == name:
                return one
        names = ", ".join(one.set for one in self.figures)
        raise NotFound("evaluate.unknown_set", path="set", name=str(name)[:40], names=names)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to look at before the figures are believed: answers that cannot be found at all."""
        absent: dict[str, list[str]] = {}
        for one in self.judged:
            absent.setdefault(one.set, []).extend(one.absent)
        return tuple(
            f"{name}: {len(ids)} documents that answer are not there to be found, such as {ids[0]}"
            for name, ids in absent.items()
            if ids
        )

    def against(self, other: Measured) -> Compared:
        """Compare with another way of searching, question by question.

        Args:
            other: The same questions, searched another way.

        Raises:
            Invalid: `evaluate.other_questions`; `field.type`, it is no evaluation.
        """
        demand_type(other, Measured, "other")
        found = judging.differences(self.judged, other.judged, seed=self._seed)
        theirs = {(one.set, one.question): one for one in other.judged}
        pairs = [(one, theirs[one.set, one.question]) for one in self.judged]
        return Compared(found, pairs)

    def __repr__(self) -> str:
        rows = [
            (one.set, one.questions, *(getattr(one, f) for f in _FIGURES)) for one in self.figures
        ]
        told = _lines(("set", "questions", "recall@10", "MRR@10", "nDCG@10"), rows)
        return "\n".join((told, *self.notes))

    def _repr_html_(self) -> str:
        return _preformatted(repr(self))


class Compared(Frames):
    """Two ways of searching side by side; iterating gives the questions that they differ in.

    Args:
        figures: By set.
        pairs: Each question by the first way, and by the second.
    """

    def __init__(
        self, figures: Sequence[Difference], pairs: Sequence[tuple[Judged, Judged]]
    ) -> None:
        self.figures = tuple(figures)
        """Of each set, and over the sets last where there are several (`macro`)."""
        differ = [pair for pair in pairs if pair[0].ndcg != pair[1].ndcg]
        self.pairs = tuple(sorted(differ, key=lambda pair: pair[1].ndcg - pair[0].ndcg))
        """What the first does better, by how much, down to what it does worse."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for one, other in self.pairs:
            yield {
                "set": one.set,
                "question": one.question,
                "ndcg": one.ndcg,
                "against": other.ndcg,
                "found": list(one.found),
                "found_against": list(other.found),
            }

    def __len__(self) -> int:
        return len(self.pairs)

    def __repr__(self) -> str:
        head = ("set", "recall@10", "MRR@10", "nDCG@10", "p", "wins", "losses", "ties")
        rows = [
            (
                one.set,
                *(_signed(getattr(one, name)) for name in _FIGURES),
                f"{one.p:.3f}",
                *(one.wins, one.losses, one.ties),
            )
            for one in self.figures
        ]
        return _lines(head, rows)

    def _repr_html_(self) -> str:
        return _preformatted(repr(self))


def evaluate(
    search: _Search, sets: QuestionSet | Iterable[QuestionSet], *, seed: int = 7
) -> Measured:
    """Measure any search: whatever takes a question and gives ids, best first.

    Args:
        search: Called once a question; ten ids count.
        sets: One or more; their corpora are the caller's business.
        seed: Of the intervals.

    Returns:
        Figures of each set with intervals, and of every question.

    Raises:
        Invalid: `evaluate.no_questions`, no question of a set has a document that answers it;
            `evaluate.same_name`, two sets have one name; `field.type`, a set or what the search
            gives is something else.
    """
    if not callable(search):
        raise Invalid("field.type", path="search", wanted="function", found=type(search).__name__)
    demand_type(seed, int, "seed")
    return Measured([one for of in _each(sets) for one in _judge(search, of)], seed=seed)


def question_sets(folder: str | Path, *, corpus: bool = True) -> list[QuestionSet]:
    """Read a folder of question sets, or a folder that is one, as BEIR lays them out.

    Args:
        folder: With `queries.jsonl` (or `.tsv`), `qrels.tsv` (or `.txt`, `qrels/test.tsv`) and
            perhaps `corpus.jsonl`; or with such folders in it.
        corpus: Whether corpora are read.

    Returns:
        The sets, each named after its folder, in the order of their names.

    Raises:
        Invalid: `evaluate.no_file`, `evaluate.bad_line`, `evaluate.twice`, `field.type`.
    """
    given: Any = folder
    if not isinstance(given, (str, Path)):
        found = type(given).__name__
        raise Invalid("field.type", path="folder", wanted="str | Path", found=found)
    place = Path(folder).resolve()
    inside = sorted(path for path in place.iterdir() if path.is_dir()) if place.is_dir() else []
    places = [path for path in (place, *inside) if _first(path, _QUESTION_FILES)]
    if not places:
        raise Invalid("evaluate.no_file", path=str(folder), wanted=_QUESTION_FILES[0])
    return [_in_folder(path, corpus=corpus) for path in places]


def read_set(name: str, queries: Path, qrels: Path, corpus: Path | None = None) -> QuestionSet:
    """Read a question set from its files."""
    texts = None
    if corpus is not None:
        with _opened(corpus) as lines:
            texts = dict(read_corpus(lines, path=str(corpus)))
    with _opened(queries) as lines:
        questions = read_questions(lines, path=str(queries))
    with _opened(qrels) as lines:
        relevant = read_grades(lines, path=str(qrels))
    return QuestionSet(name=name, questions=questions, relevant=relevant, corpus=texts)


class Judging(Desk):
    """Measure how well this hub answers; nothing is recorded. Anybody may."""

    def evaluate(
        self,
        sets: QuestionSet | Iterable[QuestionSet],
        *,
        through: str,
        whole: bool,
        seed: int,
    ) -> Measured:
        """Ask every question of some sets; see `Hub.evaluate`."""
        if through not in _THROUGH:
            choices = ", ".join(_THROUGH)
            raise Invalid("field.choice", path="through", value=through, choices=choices)
        demand_type(seed, int, "seed")
        judged: list[Judged] = []
        for of in _each(sets):
            if of.corpus is not None:
                judged += self._over_corpus(of, whole=whole)
            elif through == "ask":
                desk = Ask(self._tools, self._actor)
                there = self._read(lambda work, of=of: _public(work, of))  # type: ignore[misc]
                judged += _judge(lambda text, d=desk: _answered(d, text), of, there)  # type: ignore[misc]
            else:
                judged += self._over_index(of, whole=whole)
        return Measured(judged, seed=seed)

    def _over_index(self, of: QuestionSet, *, whole: bool) -> list[Judged]:
        engine = self._tools.engine()
        if engine is not None:
            # Nothing stands in for the engine that is measured, so that it is told.
            demand_fit(self._tools, engine)
        found = {text: self._ranked(text, whole=whole) for text in of.questions.values()}
        there = self._read(lambda work: _public(work, of))
        return _judge(found.__getitem__, of, there)

    def _ranked(self, text: str, *, whole: bool) -> list[str]:
        """Give the contents in the order of the engine; what nobody may read counts for none."""
        engine = self._tools.engine()
        found: list[str] = []
        for most in (DEPTH, MOST_HITS):
            if engine is None:
                hits, found = self._read(lambda work, n=most: _own(work, text, n, whole=whole))  # type: ignore[misc]
            else:
                hits = _hits(engine.query, text, most, whole=whole)
                found = self._read(lambda work, hits=hits: _contents(work, hits))  # type: ignore[misc]
            if len(found) >= DEPTH or len(hits) < most:
                break
        return found

    def _over_corpus(self, of: QuestionSet, *, whole: bool) -> list[Judged]:
        docs = [
            SearchDoc(id=id_, kind="resource", language="", text=fold(text))
            for id_, text in (of.corpus or {}).items()
        ]
        engine = self._tools.engine()
        if engine is not None:
            return _in_follower(engine, docs, of, whole=whole)
        judged: list[Judged] = []

        def body(tx: Tx) -> None:
            search = _engine(tx)
            if search.size():
                raise Invalid("evaluate.in_use", path="store")
            search.index(docs)
            judged[:] = _judge(lambda text: _ids(search.query, text, whole=whole), of)
            # Nothing of the corpus stays.
            raise _Undone

        with suppress(_Undone):
            self._tools.store.run(body, write=True)
        return judged


class _Undone(Exception):
    """Takes a transaction back that has done its work."""


def _in_follower(
    engine: FollowerSearch, docs: Sequence[SearchDoc], of: QuestionSet, *, whole: bool
) -> list[Judged]:
    if engine.mark() is not None:
        raise Invalid("evaluate.in_use", path="ask.engine")
    engine.rebuild(docs)
    try:
        return _judge(lambda text: _ids(engine.query, text, whole=whole), of)
    finally:
        engine.rebuild([])


def _answered(desk: Ask, text: str) -> list[str]:
    return [answer.id for answer in desk.look(text)[0].answers]


def _each(sets: QuestionSet | Iterable[QuestionSet]) -> list[QuestionSet]:
    given = [sets] if isinstance(sets, QuestionSet) else list(sets)
    # The mean over several has a name, too.
    names = {judging.MACRO} if len(given) > 1 else set()
    for of in given:
        judging.demand_set(of)
        if of.name in names:
            # Figures and differences go by set and question.
            raise Invalid("evaluate.same_name", path="sets", name=of.name[:40])
        names.add(of.name)
    if not given:
        raise Invalid("evaluate.no_questions", path="sets", questions=0, judged=0)
    return given


def _public(work: Work, of: QuestionSet) -> frozenset[str]:
    """Give those of the contents that were judged to answer that everybody may read."""
    by_kind: dict[str, list[str]] = {}
    for id_ in sorted({d for graded in of.relevant.values() for d, g in graded.items() if g > 0}):
        shelf = kind_of(id_)
        if shelf is not None and shelf.name in CONTENT:
            by_kind.setdefault(shelf.name, []).append(id_)
    found: set[str] = set()
    for kind, ids in by_kind.items():
        everybodys = policy.public(kind, work.now) or ()
        for start in range(0, len(ids), _AT_ONCE):
            where = (Where("id", "in", tuple(ids[start : start + _AT_ONCE])), *everybodys)
            query = Query(where=where, limit=_AT_ONCE, fields="keys")
            found.update(row.id for row in work.tx.find(kind, query))
    return frozenset(found)


def _engine(tx: Tx) -> Any:
    if tx.search is None:
        raise Unsupported("ask.no_search", path="store")
    return tx.search


def _ids(query: _Query, text: str, *, whole: bool) -> list[str]:
    return [hit.id for hit in _hits(query, text, DEPTH, whole=whole)]


def _hits(query: _Query, text: str, most: int, *, whole: bool) -> list[Hit]:
    tokens = query_tokens(text) if whole else question_tokens(text)
    return query(tokens, _ALL, most)


def _own(work: Work, text: str, most: int, *, whole: bool) -> tuple[list[Hit], list[str]]:
    hits = _hits(_engine(work.tx).query, text, most, whole=whole)
    return hits, _contents(work, hits)


def _contents(work: Work, hits: Sequence[Hit]) -> list[str]:
    """Give what everybody may read, contents instead of their translations: they were judged."""
    public = public_of(work, hits)
    return list(dict.fromkeys(public[hit.id].content for hit in hits if hit.id in public))


def _judge(search: _Search, of: QuestionSet, there: Collection[str] | None = None) -> list[Judged]:
    if of.corpus is not None:
        there = of.corpus.keys()
    judged = []
    for id_, text in of.questions.items():
        grades = of.relevant.get(id_, {})
        # What nothing answers tells nothing of an order.
        if any(grade > 0 for grade in grades.values()):
            found = _asked(search, text, f"{of.name}.questions.{id_}")
            judged.append(
                judging.judged(found, grades, question=id_, set_name=of.name, there=there)
            )
    if not judged:
        counts = len(of.questions), len(of.relevant)
        raise Invalid("evaluate.no_questions", path=of.name, questions=counts[0], judged=counts[1])
    return judged


def _asked(search: _Search, text: str, path: str) -> list[str]:
    try:
        given: Any = search(text)
    except Invalid as error:
        # Of hundreds of questions one wants to know which; what else is wrong is of none.
        if error.path == "text":
            error.path = path
        raise
    many = isinstance(given, Iterable) and not isinstance(given, str)
    found: list[Any] = list(given) if many else [given]
    wrong = [one for one in found if not many or not isinstance(one, str)]
    if wrong:
        shown = type(wrong[0]).__name__
        raise Invalid("field.type", path=path, wanted="list of ids", found=shown)
    return found


def _in_folder(place: Path, *, corpus: bool) -> QuestionSet:
    queries, qrels = _first(place, _QUESTION_FILES), _first(place, _GRADE_FILES)
    if queries is None or qrels is None:
        raise Invalid("evaluate.no_file", path=str(place), wanted=_GRADE_FILES[0])
    texts = place / _CORPUS
    return read_set(place.name, queries, qrels, texts if corpus and texts.exists() else None)


def _first(place: Path, names: Iterable[str]) -> Path | None:
    return next((place / name for name in names if (place / name).is_file()), None)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8") as lines:
            yield lines
    except OSError as error:
        raise Invalid("evaluate.no_file", path=str(path), wanted=path.name) from error
    except UnicodeDecodeError as error:
        raise Invalid("evaluate.not_utf8", path=str(path)) from error


def _signed(interval: Any) -> str:
    return f"{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def _lines(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    cells = [tuple(head), *(tuple(map(str, row)) for row in rows)]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip()
        for row in cells
    )


def _preformatted(text: str) -> str:
    import html

    return f"<pre>{html.escape(text)}</pre>"
