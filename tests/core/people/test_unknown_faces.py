"""Faces that no gate knew are grouped by who they most likely are."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.core.people.unknown_faces import UnknownFace, grouped
from app.core.recognition.evidence import unit

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def face(number: int, person: int, quality: float = 0.5) -> UnknownFace:
    """Similar at about 0.8 to other faces of this person, and not to anybody else's."""
    vector = np.random.default_rng(number).normal(0, 0.06, 64).astype(np.float32)
    vector[person] += 1
    return UnknownFace(f"e{number:02}", NOW + timedelta(minutes=number), "lobby", unit(vector), quality)


def test_one_person_is_one_group_and_the_most_frequent_comes_first() -> None:
    faces = [face(1, 0), face(2, 1), face(3, 1, quality=0.9), face(4, 2), face(5, 1), face(6, 2)]
    groups = grouped(faces, lambda size, count: 0.5)
    assert [[one.event_id for one in group.faces] for group in groups] == [
        ["e05", "e03", "e02"],
        ["e06", "e04"],
        ["e01"],
    ]
    assert groups[0].best.event_id == "e03"
    assert np.linalg.norm(groups[0].template) == pytest.approx(1)


def test_threshold_counts_the_groups_and_the_faces_of_the_nearest() -> None:
    asked: list[tuple[int, int]] = []

    def threshold(size: int, count: int) -> float:
        asked.append((size, count))
        return 0.5

    grouped([face(1, 0), face(2, 0), face(3, 1)], threshold)
    assert asked == [(1, 1), (2, 1)]


def test_nobody() -> None:
    assert grouped([], lambda size, count: 0.5) == []
