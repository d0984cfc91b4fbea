"""Tables of users: every encoding, every way in which a file is broken, and row numbers."""

import builtins
import csv
import io
import tracemalloc
import zipfile
from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianfu_sdk.errors import Invalid, PluginError
from tianfu_sdk.formats import delimited, tables
from tianfu_sdk.formats.encodings import detect_encoding
from tianfu_sdk.formats.sheets import cell_text
from tianfu_sdk.formats.tables import LIST_END, TableFormat, guess_format, rows

TEXT = "标题,正文\n脑卒中,识别与急救\nཁ་ཟས།,ꆈꌠꉙ\n"


def read(data, written="csv"):
    return [(row.number, dict(row.values)) for row in rows(data, written)]


def refused(data, written="csv"):
    with pytest.raises(Invalid) as caught:
        list(rows(data, written))
    return caught.value


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("gb18030", "gb18030"),
    ],
)
def test_a_text_is_read_in_its_encoding(encoding, found):
    data = TEXT.encode(encoding)
    assert detect_encoding(io.BytesIO(data)) == found
    assert read(data) == [
        (2, {"标题": "脑卒中", "正文": "识别与急救"}),
        (3, {"标题": "ཁ་ཟས།", "正文": "ꆈꌠꉙ"}),
    ]


def test_utf_16_may_begin_with_its_high_byte():
    data = b"\xfe\xff" + TEXT.encode("utf-16-be")
    assert read(data) == read(TEXT.encode())


def test_bytes_in_no_encoding_are_refused_with_their_line():
    data = "标题\n一\n".encode("gb18030") + b"\xff\xff\n"
    error = refused(data)
    assert (error.code, error.values["line"]) == ("table.encoding", 3)


def test_damaged_utf_8_is_not_read_as_other_chinese():
    good = "标题\n" + "科学普及惠及民生\n" * 3
    damaged = good.encode() + "知识".encode()[:-2] + b"\n"
    assert "科学" not in damaged.decode("gb18030")
    error = refused(damaged)
    assert (error.code, error.values["line"]) == ("table.encoding", 5)


def test_a_mark_is_held_to():
    error = refused(b"\xef\xbb\xbfa,b\n" + "一,二\n".encode("gb18030"))
    assert (error.code, error.values["line"]) == ("table.encoding", 2)


def test_utf_16_without_its_mark_is_refused():
    assert refused("a,b\n1,2\n".encode("utf-16-le")).code == "table.encoding"


def test_a_character_may_lie_across_chunks():
    data = b"a\n" + b"x" * (65536 - 3) + "知\n".encode()
    assert read(data) == [(2, {"a": "x" * 65533 + "知"})]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_separator_is_told_from_the_first_row(delimiter):
    data = f'a{delimiter}"b{delimiter}b"\n1{delimiter}2\n'.encode()
    assert read(data) == [(2, {"a": "1", f"b{delimiter}b": "2"})]


def test_separators_inside_quotes_do_not_count():
    assert read(b'"a;b;c",d\n1,2\n') == [(2, {"a;b;c": "1", "d": "2"})]


def test_one_column_needs_no_separator():
    assert read("标题\n一\n二\n".encode()) == [(2, {"标题": "一"}), (3, {"标题": "二"})]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quoted_cells_hold_line_ends_and_rows_are_counted_as_a_spreadsheet_does(end):
    text = end.join(["a,b", '"1', '1","x ""y"" z"', "", "2,3"]) + end
    assert read(text.encode()) == [
        (2, {"a": f"1{end}1", "b": 'x "y" z'}),
        (4, {"a": "2", "b": "3"}),
    ]


def test_a_quote_inside_a_bare_cell_is_itself():
    assert read(b'a,b\n5" pipe,2\n') == [(2, {"a": '5" pipe', "b": "2"})]


def test_a_quote_that_is_never_closed_names_the_row_where_it_opens():
    error = refused(b'a,b\n1,2\n3,"4\n5,6\n')
    assert (error.code, error.values["row"]) == ("table.open_quote", 3)


def test_text_after_a_closing_quote_is_refused():
    error = refused(b'a,b\n1,2\n"3"x,4\n')
    assert (error.code, error.values["row"]) == ("table.after_quote", 3)


@pytest.mark.parametrize("written", ["csv", "jsonl"])
@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n"])
def test_an_empty_table_is_refused(data, written):
    assert refused(data, written).code == "table.empty"


def test_a_table_of_empty_cells_is_empty():
    assert refused(b",,\n ,\n").code == "table.empty"


def test_column_names_alone_are_refused():
    error = refused("\n标题,正文\n,\n".encode())
    assert (error.code, error.values["row"]) == ("table.no_rows", 2)


def test_a_column_may_stand_only_once():
    error = refused("标题,正文, 标题\n1,2,3\n".encode())
    assert (error.code, error.path, error.values["row"]) == ("table.column_twice", "标题", 1)


def test_a_phone_in_place_of_a_column_name_is_not_told():
    error = refused(b"13800001234,13800001234\nx,y\n")
    assert error.code == "table.column_twice"
    assert "1380" not in error.text("en") + error.text("zh")


def test_ragged_rows_are_told_row_by_row_and_reading_goes_on():
    found = list(rows(b"a,b\n1\n1,2,3\n1,2,,\n1,2\n", "csv"))
    assert [(row.number, [p.code for p in row.problems]) for row in found] == [
        (2, ["table.ragged"]),
        (3, ["table.ragged"]),
        (4, []),
        (5, []),
    ]
    assert found[0].problems[0].values == {"found": 1, "wanted": 2}


def test_a_cell_under_no_name_is_told_and_an_empty_one_is_not():
    first, second = rows(b"a,,c\n1,,3\n1,2,3\n", "csv")
    assert first.problems == ()
    assert dict(first.values) == {"a": "1", "c": "3"}
    assert [p.code for p in second.problems] == ["table.no_name"]
    assert first.columns == second.columns == ("a", "c")


def test_nul_is_told_with_its_row_and_column():
    good, bad = rows(b"a,b\n1,2\n3,\x00\n", "csv")
    assert good.problems == ()
    assert [(p.code, p.path) for p in bad.problems] == [("field.characters", "b")]
    assert (bad.number, bad.header) == (3, 1)


def test_a_row_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(delimited, "LONGEST_ROW", 50)
    for data, written in (
        (b"a\n" + b"x" * 51 + b"\n", "csv"),
        (b'a\n"' + b"x\n" * 26 + b'"\n', "csv"),
        (b'{"a": 1}\n{"a": "' + b"x" * 51 + b'"}\n', "jsonl"),
    ):
        error = refused(data, written)
        assert (error.code, error.values) == ("table.too_long", {"row": 2, "longest": 50})


def test_cells_may_be_longer_than_the_csv_module_takes():
    body = "长" * 200_000
    assert len(body) > csv.field_size_limit()
    assert read(f'a,b\n1,"{body}"\n'.encode())[0][1]["b"] == body


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@settings(max_examples=60)
@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6),
    st.sampled_from([",", "\t", ";"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_csv_writer_wrote_is_read_back(table, delimiter, encoding, end):
    text = io.StringIO()
    # Before Python 3.13 a writer that ends lines with \n leaves a lone \r bare.
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    # Chinese enough to tell GB18030 and UTF-8 apart whatever the cells hold.
    writer.writerow(["标题一栏", "正文一栏科普"])
    writer.writerows(table)
    wanted = [
        dict(zip(("标题一栏", "正文一栏科普"), row, strict=True))
        for row in table
        if any(c.strip() for c in row)
    ]
    data = text.getvalue().encode(encoding)
    if not wanted:
        assert refused(data).code == "table.no_rows"
        return
    assert [values for _, values in read(data)] == wanted


# JSON lines.


def test_json_lines_become_text():
    data = '{"标题": "一", "n": 5.0, "x": 1.5, "b": true, "z": null, "l": ["甲;乙", 2]}\n\n{"标题": "二"}'
    first, second = rows(data.encode(), "jsonl")
    assert dict(first.values) == {
        "标题": "一",
        "n": "5",
        "x": "1.5",
        "b": "true",
        "z": "",
        "l": f"甲;乙{LIST_END}2{LIST_END}",
    }
    assert (first.number, second.number, first.header) == (1, 3, 0)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "table.json"),
        ("[1]", "table.json"),
        ('{"a": NaN}', "table.json"),
        ('{"a": 1} {"a": 2}', "table.json"),
        ("[" * 100_000, "table.json"),
        ('{"a": ' + "9" * 5000 + "}", "table.json"),
        ('{"a": {"b": 1}}', "table.nested"),
        ('{"a": [[1]]}', "table.nested"),
        ('{"a": [{"b": 1}]}', "table.nested"),
        ('{"a": 1, "a": 2}', "table.column_twice"),
        ('{"a": "\\u0000"}', "field.characters"),
        ('{"a": "\\ud800"}', "field.characters"),
    ],
)
def test_a_bad_json_line_is_told_and_reading_goes_on(line, code):
    bad, good = rows(f'{line}\n{{"a": "ok"}}\n'.encode(), "jsonl")
    assert ([p.code for p in bad.problems], bad.number) == ([code], 1)
    assert dict(good.values) == {"a": "ok"}


# Workbooks.

_NS = "http://schemas.openxmlformats.org"
_REL = f"{_NS}/officeDocument/2006/relationships"


def workbook(*sheets):
    """Write a minimal workbook; each sheet is (name, state, XML of its rows)."""
    main = f"{_NS}/spreadsheetml/2006/main"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships"><Relationship Id="r1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{_REL}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{i}" state="{state}" r:id="s{i}"/>'
            for i, (name, state, _) in enumerate(sheets, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="s{i}" Type="{_REL}/worksheet" Target="worksheets/s{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        + f'<Relationship Id="st" Type="{_REL}/styles" Target="styles.xml"/></Relationships>',
        # Style 1 is a date, style 2 a date with its time.
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "[Content_Types].xml": f'<Types xmlns="{_NS}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/></Types>',
    }
    for i, (_, _, xml) in enumerate(sheets, 1):
        parts[f"xl/worksheets/s{i}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{xml}</sheetData></worksheet>'
        )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, xml in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + xml)
    return data.getvalue()


def said(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


SHEET = (
    f'<row r="3">{said("B3", "标题")}{said("C3", "日期")}{said("D3", "人数")}{said("E3", "编号")}{said("F3", "共享")}</row>'
    f'<row r="5">{said("B5", "讲座")}<c r="C5" s="1"><v>44154</v></c><c r="D5"><v>5.0</v></c>'
    '<c r="E5"><v>20201119</v></c><c r="F5" t="b"><v>1</v></c></row>'
    f'<row r="6">{said("B6", "展览")}<c r="C6" s="2"><v>44154.375</v></c><c r="D6"><v>1.5</v></c></row>'
)


def test_a_workbook_gives_the_first_sheet_that_shows_with_its_row_numbers():
    data = workbook(
        ("藏", "hidden", f'<row r="1">{said("A1", "x")}</row>'), ("表", "visible", SHEET)
    )
    first, second = rows(data, "xlsx")
    assert (first.number, second.number, first.header) == (5, 6, 3)
    assert dict(first.values) == {
        "标题": "讲座",
        "日期": "2020-11-19",
        "人数": "5",
        "编号": "20201119",
        "共享": "true",
    }
    assert (second.values["日期"], second.values["人数"]) == ("2020-11-19T09:00", "1.5")
    assert first.problems == second.problems == ()


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (5.0, "5"),
        (1e20, "1e+20"),
        (0.1, "0.1"),
        (True, "true"),
        (False, "false"),
        (date(2020, 11, 19), "2020-11-19"),
        (datetime.fromisoformat("2020-11-19"), "2020-11-19"),
        (datetime.fromisoformat("2020-11-19T09:00:30"), "2020-11-19T09:00:30"),
        (time(9, 30), "09:30:00"),
        ("", ""),
    ],
)
def test_a_cell_is_what_a_person_would_type(cell, text):
    assert cell_text(cell) == text


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", workbook(("表", "visible", SHEET))[:400]])
def test_what_is_no_workbook_is_refused(data):
    assert refused(data, "xlsx").code == "table.workbook"


def test_a_workbook_that_shows_no_sheet_is_empty():
    assert refused(workbook(("藏", "hidden", SHEET)), "xlsx").code == "table.empty"


def test_a_missing_reader_names_the_line_that_installs_it(monkeypatch):
    real = builtins.__import__

    def without(name, *more):
        if name == "python_calamine":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PluginError) as caught:
        list(rows(b"", "xlsx"))
    assert caught.value.code == "extra.missing"
    assert caught.value.hint == 'pip install "tianfu-sdk[xlsx]"'


# What all share.


@pytest.mark.parametrize(
    ("name", "head", "written"),
    [
        ("a.CSV", b"a,b", TableFormat.CSV),
        ("a.tsv", b"a", TableFormat.CSV),
        ("a.jsonl", b"{", TableFormat.JSONL),
        ("a.xlsx", b"PK\x03\x04", TableFormat.XLSX),
        ("a.csv", b"PK\x03\x04", TableFormat.XLSX),
    ],
)
def test_the_format_is_told_by_name_and_first_bytes(name, head, written):
    assert guess_format(name, head) is written


def test_a_name_that_tells_nothing_is_refused():
    with pytest.raises(Invalid) as caught:
        guess_format("a.doc", b"\xd0\xcf\x11\xe0")
    assert caught.value.code == "table.format"


def test_a_stream_is_read_from_its_start_and_stays_open():
    stream = io.BytesIO(TEXT.encode())
    stream.read(7)
    assert len(list(rows(stream, "csv"))) == 2
    stream.seek(0)
    assert next(iter(rows(stream, "csv"))).number == 2
    assert not stream.closed


def test_a_format_that_is_none_is_refused():
    assert refused(b"a", "ods").code == "field.choice"


@pytest.mark.parametrize("written", ["csv", "jsonl"])
def test_memory_does_not_grow_with_the_table(written, tmp_path):
    path = tmp_path / "big"
    cell = "科普" * 1000
    with path.open("w", encoding="utf-8") as file:
        if written == "csv":
            file.write("标题,正文\n")
        for number in range(3000):
            file.write(
                f'{number},"{cell}"\n'
                if written == "csv"
                else f'{{"标题": {number}, "正文": "{cell}"}}\n'
            )
    assert path.stat().st_size > 17_000_000
    with path.open("rb") as stream:
        tracemalloc.start()
        try:
            count = sum(1 for _ in rows(stream, written))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert count == 3000
    assert peak < 1_500_000


def test_the_doors_of_the_room_are_named():
    assert tables.__all__ == sorted(tables.__all__)
