"""A serial line in the form that libosdp expects."""

import os
import termios

import serial
from osdp import Channel

QUIET = 0  # the library's log level


class Line(Channel):  # type: ignore[misc]  # libosdp ships neither annotations nor stubs
    """The serial line in the form libosdp expects. C code calls it, so nothing may be raised."""

    def __init__(self, port: serial.Serial) -> None:
        super().__init__()
        self.id = port.fileno()
        self._port = port
        self._failure: OSError | None = None

    def read(self, max_bytes: int) -> bytes:
        try:
            return os.read(self._port.fileno(), max_bytes)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._failure = error
            return b""

    def write(self, buf: bytes) -> int:
        try:
            return os.write(self._port.fileno(), buf)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._failure = error
            return 0

    def flush(self) -> None:
        try:
            self._port.reset_input_buffer()
        except (OSError, termios.error) as error:  # the second of a line that was pulled out
            self._failure = error if isinstance(error, OSError) else OSError(*error.args)

    def check(self) -> None:
        """Raises the OSError that occurred since the last call."""
        if self._failure is not None:
            raise self._failure
        _ = self._port.in_waiting
