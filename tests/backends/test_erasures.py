"""The erasure log: it outlives the store, and names nobody."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tianfu_sdk.backends.erasures import FileErasures, MemoryErasures, NoErasures
from tianfu_sdk.errors import Invalid, StorageCorrupt, StorageError, StorageUnavailable
from tianfu_sdk.model.erasure import Erasure

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kepu.db.erased"


@pytest.fixture(params=["file", "memory"])
def log(request, file):
    return FileErasures(file) if request.param == "file" else MemoryErasures()


def test_erasures_come_back_in_order_and_as_often_as_they_were_added(log):
    assert list(log.read()) == []
    log.append(["sub_1", "qst_2"], AT)
    log.append([], AT)
    log.append(["sub_1"], AT + timedelta(days=1))
    assert list(log.read()) == [
        Erasure("sub_1", AT),
        Erasure("qst_2", AT),
        Erasure("sub_1", AT + timedelta(days=1)),
    ]
    assert log.place


@pytest.mark.parametrize("wrong", ["13800138000", "", "张三", "sub_张三", "sub_1\n", "x" * 70, 5])
def test_only_ids_of_ours_are_taken_and_nothing_of_the_rest(log, wrong):
    with pytest.raises(Invalid) as caught:
        log.append(["sub_1", wrong], AT)
    assert caught.value.code == "erasures.bad_subject"
    assert "138" not in str(caught.value)
    assert list(log.read()) == []


def test_a_moment_has_a_zone_and_stays_the_same_moment(log):
    with pytest.raises(Invalid):
        log.append(["sub_1"], AT.replace(tzinfo=None))
    log.append(["sub_1"], AT.astimezone(timezone(timedelta(hours=8))))
    assert [erasure.at for erasure in log.read()] == [AT]


def test_the_file_is_for_its_owner_only(file):
    before = os.umask(0)
    try:
        FileErasures(file).append(["sub_1"], AT)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_torn_last_line_is_passed_over_and_does_not_swallow_the_next(file):
    log = FileErasures(file)
    log.append(["sub_1", "sub_2"], AT)
    whole = file.read_bytes()
    for cut in range(1, len(whole)):
        file.write_bytes(whole[:cut])
        kept = list(log.read())
        assert [erasure.subject for erasure in kept] in ([], ["sub_1"], ["sub_1", "sub_2"])
    file.write_bytes(whole.rstrip(b"\n"))
    log.append(["sub_3"], AT)
    assert [erasure.subject for erasure in log.read()] == ["sub_1", "sub_2", "sub_3"]


def test_a_line_that_was_changed_is_told(file):
    log = FileErasures(file)
    log.append(["sub_1", "sub_2"], AT)
    file.write_bytes(file.read_bytes().replace(b'"sub_1"', b'"13800138000"'))
    with pytest.raises(StorageCorrupt) as caught:
        list(log.read())
    assert (caught.value.code, caught.value.values["line"]) == ("erasures.corrupt", 1)
    assert "138" not in str(caught.value)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StorageError) as caught:
        FileErasures(tmp_path / "none" / "log").append(["sub_1"], AT)
    assert caught.value.code == "storage.io"
    assert list(FileErasures(tmp_path / "none" / "log").read()) == []


def test_processes_that_write_at_once_tear_nothing(file):
    code = """
import sys
from datetime import UTC, datetime
from tianfu_sdk.backends.erasures import FileErasures
log = FileErasures(sys.argv[1])
for n in range(100):
    log.append([f"sub_{sys.argv[2]}{n}"], datetime(2026, 1, 1, tzinfo=UTC))
"""
    running = [subprocess.Popen([sys.executable, "-c", code, str(file), name]) for name in "ABC"]
    assert [process.wait(50) for process in running] == [0, 0, 0]
    found = [erasure.subject for erasure in FileErasures(file).read()]
    assert sorted(found) == sorted(f"sub_{name}{n}" for name in "ABC" for n in range(100))


def test_without_a_place_nothing_is_erased():
    log = NoErasures()
    with pytest.raises(StorageUnavailable) as caught:
        log.append(["sub_1"], AT)
    assert caught.value.code == "erasures.nowhere"
    assert "TIANFU_ERASURES" in caught.value.hint
    assert (list(log.read()), log.place) == ([], "")
