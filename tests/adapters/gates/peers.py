"""What the tests of every kind of gate share: commands, waiting, and what a peer is.

Peers are real (sockets, a broker in a process of its own, libosdp, a terminal pair) and check what they are sent.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Protocol

from app.core.gates.commands import OpenCommand

_ids = count(1001)


def unique() -> str:
    return str(next(_ids))


def now() -> datetime:
    return datetime.now(UTC)


def command(seconds: float = 2.0, event_id: str | None = None, age_s: float = 0.0) -> OpenCommand:
    """seconds: length of the window. age_s: how long ago it began. The event id is the card number as well."""
    name = event_id or unique()
    at = now() - timedelta(seconds=age_s)
    return OpenCommand(name, "lobby-1", at, at + timedelta(seconds=seconds), name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def drivers_threads() -> list[str]:
    """Names of the threads that drivers own; the peers' MQTT client has a name of its own."""
    return [t.name for t in threading.enumerate() if t.name.startswith(("gate-", "paho-mqtt-client-facegate"))]


def answered(told: list[str]) -> bool:
    """Whether each `secure` was followed by the release that stands."""
    return told[-1] == "release" and told.count("release") >= told.count("secure")


class Peer(Protocol):
    """opened: event ids it was told to open for. mode: 'secure' or 'release' as told last, or None."""

    kind: str
    config: dict[str, Any]
    secrets: tuple[str, ...]

    @property
    def opened(self) -> list[str]: ...
    @property
    def mode(self) -> str | None: ...
    def hang(self) -> None: ...
    def go_on(self) -> None: ...
    def close(self) -> None: ...


@contextmanager
def closing(peer: Any) -> Iterator[Any]:
    try:
        yield peer
    finally:
        peer.close()
