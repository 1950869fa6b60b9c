"""Which vector stands for a face: SFace under OpenVINO, one crop a run, unit length.

SFace: Zhong et al., "SFace: sigmoid-constrained hypersphere loss for robust face recognition", IEEE TIP 2021.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.adapters.vision.runtime import Precision, compile_network
from app.core.alignment import SIZE_PX
from app.core.errors import WeightsError
from app.core.types import Pixels

DIMENSION = 128
# Enters the pack's digest: what the network is fed. The graph itself computes (x - 127.5) / 128.
INPUT_CONVENTION = "rgb-0-255-nchw-112"


class SfaceNetwork:
    """The compiled network, shared by every worker; `embedder()` gives one worker its own request.

    Runs one crop at a time: a batch costs as much as its crops one by one (13.3 ms for 2, 40.1 for 6, 7.3 for one,
    2026-11-23), and so a crop gives the same vector bit for bit in whatever company it comes.

    Raises:
        WeightsError: not SFace. PackMismatch: bf16 asked of a CPU without it.
    """

    def __init__(self, model: bytes, *, precision: Precision, workers: int = 1) -> None:
        self.precision = precision
        self._compiled = compile_network(
            model, height_px=SIZE_PX, width_px=SIZE_PX, rgb=True, precision=precision, workers=workers
        )
        if tuple(self._compiled.output(0).shape) != (1, DIMENSION):
            raise WeightsError(f"expected one output of {DIMENSION} numbers, got {self._compiled.output(0).shape}")

    def embedder(self) -> "SfaceEmbedder":
        return SfaceEmbedder(self._compiled.create_infer_request())


class SfaceEmbedder:
    """Implements `ports.Embedder` for one thread at a time. Warmed up when it is made."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._one(np.zeros((SIZE_PX, SIZE_PX, 3), dtype=np.uint8))

    def embed(self, crops: Sequence[Pixels], *, flip: bool) -> NDArray[np.float32]:
        """(n, 128) float32, unit length, from (112, 112, 3) uint8 BGR crops.

        flip: the vector is the direction of the sum of the crop's and its mirror image's unit vectors; twice the time.

        Raises:
            ValueError: a crop of another shape or type.
        """
        vectors = np.empty((len(crops), DIMENSION), dtype=np.float32)
        for row, crop in enumerate(crops):
            if crop.shape != (SIZE_PX, SIZE_PX, 3) or crop.dtype != np.uint8:
                raise ValueError(f"a crop is ({SIZE_PX}, {SIZE_PX}, 3) uint8, not {crop.shape} {crop.dtype}")
            vector = self._one(crop)
            if flip:
                vector = _unit(vector + self._one(crop[:, ::-1]))
            vectors[row] = vector
        return vectors

    def _one(self, crop: Pixels) -> NDArray[np.float32]:
        self._request.infer({0: np.ascontiguousarray(crop)[None]}, share_inputs=True)
        return _unit(np.array(self._request.get_output_tensor(0).data[0], dtype=np.float32))


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
