"""The rows of the site's mode (normal, lockdown or release), of its settings and of its backups."""

from sqlalchemy import Connection, delete, insert, select

from app.adapters.db.repositories.access import RuleRows
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import backups, installation, site, site_settings
from app.core.site.backup import DEFAULT_KEPT, Backup
from app.core.site.installation import Installation
from app.core.site.mode import SiteMode, SiteState
from app.core.site.retention import PERIODS, KeptHours
from app.core.site.settings import SiteSettings

SWITCHES = ("guards_may_lock_down", "first_hour_over", "unknown_faces", "consent_required", "enrol_by_badge")


class SiteRow:
    """Implements `ports.site.Site`.

    A row that is missing, or that this installation did not write, lets nobody in: it reads as a lockdown of unknown
    date. A release of every gate overrides it, and anybody who may end a lockdown can end it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, site)

    def get(self) -> SiteState:
        row = self._rows.one(id=1)
        if row is None:
            return SiteState(SiteMode.LOCKDOWN)
        mode, gates, zones = SiteMode(row["mode"]), tuple(row["gates"]), tuple(row["zones"] or ())
        if zones and mode is SiteMode.LOCKDOWN:
            # A gate that was added to a zone meanwhile is locked too; one that was there when it was ordered stays so.
            gates = tuple(sorted({*gates, *RuleRows(self._connection).gates_around(zones)}))
        return SiteState(mode, row["since"], row["actor"], gates, row["comment"] or "", zones)

    def put(self, state: SiteState) -> None:
        columns = {"mode": state.mode.value, "since": state.since, "actor": state.actor, "gates": list(state.gates)}
        # NULL for no zones: the seals of rows from before this column stay valid.
        self._rows.put({"id": 1, **columns, "comment": state.comment or None, "zones": list(state.zones) or None})


class SettingsRow:
    """Implements `ports.site.Settings`. Without a row, or with one that was altered, guards may nothing more."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, site_settings)

    def get(self, *, for_update: bool = False) -> SiteSettings:
        row = self._rows.one(id=1, for_update=for_update)
        if row is None:
            return SiteSettings()
        del row["id"]
        kept = DEFAULT_KEPT if row["backups_kept"] is None else row["backups_kept"]
        switches = {name: bool(row[name]) for name in SWITCHES}
        # A kind that only another version has is none of ours.
        hours = KeptHours({name: hours for name, hours in (row["kept_hours"] or {}).items() if name in PERIODS})
        return SiteSettings(**{**row, **switches, "backups_kept": kept, "kept_hours": hours})

    def put(self, settings: SiteSettings) -> None:
        # NULL for no: the seals of rows from before these columns stay valid.
        switches = {name: getattr(settings, name) or None for name in SWITCHES}
        self._rows.put({"id": 1, **vars(settings), **switches, "kept_hours": dict(settings.kept_hours) or None})


class InstallationRow:
    """Implements `ports.site.Installations`."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, installation)

    def get(self) -> Installation | None:
        row = self._rows.one(id=1)
        if row is None:
            return None
        del row["id"]
        return Installation(**row)

    def put(self, facts: Installation) -> None:
        self._rows.put({"id": 1, **vars(facts)})


class BackupRows:
    """Implements `ports.site.Backups`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, backup: Backup, keep: int) -> None:
        self._connection.execute(insert(backups).values(vars(backup)))
        newest = select(backups.c.id).order_by(backups.c.id.desc()).limit(keep)
        # However often it failed since: how old the newest good one is stays known.
        good = select(backups.c.id).where(backups.c.problem.is_(None)).order_by(backups.c.id.desc()).limit(1)
        self._connection.execute(delete(backups).where(backups.c.id.not_in(newest), backups.c.id.not_in(good)))

    def newest(self, limit: int) -> list[Backup]:
        query = select(backups).order_by(backups.c.id.desc()).limit(limit)
        return [Backup(**row._mapping) for row in self._connection.execute(query)]
