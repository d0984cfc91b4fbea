"""The translation memory: what approved translations teach it, and files of other tools."""

import io
import threading

import pytest

from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.formats import tmx
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.memory import MatchKind
from tianfu_sdk.testing import FrozenClock

BODY = "地震时先躲在桌子下面。震后请走楼梯。请勿乘坐电梯。"
SAID = "ས་ཡོམ་སྐབས། ཐེམ་སྐས་བརྒྱུད། གློག་སྐས་མ་འགྲོ།"


class Cast:
    """A hub with a translator, an approver and somebody from elsewhere."""

    def __init__(self, way, **settings):
        self.clock = FrozenClock()
        self.hub = way.open(clock=self.clock, settings=settings)
        admin = self.hub.bootstrap(organization="四川省科学技术协会", region="510000")
        self.root = admin.organization
        self.admin_id = admin.id
        self.admin = self.hub.as_(admin.id)
        self.editor = self.person(["*"])
        self.second = self.person(["*"])
        self.translator = self.person(["translate", "read"])
        self.elsewhere = self.person(["translate", "approve"], region="510300")

    def person(self, actions, region="510000"):
        account = self.admin.accounts.create(organization=self.root)
        self.admin.accounts.grant(account.id, actions, region=region)
        return self.hub.as_(account.id)

    def published(self, **fields):
        given = {"title": "地震来了", "body": BODY, "organization": self.root} | fields
        return self.through(self.editor.resources.create(**given).id)

    def through(self, id_):
        self.clock.tick()
        self.editor.resources.submit(id_)
        self.second.resources.approve(id_)
        return self.editor.resources.publish(id_)

    def translated(self, source, *, approve=True, body=SAID):
        made = self.translator.translations.create(
            source.id, language="bo", title="ས་ཡོམ།", body=body
        )
        return self.second.translations.approve(made.id) if approve else made

    def kinds(self, text, **more):
        hits = self.translator.memory.lookup(text, source="zh", target="bo", **more)
        return [(hit.kind.value, hit.target) for hit in hits]


@pytest.fixture
def cast(way):
    return Cast(way)


FIRST = "地震时先躲在桌子下面。"


def test_approved_translations_teach_the_memory_and_drafts_do_not(cast):
    source = cast.published()
    made = cast.translated(source, approve=False)
    assert cast.kinds(FIRST) == []
    cast.second.translations.approve(made.id)
    assert cast.kinds(FIRST) == [("exact", "ས་ཡོམ་སྐབས།")]
    assert cast.kinds("地震時先躲在桌子下面。") == [("fuzzy", "ས་ཡོམ་སྐབས།")]
    assert cast.kinds("地震时要躲在桌子下面。") == [("fuzzy", "ས་ཡོམ་སྐབས།")]
    assert cast.kinds("脑卒中怎么预防") == []
    assert cast.translator.memory.lookup(FIRST, source="zh", target="ii") == []


def test_the_same_context_stands_first(cast):
    cast.translated(cast.published())
    told = {"before": "地震来了", "after": "震后请走楼梯。"}
    assert cast.kinds(FIRST, **told) == [("context", "ས་ཡོམ་སྐབས།")]
    assert cast.kinds(FIRST, before="别的", after="") == [("exact", "ས་ཡོམ་སྐབས།")]


def test_the_other_direction_is_found_too(cast):
    cast.translated(cast.published())
    (hit,) = cast.translator.memory.lookup("ཐེམ་སྐས་བརྒྱུད།", source="bo", target="zh-CN")
    assert (hit.kind, hit.target, hit.score) == (MatchKind.EXACT, "震后请走楼梯。", 1.0)


def test_what_is_edited_is_not_suggested_until_it_is_approved_again(cast):
    made = cast.translated(cast.published())
    cast.translator.translations.edit(made.id, body=SAID.replace("སྐབས", "སྐབས་སུ"))
    assert cast.kinds(FIRST) == []
    cast.second.translations.approve(made.id)
    assert cast.kinds(FIRST) == [("exact", "ས་ཡོམ་སྐབས་སུ།")]


def test_a_sentence_that_the_source_has_no_more_is_not_suggested(cast):
    source = cast.published()
    cast.translated(source)
    cast.editor.resources.edit(source.id, body=BODY.replace("先躲在桌子下面", "立即蹲下"))
    assert cast.kinds(FIRST)  # the revision is not published yet
    cast.through(source.id)
    assert cast.kinds(FIRST) == []
    assert cast.kinds("震后请走楼梯。") == [("exact", "ཐེམ་སྐས་བརྒྱུད།")]
    (gone,) = cast.translator.memory.find(active=False)
    assert gone.said("zh-Hans").text == FIRST


def test_sentences_that_were_remembered_as_one_are_suggested_while_they_stand_together(cast):
    both = f"{FIRST}震后请走楼梯。"
    source = cast.published(body=f"{both}\n好。")
    cast.translated(source, body="ས་ཡོམ་སྐབས་ཐེམ་སྐས་བརྒྱུད།\nལེགས།")
    assert cast.kinds(both) == [("exact", "ས་ཡོམ་སྐབས་ཐེམ་སྐས་བརྒྱུད།")]
    cast.editor.resources.edit(source.id, body=f"请勿慌张。\n{both}")
    cast.through(source.id)
    assert cast.kinds(both) == [("exact", "ས་ཡོམ་སྐབས་ཐེམ་སྐས་བརྒྱུད།")]
    cast.editor.resources.edit(source.id, body=f"{FIRST}请勿慌张。震后请走楼梯。")
    cast.through(source.id)
    assert cast.kinds(both) == []


def test_what_is_retracted_teaches_nothing(cast):
    source = cast.published()
    cast.translated(source)
    cast.editor.resources.retract(source.id, "有误")
    assert cast.kinds(FIRST) == []


def test_a_task_teaches_its_segments_and_gets_suggestions(cast):
    cast.translated(cast.published())
    other = cast.published(title="地震来了", body="震后请走楼梯。保持镇静。")
    task = cast.translator.translations.begin(other.id, "bo")
    found = cast.translator.memory.suggestions(task.id)
    assert {id_: hits[0].target for id_, hits in found.items()} == {
        "s1": "ས་ཡོམ།",
        "s2": "ཐེམ་སྐས་བརྒྱུད།",
    }
    texts = {id_: hits[0].target for id_, hits in found.items()} | {"s3": "བག་ཕེབས། རང་དབང་།"}
    cast.translator.translations.enter(task.id, texts)
    cast.second.translations.approve_task(task.id)
    # One sentence there and two here: laid side by side as the translator had them.
    assert cast.kinds("保持镇静。") == [("exact", "བག་ཕེབས། རང་དབང་།")]


def test_a_grant_for_elsewhere_finds_nothing_here(cast):
    cast.translated(cast.published())
    assert cast.elsewhere.memory.lookup(FIRST, source="zh", target="bo") == []
    assert list(cast.elsewhere.memory.find()) == []
    (unit, *_) = cast.translator.memory.find()
    with pytest.raises(NotFound, match="noun"):
        cast.elsewhere.memory.get(unit.id)
    with pytest.raises(Denied, match=r"account\.required"):
        cast.hub.memory.lookup(FIRST, source="zh", target="bo")


def test_a_unit_can_be_retired_by_who_approves(cast):
    cast.translated(cast.published())
    unit = next(u for u in cast.second.memory.find() if u.said("zh-Hans").text == FIRST)
    with pytest.raises(Denied):
        cast.translator.memory.retire(unit.id)
    assert not cast.second.memory.retire(unit.id, "读起来不通").active
    assert cast.kinds(FIRST) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"least": 0}, "memory.bad_score"),
        ({"least": 1.1}, "memory.bad_score"),
        ({"limit": 0}, "storage.limit"),
        ({"source": "zh_CN"}, "text.bad_language"),
        ({"text": 5}, "field.type"),
    ],
)
def test_slips_are_told(cast, given, code):
    asked = {"text": FIRST, "source": "zh", "target": "bo"} | given
    with pytest.raises(Invalid) as caught:
        cast.translator.memory.lookup(**asked)
    assert caught.value.code == code


def test_a_unit_that_is_undone_is_forgotten(cast):
    source = cast.published()
    made = cast.translated(source, approve=False)

    def undone(unit):
        me = unit.as_(cast.admin_id)
        me.translations.approve(made.id)
        assert me.memory.lookup(FIRST, source="zh", target="bo")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cast.hub.unit(undone)
    assert cast.kinds(FIRST) == []
    cast.second.translations.approve(made.id)
    assert cast.kinds(FIRST) == [("exact", "ས་ཡོམ་སྐབས།")]


def test_more_than_fit_are_the_last_ones(way):
    cast = Cast(way, translation={"memory_units": 3})
    cast.admin.memory.load(csv_of(("甲句子说明", "ཀ"), ("乙句子说明", "ཁ")), organization=cast.root)
    cast.clock.tick()
    cast.admin.memory.load(csv_of(("丙句子说明", "ག"), ("丁句子说明", "ང")), organization=cast.root)
    found = [bool(cast.kinds(f"{one}句子说明", least=1)) for one in "甲乙丙丁"]
    assert found[2:] == [True, True]
    assert sum(found) == 3


# Files.


def csv_of(*rows, head="zh-Hans,bo"):
    return "\n".join([head, *(",".join(row) for row in rows)]).encode()


def tmx_of(*units):
    body = "".join(
        "<tu>"
        + "".join(f'<tuv xml:lang="{tag}"><seg>{seg}</seg></tuv>' for tag, seg in unit)
        + "</tu>"
        for unit in units
    )
    return (
        '<?xml version="1.0"?><tmx version="1.4"><header creationtool="x" creationtoolversion="1"'
        ' segtype="sentence" o-tmf="x" adminlang="en" srclang="zh-CN" datatype="plaintext"/>'
        f"<body>{body}</body></tmx>"
    ).encode()


THREE = [("zh-CN", '请按<ph x="1">{0}</ph>键'), ("bo", 'མནོན<ph x="1">{0}</ph>'), ("ii", "ꆈꌠ")]


def test_a_file_comes_in_with_all_its_languages_and_codes_and_goes_out_again(cast, tmp_path):
    report = cast.admin.memory.load(tmx_of(THREE), organization=cast.root)
    assert (report.units, report.added, report.unchanged) == (1, 1, 0)
    assert [one.rule for one in report.problems] == ["tmx.code_other"]
    (hit,) = cast.translator.memory.lookup("请按{0}键", source="zh", target="bo")
    assert (hit.kind, hit.target, hit.suggestion) == (MatchKind.EXACT, "མནོན", "མནོན{0}")
    assert hit.target_markup == 'མནོན<ph x="1">{0}</ph>'
    (hit,) = cast.translator.memory.lookup("请按{key}键", source="zh", target="bo")
    assert (hit.kind, hit.score, hit.suggestion) == (MatchKind.FUZZY, 0.99, "མནོན{key}")
    (hit,) = cast.translator.memory.lookup("请按键", source="zh", target="bo")
    assert (hit.kind, hit.target, hit.suggestion) == (MatchKind.FUZZY, "མནོན", "")
    out = tmp_path / "all.tmx"
    assert cast.translator.memory.export(out) == 1
    (unit,) = tmx.parse(out.read_bytes()).units
    assert [one.language for one in unit.variants] == ["zh-Hans", "bo", "ii"]
    assert unit.variants[0].content == tmx.parse(tmx_of(THREE)).units[0].variants[0].content
    with pytest.raises(Conflict, match="target_there"):
        cast.translator.memory.export(out)


def test_what_is_there_already_is_left_alone(cast):
    cast.admin.memory.load(tmx_of(THREE), organization=cast.root)
    again = cast.admin.memory.load(
        tmx_of(THREE, [("zh", "另"), ("bo", "གཞན")]), organization=cast.root
    )
    assert (again.units, again.added, again.unchanged) == (2, 1, 1)
    lines = [line.action for line in cast.admin.audit.find(limit=100)]
    assert lines.count("memory_unit.loaded") == 2


def test_of_a_broken_file_nothing_is_taken_in(cast):
    units = [[("zh", f"第{n}句话"), ("bo", "ཀ")] for n in range(1200)]
    broken = tmx_of(*units, [("zh", "好"), ("b_o", "ཀ")])
    with pytest.raises(Invalid) as caught:
        cast.admin.memory.load(broken, organization=cast.root)
    assert caught.value.code == "memory.bad_file"
    assert caught.value.values["rule"] == "tmx.bad_language"
    assert caught.value.values["problems"][0].line == 1
    with pytest.raises(Invalid) as caught:
        cast.admin.memory.load(broken[:-40], organization=cast.root)
    assert caught.value.values["rule"] == "markup.broken"
    assert list(cast.admin.memory.find()) == []


def test_a_dry_run_writes_nothing_and_tells_how_far_it_is(cast):
    told = []
    units = [[("zh", f"第{n}句话"), ("bo", "ཀ")] for n in range(1500)]
    report = cast.admin.memory.load(
        io.BytesIO(tmx_of(*units)), organization=cast.root, dry_run=True, progress=told.append
    )
    assert (report.units, report.added) == (1500, 1500)
    assert told
    assert list(cast.admin.memory.find()) == []


def test_a_table_comes_in_and_goes_out(cast):
    table = "\ufeffzh-Hans,bo,note\n请拨打120,120,'=电话\n=1+1,ཀ,\n".encode("utf-8")
    assert cast.admin.memory.load(table, organization=cast.root, format="csv").added == 2
    assert cast.kinds("=1+1") == [("exact", "ཀ")]
    out = io.BytesIO()
    assert cast.translator.memory.export(out, format="csv", languages=("zh", "bo")) == 2
    text = out.getvalue().decode("utf-8-sig")
    assert text.splitlines()[0] == "zh-Hans,bo,note"
    assert "'=1+1,ཀ," in text.splitlines()
    assert cast.admin.memory.load(out.getvalue(), organization=cast.root).added == 0
    with pytest.raises(Invalid, match=r"memory\.languages"):
        cast.translator.memory.export(io.BytesIO(), format="csv")


@pytest.mark.parametrize(
    ("table", "rule", "line"),
    [
        (csv_of(("a",), head="zh-Hans"), "memory.columns", 1),
        (csv_of(("a", "b"), head="zh-Hans,藏文"), "memory.column", 1),
        (csv_of(("a", "ཀ"), ("b", "")), "memory.row", 3),
        (csv_of(("a", "ཀ", "x")), "table.ragged", 2),
        (csv_of(("a", "ཀ" * 20_001)), "memory.long", 2),
        (b"zh-Hans,bo\n\xff\xfe\xff,a", "table.encoding", 2),
    ],
)
def test_a_broken_table_is_told_with_line_and_rule(cast, table, rule, line):
    with pytest.raises(Invalid) as caught:
        cast.admin.memory.load(table, organization=cast.root, format="csv")
    assert (caught.value.values["rule"], caught.value.values["line"]) == (rule, line)


def test_loading_is_for_who_approves_and_of_known_formats(cast, tmp_path):
    with pytest.raises(Denied):
        cast.translator.memory.load(tmx_of(THREE), organization=cast.root)
    with pytest.raises(Denied, match=r"grant\.missing"):
        cast.elsewhere.memory.load(tmx_of(THREE), organization=cast.root)
    with pytest.raises(Invalid, match=r"memory\.format"):
        (tmp_path / "a.docx").write_bytes(b"x")
        cast.admin.memory.load(tmp_path / "a.docx", organization=cast.root)
    with pytest.raises(Invalid, match=r"import\.no_file"):
        cast.admin.memory.load(tmp_path / "b.tmx", organization=cast.root)


class File:
    """A store in a file, and ids that two hubs do not share."""

    def __init__(self, path):
        self.url = f"sqlite:///{path}"

    def open(self, **more):
        return Hub.open(self.url, discover=False, **more)


def test_another_hub_of_the_same_store_sees_what_this_one_learns(tmp_path):
    way = File(tmp_path / "kepu.db")
    cast = Cast(way)
    cast.admin.memory.load(csv_of(("甲句子说明", "ཀ")), organization=cast.root)
    assert cast.kinds("甲句子说明")
    with way.open(clock=cast.clock) as other:
        there = other.as_(cast.admin_id)
        assert there.memory.lookup("甲句子说明", source="zh", target="bo")
        there.memory.load(csv_of(("乙句子说明", "ཁ")), organization=cast.root)
        (unit,) = (u for u in there.memory.find() if u.said("bo").text == "ཀ")
        there.memory.retire(unit.id)
    assert cast.kinds("乙句子说明", least=1) == [("exact", "ཁ")]
    assert cast.kinds("甲句子说明", least=1) == []
    cast.hub.close()


def test_threads_look_up_while_one_writes(cast):
    cast.translated(cast.published())
    failed = []

    def look():
        try:
            for _ in range(20):
                assert cast.kinds(FIRST)
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(5):
        row = csv_of((f"第{number}句话说明", "ཀ"))
        cast.admin.memory.load(row, organization=cast.root)
    for thread in threads:
        thread.join()
    assert failed == []
    assert cast.kinds("第4句话说明", least=1)
