"""Who is at the gate, when they are tried, and what trying again costs in false accepts."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from app.core.approach import tries as approach
from app.core.approach.tracks import Rules, Scene, Track, step
from app.core.approach.tries import RIVAL, SHARE, TRIES, WAIT_MS, AtGate, Region, at_gate, due
from app.core.recognition.calibration import Calibration, Tail
from app.core.recognition.evidence import fold
from app.core.types import Box, Face, Quality, QualityProblem, Reason, Sample, Vector
from tests.fakes import NOW, like, person, sample

WIDTH, HEIGHT = 1280, 720
REGION = Region(min_face_px=48)
SAME = 0.36


def track(track_id: int, width: float, x: float = 640, *, y: float = 300, unseen_ms: int = 0, **more: object) -> Track:
    at = NOW - timedelta(milliseconds=unseen_ms)
    box = Box(x - width / 2, y - width / 2, width, width)
    base = Track(id=track_id, box=box, first_at=NOW - timedelta(seconds=2), last_at=at, widest_px=width, seen=10)
    return replace(base, **more)  # type: ignore[arg-type]


def stands(*tracks: Track, region: Region = REGION, let_in: frozenset[int] = frozenset()) -> AtGate:
    return at_gate(Scene(tracks, 100), region, WIDTH, HEIGHT, NOW, let_in)


def test_widest_face_is_at_the_gate() -> None:
    near, behind = track(1, 120), track(2, 100, 900)
    assert stands(near, behind).person is stands(behind, near).person is near


@pytest.mark.parametrize("share", [1.0, RIVAL])
def test_two_equally_near_people_leave_no_subject(share: float) -> None:
    found = stands(track(1, 100), track(2, 100 * share, 900), track(3, 60, 300))
    assert found.person is None and [t.id for t in found.rivals] == [1, 2]


def test_too_narrow_face_is_neither_subject_nor_rival() -> None:
    assert stands(track(1, 47.9)).person is None
    assert stands(track(1, 48), track(2, 47.9, 900)).person is not None
    assert stands().person is None


def test_only_people_in_the_region_count() -> None:
    region = Region(0.25, 0.1, 0.75, 0.9, 48)
    outside, above, inside = track(1, 300, 200), track(2, 200, y=50), track(3, 60, 700)
    found = stands(outside, above, inside, region=region)
    assert found.person is inside and not found.rivals
    assert region.holds(track(1, 10, 320, y=72).box, WIDTH, HEIGHT)  # the line itself is inside


@pytest.mark.parametrize(
    "values",
    [(0.5, 0, 0.5, 1, 48), (0.6, 0, 0.4, 1, 48), (-0.1, 0, 1, 1, 48), (0, 0, 1, 1.1, 48), (0, 0, 1, 1, 0)],
)
def test_impossible_regions_are_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError):
        Region(*values)


def test_missed_face_keeps_its_place_before_the_one_behind() -> None:
    front, behind = track(1, 150, unseen_ms=40), track(2, 100, 900)
    assert stands(front, behind).person is None
    # nor for one equally near
    assert stands(track(1, 100, unseen_ms=40), track(2, 100, 900)).person is None


def test_admitted_person_out_of_sight_has_passed() -> None:
    front, behind = track(1, 150, unseen_ms=40), track(2, 100, 900)
    assert stands(front, behind, let_in=frozenset({1})).person is behind
    # while they are seen they still stand there
    assert stands(replace(front, last_at=NOW), behind, let_in=frozenset({1})).person is not behind


def test_person_stepping_in_front_is_alone_at_the_gate() -> None:
    hidden, stepped = track(1, 100, unseen_ms=40), track(2, 105, 660)
    assert stands(hidden, stepped).person is stepped


def tried_at(usable: range) -> list[int]:
    """At how many usable samples a track that is at the gate for this range is tried."""
    tries, tried_from, found = 0, None, []
    for count in usable:
        if due(track(1, 100, usable=count), tries, tried_from):
            tries, tried_from = tries + 1, count if tried_from is None else tried_from
            found.append(count)
    return found


def test_intervals_between_tries_grow_and_tries_end() -> None:
    assert tried_at(range(1, 2000)) == list(TRIES)
    assert list(TRIES) == sorted(set(TRIES)) and TRIES[0] == 1
    # A camera of 25 frames a second still looks when somebody stands there for ten seconds.
    assert TRIES[-1] / 25 > WAIT_MS / 1000


def test_person_who_waited_behind_gets_the_same_tries_at_once() -> None:
    assert tried_at(range(51, 2000)) == [50 + count for count in TRIES]


def test_skipped_try_is_made_at_the_next_frame() -> None:
    assert due(track(1, 100, usable=5), 2, 1)  # the third sample passed while the database was gone


def test_only_samples_of_the_newest_person_are_used() -> None:
    mixed = [sample(person(0)), sample(like(1, 0.9, 0)), sample(person(1)), sample(like(1, 0.95, 2))]
    chosen = approach.frame_results(track(1, 100, samples=tuple(mixed)), 3, SAME)
    assert [look.subject for look in chosen] == mixed[1:]
    assert fold(chosen, SAME).reason is None and {look.faces for look in chosen} == {3}


def test_track_without_samples_gives_the_reason() -> None:
    poor = Quality(0.2, (QualityProblem.TURNED_AWAY,))
    (look,) = approach.frame_results(track(1, 100, last_quality=poor), 2, SAME)
    assert (look.reason, look.problems, look.faces) == (Reason.POOR_QUALITY, poor.problems, 2)


def test_approach_is_more_than_a_moment_and_ends_with_patience() -> None:
    assert [approach.is_approach(n) for n in (0, 2, 3)] == [False, False, True]
    assert not approach.waited(NOW, NOW + timedelta(milliseconds=WAIT_MS - 1))
    assert approach.waited(NOW, NOW + timedelta(milliseconds=WAIT_MS))


@pytest.mark.parametrize(
    ("one", "has_crossed"),
    [
        (track(1, 200, growth=100), True),  # still coming nearer when last seen
        (track(1, 200, x=1200), True),  # out at the side, near
        (track(1, 200, y=650), True),  # out at the bottom
        (track(1, 200, growth=5), False),  # stood there, and the head turned
        (track(1, 80, growth=-40, widest_px=200), False),  # went back
        (track(1, 80, x=1270, widest_px=200), False),  # went back and out at the side
    ],
)
def test_tracks_that_walked_past_are_recognised(one: Track, has_crossed: bool) -> None:
    assert approach.crossed(one, WIDTH, HEIGHT) is has_crossed


def test_person_counts_as_another_only_if_certain() -> None:
    ada = (sample(person(0)), sample(like(0, 0.9)))
    assert approach.is_another(track(1, 100, samples=(sample(person(1)),)), ada, SAME)
    assert not approach.is_another(track(1, 100, samples=(sample(person(1)), sample(like(0, 0.5)))), ada, SAME)
    assert not approach.is_another(track(1, 100), ada, SAME)
    assert not approach.is_another(track(1, 100, samples=ada), (), SAME)


# What trying again and again costs. Faces are directions in a space of 128; a stranger's similarity to a template is
# then normal, which gives the tail, and the frames of an approach resemble each other as a camera's do.

DIMENSIONS, GALLERY, RATE, FRAMES, STRANGERS = 128, 300, 0.05, 64, 1500
TAIL = Tail(start=0.2723, rate=1e-3, scale=0.0235, shape=0.0, photo_shift=0.0, frame_shift=0.0)
CALIBRATION = Calibration(TAIL, same_person=SAME, margin=0.0, midpoint=0.4, steepness=20)


def directions(rng: np.random.Generator, *shape: int) -> np.ndarray:
    drawn = rng.standard_normal((*shape, DIMENSIONS)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)


def approaches_opened(alike: float, share: float, seed: int = 7) -> tuple[float, float]:
    """Shares of strangers let in at the first try alone, and at any."""
    rng = np.random.default_rng(seed)
    gallery = directions(rng, GALLERY)
    first = ever = 0
    for base in directions(rng, STRANGERS):
        # Slowly changing noise: similarity `alike` far apart, near 1 from frame to frame.
        spread, keep = np.sqrt(1 / alike - 1), np.exp(-1 / 12)
        noise = directions(rng, FRAMES)
        for i in range(1, FRAMES):
            noise[i] = keep * noise[i - 1] + np.sqrt(1 - keep**2) * noise[i]
        frames = base + spread * noise
        frames /= np.linalg.norm(frames, axis=1, keepdims=True)
        opened = []
        for count in (n for n in TRIES if n <= FRAMES):
            fused = frames[max(0, count - 8) : count].sum(axis=0)
            best = float((gallery @ (fused / np.linalg.norm(fused))).max())
            opened.append(best >= CALIBRATION.threshold(RATE * share, GALLERY, 1, min(count, 8)))
        first, ever = first + opened[0], ever + any(opened)
    return first / STRANGERS, ever / STRANGERS


@pytest.mark.slow
@pytest.mark.parametrize("alike", [0.92, 0.72])
def test_all_tries_of_an_approach_together_keep_the_rate(alike: float) -> None:
    _, ever = approaches_opened(alike, SHARE)
    assert ever <= RATE


@pytest.mark.slow
def test_spending_the_whole_rate_on_each_try_would_exceed_it() -> None:
    first, ever = approaches_opened(0.72, 1.0)
    assert first < 1.3 * RATE and ever > 1.3 * RATE


def embedded(vector: Vector) -> Sample:
    return Sample(Face(Box(400, 300, 100, 130), np.zeros((5, 2), np.float32), 0.9), Quality(0.9), vector)


def test_frames_of_a_track_always_fold() -> None:
    scene, rules = Scene(), Rules(SAME)
    for i in range(20):
        scene = step(scene, [embedded(like(0, 0.8, 1 + i % 14))], NOW + timedelta(milliseconds=40 * i), rules).scene
    (one,) = scene.tracks
    folded = fold(approach.frame_results(one, 1, SAME), SAME)
    assert folded.reason is None and folded.frames_used == 8 and isinstance(one.samples[0], Sample)
