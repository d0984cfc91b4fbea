"""Media: bytes in, checked, kept once."""

import hashlib
import io

import pytest

from tianfu_sdk.errors import Denied, Invalid, NotFound
from tianfu_sdk.model.media import MediaForm

PNG = b"\x89PNG\r\n\x1a\n" + bytes(5000)


def test_bytes_are_kept_once_by_their_digest(world):
    info = world.me.media.add(PNG)
    assert info.sha256 == hashlib.sha256(PNG).hexdigest()
    assert (info.size, info.media_type, info.form) == (len(PNG), "image/png", MediaForm.IMAGE)
    assert world.me.media.add(io.BytesIO(PNG)) == info
    assert world.me.media.open(info.sha256).read() == PNG
    assert world.me.media.open(info.sha256, 1, 3).read() == b"PNG"


def test_a_path_is_read_and_kept_beside_the_database(stored, file, tmp_path):
    source = tmp_path / "a.png"
    source.write_bytes(PNG)
    info = stored.me.media.add(source)
    kept = file.with_name("kepu.db.media") / info.sha256[:2] / info.sha256
    assert kept.read_bytes() == PNG
    assert [p.name for p in kept.parent.iterdir()] == [info.sha256]


def test_a_stream_that_breaks_off_leaves_nothing(stored, file):
    class Torn(io.RawIOBase):
        count = 0

        def readable(self):
            return True

        def read(self, size=-1):
            self.count += 1
            if self.count > 2:
                raise ConnectionResetError
            return PNG[:4096]

    with pytest.raises(Exception):  # noqa: B017, PT011 - whose error it is does not matter here
        stored.me.media.add(Torn())
    folder = file.with_name("kepu.db.media")
    assert [p for p in folder.rglob("*") if p.is_file()] == []


def test_media_make_a_content_that_goes_to_review(world):
    info = world.me.media.add(PNG)
    used = world.me.media.use(info, alt="躲避示意图")
    made = world.me.resources.create(title="x", organization=world.org, media=[used])
    assert world.me.resources.submit(made.id).media[0].sha256 == info.sha256


@pytest.mark.parametrize(
    ("source", "claimed", "code", "path"),
    [
        (b"", None, "media.empty", "source"),
        (b"\x00\x01\x02\x03", None, "media.unknown_type", "media_type"),
        (PNG, "image/jpeg", "media.type_clash", "media_type"),
        (b"<html><script>", "image/png", "media.type_clash", "media_type"),
        (PNG, "png", "media.type_clash", "media_type"),
        (b"\x00\x01\x02\x03", "made up", "media.bad_type", "media_type"),
    ],
)
def test_what_is_not_what_it_claims_is_refused(world, source, claimed, code, path):
    with pytest.raises(Invalid) as caught:
        world.me.media.add(source, media_type=claimed)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_who_may_create_nothing_keeps_nothing(world):
    for hub, code in (
        (world.nobody, "account.required"),
        (world.as_(world.person(["read"])), "grant.missing"),
    ):
        with pytest.raises(Denied) as caught:
            hub.media.add(PNG)
        assert caught.value.code == code


@pytest.mark.parametrize("digest", ["", "x", "../../etc/passwd", "0" * 64, "A" * 64])
def test_a_digest_that_is_not_kept_is_told(anywhere, digest):
    with pytest.raises(NotFound) as caught:
        anywhere.nobody.media.open(digest)
    assert caught.value.code == "blob.unknown"


@pytest.mark.parametrize(
    ("args", "code", "path"),
    [
        ((7,), "field.type", "digest"),
        (("0" * 64, "1"), "field.type", "start"),
        (("0" * 64, True), "field.type", "start"),
        (("0" * 64, -1), "field.too_small", "start"),
        (("0" * 64, 0, -1), "field.too_small", "length"),
        (("0" * 64, 0, 1.5), "field.type", "length"),
    ],
)
def test_a_range_that_is_none_is_refused(world, args, code, path):
    with pytest.raises(Invalid) as caught:
        world.me.media.open(*args)
    assert (caught.value.code, caught.value.path) == (code, path)
