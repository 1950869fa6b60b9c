"""A key is shown once, kept as a hash, bound to what it is for, and useless from the moment it is revoked."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.adapters.db.repositories.api_keys import KeyUseRows
from app.core.errors import BadInput, NotFound, NotRecorded, Unauthorised
from app.core.types import Role
from tests.fakes import NOW, Clock
from tests.services.process import Process

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]
KEY_ROLES = [role for role in Role if role not in (Role.VIEWER, Role.DISPLAY, Role.DIRECTORY)]


def test_key_identifies_its_caller(site: Process, start: Start) -> None:
    other = start()
    for role in KEY_ROLES:
        gate = "lobby-1" if role is Role.GATE else None
        secret, key = site.keys.create(role, gate, "the north door")
        assert other.keys.authenticate(secret) == key == site.keys.get(key.id)
        assert (key.role, key.name, key.created_at, key.revoked_at) == (role, "the north door", NOW, None)
        assert key.gate_id == (site.gates.get("lobby-1").id if gate else None)
        assert secret.startswith(f"fg_{role}_") and len(secret) > 40


def test_gate_key_names_its_gate_and_no_other_key_does(site: Process) -> None:
    for role in Role:
        with pytest.raises(BadInput):
            site.keys.create(role, None if role is Role.GATE else "lobby-1")
    assert site.keys.all() == []


def test_key_cannot_have_a_personal_role(site: Process) -> None:
    with pytest.raises(BadInput, match="security"):
        site.keys.create(Role.VIEWER)
    assert site.keys.all() == []


def test_key_for_an_unknown_gate_is_refused(site: Process) -> None:
    with pytest.raises(NotFound, match="gates add"):
        site.keys.create(Role.GATE, "nowhere")
    assert site.keys.all() == []


def test_only_the_hash_is_kept(site: Process) -> None:
    secret, key = site.keys.create(Role.ADMIN)
    assert key.hash == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(site.keys.all())
    assert key.name == "admin"


def test_secrets_are_unique(site: Process) -> None:
    assert len({site.keys.create(Role.SECURITY)[0] for _ in range(5)}) == len(site.keys.all()) == 5


def test_wrong_secret_is_refused(site: Process) -> None:
    secret, key = site.keys.create(Role.ADMIN)
    for wrong in ("", secret[:-1], secret + " ", secret.upper(), key.hash, key.id, "fg_admin_", "' OR 1=1 --", "ключ"):
        with pytest.raises(Unauthorised):
            site.keys.authenticate(wrong)


def test_revoked_key_is_refused_at_once_in_every_process(site: Process, start: Start, clock: Clock) -> None:
    other = start()
    secret, key = site.keys.create(Role.GATE, "lobby-1")
    kept, _ = site.keys.create(Role.GATE, "lobby-1")
    assert other.keys.authenticate(secret) == key
    clock.advance(hours=1)
    site.keys.revoke(key.id)
    for process in (site, other):
        with pytest.raises(Unauthorised):
            process.keys.authenticate(secret)
    assert other.keys.authenticate(kept).revoked_at is None
    assert site.keys.get(key.id).revoked_at == clock()


def test_unknown_key_cannot_be_revoked(site: Process) -> None:
    for ask in (site.keys.revoke, site.keys.get):
        with pytest.raises(NotFound):
            ask("nothing")


def test_last_use_of_a_key_is_stored_by_the_minute(site: Process, start: Start, clock: Clock) -> None:
    other = start()
    secret, key = site.keys.create(Role.ADMIN)
    unused = site.keys.create(Role.CAMERA)[1]
    site.keys.authenticate(secret)
    assert site.keys.last_uses() == {key.id: NOW} and other.keys.last_uses() == {}, "no write with a request"
    site.keys.note_uses()
    assert other.keys.last_uses() == {key.id: NOW} and unused.id not in other.keys.last_uses()
    # Given a later use elsewhere, an earlier one that is stored later changes nothing
    site.keys.authenticate(secret)
    clock.advance(minutes=5)
    other.keys.authenticate(secret)
    other.keys.note_uses()
    site.keys.note_uses()
    assert start().keys.last_uses() == {key.id: clock()}
    with pytest.raises(Unauthorised):
        site.keys.authenticate("fg_admin_unknown")


def test_uses_that_are_lost_at_the_end_are_logged(
    site: Process, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise NotRecorded("the database is gone")

    site.keys.authenticate(site.keys.create(Role.ADMIN)[0])
    with monkeypatch.context() as patch:
        patch.setattr(KeyUseRows, "put", gone)
        site.keys.note_last_uses()
    assert "key_uses_lost keys=1" in caplog.text
    site.keys.note_uses()
    caplog.clear()
    monkeypatch.setattr(KeyUseRows, "begun_at", gone)
    site.keys.note_last_uses()
    assert "key_uses_lost" not in caplog.text, "nothing was lost"


def test_key_from_before_uses_were_noted_is_not_called_unused(site: Process, clock: Clock) -> None:
    secret, old = site.keys.create(Role.ADMIN)
    _, idle = site.keys.create(Role.CAMERA)

    def unused() -> list[str]:
        return [key.id for key in site.keys.unused_since(clock() - timedelta(days=90))]

    clock.advance(days=100)
    assert unused() == [], "nothing was noted in these days"
    site.keys.note_uses()
    clock.advance(days=89)
    assert unused() == []
    site.keys.authenticate(secret)
    site.keys.note_uses()
    clock.advance(days=2)
    assert unused() == [idle.id] and old.id in site.keys.last_uses()
    assert idle.id not in site.keys.last_uses()
    clock.advance(days=90)
    assert unused() == [old.id, idle.id]
    site.keys.revoke(idle.id)
    assert unused() == [old.id]
