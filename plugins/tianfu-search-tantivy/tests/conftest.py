"""Engines on a folder of their own, in memory where the machine has such a place."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def folder():
    # A commit waits for the disk, and the suite commits some hundred times.
    memory = Path("/dev/shm")  # noqa: S108
    able = memory.is_dir() and os.access(memory, os.W_OK)
    with tempfile.TemporaryDirectory(dir=memory if able else None) as place:
        yield Path(place) / "index"


@pytest.fixture
def make(folder):
    from tantivy_rig import opened

    made = []

    def one(**table):
        made.append(opened(folder, **table))
        return made[-1]

    yield one
    for engine in made:
        engine.close()
