"""A model pack, and the digest that ties templates to the pack that made them.

`sface` is built in. Every other name is a folder of the operator's (`pack_file`).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.adapters.vision import manifest, warp, weights
from app.adapters.vision.networks import mtcnn, yunet
from app.adapters.vision.networks.runtime import Precision, best_precision, one_a_worker
from app.adapters.vision.packs import pack_file
from app.adapters.vision.packs.embedder import EmbeddingNetwork
from app.adapters.vision.packs.pack_file import PackFile
from app.core.errors import WeightsError
from app.core.ports.recognition import Aligner, Cropper, Detector, Embedder
from app.core.recognition import alignment

NAME = "sface"
BUILT_IN = (NAME,)
# SFace's input. The graph itself computes (x - 127.5) / 128.
SFACE = PackFile(
    file="sface",
    sha256="0" * 64,  # pinned in artifacts.toml
    licence="Apache-2.0",
    dimension=128,
    size_px=alignment.SIZE_PX,
    colour="RGB",
    mean=(0.0, 0.0, 0.0),
    scale=(1.0, 1.0, 1.0),
)


@dataclass(frozen=True)
class Pack:
    """Pairs of a detector and an embedder, one for each worker. Two packs fit if digests and precisions are equal.

    align: makes the crop on which quality is judged. crop: makes the embedder's input, if that is another crop.
    """

    name: str
    digest: str
    precision: Precision
    dimension: int
    align: Aligner
    crop: Cropper | None
    workers: tuple[tuple[Detector, Embedder], ...]


def folder(cache: Path) -> Path:
    """The folder of packs without a setting."""
    return cache / "packs"


def names(packs: Path) -> list[str]:
    """Every pack, built in or in the folder `packs`, usable or not."""
    return [*BUILT_IN, *(name for name in pack_file.listed(packs) if name not in BUILT_IN)]


def misnamed(packs: Path) -> list[tuple[str, str]]:
    """The folders in `packs` whose names make their packs unusable, with the reason."""
    found = [(name, f"{pack_file.NAMING}; rename the folder") for name in pack_file.misnamed(packs)]
    hidden = [name for name in pack_file.listed(packs) if name in BUILT_IN]
    return found + [(name, f"{name} is the built-in pack's name; rename the folder") for name in hidden]


def described(name: str, packs: Path) -> PackFile:
    """The pack's description. Raises WeightsError if there is no such pack or it contradicts itself."""
    if name in BUILT_IN:
        return replace(SFACE, sha256=weights.read_artifacts()[NAME].sha256)
    try:
        return pack_file.read_pack_file(name, packs)
    except weights.WeightsMissing as error:
        raise weights.WeightsMissing(f"{error}; there are: {', '.join(names(packs))}") from error


def centre(name: str, packs: Path) -> NDArray[np.float32] | None:
    """The centre that the pack subtracts from each vector, or None without a calibration or a centre."""
    path = calibration_path(name, packs)
    found = manifest.read_centre(name, path) if path.exists() else ()
    return np.array(found, dtype=np.float32) if found else None


def digest(name: str, packs: Path) -> str:
    """sha256, hex, over everything that changes a vector except the precision, which is stored beside it."""
    return digest_with(name, packs, centre(name, packs))


def digest_with(name: str, packs: Path, centre: NDArray[np.float32] | None) -> str:
    """The digest with another centre than the calibration's, or none, for measuring a centre."""
    pack = described(name, packs)
    artifacts = weights.read_artifacts()
    parts = {
        "detector": f"{artifacts['yunet'].sha256} {artifacts['face-mesh'].sha256}",
        "detection": yunet.VERSION,
        "embedder": pack.sha256,
    }
    if centre is not None:
        parts["centre"] = hashlib.sha256(centre.astype("<f4").tobytes()).hexdigest()
    if pack.detector == "mtcnn":
        parts |= {"detector": " ".join(artifacts[n].sha256 for n in mtcnn.NETWORKS), "detection": mtcnn.VERSION}
    if name in BUILT_IN:
        parts |= {"pack": NAME, "warp": warp.VERSION, "input": "rgb-0-255-nchw-112"}
    else:
        # Without the name: a renamed pack makes the same templates.
        parts |= {
            "warp": warp.VERSION if pack.warp == "arcface" else f"{warp.BOX_VERSION}-{pack.margin_px}",
            "input": f"{pack.colour}-{pack.mean}-{pack.scale}-{pack.layout}-{pack.size_px}-{pack.dimension}",
        }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def named(wanted: str, packs: Path) -> str | None:
    """The name of the pack with this digest, or None. Skips packs that cannot be read."""
    for name in names(packs):
        try:
            if digest(name, packs) == wanted:
                return name
        except WeightsError:
            continue
    return None


def calibration_path(name: str, packs: Path) -> Path:
    """The file of the pack's calibration: `models/manifest.toml`, or one in the pack's own folder."""
    return manifest.MANIFEST_PATH if name in BUILT_IN else pack_file.folder_of(name, packs) / pack_file.CALIBRATION


def read_calibration(name: str, packs: Path) -> manifest.PackManifest:
    """The calibration of the pack as it is now. Raises WeightsError if it has none, or one for other bytes."""
    found = manifest.read_manifest(name, calibration_path(name, packs))
    if (found.digest, found.dimension) != (digest(name, packs), described(name, packs).dimension):
        raise WeightsError(
            f"the pack {name} was changed after it was calibrated ({found.digest[:12]} then, "
            f"{digest(name, packs)[:12]} now); run: python -m models calibrate DATASET --pack {name}"
        )
    return found


def open_pack(
    name: str,
    cache: Path,
    packs: Path | None = None,
    *,
    precision: Precision,
    workers: int = 1,
    width_px: int = 320,
    centred: bool = True,
) -> Pack:
    """Loads, checks, compiles and warms up a pack; about a second.

    Args:
        packs: The folder of the operator's packs; `cache/packs` by default (setting FACEGATE_PACKS).
        centred: False to measure the centre. Such vectors fit no template.

    Raises:
        WeightsError: A model is missing, damaged or not a model. The message says what to do.
        PackMismatch: bf16 was requested from a CPU without it.
    """
    packs = folder(cache) if packs is None else packs
    pack = described(name, packs)
    detectors = _detectors(pack, cache, workers, width_px)
    off = centre(name, packs) if centred else None
    content = _bytes(name, pack, cache, packs)
    network = EmbeddingNetwork(content, pack, precision=precision, centre=off)
    pairs = tuple(zip(detectors, one_a_worker(network.embedder, workers), strict=True))
    return Pack(name, digest_with(name, packs, off), precision, pack.dimension, warp.align, _cropper(pack), pairs)


def problem(name: str, cache: Path, packs: Path) -> str | None:
    """What prevents serving the pack, or None. Tries its files, network and calibration."""
    try:
        pack = described(name, packs)
        _detectors(pack, cache, 1, 320)
        EmbeddingNetwork(_bytes(name, pack, cache, packs), pack, precision=best_precision())
        read_calibration(name, packs)
    except WeightsError as error:
        return str(error)
    return None


def _bytes(name: str, pack: PackFile, cache: Path, packs: Path) -> bytes:
    if name in BUILT_IN:
        return weights.load(NAME, cache)
    from app.adapters.vision.packs import onnx_file  # onnx costs a third of a second, and most sites have no such pack

    content = pack_file.read_network(name, packs, pack)
    onnx_file.examine(content, pack)
    return content


def _detectors(pack: PackFile, cache: Path, workers: int, width_px: int) -> Sequence[Detector]:
    if pack.detector == "mtcnn":
        first, second, third = (weights.load(name, cache) for name in mtcnn.NETWORKS)
        networks = mtcnn.MtcnnNetworks((first, second, third), width_px=width_px)
        return one_a_worker(networks.detector, workers)
    finder, mesh = (weights.load(name, cache) for name in yunet.NETWORKS)
    detection = yunet.YunetNetwork(finder, mesh, width_px=width_px)
    return one_a_worker(detection.detector, workers)


def _cropper(pack: PackFile) -> Cropper | None:
    if pack.warp == "box":
        return partial(warp.box_crop, size_px=pack.size_px, margin_px=pack.margin_px)
    if pack.size_px == alignment.SIZE_PX:
        return None
    return lambda pixels, face: warp.align(pixels, face.landmarks, size_px=pack.size_px)
