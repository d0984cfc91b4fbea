"""Places for media that are wrong in one way each: the suite must notice every one.

Each mutant runs the cases that are named for it, in pytest inside pytest; they must fail for
it, and pass for the place as it is, which the last test shows.
"""

import textwrap

import pytest

from tianfu_sdk.backends.blobs import FileBlobs
from tianfu_sdk.testing.blobs import BlobsSuite

# Imported out here, so that every inner run finds them and does not load them anew.
LOADED = (FileBlobs, BlobsSuite)
pytest_plugins = ("pytester",)

HEAD = """
import hashlib, io, shutil, tempfile, threading, time
from datetime import timedelta
from pathlib import Path
import pytest
from tianfu_sdk.backends import blobs as files
from tianfu_sdk.errors import *
from tianfu_sdk.testing.blobs import BlobsSuite

class Mutant(files.FileBlobs):
{body}

class TestMutant(BlobsSuite):
    large = 3 << 20

    @pytest.fixture
    def blobs(self, tmp_path):
        return Mutant(tmp_path / "media")

    @pytest.fixture
    def reopen(self, tmp_path):
        return lambda: Mutant(tmp_path / "media")

    @pytest.fixture
    def tear(self, tmp_path):
        return lambda: (tmp_path / "media" / ".new-torn").write_bytes(b"half of")
"""

# Name: what is wrong, the cases that must fail.
MUTANTS = {
    "another digest": (
        """
        def put(self, stream):
            return super().put(stream).upper()
        """,
        ["test_bytes_are_found_by_their_sha256"],
    ),
    "the whole stream at once": (
        """
        def put(self, stream):
            return super().put(io.BytesIO(b"".join(iter(lambda: stream.read(-1), b""))))
        """,
        ["test_a_stream_is_read_in_pieces_to_its_end_and_not_closed"],
    ),
    "a short read is taken for the end": (
        """
        def put(self, stream):
            class Once(io.RawIOBase):
                over = False
                def read(self, size=-1):
                    if self.over:
                        return b""
                    piece = stream.read(size)
                    self.over = len(piece) < size
                    return piece
            return super().put(Once())
        """,
        ["test_a_stream_is_read_in_pieces_to_its_end_and_not_closed"],
    ),
    "the stream is closed": (
        """
        def put(self, stream):
            with stream:
                return super().put(stream)
        """,
        ["test_a_stream_is_read_in_pieces_to_its_end_and_not_closed"],
    ),
    "what came of a torn stream is kept": (
        """
        def put(self, stream):
            came = []
            try:
                while piece := stream.read(1 << 20):
                    came.append(piece)
            except BaseException:
                super().put(io.BytesIO(b"".join(came)))
                raise
            return super().put(io.BytesIO(b"".join(came)))
        """,
        [
            "test_a_stream_that_breaks_off_leaves_nothing",
            "test_a_large_stream_that_breaks_off_leaves_nothing",
        ],
    ),
    "the remains of a torn stream stay": (
        """
        def put(self, stream):
            with tempfile.NamedTemporaryFile(
                prefix=".new-", dir=self._made(), delete=False
            ) as spool:
                shutil.copyfileobj(stream, spool)
            with open(spool.name, "rb") as file:
                digest = super().put(file)
            Path(spool.name).unlink()
            return digest
        def _made(self):
            self._folder.mkdir(exist_ok=True)
            return self._folder
        """,
        [
            "test_a_stream_that_breaks_off_leaves_nothing",
            "test_a_large_stream_that_breaks_off_leaves_nothing",
        ],
    ),
    "what the stream raised is wrapped": (
        """
        def put(self, stream):
            try:
                return super().put(stream)
            except Exception as error:
                raise StorageError("storage.io", place="media") from error
        """,
        ["test_a_stream_that_breaks_off_leaves_nothing"],
    ),
    "an interrupt leaves its remains": (
        """
        def put(self, stream):
            Path(self._folder).mkdir(exist_ok=True)
            note = Path(self._folder, f".new-{threading.get_ident()}")
            note.write_bytes(b"x")
            try:
                digest = super().put(stream)
            except Exception:
                note.unlink()
                raise
            note.unlink()
            return digest
        """,
        ["test_a_stream_that_breaks_off_leaves_nothing"],
    ),
    "seen before it is whole": (
        """
        coming = 0
        def put(self, stream):
            self.coming += 1
            try:
                return super().put(stream)
            finally:
                self.coming -= 1
        def list(self):
            yield from super().list()
            if self.coming:
                yield "0" * 64
        """,
        ["test_nothing_is_seen_of_what_is_still_coming_in"],
    ),
    "written in place": (
        """
        def put(self, stream):
            body = b"".join(iter(lambda: stream.read(1 << 20), b""))
            path = self._path(hashlib.sha256(body).hexdigest())
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(body[: len(body) // 2])
                file.flush()
                time.sleep(0.005)  # so that the case does not hang on a race
                file.write(body[len(body) // 2 :])
            return path.name
        """,
        ["test_who_reads_while_others_delete_and_keep_finds_all_or_nothing"],
    ),
    "kept twice": (
        """
        def list(self):
            for digest in super().list():
                yield from (digest, digest)
        """,
        ["test_the_same_bytes_are_kept_once"],
    ),
    "the same bytes again are an error": (
        """
        def put(self, stream):
            body = stream.read(1 << 30)
            if self.has(hashlib.sha256(body).hexdigest()):
                raise Conflict("storage.version", kind="blob", ids=())
            return super().put(io.BytesIO(body))
        """,
        ["test_the_same_bytes_are_kept_once"],
    ),
    "remains are listed": (
        """
        def list(self):
            for path in self._folder.rglob("*"):
                if path.is_file():
                    yield path.name
        """,
        ["test_what_a_killed_upload_left_is_not_seen_and_is_tidied_away"],
    ),
    "a digest is taken for a path": (
        """
        def has(self, digest):
            return self._path(digest).exists()
        """,
        ["test_what_is_no_digest_leads_nowhere"],
    ),
    "what is missing cannot be deleted": (
        """
        def delete(self, digest):
            self._path(digest).unlink()
        """,
        ["test_what_is_deleted_is_gone_and_may_be_deleted_again"],
    ),
    "the length is an end": (
        """
        def open(self, digest, start=0, length=None):
            return super().open(digest, start, None if length is None else max(0, length - start))
        """,
        ["test_a_range_is_what_a_slice_is"],
    ),
    "one byte too many": (
        """
        def open(self, digest, start=0, length=None):
            return super().open(digest, start, None if length is None else length + 1)
        """,
        ["test_a_range_is_what_a_slice_is"],
    ),
    "beyond the end is an error": (
        """
        def open(self, digest, start=0, length=None):
            with super().open(digest) as stream:
                size = len(stream.read())
            if start > size:
                raise StorageError("storage.io", place="media")
            return super().open(digest, start, length)
        """,
        ["test_a_range_is_what_a_slice_is"],
    ),
    "missing bytes are told too late": (
        """
        def open(self, digest, start=0, length=None):
            outer = self
            class Late(io.RawIOBase):
                def readable(self):
                    return True
                def read(self, size=-1):
                    with files.FileBlobs.open(outer, digest, start, length) as file:
                        return file.read(size)
            return Late()
        """,
        ["test_what_is_not_kept_is_told_when_it_is_opened"],
    ),
    "a place of its own for every object": (
        """
        def __init__(self, folder):
            super().__init__(f"{folder}-{id(self)}")
        """,
        ["test_it_is_there_for_whoever_comes_later"],
    ),
    "one temporary file for all": (
        """
        kept = None
        def put(self, stream):
            if self.kept is None:
                self.kept = []
            mine = self.kept
            mine.clear()
            while piece := stream.read(100_000):
                mine.append(piece)
            return super().put(io.BytesIO(b"".join(mine)))
        """,
        ["test_streams_that_come_in_at_once_do_not_mix"],
    ),
    "tidying takes what is coming in": (
        """
        def tidy(self, older):
            return super().tidy(timedelta(0))
        """,
        [
            "test_tidying_leaves_an_upload_alone_that_is_young",
            "test_what_a_killed_upload_left_is_not_seen_and_is_tidied_away",
        ],
    ),
    "tidying takes all": (
        """
        def tidy(self, older):
            found = list(self.list())
            for digest in found:
                self.delete(digest)
            return super().tidy(older)
        """,
        ["test_tidying_takes_nothing_that_is_kept"],
    ),
    "tidying does nothing": (
        """
        def tidy(self, older):
            return 0
        """,
        ["test_what_a_killed_upload_left_is_not_seen_and_is_tidied_away"],
    ),
}

BARE = ["-q"] + [
    part
    for plugin in ("cacheprovider", "hypothesispytest", "randomly", "timeout")
    for part in ("-p", f"no:{plugin}")
]


def run(pytester, body, cases):
    body = textwrap.indent(textwrap.dedent(body), "    ")
    pytester.makepyfile(HEAD.replace("{body}", body))
    options = ["--tb=no", "-rf", "-W", "ignore", "-k", " or ".join(cases)]
    result = pytester.runpytest_inprocess(*BARE, *options)
    failed = [line for line in result.outlines if line.startswith("FAILED")]
    return result, {case for case in cases if any(case in line for line in failed)}


@pytest.mark.ci
@pytest.mark.parametrize("name", MUTANTS)
def test_the_blobs_suite_catches(pytester, name):
    body, cases = MUTANTS[name]
    _, failed = run(pytester, body, cases)
    assert failed == set(cases)


@pytest.mark.ci
def test_files_as_they_are_pass_every_case_that_a_mutant_names(pytester):
    cases = sorted({case for _, cases in MUTANTS.values() for case in cases})
    result, failed = run(pytester, "pass", cases)
    assert not failed
    assert result.parseoutcomes().get("passed", 0) >= len(cases)


def test_an_author_who_gives_no_place_is_told(pytester):
    pytester.makepyfile(
        "from tianfu_sdk.testing.blobs import BlobsSuite\nclass TestMine(BlobsSuite): pass"
    )
    result = pytester.runpytest_inprocess(*BARE, "-k", "test_the_same_bytes_are_kept_once")
    result.stdout.fnmatch_lines(["*override the fixture `blobs`*"])
