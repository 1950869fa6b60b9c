"""Looks for what an erasure should have removed in the files beside the database: journals, keys, uploads, settings."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from app.core.people.certificates import Place, Remains, Searched
from app.core.people.traces import Needles, Term

CHUNK_BYTES = 1 << 18  # searched in less than a millisecond


@dataclass(frozen=True)
class FileSearch:
    """Implements `people.certificates.Search`.

    Attributes:
        folder: searched with all that is in it.
        files: searched besides; they may be in the folder.
        left_out: the database, which has a search of its own. Opening and closing its file would drop SQLite's locks.
        keys_left: whether the key file has the secret of one of these keys.
    """

    folder: Path
    files: Sequence[Path]
    left_out: Sequence[Path]
    keys_left: Callable[[Sequence[bytes]], bool]
    place: ClassVar[Place] = Place.FILES

    def look(self, needles: Needles, rest: Callable[[], None]) -> list[Searched]:
        paths, failed = self._paths()
        size, left = 0, []
        for path in paths:
            try:
                size += path.stat().st_size
                found = _found(path, needles, rest)
            except FileNotFoundError:
                continue  # gone meanwhile
            except OSError:
                failed.append(path.name)  # it must not be said that it was searched
                continue
            left += [Remains(owner, term, path.name, count) for (owner, term), count in found.items()]
        for owner, traces in needles.traces.items():
            if traces.keys and self.keys_left(traces.keys):
                left.append(Remains(owner, Term.KEY, "people.keys", 1))
        return [Searched(Place.FILES, "files", size, tuple(left), tuple(failed))]

    def _paths(self) -> tuple[list[Path], list[str]]:
        """The files, and the folders that cannot be read."""
        failed: list[str] = []

        def note(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                failed.append(Path(error.filename).name)

        inside = {Path(folder, name) for folder, _, names in os.walk(self.folder, onerror=note) for name in names}
        found = {path for path in inside if _is_file(path, follow=False)} | {
            path for path in self.files if _is_file(path)
        }
        return sorted(found - self._database()), failed

    def _database(self) -> set[Path]:
        return {path.with_name(path.name + end) for path in self.left_out for end in ("", "-wal", "-shm", "-journal")}


def _is_file(path: Path, *, follow: bool = True) -> bool:
    try:
        return stat.S_ISREG(path.stat(follow_symlinks=follow).st_mode)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # reading it says why not


def _found(path: Path, needles: Needles, rest: Callable[[], None]) -> Counter[tuple[str, Term]]:
    hits = needles.hits(_chunks(path, rest))
    # A letter beside a text makes it a part of a longer one, but not where values lie side by side.
    return hits.anywhere if hits.anywhere != hits.alone and b"\0" in next(_chunks(path, rest), b"") else hits.alone


def _chunks(path: Path, rest: Callable[[], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            rest()
            yield chunk
