"""Passwords that an attacker would try first are refused, and so are short ones; the error never repeats one."""

import pytest

from app.core.accounts.passwords import LONGEST, SHORTEST, check_password
from app.core.errors import BadInput

GOOD = "three brown hens at noon"


@pytest.mark.parametrize("password", [GOOD, "Tr0mbone&Kiwi!", "żółta łódka na rzece", GOOD.ljust(LONGEST, "x")])
def test_strong_password_is_accepted(password: str) -> None:
    assert check_password(password, "ada") == password


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("x" * (SHORTEST - 1), "at least 12"),
        ((GOOD * 20)[: LONGEST + 1], "at most 256"),
        ("abababababab", "same few characters"),
        ("correct-ada.lovelace-99", "the user's name"),
        ("Password2026!", "easy to guess"),
        ("P@55w0rd-2026!", "easy to guess"),
        ("summerwinter1", "easy to guess"),
        ("welcome-abc-2026", "easy to guess"),
        ("qwertyuiop12", "easy to guess"),
        ("abcdefghijkl", "easy to guess"),
        ("987654321098", "easy to guess"),
        ("2026-11-29 08:15", "easy to guess"),
    ],
)
def test_weak_password_is_refused(password: str, rule: str) -> None:
    with pytest.raises(BadInput, match=rule) as refused:
        check_password(password, "ada.lovelace")
    assert refused.value.code == "weak_password"
    assert password not in refused.value.detail


def test_short_name_may_be_part_of_a_password() -> None:
    assert check_password("an adamant brown hen", "ada")
