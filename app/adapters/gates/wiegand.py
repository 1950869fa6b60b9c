"""An employee's card number as the bits of a card in a given format, including parity.

Formats: H10301 (26 bits), H10302 (37 bits) and H10304 (37 bits with a facility code), as HID publishes them.
"""

from app.core.credentials.formats import with_parity


class NotThisFormat(Exception):
    """The number does not fit the format. The message does not repeat it."""


def encode(number: str, card_format: str, facility: int | None, raw_bits: int | None) -> tuple[int, bytes]:
    """(length in bits, the bits in order, padded with zeros at the end). Raises NotThisFormat.

    Without a facility code the number also fills the facility's bits: 24 in wiegand26, 35 in wiegand37.
    """
    if not (number.isascii() and number.isdecimal()):
        raise NotThisFormat("the card number is not a decimal number")
    value = int(number)
    if card_format == "raw":
        return _padded(_bits(value, raw_bits or 0))
    width = {"wiegand26": 24, "wiegand37": 35}[card_format]
    if facility is None:
        data = _bits(value, width)
    else:
        site = {"wiegand26": 8, "wiegand37": 16}[card_format]
        data = _bits(facility, site) + _bits(value, width - site)
    return _padded(with_parity(data))


def _bits(value: int, width: int) -> str:
    if value >= 1 << width:
        raise NotThisFormat("the card number does not fit the panel's card format")
    return f"{value:0{width}b}"


def _padded(bits: str) -> tuple[int, bytes]:
    whole = bits + "0" * (-len(bits) % 8)
    return len(bits), int(whole, 2).to_bytes(len(whole) // 8, "big")
