"""Imports: nothing before all is checked, nothing twice, nothing lost, one line a batch."""

import io
import json
import tracemalloc

import pytest

from tianfu_sdk.core.rows.kinds import MARK
from tianfu_sdk.errors import Conflict, Denied, Invalid, NotFound
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.account import Action
from tianfu_sdk.model.content import State
from tianfu_sdk.model.importing import ImportPhase
from tianfu_sdk.model.storage import Query, Where
from tianfu_sdk.testing import CountingIds, FrozenClock


@pytest.fixture
def hub(way):
    return way.open(clock=FrozenClock())


@pytest.fixture
def me(hub):
    account = hub.bootstrap(
        organization="四川省科学技术协会", region="510000", aliases=["四川省科协"]
    )
    return hub.as_(account.id)


def table(*rows, header="编号,标题,主题,行政区划"):
    return "\n".join([header, *rows]).encode() + b"\n"


def numbered(count, title="第{}号"):
    return table(*(f"K{n},{title.format(n)},健康生活,510300" for n in range(1, count + 1)))


def everything(me):
    return {r.external_key: r for r in me.resources.find(limit=1000)}


def marks(hub):
    query = Query(where=(Where("id", "prefix", "import:"),))
    return hub._tools.store.run(lambda tx: tx.find(MARK.name, query), write=False)


def lines(me):
    return [line for line in me.audit.find(limit=1000) if line.action.endswith(".imported")]


def load(me, data, **more):
    return me.imports.load(data, kind="resource", format="csv", **more)


def check(me, data, **more):
    return me.imports.check(data, kind="resource", format="csv", **more)


def test_a_check_writes_nothing_and_says_what_a_load_would_do(hub, me):
    report = check(me, numbered(3))
    assert (report.rows, report.fine, report.bad, report.created) == (3, 3, 0, 3)
    assert everything(me) == {}
    assert marks(hub) == []


def test_rows_become_drafts_of_who_imports(hub, me):
    report = load(me, numbered(3))
    assert (report.created, report.updated, report.unchanged, report.skipped) == (3, 0, 0, 0)
    found = everything(me)
    assert sorted(found) == ["K1", "K2", "K3"]
    one = found["K1"]
    assert (one.title, one.topics, one.region, one.state) == (
        "第1号",
        ("healthy_life",),
        "510300",
        State.DRAFT,
    )
    assert one.author == me.accounts.get(me._actor.account).person
    assert marks(hub) == []


def test_one_bad_row_stops_everything(me):
    with pytest.raises(Invalid) as caught:
        load(me, table("K1,一,健康生活,510300", "K2,二,安全,510300"))
    assert caught.value.code == "import.bad_rows"
    report = caught.value.values["report"]
    assert [(p.row, p.column, p.code) for p in report.problems] == [(3, "主题", "import.no_term")]
    assert everything(me) == {}


def test_bad_rows_can_be_left_out(me):
    data = table("K1,一,健康生活,510300", "K2,二,安全,510300", "K3,,,", "K4,四,,510300")
    report = load(me, data, skip_bad=True, batch=2)
    assert (report.created, report.skipped, report.bad) == (2, 2, 2)
    assert sorted(everything(me)) == ["K1", "K4"]


def test_a_key_stands_once_in_a_file_and_the_first_row_is_named(me):
    report = check(
        me, table("K1,一,,", "K2,二,,", "K1,三,安全,", ",x,,", ",x,,"), organization="四川省科协"
    )
    assert [(p.row, p.column, p.code) for p in report.problems] == [
        (4, "主题", "import.no_term"),
        (4, "编号", "import.key_twice"),
        (6, "编号", "import.key_twice"),
    ]
    assert "row 2" in report.problems[1].message
    assert "5" in report.problems[2].message


def test_what_somebody_else_wrote_at_a_draft_is_not_written_over_unasked(hub, me):
    load(me, numbered(2))
    mine, theirs = everything(me)["K1"], everything(me)["K2"]
    chief = me.accounts.get(me._actor.account)
    other = me.accounts.create(organization=chief.organization, label="编辑")
    me.accounts.grant(other.id, ["read", "edit"], region="510000")
    me.resources.edit(mine.id, title="我改的")
    hub.as_(other.id).resources.edit(theirs.id, title="别人改的")
    report = check(me, numbered(2))
    assert [(p.row, p.column, p.code) for p in report.problems] == [(3, "编号", "import.edited")]
    assert (report.updated, report.bad) == (1, 1)
    report = load(me, numbered(2), skip_bad=True)
    assert (report.updated, report.skipped) == (1, 1)
    assert {k: r.title for k, r in everything(me).items()} == {"K1": "第1号", "K2": "别人改的"}
    # What agrees with the file is nobody's loss.
    assert load(me, table("K2,别人改的,健康生活,510300")).unchanged == 1
    assert load(me, numbered(2), overwrite=True).updated == 1
    assert everything(me)["K2"].title == "第2号"


def test_the_same_file_again_changes_nothing(me):
    load(me, numbered(5))
    before, audited = everything(me), len(me.audit.find(limit=1000).items)
    report = load(me, numbered(5), batch=2)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 5)
    assert everything(me) == before
    assert len(me.audit.find(limit=1000).items) == audited


def test_rows_without_a_key_are_known_by_what_they_say(me):
    load(me, table("标题一,", "标题二,x", header="标题,摘要"))
    report = load(me, table("标题二,x", "标题一,", "标题一,新", header="标题,摘要"))
    assert (report.created, report.unchanged) == (1, 2)


def test_a_changed_row_edits_a_draft_in_place(me):
    load(me, numbered(3))
    data = table("K1,第1号,健康生活,510300", "K2,改了,健康生活,510300", "K9,新,,")
    assert (check(me, data).updated, check(me, data).unchanged, check(me, data).created) == (
        1,
        1,
        1,
    )
    report = load(me, data)
    assert (report.created, report.updated, report.unchanged) == (1, 1, 1)
    changed = everything(me)["K2"]
    assert (changed.title, changed.revision, changed.state) == ("改了", 1, State.DRAFT)


def publish(hub, me, id_):
    person = me.accounts.create(organization=me.organizations.find().items[0].id, label="审核")
    me.accounts.grant(person.id, actions=(Action.ALL,), region="510000")
    other = hub.as_(person.id)
    me.resources.submit(id_)
    other.resources.approve(id_)
    other.resources.publish(id_)


def test_a_changed_row_opens_a_revision_of_what_is_published(hub, me):
    load(me, numbered(1))
    id_ = everything(me)["K1"].id
    publish(hub, me, id_)
    changed = table("K1,改了,健康生活,510300")
    assert load(me, changed).updated == 1
    assert (me.resources.get(id_).title, me.resources.get(id_, revision=2).title) == (
        "第1号",
        "改了",
    )
    assert load(me, changed).unchanged == 1
    assert [r.revision for r in me.resources.revisions(id_)] == [1, 2]


def test_what_waits_for_review_or_moved_cannot_be_changed(me):
    load(me, numbered(2))
    me.resources.submit(everything(me)["K1"].id)
    report = check(
        me, table("K1,改,健康生活,510300", "K2,第2号,健康生活,510100", "K1,第1号,健康生活,510300")
    )
    assert [(p.row, p.column, p.code) for p in report.problems] == [
        (2, "", "lifecycle.illegal"),
        (3, "行政区划", "content.fixed"),
        (4, "编号", "import.key_twice"),
    ]


def test_the_other_kinds_are_taken_in_too(me):
    activity = table(
        "A1,讲座,2020年11月19日至20日,约170人,四川省科协;自贡市科协",
        header="编号,标题,时间,人数,主办",
    )
    with pytest.raises(Invalid) as caught:
        me.imports.load(activity, kind="activity", format="csv")
    assert [p.code for p in caught.value.values["report"].problems] == ["organization.unknown"]
    me.organizations.create(name="自贡市科学技术协会", region="510300", aliases=["自贡市科协"])
    me.imports.load(activity, kind="activity", format="csv")
    (found,) = me.activities.find().items
    assert (str(found.when), str(found.attendance), len(found.roles)) == (
        "2020-11-19..2020-11-20",
        "~170",
        2,
    )
    lined = json.dumps({"title": "需", "kind": "need", "keywords": ["甲;乙", "丙"]}).encode()
    me.imports.load(lined, kind="listing", format="jsonl")
    assert me.listings.find().items[0].keywords == ("甲;乙", "丙")
    for kind, desk in (("base", me.bases), ("notice", me.notices), ("news", me.news)):
        me.imports.load(table("x", header="标题"), kind=kind, format="csv")
        assert len(desk.find().items) == 1


def test_two_organizations_of_one_name_are_not_guessed(me):
    for region in ("510300", "510400"):
        me.organizations.create(name="市科协", region=region)
    report = check(me, table("x,市科协", header="标题,单位"))
    assert [(p.column, p.code) for p in report.problems] == [("单位", "organization.ambiguous")]


def test_terms_of_the_deployment_count(hub, me):
    hub.as_system(reason="test").vocabularies.put("topic", "bees", {"zh-Hans": "养蜂"})
    load(me, table("K1,蜜蜂,养蜂；健康生活,"))
    assert everything(me)["K1"].topics == ("bees", "healthy_life")


# Who may.


def test_without_an_account_nothing_is_looked_at(hub, me):
    with pytest.raises(Denied) as caught:
        check(hub, numbered(1))
    assert caught.value.code == "account.required"


def test_rows_where_the_account_may_not_create_are_told(hub, me):
    zigong = me.organizations.create(name="自贡市科学技术协会", region="510300")
    clerk = me.accounts.create(organization=zigong.id, label="录入")
    me.accounts.grant(clerk.id, actions=(Action.CREATE,), region="510300")
    data = table("K1,一,,510300", "K2,二,,510100")
    report = check(hub.as_(clerk.id), data)
    assert [(p.row, p.code) for p in report.problems] == [(3, "grant.missing")]
    assert load(hub.as_(clerk.id), data, skip_bad=True).created == 1
    again = check(hub.as_(clerk.id), data)
    assert [(p.row, p.code) for p in again.problems] == [(2, "grant.missing"), (3, "grant.missing")]


def test_the_system_must_name_an_organization_and_approves_nothing(hub, me):
    system = hub.as_system(reason="migration")
    assert [p.code for p in check(system, numbered(1)).problems] == ["field.missing"]
    load(system, numbered(1), organization="四川省科协")
    (found,) = everything(me).values()
    assert (found.state, found.author, found.approver) == (State.DRAFT, "", "")


def test_what_cannot_be_imported_is_refused(me, tmp_path):
    with pytest.raises(NotFound, match=r"organization\.unknown"):
        check(me, numbered(1), organization="没有")
    for more, code in (
        ({"source": b"a", "kind": "grant", "format": "csv"}, "import.bad_kind"),
        ({"source": tmp_path / "none.csv", "kind": "resource"}, "import.no_file"),
        ({"source": b"a", "kind": "resource"}, "table.format"),
        (
            {"source": "标题,地点\n一,二\n".encode(), "kind": "resource", "format": "csv"},
            "import.no_column",
        ),
        ({"source": Pipe(), "kind": "resource", "format": "csv"}, "import.no_seek"),
    ):
        with pytest.raises(Invalid) as caught:
            me.imports.check(**more)
        assert caught.value.code == code
    with pytest.raises(Invalid, match=r"storage\.limit"):
        load(me, numbered(1), batch=0)


class Pipe(io.BytesIO):
    def seekable(self):
        return False


def test_an_unknown_member_of_a_json_line_is_a_problem_of_its_row(me):
    lined = b'{"title": "x"}\n{"title": "y", "colour": "red"}\n{"title": "z"}\n'
    report = me.imports.check(lined, kind="resource", format="jsonl")
    assert [(p.row, p.column, p.code) for p in report.problems] == [
        (2, "colour", "import.no_column")
    ]
    assert report.created == 2


def test_a_path_and_a_stream_are_read_alike(me, tmp_path):
    path = tmp_path / "资源.csv"
    path.write_bytes(numbered(2).decode().encode("gb18030"))
    assert me.imports.check(path, kind="resource").fine == 2
    with path.open("rb") as stream:
        stream.read(5)
        assert me.imports.load(stream, kind="resource").created == 2
        assert not stream.closed


# What is recorded and told.


def test_one_audit_line_a_batch_and_one_event_a_row(hub, me):
    load(me, numbered(5), batch=2)
    found = sorted(
        (line.data["first_row"], line.data["last_row"], line.data["created"]) for line in lines(me)
    )
    assert found == [(2, 3, 2), (4, 5, 2), (6, 6, 1)]
    assert {line.kind for line in lines(me)} == {"resource"}
    told = [
        event.subject
        for event in hub.as_system(reason="test").events
        if event.type == "resource.created"
    ]
    assert sorted(told) == sorted(r.id for r in everything(me).values())


def test_progress_is_told_after_each_batch_of_both_passes(me):
    steps = []
    load(me, numbered(5), batch=2, progress=steps.append)
    assert [(s.phase, s.rows) for s in steps] == [
        (phase, rows) for phase in (ImportPhase.CHECK, ImportPhase.LOAD) for rows in (2, 4, 5)
    ]
    assert [s.share for s in steps if s.phase is ImportPhase.LOAD] == [0.4, 0.8, 1.0]


def test_a_report_holds_a_thousand_problems_and_counts_the_rest(me):
    report = check(me, table(*(f"K{n},,," for n in range(1200))))
    assert (report.bad, len(report.problems), report.more) == (1200, 1000, 200)
    assert report.problems[-1].row == 1001


# Cut off and taken up again.


class Cut(Exception):
    pass


def cut_after(rows):
    def progress(step):
        if step.phase is ImportPhase.LOAD and step.rows >= rows:
            raise Cut

    return progress


@pytest.mark.parametrize("batch", [2, 3, 100])
def test_an_import_that_was_cut_off_goes_on_where_it_stopped(hub, me, batch):
    with pytest.raises(Cut):
        load(me, numbered(9), batch=2, progress=cut_after(4))
    assert sorted(everything(me)) == ["K1", "K2", "K3", "K4"]
    assert len(marks(hub)) == 1
    report = load(me, numbered(9), batch=batch)
    assert (report.resumed_after, report.created, report.unchanged) == (5, 9, 0)
    assert sorted(everything(me)) == [f"K{n}" for n in range(1, 10)]
    assert all(r.version == 1 for r in everything(me).values())
    assert marks(hub) == []


def test_a_batch_that_fails_leaves_neither_rows_nor_mark(hub, me, monkeypatch):
    store = hub._tools.store
    run, writes = type(store).run, []

    def dying(self, fn, *, write):
        def body(tx):
            result = fn(tx)
            if write:
                writes.append(result)
                if len(writes) == 2:
                    raise Cut
            return result

        return run(self, body, write=write)

    monkeypatch.setattr(type(store), "run", dying)
    with pytest.raises(Cut):
        load(me, numbered(6), batch=2)
    monkeypatch.undo()
    assert sorted(everything(me)) == ["K1", "K2"]
    assert json.loads(marks(hub)[0].doc)["row"] == 3
    assert load(me, numbered(6), batch=2).created == 6
    assert len(everything(me)) == 6


def test_a_write_that_is_run_twice_writes_once(hub, me, monkeypatch):
    store = hub._tools.store
    run = type(store).run

    class Again(Exception):
        pass

    def twice(self, fn, *, write):
        if write:

            def aborted(tx):
                fn(tx)
                raise Again

            with pytest.raises(Again):
                run(self, aborted, write=True)
        return run(self, fn, write=write)

    monkeypatch.setattr(type(store), "run", twice)
    report = load(me, table("K1,一,,", "K2,二,,", "K1,三,,"), skip_bad=True, batch=2)
    assert (report.created, report.skipped) == (2, 1)
    assert len(everything(me)) == 2


def test_skipped_rows_are_counted_over_a_cut(me):
    data = table("K1,一,,", "K2,,,", "K3,三,,", "K4,,,")
    with pytest.raises(Cut):
        load(me, data, skip_bad=True, batch=2, progress=cut_after(2))
    report = load(me, data, skip_bad=True, batch=2)
    assert (report.created, report.skipped, report.resumed_after) == (2, 2, 3)


def test_another_file_kind_or_owner_has_a_mark_of_its_own(me):
    with pytest.raises(Cut):
        load(me, numbered(4), batch=2, progress=cut_after(2))
    assert load(me, numbered(4, "另{}"), batch=2).resumed_after == 0
    assert me.imports.load(numbered(4), kind="notice", format="csv").resumed_after == 0


def test_of_two_that_load_the_same_file_one_gives_way(me):
    def overtake(step):
        if step.phase is ImportPhase.LOAD and step.rows == 2:
            load(me, numbered(6), batch=3)

    with pytest.raises(Conflict) as caught:
        load(me, numbered(6), batch=2, progress=overtake)
    assert caught.value.code == "import.overtaken"
    assert len(everything(me)) == 6


def test_a_row_refused_between_the_passes_stops_the_import(hub, me):
    def revoke(step):
        if step.phase is ImportPhase.CHECK:
            for grant in me.accounts.grants(clerk.id):
                me.accounts.revoke(grant.id)

    clerk = me.accounts.create(organization=me.organizations.find().items[0].id, label="录入")
    me.accounts.grant(clerk.id, actions=(Action.CREATE,), region="510000")
    with pytest.raises(Invalid) as caught:
        load(hub.as_(clerk.id), numbered(2), progress=revoke)
    assert caught.value.code == "import.bad_rows"
    assert everything(me) == {}


@pytest.mark.ci
def test_memory_does_not_grow_with_the_table(tmp_path):
    path = tmp_path / "big.csv"
    body = "科普" * 2000
    with path.open("w", encoding="utf-8") as file:
        file.write("编号,标题,正文,主题\n")
        for number in range(2000):
            file.write(f"K{number},第{number}号,{body},健康生活\n")
    assert path.stat().st_size > 24_000_000
    url = f"sqlite:///{tmp_path / 'kepu.db'}"
    with Hub.open(url, clock=FrozenClock(), ids=CountingIds(), discover=False) as hub:
        me = hub.as_(hub.bootstrap(organization="省科协", region="510000").id)
        me.imports.check(numbered(1), kind="resource", format="csv")
        held = []
        tracemalloc.start()
        try:
            report = me.imports.load(
                path,
                kind="resource",
                batch=100,
                progress=lambda _: held.append(tracemalloc.get_traced_memory()[0]),
            )
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert report.created == 2000
    assert peak < 8_000_000
    # Between batches nothing is held of the rows that were read, in neither pass.
    assert len(held) == 40
    assert held[19] - held[4] < 80_000
    assert held[38] - held[24] < 80_000


def test_nobody_checks_a_table_even_for_a_named_organization(world):
    with pytest.raises(Denied) as caught:
        world.nobody.imports.check(
            b"title\nx\n", kind="resource", format="csv", organization=world.org
        )
    assert caught.value.code == "account.required"
