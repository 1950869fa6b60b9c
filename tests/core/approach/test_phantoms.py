"""What only looks like a face is nobody beside a real one; a face that is cut off stays who it was."""

from dataclasses import replace

import pytest

from app.core.types import Detection
from tests.core.approach.film import FRAME_S, RULES, Film, face
from tests.fakes import person


def phantom(x: float, width: float, *, y: float = 300, score: float = 0.65, confirmed: bool = False) -> Detection:
    """A box in which the second look found no face."""
    seen = face(x, width, y=y)
    return replace(seen, face=replace(seen.face, score=score, confirmed=confirmed))


def test_phantom_beside_a_wider_face_is_nobody() -> None:
    film = Film()
    man, hand = face(600, 150, of=person(0)), phantom(780, 140, y=420)
    now = film.show(man, hand)
    assert list(now.people.values()) == [man] and len(now.faces) == 2
    # also for as long as his face may only be out of sight,
    assert not film.show(hand).people
    # but not once he has gone.
    film.show(hand, after_s=RULES.patience_ms / 1000)
    assert list(film.show(hand).people.values()) == [hand]


@pytest.mark.parametrize(
    "other",
    [
        phantom(780, 160),  # wider: somebody who hides their face stands in front
        phantom(780, 140, score=0.85),  # the detector is sure
        phantom(780, 140, confirmed=True),  # the second look found a face
    ],
)
def test_face_that_may_be_one_is_somebody(other: Detection) -> None:
    man = face(600, 150, of=person(0))
    assert set(Film().show(man, other).people.values()) == {man, other}


def test_track_that_was_surely_a_face_once_stays_somebody() -> None:
    film = Film()
    man = face(600, 150, of=person(0))
    film.show(man, face(780, 140))
    assert len(film.show(man, phantom(780, 140)).people) == 2


def test_face_cut_off_by_the_edge_of_the_picture_continues_its_track() -> None:
    film = Film()
    film.show(face(600, 150, y=120, of=person(0)))
    film.show(face(600, 130, y=85, of=person(5), quality=0.5))
    assert film.ids() == [1] and (film.track(1).seen, film.track(1).usable) == (2, 1)


@pytest.mark.parametrize(
    ("seen", "after_s"),
    [
        (face(600, 130, y=85, of=person(5), quality=0.9), FRAME_S),  # clear, so it is somebody else
        (face(600, 90, y=110, of=person(5), quality=0.5), FRAME_S),  # further back
        (face(700, 140, y=120, of=person(5), quality=0.5), FRAME_S),  # beside
        (face(600, 140, y=120, of=person(5), quality=0.5), 0.4),  # there was time to step in
    ],
)
def test_other_unlike_faces_are_somebody_else(seen: Detection, after_s: float) -> None:
    film = Film()
    film.show(face(600, 150, y=120, of=person(0)))
    film.show(seen, after_s=after_s)
    assert film.ids() == [1, 2]
