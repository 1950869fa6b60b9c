"""Badges and their formats: fixed vectors both ways, and parity that notices every single wrong bit."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.credentials.badge import MOST_BITS, Badge
from app.core.credentials.formats import (
    CardFormat,
    CardNumber,
    Misread,
    decode,
    encode,
    last_four,
    readings,
    typed,
)
from app.core.errors import BadInput

WITH_PARITY = (CardFormat.H10301, CardFormat.H10306, CardFormat.H10304, CardFormat.H10302)
SERIALS = (CardFormat.CSN32, CardFormat.CSN32_REVERSED)
# The parity bits were counted by hand.
VECTORS = [
    (CardFormat.H10301, CardNumber(1, 1), "1" + "00000001" + "0000000000000001" + "0"),
    (CardFormat.H10301, CardNumber(123, 4567), "1" + "01111011" + "0001000111010111" + "0"),
    (CardFormat.H10301, CardNumber(255, 65535), "0" + "1" * 8 + "1" * 16 + "1"),
    (CardFormat.H10306, CardNumber(1, 1), "1" + "0000000000000001" + "0000000000000001" + "0"),
    (CardFormat.H10306, CardNumber(65535, 0), "0" + "1" * 16 + "0" * 16 + "1"),
    (CardFormat.H10304, CardNumber(1, 1), "1" + "0000000000000001" + "0000000000000000001" + "0"),
    # The middle one of 35 bits counts in both halves.
    (CardFormat.H10304, CardNumber(0, 1 << 17), "1" + "0" * 16 + "01" + "0" * 17 + "0"),
    (CardFormat.H10302, CardNumber(None, 1), "0" + "0" * 34 + "1" + "0"),
    (CardFormat.H10302, CardNumber(None, (1 << 35) - 1), "0" + "1" * 35 + "1"),
    (CardFormat.CSN32, CardNumber(None, 0x04A1B2C3), "00000100" + "10100001" + "10110010" + "11000011"),
    (CardFormat.CSN32_REVERSED, CardNumber(None, 0x04A1B2C3), "11000011" + "10110010" + "10100001" + "00000100"),
]


@pytest.mark.parametrize(("card_format", "number", "bits"), VECTORS)
def test_vectors_both_ways(card_format: CardFormat, number: CardNumber, bits: str) -> None:
    badge = Badge(len(bits), int(bits, 2))
    assert encode(number, card_format) == badge
    assert decode(badge, card_format) == number
    assert readings(badge)[card_format] == number


@pytest.mark.parametrize("card_format", WITH_PARITY)
def test_no_badge_with_one_wrong_bit_is_accepted(card_format: CardFormat) -> None:
    chance, accepted = random.Random(26), 0
    facility_bits, number_bits = {
        CardFormat.H10301: (8, 16),
        CardFormat.H10306: (16, 16),
        CardFormat.H10304: (16, 19),
        CardFormat.H10302: (0, 35),
    }[card_format]
    for _ in range(100_000):
        facility = chance.getrandbits(facility_bits) if facility_bits else None
        sent = encode(CardNumber(facility, chance.getrandbits(number_bits)), card_format)
        arrived = Badge(sent.bits, sent.value ^ 1 << chance.randrange(sent.bits))
        try:
            decode(arrived, card_format)
            accepted += 1
        except Misread as error:
            assert error.parity
    assert accepted == 0


@given(st.sampled_from(SERIALS), st.integers(0, (1 << 32) - 1))
def test_serial_is_the_same_number_in_either_order(card_format: CardFormat, serial: int) -> None:
    badge = encode(CardNumber(None, serial), card_format)
    assert decode(badge, card_format) == CardNumber(None, serial)
    assert typed(f"0x{serial:08x}", card_format) == typed(str(serial), card_format) == badge


@given(st.integers(1, MOST_BITS).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, (1 << n) - 1))))
def test_bits_of_any_length_are_kept_as_they_are(read: tuple[int, int]) -> None:
    badge = Badge(*read)
    assert Badge.of_text(badge.text) == Badge.of_hex(badge.bits, badge.hex.lower()) == badge
    assert decode(badge, CardFormat.RAW) is None
    assert len(last_four(badge, CardFormat.RAW)) <= 4


@given(st.integers(-2, 600), st.text("0123456789abcdefG", max_size=40))
def test_what_is_no_badge_is_refused(bits: int, digits: str) -> None:
    try:
        assert Badge.of_hex(bits, digits).hex == digits.upper()
    except BadInput as error:
        assert error.code == "bad_badge"


@pytest.mark.parametrize(
    ("bits", "digits"),
    [(0, ""), (513, "0" * 130), (26, "0B6C4E8"), (26, "0B6C4E81"), (26, "0B6C4E8000"), (8, "G0"), (8, "0x")],
)
def test_wrong_hex_is_refused(bits: int, digits: str) -> None:
    with pytest.raises(BadInput, match=r"badge|zero"):
        Badge.of_hex(bits, digits)


def test_another_length_is_told_from_wrong_parity() -> None:
    with pytest.raises(Misread) as caught:
        decode(Badge(34, 5), CardFormat.H10301)
    assert not caught.value.parity


@pytest.mark.parametrize(
    ("text", "card_format", "number"),
    [
        ("12-4711", CardFormat.H10301, CardNumber(12, 4711)),
        (" 12/4711 ", CardFormat.H10304, CardNumber(12, 4711)),
        ("12 4711", CardFormat.H10306, CardNumber(12, 4711)),
        ("4711", CardFormat.H10302, CardNumber(None, 4711)),
        ("26:8080800080", CardFormat.H10301, None),
        ("4711", CardFormat.H10301, None),
        ("12-4711", CardFormat.CSN32, None),
        ("256-1", CardFormat.H10301, None),
        ("1-65536", CardFormat.H10301, None),
        ("4294967296", CardFormat.CSN32, None),
        ("4711", CardFormat.RAW, None),
        ("", CardFormat.H10301, None),
        ("'; DROP TABLE badges", CardFormat.H10301, None),
        ("١٢-٤", CardFormat.H10301, None),
    ],
)
def test_typed_numbers(text: str, card_format: CardFormat, number: CardNumber | None) -> None:
    if number is None:
        with pytest.raises(BadInput):
            typed(text, card_format)
    else:
        assert typed(text, card_format) == encode(number, card_format)


def test_bits_can_be_typed_in_every_format() -> None:
    badge = encode(CardNumber(12, 4711), CardFormat.H10301)
    for card_format in CardFormat:
        assert typed(badge.text, card_format) == badge


def test_only_the_end_of_a_number_is_told() -> None:
    assert last_four(encode(CardNumber(12, 54711), CardFormat.H10301), CardFormat.H10301) == "4711"
    assert last_four(Badge(56, 0x04A1B2C3D4E5F6), CardFormat.RAW) == "E5F6"
    assert last_four(Badge(56, 0x04A1B2C3D4E5F6), CardFormat.H10301) == "E5F6"


@pytest.mark.parametrize("badge", [Badge(4, 7), Badge(8, 0xE1), Badge(26, 0), Badge(26, (1 << 26) - 1)])
def test_keys_of_a_keypad_and_a_broken_line_are_nobodys_badge(badge: Badge) -> None:
    assert not badge.can_be_kept
    assert encode(CardNumber(12, 4711), CardFormat.H10301).can_be_kept
