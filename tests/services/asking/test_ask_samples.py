"""Questions about the sample texts that ship: forty that they answer, twenty that they do not, and
eighteen in other words than theirs."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from tianfu_sdk import codec
from tianfu_sdk.core.content.publishing import search_doc
from tianfu_sdk.core.places.regions import Levels
from tianfu_sdk.core.rows.keying import Placed
from tianfu_sdk.core.rows.kinds import RESOURCE
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.content import Resource, State
from tianfu_sdk.model.storage import Row
from tianfu_sdk.testing import CountingIds, FrozenClock

QUESTIONS = json.loads(
    Path(__file__).with_name("data").joinpath("sample_questions.json").read_text("utf-8")
)


@pytest.fixture(scope="module")
def asked():
    """The hub, and the key of each text by its id."""
    clock = FrozenClock()
    hub = Hub.open("memory:", clock=clock, ids=CountingIds(), discover=False)
    first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    lines = files("tianfu_sdk.cli.demo").joinpath("data/texts.jsonl").read_text("utf-8")
    texts = [json.loads(line) for line in lines.splitlines()]
    resources = [
        Resource(
            id=f"res_{text['key'][:40]}",
            version=1,
            title=text["title"],
            summary=text["summary"],
            body=text["body"],
            keywords=tuple(text["keywords"]),
            organization=first.organization,
            region="510000",
            state=State.PUBLISHED,
            published_at=clock.now(),
        )
        for text in texts
    ]
    placed = Placed(Levels("510000", "", ""), (first.organization,))

    def write(tx):
        rows = [Row(r.id, 0, codec.dumps(r), dict(RESOURCE.keys(r, placed))) for r in resources]
        tx.put("resource", rows)
        tx.search.index([search_doc("resource", r, hub._tools.regions()) for r in resources])

    hub._tools.store.run(write, write=True)
    yield hub, {r.id: text["key"] for r, text in zip(resources, texts, strict=True)}
    hub.close()


def test_what_the_samples_answer_is_answered_from_the_right_text(asked):
    hub, keys = asked
    missed = []
    for text, wanted in QUESTIONS["answered"]:
        found = [keys[answer.id] for answer in hub.ask(text, limit=3)]
        if not set(found) & set(wanted.split()):
            missed.append((text, found))
    assert len(missed) <= 1, missed


def test_what_is_asked_in_other_words_than_the_texts_use_is_answered(asked):
    hub, keys = asked
    missed = []
    for text, wanted in QUESTIONS["lay"]:
        found = [keys[answer.id] for answer in hub.ask(text, limit=2)]
        if wanted not in found:
            missed.append((text, found))
    assert len(missed) <= 1, missed


def test_what_they_do_not_answer_is_abstained_from(asked):
    hub, keys = asked
    told = {
        text: [keys[answer.id] for answer in answers]
        for text in QUESTIONS["not_answered"]
        if (answers := hub.ask(text))
    }
    # Of apples it is said there that they are grafted as other trees are.
    assert told.keys() <= {"苹果树怎么嫁接"}, told


def test_the_same_question_in_traditional_characters_has_the_same_answers(asked):
    hub, _ = asked
    plain = [answer.id for answer in hub.ask("高血压患者平时要注意什么")]
    assert [answer.id for answer in hub.ask("高血壓患者平時要注意什麼")] == plain != []
