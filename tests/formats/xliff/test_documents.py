"""Documents read, edited and made."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tianfu_sdk as tf
from tianfu_sdk.errors import Invalid
from tianfu_sdk.formats.xliff import (
    Meta,
    Note,
    Segment,
    Severity,
    Target,
    Unit,
    check,
    dump,
    make,
    parse,
)
from tianfu_sdk.model.translation import Code, CodeKind, SegmentState
from tianfu_sdk.text import runs

EMPTY, DRAFT, WORK, DONE, REVIEWED, APPROVED = SegmentState
NEWER = """<?xml version="1.0"?>
<!-- kept -->
<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" xmlns:my="urn:example:my" version="2.1"
   srcLang="zh-Hans" trgLang="bo" my:odd='"'>
 <file id="f1" original="a.html">
  <my:thing id="x1"><![CDATA[<any>]]></my:thing>
  <group id="g1" translate="no">
   <unit id="u1" name="title" xml:space="preserve" translate="yes">
    <mda:metadata xmlns:mda="urn:oasis:names:tc:xliff:metadata:2.0">
     <mda:metaGroup category="place"><mda:meta type="region">510000</mda:meta></mda:metaGroup>
    </mda:metadata>
    <notes><note id="n1" category="hint" priority="2" appliesTo="target">短</note></notes>
    <originalData><data id="d1">&lt;b></data><data id="d2">&lt;/b></data><data id="d3">{n}</data></originalData>
    <segment id="s1" state='translated' subState="my:ok">
     <source>按<pc id="1" dataRefStart="d1" dataRefEnd="d2" type="fmt">确定</pc><![CDATA[&]]></source>
     <target order="1"><pc dataRefEnd="d2" dataRefStart="d1" id="1" type="fmt">བོད</pc>&amp;</target>
    </segment>
    <ignorable>
     <source> </source>
    </ignorable>
    <segment>
     <source><ph id="2" dataRef="d3" disp="数" canDelete="no" canCopy="no"/>人<mrk id="m1" type="term" value="术">词</mrk></source>
    </segment>
   </unit>
  </group>
 </file>
</xliff>
"""
OLDER = """<?xml version="1.0" encoding="UTF-8"?>
<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
  <file original="a.txt" source-language="zh-CN" target-language="ii" datatype="plaintext">
    <body>
      <group id="g">
      <trans-unit id="a" resname="k" approved='yes' maxwidth="70" size-unit="char">
        <source>按<g id="1">确定</g><x id="2" equiv-text="{n}"/></source>
        <target state="final"><g id="1">ꆈ</g><x id="2"/></target>
        <note from="编辑" annotates="source" priority="3">注</note>
        <alt-trans match-quality="80%" origin="tm"><source>按</source><target>ꌠ</target></alt-trans>
      </trans-unit>
      </group>
      <trans-unit id="b" translate="no">
        <source><bpt id="1" rid="r">&lt;b></bpt>字<ept id="2" rid="r">&lt;/b></ept><ph id="3">{0}</ph><mrk mtype="protected">A</mrk></source>
      </trans-unit>
    </body>
  </file>
</xliff>
"""


def test_a_newer_document_is_read():
    document = tf.formats.xliff.parse(NEWER.encode())
    assert (document.version, document.source, document.target) == ("2.1", "zh-Hans", "bo")
    [unit] = document.units
    assert (unit.id, unit.file, unit.groups, unit.name) == ("u1", "f1", ("g1",), "title")
    assert (unit.translate, unit.preserve, unit.line) == (True, True, 8)
    assert unit.notes == (Note("短", "hint", "target", 2, "n1"),)
    assert unit.metadata == (Meta("region", "510000", "place"),)
    first, between, last = unit.segments
    assert first.masked.text == "按{1}确定{/1}&"
    assert first.masked_target.text == "{1}བོད{/1}&"
    assert (first.state, first.native_state) == (DONE, "translated my:ok")
    assert (between.id, between.ignorable, between.state) == ("#2", True, EMPTY)
    assert last.masked.text == "{1/}人{2}词{/2}"
    slot, _, term, *_ = last.source
    assert (slot.data, slot.shown, slot.can_delete, slot.can_copy) == ("{n}", "数", False, False)
    assert (term.annotation, term.type, term.shown) == (True, "term", "术")
    assert repr(document) == "<XLIFF 2.1, zh-Hans to bo, 1 units>"


def test_an_older_document_is_read():
    document = parse(OLDER.encode())
    one, other = document.units
    assert (one.file, one.groups, one.name, one.longest) == ("a.txt", ("g",), "k", 70)
    assert one.notes == (Note("注", "编辑", "source", 3),)
    assert one.segments[0].state is APPROVED
    assert one.segments[0].masked.text == "按{1}确定{/1}{2/}"
    assert (one.matches[0].similarity, one.matches[0].target) == (80.0, ("ꌠ",))
    assert other.translate is False
    assert other.segments[0].masked.text == "{1}字{/1}{2/}{3}A{/3}"
    assert [part.data for part in other.segments[0].source[:3:2]] == ["<b>", "</b>"]


@pytest.mark.parametrize("data", [NEWER, OLDER])
def test_what_is_only_read_is_written_as_it_was(data):
    document = parse(data.encode())
    assert dump(document) == data.encode()
    same = {
        (unit.id, part.id): Target(part.target, part.state)
        for unit in document.units
        for part in unit.segments
        if part.target
    }
    assert dump(document.with_targets(same)) == data.encode()
    assert [problem for problem in check(data.encode()) if problem.severity is Severity.ERROR] == []


def changes(before, after):
    return [
        (one, other)
        for one, other in zip(before.splitlines(), after.splitlines(), strict=True)
        if one != other
    ]


def test_one_target_changes_its_own_bytes_only():
    made = parse(NEWER.encode()).with_targets({("u1", "s1"): Target("&<{1}ཡི{/1}", APPROVED)})
    text = dump(made).decode()
    assert changes(NEWER, text) == [
        (
            """    <segment id="s1" state='translated' subState="my:ok">""",
            '    <segment id="s1" state="final">',
        ),
        (
            '     <target order="1"><pc dataRefEnd="d2" dataRefStart="d1" id="1" type="fmt">བོད</pc>&amp;</target>',
            '     <target order="1">&amp;&lt;<pc id="1" dataRefStart="d1" dataRefEnd="d2" type="fmt">ཡི</pc></target>',
        ),
    ]
    assert made.units[0].segments[0].state is APPROVED
    assert made.units[0].segments[1:] == parse(NEWER.encode()).units[0].segments[1:]


def test_a_new_target_stands_where_it_belongs():
    made = parse(NEWER.encode()).with_targets({("u1", "#3"): Target("{2}ཡི{/2}{1/}", DRAFT)})
    text = dump(made).decode()
    assert '    <segment state="initial" subState="tfk:machine">' in text
    assert (
        '\n     <target><mrk id="m1" type="term" value="术">ཡི</mrk>'
        '<ph id="2" dataRef="d3" disp="数" canDelete="no" canCopy="no"/></target>\n    </segment>'
    ) in text
    gone = made.with_targets({("u1", "#3"): Target("", EMPTY)})
    assert dump(gone).decode() == NEWER


def test_an_older_target_says_its_state_twice():
    document = parse(OLDER.encode())
    made = document.with_targets(
        {"a": Target("{2/}{1}ꌠ{/1}", REVIEWED), "b": Target("{1}ꌠ{/1}{2/}", DRAFT)}
    )
    text = dump(made).decode()
    assert '<trans-unit id="a" resname="k" maxwidth="70" size-unit="char">' in text
    assert (
        '<target state="signed-off"><x id="2" equiv-text="{n}"/><g id="1">ꌠ</g></target>' in text
    )
    assert '<target state="needs-review-translation" state-qualifier="mt-suggestion"><bpt' in text
    back = made.with_targets({"a": Target(document.units[0].segments[0].target, APPROVED)})
    assert 'size-unit="char" approved="yes">' in dump(back).decode()
    assert [unit.segments[0].state for unit in back.units] == [APPROVED, DRAFT]


@pytest.mark.parametrize(
    ("key", "target", "code", "why"),
    [
        ("u2", Target("ཡི"), "xliff.unknown_segment", None),
        (("u1", "s9"), Target("ཡི"), "xliff.unknown_segment", None),
        (("f2", "u1", "s1"), Target("ཡི"), "xliff.unknown_segment", None),
        ("u1", Target("ཡི"), "xliff.ambiguous", None),
        (("u1", "#3"), Target("ཡི"), "xliff.codes", "lost"),
        (("u1", "#3"), Target("{1/}{1/}"), "xliff.codes", "doubled"),
        (("u1", "s1"), Target("ཡི"), "xliff.codes", "lost"),
        (("u1", "s1"), Target("{/1}ཡི{1}"), "xliff.codes", "crossed"),
        (("u1", "s1"), Target("{1}ཡི", leave_out=True), "xliff.codes", "crossed"),
        (("u1", "s1"), Target("", APPROVED), "xliff.contradiction", None),
        (("u1", "s1"), Target("{1}ཡི{/1}", EMPTY), "xliff.contradiction", None),
        (("u1", "s1"), Target("{1}\x01{/1}"), "xliff.characters", None),
        (("u1", "s1"), Target((Code("9"),), leave_out=True), "xliff.unknown_code", None),
    ],
)
def test_mistakes_are_told(key, target, code, why):
    with pytest.raises(Invalid) as refused:
        parse(NEWER.encode()).with_targets({key: target})
    assert refused.value.code == code
    assert refused.value.values.get("why") == why
    assert "ཡི" not in str(refused.value)


def test_codes_may_be_left_out_or_copied_on_purpose():
    document = parse(NEWER.encode())
    plain = document.with_targets({("u1", "s1"): Target("ཡི", leave_out=True)})
    assert plain.units[0].segments[0].target == ("ཡི",)
    twice = document.with_targets({("u1", "s1"): Target("{1}ཡི{/1} {1}གི{/1}")})
    assert (
        '<pc id="1-2" dataRefStart="d1" dataRefEnd="d2" type="fmt">གི</pc>' in dump(twice).decode()
    )
    assert check(dump(twice)) == []


def test_a_copy_without_original_data_names_its_base():
    data = NEWER.replace(' dataRefStart="d1" dataRefEnd="d2"', "").replace(
        ' dataRefEnd="d2" dataRefStart="d1"', ""
    )
    made = parse(data.encode()).with_targets({("u1", "s1"): Target("{1}ཡི{/1}{1}གི{/1}")})
    assert '<pc id="1-2" type="fmt" copyOf="1">གི</pc>' in dump(made).decode()
    assert check(dump(made)) == []


def test_an_annotation_gives_way_to_codes():
    data = NEWER.replace("<![CDATA[&]]>", '<mrk id="m9" type="term">词</mrk>')
    made = parse(data.encode()).with_targets({("u1", "s1"): Target("{2}ཡི{1}གི{/2}{/1}")})
    assert '<sm id="m9" type="term"/>ཡི<pc' in dump(made).decode()
    assert 'གི<em startRef="m9"/></pc></target>' in dump(made).decode()
    assert check(dump(made)) == []
    dropped = parse(data.encode()).with_targets({("u1", "s1"): Target("{1}གི{/1}")})
    assert check(dump(dropped)) == []


def test_pairs_that_cannot_overlap_are_refused():
    data = NEWER.replace("<![CDATA[&]]>", '<pc id="9">词</pc>')
    with pytest.raises(Invalid) as refused:
        parse(data.encode()).with_targets({("u1", "s1"): Target("{2}ཡི{1}གི{/2}{/1}")})
    assert (refused.value.code, refused.value.values["why"]) == ("xliff.codes", "crossed")


def test_the_language_is_given_where_the_document_has_none():
    data = (
        NEWER.replace(' trgLang="bo"', "")
        .replace(
            """     <target order="1"><pc dataRefEnd="d2" dataRefStart="d1" id="1" type="fmt">བོད</pc>&amp;</target>\n""",
            "",
        )
        .replace(""" state='translated' subState="my:ok\"""", "")
    )
    document = parse(data.encode())
    with pytest.raises(Invalid) as refused:
        document.with_targets({("u1", "s1"): Target("{1}ཡི{/1}")})
    assert refused.value.code == "xliff.no_target_language"
    made = document.with_targets({("u1", "s1"): Target("{1}ཡི{/1}")}, language="bo")
    assert made.target == "bo"
    assert check(dump(made)) == []
    with pytest.raises(Invalid) as refused:
        made.with_targets({}, language="ii")
    assert refused.value.code == "xliff.other_language"


def test_a_new_target_inherits_no_foreign_language_or_space():
    data = """<x:xliff xmlns:x="urn:oasis:names:tc:xliff:document:2.2" version="2.2" srcLang="en" trgLang="ii" xml:lang="en">
<x:file id="f"><x:unit id="u"><x:segment><x:source xml:space="preserve"> a </x:source></x:segment></x:unit></x:file></x:xliff>"""
    made = dump(parse(data.encode()).with_targets({"u": Target(" ꌠ ")}))
    assert b'<x:target xml:space="preserve" xml:lang="ii"> ' in made
    assert check(made) == []


def test_targets_that_are_there_but_empty_are_none():
    data = NEWER.replace(
        '<pc dataRefEnd="d2" dataRefStart="d1" id="1" type="fmt">བོད</pc>&amp;</target>', "</target>"
    )
    document = parse(data.encode())
    assert document.units[0].segments[0].state is EMPTY
    assert [problem.rule for problem in document.warnings] == ["state.no_target"]
    short = data.replace('<target order="1"></target>', "<target order='2' />")
    made = dump(
        parse(short.encode()).with_targets({("u1", "s1"): Target("{1}ཡི{/1}", WORK)})
    ).decode()
    assert "<target order='2'><pc" in made
    assert 'state="initial" subState="tfk:needs-work"' in made


STATES = [
    ("", "", "", DONE, ""),
    ("", "", "yes", APPROVED, ""),
    ("new", "", "", WORK, ""),
    ("needs-translation", "", "", WORK, ""),
    ("needs-review-translation", "", "", WORK, ""),
    ("needs-review-translation", "mt-suggestion", "", DRAFT, ""),
    ("needs-review-translation", "leveraged-mt", "no", DRAFT, ""),
    ("needs-adaptation", "", "", WORK, ""),
    ("needs-review-l10n", "", "", WORK, ""),
    ("translated", "", "", DONE, ""),
    ("signed-off", "", "", REVIEWED, ""),
    ("final", "", "yes", APPROVED, ""),
    ("final", "", "", REVIEWED, "state.contradiction"),
    ("final", "", "no", REVIEWED, "state.contradiction"),
    ("needs-translation", "", "yes", WORK, "state.contradiction"),
    ("translated", "", "yes", DONE, "state.contradiction"),
    ("x-odd", "", "", WORK, "state.unknown"),
]


@pytest.mark.parametrize(("state", "qualifier", "approved", "taken", "rule"), STATES)
def test_of_two_states_the_lower_is_taken(state, qualifier, approved, taken, rule):
    pairs = {"state": state, "state-qualifier": qualifier}
    written = "".join(f' {name}="{value}"' for name, value in pairs.items() if value)
    data = OLDER.replace('<target state="final"', f"<target{written}")
    data = data.replace(" approved='yes'", f" approved='{approved}'" if approved else "")
    document = parse(data.encode())
    assert document.units[0].segments[0].state is taken
    assert [problem.rule for problem in document.warnings] == ([rule] if rule else [])
    told = [problem.rule for problem in check(data.encode())]
    assert told == (["state.contradiction"] if rule == "state.contradiction" else [])
    # Saying the same state again changes nothing, even where the file says it otherwise.
    same = document.with_targets({"a": Target(document.units[0].segments[0].target, taken)})
    assert dump(same) == data.encode()


@pytest.mark.parametrize("state", SegmentState)
@pytest.mark.parametrize("version", ["2.1", "1.2"])
def test_every_state_comes_back(state, version):
    target = None if state is EMPTY else "ཡི"
    made = make(
        [Unit(id="u", segments=(Segment(source="字", target=target, state=state),))],
        source="zh-Hans",
        target="bo",
        version=version,
    )
    assert check(made) == []
    [unit] = parse(made).units
    assert unit.segments[0].state is state


def test_a_machines_match_makes_a_draft():
    data = NEWER.replace(
        "<notes>",
        '<mtc:matches xmlns:mtc="urn:oasis:names:tc:xliff:matches:2.0"><mtc:match ref="#s1" type="mt" similarity="70"><source>a</source><target>b</target></mtc:match></mtc:matches><notes>',
    )
    data = data.replace(""" state='translated' subState="my:ok\"""", "")
    [unit] = parse(data.encode()).units
    assert unit.segments[0].state is DRAFT
    assert unit.matches[0].similarity == 70.0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("<html/>", "xliff.not_xliff"),
        ('<xliff version="3.0"/>', "xliff.version"),
        ('<xliff xmlns="urn:oasis:names:tc:xliff:document:3.0" version="3.0"/>', "xliff.version"),
        (NEWER.replace('<unit id="u1"', "<unit"), "xliff.structure"),
        (OLDER.replace("<source>", "<src>").replace("</source>", "</src>"), "xliff.structure"),
        (OLDER.replace('id="b" translate', 'id="a" translate'), "xliff.twice"),
        (NEWER.replace(' id="f1"', ""), "xliff.structure"),
        ("<xliff>", "markup.broken"),
        (
            '<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0"><unit id="u"/></xliff>',
            "xliff.structure",
        ),
    ],
)
def test_what_cannot_be_read_is_told(data, code):
    with pytest.raises(Invalid) as refused:
        parse(data.encode())
    assert refused.value.code == code


PIECES = st.sampled_from(
    [
        *(
            "<",
            ">",
            '"',
            "&",
            "<segment>",
            "</segment>",
            "</unit>",
            '<ph id="1"/>',
            "<sc/>",
            "</pc>",
        ),
        *("<ec/>", "<source/>", "<target/>", ' id="1"', ' id="2"', ' startRef="1"', ' copyOf="1"'),
        *(' ref="#/"', ' order="99999999999999999999"', ' hex="FFFFFFFFFFFF"', ' xml:lang=""'),
        *("<!--x-->", "<![CDATA[x]]>", '<bpt id="1">', "</g>", "<trans-unit>", ' rid="1"', ""),
    ]
)
CUTS = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 30), PIECES), min_size=1, max_size=3)


@given(st.sampled_from([NEWER, OLDER]), CUTS)
def test_what_is_torn_raises_nothing_but_invalid(data, cuts):
    for begin, length, piece in cuts:
        data = data[:begin] + piece + data[begin + length :]
    with contextlib.suppress(Invalid):
        assert all(problem.line >= 1 and problem.path for problem in check(data.encode()))
    with contextlib.suppress(Invalid):
        document = parse(data.encode())
        segments = [(unit, one) for unit in document.units for one in unit.segments]
        targets = {
            (unit.file, unit.id, one.id): Target(f"{one.masked.text}x") for unit, one in segments
        }
        made = document.with_targets(targets, language=None if document.target else "bo")
        texts = [words(one.target) for unit in made.units for one in unit.segments]
        assert texts == [f"{words(one.source)}x" for _, one in segments]


# Made from scratch.

WORDS = st.text("ab字ཡི <&>\"'\n{}1/", min_size=1, max_size=6)


@st.composite
def texts(draw, ids):
    parts = []
    for _ in range(draw(st.integers(0, 3))):
        id_ = draw(st.sampled_from(ids))
        ids = [one for one in ids if one != id_]
        hints = {
            "data": draw(st.sampled_from(["", "<b>", "{n}", "a & b"])),
            "annotation": draw(st.booleans()),
            "type": draw(st.sampled_from(["", "fmt", "term", "my:t", "weird"])),
            "can_copy": draw(st.booleans()),
            "can_delete": draw(st.booleans()),
            "can_reorder": draw(st.booleans()),
        }
        kinds = draw(
            st.sampled_from(
                [
                    [CodeKind.STANDALONE],
                    [CodeKind.OPEN, CodeKind.CLOSE],
                    [CodeKind.OPEN],
                    [CodeKind.CLOSE],
                ]
            )
        )
        if len(kinds) != 2:
            hints["annotation"] = False
        parts += [Code(id_, kind, **hints) for kind in kinds]
    order = draw(st.permutations(range(len(parts))))
    # A pair opens before it closes.
    parts = sorted((parts[n] for n in order), key=lambda code: code.kind is CodeKind.CLOSE)
    words = draw(st.lists(WORDS, min_size=len(parts) + 1, max_size=len(parts) + 1))
    mixed = [one for pair in zip(words, parts, strict=False) for one in pair]
    return runs([*mixed, words[-1]])


@st.composite
def units(draw):
    made = []
    for number in range(draw(st.integers(1, 3))):
        segments = []
        for place in range(draw(st.integers(1, 3))):
            source = draw(texts(["1", "2", "a b", "x"]))
            state = draw(st.sampled_from(SegmentState))
            target = None if state is EMPTY else source
            segments.append(
                Segment(
                    id=draw(st.sampled_from(["", f"s{place}"])),
                    source=source,
                    target=target,
                    state=state,
                )
            )
        notes = tuple(Note(text, "c") for text in draw(st.lists(WORDS, max_size=2)))
        made.append(
            Unit(
                id=f"u{number}",
                segments=tuple(segments),
                notes=notes,
                metadata=(Meta("t", "v<"),),
                translate=draw(st.booleans()),
            )
        )
    return made


def words(text):
    return "".join(part for part in text or () if isinstance(part, str))


@given(units(), st.sampled_from(["2.1", "1.2"]))
def test_what_is_made_is_valid_and_comes_back(given_, version):
    data = make(given_, source="zh-Hans", target="ii", version=version)
    assert check(data) == []
    document = parse(data)
    assert document.warnings == ()
    before = [segment for unit in given_ for segment in unit.segments]
    after = [segment for unit in document.units for segment in unit.segments]
    for one, other in zip(before, after, strict=True):
        assert (words(other.source), other.state) == (words(one.source), one.state)
        assert words(other.target) == words(one.target)
        kept = [code.data for code in one.source if isinstance(code, Code) and not code.annotation]
        assert [
            code.data for code in other.source if isinstance(code, Code) and not code.annotation
        ] == kept


@given(units(), st.sampled_from(["2.1", "1.2"]), st.sampled_from(list(SegmentState)[1:]))
def test_what_is_made_can_be_translated(given_, version, state):
    document = parse(make(given_, source="zh-Hans", target="ii", version=version))
    targets = {
        (unit.file, unit.id, segment.id): Target(f"ꆈ{segment.masked.text}", state)
        for unit in document.units
        for segment in unit.segments
    }
    made = document.with_targets(targets)
    assert check(dump(made)) == []
    for unit in made.units:
        for segment in unit.segments:
            assert segment.state is state
            assert segment.masked_target.text == f"ꆈ{segment.masked.text}"


@pytest.mark.parametrize(
    ("units_", "more", "code"),
    [
        ([], {}, "xliff.empty"),
        ([Unit(id="u", segments=())], {}, "xliff.empty"),
        ([Unit(id="a b", segments=(Segment(source="字"),))], {}, "xliff.bad_id"),
        ([Unit(id="u", segments=(Segment(source="字"),))] * 2, {}, "xliff.twice"),
        ([Unit(id="u", segments=(Segment(id="s", source="字"),) * 2)], {}, "xliff.twice"),
        (
            [Unit(id="u", segments=(Segment(source="字", state=APPROVED),))],
            {},
            "xliff.contradiction",
        ),
        ([Unit(id="u", segments=(Segment(source="字", target="ཡི"),))], {}, "xliff.contradiction"),
        ([Unit(id="u", segments=(Segment(source="\0"),))], {}, "xliff.characters"),
        (
            [Unit(id="u", segments=(Segment(source="字"),), notes=(Note("\0"),))],
            {},
            "xliff.characters",
        ),
        ([Unit(id="u", segments=(Segment(source="字"),))], {"version": "2.2"}, "xliff.version"),
        ([Unit(id="u", segments=(Segment(source="字"),))], {"target": "b o"}, "text.bad_language"),
    ],
)
def test_what_cannot_be_made_is_told(units_, more, code):
    with pytest.raises(Invalid) as refused:
        make(units_, **{"source": "zh-Hans", "target": "bo", **more})
    assert refused.value.code == code


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030"])
def test_other_encodings_are_kept(encoding):
    text = NEWER.replace('version="1.0"', f'version="1.0" encoding="{encoding}"', 1)
    document = parse(text.encode(encoding))
    assert dump(document) == text.encode(encoding)
    made = document.with_targets({("u1", "#3"): Target("{1/}ཡི{2}གི{/2}")})
    assert parse(dump(made)).units == made.units
    assert len(dump(made)) > len(text.encode(encoding))


# What checks say of older documents.

BODY = '<xliff xmlns="urn:oasis:names:tc:xliff:document:1.2" version="1.2"><file original="a" source-language="zh" target-language="bo" datatype="plaintext"><body>{}</body></file></xliff>'


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        ("attribute.missing", "<trans-unit><source>字</source></trans-unit>"),
        ("attribute.missing", "<trans-unit id='1'><source><g>字</g></source></trans-unit>"),
        ("attribute.value", "<trans-unit id='1' approved='true'><source>字</source></trans-unit>"),
        (
            "attribute.value",
            "<trans-unit id='1'><source>字</source><target state='done'/></trans-unit>",
        ),
        ("element.missing", "<trans-unit id='1'><target>ཡི</target></trans-unit>"),
        ("element.order", "<trans-unit id='1'><target>ཡི</target><source>字</source></trans-unit>"),
        (
            "element.repeated",
            "<trans-unit id='1'><source>字</source><source>字</source></trans-unit>",
        ),
        ("element.unexpected", "<trans-unit id='1'><source>字<pc id='1'/></source></trans-unit>"),
        ("id.duplicate", "<trans-unit id='1'><source>字</source></trans-unit>" * 2),
        ("pair.no_end", "<trans-unit id='1'><source><bpt id='1'/>字</source></trans-unit>"),
        ("pair.no_start", "<trans-unit id='1'><source>字<ex id='1'/></source></trans-unit>"),
    ],
)
def test_older_documents_are_checked(rule, content):
    found = [
        problem.rule
        for problem in check(BODY.format(content).encode())
        if problem.severity is Severity.ERROR
    ]
    assert found == [rule]


def test_older_documents_are_warned_of_lost_codes():
    content = "<trans-unit id='1'><source>字<x id='1'/></source><target>ཡི</target></trans-unit>"
    [found] = check(BODY.format(content).encode())
    assert (found.rule, found.severity) == ("target.code_lost", Severity.WARNING)
    [bare] = check(
        BODY.replace(' target-language="bo"', "")
        .format("<trans-unit id='1'><source>字</source><target>ཡི</target></trans-unit>")
        .encode()
    )
    assert bare.rule == "language.no_target"
