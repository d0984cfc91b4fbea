import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.markup import DEEPEST, escape, escape_value, read

BOOK = '<a:书 xmlns:a="urn:a" 名="一">\n <章/>字<b c=">">文</b >\n</a:书>'


def test_elements_know_where_they_stand():
    data = BOOK.encode()
    book = read(data)
    chapter, b = book.root.elements()
    assert (book.root.tag, book.root.attributes) == ("urn:a 书", {"名": "一"})
    assert (chapter.line, b.line, b.text) == (2, 2, "文")
    assert data[chapter.start : book.end(chapter)].decode() == "<章/>"
    assert data[b.start : book.end(b)].decode() == '<b c=">">文</b >'
    assert book.inner(chapter) is None
    begin, after = book.inner(b)
    assert data[begin:after].decode() == "文"
    assert [found.name for found in book.root.walk()] == ["书", "章", "b"]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("gb18030", b""),
        ("gbk", b""),
        ("big5", b""),
    ],
)
def test_edits_stay_in_the_encoding(encoding, mark):
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-le").removesuffix("-be")}"?>\n<r>\u6587<b/></r>'
    data = mark + text.encode(encoding)
    book = read(data)
    [b] = book.root.elements()
    assert book.root.text == "\u6587"
    assert book.spliced([]) is data
    made = book.spliced([(b.start, book.end(b), "\u5b57")])
    assert made == mark + text.replace("<b/>", "\u5b57").encode(encoding)


def test_what_an_encoding_has_not_is_refused():
    book = read('<?xml version="1.0" encoding="big5"?><r><b/></r>'.encode("big5"))
    [b] = book.root.elements()
    with pytest.raises(Invalid) as refused:
        book.spliced([(b.start, book.end(b), "བོད")])
    assert refused.value.code == "markup.unwritable"


BOMB = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><r>&b;</r>'


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "markup.broken", 1),
        (b"<r>\n<a></r>", "markup.broken", 2),
        (b"<r>\0</r>", "markup.broken", 1),
        (b"<r>&nbsp;</r>", "markup.broken", 1),
        (b"<r>\n\xff</r>", "markup.encoding", 2),
        (b'<?xml version="1.0" encoding="utf-16"?><r/>', "markup.encoding", 1),
        (b'<?xml version="1.0" encoding="rot13"?><r/>', "markup.encoding", 1),
        (b'<?xml version="1.0" encoding="utf-7"?><r/>', "markup.encoding", 1),
        (BOMB.encode(), "markup.entities", 1),
        (b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>', "markup.entities", 1),
        (b'<!DOCTYPE r [<!ENTITY % a SYSTEM "http://a.cn/b"> %a;]><r/>', "markup.entities", 1),
        (b'<!DOCTYPE r SYSTEM "a.dtd"><r>\n&a;</r>', "markup.entities", 2),
        (b"<r>" * (DEEPEST + 1), "markup.too_deep", 1),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(data, code, line):
    with pytest.raises(Invalid) as refused:
        read(data)
    assert refused.value.code == code
    assert refused.value.values["line"] == line
    assert refused.value.path == "data"


def test_a_document_type_may_be_named():
    data = b'<!DOCTYPE r PUBLIC "-//X//DTD r//EN" "r.dtd" [<!ATTLIST r a CDATA "b">]><r/>'
    assert read(data).root.attributes == {}


def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr("tianfu_sdk.formats.markup.LARGEST", 3)
    with pytest.raises(Invalid) as refused:
        read(b"<r/>")
    assert refused.value.code == "markup.too_large"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r")))
def test_what_is_written_is_read_again(text):
    found = read(f'<r a="{escape_value(text)}">{escape(text)}</r>'.encode())
    if not any(mark in text for mark in "\ufffe\uffff"):
        assert found.root.attributes["a"] == text
        assert found.root.text == text
