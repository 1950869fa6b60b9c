"""Who signs in, who does not, how long it lasts, and what is left of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.adapters.crypto.passwords import Argon2
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.db.store import SqlStore
from app.core.accounts.users import TicketKind
from app.core.errors import BadInput, Busy, Conflict, Forbidden, NotFound, Unauthorised
from app.core.types import Role
from app.services.accounts.sessions import csrf_of
from tests.fakes import Clock
from tests.services.reception import ELSEWHERE, HASHER, HERE, IDLE, LONGEST, OTHER, PASSWORD, Desk

pytestmark = pytest.mark.one_database


@pytest.fixture
def desk(store: SqlStore, signer: Ed25519Signer, clock: Clock) -> Desk:
    return Desk(store, signer, clock)


def test_session_names_the_user_and_their_roles(desk: Desk) -> None:
    ada = desk.users.add("Ada", frozenset({Role.ADMIN, Role.SECURITY}), PASSWORD)
    found = desk.sessions.find(desk.enter("  aDA "))  # case and space do not matter
    assert found is not None
    who = found.principal
    assert (who.id, who.name, who.roles, who.kind) == (ada.id, "Ada", {Role.ADMIN, Role.SECURITY}, "user")
    assert (found.session.address, found.session.agent) == (HERE.address, HERE.agent)
    assert desk.outcomes() == ["signed_in"]


def test_stored_data_does_not_allow_signing_in(desk: Desk) -> None:
    desk.admin()
    token = desk.enter()
    with desk.store.read() as tx:
        (user,) = tx.users.all()
        (session,) = tx.sessions.of(user.id)
    assert user.password is not None and user.password.startswith("$argon2id$") and PASSWORD not in user.password
    assert token not in repr(session)
    assert desk.sessions.find(session.hash) is desk.sessions.find(csrf_of(token)) is desk.sessions.find("") is None


def test_wrong_name_and_wrong_password_get_the_same_answer(desk: Desk) -> None:
    desk.admin()
    bob = desk.users.add("bob", frozenset({Role.VIEWER}), PASSWORD)
    desk.users.change(bob.id, enabled=False)
    said = set()
    for name, password in (("ada", "wrong"), ("nobody", PASSWORD), ("bob", PASSWORD), ("", ""), ("ada", "")):
        with pytest.raises(Unauthorised) as refused:
            desk.enter(name, password)
        said.add((refused.value.code, refused.value.detail))
    assert len(said) == 1
    assert desk.outcomes() == ["wrong_password", "unknown_name", "disabled", "unknown_name", "wrong_password"]
    assert all(row.name in ("ada", "bob", "") for row in desk.sign_in.recent()), "a typed name may be a password"


def test_session_ends_when_idle_and_after_its_maximum(desk: Desk, clock: Clock) -> None:
    desk.admin()
    token = desk.enter()
    for _ in range(11):  # somebody at work
        clock.now += IDLE * 0.99
        assert desk.sessions.find(token) is not None
    clock.now += LONGEST - IDLE * 0.99 * 11
    assert desk.sessions.find(token) is None
    token = desk.enter()
    clock.now += IDLE
    assert desk.sessions.find(token) is None


@pytest.mark.both_databases
def test_revoked_rights_are_lost_at_once(desk: Desk) -> None:
    desk.admin()
    bob = desk.users.add("bob", frozenset({Role.SECURITY}), PASSWORD)
    for change in ({"roles": frozenset({Role.VIEWER})}, {"enabled": False}):
        token = desk.enter("bob")
        desk.users.change(bob.id, **change)  # type: ignore[arg-type]  # one of its two named arguments each
        assert desk.sessions.find(token) is None
    with pytest.raises(Unauthorised):
        desk.enter("bob")


def test_sign_out_of_one_session_and_of_all(desk: Desk) -> None:
    ada = desk.admin()
    here, there, third = (desk.enter() for _ in range(3))
    found = desk.sessions.find(here)
    assert found is not None and len(desk.sessions.of(ada.id)) == 3
    desk.sessions.end(found.session.id)
    assert desk.sessions.find(here) is None and desk.sessions.find(there) is not None
    assert desk.sessions.end_all(ada.id) == 2
    assert desk.sessions.find(there) is desk.sessions.find(third) is None


def test_new_password_ends_every_other_session(desk: Desk) -> None:
    ada = desk.admin()
    here, there = desk.enter(), desk.enter()
    link = desk.users.reset(ada.id)
    who = desk.sessions.find(here)
    assert who is not None
    with pytest.raises(Forbidden):
        desk.sign_in.change_password(who, "not it", OTHER, HERE)
    with pytest.raises(BadInput):
        desk.sign_in.change_password(who, PASSWORD, "short", HERE)
    desk.sign_in.change_password(who, PASSWORD, OTHER, HERE)
    assert desk.sessions.find(here) is not None and desk.sessions.find(there) is None
    with pytest.raises(Unauthorised):
        desk.enter()
    with pytest.raises(NotFound):
        desk.sign_in.with_reset_link(link, "a third, stranger phrase", HERE)
    assert desk.enter(password=OTHER)


def test_reset_link_works_once_and_for_a_day(desk: Desk, clock: Clock) -> None:
    ada = desk.admin()
    old = desk.enter()
    earlier, link = desk.users.reset(ada.id), desk.users.reset(ada.id)
    assert desk.enter(), "the old password holds until the link is used"
    entered = desk.sign_in.with_reset_link(link, OTHER, HERE)
    assert desk.sessions.find(old) is None and desk.sessions.find(entered.session) is not None
    for used in (link, earlier, "", "guess"):
        with pytest.raises(NotFound):
            desk.sign_in.with_reset_link(used, OTHER, HERE)
    late = desk.users.reset(ada.id)
    clock.advance(hours=24)
    with pytest.raises(NotFound):
        desk.sign_in.with_reset_link(late, OTHER, HERE)
    with pytest.raises(NotFound):
        desk.sign_in.with_setup_link(desk.users.reset(ada.id), "eve", OTHER, HERE)


def test_setup_link_creates_the_first_admin_once(desk: Desk) -> None:
    first, link = desk.users.setup(), desk.users.setup()
    assert first and link
    with pytest.raises(NotFound):
        desk.users.ticket(first, TicketKind.SETUP)
    with pytest.raises(BadInput):
        desk.sign_in.with_setup_link(link, "ada", "password1234", HERE)
    entered = desk.sign_in.with_setup_link(link, "ada", PASSWORD, HERE)
    assert entered.user.roles == {Role.ADMIN, Role.SECURITY}
    with pytest.raises(NotFound):
        desk.sign_in.with_setup_link(link, "eve", OTHER, HERE)
    assert desk.users.setup() is None


def test_user_from_the_command_line_ends_the_set_up_link(desk: Desk) -> None:
    link = desk.users.setup()
    desk.admin()
    with pytest.raises(NotFound):
        desk.sign_in.with_setup_link(str(link), "eve", OTHER, HERE)


def test_one_admin_who_can_sign_in_remains(desk: Desk) -> None:
    ada = desk.admin()
    desk.users.add("no password yet", frozenset({Role.ADMIN}))
    for change in ({"enabled": False}, {"roles": frozenset({Role.VIEWER})}):
        with pytest.raises(Conflict):
            desk.users.change(ada.id, **change)  # type: ignore[arg-type]  # one of its two named arguments each
    bob = desk.admin("bob")
    desk.users.change(ada.id, enabled=False)
    with pytest.raises(Conflict):
        desk.users.change(bob.id, enabled=False)


@pytest.mark.both_databases
def test_names_ignore_case_and_roles_are_personal(desk: Desk) -> None:
    desk.admin("Ada")
    with pytest.raises(Conflict):
        desk.admin(" ada ")
    for roles in (frozenset[Role](), frozenset({Role.GATE}), frozenset({Role.ADMIN, Role.CAMERA})):
        with pytest.raises(BadInput):
            desk.users.add("bob", roles)
    for name in ("", " ", "a" * 65, "a\nb", "\u202eada"):
        with pytest.raises(BadInput):
            desk.users.add(name, frozenset({Role.VIEWER}))


def test_outdated_hash_is_renewed_at_the_next_sign_in(desk: Desk) -> None:
    ada = desk.admin()
    older = Argon2(time_cost=2, memory_kib=16).hash(PASSWORD)
    with desk.store.write() as tx:
        tx.users.update(replace(ada, password=older))
    assert desk.enter()
    renewed = desk.users.get(ada.id).password
    assert renewed and renewed != older and "m=8,t=1" in renewed
    assert desk.enter()


@pytest.mark.both_databases
def test_password_changed_during_sign_in_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a sign-in under way, when a reset link sets another password, then the old one gets no session."""
    ada = desk.admin()
    link = desk.users.reset(ada.id)
    forgive = desk.sign_in.attempts.forgive

    def overtaken(*arguments: object) -> None:
        monkeypatch.undo()
        desk.sign_in.with_reset_link(link, OTHER, ELSEWHERE)
        forgive("ada", HERE.address, None)

    monkeypatch.setattr(type(desk.sign_in.attempts), "forgive", overtaken)
    with pytest.raises(Unauthorised):
        desk.enter()
    assert len(desk.sessions.of(ada.id)) == 1


@pytest.mark.both_databases
def test_account_disabled_during_sign_in_stays_disabled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a thief with the password and a session, when the owner uses a link while the thief's new one is hashed,
    then the owner's password and session hold."""
    ada, thief = desk.admin(), desk.sessions.find(desk.enter())
    assert thief is not None
    link, owner = desk.users.reset(ada.id), []

    def taken_back() -> None:
        owner.append(desk.sign_in.with_reset_link(link, OTHER, HERE).session)

    meanwhile_hashing(monkeypatch, taken_back)
    with pytest.raises(Unauthorised):
        desk.sign_in.change_password(thief, PASSWORD, "the words of a thief", ELSEWHERE)
    assert desk.sessions.find(owner[0]) is not None
    assert desk.enter(password=OTHER)


@pytest.mark.both_databases
def test_disabled_user_cannot_change_the_password(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, _ = desk.admin(), desk.admin("bob")
    who, other = (desk.sessions.find(desk.enter()) for _ in range(2))
    assert who is not None and other is not None

    def changed() -> None:
        with desk.store.write() as tx:
            tx.users.update(replace(ada, password=HASHER.hash(OTHER)))

    for meanwhile, refused in (
        (changed, Forbidden),
        (lambda: desk.sessions.end(who.session.id), Unauthorised),
        (lambda: desk.users.change(ada.id, enabled=False), Unauthorised),
    ):
        before = replace(who, user=desk.users.get(ada.id))
        password = OTHER if refused is Unauthorised else PASSWORD
        meanwhile_hashing(monkeypatch, meanwhile)
        with pytest.raises(refused):
            desk.sign_in.change_password(before, password, "a third, stranger phrase", HERE)
    assert HASHER.matches(OTHER, desk.users.get(ada.id).password)


def meanwhile_hashing(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> None:
    """The next password is hashed after something else was done."""

    def hashed(hasher: Argon2, password: str) -> str:
        monkeypatch.undo()
        what()
        return hasher.hash(password)

    monkeypatch.setattr(Argon2, "hash", hashed)


@pytest.mark.both_databases
def test_too_many_concurrent_sign_ins_get_busy(desk: Desk) -> None:
    """The hasher holds one at a time and lets few wait: the others' threads go back to deciding at gates."""
    hasher = Argon2(time_cost=1, memory_kib=8)
    taken = [hasher._places.acquire(blocking=False) for _ in range(8)]
    assert all(taken)
    with pytest.raises(Busy) as refused:
        hasher.matches(PASSWORD, None)
    assert refused.value.retry_after_s > 0
    hasher._places.release()
    assert hasher.matches(PASSWORD, hasher.hash(PASSWORD))
