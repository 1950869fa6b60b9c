"""OSDP with libosdp at both ends of a line: only over the secure channel, once, and never a card of long ago."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.gates.commands import CommandOutcome, GateReport, Passed
from tests.adapters.gates.conftest import Build
from tests.adapters.gates.peers import closing, command
from tests.adapters.gates.relays.lines import Panel
from tests.waiting import eventually, never

OTHER_KEY = bytes(range(100, 116))


@pytest.fixture
def panel() -> Iterator[Panel]:
    with closing(Panel()) as panel:
        yield panel


def test_panel_reads_the_card_once_in_its_format(panel: Panel, build: Build) -> None:
    driver = build(panel)
    assert driver.open(command(event_id="1001")).outcome is CommandOutcome.SENT
    eventually(lambda: panel.cards)
    length, data = panel.cards[0]
    bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"[:length]
    assert (length, int(bits[1:9], 2), int(bits[9:25], 2)) == (26, 7, 1001)
    assert bits[:13].count("1") % 2 == 0
    assert bits[13:].count("1") % 2 == 1
    never(lambda: len(panel.cards) > 1, 0.5)


def test_raw_bits(panel: Panel, build: Build) -> None:
    driver = build(panel, card_format="raw", raw_bits=32, facility=None)
    assert driver.open(command(event_id="3735928559")).outcome is CommandOutcome.SENT
    eventually(lambda: panel.cards == [(32, bytes.fromhex("deadbeef"))])


def test_output_that_the_panel_switches_on_is_a_passage(panel: Panel, build: Build, states: list[GateReport]) -> None:
    build(panel, passed_output=2)
    for output, code in ((2, 5), (1, 5), (2, 1), (2, 2)):
        panel.switch(output, code)
    eventually(lambda: states.count(Passed(1)) == 2)
    never(lambda: states.count(Passed(1)) > 2, 0.3)


def test_panel_with_a_wrong_key_receives_nothing(build: Build) -> None:
    with closing(Panel(key=OTHER_KEY, config_key=bytes(range(16, 32)))) as panel:
        driver = build(panel, ready=False)
        result = driver.open(command(1))
        assert (result.outcome, result.detail) == (CommandOutcome.FAILED, "the panel has no secure channel to us")
        assert driver.healthy() == "the panel has no secure channel to us"
        assert panel.cards == []
        driver.close()


def test_reconnecting_panel_does_not_receive_an_old_card(panel: Panel, build: Build) -> None:
    driver = build(panel)
    panel.hang()
    began = time.monotonic()
    result = driver.open(command(10))
    assert result.outcome is CommandOutcome.FAILED
    assert 1.9 < time.monotonic() - began < 6, "a card is withdrawn after two seconds, whatever the window"
    panel.start()
    eventually(lambda: driver.healthy() is None)
    order = command(5)
    eventually(lambda: driver.open(command(2)).outcome is CommandOutcome.SENT)
    eventually(lambda: panel.opened)
    assert order.event_id not in panel.opened
    assert len(panel.opened) == 1


def test_panel_that_restarts_within_the_time_reads_it(panel: Panel, build: Build) -> None:
    driver, order = build(panel), command(5)
    panel.hang()
    with ThreadPoolExecutor(1) as other:
        opening = other.submit(driver.open, order)
        panel.start()
        assert opening.result().outcome is CommandOutcome.SENT
    eventually(lambda: panel.opened == [order.event_id])
    never(lambda: len(panel.opened) > 1)


@pytest.mark.parametrize("number", ["70000", "12a", "-1", "١٢"])
def test_invalid_card_number_is_refused(panel: Panel, build: Build, number: str) -> None:
    driver = build(panel)
    result = driver.open(command(event_id=number))
    assert result.outcome is CommandOutcome.FAILED
    assert number not in result.detail
    never(lambda: panel.cards, 0.1)


def test_person_without_a_card_is_refused(panel: Panel, build: Build) -> None:
    from dataclasses import replace

    result = build(panel).open(replace(command(), card_number=None))
    assert (result.outcome, result.detail) == (
        CommandOutcome.FAILED,
        "this person has no card number to show to the panel",
    )


def test_panel_cannot_change_the_key(panel: Panel, build: Build) -> None:
    import osdp_sys

    driver = build(panel)
    done: list[int] = []
    panel._panel.set_command_completion_callback(lambda _pd, _command, status: done.append(status))
    keyset = {"command": osdp_sys.CMD_KEYSET, "type": 1, "data": OTHER_KEY}
    eventually(lambda: panel._panel.submit_command(0, keyset))
    eventually(lambda: done)
    assert done != [osdp_sys.COMPLETION_OK]
    panel.hang()
    panel.start()
    assert driver.open(command(2)).outcome is CommandOutcome.SENT


def test_missing_serial_line_is_reported(build: Build) -> None:
    class Missing:
        kind = "osdp"
        config = {"gate": "lobby-1", "device": "/dev/tty-nobody", "key": OTHER_KEY.hex()}  # noqa: RUF012

    driver = build(Missing(), ready=False)
    eventually(lambda: driver.healthy() == "the serial line cannot be used")
    assert driver.open(command(0.2)).outcome is CommandOutcome.FAILED
    assert any(t.name == "gate-lobby-1-osdp" for t in threading.enumerate())
