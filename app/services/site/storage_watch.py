"""Watches whether events can be recorded, by committing a write as large as an event rather than asking the disk."""

import logging
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Protocol

from app.core.alerts.alert import AlertKind
from app.core.errors import NotRecorded, Refusal
from app.core.ports.store import Store
from app.services.site.own_alerts import OwnAlerts

logger = logging.getLogger(__name__)

# The size of an event with its picture. A smaller write might still fit where an event does not.
BALLAST_BYTES = 16_384
FRESH_S = 1.0  # how long a result is reused, unless a write fails meanwhile


class Counting(Store, Protocol):
    @property
    def failures(self) -> int:
        """How many writes the database has refused so far."""
        ...


class StorageWatch:
    """deadline: of the trial, as for a decision. trusted_time: the clock; gives None if it is in doubt."""

    def __init__(
        self,
        store: Counting,
        alerts: OwnAlerts,
        trusted_time: Callable[[], datetime | None],
        deadline: timedelta = timedelta(seconds=2),
    ) -> None:
        self._store, self._alerts, self._trusted_time, self._deadline = store, alerts, trusted_time, deadline
        self._lock = Lock()
        self._looked_s = float("-inf")
        self._failures = -1
        self._found: NotRecorded | None = None

    def try_it(self) -> None:
        """Raises NotRecorded with its cause if no event can be recorded. Costs at most one write a second."""
        with self._lock:
            if monotonic() - self._looked_s > FRESH_S or self._store.failures != self._failures:
                found = self._try()
                if (found is None) is not (self._found is None) or self._failures < 0:
                    if found is not None:
                        logger.error("database_unwritable reason=%s", found)
                    elif self._found is not None:
                        logger.warning("database_writable_again")
                self._found = found
                # In the database too, if it takes the alert; otherwise in memory alone.
                self._alerts.say(AlertKind.DATABASE_UNWRITABLE, None if found is None else str(found.cause or found))
                self._looked_s, self._failures = monotonic(), self._store.failures
            if self._found is not None:
                raise self._found.with_traceback(None)

    def _try(self) -> NotRecorded | None:
        try:
            with self._store.write(self._deadline) as tx:
                # Random, so that no file system or database compresses it.
                tx.heartbeats.beat(self._trusted_time(), os.urandom(BALLAST_BYTES))
        except NotRecorded as error:
            return error
        except Refusal as error:
            return NotRecorded(error.detail)
        return None
