"""MTCNN finds what the library it was taken from finds, and keeps the contract of every detector."""

import numpy as np
import pytest

from app.adapters.vision.networks.mtcnn import NETWORKS, MtcnnDetector, MtcnnNetworks
from app.adapters.vision.networks.yunet import YunetDetector
from app.adapters.vision.photos.image import decode
from app.adapters.vision.photos.scaling import shrink
from app.core.errors import WeightsError
from app.core.ports.recognition import Detector
from app.core.types import Pixels
from tests.adapters.vision.conftest import _weights
from tests.photos import photo


@pytest.fixture(scope="module")
def mtcnn() -> MtcnnDetector:
    first, second, third = (_weights(name) for name in NETWORKS)
    return MtcnnNetworks((first, second, third)).detector()


@pytest.fixture(scope="module")
def astronaut() -> Pixels:
    return decode(photo("astronaut"))


@pytest.fixture(params=["yunet", "mtcnn"])
def either(request: pytest.FixtureRequest, detector: YunetDetector) -> Detector:
    return detector if request.param == "yunet" else request.getfixturevalue("mtcnn")


def test_boxes_and_landmarks_are_in_frame_pixels_and_in_the_order_of_the_contract(
    either: Detector, astronaut: Pixels
) -> None:
    frame = np.full((720, 1280, 3), 90, dtype=np.uint8)
    frame[150:662, 500:1012] = astronaut
    (alone,) = either.detect(astronaut)
    (moved,) = either.detect(frame, smallest_px=48)

    np.testing.assert_allclose(moved.landmarks - (500, 150), alone.landmarks, atol=10)
    right_eye, left_eye, nose, right_mouth, left_mouth = alone.landmarks
    assert right_eye[0] < nose[0] < left_eye[0] and right_mouth[0] < left_mouth[0]
    assert right_eye[1] < nose[1] < right_mouth[1]
    assert alone.landmarks.dtype == np.float32 and 0.6 < alone.score <= 1
    x, y = alone.box.centre
    assert abs(x - nose[0]) < 25 and abs(y - nose[1]) < 25


def test_refinement_stays_with_the_same_face(either: Detector, astronaut: Pixels) -> None:
    (face,) = either.detect(astronaut)
    again = either.refine(astronaut, face)
    np.testing.assert_allclose(again.landmarks, face.landmarks, atol=8)
    vanished = either.refine(np.zeros_like(astronaut), face)
    assert vanished.box is face.box and vanished.landmarks is face.landmarks


@pytest.mark.parametrize("shape", [(1, 1), (8, 400), (400, 8), (31, 33), (300, 300)])
def test_empty_picture_has_no_face(either: Detector, shape: tuple[int, int]) -> None:
    assert either.detect(np.zeros((*shape, 3), np.uint8)) == []
    assert either.detect(np.full((*shape, 3), 255, np.uint8), smallest_px=24) == []


def test_faces_of_a_group_come_best_first(either: Detector, astronaut: Pixels) -> None:
    faces = either.detect(np.hstack([astronaut, astronaut[:, ::-1]]))
    assert len(faces) == 2 and faces[0].score >= faces[1].score


def test_both_detectors_agree_where_the_face_is(mtcnn: MtcnnDetector, detector: YunetDetector) -> None:
    for name in ("obama", "person_a_1", "person_b_1", "biden"):
        pixels = decode(photo(name))
        ours, theirs = (d.refine(pixels, d.detect(pixels)[0]) for d in (mtcnn, detector))
        eyes = np.linalg.norm(theirs.landmarks[0] - theirs.landmarks[1])
        assert np.linalg.norm(ours.landmarks - theirs.landmarks, axis=1).mean() < 0.12 * eyes


def test_detections_equal_the_reference_library(mtcnn: MtcnnDetector, astronaut: Pixels) -> None:
    library = pytest.importorskip("facenet_pytorch", reason="the comparison needs the extra `train`")
    small = shrink(astronaut, 320, 320)
    boxes, scores, points = library.MTCNN(min_face_size=20).detect(small[..., ::-1].copy(), landmarks=True)
    sure = [i for i, score in enumerate(scores) if score > 0.95]

    found = mtcnn.detect(small)

    assert len(found) == len(sure) == 1
    box = found[0].box
    ours = (box.x_px, box.y_px, box.x_px + box.width_px, box.y_px + box.height_px)
    np.testing.assert_allclose(ours, np.asarray(boxes[sure[0]], dtype=float), atol=1.5)
    np.testing.assert_allclose(found[0].landmarks, np.asarray(points[sure[0]], dtype=float), atol=1.5)


def test_invalid_network_bytes_are_an_error() -> None:
    with pytest.raises(WeightsError):
        MtcnnNetworks((b"", b"", b"")).detector()
