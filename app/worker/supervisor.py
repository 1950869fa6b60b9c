"""Sees to it that every enabled camera is watched by one process, and says loudly where one is not well.

Several processes share the cameras through leases in the database: whoever holds a camera's lease watches it, and who
dies loses it within seconds. The watchdog turns a camera's state into an alert, and takes it back when all is well.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from app.core.camera_health import CameraState, Health
from app.core.errors import FacegateError
from app.core.ports import Store
from app.core.site import Alert, AlertKind, Camera
from app.worker.camera_loop import CameraLoop

logger = logging.getLogger(__name__)

LOOK_S = 0.5
SYNC_S = 2.0
LEASE = timedelta(seconds=8)

ALERTS = {
    CameraState.DEAD: AlertKind.CAMERA_DEAD,
    CameraState.FROZEN: AlertKind.CAMERA_FROZEN,
    CameraState.BLACK: AlertKind.CAMERA_BLACK,
    CameraState.SLOW: AlertKind.CAMERA_SLOW,
    CameraState.WRONG_SIZE: AlertKind.CAMERA_WRONG_SIZE,
}


class Watched(Protocol):
    """What the watchdog asks of a mailbox."""

    def check(self) -> Health: ...
    @property
    def last_words(self) -> tuple[str, ...]: ...


@dataclass
class Post:
    """A camera that this process watches."""

    camera: Camera
    loop: CameraLoop
    mailbox: Watched
    health: Health | None = None
    alerted: set[AlertKind] = field(default_factory=set)


class Supervisor:
    """Starts and stops loops as the database says. post: builds loop and mailbox for a camera."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        post: Callable[[Camera], Post],
    ) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._post = post
        self._posts: dict[str, Post] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stops all loops and gives the cameras back, so that another process takes them at once."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        for post in self.posts():
            post.loop.stop()
        self._posts.clear()
        try:
            with self._store.write() as tx:
                tx.leases.give_up(self.holder)
        except FacegateError:
            logger.warning("the cameras could not be given back; their leases end by themselves")

    def posts(self) -> list[Post]:
        """What this process watches now."""
        with self._lock:
            return list(self._posts.values())

    def post_of_gate(self, gate_id: str) -> Post | None:
        """The watched camera of a gate: the first by name where there are several."""
        return next((p for p in sorted(self.posts(), key=lambda p: p.camera.name) if p.camera.gate_id == gate_id), None)

    def sync(self) -> None:
        """Takes or renews leases, starts what is ours, stops what is not, restarts what has died."""
        now = self._clock()
        with self._store.write() as tx:
            mine = {
                camera.id: camera
                for camera in tx.cameras.all()
                if camera.enabled and tx.leases.take(camera.id, self.holder, now, now + LEASE)
            }
        for camera_id, post in [(p.camera.id, p) for p in self.posts()]:
            if mine.get(camera_id) != post.camera or not post.loop.alive():
                self._end(post)
        for camera_id, camera in mine.items():
            if camera_id not in self._posts:
                self._begin(camera)

    def look(self) -> None:
        """The watchdog: an alert for every camera that is not well, and its end when it is."""
        for post in self.posts():
            health = post.mailbox.check()
            changed = post.health is None or post.health.state is not health.state
            post.health = health
            if not changed:
                continue
            kind = ALERTS.get(health.state)
            words = "; ".join([health.words, *post.mailbox.last_words[-1:]]).strip("; ")
            with self._store.write() as tx:
                now = self._clock()
                for old in list(ALERTS.values()) if health.well else []:
                    tx.alerts.clear(old, post.camera.gate_id, post.camera.id, now)
                if kind is not None:
                    tx.alerts.raise_(Alert(self._new_id(), now, kind, post.camera.gate_id, post.camera.id, words[:200]))

    def _run(self) -> None:
        due = 0.0
        while not self._stopping.is_set():
            try:
                if due <= 0:
                    self.sync()
                    due = SYNC_S
                self.look()
            except Exception:
                # The database may be gone for a while: cameras go on, and nothing opens without a record anyway.
                logger.exception("the cameras could not be looked after; trying again")
            due -= LOOK_S
            self._stopping.wait(LOOK_S)

    def _begin(self, camera: Camera) -> None:
        try:
            post = self._post(camera)
        except FacegateError as error:
            logger.error("camera %s cannot be watched: %s", camera.name, error)
            return
        post.loop.start()
        with self._lock:
            self._posts[camera.id] = post
        logger.info("watching camera %s", camera.name)

    def _end(self, post: Post) -> None:
        with self._lock:
            self._posts.pop(post.camera.id, None)
        post.loop.stop()
        logger.info("no longer watching camera %s", post.camera.name)
