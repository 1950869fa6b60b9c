"""What a face's vector must be, above all that its channels are not swapped."""

import threading

import numpy as np
import pytest

from app.adapters.vision.networks import runtime
from app.adapters.vision.networks.yunet import YunetDetector
from app.adapters.vision.packs.embedder import CropEmbedder, EmbeddingNetwork
from app.adapters.vision.packs.pack import SFACE
from app.adapters.vision.photos.image import decode
from app.adapters.vision.warp import align
from app.core.errors import PackMismatch, WeightsError
from app.core.types import Pixels
from tests.photos import photo


@pytest.fixture(scope="module")
def crops(detector: YunetDetector) -> dict[str, Pixels]:
    found = {}
    for name in ("person_a_1", "person_a_2", "person_b_1", "person_b_2", "obama", "obama2", "biden"):
        pixels = decode(photo(name))
        face = detector.refine(pixels, detector.detect(pixels)[0])
        found[name] = align(pixels, face.landmarks)
    return found


def test_photos_of_one_person_are_similar_and_of_two_are_not(embedder: CropEmbedder, crops: dict[str, Pixels]) -> None:
    similarity = dict(zip(crops, embedder.embed(list(crops.values()), flip=True), strict=True))

    for a, b in (("person_a_1", "person_a_2"), ("person_b_1", "person_b_2"), ("obama", "obama2")):
        assert similarity[a] @ similarity[b] > 0.5
    for a, b in (("person_a_1", "person_b_1"), ("obama", "biden"), ("person_a_2", "obama")):
        assert similarity[a] @ similarity[b] < 0.35


def test_vectors_have_unit_length_and_come_in_order(embedder: CropEmbedder, crops: dict[str, Pixels]) -> None:
    together = embedder.embed(list(crops.values()), flip=False)

    assert together.shape == (len(crops), SFACE.dimension)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    for row, crop in zip(together, crops.values(), strict=True):
        np.testing.assert_array_equal(embedder.embed([crop], flip=False)[0], row)


def test_no_crops_give_no_vectors(embedder: CropEmbedder) -> None:
    assert embedder.embed([], flip=True).shape == (0, SFACE.dimension)


def test_flip_averages_with_the_mirror_image(embedder: CropEmbedder, crops: dict[str, Pixels]) -> None:
    crop = crops["obama"]
    one, mirrored = embedder.embed([crop, crop[:, ::-1]], flip=False)

    (both,) = embedder.embed([crop], flip=True)

    np.testing.assert_allclose(both, (one + mirrored) / np.linalg.norm(one + mirrored), atol=1e-5)
    np.testing.assert_allclose(embedder.embed([crop[:, ::-1]], flip=True)[0], both, atol=1e-5)


def test_channel_order_is_right(embedder: CropEmbedder, crops: dict[str, Pixels]) -> None:
    # A swap is symmetric and silent: both photos swapped still resemble each other. So against the right one.
    a, b = crops["obama"], crops["obama2"]
    right_a, right_b, swapped = embedder.embed([a, b, a[..., ::-1]], flip=False)

    assert swapped @ right_a < 0.9
    assert right_a @ right_b > swapped @ right_b + 0.02


def test_graph_input_is_rgb(sface_bytes: bytes, embedder: CropEmbedder, crops: dict[str, Pixels]) -> None:
    # Given the network without our preparation, fed RGB by hand
    import openvino as ov

    raw = ov.Core().compile_model(ov.Core().read_model(sface_bytes, b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    rgb = np.ascontiguousarray(crops["obama"][..., ::-1].transpose(2, 0, 1)[None]).astype(np.float32)
    expected = raw(rgb)[0][0]

    (got,) = embedder.embed([crops["obama"]], flip=False)

    np.testing.assert_allclose(got, expected / np.linalg.norm(expected), atol=1e-3)


@pytest.mark.skipif(not runtime.cpu_has_bf16(), reason="this CPU has no bf16")
def test_bf16_is_nearly_f32(sface_bytes: bytes, embedder: CropEmbedder, crops: dict[str, Pixels]) -> None:
    short = EmbeddingNetwork(sface_bytes, SFACE, precision="bf16").embedder()
    every = list(crops.values())
    cosines = (short.embed(every, flip=False) * embedder.embed(every, flip=False)).sum(axis=1)
    assert cosines.min() > 0.998
    assert cosines.max() < 1 - 1e-7  # it did compute something shorter


def test_bf16_on_a_cpu_without_it_is_a_fault(monkeypatch: pytest.MonkeyPatch, sface_bytes: bytes) -> None:
    monkeypatch.setattr(runtime, "cpu_has_bf16", lambda: False)
    assert runtime.best_precision() == "f32"
    with pytest.raises(PackMismatch, match="bf16"):
        EmbeddingNetwork(sface_bytes, SFACE, precision="bf16")


@pytest.mark.parametrize(("bf16_s", "best"), [(0.6, "bf16"), (0.95, "f32"), (1.5, "f32")])
def test_faster_precision_is_best(monkeypatch: pytest.MonkeyPatch, bf16_s: float, best: str) -> None:
    monkeypatch.setattr(runtime, "cpu_has_bf16", lambda: True)
    monkeypatch.setattr(runtime, "_trial_s", lambda: {"f32": 1.0, "bf16": bf16_s})
    assert runtime.best_precision() == best
    # Who has templates is told to change only where it pays.
    assert runtime.faster_than("bf16") == ("f32" if bf16_s > 1.2 else None)


def test_wrong_network_is_an_error(yunet_bytes: bytes) -> None:
    with pytest.raises(WeightsError):
        EmbeddingNetwork(yunet_bytes, SFACE, precision="f32")
    with pytest.raises(WeightsError):
        EmbeddingNetwork(b"", SFACE, precision="f32")


@pytest.mark.parametrize(
    "crop", [np.zeros((112, 112), np.uint8), np.zeros((96, 112, 3), np.uint8), np.zeros((112, 112, 3))]
)
def test_crop_of_a_wrong_shape_is_an_error(embedder: CropEmbedder, crop: np.ndarray) -> None:
    with pytest.raises(ValueError, match="crop"):
        embedder.embed([crop], flip=False)


def test_concurrent_workers_of_one_network_agree(sface_bytes: bytes, crops: dict[str, Pixels]) -> None:
    network = EmbeddingNetwork(sface_bytes, SFACE, precision="f32")
    every = list(crops.values())
    expected = network.embedder().embed(every, flip=False)
    wrong: list[int] = []

    def work(embedder: CropEmbedder) -> None:
        for _ in range(5):
            if not np.array_equal(embedder.embed(every, flip=False), expected):
                wrong.append(1)

    threads = [threading.Thread(target=work, args=(network.embedder(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
