"""Pictures of reports: they say what the report says, with fonts or without."""

import logging
import sys
import warnings

import attrs
import pytest

from tianfu_sdk import display
from tianfu_sdk.display import lettering
from tianfu_sdk.errors import Invalid, PluginError
from tianfu_sdk.model.sms import CampaignState, MessageState
from tianfu_sdk.model.sms_report import SmsFigure, SmsReport


def report(*figures, **reasons):
    by_state, by_language = {}, {}
    for one in figures:
        by_state[one.state.value] = by_state.get(one.state.value, 0) + one.messages
        by_language[one.language] = by_language.get(one.language, 0) + one.messages
    return SmsReport(
        campaign="cmp_1",
        state=CampaignState.SENT,
        planned=30,
        by_state=by_state,
        by_language=by_language,
        parts=30,
        cost=1350,
        by_reason=reasons,
        figures=figures,
        names={"510100": "成都市", "513200": "阿坝藏族羌族自治州"},
    )


def figure(prefecture, state, messages, language="zh-Hans"):
    return SmsFigure(
        region=prefecture,
        province="510000" if prefecture else "",
        prefecture=prefecture,
        language=language,
        state=MessageState.of(state, "state"),
        messages=messages,
    )


FIGURES = (
    figure("510100", "delivered", 17),
    figure("510100", "failed", 2),
    figure("513200", "delivered", 5, "bo"),
    figure("513200", "unknown", 1, "ii"),
    figure("", "queued", 5),
)


@pytest.fixture(params=["installed", "none"])
def fonts(request, monkeypatch, extra):
    extra("matplotlib")
    if request.param == "none":
        monkeypatch.setattr(lettering, "FONTS", ("No Such Font", "DejaVu Sans"))
    for cached in (lettering.fonts, lettering.characters):
        cached.cache_clear()
    yield request.param
    for cached in (lettering.fonts, lettering.characters):
        cached.cache_clear()


def texts(axes):
    return [text.get_text() for text in axes.texts]


def names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_a_picture_says_the_numbers_of_the_report(fonts, tmp_path, caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        drawn = display.plot(report(*FIGURES))
        drawn.savefig(tmp_path / "report.png")
        drawn.savefig(tmp_path / "report.svg")
    assert caplog.records == []
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")
    regions, states, languages = drawn.axes
    assert texts(regions) == ["19", "6", "5"]
    assert texts(states) == ["22", "5", "1", "2"]
    assert texts(languages) == ["24", "5", "1"]
    if fonts == "none":
        assert names(regions) == ["510100", "513200", "no region"]
        assert names(states) == ["delivered", "queued", "unknown", "failed"]
        assert names(languages) == ["zh-Hans", "bo", "ii"]
        assert "planned 30" in drawn.get_suptitle()
    widths = sum(bar.get_width() for bar in regions.patches)
    assert widths == 30


def test_many_regions_are_summed_behind_the_largest(fonts):
    rows = [figure(f"51{number:02}00", "accepted", 100 - number) for number in range(1, 31)]
    regions = display.plot(report(*rows)).axes[0]
    assert len(names(regions)) == 22
    assert names(regions)[-1].endswith("(9)")
    assert texts(regions)[-1] == str(sum(100 - number for number in range(22, 31)))


@pytest.mark.usefixtures("fonts")
def test_reasons_and_labels_in_english():
    found = {"bad_recipient": 2, "MK:0001": 7, "opted_out": 1}
    drawn = display.plot(report(*FIGURES, **found), language="en")
    regions, states, _, reasons = drawn.axes
    assert regions.get_title() == "By region"
    assert names(regions) == ["510100", "513200", "no region"]
    assert names(states) == ["delivered", "queued", "unknown", "failed"]
    assert names(reasons) == ["MK:0001", "bad recipient", "opted_out"]
    assert texts(reasons) == ["7", "2", "1"]


def test_there_is_no_picture_of_anything_else():
    with pytest.raises(Invalid):
        display.plot({"delivered": 1})


@pytest.mark.usefixtures("fonts")
def test_levels_and_reports_of_nothing(tmp_path):
    display.plot(report()).savefig(tmp_path / "empty.png")
    provinces = display.plot(report(*FIGURES), level="province").axes[0]
    assert texts(provinces) == ["25", "5"]
    two = (FIGURES[0], attrs.evolve(FIGURES[2], province="540000"))
    assert len(texts(display.plot(report(*two)).axes[0])) == 2
    with pytest.raises(Invalid, match="level"):
        display.plot(report(*FIGURES), level="street")


def test_pyplot_is_left_alone(fonts):
    before = "matplotlib.pyplot" in sys.modules
    display.plot(report(*FIGURES))
    assert ("matplotlib.pyplot" in sys.modules) is before


def test_what_is_missing_is_named_with_how_to_install_it(monkeypatch):
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PluginError) as caught:
        display.plot(report(*FIGURES))
    assert caught.value.code == "extra.missing"
    assert caught.value.hint == "pip install 'tianfu-sdk[plot]'"
