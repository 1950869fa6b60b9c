"""A badge reader on a serial line, over OSDP. We are its panel: we ask it, and it says what was read and typed.

We use only the secure channel, never with the default key: on a bare line, whoever taps it learns every badge and PIN.
"""

import select
import threading
import time
from typing import Any

import osdp_sys
import serial
from osdp import CardFormat, Event, LibFlag, PDInfo

from app.adapters.gates.config import ReaderConfig
from app.adapters.gates.keypad import Keypad
from app.adapters.gates.osdp_line import QUIET, Line
from app.adapters.gates.window import Reporter
from app.core.credentials.badge import MOST_BITS, Badge
from app.core.gates.commands import GateResult, OpenCommand
from app.core.ports.gates import GateDriver

IDLE_S = 0.01  # libosdp must be called at least every 50 ms
REOPEN_S = 0.5
JOIN_S = 2.0
BITS = (CardFormat.Unspecified, CardFormat.Wiegand)
NO_LINE, NO_ANSWER = "the badge reader's line cannot be used", "the badge reader does not answer over a secure channel"


class BadgeReader:
    """Reports each badge and PIN until it is closed. gate: its name, for the thread."""

    def __init__(self, config: ReaderConfig, gate: str, reporter: Reporter) -> None:
        self._config, self._reporter = config, reporter
        self._keypad = Keypad()
        self._stopped = threading.Event()
        self.fault: str | None = NO_ANSWER
        self._thread = threading.Thread(target=self._keep_line, name=f"gate-{gate}-reader", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(JOIN_S)

    def _keep_line(self) -> None:
        while not self._stopped.is_set():
            try:
                with serial.Serial(self._config.device, self._config.baud, timeout=0, exclusive=True) as port:
                    self._talk(port)
            except (OSError, ValueError):
                # serial.SerialException is an OSError; its words hold the device's path.
                self.fault = NO_LINE
                self._stopped.wait(REOPEN_S)

    def _talk(self, port: serial.Serial) -> None:
        osdp_sys.set_loglevel(QUIET)
        line, config = Line(port), self._config
        info = PDInfo(config.address, line, scbk=bytes.fromhex(config.key), flags=[LibFlag.EnforceSecure])
        panel = osdp_sys.ControlPanel([info.get()])
        panel.set_event_callback(self._heard)
        while not self._stopped.is_set():
            panel.refresh()
            line.check()
            self.fault = None if panel.status() & 1 and panel.sc_status() & 1 else NO_ANSWER
            select.select([port.fileno()], [], [], IDLE_S)

    def _heard(self, _reader: int, event: dict[str, Any]) -> int:
        """Called by C code, so nothing may be raised."""
        if event.get("event") == Event.KeyPress:
            typed = self._keypad.press(bytes(event.get("data", b"")), time.monotonic())
            if typed is not None:
                self._reporter.pin(*typed)
            return 0
        if event.get("event") != Event.CardRead or event.get("format") not in BITS:
            return 0
        bits, data = event.get("length"), bytes(event.get("data", b""))
        if isinstance(bits, int) and 1 <= bits <= MOST_BITS and len(data) == (bits + 7) // 8:
            badge = Badge(bits, int.from_bytes(data, "big") >> -bits % 8)  # whatever the reader fills it up with
            self._reporter.badge({"bits": badge.bits, "hex": badge.hex})
        return 0


class WithReader:
    """ports.GateDriver: a gate's driver and the badge reader beside it."""

    def __init__(self, driver: GateDriver, reader: BadgeReader) -> None:
        self._driver, self._reader = driver, reader

    def open(self, command: OpenCommand) -> GateResult:
        return self._driver.open(command)

    def release(self, active: bool) -> GateResult:
        return self._driver.release(active)

    def healthy(self) -> str | None:
        return self._driver.healthy() or self._reader.fault

    def close(self, *, set_mode: bool = True) -> None:
        self._reader.close()
        self._driver.close(set_mode=set_mode)
