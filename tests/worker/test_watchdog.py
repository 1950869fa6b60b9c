"""What becomes known of a camera that is not well, on both databases; loops and pictures are fakes."""

from collections.abc import Callable

import pytest

from app.adapters.db.store import SqlStore
from app.core.alerts.alert import Alert, AlertKind
from app.core.cameras.camera import Camera
from app.core.cameras.health import CameraState, Health
from app.core.errors import NotRecorded
from app.services.gates.gate_list import GateList
from tests.fakes import Clock, new_id
from tests.worker.workers import Worker, alerts, unwritable

pytestmark = pytest.mark.one_database

S = CameraState


def test_alert_is_raised_when_a_camera_is_not_well_and_cleared_when_it_is(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore
) -> None:
    camera = add("east")
    worker = start()
    worker.supervisor.sync()

    def after(state: CameraState) -> list[AlertKind]:
        worker.lens("east").is_(state, "words")
        worker.supervisor.look()
        worker.supervisor.look()
        assert {camera_id for _, camera_id in alerts(store)} <= {camera.id}
        return [kind for kind, _ in alerts(store)]

    assert after(S.STARTING) == []
    assert after(S.WORKING) == []
    assert after(S.RECONNECTING) == []
    assert after(S.DEAD) == [AlertKind.CAMERA_DEAD]
    assert after(S.RECONNECTING) == [AlertKind.CAMERA_DEAD]  # not yet well
    assert after(S.BLACK) == [AlertKind.CAMERA_BLACK]  # it gives pictures, so it is not dead
    assert after(S.FROZEN) == [AlertKind.CAMERA_FROZEN]
    assert after(S.SLOW) == [AlertKind.CAMERA_SLOW]
    assert after(S.WRONG_SIZE) == [AlertKind.CAMERA_WRONG_SIZE]
    assert after(S.WORKING) == []


def test_alert_says_why_with_the_decoders_last_message(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore
) -> None:
    add("east")
    worker = start()
    worker.supervisor.sync()
    worker.lens("east").is_(S.DEAD, "no picture for 3 s")
    worker.lens("east").decoder_messages = ("first", "x" * 500)

    worker.supervisor.look()

    with store.read() as tx:
        (alert,) = tx.alerts.uncleared()
    assert alert.detail == ("no picture for 3 s; " + "x" * 500)[:200]


def test_next_process_clears_a_dead_processs_alert(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore, clock: Clock
) -> None:
    add("east")
    a, b = start(), start()
    a.supervisor.sync()
    a.lens("east").is_(S.DEAD)
    a.supervisor.look()
    clock.advance(minutes=1)
    b.supervisor.sync()
    assert len(alerts(store)) == 1

    b.lens("east").is_(S.WORKING)
    b.supervisor.look()

    assert alerts(store) == []


def test_alert_ends_with_its_camera(
    start: Callable[[], Worker],
    add: Callable[[str], Camera],
    change: Callable[..., Camera],
    store: SqlStore,
    clock: Clock,
) -> None:
    east, west = add("east"), add("west")
    worker = start()
    worker.supervisor.sync()
    for name in ("east", "west"):
        worker.lens(name).is_(S.DEAD)
    with store.write() as tx:  # nothing shows when this is over
        tx.alerts.raise_(Alert(new_id(), clock(), AlertKind.CAMERA_TURNED, east.gate_id, east.id))
    worker.supervisor.look()
    assert len(alerts(store)) == 3

    change(east, enabled=False)
    with store.write() as tx:
        tx.cameras.delete(west.id)
    worker.supervisor.sync()

    assert alerts(store) == [(AlertKind.CAMERA_TURNED, east.id)]
    clock.advance(minutes=11)
    worker.supervisor.sync()
    assert alerts(store) == [(AlertKind.CAMERA_TURNED, east.id)], "only an acknowledgement ends it"


def test_alert_follows_its_camera_to_another_gate(
    start: Callable[[], Worker],
    add: Callable[[str], Camera],
    change: Callable[..., Camera],
    store: SqlStore,
    clock: Clock,
) -> None:
    camera = add("east")
    worker = start()
    worker.supervisor.sync()
    worker.lens("east").is_(S.DEAD)
    worker.supervisor.look()
    other = GateList(store, clock, new_id).add("lobby-2")

    change(camera, gate_id=other.id)
    worker.supervisor.sync()
    worker.lens("east").is_(S.DEAD)
    worker.supervisor.look()
    with store.read() as tx:
        assert [alert.gate_id for alert in tx.alerts.uncleared()] == [other.id]

    worker.lens("east").is_(S.WORKING)
    worker.supervisor.look()
    assert alerts(store) == []


def test_unstored_alert_is_stored_later(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore
) -> None:
    add("east"), add("west")
    worker = start()
    worker.supervisor.sync()
    for name in ("east", "west"):
        worker.lens(name).is_(S.DEAD)

    with unwritable(worker), pytest.raises(NotRecorded):
        worker.supervisor.look()
    # Who asks this process learns it all the same.
    assert [p.health.state for p in worker.supervisor.watched() if p.health] == [S.DEAD, S.DEAD]
    assert alerts(store) == []

    worker.supervisor.look()
    assert len(alerts(store)) == 2


def test_working_camera_is_preferred_for_a_gate(start: Callable[[], Worker], add: Callable[[str], Camera]) -> None:
    gate_id = add("east").gate_id
    add("west")
    worker = start()
    assert worker.supervisor.camera_of_gate(gate_id) is None
    worker.supervisor.sync()

    def asked() -> str:
        worker.supervisor.look()
        post = worker.supervisor.camera_of_gate(gate_id)
        assert post is not None
        return post.camera.name

    assert asked() == "east"
    worker.lens("west").is_(S.WORKING)
    assert asked() == "west"
    worker.lens("east").is_(S.WORKING)
    assert asked() == "east"
    assert worker.supervisor.camera_of_gate("another") is None


def test_failing_check_marks_only_its_own_camera(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore
) -> None:
    east, west = add("east"), add("west")
    worker = start()
    worker.supervisor.sync()

    def failing() -> Health:
        raise RuntimeError("no such device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker.lens("east"), "check", failing)
        worker.lens("west").is_(S.BLACK)
        worker.supervisor.look()
        worker.supervisor.look()
        assert alerts(store) == sorted([(AlertKind.CAMERA_DEAD, east.id), (AlertKind.CAMERA_BLACK, west.id)])
    for name in ("east", "west"):
        worker.lens(name).is_(S.WORKING)
    worker.supervisor.look()
    assert alerts(store) == []


def test_failing_store_of_one_alert_does_not_block_others(
    start: Callable[[], Worker], add: Callable[[str], Camera], store: SqlStore
) -> None:
    _, west = add("east"), add("west")
    worker = start()
    worker.supervisor.sync()
    worker.lens("east").is_(S.DEAD, None)  # type: ignore[arg-type]  # a decoder that says nothing, not even nothing
    worker.lens("west").is_(S.DEAD, "no picture")
    worker.supervisor.look()
    assert alerts(store) == [(AlertKind.CAMERA_DEAD, west.id)]
