"""An approach's best pictures are kept with its event, where that is allowed: sealed, bound and erased as one."""

from dataclasses import replace

import numpy as np
import pytest

from app.core.errors import NotFound
from tests.fakes import like, person, photo
from tests.services.process import Process
from tests.services.stage import Stage, face

pytestmark = pytest.mark.one_database

STRANGER = person(9)


@pytest.fixture
def stage(site: Process) -> Stage:
    """Where three pictures of an approach are kept."""
    site.enrol("E-1", photo(person(0)))
    site.decisions = replace(site.decisions, pictures=3)
    stage = Stage(site)
    stage.approaches = replace(stage.approaches, views=3)
    return stage


def picture(width: int) -> bytes:
    """As the stage takes and encodes it."""
    return b"JPEG" + bytes(np.full((1, 1, 3), width, np.uint8))


def test_best_usable_pictures_of_different_moments_are_kept(stage: Stage) -> None:
    stage.show(face(None, 90), times=3)
    for quality, width in ((0.5, 100), (0.9, 120), (0.7, 140), (0.6, 160)):
        stage.show(face(STRANGER, width, quality=quality), times=5)
    (answer,) = stage.leave()

    pictures = stage.site.events.pictures(answer.id)

    assert pictures == [picture(120), picture(140), picture(160)]
    assert stage.site.events.snapshot(answer.id) == pictures[0]
    assert stage.site.events.picture(answer.id, 3) == pictures[2]
    for number in (0, -1, 4):
        with pytest.raises(NotFound):
            stage.site.events.picture(answer.id, number)
    assert stage.site.recorded() == 1  # and the audit finds it good


def test_adjacent_frames_count_once(stage: Stage) -> None:
    for width in (100, 101, 102, 103):
        stage.show(face(STRANGER, width, quality=0.5 + width / 1000))
    (answer,) = stage.leave()

    assert stage.site.events.pictures(answer.id) == [picture(103)]


def test_unusable_approach_keeps_one_picture(stage: Stage) -> None:
    for width in (60, 70, 80, 90):
        stage.show(face(None, width), times=6)
    (answer,) = stage.leave()

    assert stage.site.events.pictures(answer.id) == [picture(90)]


def test_erasure_removes_the_pictures(stage: Stage) -> None:
    stage.site.threshold.value = 0.99
    for quality in (0.7, 0.8):
        stage.show(face(like(0, 0.9), quality=quality), times=6)
    stage.site.threshold.value = 0.5
    answer = stage.now()
    employee = answer.employee.id
    assert len(stage.site.events.pictures(answer.id)) > 1

    stage.site.erasure.erase(employee)

    with pytest.raises(NotFound):
        stage.site.events.pictures(answer.id)
    assert stage.site.recorded() == 1
