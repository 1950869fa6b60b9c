"""A socket for `http.client` on which one whole answer has a deadline.

A socket's own time limit starts anew with every byte, so a peer that sends one byte a second holds a reader for hours.
"""

import io
import socket
import time
from typing import Any


class TimedSocket:
    """`deadline`: monotonic seconds; it may be moved between two reads. The socket itself is closed by its owner."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self.deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """What `http.client` reads an answer from. Its reads raise TimeoutError once the deadline is over."""
        return io.BufferedReader(_Reads(self))

    def sendall(self, data: Any) -> None:
        """Raises TimeoutError once the deadline is over, and OSError."""
        self._socket.settimeout(self._left_s())
        self._socket.sendall(data)

    def receive_into(self, buffer: Any) -> int:
        """Waits for at least one byte. Raises TimeoutError once the deadline is over, and OSError."""
        self._socket.settimeout(self._left_s())
        return self._socket.recv_into(buffer)

    def close(self) -> None:
        """`http.client` calls this while the answer is still being read, so it must not end the connection."""

    def _left_s(self) -> float:
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


class _Reads(io.RawIOBase):
    def __init__(self, timed: TimedSocket) -> None:
        self._timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._timed.receive_into(buffer)
