"""A relay on a serial line (USB relay boards, or a bare RTS or DTR): on for a command, off again after `open_s`.

One thread owns the line and knows whether the relay should be on now. After any loss (a cable, a board that restarts,
a failed write) it writes that state again, so an opened gate closes.
"""

import contextlib
import os
import select
import termios
import threading
import time
from collections.abc import Callable

import serial

from app.adapters.gates.config import SerialConfig
from app.adapters.gates.window import Reporter, Turns
from app.adapters.net.window import Window
from app.core.gates.commands import CommandOutcome, DoorState, FailMode, GateReport, GateResult, OpenCommand
from app.core.ports.store import Clock

REOPEN_S = 0.2
CHECK_S = 1.0
WRITE_S = 1.0
MODE_WAIT_S = 2.0
RELEASE_AGAIN_S = 10.0  # for a board that loses power in a fire while its line stays up
SETTLE_S = 0.1  # for a write in progress at the window's end to succeed or be given up
CLOSED = GateResult(CommandOutcome.FAILED, "the driver is closed")
RELEASED = GateResult(CommandOutcome.SENT, "released already: nothing to open")
GONE = "the serial line cannot be used"


def connect(config: SerialConfig, asserted: bool) -> serial.Serial:
    """Opens the line with RTS or DTR already in the wanted state, so that connecting does not open the gate.

    Linux raises both for a moment anyway: a relay on them needs a slow coil or a capacitor. Raises OSError.
    """
    port = serial.Serial(timeout=0, exclusive=True)
    port.port, port.baudrate = config.device, config.baud
    if config.drive != "bytes":
        setattr(port, config.drive, asserted)
    port.open()
    return port


class SerialGate:
    """ports.GateDriver over a relay that does not answer: a command is SENT once the line has transmitted it."""

    def __init__(
        self,
        config: SerialConfig,
        *,
        on_state: Callable[[GateReport], None],
        clock: Clock,
        released: bool = False,
        connect: Callable[[SerialConfig, bool], serial.Serial] = connect,
    ) -> None:
        self._config = config
        self._connect = connect
        self._turns = Turns(clock)
        self._reporter = Reporter(on_state)
        self._changed = threading.Condition()
        self._stopped = False
        self._released = released
        self._is_on: bool | None = None
        self._written_s = 0.0
        self._open_until = 0.0
        self._pulse: _Pulse | None = None
        self._fault: str | None = "not connected yet"
        self._thread = threading.Thread(target=self._keep_relay, name=f"gate-{config.gate}-relay", daemon=True)
        self._thread.start()

    def open(self, command: OpenCommand) -> GateResult:
        return self._turns.take(command, self._hand_over)

    def release(self, active: bool) -> GateResult:
        """Waits 2 s at most. If the line comes back later, the relay is then written to its wanted state."""
        if self._stopped:
            return CLOSED
        with self._changed:
            self._released = active
            self._open_until = 0.0
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: self._is_on is active, MODE_WAIT_S)
        if done:
            return GateResult(CommandOutcome.SENT, "release" if active else "secure")
        return GateResult(CommandOutcome.FAILED, f"not done yet, still trying: {self._fault}")

    def healthy(self) -> str | None:
        return "the driver is closed" if self._stopped else self._fault

    def close(self, *, set_mode: bool = True) -> None:
        """Tries for 2 s. A release in force stays in force, whatever the fail mode: there may be a fire.

        set_mode: makes no difference. Only this process has the line, so nobody else can have set it meanwhile.
        """
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(MODE_WAIT_S)

    def _hand_over(self, command: OpenCommand, window: Window) -> GateResult:
        with self._changed:
            if self._stopped:
                return CLOSED
            if self._released and self._is_on:
                return RELEASED
            pulse = self._pulse = _Pulse(window)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._stopped or pulse.written, window.left_s())
            self._changed.wait_for(lambda: not pulse.writing, SETTLE_S)
            self._pulse = None
            if pulse.written:
                return GateResult(CommandOutcome.SENT)
        if self._stopped:
            return CLOSED
        return GateResult(CommandOutcome.FAILED, self._fault or "the relay did not take it within the window")

    # The thread that owns the line.

    def _keep_relay(self) -> None:
        while not self._stopped:
            try:
                port = self._connect(self._config, self._asserted(self._should_be_on()))
            except (OSError, ValueError):
                # serial.SerialException is an OSError; its words hold the device's path.
                self._lose()
                with self._changed:
                    self._changed.wait_for(lambda: self._stopped, REOPEN_S)
                continue
            try:
                self._drive(port)
            except OSError:
                self._lose()
            finally:
                _close(port)
            with self._changed:
                self._changed.wait_for(lambda: self._stopped, REOPEN_S)

    def _lose(self) -> None:
        with self._changed:
            self._is_on = None
            self._fault = GONE
            if self._pulse is not None:
                self._pulse.writing = False
            self._changed.notify_all()
        self._reporter.state(DoorState.FAULT)

    def _drive(self, port: serial.Serial) -> None:
        """Runs until the end. Raises OSError if the line is lost or does not accept what is written."""
        kept: bool | None = None
        while True:
            # Now and not at the end: a crash leaves no time for it, and would open a lock held by an inverted line.
            keep = self._asserted(self._released or self._config.fail_mode is FailMode.SAFE)
            if keep is not kept:
                self._keep_lines(port, keep)
                kept = keep
            with self._changed:
                self._changed.wait_for(self._has_work, self._pause_s())
                stopped, pulse = self._stopped, self._pulse
                if pulse is not None and pulse.window.over:
                    pulse = self._pulse = None
                if pulse is not None and not stopped:
                    pulse.writing = True
            if stopped:
                on = self._released or self._config.fail_mode is FailMode.SAFE
                self._write(port, on, Window(WRITE_S))
                return
            _ = port.in_waiting
            if pulse is not None:
                # A failed pulse stays, and is retried when the line opens again, if its window allows.
                self._write(port, True, pulse.window)
                with self._changed:
                    self._open_until = time.monotonic() + self._config.open_s
                    pulse.written, pulse.writing, self._pulse = True, False, None
                    self._changed.notify_all()
            elif self._is_on is not self._should_be_on() or self._is_stale():
                self._write(port, self._should_be_on(), Window(WRITE_S))

    def _has_work(self) -> bool:
        return self._stopped or self._pulse is not None or self._is_on is not self._should_be_on()

    def _is_stale(self) -> bool:
        return self._released and time.monotonic() - self._written_s >= RELEASE_AGAIN_S

    def _should_be_on(self) -> bool:
        return self._released or time.monotonic() < self._open_until

    def _pause_s(self) -> float:
        left = self._open_until - time.monotonic()
        return min(left, CHECK_S) if left > 0 else CHECK_S

    def _write(self, port: serial.Serial, on: bool, window: Window) -> None:
        if self._config.drive == "bytes":
            _write_bytes(port, bytes.fromhex(self._config.on if on else self._config.off), window)
        else:
            setattr(port, self._config.drive, self._asserted(on))
        self._written_s = time.monotonic()
        with self._changed:
            self._is_on = on
            self._fault = None
            self._changed.notify_all()

    def _asserted(self, on: bool) -> bool:
        return on is not self._config.invert

    def _keep_lines(self, port: serial.Serial, asserted: bool) -> None:
        """Keeps RTS and DTR, which closing the line would otherwise drop."""
        if self._config.drive == "bytes" or not isinstance(port, serial.Serial):
            return
        try:
            attributes = termios.tcgetattr(port.fileno())
            attributes[2] = attributes[2] & ~termios.HUPCL if asserted else attributes[2] | termios.HUPCL
            termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)
        except termios.error:
            pass


class _Pulse:
    """An opening that waits to be written."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.writing = False
        self.written = False


def _write_bytes(port: serial.Serial, data: bytes, window: Window) -> None:
    """Returns once the line has sent it. Raises OSError at the window's end, after discarding what was not sent."""
    try:
        while data:
            _, writable, _ = select.select([], [port.fileno()], [], window.left_s())
            # A thread that wakes late would find the line free again. After the window nothing is sent.
            if not writable or window.over:
                raise TimeoutError
            try:
                data = data[os.write(port.fileno(), data) :]
            except BlockingIOError:
                time.sleep(min(0.005, window.left_s()))
            if window.over and data:
                raise TimeoutError
        while port.out_waiting:
            if window.over:
                raise TimeoutError
            time.sleep(min(0.001, window.left_s()))
    except TimeoutError:
        port.reset_output_buffer()
        raise


def _close(port: serial.Serial) -> None:
    with contextlib.suppress(OSError):
        port.close()
