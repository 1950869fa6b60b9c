"""What belongs together as a model pack, and the digest by which templates know the pack that made them."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from app.adapters.vision import embedder, warp, weights, yunet
from app.adapters.vision.runtime import Precision
from app.core.ports import Aligner, Detector, Embedder

NAME = "sface"


@dataclass(frozen=True)
class Pack:
    """Detectors and embedders in pairs, one pair a worker. Two packs fit if their digests and precisions are equal."""

    name: str
    digest: str
    precision: Precision
    align: Aligner
    workers: tuple[tuple[Detector, Embedder], ...]


def digest() -> str:
    """sha256, hex, over everything that moves a vector but the arithmetic's precision, which stands beside it."""
    artifacts = weights.read_artifacts()
    parts = {
        "pack": NAME,
        "detector": artifacts["yunet"].sha256,
        "detection": yunet.VERSION,
        "warp": warp.VERSION,
        "embedder": artifacts["sface"].sha256,
        "input": embedder.INPUT_CONVENTION,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def open_pack(cache: Path, *, precision: Precision, workers: int = 1, width_px: int = 320) -> Pack:
    """Loads, compiles and warms up the default pack; about a second.

    Raises:
        WeightsError: a model is missing or damaged; the message names the command that fetches it.
        PackMismatch: bf16 asked of a CPU without it.
    """
    detection = yunet.YunetNetwork(weights.load("yunet", cache), width_px=width_px, workers=workers)
    embedding = embedder.SfaceNetwork(weights.load("sface", cache), precision=precision, workers=workers)
    pairs = tuple((detection.detector(), embedding.embedder()) for _ in range(workers))
    return Pack(NAME, digest(), precision, warp.align, pairs)
