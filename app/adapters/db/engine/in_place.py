"""Notices that an SQLite file was moved, deleted or replaced under a running service.

An open connection still reads and writes the old file, wherever it is now: what is recorded there, the next start does
not find. And a new connection would make an empty database in its place.
"""

from pathlib import Path


class FileInPlace:
    """The file as it is at the first look."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._first: tuple[int, int] | None = None
        self._first = self._identity()

    def is_there(self) -> bool:
        """Whether the path still leads to the same file. One `stat`, about 2 us."""
        now = self._identity()
        if self._first is None:
            self._first = now  # it is made after the store was opened
        return now == self._first

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return None
        except OSError:
            return self._first  # SQLite says better what keeps it from the file
        return found.st_dev, found.st_ino
