"""The repaired SFace computes what the published file says, in any runtime, and its bytes are the same everywhere."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import openvino
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from app.adapters.vision.weights import load, read_artifacts
from app.settings import default_cache
from models.weights.build import build
from models.weights.fetch import fetch, select
from models.weights.repair import RepairError, fold, repair_sface

Array = NDArray[np.float32]
Embed = Callable[[Array], Array]


class Silent:
    """A reporter nobody listens to."""

    def line(self, text: str) -> None: ...

    def advance(self, name: str, done: int, total: int | None) -> None: ...


@pytest.fixture(scope="session")
def cache() -> Path:
    folder = default_cache(os.environ)
    artifacts = read_artifacts()
    fetch(select(artifacts, ["sface-int8bq", "sface", "yunet", "astronaut", "obama"]), folder, artifacts, Silent())
    return folder


@pytest.fixture(scope="session")
def published(cache: Path) -> onnx.ModelProto:
    """SFace as published; only what keeps it from loading at all is changed: constants that pose as inputs."""
    model = onnx.load_from_string(load("sface-int8bq", cache))
    data = [value for value in model.graph.input if value.name == "data"]
    assert len(data) == 1
    del model.graph.input[:]
    model.graph.input.extend(data)
    return model


@pytest.fixture(scope="session")
def embed(cache: Path) -> Embed:
    """The repaired file in OpenVINO, float32: [N, 3, 112, 112] RGB 0-255 to [N, 128]."""
    core = openvino.Core()
    model = core.read_model(load("sface", cache))
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 2})
    return lambda faces: np.array(compiled({"data": faces})["fc1"])


@pytest.fixture(scope="session")
def faces(cache: Path) -> Array:
    """Roughly cut faces of two portraits, float32 [2, 3, 112, 112] RGB 0-255."""
    crops = []
    for name, (top, left, size) in {"astronaut": (55, 165, 130), "obama": (120, 320, 320)}.items():
        encoded = np.frombuffer(load(name, cache), dtype=np.uint8)
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB)
        assert image is not None
        face = cv2.resize(image[top : top + size, left : left + size], (112, 112), interpolation=cv2.INTER_AREA)
        crops.append(face.transpose(2, 0, 1))
    return np.stack(crops).astype(np.float32)


def cosine(a: Array, b: Array) -> float:
    return float(np.dot(a.ravel(), b.ravel()) / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_repaired_file_is_the_pinned_one_each_time_it_is_built(cache: Path) -> None:
    pinned = read_artifacts()["sface"]

    built = {hashlib.sha256(build(pinned.build, load("sface-int8bq", cache))).hexdigest() for _ in range(2)}

    assert built == {pinned.sha256}


def test_repaired_graph_is_valid_and_has_one_input_with_a_free_batch(cache: Path) -> None:
    model = onnx.load_from_string(load("sface", cache))

    onnx.checker.check_model(model, full_check=True)

    assert [value.name for value in model.graph.input] == ["data"]
    assert [value.name for value in model.graph.output] == ["fc1"]
    loaded = openvino.Core().read_model(load("sface", cache))
    assert str(loaded.input("data").partial_shape) == "[?,3,112,112]"
    assert str(loaded.output("fc1").partial_shape) == "[?,128]"
    left = {node.op_type for node in model.graph.node}
    assert {"Conv", "BatchNormalization", "Gemm"} <= left
    assert not left & {"DequantizeLinear", "Reshape", "Dropout", "Constant"}


@pytest.mark.parametrize("name", ["sface-int8bq", "yunet"])
def test_every_folded_constant_is_bit_for_bit_what_onnx_computes(name: str, cache: Path) -> None:
    """ONNX's own reference of each node that is gone gives exactly the initializer that stands in its place."""
    original = onnx.load_from_string(load(name, cache))
    folded = {tensor.name: numpy_helper.to_array(tensor) for tensor in fold(original).graph.initializer}
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in original.graph.initializer}
    compared = 0
    for node in original.graph.node:
        if node.op_type not in ("DequantizeLinear", "Reshape") or any(i not in values for i in node.input):
            continue
        inputs = {i: values[i] for i in node.input}
        graph = helper.make_graph(
            [node],
            "one node",
            [
                helper.make_tensor_value_info(i, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
                for i, v in inputs.items()
            ],
            [helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None)],
        )
        model = helper.make_model(graph, opset_imports=original.opset_import)
        values[node.output[0]] = first_output(ReferenceEvaluator(model).run(None, inputs))
        if node.output[0] in folded:
            np.testing.assert_array_equal(folded[node.output[0]], values[node.output[0]], strict=True)
            compared += 1
    quantised = sum(node.op_type == "DequantizeLinear" for node in original.graph.node)
    assert compared == quantised > 20


def test_repaired_graph_computes_what_the_published_one_says(
    published: onnx.ModelProto, embed: Embed, faces: Array
) -> None:
    noise = np.random.default_rng(7).uniform(0, 255, (1, 3, 112, 112)).astype(np.float32)
    reference = ReferenceEvaluator(published)
    for picture in (faces[:1], faces[1:], noise):
        expected = first_output(reference.run(None, {"data": picture}))
        got = embed(picture)
        assert got.shape == expected.shape == (1, 128)
        assert cosine(got, expected) > 0.99999
        # Measured 2.5e-6 on noise; the vectors are about 5 to 12 long.
        assert np.abs(got - expected).max() < 1e-4


def test_two_faces_at_once_give_what_each_gives_alone(embed: Embed, faces: Array) -> None:
    together = embed(faces)

    alone = np.concatenate([embed(faces[:1]), embed(faces[1:])])

    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert cosine(together[0], together[1]) < 0.9


def test_channel_order_matters(embed: Embed, faces: Array) -> None:
    """RGB and BGR both run; only the vectors tell them apart, so nothing else would notice a swap."""
    swapped = np.ascontiguousarray(faces[:, ::-1])

    for rgb, bgr in zip(embed(faces), embed(swapped), strict=True):
        assert cosine(rgb, bgr) < 0.98


def test_other_graph_is_refused() -> None:
    with pytest.raises(RepairError, match="not an ONNX file"):
        repair_sface(b"not a model")
    with pytest.raises(RepairError, match="unknown build step"):
        build("nonsense", b"")


def test_valid_model_that_is_not_sface_is_refused(cache: Path) -> None:
    with pytest.raises(RepairError, match="not SFace"):
        repair_sface(load("yunet", cache))


def first_output(outputs: Any) -> Any:
    """Of ONNX's reference, whose annotation allows for a mapping, too."""
    return outputs[0]


def quantised_model(scale: Array, zero: NDArray[np.int8], **attributes: Any) -> onnx.ModelProto:
    """x [3, 4] int8 counting up, dequantised as told and added to the input."""
    values = np.arange(12, dtype=np.int8).reshape(3, 4)
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["w"], **attributes),
        helper.make_node("Dropout", ["a"], ["b"]),
        helper.make_node("Add", ["b", "w"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, [3, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 4])],
        [numpy_helper.from_array(v, n) for n, v in (("q", values), ("s", scale), ("z", zero))],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


@pytest.mark.parametrize(
    ("shape", "attributes"),
    [
        ((), {}),
        ((4,), {"axis": -1}),
        ((3,), {"axis": 0}),
        ((3, 2), {"axis": 1, "block_size": 2}),
        ((2, 4), {"axis": 0, "block_size": 2}),
    ],
)
def test_folding_agrees_with_onnx_for_every_form_of_scale(shape: tuple[int, ...], attributes: dict[str, int]) -> None:
    count = int(np.prod(shape))
    scale = (np.arange(count) / 7 + 0.3).astype(np.float32).reshape(shape)
    model = quantised_model(scale, np.full(shape, 3, dtype=np.int8), **attributes)
    zeros = {"a": np.zeros((3, 4), dtype=np.float32)}
    expected = first_output(ReferenceEvaluator(model).run(None, zeros))

    folded = fold(model)

    assert [node.op_type for node in folded.graph.node] == ["Add"]
    np.testing.assert_array_equal(first_output(ReferenceEvaluator(folded).run(None, zeros)), expected)


def test_scales_that_fit_no_block_are_refused() -> None:
    model = quantised_model(np.ones((3, 3), np.float32), np.zeros((3, 3), np.int8), axis=1, block_size=2)

    with pytest.raises(RepairError, match="do not block"):
        fold(model)
