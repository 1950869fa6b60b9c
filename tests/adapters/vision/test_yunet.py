"""Faces are found as OpenCV finds them, in frame pixels, and the second look keeps to its face."""

import cv2
import numpy as np
import pytest

from app.adapters.vision.networks import yunet
from app.adapters.vision.networks.yunet import YunetDetector, YunetNetwork
from app.adapters.vision.photos.image import decode
from app.adapters.vision.photos.scaling import fit, shrink
from app.core.errors import WeightsError
from app.core.types import Pixels
from tests.photos import photo


@pytest.fixture(scope="module")
def astronaut() -> Pixels:
    return decode(photo("astronaut"))


def placed(pixels: Pixels, face_scale: float, left: int, top: int) -> Pixels:
    frame = np.full((720, 1280, 3), 90, dtype=np.uint8)
    small = shrink(pixels, round(pixels.shape[1] * face_scale), round(pixels.shape[0] * face_scale))
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return frame


def test_detections_equal_opencvs(yunet_bytes: bytes, detector: YunetDetector, astronaut: Pixels) -> None:
    small = shrink(astronaut, 320, 320)
    reference = cv2.FaceDetectorYN.create(
        "onnx", np.frombuffer(yunet_bytes, np.uint8), np.empty(0, np.uint8), (320, 320), 0.6, 0.3
    )
    expected = reference.detect(small)[1]

    found = detector.detect(small)

    assert len(found) == len(expected) == 1
    box = found[0].box
    np.testing.assert_allclose((box.x_px, box.y_px, box.width_px, box.height_px), expected[0, :4], atol=0.6)
    np.testing.assert_allclose(found[0].landmarks.ravel(), expected[0, 4:14], atol=0.6)
    assert found[0].score == pytest.approx(expected[0, 14], abs=0.01)


def test_boxes_and_landmarks_are_in_frame_pixels(detector: YunetDetector, astronaut: Pixels) -> None:
    (alone,) = detector.detect(astronaut)
    (moved,) = detector.detect(placed(astronaut, 1.0, 500, 150))

    np.testing.assert_allclose(moved.landmarks - (500, 150), alone.landmarks, atol=10)
    right_eye, left_eye, nose, right_mouth, left_mouth = alone.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert right_eye[1] < nose[1] < right_mouth[1]


def test_refinement_improves_landmarks_of_small_faces(detector: YunetDetector, astronaut: Pixels) -> None:
    # Given the same face small in a wide frame
    scale = 0.6
    frame = placed(astronaut, scale, 400, 200)
    truth = detector.refine(astronaut, detector.detect(astronaut)[0]).landmarks * scale + (400, 200)
    (coarse,) = detector.detect(frame)

    fine = detector.refine(frame, coarse)

    coarse_error, fine_error = (np.abs(f.landmarks - truth).mean() for f in (coarse, fine))
    assert fine_error < 1.2
    assert fine_error < coarse_error / 2


def test_refinement_stays_with_its_face(detector: YunetDetector, astronaut: Pixels) -> None:
    # Given two faces so near that each lies in the other's surroundings
    frame = np.full((400, 400, 3), 90, dtype=np.uint8)
    person = astronaut[50:230, 170:280]
    frame[100:280, 80:190] = person
    frame[100:280, 190:300] = person

    for face in detector.detect(frame):
        refined = detector.refine(frame, face)
        assert abs(refined.box.centre[0] - face.box.centre[0]) < 15


def test_vanished_face_is_kept_unrefined_and_unconfirmed(detector: YunetDetector, astronaut: Pixels) -> None:
    (face,) = detector.detect(astronaut)
    assert face.confirmed and detector.refine(astronaut, face).confirmed
    for nothing in (np.zeros_like(astronaut), np.zeros((10, 10, 3), dtype=np.uint8)):
        again = detector.refine(nothing, face)
        assert again.landmarks is face.landmarks and not again.confirmed


@pytest.mark.parametrize("shape", [(48, 48), (48, 5000), (5000, 48), (1080, 1920), (321, 319), (1, 1)])
def test_any_shape_is_searched_and_an_empty_one_has_no_face(detector: YunetDetector, shape: tuple[int, int]) -> None:
    assert detector.detect(np.zeros((*shape, 3), dtype=np.uint8)) == []
    noise = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    for face in detector.detect(noise):
        assert np.isfinite(face.landmarks).all()


def test_frame_leaves_no_state_for_the_next(detector: YunetDetector, astronaut: Pixels) -> None:
    # Given a full canvas, when a shorter frame uses the same one, then nothing of the first is found in it
    assert detector.detect(astronaut)
    assert detector.detect(np.full((290, 512, 3), 90, dtype=np.uint8)) == []


def test_all_faces_of_a_group_are_found(detector: YunetDetector, astronaut: Pixels) -> None:
    person = astronaut[20:260, 130:330]
    row = np.hstack([person] * 4)
    assert len(detector.detect(np.vstack([row] * 2))) == 8


def test_invalid_network_bytes_are_an_error(yunet_bytes: bytes, mesh_bytes: bytes) -> None:
    for networks in ((b"not a model", mesh_bytes), (yunet_bytes, b"not a model"), (yunet_bytes, mesh_bytes[:5000])):
        with pytest.raises(WeightsError):
            YunetNetwork(*networks)


def test_useless_width_is_an_error(yunet_bytes: bytes, mesh_bytes: bytes) -> None:
    with pytest.raises(ValueError, match="width"):
        YunetNetwork(yunet_bytes, mesh_bytes, width_px=32)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((720, 1280), (320, 180)), ((250, 250), (250, 250)), ((1280, 720), (180, 320)), ((9000, 2), (1, 320))],
)
def test_pictures_are_shrunk_to_fit_and_never_enlarged(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fit(*shape, 320) == expected


def test_shrinking_averages_and_does_not_alias() -> None:
    # Given a checkerboard, finer than any pixel of the result
    board = np.indices((720, 1280)).sum(axis=0) % 2 * 255
    small = shrink(np.repeat(board[..., None], 3, axis=2).astype(np.uint8), 320, 180)

    assert small.shape == (180, 320, 3)
    assert np.abs(small.astype(int) - 127).max() <= 2


def test_required_faces_are_found_in_a_large_frame(detector: YunetDetector) -> None:
    """48 px in a 1920-pixel frame: too small for a search at 320, which finds hardly any."""
    rng = np.random.default_rng(1)
    wall = cv2.resize(rng.integers(100, 140, (135, 240, 3), dtype=np.uint8), (1920, 1080))
    found: dict[int | None, int] = {None: 0, 48: 0}
    for name in ("obama", "astronaut", "person_b_2"):
        portrait = decode(photo(name))
        ratio = 48 / detector.detect(portrait)[0].box.width_px
        small = cv2.resize(portrait, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        for x, y in ((100, 50), (800, 300), (1500, 600), (400, 700)):
            frame = wall.astype(np.uint8)
            frame[y : y + small.shape[0], x : x + small.shape[1]] = small
            for smallest in found:
                found[smallest] += len(detector.detect(frame, smallest_px=smallest)) == 1
    assert found[48] >= 11 > found[None] + 4, found


def test_common_sizes_are_precompiled_and_others_are_bounded(
    yunet_bytes: bytes, mesh_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = YunetNetwork(yunet_bytes, mesh_bytes)
    detector, made = network.detector(), []
    compile_at = yunet.compile_at  # type: ignore[attr-defined]  # patched where it is used
    monkeypatch.setattr(yunet, "compile_at", lambda *a, **k: made.append(k) or compile_at(*a, **k))
    for height, width in ((720, 1280), (1080, 1920)):
        detector.detect(np.zeros((height, width, 3), np.uint8), smallest_px=48)
    assert made == []
    monkeypatch.setattr(yunet, "_KEPT", 3)
    for height in range(40, 320, 40):
        detector.detect(np.zeros((height, 320, 3), np.uint8))
    assert len(made) > 3
    assert len(detector._canvases) <= 5  # those made beforehand, and no more
