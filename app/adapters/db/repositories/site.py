"""The row of the site's mode: normal, lockdown or release."""

from sqlalchemy import Connection

from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import site
from app.core.site.mode import SiteMode, SiteState


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
