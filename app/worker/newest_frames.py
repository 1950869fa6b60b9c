"""The frames of a camera that this process watches, for somebody who looks on. They take none from the gate."""

import threading
import time
from datetime import datetime

from app.core.cameras.faults import SILENT_S, SourceFault
from app.core.errors import SourceFailed
from app.core.types import Pixels
from app.worker.supervisor import WatchedCamera

POLL_S = 0.05


class NewestFrames:
    """Implements `ports.cameras.Source`. Its frames are upright already."""

    def __init__(self, watched: WatchedCamera) -> None:
        self._watched = watched
        self._closed = threading.Event()
        self._last: datetime | None = None

    def read(self) -> tuple[Pixels, datetime]:
        deadline = time.monotonic() + SILENT_S
        while not self._closed.is_set():
            found = self._watched.loop.newest(after=self._last)
            if found is not None:
                self._last = found[1]
                return found
            if not self._watched.loop.alive():
                raise SourceFailed("the watch of this camera ended, or begins again")
            if time.monotonic() > deadline:
                health = self._watched.health
                raise SourceFailed(health.words if health is not None and health.words else SourceFault.SILENT)
            self._closed.wait(POLL_S)
        raise SourceFailed("closed")

    def close(self) -> None:
        self._closed.set()
