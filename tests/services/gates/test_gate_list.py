"""Gates are added once, and what is changed about one applies from the next decision, in every process."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.core.cameras.camera import Camera
from app.core.errors import BadInput, Conflict, NotFound, Unauthorised
from app.core.gates.gate import Gate
from app.core.types import Role
from tests.fakes import NOW, person, photo
from tests.services.process import Process

Start = Callable[..., Process]


def test_new_gate_is_enabled_and_has_no_events(site: Process, start: Start) -> None:
    lobby = site.gates.get("lobby-1")
    assert lobby == Gate(lobby.id, "lobby-1", True, 5000, NOW)
    dock = start().gates.add("dock", 900)
    assert site.gates.all() == [dock, lobby]
    assert site.recorded() == 0


def test_gate_names_are_unique(site: Process) -> None:
    with pytest.raises(Conflict) as refusal:
        site.gates.add("lobby-1")
    assert refusal.value.code == "gate_exists"
    assert len(site.gates.all()) == 1


@pytest.mark.parametrize(("name", "opening_ms"), [("a/b", 5000), ("", 5000), ("dock", 0), ("dock", 60_001)])
def test_invalid_gate_is_refused(site: Process, name: str, opening_ms: int) -> None:
    with pytest.raises(BadInput):
        site.gates.add(name, opening_ms)
    assert len(site.gates.all()) == 1


def test_unknown_gate_is_not_found(site: Process) -> None:
    for ask in (site.gates.get, site.change_gate):
        with pytest.raises(NotFound):
            ask("nowhere")


def test_change_holds_at_the_next_decision_of_every_process(site: Process, start: Start) -> None:
    site.enrol("E-1", photo(person(0)))
    other = start()
    site.change_gate("lobby-1", unlock_ms=700)
    assert other.decide(photo(person(0))).open_until == NOW + timedelta(milliseconds=700)
    site.change_gate("lobby-1", enabled=False)
    assert other.sees(0) == "gate_disabled"
    assert site.change_gate("lobby-1") == other.gates.get("lobby-1")
    site.change_gate("lobby-1", enabled=True)
    assert other.sees(0) == "recognised"


def test_invalid_change_changes_nothing(site: Process) -> None:
    before = site.gates.get("lobby-1")
    with pytest.raises(BadInput):
        site.change_gate("lobby-1", enabled=False, unlock_ms=1)
    assert site.gates.get("lobby-1") == before


def test_gate_that_is_changed_keeps_its_chain(site: Process) -> None:
    site.sees(0)
    site.change_gate("lobby-1", enabled=False, unlock_ms=600)
    site.sees(0)
    assert site.recorded() == 2


def test_concurrent_changes_are_all_kept(site: Process, start: Start) -> None:
    # Given that the gate is being used, so that both changes wait for it
    other = start()
    changes = [
        threading.Thread(target=lambda: site.change_gate("lobby-1", unlock_ms=700)),
        threading.Thread(target=lambda: other.change_gate("lobby-1", enabled=False)),
    ]
    gate = site.gates.get("lobby-1")
    with start().store.write() as tx:
        tx.events.lock_head(gate.id)
        for change in changes:
            change.start()
            change.join(0.2)
    for change in changes:
        change.join()
    after = site.gates.get("lobby-1")
    assert (after.unlock_ms, after.enabled) == (700, False)


def test_an_unused_gate_is_removed_with_its_keys(site: Process) -> None:
    site.gates.add("dock")
    secret, _ = site.keys.create(Role.GATE, "dock")
    site.gates.remove("dock")
    assert [gate.name for gate in site.gates.all()] == ["lobby-1"]
    with pytest.raises(Unauthorised):
        site.keys.authenticate(secret)
    with pytest.raises(NotFound):
        site.gates.remove("dock")


def test_a_gate_with_a_log_or_a_camera_stays(site: Process) -> None:
    with site.store.write() as tx:
        tx.cameras.add(Camera("c1", "door", site.gates.get("lobby-1").id, b"sealed"))
    with pytest.raises(Conflict) as refused:
        site.gates.remove("lobby-1")
    assert refused.value.code == "gate_has_cameras"
    site.sees(0)
    with pytest.raises(Conflict) as refused:
        site.gates.remove("lobby-1")
    assert refused.value.code == "gate_has_events"
    assert site.recorded() == 1
