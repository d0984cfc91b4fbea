import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats import tbx
from tianfu_sdk.formats.tbx import TbxConcept, TbxDocument, TbxTerm
from tianfu_sdk.model.glossary import TermStatus

DCA = """<?xml version="1.0" encoding="UTF-8"?>
<tbx type="TBX-Basic" style="dca" xml:lang="zh" xmlns="urn:iso:std:iso:30042:ed-2">
<tbxHeader><fileDesc><sourceDesc><p>x</p></sourceDesc></fileDesc></tbxHeader>
<text><body>
<conceptEntry id="c1">
<descrip type="subjectField">医学</descrip>
<descripGrp><descrip type="definition">脑血管病</descrip></descripGrp>
<langSec xml:lang="zh-CN">
<termSec><term>脑卒中</term><termNote type="partOfSpeech">noun</termNote><termNote type="administrativeStatus">preferredTerm-admn-sts</termNote><note>首选</note></termSec>
<termSec><termGrp><term>中风</term><termNote type="administrativeStatus">admittedTerm-admn-sts</termNote></termGrp></termSec>
</langSec>
<langSec xml:lang="bo"><termSec><term>གཟའ་ནད</term></termSec><termSec><term>སྨྱོ་ནད</term><termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></termSec></langSec>
</conceptEntry>
</body></text></tbx>
"""
DCT = (
    DCA.replace('style="dca"', 'style="dct"')
    .replace(
        'xmlns="urn:iso:std:iso:30042:ed-2"',
        'xmlns="urn:iso:std:iso:30042:ed-2" xmlns:min="http://www.tbxinfo.net/ns/min"'
        ' xmlns:basic="http://www.tbxinfo.net/ns/basic"',
    )
    .replace(
        '<descrip type="subjectField">医学</descrip>', "<min:subjectField>医学</min:subjectField>"
    )
    .replace(
        '<descrip type="definition">脑血管病</descrip>',
        "<basic:definition>脑血管病</basic:definition>",
    )
)
for name in ("partOfSpeech", "administrativeStatus"):
    while f'<termNote type="{name}">' in DCT:
        before, _, after = DCT.partition(f'<termNote type="{name}">')
        said, _, after = after.partition("</termNote>")
        DCT = f"{before}<min:{name}>{said}</min:{name}>{after}"
OLD = (
    DCA.replace('<tbx type="TBX-Basic" style="dca"', '<martif type="TBX-Basic"')
    .replace(' xmlns="urn:iso:std:iso:30042:ed-2"', "")
    .replace("</tbx>", "</martif>")
    .replace("tbxHeader", "martifHeader")
    .replace("conceptEntry", "termEntry")
    .replace("langSec", "langSet")
    .replace("<termSec><termGrp>", "<ntig><termGrp>")
    .replace("</termGrp></termSec>", "</termGrp></ntig>")
    .replace("termSec", "tig")
)
EXPECTED = TbxDocument(
    language="zh",
    concepts=(
        TbxConcept(
            id="c1",
            subject="医学",
            definition="脑血管病",
            terms=(
                TbxTerm(
                    language="zh-CN",
                    text="脑卒中",
                    status=TermStatus.PREFERRED,
                    part_of_speech="noun",
                    note="首选",
                ),
                TbxTerm(language="zh-CN", text="中风", status=TermStatus.ADMITTED),
                TbxTerm(language="bo", text="གཟའ་ནད"),
                TbxTerm(language="bo", text="སྨྱོ་ནད", status=TermStatus.FORBIDDEN),
            ),
        ),
    ),
)


@pytest.mark.parametrize("text", [DCA, DCT, OLD], ids=["dca", "dct", "2008"])
def test_both_styles_and_the_older_tbx_say_the_same(text):
    assert tbx.parse(text.encode()) == EXPECTED
    assert tbx.check(text.encode()) == []


def test_what_is_written_is_read_the_same():
    again = tbx.dump(EXPECTED)
    assert tbx.parse(again) == EXPECTED
    assert tbx.check(again) == []
    assert tbx.dump(tbx.parse(again)) == again


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8).filter(
    lambda text: text == text.strip() and "\ufffe" not in text and "\uffff" not in text
)


@given(
    st.lists(
        st.builds(
            TbxTerm,
            language=st.just("bo"),
            text=WORDS,
            status=st.none() | st.sampled_from(TermStatus),
            note=st.just("") | WORDS,
        ),
        min_size=1,
        unique_by=lambda term: term.text,
    ),
    WORDS,
)
def test_any_glossary_comes_back_as_it_was(terms, said):
    document = TbxDocument(concepts=(TbxConcept(terms=tuple(terms), definition=said, note=said),))
    assert tbx.parse(tbx.dump(document)) == document


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        ('<langSec xml:lang="bo">', "<langSec>", "tbx.no_language", 12),
        ('xml:lang="bo"', 'xml:lang="b_o"', "tbx.bad_language", 12),
        ("<term>གཟའ་ནད</term>", "", "tbx.no_term", 12),
        ("deprecatedTerm-admn-sts", "bad", "tbx.bad_status", 12),
        ("<term>中风</term>", "<term>脑卒中</term>", "tbx.same_term", 5),
        (
            "<note>首选</note></termSec>",
            "</termSec></langSec><odd/><langSec xml:lang='zh-CN'>",
            "tbx.unknown_element",
            9,
        ),
        (
            "</conceptEntry>",
            "</conceptEntry><conceptEntry id='c1'><langSec xml:lang='bo'><termSec><term>x</term></termSec></langSec></conceptEntry>",
            "tbx.same_id",
            13,
        ),
    ],
)
def test_a_broken_file_is_told_with_line_and_rule(old, new, rule, line):
    assert old in DCA
    data = DCA.replace(old, new, 1).encode()
    assert (rule, line) in [(one.rule, one.line) for one in tbx.check(data)]
    with pytest.raises(Invalid) as caught:
        tbx.parse(data)
    assert (caught.value.code, caught.value.values["rule"]) == ("tbx.invalid", rule)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('type="TBX-Basic"', 'type="TBX-Linguist"', "tbx.dialect"),
        ('"partOfSpeech">noun', '"grammaticalGender">masculine', "tbx.left_out"),
        ('<descrip type="subjectField">', '<descrip type="context">', "tbx.left_out"),
    ],
)
def test_what_is_not_kept_is_a_warning(old, new, rule):
    data = DCA.replace(old, new, 1).encode()
    assert [one.rule for one in tbx.check(data)] == [rule]
    assert len(tbx.parse(data).concepts) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<tmx/>", "tbx.not_tbx"),
        (DCA[:-9].encode(), "markup.broken"),
        (DCA.replace("UTF-8", "utf-7").encode(), "markup.encoding"),
        (
            b'<!DOCTYPE tbx [<!ENTITY a "b">]>' + DCA.partition("?>")[2].strip().encode(),
            "markup.entities",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(data, code):
    assert tbx.check(data)[-1].rule == code
    with pytest.raises(Invalid, match=code.replace(".", r"\.")):
        tbx.parse(data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_encodings_are_read(encoding):
    said = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "gb18030": "GBK"}[encoding]
    assert tbx.parse(DCA.replace("UTF-8", said).encode(encoding)) == EXPECTED


def test_an_empty_file_of_concepts_is_told():
    assert [one.rule for one in tbx.check(b'<tbx type="TBX-Basic"/>')] == ["tbx.no_concept"]
