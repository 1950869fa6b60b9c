"""A gate behind an access control panel. We act as a reader on its OSDP line and present the employee's card.

The panel holds the lock and decides again. We use only the secure channel, never with the default key. A card
that the panel has not fetched in time is withdrawn, so a panel that comes back does not open for somebody who has left.

libosdp's own `PeripheralDevice` keeps every command of the panel in a list that nobody empties, which leaks memory with
each blink of an LED. So this uses the extension below it, `osdp_sys`.
"""

import select
import threading
from collections.abc import Callable
from typing import Any

import osdp_sys
import serial
from osdp import (
    Capability,
    CardFormat,
    Command,
    CompletionStatus,
    Event,
    LibFlag,
    PDCapabilities,
    PDInfo,
)

from app.adapters.gates.config import OsdpConfig
from app.adapters.gates.osdp_line import QUIET, Line
from app.adapters.gates.wiegand import NotThisFormat, encode
from app.adapters.gates.window import Reporter, Turns
from app.adapters.net.window import Window
from app.core.gates.commands import CommandOutcome, DoorState, GateReport, GateResult, OpenCommand
from app.core.ports.store import Clock

# libosdp must be called at least every 50 ms; received bytes wake us at once.
IDLE_S = 0.01
REOPEN_S = 0.5
JOIN_S = 2.0
CLOSED = GateResult(CommandOutcome.FAILED, "the driver is closed")
SWITCHED_ON = (2, 4, 5)  # control codes of an output: on, on after what runs now, on for a while
# The installation sets keys and line settings. If the panel changed them, we would be locked out at the next start.
REFUSED_COMMANDS = frozenset((Command.Keyset, Command.Comset))


class OsdpGate:
    """ports.GateDriver as an OSDP reader (peripheral device).

    A panel does not report its door, so on_state is called when the line is lost (FAULT), and for each passage if the
    panel switches an output of ours on when its turnstile's input sees one.
    """

    def __init__(self, config: OsdpConfig, *, on_state: Callable[[GateReport], None], clock: Clock) -> None:
        self._config = config
        self._turns = Turns(clock)
        self._reporter = Reporter(on_state)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._showing: _Showing | None = None
        self._fault: str | None = "not connected yet"
        self._thread = threading.Thread(target=self._keep_line, name=f"gate-{config.gate}-osdp", daemon=True)
        self._thread.start()

    def open(self, command: OpenCommand) -> GateResult:
        return self._turns.take(command, self._show)

    def release(self, active: bool) -> GateResult:
        """A reader cannot hold a panel's door open: always FAILED."""
        return GateResult(CommandOutcome.FAILED, "the panel holds this gate: the fire alarm must be wired to the panel")

    def healthy(self) -> str | None:
        return "the driver is closed" if self._stopped.is_set() else self._fault

    def close(self, *, set_mode: bool = True) -> None:
        """Leaves the line. The lock stays as the panel keeps it."""
        self._stopped.set()
        self._thread.join(JOIN_S)

    def _show(self, command: OpenCommand, window: Window) -> GateResult:
        if self._stopped.is_set():
            return CLOSED
        if command.card_number is None:
            return GateResult(CommandOutcome.FAILED, "this person has no card number to show to the panel")
        config = self._config
        try:
            length, data = encode(command.card_number, config.card_format, config.facility, config.raw_bits)
        except NotThisFormat as error:
            return GateResult(CommandOutcome.FAILED, str(error))
        showing = _Showing(length, data, Window(min(window.left_s(), config.max_age_s)))
        with self._lock:
            self._showing = showing
        showing.done.wait(showing.window.left_s())
        with self._lock:
            # From here on the thread must not present the card. It withdraws what libosdp still has.
            self._showing = None
            showing.withdrawn = not showing.done.is_set()
        if not showing.withdrawn:
            return GateResult(CommandOutcome.SENT, "shown to the panel")
        return (
            CLOSED
            if self._stopped.is_set()
            else GateResult(CommandOutcome.FAILED, self._fault or "the panel did not ask")
        )

    # The thread that owns the line and the library.

    def _keep_line(self) -> None:
        while not self._stopped.is_set():
            try:
                with serial.Serial(self._config.device, self._config.baud, timeout=0, exclusive=True) as port:
                    self._talk(port)
            except (OSError, ValueError):
                # serial.SerialException is an OSError; its words hold the device's path.
                self._fault = "the serial line cannot be used"
                self._reporter.state(DoorState.FAULT)
                self._stopped.wait(REOPEN_S)

    def _talk(self, port: serial.Serial) -> None:
        osdp_sys.set_loglevel(QUIET)
        line = Line(port)
        reader = osdp_sys.PeripheralDevice(_identity(self._config, line), capabilities=_capabilities(self._config))
        submitted: _Showing | None = None

        def completed(_event: dict[str, Any], status: int) -> None:
            if submitted is not None and status == CompletionStatus.Ok:
                with self._lock:
                    if not submitted.withdrawn:
                        submitted.done.set()

        reader.set_command_callback(self._commanded)
        reader.set_event_completion_callback(completed)
        while not self._stopped.is_set():
            if submitted is not None and (submitted.done.is_set() or submitted.window.over):
                if not submitted.done.is_set():
                    reader.flush_events()
                submitted = None
            reader.refresh()
            line.check()
            secure = bool(reader.is_online() and reader.is_sc_active())
            self._fault = None if secure else "the panel has no secure channel to us"
            with self._lock:
                waiting = self._showing
                if secure and submitted is None and waiting is not None and not waiting.window.over:
                    submitted, self._showing = waiting, None
                    reader.submit_event(waiting.event())
            select.select([port.fileno()], [], [], IDLE_S)
        reader.flush_events()

    def _commanded(self, command: dict[str, Any]) -> tuple[int, None]:
        kind, output = command["command"], self._config.passed_output
        if kind in REFUSED_COMMANDS:
            return -1, None
        switched_on = kind == Command.Output and command["control_code"] in SWITCHED_ON
        if switched_on and command["output_no"] == output:
            self._reporter.passed(1)
        return 0, None


class _Showing:
    """A card on its way to the panel."""

    def __init__(self, length: int, data: bytes, window: Window) -> None:
        self.window = window
        self.done = threading.Event()
        self.withdrawn = False
        self._length = length
        self._data = data

    def event(self) -> dict[str, object]:
        return {
            "event": Event.CardRead,
            "reader_no": 0,
            "direction": 0,
            "format": CardFormat.Wiegand,
            "length": self._length,
            "data": self._data,
        }


def _identity(config: OsdpConfig, line: Line) -> dict[str, Any]:
    info = PDInfo(config.address, line, scbk=bytes.fromhex(config.key), flags=[LibFlag.EnforceSecure])
    identity: dict[str, Any] = info.get()
    return identity


def _capabilities(config: OsdpConfig) -> Any:
    outputs = [] if config.passed_output is None else [(Capability.OutputControl, 1, config.passed_output + 1)]
    return PDCapabilities(
        [
            (Capability.CardDataFormat, 1, 1),
            (Capability.Readers, 1, 1),
            (Capability.CheckCharacter, 1, 1),
            (Capability.CommunicationSecurity, 1, 0),
            *outputs,
        ]
    ).get()
