"""A display opens by a code, once, in one browser; it lasts for weeks and ends when an admin revokes it."""

from datetime import timedelta

import pytest

from app.adapters.crypto.passwords import Argon2
from app.adapters.crypto.signing import Ed25519Signer
from app.core.accounts.users import Method, SignInOutcome
from app.core.errors import BadInput, Busy, Conflict, NotFound
from app.core.types import Role
from app.services.accounts.attempts import Attempts
from app.services.accounts.displays import CODE_FOR, Displays
from app.services.accounts.sessions import DISPLAY_FOR, Ended, Sessions
from app.services.accounts.sign_in import Client, SignInService
from app.services.accounts.users import Users
from tests.fakes import Clock, new_id
from tests.services.process import Process

WALL = Client("192.0.2.7", "Mozilla/5.0 Chrome/130")


@pytest.fixture
def sessions(site: Process, clock: Clock) -> Sessions:
    return Sessions(site.store, clock, new_id, idle=timedelta(hours=1), longest=timedelta(hours=12))


@pytest.fixture
def users(site: Process, clock: Clock) -> Users:
    return Users(site.store, Argon2(), clock, new_id)


@pytest.fixture
def displays(site: Process, signer: Ed25519Signer, clock: Clock, users: Users, sessions: Sessions) -> Displays:
    attempts = Attempts(site.store, clock)
    sign_in = SignInService(site.store, users, sessions, attempts, users.hasher, signer, clock, new_id)
    return Displays(site.store, sessions, sign_in, attempts, clock, new_id)


def test_a_code_opens_a_session_that_lasts_for_weeks_without_a_hand(
    displays: Displays, sessions: Sessions, clock: Clock
) -> None:
    made = displays.add(" Guard room ")
    assert made.display.session is None and displays.all() == [made.display]
    token = displays.open(made.code.lower().replace("-", " "), WALL).session
    for _ in range(55):
        clock.advance(days=1)
        found = sessions.find(token, background=True)
        assert found is not None and found.user.roles == {Role.DISPLAY} and found.principal.kind == "display"
    (shown,) = displays.all()
    assert shown.user.name == "Guard room" and shown.session is not None
    assert (shown.session.seen_at, shown.session.agent) == (clock(), WALL.agent)
    clock.advance(days=1)
    assert sessions.find(token) is None and sessions.why_ended(token) is Ended.LONGEST
    assert timedelta(days=56) == DISPLAY_FOR and displays.all()[0].session is None


def test_a_code_works_once_and_for_a_short_time(displays: Displays, sessions: Sessions, clock: Clock) -> None:
    first = displays.add("Guard room")
    token = displays.open(first.code, WALL).session
    with pytest.raises(NotFound):
        displays.open(first.code, WALL)
    second = displays.renew(first.display.user.id)
    third = displays.renew(first.display.user.id)
    with pytest.raises(NotFound):
        displays.open(second.code, WALL)
    assert sessions.find(token) is not None, "it goes on until the new code is typed"
    other = displays.open(third.code, Client("192.0.2.8")).session
    assert sessions.find(token) is None and sessions.find(other) is not None
    late = displays.renew(first.display.user.id)
    clock.advance(seconds=CODE_FOR.total_seconds())
    with pytest.raises(NotFound):
        displays.open(late.code, WALL)
    assert sessions.find(other) is not None


def test_a_revoked_display_shows_nothing(displays: Displays, sessions: Sessions) -> None:
    kept, gone = displays.add("Reception"), displays.add("Guard room")
    tokens = [displays.open(made.code, WALL).session for made in (kept, gone)]
    code = displays.renew(gone.display.user.id).code
    displays.revoke(gone.display.user.id)
    assert [sessions.find(token) is None for token in tokens] == [False, True]
    assert sessions.why_ended(tokens[1]) is Ended.REMOVED
    assert [display.user.name for display in displays.all()] == ["Reception"]
    for call in (lambda: displays.open(code, WALL), lambda: displays.revoke(gone.display.user.id)):
        with pytest.raises(NotFound):
            call()
    assert displays.add("Guard room").code, "the name is free again"


def test_codes_cannot_be_guessed_at_will(displays: Displays, clock: Clock) -> None:
    made = displays.add("Guard room")
    for _ in range(5):
        with pytest.raises(NotFound):
            displays.open("K7QM-3XHD", WALL)
        clock.advance(seconds=1)
    with pytest.raises(Busy):
        displays.open(made.code, WALL)
    assert displays.open(made.code, Client("198.51.100.9")).session, "nobody else has to wait"
    outcomes = [(row.method, row.outcome, row.name) for row in displays.sign_in.recent()]
    assert outcomes == [(Method.CODE, SignInOutcome.SIGNED_IN, "Guard room")] + 5 * [
        (Method.CODE, SignInOutcome.REFUSED, "")
    ]


def test_a_display_is_no_person(displays: Displays, users: Users, sessions: Sessions) -> None:
    display = displays.add("Guard room").display.user
    ada = users.add("ada", frozenset({Role.VIEWER}))
    assert users.all() == [ada]
    for call in (users.get, users.reset, users.change, displays.revoke, displays.renew):
        with pytest.raises(NotFound):
            call(ada.id if call in (displays.revoke, displays.renew) else display.id)
    with pytest.raises(Conflict):
        displays.add("ADA")
    with pytest.raises(BadInput):
        displays.add("\x1b[31m")
    with pytest.raises(BadInput):
        users.add("grace", frozenset({Role.DISPLAY}))


def test_a_page_that_asks_by_itself_keeps_no_person_signed_in(
    site: Process, users: Users, sessions: Sessions, clock: Clock
) -> None:
    ada = users.add("ada", frozenset({Role.VIEWER}))
    with site.store.write() as tx:
        token = sessions.open(tx, ada, "192.0.2.7", "a browser")
    for _ in range(6):
        assert sessions.find(token, background=True) is not None and sessions.why_ended(token) is None
        clock.advance(minutes=10)
    assert sessions.find(token) is None and sessions.why_ended(token) is Ended.IDLE
    assert sessions.why_ended("nothing") is Ended.REMOVED
