"""Photos in a zip. Nothing is ever unpacked to a disk, and a bomb is refused by its own directory.

Names in it are compared and shown but never opened: `../../x` and `/x` are only odd names here.
"""

import hashlib
import io
import zipfile
import zlib
from typing import Protocol

from app.core.errors import BadInput, TooLarge
from app.core.imports import people_encodings as encodings
from app.core.imports.photo_names import SYSTEM, Unused, clean, kind_of

MOST_ENTRIES = 200_000
MOST_DIRECTORY = 40_000_000  # bytes of the directory, which is read whole
# A zip hardly compresses photos: an entry that grows by more is not one.
MOST_GROWTH = 20
_ROOM = 100_000_000
_PIECE = 1 << 20
PEOPLE = "people.csv"
_UTF8 = 1 << 11  # the flag of an entry whose name is UTF-8
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# NotImplementedError: zipfile does not support the entry. The others: damaged bytes.
_DAMAGE = (zipfile.BadZipFile, zlib.error, ValueError, OverflowError, EOFError, NotImplementedError)


class Seekable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def tell(self) -> int: ...
    def close(self) -> None: ...


class ZipPhotos:
    """Implements `imports.reports.PhotoSource`.

    Raises BadInput or TooLarge if the zip as a whole cannot be used. Closes its file.
    """

    def __init__(
        self, file: Seekable, most_bytes: int, encoding: str | None = None, *, with_people: bool = True
    ) -> None:
        """encoding: of names that do not say which they have and are not UTF-8, which Finder's are.

        with_people: its people.csv is read; else it is a file that is not used.
        """
        self._most_bytes = most_bytes
        size = file.seek(0, io.SEEK_END)
        try:
            self._zip = zipfile.ZipFile(_Bounded(file, size))
        except _DAMAGE as error:
            raise BadInput("bad_zip", "The photos are not a zip file, or it is damaged; pack it again.") from error
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES:
            raise TooLarge("too_many_files", f"The zip has more than {MOST_ENTRIES} files; split the import.")
        if sum(entry.file_size for entry in entries) > MOST_GROWTH * size + _ROOM:
            raise TooLarge("zip_bomb", "The zip would grow far too much when unpacked; real photos do not.")
        self._people: list[zipfile.ZipInfo] = []
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self._unused = Unused()
        for entry in entries:
            if not entry.is_dir():
                self._sort(_name(entry, encoding), entry)
        if not with_people:
            for entry in self._people:
                self._unused.add(_name(entry, encoding), "a CSV was sent beside it")

    def _sort(self, name: str, entry: zipfile.ZipInfo) -> None:
        if clean(name).rpartition("/")[2].lower() == PEOPLE and kind_of(name) != SYSTEM and not _is_link(entry):
            self._people.append(entry)
        elif kind := "a link" if _is_link(entry) else kind_of(name):
            self._unused.add(name, kind)
        elif name in self._entries:
            self._unused.add(name, "twice in the zip by the same name")
        else:
            self._entries[name] = entry

    def people(self, most: int) -> bytes | None:
        """The people.csv in it, from any folder, or None. Raises BadInput or TooLarge."""
        if not self._people:
            return None
        if len(self._people) > 1:
            raise BadInput("multiple_csv_files", "The zip has more than one people.csv. Keep one.")
        data = self._read(self._people[0], most, "people.csv")
        if len(data) > most:
            raise TooLarge("csv_too_large", f"The CSV has more than {most // 1_000_000} MB; split it.")
        return data

    def names(self) -> list[str]:
        return list(self._entries)

    def unused(self) -> Unused:
        return self._unused

    def read(self, name: str) -> bytes:
        entry = self._entries.get(name)
        if entry is None:
            raise BadInput("missing_photo", "There is no such photo.")
        data = self._read(entry, self._most_bytes, "The photo")
        if len(data) > self._most_bytes:
            raise TooLarge("image_too_large", f"The photo has more than {self._most_bytes // 1_000_000} MB.")
        return data

    def _read(self, entry: zipfile.ZipInfo, most: int, what: str) -> bytes:
        """Reads at most one byte more than `most`. what: its name in a refusal."""
        if entry.flag_bits & 1:
            raise BadInput("encrypted_photo", f"{what} is encrypted in the zip; pack it without a password.")
        if entry.compress_type not in _METHODS:
            raise BadInput("bad_zip_entry", f"{what} is compressed in an unsupported way; pack with 'deflate'.")
        try:
            with self._zip.open(entry) as member:
                # In pieces: one large copy would block every other thread.
                data = bytearray()
                while len(data) <= most and (piece := member.read(min(_PIECE, most + 1 - len(data)))):
                    data += piece
                return bytes(data)
        except _DAMAGE as error:
            raise BadInput("bad_zip_entry", f"{what} is damaged in the zip; pack it again.") from error
        except OSError as error:  # a fault of this machine's disk: the zip may be intact
            raise BadInput("unreadable_photo", f"{what} cannot be read: {error.strerror}.") from error

    def fingerprint(self) -> str:
        listing = "\n".join(f"{name}\0{e.file_size}\0{e.CRC}" for name, e in sorted(self._entries.items()))
        return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()

    def close(self) -> None:
        self._zip.close()


def _name(entry: zipfile.ZipInfo, encoding: str | None) -> str:
    if entry.flag_bits & _UTF8:
        return entry.filename
    raw = entry.filename.encode("cp437")  # as zipfile has decoded it
    for codec in ("utf-8", encodings.CODECS[encodings.known(encoding)] if encoding else "cp437"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return (entry.external_attr >> 16) & 0o170000 == 0o120000


class _Bounded(io.RawIOBase):
    """The file, with a limit on how much zipfile reads at once: the longest directory."""

    def __init__(self, file: Seekable, size: int) -> None:
        self._file = file
        self._size = size

    def read(self, size: int = -1) -> bytes:
        left = self._size - self._file.tell()
        size = left if size is None or size < 0 else min(size, left)
        if size > MOST_DIRECTORY:
            raise ValueError("the list of contents is too long")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET and offset < 0:
            # Damaged bytes lead here. A real file would raise OSError, which looks like a fault of the machine.
            raise ValueError("before the file's beginning")
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()
