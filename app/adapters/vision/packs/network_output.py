"""Decides by its output whether a network can be an embedder."""

import numpy as np
from numpy.typing import NDArray

from app.adapters.vision.packs.pack_file import PackFile
from app.core.errors import WeightsError

# Noise, a slope from black to white and flat grey differ as much as pictures can. A working network tells them apart.
SAME = 0.9999


def sees(pack: PackFile, answers: NDArray[np.float32]) -> None:
    """Raises WeightsError if raw outputs (n, dimension) for different pictures show a broken network."""
    if not np.isfinite(answers).all():
        raise WeightsError(f"{pack.file} returns NaN or infinite numbers for a picture")
    lengths = np.linalg.norm(answers, axis=1)
    if lengths.min() < 1e-6:
        raise WeightsError(f"{pack.file} returns only zeros for a picture")
    unit = answers / lengths[:, None]
    if float((unit @ unit[0]).min()) > SAME:
        raise WeightsError(f"{pack.file} returns the same vector for every picture, so it could tell nobody apart")


def probes(size_px: int) -> list[NDArray[np.uint8]]:
    """Very different pictures, the same at every start."""
    noise = np.random.default_rng(0).integers(0, 256, (size_px, size_px, 3), dtype=np.uint8)
    slope = np.linspace(0, 255, size_px).astype(np.uint8)
    return [noise, np.ascontiguousarray(np.broadcast_to(slope[:, None, None], noise.shape)), np.full_like(noise, 128)]
