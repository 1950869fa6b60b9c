"""Every file of a folder or zip is a photo, or is named with its kind; names are read as what made them wrote them."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.adapters.uploads.archive import ZipPhotos
from app.adapters.uploads.folder import FolderPhotos

FILES = ["E-1.jpg", "E-2.heic", "in/E-3.webp", "E-4.jfif", "E-5.jpe", "E-6.bmp", "notes.docx", "README", ".DS_Store"]
PHOTOS = {"E-1.jpg", "E-2.heic", "in/E-3.webp", "E-4.jfif", "E-5.jpe"}
UNUSED = {".bmp": 1, ".docx": 1, "no ending": 1, "system": 1}


def zipped(files: Mapping[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return file


def unflagged(names: list[bytes]) -> io.BytesIO:
    """A zip as Finder and old Windows make it: names in some encoding, of which nothing is said."""
    plain = {f"{at:03d}".ljust(len(name), "x"): b"photo" for at, name in enumerate(names)}
    content = zipped(plain).getvalue()
    for as_ascii, name in zip(plain, names, strict=True):
        content = content.replace(as_ascii.encode(), name)
    return io.BytesIO(content)


def test_folder_lists_unused_files(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "E-7.jpg").symlink_to("/etc/hostname")
    (tmp_path / "elsewhere").symlink_to("/etc")
    found = FolderPhotos(tmp_path, 100)
    assert set(found.names()) == PHOTOS
    assert found.unused().counts == UNUSED | {"a link": 1, "no ending": 2}


def test_zip_lists_unused_files() -> None:
    found = ZipPhotos(zipped(dict.fromkeys([*FILES, "__MACOSX/._E-1.jpg", "in/", "people.csv"], b"x")), 100)
    assert set(found.names()) == PHOTOS and found.people(100) == b"x"
    assert found.unused().counts == UNUSED | {"system": 2}
    beside = ZipPhotos(zipped({"people.csv": b"x"}), 100, with_people=False)
    assert beside.unused().counts == {"a CSV was sent beside it": 1}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_name_in_a_zip_is_listed_as_unused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("E-1.jpg", b"first")
        packed.writestr("E-1.jpg", b"second")
    found = ZipPhotos(file, 100)
    assert found.unused().counts == {"twice in the zip by the same name": 1} and found.read("E-1.jpg") == b"first"


def test_finder_names_are_utf_8_and_others_as_declared() -> None:
    names = ["Łukasz 王.jpg".encode(), "Jürgen.jpg".encode("cp437")]
    assert ZipPhotos(unflagged(names), 100).names() == ["Łukasz 王.jpg", "Jürgen.jpg"]
    names = ["山田.jpg".encode("cp932")]
    found = ZipPhotos(unflagged(names), 100, "shift-jis")
    assert found.names() == ["山田.jpg"] and found.read("山田.jpg") == b"photo"
