"""What a dispatcher costs that does the same by hand: the floor under `dispatching.py`.

The same store, the same guarantees and nothing of our program: a batch is marked as being sent
and committed, narrow rows and keys are read, phones decrypted, 8 batches are posted, and a row a
message is written with three indexes, in one commit. One thread, so calls wait for the vendor.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tianfu_sdk.backends.keyring import LocalKeys

GROUP = 8
_WIDTH = 100
_REACH = "id, k_phone_ix, k_county, k_shape, k_until, k_phone"
_MESSAGE = (
    "id, version, k_campaign, k_subscriber, k_state, k_language, k_batch, k_provider_id,"
    " k_parts, k_region, k_error"
)


class Bare:
    """Send what is queued in a store, by hand.

    Args:
        path: Of an SQLite store that campaigns were sent into; it is spoilt for other use.
        url: Of the vendor.
    """

    def __init__(self, path: str, url: str) -> None:
        self._store = sqlite3.connect(path, isolation_level=None)
        self._store.execute("PRAGMA synchronous = FULL")
        self._store.execute("PRAGMA secure_delete = ON")
        self._url = url
        self.cpu: Counter[str] = Counter()
        """Seconds of this thread, by part."""
        key = Path(f"{path}.key")
        self._master = LocalKeys(lambda: key.read_text("utf-8"))._current.engine
        tables = self._store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        message = next(name for (name,) in tables if re.fullmatch(r"d[0-9]*_message", name))
        columns = self._store.execute(f"PRAGMA table_info({message})")
        given = _MESSAGE.split(", ")
        more = [name for _, name, _, wanted, *_ in columns if wanted and name not in given]
        names = ", ".join([*given, *more])
        marks = ", ".join("?" * (len(given) + len(more)))
        self._insert = f"INSERT INTO {message} ({names}) VALUES ({marks})"
        self._more = ("",) * len(more)
        self._client = httpx.Client()
        self._client.post(url, content=b"{}")

    @contextlib.contextmanager
    def _part(self, name: str) -> Iterator[None]:
        begun = time.thread_time()
        yield
        self.cpu[name] += time.thread_time() - begun

    def run(self) -> int:
        """Send all; gives how many numbers."""
        total = 0
        while found := self._group():
            total += found
        self._client.close()
        self._store.close()
        return total

    def _group(self) -> int:
        execute = self._store.execute
        with self._part("claim and commit"):
            execute("BEGIN IMMEDIATE")
            jobs = execute(
                "SELECT id, job_key, body FROM tf_job WHERE state = 0 LIMIT ?", (GROUP,)
            ).fetchall()
            for id_, key, _ in jobs:
                execute("UPDATE tf_job SET state = 1 WHERE id = ?", (id_,))
                execute("UPDATE d_batch SET k_state = 'sending' WHERE id = ?", (key,))
            execute("COMMIT")
        packed = [json.loads(body) for _, _, body in jobs]
        refs = [ref for one in packed for ref in one["to"].split()]
        with self._part("narrow rows"):
            rows = {row[0]: row for row in self._read("d_reach", _REACH, refs)}
        with self._part("wrapped keys"):
            keys = self._read("d_subject_key", "id, doc", refs)
        with self._part("decrypt"):
            phones = self._opened(rows, keys)
        answers = [
            self._called(job[1], one["to"].split(), phones)
            for job, one in zip(jobs, packed, strict=True)
        ]
        with self._part("rows of messages"):
            execute("BEGIN IMMEDIATE")
            for job, one, said in zip(jobs, packed, answers, strict=True):
                self._written(job[1], one, said, rows)
                execute("UPDATE tf_job SET state = 2 WHERE id = ?", (job[0],))
                execute("UPDATE d_batch SET k_state = 'done', k_count = 0 WHERE id = ?", (job[1],))
        with self._part("commit"):
            execute("COMMIT")
        return len(refs)

    def _read(self, table: str, columns: str, refs: list[str]) -> list[tuple]:
        found: list[tuple] = []
        for start in range(0, len(refs), _WIDTH):
            some = refs[start : start + _WIDTH]
            marks = ", ".join("?" * len(some))
            text = f"SELECT {columns} FROM {table} WHERE id IN ({marks})"
            found += self._store.execute(text, some).fetchall()
        return found

    def _opened(self, rows: dict[str, tuple], keys: list[tuple]) -> dict[str, str]:
        unwrap = self._master.decrypt
        found = {}
        for ref, wrapped in keys:
            key = unwrap(wrapped[9:21], wrapped[21:], b"subject:" + ref.encode())
            sealed, context = rows[ref][5], b"subscriber.phone:" + ref.encode()
            phone = AESGCM(key[1:]).decrypt(sealed[9:21], sealed[21:], context)
            found[ref] = phone.decode()
        return found

    def _called(self, reference: str, refs: list[str], phones: dict[str, str]) -> dict[str, str]:
        with self._part("JSON out and in"):
            to = [{"ref": ref, "phone": phones[ref]} for ref in refs]
            body = json.dumps({"reference": reference, "text": "…", "recipients": to}).encode()
        with self._part("HTTP client"):
            answer = self._client.post(self._url, content=body).content
        with self._part("JSON out and in"):
            return {one["ref"]: one["id"] for one in json.loads(answer)["results"]}

    def _written(self, reference: str, one: dict, said: dict, rows: dict[str, tuple]) -> None:
        campaign, language = one["campaign"], one["language"]
        self._store.executemany(
            self._insert,
            (
                (
                    f"{campaign}~{rows[ref][1].hex()}",
                    1,
                    campaign,
                    ref,
                    "accepted",
                    language,
                    reference,
                    f"webhook:{id_}",
                    1,
                    rows[ref][2],
                    "",
                    *self._more,
                )
                for ref, id_ in said.items()
            ),
        )
