"""An upload on the disk: whole or not at all, readable with its key only, from anywhere in the file."""

import os
import zipfile
from pathlib import Path

import pytest

from app.adapters.crypto.vault import Vault
from app.adapters.sealed_file import PIECE, SealedReader, SealedWriter
from app.adapters.uploads.archive import ZipPhotos
from app.adapters.uploads.store import UploadFolder
from app.core.errors import CryptoFault


@pytest.fixture
def key(vault: Vault) -> bytes:
    return vault.new_key()


def sealed(path: Path, vault: Vault, key: bytes, data: bytes, step: int = 100_000) -> Path:
    writer = SealedWriter(path, lambda plain, piece: vault.seal(key, plain, piece))
    for start in range(0, len(data), step):
        writer.write(data[start : start + step])
    writer.close()
    assert writer.size == len(data)
    return path


def opened(path: Path, vault: Vault, key: bytes) -> SealedReader:
    return SealedReader(path, lambda data, piece: vault.open(key, data, piece))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 5 * PIECE + 7])
def test_written_bytes_are_read_back(tmp_path: Path, vault: Vault, key: bytes, size: int) -> None:
    data = os.urandom(size)
    file = opened(sealed(tmp_path / "x", vault, key, data), vault, key)
    assert file.read() == data and file.read() == b""
    assert file.seek(0, os.SEEK_END) == size
    file.seek(size // 2)
    assert file.read(1000) == data[size // 2 : size // 2 + 1000]
    file.close()


def test_file_holds_no_clear_text(tmp_path: Path, vault: Vault, key: bytes) -> None:
    path = sealed(tmp_path / "x", vault, key, b"a face" * 1000)
    assert b"face" not in path.read_bytes() and path.stat().st_mode & 0o077 == 0


def test_wrong_key_truncation_and_swap_are_detected(tmp_path: Path, vault: Vault, key: bytes) -> None:
    path = sealed(tmp_path / "x", vault, key, os.urandom(3 * PIECE + 5))
    whole = path.read_bytes()
    piece = PIECE + 29
    with pytest.raises(CryptoFault):
        opened(path, vault, vault.new_key()).read(1)
    for damaged in (
        whole[: 2 * piece],
        whole[:-1],
        whole[piece : 2 * piece] + whole[:piece] + whole[2 * piece :],
        b"",
        b"x" * 10,
    ):
        path.write_bytes(damaged)
        with pytest.raises(CryptoFault):
            opened(path, vault, key).read()


def test_sealed_zip_can_be_read(tmp_path: Path, vault: Vault, key: bytes) -> None:
    photos = {f"E-{n}.jpg": os.urandom(300_000) for n in range(12)}
    plain = tmp_path / "plain.zip"
    with zipfile.ZipFile(plain, "w") as packed:
        for name, data in photos.items():
            packed.writestr(name, data)
    file = opened(sealed(tmp_path / "x", vault, key, plain.read_bytes()), vault, key)

    found = ZipPhotos(file, 1_000_000)
    assert {name: found.read(name) for name in reversed(found.names())} == photos
    found.close()


def test_accepted_upload_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, synced = os.fsync, set[int]()

    def noted(handle: int) -> None:
        sync(handle)
        synced.add(os.fstat(handle).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    uploads = UploadFolder(tmp_path / "imports", 1000)
    with uploads.claim("01A", new=True):
        assert {tmp_path.stat().st_ino, (tmp_path / "imports").stat().st_ino} <= synced
        writer = uploads.writer("01A", "people.csv", lambda plain, piece: plain)
        writer.write(b"number,name")
        writer.close()
    folder = tmp_path / "imports" / "01A"
    assert {folder.stat().st_ino, (folder / "people.csv").stat().st_ino} <= synced
