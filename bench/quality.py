"""How well engines answer the questions of three public sets, side by side.

    python bench/quality.py [FOLDER] [--sample N] [--joined]
    TIANFU_SETS=FOLDER python bench/run.py quality

FOLDER holds, anywhere below it, `cmrc2018_dev.json` and `cmrc2018_trial.json` (ymcui/cmrc2018, folder
squad-style-data; CC BY-SA 4.0), `DRCD_dev.json` and `DRCD_test.json` (DRCKnowledgeTeam/DRCD; CC BY-SA
3.0), and `xquad.zh.json` (google-deepmind/xquad; CC BY-SA 4.0); without one they are fetched from
GitHub. None of their texts is kept. Documents are paragraphs, of DRCD with their titles; what answers
a question is its own paragraph. Each set is searched over its own paragraphs, or with `--joined`
over those of all.

Baselines are what one would do without this library; they need the extra `bench`. PostgreSQL
and MariaDB are measured if `tianfu-storage-sql[tests]` and they are installed, tantivy if
`tianfu-search-tantivy` is.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import random
import re
import sqlite3
import tempfile
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs
import durable
from asking import open_hub
from timing import table

import tianfu_sdk as tf
from tianfu_sdk.core.asking.asking import question_tokens
from tianfu_sdk.model.judging import QuestionSet
from tianfu_sdk.model.search import SearchDoc, SearchFilter
from tianfu_sdk.services.asking.judging import Measured
from tianfu_sdk.text import convert, fold, query_tokens, tokens

_SETS = {
    "cmrc2018": ("cmrc2018_dev.json", "cmrc2018_trial.json"),
    "DRCD": ("DRCD_dev.json", "DRCD_test.json"),
    "xquad.zh": ("xquad.zh.json",),
}
_GITHUB = "https://raw.githubusercontent.com"
_HOMES = {
    "cmrc2018": f"{_GITHUB}/ymcui/cmrc2018/master/squad-style-data",
    "DRCD": f"{_GITHUB}/DRCKnowledgeTeam/DRCD/master",
    "xquad.zh": f"{_GITHUB}/google-deepmind/xquad/master",
}
_OTHER_SCRIPT = {"cmrc2018": "zh-Hant", "DRCD": "zh-Hans"}
_TOKENIZER = "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc'\""
_RUN = re.compile("[\u3400-\u9fff]+|[a-z0-9]+")
_STOP = frozenset("的了是在我有和就不也很着呢吗吧啊呀么与及或被把对从以为之其而于等个")
_ALL = SearchFilter()
_Search = Callable[[str], Iterable[str]]
_Opened = Callable[[Mapping[str, str]], contextlib.AbstractContextManager[_Search]]


def run(*, small: bool) -> str:
    """Measure all that is installed, on a tenth of the questions if small."""
    return report(os.environ.get("TIANFU_SETS", ""), sample=100 if small else 0, joined=False)


def report(folder: str, *, sample: int, joined: bool) -> str:
    """Measure and write the tables."""
    sets = [*_sets(folder, sample)]
    if joined:
        every = {f"{s.name} {id_}": text for s in sets for id_, text in s.corpus.items()}
        sets = [_joined(one, every) for one in sets]
    found = {name: _measured(opened, sets) for name, opened in _ways()}
    ours = found["SQLite"]
    rows = [
        (
            name,
            *(f"{said[of].ndcg.value:.4f}" for of in _SETS),
            *(f"{getattr(said['macro'], figure).value:.4f}" for figure in ("recall", "mrr")),
            str(said["macro"].ndcg),
            _beside(ours, said),
        )
        for name, said in found.items()
    ]
    sets_head = (f"{name} nDCG" for name in _SETS)
    head = ("way", *sets_head, "R@10", "MRR", "macro nDCG [95 %]", "SQLite +")
    number = sum(len(one.questions) for one in sets)
    note = (
        f"{number:,} questions; the last column: macro nDCG of SQLite less this way's, question by"
        f" question. Paragraphs: {'of all sets in one index' if joined else 'of each set alone'}."
    )
    parts = [table("Quality, three development sets", head, rows, note), _scripts(sets, ours)]
    return "\n".join(parts)


def _beside(ours: Measured, said: Measured) -> str:
    if ours is said:
        return ""
    macro = ours.against(said).figures[-1]
    return f"{macro.ndcg.value:+.4f} [{macro.ndcg.low:+.4f}, {macro.ndcg.high:+.4f}]"


def _scripts(sets: Sequence[QuestionSet], ours: Measured) -> str:
    """Ask what is written in one script in the other."""
    turned = [
        attrs.evolve(
            one,
            questions={
                id_: convert(text, _OTHER_SCRIPT[one.name]) for id_, text in one.questions.items()
            },
        )
        for one in sets
        if one.name in _OTHER_SCRIPT
    ]
    said = _measured(_embedded, turned)
    rows = [
        (name, target, *(f"{value:.4f}" for value in (same, other, same - other)))
        for name, target in _OTHER_SCRIPT.items()
        for same, other in [(ours[name].ndcg.value, said[name].ndcg.value)]
    ]
    head = ("documents", "questions turned to", "nDCG, same script", "other script", "lost")
    note = "On SQLite; questions turned as wholes, by phrases."
    return table("Questions in the other script", head, rows, note)


def _measured(opened: _Opened, sets: Sequence[QuestionSet]) -> Measured:
    judged = []
    for one in sets:
        with opened(one.corpus) as search:
            judged += tf.evaluate(search, one).judged
    return Measured(judged)


# Ways of searching.


def _ways() -> Iterator[tuple[str, _Opened]]:
    yield "FTS5, trigram", _full_text('tokenize="trigram"', str, _trigrams)
    yield "FTS5, bigrams", _full_text(_TOKENIZER, lambda text: " ".join(_pairs(text)), _pairs)
    if importlib.util.find_spec("tantivy") and importlib.util.find_spec("jieba"):
        yield "tantivy, jieba words", _tantivy(_jieba, _jieba)
        yield "tantivy, jieba words, stop list", _tantivy(_jieba, _kept)
    if importlib.util.find_spec("tantivy"):
        yield "tantivy, our tokens", _tantivy(tokens, question_tokens)
    yield "SQLite", _embedded
    yield "SQLite, questions whole", lambda corpus: _store(corpus, "sqlite", query_tokens)
    yield "memory", lambda corpus: _store(corpus, "memory:")
    if importlib.util.find_spec("tianfu_search_tantivy"):
        yield "tianfu-search-tantivy", _follower
    with durable.postgresql(fsync="off") as server:
        if server is not None:
            yield "PostgreSQL, GIN", _on(server.url("postgres"))
    with contextlib.suppress(ImportError), contextlib.ExitStack() as running:
        from tianfu_storage_sql import testing

        with contextlib.suppress(testing.NoServer):
            server = running.enter_context(testing.mariadb())
            yield "MariaDB, portable postings", _on(server.url("mysql"))


def _on(url: str) -> _Opened:
    """Search in the store of a server; each set takes the place of the one before."""
    return lambda corpus: _store(corpus, url)


def _embedded(corpus: Mapping[str, str]) -> contextlib.AbstractContextManager[_Search]:
    return _store(corpus, "sqlite")


@contextlib.contextmanager
def _store(
    corpus: Mapping[str, str], url: str, cut: Callable[[str], list[str]] = question_tokens
) -> Iterator[_Search]:
    with tempfile.TemporaryDirectory() as folder:
        if url == "sqlite":
            url = f"sqlite:///{Path(folder, 'set.db').as_posix()}"
        with open_hub(url) as hub:
            store, docs = hub._tools.store, _docs(corpus)
            store.run(lambda tx: tx.search.rebuild(docs), write=True)

            def search(text: str) -> list[str]:
                found = cut(text)
                hits = store.run(lambda tx: tx.search.query(found, _ALL, 10), write=False)
                return [hit.id for hit in hits]

            yield search


def _docs(corpus: Mapping[str, str]) -> list[SearchDoc]:
    return [
        SearchDoc(id=id_, kind="resource", language="", text=fold(text))
        for id_, text in corpus.items()
    ]


@contextlib.contextmanager
def _follower(corpus: Mapping[str, str]) -> Iterator[_Search]:
    import tianfu_search_tantivy as plugin

    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "ask": {"engine": "tantivy"},
            "backends": {"tantivy": {"path": str(Path(folder, "index"))}},
        }
        with tf.Hub.open("memory:", plugins=[plugin], settings=settings, discover=False) as hub:
            engine = hub._tools.engine()
            engine.rebuild(_docs(corpus))
            yield lambda text: [h.id for h in engine.query(question_tokens(text), _ALL, 10)]


def _full_text(
    tokenizer: str, index: Callable[[str], str], ask: Callable[[str], list[str]]
) -> _Opened:
    @contextlib.contextmanager
    def opened(corpus: Mapping[str, str]) -> Iterator[_Search]:
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            connection.execute(f"CREATE VIRTUAL TABLE f USING fts5(body, {tokenizer})")
            ids = list(corpus)
            rows = ((place, index(corpus[id_])) for place, id_ in enumerate(ids))
            connection.executemany("INSERT INTO f (rowid, body) VALUES (?, ?)", rows)
            text = "SELECT rowid FROM f WHERE f MATCH ? ORDER BY rank, rowid LIMIT 10"

            def search(question: str) -> list[str]:
                words = dict.fromkeys(ask(question))
                match = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
                found = connection.execute(text, (match,)) if match else ()
                return [ids[place] for (place,) in found]

            yield search

    return opened


def _trigrams(text: str) -> list[str]:
    text = "".join(text.split())
    return [text[place : place + 3] for place in range(len(text) - 2)]


def _pairs(text: str) -> list[str]:
    found: list[str] = []
    for run_ in _RUN.findall(text.lower()):
        whole = run_.isascii() or len(run_) == 1
        found += [run_] if whole else [run_[n : n + 2] for n in range(len(run_) - 1)]
    return found


def _jieba(text: str) -> list[str]:
    import jieba

    jieba.setLogLevel("ERROR")
    return [word for word in map(str.strip, jieba.cut(text)) if word]


def _kept(text: str) -> list[str]:
    words = _jieba(text)
    return [word for word in words if word not in _STOP and _RUN.search(word.lower())] or words


def _tantivy(index: Callable[[str], list[str]], ask: Callable[[str], list[str]]) -> _Opened:
    @contextlib.contextmanager
    def opened(corpus: Mapping[str, str]) -> Iterator[_Search]:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("id", stored=True, fast=True)
        builder.add_text_field(
            "body", tokenizer_name="whitespace", index_option="freq", stored=False
        )
        schema = builder.build()
        made = tantivy.Index(schema)
        writer = made.writer(64_000_000, 1)
        ids = list(corpus)
        for place, id_ in enumerate(ids):
            writer.add_document(tantivy.Document(id=place, body=" ".join(index(corpus[id_]))))
        writer.commit()
        made.reload()
        searcher = made.searcher()

        def search(question: str) -> list[str]:
            terms = [
                (tantivy.Occur.Should, tantivy.Query.term_query(schema, "body", word, "freq"))
                for word in dict.fromkeys(ask(question))
            ]
            hits = searcher.search(tantivy.Query.boolean_query(terms), 10, count=False).hits
            return [ids[searcher.doc(place)["id"][0]] for _, place in hits]

        yield search

    return opened


# Question sets.


def _sets(folder: str, sample: int) -> Iterator[QuestionSet]:
    for name, files in _SETS.items():
        corpus: dict[str, str] = {}
        questions: dict[str, str] = {}
        relevant: dict[str, dict[str, int]] = {}
        for file in files:
            for article in json.loads(_read(folder, name, file))["data"]:
                for paragraph in article["paragraphs"]:
                    id_ = f"p{len(corpus):05d}"
                    titled = f"{article['title']}\n" if name == "DRCD" else ""
                    corpus[id_] = titled + paragraph["context"]
                    for asked in paragraph["qas"]:
                        number = f"q{len(questions):05d}"
                        questions[number] = asked["question"]
                        relevant[number] = {id_: 1}
        if sample:
            chosen = random.Random(7).sample(sorted(questions), min(sample, len(questions)))
            questions = {number: questions[number] for number in chosen}
        yield QuestionSet(name=name, questions=questions, relevant=relevant, corpus=corpus)


def _joined(one: QuestionSet, every: Mapping[str, str]) -> QuestionSet:
    relevant = {
        number: {f"{one.name} {id_}": grade for id_, grade in grades.items()}
        for number, grades in one.relevant.items()
    }
    return attrs.evolve(one, corpus=every, relevant=relevant)


def _read(folder: str, name: str, file: str) -> str:
    if folder:
        return next(Path(folder).rglob(file)).read_text("utf-8-sig")
    with urllib.request.urlopen(f"{_HOMES[name]}/{file}", timeout=60) as reply:  # noqa: S310 - ours
        return reply.read().decode("utf-8-sig")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", default=os.environ.get("TIANFU_SETS", ""))
    parser.add_argument("--sample", type=int, default=0, help="questions of each set; 0: all")
    parser.add_argument("--joined", action="store_true", help="paragraphs of all sets in one index")
    options = parser.parse_args()
    print(report(options.folder, sample=options.sample, joined=options.joined))


if __name__ == "__main__":
    main()
