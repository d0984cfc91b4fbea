"""Stores that are wrong in one way each: the suite must notice every one.

Each mutant runs the cases that are named for it, in pytest inside pytest; a case that is
named must fail for it and pass for the store as it is.
"""

import textwrap

import pytest

from tianfu_sdk.backends.memory import MemoryStore
from tianfu_sdk.testing.search import SearchSuite
from tianfu_sdk.testing.storage import StorageSuite

# Imported out here, so that every inner run finds them and does not load them anew.
LOADED = (MemoryStore, SearchSuite, StorageSuite)
pytest_plugins = ("pytester",)


@pytest.fixture(autouse=True)
def _no_whole_diffs(monkeypatch):
    # In CI pytest draws every difference whole, which takes a minute for a thousand rows.
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)


HEAD = """
import heapq
import attrs
import pytest
from tianfu_sdk.backends import memory
from tianfu_sdk.core.rows import filters
from tianfu_sdk.model.base import EPOCH
from tianfu_sdk.model.search import SearchFilter
from tianfu_sdk.model.storage import *
from tianfu_sdk.testing.search import SearchSuite
from tianfu_sdk.testing.storage import StorageSuite
"""
FOOT = """
class TestMutant({suite}):
    patience = {patience}

    @pytest.fixture
    def store(self, clock):
        return Mutant(clock=clock)
"""
TX = """
class Wrong(memory._Tx):
{body}

class Mutant(memory.MemoryStore):
    _transaction = Wrong
"""


def in_tx(body):
    return TX.format(body=textwrap.indent(textwrap.dedent(body), "    "))


FORGET_PLANES = """
def small(value):
    if isinstance(value, str):
        return "".join(char if char <= "\\uffff" else "?" for char in value)
    return frozenset(map(small, value)) if isinstance(value, frozenset) else value
"""

# Marks in another order are another text to a store, the same one to a normaliser.
REORDER = """
import unicodedata

def ordered(value):
    if isinstance(value, bytes):
        return ordered(value.decode()).encode() if value.startswith(b"\\xe0\\xbd") else value
    if isinstance(value, str):
        tibetan = any("\\u0f00" <= char <= "\\u0fff" for char in value)
        return unicodedata.normalize("NFD", value) if tibetan else value
    return frozenset(map(ordered, value)) if isinstance(value, frozenset) else value
"""

# Name: what is wrong, the cases that must fail.
MUTANTS = {
    "claim does not lease": (
        in_tx("""
            def claim(self, queue, n, lease, owner):
                jobs = super().claim(queue, n, lease, owner)
                mine = self._own_queue(queue)
                for job in jobs:
                    mine.jobs[job.id] = attrs.evolve(mine.jobs[job.id], until=self._clock.now())
                return jobs
        """),
        [
            "test_a_claim_is_exclusive_until_its_lease_ends",
            "test_six_workers_do_600_jobs_exactly_once",
        ],
    ),
    "settle is not fenced": (
        in_tx("""
            def settle(self, settled):
                def fresh(job):
                    stored = self._queue(job.queue).jobs.get(job.id)
                    return attrs.evolve(job, token=stored.token) if stored else job
                return super().settle([(fresh(job), outcome) for job, outcome in settled])
        """),
        ["test_a_late_settle_is_fenced", "test_a_claim_rolled_back_claims_nothing"],
    ),
    "put does not check the version": (
        in_tx("""
            def put(self, kind, rows):
                table = self._own_table(kind)
                super().put(kind, [
                    attrs.evolve(row, version=table[row.id].version if row.id in table else 0)
                    for row in rows
                ])
        """),
        [
            "test_replacing_another_version_conflicts",
            "test_creating_what_is_there_conflicts",
            "test_of_five_writers_of_one_version_one_wins",
        ],
    ),
    "delete does not check the version": (
        in_tx("""
            def delete(self, kind, versions):
                table = self._own_table(kind)
                super().delete(kind, [
                    (i, table[i].version if i in table else v) for i, v in versions
                ])
        """),
        ["test_delete_checks_the_version"],
    ),
    "a conflict that is caught is forgiven": (
        in_tx("""
            def committed(self):
                self._lost = None
                return super().committed()
        """),
        [
            "test_a_conflict_that_is_caught_loses_the_transaction_all_the_same",
            "test_a_caught_conflict_of_delete_loses_the_transaction_too",
        ],
    ),
    "keyset turned round": (
        in_tx("""
            def find(self, kind, query):
                rows = super().find(kind, attrs.evolve(query, after=None, limit=1000))
                flipped = attrs.evolve(query, desc=not query.desc)
                rows = [r for r in rows if query.after is None or filters.beyond(
                    filters.sort_key(r.id, r.keys, query.order), flipped)]
                return rows[:query.limit]
        """),
        ["test_pages_cover_exactly_once_and_in_order", "test_after_needs_no_row_in_that_place"],
    ),
    "keyset on the order value alone": (
        in_tx("""
            def find(self, kind, query):
                rows = super().find(kind, attrs.evolve(query, after=None, limit=1000))
                if query.after is not None:
                    value = query.after[0]
                    places = [(filters.sort_key(r.id, r.keys, query.order)[0], r) for r in rows]
                    rows = [r for v, r in places if (v < value if query.desc else v > value)]
                return rows[:query.limit]
        """),
        [
            "test_pages_cover_exactly_once_and_in_order",
            "test_ties_are_broken_by_id_in_the_same_direction",
        ],
    ),
    "no tie-break by id": (
        in_tx("""
            def find(self, kind, query):
                rows = [r for r in self._tables[kind].values()
                        if filters.allowed(r.id, r.keys, query)
                        and filters.beyond(filters.sort_key(r.id, r.keys, query.order), query)]
                rows.sort(key=lambda r: filters.sort_key(r.id, r.keys, query.order)[0],
                          reverse=query.desc)
                return rows[:query.limit]
        """),
        [
            "test_ties_are_broken_by_id_in_the_same_direction",
            "test_pages_cover_exactly_once_and_in_order",
        ],
    ),
    "tie-break always upwards": (
        in_tx("""
            def find(self, kind, query):
                rows = [r for r in self._tables[kind].values()
                        if filters.allowed(r.id, r.keys, query)
                        and filters.beyond(filters.sort_key(r.id, r.keys, query.order), query)]
                rows.sort(key=lambda r: r.id, reverse=query.desc and query.order == "id")
                rows.sort(key=lambda r: filters.sort_key(r.id, r.keys, query.order)[0],
                          reverse=query.desc)
                return rows[:query.limit]
        """),
        ["test_ties_are_broken_by_id_in_the_same_direction"],
    ),
    "rollback is lost": (
        """
class Mutant(memory.MemoryStore):
    def run(self, fn, *, write):
        raised = []
        def keep(tx):
            try:
                return fn(tx)
            except Exception as error:
                raised.append(error)
                tx._lost = None
        result = super().run(keep, write=write)
        if raised:
            raise raised[0]
        return result
""",
        [
            "test_any_exception_rolls_back_everything_and_goes_on",
            "test_a_body_that_runs_twice_has_one_effect",
            "test_events_rolled_back_never_were",
            "test_creating_what_is_there_conflicts",
        ],
    ),
    "only events survive a rollback": (
        """
class Mutant(memory.MemoryStore):
    def run(self, fn, *, write):
        bodies = {}
        def watch(tx):
            append = tx.append
            def both(stream, events):
                append(stream, events)
                bodies.setdefault(stream, []).extend(events)
            tx.append = both
            return fn(tx)
        try:
            return super().run(watch, write=write)
        except Exception:
            for stream, events in bodies.items():
                super().run(lambda tx: tx.append(stream, events), write=True)
            raise
""",
        ["test_any_exception_rolls_back_everything_and_goes_on", "test_events_rolled_back"],
    ),
    "a reader waits for the writer": (
        """
class Mutant(memory.MemoryStore):
    def run(self, fn, *, write):
        if write or getattr(self._here, "inside", False):
            return super().run(fn, write=write)
        with self._turns.turn(5):
            return super().run(fn, write=False)
""",
        ["test_a_reader_does_not_wait_for_an_open_writer", "test_a_read_sees_one_snapshot"],
    ),
    "a read sees what is committed meanwhile": (
        """
class Wrong(memory._Tx):
    def reading(self):
        super().reading()
        if not self._write:
            self._root = self.store._root
            self._tables, self._queues = dict(self._root.tables), dict(self._root.queues)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
    def run(self, fn, *, write):
        def tell(tx):
            tx.store = self
            return fn(tx)
        return super().run(tell, write=write)
""",
        ["test_a_read_sees_one_snapshot"],
    ),
    "run inside run is let through": (
        """
class Mutant(memory.MemoryStore):
    def run(self, fn, *, write):
        inside = getattr(self._here, "inside", False)
        if inside and not write:
            return self._attempt(fn, write=False)
        return super().run(fn, write=write)
""",
        ["test_run_inside_run_is_refused"],
    ),
    "a transaction lives on": (
        in_tx("""
            def close(self):
                pass
        """),
        ["test_a_transaction_is_dead_when_run_is_over"],
    ),
    "a read may write": (
        in_tx("""
            def writing(self):
                self.reading()
        """),
        ["test_a_read_refuses_to_write", "test_a_read_refuses_to_settle_and_purge"],
    ),
    "characters of four bytes are lost in keys": (
        FORGET_PLANES
        + in_tx("""
            def put(self, kind, rows):
                super().put(kind, [
                    attrs.evolve(row, keys={k: small(v) for k, v in row.keys.items()})
                    for row in rows
                ])
        """),
        [
            "test_key_values_are_exact_and_distinct",
            "test_values_of_sets_are_exact_and_distinct",
            "test_order_of_each_type",
        ],
    ),
    "Tibetan text is reordered": (
        REORDER
        + in_tx("""
            def put(self, kind, rows):
                super().put(kind, [
                    attrs.evolve(
                        row,
                        doc=ordered(row.doc),
                        keys={k: ordered(v) for k, v in row.keys.items()},
                    )
                    for row in rows
                ])
        """),
        [
            "test_document_bytes_come_back_unchanged",
            "test_key_values_are_exact_and_distinct",
            "test_values_of_sets_are_exact_and_distinct",
        ],
    ),
    "documents are taken for text": (
        in_tx("""
            def put(self, kind, rows):
                super().put(kind, [
                    attrs.evolve(row, doc=row.doc and row.doc.decode(errors="replace").encode())
                    for row in rows
                ])
        """),
        ["test_document_bytes_come_back_unchanged"],
    ),
    "documents end at NUL": (
        in_tx("""
            def put(self, kind, rows):
                super().put(kind, [
                    attrs.evolve(row, doc=row.doc and row.doc.split(bytes(1))[0]) for row in rows
                ])
        """),
        ["test_document_bytes_come_back_unchanged"],
    ),
    "an empty document is none": (
        in_tx("""
            def get(self, kind, ids):
                return [attrs.evolve(row, doc=row.doc or None) for row in super().get(kind, ids)]
        """),
        ["test_document_bytes_come_back_unchanged"],
    ),
    "columns stand in an order of their own": (
        in_tx("""
            def columns(self, kind, ids, names):
                return super().columns(kind, ids, sorted(names))
        """),
        ["test_columns_say_what_get_says"],
    ),
    "columns leave out a long list's end": (
        in_tx("""
            def columns(self, kind, ids, names):
                return super().columns(kind, ids[:200], names)
        """),
        ["test_columns_say_what_get_says"],
    ),
    "columns of sets are given": (
        in_tx("""
            def columns(self, kind, ids, names):
                return super().columns(kind, ids, [n for n in names if n != "tags"])
        """),
        ["test_columns_that_a_kind_has_not_are_refused"],
    ),
    "an empty string is taken for missing": (
        in_tx("""
            def get(self, kind, ids):
                return [
                    attrs.evolve(row, keys={k: None if v == "" else v for k, v in row.keys.items()})
                    for row in super().get(kind, ids)
                ]
        """),
        ["test_key_values_are_exact_and_distinct"],
    ),
    "an empty string is never found": (
        in_tx("""
            def find(self, kind, query):
                empty = {k.name for k in self._kind(kind).keys if k.type == "str" and not k.many}
                named = {w.key for w in query.where} & empty
                return [row for row in super().find(kind, query)
                        if all(row.keys[name] for name in named)]
        """),
        ["test_comparisons_agree_with_python", "test_in_agrees_with_python"],
    ),
    "text is compared without case": (
        in_tx("""
            def find(self, kind, query):
                low = [Where(w.key, w.op, w.value.lower()) if w.op == "=" and
                       isinstance(w.value, str) else w for w in query.where]
                rows = {row.id: row for row in super().find(kind, query)}
                for row in self._tables[kind].values():
                    lowered = {k: v.lower() if isinstance(v, str) else v
                               for k, v in row.keys.items()}
                    if filters.allowed(row.id, lowered, attrs.evolve(query, where=tuple(low))):
                        rows[row.id] = row
                return sorted(rows.values(), key=lambda row: row.id)
        """),
        ["test_comparisons_agree_with_python", "test_key_values_are_exact_and_distinct"],
    ),
    "prefix is a pattern": (
        in_tx("""
            def find(self, kind, query):
                import fnmatch
                for where in query.where:
                    if where.op == "prefix":
                        glob = where.value.replace("%", "*").replace("_", "?") + "*"
                        return [r for r in super().find(kind, attrs.evolve(query, where=()))
                                if fnmatch.fnmatchcase(
                                    r.id if where.key == "id" else r.keys[where.key], glob)]
                return super().find(kind, query)
        """),
        ["test_prefix_is_literal", "test_prefix_of_the_id"],
    ),
    "prefix is a range up to the next character": (
        in_tx("""
            def find(self, kind, query):
                for where in query.where:
                    if where.op == "prefix" and where.key != "id":
                        p = where.value
                        end = p[:-1] + chr(min(ord(p[-1]) + 1, 0x10ffff)) if p else ""
                        return [r for r in super().find(kind, attrs.evolve(query, where=()))
                                if p <= r.keys[where.key] < end]
                return super().find(kind, query)
        """),
        ["test_prefix_is_literal"],
    ),
    "text is ordered as UTF-16": (
        in_tx("""
            def find(self, kind, query):
                rows = super().find(kind, query)
                if query.order == "name":
                    rows.sort(key=lambda r: r.keys["name"].encode("utf-16-be"), reverse=query.desc)
                return rows
        """),
        ["test_order_of_each_type"],
    ),
    "whole numbers go through floats": (
        in_tx("""
            def get(self, kind, ids):
                return [
                    attrs.evolve(row, keys={k: int(float(v)) if type(v) is int else v
                                            for k, v in row.keys.items()})
                    for row in super().get(kind, ids)
                ]
        """),
        ["test_key_values_are_exact_and_distinct"],
    ),
    "an empty scope shows everything": (
        in_tx("""
            def find(self, kind, query):
                return super().find(kind, attrs.evolve(query, scope=query.scope or None))
        """),
        ["test_groups_none_empty_or_of_nothing", "test_an_empty_scope_finds_nothing"],
    ),
    "scope and any_of are one": (
        in_tx("""
            def find(self, kind, query):
                both = (query.any_of or ()) + (query.scope or ())
                if query.any_of and query.scope:
                    query = attrs.evolve(query, any_of=both[:16], scope=None)
                return super().find(kind, query)
        """),
        ["test_any_of_and_scope_are_joined_by_and"],
    ),
    "a row comes once for each value": (
        in_tx("""
            def find(self, kind, query):
                rows = super().find(kind, query)
                groups = query.any_of or ()
                return [row for row in rows for _ in range(max(1, sum(
                    filters.matches(row.id, row.keys, group) for group in groups)))][:query.limit]
        """),
        ["test_a_row_that_two_groups_find_comes_once"],
    ),
    "keys only brings the document": (
        in_tx("""
            def find(self, kind, query):
                return super().find(kind, attrs.evolve(query, fields="all"))
        """),
        ["test_keys_only"],
    ),
    "count minds the limit": (
        in_tx("""
            def count(self, kind, query):
                return len(self.find(kind, query))
        """),
        ["test_count_ignores_order_after_and_limit"],
    ),
    "streams are mixed": (
        in_tx("""
            def append(self, stream, bodies):
                super().append("all", bodies)
            def read(self, stream, after, limit):
                return super().read("all", after, limit)
            def last(self, stream):
                return super().last("all")
        """),
        ["test_streams_are_apart", "test_a_mark_finds_what_comes_later"],
    ),
    "a reader's cursor comes round again": (
        in_tx("""
            def read(self, stream, after, limit):
                if after is not None:
                    after = Cursor(str(int(after) - 1))
                return super().read(stream, after, limit)
        """),
        ["test_reading_goes_on_from_any_cursor", "test_last_is_the_cursor_of_the_newest"],
    ),
    "events are numbered when appended and seen when committed": (
        """
import itertools

class Wrong(memory._Tx):
    def append(self, stream, bodies):
        self.writing()
        self.mine += [(next(self.store.numbers), stream, body) for body in bodies]

    def committed(self):
        self.store.seen += self.mine
        return super().committed()

    def read(self, stream, after, limit):
        found = sorted(e for e in self.store.seen + self.mine if e[1] == stream)
        start = int(after) if after is not None else -1
        return [StoredEvent(Cursor(str(n)), b) for n, _, b in found if n > start][:limit]

class Mutant(memory.MemoryStore):
    _transaction = Wrong

    def __init__(self, *, clock):
        super().__init__(clock=clock)
        self.numbers, self.seen = itertools.count(), []

    @property
    def capabilities(self):
        return attrs.evolve(super().capabilities, single_writer=False)

    def run(self, fn, *, write):
        def tell(tx):
            tx.store, tx.mine = self, []
            return fn(tx)
        with self._alone():
            return self._attempt(tell, write=write)

    def _attempt(self, fn, *, write):
        tx = self._transaction(self._root, self._clock, self._tokens, write=write)
        result = fn(tx)
        if write:
            self._root = tx.committed()
        return result
""",
        ["test_an_event_not_committed_yet_is_never_passed_by"],
    ),
    "a known key is known only while it is queued": (
        in_tx("""
            def settle(self, settled):
                done = super().settle(settled)
                for job, outcome in settled:
                    if isinstance(outcome, Done):
                        self._own_queue(job.queue).ids.pop(job.key, None)
                return done
        """),
        ["test_a_key_stays_known_after_the_job_is_done"],
    ),
    "jobs come by due before priority": (
        in_tx("""
            def claim(self, queue, n, lease, owner):
                mine = self._own_queue(queue)
                kept = dict(mine.jobs)
                for job in kept.values():
                    mine.jobs[job.id] = attrs.evolve(job, new=attrs.evolve(job.new, priority=5))
                jobs = super().claim(queue, n, lease, owner)
                for job in kept.values():
                    mine.jobs[job.id] = attrs.evolve(mine.jobs[job.id], new=job.new)
                return [attrs.evolve(j, priority=kept[j.id].new.priority) for j in jobs]
        """),
        ["test_jobs_come_by_priority_then_due_then_id"],
    ),
    "claim does not mind what is held": (
        in_tx("""
            def hold(self, queue, group):
                self.writing()
        """),
        ["test_hold_leaves_jobs_there_and_to_come", "test_hold_before_the_group_has_jobs"],
    ),
    "hold reaches only jobs that are there": (
        in_tx("""
            def hold(self, queue, group):
                if any(job.new.group == group for job in self._queue(queue).jobs.values()):
                    super().hold(queue, group)
        """),
        ["test_hold_before_the_group_has_jobs"],
    ),
    "claim takes jobs before they are due": (
        in_tx("""
            def enqueue(self, queue, jobs):
                return super().enqueue(queue, [attrs.evolve(job, due=None) for job in jobs])
        """),
        ["test_no_job_before_it_is_due", "test_due_is_a_moment_in_whatever_zone"],
    ),
    "a moment loses its zone": (
        in_tx("""
            def enqueue(self, queue, jobs):
                from datetime import UTC
                return super().enqueue(queue, [
                    attrs.evolve(job, due=job.due and job.due.replace(tzinfo=UTC)) for job in jobs
                ])
        """),
        ["test_due_is_a_moment_in_whatever_zone"],
    ),
    "the moment is of the machine, not of the store": (
        in_tx("""
            def now(self):
                self.moment = getattr(self, "moment", None) or EPOCH.now(EPOCH.tzinfo)
                return self.moment
        """),
        ["test_the_moment_of_a_transaction_is_of_the_clock_by_which_jobs_are_due"],
    ),
    "time goes on inside a transaction": (
        in_tx("""
            def now(self):
                return EPOCH.now(EPOCH.tzinfo)
        """),
        ["test_the_moment_of_a_transaction_is_of_the_clock_by_which_jobs_are_due"],
    ),
    "drop takes leased jobs too": (
        in_tx("""
            def drop(self, queue, group):
                jobs = [job for job in self._queue(queue).jobs.values()
                        if job.new.group == group and job.state is not JobState.DONE]
                self._own_queue(queue).change(jobs, self._clock.now(), state=JobState.DROPPED)
                return len(jobs)
        """),
        ["test_drop_cancels_queued_and_parked"],
    ),
    "purge takes parked jobs too": (
        in_tx("""
            def purge(self, queue, before, limit):
                mine = self._own_queue(queue)
                for job in list(mine.jobs.values()):
                    if job.state is JobState.PARKED and job.changed < before:
                        mine.jobs[job.id] = attrs.evolve(job, state=JobState.DONE)
                return super().purge(queue, before, limit)
        """),
        ["test_purge_forgets_old_done_and_dropped_only"],
    ),
    "purge goes by the making": (
        in_tx("""
            def settle(self, settled):
                before = {job.id: self._queue(job.queue).jobs[job.id].changed for job, _ in settled}
                done = super().settle(settled)
                for job, _ in settled:
                    mine = self._own_queue(job.queue).jobs
                    mine[job.id] = attrs.evolve(mine[job.id], changed=before[job.id])
                return done
            def claim(self, queue, n, lease, owner):
                before = {j.id: j.changed for j in self._queue(queue).jobs.values()}
                jobs = super().claim(queue, n, lease, owner)
                mine = self._own_queue(queue).jobs
                for job in jobs:
                    mine[job.id] = attrs.evolve(mine[job.id], changed=before[job.id])
                return jobs
        """),
        ["test_purge_goes_by_the_last_change"],
    ),
    "loaded rows begin at version 1": (
        in_tx("""
            def load(self, kind, rows):
                super().load(kind, [attrs.evolve(row, version=1) for row in rows])
        """),
        ["test_a_loaded_row_has_the_version_that_it_came_with"],
    ),
    "load replaces what is there": (
        in_tx("""
            def load(self, kind, rows):
                for row in rows:
                    self._own_table(kind).pop(row.id, None)
                    super().load(kind, [row])
        """),
        [
            "test_loading_what_is_there_conflicts_and_loses_everything",
            "test_an_id_that_is_loaded_twice_at_once_conflicts",
        ],
    ),
    "a leased job stays leased in the new store": (
        in_tx("""
            def load_jobs(self, queue, jobs):
                super().load_jobs(queue, jobs)
                stored = self._own_queue(queue).jobs
                for job, number in zip(jobs, list(stored)[-len(jobs):] if jobs else []):
                    stored[number] = attrs.evolve(stored[number], state=job.state)
        """),
        ["test_a_leased_job_comes_in_as_queued_and_keeps_its_attempts"],
    ),
    "loaded jobs begin anew": (
        in_tx("""
            def load_jobs(self, queue, jobs):
                self.enqueue(queue, [NewJob(j.key, j.body, j.due, j.priority, j.group) for j in jobs])
        """),
        [
            "test_loaded_jobs_stand_as_they_stood",
            "test_a_leased_job_comes_in_as_queued_and_keeps_its_attempts",
            "test_a_key_that_the_queue_knows_conflicts",
        ],
    ),
    "the first job to be done is the first due": (
        in_tx("""
            def first_due(self, queue):
                jobs = [j for j in self._queue(queue).jobs.values()
                        if j.state is JobState.QUEUED and j.new.group not in self._queue(queue).held]
                return min(jobs, key=lambda j: (j.new.priority, j.due)).due if jobs else None
        """),
        ["test_the_first_job_that_is_due_is_told"],
    ),
    "leased and held jobs count as waiting": (
        in_tx("""
            def first_due(self, queue):
                return min((j.due for j in self._queue(queue).jobs.values()), default=None)
        """),
        ["test_the_first_job_that_is_due_is_told"],
    ),
    "a queue is known by its jobs alone": (
        in_tx("""
            def queues(self):
                return sorted(name for name, queue in self._queues.items() if queue.jobs)
        """),
        ["test_a_queue_with_held_groups_only_is_told"],
    ),
    "names are ordered without case": (
        in_tx("""
            def streams(self):
                return sorted(super().streams(), key=str.lower)
            def queues(self):
                return sorted(super().queues(), key=lambda n: n.encode("utf-16-be"))
        """),
        ["test_streams_are_told_by_code_point", "test_queues_are_told_by_code_point"],
    ),
    "a migration leaves the old keys": (
        """
class Mutant(memory.MemoryStore):
    def migrate(self, kinds, rekey, progress=None):
        def old(kind, row):
            return {**rekey(kind, row), "name": "old"}
        super().migrate(kinds, old, progress)
""",
        ["test_rows_keep_what_they_are_and_get_new_keys"],
    ),
    "a migration counts as a change of every row": (
        """
class Mutant(memory.MemoryStore):
    def migrate(self, kinds, rekey, progress=None):
        super().migrate(kinds, rekey, progress)
        for kind in kinds:
            table = self._root.tables[kind.name]
            for id_, row in table.items():
                table[id_] = attrs.evolve(row, version=row.version + 1)
""",
        ["test_rows_keep_what_they_are_and_get_new_keys", "test_migrating_again_changes_nothing"],
    ),
    "what was migrated is forgotten when it is torn": (
        """
class Mutant(memory.MemoryStore):
    def migrate(self, kinds, rekey, progress=None):
        done = []
        def noted(kind, row):
            done.append(row.id)
            return rekey(kind, row)
        try:
            super().migrate(kinds, noted, progress)
        except Exception:
            for id_ in done[:-1]:
                self._root.tables["note"].pop(id_, None)
            raise
""",
        ["test_one_that_fails_at_a_row_goes_on", "test_keys_that_the_kind_cannot_hold_are_refused"],
    ),
    "a changed kind is opened as if it were the same": (
        """
class Mutant(memory.MemoryStore):
    def open(self, kinds):
        root = self._root
        super().open([k for k in kinds if root is None or k.name not in root.kinds])
""",
        [
            "test_a_store_of_an_older_program_is_not_opened",
            "test_a_store_of_a_newer_program_is_refused",
        ],
    ),
    "an older program takes a newer store back": (
        """
class Mutant(memory.MemoryStore):
    def _older(self, kinds):
        if self._root:
            for kind in kinds:
                mine = self._root.kinds.get(kind.name)
                if mine and mine.schema > kind.schema:
                    self._root = attrs.evolve(self._root, kinds={
                        **self._root.kinds, kind.name: attrs.evolve(mine, schema=kind.schema)})
    def changes(self, kinds):
        self._older(kinds)
        return super().changes(kinds)
    def open(self, kinds):
        self._older(kinds)
        super().open(kinds)
""",
        ["test_a_store_of_a_newer_program_is_refused"],
    ),
    "writers do not exclude one another": (
        """
class Mutant(memory.MemoryStore):
    def run(self, fn, *, write):
        if not write:
            return super().run(fn, write=False)
        with self._alone():
            tx = self._transaction(self._root, self._clock, self._tokens, write=True)
            try:
                result = fn(tx)
                # Every time, so that the case does not hang on a race.
                import time
                time.sleep(0.05)
                self._root = tx.committed()
                return result
            finally:
                tx.close()
""",
        [
            "test_of_five_writers_of_one_version_one_wins",
        ],
    ),
}

SEARCH_MUTANTS = {
    "the filter changes the scores": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        tx = self
        class Narrow(memory._Search):
            def query(self, tokens, only, limit, after=None):
                index = tx.index()
                kept = memory._Index()
                for doc_id, entry in index.entries.items():
                    if entry.fits(only):
                        kept.entries[doc_id] = entry
                        kept.length += entry.length
                kept.postings = {t: {d: n for d, n in p.items() if d in kept.entries}
                                 for t, p in index.postings.items()}
                before, tx._index = tx._index, kept
                try:
                    return super().query(tokens, only, limit, after)
                finally:
                    tx._index = before
        return Narrow(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_filters_leave_scores_as_they_are"],
    ),
    "every page is the first": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        class First(memory._Search):
            def query(self, tokens, only, limit, after=None):
                return super().query(tokens, only, limit)
        return First(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_pages_together_are_the_whole", "test_pages_of_a_time_together_are_the_whole"],
    ),
    "the limit counts before the filter": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        tx = self
        class Late(memory._Search):
            def query(self, tokens, only, limit, after=None):
                hits = super().query(tokens, SearchFilter(), limit, after)
                return [h for h in hits if tx.index().entries[h.id].fits(only)]
        return Late(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_a_limit_counts_what_the_filter_lets_through"],
    ),
    "a time is not asked for": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        class Timeless(memory._Search):
            def query(self, tokens, only, limit, after=None):
                only = attrs.evolve(only, since=None, until=None)
                return super().query(tokens, only, limit, after)
        return Timeless(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        [
            "test_a_time_is_from_its_first_moment_until_the_first_one_after_it",
            "test_times_are_exact_to_the_microsecond_however_far",
            "test_a_limit_counts_what_is_of_the_time",
            "test_a_time_leaves_scores_as_they_are",
            "test_a_time_is_asked_beside_all_else",
            "test_another_time_takes_the_place_of_the_old_one",
            "test_pages_of_a_time_together_are_the_whole",
            "test_a_time_is_asked_bit_by_bit_as_of_an_index_built_at_once",
        ],
    ),
    "only the beginning of a time counts": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        class Short(memory._Search):
            def index(self, docs):
                super().index([attrs.evolve(doc, last=doc.first) for doc in docs])
        return Short(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_a_time_is_from_its_first_moment_until_the_first_one_after_it"],
    ),
    "the end of a time is a part of it": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        class Long(memory._Search):
            def query(self, tokens, only, limit, after=None):
                if only.until is not None:
                    only = attrs.evolve(only, until=only.until + 1)
                return super().query(tokens, only, limit, after)
        return Long(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_a_time_is_from_its_first_moment_until_the_first_one_after_it"],
    ),
    "a time is asked for after the limit was taken": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        tx = self
        class Late(memory._Search):
            def query(self, tokens, only, limit, after=None):
                every = attrs.evolve(only, since=None, until=None)
                hits = super().query(tokens, every, limit, after)
                return [h for h in hits if tx.index().entries[h.id].fits(only)]
        return Late(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_a_limit_counts_what_is_of_the_time"],
    ),
    "what is of no time is of every time": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        class Open(memory._Search):
            def index(self, docs):
                always = {"first": -(2**62), "last": 2**62}
                super().index([d if d.first is not None else attrs.evolve(d, **always) for d in docs])
        return Open(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_a_time_is_from_its_first_moment_until_the_first_one_after_it"],
    ),
    "times are floating-point numbers": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        class Rough(memory._Search):
            def index(self, docs):
                super().index([
                    d if d.first is None else attrs.evolve(d, first=d.first // 8 * 8, last=d.last // 8 * 8)
                    for d in docs
                ])
        return Rough(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_times_are_exact_to_the_microsecond_however_far"],
    ),
    "replacing leaves old tokens": (
        """
class Forgetful(memory._Index):
    def remove(self, doc_id):
        entry = self.entries.pop(doc_id, None)
        if entry is not None:
            self.length -= entry.length
            self.entries.setdefault(doc_id, entry)

class Wrong(memory._Tx):
    def own_index(self, *, empty=False):
        index = super().own_index(empty=empty)
        index.__class__ = Forgetful
        return index

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_replacing_takes_the_old_document_away"],
    ),
    "the index outlives a rollback": (
        """
class Wrong(memory._Tx):
    def own_index(self, *, empty=False):
        if empty:
            return super().own_index(empty=True)
        return self._root.index

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_the_index_is_part_of_the_transaction", "test_a_read_sees_one_snapshot_of_the_index"],
    ),
    "the place of a page is its score alone": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        class Coarse(memory._Search):
            def query(self, tokens, only, limit, after=None):
                place = None if after is None else type(after)("\\U0010ffff", after.score)
                return super().query(tokens, only, limit, place)
        return Coarse(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_pages_together_are_the_whole", "test_a_place_need_not_be_a_document"],
    ),
    "ties go by the order of indexing": (
        """
class Wrong(memory._Tx):
    @property
    def search(self):
        class Loose(memory._Search):
            def query(self, tokens, only, limit, after=None):
                hits = super().query(tokens, only, 200, after)
                order = {d: n for n, d in enumerate(self._tx.index().entries)}
                return sorted(hits, key=lambda h: (-h.score, order[h.id]))[:limit]
        return Loose(self)

class Mutant(memory.MemoryStore):
    _transaction = Wrong
""",
        ["test_ties_go_by_id"],
    ),
}


# Plugins that an inner run would load anew each time, for nothing: what it imports first is
# forgotten when it ends, and hypothesis alone takes more than a second.
BARE = ["-q"] + [
    part
    for plugin in ("cacheprovider", "hypothesispytest", "randomly", "timeout")
    for part in ("-p", f"no:{plugin}")
]


PROCESS_HEAD = """
from tianfu_sdk.backends.sqlite import SqliteStore
from tianfu_sdk.testing import CountingIds
"""
PROCESS_FOOT = """
class TestMutant(StorageSuite):
    @pytest.fixture
    def store(self, clock, tmp_path):
        return Mutant(tmp_path / "db", clock=clock, ids=CountingIds())

    @pytest.fixture
    def reopen(self, clock, tmp_path):
        return lambda: Mutant(tmp_path / "db", clock=clock, ids=CountingIds())
"""
# A file, because processes share it; what they do wrong is seen in one of the cases at least.
PROCESS_MUTANTS = {
    "a second process is refused": """
class Mutant(SqliteStore):
    def run(self, fn, *, write):
        self._timeout = 0
        self._connection().execute("PRAGMA busy_timeout = 0")
        def slow(tx):
            import time
            done = fn(tx)
            time.sleep(0.002 * write)
            return done
        return super().run(slow, write=write)
""",
    "a row is read before the lock is taken": """
class Mutant(SqliteStore):
    def run(self, fn, *, write):
        if not write:
            return super().run(fn, write=False)
        import time
        old = super().run(lambda tx: tx.get("note", ["a"]), write=False)
        time.sleep(0.05)
        def stale(tx):
            inner = tx.__class__
            class Stale(inner):
                def get(self, kind, ids):
                    return old or inner.get(self, kind, ids)
                def put(self, kind, rows):
                    now = {row.id: row.version for row in inner.get(self, kind, [r.id for r in rows])}
                    fresh = [attrs.evolve(r, version=now.get(r.id, 0)) for r in rows]
                    inner.put(self, kind, fresh)
            wrong = Stale(tx._open_connection, tx._tables, tx._clock, tx._ids, write=True)
            return fn(wrong)
        return super().run(stale, write=True)
""",
    "a child shares its parent's connection and its ids": """
class Mutant(SqliteStore):
    def run(self, fn, *, write):
        import os
        if not hasattr(self, "_home"):
            self._home = os.getpid()
        if os.getpid() != self._home:
            # What the parent opened, it closed for both.
            self.close()
        return super().run(fn, write=write)
""",
}


@pytest.mark.ci
@pytest.mark.parametrize("name", PROCESS_MUTANTS)
def test_the_storage_suite_catches_in_processes(pytester, name):
    pytester.makepyfile(HEAD + PROCESS_HEAD + PROCESS_MUTANTS[name] + PROCESS_FOOT)
    cases = "test_two_processes_on_one_place or test_a_forked_process_opens"
    result = pytester.runpytest_inprocess(*BARE, "--tb=no", "-rf", "-k", cases)
    assert result.parseoutcomes().get("failed", 0) >= 1


def test_a_suite_tells_what_passed_and_what_was_skipped_for_which_capability(pytester):
    source = "class Mutant(memory.MemoryStore): pass\n"
    pytester.makepyfile(HEAD + source + FOOT.format(suite="StorageSuite", patience=10))
    cases = "test_get_many or test_what_was_rolled_back_does_not or test_two_processes"
    result = pytester.runpytest_inprocess(*BARE, "-k", cases)
    result.stdout.fnmatch_lines(
        [
            "StorageSuite, *::TestMutant: 1 passed, 0 failed, 2 skipped",
            "  1 skipped: capabilities.persistent is false",
        ]
    )
    result.stdout.fnmatch_lines(["  1 skipped: capabilities.processes is false"])


def run(pytester, suite, source, cases, patience=0.4):
    pytester.makepyfile(HEAD + source + FOOT.format(suite=suite, patience=patience))
    result = pytester.runpytest_inprocess(*BARE, "--tb=no", "-rf", "-k", " or ".join(cases))
    failed = [line for line in result.outlines if line.startswith("FAILED")]
    return result, {case for case in cases if any(case in line for line in failed)}


@pytest.mark.ci
@pytest.mark.parametrize("name", MUTANTS)
def test_the_storage_suite_catches(pytester, name):
    source, cases = MUTANTS[name]
    _, failed = run(pytester, "StorageSuite", source, cases)
    assert failed == set(cases)


@pytest.mark.ci
@pytest.mark.parametrize("name", SEARCH_MUTANTS)
def test_the_search_suite_catches(pytester, name):
    source, cases = SEARCH_MUTANTS[name]
    _, failed = run(pytester, "SearchSuite", source, cases)
    assert failed == set(cases)


@pytest.mark.ci
@pytest.mark.parametrize(
    ("suite", "mutants"), [("StorageSuite", MUTANTS), ("SearchSuite", SEARCH_MUTANTS)]
)
def test_the_store_as_it_is_passes_every_case_that_a_mutant_names(pytester, suite, mutants):
    cases = sorted({case for _, cases in mutants.values() for case in cases})
    result, failed = run(pytester, suite, "class Mutant(memory.MemoryStore): pass\n", cases, 10)
    assert not failed
    assert result.parseoutcomes().get("passed", 0) >= len(cases)


def test_a_suite_is_not_collected_where_it_is_only_imported(pytester):
    pytester.makepyfile(HEAD)
    assert pytester.runpytest_inprocess(*BARE).ret == 5


def test_an_author_who_gives_no_store_is_told(pytester):
    pytester.makepyfile(HEAD + "class TestMine(StorageSuite): pass")
    result = pytester.runpytest_inprocess(*BARE, "-k", "test_get_many or test_limit")
    result.stdout.fnmatch_lines(["*override the fixture `store`*"])
