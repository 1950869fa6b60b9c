"""An admin tests a gate's hardware: the page says what came back. An opening is recorded before it is sent."""

import socket
from collections.abc import Callable, Iterator

import pytest

from app.adapters.gates.build import check_config
from app.adapters.gates.hardware import forms
from app.core.errors import Busy, Conflict
from app.core.events.records import EventFilter
from app.core.gates.commands import CommandOutcome, GateResult
from app.core.gates.hardware import HardwareChange
from app.core.types import Reason, Role
from app.services.events.orders import ordered
from app.services.gates import gate_trials
from app.services.gates.dispatcher import GateDispatcher
from app.services.gates.gate_settings import GateSettings, GateUpdate
from app.services.gates.gate_trials import GateTrials, TrialResult, TrialState, cure
from tests.adapters.gates.relays.devices import PASSWORD, USER, Served, ShellyGen2
from tests.fakes import Clock, new_id, person, photo
from tests.services.gate_hardware import Turnstile
from tests.services.process import Process

pytestmark = pytest.mark.one_database
WORKS, LIMITED, FAILS = TrialState.WORKS, TrialState.LIMITED, TrialState.FAILS


@pytest.fixture
def tests(site: Process, control: GateDispatcher, clock: Clock) -> GateTrials:
    by_hand = site.by_hand(control.carry_out)
    return GateTrials(site.store, control, by_hand, lambda _: False)


@pytest.fixture
def run(site: Process, tests: GateTrials) -> Callable[..., TrialResult]:
    return lambda opens=True: tests.run(site.gates.get("lobby-1"), "user-7", opens=opens)


@pytest.fixture
def relay() -> Iterator[Served]:
    served = Served(ShellyGen2(guarded=True))
    yield served
    served.close()


@pytest.fixture
def choose(site: Process, clock: Clock) -> Callable[..., None]:
    """Sets the gate's hardware as the page does."""
    settings = GateSettings(site.store, site.vault, clock, new_id, check_config, forms())

    def choose(form: str, **values: str | float) -> None:
        named = {name.replace("__", "."): value for name, value in values.items()}
        settings.change("lobby-1", GateUpdate(hardware=HardwareChange(form, named), unlock_ms=500))

    return choose


def orders(site: Process) -> list[tuple[str, str | None, str | None]]:
    found = [event.decision for event in site.events.find(EventFilter())]
    return [(one.reason, one.actor, one.comment) for one in found if one is not None]


def test_relay_is_opened_once_and_its_answer_is_said(
    site: Process, control: GateDispatcher, run: Callable[..., TrialResult], choose: Callable[..., None], relay: Served
) -> None:
    choose("http-shelly-gen2", relay__url=relay.url, relay__username=USER, relay__password=PASSWORD)
    control.start()
    assert run(opens=False) == TrialResult(WORKS, "The line works.")
    assert orders(site) == [] and relay.device.coil.switched == [False], "a test of the line opens nothing"
    result = run()
    assert result.state is WORKS and result.words.startswith("Sent: the relay answered 200 in "), result
    assert "does not say" in result.cure
    assert orders(site) == [("opened_by_hand", "user-7", "Test opening")]
    assert relay.device.coil.switched.count(True) == 1


@pytest.mark.parametrize("opens", [False, True])
def test_wrong_password_says_what_to_check(
    control: GateDispatcher, run: Callable[..., TrialResult], choose: Callable[..., None], relay: Served, opens: bool
) -> None:
    choose("http-shelly-gen2", relay__url=relay.url, relay__username=USER, relay__password="wrong")
    control.start()
    result = run(opens)
    assert (result.state, result.words) == (FAILS, "The relay answered 401.")
    assert result.cure == "Check the user name and the password."
    assert relay.device.coil.switched == []


@pytest.mark.parametrize("opens", [False, True])
def test_relay_that_is_off_says_what_to_check(
    control: GateDispatcher, run: Callable[..., TrialResult], choose: Callable[..., None], opens: bool
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        choose("http-shelly-gen2", relay__url=f"http://127.0.0.1:{nobody.getsockname()[1]}")
    control.start()
    result = run(opens)
    assert (result.state, result.words) == (FAILS, "Connection refused.")
    assert result.cure == "Check that the relay is on, and its address and port."


def test_new_settings_are_tested_and_not_the_ones_before(
    control: GateDispatcher, run: Callable[..., TrialResult], choose: Callable[..., None], relay: Served
) -> None:
    choose("http-shelly-gen2", relay__url=relay.url, relay__username=USER, relay__password="wrong")
    control.start()
    assert run().state is FAILS
    choose("http-shelly-gen2", relay__url=relay.url, relay__username=USER, relay__password=PASSWORD)
    assert run().state is WORKS


def test_gate_that_says_it_opened_needs_no_look(run: Callable[..., TrialResult], turnstile: Turnstile) -> None:
    turnstile.result = GateResult(CommandOutcome.OPENED)
    result = run()
    assert (result.state, result.words, result.cure) == (WORKS, "The gate says that it opened.", "")


def test_test_gate_is_recorded_and_opens_nothing(
    site: Process, control: GateDispatcher, run: Callable[..., TrialResult]
) -> None:
    control.start()
    assert run(opens=False).state is LIMITED
    result = run()
    assert result.state is LIMITED and "opens nothing" in result.words
    assert [reason for reason, *_ in orders(site)] == ["opened_by_hand"]


def test_controller_that_asks_needs_a_key_and_then_asks(
    site: Process, control: GateDispatcher, run: Callable[..., TrialResult], choose: Callable[..., None]
) -> None:
    choose("plain")
    control.start()
    assert (run().state, run().cure) == (FAILS, "Make a key for it.")
    site.keys.create(Role.GATE, "lobby-1")
    assert run().state is LIMITED
    gate = site.gates.get("lobby-1")
    with site.store.write() as tx:
        for reason in (Reason.GRANT_GIVEN, Reason.LOCKED_BY_HAND, Reason.PRESENCE_CORRECTED):
            site.log.append(tx, ordered(gate, new_id(), reason, site.clock(), "user-7"))
    assert run().state is LIMITED, "people gave orders, and the controller has not asked"
    site.decide(photo(person(3)))
    assert run().state is WORKS


@pytest.mark.parametrize("present", [False, True])
def test_gate_that_nobody_drives_says_so(
    site: Process,
    run: Callable[..., TrialResult],
    choose: Callable[..., None],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    present: bool,
) -> None:
    """present: another process could take the gate, which is waited for."""
    monkeypatch.setattr(gate_trials, "TAKEN_S", 0.1 if present else 60)
    if present:
        with site.store.write() as tx:
            tx.watchers.arrive("another", (), clock())
    choose("serial", device="/dev/ttyUSB9")
    result = run()
    assert (result.state, result.words) == (FAILS, "No process drives this gate yet.")
    assert orders(site) == [], "nothing is recorded as opened that nobody could open"


def test_locked_gate_is_not_opened_for_a_test(
    tests: GateTrials, control: GateDispatcher, run: Callable[..., TrialResult]
) -> None:
    control.start()
    tests.by_hand.lock("lobby-1", "a window is broken", "user-7")
    with pytest.raises(Conflict, match="unlock it first"):
        run()


def test_one_test_at_a_time(tests: GateTrials, run: Callable[..., TrialResult]) -> None:
    with tests._turn, pytest.raises(Busy):
        run()


@pytest.mark.parametrize(
    ("fault", "checked"),
    [
        ("the relay refuses: check its login, and that it knows this command", "the model"),
        ("the broker refuses: bad user name or password", "user name"),
        ("the broker refuses: unsupported protocol version", "version"),
        ("the broker refused it", "publish"),
        ("the broker does not let this account read facegate/lobby/state", "read these topics"),
        ("not sent: connection refused", "is on"),
        ("the host name cannot be resolved", "is written"),
        ("this host is outside the networks that are allowed", "another address"),
        ("the broker cannot be reached", "power"),
        ("the relay is offline", "power"),
    ],
)
def test_cure_fits_the_fault(fault: str, checked: str) -> None:
    assert checked in cure(fault)
