"""What people and keys write has entries in the audit trail, in the same transaction; what nobody ordered has none."""

from datetime import timedelta
from itertools import count

import pytest

from app.adapters.db.store import SqlStore
from app.core.accounts.trail import Action, AtWork, FieldChange, TrailEntry, TrailFilter, working
from app.core.accounts.users import User
from app.core.gates.gate import Gate
from app.core.site.retention import Kind
from app.core.site.settings import SiteSettings
from app.core.types import Role
from tests.fakes import NOW

_numbers = count(1)


@pytest.fixture
def grace() -> AtWork:
    return AtWork(lambda: NOW, lambda: f"T{next(_numbers):06}", "10.0.0.9", lambda: "PATCH /v1/x", lambda: "U1")


def entries(store: SqlStore, **query: object) -> list[TrailEntry]:
    with store.read() as tx:
        return tx.trail.find(TrailFilter(**query))[::-1]  # type: ignore[arg-type]


def test_rows_change_by_field_and_what_nobody_ordered_leaves_none(store: SqlStore, grace: AtWork) -> None:
    with store.write() as tx:
        tx.gates.add(Gate("G1", "by-itself"))
    assert entries(store) == []
    with working(grace), store.write() as tx:
        tx.gates.update(Gate("G1", "by-itself", unlock_ms=700, sealed_config=b"secret"))
        tx.site_settings.put(SiteSettings(8))
    with working(grace), store.write() as tx:
        tx.site_settings.put(SiteSettings(9))
        tx.gates.update(Gate("G1", "by-itself", unlock_ms=700, sealed_config=b"secret"))
    gate, added, changed = entries(store)
    assert (gate.actor, gate.address, gate.way, gate.at) == ("U1", "10.0.0.9", "PATCH /v1/x", NOW)
    assert (gate.action, gate.kind, gate.subject, gate.label) == (Action.CHANGED, "gate", "G1", "by-itself")
    assert set(gate.fields) == {FieldChange("unlock_ms", 5000, 700), FieldChange("sealed_config", hidden=True)}
    assert (added.action, changed.action) == (Action.ADDED, Action.CHANGED)
    assert changed.fields == (FieldChange("guard_grant_max_hours", 8, 9),)
    assert grace.entries == 3


def test_entry_commits_with_its_change_or_not_at_all(store: SqlStore, grace: AtWork) -> None:
    with working(grace), pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.gates.add(Gate("G1", "never"))
        raise ZeroDivisionError
    with working(grace), store.write():
        pass  # what the one before noted is forgotten
    assert entries(store) == []


def test_what_is_changed_twice_or_undone_in_one_transaction_shows_once_or_not(store: SqlStore, grace: AtWork) -> None:
    user = User("U2", "ben", frozenset({Role.VIEWER}), "hash", NOW)
    with working(grace), store.write() as tx:
        tx.users.add(user)
        tx.users.update(User("U2", "ben", frozenset({Role.SECURITY}), "hash", NOW))
        tx.gates.add(Gate("G1", "brief"))
        tx.gates.delete("G1")
    (one,) = [entry for entry in entries(store) if entry.kind in ("user", "gate")]
    assert (one.action, one.subject, one.label) == (Action.ADDED, "U2", "ben")
    assert FieldChange("roles", None, ["security"]) in one.fields
    assert FieldChange("password", hidden=True) in one.fields and "hash" not in str(one)


def test_devices_leave_none(store: SqlStore) -> None:
    gate = AtWork(lambda: NOW, lambda: "T", "10.0.0.9", lambda: "", lambda: "K1", recorded=lambda: False)
    with working(gate), store.write() as tx:
        tx.gates.add(Gate("G1", "by-a-device"))
    assert entries(store) == [] and gate.entries == 0


def test_filters_and_the_end(store: SqlStore, grace: AtWork) -> None:
    old = TrailEntry("A1", NOW - timedelta(days=400), "U9", "", "", Action.SEEN, "photos", "E1", person="E1")
    with store.write() as tx:
        tx.trail.add(old)
    with working(grace), store.write() as tx:
        tx.gates.add(Gate("G1", "gate"))
    assert [one.id for one in entries(store, person="E1")] == [one.id for one in entries(store, actor="U9")] == ["A1"]
    assert entries(store, since=NOW) == entries(store, action=Action.ADDED) != entries(store, until=NOW)
    assert entries(store, limit=1)[0].kind != "photos"
    with store.write() as tx:
        before = NOW - timedelta(days=365)
        due = tx.retained.find(Kind.TRAIL, before, None, 9).ids
        assert due == ("A1",) and tx.retained.remove(Kind.TRAIL, due, before) == 1
    with store.read() as tx:
        assert next(iter(tx.seals.flaws()), None) is None
    assert entries(store, person="E1") == []
