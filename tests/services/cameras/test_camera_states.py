"""What each camera does, as any process can tell: from the lease of its gate, and from its alerts."""

from datetime import timedelta

import pytest

from app.core.alerts.alert import Alert, AlertKind
from app.core.cameras.camera import Camera
from app.services.cameras.camera_states import NOBODY, NOT_WATCHED, OFF, WORKING, CameraCondition, CameraStates
from tests.fakes import NOW, Clock, new_id
from tests.services.process import Process

LEASE = timedelta(seconds=8)


@pytest.fixture
def states(site: Process, clock: Clock) -> CameraStates:
    """Of the cameras door and yard at lobby-1, and of dock-cam, which is off, at dock."""
    lobby, dock = site.gates.get("lobby-1").id, site.gates.add("dock").id
    with site.store.write() as tx:
        for name, gate, enabled in (("door", lobby, True), ("yard", lobby, True), ("dock-cam", dock, False)):
            tx.cameras.add(Camera(name, name, gate, b"sealed", enabled))
    return CameraStates(site.store, clock)


def shown(states: CameraStates) -> dict[str, CameraCondition]:
    return {camera.name: condition for camera, condition in states.all()}


def watch(site: Process, gate: str, holder: str) -> None:
    with site.store.write() as tx:
        assert tx.leases.take(site.gates.get(gate).id, holder, NOW, NOW + LEASE)


def alert(site: Process, kind: AlertKind, camera: str, detail: str = "") -> None:
    with site.store.write() as tx:
        tx.alerts.raise_(Alert(new_id(), NOW, kind, site.gates.get("lobby-1").id, camera, detail))


def test_nobody_watches_until_a_process_has_the_gate(site: Process, states: CameraStates, clock: Clock) -> None:
    idle = CameraCondition(NOT_WATCHED, None, NOBODY)
    assert shown(states) == {"door": idle, "yard": idle, "dock-cam": CameraCondition(OFF)}
    watch(site, "lobby-1", "host:1")
    works = CameraCondition(WORKING, "host:1")
    assert shown(states) == {"door": works, "yard": works, "dock-cam": CameraCondition(OFF)}
    clock.now += LEASE
    assert shown(states)["door"] == idle, "a lease that is over counts for nothing"


def test_disabled_camera_is_off_in_every_process(site: Process, states: CameraStates) -> None:
    watch(site, "dock", "host:2")
    assert shown(states)["dock-cam"] == CameraCondition(OFF, "host:2")


def test_an_alert_says_what_is_wrong_with_one_camera_alone(site: Process, states: CameraStates) -> None:
    watch(site, "lobby-1", "host:1")
    alert(site, AlertKind.CAMERA_FROZEN, "door", "the same picture for 5 s")
    alert(site, AlertKind.TAILGATING, "yard", "two people")
    assert shown(states)["door"] == CameraCondition("frozen", "host:1", "the same picture for 5 s", NOW)
    assert shown(states)["yard"] == CameraCondition(WORKING, "host:1")


def test_fault_stays_shown_after_its_process_ends(site: Process, states: CameraStates) -> None:
    alert(site, AlertKind.CAMERA_DEAD, "door", "it does not answer")
    assert shown(states)["door"] == CameraCondition("dead", None, f"it does not answer; {NOBODY}", NOW)


def test_the_newest_of_several_alerts_is_the_state(site: Process, states: CameraStates) -> None:
    watch(site, "lobby-1", "host:1")
    alert(site, AlertKind.CAMERA_BLACK, "door")
    alert(site, AlertKind.CAMERA_DEAD, "door", "gone")
    assert shown(states)["door"] == CameraCondition("dead", "host:1", "gone", NOW)
