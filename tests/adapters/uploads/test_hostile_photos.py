"""Folders and zips from anybody: nothing outside is read, nothing grows without end, nothing is unpacked."""

import errno
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from app.adapters.uploads import archive
from app.adapters.uploads.archive import ZipPhotos
from app.adapters.uploads.folder import FolderPhotos
from app.core.errors import BadInput, Refusal, TooLarge

MOST = 1_000_000


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return file


def code(work: object) -> str:
    assert callable(work)
    with pytest.raises(Refusal) as refused:
        work()
    return refused.value.code


def test_zip_yields_its_photos() -> None:
    photos = ZipPhotos(zipped({"E-1.jpg": b"one", "a/E-2.png": b"two", "list.txt": b"", "__MACOSX/E-1.jpg": b""}), MOST)
    assert photos.names() == ["E-1.jpg", "a/E-2.png"]
    assert (photos.read("E-1.jpg"), photos.read("a/E-2.png")) == (b"one", b"two")
    assert code(lambda: photos.read("list.txt")) == "missing_photo"


def test_path_traversal_names_are_only_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["../../../evil.jpg", "/etc/evil.jpg", "C:\\evil.jpg"]
    photos = ZipPhotos(zipped(dict.fromkeys(names, b"x")), MOST)
    assert photos.names() == names[1:], "what climbs is no photo"
    assert [photos.read(name) for name in photos.names()] == [b"x"] * 2
    assert list(tmp_path.iterdir()) == []


def test_photo_that_grows_is_stopped_at_the_limit() -> None:
    photos = ZipPhotos(zipped({"E-1.jpg": bytes(MOST + 1), "E-2.jpg": b"fine"}), MOST)
    assert code(lambda: photos.read("E-1.jpg")) == "image_too_large"
    assert photos.read("E-2.jpg") == b"fine"


def test_bomb_is_refused_by_its_index() -> None:
    file = zipped({f"{n}.jpg": bytes(60_000_000) for n in range(4)})
    assert len(file.getvalue()) < 300_000
    assert code(lambda: ZipPhotos(file, MOST)) == "zip_bomb"


def test_false_size_yields_no_more_than_declared() -> None:
    data = bytearray(zipped({"E-1.jpg": b"x" * 5000}).getvalue())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(signature) + offset
        data[at : at + 4] = struct.pack("<I", 10)
    photos = ZipPhotos(io.BytesIO(bytes(data)), MOST)
    assert code(lambda: photos.read("E-1.jpg")) == "bad_zip_entry"


def test_links_nested_zips_and_other_packings(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
        packed.writestr("more.zip", zipped({"E-1.jpg": b"x"}).getvalue())
        packed.writestr("E-2.jpg", b"y", zipfile.ZIP_LZMA)
    photos = ZipPhotos(file, MOST)
    assert photos.names() == ["E-2.jpg"]
    assert code(lambda: photos.read("E-2.jpg")) == "bad_zip_entry"


def test_encrypted_photo_is_refused_as_encrypted() -> None:
    data = bytearray(zipped({"E-1.jpg": b"x" * 100}).getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    photos = ZipPhotos(io.BytesIO(bytes(data)), MOST)
    assert code(lambda: photos.read("E-1.jpg")) == "encrypted_photo"


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"no zip at all" * 100, zipped({"E-1.jpg": b"x" * 999}).getvalue()[:-30]],
    ids=["empty", "a beginning", "words", "cut off"],  # a zip holds the time
)
def test_invalid_zip_is_refused(data: bytes) -> None:
    assert code(lambda: ZipPhotos(io.BytesIO(data), MOST)) == "bad_zip"


def test_too_many_files_and_too_long_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    file = zipped({f"{n}.jpg": b"" for n in range(50)})
    monkeypatch.setattr(archive, "MOST_ENTRIES", 49)
    assert code(lambda: ZipPhotos(io.BytesIO(file.getvalue()), MOST)) == "too_many_files"
    monkeypatch.setattr(archive, "MOST_DIRECTORY", 1000)
    assert code(lambda: ZipPhotos(io.BytesIO(file.getvalue()), MOST)) == "bad_zip"


def test_damaged_photo_does_not_end_the_import() -> None:
    data = bytearray(zipped({"E-1.jpg": os.urandom(1000), "E-2.jpg": b"fine"}).getvalue())
    data[60:90] = bytes(30)
    photos = ZipPhotos(io.BytesIO(bytes(data)), MOST)
    assert code(lambda: photos.read("E-1.jpg")) == "bad_zip_entry"
    assert photos.read("E-2.jpg") == b"fine"


@pytest.mark.parametrize(("at", "says"), [(12, "bad_zip"), (16, "bad_zip_entry")], ids=["size", "offset"])
def test_offset_before_the_file_is_reported_as_damage(tmp_path: Path, at: int, says: str) -> None:
    """A file answers a seek before its beginning otherwise than bytes in memory do."""
    data = bytearray(zipped({"E-1.jpg": b"one"}).getvalue())
    struct.pack_into("<I", data, data.rfind(b"PK\x05\x06") + at, len(data) + 500)
    (tmp_path / "photos.zip").write_bytes(data)
    for file in (io.BytesIO(data), (tmp_path / "photos.zip").open("rb")):
        with file:
            assert code(lambda file=file: ZipPhotos(file, MOST).read("E-1.jpg")) == says


def test_disk_error_is_not_reported_as_a_damaged_zip() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if failing:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

    failing = False
    photos = ZipPhotos(Failing(zipped({"E-1.jpg": b"one"}).getvalue()), MOST)
    failing = True
    assert code(lambda: photos.read("E-1.jpg")) == "unreadable_photo"


def test_folder_yields_plain_files_and_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"secret")
    folder = tmp_path / "photos"
    (folder / "E-2").mkdir(parents=True)
    (folder / "E-1.jpg").write_bytes(b"one")
    (folder / "E-2" / "front.png").write_bytes(b"two")
    (folder / "notes.txt").write_bytes(b"")
    (folder / "link.jpg").symlink_to(outside / "secret.jpg")
    (folder / "linked").symlink_to(outside)
    os.mkfifo(folder / "pipe.jpg")
    photos = FolderPhotos(folder, MOST)
    assert sorted(photos.names()) == ["E-1.jpg", "E-2/front.png"]
    assert photos.read("E-2/front.png") == b"two"
    assert code(lambda: photos.read("../outside/secret.jpg")) == "missing_photo"


def test_file_that_becomes_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "E-1.jpg").write_bytes(b"one")
    photos = FolderPhotos(tmp_path, MOST)
    (tmp_path / "E-1.jpg").unlink()
    (tmp_path / "E-1.jpg").symlink_to("/etc/hostname")
    with pytest.raises(BadInput):
        photos.read("E-1.jpg")


def test_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "E-1.jpg").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(TooLarge):
        FolderPhotos(tmp_path, MOST).read("E-1.jpg")
