"""Two who change one thing at once undo nothing of each other, in one process or several."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import pytest

from app.adapters.crypto.passwords import Argon2
from app.adapters.crypto.signing import Ed25519Signer
from app.adapters.crypto.vault import Vault
from app.adapters.db.repositories.accounts import TicketRows, UserRows
from app.adapters.db.repositories.cameras import CameraRows
from app.adapters.db.store import SqlStore
from app.core.accounts.provider import Provider
from app.core.accounts.users import TicketKind, User
from app.core.approach.tries import Region
from app.core.errors import NotFound, Unauthorised
from app.core.gates.gate import Gate
from app.core.types import Role
from app.services.accounts.federation import Federation, Journey
from app.services.cameras.camera_list import Address, CameraList
from tests.fakes import Clock, new_id
from tests.services.meanwhile import Meanwhile
from tests.services.reception import HERE, OTHER, PASSWORD, Desk


class Directory:
    """A provider that knows one user, of these groups."""

    def __init__(self) -> None:
        self.groups = ["guests"]

    def address(self, provider: Provider, redirect: str, state: str, nonce: str, challenge: str) -> str:
        return "https://login.example.com"

    def claims(
        self, provider: Provider, secret: str, redirect: str, code: str, verifier: str, nonce: str
    ) -> Mapping[str, object]:
        return {"sub": "eve", "preferred_username": "eve", "groups": self.groups}


@pytest.fixture
def desk(store: SqlStore, signer: Ed25519Signer, clock: Clock) -> Desk:
    desk = Desk(store, signer, clock)
    desk.admin()
    return desk


@pytest.fixture
def through_provider(desk: Desk, vault: Vault) -> Callable[[str], object]:
    """Eve signs in through the provider, which says that she is of this group."""
    directory = Directory()
    federation = Federation(desk.store, vault, desk.users, desk.sign_in, directory)
    roles = {"guests": Role.VIEWER, "guards": Role.SECURITY}
    federation.set("https://login.example.com", "facegate", "secret", "groups", roles, "Example")

    def enter(group: str) -> object:
        directory.groups = [group]
        journey = Journey.new()
        return federation.finish(str(journey), journey.state, "code", "https://here", HERE)

    return enter


def eve(desk: Desk, hasher: Argon2 | None = None) -> User:
    user = desk.users.add("eve", frozenset({Role.VIEWER}), PASSWORD)
    if hasher is not None:
        user = replace(user, password=hasher.hash(PASSWORD))
        with desk.store.write() as tx:
            tx.users.update(user)
    return user


def stays_disabled(desk: Desk, meanwhile: Meanwhile, user: User, act: Callable[[], object]) -> User:
    """The user, whom an admin disabled while `act` put them back."""
    meanwhile.before(UserRows, "update", lambda: desk.users.change(user.id, enabled=False))
    with suppress(Unauthorised):
        act()
    meanwhile.results()
    found = desk.users.get(user.id)
    assert not found.enabled and desk.sessions.of(user.id) == []
    return found


def test_user_disabled_while_setting_a_password_stays_disabled(desk: Desk, meanwhile: Meanwhile) -> None:
    user = eve(desk)
    who = desk.sessions.find(desk.enter("eve"))
    assert who is not None
    stays_disabled(desk, meanwhile, user, lambda: desk.sign_in.change_password(who, PASSWORD, OTHER, HERE))


def test_user_disabled_while_using_a_link_stays_disabled(desk: Desk, meanwhile: Meanwhile) -> None:
    user = eve(desk)
    link = desk.users.reset(user.id)
    stays_disabled(desk, meanwhile, user, lambda: desk.sign_in.with_reset_link(link, OTHER, HERE))


def test_user_disabled_while_the_hash_is_renewed_stays_disabled(desk: Desk, meanwhile: Meanwhile) -> None:
    user = eve(desk, Argon2(time_cost=2, memory_kib=16))
    found = stays_disabled(desk, meanwhile, user, lambda: desk.enter("eve"))
    assert found.password != user.password, "it was renewed"


def test_user_disabled_while_the_provider_changes_roles_stays_disabled(
    desk: Desk, meanwhile: Meanwhile, through_provider: Callable[[str], object]
) -> None:
    through_provider("guests")
    user = desk.users.by_name("eve")
    found = stays_disabled(desk, meanwhile, user, lambda: through_provider("guards"))
    assert found.roles == {Role.SECURITY}


def test_link_for_a_user_disabled_meanwhile_is_invalid(desk: Desk, meanwhile: Meanwhile) -> None:
    user = eve(desk)
    meanwhile.before(TicketRows, "add", lambda: desk.users.change(user.id, enabled=False))
    link = desk.users.reset(user.id)
    meanwhile.results()
    desk.users.change(user.id, enabled=True)
    with pytest.raises(NotFound):
        desk.users.ticket(link, TicketKind.RESET)


def test_setup_link_is_invalid_once_a_user_exists(
    store: SqlStore, signer: Ed25519Signer, clock: Clock, meanwhile: Meanwhile
) -> None:
    desk = Desk(store, signer, clock)
    meanwhile.before(TicketRows, "add", desk.admin)
    link = desk.users.setup()
    meanwhile.results()
    with pytest.raises(NotFound):
        desk.sign_in.with_setup_link(str(link), "mallory", OTHER, HERE)


def test_camera_moved_while_its_region_changes_keeps_its_new_gate(
    store: SqlStore, vault: Vault, clock: Clock, meanwhile: Meanwhile
) -> None:
    cameras = CameraList(
        store, vault, clock, new_id, check=lambda address: None, masked=lambda url: url, with_login=lambda url, *_: url
    )
    lobby, dock = Gate("01G", "lobby"), Gate("02G", "dock")
    with store.write() as tx:
        tx.gates.add(lobby)
        tx.gates.add(dock)
    cameras.add("front", "lobby", Address("rtsp://192.0.2.7"), Region())
    meanwhile.before(CameraRows, "update", lambda: cameras.update("front", gate="dock", enabled=False))
    cameras.update("front", region={"left": 0.5})
    meanwhile.results()
    found = cameras.get("front")
    assert (found.gate_id, found.enabled, found.region) == (dock.id, False, Region(left=0.5))
