"""A window is as long as it was, whatever is done to the clock; card numbers become the bits that a card would give."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.gates.wiegand import NotThisFormat, encode
from app.adapters.gates.window import Turns, window_of
from app.adapters.net.window import Window
from app.core.gates.commands import CommandOutcome, GateResult, OpenCommand
from tests.adapters.gates.peers import command


def test_clock_set_back_extends_no_window() -> None:
    order = command(2)
    window = window_of(order, lambda: order.at - timedelta(hours=1))
    assert 1.9 < window.left_s() <= 2.0


def test_clock_set_ahead_sends_nothing() -> None:
    order = command(2)
    sent: list[OpenCommand] = []

    def hand_over(order: OpenCommand, _: Window) -> GateResult:
        sent.append(order)
        return GateResult(CommandOutcome.SENT)

    turns = Turns(lambda: order.until)
    assert turns.take(order, hand_over).outcome is CommandOutcome.TOO_LATE
    assert sent == []


def test_driver_exception_becomes_a_result_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    order = command(2)

    def hand_over(_: OpenCommand, __: Window) -> GateResult:
        raise KeyError("the secret")

    result = Turns(lambda: order.at).take(order, hand_over)
    assert result == GateResult(CommandOutcome.FAILED, "the driver failed")
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("number", "card_format", "facility", "bits"),
    [
        # H10301 by hand: 123 = 01111011, 4567 = 0001000111010111.
        ("4567", "wiegand26", 123, "1" + "01111011" + "0001000111010111" + "0"),
        ("0", "wiegand26", 0, "0" + "0" * 24 + "1"),
        ("0", "wiegand37", None, "0" + "0" * 35 + "1"),
    ],
)
def test_known_cards(number: str, card_format: str, facility: int | None, bits: str) -> None:
    length, data = encode(number, card_format, facility, None)
    assert (length, f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"[:length]) == (len(bits), bits)


@given(st.integers(0, 2**35 - 1))
def test_every_37_bit_card_has_its_number_and_parity(number: int) -> None:
    length, data = encode(str(number), "wiegand37", None, None)
    bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"[:length]
    assert (length, int(bits[1:36], 2)) == (37, number)
    assert bits[:19].count("1") % 2 == 0
    assert bits[18:].count("1") % 2 == 1


def test_facility_and_a_number_side_by_side() -> None:
    _, data = encode("5", "wiegand37", 3, None)
    bits = f"{int.from_bytes(data, 'big'):040b}"[:37]
    assert (int(bits[1:17], 2), int(bits[17:36], 2)) == (3, 5)


@pytest.mark.parametrize(("number", "bits"), [("256", 8), ("1" * 60, 128)])
def test_too_large_for_the_format(number: str, bits: int) -> None:
    with pytest.raises(NotThisFormat):
        encode(number, "raw", None, bits)
