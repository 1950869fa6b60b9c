"""Runs the service until it is stopped: readiness, the first key, checkpoints, a clean shutdown."""

import logging
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import uvicorn

from app.core.errors import FacegateError
from app.core.types import Role
from app.process import log_lines, memory
from app.process.every import every, guarded
from app.process.following import following, start_again
from app.process.listening import Listener, bound
from app.process.minding import minding
from app.process.self_checking import self_checking
from app.process.standing_by import standing_by
from app.services.site.first_hour import FIRST_KEY
from app.settings import Settings
from app.web.app import create_app
from app.web.edge.patience import IDLE_S, Backlog, ImpatientProtocol, Places
from app.wiring import System, open_system
from app.wiring.watching import supervisor
from app.worker.poll_answerer import PollAnswerer
from app.worker.supervisor import Supervisor

FIRST_CHECKPOINT_S = 10  # how soon a gate's first event is covered by a checkpoint

logger = logging.getLogger(__name__)


def run(settings: Settings, host: str, port: int, announce: Callable[[str], None], *, cameras: bool = True) -> None:
    """Serves until SIGTERM or SIGINT, and answers running requests first.

    Args:
        announce: Shows a message to the operator.
        cameras: Watch the cameras in this process. Otherwise `worker` processes do.
    """
    # Our own log only: libraries log about themselves, and a line per request would hold the names searched for.
    logging.getLogger("app").setLevel(settings.log_level.upper())
    log_lines.write_as(settings.log_format)
    allow_connections()
    memory.bound()
    listener = bound(host, port)
    with listener.socket:
        away_since_s = _serve(settings, listener, f"http://{host}:{port}", announce, cameras=cameras)
        if away_since_s is not None:
            listener.hand_on(away_since_s)
            start_again()


def _serve(
    settings: Settings, listener: Listener, address: str, announce: Callable[[str], None], *, cameras: bool
) -> float | None:
    """Serves until stopped. Returns since when nobody accepts connections if it is to restart for another pack."""
    system, moved = open_system(settings), Event()
    backlog, ended = Backlog(listener.away_since_s), False
    away_since_s: float | None = None

    class Protocol(ImpatientProtocol):
        waiting = backlog
        places = Places()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            backlog.begun()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            end()  # before it waits for running requests: streams never end by themselves
            await super().shutdown(sockets)

    def end() -> None:
        nonlocal ended, away_since_s
        if ended:  # the first cause counts: a stop stays a stop, even if a change of pack is noticed meanwhile
            return
        ended = True
        if moved.is_set():
            away_since_s = time.perf_counter()
        else:
            listener.socket.close()  # or clients that connect now would wait in vain
        app.state.streams.close()

    try:
        first_key(system, announce)
        first_user(system, announce, address)
        announce(f"{len(system.gallery)} employees can be recognised; serving at {address}/")
        watching = supervisor(system)
        app = create_app(system, watching if cameras else None)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            proxy_headers=False,  # `web.proxies` reads them
            server_header=False,
            timeout_graceful_shutdown=10,
            http=Protocol,
            ws="none",  # a connection that changes its protocol would lose its time limits and its place
            timeout_keep_alive=IDLE_S,
        )
        server = Server(config)
        memory.settled()
        system.imports.start()
        with (
            checkpointing(system),
            self_checking(system),
            minding(system),
            orderly_end(server),
            watched(system, watching if cameras else None),
            following(system, moved),
            standing_by(system),
        ):
            # A copy: uvicorn closes the socket once it accepts no more.
            server.run(sockets=[listener.socket.dup()])
            end()  # also if it was stopped before it began to serve
    finally:
        system.imports.close()
        system.close()
    return away_since_s


def watch(settings: Settings, announce: Callable[[str], None]) -> None:
    """Watches cameras until SIGTERM or SIGINT and serves nothing, for a second machine on the same database."""
    logging.getLogger("app").setLevel(settings.log_level.upper())
    log_lines.write_as(settings.log_format)
    memory.bound()
    system, moved = open_system(settings, begin=False), Event()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    memory.settled()
    try:
        with (
            checkpointing(system),
            self_checking(system),
            watched(system, supervisor(system)),
            following(system, moved),
        ):
            announce(f"{len(system.gallery)} employees can be recognised; watching cameras")
            stop.wait()
    finally:
        system.close()
    if moved.is_set():
        start_again()


@contextmanager
def watched(system: System, watching: Supervisor | None) -> Iterator[None]:
    """Watches cameras and drives gates inside the block."""
    if watching is None:
        yield
        return
    # Only a process that watches cameras decides for gates by itself, and so drives them.
    system.gate_control.start()
    watching.start()
    poll_answerer = PollAnswerer(watching, system.store, system.clock)
    poll_answerer.start()
    try:
        yield
    finally:
        poll_answerer.stop()
        watching.stop()


def allow_connections() -> None:
    """Raises the soft limit of open files to the hard one: with many clients, too low a limit stops everything."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def first_key(system: System, announce: Callable[[str], None]) -> None:
    """Makes an admin key if there is none yet, and shows it once."""
    if any(key.role is Role.ADMIN for key in system.keys.all()):
        return
    secret, _ = system.keys.create(Role.ADMIN, name=FIRST_KEY)
    announce(f"Admin key, shown this once: {secret}")


def first_user(system: System, announce: Callable[[str], None], address: str) -> None:
    """Shows a link that creates the first admin, as long as there is no user. Each start makes a new link."""
    token = system.accounts.users.setup()
    if token is not None:
        announce(f"Set up the console (once, within a day): {address}/setup?token={token}")


@contextmanager
def orderly_end(server: uvicorn.Server) -> Iterator[None]:
    """SIGTERM and SIGINT end only the server.

    Once stopped, uvicorn raises the signal again, which would end the process before the last checkpoints are written
    and the database is closed.
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
    """Writes signed chain heads at the start, at intervals, at the end, and soon after a new gate's first event.

    Rows that act are examined at the same intervals, but not before the gates can open: 10,000 people's take 0.4 s.
    """
    interval_s = system.settings.checkpoint_every_s
    due = 0.0

    def write(*, first: bool = False) -> None:
        try:
            system.checkpoints.write(first=first)
        except (FacegateError, OSError) as error:
            # A database or disk that is gone is not a bug, so a traceback would not help.
            logger.error('checkpoint_failed why="%s" log=still_verifies', error)

    def write_what_is_due() -> None:
        nonlocal due
        now = time.monotonic()
        write(first=now < due)
        if now >= due:
            due = now + interval_s
            guarded("rows-examined", system.checkpoints.audit.look_at_rows)

    write()
    try:
        with every(min(interval_s, FIRST_CHECKPOINT_S), "checkpoints", write_what_is_due):
            yield
    finally:
        write()
