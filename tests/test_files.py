"""Files appear whole or not at all, never over another, and for their owner only."""

import errno
import os
import stat
import sys

import pytest

from tianfu_sdk.errors import Conflict, Denied, StorageError, StorageFull, StorageUnavailable
from tianfu_sdk.files import Draft, make_folder, new_file, sync, telling
from tianfu_sdk.hub import Hub
from tianfu_sdk.testing import CountingIds, FrozenClock

MODES = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture(params=[0o000, 0o022])
def _umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def failing(number):
    def fail(*_, **__):
        raise OSError(number, "no")

    return fail


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_draft_that_is_not_kept_is_gone(tmp_path):
    with Draft(tmp_path, ".new-") as draft:
        draft.file.write(b"x")
        assert names(tmp_path) == [draft.path.name]
    assert names(tmp_path) == []


def test_a_draft_of_which_something_went_wrong_is_gone(tmp_path):
    with pytest.raises(KeyboardInterrupt), Draft(tmp_path, ".new-"):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


@pytest.mark.parametrize("closed", [False, True])
def test_a_draft_is_on_the_disk_before_it_has_a_name_and_its_name_after(
    tmp_path, monkeypatch, closed
):
    done, fsync, link = [], os.fsync, os.link

    def synced(handle):
        done.append(os.fstat(handle).st_ino)
        fsync(handle)

    def named(source, target):
        done.append("named")
        link(source, target)

    monkeypatch.setattr("tianfu_sdk.files.os.fsync", synced)
    monkeypatch.setattr("tianfu_sdk.files.os.link", named)
    with Draft(tmp_path, ".new-") as draft:
        draft.file.write(b"x")
        if closed:
            draft.file.close()
        draft.keep(tmp_path / "a", over=False)
    file = (tmp_path / "a").stat().st_ino
    assert done[:2] == [file, "named"]
    if hasattr(os, "O_DIRECTORY"):
        assert done[2:] == [tmp_path.stat().st_ino]


def test_a_draft_takes_the_place_of_another_only_where_it_may(tmp_path):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with Draft(tmp_path, ".new-") as draft, pytest.raises(FileExistsError):
        draft.keep(target, over=False)
    assert target.read_bytes() == b"old"
    with Draft(tmp_path, ".new-") as draft:
        draft.file.write(b"new")
        draft.keep(target, over=True)
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_a_new_file_is_never_written_over_another(tmp_path):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with pytest.raises(Conflict, match=r"storage\.target_there"), new_file(target):
        pass
    target.unlink()
    with pytest.raises(Conflict, match=r"storage\.target_there"), new_file(target) as draft:
        draft.file.write(b"x")
        target.write_bytes(b"meanwhile")
    assert target.read_bytes() == b"meanwhile"
    assert names(tmp_path) == ["a"]


def test_an_empty_file_gives_way_only_where_it_may_and_while_it_is_empty(tmp_path):
    target = tmp_path / "a"
    target.touch()
    with pytest.raises(Conflict), new_file(target):
        pass
    with new_file(target, for_empty=True) as draft:
        draft.file.write(b"x")
    assert target.read_bytes() == b"x"
    target.write_bytes(b"")
    with pytest.raises(Conflict), new_file(target, for_empty=True):
        target.write_bytes(b"meanwhile")
    assert target.read_bytes() == b"meanwhile"


def test_a_folder_is_no_empty_file(tmp_path):
    with pytest.raises(Conflict), new_file(tmp_path, for_empty=True):
        pass


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    absent = tmp_path / "none" / "a"
    with pytest.raises(StorageUnavailable, match=r"storage\.cannot_open"), new_file(absent):
        pass
    monkeypatch.setattr("tianfu_sdk.files.tempfile.mkstemp", failing(errno.ENOSPC))
    with pytest.raises(StorageFull), new_file(tmp_path / "a"):
        pass


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, StorageFull), (errno.EIO, StorageError)]
)
def test_a_disk_that_fails_at_the_end_is_told_and_leaves_nothing(
    tmp_path, monkeypatch, number, error
):
    monkeypatch.setattr("tianfu_sdk.files.os.fsync", failing(number))
    with pytest.raises(error) as caught, new_file(tmp_path / "a") as draft:
        draft.file.write(b"x")
    assert type(caught.value) is error
    assert names(tmp_path) == []


def test_who_is_denied_hears_so_and_nothing_of_a_disk():
    with pytest.raises(Denied), telling("place"):
        raise Denied("account.required")


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "a").touch()
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(OSError, match="a"):
            make_folder(folder)


def test_what_is_synced_must_be_there(tmp_path):
    sync(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "none")


@MODES
def test_a_folder_that_is_there_keeps_its_mode(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    make_folder(shared)
    make_folder(shared / "a" / "b")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o2770
    assert stat.S_IMODE((shared / "a").stat().st_mode) & 0o777 == 0o700


@MODES
@pytest.mark.usefixtures("_umask")
def test_all_that_a_hub_makes_is_for_its_owner_only(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    hub = Hub.open(
        f"sqlite:///{home / 'kepu.db'}", clock=FrozenClock(), ids=CountingIds(), discover=False
    )
    with hub:
        chief = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me, system = hub.as_(chief.id), hub.as_system(reason="t")
        me.media.add(_picture())
        person = me.subscribers.create(
            phone="13800138000", region="510104", organization=chief.organization
        )
        me.subscribers.erase(person.id)
        hub._tools.gateway("file")._shelf.add("bat_1", [{"to": "1"}])
        hub._tools.gateway("file")._shelf.deliver("bat_1")
        system.keeping.backup(home / "backup")
        system.keeping.dump(home / "dump")
        system.events.export(home / "deep" / "events", format="jsonl")
        folders = {p.relative_to(home).parts[0] for p in home.rglob("*") if p.is_dir()}
        assert folders == {"kepu.db.media", "kepu.db.sms", "backup.media", "dump.media", "deep"}
        odd = {
            str(path.relative_to(home)): oct(stat.S_IMODE(path.stat().st_mode))
            for path in home.rglob("*")
            # What is exported may be shared by who makes the folder for it.
            if path.parent.name != "events"
            and stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
        }
    assert odd == {}


def _picture():
    import io

    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(40))
