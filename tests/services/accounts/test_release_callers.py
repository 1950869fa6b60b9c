"""Who may order a release without a database: known keys and sessions that hold, and at once nobody who was refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.adapters.crypto.signing import Ed25519Signer
from app.core.errors import NotRecorded
from app.core.types import Role
from app.services.accounts.keys import Keys
from app.services.accounts.release_callers import ReleaseCallers
from tests.fakes import Clock, new_id
from tests.services.process import Process
from tests.services.reception import IDLE, PASSWORD, Desk
from tests.services.stage import Unreachable

pytestmark = pytest.mark.one_database


@pytest.fixture
def store(site: Process) -> Unreachable:
    return Unreachable(site.store)


@pytest.fixture
def callers(store: Any, clock: Clock) -> ReleaseCallers:
    return ReleaseCallers(store, clock, IDLE)


@pytest.fixture
def keys(site: Process, clock: Clock, callers: ReleaseCallers) -> Keys:
    return Keys(site.store, clock, new_id, callers.forget)


@pytest.fixture
def desk(site: Process, signer: Ed25519Signer, clock: Clock, callers: ReleaseCallers) -> Desk:
    desk = Desk(site.store, signer, clock)
    desk.users = replace(desk.users, signed_out=callers.forget)
    desk.sessions = replace(desk.sessions, ended=callers.forget)
    return desk


@contextmanager
def gone(store: Unreachable) -> Iterator[None]:
    store.gone = True
    yield
    store.gone = False


def test_only_keys_that_may_release_are_cached(callers: ReleaseCallers, keys: Keys, store: Unreachable) -> None:
    secrets = {
        role: keys.create(role, "lobby-1" if role is Role.GATE else None)[0]
        for role in set(Role) - {Role.VIEWER, Role.DISPLAY, Role.DIRECTORY}
    }
    assert callers.by_key(secrets[Role.ADMIN]) is None, "never seen"
    callers.refresh()
    with gone(store), pytest.raises(NotRecorded):
        callers.refresh()
    known = {role for role, secret in secrets.items() if callers.by_key(secret) is not None}
    assert known == {Role.ADMIN, Role.SECURITY}
    who = callers.by_key(secrets[Role.SECURITY])
    assert who is not None and who.roles == {Role.SECURITY} and who.kind == "key"
    assert secrets[Role.SECURITY] not in repr(vars(callers)), "hashes alone are kept"


def test_revoked_key_is_removed(callers: ReleaseCallers, keys: Keys, site: Process) -> None:
    here, key = keys.create(Role.SECURITY)
    elsewhere, other = keys.create(Role.SECURITY)
    callers.refresh()
    keys.revoke(key.id)
    assert callers.by_key(here) is None, "at once in this process"
    site.keys.revoke(other.id)
    assert callers.by_key(elsewhere) is not None
    callers.refresh()
    assert callers.by_key(elsewhere) is None, "after a look in another"


def test_refresh_begun_before_a_revocation_does_not_restore_the_key(
    callers: ReleaseCallers, keys: Keys, store: Unreachable, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, key = keys.create(Role.ADMIN)
    callers.refresh()
    read = store.read

    @contextmanager
    def slow() -> Iterator[Any]:
        with read() as tx:
            yield tx
        keys.revoke(key.id)

    with monkeypatch.context() as overtaken:
        overtaken.setattr(store, "read", slow)
        callers.refresh()
    assert callers.by_key(secret) is None


def test_valid_session_may_release(callers: ReleaseCallers, desk: Desk, clock: Clock) -> None:
    desk.admin()
    token = desk.enter()
    callers.refresh()
    clock.now += IDLE - timedelta(seconds=1)
    who = callers.by_session(token)
    assert who is not None and (who.name, who.kind) == ("ada", "user")
    clock.now += timedelta(seconds=2)
    assert callers.by_session(token) is not None, "a release is a request, too"
    clock.now += IDLE
    assert callers.by_session(token) is None
    assert callers.by_session("") is None


def test_ended_session_and_changed_user_may_not_release(callers: ReleaseCallers, desk: Desk) -> None:
    desk.admin()
    user = desk.users.add("grace", frozenset({Role.SECURITY}), PASSWORD)
    viewer = desk.users.add("eve", frozenset({Role.VIEWER}), PASSWORD)
    tokens = [desk.enter("grace") for _ in range(2)]
    read_only = desk.enter("eve")
    callers.refresh()
    assert callers.by_session(read_only) is None and viewer.enabled
    assert all(callers.by_session(token) for token in tokens)
    desk.sessions.end(desk.sessions.of(user.id)[0].id)
    assert callers.by_session(tokens[1]) is None and callers.by_session(tokens[0]) is not None
    desk.users.change(user.id, enabled=False)
    assert callers.by_session(tokens[0]) is None
    callers.refresh()
    assert callers.by_session(tokens[0]) is None


def test_session_stays_valid_on_a_full_disk(desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """That they were seen is not worth a refusal."""
    desk.admin()
    token = desk.enter()
    clock.now += timedelta(minutes=5)

    def full(*_: object) -> None:
        raise NotRecorded("the disk is full")

    monkeypatch.setattr(desk.store, "write", full)
    found = desk.sessions.find(token)
    assert found is not None and found.user.name == "ada"
