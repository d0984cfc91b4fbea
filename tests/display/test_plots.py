"""Pictures of reports."""

import pytest

from tianfu_sdk import display
from tianfu_sdk.display import plots
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.sms import CampaignState, SmsReport

REPORT = SmsReport(
    campaign="cmp_1",
    state=CampaignState.SENT,
    planned=10,
    by_state={"delivered": 7, "failed": 2, "dropped": 1},
    by_language={"zh-Hans": 10},
    parts=9,
    cost=405,
    by_region={"510302": {"delivered": 4}, "510303": {"delivered": 3, "failed": 2, "dropped": 1}},
    by_reason={"bad_recipient": 2, "opted_out": 1},
)


@pytest.mark.parametrize(("language", "title"), [("zh", "各地区短信状态"), ("en", "Messages by")])
def test_a_report_is_drawn_with_its_figures(extra, language, title):
    extra("matplotlib")
    if language == "zh" and not plots._font():
        pytest.skip("no font with Chinese characters: apt-get install fonts-wqy-microhei")
    figure = display.plot(REPORT, language=language)
    states, reasons = figure.axes
    assert states.get_title().startswith(title)
    assert [label.get_text() for label in states.get_yticklabels()] == [
        "全部" if language == "zh" else "all",
        "510303",
        "510302",
    ]
    widths = [bar.get_width() for bar in states.containers[0]]
    assert widths == [70.0, 50.0, 100.0]
    assert [bar.get_width() for bar in reasons.patches] == [2, 1]


def test_there_is_no_picture_of_anything_else():
    with pytest.raises(Invalid):
        display.plot({"delivered": 1})
