"""The folder of an index: generations, and which one is current.

```
PATH/current              the name of the generation that is asked and fed
PATH/g-3f2a…/             one index of tantivy
PATH/g-3f2a…/about.json   which analyzer and which fields made it; never changed
```

A rebuilding writes a generation of its own and then changes `current` in one step: who asks has
the old one until then, and a process that is killed leaves only a folder that the next rebuilding
clears away.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from pathlib import Path

import attrs
from tantivy import Index

from tianfu_sdk.errors import StorageCorrupt
from tianfu_sdk.text import ANALYZER_VERSION
from tianfu_search_tantivy.faults import is_busy, typed
from tianfu_search_tantivy.shape import LAYOUT, schema

__all__ = ["Place", "Stamp"]

_CURRENT = "current"
_ABOUT = "about.json"
_META = "meta.json"
_BLOCK = 2048
"""Bytes of kept texts that are unpacked for one of them; of tantivy's own 16,384 nearly all would
be unpacked in vain."""
_YOUNG = 60.0
"""Seconds in which a generation may be another's that has no writer yet."""

Stamp = tuple[int, ...]


@attrs.frozen
class Place:
    """The folder.

    Args:
        path: Made when something is first written.
    """

    path: Path
    _metas: dict[tuple[int, int], str] = attrs.field(factory=dict, init=False, repr=False)
    """Path of what says what was committed, by what was found at `current`."""

    def stamp(self) -> Stamp | None:
        """Tell what was committed last, as a value that changes with it; None: nothing yet."""
        try:
            # Paths as text: this is asked before every question.
            name = os.stat(f"{self.path}/{_CURRENT}")  # noqa: PTH116
            found = (name.st_ino, name.st_mtime_ns)
            if found not in self._metas:
                self._metas.clear()
                self._metas[found] = str(self.path / self.current() / _META)
            meta = os.stat(self._metas[found])  # noqa: PTH116
        except KeyError:
            # Another thread found what came after it.
            return self.stamp()
        except FileNotFoundError:
            return (0,) if (self.path / _CURRENT).exists() else None
        except OSError:
            # No folder, or not ours to look into.
            with typed(str(self.path)):
                raise
        return (*found, meta.st_ino, meta.st_mtime_ns, meta.st_size)

    def current(self) -> str:
        """Give the name of the current generation; empty where there is none."""
        try:
            name = (self.path / _CURRENT).read_text("ascii").strip()
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError:
            name = "?"
        if not name.startswith("g-") or not name[2:].isalnum():
            with typed(str(self.path), reading=True):
                raise ValueError(_CURRENT)
        return name

    def create(self) -> str:
        """Make a generation, not yet the current one; gives its name."""
        name = f"g-{secrets.token_hex(8)}"
        folder = self.path / name
        with typed(str(self.path)):
            folder.mkdir(parents=True)
            about = {"layout": LAYOUT, "analyzer": ANALYZER_VERSION}
            (folder / _ABOUT).write_text(json.dumps(about), "utf-8")
            Index(schema(), str(folder), reuse=False)
            _in_small_blocks(folder / _META)
        return name

    def open(self, name: str) -> tuple[Index, int]:
        """Open a generation; gives it and the version of its analyzer.

        Raises:
            StorageCorrupt: `tantivy.corrupt`.
        """
        folder = self.path / name
        with typed(str(self.path), reading=True):
            about = json.loads((folder / _ABOUT).read_text("utf-8"))
            if not isinstance(about, dict) or about.get("layout") != LAYOUT:
                raise ValueError(_ABOUT)
            index = Index.open(str(folder))
            # By hand: a thread that watched the folder would not survive a fork.
            index.config_reader("manual", 0)
            return index, int(about["analyzer"])

    def begin(self) -> str:
        """Make the first generation, unless another process just did; gives the current one."""
        name = self.create()
        if not self.switch(name, first=True):
            self.drop(name)
        return self.current()

    def switch(self, name: str, *, first: bool = False) -> bool:
        """Make a generation the current one; of two who make the first, one is told no."""
        new = self.path / f"{_CURRENT}.{secrets.token_hex(8)}"
        with typed(str(self.path)):
            try:
                with new.open("w", encoding="ascii") as file:
                    file.write(name)
                    file.flush()
                    os.fsync(file.fileno())
                if first:
                    os.link(new, self.path / _CURRENT)
                else:
                    new.replace(self.path / _CURRENT)
                _sync(self.path)
            except FileExistsError:
                return False
            finally:
                new.unlink(missing_ok=True)
        return True

    def drop(self, name: str) -> None:
        """Remove a generation as far as that can be done."""
        shutil.rmtree(self.path / name, ignore_errors=True)

    def clear(self) -> None:
        """Remove generations that are neither current nor anybody's who builds one."""
        current = self.current()
        for folder in self.path.glob("g-*"):
            if folder.name != current and not self._is_built(folder):
                self.drop(folder.name)

    def _is_built(self, folder: Path) -> bool:
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime < _YOUNG and not _written(folder):
                return True
        try:
            index, _ = self.open(folder.name)
            index.writer(15_000_000, 1)
        except StorageCorrupt:
            return False
        except ValueError as error:
            return is_busy(error)
        return False


def _in_small_blocks(meta: Path) -> None:
    # tantivy reads this from the file alone: the driver has no argument for it.
    said = json.loads(meta.read_text("utf-8"))
    said["index_settings"]["docstore_blocksize"] = _BLOCK
    with meta.open("w", encoding="utf-8") as file:
        json.dump(said, file)
        file.flush()
        os.fsync(file.fileno())


def _written(folder: Path) -> bool:
    """Tell whether a writer has been there."""
    return (folder / ".tantivy-writer.lock").exists()


def _sync(folder: Path) -> None:
    # Windows cannot open a folder; there a rename is durable by itself or not at all.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
