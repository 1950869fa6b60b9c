"""Whether events can be recorded now: tried with a committed write as large as an event, not asked of the disk."""

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

# An event with its picture. A smaller write may fit into room that is left for it and say nothing of an event.
BALLAST_BYTES = 16_384
FRESH_S = 1.0  # a result is as good as new for so long, unless a write fails meanwhile


class Counting(Store, Protocol):
    @property
    def failures(self) -> int:
        """Writes that the database refused, ever."""
        ...


class StorageWatch:
    """deadline: of the trial, as of a decision. trusted_time: the clock, or None where it is not to be trusted."""

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
        """Raises NotRecorded with its cause where no event could be recorded. Costs a write, at most one a second."""
        with self._lock:
            if monotonic() - self._looked_s > FRESH_S or self._store.failures != self._failures:
                found = self._try()
                if (found is None) is not (self._found is None) or self._failures < 0:
                    if found is not None:
                        logger.error("database_unwritable reason=%s", found)
                    elif self._found is not None:
                        logger.warning("database_writable_again")
                self._found = found
                # Through the database too, where it takes it; an alert that it does not take stands in memory.
                self._alerts.say(AlertKind.DATABASE_UNWRITABLE, None if found is None else str(found.cause or found))
                self._looked_s, self._failures = monotonic(), self._store.failures
            if self._found is not None:
                raise self._found.with_traceback(None)

    def _try(self) -> NotRecorded | None:
        try:
            with self._store.write(self._deadline) as tx:
                # Random: a file system or a database that packs what it stores must not make it small.
                tx.heartbeats.beat(self._trusted_time(), os.urandom(BALLAST_BYTES))
        except NotRecorded as error:
            return error
        except Refusal as error:
            return NotRecorded(error.detail)
        return None
