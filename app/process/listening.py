"""The address that is served: taken at the start, and kept over a restart, so that nobody is refused meanwhile.

A process that starts again hands its listening socket to itself. Whoever connects in between waits for the new one.
"""

import os
import socket
from dataclasses import dataclass

from app.settings import SettingsError

# Process, descriptor, time. No setting: nobody sets it, and the process check keeps it from whoever inherits it else.
HANDED = "_FACEGATE_LISTENER"


@dataclass(frozen=True)
class Listener:
    """away_since_s: since when nobody has accepted there, on `time.perf_counter`; None at a first start."""

    socket: socket.socket
    away_since_s: float | None = None

    def hand_on(self, away_since_s: float) -> None:
        """To be called at last before this process replaces itself."""
        self.socket.set_inheritable(True)
        os.environ[HANDED] = f"{os.getpid()} {self.socket.fileno()} {away_since_s!r}"


def bound(host: str, port: int) -> Listener:
    """The address is ours before a key is shown and a start announced; at a first start nobody can connect yet.

    Raises SettingsError where somebody else has it.
    """
    return _handed() or Listener(_new(host, port))


def _handed() -> Listener | None:
    """What this process handed to itself. Its words, and so its address, are the same as before."""
    process, number, away_since_s = (*os.environ.pop(HANDED, "").split(), "", "", "")[:3]
    if process != str(os.getpid()):
        return None
    listener = socket.socket(fileno=int(number))
    listener.set_inheritable(False)
    return Listener(listener, float(away_since_s))


def _new(host: str, port: int) -> socket.socket:
    # The protocol is named, or asyncio leaves TCP_NODELAY off: every answer but a connection's first ones would wait
    # 40 ms for the other side's acknowledgement, between its headers and its body.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        why = error.strerror or "no such address"
        raise SettingsError(
            f"{host} port {port} cannot be served at: {why}; choose another with --port or --host"
        ) from None
    return listener
