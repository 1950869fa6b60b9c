"""The rows of the site's mode (normal, lockdown or release) and of its settings."""

from sqlalchemy import Connection

from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import site, site_settings
from app.core.site.mode import SiteMode, SiteState
from app.core.site.settings import SiteSettings


class SiteRow:
    """Implements `ports.site.Site`.

    A row that is missing, or that this installation did not write, lets nobody in: it reads as a lockdown of unknown
    date. A release of every gate overrides it, and anybody who may end a lockdown can end it.
    """

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, site)

    def get(self) -> SiteState:
        row = self._rows.one(site.c.id == 1)
        if row is None:
            return SiteState(SiteMode.LOCKDOWN)
        mode, gates = SiteMode(row["mode"]), tuple(row["gates"])
        return SiteState(mode, row["since"], row["actor"], gates, row["comment"] or "")

    def put(self, state: SiteState) -> None:
        columns = {"mode": state.mode.value, "since": state.since, "actor": state.actor, "gates": list(state.gates)}
        self._rows.put({"id": 1, **columns, "comment": state.comment or None})


class SettingsRow:
    """Implements `ports.site.Settings`. Without a row, or with one that was altered, guards may nothing more."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, site_settings)

    def get(self, *, for_update: bool = False) -> SiteSettings:
        row = self._rows.one(site_settings.c.id == 1, for_update=for_update)
        if row is None:
            return SiteSettings()
        return SiteSettings(row["guard_grant_max_hours"], bool(row["guards_may_lock_down"]))

    def put(self, settings: SiteSettings) -> None:
        # NULL for no: the seals of rows from before this column stay valid.
        self._rows.put({"id": 1, **vars(settings), "guards_may_lock_down": settings.guards_may_lock_down or None})
