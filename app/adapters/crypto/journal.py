"""A file of JSON lines that outlives the database: an erasure must survive a restore from a backup."""

import fcntl
import json
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from app.core.errors import CryptoFault


class JsonJournal:
    """Implements `ports.crypto.Journal`.

    Several processes may append; a line torn by a crash was never acknowledged and is dropped.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, entry: dict[str, object]) -> None:
        """Returns once the line is on the disk. Raises OSError if that fails, ValueError or TypeError if not JSON."""
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = not self._path.exists()
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = _end_of_lines(file)
            file.truncate(end)
            file.seek(end)
            if file.write(line) != len(line):
                raise OSError("the journal's disk is full")
            os.fsync(file.fileno())
        if new:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def entries(self, damaged: list[str] | None = None) -> Iterator[dict[str, object]]:
        """Oldest first. Raises CryptoFault at a damaged line: skipping it could bring an erased person back.

        damaged: Called with a sentence for each damaged line, which is then left out instead.
        """
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            lines = file.read().split(b"\n")[:-1]
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):  # the latter for JSON nested a thousand deep
                entry = None
            if isinstance(entry, dict):
                yield entry
                continue
            problem = f"line {number} of {self._path.name} is damaged"
            if damaged is None:
                raise CryptoFault(problem)
            damaged.append(problem)


def _end_of_lines(file: FileIO) -> int:
    """The offset after the last whole line. Reads the whole file only if its last line is torn."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return 0
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return size
    file.seek(0)
    return file.read().rfind(b"\n") + 1
