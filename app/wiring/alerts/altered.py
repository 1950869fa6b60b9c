"""What happens when a row is found that somebody wrote without the master key."""

from collections.abc import Callable
from datetime import datetime

from app.core.alerts.alert import Alert, AlertKind
from app.core.ports.store import Store


def report_altered(
    store: Store, clock: Callable[[], datetime], new_id: Callable[[], str], table: str, row: str
) -> None:
    """Raises the alert that names it."""
    with store.write() as tx:
        tx.alerts.raise_(Alert(new_id(), clock(), AlertKind.RECORD_ALTERED, detail=f"{table} {row}"[:200]))
