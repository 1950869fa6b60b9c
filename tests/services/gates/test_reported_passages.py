"""A driver's sensor reports passages; they are counted in the driver's order, and once the database answers."""

import pytest

from app.core.gates.commands import Passed
from app.services.gates.dispatcher import GateDispatcher
from tests.services.gate_hardware import Turnstile
from tests.services.process import Process
from tests.waiting import eventually

pytestmark = pytest.mark.one_database


def test_report_reaches_whoever_counts(site: Process, control: GateDispatcher, turnstile: Turnstile) -> None:
    counted: list[tuple[str, int, str | None]] = []
    control.on_passed = lambda gate_id, count, at, report_id: counted.append((gate_id, count, report_id))
    gate = site.gates.get("lobby-1")
    for count in (1, 2):
        turnstile.say(Passed(count, f"r-{count}"))
    eventually(lambda: counted == [(gate.id, 1, "r-1"), (gate.id, 2, "r-2")])


def test_passages_lapse_without_being_asked(control: GateDispatcher, turnstile: Turnstile) -> None:
    looked: list[bool] = []
    control.each_second = (lambda: looked.append(True),)
    eventually(lambda: looked)
