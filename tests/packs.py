"""Model packs made in a test: a small network with random weights, which tells pictures apart and needs no download."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from app.adapters.vision.manifest import PackManifest, write_manifest
from app.adapters.vision.packs import pack as packs
from app.adapters.vision.packs.pack_file import PackFile, write_pack_file
from app.core.recognition.calibration import Calibration, Tail

FILE = "model.onnx"
CALIBRATION = Calibration(Tail(0.5, 0.001, 0.02, 0.0, 0.01, 0.01), 0.5, 0.02, 0.45, 30.0)


def network(dimension: int = 64, side: int | str = 112, *, layout: str = "NCHW", seed: int = 7) -> onnx.ModelProto:
    """Pools the picture to 8 x 8 and multiplies by random numbers: near pictures get near vectors."""
    rng = np.random.default_rng(seed)
    weights = numpy_helper.from_array(rng.normal(size=(192, dimension)).astype(np.float32) / 100, "w")
    shape = ["n", 3, side, side] if layout == "NCHW" else ["n", side, side, 3]
    nodes = [] if layout == "NCHW" else [helper.make_node("Transpose", ["x"], ["nchw"], perm=[0, 3, 1, 2])]
    nodes += [
        helper.make_node(
            "AveragePool", [nodes[0].output[0] if nodes else "x"], ["p"], kernel_shape=[14, 14], strides=[14, 14]
        ),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", dimension])],
        [weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def described(content: bytes, dimension: int = 64) -> PackFile:
    return PackFile(
        file=FILE,
        sha256=hashlib.sha256(content).hexdigest(),
        licence="CC0-1.0",
        dimension=dimension,
        size_px=112,
        colour="RGB",
        mean=(127.5, 127.5, 127.5),
        scale=(127.5, 127.5, 127.5),
    )


def make_pack(
    folder: Path,
    name: str,
    *,
    model: onnx.ModelProto | None = None,
    change: Callable[[PackFile], PackFile] = lambda pack: pack,
    calibrated: bool = True,
    calibration: Calibration = CALIBRATION,
) -> Path:
    """A pack in the folder of packs, calibrated with numbers that stand for some. Returns the pack's own folder."""
    content = (model or network()).SerializeToString(deterministic=True)
    pack = change(described(content))
    write_pack_file(folder / name, pack)
    (folder / name / FILE).write_bytes(content)
    if calibrated:
        found = PackManifest(name, pack.dimension, packs.digest(name, folder), calibration)
        write_manifest(packs.calibration_path(name, folder), found, {"method": "by hand"})
    return folder / name


def with_dimension(dimension: int) -> Callable[[PackFile], PackFile]:
    return lambda pack: replace(pack, dimension=dimension)
