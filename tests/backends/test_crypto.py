"""Keys and field encryption."""

import base64
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianfu_sdk.backends.crypto import FieldCipher
from tianfu_sdk.backends.keyfiles import key_file, key_file_beside
from tianfu_sdk.backends.keyring import LocalKeys, new_master_key
from tianfu_sdk.errors import CryptoError

CIPHER = FieldCipher()
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts, texts)
def test_what_is_sealed_is_opened_again_in_its_own_place_only(text, context):
    key = CIPHER.new_key()
    token = CIPHER.seal(key, text, context)
    assert CIPHER.open(key, token, context) == text
    assert CIPHER.seal(key, text, context) != token
    for other_key, other_context in ((CIPHER.new_key(), context), (key, context + "x")):
        with pytest.raises(CryptoError) as caught:
            CIPHER.open(other_key, token, other_context)
        assert caught.value.code == "crypto.wrong"


@given(st.integers(0, 200), st.integers(1, 255))
def test_one_changed_byte_is_noticed(place, flip):
    key = b"k" * 32
    sealed = bytearray(base64.b64decode(CIPHER.seal(key, "13800138000", "phone")))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(CryptoError):
        CIPHER.open(key, base64.b64encode(sealed).decode(), "phone")


@pytest.mark.parametrize("token", ["", "x", "防震", "AA==", "AQ" * 8, "!" * 80, "\x00"])
def test_what_is_no_token_is_told(token):
    with pytest.raises(CryptoError) as caught:
        CIPHER.open(b"k" * 32, token, "phone")
    assert caught.value.code == "crypto.wrong"
    assert "TIANFU_KEY" in caught.value.hint


def test_a_subjects_key_is_wrapped_for_that_subject_and_master_only():
    keys, other = LocalKeys(new_master_key), LocalKeys(new_master_key)
    key = CIPHER.new_key()
    wrapped = keys.wrap(key, "sub_1")
    assert keys.unwrap(wrapped, "sub_1") == key
    for holder, subject, code in ((other, "sub_1", "keys.unknown"), (keys, "sub_2", "keys.wrong")):
        with pytest.raises(CryptoError) as caught:
            holder.unwrap(wrapped, subject)
        assert caught.value.code == code
    for torn in (b"", b"x", wrapped[:12], wrapped[:-1]):
        with pytest.raises(CryptoError):
            keys.unwrap(torn, "sub_1")


def test_a_blind_index_is_the_same_under_one_master_key_and_no_other():
    text = new_master_key()
    one, two, other = LocalKeys(lambda: text), LocalKeys(lambda: text), LocalKeys(new_master_key)
    assert one.index(b"x") == two.index(b"x") != other.index(b"x")
    assert len(one.index(b"x")) == 16
    assert one.current() == two.current() != other.current()
    assert one.index(b"x", one.current()) == one.index(b"x")
    with pytest.raises(CryptoError) as caught:
        one.index(b"x", other.current())
    assert caught.value.code == "keys.unknown"


@pytest.mark.parametrize(
    "text", ["", "x", "密钥", base64.b64encode(b"k" * 31).decode(), "k" * 44, "\x00"]
)
def test_a_malformed_master_key_is_told_and_not_shown(text):
    keys = LocalKeys(lambda: text)
    with pytest.raises(CryptoError) as caught:
        keys.current()
    assert caught.value.code == "keys.malformed"
    assert "tianfu keys new" in caught.value.hint
    assert text == "" or text not in str(caught.value)


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
    from tianfu_sdk.backends import keyfiles

    whole, seen = keyfiles.os.link, []

    def link(draft, file):
        if not seen:
            seen.append("")
            seen[0] = key_file_beside(tmp_path / "kepu.db")()
        whole(draft, file)

    monkeypatch.setattr(keyfiles.os, "link", link)
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
