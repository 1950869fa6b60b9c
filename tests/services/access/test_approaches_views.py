"""What else a camera tells: what it sees now, who slipped through, pictures for the record; and what it forgets."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import numpy as np
import pytest

from app.core.errors import NotRecorded
from tests.fakes import like, person, photo
from tests.services.process import Process
from tests.services.stage import FRAME, PICTURE, Stage, Unreachable, face, reasons

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]
ADA, STRANGER = person(0), person(9)


@pytest.fixture
def stage(site: Process) -> Stage:
    site.enrol("E-1", photo(ADA))
    site.enrol("E-2", photo(person(1)))
    return Stage(site)


# What the camera sees now, for hardware that polls


def test_poll_identifies_the_person_at_the_gate(stage: Stage) -> None:
    stage.site.threshold.value = 0.99
    stage.show(face(like(0, 0.9)), face(STRANGER, 60, 900), times=10)
    stage.site.threshold.value = 0.5
    answer = stage.now()
    assert (answer.reason, answer.employee.number, answer.camera) == ("recognised", "E-1", "door")
    assert (answer.frames_received, answer.frames_used, answer.faces) == (10, 8, 2)
    assert not stage.carried  # the hardware has its answer
    # and the camera does not open once more for the same person
    assert not stage.show(face(ADA), times=20) and stage.site.recorded() == 1


def test_poll_before_the_first_frame_is_stale(stage: Stage) -> None:
    answer = stage.now()
    assert (answer.reason, answer.frames_received) == ("stale_frame", 0)


def test_poll_with_nobody_in_view(stage: Stage) -> None:
    stage.show()
    assert stage.now().reason == "no_face"
    stage.show(face(STRANGER, 40))
    assert stage.now().reason == "face_too_small"
    stage.show(face(ADA, 120, 500), face(STRANGER, 120, 800))
    assert stage.now().reason == "several_faces"
    stage.show(face(None, x=100))
    assert stage.now().reason == "several_faces"  # the two are only hidden
    stage.leave()
    stage.show(face(None))
    assert stage.now().reason == "poor_quality"
    assert stage.site.recorded() == 5


def test_poll_after_the_picture_froze_is_stale(stage: Stage) -> None:
    stage.site.threshold.value = 0.99
    stage.show(face(like(0, 0.9)))
    stage.site.threshold.value = 0.5
    stage.site.clock.advance(seconds=2.1)
    assert stage.now().reason == "stale_frame"
    frozen = stage.at
    stage.approaches.frame(stage.watch, [face(ADA)], PICTURE, frozen - timedelta(seconds=2.1))
    assert stage.now().reason == "stale_frame" and not stage.carried


def test_poll_uses_the_current_face(stage: Stage) -> None:
    # Given Ada, and in the newest frame a face at her place that cannot be compared,
    stage.site.threshold.value = 0.99
    stage.show(face(like(0, 0.9)), times=5)
    stage.site.threshold.value = 0.5
    stage.show(face(None, 130))
    # then it is not let in as her.
    assert stage.now().reason == "poor_quality"


@pytest.mark.both_databases
def test_poll_without_a_database_raises(site: Process, start: Start) -> None:
    store = Unreachable(site.store)
    stage = Stage(start(store=store), store)
    stage.show(face(ADA))
    store.gone = True
    with pytest.raises(NotRecorded):
        stage.now()
    store.gone = False
    stage.show(face(ADA))
    assert stage.now().reason == "not_recognised"


@pytest.mark.both_databases
def test_concurrent_polls_and_frames(stage: Stage, database: str) -> None:
    """A poll sees one frame's state whole, whatever the camera's thread does meanwhile."""
    raised: list[Exception] = []
    found: list[str] = []

    def poll() -> None:
        try:
            for _ in range(20):
                found.append(stage.now().reason)
        except Exception as error:
            raised.append(error)

    stage.show()
    poller = Thread(target=poll)
    poller.start()
    for _ in range(400):
        stage.show(face(STRANGER, 120, 500), each=FRAME / 400)
        stage.show(face(STRANGER, 120, 500), face(STRANGER, 60, 900), each=FRAME / 400)
        stage.show(each=FRAME / 400)
    poller.join(30)
    assert not raised and len(found) == 20 and set(found) <= {"not_recognised", "no_face", "face_too_small"}


# Who slipped through


def walk_through(stage: Stage, *others: Any, times: int = 10) -> None:
    """Ada opens the gate and walks out of the picture, others behind her."""
    stage.show(face(ADA, 200), *others, times=times)


def grows(of: Any, x: float = 640) -> list[Any]:
    return [face(of, 100 + 8 * i, x) for i in range(15)]


def test_follower_raises_one_tailgating_alert(stage: Stage) -> None:
    walk_through(stage, face(STRANGER, 100, 900))
    for one in grows(STRANGER, 900):
        stage.show(one)
    stage.leave()
    assert stage.hints == [("lobby-1", "door")]
    stage.show(times=100)
    assert stage.hints == [("lobby-1", "door")]


def test_several_followers_of_one_opening_raise_one_alert(stage: Stage) -> None:
    walk_through(stage, face(STRANGER, 100, 900), face(person(8), 90, 300))
    for one, other in zip(grows(STRANGER, 900), grows(person(8), 300), strict=True):
        stage.show(one, other)
    stage.show(*grows(person(8), 300)[-1:], times=5)
    stage.leave()
    assert len(stage.hints) == 1


def test_follower_first_seen_late_is_tailgating_if_certainly_another_person(stage: Stage) -> None:
    walk_through(stage)
    for one in grows(STRANGER):
        stage.show(one)
    stage.leave()
    assert stage.hints == [("lobby-1", "door")]


def test_interrupted_track_of_one_person_is_not_tailgating(stage: Stage) -> None:
    walk_through(stage)
    stage.show(times=21)
    for one in grows(like(0, 0.5)):  # herself, once more found
        stage.show(one)
    stage.show(times=21)
    for one in grows(None):  # perhaps herself
        stage.show(one)
    stage.leave()
    assert not stage.hints


def test_crossing_at_a_shut_gate_is_not_tailgating(stage: Stage) -> None:
    for one in grows(STRANGER):
        stage.show(one)
    stage.leave()
    stage.show(face(ADA), times=5)
    stage.show(times=150)
    for one in grows(STRANGER):
        stage.show(one)
    stage.leave()
    assert not stage.hints and reasons(stage.carried) == ["recognised"]


def test_person_who_turns_back_is_not_tailgating(stage: Stage) -> None:
    walk_through(stage, face(STRANGER, 100, 900))
    for one in reversed(grows(STRANGER, 900)):
        stage.show(one)
    stage.leave()
    assert not stage.hints


def test_recognised_employee_behind_another_is_not_tailgating(stage: Stage) -> None:
    walk_through(stage, face(person(1), 100, 900))
    for one in grows(person(1), 900):
        stage.show(one)
    stage.leave()
    assert not stage.hints and len(stage.carried) == 2


# Pictures, and what is forgotten


def test_record_shows_the_best_picture(stage: Stage) -> None:
    stage.show(face(None, 60), times=3)
    for quality, width in ((0.5, 100), (0.9, 120), (0.7, 140)):
        stage.show(face(STRANGER, width, quality=quality), times=2)
    (answer,) = stage.leave()
    picture = stage.site.events.snapshot(answer.id)
    assert picture == b"JPEG" + bytes(np.full((1, 1, 3), 120, np.uint8))
    # Seven frames, and a picture was taken only where it was better: 60 once, 100 once, 120 once.
    assert [seen.face.box.width_px for seen in stage.snapshots] == [60, 100, 120]


def test_distant_faces_are_not_photographed(stage: Stage) -> None:
    stage.show(face(None, 40), times=20)
    assert not stage.snapshots


@pytest.mark.both_databases
def test_people_who_left_are_forgotten(stage: Stage) -> None:
    stage.show(face(ADA), times=5)
    rng = np.random.default_rng(3)
    for _ in range(3000):
        faces = [face(None, 60, x) for x in rng.uniform(0, 1280, 4)]
        stage.show(*faces, each=timedelta(seconds=0.9))
        stage.show(*faces[:2], each=timedelta(seconds=0.9))
    assert stage.watch.latest is not None and stage.watch.latest.scene.next_id > 10_000
    assert len(stage.watch.visits) <= 2 and len(stage.watch.passages) <= 1
    for _ in range(5):
        stage.show(face(ADA), each=timedelta(seconds=20))
    assert len(stage.watch.passages) == 1 and len(stage.carried) == 6


def test_failed_frame_leaves_no_state(stage: Stage) -> None:
    def full(*_: Any) -> Any:
        raise MemoryError

    whole, stage.approaches = stage.approaches, replace(stage.approaches, snapshot=full)
    with pytest.raises(MemoryError):
        stage.show(face(STRANGER))
    stage.approaches = whole
    stage.show()
    assert not stage.watch.visits and reasons(stage.show(face(ADA))) == ["recognised"]
