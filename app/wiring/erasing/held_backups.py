"""Which backups still hold somebody who was erased since."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from app.adapters.db.store import SqlStore
from app.core.people.certificates import HeldBackup
from app.core.site.backup import Backup

MOST_BACKUPS = 100


def held_backups(store: SqlStore) -> Callable[[datetime], list[HeldBackup]]:
    """Gives the backups from before an instant whose files are still there, newest first."""

    def before(at: datetime) -> list[HeldBackup]:
        with store.read() as tx:
            known = [one for one in tx.backups.newest(MOST_BACKUPS + 1) if one.problem is None]
            kept = tx.site_settings.get().backups_kept
        return [_held(one, kept) for one in known if one.at < at and Path(one.place).exists()]

    return before


def _held(one: Backup, kept: int) -> HeldBackup:
    """A nightly backup goes when so many newer ones are there."""
    until = one.at + timedelta(days=kept) if one.is_scheduled else None
    return HeldBackup(Path(one.place).name, one.at, until)
