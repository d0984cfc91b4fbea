"""Tasks go out as XLIFF and come back: what was translated is taken, conflicts are listed."""

import pytest

from tianfu_sdk.core.languages.task_files import Conflict
from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats import xliff
from tianfu_sdk.formats.xliff import Target
from tianfu_sdk.model.translation import SegmentState

from .test_translation_tasks import SAID, Cast, code, states


@pytest.fixture
def cast(way):
    return Cast(way)


def edited(data, task, texts, state=SegmentState.TRANSLATED):
    """What a translator's program makes of a file."""
    document = xliff.parse(data)
    targets = {
        (task.id, task.segment(id_).field, id_): Target(text, state) for id_, text in texts.items()
    }
    return xliff.dump(document.with_targets(targets))


def test_a_task_goes_out_and_comes_back(cast):
    _, task = cast.begun(summary="请去{place}，见 <b>附件</b>。")
    data = cast.translator.translations.export_xliff(task.id)
    assert xliff.check(data) == []
    document = xliff.parse(data)
    assert (document.source, document.target) == ("zh-Hans", "bo")
    assert [unit.name for unit in document.units] == ["title", "summary", "body"]
    back = edited(data, task, {"s1": SAID["s1"], "s2": "{1/} {2/}བོད་ཡིག{3/}།"})
    seen = cast.translator.translations.import_xliff(back, dry_run=True)
    assert (seen.entered, seen.unchanged, seen.conflicts) == (2, 0, ())
    assert set(states(cast.translator.translations.task(task.id)).values()) == {"empty"}
    assert cast.translator.translations.import_xliff(back) == seen
    now = cast.translator.translations.task(task.id)
    assert now.segment("s2").target == "{place} <b>བོད་ཡིག</b>།"
    assert states(now)["s1"] == "translated"
    again = cast.translator.translations.import_xliff(back)
    assert (again.entered, again.unchanged) == (0, 2)


def test_what_stands_in_a_task_is_in_its_file_with_its_state(cast):
    _, task = cast.begun(title="{place}的地震")
    cast.translator.translations.enter(task.id, {"s1": "{place}བོད།", "s2": SAID["s2"]})
    cast.reviewer.translations.review(task.id, ["s2"])
    cast.reviewer.translations.return_(task.id, {"s1": "译名不统一"})
    data = cast.translator.translations.export_xliff(task.id)
    assert xliff.check(data) == []
    segments = {s.id: s for unit in xliff.parse(data).units for s in unit.segments}
    assert segments["s1"].state is SegmentState.NEEDS_WORK
    assert segments["s2"].state is SegmentState.REVIEWED
    assert segments["s1"].source[0].id == segments["s1"].target[0].id
    assert "译名不统一" in data.decode()


def test_no_file_says_that_anything_was_reviewed(cast):
    _, task = cast.begun()
    data = cast.translator.translations.export_xliff(task.id)
    approved = edited(data, task, {"s1": SAID["s1"]}, SegmentState.APPROVED)
    unfinished = edited(approved, task, {"s2": SAID["s2"]}, SegmentState.NEEDS_WORK)
    cast.translator.translations.import_xliff(unfinished)
    now = states(cast.translator.translations.task(task.id))
    assert (now["s1"], now["s2"]) == ("translated", "needs_work")


def test_conflicts_are_listed_and_left_and_the_rest_is_taken(cast):
    source, task = cast.begun()
    data = cast.translator.translations.export_xliff(task.id)
    back = edited(data, task, SAID)
    other = cast.person(["translate", "read"])
    other.translations.enter(task.id, {"s1": SAID["s2"]})
    cast.revised(source.id, body="地震时先躲在桌子下面。震后请快走楼梯。")
    report = cast.translator.translations.import_xliff(back)
    assert [(c.segment, c.reason) for c in report.conflicts] == [
        ("s1", "changed_meanwhile"),
        ("s3", "source_changed"),
        ("s4", "no_segment"),
    ]
    assert isinstance(report.conflicts[0], Conflict)
    assert all(c.line > 1 for c in report.conflicts)
    assert report.entered == 1
    now = cast.translator.translations.task(task.id)
    assert now.segment("s1").target == SAID["s2"]
    assert now.segment("s2").target == SAID["s2"]
    again = cast.translator.translations.import_xliff(back, overwrite=True)
    assert [c.reason for c in again.conflicts] == ["source_changed", "no_segment"]
    assert cast.translator.translations.task(task.id).segment("s1").target == SAID["s1"]


def test_a_file_of_an_older_version_replaces_nothing_that_stands_there(cast):
    _, task = cast.begun()
    data = cast.translator.translations.export_xliff(task.id, version="1.2")
    assert xliff.check(data) == []
    document = xliff.parse(data)
    keys = [(u.file, u.id, s.id) for u in document.units for s in u.segments]
    filled = document.with_targets({keys[0]: Target(SAID["s1"]), keys[1]: Target(SAID["s2"])})
    cast.translator.translations.enter(task.id, {"s1": SAID["s3"]})
    report = cast.translator.translations.import_xliff(xliff.dump(filled))
    assert [(c.segment, c.reason) for c in report.conflicts] == [("s1", "changed_meanwhile")]
    assert cast.translator.translations.task(task.id).segment("s2").target == SAID["s2"]


def test_several_tasks_in_one_document_are_taken_together_or_not_at_all(cast):
    _, first = cast.begun()
    _, second = cast.begun(title="洪水来了")
    desk = cast.translator.translations
    data = desk.export_xliff(first.id, second.id)
    both = edited(edited(data, first, {"s1": SAID["s1"]}), second, {"s1": "བ" * 20_001})
    assert code(desk.import_xliff, both) == "field.too_long"
    assert states(desk.task(first.id))["s1"] == "empty"
    yi = desk.begin(first.source, "ii")
    assert code(desk.export_xliff, first.id, yi.id) == "translation.languages"
    assert code(desk.export_xliff) == "xliff.empty"
    assert code(desk.export_xliff, first.id, first.id) == "xliff.twice"
    assert code(desk.export_xliff, "ttk_nothing") == "noun.unknown"
    assert code(cast.hub.translations.export_xliff, first.id) == "account.required"


def test_a_broken_file_or_a_stranger_enters_nothing(cast):
    _, task = cast.begun()
    desk = cast.translator.translations
    data = edited(desk.export_xliff(task.id), task, {"s1": SAID["s1"]})
    assert code(desk.import_xliff, b"<html>login</html>").startswith("xliff.")
    assert code(desk.import_xliff, data[:-20]).startswith("markup.")
    with pytest.raises(Invalid) as caught:
        desk.import_xliff(data.replace(b'trgLang="bo"', b""))
    assert caught.value.code == "xliff.invalid"
    assert caught.value.values["line"] > 1
    foreign = data.replace(task.id.encode(), b"ttk_another")
    assert code(desk.import_xliff, foreign) == "noun.unknown"
    assert code(cast.reviewer.translations.import_xliff, data) == "grant.missing"
    assert set(states(desk.task(task.id)).values()) == {"empty"}
