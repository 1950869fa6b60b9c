"""Which face is at the gate, and above all when nobody can tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.recognition import subject
from app.core.types import Box, Face, Reason

WIDTH = 1280


def face(centre_x: float, width: float) -> Face:
    return Face(Box(centre_x - width / 2, 300, width, width * 1.3), np.zeros((5, 2), dtype=np.float32), 0.9)


def choose(*faces: Face, min_face_px: float = 32) -> int | Reason:
    return subject.choose(faces, WIDTH, min_face_px=min_face_px)


def test_no_face_is_a_reason() -> None:
    assert choose() is Reason.NO_FACE


def test_only_face_is_the_subject_wherever_it_is() -> None:
    assert choose(face(60, 100)) == 0


def test_people_behind_are_ignored() -> None:
    assert choose(face(300, 60), face(640, 120), face(900, 55)) == 1


def test_central_of_two_equally_near_faces_is_the_subject() -> None:
    assert choose(face(1240, 120), face(640, 120)) == 1


def test_two_faces_side_by_side_are_several() -> None:
    assert choose(face(500, 110), face(780, 110)) is Reason.SEVERAL_FACES


def test_exact_tie_is_several() -> None:
    assert choose(face(640, 110), face(640, 110)) is Reason.SEVERAL_FACES


def test_twenty_equal_faces_are_several() -> None:
    assert choose(*(face(64 * i + 32, 60) for i in range(20))) is Reason.SEVERAL_FACES


def test_rival_counts_from_four_fifths_of_the_weight() -> None:
    assert choose(face(640, 100), face(640, 80)) is Reason.SEVERAL_FACES
    assert choose(face(640, 100), face(640, 79)) == 0


def test_subject_that_is_too_small_is_a_reason() -> None:
    assert choose(face(640, 31)) is Reason.FACE_TOO_SMALL
    assert choose(face(640, 32)) == 0


def test_large_face_at_the_edge_does_not_hide_a_small_central_one() -> None:
    # Given somebody near but aside (weight 100 * 0.6) and somebody far in the middle (weight 55)
    assert choose(face(1152, 100), face(640, 55)) is Reason.SEVERAL_FACES


@given(st.lists(st.tuples(st.floats(0, WIDTH), st.floats(5, 400)), min_size=1, max_size=8))
def test_neither_order_nor_mirroring_matters(found: list[tuple[float, float]]) -> None:
    faces = [face(x, w) for x, w in found]
    mirrored = [face(WIDTH - x, w) for x, w in found]
    answer = choose(*faces)

    assert choose(*mirrored) == answer
    backwards = choose(*reversed(faces))
    assert backwards == (answer if isinstance(answer, Reason) else len(faces) - 1 - answer)


def test_frame_without_width_is_an_error() -> None:
    with pytest.raises(ValueError, match="width"):
        subject.weight(face(1, 1), 0)
