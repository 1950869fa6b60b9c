"""When two reads are far enough apart, and when pictures agree."""

from datetime import timedelta

import pytest

from app.core.people.gathering import APART, GateFace, agree, far_enough
from tests.fakes import NOW, like, person

TICK = timedelta(milliseconds=1)


def face(minutes: int) -> GateFace:
    return GateFace("F", "E", "V", "G", NOW + timedelta(minutes=minutes), b"", b"", 0.9)


def test_reads_are_five_minutes_apart_from_each_other_one() -> None:
    faces = [face(0), face(20)]
    assert far_enough([], NOW)
    assert far_enough(faces, NOW + APART) and not far_enough(faces, NOW + APART - TICK)
    assert not far_enough(faces, NOW - TICK), "also one that was read before"
    assert not far_enough(faces, NOW + timedelta(minutes=20))
    assert not far_enough(faces, NOW + timedelta(minutes=15, milliseconds=1))


@pytest.mark.parametrize(
    ("others", "found"),
    [((0.9, 0.9), True), ((0.8, 0.8), False), ((0.8, 1.0), True), ((0.799, 1.0), False)],
)
def test_every_pair_agrees(others: tuple[float, float], found: bool) -> None:
    vectors = [person(0), *(like(0, one, 2 + n) for n, one in enumerate(others))]
    assert agree(vectors, 0.8) is found


def test_one_picture_agrees_with_itself() -> None:
    assert agree([person(0)], 0.99) and agree([], 0.99)
