"""The glossary: kept by organizations, asked by anybody with an account, held against translations."""

import pytest

from tianfu_sdk.errors import Conflict, Denied, Invalid
from tianfu_sdk.formats import tbx
from tianfu_sdk.model.glossary import TermStatus
from tianfu_sdk.testing import FrozenClock

STROKE = [
    {"language": "zh", "text": "脑卒中"},
    {"language": "zh-CN", "text": "中风", "status": "admitted"},
    {"language": "bo", "text": "གཟའ་ནད"},
    {"language": "bo", "text": "སྨྱོ་ནད", "status": "forbidden"},
]


class Cast:
    def __init__(self, way):
        self.clock = FrozenClock()
        self.hub = way.open(clock=self.clock)
        admin = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.root = admin.organization
        self.admin = self.hub.as_(admin.id)
        self.city = self.admin.organizations.create(
            name="自贡市科学技术协会", region="510300", parent=self.root, kind="association"
        ).id
        self.second = self.person(["*"])
        self.reader = self.person(["translate", "read"])

    def person(self, actions, **place):
        account = self.admin.accounts.create(organization=self.root)
        self.admin.accounts.grant(account.id, actions, **(place or {"region": "510000"}))
        return self.hub.as_(account.id)

    def translation(self, body, title="གཟའ་ནད།"):
        draft = self.admin.resources.create(
            title="中风了怎么办", body="脑卒中要尽快送医。", organization=self.root
        )
        self.admin.resources.submit(draft.id)
        self.second.resources.approve(draft.id)
        self.second.resources.publish(draft.id)
        self.source = draft
        return self.reader.translations.create(draft.id, language="bo", title=title, body=body)


@pytest.fixture
def cast(way):
    return Cast(way)


def test_a_concept_is_added_found_and_changed(cast):
    made = cast.admin.glossary.add(organization=cast.root, terms=STROKE, subject="医学")
    assert [term.language for term in made.terms] == ["zh-Hans", "zh-Hans", "bo", "bo"]
    (hit,) = cast.reader.glossary.scan("預防中風", "zh-TW")
    assert (hit.concept, hit.start, hit.end, hit.term.status) == (
        made.id,
        2,
        4,
        TermStatus.ADMITTED,
    )
    assert [one.id for one in cast.reader.glossary.find(language="bo")] == [made.id]
    cast.clock.tick()
    cast.admin.glossary.edit(made.id, terms=STROKE[:1], version=1)
    assert cast.reader.glossary.scan("中风", "zh") == []
    with pytest.raises(Conflict):
        cast.admin.glossary.edit(made.id, subject="x", version=1)
    cast.admin.glossary.edit(made.id, active=False)
    assert cast.reader.glossary.scan("脑卒中", "zh") == []
    assert list(cast.reader.glossary.find()) == []
    assert [one.id for one in cast.reader.glossary.find(active=None)] == [made.id]


def test_a_glossary_holds_for_its_organization_and_those_below_it(cast):
    cast.admin.glossary.add(organization=cast.city, terms=STROKE[:1])
    assert cast.admin.glossary.scan("脑卒中", "zh") == []
    assert cast.admin.glossary.scan("脑卒中", "zh", organization=cast.city)
    cast.admin.glossary.add(organization=cast.root, terms=[{"language": "zh", "text": "地震"}])
    assert cast.admin.glossary.scan("地震", "zh", organization=cast.city)
    with pytest.raises(Denied):
        cast.reader.glossary.add(organization=cast.root, terms=STROKE)
    with pytest.raises(Denied, match=r"account\.required"):
        cast.hub.glossary.find()


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"terms": []}, "glossary.no_term", "terms"),
        ({"terms": [STROKE[0], STROKE[0]]}, "glossary.same_term", "terms[1]"),
        ({"terms": [{"language": "b_o", "text": "x"}]}, "text.bad_language", "language"),
        ({"terms": [{"language": "bo"}]}, "field.type", "terms[0].text"),
        ({"terms": [STROKE[0] | {"status": "good"}]}, "field.choice", "terms[0].status"),
        ({"terms": [STROKE[0] | {"text": "x" * 201}]}, "field.too_long", "terms[0].text"),
    ],
)
def test_slips_are_told_with_their_place(cast, given, code, path):
    with pytest.raises(Invalid) as caught:
        cast.admin.glossary.add(organization=cast.root, **given)
    assert (caught.value.code, caught.value.path) == (code, path)
    with pytest.raises(Invalid, match=r"content\.fixed"):
        cast.admin.glossary.edit("cpt_1", organization="org_2")


def test_a_text_is_held_against_it(cast):
    cast.admin.glossary.add(organization=cast.root, terms=STROKE)
    found = cast.reader.glossary.check("脑卒中", "སྨྱོ་ནད་", source="zh", target="bo")
    assert [(one.code, one.severity, one.start, one.end) for one in found] == [
        ("glossary.forbidden", "error", 0, 7)
    ]
    assert found[0].values["wanted"] == "གཟའ་ནད"


def test_a_translation_with_a_forbidden_term_is_not_approved(cast):
    made = cast.translation("སྨྱོ་ནད་ལ་སྨན་ཁང་དུ།")
    cast.admin.glossary.add(organization=cast.root, terms=STROKE)
    found = cast.reader.glossary.problems(made.id)
    assert [(one.field, one.code) for one in found] == [("body", "glossary.forbidden")]
    with pytest.raises(Invalid) as caught:
        cast.second.translations.approve(made.id)
    assert (caught.value.code, caught.value.path) == ("glossary.refused", "body")
    assert "གཟའ་ནད" in str(caught.value)
    cast.reader.translations.edit(made.id, body="གཟའ་ནད་ལ་སྨན་ཁང་དུ།")
    assert cast.second.translations.approve(made.id).state.value == "approved"


def test_a_required_term_may_not_be_missing(cast):
    made = cast.translation("ནད་ལ་སྨན་ཁང་དུ།")
    concept = cast.admin.glossary.add(organization=cast.root, terms=STROKE, required=True)
    with pytest.raises(Invalid, match=r"glossary\.refused"):
        cast.second.translations.approve(made.id)
    cast.admin.glossary.edit(concept.id, required=False)
    (problem,) = cast.reader.glossary.problems(made.id)
    assert (problem.code, problem.severity) == ("glossary.missing", "warning")
    assert cast.second.translations.approve(made.id).state.value == "approved"


def test_a_task_is_held_against_it_segment_by_segment_and_a_reviewer_may_dismiss(cast):
    cast.translation("x", title="x")
    cast.admin.glossary.add(organization=cast.root, terms=STROKE)
    other = cast.admin.resources.create(title="脑卒中", body="地震。", organization=cast.root)
    cast.admin.resources.submit(other.id)
    cast.second.resources.approve(other.id)
    task = cast.reader.translations.begin(other.id, "bo")
    task = cast.reader.translations.enter(task.id, {"s1": "སྨྱོ་ནད", "s2": "ས་ཡོམ།"})
    found = [
        (one.segment, one.code, one.spans)
        for one in cast.reader.translations.problems(task.id)
        if one.code.startswith("glossary.")
    ]
    assert found == [("s1", "glossary.forbidden", ((0, 7),))]
    with pytest.raises(Invalid, match=r"translation\.checks_failed") as caught:
        cast.second.translations.approve_task(task.id)
    assert caught.value.path == "segments.s1"
    cast.second.translations.dismiss(task.id, "s1", "glossary.forbidden")
    assert cast.second.translations.approve_task(task.id).title == "སྨྱོ་ནད"


# Files.


def test_a_glossary_goes_out_and_comes_in_the_same(cast):
    cast.admin.glossary.add(
        organization=cast.root, terms=STROKE, subject="医学", definition="脑血管病"
    )
    files = {format_: cast.reader.glossary.export(format_) for format_ in ("tbx", "csv")}
    for format_, data in files.items():
        report = cast.admin.glossary.load(data, organization=cast.city, format=format_)
        assert (report.concepts, report.added + report.changed + report.unchanged) == (1, 1)
    found = cast.admin.glossary.find(organization=cast.city)
    (made,) = found
    assert [(t.language, t.text, t.status.value) for t in made.terms] == [
        ("zh-Hans", "脑卒中", "preferred"),
        ("zh-Hans", "中风", "admitted"),
        ("bo", "གཟའ་ནད", "preferred"),
        ("bo", "སྨྱོ་ནད", "forbidden"),
    ]
    assert (made.subject, made.definition) == ("医学", "脑血管病")
    assert tbx.check(cast.reader.glossary.export()) == []


def test_a_concept_of_a_file_is_known_again_and_changed(cast):
    table = "id,subject,required,zh-Hans,bo,bo:forbidden\n1,医学,是,脑卒中|中风,གཟའ་ནད,སྨྱོ་ནད\n"
    report = cast.admin.glossary.load(table.encode("utf-8-sig"), organization=cast.root)
    assert (report.added, report.changed, report.unchanged) == (1, 0, 0)
    assert cast.admin.glossary.load(table.encode(), organization=cast.root).unchanged == 1
    changed = table.replace("是", "").encode("gb18030")
    dry = cast.admin.glossary.load(changed, organization=cast.root, dry_run=True, format="csv")
    assert dry.changed == 1
    assert next(iter(cast.admin.glossary.find())).required
    assert cast.admin.glossary.load(changed, organization=cast.root, format="csv").changed == 1
    assert not next(iter(cast.admin.glossary.find())).required
    assert cast.admin.glossary.scan("中风", "zh")


@pytest.mark.parametrize(
    ("data", "rule", "line"),
    [
        (b"id,zh-Hans,b_o\n1,a,b\n", "text.bad_language", 1),
        (b"id,zh-Hans,bo:bad\n1,a,b\n", "field.choice", 1),
        (b"id,zh-Hans,bo\n1,,\n", "glossary.no_term", 2),
        (b"id,zh-Hans,bo\n1,a,b\n2," + b"x" * 300 + b",b\n", "field.too_long", 3),
        (b"<tbx type='TBX-Basic'/>", "tbx.no_concept", 1),
        (b"<tbx type='TBX-Basic'><text>", "markup.broken", 1),
    ],
)
def test_of_a_broken_file_nothing_is_taken_in(cast, data, rule, line):
    with pytest.raises(Invalid) as caught:
        cast.admin.glossary.load(data, organization=cast.root)
    assert caught.value.code == "glossary.bad_file"
    assert (caught.value.values["rule"], caught.value.values["line"]) == (rule, line)
    assert list(cast.admin.glossary.find()) == []


def test_a_unit_that_is_undone_is_forgotten(cast):
    def undone(unit):
        me = unit.as_(cast.admin_id)
        me.glossary.add(organization=cast.root, terms=STROKE)
        assert me.glossary.scan("脑卒中", "zh")
        raise RuntimeError

    cast.admin_id = next(iter(cast.admin.accounts.find())).id
    with pytest.raises(RuntimeError):
        cast.hub.unit(undone)
    assert cast.admin.glossary.scan("脑卒中", "zh") == []
    cast.admin.glossary.add(organization=cast.root, terms=STROKE[1:])
    assert cast.admin.glossary.scan("脑卒中", "zh") == []
    assert cast.admin.glossary.scan("中风", "zh")
