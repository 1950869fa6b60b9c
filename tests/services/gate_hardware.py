"""A gate whose hardware does what a test says, and a way to wait for what other threads do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from app.adapters.gates.build import build_driver
from app.core.alerts.alert import AlertKind
from app.core.errors import BadInput
from app.core.events.decision import RecordedDecision
from app.core.gates.commands import CommandOutcome, DriverKind, GateReport, GateResult, OpenCommand
from app.core.gates.result import GateResultRow
from app.core.ports.gates import GateDriver
from app.services.gates.gate_settings import GateUpdate
from tests.fakes import Clock
from tests.services.process import Process
from tests.waiting import eventually

OPENED = GateResult(CommandOutcome.OPENED)
TURNSTILE = GateUpdate(driver=DriverKind.OSDP, config={"secret": "of the turnstile"})
PATIENCE_S = 10


@dataclass
class Turnstile:
    """ports.GateDriver. result: what it answers. hangs: set it, and `open` waits until it is cleared by `let_go`."""

    told: Mapping[str, Any]
    say: Callable[[GateReport], None]
    released: list[bool]
    result: GateResult = OPENED
    release_result: GateResult = OPENED
    fault: str | None = None
    raises: bool = False
    opened: list[OpenCommand] = field(default_factory=list)
    closed: int = 0
    set_mode_at_close: bool = False
    reached: Event = field(default_factory=Event)
    free: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.free.set()

    def open(self, command: OpenCommand) -> GateResult:
        self.opened.append(command)
        self.reached.set()
        eventually(self.free)
        if self.raises:
            raise RuntimeError("the key is 0123")
        return self.result

    def release(self, active: bool) -> GateResult:
        self.released.append(active)
        return self.release_result

    def healthy(self) -> str | None:
        return self.fault

    def close(self, *, set_mode: bool = True) -> None:
        self.closed += 1
        self.set_mode_at_close = set_mode
        self.free.set()


@dataclass
class Yard:
    """Builds what stands at the gates: a turnstile where OSDP is set, the real thing for every other kind."""

    clock: Clock
    built: list[Turnstile] = field(default_factory=list)

    def build(
        self, kind: DriverKind, told: Mapping[str, Any], say: Callable[[GateReport], None], released: bool
    ) -> GateDriver:
        if kind is not DriverKind.OSDP:
            return build_driver(kind, told, on_state=say, clock=self.clock, released=released)
        self.built.append(Turnstile(told, say, [True] if released else []))
        return self.built[-1]

    def check(self, kind: DriverKind, told: Mapping[str, Any]) -> None:
        if not set(told) <= {"gate", "fail_mode", "secret"}:
            raise BadInput("bad_gate_config", "there is a field that a gate does not have")


def result(site: Process, answer: RecordedDecision) -> GateResultRow | None:
    with site.store.read() as tx:
        return tx.gate_results.of([answer.id]).get(answer.id)


def recorded(site: Process, answer: RecordedDecision) -> GateResultRow:
    eventually(lambda: result(site, answer) is not None)
    row = result(site, answer)
    assert row is not None and site.signer.verify(row.signed_part, row.signature)
    return row


def alerts(site: Process) -> list[tuple[AlertKind, str]]:
    with site.store.read() as tx:
        return [(alert.kind, alert.detail) for alert in tx.alerts.uncleared()]
