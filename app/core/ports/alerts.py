"""The protocol for stored alerts."""

from datetime import datetime
from typing import Protocol

from app.core.alerts.alert import Acknowledgement, Alert, AlertKind


class Alerts(Protocol):
    """The stored alerts."""

    def raise_(self, alert: Alert) -> bool:
        """Stores the alert. Returns False, even in a race, if this kind, gate and camera has an uncleared alert."""
        ...

    def clear(self, kind: AlertKind, gate_id: str | None, camera_id: str | None, at: datetime) -> bool:
        """Clears the alert of exactly this kind, gate and camera. Returns whether there was one."""
        ...

    def end(self, alert_id: str, at: datetime) -> bool:
        """Clears this alert but no later one of its kind. Returns whether it was uncleared."""
        ...

    def acknowledge(self, alert_id: str, acknowledgement: Acknowledgement) -> bool:
        """Stores the acknowledgement. Returns False, even in a race, if the alert already has one."""
        ...

    def get(self, alert_id: str) -> Alert | None: ...

    def open(self) -> list[Alert]:
        """Returns the uncleared alerts, newest first by id."""
        ...

    def find(
        self,
        since: datetime | None = None,
        before: str | None = None,
        limit: int = 50,
        *,
        acknowledged: bool = False,
    ) -> list[Alert]:
        """Returns alerts, newest first by id.

        `since` is inclusive; `before` is the last id on the previous page. With `acknowledged`, only alerts that
        somebody acknowledged.
        """
        ...
