"""What a backup of this site holds, and where it goes.

The file has the checkpoints, every row and the erasures. They are read in this order, so that no checkpoint is newer
than the rows, and no erasure that the rows show is missing. No backup has the secrets of people.keys. One copy of them
lies beside the backups and is replaced after each erasure, so no old backup shows an erased person.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from app import machine
from app.adapters.crypto import backup_file
from app.adapters.crypto.key_file import KeyFile
from app.adapters.crypto.vault import Vault
from app.adapters.db.engine import dump, migrate
from app.adapters.db.store import SqlStore
from app.core.errors import BadField, Fault
from app.core.ports.store import Clock
from app.core.site.backup import BackupHead, Written, surplus
from app.settings import Settings

KEYS_FILE = "facegate-keys.sealed"
MASTER_KEY, PEOPLE_KEYS = "master.key", "people.keys"
CHECKPOINTS, ERASURES = "checkpoints.jsonl", "erasures.jsonl"
KILLED_AFTER = timedelta(hours=12)
SAME_DISK = "This folder is on the same disk as the database: when that disk dies, both are lost. Choose another disk."


@dataclass(frozen=True)
class SiteFiles:
    """Implements `ports.site.BackupFiles`. master_key: 32 bytes."""

    settings: Settings
    store: SqlStore
    vault: Vault
    master_key: bytes = field(repr=False)
    clock: Clock
    _kept: dict[str, str] = field(default_factory=dict)

    def write(
        self,
        place: str,
        at: datetime,
        passphrase: str | None,
        progress: Callable[[int, int], None],
        rest: Callable[[], None],
    ) -> Written:
        path = Path(place)
        key = backup_file.by_passphrase(passphrase) if passphrase else backup_file.by_master_key(self.master_key)
        with _in_words(), self.store.snapshot() as connection:
            # Before the rows were read, since the snapshot begins with the first query.
            checkpoints = _lines(self.settings.checkpoints)
            rows = dump.counts(connection)
            schema, total, done = migrate.revision(connection), sum(rows.values()), 0
            if schema != migrate.head():
                raise Fault("the database was moved to another version's schema: restart this program's newest version")

            def row_done() -> None:
                nonlocal done
                done += 1
                if done % 100 == 0:
                    progress(done, total)
                rest()

            head = BackupHead(at, schema, self.vault.key_check(), passphrase is not None, backup_file.new_salt())
            with backup_file.written(path, head, key) as put:
                if passphrase:
                    put_file(put, MASTER_KEY, self.master_key)
                put_file(put, CHECKPOINTS, checkpoints)
                for part in _readable(dump.dump(connection, row_done)):
                    put(part)
                put_file(put, ERASURES, _lines(self.settings.erasures))
                put(json.dumps({"end": sum(rows.values())}).encode() + b"\n")
        with _in_words():
            backup_file.check(path, key, rest)
            progress(total, total)
            self.keep_keys(str(path.parent))
            return Written(path.stat().st_size, rows)

    def keep_keys(self, folder: str) -> None:
        path = Path(folder) / KEYS_FILE
        with _in_words():
            secrets, erasures = KeyFile(self.settings.key_file).content(), _lines(self.settings.erasures)
            now = hashlib.sha256(hashlib.sha256(secrets).digest() + erasures).hexdigest()
            if path.exists():
                if self._kept.get(folder) == now:
                    return
                head, _ = backup_file.read_head(path)
                if not self.vault.check(head.key_check):
                    raise Fault(f"{path} belongs to another site: give each site a folder of its own for its backups")
            head = BackupHead(self.clock(), "", self.vault.key_check(), False, backup_file.new_salt())
            key = backup_file.by_master_key(self.master_key)
            with backup_file.written(path, head, key, replaces=True) as put:
                put_file(put, PEOPLE_KEYS, secrets)
                put_file(put, ERASURES, erasures)
                put(b'{"end": 0}\n')
            self._kept[folder] = now

    def make_room(self, folder: str, kept: int) -> None:
        with _in_words():
            here = Path(folder)
            ours = [path.name for path in here.iterdir() if path.is_file() and self._is_ours(path)]
            gone = [here / name for name in surplus(ours, kept)]
            for path in gone + backup_file.leftovers(here, self.clock() - KILLED_AFTER):
                path.unlink(missing_ok=True)

    def place_in(self, folder: str, name: str) -> str:
        return os.path.join(folder, name)  # noqa: PTH118  a name may be empty

    def check_folder(self, folder: str) -> str:
        path, data = Path(folder), self.settings.data.resolve()
        if not path.is_absolute() or len(folder) > 1000 or not folder.isprintable():
            raise _bad("Give the whole path of the folder on the service's machine, such as /mnt/backup.")
        if path.resolve().is_relative_to(data):
            raise _bad("This folder is inside the data folder, and would be lost with it. Choose one on another disk.")
        if not path.is_dir():
            raise _bad("There is no such folder on the service's machine. Make it, and let the service write there.")
        try:
            machine.try_write(path)
        except OSError as error:
            raise _bad(f"The service cannot write there: {machine.in_words(error)}.") from error
        try:
            self.keep_keys(folder)
        except Fault as error:
            raise _bad(f"{error}.") from error
        return SAME_DISK if path.stat().st_dev == data.stat().st_dev else ""

    def _is_ours(self, path: Path) -> bool:
        try:
            return self.vault.check(backup_file.read_head(path)[0].key_check)
        except Fault:
            return False


def put_file(put: Callable[[bytes], None], name: str, content: bytes) -> None:
    put(json.dumps({"file": name, "size": len(content)}).encode() + b"\n")
    put(content)


def entries(source: BinaryIO, files: dict[str, bytes]) -> Iterator[tuple[dict[str, Any], Iterator[list[Any]]]]:
    """Yields the tables of a backup, whose rows must be read before the next; puts its other files into `files`.

    Raises Fault for a content that does not end as it should.
    """
    while True:
        line = source.readline(dump.LONGEST_LINE)
        try:
            head = json.loads(line)
        except ValueError:
            head = {}
        if "table" in head:
            yield head, dump.rows_of(source, head)
        elif "file" in head:
            files[head["file"]] = source.read(head["size"])
        elif "end" in head:
            return
        else:
            raise Fault("the backup is damaged: its content is not in the form that this version writes")


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Fault(machine.in_words(error)) from error


def _readable(parts: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from parts
    except (TypeError, ValueError) as error:
        raise Fault("a row cannot be read as this version writes it: run audit verify, which names it") from error


def _lines(path: Path) -> bytes:
    """The whole lines of a journal. One that is being appended is left out: it is not acknowledged yet."""
    content = path.read_bytes() if path.exists() else b""
    return content[: content.rfind(b"\n") + 1]


def _bad(words: str) -> BadField:
    return BadField("bad_backup_folder", words, "backup_folder")
