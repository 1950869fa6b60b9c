"""Backups of the site: on demand, and every night into a folder where the oldest make room."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from app.core.alerts.alert import AlertKind
from app.core.errors import BadField, Conflict, Fault, NotRecorded
from app.core.ports.site import BackupFiles
from app.core.ports.store import Clock, Store
from app.core.site.backup import LEAST_PASSPHRASE, Backup, file_name, is_due
from app.services.site.own_alerts import OwnAlerts

logger = logging.getLogger(__name__)

REMEMBERED = 100  # backups whose outcome is kept
AGAIN_AFTER = timedelta(hours=1)  # a failed night is tried again


def _nothing(*_: object) -> None: ...


@dataclass(frozen=True)
class Backups:
    """zone: of the site's clock."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]
    files: BackupFiles
    alerts: OwnAlerts
    zone: Callable[[], tzinfo]

    def known(self, limit: int = REMEMBERED) -> list[Backup]:
        """What became of the newest backups, newest first."""
        with self.store.read() as tx:
            return tx.backups.newest(limit)

    def newest_good(self) -> Backup | None:
        # One more than are remembered: the newest good one is kept behind them.
        return next((backup for backup in self.known(REMEMBERED + 1) if backup.problem is None), None)

    def make(
        self,
        place: str,
        passphrase: str | None = None,
        progress: Callable[[int, int], None] = _nothing,
        rest: Callable[[], None] = _nothing,
        *,
        is_scheduled: bool = False,
    ) -> Backup:
        """Writes a backup to a file that does not exist yet, and records how that went. The arguments are as in
        `BackupFiles.write`.

        Raises Fault, Conflict while another runs, and BadField for a passphrase that is too short.
        """
        if passphrase is not None and len(passphrase) < LEAST_PASSPHRASE:
            raise BadField(
                "bad_passphrase", f"The passphrase needs at least {LEAST_PASSPHRASE} characters.", "passphrase"
            )
        with self.store.alone("backup") as mine:
            if not mine:
                raise Conflict("backup_running", "Another backup of this site is being made. Wait until it has ended.")
            backup = Backup(self.new_id(), self.clock(), place, None, passphrase is not None, is_scheduled)
            try:
                size = self.files.write(place, backup.at, passphrase, progress, rest).bytes
            except Fault as error:
                self._note(replace(backup, problem=str(error)[:500]))
                raise
            backup = replace(backup, bytes=size)
            self._note(backup)
        return backup

    def _note(self, backup: Backup) -> None:
        try:
            with self.store.write() as tx:
                tx.backups.add(backup, REMEMBERED)
        except NotRecorded as error:
            logger.warning('backup_not_noted why="%s"', error)

    def make_in_folder(
        self, passphrase: str | None, progress: Callable[[int, int], None], rest: Callable[[], None]
    ) -> Backup:
        """Writes a backup into the site's folder. Raises as `make` does, and Conflict if there is no folder."""
        folder, (_, kept) = self.folder(), self._folder()
        return self._into(folder, kept, passphrase, progress, rest, is_scheduled=False)

    def look(self, rest: Callable[[], None] = _nothing) -> None:
        """Does what is due: the copy of the keys, and the nightly backup. Called every minute. Raises NotRecorded."""
        folder, kept = self._folder()
        if folder is None:
            self.alerts.say(AlertKind.BACKUP_FAILED, None)
            return
        try:
            self.files.keep_keys(folder)
            if self._is_due(folder):
                self._into(folder, kept, None, _nothing, rest, is_scheduled=True)
                logger.info("backup_made scheduled=yes")
        except Conflict:
            return  # another process makes it
        except NotRecorded:
            raise
        except Fault as error:
            self.alerts.say(AlertKind.BACKUP_FAILED, str(error))
            logger.error('backup_failed why="%s" next=retry', error)
            return
        if not self._failed(folder):
            self.alerts.say(AlertKind.BACKUP_FAILED, None)

    def folder(self) -> str:
        """Raises Conflict if the site has none."""
        folder, _ = self._folder()
        if folder is None:
            raise Conflict("no_backup_folder", "Choose a folder for backups first, in the settings of the site.")
        return folder

    def _folder(self) -> tuple[str | None, int]:
        with self.store.read() as tx:
            settings = tx.site_settings.get()
        return settings.backup_folder, settings.backups_kept

    def _into(
        self,
        folder: str,
        kept: int,
        passphrase: str | None,
        progress: Callable[[int, int], None],
        rest: Callable[[], None],
        *,
        is_scheduled: bool,
    ) -> Backup:
        place = self.files.place_in(folder, file_name(self.clock()))
        backup = self.make(place, passphrase, progress, rest, is_scheduled=is_scheduled)
        self.files.make_room(folder, kept)
        return backup

    def _nightly(self, folder: str) -> list[Backup]:
        """The scheduled ones of this folder, newest first."""
        here = self.files.place_in(folder, "")
        return [one for one in self.known() if one.is_scheduled and one.place.startswith(here)]

    def _failed(self, folder: str) -> bool:
        return any(one.problem is not None for one in self._nightly(folder)[:1])

    def _is_due(self, folder: str) -> bool:
        tried, now = self._nightly(folder), self.clock()
        if tried and tried[0].problem is not None and now - tried[0].at < AGAIN_AFTER:
            return False
        good: datetime | None = next((one.at for one in tried if one.problem is None), None)
        return is_due(now, good, self.zone())
