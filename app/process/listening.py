"""The served address: bound at the start and kept across a restart, so no client is refused meanwhile.

A process that restarts passes its listening socket to itself. Clients that connect in between wait for the new process.
"""

import os
import socket
from dataclasses import dataclass

from app.settings import SettingsError

# Process, descriptor, time. Not a setting: nobody sets it, and the process id keeps other heirs from using it.
HANDED = "_FACEGATE_LISTENER"


@dataclass(frozen=True)
class Listener:
    """away_since_s: since when nobody accepts connections, on `time.perf_counter`; None at a first start."""

    socket: socket.socket
    away_since_s: float | None = None

    def hand_on(self, away_since_s: float) -> None:
        """Call this last, before the process replaces itself."""
        self.socket.set_inheritable(True)
        os.environ[HANDED] = f"{os.getpid()} {self.socket.fileno()} {away_since_s!r}"


def bound(host: str, port: int) -> Listener:
    """Binds the address before a key is shown and the start is announced. At a first start nobody can connect yet.

    Raises SettingsError if another program has it.
    """
    return _handed() or Listener(_new(host, port))


def _handed() -> Listener | None:
    """The socket that this process passed to itself. Its arguments, and so its address, are unchanged."""
    process, number, away_since_s = (*os.environ.pop(HANDED, "").split(), "", "", "")[:3]
    if process != str(os.getpid()):
        return None
    listener = socket.socket(fileno=int(number))
    listener.set_inheritable(False)
    return Listener(listener, float(away_since_s))


def _new(host: str, port: int) -> socket.socket:
    # Without the protocol asyncio leaves TCP_NODELAY off. Most answers would then wait 40 ms between headers and body,
    # for the peer's acknowledgement.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        why = error.strerror or "no such address"
        raise SettingsError(
            f"{host} port {port} cannot be listened on: {why}; choose another with --port or --host"
        ) from None
    return listener
