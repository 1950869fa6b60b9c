"""One person, one opening, one event: whichever of a gate's cameras sees them, and whether hardware asks as well."""

from typing import Any

import pytest

from app.adapters.db.repositories.events import EventRows
from app.core.approach.tries import Region
from app.core.events.decision import RecordedDecision
from app.services.access.approaches import Watch
from tests.fakes import like, person, photo
from tests.services.meanwhile import Meanwhile
from tests.services.process import Process
from tests.services.stage import PICTURE, Stage, face, reasons

ADA, BOB = person(0), person(1)


@pytest.fixture
def stage(site: Process) -> Stage:
    site.enrol("E-1", photo(ADA))
    site.enrol("E-2", photo(BOB))
    return Stage(site)


def test_polling_hardware_gets_the_opening_the_camera_recorded(stage: Stage) -> None:
    (opened,) = stage.show(face(ADA))
    assert stage.now() == opened
    assert stage.now() == opened and stage.site.recorded() == 1


def test_camera_does_not_record_an_opening_that_hardware_received(stage: Stage) -> None:
    stage.site.threshold.value = 0.99
    stage.show(face(like(0, 0.9)))
    stage.site.threshold.value = 0.5
    answer = stage.now()
    assert answer.verdict == "open"
    assert stage.show(face(ADA), times=3) == [] and stage.site.recorded() == 1


def test_concurrent_poll_and_camera_are_one_event(stage: Stage, meanwhile: Meanwhile) -> None:
    meanwhile.before(EventRows, "append", stage.now)  # the poll begins while the camera records
    (opened,) = stage.show(face(ADA))
    assert meanwhile.results() == [opened]
    assert stage.site.recorded() == 1


def test_a_second_camera_of_the_gate_records_no_second_opening(stage: Stage) -> None:
    stage.show(face(ADA))
    other = Watch("door-2", stage.gate.id, Region(min_face_px=48))

    def sees(whom: Any) -> list[RecordedDecision]:
        return stage.approaches.frame(other, [face(whom)], PICTURE, stage.at)

    assert sees(ADA) == [] and stage.site.recorded() == 1
    stage.site.clock.advance(seconds=2)
    assert reasons(sees(BOB)) == ["recognised"]


def test_camera_of_another_gate_is_another_opening(stage: Stage) -> None:
    stage.show(face(ADA))
    dock = stage.site.gates.add("dock")
    other = Watch("dock-door", dock.id, Region(min_face_px=48))
    answers = stage.approaches.frame(other, [face(ADA)], PICTURE, stage.at)
    assert reasons(answers) == ["recognised"]


def test_poll_does_not_let_in_somebody_deactivated_since(stage: Stage) -> None:
    stage.show(face(ADA))
    stage.site.change_gate("lobby-1", enabled=False)
    assert stage.now().reason == "gate_disabled"
