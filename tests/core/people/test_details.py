"""What an admin may write: every real name, and no text that could mislead in a log."""

from datetime import date
from typing import Any

import pytest

from app.core.errors import BadInput
from app.core.gates.settings import door_held_after_ms, gate_name, unlock_ms
from app.core.people.details import Details
from app.core.types import Status


def details(**changes: Any) -> Details:
    return Details(**{"number": "E-1001", "name": "Ada Lovelace", **changes})


def refused(**changes: Any) -> str:
    with pytest.raises(BadInput) as refusal:
        details(**changes)
    assert refusal.value.detail
    return refusal.value.code


def test_only_number_and_name_are_required() -> None:
    known = details()
    assert (known.status, known.groups, known.email) == (Status.ACTIVE, (), None)


@pytest.mark.parametrize("number", ["1", "E-1001", "a b", "№ 7", "0" * 64])
def test_numbers(number: str) -> None:
    assert details(number=number).number == number


@pytest.mark.parametrize(
    "number", ["", " ", " 1", "1 ", "1\n", "\t1", "1\x00", "1\u202e2", "0" * 65, "\u2028", "1\u00a0"]
)
def test_bad_numbers(number: str) -> None:
    assert refused(number=number) == "bad_number"


@pytest.mark.parametrize(
    "name",
    [
        "Ö",
        "x" * 200,
        'O\'Brien "Bob" <b> & Söhne; DROP TABLE employees',
        "नरेन्द्र मोदी",
        "e\u0301va",
        "Zoë 🧑\u200d🚀",
        "محمد بن سلمان",
        "שרה\u200f כהן",
        "李小龍",
        "%s {name} ${x}",
    ],
)
def test_names_are_kept_as_they_are(name: str) -> None:
    assert details(name=name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 201,
        "x" * 10_000,
        "Ada\nLovelace",
        "Ada\rLovelace",
        "Ada\tLovelace",
        "Ada\x00",
        "Ada\x1b[31m",
        "Ada\x7f",
        "Ada\x85Lovelace",
        "Ada\ud800",
        "Ada\ue000",
        "Ada\ufdd0",
        "Ada\u2028Lovelace",
        "Ada\u2029Lovelace",
        "\u200b",
        "\u200d ",
    ],
)
def test_names_that_hide_or_break_something_are_refused(name: str) -> None:
    assert refused(name=name) == "bad_name"


@pytest.mark.parametrize("mark", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_name_cannot_change_the_writing_direction(mark: str) -> None:
    assert refused(name=f"Ada {mark}ecalevoL") == "bad_name"


def test_refusal_states_the_limit_and_does_not_repeat_the_text() -> None:
    with pytest.raises(BadInput) as refusal:
        details(name="x" * 10_000)
    assert "10000" in refusal.value.detail and "200" in refusal.value.detail
    assert len(refusal.value.detail) < 200


@pytest.mark.parametrize("email", [None, "ada@example.org", "a+b@c", "ä@ö.example"])
def test_emails(email: str | None) -> None:
    assert details(email=email).email == email


@pytest.mark.parametrize(
    "email", ["", "ada", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a@b\r\nBcc: x@y", "a" * 65 + "@b", "a@" + "b" * 256]
)
def test_bad_emails(email: str) -> None:
    assert refused(email=email) == "bad_email"


def test_groups_are_bounded_and_checked() -> None:
    fifty = tuple(f"group {n}" for n in range(50))
    assert details(groups=fifty).groups == fifty
    assert refused(groups=(*fifty, "one more")) == "bad_groups"
    assert refused(groups=("night", "")) == "bad_groups"
    assert refused(groups=("x" * 65,)) == "bad_groups"
    assert refused(groups=("a\x00",)) == "bad_groups"


def test_legal_basis_is_text_like_any_other() -> None:
    assert details(legal_basis="consent").legal_basis == "consent"
    assert refused(legal_basis="x" * 201) == "bad_legal_basis"
    assert refused(legal_basis="\x00") == "bad_legal_basis"


def test_validity_does_not_end_before_it_begins() -> None:
    day = date(2026, 11, 23)
    assert details(valid_from=day, valid_until=day).valid_until == day
    assert refused(valid_from=day, valid_until=date(2026, 11, 22)) == "bad_valid_until"


@pytest.mark.parametrize("name", ["a", "lobby-1", "A.b_c-9", "x" * 64, "0"])
def test_gate_names(name: str) -> None:
    assert gate_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "-a", ".", "..", "a/b", "a b", "a\n", "lobby\x00", "tür", "x" * 65, "a%2fb", "a?b"]
)
def test_gate_names_that_are_not_safe_in_a_url_are_refused(name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        gate_name(name)
    assert refusal.value.code == "bad_gate_name"


def test_opening_lasts_half_a_second_to_a_minute() -> None:
    assert [unlock_ms(ms) for ms in (500, 5000, 60_000)] == [500, 5000, 60_000]
    for ms in (-1, 0, 499, 60_001):
        with pytest.raises(BadInput) as refusal:
            unlock_ms(ms)
        assert refusal.value.code == "bad_unlock_ms"


@pytest.mark.parametrize("number", ["0", "007", "1" * 20])
def test_card_numbers_are_digits(number: str) -> None:
    assert details(card_number=number).card_number == number


@pytest.mark.parametrize("number", ["", "1" * 21, "12a", "-1", "1 2", "١٢", "1\n"])
def test_bad_card_numbers(number: str) -> None:
    assert refused(card_number=number) == "bad_card_number"


def test_door_is_held_after_a_second_to_an_hour() -> None:
    assert [door_held_after_ms(ms) for ms in (1000, 15_000, 3_600_000)] == [1000, 15_000, 3_600_000]
    for ms in (-1, 0, 999, 3_600_001):
        with pytest.raises(BadInput) as refusal:
            door_held_after_ms(ms)
        assert refusal.value.code == "bad_door_held_after_ms"
