"""Runs the service until it is told to stop: readiness, the first key, checkpoints, an orderly end."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import uvicorn

from app.core.errors import FacegateError
from app.core.types import Role
from app.settings import Settings
from app.web.app import create_app
from app.wiring import System, open_system

logger = logging.getLogger(__name__)


def run(settings: Settings, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT; requests in work are answered first. announce: tells the operator."""
    # Ours alone: libraries talk of themselves, and a line a request would hold who was searched for.
    logging.getLogger("app").setLevel(settings.log_level.upper())
    system = open_system(settings)
    try:
        first_key(system, announce)
        announce(f"{len(system.gallery)} employees can be recognised; serving at http://{host}:{port}/")
        config = uvicorn.Config(
            create_app(system),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
        server = uvicorn.Server(config)
        with checkpointing(system), orderly_end(server):
            server.run()
    finally:
        system.close()


def first_key(system: System, announce: Callable[[str], None]) -> None:
    """Makes an admin key if there is none yet, and shows it this once."""
    if any(key.role is Role.ADMIN for key in system.keys.all()):
        return
    secret, _ = system.keys.create(Role.ADMIN, name="first start")
    announce(f"Admin key, shown this once: {secret}")


@contextmanager
def orderly_end(server: uvicorn.Server) -> Iterator[None]:
    """SIGTERM and SIGINT end the server and nothing else.

    Once stopped, uvicorn raises the signal again as it found it, which would end the process before the last
    checkpoints are written and the database is closed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def checkpointing(system: System) -> Iterator[None]:
    """Writes signed chain heads now and then, and once more at the end."""
    stop = Event()

    def write() -> None:
        try:
            system.checkpoints.write()
        except (FacegateError, OSError):
            logger.exception("checkpoints could not be written; the log still verifies without them")

    def loop() -> None:
        while not stop.wait(system.settings.checkpoint_every_s):
            write()

    thread = Thread(target=loop, name="checkpoints", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)
        write()
