"""The suite of followers: an engine that keeps its word passes, each that does not is caught."""

import pytest

pytest_plugins = ["pytester"]

HEAD = '''
import attrs
import time
import pytest
from tianfu_sdk.backends.memory import MemoryStore
from tianfu_sdk.model.search import Hit, SearchFilter
from tianfu_sdk.testing import FollowerSuite, FrozenClock
from tianfu_sdk.text import ANALYZER_VERSION


class Place:
    """What outlives an engine."""

    def __init__(self):
        self.store = MemoryStore(clock=FrozenClock())
        self.store.open([])
        self.mark = None


class Follower:
    """The engine of a memory store, as one that stands elsewhere; it commits at once."""

    def __init__(self, place):
        self.place = place

    def _run(self, fn, write=False):
        return self.place.store.run(lambda tx: fn(tx.search), write=write)

    def index(self, docs):
        self._run(lambda search: search.index(docs), write=True)

    def remove(self, ids):
        self._run(lambda search: search.remove(ids), write=True)

    def query(self, tokens, only, limit, after=None):
        return self._run(lambda search: search.query(tokens, only, limit, after))

    def rebuild(self, docs, mark=None):
        found = [one for one in docs if one.shown]
        self.place.mark = mark
        return self._run(lambda search: search.rebuild(found), write=True)

    def mark(self, cursor=None):
        if cursor is not None:
            self.place.mark = cursor
        return self.place.mark

    def flush(self):
        pass

    def lag(self):
        return 0

    def size(self):
        return self._run(lambda search: search.size())

    def analyzer_version(self):
        return self._run(lambda search: search.analyzer_version())


class Holding(Follower):
    """One that holds what it takes in until it is flushed."""

    held = ()

    def index(self, docs):
        self.held = [*self.held, *docs]

    def remove(self, ids):
        self.flush()
        super().remove(ids)

    def flush(self):
        super().index(self.held)
        self.held = ()

    def lag(self):
        return len(self.held)

'''
FOOT = """

class TestMutant(FollowerSuite):
    patience = 5

    @pytest.fixture
    def place(self):
        return Place()

    @pytest.fixture
    def engine(self, place):
        return Mutant(place)

    @pytest.fixture
    def reopen(self, place):
        return lambda: Mutant(place)
"""
MUTANTS = {
    "the mark does not outlive the engine": (
        """
class Mutant(Follower):
    own = None

    def mark(self, cursor=None):
        self.own = cursor or self.own
        return self.own
""",
        ["test_mark_and_documents_outlive_the_engine"],
    ),
    "the mark is there before its documents, and a rebuilding keeps what was taken in": (
        """
class Mutant(Holding):
    pass
""",
        [
            "test_nobody_sees_a_mark_without_its_documents",
            "test_a_rebuilding_drops_what_was_taken_in_before",
        ],
    ),
    "what is taken in is not counted": (
        """
class Mutant(Holding):
    def lag(self):
        return 0
""",
        ["test_what_is_taken_in_is_found_or_counted_as_lag"],
    ),
    "it counts what cannot be searched yet": (
        """
class Mutant(Holding):
    def size(self):
        return super().size() + len(self.held)
""",
        ["test_what_is_taken_in_is_found_or_counted_as_lag"],
    ),
    "it is empty while it is rebuilt": (
        """
class Mutant(Follower):
    def rebuild(self, docs, mark=None):
        super().rebuild([])
        return super().rebuild(docs, mark)
""",
        [
            "test_what_was_there_answers_while_it_is_rebuilt",
            "test_a_rebuilding_that_fails_leaves_what_was",
        ],
    ),
    "a rebuilding keeps the old mark": (
        """
class Mutant(Follower):
    def rebuild(self, docs, mark=None):
        kept = self.place.mark
        count = super().rebuild(docs)
        self.place.mark = kept
        return count
""",
        ["test_a_rebuilding_comes_with_its_mark"],
    ),
    "a mark is never set back": (
        """
class Mutant(Follower):
    def mark(self, cursor=None):
        if cursor is not None:
            self.place.mark = max(cursor, self.place.mark or "")
        return self.place.mark
""",
        ["test_a_mark_is_what_it_was_set_to"],
    ),
    "removing is forgotten": (
        """
class Mutant(Follower):
    def remove(self, ids):
        pass
""",
        ["test_what_was_fed_equals_a_rebuilding", "test_removing"],
    ),
    "a flush forgets what another thread fed meanwhile": (
        """
class Mutant(Follower):
    def __init__(self, place):
        super().__init__(place)
        self.held = []

    def index(self, docs):
        self.held += docs

    def remove(self, ids):
        self.flush()
        super().remove(ids)

    def flush(self):
        super().index(list(self.held))
        # Where a thread without a lock is interrupted sooner or later.
        time.sleep(0.002)
        self.held.clear()

    def lag(self):
        return len(self.held)
""",
        ["test_threads_feed_and_ask_at_once"],
    ),
    "who asks while it is fed meets half a change": (
        """
class Mutant(Follower):
    def __init__(self, place):
        super().__init__(place)
        self.kept = {}

    def index(self, docs):
        self.kept |= {doc.id: doc for doc in docs}
        self._run(lambda search: search.rebuild([]), write=True)
        self._run(lambda search: search.rebuild(list(self.kept.values())), write=True)
""",
        ["test_threads_feed_and_ask_at_once"],
    ),
    "it ranks by what it thinks": (
        """
class Mutant(Follower):
    def query(self, tokens, only, limit, after=None):
        return [Hit(h.id, h.score * 2, h.contributions)
                for h in super().query(tokens, only, limit, after)]
""",
        ["test_the_best_are_those_of_the_reference", "test_scores_are_those_of_bm25"],
    ),
    "it has a language of queries": (
        """
class Mutant(Follower):
    def query(self, tokens, only, limit, after=None):
        return super().query([t.strip("*()~^") for t in tokens if t != "and"], only, limit, after)
""",
        ["test_hostile_texts_are_found_as_the_reference_finds_them"],
    ),
    "regions are not filtered": (
        """
class Mutant(Follower):
    def query(self, tokens, only, limit, after=None):
        only = SearchFilter(kinds=only.kinds, languages=only.languages)
        return super().query(tokens, only, limit, after)
""",
        ["test_a_region_is_asked_with_all_below_it", "test_filters"],
    ),
    "times are not asked for": (
        """
class Mutant(Follower):
    def query(self, tokens, only, limit, after=None):
        only = attrs.evolve(only, since=None, until=None)
        return super().query(tokens, only, limit, after)
""",
        [
            "test_a_time_is_from_its_first_moment_until_the_first_one_after_it",
            "test_a_time_is_asked_of_what_takes_place_and_of_what_was_published",
        ],
    ),
}
# Plugins that an inner run would load anew each time, for nothing.
BARE = ["-q"] + [
    part
    for plugin in ("cacheprovider", "hypothesispytest", "randomly", "timeout")
    for part in ("-p", f"no:{plugin}")
]


def run(pytester, source, *options):
    pytester.makepyfile(HEAD + source + FOOT)
    return pytester.runpytest_inprocess(*BARE, "--tb=short", "-rf", *options)


@pytest.mark.ci
@pytest.mark.parametrize("name", MUTANTS)
def test_the_suite_of_followers_catches(pytester, name):
    source, cases = MUTANTS[name]
    result = run(pytester, source, "-k", " or ".join(cases))
    failed = [line for line in result.outlines if line.startswith("FAILED")]
    assert {case for case in cases if any(case in line for line in failed)} == set(cases)


def test_an_engine_that_keeps_its_word_passes(pytester):
    result = run(pytester, "class Mutant(Follower): pass\n")
    assert result.ret == 0
    assert "skipped" not in result.parseoutcomes()


def test_an_author_who_gives_no_engine_is_told(pytester):
    pytester.makepyfile(HEAD + "class TestMine(FollowerSuite): pass")
    result = pytester.runpytest_inprocess(*BARE, "-k", "test_limit")
    result.stdout.fnmatch_lines(["*override the fixture `engine`*"])
