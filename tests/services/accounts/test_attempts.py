"""Wrong passwords make the next try wait: longer each time, never for ever, and not in one's own browser."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.db.repositories.accounts import TallyRows
from app.adapters.db.store import SqlStore
from app.core.accounts.lockout import FREE_A_NAME, FREE_AN_ADDRESS, LONGEST, Tally
from app.core.errors import Busy, Forbidden, Unauthorised
from app.services.accounts.sign_in import Client
from tests.fakes import Clock
from tests.services.reception import ELSEWHERE, HERE, PASSWORD, Desk

WRONG = "wrong"


@pytest.fixture
def desk(store: SqlStore, signer: Ed25519Signer, clock: Clock) -> Desk:
    desk = Desk(store, signer, clock)
    desk.admin()
    return desk


def fail(desk: Desk, times: int, name: str = "ada", client: Client = ELSEWHERE) -> None:
    for _ in range(times):
        with pytest.raises(Unauthorised):
            desk.enter(name, "wrong", client)


def wait(desk: Desk, name: str = "ada", client: Client = ELSEWHERE, password: str = WRONG) -> int:
    with pytest.raises(Busy) as refused:
        desk.enter(name, password, client)
    return refused.value.retry_after_s


def test_wait_grows_to_a_limit(desk: Desk, clock: Clock) -> None:
    fail(desk, FREE_A_NAME)
    waits = []
    for _ in range(12):
        waits.append(wait(desk))
        clock.advance(seconds=waits[-1])
        fail(desk, 1)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_correct_password_waits_too_and_then_works(desk: Desk, clock: Clock) -> None:
    fail(desk, FREE_A_NAME)
    clock.advance(seconds=wait(desk, password=PASSWORD))
    assert desk.enter(client=ELSEWHERE)
    fail(desk, FREE_A_NAME - 1)
    assert desk.enter(client=ELSEWHERE), "a right one wipes the slate"


def test_attempts_while_locked_do_not_extend_the_lock(desk: Desk, clock: Clock) -> None:
    fail(desk, FREE_A_NAME)
    first = wait(desk)
    for _ in range(50):
        assert wait(desk) == first
    rows = len(desk.sign_in.recent(limit=200))
    assert rows == FREE_A_NAME, "a flood writes nothing"
    clock.advance(seconds=first)
    assert desk.enter(client=ELSEWHERE)


def test_unknown_name_is_locked_like_a_known_one(desk: Desk) -> None:
    fail(desk, FREE_A_NAME, "nobody")
    fail(desk, FREE_A_NAME, "ada", HERE)
    assert wait(desk, "nobody") == wait(desk, "ada", HERE)


def test_own_browser_is_not_locked_out(desk: Desk, clock: Clock) -> None:
    """Given a browser in which Ada signed in, when somebody elsewhere fails as Ada for days, then Ada still enters."""
    own = replace(HERE, device=desk.sign_in.with_password("ada", PASSWORD, HERE).device)
    for _ in range(40):
        clock.now += LONGEST
        fail(desk, 1, client=Client(f"198.51.100.{_}"))
    wait(desk, client=Client("203.0.113.1"), password=PASSWORD)
    assert desk.enter(client=own)
    fail(desk, FREE_A_NAME, client=own)
    wait(desk, client=own)


def test_browser_mark_belongs_to_one_user_and_cannot_be_forged(desk: Desk) -> None:
    desk.admin("bob")
    bobs = desk.sign_in.with_password("bob", PASSWORD, HERE).device
    adas = desk.sign_in.with_password("ada", PASSWORD, HERE).device
    fail(desk, FREE_A_NAME)
    for mark in (bobs, adas[:-4] + "AAAA", adas.partition(".")[0], f"{adas.partition('.')[0]}.x.y", ".", "é.é"):
        wait(desk, client=replace(ELSEWHERE, device=mark), password=PASSWORD)


def test_one_address_trying_many_names_waits(desk: Desk) -> None:
    for number in range(FREE_AN_ADDRESS):
        fail(desk, 1, f"name {number}")
    assert wait(desk, "ada", password=PASSWORD) == 2
    assert desk.enter(client=HERE), "others do not"


def test_ipv6_network_is_one_address(desk: Desk) -> None:
    for number in range(FREE_AN_ADDRESS):
        fail(desk, 1, f"name {number}", Client(f"2001:db8::{number + 1:x}"))
    wait(desk, "ada", Client("2001:db8::ffff"))
    assert desk.enter(client=Client("2001:db8:0:1::1"))


def test_reset_by_an_admin_ends_the_lock(desk: Desk) -> None:
    fail(desk, FREE_A_NAME)
    wait(desk, client=HERE)
    desk.users.reset(desk.users.by_name("ada").id)
    assert desk.enter(client=HERE)


def test_failures_are_forgotten_after_a_day(desk: Desk, clock: Clock) -> None:
    fail(desk, FREE_A_NAME - 1)
    clock.now += timedelta(hours=25)
    fail(desk, FREE_A_NAME)
    wait(desk)


def test_concurrent_guesses_are_all_counted(desk: Desk) -> None:
    """Given attempts that were let in and have no answer yet, then the next one waits already."""
    for _ in range(FREE_A_NAME):
        assert desk.attempts.admit("ada", "192.0.2.50", None) is None
    assert desk.attempts.admit("ada", "192.0.2.51", None) is not None


def test_guesses_in_one_instant_are_all_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody, read = threading.Barrier(8, timeout=30), TallyRows.get

    def together(rows: TallyRows, buckets: Iterable[str]) -> dict[str, Tally]:
        found = read(rows, buckets)
        everybody.wait()
        return found

    monkeypatch.setattr(TallyRows, "get", together)
    with ThreadPoolExecutor(8) as pool:
        admitted = list(pool.map(lambda n: desk.attempts.admit("ada", f"192.0.2.{n}", None), range(8)))
    assert admitted.count(None) == FREE_A_NAME


def test_correct_passwords_in_one_instant_are_all_forgiven(desk: Desk) -> None:
    def admitted(n: int) -> bool:
        return desk.attempts.admit(f"name {n}", HERE.address, None) is None

    assert all(admitted(n) for n in range(FREE_AN_ADDRESS))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: desk.attempts.forgive(f"name {n}", HERE.address, None), range(8)))
    assert [admitted(n) for n in range(9)] == [True] * 8 + [False]


def test_guesses_from_a_stolen_session_count(desk: Desk) -> None:
    who = desk.sessions.find(desk.enter())
    assert who is not None
    for _ in range(FREE_A_NAME):
        with pytest.raises(Forbidden):
            desk.sign_in.change_password(who, "guess", "something quite else", HERE)
    with pytest.raises(Busy):
        desk.sign_in.change_password(who, PASSWORD, "something quite else", HERE)
