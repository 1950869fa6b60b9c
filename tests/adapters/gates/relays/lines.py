"""What stands at the other end of a serial line, as a pair of terminals: an access panel, a USB relay board."""

import os
import pty
import termios
import threading
import tty
from contextlib import suppress
from typing import Any

import osdp_sys
from osdp import Channel, LibFlag, PDInfo

from tests.waiting import eventually, pass_time


class PtyChannel(Channel):
    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.id = descriptor
        self._descriptor = descriptor

    def read(self, max_bytes: int) -> bytes:
        with suppress(OSError):
            return os.read(self._descriptor, max_bytes)
        return b""

    def write(self, buf: bytes) -> int:
        with suppress(OSError):
            return os.write(self._descriptor, buf)
        return 0

    def flush(self) -> None:
        pass


class Panel:
    kind = "osdp"
    mode = None

    def __init__(self, key: bytes = bytes(range(16, 32)), config_key: bytes | None = None) -> None:
        self._master, self._slave = terminal_pair()
        os.set_blocking(self._master, False)
        self._key = key
        self.secrets = ((config_key or key).hex(),)
        self.cards: list[tuple[int, bytes]] = []
        self.config: dict[str, Any] = {
            "gate": "lobby-1",
            "device": os.ttyname(self._slave),
            "key": self.secrets[0],
            "card_format": "wiegand26",
            "facility": 7,
        }
        self._running = threading.Event()
        self.start()

    @property
    def opened(self) -> list[str]:
        return [str(int.from_bytes(data, "big") >> (-length % 8) + 1 & 0xFFFF) for length, data in self.cards]

    def start(self) -> None:
        """A fresh panel, as after a power cut: it knows of no earlier session."""
        termios.tcflush(self._master, termios.TCIOFLUSH)
        osdp_sys.set_loglevel(0)
        info = PDInfo(0, PtyChannel(self._master), scbk=self._key, flags=[LibFlag.EnforceSecure])
        self._panel = osdp_sys.ControlPanel([info.get()])
        self._panel.set_event_callback(self._take)
        self.go_on()

    def switch(self, output: int, control_code: int) -> None:
        """Tells the reader to switch one of its outputs."""
        command = {"command": osdp_sys.CMD_OUTPUT, "output_no": output, "control_code": control_code, "timer_count": 1}
        eventually(lambda: self._panel.submit_command(0, command))

    def hang(self) -> None:
        self._running.clear()
        self._thread.join()

    def go_on(self) -> None:
        self._running.set()
        self._thread = threading.Thread(target=self._run, name="panel")
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self.hang()
        os.close(self._master)
        os.close(self._slave)

    def _run(self) -> None:
        while self._running.is_set():
            self._panel.refresh()
            pass_time(0.002)

    def _take(self, _reader: int, event: dict[str, Any]) -> int:
        if event["event"] == osdp_sys.EVENT_CARDREAD:
            self.cards.append((event["length"], bytes(event["data"])))
        return 0


def terminal_pair() -> tuple[int, int]:
    master, slave = pty.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    return master, slave


class RelayBoard:
    """Reads what a USB relay board would and switches; `opened` has an entry each time it is switched on."""

    kind = "serial"
    ON, OFF = bytes.fromhex("A00101A2"), bytes.fromhex("A00100A1")

    def __init__(self) -> None:
        self._master, self._slave = terminal_pair()
        os.set_blocking(self._master, False)
        self.secrets: tuple[str, ...] = ()
        self.config: dict[str, Any] = {"gate": "lobby-1", "device": os.ttyname(self._slave), "open_s": 0.15}
        self.told: list[str] = []
        self._bytes = b""
        self._reading = threading.Event()
        self.go_on()

    @property
    def opened(self) -> list[str]:
        return [word for word in self.told if word == "release"]

    @property
    def mode(self) -> str | None:
        return self.told[-1] if self.told else None

    def hang(self) -> None:
        """Stops reading and fills the line, so that nothing more goes in."""
        self._reading.clear()
        self._thread.join()
        filler = os.open(self.config["device"], os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        quiet = 0
        while quiet < 20:
            # The kernel moves what it has from one buffer to the next: full is what stays full.
            try:
                os.write(filler, b"\0" * 64)
                quiet = 0
            except BlockingIOError:
                quiet += 1
                pass_time(0.001)
        os.close(filler)

    def go_on(self) -> None:
        self._reading.set()
        self._thread = threading.Thread(target=self._run, name="relay board")
        self._thread.start()

    def close(self) -> None:
        self._reading.clear()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def _run(self) -> None:
        while self._reading.is_set():
            with suppress(BlockingIOError):
                self._bytes += os.read(self._master, 4096)
            self._bytes = self._bytes.lstrip(b"\0")
            while len(self._bytes) >= 4:
                word, self._bytes = self._bytes[:4], self._bytes[4:].lstrip(b"\0")
                self.told.append({self.ON: "release", self.OFF: "secure"}[word])
            pass_time(0.001)
