"""Wrong tries lock a PIN at a gate: for longer each time, after a restart, and in every process."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from sqlalchemy import text

from app.adapters.db.engine.connect import make_engine
from app.core.access.rules import EntryMode
from app.core.credentials.pin import LONGEST_LOCK
from app.core.credentials.stored import CredentialKind
from app.core.types import Employee
from tests.services.access.credentials.pin_desk import ADAS, asks, enrol_ada, issue, typed, wrong
from tests.services.process import Process

GUESSES = 10_000 if settings().max_examples > 1000 else 200


@pytest.fixture
def ada(site: Process) -> Employee:
    return enrol_ada(site)


@pytest.fixture
def pin(site: Process, ada: Employee) -> str:
    return issue(site, ada).digits


@pytest.mark.one_database
def test_lock_grows_is_of_one_gate_and_ends_with_a_right_pin(site: Process, ada: Employee, pin: str) -> None:
    site.gates.add("lab")
    for gate in ("lobby-1", "lab"):
        asks(site, EntryMode.BADGE_AND_PIN, gate)

    def attempt(digits: str, gate: str = "lobby-1") -> str:
        return str(typed(site, digits, credential=ADAS.text, gate=gate).reason)

    assert [attempt(wrong(pin)) for _ in range(6)] == ["pin_wrong"] * 5 + ["pin_locked"]
    assert attempt(pin) == "pin_locked" and attempt(pin, "lab") == "credential_accepted"
    for lock_s in (30, 60, 120):
        site.clock.advance(seconds=lock_s - 1)
        assert attempt(pin) == "pin_locked"
        site.clock.advance(seconds=1)
        assert attempt(wrong(pin)) == "pin_wrong"
    site.clock.advance(seconds=240)
    assert attempt(pin) == "credential_accepted"
    assert [attempt(wrong(pin)) for _ in range(6)] == ["pin_wrong"] * 5 + ["pin_locked"]


def test_lock_outlives_a_restart_and_holds_in_every_process(
    site: Process, start: Callable[..., Process], ada: Employee, pin: str
) -> None:
    """Sixteen guesses at once in two processes: five are looked at, and a process that starts later knows."""
    asks(site, EntryMode.BADGE_AND_PIN)
    others = site, start()

    def guess(number: int) -> str:
        return str(typed(others[number % 2], wrong(pin, number + 1), credential=ADAS.text).reason)

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(guess, range(16))) == {"pin_wrong": 5, "pin_locked": 11}
    assert typed(start(), pin, credential=ADAS.text).reason == "pin_locked"


@pytest.mark.one_database
def test_guessing_is_bounded_by_the_schedule(site: Process, ada: Employee, pin: str) -> None:
    """One guess a second. With HYPOTHESIS_PROFILE=deep 10,000: five, and one at the end of each lock."""
    asks(site, EntryMode.BADGE_AND_PIN)
    duress = issue(site, ada, CredentialKind.DURESS_PIN).digits
    free, lock_s, allowed = 5, 30, 5
    left = GUESSES - free
    while left >= lock_s:
        left -= lock_s
        allowed += 1
        lock_s = min(2 * lock_s, int(LONGEST_LOCK.total_seconds()))
    said: Counter[str] = Counter()
    guesses = (f"{number:06}" for number in range(1_000_000))
    for digits in guesses:
        if digits in (pin, duress):
            continue
        said[str(typed(site, digits, credential=ADAS.text).reason)] += 1
        site.clock.advance(seconds=1)
        if said.total() == GUESSES:
            break
    assert said.keys() == {"pin_wrong", "pin_locked"}
    assert said["pin_wrong"] <= allowed + 1


def test_altered_tries_unlock_nothing(site: Process, database_url: str, ada: Employee, pin: str) -> None:
    asks(site, EntryMode.BADGE_AND_PIN)
    typed(site, wrong(pin), credential=ADAS.text)
    engine = make_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE pin_tries SET wrong = 0"))
    engine.dispose()
    assert typed(site, pin, credential=ADAS.text).reason == "system_fault"
