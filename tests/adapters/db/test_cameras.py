"""Cameras, as the port promises them, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.adapters.db.store import SqlStore
from app.core.alerts.alert import Alert, AlertKind
from app.core.approach.tries import Region
from app.core.cameras.camera import Camera
from app.core.errors import Conflict
from app.core.gates.gate import Gate

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LEASE = timedelta(seconds=10)
LOBBY = Gate("01G", "lobby-1", created_at=NOW)
DOCK = Gate("02G", "dock", created_at=NOW)
FRONT = Camera("01C", "front", "01G", b"sealed \x00\xff", region=Region(0.1, 0.25, 0.9, 1.0, 56.5), created_at=NOW)
BACK = Camera("02C", "back", "01G", b"other", enabled=False)
WAIT = timedelta(seconds=30)  # for the threads of a busy machine


@pytest.fixture
def site(store: SqlStore) -> SqlStore:
    with store.write() as tx:
        tx.gates.add(LOBBY)
        tx.gates.add(DOCK)
        tx.cameras.add(FRONT)
        tx.cameras.add(BACK)
    return store


def test_camera_round_trip(site: SqlStore) -> None:
    with site.read() as tx:
        assert tx.cameras.get("01C") == tx.cameras.by_name_or_id("front") == FRONT
        assert tx.cameras.all() == tx.cameras.of_gate("01G") == [BACK, FRONT]
        assert tx.cameras.of_gate("02G") == []
        assert tx.cameras.get("nothing") is tx.cameras.by_name_or_id("nothing") is None


def test_duplicate_name_is_a_conflict_and_the_transaction_continues(site: SqlStore) -> None:
    with site.write() as tx:
        with pytest.raises(Conflict) as added:
            tx.cameras.add(replace(BACK, id="03C"))
        with pytest.raises(Conflict) as renamed:
            tx.cameras.update(replace(BACK, name="front"))
        tx.cameras.add(replace(BACK, id="03C", name="side"))
    assert added.value.code == renamed.value.code == "camera_exists"
    with site.read() as tx:
        assert [camera.name for camera in tx.cameras.all()] == ["back", "front", "side"]


@pytest.mark.parametrize("camera", [replace(BACK, id="03C", name="x", gate_id="nowhere"), replace(BACK, name="x")])
def test_unknown_gate_and_used_id_have_their_own_conflicts(site: SqlStore, camera: Camera) -> None:
    with pytest.raises(Conflict) as refusal, site.write() as tx:
        tx.cameras.add(camera)
    assert refusal.value.code == "conflicts_with_stored"


def test_update(site: SqlStore) -> None:
    changed = replace(FRONT, name="entrance", gate_id="02G", sealed_url=b"new", enabled=False, region=Region())
    with site.write() as tx:
        tx.cameras.update(changed)
    with site.read() as tx:
        assert tx.cameras.get("01C") == changed
        assert tx.cameras.of_gate("02G") == [changed]


def test_deleting_a_camera_leaves_its_alerts(site: SqlStore) -> None:
    alert = Alert("01L", NOW, AlertKind.CAMERA_DEAD, camera_id="01C")
    with site.write() as tx:
        assert tx.alerts.raise_(alert)
        assert tx.cameras.delete("01C") is True
        assert tx.cameras.delete("01C") is False
    with site.read() as tx:
        assert tx.alerts.uncleared() == [alert]
