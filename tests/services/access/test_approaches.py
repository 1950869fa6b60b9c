"""One decision an approach: the first frame that suffices opens, for the one at the gate, while they are there."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.core.approach.tries import SHARE, TRIES, WAIT_MS
from app.core.people.details import Details
from app.core.site.mode import SiteMode, SiteState
from app.core.types import Status
from tests.fakes import like, person, photo
from tests.services.process import Process
from tests.services.stage import Stage, Unreachable, face, reasons

pytestmark = pytest.mark.one_database

Start = Callable[..., Process]
ADA, BOB, STRANGER = person(0), person(1), person(9)


@pytest.fixture
def stage(site: Process) -> Stage:
    site.enrol("E-1", photo(ADA))
    site.enrol("E-2", photo(BOB))
    return Stage(site)


def weak(i: int) -> Any:
    """One of several poor pictures of Ada: 0.65 alike to her photo alone, two of them together 0.77."""
    return like(0, 0.65, 2 + i)


def test_first_sufficient_frame_opens(stage: Stage) -> None:
    (answer,) = stage.show(face(ADA))
    assert (answer.reason, answer.employee.number, answer.camera) == ("recognised", "E-1", "door")
    assert (answer.frames_received, answer.frames_used, answer.faces) == (1, 1, 1)
    assert stage.carried == [answer] and stage.site.recorded() == 1


def test_weak_frames_open_once_they_suffice_together(stage: Stage) -> None:
    stage.site.threshold.value = 0.7
    assert not stage.show(face(weak(0)))
    (answer,) = stage.show(face(weak(1)))
    assert (answer.reason, answer.frames_received, answer.frames_used) == ("recognised", 2, 2)


def test_each_try_gets_its_share_of_the_rate(site: Process, start: Start) -> None:
    site.enrol("E-1", photo(ADA))
    shares: list[float] = []

    def threshold(size: int, photos: int, frames: int, share: float = 1.0) -> float:
        shares.append(share)
        return 0.99

    stage = Stage(start(threshold=threshold))
    stage.show(face(like(0, 0.9)), times=150)
    assert shares == [SHARE] * sum(count <= 150 for count in TRIES)


def test_person_who_stays_after_the_opening_is_one_event(stage: Stage) -> None:
    assert len(stage.show(face(ADA), times=300)) == 1
    assert not stage.leave() and stage.site.recorded() == 1
    # A new approach is a new decision.
    assert reasons(stage.show(face(ADA))) == ["recognised"]


def test_stranger_gets_one_denial_when_leaving(stage: Stage) -> None:
    assert not stage.show(face(STRANGER), times=100)
    (answer,) = stage.leave()
    assert (answer.verdict, answer.reason, answer.employee) == ("deny", "not_recognised", None)
    assert (answer.frames_received, answer.frames_used) == (100, 8) and stage.site.recorded() == 1


def test_stranger_lost_and_found_again_is_one_event(stage: Stage) -> None:
    stage.show(face(STRANGER), times=50)
    assert reasons(stage.leave()) == ["not_recognised"]
    for _ in range(4):
        # Found again within three seconds, and lost again.
        assert not stage.show(face(like(9, 0.8)), times=20) and not stage.leave()
    # Somebody else is somebody else,
    stage.show(face(person(7)), times=20)
    assert reasons(stage.leave()) == ["not_recognised"]
    # and who comes back after a while has come again; whoever is known is let in at once.
    stage.show(times=80)
    stage.show(face(STRANGER), times=20)
    assert reasons(stage.leave()) == ["not_recognised"] and stage.site.recorded() == 3
    assert reasons(stage.show(face(ADA), times=5)) == ["recognised"]


def test_person_found_again_who_keeps_waiting_is_one_event(stage: Stage) -> None:
    stage.show(face(STRANGER), times=50)
    assert reasons(stage.leave()) == ["not_recognised"]
    assert not stage.show(face(STRANGER), times=300) and not stage.leave() and stage.site.recorded() == 1
    # Refused for another reason, they are another event.
    stage.site.change_gate("lobby-1", enabled=False)
    assert reasons(stage.show(face(STRANGER), times=WAIT_MS // 40 + 1)) == ["gate_disabled"]


def test_stranger_who_stays_gets_one_denial_after_a_while(stage: Stage) -> None:
    stage.show(face(STRANGER, 40), times=300)  # far away they may stand as long as they like
    assert not stage.show(face(STRANGER), times=WAIT_MS // 40)
    assert reasons(stage.show(face(STRANGER))) == ["not_recognised"]
    assert not stage.show(face(STRANGER), times=300) and not stage.leave() and stage.site.recorded() == 1


def test_person_recognised_after_a_denial_is_let_in(stage: Stage) -> None:
    assert reasons(stage.show(face(None), times=WAIT_MS // 40 + 1)) == ["poor_quality"]
    assert reasons(stage.show(face(ADA), times=50)) == ["recognised"]
    assert not stage.leave() and stage.site.recorded() == 2


def test_employee_behind_does_not_let_in_the_person_in_front(stage: Stage) -> None:
    front, behind = face(STRANGER, 150), face(ADA, 100, 900)
    assert not stage.show(front, behind, times=100)
    # Also where the detector misses the one in front for a moment.
    assert not stage.show(behind, times=15) and not stage.show(front, behind)
    # When the one in front has gone, the one behind is known at the first look.
    answers = stage.show(behind, times=22)
    assert reasons(answers) == ["recognised", "not_recognised"] and answers[0].employee.number == "E-1"


def test_employee_in_front_does_not_let_in_the_person_behind(stage: Stage) -> None:
    front, behind = face(ADA, 150), face(STRANGER, 100, 900)
    assert reasons(stage.show(front, behind, times=50)) == ["recognised"]
    # Ada walks through; the stranger comes up at once, and is tried on their own.
    assert reasons(stage.show(face(STRANGER, 150), times=50) + stage.leave()) == ["not_recognised"]
    assert len(stage.carried) == 1


def test_follower_is_tried_as_soon_as_the_first_is_out_of_sight(stage: Stage) -> None:
    front, behind = face(ADA, 150), face(BOB, 100, 900)
    stage.show(front, behind, times=20)
    (answer,) = stage.show(behind)
    assert (answer.employee.number, answer.frames_received, answer.frames_used) == ("E-2", 21, 8)


def test_two_equally_near_people_are_denied_in_one_event(stage: Stage) -> None:
    pair = face(ADA, 120, 500), face(STRANGER, 115, 800)
    assert not stage.show(*pair, times=100)
    (answer,) = stage.leave()
    assert (answer.reason, answer.faces, answer.employee) == ("several_faces", 2, None)
    assert not stage.carried and stage.site.recorded() == 1


def test_person_stepping_in_front_is_not_let_in_as_the_employee(stage: Stage) -> None:
    stage.site.threshold.value = 0.99
    stage.show(face(like(0, 0.9)), times=20)
    stage.site.threshold.value = 0.5
    # Their face cannot be compared, so it may be Ada's still; it opens nothing, however long they wait.
    assert not stage.show(face(None, 130), times=WAIT_MS // 40)
    answers = stage.show(face(STRANGER, 130), times=30) + stage.leave()
    assert "recognised" not in reasons(answers) and not stage.carried


def test_track_lost_and_found_while_the_gate_is_open_is_one_event(stage: Stage) -> None:
    stage.show(face(ADA), times=5)
    stage.leave()
    assert not stage.show(face(ADA), times=5)
    assert not stage.leave()
    # Nor a piece of the way in which they are too poorly seen to be recognised,
    stage.site.threshold.value = 0.99
    assert not stage.show(face(like(0, 0.5)), times=10)
    assert not stage.leave() and stage.site.recorded() == 1
    # while a stranger is a stranger, though nobody is nearer to them than Ada.
    assert reasons(stage.show(face(like(0, 0.2, 9)), times=5) + stage.leave()) == ["not_recognised"]


def test_track_found_after_the_opening_ended_is_a_second_event(stage: Stage) -> None:
    stage.show(face(ADA), times=5)
    stage.show(times=150)
    assert reasons(stage.show(face(ADA))) == ["recognised"]


def test_poorly_seen_person_is_denied_with_that_reason(stage: Stage) -> None:
    assert not stage.show(face(None), times=10)
    (answer,) = stage.leave()
    assert (answer.reason, answer.frames_received, answer.frames_used) == ("poor_quality", 10, 0)
    assert stage.site.events.snapshot(answer.id)


def test_passers_by_cause_no_event(stage: Stage) -> None:
    stage.show(face(STRANGER, 40), times=100)
    stage.show(face(STRANGER, 50), times=2)
    stage.show(face(STRANGER, 40), times=100)
    assert not stage.leave() and stage.site.recorded() == 0


def test_inactive_employee_opens_nothing(stage: Stage) -> None:
    # Given an employee whose frames come to suffice between two tries,
    stage.site.threshold.value = 0.99
    stage.show(face(like(0, 0.9)), times=4)
    stage.site.threshold.value = 0.5
    stage.show(face(like(0, 0.9)))
    # then nothing opens behind them, and it is said that they had gone.
    (answer,) = stage.leave()
    assert (answer.verdict, answer.reason, answer.employee) == ("deny", "left_too_soon", None)
    assert not stage.carried


def test_employee_deactivated_while_approaching_is_refused_by_name(stage: Stage) -> None:
    stage.site.threshold.value = 0.99
    stage.show(face(like(0, 0.9)), times=3)
    ada = stage.site.enrolment.by_number("E-1")
    assert ada is not None
    stage.site.enrolment.update(ada.id, lambda e: Details(e.number, e.name, Status.INACTIVE))
    stage.site.threshold.value = 0.5
    assert not stage.show(face(like(0, 0.9)), times=50)
    (answer,) = stage.leave()
    assert (answer.reason, answer.employee.number) == ("employee_inactive", "E-1") and not stage.carried


def test_released_gate_records_every_approach_as_an_opening_without_a_name(stage: Stage) -> None:
    with stage.site.store.write() as tx:
        tx.site.put(SiteState(SiteMode.RELEASE, stage.at))
    answers = stage.show(face(STRANGER), times=5) + stage.leave() + stage.show(face(ADA), times=5)
    assert reasons(answers) == ["released"] * 2 and [a.employee for a in answers] == [None, None]


def test_lost_database_opens_nothing_and_is_retried(
    site: Process, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    site.enrol("E-1", photo(ADA))
    store = Unreachable(site.store)
    stage = Stage(start(store=store), store)
    stage.show(face(STRANGER), times=5)
    store.gone = True
    with caplog.at_level(logging.ERROR):
        assert not stage.show(face(ADA, 125), times=60) and not stage.carried
    assert len(caplog.records) == 1  # once an outage, not once a frame
    store.gone = False
    assert reasons(stage.show(face(ADA, 125))) == ["recognised"] and site.recorded() == 1


def test_unexpected_failure_is_recorded_as_a_denial(site: Process, start: Start) -> None:
    site.enrol("E-1", photo(ADA))

    def broken(*_: Any) -> float:
        raise RuntimeError("failed")

    stage = Stage(start(threshold=broken))
    assert not stage.show(face(ADA), times=30)
    assert reasons(stage.leave()) == ["system_fault"]


def test_opening_stays_recorded_if_the_gate_is_unreachable(stage: Stage) -> None:
    def unplugged(*_: Any) -> None:
        raise RuntimeError("unplugged")

    stage.approaches = replace(stage.approaches, carry_out=unplugged)
    assert reasons(stage.show(face(ADA), times=20)) == ["recognised"] and not stage.leave()


def test_deleted_gate_decides_nothing(stage: Stage) -> None:
    stage.watch.gate_id = "no such gate"
    assert not stage.show(face(ADA), times=20) and not stage.leave() and stage.site.recorded() == 0


def test_silence_ends_all_approaches(stage: Stage) -> None:
    assert not stage.approaches.silence(stage.watch, stage.at)
    stage.show(face(STRANGER), times=20)
    assert not stage.approaches.silence(stage.watch, stage.at + timedelta(milliseconds=500))
    stage.site.clock.advance(seconds=5)
    assert reasons(stage.approaches.silence(stage.watch, stage.at)) == ["not_recognised"]
    assert not stage.watch.busy()
