import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.core.languages.glossary import Glossary
from tianfu_sdk.errors import Invalid
from tianfu_sdk.model.glossary import Concept, GlossaryTerm, TermStatus


def concept(id_, *terms, **more):
    """A concept; terms are `bo:TEXT`, or `bo:TEXT:forbidden`."""
    made = []
    for one in terms:
        language, text, *status = one.split(":")
        made.append(
            GlossaryTerm(
                language=language,
                text=text,
                status=TermStatus(status[0] if status else "preferred"),
            )
        )
    return Concept(id=id_, organization="org_1", region="510000", terms=tuple(made), **more)


def found(term, text, language="bo"):
    """Where a term stands in a text, and how surely."""
    glossary = Glossary([concept("gls_1", f"{language}:{term}")])
    return [(text[hit.start : hit.end], hit.sure) for hit in glossary.find(text, language)]


# The numbers are those of the table of kinds; texts were made by people who read no Tibetan.
KINDS = [
    (1, "གཞི", "ནད་གཞི་", ["གཞི"]),
    (2, "ནད་གཞི", "ནད་གཞི་འདི་", ["ནད་གཞི"]),
    (3, "ནད", "ནད་གཞི་འདི", ["ནད"]),
    (4, "ན", "ནད་གཞི་", []),
    (5, "གཞ", "ནད་གཞི་", []),
    (6, "ས་ཁུལ", "ས་ཁུལ་འདི་ན", ["ས་ཁུལ"]),
    (7, "བོད་ཡིག", "བོད༌ཡིག༌", ["བོད༌ཡིག"]),
    (8, "ཚན་རིག", "ཚན་རིག་ལག་རྩལ", ["ཚན་རིག"]),
    (9, "རྒྱུ", "རྒྱུའི་ནང་", ["རྒྱུ"]),
    (10, "ས", "ས་ཡོམ", ["ས"]),
    (11, "བོ", "བོད་ཡིག", []),
    (12, "ཀ\u0f73", "ཀ\u0f71\u0f72་", ["ཀ\u0f71\u0f72"]),
]


@pytest.mark.parametrize(
    ("kind", "term", "text", "expected"), KINDS, ids=[str(k[0]) for k in KINDS]
)
def test_the_twelve_kinds_of_tibetan(kind, term, text, expected):
    assert [hit for hit, _ in found(term, text)] == expected


@pytest.mark.parametrize("particle", ["འི", "འུ", "འོ", "འང", "འམ"])
def test_a_particle_is_written_onto_an_open_syllable(particle):
    assert found("རྒྱུ", f"རྒྱུ{particle}་ནང") == [("རྒྱུ", True)]
    assert found("རྒྱུ", f"རྒྱུ{particle}ན་ནང") == []
    # གཞུང is closed, and nothing is written onto it.
    assert found("གཞུང", f"གཞུང{particle}་ནང") == []


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        # The a of the word and of the particle are one; a vowel is never cut from its letter.
        ("དགའ", "དགའི་ནང", [("དགའི", True)]),
        ("དགའ", "དགའོ།", [("དགའོ", True)]),
        ("དགའ", "དགའ་བ", [("དགའ", True)]),
        ("དགའ", "དགར་", [("དག", False)]),
        ("དགའ", "དག་", []),
        # ra and sa after an open syllable may be the end of another word.
        ("རྒྱ", "རྒྱས་པ", [("རྒྱ", False)]),
        ("རྒྱལ", "རྒྱལས་པ", []),
        ("ང", "ངས་", [("ང", False)]),
        ("གང", "གངས་རི", []),
        ("བོད་ཡིག", "བོད་་ཡིག", [("བོད་་ཡིག", True)]),
        ("བོད་ཡིག་", "བོད་ཡིག།", [("བོད་ཡིག", True)]),
        ("གཞི", "གཞི", [("གཞི", True)]),
        ("གཞི", "", []),
    ],
)
def test_tibetan_beyond_the_twelve(term, text, expected):
    assert found(term, text) == expected


def test_yi_is_found_by_its_syllables():
    assert found("ꆈꌠ", "ꀀꆈꌠꁱꂷ", "ii") == [("ꆈꌠ", True)]
    assert found("ꆈꌠ", "ꆈꀀꌠ", "ii") == []


def test_of_chinese_the_longest_counts():
    glossary = Glossary(
        [
            concept("a", "zh-Hans:疫苗"),
            concept("b", "zh-Hans:疫苗接种"),
            concept("c", "zh-Hans:接种点"),
        ]
    )
    hits = glossary.find("疫苗接种点、疫苗", "zh-Hans")
    assert [(hit.concept, hit.start, hit.end) for hit in hits] == [("b", 0, 4), ("a", 6, 8)]


def test_width_case_and_the_way_of_writing_do_not_matter_and_places_are_of_the_text():
    assert found("hpv疫苗", "接種ＨＰＶ疫苗吧", "zh-Hans") == [("ＨＰＶ疫苗", True)]
    assert found("PH", "graph ph值", "zh-Hans") == [("ph", True)]
    assert Glossary([concept("a", "zh-Hans:发展")]).find("發展", "zh-TW")[0].end == 2


def test_a_dialect_has_the_terms_of_its_language_and_no_other_has():
    glossary = Glossary([concept("a", "bo:ནད"), concept("b", "zh-Hans:ནད")])
    assert [hit.concept for hit in glossary.find("ནད་", "khg")] == ["a"]
    assert [hit.concept for hit in glossary.find("ནད་", "bo-CN")] == ["a"]
    assert glossary.find("ནད་", "dz") == []


STROKE = concept(
    "gls_1",
    "zh-Hans:脑卒中",
    "zh-Hans:中风:admitted",
    "bo:གཟའ་ནད",
    "bo:ཀླད་ནད:admitted",
    "bo:གཟའ་ནང:variant",
    "bo:སྨྱོ་ནད:forbidden",
)


def checked(target, *, source="中风怎么预防", concepts=(STROKE,)):
    problems = Glossary(concepts).check(
        source, target, source_language="zh-Hans", target_language="bo"
    )
    return [
        (one.code.removeprefix("glossary."), one.severity, one.start, one.end) for one in problems
    ]


def test_good_terms_are_fine():
    assert checked("གཟའ་ནད་འགོག་ཐབས།") == checked("ཀླད་ནད་ཀྱི་") == []
    assert checked("ས་ཡོམ།", source="地震") == []


def test_what_is_forbidden_or_missing_is_told_with_its_place():
    assert checked("འདི་སྨྱོ་ནད་ཡིན།") == [("forbidden", "error", 4, 11)]
    assert checked("གཟའ་ནང་འགོག") == [("variant", "warning", 0, 6)]
    assert checked("འགོག་ཐབས།") == [("missing", "warning", 0, 2)]
    assert checked("སྨྱོ་ནད་", source="地震") == [("forbidden", "error", 0, 7)]


def test_a_required_concept_may_not_be_missing():
    required = concept("gls_1", "zh-Hans:中风", "bo:གཟའ་ནད", required=True)
    assert checked("འགོག་ཐབས།", concepts=[required]) == [("missing", "error", 0, 2)]


def test_a_concept_without_a_term_in_the_language_asks_for_nothing():
    assert checked("འགོག", concepts=[concept("a", "zh-Hans:中风", "ii:ꆈꌠ", required=True)]) == []


def test_what_another_concept_has_as_a_good_term_is_not_forbidden():
    other = concept("gls_2", "zh-Hans:精神病", "bo:སྨྱོ་ནད")
    assert checked("སྨྱོ་ནད་", source="精神病")  # forbidden by itself
    assert checked("སྨྱོ་ནད་", source="精神病", concepts=[STROKE, other]) == []


def test_problems_say_what_to_write_in_two_languages():
    (problem,) = Glossary([STROKE]).check(
        "中风", "སྨྱོ་ནད་", source_language="zh", target_language="bo"
    )
    assert "གཟའ་ནད" in problem.text("en")
    assert "གཟའ་ནད" in problem.text("zh")


def test_a_concept_has_terms_and_none_twice():
    from tianfu_sdk import codec

    with pytest.raises(Invalid, match=r"glossary\.no_term"):
        codec.check(concept("a"))
    with pytest.raises(Invalid, match=r"glossary\.same_term"):
        codec.check(concept("a", "bo:ནད", "bo:ནད:forbidden"))


@given(st.text(alphabet="ནདགཞིའ་༌།རས 中风a", max_size=24))
def test_a_hit_folds_to_its_term_or_lost_its_a(text):
    from tianfu_sdk.text import fold

    glossary = Glossary([concept("a", "bo:ནད", "bo:གཞི", "bo:འ", "bo:དགའ", "bo:中风", "bo:a")])
    done = 0
    for hit in glossary.find(text, "bo"):
        piece = fold(text[hit.start : hit.end])
        assert piece.rstrip("\u0f72") in (
            fold(hit.term.text).rstrip("\u0f72"),
            fold(hit.term.text)[:-1],
        )
        assert hit.start >= done
        done = hit.end
