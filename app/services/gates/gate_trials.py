"""Tests of a gate's hardware for an admin: whether it can be reached, and one real opening. Says what came back.

A test opening is an opening by hand: it is recorded before it is sent, and refused where that one is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from time import monotonic, sleep

from app.core.errors import Busy
from app.core.events.records import EventFilter
from app.core.gates.commands import CommandOutcome, DriverKind
from app.core.gates.gate import Gate
from app.core.gates.result import GateResultRow
from app.core.ports.store import Store
from app.core.types import Reason
from app.services.events.statistics import ORDERS
from app.services.gates.by_hand import ByHand
from app.services.gates.dispatcher import GateDispatcher

COMMENT = "Test opening"
TAKEN_S = 12.0  # for a process to take a new gate and connect; leases are renewed every two seconds
LINE_S = 4.0  # for a line to come up
SLACK_S = 3.0  # after the window, for a driver that hangs to be given up
LOOK_S = 0.02
ASK_S = 0.2  # between two questions to the database
RECENT = 50  # events among which a controller that works has asked
# An order has these two reasons, and so has the denial of whoever asks meanwhile.
NO_PROOF = ORDERS | {Reason.LOCKED_BY_HAND, Reason.LOCKDOWN}

NOT_YET = ("not asked yet", "not connected yet")
# By a part of the words that drivers use.
CURES = {
    "401": "Check the user name and the password.",
    "403": "Check the user name and the password, and what the relay lets this user do.",
    "404": "Check the address, and the model that you chose.",
    "redirects": "Give the address that it redirects to.",
    "connection refused": "Check that the relay is on, and its address and port.",
    "the relay refuses": "Check the user name and the password, and the model that you chose.",
    "the broker refuses": "Check the user name, the password and the version of MQTT.",
    "the broker refused": "Let this user publish on the gate's topics: the broker's access list says who may.",
    "let this account read": "Let this user read these topics: the broker's access list says who may.",
    "host name": "Check how the address is written.",
    "certificate": "Give the file of the authority that signed its certificate, or an address that it is made out to.",
    "networks that are allowed": "Choose another address.",
    "serial": "Check the cable and the name of the line; the service's user needs the right to use it.",
    "card number": "Give the person a card number: a panel decides by it.",
}
CHECK = "Check that it has power, that it is in this network, and its address."


class TrialState(StrEnum):
    """WORKS: the hardware answered, or the message was sent. LIMITED: nothing is wrong, but nothing shows that a gate
    would move. FAILS: no opening would get through."""

    WORKS = "works"
    LIMITED = "limited"
    FAILS = "fails"


@dataclass(frozen=True)
class TrialResult:
    """words: what came back. cure: what to do about it; empty if nothing is. event_id: of the recorded opening."""

    state: TrialState
    words: str
    cure: str = ""
    event_id: str | None = None


@dataclass(frozen=True)
class GateTrials:
    """elsewhere: whether another process has the gate with this id."""

    store: Store
    driving: GateDispatcher
    by_hand: ByHand
    elsewhere: Callable[[str], bool]
    _turn: Lock = field(default_factory=Lock)

    def run(self, gate: Gate, actor: str, *, opens: bool) -> TrialResult:
        """Tests the line, or makes one opening. Raises as `opening`, and Busy while another test runs here."""
        if not self._turn.acquire(blocking=False):
            raise Busy("gate_test_running", "Another test of a gate is running. Try again in a moment.")
        try:
            return self.opening(gate, actor) if opens else self.line(gate)
        finally:
            self._turn.release()

    def line(self, gate: Gate) -> TrialResult:
        """Asks whether the hardware can be reached. Opens nothing, and returns within seconds."""
        if gate.driver is DriverKind.DRY_RUN:
            return TrialResult(TrialState.LIMITED, "A test gate: it has no hardware, and nothing opens.")
        if gate.driver is DriverKind.PLAIN:
            return self._asks(gate)
        if (missing := self._taken(gate)) is not None:
            return missing
        if not self.driving.follows(gate):
            return TrialResult(
                TrialState.LIMITED,
                "Another process drives this gate, and only that one knows its line.",
                "Make a test opening: that process carries it out.",
            )
        until = monotonic() + LINE_S
        while (fault := self._fault(gate)) is not None and monotonic() < until:
            sleep(LOOK_S)
        if fault is None:
            return TrialResult(TrialState.WORKS, "The line works.")
        return TrialResult(TrialState.FAILS, _sentence("does not answer" if fault in NOT_YET else fault), cure(fault))

    def opening(self, gate: Gate, actor: str) -> TrialResult:
        """Opens the gate once, as by hand. Raises as `ByHand.open`."""
        if gate.driver is DriverKind.PLAIN:
            return self._asks(gate)
        if (missing := self._taken(gate)) is not None:
            return missing
        if self.driving.follows(gate):
            until = monotonic() + LINE_S
            while self._fault(gate) in NOT_YET and monotonic() < until:
                sleep(LOOK_S)
        opened = self.by_hand.open(gate.id, COMMENT, actor)
        until = monotonic() + gate.unlock_ms / 1000 + SLACK_S
        while (result := self._result(opened.id)) is None and monotonic() < until:
            sleep(ASK_S)
        return _said(result, opened.id)

    def _taken(self, gate: Gate) -> TrialResult | None:
        """Waits until a process drives the gate by its present settings. Says so if none does."""
        self.driving.refresh()
        until = monotonic() + TAKEN_S
        while not self.driving.follows(gate):
            if self.elsewhere(gate.id):
                return None
            if monotonic() >= until or not self._anybody():
                return TrialResult(
                    TrialState.FAILS,
                    "No process drives this gate yet.",
                    "Start the service with its cameras, or the worker for this gate, and test again.",
                )
            sleep(ASK_S)
        return None

    def _anybody(self) -> bool:
        """Whether any process could take the gate."""
        if self.driving.running:
            return True
        with self.store.read() as tx:
            return bool(tx.watchers.present())

    def _asks(self, gate: Gate) -> TrialResult:
        with self.store.read() as tx:
            valid = any(key.gate_id == gate.id and key.revoked_at is None for key in tx.api_keys.all())
            recent = tx.events.find(EventFilter(gate=gate.name, limit=RECENT))
            asked = any(event.reason not in NO_PROOF for event in recent)
        if not valid:
            return TrialResult(TrialState.FAILS, "The controller has no key to ask with.", "Make a key for it.")
        if not asked:
            cure = "Send a picture from the controller with its key."
            return TrialResult(TrialState.LIMITED, "The controller has a key, and has not asked yet.", cure)
        return TrialResult(TrialState.WORKS, "The controller has asked, and got answers. It opens by itself.")

    def _fault(self, gate: Gate) -> str | None:
        return self.driving.healthy().get(gate.name)

    def _result(self, event_id: str) -> GateResultRow | None:
        with self.store.read() as tx:
            return tx.gate_results.of([event_id]).get(event_id)


def cure(fault: str) -> str:
    """Returns what to do about a driver's words."""
    return next((words for part, words in CURES.items() if part in fault.lower()), CHECK)


def _said(result: GateResultRow | None, event_id: str) -> TrialResult:
    if result is None:
        return TrialResult(TrialState.FAILS, "No answer came in time.", CHECK, event_id)
    if result.outcome is CommandOutcome.DRY_RUN:
        words = "Recorded. A test gate opens nothing: choose its hardware when you have it."
        return TrialResult(TrialState.LIMITED, words, event_id=event_id)
    if result.outcome in (CommandOutcome.FAILED, CommandOutcome.TOO_LATE):
        return TrialResult(TrialState.FAILS, _sentence(result.detail or "it failed"), cure(result.detail), event_id)
    opened = "The gate says that it opened" if result.outcome is CommandOutcome.OPENED else "Sent"
    words = f"{opened}: {result.detail}." if result.detail else f"{opened}."
    cure_ = (
        "" if result.outcome is CommandOutcome.OPENED else "Look whether the gate opened: this hardware does not say."
    )
    return TrialResult(TrialState.WORKS, words, cure_, event_id)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"
