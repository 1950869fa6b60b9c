"""The alerts, for people: what is wrong now, what was wrong, and who looked at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.alerts.alert import TRANSIENT, Acknowledgement, Alert, AlertState
from app.core.errors import Conflict, NotFound, NotRecorded
from app.core.ports.store import Clock, Store, Transaction
from app.core.text import plain_text

MOST_COMMENT_CHARS = 200


@dataclass(frozen=True)
class NamedAlert:
    """An alert, with the names of its gate and camera; the id of a camera that was removed."""

    alert: Alert
    gate: str | None
    camera: str | None


@dataclass(frozen=True)
class AlertList:
    """own: alerts about the service itself that the database does not have."""

    store: Store
    clock: Clock
    own: Callable[[], Sequence[Alert]] = tuple

    def find(
        self,
        state: AlertState = AlertState.OPEN,
        since: datetime | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[NamedAlert]:
        """Lists alerts, newest first. before: the id that the page follows. Raises NotRecorded without the database."""
        own = [a for a in self.own() if since is None or a.at >= since]
        try:
            with self.store.read() as tx:
                return _named(tx, self._find(tx, own, state, since, before, limit))
        except NotRecorded:
            if state is not AlertState.OPEN or not own:
                raise
            # The database cannot be read, which is what these alerts are about.
            return [NamedAlert(alert, None, None) for alert in own]

    def acknowledge(self, alert_id: str, actor: str, comment: str) -> NamedAlert:
        """Records that somebody looked at an alert. That ends a transient one; all others last as long as their cause.

        Args:
            actor: the id of the key or user.
            comment: at most 200 characters of plain text; may be empty.

        Raises:
            BadInput: the comment is not plain text.
            NotFound: there is no such alert.
            Conflict: somebody acknowledged it before, or the database does not have it yet.
        """
        comment = comment.strip()
        if comment:
            plain_text("comment", comment, MOST_COMMENT_CHARS)
        if any(alert.id == alert_id for alert in self.own()):
            raise Conflict("alert_not_recorded", "The database has not taken this alert yet; mend what it is about.")
        with self.store.write() as tx:
            alert = tx.alerts.get(alert_id)
            if alert is None:
                raise NotFound("unknown_alert", "There is no alert with this id.")
            now = self.clock()
            if not tx.alerts.acknowledge(alert_id, Acknowledgement(now, actor, comment)):
                raise Conflict("already_in_that_state", "Somebody has acknowledged this alert already.")
            if alert.kind in TRANSIENT:
                tx.alerts.end(alert_id, now)
            changed = tx.alerts.get(alert_id)
            return _named(tx, [changed or alert])[0]

    @staticmethod
    def _find(
        tx: Transaction,
        own: Sequence[Alert],
        state: AlertState,
        since: datetime | None,
        before: str | None,
        limit: int,
    ) -> list[Alert]:
        if state is not AlertState.OPEN:
            return tx.alerts.find(since, before, limit, acknowledged=state is AlertState.ACKNOWLEDGED)
        uncleared = [a for a in (*own, *tx.alerts.open()) if since is None or a.at >= since]
        return [a for a in uncleared if before is None or a.id < before][:limit]


def _named(tx: Transaction, found: Sequence[Alert]) -> list[NamedAlert]:
    names = {gate.id: gate.name for gate in tx.gates.all()} | {c.id: c.name for c in tx.cameras.all()}
    return [
        NamedAlert(a, names.get(a.gate_id or "", a.gate_id), names.get(a.camera_id or "", a.camera_id)) for a in found
    ]
