"""Frames of one approach become evidence about one person or nobody, never about a mixture of two people."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.recognition.evidence import FURTHEST, OnePerson, against, fold, settled, unit
from app.core.types import Candidate, Evidence, FrameResult, Reason
from tests.fakes import like, person, seen, unseen

SAME = 0.3
RULE = OnePerson(clear=0.8, shows=lambda pictures: 0.4 + 0.01 * pictures)
TOGETHER = 0.6  # at least this alike are any two vectors that `sightings` draws


@st.composite
def sightings(draw: st.DrawFn, most: int = 8) -> list[FrameResult]:
    """Frames of one person: unit vectors within a cone around person 0, of any quality."""
    # Two vectors at an angle of at most a from the axis are at most 2a apart; cos(2a) = 0.62 at similarity 0.9.
    frames = draw(
        st.lists(
            st.tuples(st.floats(0.9, 1.0), st.integers(1, 15), st.floats(0.0, 1.0)),
            min_size=1,
            max_size=most,
        )
    )
    return [seen(like(0, similarity, other), quality) for similarity, other, quality in frames]


def vectors(looks: list[FrameResult]) -> np.ndarray:
    return np.stack([look.subject.embedding for look in looks if look.subject])


def embedding(evidence: Evidence) -> np.ndarray:
    assert evidence.reason is None and evidence.embedding is not None
    return evidence.embedding


def test_folding_no_frames_is_an_error() -> None:
    with pytest.raises(ValueError):
        fold([], SAME)


def test_one_frame_is_taken_as_it_is() -> None:
    found = fold([seen(like(0, 0.8), 0.7, faces=2)], SAME)
    np.testing.assert_allclose(embedding(found), like(0, 0.8), atol=1e-6)
    assert (found.faces, found.frames_used, found.quality) == (2, 1, 0.7)
    assert found.best is None and found.margin is None


def test_better_frame_counts_for_more() -> None:
    # Given a frame towards person 1 of quality 0.9 and one towards person 2 of quality 0.3
    good, poor = like(0, 0.9, 1), like(0, 0.9, 2)
    fused = embedding(fold([seen(good, 0.9), seen(poor, 0.3)], SAME))
    # then the mean is weighted 3 to 1, and not by count
    assert fused[1] / fused[2] == pytest.approx(3.0, rel=1e-4)
    np.testing.assert_allclose(fused, unit(0.75 * good + 0.25 * poor), atol=1e-6)


def test_frames_of_quality_zero_still_have_a_mean() -> None:
    found = fold([seen(like(0, 0.9, 1), 0.0), seen(like(0, 0.9, 2), 0.0)], SAME)
    np.testing.assert_allclose(embedding(found), unit(like(0, 0.9, 1) + like(0, 0.9, 2)), atol=1e-6)
    assert found.quality == 0.0


def test_order_of_frames_does_not_matter() -> None:
    looks = [seen(like(0, 0.9, n), n / 4) for n in (1, 2, 3)] + [unseen(Reason.NO_FACE)]
    first, *others = [embedding(fold(order, SAME)) for order in permutations(looks)]
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-6)


def test_frames_without_a_subject_are_skipped() -> None:
    found = fold([unseen(Reason.POOR_QUALITY, 4), seen(person(0), 0.5), unseen(Reason.NO_FACE)], SAME)
    np.testing.assert_allclose(embedding(found), person(0), atol=1e-6)
    assert (found.faces, found.frames_used, found.quality) == (4, 1, 0.5)


@pytest.mark.parametrize("reason", FURTHEST)
def test_without_a_subject_the_frame_that_got_furthest_gives_the_reason(reason: Reason) -> None:
    # Given frames that failed at this reason and at every one that is met before it
    earlier = FURTHEST[FURTHEST.index(reason) :]
    for order in permutations(earlier):
        found = fold([unseen(r, 3) for r in order], SAME)
        assert (found.reason, found.frames_used, found.faces) == (reason, 0, 3)
        assert found.embedding is None and found.best is None


def test_reasons_are_ordered_by_how_far_a_frame_got() -> None:
    assert FURTHEST == (Reason.POOR_QUALITY, Reason.FACE_TOO_SMALL, Reason.SEVERAL_FACES, Reason.NO_FACE)


def test_nobody_is_identified_if_another_person_steps_in() -> None:
    looks = [seen(person(0)), seen(like(0, 0.95)), seen(person(1))]
    for order in permutations(looks):
        found = fold(order, SAME)
        assert found.reason is Reason.AMBIGUOUS
        assert found.best is None and found.frames_used == 3


def test_nobody_is_identified_if_frames_drift_from_one_face_to_another() -> None:
    # Given neighbours alike, and the first and the last not
    angles = np.linspace(0, np.pi / 2, 5)
    looks = [seen(like(0, float(np.cos(angle)), 1)) for angle in angles]
    assert fold(looks[:2], SAME).reason is None
    assert fold(looks, SAME).reason is Reason.AMBIGUOUS


def test_frames_exactly_at_the_limit_are_one_person() -> None:
    pair = [seen(person(0)), seen(like(0, 0.5))]
    assert fold(pair, 0.5).reason is None
    assert fold(pair, 0.5001).reason is Reason.AMBIGUOUS


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vector_that_is_not_finite_is_never_evidence(bad: float) -> None:
    broken = person(0)
    broken[3] = bad
    for looks in ([seen(broken)], [seen(person(0)), seen(broken)], [seen(broken), seen(person(0))]):
        with pytest.raises(ValueError):
            fold(looks, SAME)


def test_quality_of_nan_is_never_evidence() -> None:
    with pytest.raises(ValueError):
        fold([seen(person(0), float("nan")), seen(person(0))], SAME)


def test_vectors_of_different_models_are_never_mixed() -> None:
    with pytest.raises(ValueError):
        fold([seen(person(0)), seen(np.ones(4, np.float32) / 2)], SAME)  # type: ignore[arg-type]  # float32, though numpy's stubs say float64


@given(sightings())
def test_fused_vector_has_length_one(looks: list[FrameResult]) -> None:
    fused = embedding(fold(looks, SAME))
    assert fused.dtype == np.float32
    assert np.linalg.norm(fused) == pytest.approx(1.0, abs=1e-5)


@given(sightings())
def test_fused_vector_lies_among_its_frames(looks: list[FrameResult]) -> None:
    every = vectors(looks)
    fused = embedding(fold(looks, SAME))
    least = (every @ every.T).min(axis=1)
    assert least.min() > TOGETHER
    assert np.all(every @ fused >= least - 1e-5), "it is as near to each frame as that one's farthest companion"


@given(sightings(most=1), st.integers(2, 8))
def test_repeated_frame_changes_nothing(looks: list[FrameResult], times: int) -> None:
    once, again = fold(looks, SAME), fold(looks * times, SAME)
    np.testing.assert_allclose(embedding(again), embedding(once), atol=1e-6)
    assert (again.quality, again.frames_used) == (once.quality, times)


@given(sightings())
def test_repeating_all_frames_changes_nothing(looks: list[FrameResult]) -> None:
    np.testing.assert_allclose(embedding(fold(looks * 2, SAME)), embedding(fold(looks, SAME)), atol=1e-5)


def test_margin_is_the_lead_of_the_best_over_the_second() -> None:
    evidence = fold([seen(person(0))], SAME)
    found = against(evidence, [Candidate("a", 0.8), Candidate("b", 0.5), Candidate("c", 0.4)])
    assert found.best == Candidate("a", 0.8)
    assert found.margin == pytest.approx(0.3)
    assert found.embedding is evidence.embedding and found.frames_used == 1


def test_twins_have_no_margin() -> None:
    found = against(fold([seen(person(0))], SAME), [Candidate("a", 0.8), Candidate("b", 0.8)])
    assert found.margin == 0.0


def test_margin_of_a_single_candidate_is_its_lead_over_minus_one() -> None:
    found = against(fold([seen(person(0))], SAME), [Candidate("a", 0.8)])
    assert found.margin == pytest.approx(1.8)


def test_empty_gallery_identifies_nobody() -> None:
    evidence = fold([seen(person(0))], SAME)
    assert against(evidence, []) is evidence
    assert evidence.best is None and evidence.margin is None


@pytest.mark.parametrize("values", [[0, 0], [1e-7, 0], [np.nan, 1], [np.inf, 1], [-np.inf, 0]])
def test_vector_without_direction_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError):
        unit(np.array(values, np.float32))


def test_any_other_vector_is_scaled_to_length_one() -> None:
    np.testing.assert_allclose(unit(np.array([3, 4], np.float32)), [0.6, 0.8], atol=1e-7)
    np.testing.assert_allclose(unit(np.array([-1e-3, 0], np.float32)), [-1, 0], atol=1e-7)


def test_liveness_of_the_frames_is_part_of_the_evidence() -> None:
    found = fold([seen(like(0, 0.9), liveness=score) for score in (0.2, 0.6, 0.9)], SAME)
    assert (found.liveness, found.liveness_frames) == (0.6, 3)
    unmeasured = fold([seen(like(0, 0.9))], SAME)
    assert (unmeasured.liveness, unmeasured.liveness_frames) == (None, 0)


def test_two_people_are_counted_and_judged_though_nobody_is_identified() -> None:
    found = fold([seen(person(0), 0.8, faces=2), seen(person(1), 0.6, faces=3)], SAME)
    assert (found.faces, found.frames_used, found.reason) == (3, 2, Reason.AMBIGUOUS)
    assert (found.quality, found.best) == (pytest.approx(0.8), None)


def judged(*looks: FrameResult, best: float = 0.6, photos: int = 1) -> Evidence:
    """Several frames as the service judges them, with person 0 as the best candidate of this similarity."""
    found = against(fold(looks, SAME), [Candidate("ada", best), Candidate("bob", 0.1)])
    return settled(found, lambda: person(0), photos, 0.5, RULE)


def test_poor_frame_of_the_candidate_is_no_second_person() -> None:
    # Given two frames that differ more than two people's, each like the employee
    found = judged(seen(like(0, 0.6, 1)), seen(like(0, 0.49, 2)))
    assert (found.reason, found.employee_id) == (None, "ada")
    assert fold([seen(like(0, 0.6, 1)), seen(like(0, 0.49, 2))], SAME).reason is Reason.AMBIGUOUS


@pytest.mark.parametrize("other", [person(1), like(0, 0.3, 1)])
def test_frame_unlike_the_candidate_identifies_nobody(other: np.ndarray) -> None:
    for order in permutations([seen(like(0, 0.9, 2)), seen(like(0, 0.9, 3)), seen(other)]):
        found = judged(*order)
        assert (found.reason, found.best, found.margin) == (Reason.AMBIGUOUS, None, None)


def test_frame_is_compared_with_the_frames_that_show_the_candidate_too() -> None:
    # Given a frame that is hardly like the photo, but like another frame that is
    found = judged(seen(unit(person(0) + person(1))), seen(unit(0.4 * person(0) + person(1))))
    assert found.reason is None
    assert judged(seen(unit(0.4 * person(0) + person(1))), seen(unit(person(0) + person(2)))).reason is Reason.AMBIGUOUS


def test_frames_alike_beyond_doubt_need_no_template() -> None:
    found = against(fold([seen(like(0, 0.95, 1)), seen(like(0, 0.95, 1))], SAME), [Candidate("ada", 0.6)])
    assert settled(found, lambda: pytest.fail("read a template"), 1, 0.5, RULE) is found


def test_whoever_is_not_like_enough_stays_ambiguous_or_not_recognised() -> None:
    two = judged(seen(person(0)), seen(person(1)), best=0.4)
    assert (two.reason, two.best) == (Reason.AMBIGUOUS, None)
    one = judged(seen(like(0, 0.9, 1)), seen(like(0, 0.8, 1)), best=0.4)
    assert (one.reason, one.employee_id) == (None, "ada")


def test_candidate_without_a_template_is_nobody() -> None:
    found = against(fold([seen(like(0, 0.6, 1)), seen(like(0, 0.6, 2))], SAME), [Candidate("ada", 0.6)])
    for template, photos in ((lambda: None, 1), (lambda: person(0), 0)):
        assert settled(found, template, photos, 0.5, RULE).reason is Reason.AMBIGUOUS


@pytest.mark.parametrize("threshold", [float("nan"), 0.7])
def test_two_frames_that_differ_stay_ambiguous_whatever_the_threshold(threshold: float) -> None:
    found = against(fold([seen(like(0, 0.6, 1)), seen(like(0, 0.45, 2))], SAME), [Candidate("ada", 0.6)])
    assert settled(found, lambda: person(0), 1, threshold, RULE).reason is Reason.AMBIGUOUS


def test_opposite_faces_are_two_people_and_have_no_mean() -> None:
    found = fold([seen(person(0)), seen(-person(0))], SAME)
    assert (found.reason, found.embedding) == (Reason.AMBIGUOUS, None)


def test_frames_count_as_their_mean_says() -> None:
    lengths: list[tuple[float, int]] = []

    def apart(length: float, frames: int) -> float:
        lengths.append((length, frames))
        return 1.5

    found = fold([seen(person(0)), seen(like(0, 0.5))], SAME, apart)
    assert found.frames_apart == 1.5
    assert lengths == [(pytest.approx(0.75**0.5), 2)]  # the half of two unit vectors at 60 degrees
    assert fold([seen(person(0)), seen(like(0, 0.5))], SAME).frames_apart == 2


def test_reason_that_no_list_knows_is_told_as_no_face() -> None:
    assert Reason.LOCKDOWN not in FURTHEST
    assert fold([unseen(Reason.LOCKDOWN)], SAME).reason is Reason.NO_FACE
