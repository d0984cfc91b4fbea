"""The built-in holder of keys under the suite, and holders that are wrong in one way each."""

import textwrap

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tianfu_sdk.backends.keyring import LocalKeys, new_master_key
from tianfu_sdk.model.keys import Suite
from tianfu_sdk.testing.keys import KeysSuite

# Imported out here, so that every inner run finds them and does not load them anew.
LOADED = (KeysSuite, LocalKeys, InvalidTag, Cipher, algorithms, AESGCM)
pytest_plugins = ("pytester",)


class TestLocalKeys(KeysSuite):
    suite = Suite.AES

    @pytest.fixture
    def text(self):
        return new_master_key(self.suite)

    @pytest.fixture
    def keys(self, text):
        return LocalKeys(lambda: text)

    @pytest.fixture
    def again(self, text):
        return lambda: LocalKeys(lambda: text)

    @pytest.fixture
    def elsewhere(self):
        other = new_master_key(self.suite)
        return LocalKeys(lambda: other)

    @pytest.fixture
    def rotated(self, text):
        newer = f"{text}\n{new_master_key(self.suite)}"
        return LocalKeys(lambda: newer)


class TestLocalSm4Keys(TestLocalKeys):
    suite = Suite.SM4


class TestFromOneSuiteToTheOther(TestLocalKeys):
    @pytest.fixture
    def rotated(self, text):
        newer = f"{text} {new_master_key(Suite.SM4)}"
        return LocalKeys(lambda: newer)


MUTANT = """
import logging
import pytest
from tianfu_sdk.backends.keyring import LocalKeys
from tianfu_sdk.errors import CryptoError
from tianfu_sdk.testing.keys import KeysSuite

ONE, TWO, THREE = ("{one}", "{two}", "{three}")

class Mutant(LocalKeys):
{body}

class TestMutant(KeysSuite):
    @pytest.fixture
    def keys(self):
        return Mutant(lambda: ONE)

    @pytest.fixture
    def again(self):
        return lambda: Mutant(lambda: ONE)

    @pytest.fixture
    def elsewhere(self):
        return Mutant(lambda: TWO)

    @pytest.fixture
    def rotated(self):
        return Mutant(lambda: ONE + " " + THREE)
"""

# Name: what is wrong, the cases that must fail.
MUTANTS = {
    "not bound to the subject": (
        """
        def wrap(self, key, subject):
            return super().wrap(key, "")
        def unwrap(self, wrapped, subject):
            return super().unwrap(wrapped, "")
        """,
        ["test_a_wrapped_key_is_of_one_subject_only"],
    ),
    "wraps the same way each time": (
        """
        def wrap(self, key, subject):
            kept = self.__dict__.setdefault("kept", {})
            return kept.setdefault((key, subject), super().wrap(key, subject))
        """,
        ["test_a_wrapped_key_does_not_show_itself_and_is_another_one_each_time"],
    ),
    "only encodes": (
        """
        def wrap(self, key, subject):
            return super().wrap(key, subject) + key
        def unwrap(self, wrapped, subject):
            for length in (16, 17, 32, 33, 64):
                try:
                    return super().unwrap(wrapped[:-length], subject)
                except CryptoError as error:
                    last = error
            raise last
        """,
        ["test_a_wrapped_key_does_not_show_itself_and_is_another_one_each_time"],
    ),
    "does not authenticate its end": (
        """
        def wrap(self, key, subject):
            return super().wrap(key, subject) + b"end"
        def unwrap(self, wrapped, subject):
            return super().unwrap(wrapped[:-3], subject)
        """,
        ["test_every_changed_byte_is_noticed"],
    ),
    "calls every failure wrong": (
        """
        def unwrap(self, wrapped, subject):
            try:
                return super().unwrap(wrapped, subject)
            except CryptoError:
                raise CryptoError("keys.wrong") from None
        """,
        [
            "test_a_key_that_is_not_here_is_told_apart",
            "test_a_newer_key_takes_over_and_the_older_one_stays",
        ],
    ),
    "gives garbage for a wrong key": (
        """
        def unwrap(self, wrapped, subject):
            try:
                return super().unwrap(wrapped, subject)
            except CryptoError:
                return bytes(32)
        """,
        [
            "test_a_wrapped_key_is_of_one_subject_only",
            "test_every_changed_byte_is_noticed",
            "test_a_key_that_is_not_here_is_told_apart",
        ],
    ),
    "takes one length of key": (
        """
        def wrap(self, key, subject):
            return super().wrap(key[:32], subject)
        """,
        [
            "test_what_is_wrapped_is_unwrapped_again[33]",
            "test_what_is_wrapped_is_unwrapped_again[64]",
        ],
    ),
    "an index without a key": (
        """
        def index(self, value, key_id=None):
            super().index(value, key_id)
            import hashlib
            return hashlib.sha256(value).digest()[:16]
        """,
        [
            "test_an_index_tells_values_and_keys_apart",
            "test_a_newer_key_takes_over_and_the_older_one_stays",
        ],
    ),
    "an index of the current key, whatever is asked for": (
        """
        def index(self, value, key_id=None):
            super().index(value, key_id)
            return super().index(value)
        """,
        ["test_a_newer_key_takes_over_and_the_older_one_stays"],
    ),
    "an index under any name": (
        """
        def index(self, value, key_id=None):
            try:
                return super().index(value, key_id)
            except CryptoError:
                return super().index(value)
        """,
        ["test_an_index_under_a_key_that_is_not_here_is_refused"],
    ),
    "an index that pads its value": (
        """
        def index(self, value, key_id=None):
            return super().index(value.rstrip(bytes(1)), key_id)
        """,
        ["test_an_index_tells_values_and_keys_apart"],
    ),
    "an index that is too short": (
        """
        def index(self, value, key_id=None):
            return super().index(value, key_id)[:8]
        """,
        ["test_an_index_is_16_bytes_and_the_same_everywhere"],
    ),
    "forgets the older key": (
        """
        def known(self):
            return super().known()[-1:]
        """,
        ["test_a_newer_key_takes_over_and_the_older_one_stays"],
    ),
    "seals on with the oldest key": (
        """
        def current(self):
            return self.known()[0].id
        """,
        ["test_a_newer_key_takes_over_and_the_older_one_stays"],
    ),
    "an id of the process": (
        """
        def current(self):
            return f"{id(self):016x}"
        """,
        [
            "test_the_current_key_is_one_that_is_known",
            "test_the_same_key_has_the_same_id_everywhere",
        ],
    ),
    "says keys aloud": (
        """
        def wrap(self, key, subject):
            logging.getLogger("hsm").debug("wrapping", extra={"key": key})
            return super().wrap(key, subject)
        """,
        ["test_neither_keys_nor_values_are_said_aloud"],
    ),
    "shows phones in its repr": (
        """
        def index(self, value, key_id=None):
            self.__dict__["last"] = value
            return super().index(value, key_id)
        def __repr__(self):
            return repr(self.__dict__.get("last"))
        """,
        ["test_neither_keys_nor_values_are_said_aloud"],
    ),
}

BARE = ["-q"] + [
    part
    for plugin in ("cacheprovider", "hypothesispytest", "randomly", "timeout")
    for part in ("-p", f"no:{plugin}")
]


def run(pytester, body, cases):
    body = textwrap.indent(textwrap.dedent(body), "    ")
    one, two, three = (new_master_key() for _ in range(3))
    path = pytester.makepyfile(MUTANT.format(body=body, one=one, two=two, three=three))
    names = {case.partition("[")[0] for case in cases}
    wanted = [f"{path}::TestMutant::{name}" for name in sorted(names)]
    result = pytester.runpytest_inprocess(*BARE, "--tb=no", "-rf", *wanted)
    failed = [line for line in result.outlines if line.startswith("FAILED")]
    return {case for case in cases if any(f"::{case}" in line for line in failed)}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_suite_catches(pytester, name):
    body, cases = MUTANTS[name]
    assert run(pytester, body, cases) == set(cases)


def test_the_holder_as_it_is_passes_every_case_that_a_mutant_names(pytester):
    cases = {case for _, cases in MUTANTS.values() for case in cases}
    assert run(pytester, "pass", cases) == set()


def test_an_author_who_gives_no_holder_is_told(pytester):
    pytester.makepyfile("from tianfu_sdk.testing import KeysSuite\nclass TestMine(KeysSuite): pass")
    result = pytester.runpytest_inprocess(*BARE, "-k", "current")
    result.stdout.fnmatch_lines(["*override the fixture `keys`*"])
