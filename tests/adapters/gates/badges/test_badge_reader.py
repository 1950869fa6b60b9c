"""A badge reader over OSDP, with libosdp at both ends of a line: only over the secure channel, each badge once."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import osdp_sys
import pytest
from osdp import Capability, CardFormat, Event, LibFlag, PDCapabilities, PDInfo

from app.adapters.gates.badge_reader import NO_ANSWER, NO_LINE
from app.adapters.gates.build import build_driver, check_config
from app.core.credentials.badge import Badge
from app.core.credentials.pin import TypedPin
from app.core.errors import BadInput
from app.core.gates.commands import CommandOutcome, DriverKind, GateReport
from app.core.ports.gates import GateDriver
from tests.adapters.gates.peers import closing, command, drivers_threads, now
from tests.adapters.gates.relays.lines import PtyChannel, terminal_pair
from tests.waiting import eventually, never, pass_time

KEY, OTHER_KEY = bytes(range(16, 32)), bytes(range(100, 116))


class Reader:
    """The reader at the other end: a peripheral device of libosdp."""

    def __init__(self, key: bytes = KEY) -> None:
        self._master, self._slave = terminal_pair()
        os.set_blocking(self._master, False)
        self.config = {"device": os.ttyname(self._slave), "key": KEY.hex(), "baud": 115200}
        osdp_sys.set_loglevel(0)
        info = PDInfo(0, PtyChannel(self._master), scbk=key, flags=[LibFlag.EnforceSecure])
        capabilities = PDCapabilities(
            [
                (Capability.CardDataFormat, 1, 1),
                (Capability.Readers, 1, 1),
                (Capability.CheckCharacter, 1, 1),
                (Capability.CommunicationSecurity, 1, 0),
            ]
        )
        self._device = osdp_sys.PeripheralDevice(info.get(), capabilities=capabilities.get())
        self._device.set_command_callback(lambda command: (0, None))
        self._running = threading.Event()
        self._running.set()
        self._thread = threading.Thread(target=self._run, name="badge reader")
        self._thread.start()

    def read(self, bits: int, data: bytes, card_format: int = CardFormat.Wiegand) -> None:
        event = {"event": Event.CardRead, "reader_no": 0, "direction": 0, "format": card_format}
        self._device.submit_event({**event, "length": bits, "data": data})

    def type(self, keys: bytes) -> None:
        self._device.submit_event({"event": Event.KeyPress, "reader_no": 0, "data": keys})

    def unplug(self) -> None:
        self._running.clear()
        self._thread.join()
        for end in (self._master, self._slave):
            with suppress(OSError):
                os.close(end)

    close = unplug

    def _run(self) -> None:
        while self._running.is_set():
            self._device.refresh()
            pass_time(0.002)


@pytest.fixture
def reader() -> Iterator[Reader]:
    with closing(Reader()) as made:
        yield made


@pytest.fixture
def heard() -> list[GateReport]:
    return []


@pytest.fixture
def drive(heard: list[GateReport]) -> Iterator[Any]:
    """Builds a test gate with this reader."""
    built: list[GateDriver] = []

    def build(config: dict[str, Any]) -> GateDriver:
        driver = build_driver(
            DriverKind.DRY_RUN, {"gate": "lobby-1", "reader": config}, on_state=heard.append, clock=now
        )
        built.append(driver)
        return driver

    yield build
    for driver in built:
        driver.close()
    assert drivers_threads() == []


def test_each_badge_is_reported_with_its_bits(reader: Reader, drive: Any, heard: list[GateReport]) -> None:
    driver = drive(reader.config)
    eventually(lambda: driver.healthy() is None)
    reader.read(26, bytes.fromhex("860933C0"))
    reader.read(32, bytes.fromhex("DEADBEEF"), CardFormat.Unspecified)
    reader.read(37, bytes.fromhex("FFFFFFFFFF"))  # filled up with ones
    eventually(lambda: len(heard) == 3)
    assert heard == [Badge.of_hex(26, "860933C0"), Badge(32, 0xDEADBEEF), Badge(37, (1 << 37) - 1)]
    never(lambda: len(heard) > 3, 0.2)
    assert driver.open(command()).outcome is CommandOutcome.DRY_RUN


def test_pin_typed_at_the_reader_is_reported(reader: Reader, drive: Any, heard: list[GateReport]) -> None:
    driver = drive(reader.config)
    eventually(lambda: driver.healthy() is None)
    reader.type(b"99\x7f4029")
    reader.type(b"13\r")
    eventually(lambda: len(heard) == 1)
    (pin,) = heard
    assert isinstance(pin, TypedPin) and pin.digits == "402913"


def test_reader_with_another_key_reports_nothing(drive: Any, heard: list[GateReport]) -> None:
    with closing(Reader(OTHER_KEY)) as stranger:
        driver = drive(stranger.config)
        stranger.read(26, bytes.fromhex("860933C0"))
        never(lambda: bool(heard), 0.5)
        assert driver.healthy() == NO_ANSWER
        driver.close()


def test_line_that_is_gone_is_a_fault_of_the_gate(drive: Any) -> None:
    driver = drive({"device": "/dev/ttyNOSUCHLINE", "key": KEY.hex()})
    eventually(lambda: driver.healthy() == NO_LINE)


def test_line_that_goes_away_is_tried_again(drive: Any) -> None:
    """As a USB adapter that is pulled out."""
    first = Reader()
    driver = drive(first.config)
    eventually(lambda: driver.healthy() is None)
    first.unplug()
    eventually(lambda: driver.healthy() == NO_LINE)
    assert any(name.endswith("-reader") for name in drivers_threads()), "it goes on trying"


@pytest.mark.parametrize("key", ["30313233343536373839 3A3B3C3D3E3F", bytes(range(0x30, 0x40)).hex(), "00" * 16, "12"])
def test_known_keys_are_refused(reader: Reader, key: str) -> None:
    with pytest.raises(BadInput, match="key"):
        check_config(DriverKind.DRY_RUN, {"gate": "lobby-1", "reader": {**reader.config, "key": key}})
