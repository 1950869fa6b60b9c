"""Looks for what an erasure should have removed in the files beside the database: journals, keys, uploads, settings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

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

    def look(self, needles: Needles, rest: Callable[[], None]) -> list[Searched]:
        """Raises OSError for a file that cannot be read: the certificate must not say that it was searched."""
        size, left = 0, []
        for path in self._paths():
            try:
                size += path.stat().st_size
                found = needles.scan(_chunks(path, rest))
            except FileNotFoundError:
                continue  # gone meanwhile
            left += [Remains(owner, term, path.name, count) for (owner, term), count in found.items()]
        for owner, traces in needles.traces.items():
            if traces.keys and self.keys_left(traces.keys):
                left.append(Remains(owner, Term.KEY, "people.keys", 1))
        return [Searched(Place.FILES, "files", size, tuple(left))]

    def _paths(self) -> list[Path]:
        inside = {path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink()}
        return sorted((inside | {path for path in self.files if path.is_file()}) - self._database())

    def _database(self) -> set[Path]:
        return {path.with_name(path.name + end) for path in self.left_out for end in ("", "-wal", "-shm", "-journal")}


def _chunks(path: Path, rest: Callable[[], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            rest()
            yield chunk
