"""Photos in a folder of this machine. Only plain files, found by walking the folder, never by a name from outside."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from app.core.errors import BadInput, TooLarge
from app.core.imports.photo_names import Unused, kind_of

MOST_FILES = 200_000


class FolderPhotos:
    """Implements `imports.reports.PhotoSource`.

    Symbolic links are not followed: a link could lead to any file of this machine.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._sizes: dict[str, int] = {}
        self._unused = Unused()
        for at, (name, facts) in enumerate(_files(folder, self._unused)):
            if at == MOST_FILES:
                raise TooLarge("too_many_files", f"The folder has more than {MOST_FILES} files; split the import.")
            if kind := kind_of(name) or _special(facts):
                self._unused.add(name, kind)
            else:
                self._sizes[name] = facts.st_size

    def names(self) -> list[str]:
        return list(self._sizes)

    def unused(self) -> Unused:
        return self._unused

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


def _special(facts: os.stat_result) -> str | None:
    if stat.S_ISLNK(facts.st_mode):
        return "a link"
    return None if stat.S_ISREG(facts.st_mode) else "no plain file"


def _files(folder: Path, unused: Unused) -> Iterator[tuple[str, os.stat_result]]:
    """Yields each file's name below the folder and its stat. Strings: path objects would take three times as long."""

    def closed(error: OSError) -> None:
        unused.add(os.path.relpath(error.filename, folder), "a folder that cannot be opened")

    for found, folders, files in os.walk(folder, onerror=closed, followlinks=False):
        folders.sort()
        below = Path(found).relative_to(folder).as_posix()
        linked = [name for name in folders if Path(found, name).is_symlink()]
        for file in files + linked:
            name = file if below == "." else f"{below}/{file}"
            try:
                yield name, os.lstat(f"{found}/{file}")
            except OSError:
                unused.add(name, "a file that went away")
