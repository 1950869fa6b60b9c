"""QR passes: a fixed vector, every single wrong bit, other spellings, and what is no pass at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.crypto.pass_key import Ed25519PassKey
from app.core.credentials.qr_pass import PREFIX, QrPass, Unreadable, is_pass, place, read, written
from app.core.errors import BadInput
from app.core.reasons import Reason

KEY, OTHER_KEY = Ed25519PassKey(bytes(32)), Ed25519PassKey(b"\1" * 32)
AT = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
HALL = place("hall")
PASS = QrPass(bytes(range(16)), place("site"), AT, AT + timedelta(hours=8), (HALL, place("lab")), once=True)
# RFC 8032 signs deterministically, so a code that was printed by an earlier version is read by this one.
VECTOR = (
    "FG1:4XES624FOOQL6AABAIBQIBIGA4EASCQLBQGQ4D3LBUWQA2YNTWAACAX6ZKADI6EN4S4RLPJHXTIF776XACO6H432D4TAK6R4"
    "R6RV56XGPO2Y4QPSZKEPAFM3NGLZCVSSFJMKAO4YXC7GR7EBQLXRT5G7QUJ3DYKQUB44C7NRAE"
)


def why(text: str) -> Reason | None:
    try:
        read(text, KEY)
    except Unreadable as error:
        return error.reason
    return None


def test_vector_both_ways() -> None:
    assert written(PASS, KEY) == VECTOR
    assert read(VECTOR, KEY) == PASS


def test_code_is_small_and_in_the_alphabet_of_qr() -> None:
    """Version 7 of a QR code holds 178 such characters with a quarter of it lost (ISO/IEC 18004, level M is 15 %)."""
    assert len(VECTOR) <= 178
    assert set(VECTOR) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def test_no_token_with_one_wrong_bit_is_accepted() -> None:
    data = VECTOR.encode()
    flipped = [data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :] for at in range(len(data)) for bit in range(8)]
    assert len(flipped) == 8 * len(VECTOR)
    accepted = [one for one in flipped if why(one.decode("latin-1")) is None]
    assert accepted == []


def test_no_token_with_one_wrong_bit_inside_is_accepted() -> None:
    """The same below the spelling: the bits that are signed, and those of the signature."""
    bits = 5 * (len(VECTOR) - len(PREFIX))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    found = set()
    for bit in range(bits):
        at, flip = len(PREFIX) + bit // 5, 1 << bit % 5
        found.add(why(VECTOR[:at] + alphabet[alphabet.index(VECTOR[at]) ^ flip] + VECTOR[at + 1 :]))
    assert found == {Reason.QR_ALTERED, Reason.QR_OF_ANOTHER_SITE, Reason.CREDENTIAL_MISREAD}


def test_pass_of_another_installation_is_named_as_such() -> None:
    assert why(written(PASS, OTHER_KEY)) is Reason.QR_OF_ANOTHER_SITE


@pytest.mark.parametrize(
    "text",
    [
        "",
        PREFIX,
        PREFIX + "A" * 160,
        VECTOR.lower(),
        VECTOR + "=",
        VECTOR + "A",
        VECTOR[:-1],
        VECTOR[:-8],
        " " + VECTOR,
        VECTOR + "\n",
        VECTOR.replace("FG1:", "FG2:"),
        "FG1:'; DROP TABLE credentials; --" + "A" * 150,
        "FG1:" + "\0" * 160,
        "FG1:" + "É" * 160,
        "FG1:" + "A" * 10_000_000,
        "https://example.org/" + VECTOR,
    ],
)
def test_whatever_else_is_read_is_refused(text: str) -> None:
    assert why(text) is not None


@given(
    st.text(max_size=300) | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", max_size=220).map(lambda text: PREFIX + text)
)
def test_nothing_that_was_not_signed_is_read(text: str) -> None:
    assert why(text) is not None


@given(
    st.binary(min_size=16, max_size=16),
    st.integers(0, (1 << 32) - 400 * 86400),
    st.integers(1, 366 * 86400),
    st.lists(st.binary(min_size=4, max_size=4), max_size=8),
    st.booleans(),
)
def test_what_is_written_is_read(pass_id: bytes, starts: int, lasts: int, places: list[bytes], once: bool) -> None:
    at = datetime.fromtimestamp(starts, UTC)
    made = QrPass(pass_id, place("site"), at, at + timedelta(seconds=lasts), tuple(places), once)
    token = written(made, KEY)
    assert is_pass(token) and read(token, KEY) == made


def test_pass_for_places_is_taken_there_alone() -> None:
    assert PASS.takes("gate", "hall", None, "site") and PASS.takes("lab")
    assert not PASS.takes("gate", None, "site")
    assert replace(PASS, places=()).takes("gate")


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": b"short"},
        {"site": b"long one"},
        {"ends_at": AT},
        {"ends_at": AT + timedelta(days=400)},
        {"starts_at": AT + timedelta(milliseconds=1)},
        {"starts_at": datetime(1969, 12, 31, tzinfo=UTC)},
        {"places": (HALL,) * 9},
    ],
)
def test_pass_that_cannot_be_is_not_made(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        replace(PASS, **wrong)  # type: ignore[arg-type]
