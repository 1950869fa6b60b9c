"""How the number of a badge lies in its bits.

The formats with parity are as HID publishes them: an even parity bit over the first half of the data, an odd one over
the second. With 35 bits of data, the middle one counts in both halves.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from app.core.credentials.badge import Badge
from app.core.errors import BadInput

SAME_SERIALS_AT = 301  # cards: two of them share their last two bytes with a probability of 50 %
_NUMBER = re.compile(r"(?:([0-9]{1,10})[-/, ])?([0-9]{1,12})", re.ASCII)
_SERIAL = re.compile(r"0x([0-9A-Fa-f]{8})", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]{4,128}", re.ASCII)
_BETWEEN = re.compile(r"[:\- ]")  # bytes, as some readers type them


class CardFormat(StrEnum):
    """What a reader reads. RAW: any bits, which are compared as they are.

    H10301: 26 bits; H10306: 34; H10304: 37 with a facility code; H10302: 37 without one. CSN32: a card's serial number,
    REVERSED by a reader that sends its last byte first.
    """

    RAW = "raw"
    H10301 = "h10301"
    H10306 = "h10306"
    H10304 = "h10304"
    H10302 = "h10302"
    CSN32 = "csn32"
    CSN32_REVERSED = "csn32_reversed"


@dataclass(frozen=True, slots=True)
class CardNumber:
    """facility: None in formats that have none."""

    facility: int | None
    number: int

    def __str__(self) -> str:
        return str(self.number) if self.facility is None else f"{self.facility}-{self.number}"


class Misread(Exception):
    """The bits are not of the format. parity: they have its length, and were read wrongly."""

    def __init__(self, *, parity: bool) -> None:
        super().__init__()
        self.parity = parity


@dataclass(frozen=True, slots=True)
class _Layout:
    facility_bits: int
    number_bits: int
    parity: bool = True

    @property
    def data_bits(self) -> int:
        return self.facility_bits + self.number_bits

    @property
    def bits(self) -> int:
        return self.data_bits + 2 * self.parity


_LAYOUTS = {
    CardFormat.H10301: _Layout(8, 16),
    CardFormat.H10306: _Layout(16, 16),
    CardFormat.H10304: _Layout(16, 19),
    CardFormat.H10302: _Layout(0, 35),
    CardFormat.CSN32: _Layout(0, 32, parity=False),
    CardFormat.CSN32_REVERSED: _Layout(0, 32, parity=False),
}


def encode(number: CardNumber, card_format: CardFormat) -> Badge:
    """Returns the bits of a number. Raises BadInput('bad_badge_number') where the format has no room for it."""
    layout = _LAYOUTS.get(card_format)
    if layout is None:
        raise BadInput("bad_badge_number", "Bits without a format have no number. Type them as read: 26:860933C0.")
    facility = number.facility or 0
    if (number.facility is None) != (layout.facility_bits == 0):
        with_code = "In this format, a facility code comes before the number, such as 12-4711."
        without = "In this format, a number has no facility code."
        raise BadInput("bad_badge_number", with_code if layout.facility_bits else without)
    if facility >= 1 << layout.facility_bits or number.number >= 1 << layout.number_bits:
        most = f"{(1 << layout.facility_bits) - 1}-" if layout.facility_bits else ""
        raise BadInput(
            "bad_badge_number", f"The largest number in this format is {most}{(1 << layout.number_bits) - 1}."
        )
    data = facility << layout.number_bits | number.number
    if card_format is CardFormat.CSN32_REVERSED:
        data = _reversed(data)
    if not layout.parity:
        return Badge(layout.bits, data)
    even, odd = _parity(data, layout.data_bits)
    return Badge(layout.bits, even << layout.bits - 1 | data << 1 | odd)


def decode(badge: Badge, card_format: CardFormat) -> CardNumber | None:
    """Returns the number in the bits; None where the format has none. Raises Misread."""
    layout = _LAYOUTS.get(card_format)
    if layout is None:
        return None
    if badge.bits != layout.bits:
        raise Misread(parity=False)
    data = badge.value
    if layout.parity:
        data = badge.value >> 1 & (1 << layout.data_bits) - 1
        if _parity(data, layout.data_bits) != (badge.value >> badge.bits - 1, badge.value & 1):
            raise Misread(parity=True)
    if card_format is CardFormat.CSN32_REVERSED:
        data = _reversed(data)
    facility = data >> layout.number_bits if layout.facility_bits else None
    return CardNumber(facility, data & (1 << layout.number_bits) - 1)


def readings(badge: Badge) -> dict[CardFormat, CardNumber]:
    """Returns the number of a badge in each format that its bits fit, for whoever sets up a reader."""
    found: dict[CardFormat, CardNumber] = {}
    for card_format in _LAYOUTS:
        try:
            number = decode(badge, card_format)
        except Misread:
            continue
        if number is not None:
            found[card_format] = number
    return found


def typed(text: str, card_format: CardFormat) -> Badge:
    """Reads a badge that somebody typed: its number in a format, or its bits as read, such as 26:860933C0.

    A number is 12-4711 with a facility code and 4711 without one; a serial number may be hex, such as 0x04A1B2C3.
    Raises BadInput('bad_badge', 'bad_badge_number').
    """
    text = text.strip()
    if (as_read := Badge.of_text(text)) is not None:
        return as_read
    if serial := _SERIAL.fullmatch(text):
        return encode(CardNumber(None, int(serial[1], 16)), card_format)
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise BadInput("bad_badge_number", "Type the number of the badge, such as 12-4711, or its bits: 26:860933C0.")
    facility, number = found.groups()
    return encode(CardNumber(None if facility is None else int(facility), int(number)), card_format)


def typed_hex(text: str, card_format: CardFormat) -> Badge:
    """Reads what a reader at a keyboard types in hex digits: a card's serial number, or all bits, four a digit.

    Raises BadInput('bad_badge', 'bad_badge_number').
    """
    digits = _BETWEEN.sub("", text.strip())
    if not _HEX.fullmatch(digits) or len(digits) % 2:
        raise BadInput("bad_badge_number", "A reader in hex types pairs of the digits 0 to 9 and A to F.")
    if card_format is CardFormat.RAW:
        return Badge.of_hex(4 * len(digits), digits)
    if _LAYOUTS[card_format].parity:
        raise BadInput("bad_badge_number", "In hex a reader types serial numbers or bits: choose such a format.")
    if len(digits) != 8:
        raise BadInput("bad_badge_number", "A 32-bit serial number has 8 hex digits. For others, choose bits as read.")
    return encode(CardNumber(None, int(digits, 16)), card_format)


def last_four(badge: Badge, card_format: CardFormat) -> str:
    """Returns what logs and pages may say of a badge: the end of its number, or of its bits."""
    try:
        number = decode(badge, card_format)
    except Misread:
        number = None
    return (badge.hex if number is None else str(number.number))[-4:]


def with_parity(data: str) -> str:
    """Returns the bits, written as 0 and 1, between their two parity bits."""
    even, odd = _parity(int(data, 2), len(data))
    return f"{even}{data}{odd}"


def _parity(data: int, bits: int) -> tuple[int, int]:
    """The even parity bit over the first half, the odd one over the second."""
    half = (bits + 1) // 2
    return (data >> bits - half).bit_count() % 2, 1 - (data & (1 << half) - 1).bit_count() % 2


def _reversed(serial: int) -> int:
    return int.from_bytes(serial.to_bytes(4, "big"), "little")
