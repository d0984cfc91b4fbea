"""The command that measures answers: evaluate."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import click

from tianfu_sdk.cli.shared import as_json, db_option, echo_json, json_option, opened
from tianfu_sdk.core.asking.judging import MACRO
from tianfu_sdk.errors import Invalid
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.judging import QuestionSet
from tianfu_sdk.services.asking.judging import Compared, Measured, question_sets, read_set
from tianfu_sdk.settings import AskSettings

__all__ = ["evaluate"]

_SHOWN = 10
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_WORDS = {"all": True, "asked": False}


@attrs.frozen
class _Way:
    """How questions are asked."""

    ask: Mapping[str, Any]
    """Keys of the settings `[ask]`."""
    store: str = ""
    through: str = "ask"
    whole: bool = False


@click.command()
@db_option(required=False)
@json_option()
@click.option("--sets", multiple=True, type=_FOLDER, help="A folder of question sets, or one set.")
@click.option("--queries", multiple=True, type=_FILE, help="Questions: JSON lines, or tabs.")
@click.option("--qrels", multiple=True, type=_FILE, help="Judgements of the questions before.")
@click.option("--corpus", multiple=True, type=_FILE, help="Documents, instead of a store.")
@click.option("--with", "ways", multiple=True, metavar="KEY=VALUE", help="How to ask; see below.")
@click.option("--against", multiple=True, metavar="KEY=VALUE", help="Compare with another way.")
@click.option("--seed", default=7, show_default=True, help="Of the intervals.")
def evaluate(  # noqa: PLR0917 - options of a command
    db: str | None,
    as_json: bool,  # noqa: FBT001
    sets: tuple[Path, ...],
    queries: tuple[Path, ...],
    qrels: tuple[Path, ...],
    corpus: tuple[Path, ...],
    ways: tuple[str, ...],
    against: tuple[str, ...],
    seed: int,
) -> None:
    """Measure how well questions are answered: recall, MRR and nDCG at ten, with 95 % intervals.

    Without a corpus the store of --db is asked as `tianfu ask` does, and documents are its
    contents. With one, that alone is searched, in a file that goes afterwards.

    --with and --against take keys of the settings [ask], such as engine=tantivy or threshold=0.5;
    through=index (the search engine alone), words=all (questions whole), and, with a
    corpus, store=URL of an empty store, such as memory:.
    """
    given = _sets(sets, queries, qrels, corpus)
    found = _evaluated(given, db, _way(ways, "with"), seed)
    other = _evaluated(given, db, _way(against, "against"), seed) if against else None
    compared = found.against(other) if other is not None else None
    if as_json:
        echo_json(_plain(found, other, compared))
        return
    click.echo(repr(found))
    if other is not None and compared is not None:
        click.echo(f"\n--against {' '.join(against)}\n{other!r}\n\n{compared!r}")
        _show(compared, {(s.name, id_): t for s in given for id_, t in s.questions.items()})


def _sets(
    folders: Sequence[Path],
    queries: Sequence[Path],
    qrels: Sequence[Path],
    corpora: Sequence[Path],
) -> list[QuestionSet]:
    if len(queries) != len(qrels):
        raise click.UsageError("each --queries needs its --qrels")
    if corpora and len(corpora) != len(queries):
        raise click.UsageError("each --queries needs its --corpus, or none has one")
    if not folders and not queries:
        raise click.UsageError("name question sets: --sets FOLDER, or --queries and --qrels")
    given = [one for folder in folders for one in question_sets(folder)]
    for place, (questions, grades) in enumerate(zip(queries, qrels, strict=True)):
        texts = corpora[place] if corpora else None
        given.append(read_set(questions.stem, questions, grades, texts))
    return list(_named_apart(given))


def _named_apart(given: Sequence[QuestionSet]) -> Iterator[QuestionSet]:
    """Give sets that have the name of one before another: figures go by it."""
    names = {MACRO} if len(given) > 1 else set()
    for of in given:
        also = (f"{of.name}-{number}" for number in itertools.count(2))
        name = next(one for one in itertools.chain([of.name], also) if one not in names)
        names.add(name)
        yield attrs.evolve(of, name=name)


def _way(said: Sequence[str], option: str) -> _Way:
    ask: dict[str, Any] = {}
    way = _Way(ask)
    for one in said:
        key, divided, value = one.partition("=")
        if key == "store" and value:
            way = attrs.evolve(way, store=value)
        elif key == "through" and value in {"ask", "index"}:
            way = attrs.evolve(way, through=value)
        elif key == "words" and value in _WORDS:
            way = attrs.evolve(way, whole=_WORDS[value], through="index")
        elif divided and key in {field.name for field in attrs.fields(AskSettings)}:
            ask[key] = _value(value)
        else:
            raise Invalid("evaluate.bad_way", path=option, value=one[:40])
    return way


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _evaluated(given: Sequence[QuestionSet], db: str | None, way: _Way, seed: int) -> Measured:
    with _opened(given, db, way) as hub:
        return hub.evaluate(given, through=way.through, whole=way.whole, seed=seed)


@contextmanager
def _opened(given: Sequence[QuestionSet], db: str | None, way: _Way) -> Iterator[Hub]:
    more: dict[str, Any] = {"ask": dict(way.ask)} if way.ask else {}
    if any(one.corpus is None for one in given):
        if not db:
            raise click.UsageError("a set without a corpus needs a store: --db, or TIANFU_DB")
        if way.store:
            raise click.UsageError("store=URL is for sets with a corpus: --db has the contents")
        with opened(db, **more) as hub:
            yield hub
        return
    with tempfile.TemporaryDirectory() as folder:
        url = way.store or f"sqlite:///{Path(folder, 'corpus.db').as_posix()}"
        with opened(url, make=True, **more) as hub:
            yield hub


def _plain(found: Measured, other: Measured | None, compared: Compared | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "figures": as_json(list(found.figures)),
        "notes": list(found.notes),
        "questions": found.to_dicts(),
    }
    if other is not None and compared is not None:
        said["against"] = as_json(list(other.figures))
        said["differences"] = as_json(list(compared.figures))
        said["changed"] = compared.to_dicts()
    return said


def _show(compared: Compared, texts: Mapping[tuple[str, str], str]) -> None:
    """Print the questions that were gained and lost most."""
    won = [pair for pair in compared.pairs if pair[0].ndcg > pair[1].ndcg]
    lost = [pair for pair in reversed(compared.pairs) if pair[0].ndcg < pair[1].ndcg]
    for title, pairs in (("较好 / wins", won), ("较差 / losses", lost)):
        if not pairs:
            continue
        click.echo(f"\n{title}: {len(pairs)}")
        for one, two in pairs[:_SHOWN]:
            text = texts[one.set, one.question]
            click.echo(f"  {one.ndcg:.2f} {two.ndcg:.2f}  {one.set}/{one.question}  {text[:60]}")
        if len(pairs) > _SHOWN:
            click.echo("  … --json lists all")
