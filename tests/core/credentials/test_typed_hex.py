"""What a reader at a keyboard types in hex, as a badge."""

import pytest

from app.core.credentials.badge import Badge
from app.core.credentials.formats import CardFormat, decode, typed, typed_hex
from app.core.errors import BadInput


@pytest.mark.parametrize("text", ["04A1B2C3", "04a1b2c3", "04:A1:B2:C3", "04-A1-B2-C3", " 04 A1 B2 C3 "])
def test_serial_number_is_the_one_that_is_typed_with_a_mark(text: str) -> None:
    for card_format in (CardFormat.CSN32, CardFormat.CSN32_REVERSED):
        assert typed_hex(text, card_format) == typed("0x04A1B2C3", card_format)


def test_same_digits_mean_another_number_in_hex_than_in_decimal() -> None:
    in_hex, in_decimal = typed_hex("12345678", CardFormat.CSN32), typed("12345678", CardFormat.CSN32)
    assert str(decode(in_hex, CardFormat.CSN32)) == str(0x12345678)
    assert str(decode(in_decimal, CardFormat.CSN32)) == "12345678"


def test_all_bits_are_taken_as_read() -> None:
    assert typed_hex("04A1B2C3D4E5F6", CardFormat.RAW) == Badge(56, 0x04A1B2C3D4E5F6)


@pytest.mark.parametrize(
    "text", ["", "04A", "04A1B2C", "0x04A1B2C3", "04A1B2G3", "\u0660\u0661\u0662\u0663", "A" * 130]
)
@pytest.mark.parametrize("card_format", [CardFormat.RAW, CardFormat.CSN32, CardFormat.H10301])
def test_what_is_no_pairs_of_hex_digits_is_refused(text: str, card_format: CardFormat) -> None:
    with pytest.raises(BadInput):
        typed_hex(text, card_format)


@pytest.mark.parametrize("card_format", [CardFormat.CSN32, CardFormat.H10301, CardFormat.H10304])
def test_format_must_hold_what_was_typed(card_format: CardFormat) -> None:
    with pytest.raises(BadInput):
        typed_hex("04A1B2C3D4E5F6", card_format)


def test_reader_may_type_a_comma_after_the_facility_code() -> None:
    assert typed("12,54711", CardFormat.H10301) == typed("12-54711", CardFormat.H10301)
