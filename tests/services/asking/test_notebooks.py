"""What notebooks show: each text with its language, fonts that have its script, nothing raw."""

from xml.etree import ElementTree as ET

import pytest

from tianfu_sdk import testing
from tianfu_sdk.display import channel_html

BO = "ས་ཡོམ་རྒྱག་སྐབས།"
II = "ꆈꌠꁱꂷ"


@pytest.fixture
def office():
    hub = testing.hub()
    chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
    return hub.as_(chief.id), chief.organization


def cells(html):
    """Give text and language of the cells of a table."""
    root = ET.fromstring(html.replace("<br>", "<br/>"))  # noqa: S314 - ours
    return [("".join(one.itertext()), one.get("lang")) for one in root.iter("td")], root


def test_a_page_marks_each_text_with_its_language_and_escapes_it(office):
    me, org = office
    for language, title in (("bo", BO), ("ii", II), ("zh-Hans", "<b>地震</b> & “发展”")):
        me.resources.create(title=title, body=title, language=language, organization=org)
    found, root = cells(me.resources.find()._repr_html_())
    assert (BO, "bo") in found
    assert (II, "ii") in found
    assert ("<b>地震</b> & “发展”", "zh-Hans") in found
    assert ("510000", None) in found
    assert "'Noto Serif Tibetan'" in root.find("style").text
    assert "td:lang(bo){font-size:1.15em;line-height:1.9}" in root.find("style").text
    assert [one.text for one in root.iter("th")][:2] == ["id", "title"]


def test_a_long_text_is_not_cut_within_a_stack(office):
    me, org = office
    for length in range(76, 84):
        body = "ཀ" * length + "ྐྱུ" + "ཀ" * 20
        me.resources.create(title="ཀ", body=body, language="bo", organization=org)
    found, _ = cells(me.resources.find()._repr_html_())
    cut = [text for text, _ in found if text.endswith("…")]
    assert len(cut) == 8
    assert all(not text.endswith(("ྐ…", "ྐྱ…")) for text in cut)


def test_a_task_shows_source_and_translation_side_by_side(office):
    me, org = office
    made = me.resources.create(title="<地震>", body="先躲避。请走楼梯。", organization=org)
    me.resources.submit(made.id)
    other = me.accounts.create(organization=org)
    me.accounts.grant(other.id, ["*"], region="510000")
    me.as_(other.id).resources.approve(made.id)
    task = me.translations.begin(made.id, "bo")
    task = me.translations.enter(task.id, {"s2": f"{BO} <b>"})
    found, root = cells(task._repr_html_())
    assert found[:4] == [
        ("s1", None),
        ("<地震>", "zh-Hans"),
        ("", None),
        ("未翻译 empty", "zh-Hans"),
    ]
    assert found[5:7] == [("先躲避。", "zh-Hans"), (f"{BO} <b>", "bo")]
    assert all(one.get("dir") == "auto" for one in root.iter("td") if one.get("lang"))
    assert BO not in repr(task)
    found, _ = cells(me.translations.tasks()._repr_html_())
    assert (task.id, None) in found


def test_a_channel_has_the_same_fonts():
    assert "Noto Sans Yi" in channel_html([])
