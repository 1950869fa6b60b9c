"""The relay closes again after its time, whatever happened in between, and RTS or DTR do as bytes do."""

import os
import termios
import time
from collections.abc import Iterator
from typing import Any

import pytest
import serial

from app.adapters.gates import serial_relay
from app.adapters.gates.config import SerialConfig
from app.adapters.gates.serial_relay import SerialGate
from app.core.gates.commands import CommandOutcome, DoorState
from tests.adapters.gates.conftest import Build
from tests.adapters.gates.peers import closing, command, now
from tests.adapters.gates.relays.lines import RelayBoard
from tests.waiting import eventually, never, pass_time


@pytest.fixture
def board() -> Iterator[RelayBoard]:
    with closing(RelayBoard()) as board:
        yield board


def test_relay_switches_on_for_the_pulse_and_off_again(board: RelayBoard, build: Build) -> None:
    driver = build(board)
    began = time.monotonic()
    assert driver.open(command()).outcome is CommandOutcome.SENT
    eventually(lambda: board.told == ["secure", "release", "secure"])
    assert time.monotonic() - began > 0.14


def test_second_opening_extends_the_pulse(board: RelayBoard, build: Build) -> None:
    driver = build(board, open_s=1)
    driver.open(command())
    pass_time(0.3)
    second_s = time.monotonic()
    driver.open(command())
    eventually(lambda: board.told == ["secure", "release", "release", "secure"])
    assert time.monotonic() - second_s > 0.95, "the first one's time was over after 0.7"


def test_pulse_ending_during_a_release_does_not_lock(board: RelayBoard, build: Build) -> None:
    driver = build(board)
    driver.open(command())
    driver.release(True)
    eventually(lambda: board.opened)
    never(lambda: board.mode != "release", 0.3)
    driver.release(False)
    eventually(lambda: board.mode == "secure")


def test_closing_in_the_middle_of_a_pulse_closes_the_gate(board: RelayBoard, build: Build) -> None:
    driver = build(board, open_s=10)
    driver.open(command())
    driver.close()
    eventually(lambda: board.told == ["secure", "release", "secure"])


def test_two_drivers_cannot_share_a_line(board: RelayBoard, build: Build) -> None:
    build(board)
    second = build(board, ready=False)
    eventually(lambda: second.healthy() == "the serial line cannot be used")
    assert second.open(command(0.2)).outcome is CommandOutcome.FAILED
    assert board.opened == []


def test_second_driver_gets_the_line_after_the_first_closes(board: RelayBoard, build: Build) -> None:
    first = build(board, fail_mode="safe")
    second = build(board, ready=False)
    first.close()
    eventually(lambda: second.healthy() is None)
    eventually(lambda: board.told == ["secure", "release", "secure"])


def test_board_that_forgets_a_release_receives_it_again(
    board: RelayBoard, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_relay, "RELEASE_AGAIN_S", 0.2)
    monkeypatch.setattr(serial_relay, "CHECK_S", 0.1)
    driver = build(board)
    driver.release(True)
    eventually(lambda: board.told[1:4] == ["release"] * 3)
    driver.release(False)
    eventually(lambda: board.mode == "secure")
    never(lambda: board.mode != "secure", 0.6)
    assert board.told.count("secure") == 2


def test_unplugged_board_is_noticed_and_reconnected(
    build: Build, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, states: list[Any]
) -> None:
    """Unplugged in the middle of a pulse: when it is back, the first thing it hears is 'off'."""
    boards = [RelayBoard(), RelayBoard()]
    devices = iter([boards[0].config["device"], *["/dev/tty-nobody"] * 2, *[boards[1].config["device"]] * 99])

    def connect(config: SerialConfig, asserted: bool) -> serial.Serial:
        return serial.Serial(next(devices), timeout=0, exclusive=True)

    config = SerialConfig.model_validate(boards[0].config | {"open_s": 0.3})
    driver = SerialGate(config, on_state=states.append, clock=now, connect=connect)
    eventually(lambda: driver.healthy() is None)
    assert driver.open(command()).outcome is CommandOutcome.SENT
    eventually(lambda: boards[0].opened)
    boards[0].close()
    eventually(lambda: boards[1].told == ["secure"])
    assert states == [DoorState.FAULT]
    assert driver.open(command()).outcome is CommandOutcome.SENT
    driver.close()
    boards[1].close()


@pytest.mark.parametrize(("drive", "invert"), [("rts", False), ("rts", True), ("dtr", False)])
def test_modem_lines(drive: str, invert: bool) -> None:
    """A loop that has RTS on CTS and DTR on DSR, as a test plug would."""
    plug: list[serial.Serial] = []

    def connect(config: SerialConfig, asserted: bool) -> serial.Serial:
        port = serial.serial_for_url("loop://", timeout=0)
        setattr(port, config.drive, asserted)
        plug.append(port)
        return port

    def is_on() -> bool:
        line = plug[0].cts if drive == "rts" else plug[0].dsr
        return bool(line) is not invert

    config = SerialConfig(gate="lobby-1", device="/dev/ttyS0", drive=drive, invert=invert, open_s=0.1)  # type: ignore[arg-type]
    driver = SerialGate(config, on_state=lambda _: None, clock=now, connect=connect)
    eventually(lambda: driver.healthy() is None)
    assert not is_on()
    assert driver.open(command()).outcome is CommandOutcome.SENT
    assert is_on()
    eventually(lambda: not is_on())
    driver.close()


class PtyWithLines(serial.Serial):
    """A terminal has no RTS, but it has the flag that says what becomes of RTS when the last user is gone."""

    def _update_rts_state(self) -> None:
        pass


@pytest.mark.parametrize("invert", [False, True])
def test_crash_leaves_the_line_in_its_mode(board: RelayBoard, invert: bool) -> None:
    """The kernel drops RTS when its user dies, unless it was told to leave it: where off is RTS up, that would open."""

    def connect(config: SerialConfig, asserted: bool) -> serial.Serial:
        return PtyWithLines(config.device, timeout=0)

    def dropped() -> bool:
        return bool(termios.tcgetattr(board._slave)[2] & termios.HUPCL)

    config = SerialConfig(gate="lobby-1", device=board.config["device"], drive="rts", invert=invert)
    driver = SerialGate(config, on_state=lambda _: None, clock=now, connect=connect)
    eventually(lambda: driver.healthy() is None)
    eventually(lambda: dropped() is not invert)
    driver.release(True)
    eventually(lambda: dropped() is invert)
    driver.release(False)
    eventually(lambda: dropped() is not invert)
    driver.close()
    assert dropped() is not invert


def test_late_thread_sends_nothing(board: RelayBoard, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine `select` came back late, found the line free again, and a command that was over was sent."""
    driver = build(board)
    eventually(lambda: board.told == ["secure"])

    def late(read: list[int], write: list[int], rest: list[int], timeout_s: float) -> tuple[list[int], ...]:
        pass_time(timeout_s + 0.02)
        return read, write, rest

    with monkeypatch.context() as patch:
        patch.setattr(serial_relay.select, "select", late)  # type: ignore[attr-defined]  # patched where it is used
        assert driver.open(command(0.2)).outcome is CommandOutcome.FAILED
    eventually(lambda: driver.healthy() is None)
    never(lambda: board.opened)


def test_command_in_progress_at_the_windows_end_reports_its_result(
    board: RelayBoard, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay that was switched on is never reported as one that was not."""
    driver, write, on = build(board), os.write, bytes.fromhex(SerialConfig.model_validate(board.config).on)

    def slow(descriptor: int, data: bytes) -> int:
        if data == on:  # everybody's `write` is this: the board's and the test runner's, too
            pass_time(1.1)
        return write(descriptor, data)

    eventually(lambda: board.told == ["secure"])
    with monkeypatch.context() as patch:
        patch.setattr(serial_relay.os, "write", slow)  # type: ignore[attr-defined]  # patched where it is used
        patch.setattr(serial_relay, "SETTLE_S", 3.0)  # a machine may be busy
        assert driver.open(command(1)).outcome is CommandOutcome.SENT
    eventually(lambda: len(board.opened) == 1)
