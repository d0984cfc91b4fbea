"""Files of master keys."""

import base64
import os
import stat
import subprocess
import sys

import pytest

from tianfu_sdk.backends.keyfiles import (
    add_key,
    key_file,
    key_file_beside,
    make_key_file,
    retire_key,
)
from tianfu_sdk.backends.keyring import LocalKeys, id_of
from tianfu_sdk.errors import CryptoError
from tianfu_sdk.model.keys import Suite

# The file beside a database.


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path, caplog):
    load = key_file_beside(tmp_path / "kepu.db")
    key = load()
    file = tmp_path / "kepu.db.key"
    assert file.read_text().strip() == key == load()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["kepu.db.key"]
    assert len(caplog.records) == 1
    assert "keep a copy" in caplog.text
    assert key not in caplog.text


@pytest.mark.skipif(os.name != "posix", reason="this system has no such rights")
@pytest.mark.parametrize(("mode", "said"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_key_file_that_everybody_may_read_is_said_aloud(tmp_path, caplog, mode, said):
    file = tmp_path / "key"
    assert make_key_file(file)
    file.chmod(mode)
    key = key_file(file)()
    assert ("chmod 600" in caplog.text) is said
    assert key not in caplog.text


LOADER = """
import sys
from pathlib import Path
from tianfu_sdk.backends.keyfiles import key_file_beside
load = key_file_beside(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(load())
"""


def test_processes_that_start_together_use_one_key(tmp_path):
    command = [sys.executable, "-c", LOADER, str(tmp_path / "kepu.db")]
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        for _ in range(2)
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    found = {child.communicate(timeout=20)[0].strip() for child in children}
    assert len(found) == 1
    assert len(base64.b64decode(found.pop())) == 32
    assert [p.name for p in tmp_path.iterdir()] == ["kepu.db.key"]


def test_a_key_that_another_process_is_writing_is_never_read_by_half(tmp_path, monkeypatch):
    """The other process is stopped right before its key appears."""
    whole, seen = os.link, []

    def link(draft, file):
        if not seen:
            seen.append("")
            seen[0] = key_file_beside(tmp_path / "kepu.db")()
        whole(draft, file)

    monkeypatch.setattr("tianfu_sdk.files.os.link", link)
    assert key_file_beside(tmp_path / "kepu.db")() == seen[0]


def test_where_sealed_values_are_no_new_key_is_made(tmp_path):
    with pytest.raises(CryptoError) as caught:
        key_file_beside(tmp_path / "kepu.db", sealed=True)()
    assert caught.value.code == "keys.missing"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CryptoError) as caught:
        key_file_beside(tmp_path / "none" / "kepu.db")()
    assert caught.value.code == "keys.unwritable"
    assert "kepu.db.key" in caught.value.path
    assert "TIANFU_KEY_FILE" in caught.value.hint


def test_a_key_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(CryptoError) as caught:
        key_file(tmp_path / "none")()
    assert caught.value.code == "keys.missing"
    (tmp_path / "odd").write_bytes(b"\xff\xfe")
    with pytest.raises(CryptoError) as caught:
        key_file(tmp_path / "odd")()
    assert caught.value.code == "keys.malformed"


# Several keys in a file.


def ring(file):
    return LocalKeys(key_file(file))


def test_a_key_is_added_as_the_current_one_and_the_older_ones_stay(tmp_path):
    file = tmp_path / "k"
    assert make_key_file(file)
    assert not make_key_file(file)
    first = ring(file).current()
    wrapped = ring(file).wrap(b"k" * 33, "sub_1")
    file.write_text("# of the first year\n" + file.read_text() + "\n")
    add_key(file, Suite.SM4)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["k"]
    keys = ring(file)
    assert [(key.id, key.suite) for key in keys.known()] == [
        (first, Suite.AES),
        (keys.current(), Suite.SM4),
    ]
    assert keys.unwrap(wrapped, "sub_1") == b"k" * 33


def test_a_retired_key_opens_nothing_and_is_found_by_still(tmp_path):
    file = tmp_path / "k"
    make_key_file(file)
    before = ring(file)
    wrapped, master = before.wrap(b"k" * 33, "sub_1"), file.read_text().strip()
    with pytest.raises(CryptoError) as caught:
        retire_key(file, before.current())
    assert caught.value.code == "keys.in_use"
    add_key(file)
    retire_key(file, before.current())
    retire_key(file, before.current())
    keys = ring(file)
    assert master not in file.read_text()
    assert keys.index(b"x", before.current()) == before.index(b"x")
    assert [key.seals for key in keys.known()] == [False, True]
    with pytest.raises(CryptoError) as caught:
        keys.unwrap(wrapped, "sub_1")
    assert caught.value.code == "keys.unknown"
    with pytest.raises(CryptoError) as caught:
        retire_key(file, "0" * 16)
    assert caught.value.code == "keys.unknown"


@pytest.mark.parametrize("text", ["", "# nothing\n", "not a key\n"])
def test_nothing_is_added_to_a_file_that_is_no_key_file(tmp_path, text):
    file = tmp_path / "k"
    file.write_text(text)
    with pytest.raises(CryptoError) as caught:
        add_key(file)
    assert caught.value.code == "keys.malformed"
    assert file.read_text() == text


def test_a_folder_that_cannot_be_written_keeps_the_keys_as_they_are(tmp_path, monkeypatch):
    file = tmp_path / "k"
    make_key_file(file)
    text = file.read_text()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tianfu_sdk.files.tempfile.mkstemp", full)
    with pytest.raises(CryptoError) as caught:
        add_key(file)
    assert caught.value.code == "keys.unwritable"
    assert file.read_text() == text
    assert id_of(text.strip()) == ring(file).current()
