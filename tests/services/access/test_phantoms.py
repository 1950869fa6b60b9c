"""Hands, hair and faces that leave the picture make no rival and no second event; hidden faces keep the gate shut."""

from dataclasses import replace

import pytest

from app.core.types import Detection
from tests.fakes import like, person, photo
from tests.services.process import Process
from tests.services.stage import Stage, face, reasons

pytestmark = pytest.mark.one_database

ADA, BOB = person(0), person(1)


@pytest.fixture
def stage(site: Process) -> Stage:
    site.enrol("E-1", photo(ADA))
    site.enrol("E-2", photo(BOB))
    return Stage(site)


def hand(width: float = 110, x: float = 780) -> Detection:
    """A box in which the second look found no face."""
    seen = face(None, width, x)
    return replace(seen, face=replace(seen.face, score=0.65, confirmed=False))


def test_hand_beside_a_face_is_neither_rival_nor_event(stage: Stage) -> None:
    (answer,) = stage.show(face(ADA), hand(), times=50)
    assert (answer.reason, answer.faces) == ("recognised", 1)
    # Her face leaves the picture first; the hand stays, and is the widest box in it.
    assert not stage.show(hand(), times=60) and not stage.leave() and stage.site.recorded() == 1


def test_hidden_face_in_front_keeps_the_gate_shut_for_the_one_behind(stage: Stage) -> None:
    assert not stage.show(face(ADA, 100), hand(130), times=50)
    assert "recognised" not in reasons(stage.leave()) and not stage.carried


def test_only_something_like_a_face_is_an_event_of_its_own(stage: Stage) -> None:
    assert not stage.show(hand(), times=20)
    assert reasons(stage.leave()) == ["poor_quality"]


def test_face_that_leaves_half_is_one_event(stage: Stage) -> None:
    stage.show(face(ADA), times=10)
    for width in (118, 112, 106, 100):
        assert not stage.show(face(like(7, 0.9), width, quality=0.5))
    assert not stage.leave() and stage.site.recorded() == 1


def test_two_side_by_side_each_get_their_turn(stage: Stage) -> None:
    assert reasons(stage.show(face(ADA, 140, 500), face(BOB, 115, 800), times=20)) == ["recognised"]
    assert reasons(stage.show(face(BOB, 118, 800), times=5)) == ["recognised"]
    assert [one.employee and one.employee.number for one in stage.carried] == ["E-1", "E-2"]


def test_somebody_else_in_the_same_place_has_an_event_of_their_own_however_poor_their_pictures_are(
    stage: Stage,
) -> None:
    assert reasons(stage.show(face(ADA), times=10)) == ["recognised"]
    stage.show(face(person(9), 118, quality=0.6), times=50)
    stage.leave()
    assert stage.site.recorded() == 2
