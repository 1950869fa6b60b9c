"""Sees to it that the cameras of this process's gates are watched, and says loudly where one is not well.

Which gates those are, `services.duty` says: several processes share a site, and each camera has one of them. The
watchdog turns a camera's state into an alert, and takes it back when all is well.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.alerts.alert import OF_CAMERAS, TRANSIENT, TRANSIENT_LASTS, Alert, AlertKind
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


class Watched(Protocol):
    """What the watchdog asks of a mailbox."""

    def check(self) -> Health: ...
    @property
    def last_words(self) -> tuple[str, ...]: ...


class Hardware(Protocol):
    """The drivers of this process's gates. held: the ids of the gates that it has or still lets go of."""

    def refresh(self) -> None:
        """The gates of this process are others than before. Returns at once."""
        ...

    def held(self) -> Collection[str]: ...
    def close(self) -> None:
        """Lets go of all. Takes seconds where one does not answer; safe to call twice."""
        ...


@dataclass
class Post:
    """A camera that this process watches. told: the state that the database's alerts are of."""

    camera: Camera
    loop: CameraLoop
    mailbox: Watched
    health: Health | None = None
    told: CameraState | None = None


class Supervisor:
    """Starts and stops loops as the database says. post: builds loop and mailbox for a camera.

    hardware: let go of before its gates are another process's; None where this one drives nothing.
    """

    def __init__(
        self,
        duty: GateLeases,
        store: Store,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        post: Callable[[Camera], Post],
        hardware: Hardware | None = None,
    ) -> None:
        self._duty = duty
        self._hardware = hardware
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._post = post
        self._posts: dict[str, Post] = {}
        self._refused: dict[str, Camera] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stops all loops, lets go of the gates and gives them back, so that another process takes them at once.

        In this order: a driver's last word is its fail mode, which must not come after a successor's first.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._end(self.posts())
        if self._hardware is not None:
            self._let_go(self._hardware)
        try:
            self._duty.resign()
        except FacegateError:
            logger.warning('leases_not_given_up next="they end by themselves"')

    def _let_go(self, hardware: Hardware) -> None:
        def leave() -> None:
            self._duty.leave(hardware.held())

        self._done(leave)  # first, to learn which gates are another's by now
        closing = threading.Thread(target=hardware.close, name="gates-close", daemon=True)
        closing.start()
        closing.join(SYNC_S)
        while closing.is_alive():
            # It may take longer than a lease lasts.
            self._done(leave)
            closing.join(SYNC_S)

    def posts(self) -> list[Post]:
        """What this process watches now."""
        with self._lock:
            return list(self._posts.values())

    def post_of_gate(self, gate_id: str) -> Post | None:
        """The watched camera of a gate. Of several one that is well, then the first by name."""

        def rank(post: Post) -> tuple[bool, str]:
            return post.health is None or not post.health.well, post.camera.name

        return min((p for p in self.posts() if p.camera.gate_id == gate_id), key=rank, default=None)

    def sync(self) -> None:
        """Renews the duty, starts what is ours, stops what is not, restarts what has died."""
        before = self._duty.gates()
        gates = self._duty.renew(self._hardware.held() if self._hardware is not None else ())
        if self._hardware is not None and gates != before:
            self._hardware.refresh()
        with self._store.read() as tx:
            enabled = {camera.id: camera for camera in tx.cameras.all() if camera.enabled}
            orphans = [a for a in tx.alerts.open() if a.kind in KINDS and a.camera_id not in enabled]
            transient = [a for a in tx.alerts.open() if a.kind in TRANSIENT and self._clock() - a.at > TRANSIENT_LASTS]
        if over := orphans + transient:
            with self._store.write() as tx:
                for alert in over:
                    tx.alerts.end(alert.id, self._clock())  # this one, and not the next of its kind
        mine = {id_: camera for id_, camera in enabled.items() if camera.gate_id in gates}
        self._end([p for p in self.posts() if mine.get(p.camera.id) != p.camera or not p.loop.alive()])
        for camera_id, camera in mine.items():
            if camera_id not in self._posts and not self._stopping.is_set():
                self._begin(camera)

    def look(self) -> None:
        """The watchdog: an alert for every camera that is not well, and its end when it is."""
        news: list[tuple[Post, Health]] = []
        for post in self.posts():
            post.health = health = self._checked(post)
            if health.state is not post.told:
                news.append((post, health))
        for post, health in news:
            # Each alone: what the database refuses of one camera must not keep the others' alerts from it.
            if (health.well or health.state in OF_CAMERAS) and not self._told(post, health):
                continue
            # Only now: what could not be stored is news at the next look too.
            post.told = health.state

    def _checked(self, post: Post) -> Health:
        try:
            return post.mailbox.check()
        except Exception as error:
            # A camera whose state nobody knows is not well, and the others are still to be looked at.
            if post.health is None or post.health.state is not CameraState.DEAD:
                logger.exception("camera_check_failed camera=%s", post.camera.name)
            return Health(CameraState.DEAD, 0.0, f"its state cannot be checked: {type(error).__name__}")

    def _told(self, post: Post, health: Health) -> bool:
        try:
            with self._store.write() as tx:
                self._tell(tx, post, health)
        except NotRecorded:
            raise  # the database is gone for all
        except Exception:
            # This camera's fault alone: tried again at the next look.
            logger.exception("camera_alert_failed camera=%s", post.camera.name)
            return False
        return True

    def _tell(self, tx: Transaction, post: Post, health: Health) -> None:
        """One alert a camera: of what is wrong now. One that is being tried again keeps its last."""
        camera, kind, now = post.camera, OF_CAMERAS.get(health.state), self._clock()
        if kind is None and not health.well:
            return
        for alert in tx.alerts.open():
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
            words = "; ".join([health.words, *post.mailbox.last_words[-1:]]).strip("; ")
            tx.alerts.raise_(Alert(self._new_id(), now, kind, camera.gate_id, camera.id, words[:200]))

    def _run(self) -> None:
        due_s = 0.0
        while not self._stopping.is_set():
            if time.monotonic() >= due_s and self._done(self.sync):
                due_s = time.monotonic() + SYNC_S
            # Also where the other failed: how the cameras are does not hang on the database.
            self._done(self.look)
            self._stopping.wait(LOOK_S)

    def _done(self, work: Callable[[], None]) -> bool:
        """Whether it worked. The database may be gone for a while: cameras go on, and nothing opens unrecorded."""
        try:
            work()
        except NotRecorded as error:
            # One line for an outage, not one each half second.
            logger.log(logging.DEBUG if self._failing else logging.ERROR, 'database_gone for=cameras why="%s"', error)
            self._failing = True
            return False
        except Exception:
            # Whatever it is, the thread that renews the leases and raises the alerts must live on.
            logger.exception("camera_supervision_failed next=retry")
            return False
        if work == self.sync and self._failing:
            logger.warning("database_back for=cameras")
            self._failing = False
        return True

    def _begin(self, camera: Camera) -> None:
        """Starts a post. A camera that cannot be watched is said once and tried again; the others go on."""
        try:
            post = self._post(camera)
            post.loop.start()
        except Exception as error:
            # A damaged address, or anything else of one camera: the others are still to be watched.
            self._refuse(camera, error)
            return
        self._refused.pop(camera.id, None)
        with self._lock:
            self._posts[camera.id] = post
        logger.info("camera_watch_began camera=%s", camera.name)

    def _refuse(self, camera: Camera, error: Exception) -> None:
        if self._refused.get(camera.id) == camera:
            return
        # Of a foreign exception only the kind: its text may hold the address.
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
            # Tried again at the next look; the other cameras are still to be watched.
            logger.exception("camera_alert_failed camera=%s", camera.name)
            return
        self._refused[camera.id] = camera

    def _end(self, posts: Sequence[Post]) -> None:
        """All at once: each may take two seconds, and the leases of the others must be renewed meanwhile."""
        with self._lock:
            for post in posts:
                self._posts.pop(post.camera.id, None)
        threads = [threading.Thread(target=post.loop.stop, name=f"end-{post.camera.name}") for post in posts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for post in posts:
            logger.info("camera_watch_ended camera=%s", post.camera.name)
