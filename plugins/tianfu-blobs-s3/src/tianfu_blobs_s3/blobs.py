"""The place for media in a bucket.

A medium's name is its SHA-256, which is known only at the end of its stream, while an object of
S3 must be named when its upload begins, and nothing in S3 renames. Two ways remain: upload
under a name of its own and have the server copy it, or hold the stream here until it has
ended. This takes the second. A short one is held in memory and created in one request, under
the condition that it is not there yet. A long one is held in a file without a name on this
machine's disk (a process that is killed leaves nothing of it), and is sent in parts only then.
So:

- a stream that tears costs the bucket nothing and leaves nothing there, not even for a moment;
- what the bucket has already is not sent again;
- nothing is copied behind the scenes, which S3 does up to 5 GB only and which costs as much
  again on a server of one's own;
- parts whose sending failed are sent again, which a network stream could not be.

The price is room on the disk for the uploads of the moment (`spool`), and that a long upload is
written twice. Two processes that send the same medium both succeed: an object appears whole,
and its bytes are the same.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, TYPE_CHECKING, BinaryIO, Self, cast
from urllib.parse import unquote, urlsplit

import attrs
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from tianfu_blobs_s3.faults import status_of, typed, unreachable
from tianfu_blobs_s3.reading import PIECE, Pieces
from tianfu_blobs_s3.remains import Remains
from tianfu_sdk import Invalid, NotFound, Secret, StorageError, StorageFull
from tianfu_sdk.hookspecs import BackendContext
from tianfu_sdk.ports.clock import Clock

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

__all__ = ["S3Blobs", "S3Settings"]

_READ = 1 << 20
_SHORT = 8 << 20
_PART = 8 << 20
_AT_ONCE = 2
_MOST_PARTS = 10_000
_OUT_OF_RANGE = 416
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LOCAL = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class S3Settings:
    """The table `[backends.s3]`."""

    endpoint: str = ""
    """Of a server that speaks like S3, such as `https://obs.example.cn`; empty: AWS itself."""
    region: str = "us-east-1"
    """Such as `cn-north-1`; servers of one's own often take any."""
    access_key_id: str = ""
    """Of the credentials; empty: what the machine has, by environment or role."""
    secret_access_key: Secret | None = None
    """Of the credentials: `{env = "NAME"}` or `{file = "path"}`."""
    session_token: Secret | None = None
    """Of temporary credentials."""
    virtual_hosted: bool = False
    """The bucket is part of the host's name, and of `endpoint` where one is given."""
    bulk_delete: bool = True
    """False for servers that know no deletion of several at once, such as Alibaba Cloud OSS."""
    allow_http: bool = False
    """Let media go over plain http, to other machines too."""
    spool: str = ""
    """Folder that holds uploads of more than 8 MiB while they come in; empty: the machine's."""
    timeout: float = 30.0
    """Seconds that one request may take."""
    retries: int = 5
    """How often a request that failed is made again."""


class S3Blobs:
    """Keep media in a bucket, as `PREFIX/ab/abcd…`, named as `FileBlobs` names its files.

    Safe to share between threads and processes; open the hub after a fork, not before, for the
    driver's own threads do not survive one.

    Args:
        url: Such as `s3://bucket/prefix`.
        options: The table of settings.
        clock: Tells the time, for signatures.

    Raises:
        Invalid: `hub.bad_url`, no bucket; `s3.plain_http`, plain http to another machine;
            `field.missing`, half of the credentials; `field.value`.
    """

    settings = S3Settings

    def __init__(self, url: str, options: S3Settings, clock: Clock) -> None:
        parts = urlsplit(url)
        if not parts.netloc or parts.username or parts.query or parts.fragment:
            raise Invalid(
                "hub.bad_url", path="media", url=f"{parts.scheme}://{parts.hostname or ''}"
            )
        _check(options)
        self._bucket = parts.netloc
        prefix = unquote(parts.path).strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._options = options
        self._place = f"s3://{self._bucket}/{prefix}"
        self._store = _store(self._bucket, options)
        self._clock = clock

    @classmethod
    def open_url(cls, context: BackendContext) -> Self:
        """Make the place that a URL names; the factory that the plugin registers.

        Raises:
            Invalid: A setting is missing, unknown or wrong; the path names it.
        """
        return cls(context.url, context.read(S3Settings), context.clock)

    def __repr__(self) -> str:
        return f"<S3Blobs {self._place}>"

    def put(self, stream: BinaryIO) -> str:
        """Keep all that a stream gives."""
        sha = hashlib.sha256()
        head = bytearray()
        while len(head) <= _SHORT and (piece := stream.read(_READ)):
            sha.update(piece)
            head += piece
        if len(head) <= _SHORT:
            digest = sha.hexdigest()
            self._create(digest, bytes(head))
            return digest
        with self._spool() as spool:
            self._write(spool, head)
            head.clear()
            # What the stream raises is its own affair, and no failure of this place.
            while piece := stream.read(_READ):
                sha.update(piece)
                self._write(spool, piece)
            digest = sha.hexdigest()
            if not self.has(digest):
                self._send(digest, spool)
        return digest

    def open(self, digest: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Read kept bytes, or a range of them."""
        if not _DIGEST.fullmatch(digest):
            raise NotFound("blob.unknown", path="digest")
        key = self._key(digest)

        def fetch(begin: int, end: int) -> bytes:
            found, _ = self._fetch(key, begin, end)
            if len(found) != end - begin:
                # Taken for the end, half of a medium would pass for the whole.
                raise unreachable(self._place, 0, "cut off")
            return found

        if length == 0:
            size, first = self._size(key), b""
        else:
            wanted = PIECE if length is None else min(PIECE, length)
            first, size = self._fetch(key, start, start + wanted)
        end = size if length is None else min(size, start + length)
        return cast(BinaryIO, io.BufferedReader(Pieces(fetch, start, max(start, end), first)))

    def has(self, digest: str) -> bool:
        """Tell whether bytes are kept."""
        if not _DIGEST.fullmatch(digest):
            return False
        try:
            self._size(self._key(digest))
        except NotFound:
            return False
        return True

    def delete(self, digest: str) -> None:
        """Forget bytes."""
        if not _DIGEST.fullmatch(digest):
            return
        with typed(self._place):
            try:
                obstore.delete(self._store, self._key(digest))
            except FileNotFoundError:
                return

    def list(self) -> Iterator[str]:
        """Give the digests of all that is kept."""
        with typed(self._place):
            for page in obstore.list(self._store, self._prefix or None):
                for meta in page:
                    name = meta["path"].rpartition("/")[2]
                    if _DIGEST.fullmatch(name) and meta["path"] == self._key(name):
                        yield name

    def tidy(self, older: timedelta) -> int:
        """Forget what was left behind by uploads that were torn off by force.

        Those are parts of uploads of processes that were killed. Without credentials in the
        settings nothing is done here: let a lifecycle rule of the bucket do it.
        """
        options = self._options
        if not options.access_key_id or options.secret_access_key is None:
            return 0
        remains = Remains(
            base=_base(self._bucket, options),
            place=self._place,
            region=options.region,
            key_id=options.access_key_id,
            secret=options.secret_access_key,
            token=options.session_token,
            clock=self._clock,
            timeout=options.timeout,
        )
        return remains.abort(self._prefix, older)

    def _spool(self) -> IO[bytes]:
        with self._room():
            return tempfile.TemporaryFile(dir=self._options.spool or None)

    def _write(self, spool: IO[bytes], piece: bytes | bytearray) -> None:
        with self._room():
            spool.write(piece)

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            folder = self._options.spool or tempfile.gettempdir()
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull("storage.full", path="spool", place=folder) from error
            raise StorageError("storage.io", path="spool", place=folder) from error

    def _key(self, digest: str) -> str:
        return f"{self._prefix}{digest[:2]}/{digest}"

    def _create(self, digest: str, body: bytes) -> None:
        with typed(self._place):
            try:
                obstore.put(self._store, self._key(digest), body, mode="create")
            except AlreadyExistsError:
                return  # of this name there are these bytes only

    def _send(self, digest: str, spool: IO[bytes]) -> None:
        with self._room():
            size = spool.seek(0, os.SEEK_END)
            spool.seek(0)
        part = max(_PART, -(-size // _MOST_PARTS))
        with typed(self._place):
            obstore.put(
                self._store,
                self._key(digest),
                spool,
                use_multipart=True,
                chunk_size=part,
                max_concurrency=_AT_ONCE,
            )

    def _size(self, key: str) -> int:
        with typed(self._place):
            try:
                return int(obstore.head(self._store, key)["size"])
            except FileNotFoundError:
                raise NotFound("blob.unknown", path="digest") from None

    def _fetch(self, key: str, start: int, end: int) -> tuple[bytes, int]:
        """Give bytes of an object, fewer where it ends before, and how long it is."""
        with typed(self._place):
            try:
                found = obstore.get(self._store, key, options={"range": (start, end)})
                return bytes(found.bytes()), int(found.meta["size"])
            except FileNotFoundError:
                raise NotFound("blob.unknown", path="digest") from None
            except BaseError as error:
                if status_of(error) != _OUT_OF_RANGE:
                    raise
        # It begins behind the end, which is for nothing; or there are no bytes at all.
        return b"", self._size(key)


def _check(options: S3Settings) -> None:
    try:
        parts = urlsplit(options.endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("field.value", path="endpoint", value="-") from None
    if options.endpoint and (
        parts.scheme not in {"http", "https"} or not host or parts.username or parts.query
    ):
        raise Invalid("field.value", path="endpoint", value="-")
    local = _LOCAL.fullmatch(f"[{host}]" if ":" in host else host)
    if parts.scheme == "http" and not local and not options.allow_http:
        raise Invalid(
            "s3.plain_http",
            "media would go over plain http (媒体将以明文 http 传输)",
            path="endpoint",
            hint="use https, or allow_http = true in a network that nobody else hears",
        )
    if bool(options.access_key_id) != bool(options.secret_access_key):
        missing = "secret_access_key" if options.access_key_id else "access_key_id"
        raise Invalid("field.missing", path=missing)
    for name in ("timeout", "retries"):
        value = getattr(options, name)
        if value < 0 or (name == "timeout" and value == 0):
            raise Invalid("field.too_small", path=name, value=value, least=0)


def _store(bucket: str, options: S3Settings) -> S3Store:
    config: S3Config = {
        "region": options.region,
        "virtual_hosted_style_request": options.virtual_hosted,
    }
    if options.endpoint:
        config["endpoint"] = options.endpoint.rstrip("/")
    if options.access_key_id and options.secret_access_key is not None:
        config["access_key_id"] = options.access_key_id
        config["secret_access_key"] = options.secret_access_key.reveal()
    if options.session_token is not None:
        config["session_token"] = options.session_token.reveal()
    if not options.bulk_delete:
        config["disable_bulk_delete"] = True
    client: ClientConfig = {
        # Plain http was asked for, or `_check` has refused it.
        "allow_http": options.endpoint.startswith("http:"),
        "timeout": timedelta(seconds=options.timeout),
        "connect_timeout": timedelta(seconds=min(5.0, options.timeout)),
    }
    retry: RetryConfig = {
        "max_retries": options.retries,
        "retry_timeout": timedelta(seconds=options.timeout * (options.retries + 1)),
    }
    try:
        return S3Store(bucket, config=config, client_options=client, retry_config=retry)
    except (BaseError, ValueError):
        # The driver's words may repeat what it was given.
        raise Invalid("field.value", path="backends.s3", value="-") from None


def _base(bucket: str, options: S3Settings) -> str:
    if options.endpoint:
        endpoint = options.endpoint.rstrip("/")
        return endpoint if options.virtual_hosted else f"{endpoint}/{bucket}"
    if options.virtual_hosted:
        return f"https://{bucket}.s3.{options.region}.amazonaws.com"
    return f"https://s3.{options.region}.amazonaws.com/{bucket}"
