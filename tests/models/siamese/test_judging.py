"""Error rates by hand."""

import numpy as np
import pytest

from models.siamese.crops import Faces, split
from models.siamese.judging import FMRS, gate_views, judge, verification
from models.siamese.proof import compare
from tests.models.siamese.drawn import drawn_faces


def test_rates_of_known_similarities() -> None:
    # given a thousand strangers at 0.000 to 0.999, and ten mates of whom three lie at or under 0.99
    strangers = np.arange(1000) / 1000
    mates = np.array([0.5, 0.95, 0.99, 0.9915, 0.9925, 1, 1, 1, 1, 1])
    found = verification(mates, strangers)
    # then at FMR 1 % the limit is the eleventh highest stranger, 0.989, and two mates are missed; at 0.01 % it is 0.999
    assert found.fnmr[FMRS.index(0.01)] == pytest.approx(0.2)
    assert found.fnmr[FMRS.index(0.0001)] == pytest.approx(0.5)
    assert (found.mates, found.strangers) == (10, 1000)
    assert 0.0 < found.eer < 0.12
    assert found.error == pytest.approx(np.mean(found.fnmr) + 0.05)


def test_verification_without_pairs_is_an_error() -> None:
    with pytest.raises(ValueError, match="pairs"):
        verification(np.array([]), np.array([0.1]))


def test_no_person_is_in_two_parts_and_the_photos_stay_with_their_person() -> None:
    faces = drawn_faces(30, 3)
    parts = split(faces, (0.5, 0.2, 0.3), seed=4)
    names = [name for part in parts for name in part.people]
    assert sorted(names) == sorted(faces.people)
    assert [len(part.people) for part in parts] == [15, 6, 9]
    for part in parts:
        for i, name in enumerate(part.people):
            expected = faces.crops[faces.person == faces.people.index(name)]
            assert (part.crops[part.person == i] == expected).all()
    again = split(faces, (0.5, 0.2, 0.3), seed=4)
    assert [part.people for part in again] == [part.people for part in parts]
    assert [part.people for part in split(faces, (0.5, 0.2, 0.3), seed=5)] != [part.people for part in parts]


def test_too_few_people_are_refused() -> None:
    with pytest.raises(ValueError, match="too few people"):
        split(drawn_faces(2, 1), (0.5, 0.5), seed=1)
    with pytest.raises(ValueError, match="two usable photos: 10; about 20 are needed"):
        split(drawn_faces(10, 2), (0.5, 0.15, 0.35), seed=1)
    assert len(split(drawn_faces(20, 2), (0.5, 0.15, 0.35), seed=1)) == 3


def test_before_and_after_of_one_network_is_no_change_and_a_better_one_shows() -> None:
    # given vectors that tell the drawn people apart well, and worse ones
    faces = drawn_faces(24, 4)

    def noisy(amount: float):
        def embed(crops):
            people = np.repeat(np.eye(24, dtype=np.float32), 4, axis=0)
            vectors = people + np.random.default_rng(1).normal(0, amount, people.shape)
            return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

        return embed

    views = gate_views(faces)
    same = compare(noisy(0.2), noisy(0.2), faces, views, seed=1, repeats=5)
    better = compare(noisy(0.4), noisy(0.05), faces, views, seed=1, repeats=5)
    assert all(c.before == c.after for c in same)
    assert all((c.low, c.high) == (0, 0) for c in same if c.low is not None)
    assert all(c.after <= c.before for c in better)
    assert any(c.after < c.before - 0.05 and c.high is not None and c.high < 0 for c in better)
    assert {c.view for c in better} == {"portraits", "gate"}


def test_photo_is_not_compared_with_its_own_view() -> None:
    # given vectors that are one-hot for each photo, nobody resembles anybody but a photo its own view
    faces = Faces(("a", "b"), np.array([0, 0, 1, 1]), drawn_faces(2, 2).crops)
    found = judge(lambda crops: np.eye(4, dtype=np.float32), faces, faces.crops)
    assert found.gate.mates == 4
    assert found.gate.fnmr[0] == 1.0
