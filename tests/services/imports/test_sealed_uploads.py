"""The files of an upload open with its key alone, each in its own place, and with the key they are gone."""

import io
import zipfile
from pathlib import Path

import pytest

from app.adapters.uploads.store import UploadFolder
from app.core.errors import BadInput, CryptoFault, NotFound
from app.services.imports.sealed_uploads import CSV, PHOTOS, SealedUploads
from tests.fakes import person, photo
from tests.services.importing import CSV as PEOPLE
from tests.services.process import Process

pytestmark = pytest.mark.one_database


@pytest.fixture
def folder(tmp_path: Path) -> UploadFolder:
    return UploadFolder(tmp_path / "imports", 1_000_000)


@pytest.fixture
def uploads(site: Process, folder: UploadFolder) -> SealedUploads:
    return SealedUploads(site.store, site.vault, folder)


def packed(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, data in files.items():
            made.writestr(name.replace("_", "."), data)
    return file.getvalue()


def send(uploads: SealedUploads, folder: UploadFolder, csv: bytes, photos: bytes) -> None:
    with folder.claim("job", new=True) as mine:
        assert mine
        for writer, data in zip(uploads.begin("job"), (csv, photos), strict=True):
            writer.write(data)
            writer.close()


def test_upload_is_sealed_on_disk_and_reads_back(uploads: SealedUploads, folder: UploadFolder, tmp_path: Path) -> None:
    send(uploads, folder, PEOPLE, packed(E1_jpg=photo(person(0))))
    assert uploads.people("job") == PEOPLE
    with uploads.photos("job", None) as photos:
        assert photos.names() == ["E1.jpg"]
        assert b"vector" in photos.read("E1.jpg")
    lying = b"".join(file.read_bytes() for file in (tmp_path / "imports").rglob("*") if file.is_file())
    assert lying and b"Ada" not in lying and b"vector" not in lying


def test_people_may_come_in_the_zip(uploads: SealedUploads, folder: UploadFolder) -> None:
    send(uploads, folder, b"", packed(people_csv=PEOPLE, E1_jpg=photo(person(0))))
    assert uploads.people("job") == PEOPLE


def test_an_upload_without_people_says_what_to_send(uploads: SealedUploads, folder: UploadFolder) -> None:
    send(uploads, folder, b"", packed(E1_jpg=photo(person(0))))
    with pytest.raises(BadInput) as refused:
        uploads.people("job")
    assert refused.value.code == "missing_csv"


def test_a_discarded_upload_is_gone_with_its_key(
    uploads: SealedUploads, folder: UploadFolder, site: Process, tmp_path: Path
) -> None:
    send(uploads, folder, PEOPLE, packed(E1_jpg=photo(person(0))))
    with site.store.read() as tx:
        assert uploads.is_there(tx, "job")
    uploads.discard("job")
    uploads.discard("job")
    with site.store.read() as tx:
        assert not uploads.is_there(tx, "job")
    assert [file for file in (tmp_path / "imports").rglob("*") if file.suffix in (".csv", ".zip")] == []
    for ask in (uploads.people, lambda job: uploads.photos(job, None)):
        with pytest.raises(NotFound) as refused:
            ask("job")
        assert refused.value.code == "unknown_upload"


def test_one_file_does_not_open_as_another(uploads: SealedUploads, folder: UploadFolder, tmp_path: Path) -> None:
    send(uploads, folder, PEOPLE, packed(E1_jpg=photo(person(0))))
    csv, photos = (next((tmp_path / "imports").rglob(f"*{name}*")) for name in (CSV, PHOTOS))
    csv.write_bytes(photos.read_bytes())
    with pytest.raises((CryptoFault, BadInput)):
        uploads.people("job")
