"""Watches the cameras of this process's gates, and raises an alert if one has a fault.

Several processes share a site, and `services.site.gate_leases` decides which of them has which gate. The watchdog turns
a camera's state into an alert and clears it when all is well.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.alerts.alert import OF_CAMERAS, Alert, AlertKind
from app.core.cameras.camera import Camera
from app.core.cameras.health import CameraState, Health
from app.core.errors import FacegateError, NotRecorded
from app.core.ports.store import Store, Transaction
from app.services.site.gate_leases import GateLeases
from app.worker.camera_loop import CameraLoop

logger = logging.getLogger(__name__)

LOOK_S = 0.5
SYNC_S = 2.0

KINDS = frozenset(OF_CAMERAS.values())


class CheckedMailbox(Protocol):
    """What the watchdog needs of a mailbox."""

    def check(self) -> Health: ...
    @property
    def decoder_messages(self) -> tuple[str, ...]: ...


class Hardware(Protocol):
    """The drivers of this process's gates. held: the ids of the gates that it drives or is still releasing."""

    def refresh(self) -> None:
        """Called when this process's gates have changed. Returns at once."""
        ...

    def held(self) -> Collection[str]: ...
    def close(self) -> None:
        """Closes all drivers. Takes seconds if one does not answer. Safe to call twice."""
        ...


@dataclass
class WatchedCamera:
    """A camera that this process watches. alerted: the state that the alerts in the database describe."""

    camera: Camera
    loop: CameraLoop
    mailbox: CheckedMailbox
    health: Health | None = None
    alerted: CameraState | None = None


class Supervisor:
    """Starts and stops loops as the database says.

    Args:
        watch: Builds the loop and mailbox of a camera.
        hardware: Closed before another process gets its gates. None if this process drives nothing.
    """

    def __init__(
        self,
        gate_leases: GateLeases,
        store: Store,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        watch: Callable[[Camera], WatchedCamera],
        hardware: Hardware | None = None,
    ) -> None:
        self._gate_leases = gate_leases
        self._hardware = hardware
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._watch = watch
        self._watched: dict[str, WatchedCamera] = {}
        self._refused: dict[str, Camera] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stops all loops, closes the drivers, then gives up the leases, so another process takes over at once.

        The order matters: a driver's last command is its fail mode, which must not follow a successor's first command.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._end(self.watched())
        if self._hardware is not None:
            self._let_go(self._hardware)
        try:
            self._gate_leases.resign()
        except FacegateError:
            logger.warning('leases_not_given_up next="they end by themselves"')

    def _let_go(self, hardware: Hardware) -> None:
        def leave() -> None:
            self._gate_leases.leave(hardware.held())

        self._done(leave)  # first, to learn which gates another process has by now
        closing = threading.Thread(target=hardware.close, name="gates-close", daemon=True)
        closing.start()
        closing.join(SYNC_S)
        while closing.is_alive():
            # It may take longer than a lease lasts.
            self._done(leave)
            closing.join(SYNC_S)

    def watched(self) -> list[WatchedCamera]:
        """The cameras that this process watches now."""
        with self._lock:
            return list(self._watched.values())

    def camera_of_gate(self, gate_id: str) -> WatchedCamera | None:
        """The watched camera of a gate. Prefers one without a fault, then the first by name."""

        def rank(watched: WatchedCamera) -> tuple[bool, str]:
            return watched.health is None or not watched.health.well, watched.camera.name

        return min((p for p in self.watched() if p.camera.gate_id == gate_id), key=rank, default=None)

    def sync(self) -> None:
        """Renews the leases, starts our cameras, stops the others, restarts what has died."""
        before = self._gate_leases.gates()
        gates = self._gate_leases.renew(self._hardware.held() if self._hardware is not None else ())
        if self._hardware is not None and gates != before:
            self._hardware.refresh()
        with self._store.read() as tx:
            enabled = {camera.id: camera for camera in tx.cameras.all() if camera.enabled}
            orphans = [a for a in tx.alerts.uncleared() if a.kind in KINDS and a.camera_id not in enabled]
        if orphans:
            with self._store.write() as tx:
                for alert in orphans:
                    tx.alerts.end(alert.id, self._clock())  # exactly this one, not a later one of its kind
        mine = {id_: camera for id_, camera in enabled.items() if camera.gate_id in gates}
        self._end([p for p in self.watched() if mine.get(p.camera.id) != p.camera or not p.loop.alive()])
        for camera_id, camera in mine.items():
            if camera_id not in self._watched and not self._stopping.is_set():
                self._begin(camera)

    def look(self) -> None:
        """The watchdog: raises an alert for every camera with a fault, and clears it afterwards."""
        changed: list[tuple[WatchedCamera, Health]] = []
        for watched in self.watched():
            watched.health = health = self._checked(watched)
            if health.state is not watched.alerted:
                changed.append((watched, health))
        for watched, health in changed:
            # One by one: if the database refuses one camera's alert, the others must still be stored.
            if (health.well or health.state in OF_CAMERAS) and not self._store_alert(watched, health):
                continue
            # Only now: what could not be stored is tried again at the next look.
            watched.alerted = health.state

    def _checked(self, watched: WatchedCamera) -> Health:
        try:
            return watched.mailbox.check()
        except Exception as error:
            # A camera of unknown state has a fault, and the others must still be checked.
            if watched.health is None or watched.health.state is not CameraState.DEAD:
                logger.exception("camera_check_failed camera=%s", watched.camera.name)
            return Health(CameraState.DEAD, 0.0, f"its state cannot be checked: {type(error).__name__}")

    def _store_alert(self, watched: WatchedCamera, health: Health) -> bool:
        try:
            with self._store.write() as tx:
                self._write_alert(tx, watched, health)
        except NotRecorded:
            raise  # the database is gone for all
        except Exception:
            # Only this camera's fault: tried again at the next look.
            logger.exception("camera_alert_failed camera=%s", watched.camera.name)
            return False
        return True

    def _write_alert(self, tx: Transaction, watched: WatchedCamera, health: Health) -> None:
        """Keeps one alert for each camera, for its present fault. A camera that reconnects keeps its last alert."""
        camera, kind, now = watched.camera, OF_CAMERAS.get(health.state), self._clock()
        if kind is None and not health.well:
            return
        for alert in tx.alerts.uncleared():
            if (
                alert.camera_id == camera.id
                and alert.kind in KINDS
                and (alert.kind, alert.gate_id)
                != (
                    kind,
                    camera.gate_id,
                )
            ):
                tx.alerts.clear(alert.kind, alert.gate_id, camera.id, now)
        if kind is not None:
            words = "; ".join([health.words, *watched.mailbox.decoder_messages[-1:]]).strip("; ")
            tx.alerts.raise_(Alert(self._new_id(), now, kind, camera.gate_id, camera.id, words[:200]))

    def _run(self) -> None:
        due_s = 0.0
        while not self._stopping.is_set():
            if time.monotonic() >= due_s and self._done(self.sync):
                due_s = time.monotonic() + SYNC_S
            # Even if that failed: the cameras' state does not depend on the database.
            self._done(self.look)
            self._stopping.wait(LOOK_S)

    def _done(self, work: Callable[[], None]) -> bool:
        """Whether it worked. If the database is gone for a while, cameras go on and nothing opens unrecorded."""
        try:
            work()
        except NotRecorded as error:
            # One line per outage, not one every half second.
            logger.log(logging.DEBUG if self._failing else logging.ERROR, 'database_gone for=cameras why="%s"', error)
            self._failing = True
            return False
        except Exception:
            # The thread that renews the leases and raises the alerts must survive any fault.
            logger.exception("camera_supervision_failed next=retry")
            return False
        if work == self.sync and self._failing:
            logger.warning("database_back for=cameras")
            self._failing = False
        return True

    def _begin(self, camera: Camera) -> None:
        """Starts to watch a camera. A camera that cannot be watched is logged once and retried; the others go on."""
        try:
            watched = self._watch(camera)
            watched.loop.start()
        except Exception as error:
            # A damaged address or any other fault of one camera: the others must still be watched.
            self._refuse(camera, error)
            return
        self._refused.pop(camera.id, None)
        with self._lock:
            self._watched[camera.id] = watched
        logger.info("camera_watch_began camera=%s", camera.name)

    def _refuse(self, camera: Camera, error: Exception) -> None:
        if self._refused.get(camera.id) == camera:
            return
        # Only the type of a foreign exception: its text may hold the address.
        why = str(error) if isinstance(error, FacegateError) else type(error).__name__
        logger.error('camera_watch_refused camera=%s why="%s"', camera.name, why)
        words = f"it cannot be watched: {why}"[:200]
        alert = Alert(self._new_id(), self._clock(), AlertKind.CAMERA_DEAD, camera.gate_id, camera.id, words)
        try:
            with self._store.write() as tx:
                tx.alerts.raise_(alert)
        except NotRecorded:
            raise  # the database is gone for all
        except Exception:
            # Tried again at the next look. The other cameras must still be watched.
            logger.exception("camera_alert_failed camera=%s", camera.name)
            return
        self._refused[camera.id] = camera

    def _end(self, cameras: Sequence[WatchedCamera]) -> None:
        """Stops them all at once: each may take two seconds, and the other leases must be renewed meanwhile."""
        with self._lock:
            for watched in cameras:
                self._watched.pop(watched.camera.id, None)
        threads = [threading.Thread(target=watched.loop.stop, name=f"end-{watched.camera.name}") for watched in cameras]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for watched in cameras:
            logger.info("camera_watch_ended camera=%s", watched.camera.name)
