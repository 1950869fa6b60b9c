"""The alerts, for people: what is wrong now, what was wrong, and who looked at it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from app.core.alerts.alert import OPEN_ALERTS, TRANSIENT, Acknowledgement, Alert, AlertFilter, AlertState
from app.core.errors import Conflict, NotFound, NotRecorded
from app.core.ports.store import Clock, Store, Transaction
from app.core.text import plain_comment


@dataclass(frozen=True)
class NamedAlert:
    """An alert, with the names of its gate, its camera and people; the id of what was removed.

    actor: who acknowledged it. reporter: who reported it, for a report of a mistake.
    """

    alert: Alert
    gate: str | None
    camera: str | None
    actor: str | None = None
    reporter: str | None = None


@dataclass(frozen=True)
class AlertList:
    """own: alerts about the service itself that the database does not have."""

    store: Store
    clock: Clock
    own: Callable[[], Sequence[Alert]] = tuple

    def find(self, wanted: AlertFilter = OPEN_ALERTS) -> list[NamedAlert]:
        """Lists alerts, newest first. Raises NotRecorded without the database."""
        own = [] if wanted.state is AlertState.ACKNOWLEDGED else [a for a in self.own() if wanted.holds(a)]
        try:
            with self.store.read() as tx:
                found = sorted([*own, *tx.alerts.find(wanted)], key=lambda alert: alert.id, reverse=True)
                return _named(tx, found[: wanted.limit])
        except NotRecorded:
            if not own:
                raise
            # The database cannot be read, which is what these alerts are about.
            return [NamedAlert(alert, None, None) for alert in own]

    def gate_id(self, gate: str) -> str:
        """Returns the id to filter by. An unknown name may be the id of a gate that was removed."""
        with self.store.read() as tx:
            found = tx.gates.by_name_or_id(gate)
        return gate if found is None else found.id

    def named(self, alert: Alert) -> NamedAlert:
        with self.store.read() as tx:
            return _named(tx, [alert])[0]

    def acknowledge(self, alert_id: str, actor: str, comment: str) -> NamedAlert:
        """Records that somebody looked at an alert. It ends a transient one; all others last as long as their cause.

        Args:
            actor: the id of the key or user.
            comment: at most 200 characters of plain text; may be empty.

        Raises:
            BadInput: the comment is not plain text.
            NotFound: there is no such alert.
            Conflict: somebody acknowledged it before, or the database does not have it yet.
        """
        comment = plain_comment(comment)
        self._check_stored([alert_id])
        with self.store.write() as tx:
            alert = tx.alerts.get(alert_id)
            if alert is None:
                raise NotFound("unknown_alert", "There is no alert with this id.")
            if not self._acknowledge(tx, alert, actor, comment):
                raise Conflict("already_in_that_state", "Somebody has already acknowledged this alert.")
            return _named(tx, [tx.alerts.get(alert_id) or alert])[0]

    def acknowledge_all(self, alert_ids: Collection[str], actor: str, comment: str) -> list[NamedAlert]:
        """As `acknowledge`, for several alerts at once. Returns those that nobody acknowledged before.

        Raises:
            BadInput, NotFound: as above, and nothing is acknowledged.
            Conflict: the database does not have one of them yet.
        """
        comment = plain_comment(comment)
        self._check_stored(alert_ids)
        with self.store.write() as tx:
            done = []
            for alert_id in sorted(set(alert_ids), reverse=True):  # as every writer locks them
                alert = tx.alerts.get(alert_id)
                if alert is None:
                    raise NotFound("unknown_alert", "There is no alert with one of these ids.")
                if self._acknowledge(tx, alert, actor, comment):
                    done.append(tx.alerts.get(alert_id) or alert)
            return _named(tx, done)

    def _check_stored(self, alert_ids: Collection[str]) -> None:
        if any(alert.id in alert_ids for alert in self.own()):
            raise Conflict("alert_not_recorded", "The database has not taken this alert yet; mend what it is about.")

    def _acknowledge(self, tx: Transaction, alert: Alert, actor: str, comment: str) -> bool:
        now = self.clock()
        if not tx.alerts.acknowledge(alert.id, Acknowledgement(now, actor, comment)):
            return False
        if alert.kind in TRANSIENT:
            tx.alerts.end(alert.id, now)
        return True


def _named(tx: Transaction, found: Sequence[Alert]) -> list[NamedAlert]:
    places: Mapping[str, str] = {gate.id: gate.name for gate in tx.gates.all()} | {
        camera.id: camera.name for camera in tx.cameras.all()
    }
    names = actors(tx) if any(alert.acknowledged or alert.actor for alert in found) else {}

    def named(alert: Alert) -> NamedAlert:
        by = alert.acknowledged.actor if alert.acknowledged else None
        return NamedAlert(
            alert,
            places.get(alert.gate_id or "", alert.gate_id),
            places.get(alert.camera_id or "", alert.camera_id),
            names.get(by, by) if by else None,
            names.get(alert.actor, alert.actor) if alert.actor else None,
        )

    return [named(alert) for alert in found]


def actors(tx: Transaction) -> dict[str, str]:
    """Returns the name of each key and user, by id."""
    return {key.id: key.name for key in tx.api_keys.all()} | {user.id: user.name for user in tx.users.all()}
