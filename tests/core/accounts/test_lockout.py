"""Each wrong password makes the next attempt wait longer, up to a quarter of an hour; after a day it is forgotten."""

from datetime import timedelta

import pytest

from app.core.accounts.lockout import FORGOTTEN, LONGEST, Tally, free_at, one_more
from tests.fakes import NOW


def test_the_first_attempts_are_free() -> None:
    assert free_at(None, 5) is None
    assert free_at(Tally(4, NOW), 5) is None


@pytest.mark.parametrize(("wrong", "seconds"), [(5, 2), (6, 4), (7, 8), (8, 16), (13, 512), (14, 900), (10**9, 900)])
def test_wait_doubles_up_to_a_quarter_of_an_hour(wrong: int, seconds: int) -> None:
    assert free_at(Tally(wrong, NOW), 5) == NOW + timedelta(seconds=seconds)
    assert timedelta(seconds=900) == LONGEST


def test_attempts_add_up_for_a_day() -> None:
    first = one_more(None, NOW)
    second = one_more(first, NOW + FORGOTTEN)
    assert (first, second) == (Tally(1, NOW), Tally(2, NOW + FORGOTTEN))
    assert one_more(second, second.last_at + FORGOTTEN + timedelta(seconds=1)).wrong == 1
