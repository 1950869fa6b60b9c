"""Users are added, changed, disabled and given links; one admin who can sign in always remains."""

from datetime import timedelta

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.db.store import SqlStore
from app.core.accounts.users import TicketKind
from app.core.errors import BadInput, Conflict, Forbidden, NotFound, Unauthorised
from app.core.types import Role
from app.services.accounts.users import RESET_FOR, roles_of
from tests.fakes import Clock
from tests.services.reception import ELSEWHERE, HERE, OTHER, PASSWORD, Desk

ADMIN, VIEWER = frozenset({Role.ADMIN}), frozenset({Role.VIEWER})


@pytest.fixture
def desk(store: SqlStore, signer: Ed25519Signer, clock: Clock) -> Desk:
    return Desk(store, signer, clock)


def test_users_are_found_by_id_and_name(desk: Desk) -> None:
    ada = desk.admin()
    assert desk.users.get(ada.id) == desk.users.by_name("ada") == ada
    assert desk.users.all() == [ada]
    for ask in (desk.users.get, desk.users.by_name):
        with pytest.raises(NotFound) as refused:
            ask("nobody")
        assert refused.value.code == "unknown_user"


def test_a_name_is_taken_once_whatever_its_case(desk: Desk) -> None:
    desk.admin("Ada")
    with pytest.raises(Conflict):
        desk.users.add("ada", VIEWER, PASSWORD)
    for name, roles, password in (("", VIEWER, PASSWORD), ("bob", frozenset(), PASSWORD), ("bob", VIEWER, "short")):
        with pytest.raises(BadInput):
            desk.users.add(name, roles, password)
    with pytest.raises(BadInput):
        desk.users.add("bob", frozenset({Role.GATE}), PASSWORD)
    assert len(desk.users.all()) == 1


def test_a_change_of_roles_ends_the_users_sessions_and_says_so(desk: Desk) -> None:
    desk.admin()
    bob = desk.users.add("bob", VIEWER, PASSWORD)
    cookie = desk.enter("bob")
    ended: list[str] = []
    object.__setattr__(desk.users, "signed_out", ended.append)
    assert desk.users.change(bob.id, roles=VIEWER) == bob
    assert desk.sessions.find(cookie) is not None and ended == [], "nothing changed"
    assert desk.users.change(bob.id, roles=ADMIN).roles == ADMIN
    assert desk.sessions.find(cookie) is None and ended == [bob.id]


def test_the_last_admin_who_can_sign_in_stays(desk: Desk) -> None:
    ada = desk.admin()
    invited = desk.users.add("eve", ADMIN)  # has no password yet
    for change in ({"roles": VIEWER}, {"enabled": False}):
        with pytest.raises(Conflict) as refused:
            desk.users.change(ada.id, **change)  # type: ignore[arg-type]  # one of the two
        assert refused.value.code == "last_admin"
    desk.sign_in.with_reset_link(desk.users.reset(invited.id), OTHER, HERE)
    assert not desk.users.change(ada.id, enabled=False).enabled
    with pytest.raises(Conflict):
        desk.users.change(invited.id, enabled=False)


def test_a_link_works_once_and_only_the_newest(desk: Desk, clock: Clock) -> None:
    ada = desk.admin()
    first, second = desk.users.reset(ada.id), desk.users.reset(ada.id)
    with pytest.raises(NotFound):
        desk.users.ticket(first, TicketKind.RESET)
    with pytest.raises(NotFound):
        desk.users.ticket(second, TicketKind.SETUP)
    assert desk.users.ticket(second, TicketKind.RESET) == ada
    assert desk.enter(), "until then the old password works"
    desk.sign_in.with_reset_link(second, OTHER, HERE)
    with pytest.raises(Unauthorised):
        desk.enter()
    assert desk.enter(password=OTHER)
    with pytest.raises(NotFound) as refused:
        desk.sign_in.with_reset_link(second, PASSWORD, HERE)
    assert refused.value.code == "link_expired"
    late = desk.users.reset(ada.id)
    clock.now += RESET_FOR - timedelta(milliseconds=1)
    assert desk.users.ticket(late, TicketKind.RESET) == desk.users.get(ada.id)
    clock.now += timedelta(milliseconds=1)
    with pytest.raises(NotFound):
        desk.users.ticket(late, TicketKind.RESET)


def test_a_disabled_user_gets_no_link_and_loses_theirs(desk: Desk) -> None:
    desk.admin()
    bob = desk.users.add("bob", VIEWER, PASSWORD)
    link = desk.users.reset(bob.id)
    desk.users.change(bob.id, enabled=False)
    with pytest.raises(NotFound):
        desk.sign_in.with_reset_link(link, OTHER, HERE)
    with pytest.raises(Conflict) as refused:
        desk.users.reset(bob.id)
    assert refused.value.code == "user_disabled"


def test_the_first_admin_comes_by_a_link_that_ends_with_the_first_user(desk: Desk) -> None:
    replaced, link = desk.users.setup(), desk.users.setup()
    assert replaced is not None and link is not None
    with pytest.raises(NotFound):
        desk.users.ticket(replaced, TicketKind.SETUP)
    assert desk.users.ticket(link, TicketKind.SETUP) is None
    entered = desk.sign_in.with_setup_link(link, "ada", PASSWORD, HERE)
    assert entered.user.roles == {Role.ADMIN, Role.SECURITY}
    assert desk.users.setup() is None
    with pytest.raises(NotFound):
        desk.sign_in.with_setup_link(link, "eve", PASSWORD, HERE)


def test_somebody_added_by_hand_ends_the_link_of_the_first_admin(desk: Desk) -> None:
    link = desk.users.setup()
    assert link is not None
    desk.admin()
    with pytest.raises(NotFound):
        desk.sign_in.with_setup_link(link, "eve", PASSWORD, HERE)
    assert [user.name for user in desk.users.all()] == ["ada"]


def test_a_new_password_keeps_this_session_and_ends_the_others(desk: Desk) -> None:
    ada = desk.admin()
    here, there = desk.enter(), desk.enter(client=ELSEWHERE)
    link = desk.users.reset(ada.id)
    who = desk.sessions.find(here)
    assert who is not None
    desk.users.set_password(ada, OTHER, who.session.id)
    assert desk.sessions.find(here) is not None and desk.sessions.find(there) is None
    with pytest.raises(NotFound):
        desk.users.ticket(link, TicketKind.RESET)
    with pytest.raises(Forbidden) as refused:
        desk.users.set_password(ada, PASSWORD, who.session.id)
    assert refused.value.code == "wrong_password", "it is not the password that was checked"
    with pytest.raises(Unauthorised):
        desk.users.set_password(desk.users.get(ada.id), PASSWORD, "another session")
    with pytest.raises(BadInput):
        desk.users.set_password(desk.users.get(ada.id), "short", who.session.id)
    assert desk.enter(password=OTHER)


def test_roles_are_read_as_people_write_them() -> None:
    assert roles_of(["admin", "viewer"]) == {Role.ADMIN, Role.VIEWER}
    for wrong in (["boss"], ["gate"], []):
        with pytest.raises(BadInput):
            roles_of(wrong)
