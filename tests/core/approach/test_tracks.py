"""Faces of successive frames become people: nobody is two, two are never one, whatever happens between the frames."""

from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.approach.tracks import MOST_SAMPLES, overlap
from app.core.types import Detection
from tests.core.approach.film import FRAME_S, Film, face
from tests.fakes import DIMENSION, NOW, like, person


def test_one_person_walking_up_is_one_track() -> None:
    film = Film()
    for i in range(50):
        film.show(face(300 + 4 * i, 40 + 2 * i, of=like(0, 0.95)))
    (track,) = film.scene.tracks
    assert (track.id, track.seen, track.usable, track.first_at) == (1, 50, 50, NOW + timedelta(seconds=FRAME_S))
    assert track.widest_px == 138 and track.last_at == track.usable_at == film.at and not film.ended
    # 4 px to the side and 2 px wider each 40 ms
    assert track.velocity == pytest.approx((100, 0), abs=2) and track.growth == pytest.approx(50, abs=2)


def test_several_people_are_as_many_tracks() -> None:
    film = Film()
    for i in range(30):
        film.show(face(200 + 3 * i, of=person(0)), face(900 - 3 * i, 60, of=person(1)), face(560, 40, y=200))
    assert film.ids() == [1, 2, 3]
    assert [t.usable for t in film.scene.tracks] == [30, 30, 0]


@pytest.mark.parametrize("embedded", [True, False])
def test_two_people_who_cross_keep_their_tracks(embedded: bool) -> None:
    film = Film()
    right, left = (person(0), person(1)) if embedded else (None, None)
    for i in range(60):
        # They pass each other, and while one hides the other the detector finds one face.
        a, b = face(200 + 8 * i, 100, of=right), face(680 - 8 * i, 90, of=left)
        hidden = overlap(a.face.box, b.face.box) > 0.5
        film.show(a) if hidden else film.show(a, b)
    assert sorted(film.ids()) == [1, 2] and not film.ended
    assert (film.id_of(a), film.id_of(b)) == (1, 2)


def test_two_people_who_swap_places_are_distinguished_by_their_faces() -> None:
    film = Film(10)
    film.show(face(300, of=person(0)), face(420, of=person(1)))
    # Within one frame each stands where the other stood.
    a, b = face(420, of=person(0)), face(300, of=person(1))
    film.show(a, b)
    assert (film.id_of(a), film.id_of(b)) == (1, 2)


@pytest.mark.parametrize(("lost_frames", "same"), [(10, True), (19, True), (20, False), (75, False)])
def test_track_survives_an_occlusion_shorter_than_the_patience(lost_frames: int, same: bool) -> None:
    film = Film()
    for _ in range(10):
        film.show(face(400, of=person(0)))
    for _ in range(lost_frames):  # 40 ms each
        film.show()
    film.show(face(410, of=person(0)))
    assert film.ids() == ([1] if same else [2])
    assert [t.id for t in film.ended] == ([] if same else [1])


def test_ended_track_never_returns_and_its_id_is_not_reused() -> None:
    film = Film()
    film.show(face(400, of=person(0)))
    film.show(after_s=0.801)
    assert film.ids() == [] and [t.id for t in film.ended] == [1]
    film.show(face(400, of=person(0)))
    assert film.ids() == [2]
    film.show(after_s=0.801)
    film.show(face(400), face(800))
    assert film.ids() == [3, 4] and [t.id for t in film.ended] == [1, 2]


@pytest.mark.parametrize("misses", [1, 5, 15])
def test_detector_that_misses_frames_loses_nobody(misses: int) -> None:
    film = Film()
    for i in range(200):
        film.show(*[face(200 + 2 * i, 50 + i / 2, of=person(0))][: i % (misses + 1) == 0])
    assert film.ids() == [1] and not film.ended


@pytest.mark.parametrize("fps", [10, 5, 2.5, 1.5])
def test_slow_camera_follows_big_jumps_of_the_same_person(fps: float) -> None:
    film = Film(fps)
    for i in range(12):
        # A brisk walk across: nine face widths a second; somebody else comes straight on.
        shift = 9 * 60 / fps * i if fps > 2 else 200 * i
        film.show(face(100 + shift, 60, of=person(0)), face(600, 60 * 1.15**i, y=900, of=person(1)))
    assert film.ids() == [1, 2] and not film.ended


def test_face_that_cannot_be_compared_does_not_join_from_afar() -> None:
    film = Film(5)
    film.show(face(300, of=person(0)))
    film.show(face(300 + 90 + 81))
    assert film.ids() == [1, 2]


def test_jittering_face_is_one_track_that_hardly_moves() -> None:
    film = Film()
    rng = np.random.default_rng(5)
    for _ in range(200):
        x, y, width = rng.normal((400, 300, 100), (4, 4, 3))
        film.show(face(x, width, y=y, of=person(0)))
    (track,) = film.scene.tracks
    assert track.seen == 200
    expected = track.predicted(film.at + timedelta(seconds=0.3))
    assert np.hypot(expected.centre[0] - 400, expected.centre[1] - 300) < 60


def test_frames_that_arrive_together_give_no_speed() -> None:
    film = Film()
    for i in range(10):
        film.show(face(400 + 3 * (i % 2), of=person(0)), after_s=0.0001)
    assert abs(film.track(1).velocity[0]) < 100
    film.show(face(400, of=person(0)))
    assert film.ids() == [1]


def test_person_stepping_in_front_is_a_new_track_without_history() -> None:
    # Given an employee in view,
    film = Film()
    for _ in range(10):
        film.show(face(400, of=person(0)))
    # when in the next frame another face is at the very same place
    for _ in range(5):
        step_ = film.show(face(402, 105, of=person(1)))
        assert step_.fresh == {2}
    # then it is a new track with samples of its own only, and the old one has no more of its own
    new, old = film.track(2), film.track(1)
    assert all(s.embedding @ person(1) > 0.99 for s in new.samples) and new.usable == 5
    assert all(s.embedding @ person(0) > 0.99 for s in old.samples) and old.usable == 10
    assert old.last_at < film.at


def test_person_stepping_in_front_with_a_turned_face_adds_no_sample() -> None:
    film = Film()
    for _ in range(10):
        film.show(face(400, of=person(0)))
    usable_at = film.at
    for _ in range(5):
        film.show(face(402, 105))  # it may be the same person looking down: the track goes on, its samples do not
    assert film.ids() == [1] and film.track(1).usable == 10 and film.track(1).usable_at == usable_at < film.at
    film.show(face(402, 105, of=person(1)))
    assert film.track(2).usable == 1


def test_one_bad_frame_does_not_split_a_track() -> None:
    film = Film()
    for i in range(8):
        film.show(face(400, of=like(0, 0.5 if i == 4 else 0.95, other=3 + i)))
    assert film.ids() == [1]


def test_much_smaller_face_is_a_person_behind() -> None:
    film = Film()
    film.show(face(400, 200))
    film.show(face(420, 90))
    assert film.ids() == [1, 2]


def test_embedding_of_nan_does_not_stop_the_camera() -> None:
    film = Film()
    broken = np.full(DIMENSION, np.nan, np.float32)
    for _ in range(30):
        film.show(face(400, of=broken))
    for _ in range(25):
        film.show(face(400, of=person(0)))
    assert len(film.ids()) == 1 and film.track(film.ids()[0]).usable == 25


@pytest.mark.parametrize("by_s", [-3600, 20])
def test_gap_in_the_frames_or_a_clock_change_starts_a_new_approach(by_s: float) -> None:
    film = Film()
    film.show(face(400, of=person(0)))
    film.show(face(400, of=person(0)), after_s=by_s)
    assert film.ids() == [2] and [t.id for t in film.ended] == [1]


def test_newest_and_best_samples_are_kept() -> None:
    film = Film()
    qualities = [0.5, 0.9, 0.3, 0.8, 0.6, 0.7, 0.4, 0.95, 0.35, 0.99, 0.2, 0.1]
    for i, quality in enumerate(qualities):
        film.show(face(400, of=person(0), quality=quality, tag=i))
    kept = [(int(s.face.landmarks[0, 0]), s.quality.score) for s in film.track(1).samples]
    assert [i for i, _ in kept] == sorted(i for i, _ in kept)  # oldest first
    assert kept[-1] == (11, 0.1)
    best = sorted((q, i) for i, q in enumerate(qualities[:-1]))[-7:]
    assert {i for i, _ in kept[:-1]} == {i for _, i in best}


def test_scene_is_immutable() -> None:
    film = Film()
    before = film.show(face(400, of=person(0))).scene
    with pytest.raises(FrozenInstanceError):
        before.next_id = 9  # type: ignore[misc]
    kept = before.tracks[0]
    film.show(face(410, of=person(0)))
    assert before.tracks == (kept,) and kept.seen == 1 and len(kept.samples) == 1


shown = st.builds(
    face,
    st.floats(0, 1280),
    st.floats(10, 400),
    y=st.floats(0, 720),
    of=st.one_of(st.none(), st.builds(like, st.integers(0, 3), st.floats(0.3, 1), st.integers(4, 15))),
    quality=st.floats(0, 1),
)
films = st.lists(st.tuples(st.floats(-0.5, 2), st.lists(shown, max_size=5)), max_size=25)


@settings(max_examples=settings.default.max_examples * 3 // 2)
@given(films)
def test_invariants_hold_for_any_sequence_of_faces(frames: Sequence[tuple[float, list[Detection]]]) -> None:
    film = Film()
    gone: set[int] = set()
    usable: dict[int, int] = {}
    for after_s, faces in frames:
        before = {t.id: t for t in film.scene.tracks}
        now = film.show(*faces, after_s=after_s)
        ids = film.ids()
        # Every face is in exactly one track, and every track has at most one face.
        assert sorted(map(id, now.faces.values())) == sorted(map(id, faces)) and now.faces.keys() <= set(ids)
        assert all(
            film.track(i).box is seen.face.box and film.track(i).last_at == film.at for i, seen in now.faces.items()
        )
        # An id belongs to one track for ever.
        assert len(ids) == len(set(ids)) and not gone & set(ids)
        new = set(ids) - before.keys()
        assert all(i >= max(before, default=0) for i in new)
        gone |= {t.id for t in now.ended}
        assert before.keys() <= set(ids) | gone
        for track in now.scene.tracks:
            assert len(track.samples) == min(track.usable, MOST_SAMPLES) and track.usable <= track.seen
            assert track.usable == usable.get(track.id, 0) + (track.id in now.fresh)
            usable[track.id] = track.usable
            if track.id in now.fresh:
                assert track.samples[-1].embedding is now.faces[track.id].embedding  # type: ignore[attr-defined]  # fresh: a sample
            elif track.id in before:
                assert track.samples == before[track.id].samples
            width = track.predicted(film.at + timedelta(seconds=0.5)).width_px
            assert np.isfinite(width) and width > 0


@settings(max_examples=settings.default.max_examples // 2)
@given(st.permutations(range(4)))
def test_order_of_the_faces_does_not_matter(order: Sequence[int]) -> None:
    film = Film()
    places = [(200, 0), (500, 1), (800, 2), (1100, 3)]
    film.show(*(face(x, of=person(axis)) for x, axis in places))
    again = [face(x + 10, of=person(axis)) for x, axis in places]
    film.show(*(again[i] for i in order))
    assert [film.id_of(seen) for seen in again] == [1, 2, 3, 4]
