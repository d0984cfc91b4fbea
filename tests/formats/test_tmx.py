import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats import tmx
from tianfu_sdk.formats.tmx import Inline, TmxDocument, TmxHeader, TmxUnit, TmxVariant

HEAD = (
    '<header creationtool="x" creationtoolversion="1" segtype="sentence" o-tmf="x"'
    ' adminlang="en" srclang="zh" datatype="plaintext"/>'
)


def file(*units, head=HEAD, version="1.4", before='<?xml version="1.0"?>'):
    body = "\n".join(units)
    return f'{before}\n<tmx version="{version}">\n{head}\n<body>\n{body}\n</body>\n</tmx>'.encode()


def unit(*texts, attributes=""):
    tuvs = "".join(f'<tuv xml:lang="{tag}"><seg>{seg}</seg></tuv>' for tag, seg in texts)
    return f"<tu{attributes}>{tuvs}</tu>"


FULL = file(
    """<tu tuid="a1" segtype="sentence" usagecount="3" creationdate="20261101T080000Z" srclang="zh-CN">
<note>给审校</note><prop type="x-client">科协</prop>
<tuv xml:lang="zh-CN" changeid="甲"><prop type="x-p">1</prop><seg>按<bpt i="1" x="1" type="bold">&lt;b&gt;</bpt>回车<ept i="1">&lt;/b&gt;</ept>，见<ph x="2" assoc="p">&lt;img alt="<sub type="alt">图&amp;片</sub>"/&gt;</ph>，<hi type="term" x="3">疫苗</hi><it pos="begin" x="4">[i]</it></seg></tuv>
<tuv xml:lang="bo"><seg><bpt i="1" x="1" type="bold">&lt;b&gt;</bpt>བོད<ept i="1">&lt;/b&gt;</ept><ph x="2" assoc="p">&lt;img alt="<sub type="alt">པར</sub>"/&gt;</ph><hi type="term" x="3">ནད</hi><it pos="begin" x="4">[i]</it></seg></tuv>
<tuv xml:lang="ii"><seg>ꆈꌠ<bpt i="1" x="1" type="bold">&lt;b&gt;</bpt><ept i="1">&lt;/b&gt;</ept><ph x="2"/><hi x="3">ꁱ</hi><it pos="begin" x="4"/></seg></tuv>
</tu>"""
)


def test_more_than_two_languages_and_all_inline_codes_are_kept():
    document = tmx.parse(FULL)
    (found,) = document.units
    assert [one.language for one in found.variants] == ["zh-CN", "bo", "ii"]
    chinese = found.variants[0]
    assert chinese.text == "按回车，见，疫苗"
    ph = next(one for one in chinese.content if isinstance(one, Inline) and one.tag == "ph")
    assert ph.content == ('<img alt="', Inline("sub", {"type": "alt"}, ("图&片",)), '"/>')
    assert found.notes == ("给审校",)
    assert found.props == (("x-client", "科协"),)
    assert chinese.props == (("x-p", "1"),)
    assert chinese.attributes == {"changeid": "甲"}
    assert found.attributes["tuid"] == "a1"
    assert tmx.check(FULL) == []


def test_what_is_read_is_written_and_read_the_same():
    document = tmx.parse(FULL)
    again = tmx.dump(document)
    assert tmx.parse(again) == document
    assert tmx.dump(tmx.parse(again)) == again
    assert tmx.check(again) == []


CONTENT = st.recursive(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n"), min_size=1),
    lambda inner: st.builds(
        lambda tag, x, parts: Inline(tag, {"x": str(x)}, tmx_parts(parts)),
        st.sampled_from(["ph", "hi"]),
        st.integers(1, 9),
        st.lists(inner.filter(lambda part: isinstance(part, str)), max_size=2),
    ),
    max_leaves=3,
)


def tmx_parts(parts):
    return ("".join(parts),) if "".join(parts) else ()


@given(st.lists(st.lists(CONTENT, min_size=1, max_size=3), min_size=1, max_size=3))
def test_any_document_comes_back_as_it_was(units):
    def joined(parts):
        made = []
        for part in parts:
            if isinstance(part, str) and made and isinstance(made[-1], str):
                made[-1] += part
            else:
                made.append(part)
        return tuple(made)

    document = TmxDocument(
        header=TmxHeader(source_language="zh-Hans", attributes=tmx._TOOL, notes=("a & b",)),
        units=tuple(
            TmxUnit(
                variants=(
                    TmxVariant(language="bo", content=joined(one), attributes={"changeid": '"<\n'}),
                ),
                props=(("t", "v"),),
            )
            for one in units
        ),
    )
    assert tmx.parse(tmx.dump(document)) == document


BROKEN = [
    (unit(("zh", "a")).replace("zh", "zh_CN"), "tmx.bad_language", 5),
    ("<tu/>", "tmx.no_variant", 5),
    ('<tu><tuv xml:lang="zh"/></tu>', "tmx.no_seg", 5),
    ("<tu><tuv><seg>a</seg></tuv></tu>", "tmx.no_attribute", 5),
    ('<tu>\n<tuv xml:lang="zh"><seg>a</seg><note>n</note></tuv></tu>', "tmx.late", 6),
    (unit(("zh", '<bpt i="1"/>a')), "tmx.code_open", 5),
    (unit(("zh", 'a<ept i="1"/>')), "tmx.code_close", 5),
    (unit(("zh", '<bpt i="1"/><bpt i="1"/><ept i="1"/>')), "tmx.code_twice", 5),
    (unit(("zh", "<bpt/>a")), "tmx.no_attribute", 5),
    (unit(("zh", '<it pos="middle"/>a')), "tmx.bad_value", 5),
    (unit(("zh", "<ph><hi>a</hi></ph>")), "tmx.code_text", 5),
    (unit(("zh", "<b>a</b>")), "tmx.unknown_element", 5),
    (unit(("zh", "a"), attributes=' creationdate="2026"'), "tmx.bad_value", 5),
    (unit(("zh", "a"), attributes=' usagecount="many"'), "tmx.bad_value", 5),
    (unit(("zh", "a"), attributes=' segtype="word"'), "tmx.bad_value", 5),
]


@pytest.mark.parametrize(
    ("body", "rule", "line"), BROKEN, ids=[f"{b[1]}-{n}" for n, b in enumerate(BROKEN)]
)
def test_a_broken_file_is_told_with_line_and_rule(body, rule, line):
    data = file(body)
    problems = tmx.check(data)
    assert (rule, line) in [(one.rule, one.line) for one in problems]
    assert all(one.message != one.message_zh for one in problems)
    with pytest.raises(Invalid) as caught:
        tmx.parse(data)
    assert caught.value.code == "tmx.invalid"
    assert (caught.value.values["rule"], caught.value.values["line"]) == (rule, line)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (unit(("zh", "a"), ("zh", "b")), "tmx.same_language"),
        (unit(("bo", "a")), "tmx.no_source"),
        (unit(("zh", " ")), "tmx.empty"),
        (unit(("zh", '<ph x="1"/>a'), ("bo", "ཀ")), "tmx.code_other"),
        (unit(("zh", "<ut>x</ut>a")), "tmx.deprecated"),
        (unit(("zh", "a"), attributes=' colour="red"'), "tmx.unknown_attribute"),
        ('<tu><tuv lang="zh"><seg>a</seg></tuv></tu>', "tmx.old_lang"),
    ],
)
def test_what_looks_wrong_is_a_warning_and_is_read(body, rule):
    assert [one.rule for one in tmx.check(file(body))] == [rule]
    assert len(tmx.parse(file(body)).units) == 1


def test_a_file_that_is_no_tmx_is_told():
    assert tmx.check(b"<xliff/>")[-1].rule == "tmx.not_tmx"
    with pytest.raises(Invalid, match="tmx"):
        tmx.parse(b"<xliff/>")
    rules = [one.rule for one in tmx.check(file(unit(("zh", "a")), version="2.0", head=""))]
    assert rules == ["tmx.version", "tmx.no_header"]
    assert [
        one.rule for one in tmx.check(file(version="1.1", head=HEAD.replace("zh", "*all*")))
    ] == ["tmx.old_version"]
    lacking = HEAD.replace(' adminlang="en"', "").replace("sentence", "words")
    assert [one.rule for one in tmx.check(file(head=lacking))] == [
        "tmx.no_attribute",
        "tmx.bad_value",
    ]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", ""),
        ("gb18030", "GB18030"),
        ("gb18030", "gbk"),
        ("big5", "big5"),
    ],
)
def test_encodings_are_read(encoding, declared):
    said = f' encoding="{declared}"' if declared else ""
    text = file(unit(("zh", "藏文"), ("en", "a")), before=f'<?xml version="1.0"{said}?>').decode()
    assert tmx.parse(text.encode(encoding)).units[0].variants[0].text == "藏文"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (file(unit(("zh", "藏文"))).decode().encode("gb18030"), "markup.encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><tmx/>', "markup.encoding"),
        (file(unit(("zh", "a")))[:-9], "markup.broken"),
        (b"", "markup.broken"),
        (file("<a>" * 200), "markup.too_deep"),
        (file(unit(("zh", "&x;")), before='<!DOCTYPE tmx [<!ENTITY x "y">]>'), "markup.entities"),
        (
            file(
                unit(("zh", "&c;")),
                before='<!DOCTYPE tmx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>',
            ),
            "markup.entities",
        ),
        (
            file(
                unit(("zh", "&x;")),
                before='<!DOCTYPE tmx [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            ),
            "markup.entities",
        ),
        (file(unit(("zh", "a" * 4_000_001))), "markup.too_large"),
    ],
    ids=range(9),
)
def test_what_cannot_be_read_is_refused(data, code):
    with pytest.raises(Invalid) as caught:
        tmx.parse(data)
    assert caught.value.code == code
    problems = tmx.check(data)
    assert problems[-1].rule == code


def test_the_document_type_that_tmx_files_name_is_read_over():
    data = file(unit(("zh", "a")), before='<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd">')
    assert tmx.check(data) == []


def test_problems_are_no_more_than_can_be_read():
    problems = tmx.check(file(*["<tu/>"] * 500)[:-9])
    assert len(problems) == 200
    assert problems[-1].rule == "markup.broken"


class Units(io.RawIOBase):
    """A file of many units that is made while it is read."""

    def __init__(self, number):
        header = TmxHeader(source_language="zh")
        one = TmxVariant(language="zh", content=("科学" * 10,))
        other = TmxVariant(language="bo", content=("ཚན་རིག" * 10,))
        self._pieces = tmx.write(header, (TmxUnit(variants=(one, other)) for _ in range(number)))
        self._held = b""

    def read(self, size=-1):
        while len(self._held) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._held += piece
        made, self._held = self._held[:size], self._held[size:]
        return made


def test_a_large_file_is_read_in_little_memory_and_tells_how_far_it_is():
    told = []
    tracemalloc.start()
    try:
        assert tmx.check(Units(5_000), progress=told.append) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert told == [1000, 2000, 3000, 4000, 5000]
    assert peak < 4_000_000


def test_units_are_given_as_they_are_read():
    header, units = tmx.stream(io.BytesIO(FULL))
    assert header.source_language == "zh"
    assert next(units).line == 5
    assert list(units) == []


def test_what_xml_cannot_hold_is_written_as_the_sign_for_that():
    one = TmxVariant(language="zh", content=("a\x01b\uffff",))
    again = tmx.parse(tmx.dump(TmxDocument(units=(TmxUnit(variants=(one,)),))))
    assert again.units[0].variants[0].text == "a\ufffdb\ufffd"


def test_a_text_is_written_and_read_alone():
    content = tmx.parse(FULL).units[0].variants[0].content
    assert tmx.content_of(tmx.written(content)) == content
