"""A page goes on by itself, and gives its results as tables."""

import sys
from datetime import UTC, date, datetime

import attrs
import pytest

from tianfu_sdk.errors import PluginError
from tianfu_sdk.model.event import Event
from tianfu_sdk.model.indicator import DailyCount
from tianfu_sdk.model.question import Question
from tianfu_sdk.model.region import RegionLevel
from tianfu_sdk.model.subscriber import Sealed
from tianfu_sdk.services.desk.page import Page

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@attrs.frozen
class Thing:
    name: str
    at: datetime | None = None
    day: date | None = None
    number: int = 0
    share: float | None = None
    level: RegionLevel = RegionLevel.COUNTY
    tags: tuple[str, ...] = ()
    fine: bool = True


def pages(items, size=2):
    def page(start):
        part = items[start : start + size]
        more = str(start + size) if start + size < len(items) else None
        return Page(part, more, lambda cursor: page(int(cursor)))

    return page(0)


THINGS = [
    Thing("一", AT, date(2026, 1, 2), 7, 0.5, RegionLevel.PROVINCE, ("a", "b"), fine=False),
    Thing("二"),
    Thing("བོད་ཡིག"),
]


def test_an_arrow_stream_has_all_pages_and_the_types_of_the_fields(extra):
    extra("arro3.core")
    duckdb = extra("duckdb")
    found = pages(THINGS)
    assert found.cursor == "2"
    rows = duckdb.sql('SELECT * EXCLUDE ("at"), epoch_us("at") FROM found').fetchall()
    assert [row[0] for row in rows] == ["一", "二", "བོད་ཡིག"]
    assert rows[0][1:] == (
        date(2026, 1, 2),
        7,
        0.5,
        "province",
        '["a", "b"]',
        False,
        int(AT.timestamp() * 1e6),
    )
    # What a document leaves out because it is usual stands in the table all the same.
    assert rows[1][2:7] == (0, None, "county", "[]", True)
    types = dict(
        duckdb.sql("SELECT column_name, column_type FROM (DESCRIBE FROM found)").fetchall()
    )
    assert types["at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["day"] == "DATE"
    assert (types["number"], types["share"], types["fine"]) == ("BIGINT", "DOUBLE", "BOOLEAN")


def test_a_page_of_nothing_is_a_stream_of_nothing(extra):
    core = extra("arro3.core")
    table = core.Table.from_arrow(pages([]))
    assert (table.num_rows, table.num_columns) == (0, 0)


def test_counts_of_days_are_a_table_of_days(extra):
    core = extra("arro3.core")
    one = DailyCount(day=date(2026, 1, 2), region="510000", type="x", count=2, amount=0)
    table = core.Table.from_arrow(pages([one]))
    assert table.column_names == ["day", "region", "type", "count", "amount"]
    assert [column[0].as_py() for column in table.columns] == [
        date(2026, 1, 2),
        "510000",
        "x",
        2,
        0,
    ]


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_frames_have_all_rows_and_columns(extra, library):
    module = pytest.importorskip(library)
    frame = getattr(pages(THINGS), f"to_{library}")()
    assert isinstance(frame, module.DataFrame)
    assert frame.shape == (3, 8)
    assert list(frame["number"]) == [7, 0, 0]
    assert frame["at"][0] == AT


@pytest.mark.parametrize(
    ("call", "module", "line"),
    [
        (lambda page: page.to_polars(), "polars", "pip install polars"),
        (lambda page: page.to_pandas(), "pandas", "pip install pandas"),
        (lambda page: page.__arrow_c_stream__(), "arro3.core", 'pip install "tianfu-sdk[parquet]"'),
    ],
)
def test_what_is_not_installed_is_named_with_its_pip_line(monkeypatch, call, module, line):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PluginError) as caught:
        call(pages(THINGS))
    assert caught.value.code == "extra.missing"
    assert line in caught.value.hint


def test_a_sealed_value_is_masked_in_a_table():
    page = pages([Question(id="qst_1", text=Sealed("dG9rZW4="))])
    assert page._table()[0]["text"] == "•••"
    assert "dG9r" not in page._repr_html_()


def test_a_notebook_shows_a_page_as_a_table_that_trusts_nothing():
    event = Event(id="<b>", type="x", at=AT, data={"count": 2})
    shown = pages([event, event, event])._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert "and more" in shown
