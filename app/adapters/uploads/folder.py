"""Photos in a folder of this machine: plain files only, found by walking down and never by a name from outside."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from app.core.errors import BadInput, TooLarge
from app.core.photo_names import is_photo

MOST_FILES = 200_000


class FolderPhotos:
    """imports.PhotoSource. Symbolic links are not followed: a link could bring in any file of this machine."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._sizes: dict[str, int] = {}
        for name, size in _files(folder):
            if len(self._sizes) == MOST_FILES:
                raise TooLarge("too_many_files", f"The folder has more than {MOST_FILES} photos; split the import.")
            self._sizes[name] = size

    def names(self) -> list[str]:
        return list(self._sizes)

    def read(self, name: str) -> bytes:
        if name not in self._sizes:
            raise BadInput("missing_photo", "There is no such photo.")
        try:
            handle = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as file:
                data = file.read(self._most_bytes + 1)
        except OSError as error:
            raise BadInput("unreadable_photo", f"The photo cannot be read: {error.strerror}.") from error
        if len(data) > self._most_bytes:
            raise TooLarge("image_too_large", f"The photo has more than {self._most_bytes // 1_000_000} MB.")
        return data

    def fingerprint(self) -> str:
        listing = "\n".join(f"{name}\0{size}" for name, size in sorted(self._sizes.items()))
        return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """Name below the folder, and size. Strings: a path object a file would take three times as long."""
    for found, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        below = Path(found).relative_to(folder).as_posix()
        for file in files:
            name = file if below == "." else f"{below}/{file}"
            try:
                facts = os.lstat(f"{found}/{file}")
            except OSError:
                continue
            if stat.S_ISREG(facts.st_mode) and is_photo(name):
                yield name, facts.st_size
