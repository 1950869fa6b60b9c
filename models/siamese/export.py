"""Exports a trained network to ONNX, and checks that the gate's runtime gives the same vectors as torch."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from app.adapters.vision.networks.runtime import compile_network
from app.adapters.vision.packs.onnx_file import examine
from app.adapters.vision.packs.pack_file import PackFile, folder_of, write_pack_file
from app.core.recognition.alignment import SIZE_PX
from models.siamese.crops import Crops
from models.siamese.judging import Vectors
from models.siamese.sface import Sface
from models.siamese.training import embedder

INPUT, OUTPUT = "data", "vector"
OPSET = 18
# Float32 sums differ with their order; a wrong layer or channel order changes the cosine by at least hundredths.
LEAST_COSINE = 0.9999
# The licence of the trained network: those of SFace and facenet-pytorch also cover what is derived from them.
LICENCES = {"small": "LicenseRef-own", "sface": "Apache-2.0", "facenet": "MIT"}
FILE = "model.onnx"


class ExportError(ValueError):
    """The exported graph does not compute what was trained, or the pack's name is taken."""


@dataclass(frozen=True)
class Parity:
    """How closely torch and the gate's runtime agree. `difference` is the largest of any vector component."""

    faces: int
    difference: float
    least_cosine: float


def to_onnx(network: nn.Module, size_px: int = SIZE_PX) -> bytes:
    """Returns ONNX bytes with input `data`, float32 (n, 3, size_px, size_px) RGB, and output `vector`, (n, d)."""
    network.eval()
    if isinstance(network, Sface):
        network.frozen = 0  # freezing matters only in training
    example = torch.zeros(2, 3, size_px, size_px)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        torch.onnx.export(
            network,
            (example,),
            file,
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamic_shapes=({0: torch.export.Dim("n")},),
            external_data=False,
            verbose=False,
        )
        model = onnx.load(file)
    # The exporter records the source file and line of each node, which a pack should not reveal.
    for node in model.graph.node:
        del node.metadata_props[:]
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def parity(network: nn.Module, model: bytes, crops: Crops) -> Parity:
    """Compares torch with the gate's runtime on these crops.

    Raises:
        ExportError: a vector differs.
    """
    request = compile_network(
        model, height_px=SIZE_PX, width_px=SIZE_PX, rgb=True, precision="f32"
    ).create_infer_request()
    ours = embedder(network)(crops)
    theirs = np.stack([_run(request, crop) for crop in crops])
    cosines = (ours * theirs).sum(axis=1)
    found = Parity(len(crops), float(np.abs(ours - theirs).max()), float(cosines.min()))
    if not found.least_cosine >= LEAST_COSINE:
        raise ExportError(f"the exported network gives different vectors: smallest cosine {found.least_cosine:.4f}")
    return found


def check_name(name: str, packs: Path) -> None:
    """Raises ExportError if a pack of that name exists, because stored templates may depend on it."""
    if folder_of(name, packs).exists():
        raise ExportError(f"a pack {name!r} already exists in {packs}; choose another --name, or remove it")


def write_pack(name: str, packs: Path, model: bytes, dimension: int, backbone: str, note: str) -> Path:
    """Writes the network as a pack and returns the pack's folder. Raises like `check_name`."""
    pack = PackFile(
        file=FILE,
        sha256=hashlib.sha256(model).hexdigest(),
        licence=LICENCES[backbone],
        dimension=dimension,
        size_px=SIZE_PX,
        colour="RGB",
        # The network scales its input itself.
        mean=(0.0, 0.0, 0.0),
        scale=(1.0, 1.0, 1.0),
        note=note,
    )
    return put_pack(name, packs, model, pack)


def put_pack(name: str, packs: Path, model: bytes, pack: PackFile) -> Path:
    """Writes a pack with any description. Raises like `check_name`, and WeightsError like `examine`."""
    check_name(name, packs)
    examine(model, pack)
    folder = folder_of(name, packs)
    # The network before its description: a folder without pack.toml is not yet a pack.
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(model)
    write_pack_file(folder, pack)
    return folder


def _run(request: Any, crop: Crops) -> Vectors:
    request.infer({0: np.ascontiguousarray(crop)[None]})
    vector = np.array(request.get_output_tensor(0).data[0], dtype=np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
