"""What alerts need from the database, as protocols."""

from datetime import datetime
from typing import Protocol

from app.core.alerts.alert import Acknowledgement, Alert, AlertKind


class Alerts(Protocol):
    def raise_(self, alert: Alert) -> bool:
        """False, and nothing stored, if an uncleared alert of this kind, gate and camera is there, also in a race."""
        ...

    def clear(self, kind: AlertKind, gate_id: str | None, camera_id: str | None, at: datetime) -> bool:
        """Whether there was an uncleared one of exactly this kind, gate and camera."""
        ...

    def end(self, alert_id: str, at: datetime) -> bool:
        """Clears this one and none that came after it; whether it was uncleared."""
        ...

    def acknowledge(self, alert_id: str, acknowledgement: Acknowledgement) -> bool:
        """Return False, and change nothing, if it was acknowledged already, also in a race."""
        ...

    def get(self, alert_id: str) -> Alert | None: ...

    def open(self) -> list[Alert]:
        """The uncleared, newest first by id."""
        ...

    def find(
        self,
        since: datetime | None = None,
        before: str | None = None,
        limit: int = 50,
        *,
        acknowledged: bool = False,
    ) -> list[Alert]:
        """Newest first by id. since is inclusive; `before` is the id the page starts below.

        acknowledged: only those that somebody acknowledged.
        """
        ...
