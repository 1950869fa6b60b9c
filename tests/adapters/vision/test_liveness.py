"""Which crop the liveness networks see, pixel for pixel, in which colours, and what their numbers mean."""

import threading
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from app.adapters.vision import weights
from app.adapters.vision.networks.liveness import LivenessJudge, MiniFasNets, crop, open_judges
from app.adapters.vision.networks.picture_border import border
from app.adapters.vision.networks.yunet import YunetDetector
from app.adapters.vision.photos.image import decode
from app.adapters.vision.weights import WeightsMissing
from app.core.errors import WeightsError
from app.core.recognition.liveness import BORDER_FACES, FRAMED
from app.core.types import Box, Pixels
from app.settings import default_cache
from tests import pictures
from tests.photos import photo


def places(width: int = 400, height: int = 300) -> Pixels:
    """Each pixel says where it is: columns in the first channel, rows in the second, both in steps of two."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, :, 0] = np.arange(width)[None] // 2
    picture[:, :, 1] = np.arange(height)[:, None] // 2
    return picture


def covered(box: Box, scale: float, picture: Pixels) -> tuple[float, float, float, float]:
    """left, top, right, bottom of what the crop shows of `places`."""
    found = crop(picture, box, scale).astype(float) * 2
    assert found.shape == (80, 80, 3)
    return found[:, 0, 0].mean(), found[0, :, 1].mean(), found[:, -1, 0].mean(), found[-1, :, 1].mean()


@pytest.mark.parametrize(
    ("box", "scale", "expected"),
    [
        (Box(180, 130, 40, 40), 2.7, (146, 96, 254, 204)),
        # Over an edge: shifted, of the same size, not padded.
        (Box(10, 130, 40, 40), 2.7, (0, 96, 108, 204)),
        (Box(350, 240, 40, 40), 2.7, (291, 191, 399, 299)),
        # The part of a box outside the picture does not count.
        (Box(-20, 130, 60, 40), 2.7, (0, 96, 108, 204)),
        # Too large for the scale: the largest that fits, and the shape of the box kept.
        (Box(100, 50, 100, 200), 4.0, (75.25, 0, 224.75, 299)),
        (Box(150, 100, 100, 50), 4.0, (0.5, 25.25, 399, 224.75)),
    ],
)
def test_crop_is_shifted_into_the_picture(box: Box, scale: float, expected: tuple[float, ...]) -> None:
    assert covered(box, scale, places()) == pytest.approx(expected, abs=3)


def test_crop_keeps_colours_and_takes_any_box_that_touches_the_picture() -> None:
    picture = np.full((300, 400, 3), (10, 20, 30), np.uint8)
    for box in (Box(180, 130, 40, 40), Box(-39, -39, 40, 40), Box(399, 299, 1, 1), Box(-9, -9, 999, 999)):
        assert (crop(picture, box, 2.7) == (10, 20, 30)).all()
    for outside in (Box(-50, 0, 40, 40), Box(400, 0, 40, 40), Box(0, 0, 0, 10), Box(float("nan"), 0, 9, 9)):
        with pytest.raises(ValueError, match="outside the picture"):
            crop(picture, outside, 2.7)


def channels_as_logits() -> bytes:
    """A network whose three outputs are the means of its three input channels, divided by 100."""
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["flat"]),
            helper.make_node("Mul", ["flat", "scale"], ["output"]),
        ],
        "means",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 80, 80])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.array([0.01], np.float32), "scale")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def test_networks_see_blue_green_red_from_0_to_255_and_the_second_class_is_live() -> None:
    judge = MiniFasNets((channels_as_logits(), channels_as_logits())).judge()
    picture = np.full((100, 100, 3), (200, 100, 0), np.uint8)

    likely = np.exp([2.0, 1.0, 0.0])
    assert judge.score(picture, Box(30, 30, 40, 40)) == pytest.approx(likely[1] / likely.sum(), abs=0.01)
    swapped = judge.score(picture[:, :, [1, 0, 2]], Box(30, 30, 40, 40))
    assert swapped == pytest.approx(likely[0] / likely.sum(), abs=0.01)


FACE = Box(290, 200, 60, 80)


def held_up(tilt: float = 0.0, *, hidden: str = "", ground: tuple[int, int, int] = (100, 200, 0)) -> Pixels:
    """A plain frame with the dark edges of a phone around FACE, twice as wide and high. hidden: sides left out."""
    frame = np.full((480, 640, 3), ground, np.uint8)
    turn = cv2.getRotationMatrix2D(FACE.centre, tilt, 1.0)
    left, right, top, bottom = 255, 385, 155, 325
    sides = {
        "left": ((left, top), (left, bottom)),
        "right": ((right, top), (right, bottom)),
        "top": ((left, top), (right, top)),
        "bottom": ((left, bottom), (right, bottom)),
    }
    for name, ends in sides.items():
        if name not in hidden:
            start, end = np.array(ends) @ turn[:, :2].T + turn[:, 2]
            cv2.line(frame, tuple(map(round, start)), tuple(map(round, end)), (0, 0, 0), 3, cv2.LINE_AA)
    return frame


@pytest.mark.parametrize("tilt", [-25, -12, 0, 3, 17, 28])
def test_edge_of_a_phone_is_seen_at_any_tilt_it_is_held(tilt: float) -> None:
    assert border(held_up(tilt), FACE) > BORDER_FACES
    # A hand covers one of the edges above and below
    assert border(held_up(tilt, hidden="bottom"), FACE) > BORDER_FACES
    assert border(held_up(tilt, hidden="top"), FACE) > BORDER_FACES


def test_door_frame_beside_a_face_or_a_shelf_above_it_is_no_edge_of_a_picture() -> None:
    assert border(held_up(hidden="left top bottom"), FACE) < BORDER_FACES
    assert border(held_up(hidden="left bottom"), FACE) < BORDER_FACES
    assert border(held_up(hidden="left right"), FACE) < BORDER_FACES
    assert border(np.full((480, 640, 3), 90, np.uint8), FACE) == 0
    noise = np.random.default_rng(2).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    assert border(noise, FACE) < BORDER_FACES


@pytest.mark.parametrize(
    "box",
    [Box(-39, -39, 40, 40), Box(639, 479, 1, 1), Box(0, 0, 1, 480), Box(0, 200, 640, 1), Box(-900, -900, 3000, 3000)],
)
def test_edge_is_looked_for_around_any_box_that_touches_the_picture(box: Box) -> None:
    assert 0 <= border(held_up(10), box) <= 6
    assert border(np.zeros((1, 1, 3), np.uint8), Box(0, 0, 1, 1)) == 0


def test_doubtful_score_is_lower_where_an_edge_surrounds_the_face() -> None:
    judge = MiniFasNets((channels_as_logits(), channels_as_logits())).judge()
    plain, framed = (judge.score(held_up(hidden=sides), FACE) for sides in ("left right top bottom", ""))
    assert plain == pytest.approx(0.665, abs=0.01)
    assert framed == pytest.approx(plain - FRAMED, abs=0.04)
    # Far from doubt, the networks' score stays as it is
    sure = judge.score(held_up(ground=(0, 0, 255)), FACE)
    assert 0 < sure < 0.2


def test_wrong_network_is_refused() -> None:
    wrong = onnx.load_from_string(channels_as_logits())
    wrong.graph.node[-1].output[0] = "doubled"
    wrong.graph.node.append(helper.make_node("Concat", ["doubled", "doubled"], ["output"], axis=1))
    wrong.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 6
    with pytest.raises(WeightsError, match="3 numbers"):
        MiniFasNets((wrong.SerializeToString(), channels_as_logits())).judge()
    with pytest.raises(WeightsError, match="does not take"):
        MiniFasNets((b"no network", b"no network"))


def test_missing_weights_are_reported_and_damaged_ones_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="models fetch minifasnet-v2"):
        open_judges(tmp_path)
    (tmp_path / weights.read_artifacts()["minifasnet-v2"].cached_name).write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="damaged"):
        open_judges(tmp_path)


@pytest.fixture(scope="module")
def judges() -> tuple[LivenessJudge, ...]:
    try:
        return open_judges(default_cache(), workers=2)
    except WeightsMissing as error:
        pytest.skip(str(error))


def test_live_face_scores_high_and_its_picture_on_a_screen_low(
    judges: tuple[LivenessJudge, ...], detector: YunetDetector
) -> None:
    for name in ("person_b_2", "obama2"):
        person, picture = decode(photo(name)), decode(pictures.held_up(name))

        assert judges[0].score(person, detector.detect(person)[0].box) > 0.9
        assert judges[0].score(picture, detector.detect(picture)[0].box) < 0.5


def test_concurrent_workers_give_the_same_scores(judges: tuple[LivenessJudge, ...]) -> None:
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 255, (240, 320, 3), dtype=np.uint8) for _ in range(6)]
    box = Box(100, 80, 90, 110)
    alone = [judges[0].score(frame, box) for frame in frames]
    found: dict[int, list[float]] = {}

    def work(number: int) -> None:
        found[number] = [judges[number].score(frame, box) for _ in range(5) for frame in frames]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {0: alone * 5, 1: alone * 5}
