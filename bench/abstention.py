"""How often `ask` abstains where it should, and answers rightly where it can.

    python bench/abstention.py FOLDER [--fit]

FOLDER holds question sets in the form of SQuAD, anywhere below it: `cmrc2018_dev.json` and
`cmrc2018_trial.json` (repository ymcui/cmrc2018, folder squad-style-data; CC BY-SA 4.0),
`DRCD_dev.json` and `DRCD_test.json` (DRCKnowledgeTeam/DRCD; CC BY-SA 3.0), `xquad.zh.json`
(google-deepmind/xquad; CC BY-SA 4.0). None of their texts is kept.

Their paragraphs are dealt to two indexes. Every question is asked of both: one has its
paragraph, the other has not, but mostly has others of the same article, so what is not answered
there is nearly answered. Half of the paragraphs' questions fit the numbers of `core.asking.asking`
(`--fit`), the other half is reported. The sixty questions about the sample texts weigh ten
times in the fit, for the sets have neither titles of their own nor short questions.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs
from timing import table

import tianfu_sdk as tf
from tianfu_sdk.core.asking import asking
from tianfu_sdk.core.asking.asking import Measures
from tianfu_sdk.model.search import Hit, SearchDoc, SearchFilter
from tianfu_sdk.text import fold

_SETS = {
    "cmrc2018": ("cmrc2018_dev.json", "cmrc2018_trial.json"),
    "DRCD": ("DRCD_dev.json", "DRCD_test.json"),
    "xquad.zh": ("xquad.zh.json",),
}
_QUESTIONS = 1000
_HITS = 30
_LOOKED_AT = 10
_OFTEN = 10
_POINTS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8)
_ROOT = Path(__file__).parents[1]
_NAMES = ("covered", "ahead", "named")


@attrs.frozen
class Text:
    """What is searched."""

    id: str
    title: str
    body: str


@attrs.frozen
class Told:
    """What became of a question."""

    of: str
    answerable: bool
    fitted: bool
    hits: tuple[tuple[Measures, bool], ...]
    """Of the best documents: how it was measured, and whether it is the right one."""


def main() -> None:
    """Ask, fit if wanted, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--fit", action="store_true", help="fit the numbers of core.asking.asking anew"
    )
    options = parser.parse_args()
    told = [*_sets(options.folder), *_samples()]
    if options.fit:
        numbers = _fit(told)
        print({name: round(number, 2) for name, number in numbers.items()})
        sureness = lambda found: _sure(numbers, found)  # noqa: E731
    else:
        sureness = asking.sureness
    print(_report(told, sureness))


def _sets(folder: Path) -> Iterator[Told]:
    chance = random.Random(1)
    texts: list[Text] = []
    questions: list[tuple[str, str, str]] = []
    for name, files in _SETS.items():
        found = [question for file in files for question in _read(folder, name, file, texts)]
        chance.shuffle(found)
        questions += found[:_QUESTIONS]
    for half in (0, 1):
        kept = [text for number, text in enumerate(texts) if number % 2 == half]
        held = {text.id for text in kept}
        measured = _measured(kept, [question for _, question, _ in questions])
        for (name, _, right), hits in zip(questions, measured, strict=True):
            fitted = int(right.rpartition("-")[2]) // 2 % 2 == 0
            yield Told(name, right in held, fitted, tuple((m, id_ == right) for m, id_ in hits))


def _read(folder: Path, name: str, file: str, texts: list[Text]) -> Iterator[tuple[str, str, str]]:
    path = next(iter(sorted(folder.rglob(file))), None)
    if path is None:
        raise SystemExit(f"no {file} below {folder}; see `python bench/abstention.py --help`")
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            # Of the others a title is a running number, or is missing.
            title = article["title"] if name == "DRCD" else ""
            id_ = f"{name}-{len(texts)}"
            texts.append(Text(id_, title, paragraph["context"]))
            yield from ((name, one["question"], id_) for one in paragraph["qas"])


def _samples() -> Iterator[Told]:
    data = _ROOT / "src" / "tianfu_sdk" / "cli" / "demo" / "data" / "texts.jsonl"
    rows = [json.loads(line) for line in data.read_text("utf-8").splitlines()]
    texts = [
        Text(row["key"], f"{row['title']} {' '.join(row['keywords'])}", row["body"]) for row in rows
    ]
    given = _ROOT / "tests" / "services" / "asking" / "data" / "sample_questions.json"
    asked = json.loads(given.read_text("utf-8"))
    questions = [*asked["answered"], *((text, "") for text in asked["not_answered"])]
    measured = _measured(texts, [text for text, _ in questions])
    for (_, right), hits in zip(questions, measured, strict=True):
        yield Told("samples", bool(right), True, tuple((m, i in right.split()) for m, i in hits))


def _measured(texts: Sequence[Text], questions: Sequence[str]) -> list[list[tuple[Measures, str]]]:
    titles = {text.id: text.title for text in texts}
    docs = [
        SearchDoc(
            id=text.id,
            kind="resource",
            language="zh-Hans",
            text=fold(f"{text.title}\n{text.body}"),
        )
        for text in texts
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        tf.Hub.open(f"sqlite:///{folder}/sets.db", discover=False) as hub,
    ):
        store = hub._tools.store
        store.run(lambda tx: tx.search.index(docs), write=True)

        def ask(tx) -> list[list[tuple[Measures, str]]]:
            return [_one(tx.search.query, question, titles) for question in questions]

        return store.run(ask, write=False)


def _one(
    query: Callable[..., list[Hit]], question: str, titles: dict[str, str]
) -> list[tuple[Measures, str]]:
    tokens = asking.question_tokens(question)
    hits = query(tokens, SearchFilter(), _HITS)
    weights = asking.rarity(tokens, [hit.contributions for hit in hits])
    lead = asking.lead([hit.score for hit in hits])
    measured = []
    for hit in hits[:_LOOKED_AT]:
        if hit.score < asking.NEAR * hits[0].score:
            break
        title = fold(titles[hit.id])
        covered = asking.coverage(weights, dict.fromkeys(hit.contributions, 1.0))
        there = {token: 1.0 for token in hit.contributions if token in title}
        measured.append((asking.measures(covered, asking.coverage(weights, there), lead), hit.id))
    return measured


def _sure(numbers: dict[str, float], found: Measures) -> float:
    total = numbers["always"] + sum(numbers[name] * getattr(found, name) for name in _NAMES)
    return 1 / (1 + math.exp(-total))


def _fit(told: Sequence[Told]) -> dict[str, float]:
    """Fit a logistic regression of "the best document is right" by Newton's method."""
    rows = [
        (
            (1.0, *(getattr(one.hits[0][0], name) for name in _NAMES)),
            float(one.hits[0][1]),
            _OFTEN if one.of == "samples" else 1,
        )
        for one in told
        if one.fitted and one.hits
    ]
    size = len(_NAMES) + 1
    found = [0.0] * size
    for _ in range(30):
        slope = [0.0] * size
        curve = [[1e-6 * (i == j) for j in range(size)] for i in range(size)]
        for values, right, weight in rows:
            chance = 1 / (1 + math.exp(-sum(f * v for f, v in zip(found, values, strict=True))))
            for i in range(size):
                slope[i] += weight * (right - chance) * values[i]
                for j in range(size):
                    curve[i][j] += weight * chance * (1 - chance) * values[i] * values[j]
        found = [f + step for f, step in zip(found, _solved(curve, slope), strict=True)]
    return dict(zip(("always", *_NAMES), found, strict=True))


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda n: abs(rows[n][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for n in range(size):
            if n != i:
                share = rows[n][i] / rows[i][i]
                rows[n] = [a - share * b for a, b in zip(rows[n], rows[i], strict=True)]
    return [rows[i][size] / rows[i][i] for i in range(size)]


def _report(told: Sequence[Told], sureness: Callable[[Measures], float]) -> str:
    rows = []
    for point in _POINTS:
        row = [f"{point:g}"]
        for name in ("", *_SETS, "samples"):
            some = [
                one
                for one in told
                if one.of == name or (not name and one.of != "samples")
                if name == "samples" or not one.fitted
            ]
            row.append(_cell(some, point, sureness))
        rows.append(tuple(row))
    held = sum(not one.fitted for one in told) // 2
    note = (
        "Abstained from where the paragraph is not in the index / answered with the right one"
        f" first where it is, in percent. {held} questions that were not fitted, each asked both"
        " ways; samples: 20 questions that they do not answer, 40 that they do, all of them fitted."
    )
    return table("abstention", ("threshold", "all sets", *_SETS, "samples"), rows, note)


def _cell(told: Sequence[Told], point: float, sureness: Callable[[Measures], float]) -> str:
    abstained = right = 0
    without = [one for one in told if not one.answerable]
    having = [one for one in told if one.answerable]
    for one in without:
        abstained += all(sureness(found) < point for found, _ in one.hits)
    for one in having:
        first = next((ok for found, ok in one.hits if sureness(found) >= point), False)
        right += first
    return f"{100 * abstained / len(without):.0f} / {100 * right / len(having):.0f}"


if __name__ == "__main__":
    main()
