"""The data folder's `imports`: a folder for each upload, sealed files, and locks that end with their process."""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.adapters.sealed_file import SealedReader, SealedWriter, sync_folder
from app.adapters.uploads.archive import ZipPhotos
from app.core.errors import TooLarge
from app.core.imports.photo_names import Unused
from app.core.imports.reports import PhotoSource

Seal = Callable[[bytes, str], bytes]
_ID = re.compile(r"[0-9A-Za-z]{1,64}")
_LOCK = "lock"


class UploadFolder:
    """Implements `imports.reports.Uploads`."""

    def __init__(self, folder: Path, most_photo_bytes: int) -> None:
        self._folder = folder
        self._most_photo_bytes = most_photo_bytes

    def writer(self, import_id: str, name: str, seal: Seal) -> SealedWriter:
        return SealedWriter(self._of(import_id) / name, seal)

    def csv(self, import_id: str, unseal: Seal, most: int) -> bytes:
        with SealedReader(self._of(import_id) / "people.csv", unseal) as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise TooLarge("csv_too_large", f"The CSV has more than {most // 1_000_000} MB; split it.")
        return data

    def people(self, import_id: str, unseal: Seal, most: int) -> bytes | None:
        with SealedReader(self._of(import_id) / "photos.zip", unseal) as file:
            if file.seek(0, os.SEEK_END) == 0:
                return None
            return ZipPhotos(file, self._most_photo_bytes).people(most)

    @contextmanager
    def photos(self, import_id: str, unseal: Seal, encoding: str | None) -> Iterator[PhotoSource]:
        with SealedReader(self._of(import_id) / "photos.zip", unseal) as file:
            if file.seek(0, os.SEEK_END) == 0:
                yield NoPhotos()
                return
            with SealedReader(self._of(import_id) / "people.csv", unseal) as csv:
                alone = csv.seek(0, os.SEEK_END) == 0
            yield ZipPhotos(file, self._most_photo_bytes, encoding, with_people=alone)

    @contextmanager
    def claim(self, import_id: str, *, new: bool = False) -> Iterator[bool]:
        with self._changing():
            if new:
                self._of(import_id).mkdir(mode=0o700)
                sync_folder(self._folder)
            handle = self._lock(import_id)
        try:
            yield handle is not None
        finally:
            if handle is not None:
                os.close(handle)

    def _lock(self, import_id: str) -> int | None:
        try:
            handle = os.open(self._of(import_id) / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # its folder was deleted
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Excludes others from making, claiming or deleting an upload meanwhile.

        So a new upload is never visible without its owner's lock, and nobody locks in a folder that is being deleted.
        """
        if not self._folder.is_dir():
            self._folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._folder.parent)
        handle = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def all(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir() and _ID.fullmatch(path.name))

    def delete(self, import_id: str) -> None:
        with self._changing(), suppress(FileNotFoundError):
            shutil.rmtree(self._of(import_id))

    def _of(self, import_id: str) -> Path:
        if not _ID.fullmatch(import_id):
            raise ValueError("an import's id consists of letters and digits")
        return self._folder / import_id


class NoPhotos:
    """Implements `imports.reports.PhotoSource` for an import without photos."""

    def names(self) -> list[str]:
        return []

    def unused(self) -> Unused:
        return Unused()

    def read(self, name: str) -> bytes:
        raise KeyError(name)

    def fingerprint(self) -> str:
        return ""
