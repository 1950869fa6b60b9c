"""Restores a site from a backup, into an empty data folder and an empty database.

The whole file is opened before anything is written. A marker in the folder says that a restore has begun; while it is
there, nothing serves this folder, and the same restore starts anew.
"""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app.adapters.crypto import backup_file
from app.adapters.crypto.vault import Vault, load_master_key
from app.adapters.db.engine import dump, migrate
from app.adapters.db.engine.connect import sqlite_file
from app.adapters.sealed_file import sync_folder
from app.core.errors import Fault
from app.core.events.chain import Flaw
from app.core.ports.store import Transaction
from app.core.site.backup import BackupHead
from app.services.events.audit import AuditReport
from app.settings import CONFIG_FILE, Settings
from app.wiring import beginning
from app.wiring.backbone import Backbone, open_backbone
from app.wiring.backups import CHECKPOINTS, ERASURES, KEYS_FILE, MASTER_KEY, PEOPLE_KEYS, entries
from app.wiring.restored_journals import append_missing, entries_of, lost_events, not_newer

MAY_BE_THERE = frozenset({CONFIG_FILE, beginning.KEY_FILE, beginning.UNFINISHED})
WRONG_KEY = "was sealed with another master key: give the one of this site, from its own backup"
NO_KEYS = (
    f"without people.keys nobody's photos and passages open. Its newest copy is {KEYS_FILE}, beside the newest backup: "
    "name it with --keys"
)


@dataclass(frozen=True)
class Restored:
    """head: of the file. rows: of each table. erased: how many people were erased again. lost: what checkpoints saw
    that the backup does not have, a sentence a gate. report: of the audit. flaw: of what the backup has of the log;
    None if that is intact."""

    head: BackupHead
    rows: dict[str, int]
    erased: int
    lost: list[str]
    report: AuditReport
    flaw: Flaw | None


@dataclass(frozen=True)
class Restore:
    """master_key: 32 bytes, or None for that of the settings or of the file. keys: the copy of people.keys; None: the
    one beside the file. progress: called with each table's name."""

    settings: Settings
    file: Path
    master_key: bytes | None = None
    passphrase: str | None = None
    keys: Path | None = None
    progress: Callable[[str], None] = lambda table: None

    def run(self) -> Restored:
        """Raises Fault with a sentence for whatever speaks against it before anything is written; then the folder and
        the database are as before.

        What goes wrong later, such as OSError for a full disk, leaves the marker: nothing serves the folder, and the
        same restore starts anew.
        """
        head, _ = backup_file.read_head(self.file)
        if not migrate.known(head.schema):
            raise Fault(
                f"{self.file} was made by a newer version of Facegate (schema {head.schema}, here {migrate.head()}): "
                "restore it with that version"
            )
        key, master = self._keys_of(head)
        self._check_target(head)
        files, rows_of = self._read(key)
        master = self._agreed(files.get(MASTER_KEY, master), head)
        secrets = self._secrets(master, files)
        marks = [entry for entry in entries_of(files.get(CHECKPOINTS, b"")) if entry is not None]
        receipts = self._erasures(files.get(ERASURES, b""))
        self._begin(head)
        self._put_files(master, secrets, marks, receipts)
        self._fill(head, key)
        backbone = open_backbone(self.settings, begin=False, unfinished=True)
        with closing(backbone):
            _end_what_was_open(backbone)
            erased = backbone.erasure.replay()
            lost = lost_events(backbone)
            report = backbone.checkpoints.verify()
            # Newer checkpoints miss what came after the backup. The others show whether it was altered itself.
            flaw = report.flaw
            if lost and flaw:
                flaw = backbone.checkpoints.audit.verify(not_newer(backbone, head)).flaw
        self._marker.unlink()
        sync_folder(self.settings.data)
        return Restored(head, rows_of, erased, lost, report, flaw)

    @property
    def _marker(self) -> Path:
        return self.settings.data / beginning.UNFINISHED

    def _keys_of(self, head: BackupHead) -> tuple[backup_file.Key, bytes | None]:
        if head.with_key:
            if self.passphrase is None:
                raise Fault(f"{self.file} is sealed with a passphrase: give it")
            return backup_file.by_passphrase(self.passphrase), None
        master = self.master_key
        given = self.settings.master_key.get_secret_value() if self.settings.master_key else None
        there = self.settings.data / beginning.KEY_FILE
        if master is None and (given or there.exists()):
            master = load_master_key(there, given)
        if master is None:
            raise Fault(
                f"{self.file} is sealed with the site's master key, which is not in it: name the key's file with "
                "--master-key, or set FACEGATE_MASTER_KEY"
            )
        if not Vault(master).check(head.key_check):
            raise Fault(f"{self.file} {WRONG_KEY}")
        return backup_file.by_master_key(master), master

    def _agreed(self, master: bytes | None, head: BackupHead) -> bytes:
        """The key of the backup, which must not replace another that is in use here."""
        if master is None or not Vault(master).check(head.key_check):
            raise Fault(f"{self.file} {WRONG_KEY}")
        given = self.settings.master_key.get_secret_value() if self.settings.master_key else None
        there = self.settings.data / beginning.KEY_FILE
        if (given or there.exists()) and load_master_key(there, given) != master:
            where = "FACEGATE_MASTER_KEY" if given else str(there)
            raise Fault(f"the key in {where} is not the one in {self.file}: take it away first")
        return master

    def _check_target(self, head: BackupHead) -> None:
        data = self.settings.data
        begun = self._marker.exists()
        if begun and self._marker.read_text() != _name_of(head):
            raise Fault(
                f"a restore of another backup into {data} was cut off: restore that one again, or empty the folder"
            )
        there = sorted(path.name for path in data.iterdir()) if data.is_dir() else []
        foreign = [name for name in there if name not in MAY_BE_THERE]
        if foreign and not begun:
            raise Fault(f"{data} is not empty ({', '.join(foreign[:3])}): restore into a new, empty folder")
        with beginning.said_plainly(self.settings):
            state = migrate.state(self.settings.url)
        if state is not migrate.State.ABSENT and not begun:
            raise Fault("the database is not empty, and a restore replaces nothing: name an empty one")

    def _secrets(self, master: bytes, files: dict[str, bytes]) -> bytes | None:
        """The content of people.keys; None if the settings name a file elsewhere, which is the newest there is."""
        elsewhere = self.settings.people_keys
        path = self.keys or self.file.parent / KEYS_FILE
        has_newest = elsewhere is not None and elsewhere.exists()
        if has_newest and not path.exists():
            return None
        if not path.exists():
            raise Fault(f"there is no {path}, and {NO_KEYS}")
        head, _ = backup_file.read_head(path)
        if not Vault(master).check(head.key_check):
            raise Fault(f"{path} is another site's copy: {NO_KEYS}")
        newer: dict[str, bytes] = {}
        with backup_file.opened(path, backup_file.by_master_key(master)) as source:
            for _ in entries(source, newer):
                pass
        if PEOPLE_KEYS not in newer:
            raise Fault(f"{path} is not a copy of people.keys: {NO_KEYS}")
        files[ERASURES] = files.get(ERASURES, b"") + newer[ERASURES]
        return None if has_newest else newer[PEOPLE_KEYS]

    def _begin(self, head: BackupHead) -> None:
        data = self.settings.data
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(self._marker, _name_of(head).encode())
        file = sqlite_file(self.settings.url)
        if file is not None:  # of an attempt that was cut off
            for rest in ("", "-wal", "-shm", "-journal"):
                file.with_name(file.name + rest).unlink(missing_ok=True)

    def _erasures(self, lines: bytes) -> list[dict[str, Any]]:
        """The receipts of erased people. Without one of them, that person would come back."""
        found = entries_of(lines)
        receipts = [entry for entry in found if entry is not None]
        if len(receipts) < len(found):
            raise Fault(f"a receipt of an erasure in {self.file} is damaged: restore another backup")
        return receipts

    def _put_files(
        self, master: bytes, secrets: bytes | None, marks: list[dict[str, Any]], receipts: list[dict[str, Any]]
    ) -> None:
        if self.settings.master_key is None:
            _write(self.settings.data / beginning.KEY_FILE, base64.b64encode(master) + b"\n")
        if secrets is not None:
            _write(self.settings.key_file, secrets)
        append_missing(self.settings.checkpoints, marks)
        append_missing(self.settings.erasures, receipts)

    def _read(self, key: backup_file.Key) -> tuple[dict[str, bytes], dict[str, int]]:
        """Opens every piece. Returns the small files, which come first and last, and how many rows each table has."""
        files: dict[str, bytes] = {}
        with self._said_as_broken(), backup_file.opened(self.file, key) as source:
            rows_of = {head["table"]: sum(1 for _ in rows) for head, rows in entries(source, files)}
            if source.read(1):
                raise ValueError("something follows the end")
        return files, rows_of

    def _fill(self, head: BackupHead, key: backup_file.Key) -> None:
        def fill(connection: Connection) -> None:
            with backup_file.opened(self.file, key) as source:
                dump.load(connection, entries(source, {}), self.progress)

        with beginning.said_plainly(self.settings), self._said_as_broken():
            # A database that is full was filled in one transaction by the attempt that was cut off after it.
            if migrate.state(self.settings.url) is not migrate.State.BEGUN:
                migrate.refill(self.settings.url, head.schema, fill)

    @contextmanager
    def _said_as_broken(self) -> Iterator[None]:
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            raise Fault(f"{self.file} {backup_file.BROKEN}") from error


def _name_of(head: BackupHead) -> str:
    return head.salt.hex()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.restoring")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def _end_what_was_open(backbone: Backbone) -> None:
    """A session or link of then may have been ended since, and people have moved."""
    with backbone.store.write() as tx:
        users = tx.users.all(for_update=True)
        for user in users:
            tx.tickets.withdraw(user.id)
        tx.tickets.withdraw(None)
        for user in users:
            tx.sessions.end_all(user.id)
        _nobody_known_inside(tx, backbone.clock())
        tx.invitations.revoke_waiting(backbone.clock())


def _nobody_known_inside(tx: Transaction, now: datetime) -> None:
    """Nobody knows where people have gone since, so what gates ask of them, and any roll call, begins anew."""
    for zone_id in sorted(tx.presences.unknown()):
        tx.presences.lock_zone(zone_id)
        tx.presences.set_unknown(zone_id, 0, now)
    for gate in tx.gates.all():
        for passage in tx.passages.of_gate(gate.id):
            tx.passages.withdraw(passage.event_id)
    tx.presences.remove([one.person_id for one in tx.presences.all()])
    muster = tx.musters.newest(for_update=True)
    if muster is not None and muster.ended_at is None:
        tx.musters.end(muster.id, now, None)
