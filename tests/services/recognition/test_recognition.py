"""The rules of recognition with a stand-in for each model; the real models have their own tests."""

import itertools
import threading
from dataclasses import replace

import numpy as np
import pytest

from app.core.errors import BadInput, Busy
from app.core.recognition.quality import ENROLMENT
from app.core.types import Box, Face, QualityProblem, Reason
from app.services.recognition import recognition as recognition_module
from app.services.recognition.recognition import Recognition, snapshot
from tests.services.recognition.scene import (
    FRAME,
    FakeLiveness,
    Scene,
    dark,
    decode,
    face,
    textured,
)
from tests.waiting import eventually


def test_good_face_becomes_a_sample() -> None:
    scene = Scene([face(640, 360, 120)])

    look = scene.recognition().look(FRAME)

    assert look.reason is None
    assert look.subject is not None
    assert look.subject.face is scene.faces[0]
    assert look.subject.liveness is None
    assert look.faces == 1
    assert look.snapshot is not None
    assert look.snapshot.shape[0] <= 240


def seen_again(one: Face) -> Face:
    """The second look finds no face at the right."""
    return replace(one, confirmed=one.box.x_px < 700)


@pytest.mark.parametrize(
    ("score", "width", "faces", "reason"),
    [
        (0.7, 110, 1, None),
        (0.85, 110, 2, Reason.SEVERAL_FACES),  # the detector is sure
        (0.7, 130, 2, Reason.SEVERAL_FACES),  # somebody who hides their face may stand in front
    ],
)
def test_phantom_beside_a_face_is_no_second_person(
    score: float, width: float, faces: int, reason: Reason | None
) -> None:
    scene = Scene([face(640, 360, 120), replace(face(780, 380, width), score=score)])
    scene.detector.refine = lambda pixels, one: seen_again(one)  # type: ignore[method-assign, assignment]
    look = scene.recognition().look(FRAME)
    assert (look.faces, look.reason) == (faces, reason)


def test_phantom_alone_is_not_compared() -> None:
    scene = Scene([replace(face(760, 360, 120), score=0.7)])
    scene.detector.refine = lambda pixels, one: seen_again(one)  # type: ignore[method-assign, assignment]
    look = scene.recognition().look(FRAME)
    assert (look.reason, look.problems) == (Reason.POOR_QUALITY, (QualityProblem.TURNED_AWAY,))
    assert not scene.embedder.embedded


def test_only_the_face_at_the_gate_is_refined_and_embedded() -> None:
    scene = Scene([face(200, 360, 60), face(640, 360, 120), face(1000, 300, 50)])

    look = scene.recognition().look(FRAME, flip=True)

    assert look.faces == 3
    assert scene.detector.refined == [scene.faces[1]]
    assert scene.embedder.embedded == [True]


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        ([], Reason.NO_FACE),
        ([face(500, 360, 100), face(780, 360, 100)], Reason.SEVERAL_FACES),
        ([face(64 * i + 32, 360, 60) for i in range(20)], Reason.SEVERAL_FACES),
        ([face(640, 360, 20)], Reason.FACE_TOO_SMALL),
    ],
)
def test_nobody_at_the_gate_gives_a_reason_and_no_embedding(faces: list[Face], reason: Reason) -> None:
    scene = Scene(faces)

    look = scene.recognition().look(FRAME)

    assert look.reason is reason
    assert look.subject is None
    assert look.faces == len(faces)
    assert look.snapshot is not None
    assert scene.embedder.embedded == []


def test_small_face_is_named_as_a_problem_too() -> None:
    assert Scene([face(640, 360, 20)]).recognition().look(FRAME).problems == (QualityProblem.FACE_TOO_SMALL,)


def test_poor_face_is_not_embedded() -> None:
    scene = Scene([face(640, 360, 120)], align=dark)

    look = scene.recognition().look(FRAME)

    assert look.reason is Reason.POOR_QUALITY
    assert look.problems == (QualityProblem.TOO_DARK,)
    assert scene.embedder.embedded == []


def test_enrolment_is_stricter_about_size_and_company() -> None:
    small = Scene([face(640, 360, 50)]).recognition()
    assert small.look(FRAME).reason is None
    assert small.look(FRAME, limits=ENROLMENT).reason is Reason.FACE_TOO_SMALL
    company = Scene([face(640, 360, 120), face(640, 200, 70)]).recognition()
    assert company.look(FRAME).reason is None
    assert company.look(FRAME, limits=ENROLMENT).reason is Reason.SEVERAL_FACES


def test_frames_are_looked_at_in_order() -> None:
    scene = Scene([face(640, 360, 120)])

    looks = scene.recognition().looks([b"1", b"2", b"3"])

    assert len(looks) == 3
    assert scene.embedder.embedded == [False] * 3


def test_broken_frame_frees_its_engine() -> None:
    recognition = Scene([face(640, 360, 120)]).recognition()
    for _ in range(3):
        with pytest.raises(BadInput):
            recognition.looks([b"fine", b"broken"])
    assert recognition.look_bytes(b"fine").subject is not None


def test_what_would_be_stale_is_refused_before_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given looks that take 50 ms each
    clock = itertools.count(0, 0.05)
    monkeypatch.setattr(recognition_module, "monotonic", lambda: next(clock))
    scene = Scene([face(640, 360, 120)])
    recognition = scene.recognition()
    for _ in range(30):
        recognition.looks([b"fine"], within_s=2.0)
    # when pictures come that are fresh for less time than they need
    embedded = len(scene.embedder.embedded)
    for frames, within_s in (([b"1"], 0.08), ([b"1", b"2", b"3"], 0.18), ([b"1"], 0.0)):
        with pytest.raises(Busy, match="too old"):
            recognition.looks(frames, within_s=within_s)
    # then no engine works for them, and for the others as before
    assert len(scene.embedder.embedded) == embedded
    assert recognition.looks([b"1"], within_s=1.0)[0].subject is not None


def test_looks_that_once_took_long_have_nobody_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0, 30.0)
    recognition = Scene([face(640, 360, 120)]).recognition()
    with monkeypatch.context() as slow:
        slow.setattr(recognition_module, "monotonic", lambda: next(clock))
        for _ in range(30):
            recognition.looks([b"fine"])
    assert recognition.looks([b"fine"], within_s=2.0)[0].subject is not None


def test_request_that_waits_too_long_is_refused() -> None:
    # Given one engine, held by another request
    scene = Scene([face(640, 360, 120)])
    scene.embedder.held = True
    recognition = scene.recognition()
    first = threading.Thread(target=recognition.look, args=(FRAME,))
    first.start()
    eventually(scene.embedder.started)

    with pytest.raises(Busy) as caught:
        recognition.look(FRAME)

    assert caught.value.code == "too_busy"
    scene.embedder.go_on.set()
    first.join()
    assert recognition.look(FRAME).subject is not None


@pytest.mark.parametrize("frame", [np.zeros((720, 1280), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3))])
def test_pixels_of_a_wrong_shape_are_refused(frame: np.ndarray) -> None:
    with pytest.raises(BadInput):
        Scene([]).recognition().look(frame)


def test_recognition_without_engines_is_an_error() -> None:
    with pytest.raises(ValueError, match="engine"):
        Recognition(decode=decode, engines=[], align=textured, pack_digest="", precision="f32")


@pytest.mark.parametrize("box", [None, Box(600, 300, 100, 130), Box(-500, -500, 100, 100), Box(1279, 719, 900, 900)])
def test_snapshot_is_small_and_a_copy(box: Box | None) -> None:
    frame = np.zeros((1080, 1920, 3), dtype=np.uint8)

    view = snapshot(frame, box)

    assert 1 <= view.shape[0] <= 240
    assert view.shape[1] >= 1
    assert view.base is None


def test_liveness_scores_the_detected_face_at_the_gate_only_on_request() -> None:
    scene = Scene([face(200, 360, 60), face(640, 360, 120)], liveness=FakeLiveness())
    found = face(640, 360, 120)
    scene.detector.refine = lambda pixels, one: replace(one, box=Box(0, 0, 100, 100))  # type: ignore[method-assign, assignment]
    recognition = scene.recognition()

    (look,) = recognition.looks([b"frame"], liveness=True)
    assert look.subject is not None and look.subject.liveness == 0.12
    assert scene.liveness is not None and scene.liveness.scored == [found.box]
    for unasked in (recognition.look(FRAME), recognition.look_bytes(b"frame")):
        assert unasked.subject is not None and unasked.subject.liveness is None
    assert len(scene.liveness.scored) == 1 and recognition.liveness_works


def test_face_that_is_not_compared_is_not_scored() -> None:
    dim = Scene([face(640, 360, 120)], align=dark, liveness=FakeLiveness())
    assert dim.recognition().look(FRAME, liveness=True).reason is Reason.POOR_QUALITY
    assert dim.liveness is not None and dim.liveness.scored == []


def test_missing_weights_mean_no_liveness_and_are_reported() -> None:
    recognition = Scene([face(640, 360, 120)]).recognition()
    look = recognition.look(FRAME, liveness=True)
    assert look.subject is not None and look.subject.liveness is None and not recognition.liveness_works
