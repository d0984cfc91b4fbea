"""CSV that is written: fit for spreadsheets, and for nothing that a cell could start."""

import csv
import io

from tianfu_sdk.formats.csv_text import csv_text


def test_what_is_written_is_read_back():
    rows = [{"a": '逗,号"', "b": 7}, {"a": "两\n行", "b": -3}, {"a": "", "b": 0}]
    text = csv_text(rows)
    assert text.startswith("a,b\r\n")
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert read == [{"a": row["a"], "b": str(row["b"])} for row in rows]
    assert csv_text([]) == ""


def test_nothing_is_a_formula():
    cells = ["=1+1", "+cmd", "-cmd", "@sum", "\tx", "-99", "+8.5", "a=b"]
    read = list(csv.reader(io.StringIO(csv_text([{"x": cell} for cell in cells]), newline="")))
    assert [row[0] for row in read[1:]] == [
        *("'=1+1", "'+cmd", "'-cmd", "'@sum", "'\tx"),
        *("-99", "+8.5", "a=b"),
    ]
