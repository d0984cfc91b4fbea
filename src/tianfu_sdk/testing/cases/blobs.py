"""Cases of the blobs port: whole or not at all, ranges, torn streams, many at once."""

from __future__ import annotations

import hashlib
import io
import random
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any, BinaryIO, cast

import pytest

from tianfu_sdk.errors import NotFound
from tianfu_sdk.ports.blobs import Blobs

__all__ = ["BlobCases", "KeepingCases", "ReadingCases", "SharingCases", "Stream", "TornCases"]

HOUR = timedelta(hours=1)
SMALL = b"\x00\x01media\r\n\xff" * 700
ODD = ("", ".", "..", "../x", "x", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", "0" * 63 + "/")
"""What is no digest; some lead out of a folder, or to another name in a bucket."""


def sha256(body: bytes) -> str:
    """Give the digest of bytes."""
    return hashlib.sha256(body).hexdigest()


def noise(size: int, seed: int = 0) -> bytes:
    """Give bytes that repeat exactly and that no place can make smaller."""
    return random.Random(seed).randbytes(size)


class Stream(io.RawIOBase):
    """A stream that gives pieces as they were cut, and notes how it was read.

    Args:
        pieces: What the reads give; an exception among them is raised in its turn.
        on_read: Called before each read.
    """

    def __init__(
        self,
        pieces: Iterable[bytes | BaseException],
        on_read: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = b""
        self._on_read = on_read
        self.asked: list[int] = []

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        self._on_read()
        self.asked.append(size)
        if not self._rest:
            piece = next(self._pieces, b"")
            if isinstance(piece, BaseException):
                raise piece
            self._rest = piece
        if size < 0:
            given, self._rest = self._rest, b""
        else:
            given, self._rest = self._rest[:size], self._rest[size:]
        return given

    def readinto(self, into: Any, /) -> int:
        piece = self.read(len(into))
        into[: len(piece)] = piece
        return len(piece)


class BlobCases:
    """Fixtures of the blobs suite. An author overrides `blobs`.

    Attributes:
        large: Bytes of a medium that does not fit into one piece of the place's.
        largest_read: Bytes that one read of a stream may ask for.
    """

    large: int = 12 << 20
    largest_read: int = 16 << 20

    @pytest.fixture
    def blobs(self) -> Blobs:
        """Give a place that is empty. Override this."""
        raise NotImplementedError("override the fixture `blobs`: return MyBlobs(…)")

    @pytest.fixture
    def reopen(self) -> Callable[[], Blobs] | None:
        """Give a maker of further ones on the same place, or None where it ends with `blobs`."""
        return None

    @pytest.fixture
    def tear(self) -> Callable[[], object] | None:
        """Give what leaves the remains of one upload that was killed, or None: none can be."""
        return None

    def put(self, blobs: Blobs, body: bytes) -> str:
        """Keep bytes."""
        return blobs.put(io.BytesIO(body))

    def read(self, blobs: Blobs, digest: str) -> bytes:
        """Read kept bytes to the end."""
        with blobs.open(digest) as stream:
            return stream.read()

    def kept(self, blobs: Blobs) -> list[str]:
        """Give what is listed, sorted."""
        return sorted(blobs.list())


class KeepingCases(BlobCases):
    """Put, has, delete, list."""

    def test_bytes_are_found_by_their_sha256(self, blobs: Blobs) -> None:
        digest = sha256(SMALL)
        assert not blobs.has(digest)
        assert self.kept(blobs) == []
        assert self.put(blobs, SMALL) == digest
        assert blobs.has(digest) is True
        assert self.kept(blobs) == [digest]
        assert self.read(blobs, digest) == SMALL

    def test_no_bytes_at_all_are_bytes_too(self, blobs: Blobs) -> None:
        digest = self.put(blobs, b"")
        assert digest == sha256(b"")
        assert blobs.has(digest)
        assert self.read(blobs, digest) == b""

    def test_what_does_not_fit_into_one_piece_is_kept_whole(self, blobs: Blobs) -> None:
        body = noise(self.large + 1)
        digest = self.put(blobs, body)
        assert digest == sha256(body)
        assert self.read(blobs, digest) == body
        assert self.kept(blobs) == [digest]

    def test_the_same_bytes_are_kept_once(self, blobs: Blobs) -> None:
        assert self.put(blobs, SMALL) == self.put(blobs, SMALL)
        assert list(blobs.list()) == [sha256(SMALL)]

    def test_other_bytes_are_kept_beside_them(self, blobs: Blobs) -> None:
        bodies = [SMALL, SMALL + b"x", b"x"]
        digests = [self.put(blobs, body) for body in bodies]
        assert self.kept(blobs) == sorted(map(sha256, bodies))
        assert [self.read(blobs, digest) for digest in digests] == bodies

    def test_a_stream_is_read_in_pieces_to_its_end_and_not_closed(self, blobs: Blobs) -> None:
        # Reads give less than was asked for, as those of a network do.
        chance = random.Random(1)
        body = noise(300_000)
        cuts = sorted(chance.sample(range(1, len(body)), 40))
        pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        stream = Stream(pieces)
        assert blobs.put(cast(BinaryIO, stream)) == sha256(body)
        assert self.read(blobs, sha256(body)) == body
        assert not stream.closed
        assert all(0 < size <= self.largest_read for size in stream.asked), (
            "a stream that is read without a bound takes as much memory as it is long"
        )

    def test_nothing_is_seen_of_what_is_still_coming_in(self, blobs: Blobs) -> None:
        body = noise(self.large)
        seen: list[list[str]] = []

        def look() -> None:
            assert not blobs.has(sha256(body))
            seen.append(self.kept(blobs))

        pieces = [body[n : n + (4 << 20)] for n in range(0, len(body), 4 << 20)]
        digest = blobs.put(cast(BinaryIO, Stream(pieces, look)))
        assert seen
        assert all(one == [] for one in seen)
        assert self.kept(blobs) == [digest]

    def test_what_is_deleted_is_gone_and_may_be_deleted_again(self, blobs: Blobs) -> None:
        other = self.put(blobs, b"other")
        digest = self.put(blobs, SMALL)
        blobs.delete(digest)
        blobs.delete(digest)
        assert not blobs.has(digest)
        assert self.kept(blobs) == [other]
        with pytest.raises(NotFound) as caught:
            blobs.open(digest)
        assert (caught.value.code, caught.value.path) == ("blob.unknown", "digest")
        assert self.put(blobs, SMALL) == digest
        assert self.read(blobs, digest) == SMALL

    def test_all_may_be_deleted_while_they_are_listed(self, blobs: Blobs) -> None:
        digests = {self.put(blobs, bytes([number]) * 10) for number in range(7)}
        listed = set()
        for digest in blobs.list():
            listed.add(digest)
            blobs.delete(digest)
        assert listed == digests
        assert self.kept(blobs) == []

    @pytest.mark.parametrize("odd", ODD)
    def test_what_is_no_digest_leads_nowhere(self, blobs: Blobs, odd: str) -> None:
        kept = self.put(blobs, SMALL)
        assert blobs.has(odd) is False
        blobs.delete(odd)
        with pytest.raises(NotFound) as caught:
            blobs.open(odd)
        assert (caught.value.code, caught.value.path) == ("blob.unknown", "digest")
        assert self.kept(blobs) == [kept]

    def test_it_is_there_for_whoever_comes_later(
        self, blobs: Blobs, reopen: Callable[[], Blobs] | None
    ) -> None:
        if reopen is None:
            pytest.skip("`reopen` is not given: the place ends with its object")
        digest = self.put(blobs, SMALL)
        other = reopen()
        assert other.has(digest)
        assert self.read(other, digest) == SMALL
        assert self.kept(other) == [digest]
        other.delete(digest)
        assert not blobs.has(digest)


class ReadingCases(BlobCases):
    """Open, whole and in ranges."""

    @pytest.mark.parametrize(
        ("start", "length"),
        [
            (0, 0),
            (0, 1),
            (0, 5),
            (3, 4),
            (5, None),
            (len(SMALL) - 1, 5),
            (len(SMALL) - 1, None),
            (len(SMALL), 5),
            (len(SMALL), None),
            (len(SMALL) + 99, 1),
            (len(SMALL) + 99, None),
            (0, len(SMALL)),
            (0, len(SMALL) + 99),
            (7, 0),
        ],
    )
    def test_a_range_is_what_a_slice_is(self, blobs: Blobs, start: int, length: int | None) -> None:
        digest = self.put(blobs, SMALL)
        end = None if length is None else start + length
        with blobs.open(digest, start, length) as stream:
            assert stream.read() == SMALL[start:end]
            assert stream.read() == b""

    def test_a_range_of_what_does_not_fit_into_one_piece(self, blobs: Blobs) -> None:
        body = noise(self.large)
        digest = self.put(blobs, body)
        middle = self.large // 2
        for start, length in ((middle, 100), (100, middle), (self.large - 7, None), (1, None)):
            end = None if length is None else start + length
            with blobs.open(digest, start, length) as stream:
                assert stream.read() == body[start:end]

    @pytest.mark.parametrize(("start", "length"), [(0, None), (11, None), (11, 6_000)])
    def test_a_stream_may_be_read_in_pieces(
        self, blobs: Blobs, start: int, length: int | None
    ) -> None:
        digest = self.put(blobs, SMALL)
        wanted = SMALL[start : None if length is None else start + length]
        with blobs.open(digest, start, length) as stream:
            found = b""
            while piece := stream.read(1000):
                assert isinstance(piece, bytes)
                assert len(piece) <= 1000
                found += piece
            assert found == wanted

    def test_many_may_read_the_same_bytes_at_once(self, blobs: Blobs) -> None:
        digest = self.put(blobs, SMALL)
        with blobs.open(digest) as one, blobs.open(digest) as other:
            first = one.read(100)
            assert other.read() == SMALL
            assert first + one.read() == SMALL

    def test_who_reads_is_not_disturbed_by_who_keeps_the_same_bytes_again(
        self, blobs: Blobs
    ) -> None:
        body = noise(self.large)
        digest = self.put(blobs, body)
        with blobs.open(digest) as stream:
            first = stream.read(1000)
            assert self.put(blobs, body) == digest
            assert first + stream.read() == body

    def test_what_is_not_kept_is_told_when_it_is_opened(self, blobs: Blobs) -> None:
        with pytest.raises(NotFound) as caught:
            blobs.open(sha256(b"never"))
        assert (caught.value.code, caught.value.path) == ("blob.unknown", "digest")
        with pytest.raises(NotFound):
            blobs.open(sha256(b"never"), 5, 5)


class _TornError(Exception):
    """What a stream of the suite raises; no place for media knows it."""


class TornCases(BlobCases):
    """Uploads that break off."""

    @pytest.mark.parametrize(
        "error", [_TornError(), ConnectionResetError(), OSError(5, "gone"), KeyboardInterrupt()]
    )
    @pytest.mark.parametrize("after", [0, 1, 3])
    def test_a_stream_that_breaks_off_leaves_nothing(
        self, blobs: Blobs, error: BaseException, after: int
    ) -> None:
        other = self.put(blobs, b"other")
        pieces = [noise(100_000, seed) for seed in range(after)]
        with pytest.raises(type(error)) as caught:
            blobs.put(cast(BinaryIO, Stream([*pieces, error])))
        assert caught.value is error, "what the stream raised goes on as it is"
        assert self.kept(blobs) == [other]
        assert not blobs.has(sha256(b"".join(pieces)))
        assert blobs.tidy(timedelta(0)) == 0, "an upload that was told cleans up behind itself"
        # And the place works on.
        whole = b"".join(pieces) + b"end"
        assert blobs.put(cast(BinaryIO, Stream([*pieces, b"end"]))) == sha256(whole)
        assert self.read(blobs, sha256(whole)) == whole

    def test_a_large_stream_that_breaks_off_leaves_nothing(self, blobs: Blobs) -> None:
        pieces = [noise(1 << 20, seed) for seed in range(self.large >> 20)]
        with pytest.raises(_TornError):
            blobs.put(cast(BinaryIO, Stream([*pieces, _TornError()])))
        assert self.kept(blobs) == []
        assert not blobs.has(sha256(b"".join(pieces)))
        assert blobs.tidy(timedelta(0)) == 0, "an upload that was told cleans up behind itself"

    def test_tidying_takes_nothing_that_is_kept(self, blobs: Blobs) -> None:
        assert blobs.tidy(timedelta(0)) == 0
        digest = self.put(blobs, SMALL)
        assert blobs.tidy(timedelta(0)) == 0
        assert self.read(blobs, digest) == SMALL

    def test_tidying_leaves_an_upload_alone_that_is_young(self, blobs: Blobs) -> None:
        body = noise(self.large)
        pieces = [body[n : n + (1 << 20)] for n in range(0, len(body), 1 << 20)]
        found: list[int] = []
        stream = Stream(pieces, lambda: found.append(blobs.tidy(HOUR)))
        digest = blobs.put(cast(BinaryIO, stream))
        assert self.read(blobs, digest) == body
        assert set(found) == {0}

    def test_what_a_killed_upload_left_is_not_seen_and_is_tidied_away(
        self, blobs: Blobs, tear: Callable[[], object] | None
    ) -> None:
        if tear is None:
            pytest.skip("`tear` is not given: a killed upload leaves nothing")
        digest = self.put(blobs, SMALL)
        tear()
        assert self.kept(blobs) == [digest]
        assert blobs.tidy(HOUR) == 0, "what is young may be an upload that is running"
        assert blobs.tidy(timedelta(0)) == 1
        assert blobs.tidy(timedelta(0)) == 0
        assert self.read(blobs, digest) == SMALL


class SharingCases(BlobCases):
    """Threads at once."""

    def test_threads_may_keep_the_same_bytes_at_once(self, blobs: Blobs) -> None:
        body = noise(200_000)
        start = threading.Barrier(8)

        def put(_: int) -> str:
            start.wait(30)
            return self.put(blobs, body)

        with ThreadPoolExecutor(8) as executor:
            found = set(executor.map(put, range(8)))
        assert found == {sha256(body)}
        assert self.kept(blobs) == [sha256(body)]
        assert self.read(blobs, sha256(body)) == body
        assert blobs.tidy(timedelta(0)) == 0

    def test_streams_that_come_in_at_once_do_not_mix(self, blobs: Blobs) -> None:
        # Each waits for the others before every piece: all are half-way at the same time.
        bodies = [noise(300_000, seed) for seed in range(6)]
        together = threading.Barrier(len(bodies))

        def put(body: bytes) -> str:
            pieces = [body[n : n + 100_000] for n in range(0, len(body), 100_000)]

            def wait() -> None:
                if len(stream.asked) < len(pieces):
                    together.wait(30)

            stream = Stream(pieces, wait)
            return blobs.put(cast(BinaryIO, stream))

        with ThreadPoolExecutor(len(bodies)) as executor:
            digests = list(executor.map(put, bodies))
        assert digests == [sha256(body) for body in bodies]
        assert [self.read(blobs, digest) for digest in digests] == bodies

    def test_who_reads_while_others_delete_and_keep_finds_all_or_nothing(
        self, blobs: Blobs
    ) -> None:
        body = noise(150_000)
        digest = sha256(body)

        def change(_: int) -> None:
            for _ in range(12):
                self.put(blobs, body)
                blobs.delete(digest)

        changing: list[Future[None]] = []

        def look() -> None:
            while not all(future.done() for future in changing):
                try:
                    found = self.read(blobs, digest)
                except NotFound:
                    continue
                assert found == body

        with ThreadPoolExecutor(4) as executor:
            changing += [executor.submit(change, n) for n in range(2)]
            looking = [executor.submit(look) for _ in range(2)]
            for future in (*changing, *looking):
                future.result()
        self.put(blobs, body)
        assert self.read(blobs, digest) == body
