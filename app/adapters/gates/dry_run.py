"""A gate that opens nothing. It is the default, so a new installation can be observed before it moves anything."""

from collections import deque

from app.adapters.gates.config import DryRunConfig
from app.adapters.gates.window import Turns
from app.adapters.net.window import Window
from app.core.gates.commands import CommandOutcome, FailMode, GateResult, OpenCommand
from app.core.ports.store import Clock

KEPT = 1000


class DryRunGate:
    """Implements `ports.gates.GateDriver`.

    commands: the last 1000 that would have been sent, newest last. mode: 'secure' or 'release'.
    """

    def __init__(self, config: DryRunConfig, *, clock: Clock, released: bool = False) -> None:
        self._fail_mode = config.fail_mode
        self._turns = Turns(clock)
        self._closed = False
        self.commands: deque[OpenCommand] = deque(maxlen=KEPT)
        self.mode = "release" if released else "secure"

    def open(self, command: OpenCommand) -> GateResult:
        return self._turns.take(command, self._record)

    def release(self, active: bool) -> GateResult:
        if self._closed:
            return GateResult(CommandOutcome.FAILED, "the driver is closed")
        self.mode = "release" if active else "secure"
        return GateResult(CommandOutcome.DRY_RUN, self.mode)

    def healthy(self) -> str | None:
        return "the driver is closed" if self._closed else None

    def close(self, *, set_mode: bool = True) -> None:
        if set_mode and not self._closed and self._fail_mode is FailMode.SAFE:
            self.mode = "release"
        self._closed = True

    def _record(self, command: OpenCommand, window: Window) -> GateResult:
        if self._closed:
            return GateResult(CommandOutcome.FAILED, "the driver is closed")
        self.commands.append(command)
        return GateResult(CommandOutcome.DRY_RUN, "would have opened")
